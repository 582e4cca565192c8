package handlers_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/words"
)

func TestAnAdminAddsChangesAndEndsABoard(t *testing.T) {
	s := newSite(t)
	s.owned()
	if a := s.form("/admin/boards", "slug", "attic", "title", "The attic", "rules", "Be brief.\nBe kind.", "closes", "3d"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("add: %s %s", a.Status, a.body)
	}
	if a := s.get("/b/attic"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "The attic") {
		t.Errorf("its page: %s", a.Status)
	}
	desk := s.get("/admin/boards").body
	for _, shows := range []string{"The attic", "/b/attic", "Be brief.", "/admin/settings?board=attic", "closes in 3 d"} {
		if !strings.Contains(strings.ToLower(desk), strings.ToLower(shows)) {
			t.Errorf("the desk lacks %q", shows)
		}
	}
	if a := s.form("/admin/boards/attic", "title", "Upstairs", "rules", "", "closes", "never"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("change: %s", a.Status)
	}
	info, err := s.board.Board(t.Context(), "attic")
	if err != nil || info.Title != "Upstairs" || info.Rules != "" || !info.ClosesAt.IsZero() {
		t.Errorf("board = %+v, %v", info, err)
	}
	if a := s.form("/admin/boards/attic/end", "passphrase", "not it at all"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "isn’t your passphrase") {
		t.Errorf("end without the passphrase: %s", a.Status)
	}
	if a := s.form("/admin/boards/attic/end", "passphrase", ownersWords); a.StatusCode != http.StatusSeeOther {
		t.Errorf("end: %s", a.Status)
	}
	if a := s.get("/b/attic"); a.StatusCode != http.StatusGone {
		t.Errorf("its page after the end: %s", a.Status)
	}
	log := s.get("/admin/log").body
	for _, line := range []string{"added a board", "changed the board", "ended the board"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}

func TestABoardThatCantBeHadGivesTheWordsBack(t *testing.T) {
	s := newSite(t)
	s.owned()
	for _, tt := range []struct {
		path   string
		fields []string
		says   string
	}{
		{"/admin/boards", []string{"slug", "The Attic", "title", "typed title", "rules", "typed rules"}, "is no name for a board"},
		{"/admin/boards", []string{"slug", "home", "title", "typed title", "rules", "typed rules"}, "of this name is there"},
		{"/admin/boards", []string{"slug", "attic", "title", "typed title", "rules", "typed rules", "closes", "soon"}, "such as 3d"},
		{"/admin/boards", []string{"slug", "attic", "title", "", "rules", "typed rules typed title"}, "needs a title"},
		{"/admin/boards/home", []string{"title", "typed title", "rules", "typed rules" + strings.Repeat("x", 5000)}, "may have 5000"},
		{"/admin/boards/home/ask", []string{"body", " ", "ttl", "24h", "x", "typed title typed rules"}, "nothing to read"},
		{"/admin/boards/home/ask", []string{"body", "typed title typed rules", "ttl", "31d"}, "from 1m to 30d"},
	} {
		a := s.form(tt.path, tt.fields...)
		text := html.UnescapeString(a.body)
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, tt.says) {
			t.Errorf("%v: %s, without %q", tt.fields, a.Status, tt.says)
		}
		if !strings.Contains(text, "typed title") && tt.fields[1] != " " || !strings.Contains(text, "<details class=\"more\" open") {
			t.Errorf("%v: the words are lost, or their form is folded", tt.fields)
		}
	}
	if a := s.form("/admin/boards/home/end", "passphrase", ownersWords); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the home board ends: %s", a.Status)
	}
	if list := must(s.board.Boards(t.Context())); len(list) != 1 || list[0].Title != "" {
		t.Errorf("boards = %+v", list)
	}
}

func TestAnAdminAsksAndEndsIt(t *testing.T) {
	s := newSite(t)
	s.owned()
	if a := s.form("/admin/boards/home/ask", "body", "Which sound belongs here?", "ttl", "6h", "sponsored", "1"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("ask: %s %s", a.Status, a.body)
	}
	if page := s.get("/").body; !strings.Contains(page, "Which sound belongs here?") {
		t.Error("it is not pinned")
	}
	m := regexp.MustCompile(`/admin/prompts/\d+/end`).FindString(s.get("/admin/boards").body)
	if a := s.form(m); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("end it at %q: %s", m, a.Status)
	}
	if page := s.get("/").body; strings.Contains(page, "Which sound belongs here?") {
		t.Error("it is still pinned")
	}
	if a := s.form("/admin/prompts/99/end"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "number 99") {
		t.Errorf("a prompt that is not there: %s", a.Status)
	}
}

func TestAHostChoosesBackdropsAndPlaces(t *testing.T) {
	s := newSite(t)
	s.owned()
	form := settingsForm(s.get("/admin/settings").body)
	delete(form, "backdrops") // 24 ticks of one name
	fields := []string{"place_list", "Library 45.4/9.1\r\nOld Harbour", "do", "apply"}
	for name, value := range form {
		if name != "place_list" {
			fields = append(fields, name, value)
		}
	}
	body := encode(fields) + "&backdrops=pond&backdrops=mist"
	if a := s.do(http.MethodPost, "/admin/settings", body, "Content-Type", formType); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	got := s.tuner.Settings("")
	if len(got.Backdrops) != 2 || len(got.PlaceList) != 2 {
		t.Fatalf("backdrops %v, places %v", got.Backdrops, got.PlaceList)
	}
	page := s.get("/write").body
	if !strings.Contains(page, "/pond.") && !strings.Contains(page, `value="pond"`) || strings.Contains(page, `value="reeds"`) || !strings.Contains(page, "Old Harbour") {
		t.Error("the composer offers others")
	}
	if a, _ := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "x", "backdrop": "reeds"}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a backdrop that is not offered: %s", a.Status)
	}
	again := settingsForm(s.get("/admin/settings").body)
	if a := s.sends(again, "do", "apply", "backdrops", "pond"); a.StatusCode != http.StatusSeeOther || len(s.tuner.Settings("").Backdrops) != 1 {
		t.Errorf("one of them: %s", a.Status)
	}
}

// TestEveryRefusalOfBoardsIsInTheCatalogue, word for word as commands say it.
func TestEveryRefusalOfBoardsIsInTheCatalogue(t *testing.T) {
	s := newSite(t)
	ctx, now := t.Context(), s.clock.Now()
	s.addBoard(board.Info{Slug: "gone", Title: "x", ClosesAt: now.Add(time.Minute)})
	add := func(b board.Info) error { return board.AddBoard(ctx, s.store, b, now) }
	change := func(slug string, f func(*board.Info)) error {
		return board.ChangeBoard(ctx, s.store, slug, func(b *board.Info) error { f(b); return nil }, now)
	}
	ask := func(q board.Question) error { return board.Ask(ctx, s.store, s.store, q, now) }
	p := words.In("en")
	for i, err := range []error{
		add(board.Info{Slug: "No"}), add(board.Info{Slug: "home"}), add(board.Info{Slug: "a", Title: "\xff"}), add(board.Info{Slug: "a"}),
		add(board.Info{Slug: "a", Title: strings.Repeat("x", 61)}), add(board.Info{Slug: "a", Title: "x", Rules: strings.Repeat("x", 5001)}),
		add(board.Info{Slug: "a", Title: "x", ClosesAt: now.Add(-time.Hour)}), change("home", func(b *board.Info) { b.ClosesAt = now.Add(time.Hour) }),
		change("nowhere", func(*board.Info) {}), board.EndBoard(ctx, s.store, "home", now),
		board.ChangeBoard(ctx, s.store, "gone", func(*board.Info) error { return nil }, now.Add(time.Hour)),
		ask(board.Question{Board: "home", Kind: board.Asking, Body: "\xff"}), ask(board.Question{Board: "home", Kind: board.Asking, Body: " "}),
		ask(board.Question{Board: "home", Kind: board.Asking, Body: strings.Repeat("x", 501)}), ask(board.Question{Board: "home", Kind: board.Asking, Body: "x", TTL: time.Second}),
		ask(board.Question{Board: "home", Kind: "shout", Body: "x"}), board.EndQuestion(ctx, s.store, 99),
	} {
		u, ok := err.(*board.UnfitError) //nolint:errorlint // they are bare
		if !ok {
			t.Errorf("%d: %v is no UnfitError", i, err)
			continue
		}
		if said := p.SayWith(u.Code, u.Args); said != u.Error() {
			t.Errorf("%s: the catalogue says %q, commands %q", u.Code, said, err)
		}
	}
}
