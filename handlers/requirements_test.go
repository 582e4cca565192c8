package handlers_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"mayfly/board"
	"mayfly/doctor"
	"mayfly/handlers"
)

func TestR07OnAFullDiskWritingIsRefusedAndReadingGoesOn(t *testing.T) {
	small, err := os.MkdirTemp("", "full") //nolint:usetesting // TMPDIR is to be it, and the first TempDir of a test decides where all are
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=6m"); err != nil {
		t.Skip("needs leave to mount: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(small, 0); err != nil {
			t.Error(err)
		}
		if err := os.Remove(small); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("TMPDIR", small)
	s := newSite(t)
	s.set("post_chars", "10000")
	first, _ := s.publish("the first words")
	filler := small + "/filler"
	if err := os.WriteFile(filler, make([]byte, 16<<20), 0o600); err == nil {
		t.Fatal("control: the disk is not full")
	}
	var a answer
	for n := range 500 { // what room there is in open pages and in the journal goes first
		a = s.form("/b/home/posts", "body", fmt.Sprint("unsent ", n, strings.Repeat(" words", 1500)))
		if a.StatusCode != http.StatusSeeOther {
			break
		}
	}
	if a.StatusCode != http.StatusInsufficientStorage || !strings.Contains(a.body, "The disk has no room for new words.") || !strings.Contains(a.body, "unsent") {
		t.Errorf("a post on a full disk: %s; its words came back: %v", a.Status, strings.Contains(a.body, "unsent"))
	}
	if b := s.get("/p/" + first); b.StatusCode != http.StatusOK || !strings.Contains(b.body, "the first words") {
		t.Errorf("reading on a full disk: %s", b.Status)
	}
	if b := s.form("/p/" + first + "/delete"); b.StatusCode != http.StatusSeeOther {
		t.Errorf("ending on a full disk: %s", b.Status)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.sweep()
	if b := s.form("/b/home/posts", "body", "welcome back"); b.StatusCode != http.StatusSeeOther {
		t.Errorf("with room again: %s", b.Status)
	}
}

func TestR12APanicAndItsLogHoldNothingOfTheRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"), func(p *handlers.Parts) {
		p.Examine = func(context.Context) []doctor.Finding { panic("xyzzy-in-the-panic") }
	})
	s.owned()
	id, _ := s.publish("xyzzy-in-a-post")
	a := s.get("/admin/system?post="+id+"&q=xyzzy-in-the-query", "X-Forwarded-For", "203.0.113.77", "User-Agent", "CanaryBrowser/1.0", "Referer", "/p/"+id)
	if a.StatusCode != http.StatusInternalServerError || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a handler that panics: %s, Cache-Control %q", a.Status, a.Header.Get("Cache-Control"))
	}
	if !strings.Contains(s.log.String(), "a handler panicked") {
		t.Fatal("nothing is logged, so nothing is shown here")
	}
	for _, c := range s.client.Jar.Cookies(must(http.NewRequest(http.MethodGet, s.url, nil)).URL) {
		if strings.Contains(s.log.String(), c.Value) {
			t.Errorf("the log holds the cookie %s", c.Name)
		}
	}
	for _, what := range []string{"xyzzy", id, "203.0.113.77", "127.0.0.1", "CanaryBrowser"} {
		if strings.Contains(s.log.String(), what) {
			t.Errorf("the log holds %s", what)
		}
		if strings.Contains(a.body, what) || strings.Contains(a.body, ".go:") {
			t.Errorf("the page holds %s, or a stack", what)
		}
	}
	if b := s.get("/"); b.StatusCode != http.StatusOK {
		t.Errorf("the next page: %s", b.Status)
	}
}

// TestR39NoSuffixMakesAPageCacheable asks for every page as a cache would be fooled into
// keeping it. A route with another parameter fails it: somebody has to say what it is.
func TestR39NoSuffixMakesAPageCacheable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("place_list", "Harbour")
	id, _ := s.publish("xyzzy")
	fill := strings.NewReplacer("{id}", id, "{circle}", id, "{chat}", id, "{post}", id, "{board}", "home", "{place}", "harbour", "{number}", "1", "{$}", "")
	walked := 0
	for _, pattern := range s.patterns {
		path, ok := strings.CutPrefix(pattern, "GET ")
		if !ok || strings.HasPrefix(path, "/static/") {
			continue
		}
		path = fill.Replace(path)
		if strings.Contains(path, "{") {
			t.Errorf("what %s stands for is not known here", path)
		}
		for _, suffix := range []string{"/style.css", ".css", ";style.css", "%2fstyle.css", "%00.css", "/..%2fstatic%2fapp.css"} {
			walked++
			a := s.get(path + suffix)
			if a.StatusCode < 300 || strings.Contains(a.body, "xyzzy") {
				t.Errorf("GET %s%s: %s", path, suffix, a.Status)
			}
			if a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("GET %s%s may be cached: %q", path, suffix, a.Header.Get("Cache-Control"))
			}
		}
	}
	if walked < 200 {
		t.Errorf("only %d addresses were walked", walked)
	}
}

// TestR21ThePeersAddressIsNowhere has somebody come from an address of their own, without
// any proxy, and do what visitors do, rude things too.
func TestR21ThePeersAddressIsNowhere(t *testing.T) {
	t.Parallel()
	const peer = "127.0.0.77"
	s := newSite(t)
	s.owned()
	id, _ := s.publish("words")
	who := newBrowser()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(peer)}}
	who.Transport = &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	who.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.set("reply", "1/1")
	var all bytes.Buffer
	for _, ask := range []struct{ method, path, body string }{
		{"GET", "/", ""},
		{"GET", "/p/" + id, ""},
		{"GET", "/you", ""},
		{"GET", "/privacy", ""},
		{"GET", "/nowhere", ""},
		{"GET", "/healthz", ""},
		{"GET", "/live", ""},
		{"POST", "/b/home/posts", "body=hello"},
		{"POST", "/b/home/posts", "body="},
		{"POST", "/p/" + id + "/vote", "vote=down"},
		{"POST", "/p/" + id + "/replies", "body=one"},
		{"POST", "/p/" + id + "/replies", "body=two"},
		{"POST", "/p/" + id + "/replies", "body=three"},
		{"POST", "/p/" + id + "/report", "reason=spam"},
		{"POST", "/admin/login", "name=ada&passphrase=wrong+one+here"},
		{"POST", "/notice", "kind=else&why=x"},
		{"GET", "/admin/log", ""},
		{"BREW", "/", ""},
		{"POST", "/forget", ""},
	} {
		a := s.as(who, ask.method, ask.path, ask.body, "Content-Type", formType, "X-Forwarded-For", "203.0.113.9")
		all.WriteString(a.body)
		if err := a.Header.Write(&all); err != nil {
			t.Fatal(err)
		}
	}
	s.sweep()
	for where, held := range map[string][]byte{"an answer": all.Bytes(), "the log": s.log.Bytes(), "a file": s.files()} {
		for _, addr := range []string{peer, "203.0.113.9"} {
			if i := bytes.Index(held, []byte(addr)); i >= 0 {
				t.Errorf("%s holds %s: …%s…", where, addr, held[max(0, i-40):min(len(held), i+40)])
			}
		}
	}
	for _, page := range []string{"/admin/log", "/admin/queue", "/admin/raid", "/log", "/p/" + id} {
		if strings.Contains(s.get(page).body, peer) {
			t.Errorf("%s shows it to others", page)
		}
	}
}

// TestNoFileHoldsAVisitorInAnyForm has one visitor do all that leaves a mark, and looks for
// every stretch of their number: as it is, in hex and as their cookie writes it.
func TestNoFileHoldsAVisitorInAnyForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	other, _ := s.publish("another visitor’s")
	once := s.publishOnce("shown once", 5)
	s.client = newBrowser()
	own, _ := s.publish("mine")
	s.form("/p/"+other+"/replies", "body", "a reply of mine")
	s.form("/p/"+other+"/vote", "vote", "heart")
	s.form("/p/"+other+"/report", "reason", "spam")
	if a, _ := s.call(http.MethodPost, "/api/v1/posts/"+once+"/open", nil); a.StatusCode != http.StatusOK {
		t.Fatalf("open: %s", a.Status)
	}
	cookie := s.client.Jar.Cookies(must(http.NewRequest(http.MethodGet, s.url, nil)).URL)[0].Value
	number := must(base64.RawURLEncoding.DecodeString(cookie))[:24]
	held := map[string][]byte{"a file": s.files(), "the log": s.log.Bytes(), "a page": []byte(s.get("/p/"+other).body + s.get("/p/"+own).body + s.get("/you").body)}
	for where, b := range held {
		for i := range len(number) - 8 {
			for form, part := range map[string][]byte{"its bytes": number[i : i+8], "hex": fmt.Appendf(nil, "%x", number[i:i+8])} {
				if bytes.Contains(b, part) {
					t.Errorf("%s holds %s of the visitor’s number", where, form)
				}
			}
		}
		for i := range len(cookie) - 12 {
			if bytes.Contains(b, []byte(cookie[i:i+12])) {
				t.Errorf("%s holds a stretch of the cookie", where)
			}
		}
	}
}

// TestR36NoOtherSitesFormIsTaken asks every route that changes something, as its owner
// signed in, from a page of another site.
func TestR36NoOtherSitesFormIsTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("words")
	fill := strings.NewReplacer("{id}", id, "{board}", "home", "{number}", "1")
	walked := 0
	for _, pattern := range s.patterns {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok || method == http.MethodGet {
			continue
		}
		walked++
		for name, headers := range map[string][]string{
			"by Sec-Fetch-Site": {"Sec-Fetch-Site", "cross-site"},
			"a sister's":        {"Sec-Fetch-Site", "same-site"},
			"by Origin":         {"Origin", "https://evil.example"},
			"from nowhere":      {"Origin", "null"},
		} {
			if a := s.do(method, fill.Replace(path), "body=x", append(headers, "Content-Type", formType)...); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s, %s: %s", pattern, name, a.Status)
			}
		}
	}
	if walked < 60 {
		t.Errorf("only %d routes were walked", walked)
	}
	if a := s.get("/p/" + id); a.StatusCode != http.StatusOK {
		t.Errorf("afterwards the post: %s", a.Status)
	}
}

// TestR42NeverAndGoneTakeTheSameTime: that something was here is not told by how long the
// answer takes either. They are asked in turn, so that a busy machine is as slow to all.
func TestR42NeverAndGoneTakeTheSameTime(t *testing.T) {
	s := newSite(t)
	s.set("ttl_min", "1s")
	swept, _ := s.publish("ended by hand")
	s.form("/p/" + swept + "/delete")
	s.sweep()
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "ended by time", "ttl": "30s"})
	unswept := out["post"].(map[string]any)["id"].(string)
	s.clock.turn(time.Minute)
	ids := map[string]string{"never": board.NewPostID().String(), "never either": board.NewPostID().String(), "gone": swept, "ended and not swept": unswept}
	took := map[string][]time.Duration{}
	for range 400 {
		for name, id := range ids {
			r := httptest.NewRequest(http.MethodGet, s.url+"/p/"+id, http.NoBody)
			w := httptest.NewRecorder()
			began := time.Now()
			s.handler.ServeHTTP(w, r)
			took[name] = append(took[name], time.Since(began))
			if w.Code != http.StatusNotFound {
				t.Fatalf("%s: %d", name, w.Code)
			}
		}
	}
	half := func(name string) float64 {
		slices.Sort(took[name])
		return float64(took[name][len(took[name])/2])
	}
	for name := range ids {
		if r := half(name) / half("never"); r < 0.75 || r > 1.33 {
			t.Errorf("%s takes %.2f of the time of what never was", name, r)
		}
	}
}

func TestR49ASlowPeerHasItsTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := handlers.NewHTTPServer(s.handler, s.logger)
	if h.ReadHeaderTimeout != 3*time.Second || h.ReadTimeout != 8*time.Second || h.WriteTimeout != 30*time.Second || h.IdleTimeout != 20*time.Second || h.MaxHeaderBytes != 8<<10 {
		t.Errorf("headers %v, bodies %v, answers %v, rests %v, %d bytes of headers", h.ReadHeaderTimeout, h.ReadTimeout, h.WriteTimeout, h.IdleTimeout, h.MaxHeaderBytes)
	}
	if a := s.get("/", "X-Long", strings.Repeat("x", 64<<10)); a.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 kB of headers: %s", a.Status)
	}
}

func TestR51SocketsAreNotCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dialer := websocket.Dialer{EnableCompression: true}
	conn, res, err := dialer.DialContext(t.Context(), strings.Replace(s.url, "http", "ws", 1)+"/live?board=home", http.Header{"Origin": {s.url}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := res.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("the server agrees to %q", got)
	}
}

// TestWhatFormsAskForNamesNobody: a visitor is asked for no name, mail, phone or age.
// The page of notices by law may, and is another promise.
func TestWhatFormsAskForNamesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("words")
	field := regexp.MustCompile(`<(?:input|textarea|select)[^>]*>`)
	asks := regexp.MustCompile(`(?i)name="[^"]*(name|mail|phone|birth|address|user|account)[^"]*"|type="(email|tel|date|password)"|autocomplete="(name|email|tel|username)`)
	seen := 0
	for _, path := range []string{"/", "/write", "/you", "/about", "/search", "/boards", "/log", "/places/none", "/p/" + id, "/p/" + id + "/report", "/p/" + id + "/qr", "/terms", "/contact", "/privacy", "/forgotten"} {
		for _, f := range field.FindAllString(s.get(path).body, -1) {
			seen++
			if asks.MatchString(f) {
				t.Errorf("%s asks: %s", path, f)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d fields were seen", seen)
	}
}

func TestWhatIsSearchedForIsKeptNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("words")
	if a := s.get("/search?q=xyzzylooked"); !strings.Contains(a.body, "xyzzylooked") {
		t.Fatal("the search did not take place")
	}
	s.sweep()
	if strings.Contains(string(s.files()), "xyzzylooked") || strings.Contains(s.log.String(), "xyzzylooked") {
		t.Error("it is kept in a file or a log")
	}
	for _, path := range []string{"/", "/search", "/you", "/about"} {
		if strings.Contains(s.get(path).body, "xyzzylooked") {
			t.Errorf("%s shows what was looked for", path)
		}
	}
}

func TestR56ASocketPastTheCapIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("socket", "2")
	s.listen("/live?board=home")
	s.listen("/live?board=home")
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.url, "http", "ws", 1)+"/live?board=home", http.Header{"Origin": {s.url}})
	if err == nil {
		_ = conn.Close()
		t.Fatal("a third socket of one address opens")
	}
	if res == nil || res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("a third: %v", res)
	}
}

func TestR62ThereAreOnlySoManyFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for n := range board.FiltersMax {
		s.bans(fmt.Sprintf("word%d", n), board.Hold)
	}
	err := s.board.AddFilter(t.Context(), "ada", board.Filter{Text: "onemore", Action: board.Hold})
	if err == nil || !strings.Contains(err.Error(), "crowd") || board.FiltersMax != 200 {
		t.Errorf("beside %d filters one more: %v", board.FiltersMax, err)
	}
}
