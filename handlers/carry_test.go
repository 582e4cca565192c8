package handlers_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const browserAccept = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestWhatWasTypedOutlivesTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.clock.turn(13 * time.Hour) // the session is over
	send := func(path string, fields ...string) answer {
		return s.do(http.MethodPost, path, encode(fields), "Content-Type", formType, "Accept", browserAccept, "Referer", s.url+path)
	}
	a := send("/admin/boards", "slug", "night-shift", "title", `Night "shift" <b>`, "rules", "one\ntwo", "passphrase", "typed by mistake")
	if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.body, "waits in this page") || strings.Contains(a.body, "typed by mistake") {
		t.Fatalf("sent: %s", a.Status)
	}
	door := url.Values{}
	for _, m := range inputs.FindAllStringSubmatch(a.body, -1) {
		door.Set(m[1]+m[3], html.UnescapeString(m[2]+m[4]))
	}
	if door.Get("again") != "/admin/boards" || door.Get("again.title") != `Night "shift" <b>` || door.Get("to") != "/admin/boards" {
		t.Fatalf("the door carries %v", door)
	}
	door.Set("name", "ada")
	door.Set("passphrase", "not it at all")
	b := s.do(http.MethodPost, "/admin/login", door.Encode(), "Content-Type", formType)
	if b.StatusCode != http.StatusUnauthorized || !strings.Contains(b.body, `name="again.title"`) {
		t.Errorf("a wrong passphrase loses it: %s", b.Status)
	}
	door.Set("passphrase", ownersWords)
	c := s.do(http.MethodPost, "/admin/login", door.Encode(), "Content-Type", formType)
	if c.StatusCode != http.StatusOK || !strings.Contains(c.body, `action="/admin/boards"`) || strings.Contains(c.body, ownersWords) || strings.Contains(s.get("/boards").body, "night-shift") {
		t.Fatalf("signed in: %s", c.Status)
	}
	var fields []string
	for _, m := range inputs.FindAllStringSubmatch(c.body, -1) {
		fields = append(fields, m[1]+m[3], html.UnescapeString(m[2]+m[4]))
	}
	if d := send("/admin/boards", fields...); d.StatusCode != http.StatusSeeOther || !strings.Contains(s.get("/boards").body, "night-shift") {
		t.Errorf("sent again: %s", d.Status)
	}
}

func TestTheDoorCarriesNoSecretAndLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	stranger := newBrowser()
	for path, fields := range map[string][]string{
		"/admin/account/passphrase": {"old", "the old one", "new", "the new one here"},
		"/admin/admins/invite":      {"passphrase", "mine"},
		"/admin/boards/home/end":    {"passphrase", "mine"},
		"/admin/keys/revoke":        {"key", "AAAA"},
		"/admin/boards":             {"passphrase", "nothing else"},
	} {
		a := s.as(stranger, http.MethodPost, path, encode(fields), "Content-Type", formType, "Accept", browserAccept)
		if a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %s %s", path, a.Status, a.body)
		}
	}
	if a := s.as(stranger, http.MethodPost, "/admin/boards", "slug=x", "Content-Type", formType, "Accept", "*/*", "HX-Request", "true"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a script: %s", a.Status)
	}
	for _, again := range []string{"https://evil.example/admin/boards", "//evil.example/admin/boards", "/admin/account/passphrase", "/admin/boards/home/end", "/forget", "/admin/boards/../../forget", "/admin/queue/"} {
		who := newBrowser()
		a := s.as(who, http.MethodPost, "/admin/login", encode([]string{"name", "ada", "passphrase", ownersWords, "again", again, "again.slug", "x"}), "Content-Type", formType)
		if a.StatusCode != http.StatusSeeOther {
			t.Errorf("again %q: %s", again, a.Status)
		}
	}
}
