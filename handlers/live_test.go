package handlers_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// frame is what a program hears.
type frame struct {
	Type, At, ID, Why    string
	Left, Score, Replies int
	Hearts               int
	Post                 struct{ ID, Thread, Body string }
}

func (s *site) nextJSON(conn *websocket.Conn) frame {
	s.t.Helper()
	var f frame
	if err := json.Unmarshal([]byte(s.next(conn)), &f); err != nil {
		s.t.Fatal(err)
	}
	return f
}

func TestABoardIsHeardLive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.listen("/live?format=json")
	hello := s.nextJSON(conn)
	if hello.Type != "hello" {
		t.Fatalf("first frame = %+v", hello)
	}
	at, err := strconv.ParseUint(hello.At, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	hear := func(kind string) frame {
		t.Helper()
		f := s.nextJSON(conn)
		at++
		if f.Type != kind || f.At != strconv.FormatUint(at, 10) {
			t.Fatalf("heard %+v, want %s at %d", f, kind, at)
		}
		return f
	}
	id, key := s.publish("hello")
	if f := hear("born"); f.Post.ID != id || f.Post.Body != "hello" {
		t.Errorf("born = %+v", f)
	}
	s.form("/p/"+id+"/replies", "body", "a reply")
	if f := hear("changed"); f.ID != id || f.Replies != 1 {
		t.Errorf("changed = %+v", f)
	}
	s.form("/p/"+id+"/vote", "vote", "heart")
	if f := hear("changed"); f.Hearts != 1 || f.Score != 1 {
		t.Errorf("changed = %+v", f)
	}
	s.set("post_chars", "500")
	hear("settings")
	s.do(http.MethodDelete, "/api/v1/posts/"+id, "", "Authorization", "Bearer "+key)
	if f := hear("died"); f.ID != id || f.Why != "author" {
		t.Errorf("died = %+v", f)
	}
	timed, _ := s.publish("for a while")
	hear("born")
	s.clock.turn(8 * 24 * time.Hour)
	s.sweep()
	if f := hear("died"); f.ID != timed || f.Why != "time" {
		t.Errorf("died = %+v", f)
	}
}

func TestAThreadIsHeardLive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	conn := s.listen("/live?format=json&post=" + id)
	s.nextJSON(conn)
	s.form("/p/"+id+"/replies", "body", "a reply")
	if f := s.nextJSON(conn); f.Type != "born" || f.Post.Thread != id || f.Post.Body != "a reply" {
		t.Errorf("heard %+v, want the reply", f)
	}
	if f := s.nextJSON(conn); f.Type != "changed" || f.ID != id || f.Replies != 1 {
		t.Errorf("heard %+v, want the post changed", f)
	}
}

func TestVotesEndAPostAndLeaveAWordlessLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("nobody likes it")
	conn := s.listen("/live?format=json")
	s.nextJSON(conn)
	for range 5 {
		s.client = newBrowser()
		s.publish("a first write, that the cookie settles")
		s.nextJSON(conn)
		s.clock.turn(25 * time.Minute)
		if a := s.form("/p/"+id+"/vote", "vote", "down"); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("vote: %s %s", a.Status, a.body)
		}
	}
	var last frame
	for last.Type != "died" {
		last = s.nextJSON(conn)
	}
	if last.ID != id || last.Why != "score" {
		t.Errorf("died = %+v", last)
	}
	page := s.get("/").body
	if strings.Contains(page, "nobody likes it") || !strings.Contains(page, "Removed by votes") {
		t.Error("the feed does not show the line in its place")
	}
	s.clock.turn(10 * time.Minute)
	if strings.Contains(s.get("/").body, "Removed by votes") {
		t.Error("the line stands longer than ten minutes")
	}
}

func TestR69AFreshCookieDoesNotStuffVotes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	counted := 0
	for range 100 {
		if a := s.as(newBrowser(), http.MethodPost, "/p/"+id+"/vote", "vote=down", "Content-Type", formType); a.StatusCode == http.StatusSeeOther {
			counted++
		}
	}
	if counted != 3 {
		t.Errorf("%d fresh cookies of one network voted, want 3", counted)
	}
}

var counter = regexp.MustCompile(`data-at="(\d+)"`)

func TestAPageAndItsSocketAgreeOnTheCounter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("hello")
	page := s.get("/").body
	s.publish("written between the page and its socket")
	hello := s.next(s.listen("/live?board=home"))
	drawn, now := counter.FindStringSubmatch(page), counter.FindStringSubmatch(hello)
	if drawn == nil || now == nil {
		t.Fatalf("no counter in the page or in %q", hello)
	}
	if drawn[1] == now[1] {
		t.Error("the page can't tell that it missed a post")
	}
	state := s.get("/live/state?board=home&at=" + drawn[1] + "&n=1").body
	if !strings.Contains(state, "written between") || counter.FindStringSubmatch(state)[1] != now[1] {
		t.Error("asking again does not bring it")
	}
}

func TestAPostIsDrawnAlikeOnThePageAndOnTheSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.listen("/live?board=home")
	s.next(conn)
	id, _ := s.publish("hello <b>there</b>")
	article := regexp.MustCompile(`(?s)<article class="post" id="p-` + id + `".*?</article>`)
	onSocket := article.FindString(s.next(conn))
	s.client = newBrowser() // a reader that nobody knows
	onPage := article.FindString(s.get("/").body)
	if onPage == "" || onPage != onSocket {
		t.Errorf("page:\n%s\nsocket:\n%s", onPage, onSocket)
	}
}

func TestTheSocketSpeaksTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.url, "http", "ws", 1)+"/live",
		http.Header{"Origin": {s.url}, "Accept-Language": {"it"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	defer conn.Close()
	s.next(conn)
	s.publish("ciao")
	if f := s.next(conn); !strings.Contains(f, "ancora") {
		t.Errorf("frame = %s, want it in Italian", f)
	}
}

func TestAnHtmxFormGetsItselfBackEmptied(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.do(http.MethodPost, "/b/home/posts", "body=hello&ttl=1h", "Content-Type", formType, "HX-Request", "true")
	if a.StatusCode != http.StatusOK || a.Header.Get("Mayfly-Post") == "" {
		t.Fatalf("status = %s, Mayfly-Post = %q", a.Status, a.Header.Get("Mayfly-Post"))
	}
	if strings.Contains(a.body, "<html") || strings.Contains(a.body, "hello") || !strings.Contains(a.body, "<form") {
		t.Errorf("answer = %s, want the emptied form", a.body)
	}
	b := s.do(http.MethodPost, "/b/home/posts", "body=hello&ttl=1s", "Content-Type", formType, "HX-Request", "true")
	if b.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(b.body, "hello") || strings.Contains(b.body, "<html") {
		t.Errorf("answer = %s %s, want the form with its words", b.Status, b.body)
	}
}

func TestAReplysAddressLeadsToItInItsThread(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	_, out := s.call(http.MethodPost, "/api/v1/posts/"+id+"/replies", map[string]string{"body": "a reply"})
	reply := out["post"].(map[string]any)["id"].(string)
	if a := s.get("/p/" + reply); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/p/"+id+"#p-"+reply {
		t.Errorf("%s to %q", a.Status, a.Header.Get("Location"))
	}
}

func TestAThreadTakesTheKeysOfItsReplies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	_, out := s.call(http.MethodPost, "/api/v1/posts/"+id+"/replies", map[string]string{"body": "xyzzy-marker"})
	s.client = newBrowser()
	if a := s.form("/p/"+id+"/delete", "owner_key", strings.Repeat("A", 22)); a.StatusCode != http.StatusNotFound {
		t.Errorf("a foreign key: %s", a.Status)
	}
	if a := s.form("/p/"+id+"/delete", "owner_key", out["owner_key"].(string)); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the reply's key: %s", a.Status)
	}
	if page := s.get("/p/" + id).body; strings.Contains(page, "xyzzy-marker") || !strings.Contains(page, "hello") {
		t.Error("the key of a reply did not end it alone")
	}
}

func TestPagesOfAFeedNeitherRepeatNorSkip(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 7 {
		s.publish("post " + strconv.Itoa(i))
	}
	for _, sort := range []string{"new", "hot", "fading", "top"} {
		seen, cursor := map[string]bool{}, ""
		for pages := 0; ; pages++ {
			_, out := s.call(http.MethodGet, "/api/v1/boards/home/posts?limit=2&sort="+sort+"&cursor="+cursor, nil)
			for _, p := range out["posts"].([]any) {
				body := p.(map[string]any)["body"].(string)
				if seen[body] {
					t.Errorf("%s: %s twice", sort, body)
				}
				seen[body] = true
			}
			if pages == 0 {
				s.publish("born between two pages of " + sort)
			}
			if cursor = out["cursor"].(string); cursor == "" {
				break
			}
		}
		for i := range 7 {
			if !seen["post "+strconv.Itoa(i)] {
				t.Errorf("%s: post %d is missing", sort, i)
			}
		}
	}
}

func TestTheDocumentNamesEveryCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, doc := s.call(http.MethodGet, "/api/v1/openapi.json", nil)
	if doc["openapi"] != "3.1.0" {
		t.Errorf("openapi = %v", doc["openapi"])
	}
	named := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if method != "parameters" {
				named[strings.ToUpper(method)+" /api/v1"+path] = true
			}
		}
	}
	for _, pattern := range s.patterns {
		if strings.Contains(pattern, " /api/v1/") && !named[pattern] {
			t.Errorf("%s is a route and not in the document", pattern)
		}
		delete(named, pattern)
	}
	for call := range named {
		t.Errorf("%s is in the document and no route", call)
	}
}

func TestACardAWarningAndALinkAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.listen("/live?format=json")
	s.nextJSON(conn)
	a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "words", "warning": "about\nloss ", "backdrop": "reeds"})
	if p := out["post"].(map[string]any); a.StatusCode != http.StatusCreated || p["warning"] != "about loss" || p["backdrop"] != "reeds" {
		t.Errorf("%s %s", a.Status, a.body)
	}
	if f := s.nextJSON(conn); f.Type != "born" {
		t.Errorf("heard %+v", f)
	}
	b := s.form("/b/home/posts", "body", "by its link alone", "unlisted", "on")
	at := b.Header.Get("Location")
	if b.StatusCode != http.StatusSeeOther || !strings.HasPrefix(at, "/p/") {
		t.Fatalf("%s to %q, want its own address", b.Status, at)
	}
	s.client = newBrowser()
	for path, body := range s.readings(strings.TrimPrefix(at, "/p/")) {
		if strings.Contains(path, strings.TrimPrefix(at, "/p/")) != strings.Contains(body, "by its link alone") {
			t.Errorf("%s: shown %v", path, strings.Contains(body, "by its link alone"))
		}
	}
	s.form(at+"/vote", "vote", "heart")
	s.form(at+"/replies", "body", "a reply")
	s.publish("listed")
	if f := s.nextJSON(conn); f.Type != "born" || f.Post.Body != "listed" {
		t.Errorf("the board hears of what is unlisted: %+v", f)
	}
	for field, value := range map[string]string{"backdrop": "sunset", "warning": strings.Repeat("x", 121)} {
		if a := s.form("/b/home/posts", "body", "words", field, value); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", field, a.Status)
		}
	}
	s.set("cards", "off")
	s.set("unlisted", "off")
	for field, value := range map[string]string{"backdrop": "reeds", "unlisted": "on"} {
		if a := s.form("/b/home/posts", "body", "words", field, value); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s switched off: %s", field, a.Status)
		}
	}
}
