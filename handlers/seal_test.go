package handlers_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"mayfly/argon"
	"mayfly/board"
)

const fileWords = "a lock that only the court has"

// seals asks for a copy as the site's browser; fields (pairs) take the place of its own.
func (s *site) seals(id string, fields ...string) answer {
	s.t.Helper()
	all := append([]string{"post", id, "reason", "Order 12/26 of the court", "lock", fileWords, "passphrase", ownersWords}, fields...)
	return s.form("/admin/seal", all...)
}

func TestTheOwnerSealsALivingPostAndNothingOfItStays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("xyzzy-marker of a threat")
	other, _ := s.publish("somebody else’s")
	before := must(s.board.Any(t.Context(), must(board.ParsePostID(id)))).Life
	if page := s.get("/admin/queue?post=" + id).body; !strings.Contains(page, "/admin/seal?post="+id) {
		t.Error("the queue does not lead there")
	}
	if page := s.get("/admin/seal?post=" + id); page.StatusCode != http.StatusOK || !strings.Contains(page.body, id) {
		t.Errorf("the page: %s", page.Status)
	}
	a := s.seals(id)
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment;") || a.Header.Get("Cache-Control") != "no-store" || strings.Contains(a.body, "xyzzy") {
		t.Fatalf("%s %v", a.Status, a.Header)
	}
	plain, err := argon.New().Unseal(t.Context(), fileWords, []byte(a.body))
	if err != nil || !bytes.Contains(plain, []byte("xyzzy-marker of a threat")) || !bytes.Contains(plain, []byte(id)) || !bytes.Contains(plain, []byte("Order 12/26")) {
		t.Errorf("it holds %s (%v)", plain, err)
	}
	if bytes.Contains(plain, []byte(other)) || bytes.Contains(plain, []byte("127.0.0.1")) {
		t.Error("it holds more than the post")
	}
	if after := must(s.board.Any(t.Context(), must(board.ParsePostID(id)))).Life; after != before {
		t.Errorf("the life was %v and is %v", before, after)
	}
	for _, marker := range []string{"xyzzy", fileWords, a.body[len(a.body)-40:], a.body[:60]} {
		if bytes.Contains(s.files(), []byte(marker)) || bytes.Contains(s.log.Bytes(), []byte(marker)) {
			t.Errorf("%.12q… lies in a file or the log", marker)
		}
	}
	log := s.as(newBrowser(), http.MethodGet, "/log", "").body
	if !strings.Contains(log, "sealed a copy of one post for the law") || !strings.Contains(log, "Order 12/26 of the court") || strings.Contains(log, id) || strings.Contains(log, "ada") {
		t.Error("the public log does not count it, or says too much")
	}
	s.clock.turn(8 * 24 * time.Hour)
	if a := s.seals(id); a.StatusCode == http.StatusOK {
		t.Error("an ended post is sealed")
	}
}

func TestWhoMayNotSealGetsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("xyzzy-marker")
	for _, tt := range []struct {
		name, says string
		status     int
		fields     []string
	}{
		{"no reason", "why a copy is made", 422, []string{"reason", " "}},
		{"a short lock", "at least 12 characters", 422, []string{"lock", "short"}},
		{"another passphrase", "This isn’t your passphrase", 422, []string{"passphrase", "not mine at all"}},
		{"an unknown post", "It has ended meanwhile, b", 404, []string{"post", strings.Repeat("a", 26)}},
	} {
		v := map[string]string{"post": id, "reason": "Order 12/26", "lock": fileWords, "passphrase": ownersWords}
		v[tt.fields[0]] = tt.fields[1]
		a := s.form("/admin/seal", "post", v["post"], "reason", v["reason"], "lock", v["lock"], "passphrase", v["passphrase"])
		if a.StatusCode != tt.status || !strings.Contains(a.body, tt.says) || strings.Contains(a.body, fileWords) {
			t.Errorf("%s: %s, and it does not say %q", tt.name, a.Status, tt.says)
		}
	}
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "seen once", "view_once": true})
	if a := s.seals(out["post"].(map[string]any)["id"].(string)); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "shown once") {
		t.Errorf("a view-once post: %s", a.Status)
	}
	link := must(s.door.Invite(t.Context(), must(s.door.Admins(t.Context()))[0], ownersWords))
	helper := *s
	helper.client = newBrowser()
	s.enters(helper.client, link, "bob", ownersWords)
	for _, a := range []answer{helper.get("/admin/seal?post=" + id), helper.seals(id)} {
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("who is no owner: %s", a.Status)
		}
	}
	if a := s.as(newBrowser(), http.MethodPost, "/admin/seal", "post="+id, "Content-Type", formType); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %s", a.Status)
	}
	if log := s.get("/log").body; strings.Contains(log, "sealed a copy") {
		t.Error("what was refused stands in the log")
	}
}

func TestAHiddenPostIsSealedToo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("xyzzy-hidden")
	if err := s.board.Hide(t.Context(), board.Ruling{By: "ada"}, must(board.ParsePostID(id))); err != nil {
		t.Fatal(err)
	}
	a := s.seals(id)
	if plain, err := argon.New().Unseal(t.Context(), fileWords, []byte(a.body)); err != nil || !bytes.Contains(plain, []byte("xyzzy-hidden")) {
		t.Errorf("%s: %v", a.Status, err)
	}
}

func TestWithCodesOnAFreshOneIsWanted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	seed := s.owned(true)
	id, _ := s.publish("xyzzy")
	if a := s.seals(id); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "six digits") {
		t.Errorf("without a code: %s", a.Status)
	}
	s.clock.turn(time.Minute)
	if a := s.seals(id, "code", seed.Code(s.clock.Now())); a.StatusCode != http.StatusOK {
		t.Errorf("with one: %s", a.Status)
	}
}
