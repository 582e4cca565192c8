package handlers_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// readings are all the ways to read a post.
func (s *site) readings(id string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, path := range []string{
		"/", "/?sort=fading", "/b/home", "/p/" + id, "/you", "/live/state?board=home&n=50", "/live/state?post=" + id,
		"/api/v1/boards/home/posts", "/api/v1/boards/home/posts?sort=fading", "/api/v1/posts/" + id,
	} {
		out[path] = s.get(path).body
	}
	return out
}

func TestR02AnEndedPostIsServedByNoRoute(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("ttl_min", "1s")
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "xyzzy-marker", "ttl": "30s"})
	post := out["post"].(map[string]any)
	id, left := post["id"].(string), post["left"].(float64)
	s.clock.turn(time.Duration(left)*time.Second - time.Millisecond)
	for path, body := range s.readings(id) {
		if !strings.Contains(body, "xyzzy-marker") {
			t.Errorf("%s does not show it a millisecond before its end", path)
		}
	}
	for range 2 { // at its end, and a millisecond later; no sweep has run
		s.clock.turn(time.Millisecond)
		for path, body := range s.readings(id) {
			if strings.Contains(body, "xyzzy-marker") {
				t.Errorf("%s shows it after its end", path)
			}
		}
	}
}

func TestR09EndingByHandIsFinalOnEveryRoute(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("xyzzy-marker")
	if a := s.form("/p/" + id + "/delete"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("delete: %s", a.Status)
	}
	for path, body := range s.readings(id) {
		if strings.Contains(body, "xyzzy-marker") {
			t.Errorf("%s still shows it", path)
		}
	}
}

func TestR14NothingWithContentMayBeCached(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("words")
	for path := range s.readings(id) {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := s.do(method, path, "")
			if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("ETag") != "" || a.Header.Get("Last-Modified") != "" {
				t.Errorf("%s %s: Cache-Control %q", method, path, a.Header.Get("Cache-Control"))
			}
		}
	}
}

func TestR21NoAddressOrBrowserIsKeptOrShown(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	canaries := []string{"203.0.113.77", "198.51.100.23", "CanaryBrowser", "2001:db8::77"}
	headers := []string{
		"X-Forwarded-For", "203.0.113.77", "Forwarded", "for=198.51.100.23", "X-Real-IP", "2001:db8::77",
		"User-Agent", "CanaryBrowser/1.0", "Content-Type", formType,
	}
	answers := []answer{
		s.do(http.MethodPost, "/b/home/posts", "body=hello", headers...),
		s.do(http.MethodPost, "/b/home/posts", "body=", headers...),
		s.do(http.MethodGet, "/", "", headers...),
		s.do(http.MethodGet, "/you", "", headers...),
		s.do(http.MethodGet, "/p/none", "", headers...),
		s.do(http.MethodGet, "/api/v1/boards/home/posts", "", headers...),
	}
	var all bytes.Buffer
	for _, a := range answers {
		all.WriteString(a.body)
		if err := a.Header.Write(&all); err != nil {
			t.Fatal(err)
		}
	}
	s.sweep()
	all.Write(s.log.Bytes())
	all.Write(s.files())
	for _, canary := range append(canaries, "127.0.0.1") {
		if i := bytes.Index(all.Bytes(), []byte(canary)); i >= 0 && canary != "127.0.0.1" {
			t.Errorf("%s is kept or shown: …%s…", canary, all.Bytes()[max(0, i-40):i+40])
		}
	}
	if bytes.Contains(s.log.Bytes(), []byte("127.0.0.1")) || bytes.Contains(s.files(), []byte("127.0.0.1")) {
		t.Error("the peer's address is in a log or file")
	}
}

// files is every byte of the data and keys folders.
func (s *site) files() []byte {
	s.t.Helper()
	var all []byte
	for _, dir := range s.dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			all = append(all, b...)
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return all
}

func TestR01NoFileHoldsTheWordsOfALivingPost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("plainly-written-marker")
	s.form("/p/"+id+"/replies", "body", "reply-written-marker")
	for _, marker := range []string{"plainly-written", "reply-written"} {
		if bytes.Contains(s.files(), []byte(marker)) {
			t.Errorf("%s lies readable in a file", marker)
		}
		if bytes.Contains(s.log.Bytes(), []byte(marker)) {
			t.Errorf("%s stands in the log", marker)
		}
	}
}

func TestR23AForgedForwardedForIsNoOtherVisitor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("page", "1/5")
	passed := 0
	for i := range 200 {
		a := s.get("/about", "X-Forwarded-For", "203.0.113."+string(rune('0'+i%10)))
		if a.StatusCode == http.StatusOK {
			passed++
		}
	}
	if passed > 11 { // twice the burst, and one that may have come back meanwhile
		t.Errorf("%d of 200 passed a limit of 5", passed)
	}
	if n := strings.Count(s.log.String(), "--trusted-proxies"); n != 1 {
		t.Errorf("the flag to set was named %d times in the log, want once a minute", n)
	}
}

func TestR24AnotherPathIsNoOtherBucket(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("page", "1/5")
	passed := 0
	for i := range 200 {
		if a := s.get("/p/" + strings.Repeat("a", i%26)); a.StatusCode != http.StatusTooManyRequests {
			passed++
		}
	}
	if passed > 11 {
		t.Errorf("%d of 200 passed a limit of 5", passed)
	}
}

func TestR26ReadingSetsNoCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	reader := newBrowser()
	for path := range s.readings(id) {
		if a := s.as(reader, http.MethodGet, path, ""); a.Header.Get("Set-Cookie") != "" {
			t.Errorf("GET %s sets %q", path, a.Header.Get("Set-Cookie"))
		}
	}
	for _, path := range []string{"/write", "/about", "/forgotten", "/nowhere", "/static/nothing.css"} {
		if a := s.as(reader, http.MethodGet, path, ""); a.Header.Get("Set-Cookie") != "" {
			t.Errorf("GET %s sets %q", path, a.Header.Get("Set-Cookie"))
		}
	}
}

func TestAWriteSetsOneCookieThatNamesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.form("/b/home/posts", "body", "hello")
	cookies := a.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies, want 1", len(cookies))
	}
	c := cookies[0]
	if c.Name != "mf" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure {
		t.Errorf("cookie = %v", c)
	}
	if c.MaxAge < 7*24*3600-600 || c.MaxAge > 7*24*3600 {
		t.Errorf("Max-Age = %d, want visitor_ttl", c.MaxAge)
	}
	if b := s.form("/b/home/posts", "body", "again"); b.Header.Get("Set-Cookie") != "" {
		t.Error("the second write sets it again")
	}
	if bytes.Contains(s.files(), []byte(c.Value)) || bytes.Contains(s.log.Bytes(), []byte(c.Value)) {
		t.Error("the cookie is kept on the server")
	}
}

func TestUnderTLSTheCookieIsSecureAndTheHostIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	a := s.do(http.MethodPost, "/b/home/posts", "body=hello", "Content-Type", formType, "X-Forwarded-Proto", "https")
	if c := a.Cookies(); len(c) != 1 || c[0].Name != "__Host-mf" || !c[0].Secure {
		t.Errorf("cookies = %v", c)
	}
	if a.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS under TLS")
	}
	plain := newSite(t)
	if b := plain.get("/", "X-Forwarded-Proto", "https"); b.Header.Get("Strict-Transport-Security") != "" {
		t.Error("an untrusted peer's X-Forwarded-Proto is believed")
	}
}

func TestR43AForeignCookieIsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("mine")
	var mine string
	for _, c := range s.client.Jar.Cookies(must(http.NewRequest(http.MethodGet, s.url, nil)).URL) {
		mine = c.Value
	}
	for name, value := range map[string]string{
		"made up":    strings.Repeat("A", len(mine)),
		"a bit less": mine[:len(mine)-1],
		"one turned": flip(mine),
		"junk":       "💥",
	} {
		other := newBrowser()
		a := s.as(other, http.MethodPost, "/p/"+id+"/delete", "", "Cookie", "mf="+value, "Content-Type", formType)
		if a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", name, a.Status)
		}
		b := s.as(other, http.MethodPost, "/b/home/posts", "body=hello", "Cookie", "mf="+value, "Content-Type", formType)
		if c := b.Cookies(); len(c) != 1 || c[0].Value == value {
			t.Errorf("%s: a write does not replace it: %v", name, c)
		}
	}
}

func flip(s string) string {
	b := []byte(s)
	if b[5]++; b[5] == '{' || b[5] == '[' || b[5] == ':' {
		b[5] = 'A'
	}
	return string(b)
}

func TestAnOldCookieOwnsButDoesNotWrite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("visitor_ttl", "1h")
	id, _ := s.publish("mine")
	s.clock.turn(2 * time.Hour)
	jar := s.client.Jar
	if a := s.get("/p/" + id); !strings.Contains(a.body, "/p/"+id+"/delete") {
		t.Error("it no longer owns its post")
	}
	a := s.form("/b/home/posts", "body", "as somebody new")
	if len(a.Cookies()) != 1 {
		t.Error("a write does not replace it")
	}
	_ = jar
}

func TestForgetMeEndsAllAndDropsTheCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root, _ := s.publish("another visitor’s thread")
	s.client = newBrowser()
	s.publish("first of mine")
	s.publish("second of mine")
	s.form("/p/"+root+"/replies", "body", "a reply of mine")
	if a := s.get("/you"); strings.Count(a.body, "of mine") < 3 {
		t.Errorf("your posts are not all on /you")
	}
	a := s.form("/forget")
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/forgotten?ended=3" {
		t.Errorf("forget: %s to %s", a.Status, a.Header.Get("Location"))
	}
	if c := a.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("cookies = %v, want it dropped", c)
	}
	if b := s.get("/").body + s.get("/p/"+root).body; strings.Contains(b, "of mine") {
		t.Error("something of mine is still there")
	}
	if !strings.Contains(s.get("/").body, "another visitor’s thread") {
		t.Error("somebody else’s post is gone")
	}
}

func TestNewMeIsSomebodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("mine")
	if a := s.form("/new-me"); a.StatusCode != http.StatusSeeOther || a.Cookies()[0].MaxAge >= 0 {
		t.Fatalf("new-me: %s", a.Status)
	}
	if a := s.form("/p/" + id + "/delete"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the new me owns what the old one wrote: %s", a.Status)
	}
}

func TestASessionCookieGoesWithTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("mine")
	a := s.form("/you/session", "session", "on")
	if c := a.Cookies(); len(c) != 1 || c[0].MaxAge != 0 {
		t.Errorf("cookies = %v, want no Max-Age", c)
	}
	a = s.form("/you/session")
	if c := a.Cookies(); len(c) != 1 || c[0].MaxAge <= 0 {
		t.Errorf("cookies = %v, want Max-Age again", c)
	}
}

func TestR25OneVisitorHasAnotherNameInEachThread(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	names := map[string]bool{}
	for range 12 {
		_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "hello"})
		names[out["post"].(map[string]any)["name"].(string)] = true
	}
	if len(names) < 6 {
		t.Errorf("twelve threads of one visitor have %d names", len(names))
	}
}

var apiFields = []string{
	"alike", "backdrop", "board", "body", "chat", "hearts", "hue", "id", "left", "locked", "mine", "name", "picture", "place", "prompt", "readers_left", "replies", "score", "span", "sponsored", "staff", "state", "tags", "thread", "to", "unlisted",
	"url", "view_once", "vote", "warning",
}

func TestNoFieldHoldsAPositionAnAuthorOrATime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	for _, path := range []string{"/api/v1/boards/home/posts", "/api/v1/posts/" + id} {
		_, out := s.call(http.MethodGet, path, nil)
		post, ok := out["post"].(map[string]any)
		if !ok {
			post = out["posts"].([]any)[0].(map[string]any)
		}
		var fields []string
		for name := range post {
			fields = append(fields, name)
		}
		slices.Sort(fields)
		if !slices.Equal(fields, apiFields) {
			t.Errorf("%s: fields %v, want %v", path, fields, apiFields)
		}
	}
	live := s.listen("/api/v1/live")
	s.next(live)
	s.publish("hello again")
	var frame struct{ Post map[string]any }
	if err := json.Unmarshal([]byte(s.next(live)), &frame); err != nil || len(frame.Post) != len(apiFields) {
		t.Errorf("a frame's post has %d fields, want %d (%v)", len(frame.Post), len(apiFields), err)
	}
}

func TestR27NoPageSaysWhenAPostWasWritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	stamp := regexp.MustCompile(`20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d|\b17\d{8}(\d{3})?\b`)
	for path, body := range s.readings(id) {
		body = counter.ReplaceAllString(body, "") // a random number
		if found := stamp.FindString(body); found != "" {
			t.Errorf("%s holds %q", path, found)
		}
	}
}

func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	for _, a := range []answer{
		s.get("/"), s.get("/p/" + id), s.get("/nowhere"), s.get("/api/v1/boards"), s.get("/healthz"), s.get("/live"),
		s.form("/new-me"), s.do("BREW", "/", ""), s.get("/", "Host", "evil.example"),
	} {
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s %s: %s = %q", a.Request.Method, a.Request.URL.Path, name, got)
			}
		}
		if a.Header.Get("Server") != "" {
			t.Error("the server names itself")
		}
	}
}
