package handlers_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"mayfly/doctor"
	"mayfly/handlers"
)

// certificate stands for the way by TLS: board.example's, and www's.
type certificate struct {
	ready   atomic.Bool
	retried atomic.Int32
	found   atomic.Pointer[doctor.Finding]
}

func withTLS(c *certificate) option {
	return func(p *handlers.Parts) {
		p.Base, _ = url.Parse("https://board.example")
		p.TLS = &handlers.TLS{
			Names: []string{"board.example", "www.board.example"},
			Ready: c.ready.Load,
			Answer: func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/") {
					return false
				}
				_, err := w.Write([]byte("it is us"))
				return err == nil
			},
			Retry: func() { c.retried.Add(1) },
			Found: func() []doctor.Finding {
				if f := c.found.Load(); f != nil {
					return []doctor.Finding{*f}
				}
				return nil
			},
		}
	}
}

// openClear opens the site's listener without TLS, and gives its address.
func (s *site) openClear() string {
	s.t.Helper()
	l := must(new(net.ListenConfig).Listen(s.t.Context(), "tcp", "127.0.0.1:0"))
	srv := handlers.NewClearServer(s.handler, s.logger)
	go func() { _ = srv.Serve(l) }()
	s.t.Cleanup(func() { _ = srv.Close() })
	return "http://" + l.Addr().String()
}

func TestWhatComesInTheClearIsLedToHTTPSOnceThereIsACertificate(t *testing.T) {
	t.Parallel()
	c := new(certificate)
	s := newSite(t, withTLS(c), withTrusted("127.0.0.1/32"))
	s.url = s.openClear()
	for _, tt := range []struct {
		name, method, path string
		headers            []string
		before, after      int
	}{
		{"a page", http.MethodGet, "/", []string{"Host", "board.example"}, http.StatusOK, http.StatusPermanentRedirect},
		{"a page at a port", http.MethodGet, "/", []string{"Host", "Board.Example:8080"}, http.StatusOK, http.StatusPermanentRedirect},
		{"another name of ours", http.MethodGet, "/", []string{"Host", "www.board.example"}, http.StatusOK, http.StatusPermanentRedirect},
		{"a name that is not ours", http.MethodGet, "/", []string{"Host", "evil.example"}, http.StatusMisdirectedRequest, http.StatusMisdirectedRequest},
		{"a bare address", http.MethodGet, "/", nil, http.StatusMisdirectedRequest, http.StatusMisdirectedRequest},
		{"an ACME server", http.MethodGet, "/.well-known/acme-challenge/x", []string{"Host", "board.example"}, http.StatusOK, http.StatusOK},
		{"a form", http.MethodPost, "/b/home/posts", []string{"Host", "board.example", "Content-Type", formType}, http.StatusSeeOther, http.StatusForbidden},
		{"a program", http.MethodPost, "/api/v1/boards/home/posts", []string{"Host", "board.example", "Content-Type", "application/json"}, http.StatusCreated, http.StatusForbidden},
		{"a form of another site", http.MethodPost, "/b/home/posts", []string{"Host", "board.example", "Content-Type", formType, "Origin", "https://evil.example"}, http.StatusForbidden, http.StatusForbidden},
		{"how it is", http.MethodGet, "/healthz", []string{"Host", "board.example"}, http.StatusOK, http.StatusOK},
		{"by a proxy that says https", http.MethodGet, "/", []string{"Host", "board.example", "X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https"}, http.StatusOK, http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := ""
			switch {
			case strings.HasPrefix(tt.path, "/api/"):
				body = `{"body":"in the clear, for all to read"}`
			case tt.method == http.MethodPost:
				body = encode([]string{"body", "in the clear, for all to read"})
			}
			for _, ready := range []bool{false, true} {
				c.ready.Store(ready)
				want := tt.before
				if ready {
					want = tt.after
				}
				a := s.as(newBrowser(), tt.method, tt.path, body, tt.headers...)
				if a.StatusCode != want {
					t.Errorf("with a certificate: %v: %s, want %d", ready, a.Status, want)
				}
				if to := a.Header.Get("Location"); want == http.StatusPermanentRedirect && to != "https://board.example/" {
					t.Errorf("it leads to %q", to)
				}
				if want == http.StatusForbidden && ready && tt.name == "a form" && !strings.Contains(a.body, "in the clear, for all to read</textarea>") {
					t.Error("the words are not given back")
				}
			}
		})
	}
}

func TestEveryFormThatCameInTheClearGivesItsWordsBack(t *testing.T) {
	t.Parallel()
	c := new(certificate)
	s := newSite(t, withTLS(c))
	c.ready.Store(true)
	s.url = s.openClear()
	picture, kind := upload(photo(640, 480), "body", "words of a post", "alt", "a heron, standing", "warning", "feathers")
	for _, tt := range []struct {
		path, kind, body string
		words            []string
	}{
		{"/b/home/posts", kind, picture, []string{"feathers", "words of a post", "a heron, standing"}},
		{"/b/home/posts", formType, encode([]string{"body", "words of a post"}), []string{"words of a post"}},
		{"/p/none/replies", formType, encode([]string{"body", "words of a reply"}), []string{"words of a reply"}},
		{"/p/none/report", formType, encode([]string{"words", "what it said"}), []string{"what it said"}},
		{"/notice", formType, encode([]string{"where", "the third post", "why", "it shows me"}), []string{"the third post", "it shows me"}},
		{"/admin/login", formType, encode([]string{"passphrase", "a secret one"}), nil},
		{"/b/home/posts", "multipart/form-data; boundary=x", "no form at all", nil},
	} {
		a := s.as(newBrowser(), http.MethodPost, tt.path, tt.body, "Host", "board.example", "Content-Type", tt.kind)
		if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "This board is reached by HTTPS") {
			t.Errorf("%s: %s", tt.path, a.Status)
		}
		_, area, _ := strings.Cut(a.body, "<textarea")
		for _, words := range tt.words {
			if !strings.Contains(area, words) {
				t.Errorf("%s: %q is not given back", tt.path, words)
			}
		}
		if strings.Contains(a.body, "a secret one") || tt.words == nil && area != "" {
			t.Errorf("%s: what nobody wrote to be read is given back", tt.path)
		}
	}
}

func TestVisitorsReadThatAPageComesWithoutEncryptionUntilThereIsACertificate(t *testing.T) {
	t.Parallel()
	c := new(certificate)
	s := newSite(t, withTLS(c), withTrusted("127.0.0.1/32"))
	sealed := s.url
	s.url = s.openClear()
	const said = "This page comes without encryption: the certificate of this board is not there yet"
	read := func(path string, headers ...string) string {
		return s.as(newBrowser(), http.MethodGet, path, "", append([]string{"Host", "board.example"}, headers...)...).body
	}
	body := encode([]string{"body", "hello"})
	to := s.as(newBrowser(), http.MethodPost, "/b/home/posts", body, "Host", "board.example", "Content-Type", formType).Header.Get("Location")
	for _, path := range []string{"/", strings.ReplaceAll(to, "#p-", "p/"), "/write", "/search", "/you", "/boards", "/notice", "/privacy", "/admin/login", "/p/none"} {
		if !strings.Contains(read(path), said) {
			t.Errorf("%s does not say so", path)
		}
	}
	if !strings.Contains(read("/", "Accept-Language", "it"), "Questa pagina arriva senza cifratura") {
		t.Error("it is not said in Italian")
	}
	if strings.Contains(read("/", "X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https"), said) {
		t.Error("it is said to who came by a proxy that speaks TLS")
	}
	c.ready.Store(true)
	s.url = sealed
	if page := read("/", "X-Forwarded-Proto", "https"); strings.Contains(page, said) || !strings.Contains(page, "hello") {
		t.Error("it is said though there is a certificate")
	}
	if bare := newSite(t); strings.Contains(bare.get("/").body, said) {
		t.Error("a board that nobody gave a name says so")
	}
}

func TestByTLSOneNameIsTheBoards(t *testing.T) {
	t.Parallel()
	c := new(certificate)
	c.ready.Store(true)
	s := newSite(t, withTLS(c), withTrusted("127.0.0.1/32"))
	by := func(host, path string) answer {
		return s.as(newBrowser(), http.MethodGet, path, "", "Host", host, "X-Forwarded-Proto", "https")
	}
	if a := by("board.example", "/about"); a.StatusCode != http.StatusOK || a.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("its own: %s", a.Status)
	}
	if a := by("www.board.example", "/search?q=a%2fb"); a.StatusCode != http.StatusPermanentRedirect || a.Header.Get("Location") != "https://board.example/search?q=a%2fb" {
		t.Errorf("another: %s to %q", a.Status, a.Header.Get("Location"))
	}
	if a := by("evil.example", "/"); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("none of ours: %s", a.Status)
	}
	if a := by("www.board.example", "/.well-known/acme-challenge/x"); a.body == "it is us" {
		t.Error("an ACME server that comes by TLS is answered: it asks in the clear")
	}
}

func TestAdminsSeeThatACertificateIsMissingAndMayAskAgain(t *testing.T) {
	t.Parallel()
	c := new(certificate)
	s := newSite(t, func(p *handlers.Parts) { withTLS(c)(p); p.Base = nil })
	s.owned()
	if a := s.get("/admin/log"); strings.Contains(a.body, "certificate") {
		t.Error("a banner without need")
	}
	if a := s.get("/admin/system"); strings.Contains(a.body, "/admin/system/certificate") {
		t.Error("it offers to ask for what is there")
	}
	c.found.Store(&doctor.Certificates([]doctor.Certificate{{Name: "board.example", Why: "dns"}}, s.clock.Now())[0])
	for _, path := range []string{"/admin/log", "/admin/queue"} {
		if a := s.get(path); !strings.Contains(a.body, "A certificate for board.example can’t be had: the ACME server finds no address for it. Set an A or AAAA record") {
			t.Errorf("%s has no banner", path)
		}
	}
	if a := s.get("/admin/log", "Accept-Language", "it"); !strings.Contains(a.body, "per board.example: il server ACME non ne trova l’indirizzo") {
		t.Error("the banner speaks no Italian")
	}
	if a := s.get("/admin/system"); !strings.Contains(a.body, `action="/admin/system/certificate"`) {
		t.Error("it does not offer to ask again")
	}
	if a := s.as(newBrowser(), http.MethodPost, "/admin/system/certificate", "", "Content-Type", formType); a.StatusCode != http.StatusSeeOther || c.retried.Load() != 0 {
		t.Errorf("a stranger: %s, asked %d times", a.Status, c.retried.Load())
	}
	a := s.form("/admin/system/certificate")
	if a.StatusCode != http.StatusSeeOther || c.retried.Load() != 1 || !strings.Contains(s.get(a.Header.Get("Location")).body, "It is being asked for.") {
		t.Errorf("%s to %q, asked %d times", a.Status, a.Header.Get("Location"), c.retried.Load())
	}
}

func TestHealthSaysToDoctorThatAProxyIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		trusted, forwarded, want string
	}{
		{"127.0.0.1/32", "203.0.113.7", ""},
		{"10.0.0.0/8", "203.0.113.7", "untrusted proxy"},
		{"10.0.0.0/8", "", ""},
	} {
		s := newSite(t, withTrusted(tt.trusted))
		var headers []string
		if tt.forwarded != "" {
			headers = []string{"X-Forwarded-For", tt.forwarded}
		}
		if a := s.get("/healthz", headers...); a.Header.Get("Mayfly-Way") != tt.want || a.body != "ok\n" {
			t.Errorf("%+v: %q, %q", tt, a.Header.Get("Mayfly-Way"), a.body)
		}
	}
}
