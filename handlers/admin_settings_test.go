package handlers_test

import (
	"crypto/sha256"
	"fmt"
	"html"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/words"
)

var inputs = regexp.MustCompile(`<input[^>]* name="([^"]+)" value="([^"]*)"[^>]*>|<textarea[^>]* name="([^"]+)"[^>]*>\n?([^<]*)</textarea>`)

// TestAForecastOfARateSaysHowManyWouldHaveWaited on the page and to programs, and of
// fewer than five not how many.
func TestAForecastOfARateSaysHowManyWouldHaveWaited(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	admin := s.client
	forecast := func(rate string) (string, map[string]any) {
		t.Helper()
		s.client = admin
		page := s.form("/admin/settings", "of", "", "was.post", "0", "post", rate)
		if page.StatusCode != http.StatusOK {
			t.Fatalf("forecast of %s: %s", rate, page.Status)
		}
		a, out := s.call(http.MethodPatch, "/api/v1/admin/settings?preview=1", map[string]any{"post": rate})
		if a.StatusCode != http.StatusOK {
			t.Fatalf("to a program: %s", a.Status)
		}
		wait, _ := out["would_wait"].(map[string]any)["post"].(map[string]any)
		return page.body, wait
	}
	many := func(addr string, n int) {
		t.Helper()
		for i := range n {
			s.postFrom(addr, fmt.Sprintf("from %s, number %d: %x", addr, i, sha256.Sum256([]byte{byte(i)})))
		}
	}
	many("198.51.100.1", 1)
	if page, wait := forecast("6/3"); !strings.Contains(page, "too few to say who would wait") || wait != nil {
		t.Errorf("one has asked: %v", wait)
	}
	for i := range 7 {
		many(fmt.Sprintf("203.0.113.%d", i), 1)
	}
	many("198.51.100.2", 7)
	if page, wait := forecast("6/3"); !strings.Contains(page, "fewer than 5 of 9 would have waited") || wait["at_most"] != 4.0 || wait["of"] != 9.0 {
		t.Errorf("one would wait: %v", wait)
	}
	if page, wait := forecast("6/4"); !strings.Contains(page, "none of 9 would have waited") || wait["at_most"] != 0.0 {
		t.Errorf("none would wait: %v", wait)
	}
	for i := range 5 {
		many(fmt.Sprintf("203.0.113.%d", 100+i), 7)
	}
	page, wait := forecast("6/3")
	if !strings.Contains(page, "6 of 14 would have waited") || wait["at_most"] != 6.0 || wait["of"] != 14.0 {
		t.Errorf("six would wait: %v", wait)
	}
	if strings.Contains(page, "203.0.113") || s.tuner.Settings("").Post != (board.Rate{}) {
		t.Error("a forecast names somebody, or changes something")
	}
}

// settingsForm is what a browser would send of a page's form of settings, untouched.
func settingsForm(body string) map[string]string {
	_, body, _ = strings.Cut(body, `action="/admin/settings"`)
	fields := map[string]string{}
	for _, m := range inputs.FindAllStringSubmatch(body, -1) {
		name, value := m[1]+m[3], html.UnescapeString(m[2]+m[4])
		ticked := strings.Contains(m[0], " checked")
		if strings.Contains(m[0], `type="checkbox"`) || strings.Contains(m[0], `type="radio"`) {
			if !ticked {
				continue
			}
		}
		fields[name] = value
	}
	return fields
}

// sends posts a form of settings, changed by pairs of name and value.
func (s *site) sends(fields map[string]string, changed ...string) answer {
	s.t.Helper()
	fields = maps.Clone(fields)
	for i := 0; i+1 < len(changed); i += 2 {
		fields[changed[i]] = changed[i+1]
	}
	var pairs []string
	for name, value := range fields {
		pairs = append(pairs, name, value)
	}
	return s.form("/admin/settings", pairs...)
}

func TestASettingIsSeenBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	for _, ttl := range []string{"2m", "24h", "7d"} {
		s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "lives " + ttl, "ttl": ttl})
	}
	s.clock.turn(7 * time.Hour)
	s.sweep()
	form := settingsForm(s.get("/admin/settings").body)
	for _, k := range board.Knobs {
		if form["was."+k.Name] != k.Get(s.tuner.Settings("")) {
			t.Errorf("%s: the form has seen %q", k.Name, form["was."+k.Name])
		}
	}
	if a := s.sends(form, "do", "apply"); !strings.Contains(a.body, "Nothing is changed") {
		t.Errorf("the untouched form: %s", a.Status)
	}
	forecast := s.sends(form, "ttl_max", "6h", "ttl_default", "6h", "do", "preview")
	text := html.UnescapeString(forecast.body)
	for _, says := range []string{"6 h ends 2 of 2 posts now", "The longest life", "7 d", "A post lives"} {
		if forecast.StatusCode != http.StatusOK || !strings.Contains(text, says) {
			t.Errorf("the forecast (%s) lacks %q", forecast.Status, says)
		}
	}
	if s.tuner.Settings("").TTLMax != 7*24*time.Hour {
		t.Fatal("a forecast changed the setting")
	}
	planned := settingsForm(forecast.body)
	edit := settingsForm(s.sends(planned, "do", "edit").body)
	if edit["ttl_max"] != "6h" || edit["was.ttl_max"] != "7d" || edit["k"] != "5" {
		t.Errorf("back in the form: ttl_max=%q (was %q), k=%q", edit["ttl_max"], edit["was.ttl_max"], edit["k"])
	}
	if a := s.sends(planned, "do", "apply"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("apply: %s", a.Status)
	}
	if got := s.tuner.Settings("").TTLMax; got != 6*time.Hour {
		t.Errorf("ttl_max = %v", got)
	}
	if _, out := s.call(http.MethodGet, "/api/v1/boards/home/posts", nil); len(out["posts"].([]any)) != 0 {
		t.Error("what the forecast said would end is there")
	}
	if page := s.get("/admin/log").body; !strings.Contains(page, "The longest life: 7d → 6h") || !strings.Contains(page, ">ada<") {
		t.Error("the log does not say who changed what")
	}
}

func TestASwitchAndAChoiceAreSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	form := settingsForm(s.get("/admin/settings").body)
	delete(form, "cards") // its tick is taken away
	form["pictures"] = "on"
	s.sends(form, "do", "apply")
	if got := s.tuner.Settings(""); got.Cards || got.Pictures != board.PicturesOn {
		t.Errorf("cards=%v, pictures=%s", got.Cards, got.Pictures)
	}
}

func TestOfTwoAdminsTheSecondSeesWhatTheFirstHasDone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	form := settingsForm(s.get("/admin/settings").body)
	s.set("post_chars", "500")
	a := s.sends(form, "post_chars", "700", "k", "9", "do", "apply")
	text := html.UnescapeString(a.body)
	if a.StatusCode != http.StatusConflict || !strings.Contains(text, "set this to 500 meanwhile. You typed 700") {
		t.Fatalf("%s, without both values", a.Status)
	}
	if got := s.tuner.Settings(""); got.PostChars != 500 || got.K != 5 {
		t.Errorf("half of it was taken: %+v", got)
	}
	again := settingsForm(a.body)
	if again["post_chars"] != "700" || again["k"] != "9" || again["was.post_chars"] != "500" {
		t.Errorf("what was typed is lost: %v", again)
	}
	if b := s.sends(again, "do", "apply"); b.StatusCode != http.StatusSeeOther || s.tuner.Settings("").PostChars != 700 {
		t.Errorf("a second time: %s", b.Status)
	}
}

func TestABoardDiffersAndFollowsAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	page := s.get("/admin/settings?board=attic")
	form := settingsForm(page.body)
	if _, site := form["was.k"]; site || page.StatusCode != http.StatusOK || form["of"] != "attic" {
		t.Fatalf("%s; a setting of the site stands on a board's page: %v", page.Status, site)
	}
	s.sends(form, "post_chars", "80", "do", "apply")
	if all, attic := s.tuner.Settings("").PostChars, s.tuner.Settings("attic").PostChars; all != 1000 || attic != 80 {
		t.Fatalf("all %d, attic %d", all, attic)
	}
	form = settingsForm(s.get("/admin/settings?board=attic").body)
	forecast := s.sends(form, "unset", "post_chars", "do", "preview")
	if !strings.Contains(forecast.body, "follows all again") {
		t.Error("the forecast does not say that it follows")
	}
	s.sends(settingsForm(forecast.body), "do", "apply")
	if own := s.tuner.Own("attic"); len(own) != 0 {
		t.Errorf("it still differs in %v", own)
	}
	if a := s.get("/admin/settings?board=nowhere"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a board that is not there: %s", a.Status)
	}
}

var entry = regexp.MustCompile(`name="entry" value="(\d+)"`)

func TestAnEntryOfTheLogIsRolledBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	apply := func(slug, name, value string) {
		t.Helper()
		if err := s.tuner.Apply(t.Context(), "ada", slug, map[string]string{name: value}); err != nil {
			t.Fatal(err)
		}
	}
	back := func() {
		t.Helper()
		m := entry.FindStringSubmatch(s.get("/admin/log").body)
		if m == nil {
			t.Fatal("nothing in the log can be rolled back")
		}
		forecast := s.form("/admin/log/rollback", "entry", m[1])
		if forecast.StatusCode != http.StatusOK {
			t.Fatalf("roll back: %s", forecast.Status)
		}
		if a := s.sends(settingsForm(forecast.body), "do", "apply"); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("apply: %s", a.Status)
		}
	}
	apply("", "post_chars", "500")
	back()
	if got := s.tuner.Settings("").PostChars; got != 1000 {
		t.Errorf("post_chars = %d", got)
	}
	apply("attic", "post_chars", "80")
	back()
	if own := s.tuner.Own("attic"); len(own) != 0 {
		t.Errorf("the attic still differs in %v", own)
	}
	back() // the unset itself
	if got := s.tuner.Settings("attic").PostChars; got != 80 {
		t.Errorf("attic's post_chars = %d", got)
	}
	for _, bad := range []string{"", "0", "999999", "-1", "x"} {
		if a := s.form("/admin/log/rollback", "entry", bad); a.StatusCode != http.StatusNotFound {
			t.Errorf("entry %q: %s", bad, a.Status)
		}
	}
}

// unfit are values that can't be had, one for each reason.
var unfit = map[string]string{
	"ttl_max": "31d", "post_chars": "0", "cards": "maybe", "pictures": "huge", "post": "six", "shared_networks": "the school",
	"place_list": "Library; library", "vanish_score": "3", "backdrops": "lake", "contact": strings.Repeat("x", board.ContactMax+1),
}

func TestASettingOutOfBoundsIsTheSameSentenceEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	form := settingsForm(s.get("/admin/settings").body)
	for name, value := range unfit {
		said := board.DefaultSettings()
		_, err := said.With(map[string]string{name: value})
		if err == nil {
			t.Fatalf("%s=%s can be had", name, value)
		}
		a := s.sends(form, name, value, "post_chars", otherwise(unfit["post_chars"], name), "do", "apply")
		text := html.UnescapeString(a.body)
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(strings.ToLower(text), strings.ToLower(err.Error())) {
			t.Errorf("the page (%s) does not say %q", a.Status, err)
		}
		if again := settingsForm(a.body); name != "cards" && name != "pictures" && again[name] != value {
			t.Errorf("%s: what was typed is lost: %q", name, again[name])
		}
	}
	if !s.tuner.Settings("").Equal(must(board.DefaultSettings().With(map[string]string{"post": "0", "reply": "0", "vote": "0", "report": "0", "page": "0", "search": "0", "picture": "0", "contact": "host@river.example"}))) {
		t.Error("something of it was taken")
	}
	crossed := s.sends(form, "ttl_min", "2d", "do", "apply")
	if crossed.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(crossed.body), "ttl_min (2d) ≤ ttl_default (24h) ≤ ttl_max (7d) must hold") {
		t.Errorf("bounds that cross: %s", crossed.Status)
	}
}

// otherwise keeps post_chars as it is under test only when it is the one.
func otherwise(bad, name string) string {
	if name == "post_chars" {
		return bad
	}
	return "1000"
}

// TestTheCatalogueSaysWhatCommandsSay: board holds the English sentences, the
// catalogue those of every language; the English ones are the same.
func TestTheCatalogueSaysWhatCommandsSay(t *testing.T) {
	t.Parallel()
	p := words.In("en")
	bad := maps.Clone(unfit)
	bad["place_list "] = "Library 91/0"
	bad["place_list  "] = strings.Repeat("x", 41)
	seen := map[string]bool{}
	check := func(err error) {
		t.Helper()
		u, ok := err.(*board.UnfitError) //nolint:errorlint // With returns it bare
		if !ok {
			t.Errorf("%v is no UnfitError", err)
			return
		}
		seen[u.Code] = true
		if said := p.SayWith(u.Code, u.Args); said != u.Text() {
			t.Errorf("%s: the catalogue says %q, commands %q", u.Code, said, u.Text())
		}
	}
	for name, value := range bad {
		_, err := board.DefaultSettings().With(map[string]string{strings.TrimSpace(name): value})
		check(err)
	}
	for _, values := range []map[string]string{{"ttl_min": "2d"}, {"colour": "red"}} {
		_, err := board.DefaultSettings().With(values)
		check(err)
	}
	s := newSite(t)
	check(s.tuner.Check("home", map[string]string{"k": "7"}))
	for _, code := range []string{"life", "whole", "on_off", "choice", "rate", "network", "places", "twice", "position", "order", "site", "unknown", "backdrops", "host_text"} {
		if !seen["unfit."+code] {
			t.Errorf("unfit.%s was never said", code)
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); len(got) != 14 {
		t.Errorf("said: %v", got)
	}
}
