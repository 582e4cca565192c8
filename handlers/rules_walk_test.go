package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// What an answer may not hold: what the asker said of themselves, and what runs here.
var (
	askers = []string{"203.0.113.77", "CanaryBrowser/1.0", "canary-referrer.example", "x-canary"}
	loaded = regexp.MustCompile(`<(?:script|img|link|form|iframe|source|video|audio|object|embed)[^>]+(?:src|href|action|data|poster|srcset)="(?:https?:)?//[^"]*`)
	cached = regexp.MustCompile(`^public, max-age=\d+, immutable$`)
	// Each begins with what it is found by, so that nothing else is looked at: there are
	// thousands of answers, and the race detector counts every step.
	makers = []*regexp.Regexp{
		regexp.MustCompile(`go1\.\d`), regexp.MustCompile(`v\d+\.\d+\.\d+`), regexp.MustCompile(`goroutine \d`), regexp.MustCompile(`\.go:\d`),
		regexp.MustCompile(`sqlite`), regexp.MustCompile(`gorilla`), regexp.MustCompile(`net/http`),
	}
)

// methods are those that a server may be asked with.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions, http.MethodTrace, "BREW",
}

// everywhere is what every answer carries.
var everywhere = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "same-origin",
	"X-Robots-Tag":                 "noindex",
	"Permissions-Policy":           "camera=(), geolocation=(self), microphone=(), payment=(), usb=(), browsing-topics=()",
}

// nowhere are headers that tell what runs here, or open what is closed.
var nowhere = []string{
	"Server", "X-Powered-By", "Via", "X-Request-Id", "X-Runtime", "Server-Timing", "NEL", "Report-To", "Reporting-Endpoints",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "X-Rate-Limit-Request-Remote-Addr", "Accept-Ranges",
}

// policies are those that an answer may come with: a page's, and a picture's.
var policies = []string{
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; " +
		"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
	"default-src 'none'; sandbox",
}

// bakery says of each cookie how long it may last; under TLS its name begins with __Host-.
var bakery = map[string]time.Duration{
	"mf": 7 * 24 * time.Hour, "look": 365 * 24 * time.Hour, "mf-door-attic": 365 * 24 * time.Hour, "mf-door-home": 365 * 24 * time.Hour,
	"mf-admin": board.SessionTime, "mf-device": board.DeviceTime,
}

// rules are what is asked of an answer to one question.
type rules struct {
	t      *testing.T
	what   string
	method string
	path   string
	known  bool // a route has this method here
	tls    bool
	mine   []string // of the asker's cookies
	host   string
	admin  bool
	read   map[string]bool // bodies that told this asker nothing: a refusal is the same a thousand times
}

// hold complains of every rule that an answer breaks.
func (r rules) hold(a answer) {
	r.t.Helper()
	breaks := func(format string, args ...any) {
		r.t.Helper()
		r.t.Errorf("%s (%d): %s", r.what, a.StatusCode, fmt.Sprintf(format, args...))
	}
	for name, want := range everywhere {
		if got := a.Header.Get(name); got != want {
			breaks("%s is %q", name, got)
		}
	}
	for _, name := range nowhere {
		if got := a.Header.Get(name); got != "" {
			breaks("%s is %q", name, got)
		}
	}
	picture := strings.HasPrefix(a.Header.Get("Content-Type"), "image/") && !strings.HasPrefix(r.path, "/static/")
	if got := a.Header.Get("Content-Security-Policy"); got != policies[0] && (!picture || got != policies[1]) {
		breaks("the policy is %q", got)
	}
	if got := a.Header.Get("Strict-Transport-Security"); (got != "") != r.tls {
		breaks("Strict-Transport-Security is %q", got)
	}
	if a.body != "" && a.Header.Get("Content-Type") == "" {
		breaks("a body of no type")
	}
	r.caches(a, breaks)
	r.cookies(a, breaks)
	r.tells(a, breaks)
	refused := a.StatusCode == http.StatusMethodNotAllowed
	if r.known == refused && a.StatusCode != http.StatusServiceUnavailable || refused && a.Header.Get("Allow") == "" {
		breaks("allowed is %q", a.Header.Get("Allow"))
	}
	if a.StatusCode == http.StatusInternalServerError {
		breaks("that is a failure of ours")
	}
}

// caches: nobody keeps anything but static files, which are the same for all and end.
func (r rules) caches(a answer, breaks func(string, ...any)) {
	got := a.Header.Get("Cache-Control")
	if strings.HasPrefix(r.path, "/static/") && a.StatusCode == http.StatusOK {
		if !cached.MatchString(got) || len(a.Header["Set-Cookie"]) > 0 {
			breaks("a file that all share is cached as %q", got)
		}
		return
	}
	if got != "no-store" {
		breaks("it may be cached: %q", got)
	}
	for _, name := range []string{"ETag", "Last-Modified", "Expires", "Age"} {
		if got := a.Header.Get(name); got != "" {
			breaks("%s is %q", name, got)
		}
	}
}

// cookies: what only reads sets none, and what writes sets those that are known.
func (r rules) cookies(a answer, breaks func(string, ...any)) {
	if len(a.Cookies()) > 0 && (!r.known || r.method == http.MethodGet || r.method == http.MethodHead) {
		breaks("reading sets %q", a.Header["Set-Cookie"])
	}
	for _, c := range a.Cookies() {
		lasts, known := bakery[strings.TrimPrefix(c.Name, "__Host-")]
		switch {
		case !known:
			breaks("nobody knows the cookie %q", c.Name)
		case c.MaxAge > int(lasts.Seconds()) || !c.Expires.IsZero():
			breaks("%s lasts %d s", c.Name, c.MaxAge)
		case !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode:
			breaks("the cookie %q", c.Raw)
		case c.Secure != r.tls || r.tls && c.Name != "look" && !strings.HasPrefix(c.Name, "__Host-"):
			breaks("under TLS %t: %q", r.tls, c.Raw)
		case strings.Contains(c.Name, "admin") && c.SameSite != http.SameSiteStrictMode:
			breaks("another site may send %q", c.Raw)
		}
	}
}

// tells: nothing of who asks, of what runs here, or from another host.
func (r rules) tells(a answer, breaks func(string, ...any)) {
	r.tellsIn(fmt.Sprint(a.Header), a, breaks)
	as := fmt.Sprint(a.StatusCode >= http.StatusBadRequest, len(a.Cookies()) > 0, strings.HasSuffix(r.path, "/system")) + a.body
	if r.read[as] {
		return
	}
	r.read[as] = true
	r.tellsIn(a.body, a, breaks)
	if found := loads(a.body); found != "" && !strings.Contains(found, r.host) {
		breaks("it loads from another host: %s", found)
	}
}

func (r rules) tellsIn(text string, a answer, breaks func(string, ...any)) {
	for _, canary := range askers {
		if strings.Contains(text, canary) && (!r.admin || !strings.HasSuffix(r.path, "/system")) { // which tells its reader, and nobody else
			breaks("it says %q of who asks", canary)
		}
	}
	if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, r.host, ""), url.QueryEscape(r.host), ""), "127.0.0.1") {
		breaks("it names an address")
	}
	for _, value := range r.mine {
		if strings.Contains(text, value) && !slices.ContainsFunc(a.Cookies(), func(c *http.Cookie) bool { return c.Value == value }) {
			breaks("it holds the asker's cookie")
		}
	}
	if a.StatusCode >= http.StatusBadRequest {
		lower := strings.ToLower(text)
		for _, maker := range makers {
			if found := maker.FindString(lower); found != "" {
				breaks("an error says %q", found)
			}
		}
	}
}

// loads is what of a page comes from an address with a host, in lower case.
func loads(page string) string {
	if !strings.Contains(page, `="//`) && !strings.Contains(page, `://`) { // few pages have one at all
		return ""
	}
	return loaded.FindString(strings.ToLower(page))
}

// asker is somebody who asks everything, with cookies that a browser would send.
type asker struct {
	name string
	who  *http.Client
}

// cookies are those of a's browser, as they are called in the clear or under TLS.
func (a asker) cookies(s *site, tls bool) (header string, values []string) {
	var list []string
	if a.who.Jar != nil {
		for _, c := range a.who.Jar.Cookies(must(url.Parse(s.url))) {
			name := c.Name
			if tls && name != "look" {
				name = "__Host-" + name
			}
			list, values = append(list, name+"="+c.Value), append(values, c.Value)
		}
	}
	return strings.Join(list, "; "), values
}

// turn is when a route is asked: what reads, then what writes, then what shuts the board
// to strangers or takes away who one is.
func turn(pattern string) int {
	method, path, _ := strings.Cut(pattern, " ")
	last := slices.Index([]string{"/b/{board}/door/leave", "/new-me", "/forget", "/admin/texts", "/admin/logout"}, path)
	if last < 0 && method == http.MethodGet {
		return -2
	}
	return last
}

// TestNoRouteBreaksARuleOfHeadersCachesOrCookies finds every route in the router and asks
// it, with its own method and with all others, as a stranger, a visitor and an admin, on
// an open board and on a closed one, in the clear and under TLS. Every answer, errors too,
// carries the headers that shut other sites out; nothing but a static file may be cached;
// reading sets no cookie; none tells of who asks or of what runs here.
func TestNoRouteBreaksARuleOfHeadersCachesOrCookies(t *testing.T) {
	for slug, tls := range map[string]bool{board.Home: false, "attic": true} {
		t.Run(fmt.Sprintf("%s, TLS %t", slug, tls), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withTrusted("127.0.0.0/8"))
			s.set("open", "0")
			s.shutAttic()
			s.owned()
			b := &secret{slug: slug, phrase: doorPhrase, ids: map[string]string{}}
			if err := s.tuner.Apply(t.Context(), "cli", slug, map[string]string{"place_list": "Harbour; Xyzzyplace"}); err != nil {
				t.Fatal(err)
			}
			visitor := asker{"a visitor", newBrowser()}
			if slug != board.Home {
				b.enter(s, visitor.who)
			}
			b.fill(s, visitor.who)
			s.claimed()
			seen := 0
			for _, a := range []asker{{"a stranger", newBrowser()}, visitor, {"an admin", s.client}} {
				seen += s.asksEverything(t, a, b, tls)
			}
			if seen < 15*len(s.patterns) {
				t.Errorf("only %d questions were asked", seen)
			}
		})
	}
}

// asksEverything asks every route with every method, and says how often it asked.
func (s *site) asksEverything(t *testing.T, a asker, b *secret, tls bool) (asked int) {
	t.Helper()
	header, mine := a.cookies(s, tls)
	read := map[string]bool{}
	bare := &http.Client{CheckRedirect: newBrowser().CheckRedirect} // what it is answered is packed
	if tls {
		bare.Transport = plain
	}
	ask := func(known bool, q asking) {
		t.Helper()
		asked++
		headers := []string{
			"User-Agent", askers[1], "Referer", "https://" + askers[2] + "/private", "Accept-Language", "x-canary",
			"X-Forwarded-For", askers[0], "X-Real-IP", askers[0], "Forwarded", "for=" + askers[0],
		}
		if tls {
			headers = append(headers, "X-Forwarded-Proto", "https")
		}
		if header != "" {
			headers = append(headers, "Cookie", header)
		}
		if q.kind != "" {
			headers = append(headers, "Content-Type", q.kind)
		}
		path, _, _ := strings.Cut(q.path, "?")
		rules{
			t, fmt.Sprintf("%s: %s %s %s", a.name, q.method, q.path, q.body), q.method, path, known, tls, mine,
			strings.TrimPrefix(s.url, "http://"), a.who == s.client, read,
		}.hold(s.as(bare, q.method, q.path, q.body, headers...))
	}
	w, mux := walker{s, a.who, b, false}, http.NewServeMux()
	for _, pattern := range s.patterns {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	for _, pattern := range slices.SortedStableFunc(slices.Values(s.patterns), func(a, b string) int { return turn(a) - turn(b) }) {
		method, path, _ := strings.Cut(pattern, " ")
		paths := w.paths(path)
		for _, p := range paths {
			questions := w.asks(method, p)
			for _, q := range questions[:min(2, len(questions))] {
				ask(true, q)
			}
		}
		for _, other := range methods {
			if _, taken := mux.Handler(must(http.NewRequestWithContext(t.Context(), other, paths[0], nil))); taken == "" || other == http.MethodHead {
				ask(taken != "", asking{other, paths[0], "", ""})
			}
		}
	}
	for _, path := range []string{"/nothing", "/p/" + b.ids["post"] + "/nope.css", "/p/" + b.ids["post"] + ";x.js", "/static/nothing.js", "/api/v1/nothing", "/admin/nothing", "/%00"} {
		ask(true, asking{http.MethodGet, path, "", ""})
	}
	return asked
}

func TestWhatIsLoadedFromAnotherHostIsFound(t *testing.T) {
	for page, found := range map[string]bool{
		`<p><img class="x" SRC="https://evil.example/a">`: true,
		`<script src="//evil.example/a.js">`:              true,
		`<link href="http://evil.example">`:               true,
		`<script src="/static/a.js">`:                     false,
		`<a href="https://river.example">`:                false,
	} {
		if got := loads(page); (got != "") != found {
			t.Errorf("%s: found %q", page, got)
		}
	}
}
