package handlers_test

import (
	"html"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"mayfly/board"
)

func (s *site) bans(text string, a board.FilterAction) {
	s.t.Helper()
	if err := s.board.AddFilter(s.t.Context(), "ada", board.Filter{Text: text, Action: a}); err != nil {
		s.t.Fatal(err)
	}
}

func TestWordsThatAreNotTakenComeBackWithTheReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.bans("badword", board.Block)
	s.refuses("/b/home/posts", http.StatusUnprocessableEntity, "“b4dword” isn’t taken here", "my b4dword words", "body", "my b4dword words")
	id, _ := s.publish("root")
	s.refuses("/p/"+id+"/replies", http.StatusUnprocessableEntity, "isn’t taken here", "my b4dword reply", "body", "my b4dword reply")
	a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "badword"})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "isn’t taken here") {
		t.Errorf("the API: %s %v", a.Status, out)
	}
}

func TestWhoGivesSomebodyAwayMayConfirmIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("post", "0")
	s.set("reply", "0")
	const tick, call = `name="confirm"`, "call 347 123 4567"
	if a := s.get("/write"); strings.Contains(a.body, tick) {
		t.Error("an empty form asks already")
	}
	s.refuses("/b/home/posts", http.StatusUnprocessableEntity, "a phone number in it", tick, "body", call)
	s.refuses("/b/home/posts", http.StatusUnprocessableEntity, "Choose a time", `value="on" checked`, "body", call, "confirm", "on", "ttl", "1s")
	if a := s.form("/b/home/posts", "body", call, "confirm", "on"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("confirmed: %s", a.Status)
	}
	id, _ := s.publish("root")
	s.refuses("/p/"+id+"/replies", http.StatusUnprocessableEntity, "a phone number in it", tick, "body", call)
	if a := s.form("/p/"+id+"/replies", "body", call, "confirm", "on"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a confirmed reply: %s", a.Status)
	}
	for _, path := range []string{"/api/v1/boards/home/posts", "/api/v1/posts/" + id + "/replies"} {
		if a, _ := s.call(http.MethodPost, path, map[string]any{"body": call}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "error.private.ask") {
			t.Errorf("%s: %s %s", path, a.Status, a.body)
		}
		if a, _ := s.call(http.MethodPost, path, map[string]any{"body": call, "confirm": true}); a.StatusCode != http.StatusCreated {
			t.Errorf("%s confirmed: %s", path, a.Status)
		}
	}
}

func TestTheHostNudgesAboveTheButton(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("nudge", "Would you say it to a face?")
	id, _ := s.publish("root")
	for _, path := range []string{"/write", "/p/" + id} {
		if a := s.get(path); !strings.Contains(a.body, "Would you say it to a face?") {
			t.Errorf("%s shows no nudge", path)
		}
	}
}

func TestTheCareCardIsForItsAuthorAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("care_card", "Call 0800 000\nhttps://help.example")
	s.set("life_per_down", "10m")
	s.bans("want to vanish", board.Care)
	a := s.form("/b/home/posts", "body", "I want to vanish")
	path := a.Header.Get("Location")
	page := s.get(path)
	if !strings.HasPrefix(path, "/p/") || !strings.Contains(page.body, "You matter here") || !strings.Contains(page.body, `href="https://help.example"`) {
		t.Errorf("its author is led to %s, without the card", path)
	}
	for _, path := range []string{path, "/"} {
		page := s.as(newBrowser(), http.MethodGet, path, "")
		if strings.Contains(page.body, "You matter here") || !strings.Contains(page.body, "I want to vanish") {
			t.Errorf("a stranger's %s: %s", path, page.Status)
		}
		for _, line := range []string{`class="rescue"`, `class="score-low"`, "Vote down. Takes", `class="wick"`} {
			if strings.Contains(page.body, line) {
				t.Errorf("%s speaks of its end by votes: %s", path, line)
			}
		}
	}
	reply := s.form(path+"/replies", "body", "I want to vanish")
	if page := s.get(reply.Header.Get("Location")); strings.Count(page.body, "You matter here") < 2 {
		t.Error("no card under a reply")
	}
}

func TestAProgramIsGivenTheCareCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.bans("want to vanish", board.Care)
	says := func(path, body string) any {
		t.Helper()
		a, out := s.call(http.MethodPost, path, map[string]any{"body": body})
		if a.StatusCode != http.StatusCreated || out["owner_key"] == "" {
			t.Fatalf("%s: %s", path, a.Status)
		}
		return out["care"]
	}
	id, _ := s.publish("something else")
	for _, path := range []string{"/api/v1/boards/home/posts", "/api/v1/posts/" + id + "/replies"} {
		if text, _ := says(path, "I want to vanish").(string); !strings.Contains(text, "112") {
			t.Errorf("%s says %q", path, text)
		}
		if text := says(path, "all is well"); text != nil {
			t.Errorf("%s says %v of what is harmless", path, text)
		}
	}
	s.set("care_card", "Call 0800 000")
	if text := says("/api/v1/boards/home/posts", "I want to vanish, truly"); text != "Call 0800 000" {
		t.Errorf("the host's own card: %v", text)
	}
}

func TestTheAuthorHearsThatAFilterCutItShort(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.bans("vendo", board.Short)
	a := s.form("/b/home/posts", "body", "vendo bici")
	const line = "a filter has cut its life short"
	if page := s.get(a.Header.Get("Location")); !strings.Contains(page.body, line) {
		t.Error("its author hears nothing")
	}
	if page := s.as(newBrowser(), http.MethodGet, a.Header.Get("Location"), ""); strings.Contains(page.body, line) {
		t.Error("a stranger hears of it")
	}
}

func TestAnAdminAddsTriesAndRemovesFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("one spammy post")
	page := s.form("/admin/words/try", "text", "spam*", "action", "block", "board", "", "sample", "SPAM and eggs")
	if text := html.UnescapeString(page.body); page.StatusCode != http.StatusOK || !strings.Contains(text, "Refuse: it hits SPAM") || !strings.Contains(text, "hit 1 of 1 post") || !strings.Contains(text, "SPAM and eggs") {
		t.Errorf("a trial: %s", page.Status)
	}
	if list, err := s.board.Filters(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("a trial adds %v (%v)", list, err)
	}
	s.refuses("/admin/words", http.StatusUnprocessableEntity, "can’t be read", "(spam", "text", "(spam", "pattern", "on", "action", "hold")
	s.refuses("/admin/words", http.StatusUnprocessableEntity, "No board is called “attic”", "spam", "text", "spam", "action", "hold", "board", "attic")
	s.refuses("/admin/words", http.StatusUnprocessableEntity, "Say what is to be done", "spam", "text", "spam", "action", "burn")
	page = s.takes("/admin/words", "text", "spam*", "action", "block", "board", "home")
	if !strings.Contains(page.body, "The filter is in force") || !strings.Contains(page.body, "Remove the filter spam*") {
		t.Error("the list does not show it")
	}
	s.refuses("/admin/words", http.StatusUnprocessableEntity, "there already", "spam*", "text", "spam*", "action", "block", "board", "home")
	s.refuses("/b/home/posts", http.StatusUnprocessableEntity, "isn’t taken here", "", "body", "more spam")
	list, _ := s.board.Filters(t.Context())
	page = s.takes("/admin/words/remove", "number", strconv.FormatInt(list[0].Number, 10))
	if !strings.Contains(page.body, "The filter is gone") {
		t.Error("it is not said that it went")
	}
	s.refuses("/admin/words/remove", http.StatusUnprocessableEntity, "no filter with the number 77", "", "number", "77")
	page = s.get("/admin/log")
	for _, line := range []string{"added the filter “block spam*”", "removed the filter “block spam*”"} {
		if !strings.Contains(page.body, line) {
			t.Errorf("the log lacks %s", line)
		}
	}
	if strings.Contains(page.body, id) {
		t.Error("the log names a post")
	}
}

func TestAnAdminSaysWhatIsDoneAboutNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	page := s.takes("/admin/words/heed", "doxx", "forbid", "nudge", "Be kind.", "care_card", "Line one\r\nLine two", "was.doxx", "ask", "was.nudge", "", "was.care_card", "")
	if !strings.Contains(page.body, "Be kind.") || !strings.Contains(page.body, "Line one\nLine two") {
		t.Error("it was not kept")
	}
	s.refuses("/b/home/posts", http.StatusUnprocessableEntity, "isn’t taken here", "", "body", "call 347 123 4567", "confirm", "on")
	s.refuses("/admin/words/heed", http.StatusConflict, "Now it says", "Be brief.", "doxx", "off", "nudge", "Be brief.", "was.doxx", "ask", "was.nudge", "")
	s.refuses("/admin/words/heed", http.StatusUnprocessableEntity, "200", "xxxx", "doxx", "ask", "nudge", strings.Repeat("x", 201))
	if a := s.as(newBrowser(), http.MethodPost, "/admin/words", "text=x&action=block", "Content-Type", "application/x-www-form-urlencoded"); a.StatusCode == http.StatusOK {
		t.Errorf("a stranger: %s", a.Status)
	}
}
