package handlers_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// TestOnlyItsAuthorIsToldWhyAnAdminRemovedIt is what /you says in told.rest: by their
// cookie alone, without a script, for a week or until they have read it. Neither a page
// of anybody else nor the data folder says whose it was or which.
func TestOnlyItsAuthorIsToldWhyAnAdminRemovedIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, key := s.publish("xyzzy, off topic")
	if a := s.get("/you"); strings.Contains(a.body, `id="removed"`) || strings.Contains(a.body, `class="unread"`) {
		t.Error("they are told of nothing")
	}
	post := must(board.ParsePostID(id))
	if _, err := s.board.Remove(t.Context(), board.Ruling{By: "ada", Reason: board.Spam}, post); err != nil {
		t.Fatal(err)
	}
	if a := s.get("/p/" + id); a.StatusCode != http.StatusNotFound || a.body != s.get("/p/"+id).body {
		t.Errorf("its page: %s", a.Status)
	}
	for _, path := range []string{"/", "/write", "/boards"} {
		if a := s.get(path); !strings.Contains(a.body, "An admin removed something you wrote") {
			t.Errorf("%s does not say that there is something to read", path)
		}
	}
	told := s.get("/you").body
	if !strings.Contains(told, "Something you wrote on") || !strings.Contains(told, "reason: Spam") {
		t.Error("/you does not say why")
	}
	stranger := newBrowser()
	s.as(stranger, http.MethodPost, "/b/home/posts", "body=hello", "Content-Type", formType)
	for name, who := range map[string]*http.Client{"a stranger": stranger, "a reader": newBrowser()} {
		for _, path := range []string{"/", "/you"} {
			if a := s.as(who, http.MethodGet, path, ""); strings.Contains(a.body, `class="unread"`) || strings.Contains(a.body, `id="removed"`) {
				t.Errorf("%s is told on %s", name, path)
			}
		}
	}
	s.sweep()
	files := s.files()
	for what, text := range map[string]string{"its key": key, "a word": "xyzzy", "its id": id} {
		if strings.Contains(told, text) || bytes.Contains(files, []byte(text)) {
			t.Errorf("%s is kept or shown", what)
		}
	}
	if a := s.as(stranger, http.MethodPost, "/you/heard", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("read by a stranger: %s", a.Status)
	}
	if a := s.get("/you"); !strings.Contains(a.body, `id="removed"`) {
		t.Error("a stranger has ended it")
	}
	if a := s.form("/you/heard"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("read: %s", a.Status)
	}
	if a := s.get("/you"); strings.Contains(a.body, `id="removed"`) || strings.Contains(a.body, `class="unread"`) {
		t.Error("they are told again what they have read")
	}
}

func TestANoticeGoesAfterAWeek(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("visitor_ttl", "30d")
	id, _ := s.publish("off topic")
	if _, err := s.board.Remove(t.Context(), board.Ruling{By: "ada"}, must(board.ParsePostID(id))); err != nil {
		t.Fatal(err)
	}
	s.clock.turn(board.NoticeTime - time.Minute)
	if a := s.get("/you"); !strings.Contains(a.body, "no reason given") {
		t.Error("it goes before its time")
	}
	s.clock.turn(2 * time.Hour) // its end is rounded up to an hour
	if a := s.get("/you"); strings.Contains(a.body, `id="removed"`) {
		t.Error("it stays")
	}
}
