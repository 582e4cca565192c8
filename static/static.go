// Package static holds the files that every page loads: style, script, pictures,
// font. Each has an address with a hash of its content in it, so that browsers may
// keep it for ever. It knows nothing of what the pages say.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed css/*.css img/*.svg img/*.png img/backdrops/*.svg fonts/*.woff2 js/*.js js/vendor/*.js *.webmanifest
var sources embed.FS

// prefix is where Handler is mounted.
const prefix = "/static/"

// served lists the files by the name that URL takes, each after those it refers
// to. One made of several parts is joined from them: two script tags of htmx and
// its socket race, and then the socket silently never opens.
var served = []struct {
	name  string
	parts []string // nil: the file itself
}{
	{"fonts/ysabeau-office-latin.woff2", nil},
	{"img/brand.svg", nil},
	{"img/favicon.svg", nil},
	{"img/icon-192.png", nil},
	{"img/icon-512.png", nil},
	{"img/icon-maskable.png", nil},
	{"img/icon-touch.png", nil},
	{"img/icons.svg", nil},
	{"img/membrane.svg", nil},
	{"img/share.png", nil},
	{"img/wings.svg", nil},
	{"img/backdrops/blush.svg", nil},
	{"img/backdrops/crosswind.svg", nil},
	{"img/backdrops/currents.svg", nil},
	{"img/backdrops/eclipse.svg", nil},
	{"img/backdrops/embers.svg", nil},
	{"img/backdrops/keyhole.svg", nil},
	{"img/backdrops/kite.svg", nil},
	{"img/backdrops/linen.svg", nil},
	{"img/backdrops/longwater.svg", nil},
	{"img/backdrops/mist.svg", nil},
	{"img/backdrops/moth.svg", nil},
	{"img/backdrops/nightlight.svg", nil},
	{"img/backdrops/noon.svg", nil},
	{"img/backdrops/orchard.svg", nil},
	{"img/backdrops/petal.svg", nil},
	{"img/backdrops/pollen.svg", nil},
	{"img/backdrops/pond.svg", nil},
	{"img/backdrops/rain.svg", nil},
	{"img/backdrops/reeds.svg", nil},
	{"img/backdrops/slate.svg", nil},
	{"img/backdrops/squall.svg", nil},
	{"img/backdrops/static.svg", nil},
	{"img/backdrops/undertow.svg", nil},
	{"img/backdrops/velvet.svg", nil},
	{"css/app.css", []string{"css/app.css", "css/cards.css", "css/once.css", "css/pictures.css", "css/reading.css", "css/proof.css", "css/moderation.css"}},
	{"css/admin.css", nil},
	{"css/circle.css", nil},
	{"css/chat.css", nil},
	{"app.webmanifest", nil},
	{"admin.webmanifest", nil},
	{"js/htmx.js", []string{"js/vendor/htmx.min.js", "js/vendor/hx-ws.min.js", "js/strict.js"}},
	{"js/keep.js", nil},
	{"js/say.js", nil},
	{"js/life.js", nil},
	{"js/pow.worker.js", nil},
	{"js/proof.js", nil},
	{"js/net.js", nil},
	{"js/post.js", nil},
	{"js/compose.js", nil},
	{"js/picture.js", nil},
	{"js/drafts.js", nil},
	{"js/live.js", nil},
	{"js/menu.js", nil},
	{"js/mine.js", nil},
	{"js/votes.js", nil},
	{"js/app.js", nil},
	{"js/place.js", nil},
	{"js/thread.js", nil},
	{"js/device.js", nil},
	{"js/report.js", nil},
	{"js/queue.js", nil},
	{"js/system.js", nil},
	{"js/circle.js", nil},
	{"js/circle-words.js", nil},
	{"js/qr.js", nil},
	{"js/circle-session.js", nil},
	{"js/circle-views.js", nil},
	{"js/circle-write.js", nil},
	{"js/circle-feed.js", nil},
	{"js/circle-people.js", nil},
	{"js/circle-live.js", nil},
	{"js/circle-page.js", nil},
	{"js/circle-start.js", nil},
	{"js/chat-keys.js", nil},
	{"js/chat-page.js", nil},
}

// pages are the scripts that one kind of page loads beside js/app.js, or that are
// seldom needed.
var pages = []string{
	"js/thread.js", "js/device.js", "js/report.js", "js/queue.js", "js/system.js", "js/place.js", "js/pow.worker.js", "js/circle.js",
	"js/circle-words.js", "js/qr.js", "js/circle-session.js", "js/circle-views.js", "js/circle-write.js", "js/circle-feed.js", "js/circle-people.js", "js/circle-live.js", "js/circle-page.js", "js/circle-start.js",
}

// comments are what browsers need not fetch of our scripts, a fifth of them, and styles, a
// tenth. The vendored ones keep theirs, which hold their licences.
var comments = map[string]*regexp.Regexp{
	"js":  regexp.MustCompile(`(?m)^[ \t]*(?://.*|/\*\*(?s:.*?)\*/)\n`),
	"css": regexp.MustCompile(`[ \t]*/\*(?s:.*?)\*/\n?`),
}

// types are the media types of what is served.
var types = map[string]string{
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".png":         "image/png", // compressed in itself
	".svg":         "image/svg+xml",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2", // compressed in itself
}

// references find the names of other files in one: what stands between the groups
// is a path relative to the file. Files of other types refer to none.
var references = map[string]*regexp.Regexp{
	".css":         regexp.MustCompile(`(url\(")(\.{1,2}/[^"]+)("\))`),
	".js":          regexp.MustCompile(`((?m:^)(?:import|export) [^"\n]*")(\./[^"\n]+)(")`),
	".webmanifest": regexp.MustCompile(`("src": ")([^"]+)(")`),
}

// file is one as it is sent, under the encodings it may have.
type file struct {
	url   string
	mime  string
	plain []byte
	br    []byte // nil: not worth it
	gzip  []byte // nil: not worth it
}

// load makes the files once, when the first is asked for, and finds them by name.
var load = sync.OnceValue(mustMake)

// URL is the address of a file: "css/app.css" is at "/static/css/app.HASH.css". It
// panics for a name that is not served, which is a slip in a template.
func URL(name string) string {
	f, ok := load()[name]
	if !ok {
		panic("static: no file is called " + name)
	}
	return f.url
}

// Script is one that pages run: where it is, and the SHA-256 of what is sent, so that
// anybody can compare a copy of theirs.
type Script struct{ URL, SHA256 string }

// Scripts lists every script that is served.
func Scripts() []Script {
	var list []Script
	for _, s := range served {
		if strings.HasPrefix(s.name, "js/") {
			f := load()[s.name]
			list = append(list, Script{f.url, fmt.Sprintf("%x", sha256.Sum256(f.plain))})
		}
	}
	return list
}

// Integrity is a script with what its tag says of it, so that a browser runs these bytes
// or none.
func Integrity(name string) (Script, string) {
	f, ok := load()[name]
	if !ok {
		panic("static: no file is called " + name)
	}
	sum := sha256.Sum256(f.plain)
	return Script{f.url, hex.EncodeToString(sum[:])}, "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// later are scripts that a page loads when they are first needed.
var later = []string{"js/picture.js", "js/chat-keys.js", "js/chat-page.js", "css/chat.css"}

// Modules are the addresses of the script modules that js/app.js imports: a page
// that names them in its head spares its readers one round trip.
func Modules() []string {
	var urls []string
	for _, s := range served {
		if strings.HasPrefix(s.name, "js/") && s.parts == nil && s.name != "js/app.js" && !slices.Contains(pages, s.name) && !slices.Contains(later, s.name) {
			urls = append(urls, URL(s.name))
		}
	}
	return urls
}

// Handler answers GET and HEAD for the addresses that URL gives, in the encoding
// the reader likes best, and 404 for all others. It makes all files when it is
// called, so that no reader waits for that.
func Handler() http.Handler {
	files := make(map[string]*file, len(served))
	for _, f := range load() {
		files[f.url] = f
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		default:
			f.send(w, r)
		}
	})
}

func (f *file) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	body := f.plain
	if f.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		var coding string
		if coding, body = f.choose(strings.Join(r.Header.Values("Accept-Encoding"), ",")); coding != "" {
			h.Set("Content-Encoding", coding)
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // a reader that went away is no failure of ours
	}
}

// choose picks the coding with the highest weight in an Accept-Encoding header; of
// equals, the smallest. Plain is always there for who accepts nothing else.
func (f *file) choose(accept string) (coding string, body []byte) {
	weights := parseWeights(accept)
	best := 0.0
	body = f.plain
	for _, c := range []struct {
		name string
		body []byte
	}{{"br", f.br}, {"gzip", f.gzip}} {
		if q := weights.of(c.name); q > best {
			best, coding, body = q, c.name, c.body
		}
	}
	if q, named := weights["identity"]; named && q > best {
		return "", f.plain
	}
	return coding, body
}

// weights of codings, as an Accept-Encoding header gives them.
type weights map[string]float64

func parseWeights(accept string) weights {
	w := weights{}
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if key, value, ok := strings.Cut(strings.TrimSpace(params), "="); ok && strings.EqualFold(strings.TrimSpace(key), "q") {
			var err error
			if q, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
				q = 0
			}
		}
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			w[name] = q
		}
	}
	return w
}

func (w weights) of(coding string) float64 {
	if q, named := w[coding]; named {
		return q
	}
	return w["*"]
}

// mustMake reads, joins, addresses and compresses the files; they are part of the
// program, so one that is missing is a broken build.
func mustMake() map[string]*file {
	files := make(map[string]*file, len(served))
	for _, s := range served {
		f, err := makeFile(s.name, s.parts, files)
		if err != nil {
			panic(err)
		}
		files[s.name] = f
	}
	br, gz := brotli.NewWriterLevel(nil, brotliQuality), gzip.NewWriter(nil)
	for _, f := range files {
		if ext := path.Ext(f.url); ext != ".woff2" && ext != ".png" {
			f.br, f.gzip = compressed(f.plain, br), compressed(f.plain, gz)
		}
	}
	return files
}

// makeFile reads a file whose references are among those already made.
func makeFile(name string, parts []string, files map[string]*file) (*file, error) {
	if parts == nil {
		parts = []string{name}
	}
	var joined [][]byte
	for _, part := range parts {
		b, err := sources.ReadFile(part)
		if err != nil {
			return nil, fmt.Errorf("static: %w", err)
		}
		if ours, ok := comments[path.Dir(part)]; ok {
			b = ours.ReplaceAll(b, nil)
		}
		joined = append(joined, b)
	}
	body, err := readdress(name, bytes.Join(joined, []byte("\n")), files)
	if err != nil {
		return nil, err
	}
	ext := path.Ext(name)
	sum := sha256.Sum256(body)
	hash := base64.RawURLEncoding.EncodeToString(sum[:9])
	return &file{
		url:   prefix + strings.TrimSuffix(name, ext) + "." + hash + ext,
		mime:  types[ext],
		plain: body,
	}, nil
}

// readdress puts the addresses of other files where name refers to them.
func readdress(name string, body []byte, files map[string]*file) ([]byte, error) {
	find, ok := references[path.Ext(name)]
	if !ok {
		return body, nil
	}
	var lost error
	body = find.ReplaceAllFunc(body, func(match []byte) []byte {
		m := find.FindSubmatch(match)
		to := path.Join(path.Dir(name), string(m[2]))
		f, ok := files[to]
		if !ok {
			lost = fmt.Errorf("static: %s refers to %s, which is not served before it", name, to)
			return match
		}
		return slices.Concat(m[1], []byte(f.url), m[3])
	})
	return body, lost
}

// brotliQuality is what a start can afford: more saves 1 % for ten times the time
// and memory, the most 8 % for fifty times.
const brotliQuality = 5

// compressor is a writer that begins anew with Reset.
type compressor interface {
	io.WriteCloser
	Reset(to io.Writer)
}

func compressed(plain []byte, w compressor) []byte {
	var b bytes.Buffer
	w.Reset(&b)
	_, _ = w.Write(plain) // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
