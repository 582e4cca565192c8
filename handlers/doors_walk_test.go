package handlers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// xyzzy is in every word of a board that the walker walks around, and in no request of
// its own: it asks for the plain words that stand beside it.
const xyzzy = "xyzzy"

// secret is a board that has a door, and what stands on it.
type secret struct {
	slug, phrase string
	ids          map[string]string // by what they are
	bytes        []string          // of its pictures
	codes        []string
}

// walker asks every route for a board and for what stands on it.
type walker struct {
	s     *site
	who   *http.Client
	board *secret
	stay  bool // it only reads
}

// values are what the wildcards of routes stand for, each in turn. A wildcard that is not
// here is a route that the walker does not know.
func (w walker) values() map[string][]string {
	return map[string][]string{
		"board": {w.board.slug}, "id": slices.Sorted(maps.Values(w.board.ids)), "place": {"harbour"}, "number": {"1"}, "$": {""},
		"circle": {board.PostID{}.String()}, "chat": {board.PostID{}.String()}, "post": {board.PostID{}.String()}, "token": {"x"},
	}
}

// queries are what a page may be asked for beside its path; ids are put in.
func (w walker) queries(path string) []string {
	on := "board=" + w.board.slug
	if strings.HasPrefix(path, "/static/") || strings.HasPrefix(path, "/admin") || path == "/healthz" {
		return []string{"", "?" + on}
	}
	list := []string{"", "?" + on, "?" + on + "&q=lantern", "?" + on + "&tag=lamp", "?" + on + "&place=harbour", "?" + on + "&sort=hot&refresh=30", "?s=abcdefgh&n=50&limit=200&format=json&" + on}
	if strings.HasSuffix(path, "/live") || strings.HasSuffix(path, "/state") {
		for _, id := range w.board.ids {
			list = append(list, "?post="+id, "?post="+id+"&format=json")
		}
	}
	return list
}

var wildcard = regexp.MustCompile(`\{([^}]*)\}`)

// paths are all that a pattern leads to.
func (w walker) paths(pattern string) []string {
	w.s.t.Helper()
	m := wildcard.FindStringSubmatchIndex(pattern)
	if m == nil {
		return []string{pattern}
	}
	values, known := w.values()[pattern[m[2]:m[3]]]
	if !known {
		w.s.t.Fatalf("the walker does not know what {%s} stands for in %q: say it in values", pattern[m[2]:m[3]], pattern)
	}
	var list []string
	for _, value := range values {
		list = append(list, w.paths(pattern[:m[0]]+value+pattern[m[1]:])...)
	}
	return list
}

// seen is an answer without what is the walker's own: what it asked for, and the ids.
type seen struct{ request, text, raw string }

// walk asks everything once, and returns what was answered, by what was asked.
func (w walker) walk() map[string]seen {
	w.s.t.Helper()
	out := map[string]seen{}
	for _, pattern := range w.s.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		if w.stay && method != http.MethodGet {
			continue
		}
		for _, path := range w.paths(path) {
			for _, ask := range w.asks(method, path) {
				one := w.ask(ask)
				out[one.request] = one
			}
		}
	}
	return out
}

type asking struct{ method, path, body, kind string }

// asks are the ways to ask a path.
func (w walker) asks(method, path string) []asking {
	if method == http.MethodGet {
		var list []asking
		for _, q := range w.queries(path) {
			list = append(list, asking{method, path + q, "", ""})
		}
		return list
	}
	if strings.HasPrefix(path, "/api/") {
		return []asking{
			{method, path, `{"body":"hello there","vote":"heart","reason":"spam"}`, "application/json"},
			{method, path, `{"vote":"heart"}`, "application/json"},
			{method, path, `{"body":"hello there"}`, "application/json"},
			{method, path, `{"reason":"spam"}`, "application/json"},
			{method, path, `{"passphrase":"not this one"}`, "application/json"},
			{method, path, "", ""},
		}
	}
	f := encode([]string{
		"body", "hello there", "vote", "heart", "reason", "spam", "nonce", "AAAAAAAAAAAAAAAAAAAAAA", "owner_key", "AAAAAAAAAAAAAAAAAAAAAA",
		"passphrase", "not this one", "code", "abcd-efgh-ijkl-mnop", "name", "harbour",
	})
	return []asking{{method, path, f, formType}}
}

func (w walker) ask(q asking) seen {
	w.s.t.Helper()
	var headers []string
	if q.kind != "" {
		headers = []string{"Content-Type", q.kind}
	}
	a := w.s.as(w.who, q.method, q.path, q.body, append(headers, "Origin", w.s.url)...)
	raw := a.body + "\n" + fmt.Sprint(a.Header)
	text := raw
	for _, s := range shifting {
		if strings.Contains(text, s.begins) { // whoever replaces nothing copies it all the same
			text = s.ReplaceAllString(text, "")
		}
	}
	return seen{w.plain(q.method + " " + q.path + " " + q.body), a.Status + "\n" + w.plain(text), raw}
}

// shifting is what two answers to one question differ in, and what each begins with, so
// that nothing else is looked at: there are thousands of pages.
var shifting = []struct {
	begins string
	*regexp.Regexp
}{
	{`Date:[`, regexp.MustCompile(`Date:\[[^\]]*\]`)}, {`data-at="`, regexp.MustCompile(`data-at="\d+"`)}, {`"at":"`, regexp.MustCompile(`"at":"\d+"`)},
	{`?at=`, regexp.MustCompile(`\?at=\d+`)}, {`&at=`, regexp.MustCompile(`&at=\d+`)}, {`?token=`, regexp.MustCompile(`\?token=[A-Z2-7]+`)},
	{`name="seed"`, regexp.MustCompile(`name="seed" value="[^"]*"`)},
}

// plain has every id stand for what it is of, and an address for its pattern.
func (w walker) plain(text string) string {
	for what, id := range w.board.ids {
		text = strings.ReplaceAll(text, id, "«"+what+"»")
	}
	return text
}

// upgrade is the status that a socket is answered with; "" when it opens.
func (w walker) upgrade(path string) string {
	w.s.t.Helper()
	headers := http.Header{"Origin": {w.s.url}}
	dialer := *websocket.DefaultDialer
	dialer.Jar = w.who.Jar
	conn, res, err := dialer.DialContext(w.s.t.Context(), strings.Replace(w.s.url, "http", "ws", 1)+path, headers)
	if err == nil {
		conn.Close()
		return ""
	}
	res.Body.Close()
	return res.Status
}

// sockets are the ways to listen to a board and its threads.
func (w walker) sockets() []string {
	list := []string{"/live?board=" + w.board.slug, "/api/v1/live?board=" + w.board.slug}
	for _, id := range w.board.ids {
		list = append(list, "/live?post="+id, "/api/v1/live?post="+id)
	}
	return list
}

// whatStands are the kinds of posts that the board will hold.
var whatStands = []string{"post", "reply", "picture", "once", "unlisted", "prompt"}

// fill writes of everything on the board, each field with the marker, as somebody inside.
func (b *secret) fill(s *site, inside *http.Client) {
	s.t.Helper()
	publish := func(what string, draft map[string]any) string {
		s.t.Helper()
		draft["body"] = strings.TrimSpace(fmt.Sprint(draft["body"], " ", xyzzy, what, " lantern #lamp #", xyzzy, "tag"))
		a := s.as(inside, http.MethodPost, "/api/v1/boards/"+b.slug+"/posts", string(must(json.Marshal(draft))), "Content-Type", "application/json")
		if a.StatusCode != http.StatusCreated {
			s.t.Fatalf("%s: %s %s", what, a.Status, a.body)
		}
		return strings.TrimPrefix(a.Header.Get("Location"), "/api/v1/posts/")
	}
	b.ids["post"] = publish("body", map[string]any{"warning": xyzzy + "warning", "place": "Xyzzyplace", "body": "one"})
	publish("card", map[string]any{"backdrop": "pond", "place": "Harbour", "body": "quite another thing that has few words in common with it"})
	b.ids["once"] = publish("once", map[string]any{"view_once": true, "body": "for one look alone, then it goes"})
	b.ids["unlisted"] = publish("unlisted", map[string]any{"unlisted": true, "body": "whoever has the link"})
	reply := s.as(inside, http.MethodPost, "/api/v1/posts/"+b.ids["post"]+"/replies", `{"body":"`+xyzzy+`reply lantern"}`, "Content-Type", "application/json")
	if reply.StatusCode != http.StatusCreated {
		s.t.Fatalf("reply: %s %s", reply.Status, reply.body)
	}
	b.ids["reply"] = strings.TrimPrefix(reply.Header.Get("Location"), "/api/v1/posts/")
	body, kind := upload(photo(64, 48), "body", xyzzy+"picture lantern", "alt", xyzzy+"alt")
	picture := s.as(inside, http.MethodPost, "/api/v1/boards/"+b.slug+"/posts", body, "Content-Type", kind)
	b.ids["picture"] = strings.TrimPrefix(picture.Header.Get("Location"), "/api/v1/posts/")
	for _, part := range []string{"/picture", "/thumb"} {
		got := s.as(inside, http.MethodGet, "/p/"+b.ids["picture"]+part, "")
		if got.StatusCode != http.StatusOK {
			s.t.Fatalf("%s: %s", part, got.Status)
		}
		b.bytes = append(b.bytes, got.body)
	}
	if err := board.Ask(s.t.Context(), "cli", s.store, s.store, board.Question{Board: b.slug, Kind: board.Asking, Body: xyzzy + "prompt lantern?"}, s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
	s.follow()
	b.ids["prompt"] = must(s.board.Prompts(board.AsHost(s.t.Context()), b.slug))[0].ID.String()
	gone := must(board.ParsePostID(publish("gone", map[string]any{"body": "soon an admin takes this away"})))
	if _, err := s.board.Remove(s.t.Context(), board.Ruling{By: "ada", Reason: board.Spam}, gone); err != nil {
		s.t.Fatal(err)
	}
}

// enter has a browser come in through the door of the board.
func (b *secret) enter(s *site, who *http.Client) {
	s.t.Helper()
	show := []string{"passphrase", b.phrase}
	if b.phrase == "" {
		code := must(s.doors.Invite(s.t.Context(), "ada", b.slug, 1, time.Hour))
		b.codes = append(b.codes, string(code))
		show = []string{"code", string(code)}
	}
	if a := s.formAs(who, "/b/"+b.slug+"/door", show...); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("the door: %s %s", a.Status, a.body)
	}
}

// leaks says what of a board an answer holds.
func (b *secret) leaks(text string) string {
	if i := indexFold(text, xyzzy); i >= 0 {
		return text[max(0, i-60):min(len(text), i+60)]
	}
	for _, part := range b.bytes {
		if strings.Contains(text, part[len(part)/2:len(part)/2+64]) {
			return "bytes of a picture"
		}
	}
	return ""
}

// indexFold is where text holds a word, in small letters or capitals, and -1 where it does
// not. It makes no copy of the text.
func indexFold(text, word string) int {
	for _, first := range []string{word[:1], strings.ToUpper(word[:1])} {
		for i := strings.Index(text, first); i >= 0 && len(text)-i >= len(word); {
			if strings.EqualFold(text[i:i+len(word)], word) {
				return i
			}
			next := strings.Index(text[i+1:], first)
			if next < 0 {
				break
			}
			i += 1 + next
		}
	}
	return -1
}

func TestAWordIsFoundInAnyCase(t *testing.T) {
	for text, at := range map[string]int{"": -1, "x": -1, "a xyzz": -1, "xxyzzy": 1, "an XyZZy": 3, "X xyz x xyzzy": 8, "Xyzz XYZZY": 5} {
		if got := indexFold(text, xyzzy); got != at {
			t.Errorf("%q: at %d, want %d", text, got, at)
		}
	}
}

func boardURLOf(slug string) string {
	if slug == board.Home {
		return "/"
	}
	return "/b/" + slug
}

// TestAClosedBoardLeaksNothing walks every route that there is around a board with a door.
// From outside no answer holds a word, a picture or a number of it: each is, byte for
// byte, what it was before anything stood there, and at addresses that led to nothing. A
// route with a wildcard that it does not know fails it.
func TestAClosedBoardLeaksNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		secret
		access board.Access
	}{
		{"a board by passphrase", secret{slug: "attic", phrase: "warm tin roof"}, board.ByPassphrase},
		{"a board by invitation", secret{slug: "attic"}, board.ByInvite},
		{"the home board by passphrase", secret{slug: board.Home, phrase: "warm tin roof"}, board.ByPassphrase},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.set("open", "0")
			b := &tt.secret
			if b.slug != board.Home {
				s.addBoard(board.Info{Slug: b.slug, Title: xyzzy + "title", Rules: xyzzy + "rules"})
			} else if err := board.ChangeBoard(t.Context(), "cli", s.store, b.slug, func(i *board.Info) error {
				i.Title, i.Rules = xyzzy+"title", xyzzy+"rules"
				return nil
			}, s.clock.Now()); err != nil {
				t.Fatal(err)
			}
			s.follow()
			if err := s.tuner.Apply(t.Context(), "cli", b.slug, map[string]string{"place_list": "Harbour; Xyzzyplace"}); err != nil {
				t.Fatal(err)
			}
			if err := s.doors.Set(t.Context(), "ada", b.slug, tt.access, b.phrase); err != nil {
				t.Fatal(err)
			}
			inside, outside := newBrowser(), &http.Client{Transport: plain, CheckRedirect: newBrowser().CheckRedirect}
			b.enter(s, inside)
			b.ids = map[string]string{}
			for _, what := range whatStands {
				b.ids[what] = board.NewPostID().String()
			}

			before := walker{s, outside, b, false}.walk()
			s.clock.turn(16 * time.Minute) // what was tried at the door is forgotten
			s.sweep()
			b.fill(s, inside)
			after := walker{s, outside, b, false}.walk()

			if len(before) != len(after) || len(after) < len(s.patterns) {
				t.Fatalf("%d were asked for, then %d", len(before), len(after))
			}
			for request, is := range after {
				if leak := b.leaks(is.raw); leak != "" {
					t.Errorf("%s leaks %q", request, leak)
				}
				if was := before[request]; was.text != is.text {
					t.Errorf("%s tells an empty board from a full one:\n%s", request, difference(was.text, is.text))
				}
			}
			for _, path := range (walker{s, outside, b, false}).sockets() {
				if status := (walker{s, outside, b, false}).upgrade(path); status == "" {
					t.Errorf("a socket opens at %s", path)
				}
			}
			b.control(t, s, inside)
			b.turn(t, s, inside)
		})
	}
}

// control sees to it that the walker sees what there is to be seen, from inside.
func (b *secret) control(t *testing.T, s *site, inside *http.Client) {
	t.Helper()
	w := walker{s, inside, b, true}
	seen, leaks := w.walk(), map[string]bool{}
	for request, is := range seen {
		if b.leaks(is.raw) != "" {
			leaks[strings.Fields(request)[1]] = true
		}
	}
	on := "?board=" + b.slug
	for _, path := range []string{
		boardURLOf(b.slug), "/boards", "/p/«post»", "/p/«reply»", "/p/«unlisted»", "/p/«picture»/picture", "/p/«picture»/thumb", "/p/«prompt»",
		"/write" + on, "/search" + on + "&q=lantern", "/search" + on + "&tag=lamp", "/places/harbour" + on, "/about", "/you",
		"/live/state" + on, "/live/state?post=«post»", "/api/v1/boards", "/api/v1/boards/" + b.slug + "/posts", "/api/v1/posts/«post»",
	} {
		if path == "/boards" && b.slug == board.Home || path == "/p/«reply»" { // it leads to its thread
			continue
		}
		if !leaks[path] {
			t.Errorf("control: from inside, %s shows nothing of it", path)
		}
	}
	for _, path := range w.sockets() {
		if status := w.upgrade(path); status != "" {
			t.Errorf("control: from inside, %s answers %s", path, status)
		}
	}
}

// turn puts everybody out: who was inside is told nothing more, save at /you of what is
// their own.
func (b *secret) turn(t *testing.T, s *site, inside *http.Client) {
	t.Helper()
	if err := s.doors.TurnOut(t.Context(), "ada", b.slug); err != nil {
		t.Fatal(err)
	}
	w := walker{s, inside, b, true}
	for request, is := range w.walk() {
		if leak := b.leaks(is.raw); leak != "" && !strings.HasPrefix(request, "GET /you") {
			t.Errorf("after everybody was put out, %s leaks %q", request, leak)
		}
	}
	for _, path := range w.sockets() {
		if w.upgrade(path) == "" {
			t.Errorf("after everybody was put out, a socket opens at %s", path)
		}
	}
	door := s.as(inside, http.MethodGet, "/p/"+b.ids["post"], "")
	if door.StatusCode != http.StatusNotFound || !strings.Contains(door.body, `action="/b/`+b.slug+`/door"`) || !strings.Contains(door.body, `name="to" value="/p/`+b.ids["post"]+`"`) {
		t.Errorf("who was put out of a thread does not find its door: %s", door.Status)
	}
}

// difference is where two texts part.
func difference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return strconv.Quote(s[max(0, i-80):min(len(s), i+80)]) }
	return cut(a) + "\n" + cut(b)
}
