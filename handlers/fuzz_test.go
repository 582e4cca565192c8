package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"mayfly/live"
)

// fuzzed is a site whose handler is asked without a socket.
type fuzzed struct {
	*site
	ids []string // of a post, one for one look, and a question's
}

func newFuzzed(f *testing.F) fuzzed {
	s := newSite(f)
	s.shutAttic()
	id, _ := s.publish("a post #tag to ask about")
	return fuzzed{s, []string{id, s.publishOnce("for one look", 0), "1"}}
}

// routes are the strangers' routes of which is wanted, in the router's own words.
func (s fuzzed) routes(wanted func(method, path string) bool) []string {
	return slices.DeleteFunc(slices.Clone(s.patterns), func(pattern string) bool {
		method, path, _ := strings.Cut(pattern, " ")
		return strings.HasPrefix(path, "/admin") || strings.HasPrefix(path, "/api/v1/admin") || !wanted(method, path)
	})
}

// request fills in a pattern.
func (s fuzzed) request(t *testing.T, pattern string, which byte, query, body, kind string) *http.Request {
	method, path, _ := strings.Cut(pattern, " ")
	board := []string{"home", "attic"}[int(which)%2]
	path = strings.NewReplacer("{id}", s.ids[int(which)%2], "{board}", board, "{number}", s.ids[2], "{place}", "harbour", "{$}", "").Replace(path)
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.URL.RawQuery = query
	r.Header.Set("Content-Type", kind)
	r.Host = strings.TrimPrefix(s.url, "http://")
	return r
}

// answers wants an answer that is no failure of ours, breaks no header, and holds no
// element that only a stranger would write.
func (s fuzzed) answers(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code >= http.StatusInternalServerError && w.Code != http.StatusServiceUnavailable {
		t.Fatalf("%s %s: %d\n%s", r.Method, r.URL, w.Code, s.log)
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Planted") != "" {
		t.Fatalf("%s %s: %v", r.Method, r.URL, w.Header())
	}
	for _, values := range w.Header() {
		if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "\r\n\x00") }) {
			t.Fatalf("%s %s: a header is broken in two: %q", r.Method, r.URL, values)
		}
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		tokens := html.NewTokenizer(w.Body)
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			if name, _ := tokens.TagName(); kind == html.StartTagToken && (string(name) == "marquee" || string(name) == "iframe") {
				t.Fatalf("%s %s made an element", r.Method, r.URL)
			}
		}
	}
	return w
}

// hostile is what each field begins with.
var hostile = []string{
	"", "x", "%", "%zz", "\x00", "\xff\xfe", "\u202e", `"><marquee>`, "<iframe>", "a\r\nPlanted: 1", "%0d%0aPlanted:+1", "../../etc/passwd", "//evil.example", "javascript:x", "-1",
	"99999999999999999999", "aaaaaaaaaaaaaaaaaaaaaaaaaa", `"`, "a OR b", "NEAR(a b)", "' OR 1=1 --", strings.Repeat("a", 300),
}

// FuzzQuery asks every page and call that only reads with any query: cursors, words
// searched for, tags, places, counters, languages, codes of shared links.
func FuzzQuery(f *testing.F) {
	s := newFuzzed(f)
	reads := s.routes(func(method, path string) bool { return method == http.MethodGet && !strings.HasSuffix(path, "/live") })
	for i, text := range hostile {
		for j, name := range []string{"q", "tag", "place", "after", "sort", "board", "post", "at", "n", "s", "limit", "refresh", "to", "lang"} {
			f.Add(byte((i*7+j)%len(reads)), name+"="+text)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, query string) {
		r := s.request(t, reads[int(which)%len(reads)], which, query, "", "")
		if w := s.answers(t, r); w.Header().Get("Set-Cookie") != "" {
			t.Fatalf("%s: reading sets %q", r.URL, w.Header().Get("Set-Cookie"))
		}
	})
}

// FuzzPath asks for any path, ids among them, with any method.
func FuzzPath(f *testing.F) {
	s := newFuzzed(f)
	for _, pattern := range s.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		f.Add(method, path)
	}
	for _, text := range hostile {
		f.Add(http.MethodGet, "/p/"+text)
		f.Add(http.MethodDelete, "/api/v1/posts/"+text)
		f.Add(http.MethodGet, "/static/"+text)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		r := s.request(t, "GET /", 0, "", "", formType)
		r.Method, r.URL.Path = method, path
		s.answers(t, r)
	})
}

// FuzzForm sends anything to every form of strangers, invitations and doors among them.
func FuzzForm(f *testing.F) {
	s := newFuzzed(f)
	forms := s.routes(func(method, path string) bool {
		return method == http.MethodPost && !strings.HasPrefix(path, "/api/") && !strings.HasSuffix(path, "/door") // that costs argon2id
	})
	for i, text := range hostile {
		for j, name := range []string{"body", "warning", "alt", "place", "ttl", "reason", "words", "vote", "nonce", "owner_key", "lang", "back", "theme", "code", "proof", "backdrop", "confirm"} {
			f.Add(byte((i*5+j)%len(forms)), "body=words&"+name+"="+text)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, body string) {
		s.answers(t, s.request(t, forms[int(which)%len(forms)], which, "", body, formType))
	})
}

// FuzzJSON sends anything to every call of programs that changes something.
func FuzzJSON(f *testing.F) {
	s := newFuzzed(f)
	calls := s.routes(func(method, path string) bool {
		return method != http.MethodGet && strings.HasPrefix(path, "/api/") && !strings.HasSuffix(path, "/door")
	})
	for i := range calls {
		for _, body := range []string{
			`{"body":"words","ttl":"1h","place":"","warning":"x"}`, `{"vote":"heart"}`, `{"reason":"spam","words":"x"}`, `{"nonce":"AAAA"}`, `{"body":` + strings.Repeat("[", 200),
			`{"body":null}`, `{"body":{"body":1}}`, `[]`, `""`, "\xff", `{"body":"\ud800"}`, `{"body":"` + "\x00" + `"}`, `{"body":"a"}{"body":"b"}`, `{"BODY":"a","body":"b"}`, `{"ttl":1e999}`,
		} {
			f.Add(byte(i), body)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, body string) {
		s.answers(t, s.request(t, calls[int(which)%len(calls)], which, "", body, "application/json"))
	})
}

// FuzzHeaders sends any cookie, proof, language, key, host and forwarded address: who is
// nobody stays nobody.
func FuzzHeaders(f *testing.F) {
	s := newFuzzed(f)
	names := []string{
		"Cookie", "Accept-Language", "Authorization", "X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "Host", "Origin", "Sec-Fetch-Site", "Referer",
		"Content-Type", "Content-Encoding", "Mayfly-Proof", "Accept", "Accept-Encoding", "Range", "If-None-Match", "X-HTTP-Method-Override",
	}
	for i, text := range append(hostile, "mf=", "mf=AAAA; look=it.dark.18; mf-admin=x; mf-door-attic=y", "Bearer x", "it;q=0.1,*;q=9", "1.1.1.1, ::1%eth0", "for=\"[::1]\"", "multipart/form-data; boundary=x") {
		for j := range names {
			f.Add(byte(j), text, i%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, value string, writes bool) {
		r := s.request(t, "GET /you", 0, "", "", "")
		if writes {
			r = s.request(t, "POST /b/{board}/posts", 0, "", "ttl=none", formType)
		}
		name := names[int(which)%len(names)]
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
		if w := s.answers(t, r); w.Header().Get("Set-Cookie") != "" {
			t.Fatalf("%s: %q gave %q", name, value, w.Header().Get("Set-Cookie"))
		}
	})
}

// FuzzFrames sends anything over an open socket: it is closed, another reader is served
// as before, and nothing stays open.
func FuzzFrames(f *testing.F) {
	s := newFuzzed(f)
	other := s.listen("/live?board=home")
	go func() { // who reads answers pings, and stays
		for {
			if _, _, err := other.NextReader(); err != nil {
				return
			}
		}
	}()
	masked := func(first byte, payload string) string {
		return string([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
	}
	for _, frames := range []string{
		"", masked(0x81, "hello"), masked(0x81, "\xff\xfe"), masked(0x82, "bytes"), masked(0x88, "\x03\xe8"), masked(0x88, "x"), masked(0x89, "ping"), masked(0xc1, "compressed"), masked(0xf1, "reserved"),
		masked(0x01, "a part") + masked(0x80, " and the rest"), masked(0x80, "a rest of nothing"), masked(0x09, "a ping in parts"), masked(0x83, "of no kind"),
		"\x81\x05plain", "\x81\xfe\xff\xff\x00\x00\x00\x00", "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		strings.Repeat(masked(0x89, "ping"), 40), strings.Repeat(masked(0x81, "a flood"), 40), masked(0x01, "never ends"), "GET / HTTP/1.1\r\n\r\n",
	} {
		f.Add([]byte(frames))
	}
	host := strings.TrimPrefix(s.url, "http://")
	f.Fuzz(func(t *testing.T, frames []byte) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /live?board=home HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", host, s.url)
		answers := bufio.NewReader(conn)
		if res, err := http.ReadResponse(answers, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("no socket: %v", err)
		}
		_, _ = conn.Write(frames)            // it may be closed by now
		_ = conn.(*net.TCPConn).CloseWrite() // nothing more is to come
		_, _ = io.Copy(io.Discard, answers)  // until it is closed, on our side too
		if strings.Contains(s.log.String(), "panic") {
			t.Fatal(s.log)
		}
		if n := s.hub.Count(live.OfBoard("home")); n < 1 || n > 64 {
			t.Fatalf("%d sockets are open", n)
		}
	})
	_ = other.Close()
}
