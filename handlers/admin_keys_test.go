package handlers_test

import (
	"html"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

var keyShown = regexp.MustCompile(`id="link"[^>]* value="([A-Z2-7]{26})"`)

// key has ada make a key of the API.
func (s *site) key(fields ...string) string {
	s.t.Helper()
	a := s.form("/admin/keys", fields...)
	m := keyShown.FindStringSubmatch(a.body)
	if a.StatusCode != http.StatusOK || m == nil {
		s.t.Fatalf("make a key: %s", a.Status)
	}
	return m[1]
}

func TestAKeyOpensWhatItsScopesName(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	key := s.key("label", "night watch", "scope", "settings", "lasts", "24h")
	if page := s.get("/admin/keys").body; strings.Contains(page, key) || !strings.Contains(page, "night watch") {
		t.Error("the key is shown again, or not listed")
	}
	if strings.Contains(string(s.files()), key) || strings.Contains(s.log.String(), key) {
		t.Error("the key lies readable in a file or log")
	}
	program := *s
	program.client = newBrowser()
	bearer := []string{"Authorization", "Bearer " + key}
	if a, out := program.call(http.MethodGet, "/api/v1/admin/settings", nil, bearer...); a.StatusCode != http.StatusOK || len(out["settings"].([]any)) != len(board.Knobs) {
		t.Errorf("settings: %s", a.Status)
	}
	for _, tt := range []struct {
		name, path string
		headers    []string
		status     int
		code       string
	}{
		{"another scope", "/api/v1/admin/log", bearer, 403, "error.admin.not_in_scope"},
		{"no key", "/api/v1/admin/settings", nil, 401, "error.admin.signed_out"},
		{"a wrong key", "/api/v1/admin/settings", []string{"Authorization", "Bearer nonsense"}, 401, "error.admin.signed_out"},
		{"a session as a key", "/api/v1/admin/settings", []string{"Authorization", "Bearer " + session(s.signsIn(newBrowser(), "ada", ownersWords, ""))}, 401, "error.admin.signed_out"},
	} {
		a, out := program.call(http.MethodGet, tt.path, nil, tt.headers...)
		if a.StatusCode != tt.status || out["code"] != tt.code || (tt.status == 401) != (a.Header.Get("WWW-Authenticate") == "Bearer") {
			t.Errorf("%s: %s %v", tt.name, a.Status, out)
		}
	}
	s.clock.turn(24 * time.Hour)
	if a, _ := program.call(http.MethodGet, "/api/v1/admin/settings", nil, bearer...); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after its end: %s", a.Status)
	}
}

func TestAKeyIsRevokedAndGoesWithItsAdmin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	key := s.key("label", "one", "scope", "log", "lasts", "7d")
	m := regexp.MustCompile(`name="key" value="([0-9a-f]+)"`).FindStringSubmatch(s.get("/admin/keys").body)
	bob := newBrowser()
	s.enters(bob, must(s.door.Invite(t.Context(), board.Admin{Name: "ada", Owner: true, Hash: s.hashOf("ada")}, ownersWords)), "bob", "another set of words")
	if a := s.formAs(bob, "/admin/keys/revoke", "key", m[1]); a.StatusCode != http.StatusNotFound {
		t.Errorf("bob revokes ada's: %s", a.Status)
	}
	if a, out := s.call(http.MethodGet, "/api/v1/admin/log", nil, "Authorization", "Bearer "+key); a.StatusCode != http.StatusOK || len(out["entries"].([]any)) == 0 {
		t.Errorf("the log: %s", a.Status)
	}
	if a := s.form("/admin/keys/revoke", "key", m[1]); a.StatusCode != http.StatusSeeOther {
		t.Errorf("revoke: %s", a.Status)
	}
	if a, _ := s.call(http.MethodGet, "/api/v1/admin/log", nil, "Authorization", "Bearer "+key); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a revoked key: %s", a.Status)
	}
	bobs := keyShown.FindStringSubmatch(s.formAs(bob, "/admin/keys", "label", "bob's", "scope", "log", "lasts", "7d").body)[1]
	s.form("/admin/admins/remove", "name", "bob", "passphrase", ownersWords)
	if a, _ := s.call(http.MethodGet, "/api/v1/admin/log", nil, "Authorization", "Bearer "+bobs); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the key of an admin who was removed: %s", a.Status)
	}
}

// hashOf is what is kept of an admin's passphrase.
func (s *site) hashOf(name string) string {
	s.t.Helper()
	list := must(s.door.Admins(s.t.Context()))
	return list[slices.IndexFunc(list, func(a board.Admin) bool { return a.Name == name })].Hash
}

func TestAKeyThatCantBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	for _, tt := range []struct {
		fields []string
		says   string
	}{
		{[]string{"label", "", "scope", "log", "lasts", "7d"}, "what the key is for"},
		{[]string{"label", "x", "lasts", "7d"}, "Choose at least one thing"},
		{[]string{"label", "x", "scope", "everything", "lasts", "7d"}, "Choose at least one thing"},
		{[]string{"label", "x", "scope", "log", "lasts", "soon"}, "Give a time up to"},
		{[]string{"label", "x", "scope", "log", "lasts", "366d"}, "Give a time up to"},
	} {
		a := s.form("/admin/keys", tt.fields...)
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(a.body), tt.says) {
			t.Errorf("%v: %s, without %q", tt.fields, a.Status, tt.says)
		}
	}
}

func TestTheAPIChangesSettingsAllOrNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	bearer := []string{"Authorization", "Bearer " + s.key("label", "x", "scope", "settings", "lasts", "1d")}
	patch := func(query string, in map[string]any) (answer, map[string]any) {
		t.Helper()
		return s.call(http.MethodPatch, "/api/v1/admin/settings"+query, in, bearer...)
	}
	if a, _ := patch("", map[string]any{"ttl_max": "6h", "ttl_default": "6h"}); a.StatusCode != http.StatusOK || s.tuner.Settings("").TTLMax != 6*time.Hour {
		t.Errorf("change: %s", a.Status)
	}
	if a, _ := patch("?board=attic", map[string]any{"post_chars": "80"}); a.StatusCode != http.StatusOK || s.tuner.Settings("attic").PostChars != 80 {
		t.Errorf("change of a board: %s", a.Status)
	}
	if a, _ := patch("?board=attic", map[string]any{"post_chars": nil}); a.StatusCode != http.StatusOK || len(s.tuner.Own("attic")) != 0 {
		t.Errorf("follow again: %s", a.Status)
	}
	for name, value := range maps.All(unfit) {
		_, want := s.tuner.Settings("").With(map[string]string{name: value})
		a, out := patch("", map[string]any{name: value, "k": "9"})
		fields, _ := out["fields"].(map[string]any)
		if a.StatusCode != http.StatusUnprocessableEntity || out["code"] != "error.setting" || !strings.HasSuffix(want.Error(), fields[name].(string)) {
			t.Errorf("%s=%s: %s %v, want %v", name, value, a.Status, out, want)
		}
	}
	for query, in := range map[string]map[string]any{"?board=attic": {"k": "7"}, "": {"colour": "red"}, "?": {"ttl_min": "2d"}, "?x": {"k": nil}} {
		if a, _ := patch(query, in); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%v: %s", in, a.Status)
		}
	}
	if s.tuner.Settings("").K != 5 {
		t.Error("half of a refused change was made")
	}
	if a, _ := patch("?board=nowhere", map[string]any{"k": "7"}); a.StatusCode != http.StatusNotFound {
		t.Errorf("a board that is not there: %s", a.Status)
	}
}
