package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

const notYet = "has not finished setting it up"

// from is a request that a trusted proxy says comes from addr.
func from(addr string) []string { return []string{"X-Forwarded-For", addr} }

func TestWithoutAContactOnlyNeighboursAreAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"), withOnion)
	id, _ := s.publish("words of a neighbour")
	s.set("contact", "")
	for addr, near := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "192.168.0.9": true, "172.16.5.5": true, "fd00::7": true, "169.254.1.1": true, "100.64.0.1": true,
		"203.0.113.9": false, "2001:db8::9": false, "8.8.8.8": false, "172.32.0.1": false,
	} {
		a := s.get("/p/"+id, from(addr)...)
		if near != (a.StatusCode == http.StatusOK) || near == strings.Contains(a.body, notYet) || near != strings.Contains(a.body, "words of a neighbour") {
			t.Errorf("%s is answered with %s", addr, a.Status)
		}
	}
	if a := s.openOnion().send(s.openOnion().browser(), http.MethodGet, "/", ""); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("by the onion: %s", a.Status)
	}
	s.set("contact", "host@river.example")
	if a := s.get("/p/"+id, from("203.0.113.9")...); a.StatusCode != http.StatusOK {
		t.Errorf("once there is a contact: %s", a.Status)
	}
}

// TestNothingIsToldToStrangersBeforeThereIsAContact walks every route.
func TestNothingIsToldToStrangersBeforeThereIsAContact(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	id, _ := s.publish("xyzzy-marker")
	s.set("contact", "")
	s.set("about_text", "xyzzy-about")
	stranger := newBrowser()
	for _, pattern := range s.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		if path == "/static/" || path == "/healthz" {
			continue
		}
		path = strings.NewReplacer("{$}", "", "{id}", id, "{board}", "home", "{place}", "library", "{number}", "1").Replace(path)
		a := s.as(stranger, method, path, "", append(from("203.0.113.9"), "Content-Type", formType)...)
		if a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "xyzzy") || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s", pattern, a.Status)
		}
	}
	if strings.Contains(s.log.String(), "a request failed") {
		t.Error("it is logged as our own fault")
	}
	header := http.Header{"Origin": {s.url}, "X-Forwarded-For": {"203.0.113.9"}}
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.url, "http", "ws", 1)+"/live?board=home", header)
	if err == nil {
		conn.Close()
		t.Fatal("a stranger listens")
	}
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a socket: %s", res.Status)
	}
	for _, path := range []string{"/healthz", "/static/none.css"} {
		if a := s.as(stranger, http.MethodGet, path, "", from("203.0.113.9")...); a.StatusCode == http.StatusServiceUnavailable {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

func TestAProxyThatNobodyTrustsIsNoNeighbour(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("contact", "")
	if a := s.get("/", from("203.0.113.9")...); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%s", a.Status)
	}
}

func TestWhoSetsTheBoardUpFromAfarCanSayHowTheyAreReached(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.set("contact", "")
	far := from("203.0.113.9")
	token := must(s.door.Begin(t.Context()))
	if a := s.get("/admin/setup?token=WRONG", far...); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a wrong link: %s", a.Status)
	}
	page := s.get("/admin/setup?token="+string(token), far...)
	seed := seedField.FindStringSubmatch(page.body)
	if page.StatusCode != http.StatusOK || seed == nil {
		t.Fatalf("the link: %s", page.Status)
	}
	fields := encode([]string{"token", string(token), "name", "ada", "passphrase", ownersWords, "seed", seed[1]})
	if a := s.do(http.MethodPost, "/admin/setup", fields, append(far, "Content-Type", formType)...); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("setup: %s", a.Status)
	}
	if a := s.get("/", far...); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the board itself, to its owner: %s", a.Status)
	}
	if a := s.get("/admin/log", far...); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "mayfly settings set contact=") {
		t.Errorf("the owner sees no banner: %s", a.Status)
	}
	said := encode([]string{"was.about_text", "", "was.contact", "", "about_text", "", "contact", "ada@river.example"})
	if a := s.do(http.MethodPost, "/admin/texts", said, append(far, "Content-Type", formType)...); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("texts: %s", a.Status)
	}
	if a := s.as(newBrowser(), http.MethodGet, "/", "", far...); a.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %s", a.Status)
	}
	if a := s.get("/admin/log", far...); strings.Contains(a.body, "mayfly settings set contact=") {
		t.Error("the banner stays")
	}
}
