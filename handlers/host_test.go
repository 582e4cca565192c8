package handlers_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

var markField = regexp.MustCompile(`name="mark" value="([0-9a-f]{16})"`)

// mark is what a form of a board's page has seen of it.
func (s *site) mark(slug string) string {
	s.t.Helper()
	a := s.get("/admin/boards/" + slug)
	m := markField.FindStringSubmatch(a.body)
	if a.StatusCode != http.StatusOK || m == nil {
		s.t.Fatalf("the page of %s: %s", slug, a.Status)
	}
	return m[1]
}

// takes wants a form to be taken, and returns the page that it leads to.
func (s *site) takes(path string, fields ...string) answer {
	s.t.Helper()
	a := s.form(path, fields...)
	if a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%s %v: %s %s", path, fields, a.Status, a.body)
	}
	return s.get(a.Header.Get("Location"))
}

// refuses wants a form to be refused with a sentence, and what was typed to come back.
func (s *site) refuses(path string, status int, says, kept string, fields ...string) {
	s.t.Helper()
	a := s.form(path, fields...)
	text := html.UnescapeString(a.body)
	if a.StatusCode != status || !strings.Contains(text, says) {
		s.t.Errorf("%s %v: %s, without %q", path, fields, a.Status, says)
	}
	if kept != "" && !strings.Contains(text, kept) {
		s.t.Errorf("%s %v: %q did not come back", path, fields, kept)
	}
}

func TestAnAdminAddsChangesAndEndsABoard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	page := s.takes("/admin/boards", "slug", "attic", "title", "The attic", "rules", "No shouting.\r\nNo names.", "closes", "in 3d", "place", "2")
	if !strings.Contains(page.body, "The board is there") || !strings.Contains(page.body, "The attic") {
		t.Error("the list does not show it")
	}
	reader := newBrowser()
	if a := s.as(reader, http.MethodGet, "/b/attic", ""); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "No shouting.<br") {
		t.Errorf("readers see %s, or no rules", a.Status)
	}
	socket := s.listen("/live?board=attic")
	s.next(socket) // hello
	page = s.takes("/admin/boards/attic", "mark", s.mark("attic"), "title", "Upstairs", "rules", "", "closes", "never", "place", "")
	if !strings.Contains(page.body, "Saved") || !strings.Contains(s.as(reader, http.MethodGet, "/boards", "").body, "Upstairs") {
		t.Error("it has not its new title")
	}
	if frame := s.next(socket); !strings.Contains(frame, `data-event="settings"`) {
		t.Errorf("an open page heard %s", frame)
	}
	s.call(http.MethodPost, "/api/v1/boards/attic/posts", map[string]any{"body": "up here", "unlisted": true})
	if a := s.get("/admin/boards/attic"); !strings.Contains(a.body, "1 post ends with it at once") {
		t.Error("its page does not say what would end")
	}
	s.refuses("/admin/boards/attic/end", http.StatusUnprocessableEntity, "isn’t your passphrase", "", "passphrase", "not it at all")
	if a := s.get("/b/attic"); a.StatusCode != http.StatusOK {
		t.Errorf("after a wrong passphrase: %s", a.Status)
	}
	seen := s.mark("attic")
	s.takes("/admin/boards/attic/end", "passphrase", ownersWords)
	s.refuses("/admin/boards/attic", http.StatusGone, "The board attic has closed", "kept rules", "mark", seen, "title", "x", "rules", "kept rules")
	if a := s.get("/admin/boards/attic"); a.StatusCode != http.StatusGone {
		t.Errorf("its page after its end: %s", a.Status)
	}
	if a := s.get("/b/attic"); a.StatusCode != http.StatusGone {
		t.Errorf("after its end: %s", a.Status)
	}
	log := html.UnescapeString(s.get("/admin/log").body)
	for _, line := range []string{"added the board “The attic”", "title: The attic → Upstairs", "changed the rules", "place in the list: 2 → 0", "ended the board"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}

func TestABoardThatCanNotBeHadIsRefusedAndWhatWasTypedComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.takes("/admin/boards", "slug", "attic", "title", "The attic")
	long := strings.Repeat("é", board.RulesMax+1)
	for _, tt := range []struct{ says, slug, title, rules, closes, place string }{
		{"small letters, digits and single hyphens", "../x", "x", "kept rules", "", ""},
		{"A board of this name is there", "attic", "x", "kept rules", "", ""},
		{"A board needs a title", "cellar", " \u200b", "kept rules", "", ""},
		{"this one has 61", "cellar", strings.Repeat("x", 61), "kept rules", "", ""},
		{"these have 5001", "cellar", "x", long, "", ""},
		{"“in 3d”, or never", "cellar", "x", "kept rules", "tomorrow", ""},
		{"This closing date has passed", "cellar", "x", "kept rules", "2020-01-01T10:00", ""},
		{"whole number", "cellar", "x", "kept rules", "", "first"},
	} {
		s.refuses("/admin/boards", http.StatusUnprocessableEntity, tt.says, tt.rules, "slug", tt.slug, "title", tt.title, "rules", tt.rules, "closes", tt.closes, "place", tt.place)
	}
	s.refuses("/admin/boards/home", http.StatusUnprocessableEntity, "has no closing date", "kept rules", "mark", s.mark("home"), "rules", "kept rules", "closes", "in 3d")
	s.refuses("/admin/boards/home/end", http.StatusUnprocessableEntity, "can’t be ended", "", "passphrase", ownersWords)
	for _, path := range []string{"/admin/boards/cellar", "/admin/boards/cellar/end"} {
		if a := s.form(path, "title", "x", "passphrase", ownersWords); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	if a := s.get("/boards"); strings.Contains(a.body, "cellar") {
		t.Error("something of it was taken")
	}
}

func TestWhoIsOvertakenSeesBothAndMayInsist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.takes("/admin/boards", "slug", "attic", "title", "The attic")
	seen := s.mark("attic")
	s.takes("/admin/boards/attic", "mark", seen, "title", "Upstairs")
	a := s.form("/admin/boards/attic", "mark", seen, "title", "Loft")
	text := html.UnescapeString(a.body)
	if a.StatusCode != http.StatusConflict || !strings.Contains(text, "Now it says: Upstairs") || !strings.Contains(text, `value="Loft"`) {
		t.Errorf("%s, without both titles", a.Status)
	}
	if got, _ := s.board.Board(t.Context(), "attic"); got.Title != "Upstairs" {
		t.Errorf("it is called %q", got.Title)
	}
	s.takes("/admin/boards/attic", "mark", markField.FindStringSubmatch(a.body)[1], "title", "Loft")

	for path, tt := range map[string]struct {
		name, was, first, second string
		fields                   []string
		theirs, mine             string
	}{
		"/admin/places":        {name: "place_list", theirs: "Harbour", mine: "Library", fields: []string{"name"}},
		"/admin/backdrops":     {name: "backdrops", was: "all", theirs: "pond", mine: "mist", fields: []string{"backdrop"}},
		"/admin/texts":         {name: "contact", was: "host@river.example", theirs: "knock twice", mine: "knock once", fields: []string{"contact"}},
		"/admin/prompts/daily": {name: "question_set", was: "started", theirs: "campus", mine: "event", fields: []string{"question_set"}},
	} {
		s.takes(path, "was."+tt.name, tt.was, tt.fields[0], tt.theirs, "daily_question", "on")
		a := s.form(path, "was."+tt.name, tt.was, tt.fields[0], tt.mine, "daily_question", "on")
		if a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Now it says") || !strings.Contains(a.body, tt.theirs) || !strings.Contains(a.body, tt.mine) {
			t.Errorf("%s: %s, without both", path, a.Status)
		}
		k, _ := board.FindKnob(tt.name)
		if got := k.Get(s.tuner.Settings("")); got != tt.theirs {
			t.Errorf("%s is %q, want %q", tt.name, got, tt.theirs)
		}
	}
}

func TestAnAdminAsksAndEndsWhatWasAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	socket := s.listen("/live?board=home")
	s.next(socket) // hello
	page := s.takes("/admin/prompts", "board", "home", "body", "What grows on your windowsill?", "ttl", "3d", "sponsored", "on")
	if !strings.Contains(page.body, "Sponsored question") || !strings.Contains(page.body, "windowsill") {
		t.Error("the page does not show it")
	}
	if frame := s.next(socket); !strings.Contains(frame, "windowsill") {
		t.Errorf("an open page heard %s", frame)
	}
	for _, tt := range []struct{ says, board, body, ttl string }{
		{"nothing to read", "home", " ", "24h"},
		{"this one has 501", "home", strings.Repeat("é", 501), "24h"},
		{"30 days", "home", "kept", "31d"},
		{"90s, 10m", "home", "kept", "soon"},
		{"No board is called “cellar”", "cellar", "kept", "24h"},
	} {
		status := http.StatusUnprocessableEntity
		if tt.board == "cellar" {
			status = http.StatusNotFound
		}
		s.refuses("/admin/prompts", status, tt.says, tt.body, "board", tt.board, "body", tt.body, "ttl", tt.ttl)
	}
	s.takes("/admin/prompts", "board", "home", "body", "Welcome.", "ttl", "", "welcome", "on")
	s.takes("/admin/prompts", "board", "home", "body", "A third?", "ttl", "")
	s.refuses("/admin/prompts", http.StatusUnprocessableEntity, "3 questions and welcomes stand on this board", "A fourth?", "board", "home", "body", "A fourth?")
	s.takes("/admin/prompts/1/end")
	if a := s.get("/"); strings.Contains(a.body, "windowsill") {
		t.Error("readers still see it")
	}
	s.refuses("/admin/prompts/1/end", http.StatusNotFound, "Nothing with the number 1", "")
	if a := s.form("/admin/prompts/first/end"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a number that is none: %s", a.Status)
	}
}

func TestPlacesBackdropsAndTextsReachReaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	if _, err := s.board.Boards(t.Context()); err != nil {
		t.Fatal(err)
	}
	socket := s.listen("/live?board=home")
	s.next(socket) // hello
	send := func(path string, values url.Values) answer {
		t.Helper()
		a := s.do(http.MethodPost, path, values.Encode(), "Content-Type", formType)
		if a.StatusCode == http.StatusSeeOther {
			return s.get(a.Header.Get("Location"))
		}
		return a
	}
	page := send("/admin/places", url.Values{"was.place_list": {""}, "name": {"Library", "", "Old Harbour"}, "position": {"45.4642, 9.19", "", ""}})
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, `value="45.4642/9.19"`) || !strings.Contains(page.body, "Saved") {
		t.Errorf("places: %s", page.Status)
	}
	if frame := s.next(socket); !strings.Contains(frame, `id="offer-place"`) || !strings.Contains(frame, "Old Harbour") {
		t.Errorf("an open page heard %s", frame)
	}
	page = send("/admin/backdrops", url.Values{"was.backdrops": {"all"}, "backdrop": {"pond", "moth"}})
	if page.StatusCode != http.StatusOK || strings.Count(page.body, " checked") != 2 {
		t.Errorf("backdrops: %s with %d ticks", page.Status, strings.Count(page.body, " checked"))
	}
	if frame := s.next(socket); !strings.Contains(frame, `value="moth"`) || strings.Contains(frame, `value="mist"`) {
		t.Errorf("an open page heard %s", frame)
	}
	if write := s.get("/write").body; !strings.Contains(write, `value="moth"`) || strings.Contains(write, `value="mist"`) {
		t.Error("the composer offers others")
	}
	if a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "x", "backdrop": "mist"}); a.StatusCode != http.StatusUnprocessableEntity || out["fields"].(map[string]any)["backdrop"] == nil {
		t.Errorf("the API takes it: %s", a.Status)
	}
	s.publish("before")
	s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "on a pond", "backdrop": "pond"})
	none := send("/admin/backdrops", url.Values{"was.backdrops": {"pond moth"}})
	if none.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(none.body, "set cards=off") {
		t.Errorf("no backdrop at all: %s", none.Status)
	}
	send("/admin/backdrops", url.Values{"was.backdrops": {"pond moth"}, "backdrop": {"mist"}})
	if feed := s.get("/").body; !strings.Contains(feed, "tile bd-pond") {
		t.Error("what is on a backdrop lost it")
	}

	page = send("/admin/texts", url.Values{"was.about_text": {""}, "was.contact": {"host@river.example"}, "about_text": {"Ours.\r\n<b>https://river.example/a</b>"}, "contact": {"host@river.example"}})
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "Saved") {
		t.Errorf("texts: %s", page.Status)
	}
	about := s.get("/about").body
	for _, want := range []string{"Ours.<br", "&lt;b&gt;", `href="https://river.example/a"`, `href="mailto:host@river.example"`} {
		if !strings.Contains(about, want) {
			t.Errorf("about lacks %s", want)
		}
	}
	page = send("/admin/texts", url.Values{"was.about_text": {"Ours.\r\n<b>https://river.example/a</b>"}, "was.contact": {"host@river.example"}, "about_text": {"kept"}, "contact": {strings.Repeat("x", board.ContactMax+1)}})
	if page.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page.body, "up to 300 characters") || !strings.Contains(page.body, "kept") {
		t.Errorf("a contact too long: %s", page.Status)
	}
	bad := send("/admin/places", url.Values{"name": {"kept"}, "position": {"upstairs"}})
	if bad.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(bad.body, `value="kept"`) || !strings.Contains(bad.body, `value="upstairs"`) {
		t.Errorf("a position that is none: %s", bad.Status)
	}
	log := html.UnescapeString(s.get("/admin/log").body)
	for _, line := range []string{"Which places: – → Library 45.4642/9.19; Old Harbour", "Which backdrops: all → pond moth", "How to reach you: – → host@river.example"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}

func TestTheQuestionOfTheDayIsTurnedOffByItsTick(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.takes("/admin/prompts/daily", "was.daily_question", "on", "was.question_set", "started", "question_set", "event")
	if got := s.tuner.Settings(""); got.DailyQuestion || got.QuestionSet != "event" {
		t.Errorf("%v from %s", got.DailyQuestion, got.QuestionSet)
	}
	s.refuses("/admin/prompts/daily", http.StatusUnprocessableEntity, "Give one of", "", "question_set", "none")
}

func TestTheListOfBoardsSaysHowLongHalfOfThemLast(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	for _, ttl := range []string{"1h", "2h", "3h"} {
		s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": ttl, "ttl": ttl})
	}
	s.clock.turn(30 * time.Second)
	if a := s.get("/admin/boards"); !strings.Contains(a.body, "<b>3</b>") || !strings.Contains(a.body, "Half of those alive end within 2 hours") {
		t.Errorf("the list: %s %s", a.Status, a.body)
	}
}

var undoField = regexp.MustCompile(`name="entry" value="(\d+)"`)

func TestATextOfSeveralLinesIsRolledBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.takes("/admin/texts", "was.about_text", "", "about_text", "One.\r\nTwo.")
	s.takes("/admin/texts", "was.about_text", "One.\r\nTwo.", "about_text", "Three.\r\nFour.")
	entry := undoField.FindStringSubmatch(s.get("/admin/log").body)
	preview := s.form("/admin/log/rollback", "entry", entry[1])
	if preview.StatusCode != http.StatusOK || !strings.Contains(preview.body, "One.") {
		t.Fatalf("rolling back: %s", preview.Status)
	}
	s.takes("/admin/settings", "do", "apply", "board", "", "was.about_text", "Three.\r\nFour.", "about_text", "One.\r\nTwo.")
	if got := s.tuner.Settings("").AboutText; got != "One.\nTwo." {
		t.Errorf("it is %q", got)
	}
	if page := s.get("/admin/settings").body; strings.Contains(page, `name="about_text"`) {
		t.Error("a field of one line offers a text of several")
	}
}
