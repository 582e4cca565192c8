package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const formType = "application/x-www-form-urlencoded"

func TestBadInputIsRefusedInWordsAndWritesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("the only post")
	ended, _ := s.publish("soon gone")
	s.do(http.MethodDelete, "/api/v1/posts/"+ended, "")
	const never = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		page                     string // words of the answer
	}{
		{"empty text", "POST", "/b/home/posts", "body=+%0A+", nil, 422, "at least one letter"},
		{"invisible text", "POST", "/b/home/posts", "body=%E2%80%8B%E2%A0%80%E3%85%A4", nil, 422, ""},
		{"too long", "POST", "/b/home/posts", "body=" + strings.Repeat("x", 1001), nil, 422, "1000"},
		{"not UTF-8", "POST", "/b/home/posts", "body=%ff%fe", nil, 422, ""},
		{"a ttl too short", "POST", "/b/home/posts", "body=hello&ttl=1s", nil, 422, ""},
		{"a ttl too long", "POST", "/b/home/posts", "body=hello&ttl=30d", nil, 422, ""},
		{"a ttl that is no time", "POST", "/b/home/posts", "body=hello&ttl=soon", nil, 422, ""},
		{"a silence too short", "POST", "/b/home/posts", "body=hello&silence=1s", nil, 422, ""},
		{"an unknown board", "POST", "/b/nowhere/posts", "body=hello", nil, 404, "hello"},
		{"an unknown thread", "POST", "/p/" + never + "/replies", "body=hello", nil, 404, "hello"},
		{"an ended thread", "POST", "/p/" + ended + "/replies", "body=hello", nil, 404, "hello"},
		{"a vote for nothing", "POST", "/p/" + never + "/vote", "vote=heart", nil, 404, ""},
		{"a body of 10 MB", "POST", "/b/home/posts", "body=" + strings.Repeat("x", 10<<20), nil, 413, ""},
		{"a compressed body", "POST", "/b/home/posts", "x", []string{"Content-Encoding", "gzip"}, 415, ""},
		{"a body of no form", "POST", "/b/home/posts", "<xml/>", []string{"Content-Type", "application/xml"}, 415, ""},
		{"another site's form", "POST", "/b/home/posts", "body=hello", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"an unknown Host", "GET", "/", "", []string{"Host", "evil.example"}, 421, "--base-url"},
		{"an unknown page", "GET", "/nowhere", "", nil, 404, ""},
		{"a suffix to a page", "GET", "/you/style.css", "", nil, 404, ""},
		{"an unknown id", "GET", "/p/" + never, "", nil, 404, ""},
		{"an id that is none", "GET", "/p/ABC", "", nil, 404, ""},
		{"a wrong order", "GET", "/?sort=hot2", "", nil, 422, ""},
		{"a foreign cursor", "GET", "/?cursor=abcdef", "", nil, 400, ""},
		{"an unknown method", "BREW", "/", "", nil, 405, ""},
		{"TRACE", "TRACE", "/", "", nil, 405, ""},
		{"a method of another route", "POST", "/", "", nil, 405, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := *s
			s.t = t
			headers := append([]string{"Content-Type", formType}, tt.headers...)
			a := s.do(tt.method, tt.path, tt.body, headers...)
			if a.StatusCode != tt.status {
				t.Fatalf("status = %s, want %d", a.Status, tt.status)
			}
			if !strings.Contains(a.Header.Get("Content-Type"), "text/html") || !strings.Contains(a.body, "<html") {
				t.Error("it is no page")
			}
			if !strings.Contains(a.body, tt.page) {
				t.Errorf("the page does not say %q", tt.page)
			}
			if a.Header.Get("Cache-Control") != "no-store" {
				t.Error("a refusal may be cached")
			}
		})
	}
	if _, out := s.call(http.MethodGet, "/api/v1/boards/home/posts", nil); len(out["posts"].([]any)) != 1 {
		t.Errorf("refused input was written: %v", out)
	}
}

func TestTheAPIRefusesWithProblems(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mine, key := s.publish("mine")
	other := *s
	other.client = newBrowser()
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code                     string
	}{
		{"empty text", "POST", "/boards/home/posts", `{"body":" "}`, nil, 422, "error.draft"},
		{"no JSON", "POST", "/boards/home/posts", `{"body":`, nil, 400, "error.bad_request"},
		{"two values", "POST", "/boards/home/posts", `{"body":"a"}{"body":"b"}`, nil, 400, "error.bad_request"},
		{"an unknown field", "POST", "/boards/home/posts", `{"body":"a","lat":1}`, nil, 400, "error.bad_request"},
		{"not UTF-8", "POST", "/boards/home/posts", "{\"body\":\"\xff\"}", nil, 422, "error.draft"},
		{"a form", "POST", "/boards/home/posts", "body=a", []string{"Content-Type", formType}, 415, "error.media"},
		{"a foreign token", "DELETE", "/posts/" + mine, "", nil, 404, "error.gone"},
		{"a wrong key", "DELETE", "/posts/" + mine, "", []string{"Authorization", "Bearer " + strings.Repeat("A", 22)}, 404, "error.gone"},
		{"a key that is none", "DELETE", "/posts/" + mine, "", []string{"Authorization", "Bearer x"}, 404, "error.gone"},
		{"an unknown vote", "PUT", "/posts/" + mine + "/vote", `{"vote":"up"}`, nil, 422, "error.vote"},
		{"a limit too large", "GET", "/boards/home/posts?limit=201", "", nil, 422, "error.draft"},
		{"an unknown call", "GET", "/nothing", "", nil, 404, "error.gone"},
		{"a wrong method", "PATCH", "/posts/" + mine, "", nil, 405, "error.method"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := other
			s.t = t
			headers := append([]string{"Content-Type", "application/json", "Accept-Language", "it"}, tt.headers...)
			a := s.do(tt.method, "/api/v1"+tt.path, tt.body, headers...)
			var p struct {
				Status              int
				Title, Detail, Code string
			}
			if err := json.Unmarshal([]byte(a.body), &p); err != nil {
				t.Fatalf("%s: no problem: %q", a.Status, a.body)
			}
			if a.StatusCode != tt.status || p.Status != tt.status || p.Code != tt.code || p.Detail == "" || p.Detail == p.Code {
				t.Errorf("answer = %s %s, want %d %s with a sentence", a.Status, a.body, tt.status, tt.code)
			}
			if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type = %q", got)
			}
			if got := a.Header.Get("Content-Language"); got != "it" {
				t.Errorf("Content-Language = %q, want it", got)
			}
		})
	}
	if a := other.do(http.MethodDelete, "/api/v1/posts/"+mine, "", "Authorization", "Bearer "+key); a.StatusCode != http.StatusNoContent {
		t.Errorf("the owner key does not end its post: %s", a.Status)
	}
}

func TestR42EndedUnknownAndForeignAreOne404(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ended, _ := s.publish("ended")
	foreign, _ := s.publish("foreign")
	s.do(http.MethodDelete, "/api/v1/posts/"+ended, "")
	other := *s
	other.client = newBrowser()
	const unknown = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	same := func(name string, answers ...answer) {
		t.Helper()
		for _, a := range answers {
			a.Header.Del("Date")
			if a.StatusCode != http.StatusNotFound || a.body != answers[0].body || len(a.Header) != len(answers[0].Header) {
				t.Errorf("%s: %s differs from the first answer\n%s\n%s", name, a.Status, a.body, answers[0].body)
			}
		}
	}
	same("pages that are not packed", other.get("/p/"+ended), other.get("/p/"+unknown), other.get("/p/not-an-id"))
	other.client.Transport = nil // as browsers ask
	same("pages", other.get("/p/"+ended), other.get("/p/"+unknown), other.get("/p/not-an-id"), other.get("/nowhere"))
	same("calls", other.get("/api/v1/posts/"+ended), other.get("/api/v1/posts/"+unknown), other.get("/api/v1/posts/x"))
	end := func(id string) answer { return other.do(http.MethodDelete, "/api/v1/posts/"+id, "") }
	same("endings", end(ended), end(unknown), end(foreign), end("x"))
	same("forms", other.form("/p/"+ended+"/delete"), other.form("/p/"+unknown+"/delete"), other.form("/p/"+foreign+"/delete"))
}

func TestALimitedFormGivesTheWordsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("post", "1/1")
	s.set("pow", "off")
	for range 2 { // an address without a cookie has twice the burst
		s.as(newBrowser(), http.MethodPost, "/b/home/posts", "body=first", "Content-Type", formType)
	}
	words := "these words <b>must</b> come back"
	a := s.as(newBrowser(), http.MethodPost, "/b/home/posts", "body="+url.QueryEscape(words), "Content-Type", formType)
	if a.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("status = %s, want 429", a.Status)
	}
	if got := a.Header.Get("Retry-After"); got != "60" {
		t.Errorf("Retry-After = %q, want 60", got)
	}
	if !strings.Contains(a.body, "these words &lt;b&gt;must&lt;/b&gt; come back") || !strings.Contains(a.body, "<textarea") {
		t.Error("the words are lost")
	}
	if a.Header.Get("Set-Cookie") != "" {
		t.Error("a refused write sets a cookie")
	}
	p := s.as(newBrowser(), http.MethodPost, "/api/v1/boards/home/posts", `{"body":"x"}`, "Content-Type", "application/json")
	if p.StatusCode != http.StatusTooManyRequests || p.Header.Get("Retry-After") != "60" {
		t.Errorf("API: %s, Retry-After %q", p.Status, p.Header.Get("Retry-After"))
	}
}

func TestR37ASocketNeedsThisOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ws := strings.Replace(s.url, "http", "ws", 1) + "/live?board=home"
	for name, origin := range map[string]http.Header{
		"missing":      {},
		"another site": {"Origin": {"https://evil.example"}},
		"null":         {"Origin": {"null"}},
		"another port": {"Origin": {"http://127.0.0.1:1"}},
		"a file":       {"Origin": {"file://"}},
		"a longer one": {"Origin": {s.url + ".evil.example"}},
		"a user's":     {"Origin": {strings.Replace(s.url, "http://", "http://evil@", 1)}},
		"with a path":  {"Origin": {s.url + "/"}},
	} {
		conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), ws, origin)
		if err == nil {
			conn.Close()
			t.Errorf("%s: the socket opened", name)
			continue
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s, want 403", name, res.Status)
		}
	}
	s.listen("/live?board=home")
}

func TestABaseURLAnswersToItsHostAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, withBase("https://board.example"))
	for host, want := range map[string]int{"board.example": 200, "BOARD.example": 200, "evil.example": 421, "127.0.0.1": 421, "board.example.evil": 421} {
		if a := s.get("/", "Host", host); a.StatusCode != want {
			t.Errorf("%s: %s, want %d", host, a.Status, want)
		}
	}
	if a := s.get("/healthz", "Host", "127.0.0.1"); a.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", a.Status)
	}
}

func TestHealthzSaysWhenEndingsAreLate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if a := s.get("/healthz"); a.StatusCode != http.StatusOK {
		t.Errorf("after a sweep: %s", a.Status)
	}
	s.clock.turn(10 * time.Second)
	if a := s.get("/healthz"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without a sweep for ten seconds: %s", a.Status)
	}
}

// TestWhatWasRefusedForHasteCanBeSentAgain without a script: the page of a 429
// carries the vote, or the opening, in a form of its own.
func TestWhatWasRefusedForHasteCanBeSentAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("vote", "1/1")
	s.set("open", "1/1")
	s.set("pow", "off")
	id, _ := s.publish("a post")
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "sealed", "view_once": true})
	sealed := out["post"].(map[string]any)["id"].(string)
	_, nonce, _ := strings.Cut(s.get("/p/"+sealed).body, `name="nonce" value="`)
	nonce, _, _ = strings.Cut(nonce, `"`)
	for _, tt := range []struct{ path, field, value string }{
		{"/p/" + id + "/vote", "vote", "heart"},
		{"/p/" + sealed + "/open", "nonce", nonce},
	} {
		var a answer
		for range 20 { // the visitors' shared buckets are wider
			if a = s.form(tt.path, tt.field, tt.value); a.StatusCode == http.StatusTooManyRequests {
				break
			}
		}
		_, form, _ := strings.Cut(a.body, `method="post" action="`+tt.path+`"`)
		form, _, _ = strings.Cut(form, "</form>")
		if a.StatusCode != http.StatusTooManyRequests || !strings.Contains(form, `name="`+tt.field+`" value="`+tt.value+`"`) {
			t.Errorf("%s: %s, and its form holds %q", tt.path, a.Status, form)
		}
	}
}
