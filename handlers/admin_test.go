package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

const ownersWords = "four words nobody else has"

// owned makes ada the owner of a site, in the site's browser, and returns the seed of
// her codes if she is to have some.
func (s *site) owned(codes ...bool) board.Seed {
	s.t.Helper()
	token := must(s.door.Begin(s.t.Context()))
	if token == "" {
		s.t.Fatal("there is no setup link")
	}
	return s.enters(s.client, token, "ada", ownersWords, codes...)
}

var seedField = regexp.MustCompile(`name="seed" value="([A-Z2-7]{32})"`)

// enters has a browser use a setup link as a person does, and be led on.
func (s *site) enters(who *http.Client, token board.Token, name, passphrase string, codes ...bool) board.Seed {
	s.t.Helper()
	page := s.as(who, http.MethodGet, "/admin/setup?token="+string(token), "")
	m := seedField.FindStringSubmatch(page.body)
	if page.StatusCode != http.StatusOK || m == nil {
		s.t.Fatalf("the setup page: %s", page.Status)
	}
	seed := must(board.ParseSeed(m[1]))
	fields := []string{"token", string(token), "name", name, "passphrase", passphrase, "seed", m[1]}
	if len(codes) > 0 {
		fields = append(fields, "code", seed.Code(s.clock.Now()))
	}
	if a := s.formAs(who, "/admin/setup", fields...); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/admin" {
		s.t.Fatalf("setup: %s %s", a.Status, a.body)
	}
	return seed
}

func (s *site) formAs(who *http.Client, path string, fields ...string) answer {
	s.t.Helper()
	return s.as(who, http.MethodPost, path, encode(fields), "Content-Type", formType)
}

func (s *site) signsIn(who *http.Client, name, passphrase, code string, headers ...string) answer {
	s.t.Helper()
	return s.as(who, http.MethodPost, "/admin/login", encode([]string{"name", name, "passphrase", passphrase, "code", code}), append([]string{"Content-Type", formType}, headers...)...)
}

// signsInInside is signsIn of a browser without cookies, asked of the handler itself.
func (s *site) signsInInside(_ *http.Client, name, passphrase, code string, headers ...string) answer {
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/admin/login", strings.NewReader(encode([]string{"name", name, "passphrase", passphrase, "code", code})))
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("Content-Type", formType)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return answer{w.Result(), w.Body.String()}
}

// session is the value of the session cookie that an answer sets.
func session(a answer) string {
	for _, c := range a.Cookies() {
		if strings.HasSuffix(c.Name, "mf-admin") {
			return c.Value
		}
	}
	return ""
}

func TestASetupLinkMakesOneOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := must(s.door.Begin(t.Context()))
	second := must(s.door.Begin(t.Context()))
	for _, dead := range []string{string(first), "", "nonsense"} {
		a := s.get("/admin/setup?token=" + dead)
		if a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "mayfly admin reset") {
			t.Errorf("a link that opens nothing: %s", a.Status)
		}
	}
	for _, tt := range []struct{ name, passphrase, code, says string }{
		{"ada", "short", "", "needs 12 characters, and this one has 5"},
		{"ada", "aaaaaaaaaaaaaaaa", "", "guessed at once"},
		{"a very adaish ada", "a very adaish ada", "", "guessed at once"},
		{"ada", strings.Repeat("long ", 50), "", "may have 200"},
		{" ", ownersWords, "", "Give a name"},
		{"cli", ownersWords, "", "Give a name"},
		{"ada", ownersWords, "000000", "isn’t right"},
	} {
		a := s.form("/admin/setup", "token", string(second), "name", tt.name, "passphrase", tt.passphrase, "code", tt.code, "seed", board.Seed{}.String())
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(a.body), tt.says) {
			t.Errorf("%+v: %s, without %q", tt, a.Status, tt.says)
		}
		if !strings.Contains(a.body, `value="`+html.EscapeString(tt.name)+`"`) || strings.Contains(a.body, tt.passphrase+`"`) && tt.passphrase != tt.name {
			t.Errorf("%+v: the name is lost, or the passphrase came back", tt)
		}
	}
	s.enters(s.client, second, "ada", ownersWords)
	if a := s.get("/admin/log"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "ada is an admin now") {
		t.Errorf("the owner is not in: %s", a.Status)
	}
	if a := s.formAs(newBrowser(), "/admin/setup", "token", string(second), "name", "eve", "passphrase", ownersWords); a.StatusCode != http.StatusNotFound {
		t.Errorf("the link works twice: %s", a.Status)
	}
	if again := must(s.door.Begin(t.Context())); again != "" {
		t.Error("a start with an owner gives another link")
	}
}

func TestWithoutASessionNoAdminPageAnswersButTheDoor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	stranger := newBrowser()
	seen := 0
	for _, pattern := range s.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		if !strings.HasPrefix(path, "/admin") || slices.Contains([]string{"/admin/login", "/admin/setup", "/admin/logout"}, path) {
			continue
		}
		seen++
		a := s.as(stranger, method, regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, "1"), "", "Content-Type", formType)
		if to := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/admin/login?to=") {
			t.Errorf("%s: %s to %q", pattern, a.Status, to)
		}
		if a.body != "" && !strings.Contains(a.body, "See Other") {
			t.Errorf("%s says something to a stranger: %s", pattern, a.body)
		}
	}
	if seen < 5 {
		t.Errorf("only %d routes of admins were walked", seen)
	}
	if a := s.form("/admin/logout"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("sign out: %s", a.Status)
	}
	if a := s.get("/admin/log"); a.StatusCode != http.StatusSeeOther {
		t.Error("who has signed out is in")
	}
}

func TestASessionIsNewStrictAndEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	thief := newBrowser()
	page := must(url.Parse(s.url))
	fixed := &http.Cookie{Name: "mf-admin", Value: "planted", Path: "/"}
	thief.Jar.SetCookies(page, []*http.Cookie{fixed})
	a := s.signsIn(thief, "ada", ownersWords, "")
	first := session(a)
	if a.StatusCode != http.StatusSeeOther || first == "" || first == "planted" {
		t.Fatalf("sign in: %s, session %q", a.Status, first)
	}
	second := session(s.signsIn(thief, "ada", ownersWords, ""))
	if second == first {
		t.Error("a second login gave the same session")
	}
	if a := s.as(newBrowser(), http.MethodGet, "/admin/log", "", "Cookie", "mf-admin="+first); a.StatusCode != http.StatusSeeOther {
		t.Error("the session that a login replaced still opens")
	}
	secure := s.signsIn(newBrowser(), "ada", ownersWords, "", "X-Forwarded-Proto", "https", "Origin", "")
	for _, c := range secure.Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-mf-") || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
			t.Errorf("under TLS: %v", c)
		}
	}
	if strings.Contains(string(s.files()), first) || strings.Contains(string(s.files()), second) {
		t.Error("a session lies readable in a file")
	}
	if strings.Contains(string(s.files()), ownersWords) || strings.Contains(s.log.String(), ownersWords) {
		t.Error("a passphrase lies in a file or log")
	}
	s.clock.turn(board.SessionTime - time.Second)
	if a := s.as(thief, http.MethodGet, "/admin/log", ""); a.StatusCode != http.StatusOK {
		t.Errorf("it ended early: %s", a.Status)
	}
	s.clock.turn(time.Second)
	if a := s.as(thief, http.MethodGet, "/admin/log", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("it opens after its end: %s", a.Status)
	}
}

func TestACodeIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	seed := s.owned(true)
	used := seed.Code(s.clock.Now())
	if a := s.signsIn(newBrowser(), "ada", ownersWords, used); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the code of the setup again: %s", a.Status)
	}
	s.clock.turn(30 * time.Second)
	for _, wrong := range []string{"", "000000", used, seed.Code(s.clock.Now().Add(5 * time.Minute))} {
		if a := s.signsIn(newBrowser(), "ada", ownersWords, wrong); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("code %q: %s", wrong, a.Status)
		}
	}
	s.clock.turn(15 * time.Minute)
	code := seed.Code(s.clock.Now())
	if a := s.signsIn(newBrowser(), "ada", ownersWords, code[:3]+" "+code[3:]); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the right code: %s", a.Status)
	}
	if a := s.signsIn(newBrowser(), "ada", ownersWords, code); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the right code again: %s", a.Status)
	}
}

func TestR44TenThousandWrongPassphrasesOpenNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned() // in the browser of the site, which is known from then on
	if a := s.form("/admin/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.Status)
	}
	began := time.Now()
	stranger := newBrowser()
	counts := map[int]int{}
	for i := range 10_000 {
		tries := s.signsIn
		if i%20 > 0 { // most without a socket, which costs more than a try
			tries = s.signsInInside
		}
		a := tries(stranger, "ada", fmt.Sprintf("wrong passphrase %d", i), "", "X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", i/250, i%250))
		counts[a.StatusCode]++
		if session(a) != "" {
			t.Fatalf("try %d is in", i)
		}
		if a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "" {
			t.Fatal("nothing says how long to wait")
		}
	}
	if counts[http.StatusUnauthorized] != 60 || counts[http.StatusTooManyRequests] != 9940 {
		t.Errorf("answers: %v; want 60 that were looked at", counts)
	}
	if a := s.signsIn(s.client, "ada", ownersWords, ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the rightful admin is kept out: %s", a.Status)
	}
	t.Logf("10,000 tries took %v", time.Since(began).Round(time.Millisecond))
}

func TestWrongNamesAndPassphrasesReadAlike(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	a, b := s.signsIn(newBrowser(), "ada", "not her passphrase", ""), s.signsIn(newBrowser(), "bob", "not her passphrase", "")
	if a.StatusCode != http.StatusUnauthorized || strings.ReplaceAll(a.body, "ada", "bob") != b.body {
		t.Errorf("%s and %s differ", a.Status, b.Status)
	}
	if !strings.Contains(a.body, `value="ada"`) {
		t.Error("the name that was typed is lost")
	}
}

func TestTheDoorLeadsToPagesOfAdminsAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	for to, want := range map[string]string{
		"/admin/log?before=7": "/admin/log?before=7", "": "/admin", "https://evil.example/admin/": "/admin", "//evil.example/admin/": "/admin",
		"/\\evil.example/admin/": "/admin", "/p/none": "/admin", "/admin/login": "/admin", "/admin/logout": "/admin", "/admin/../forget": "/admin", "/administer": "/admin",
	} {
		who := newBrowser()
		a := s.formAs(who, "/admin/login", "name", "ada", "passphrase", ownersWords, "to", to)
		if got := a.Header.Get("Location"); got != want {
			t.Errorf("to %q leads to %q, want %q", to, got, want)
		}
	}
}

func TestAnotherSitesFormOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	for _, path := range []string{"/admin/login", "/admin/logout", "/admin/setup", "/admin/admins/invite", "/admin/account/passphrase"} {
		a := s.do(http.MethodPost, path, "name=ada", "Content-Type", formType, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	if a := s.get("/admin/log"); a.StatusCode != http.StatusOK {
		t.Error("it signed the owner out")
	}
}

var inviteLink = regexp.MustCompile(`/admin/setup\?token=([A-Z2-7]+)`)

func TestAnOwnerInvitesAndRemoves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	if a := s.form("/admin/admins/invite", "passphrase", "not it at all"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "isn’t your passphrase") {
		t.Errorf("without the passphrase: %s", a.Status)
	}
	m := inviteLink.FindStringSubmatch(s.form("/admin/admins/invite", "passphrase", ownersWords).body)
	if m == nil {
		t.Fatal("no link is shown")
	}
	bob := newBrowser()
	s.enters(bob, board.Token(m[1]), "bob", "another set of words")
	if a := s.as(bob, http.MethodGet, "/admin/admins", ""); a.StatusCode != http.StatusOK || strings.Contains(a.body, "/admin/admins/remove") || strings.Contains(a.body, "/admin/admins/invite") {
		t.Errorf("bob sees %s, or what is the owner's", a.Status)
	}
	for _, path := range []string{"/admin/admins/invite", "/admin/admins/remove"} {
		if a := s.formAs(bob, path, "passphrase", "another set of words", "name", "ada"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "Only the owner") {
			t.Errorf("bob at %s: %s", path, a.Status)
		}
	}
	if a := s.form("/admin/admins/remove", "name", "ada", "passphrase", ownersWords); a.StatusCode != http.StatusForbidden {
		t.Errorf("the owner removes herself: %s", a.Status)
	}
	if a := s.form("/admin/admins/remove", "name", "bob", "passphrase", "not it at all"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without the passphrase: %s", a.Status)
	}
	if a := s.form("/admin/admins/remove", "name", "bob", "passphrase", ownersWords); a.StatusCode != http.StatusSeeOther {
		t.Errorf("remove: %s", a.Status)
	}
	if a := s.as(bob, http.MethodGet, "/admin/log", ""); a.StatusCode != http.StatusSeeOther {
		t.Error("bob is still in")
	}
	if a := s.signsIn(newBrowser(), "bob", "another set of words", ""); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("bob signs in: %s", a.Status)
	}
	log := s.get("/admin/log").body
	for _, line := range []string{"made a link for one more admin", "bob is an admin now", "removed the admin bob"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}

func TestAnAdminChangesWhatLetsThemIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	other := newBrowser()
	s.signsIn(other, "ada", ownersWords, "")
	for _, tt := range []struct{ was, next, says string }{
		{"not it at all", "five other words for me", "isn’t your passphrase"},
		{ownersWords, "short", "needs 12 characters"},
	} {
		if a := s.form("/admin/account/passphrase", "passphrase", tt.was, "next", tt.next); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, tt.says) {
			t.Errorf("%+v: %s", tt, a.Status)
		}
	}
	if a := s.form("/admin/account/passphrase", "passphrase", ownersWords, "next", "five other words for me"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("change: %s", a.Status)
	}
	if a := s.as(other, http.MethodGet, "/admin/log", ""); a.StatusCode != http.StatusSeeOther {
		t.Error("the other device is still in")
	}
	page := s.get("/admin/account?done=passphrase")
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "The passphrase is changed") {
		t.Errorf("this device: %s", page.Status)
	}
	seed := must(board.ParseSeed(seedField.FindStringSubmatch(page.body)[1]))
	for code, status := range map[string]int{"": 422, "000000": 422} {
		if a := s.form("/admin/account/codes", "passphrase", "five other words for me", "seed", seed.String(), "code", code); a.StatusCode != status || !strings.Contains(a.body, seed.String()) {
			t.Errorf("code %q: %s, or another seed", code, a.Status)
		}
	}
	if a := s.form("/admin/account/codes", "passphrase", "five other words for me", "seed", seed.String(), "code", seed.Code(s.clock.Now())); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("codes on: %s", a.Status)
	}
	s.clock.turn(time.Minute)
	if a := s.signsIn(newBrowser(), "ada", "five other words for me", ""); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a code: %s", a.Status)
	}
	if a := s.signsIn(newBrowser(), "ada", "five other words for me", seed.Code(s.clock.Now())); a.StatusCode != http.StatusSeeOther {
		t.Errorf("with one: %s", a.Status)
	}
	if a := s.form("/admin/account/codes", "passphrase", "five other words for me", "off", "1"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("codes off: %s", a.Status)
	}
	if a := s.signsIn(newBrowser(), "ada", "five other words for me", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("without codes: %s", a.Status)
	}
}

func TestAResetSignsEverybodyOutAndLetsAnOwnerIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned(true)
	token := must(board.ResetOwner(t.Context(), s.store, s.clock.Now))
	if a := s.get("/admin/log"); a.StatusCode != http.StatusSeeOther {
		t.Error("the owner is still in")
	}
	s.enters(newBrowser(), token, "ada", "words after the reset")
	if a := s.signsIn(newBrowser(), "ada", "words after the reset", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the owner's new passphrase, without codes: %s", a.Status)
	}
	if a := s.signsIn(newBrowser(), "ada", ownersWords, ""); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old one: %s", a.Status)
	}
}
