package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mayfly/board"
)

// program has ada make a key for scope, and gives what calls with it.
func (s *site) program(scope string) func(method, path string, in any) (int, map[string]any) {
	s.t.Helper()
	s.owned()
	key := s.key("label", "x", "scope", scope, "lasts", "7d")
	return func(method, path string, in any) (int, map[string]any) {
		s.t.Helper()
		program := *s
		program.client = newBrowser()
		a, out := program.call(method, "/api/v1/admin"+path, in, "Authorization", "Bearer "+key)
		return a.StatusCode, out
	}
}

func TestAProgramTurnsALockAndHandsOutInvitations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.shutAttic()
	call := s.program("boards")
	stranger := func(fields ...string) int {
		return s.as(newBrowser(), http.MethodPost, "/b/attic/door", encode(fields), "Content-Type", formType).StatusCode
	}
	door := func() map[string]any {
		_, out := call(http.MethodGet, "/boards/attic/door", nil)
		return out["door"].(map[string]any)
	}
	if d := door(); d["board"] != "attic" || d["access"] != "passphrase" || d["has_passphrase"] != true || len(d["invitations"].([]any)) != 0 {
		t.Errorf("at first: %v", d)
	}
	if status, out := call(http.MethodPatch, "/boards/attic/door", map[string]any{"passphrase": otherPhrase}); status != http.StatusOK || strings.Contains(fmt.Sprint(out), otherPhrase) {
		t.Errorf("another passphrase: %d %v", status, out)
	}
	if old, other := stranger("passphrase", doorPhrase), stranger("passphrase", otherPhrase); old != http.StatusForbidden || other != http.StatusSeeOther {
		t.Errorf("the old one: %d, the other: %d", old, other)
	}
	inside := newBrowser()
	s.as(inside, http.MethodPost, "/b/attic/door", encode([]string{"passphrase", otherPhrase}), "Content-Type", formType)
	in := func() int { return s.as(inside, http.MethodGet, "/b/attic", "").StatusCode }
	if before := in(); before != http.StatusOK {
		t.Fatalf("who came in reads %d", before)
	}
	if status, _ := call(http.MethodPost, "/boards/attic/door/out", nil); status != http.StatusNoContent || in() != http.StatusForbidden {
		t.Errorf("turned out: %d, and reads %d", status, in())
	}

	if status, out := call(http.MethodPatch, "/boards/attic/door", map[string]any{"access": "invite"}); status != http.StatusOK || out["door"].(map[string]any)["access"] != "invite" {
		t.Errorf("by invitation: %d %v", status, out)
	}
	status, out := call(http.MethodPost, "/boards/attic/invitations", map[string]any{"uses": 2, "life": "7d"})
	code, _ := out["code"].(string)
	if status != http.StatusCreated || out["url"] != s.url+"/b/attic/door?code="+code {
		t.Fatalf("an invitation: %d %v", status, out)
	}
	if got := stranger("code", code); got != http.StatusSeeOther {
		t.Errorf("who holds it: %d", got)
	}
	list := door()["invitations"].([]any)
	if len(list) != 1 || strings.Contains(fmt.Sprint(list), code) {
		t.Fatalf("listed: %v", list)
	}
	listed := list[0].(map[string]any)
	if listed["uses"] != 1.0 || listed["left"].(float64) < 600_000 {
		t.Errorf("listed: %v", listed)
	}
	number := fmt.Sprint(listed["number"])
	if status, _ := call(http.MethodDelete, "/boards/home/invitations/"+number, nil); status != http.StatusNotFound {
		t.Errorf("another board's: %d", status)
	}
	if status, _ := call(http.MethodDelete, "/boards/attic/invitations/"+number, nil); status != http.StatusNoContent || stranger("code", code) == http.StatusSeeOther {
		t.Errorf("taken back: %d, and it opens", status)
	}
	log := s.get("/admin/log").body
	if !strings.Contains(log, "ada") || strings.Contains(log, code) || strings.Contains(log, otherPhrase) {
		t.Error("the log says nothing of it, or too much")
	}
}

func TestWhatTheDoorsPageRefusesTheCallsRefuse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.shutAttic()
	s.addBoard(board.Info{Slug: "loft", Title: "The loft"})
	call := s.program("boards")
	for _, tt := range []struct {
		method, path string
		in           any
		status       int
		field        string
	}{
		{http.MethodPatch, "/boards/loft/door", map[string]any{"access": "passphrase"}, 422, "passphrase"},
		{http.MethodPatch, "/boards/attic/door", map[string]any{"passphrase": "short"}, 422, "passphrase"},
		{http.MethodPatch, "/boards/attic/door", map[string]any{"access": "ajar"}, 422, "access"},
		{http.MethodPatch, "/boards/attic/door", map[string]any{"phrase": "x"}, 400, ""},
		{http.MethodPatch, "/boards/nowhere/door", map[string]any{"access": "open"}, 404, ""},
		{http.MethodGet, "/boards/nowhere/door", nil, 404, ""},
		{http.MethodPost, "/boards/nowhere/door/out", nil, 404, ""},
		{http.MethodPost, "/boards/nowhere/invitations", map[string]any{"uses": 1, "life": "1d"}, 404, ""},
		{http.MethodPost, "/boards/attic/invitations", map[string]any{"uses": 0, "life": "1d"}, 422, "uses"},
		{http.MethodPost, "/boards/attic/invitations", map[string]any{"uses": 1, "life": "soon"}, 422, "life"},
		{http.MethodDelete, "/boards/attic/invitations/99", nil, 404, ""},
		{http.MethodDelete, "/boards/attic/invitations/x", nil, 404, ""},
	} {
		status, out := call(tt.method, tt.path, tt.in)
		fields, _ := out["fields"].(map[string]any)
		if status != tt.status || tt.field != "" && fields[tt.field] == nil {
			t.Errorf("%s %s %v: %d %v", tt.method, tt.path, tt.in, status, out)
		}
	}
	if got := s.tuner.Settings("attic").Access; got != board.ByPassphrase {
		t.Errorf("what was refused changed the door to %s", got)
	}
}

func TestAProgramReadsAndDecidesNotices(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("a post that names somebody")
	s.claimed("where", s.url+"/p/"+id, "kind", "personal-data")
	s.claimed()
	call := s.program("notices")
	list := func() []any {
		_, out := call(http.MethodGet, "/notices", nil)
		return out["notices"].([]any)
	}
	if n := len(list()); n != 2 {
		t.Fatalf("%d notices", n)
	}
	about := map[string]string{} // kind: number
	for _, n := range list() {
		n := n.(map[string]any)
		about[n["kind"].(string)] = fmt.Sprint(n["number"])
		if n["state"] != "waits" || n["why"] != "xyzzy-why it is wrong" || n["mail"] != "xyzzy-mail@example.org" || n["kind"] == "personal-data" && n["post"] != id {
			t.Errorf("it reads %v", n)
		}
	}
	for _, tt := range []struct {
		number string
		in     map[string]any
		status int
	}{
		{about["illegal"], map[string]any{"do": "removed"}, 422}, // it is about no one post
		{about["illegal"], map[string]any{"do": "gone"}, 422},
		{about["illegal"], map[string]any{"do": "answered", "answer": strings.Repeat("x", 1001)}, 422},
		{about["illegal"], map[string]any{"do": "answered", "answer": "We looked at it."}, 204},
		{about["illegal"], map[string]any{"do": "kept"}, 409},
		{about["personal-data"], map[string]any{"do": "removed", "reason": "whim"}, 422},
		{about["personal-data"], map[string]any{"do": "removed", "reason": "names-someone"}, 204},
		{"99", map[string]any{"do": "kept"}, 404},
		{"x", map[string]any{"do": "kept"}, 404},
	} {
		if status, out := call(http.MethodPost, "/notices/"+tt.number, tt.in); status != tt.status {
			t.Errorf("%s %v: %d %v", tt.number, tt.in, status, out)
		}
	}
	if a := s.as(newBrowser(), http.MethodGet, "/p/"+id, ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("what was removed answers %s", a.Status)
	}
	for _, n := range list() {
		if n := n.(map[string]any); n["state"] == "waits" || n["kind"] == "illegal" && n["answer"] != "We looked at it." {
			t.Errorf("decided, it reads %v", n)
		}
	}
}

// TestNoOtherKeyReadsNotices: names and addresses are in them.
func TestNoOtherKeyReadsNotices(t *testing.T) {
	t.Parallel()
	for _, scope := range board.Scopes {
		s := newSite(t)
		s.claimed()
		want := http.StatusForbidden
		if scope == board.ScopeNotices {
			want = http.StatusOK
		}
		call := s.program(string(scope))
		if status, _ := call(http.MethodGet, "/notices", nil); status != want {
			t.Errorf("a key for %s: %d", scope, status)
		}
		if status, _ := call(http.MethodGet, "/boards/home/door", nil); (status == http.StatusOK) != (scope == board.ScopeBoards) {
			t.Errorf("a key for %s at a door: %d", scope, status)
		}
	}
}
