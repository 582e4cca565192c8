package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func ask(t *testing.T, method, url, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if accept != "" {
		r.Header.Set("Accept-Encoding", accept)
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestURLHoldsAHashOfTheContent(t *testing.T) {
	url := URL("css/app.css")
	if !regexp.MustCompile(`^/static/css/app\.[A-Za-z0-9_-]{12}\.css$`).MatchString(url) {
		t.Errorf("URL = %q", url)
	}
	if again := mustMake()["css/app.css"].url; again != url {
		t.Errorf("the same content is at %q and at %q", url, again)
	}
}

func TestURLPanicsForANameThatIsNotServed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a slip in a template went unnoticed")
		}
	}()
	URL("css/app.ccs")
}

func TestEveryFileIsServedForEver(t *testing.T) {
	for _, s := range served {
		r := ask(t, http.MethodGet, URL(s.name), "")
		got := body(t, r)
		if r.StatusCode != http.StatusOK || len(got) == 0 {
			t.Errorf("%s: status %d, %d bytes", s.name, r.StatusCode, len(got))
		}
		for name, want := range map[string]string{
			"Cache-Control":          "public, max-age=31536000, immutable",
			"Content-Type":           types[path.Ext(s.name)],
			"X-Content-Type-Options": "nosniff",
			"Content-Encoding":       "",
		} {
			if have := r.Header.Get(name); have != want {
				t.Errorf("%s: %s = %q, want %q", s.name, name, have, want)
			}
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, url := range []string{
		"/static/", "/static/css/", "/static/css/app.css", "/static/js/vendor/htmx.min.js", "/static/js/strict.js",
		"/static/static.go", "/static/VENDORED.md", "/static/../static.go", "/", "",
		strings.Replace(URL("css/app.css"), ".css", ".js", 1),
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.URL.Path = url
		w := httptest.NewRecorder()
		Handler().ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%q: status %d, want 404", url, w.Code)
		}
	}
}

func TestOnlyGetAndHeadAreAnswered(t *testing.T) {
	r := ask(t, http.MethodPost, URL("js/app.js"), "")
	if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
}

func TestHeadHasTheHeadersOfGetAndNoBody(t *testing.T) {
	url := URL("js/app.js")
	get, head := ask(t, http.MethodGet, url, "br"), ask(t, http.MethodHead, url, "br")
	if n := len(body(t, head)); n != 0 {
		t.Errorf("HEAD has a body of %d bytes", n)
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Type", "Vary"} {
		if get.Header.Get(name) != head.Header.Get(name) {
			t.Errorf("%s: GET says %q, HEAD %q", name, get.Header.Get(name), head.Header.Get(name))
		}
	}
}

func TestTheReaderChoosesTheEncoding(t *testing.T) {
	for _, tt := range []struct{ accept, want string }{
		{"", ""},
		{"identity", ""},
		{"gzip", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0.5, gzip;q=0.8", "gzip"},
		{"BR ; q=1.0, gzip;q=0.9", "br"},
		{"br;q=0, *", "gzip"},
		{"*", "br"},
		{"*;q=0", ""},
		{"gzip;q=0.5, identity", ""},
		{"gzip;q=0.5, identity;q=0.5", "gzip"},
		{"gzip;q=x", ""},
		{"deflate;q=0.5,,;q=1", ""},
		{"br;q=0, gzip;q=0, identity;q=0", ""}, // nothing would do: plain is better than nothing
	} {
		r := ask(t, http.MethodGet, URL("css/app.css"), tt.accept)
		if got := r.Header.Get("Content-Encoding"); got != tt.want {
			t.Errorf("Accept-Encoding %q gets %q, want %q", tt.accept, got, tt.want)
		}
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", tt.accept)
		}
	}
}

func TestEveryEncodingHoldsTheSameFile(t *testing.T) {
	for _, s := range served {
		plain := body(t, ask(t, http.MethodGet, URL(s.name), ""))
		for coding, open := range map[string]func(io.Reader) (io.Reader, error){
			"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
			"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		} {
			r := ask(t, http.MethodGet, URL(s.name), coding)
			got := body(t, r)
			if r.Header.Get("Content-Encoding") == coding {
				unpacked, err := open(bytes.NewReader(got))
				if err != nil {
					t.Fatal(err)
				}
				if got, err = io.ReadAll(unpacked); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got, plain) {
				t.Errorf("%s in %s is another file", s.name, coding)
			}
		}
	}
}

// TestReferencesLeadToHashedAddresses: a font that the style names without its
// hash would not be found.
func TestReferencesLeadToHashedAddresses(t *testing.T) {
	for name, want := range map[string][]string{
		"css/app.css":     {`url("` + URL("fonts/ysabeau-office-latin.woff2") + `")`, `url("` + URL("img/backdrops/reeds.svg") + `")`},
		"js/app.js":       {`from "` + URL("js/live.js") + `"`, `import "` + URL("js/votes.js") + `"`},
		"js/live.js":      {`from "` + URL("js/life.js") + `"`},
		"app.webmanifest": {`"` + URL("img/favicon.svg") + `"`},
	} {
		for _, w := range want {
			if !bytes.Contains(load()[name].plain, []byte(w)) {
				t.Errorf("%s does not hold %s", name, w)
			}
		}
	}
	relative := regexp.MustCompile(`url\("?\.|@import|(?m:^)(?:import|export) .*"\.`)
	for name, f := range load() {
		if m := relative.Find(f.plain); m != nil {
			t.Errorf("%s still refers to %s", name, m)
		}
	}
}

func TestAReferenceToNothingIsFound(t *testing.T) {
	if _, err := readdress("js/x.js", []byte(`import "./nowhere.js";`), nil); err == nil {
		t.Error("a reference to a file that is not served went unnoticed")
	}
}

func TestModulesAreAllThatAppImports(t *testing.T) {
	modules := Modules()
	if len(modules) == 0 || slices.Contains(modules, URL("js/app.js")) || slices.Contains(modules, URL("js/htmx.js")) {
		t.Errorf("Modules = %v", modules)
	}
	for _, page := range pages {
		if slices.Contains(modules, URL(page)) {
			t.Errorf("every page fetches %s, which one kind of page runs", page)
		}
	}
}

func TestScriptsAreSentWithoutTheirCommentsAndWhole(t *testing.T) {
	comment := regexp.MustCompile(`^\s*(//|/\*\*| \*)`)
	for _, s := range served {
		if path.Ext(s.name) != ".js" || s.parts != nil {
			continue
		}
		source, err := sources.ReadFile(s.name)
		if err != nil {
			t.Fatal(err)
		}
		code := 0
		for line := range strings.Lines(string(source)) {
			if !comment.MatchString(line) {
				code++
			}
		}
		sent := 0
		for line := range strings.Lines(string(load()[s.name].plain)) {
			if sent++; comment.MatchString(line) {
				t.Errorf("%s: a comment is sent: %s", s.name, line)
			}
		}
		if sent != code {
			t.Errorf("%s: %d lines are sent of %d lines of code", s.name, sent, code)
		}
	}
}

func TestEverythingInTheFoldersIsServed(t *testing.T) {
	used := map[string]bool{}
	for _, s := range served {
		if s.parts == nil {
			used[s.name] = true
		}
		for _, part := range s.parts {
			used[part] = true
		}
	}
	err := fs.WalkDir(sources, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !used[name] {
			t.Errorf("%s is embedded and used by nothing", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryIconThatPagesDrawIsThere: one that is missing is drawn as nothing.
func TestEveryIconThatPagesDrawIsThere(t *testing.T) {
	templates, err := filepath.Glob("../views/*.templ")
	if err != nil || len(templates) == 0 {
		t.Fatalf("templates: %v, %v", templates, err)
	}
	for _, name := range templates {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`@icon\("([a-z]+)"\)`).FindAllSubmatch(b, -1) {
			if !bytes.Contains(load()["img/icons.svg"].plain, []byte(`<symbol id="`+string(m[1])+`"`)) {
				t.Errorf("%s draws the icon %s, which img/icons.svg does not have", filepath.Base(name), m[1])
			}
		}
	}
}

func TestTheManifestIsJSON(t *testing.T) {
	for _, name := range []string{"app.webmanifest", "admin.webmanifest"} {
		var m struct {
			Name  string
			Icons []struct{ Src string }
		}
		if err := json.Unmarshal(load()[name].plain, &m); err != nil || m.Name == "" || len(m.Icons) == 0 {
			t.Errorf("%s %+v: %v", name, m, err)
		}
	}
}

// TestVendoredFilesAreTheOnesWritten: each row of VENDORED.md ends in a path and
// its SHA-256; what other people made is there as they made it.
func TestVendoredFilesAreTheOnesWritten(t *testing.T) {
	paper, err := os.ReadFile("VENDORED.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for _, m := range regexp.MustCompile("`([a-z0-9/._-]+)` `([0-9a-f]{64})`").FindAllSubmatch(paper, -1) {
		written[string(m[1])] = string(m[2])
	}
	for name, want := range written {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s has SHA-256 %x, VENDORED.md says %s", name, sum, want)
		}
	}
	for _, s := range served {
		for _, part := range s.parts {
			if _, ok := written[part]; strings.HasPrefix(part, "js/vendor/") && !ok {
				t.Errorf("VENDORED.md does not name %s", part)
			}
		}
	}
	if len(written) < 3 {
		t.Errorf("VENDORED.md names %d files", len(written))
	}
}

// TestScriptsSayNothingAndStyleNothing: sentences come from the page, so that they
// are in its language; a style attribute would be stopped by the CSP.
func TestScriptsSayNothingAndStyleNothing(t *testing.T) {
	sentence := regexp.MustCompile(`["'\x60][A-Z][a-z]+ [a-z ,’']+["'\x60]`)
	forbidden := regexp.MustCompile(`\.style\b|"style"|innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function|document\.write`)
	for _, s := range served {
		if s.parts != nil || path.Ext(s.name) != ".js" {
			continue
		}
		for line := range strings.Lines(string(load()[s.name].plain)) {
			code, _, _ := strings.Cut(line, "//")
			if m := sentence.FindString(code); m != "" {
				t.Errorf("%s says %s", s.name, m)
			}
			if m := forbidden.FindString(code); m != "" {
				t.Errorf("%s uses %s", s.name, m)
			}
		}
	}
}

// TestOneColourComesFromOneToken: components name no colour of their own, so that
// dark mode changes tokens only.
func TestOneColourComesFromOneToken(t *testing.T) {
	_, rest, found := strings.Cut(string(load()["css/app.css"].plain), "@layer reset {")
	if !found {
		t.Fatal("app.css has no tokens first")
	}
	if m := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b[;, )]|\b(?:rgb|hsl|oklch)\(`).FindAllString(rest, -1); m != nil {
		t.Errorf("colours outside of the tokens: %q", m)
	}
}

// page50 is about what a feed of 50 posts weighs, compressed.
const page50 = 13_000

func TestAFirstVisitIsLight(t *testing.T) {
	const hold, aim = 120_000, 80_000
	total := page50
	for name, f := range load() {
		n := len(f.plain)
		if f.br != nil {
			n = len(f.br)
		}
		waits := strings.HasPrefix(name, "img/backdrops/") || slices.Contains(later, name) // until a card shows it, or somebody needs it
		if path.Ext(name) != ".webmanifest" && !strings.Contains(name, "icon") && !waits {
			total += n
		}
		t.Logf("%-36s %6d → %6d", name, len(f.plain), n)
	}
	t.Logf("a first visit is %d bytes, with a page of 50 posts; hold %d, aim %d", total, hold, aim)
	if total > hold {
		t.Errorf("a first visit weighs %d bytes, more than %d", total, hold)
	}
}

// TestEveryBackdropHasItsClass: a card names a backdrop by its class, and the
// composer paints the one that is chosen.
func TestEveryBackdropHasItsClass(t *testing.T) {
	style := load()["css/app.css"].plain
	for name := range load() {
		if path.Dir(name) != "img/backdrops" {
			continue
		}
		base := strings.TrimSuffix(path.Base(name), ".svg")
		rule := `.bd-` + base + `, .compose:has([value="` + base + `"]:checked) .face { --backdrop: url("` + URL(name) + `"); }`
		if !bytes.Contains(style, []byte(rule)) {
			t.Errorf("no rule is\n%s", rule)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustMake()
	}
}

func sha256Of(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func TestTheHashOfAScriptIsThatOfWhatIsSent(t *testing.T) {
	list := Scripts()
	if len(list) < 10 {
		t.Fatalf("%d scripts", len(list))
	}
	for _, s := range list {
		w := httptest.NewRecorder()
		Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, s.URL, http.NoBody))
		if got := hex.EncodeToString(sha256Of(w.Body.Bytes())); w.Code != http.StatusOK || got != s.SHA256 {
			t.Errorf("%s: %d, %s; want %s", s.URL, w.Code, got, s.SHA256)
		}
	}
}
