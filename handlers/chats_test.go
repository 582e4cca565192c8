package handlers_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
	"mayfly/e2e/circle"
	"mayfly/live"
)

// talk is one side of a chat with a client that is no browser.
type talk struct {
	*site
	post   board.PostID
	id     board.PostID // zero: the author, to whom no chat belongs yet
	key    *ecdh.PrivateKey
	token  []byte
	kind   circle.Kind
	shared []byte
	sent   int
}

// said is a message that was sent.
type uttered struct {
	words, envelope string
	n               int
	f               []byte
}

const (
	askedWords    = "xyzzy-does-it-hurt"
	answeredWords = "xyzzy-only-at-night"
)

// asking publishes a post whose author may be asked; change may alter it.
func (s *site) asking(change ...func(map[string]any)) *talk {
	s.t.Helper()
	s.set("chats", "on")
	a := &talk{site: s, key: circle.NewMember(), token: circle.Random(32), kind: circle.Answer}
	hash := sha256.Sum256(a.token)
	body := map[string]any{"body": "ask me " + b64(circle.Random(6)), "chat_key": b64(a.q()), "chat_token": b64(hash[:])}
	for _, f := range change {
		f(body)
	}
	answer, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", body)
	if answer.StatusCode != http.StatusCreated {
		s.t.Fatalf("publish: %s %s", answer.Status, answer.body)
	}
	post := out["post"].(map[string]any)
	a.post = must(board.ParsePostID(post["id"].(string)))
	return a
}

func (c *talk) q() []byte { return c.key.PublicKey().Bytes() }

// reader is somebody else, who may ask.
func (c *talk) reader() *talk {
	other := c.anotherBrowser()
	return &talk{site: other, post: c.post, id: board.NewPostID(), key: circle.NewMember(), token: circle.Random(32), kind: circle.Ask}
}

// seals the next message of this side.
func (c *talk) seals(words string) (uttered, map[string]any) {
	m := uttered{words: words, n: c.sent + 1, f: circle.Random(32)}
	at := circle.At{Kind: c.kind, Epoch: uint32(m.n), Circle: c.id, Thread: c.post}
	m.envelope = b64(circle.Seal(c.shared, at, must(json.Marshal(map[string]string{"w": words, "f": b64(m.f)})), nil))
	return m, map[string]any{"n": m.n, "body": m.envelope, "commit": b64(circle.Commit(m.f, words))}
}

// tries a call as this side; path begins after the post's chats.
func (c *talk) tries(method, path string, body any) (answer, map[string]any) {
	c.t.Helper()
	return c.call(method, "/api/v1/posts/"+c.post.String()+"/chats"+path, body, "Authorization", "Chat "+b64(c.token))
}

// does is a call that must be answered so.
func (c *talk) does(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	a, out := c.tries(method, path, body)
	if a.StatusCode != status {
		c.t.Fatalf("%s %s: %s %s, want %d", method, path, a.Status, a.body, status)
	}
	return out
}

// code is what a refused call says.
func (c *talk) code(method, path string, body any) string {
	c.t.Helper()
	a, out := c.tries(method, path, body)
	if a.StatusCode < 400 {
		c.t.Errorf("%s %s: %s", method, path, a.Status)
		return ""
	}
	code, _ := out["code"].(string)
	return code
}

func (c *talk) here(path string) string { return "/" + c.id.String() + path }

// question is what asks a post's author.
func (c *talk) question(words string) (uttered, map[string]any) {
	c.t.Helper()
	_, out := c.call(http.MethodGet, "/api/v1/posts/"+c.post.String(), nil)
	author := unb64(c.t, out["post"].(map[string]any)["chat"].(string))
	c.shared = must(circle.ChatKey(c.key, author, c.post, c.id, author, c.q()))
	m, body := c.seals(words)
	delete(body, "n")
	maps.Copy(body, map[string]any{"id": c.id.String(), "key": b64(c.q())})
	return m, body
}

// asks begins a chat.
func (c *talk) asks(words string) uttered {
	c.t.Helper()
	m, body := c.question(words)
	c.does(http.StatusCreated, http.MethodPost, "", body)
	c.sent++
	return m
}

// in is the author in one chat of theirs.
func (c *talk) in(asker *talk) *talk {
	c.t.Helper()
	out := c.does(http.StatusOK, http.MethodGet, "/"+asker.id.String(), nil)["chat"].(map[string]any)
	mine := *c
	mine.id = asker.id
	q := unb64(c.t, out["asker"].(string))
	mine.shared = must(circle.ChatKey(c.key, q, c.post, asker.id, c.q(), q))
	mine.sent = int(out["sent"].(float64))
	return &mine
}

// says sends a message.
func (c *talk) says(words string) uttered {
	c.t.Helper()
	m, body := c.seals(words)
	c.does(http.StatusCreated, http.MethodPost, c.here("/messages"), body)
	c.sent++
	return m
}

// sees opens what is unread of both sides: "asker 1: words".
func (c *talk) sees() (list []string) {
	c.t.Helper()
	kinds := map[string]circle.Kind{"asker": circle.Ask, "author": circle.Answer}
	for _, raw := range c.does(http.StatusOK, http.MethodGet, c.here(""), nil)["messages"].([]any) {
		m := raw.(map[string]any)
		n := int(m["n"].(float64))
		plain, err := circle.Open(c.shared, circle.At{Kind: kinds[m["from"].(string)], Epoch: uint32(n), Circle: c.id, Thread: c.post}, unb64(c.t, m["body"].(string)))
		var in struct{ W string }
		if err == nil {
			err = json.Unmarshal(plain, &in)
		}
		if err != nil {
			in.W = "shut"
		}
		list = append(list, m["from"].(string)+" "+strconv.Itoa(n)+": "+in.W)
	}
	return list
}

func (c *talk) reads(n int) {
	c.t.Helper()
	c.does(http.StatusNoContent, http.MethodPut, c.here("/read"), map[string]any{"n": n})
}

func (c *talk) wants(list ...string) {
	c.t.Helper()
	if got := c.sees(); strings.Join(got, "|") != strings.Join(list, "|") {
		c.t.Errorf("unread are %q, want %q", got, list)
	}
}

// hears is a page that listens, once it has been greeted.
func (c *talk) hears(tickets string) *websocket.Conn {
	c.t.Helper()
	ticket := c.does(http.StatusCreated, http.MethodPost, tickets, nil)["ticket"].(string)
	dialer := *websocket.DefaultDialer
	dialer.Jar = c.client.Jar
	heard, res, err := dialer.DialContext(c.t.Context(), strings.Replace(c.url, "http", "ws", 1)+"/live?chat="+c.post.String()+"&ticket="+ticket, http.Header{"Origin": {c.url}})
	if err != nil {
		c.t.Fatal(err)
	}
	res.Body.Close()
	c.t.Cleanup(func() { heard.Close() })
	c.next(heard)
	return heard
}

// tends does what the server does each second.
func (c *talk) tends() {
	c.t.Helper()
	if err := c.chats.Tend(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func TestAChatIsReadOnceByEitherSideAndGone(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	asker.asks(askedWords)
	list := author.does(http.StatusOK, http.MethodGet, "", nil)["chats"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["unread"] != 1.0 {
		t.Fatalf("the author sees %v", list)
	}
	mine := author.in(asker)
	mine.wants("asker 1: " + askedWords)
	mine.wants("asker 1: " + askedWords) // seeing is not reading
	mine.reads(1)
	mine.wants()
	mine.says(answeredWords)
	mine.says("and in the rain")
	asker.wants("author 1: "+answeredWords, "author 2: and in the rain")
	asker.reads(1)
	asker.wants("author 2: and in the rain")
	asker.reads(2)
	asker.reads(2) // twice is once
	mine.wants()
	if s.rows("chat_messages WHERE box IS NOT NULL OR slot IS NOT NULL") != 0 {
		t.Error("what was read is there")
	}
	chat := asker.does(http.StatusOK, http.MethodGet, asker.here(""), nil)["chat"].(map[string]any)
	if chat["side"] != "asker" || chat["sent"] != 1.0 || chat["got"] != 2.0 || chat["state"] != "on" {
		t.Errorf("the chat is %v", chat)
	}
}

func TestNobodyAsksWhereTheAuthorDoesNotAllowIt(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	plain, _ := s.publish("no questions, please")
	asker := author.reader()
	_, body := asker.question(askedWords)
	try := func(post string) string {
		t.Helper()
		a, out := asker.call(http.MethodPost, "/api/v1/posts/"+post+"/chats", body, "Authorization", "Chat "+b64(asker.token))
		if a.StatusCode < 400 {
			t.Errorf("asked: %s", a.Status)
		}
		code, _ := out["code"].(string)
		return code
	}
	if code := try(plain); code != "error.chat.off" {
		t.Errorf("a post without the tick: %q", code)
	}
	if _, out := s.call(http.MethodGet, "/api/v1/posts/"+plain, nil); out["post"].(map[string]any)["chat"] != "" {
		t.Error("a post without the tick has a key")
	}
	if code := try(board.NewPostID().String()); code != "error.gone" {
		t.Errorf("a post that is not there: %q", code)
	}
	s.set("chats", "off")
	if code := try(author.post.String()); code != "error.chat.off" {
		t.Errorf("switched off: %q", code)
	}
	if _, out := s.call(http.MethodGet, "/api/v1/posts/"+author.post.String(), nil); out["post"].(map[string]any)["chat"] != "" {
		t.Error("switched off, its key is given out")
	}
	for field, draft := range map[string]map[string]any{
		"error.chat.off_here": {"body": "x y z", "chat_key": b64(author.q()), "chat_token": b64(circle.Random(32))},
	} {
		if a := s.do(http.MethodPost, "/api/v1/boards/home/posts", string(must(json.Marshal(draft))), "Content-Type", "application/json"); !strings.Contains(a.body, "chat_key") || a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s %s", field, a.Status, a.body)
		}
	}
	s.set("chats", "on")
	for name, draft := range map[string]map[string]any{
		"no key of P-256":       {"body": "x y z", "chat_key": b64(make([]byte, 65)), "chat_token": b64(circle.Random(32))},
		"a key of no use":       {"body": "x y z", "chat_key": "!", "chat_token": b64(circle.Random(32))},
		"no hash":               {"body": "x y z", "chat_key": b64(author.q())},
		"one that is seen once": {"body": "x y z", "view_once": true, "chat_key": b64(author.q()), "chat_token": b64(circle.Random(32))},
	} {
		if a := s.do(http.MethodPost, "/api/v1/boards/home/posts", string(must(json.Marshal(draft))), "Content-Type", "application/json"); !strings.Contains(a.body, "chat_key") || a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s %s", name, a.Status, a.body)
		}
	}
	mine := *author
	mine.id, mine.kind = board.NewPostID(), circle.Ask
	_, body = mine.question("talking to myself")
	if code := mine.code(http.MethodPost, "", body); code != "error.chat.own" {
		t.Errorf("an author asks themselves: %q", code)
	}
}

func TestAChatIsThereForItsTwoAlone(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker, other := author.reader(), author.reader()
	asker.asks(askedWords)
	other.asks("me too")
	stranger := author.reader()
	none := stranger.do(http.MethodGet, "/api/v1/posts/"+author.post.String()+"/chats/"+board.NewPostID().String(), "", "Authorization", "Chat "+b64(stranger.token))
	for _, call := range []struct{ method, path string }{
		{http.MethodGet, ""},
		{http.MethodGet, asker.here("")},
		{http.MethodDelete, asker.here("")},
		{http.MethodPost, asker.here("/block")},
		{http.MethodPost, asker.here("/tickets")},
		{http.MethodPost, "/tickets"},
		{http.MethodPut, asker.here("/read")},
		{http.MethodPost, asker.here("/messages")},
		{http.MethodPost, asker.here("/reports")},
	} {
		for name, who := range map[string]*talk{"a stranger": stranger, "another asker": other} {
			if a, _ := who.tries(call.method, call.path, nil); a.StatusCode != http.StatusNotFound || a.body != none.body {
				t.Errorf("%s: %s %s: %s %s", name, call.method, call.path, a.Status, a.body)
			}
		}
	}
	if a := s.get("/api/v1/posts/"+author.post.String()+"/chats", "Authorization", "Bearer x"); a.StatusCode != http.StatusNotFound {
		t.Errorf("without a token: %s", a.Status)
	}
	asker.wants("asker 1: " + askedWords)
	second := s.asking() // the same browser wrote another post
	if a, _ := (&talk{site: s, post: author.post, token: second.token}).tries(http.MethodGet, "", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("the token of another post's author: %s", a.Status)
	}
}

func TestACiphertextOfAnotherPlaceOpensNowhere(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	a, b := author.reader(), author.reader()
	first := a.asks(askedWords)
	b.asks("me too")
	commit := b64(circle.Commit(first.f, first.words))
	pasted := map[string]any{"n": 2, "body": first.envelope, "commit": commit}
	if code := b.code(http.MethodPost, b.here("/messages"), pasted); code != "error.chat.envelope" {
		t.Errorf("an old number under a new one: %q", code)
	}
	raw := unb64(t, first.envelope)
	raw[4] = 2 // as if it were the second
	pasted["body"] = b64(raw)
	b.does(http.StatusCreated, http.MethodPost, b.here("/messages"), pasted) // nobody can tell
	b.wants("asker 1: me too", "asker 2: shut")
	a.does(http.StatusCreated, http.MethodPost, a.here("/messages"), pasted)
	a.wants("asker 1: "+askedWords, "asker 2: shut")
	mine := author.in(a)
	raw[4] = 1
	mine.does(http.StatusCreated, http.MethodPost, mine.here("/messages"), map[string]any{"n": 1, "body": b64(raw), "commit": commit})
	mine.wants("asker 1: "+askedWords, "asker 2: shut", "author 1: shut") // sent back from the other side
	for name, body := range map[string]map[string]any{
		"cut short":          {"n": 3, "body": b64(raw[:100]), "commit": commit},
		"of another version": {"n": 3, "body": b64(append([]byte{2}, raw[1:]...)), "commit": commit},
		"empty":              {"n": 3, "body": "", "commit": commit},
		"too long":           {"n": 3, "body": b64(append([]byte{1, 0, 0, 0, 3}, make([]byte, 12+16<<10+16)...)), "commit": commit},
	} {
		if code := a.code(http.MethodPost, a.here("/messages"), body); code != "error.chat.envelope" {
			t.Errorf("%s: %q", name, code)
		}
	}
	_, next := a.seals("again")
	raw = unb64(t, next["body"].(string))
	raw[4] = 9
	next["n"], next["body"] = 9, b64(raw)
	if code := a.code(http.MethodPost, a.here("/messages"), next); code != "error.chat.turn" {
		t.Errorf("a number that is not the next: %q", code)
	}
	next["n"] = 0
	if code := a.code(http.MethodPost, a.here("/messages"), next); code != "error.chat.turn" {
		t.Errorf("no number: %q", code)
	}
}

func TestAChatEndsWithItsPost(t *testing.T) {
	for name, end := range map[string]func(s *site, a *talk){
		"by time":   func(s *site, _ *talk) { s.clock.turn(11 * time.Minute) },
		"by author": func(s *site, a *talk) { s.call(http.MethodDelete, "/api/v1/posts/"+a.post.String(), nil) },
		"by admin": func(s *site, a *talk) {
			if _, err := s.board.Remove(s.t.Context(), board.Ruling{By: "ada", Reason: board.Spam}, a.post); err != nil {
				s.t.Fatal(err)
			}
		},
		"by reports": func(s *site, a *talk) {
			if err := s.board.Hide(s.t.Context(), board.Ruling{By: "ada", Reason: board.Spam}, a.post); err != nil {
				s.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			author := s.asking(with("ttl", "10m"))
			asker := author.reader()
			asker.asks(askedWords)
			mine := author.in(asker)
			pages := []*websocket.Conn{asker.hears(asker.here("/tickets")), author.hears("/tickets")}
			before := s.slots.Count()
			end(s, author)
			for _, who := range []*talk{asker, mine} { // at that very moment
				for _, path := range []string{"", "/messages"} {
					_, body := who.seals("too late")
					method := map[string]string{"": http.MethodGet, "/messages": http.MethodPost}[path]
					if method == http.MethodGet {
						body = nil
					}
					if a, _ := who.tries(method, who.here(path), body); a.StatusCode != http.StatusNotFound {
						t.Errorf("%s %s: %s", method, path, a.Status)
					}
				}
			}
			s.sweep()
			author.tends()
			for i, page := range pages {
				if f := s.next(page); f != `{"type":"ended","chat":"`+asker.id.String()+`"}` {
					t.Errorf("page %d hears %s", i, f)
				}
			}
			s.sweep()
			if n := s.rows("chats") + s.rows("chat_messages"); n != 0 {
				t.Errorf("%d rows are left", n)
			}
			if got := s.slots.Count(); got >= before {
				t.Errorf("%d keys, before %d", got, before)
			}
		})
	}
}

func TestEitherSideEndsAChatAtOnce(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	a, b := author.reader(), author.reader()
	a.asks(askedWords)
	b.asks("me too")
	mine := author.in(a)
	ticket := author.does(http.StatusCreated, http.MethodPost, "/tickets", nil)["ticket"].(string)
	heard := s.listen("/live?chat=" + a.post.String() + "&ticket=" + ticket)
	s.next(heard)
	a.does(http.StatusNoContent, http.MethodDelete, a.here(""), nil)
	if f := s.next(heard); !strings.Contains(f, `"ended"`) {
		t.Errorf("the author hears %s", f)
	}
	if s.rows("chat_messages WHERE box IS NOT NULL") != 1 {
		t.Error("what was unread is there")
	}
	_, body := mine.seals("wait")
	for _, code := range []string{
		mine.code(http.MethodPost, mine.here("/messages"), body), mine.code(http.MethodPut, mine.here("/read"), map[string]any{"n": 1}),
		mine.code(http.MethodDelete, mine.here(""), nil), a.code(http.MethodDelete, a.here(""), nil),
	} {
		if code != "error.chat.over" {
			t.Errorf("after its end: %q", code)
		}
	}
	a.id, a.sent = board.NewPostID(), 0
	a.asks("sorry, once more") // who ended it may ask anew
}

func TestBothEndAChatAtTheSameInstant(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	asker.asks(askedWords)
	mine := author.in(asker)
	var done, over int
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			who := []*talk{asker, mine}[i%2]
			a, _ := who.tries(http.MethodDelete, who.here(""), nil)
			mu.Lock()
			defer mu.Unlock()
			switch a.StatusCode {
			case http.StatusNoContent:
				done++
			case http.StatusGone:
				over++
			}
		})
	}
	all.Wait()
	if done != 1 || over != 7 {
		t.Errorf("%d ended it, %d were told that it is over", done, over)
	}
}

func TestWhoIsBlockedAsksNoMoreUnderThatPost(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	asker.asks(askedWords)
	author.in(asker).does(http.StatusNoContent, http.MethodPost, asker.here("/block"), nil)
	asker.id, asker.sent = board.NewPostID(), 0
	_, body := asker.question("please")
	if code := asker.code(http.MethodPost, "", body); code != "error.chat.blocked" {
		t.Errorf("blocked: %q", code)
	}
	another := s.asking() // of the same author
	asker.post = another.post
	asker.asks("another post, nobody knows me")
	mine := another.in(asker)
	asker.does(http.StatusNoContent, http.MethodPost, asker.here("/block"), nil) // an asker only ends it
	_, answer := mine.seals("hello?")
	if code := mine.code(http.MethodPost, mine.here("/messages"), answer); code != "error.chat.over" {
		t.Errorf("the asker has blocked: %q", code)
	}
}

func TestWhoEndedAChatCanStillBeBlocked(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker, other := author.reader(), author.reader()
	asker.asks("you are a heron")
	other.asks("me too")
	mine := author.in(asker)
	first := asker.id
	asker.does(http.StatusNoContent, http.MethodDelete, asker.here(""), nil)
	asker.id, asker.sent = board.NewPostID(), 0
	asker.asks("and what a heron")
	states := func(want string) {
		t.Helper()
		var got []string
		for _, c := range author.does(http.StatusOK, http.MethodGet, "", nil)["chats"].([]any) {
			got = append(got, c.(map[string]any)["state"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("the author sees %v, want %s", got, want)
		}
	}
	states("over on on")
	mine.does(http.StatusNoContent, http.MethodPost, mine.here("/block"), nil)
	states("blocked on blocked") // who is blocked goes on nowhere under the post
	for _, id := range []board.PostID{first, asker.id} {
		asker.id = id
		chat := asker.does(http.StatusOK, http.MethodGet, asker.here(""), nil)["chat"].(map[string]any)
		if chat["state"] != "over" {
			t.Errorf("who was blocked sees %v", chat["state"])
		}
	}
	_, body := asker.seals("wait")
	if code := asker.code(http.MethodPost, asker.here("/messages"), body); code != "error.chat.over" {
		t.Errorf("blocked, they write: %q", code)
	}
	asker.id, asker.sent = board.NewPostID(), 0
	_, body = asker.question("please")
	if code := asker.code(http.MethodPost, "", body); code != "error.chat.blocked" {
		t.Errorf("blocked, they ask anew: %q", code)
	}
	if code := mine.code(http.MethodPost, mine.here("/block"), nil); code != "error.chat.over" {
		t.Errorf("blocked twice: %q", code)
	}
	other.wants("asker 1: me too")
}

// TestEveryRequestOfAChatAsksTheDoor: whoever is outside the board neither reads nor writes
// a chat under its posts, from the call on that turned its key, and goes on once let in.
func TestEveryRequestOfAChatAsksTheDoor(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	asker.asks(askedWords)
	mine := author.in(asker)
	none := author.reader()
	none.id = asker.id
	turn := func(how func() error) {
		t.Helper()
		pages := []*websocket.Conn{asker.hears(asker.here("/tickets")), author.hears("/tickets")}
		tickets := map[*talk]any{
			asker:  asker.does(http.StatusCreated, http.MethodPost, asker.here("/tickets"), nil)["ticket"],
			author: author.does(http.StatusCreated, http.MethodPost, "/tickets", nil)["ticket"],
		}
		if err := how(); err != nil {
			t.Fatal(err)
		}
		for i, page := range pages {
			if err := page.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			_, frame, err := page.ReadMessage()
			if closed, is := errors.AsType[*websocket.CloseError](err); !is || closed.Code != live.CloseDoor {
				t.Errorf("page %d hears %q, %v; want to be closed", i, frame, err)
			}
		}
		for who, ticket := range tickets {
			a := who.get("/live?chat="+author.post.String()+"&ticket="+ticket.(string), "Origin", s.url)
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("a ticket from before opens a socket: %s", a.Status)
			}
		}
	}
	shut := func(who *talk) {
		t.Helper()
		_, next := who.seals("too late")
		for _, call := range []struct {
			method, path string
			body         any
		}{
			{http.MethodGet, who.here(""), nil},
			{http.MethodPost, who.here("/messages"), next},
			{http.MethodPut, who.here("/read"), map[string]any{"n": 1}},
			{http.MethodPost, who.here("/reports"), map[string]any{"reason": "harm", "n": 1, "words": "x", "f": b64(circle.Random(32))}},
			{http.MethodPost, who.here("/tickets"), nil},
			{http.MethodPost, who.here("/block"), nil},
			{http.MethodDelete, who.here(""), nil},
			{http.MethodGet, "", nil},
			{http.MethodPost, "/tickets", nil},
		} {
			a, _ := who.tries(call.method, call.path, call.body)
			if want, _ := none.tries(call.method, call.path, call.body); a.StatusCode != http.StatusNotFound || a.body != want.body {
				t.Errorf("outside, %s %s: %s %s", call.method, call.path, a.Status, a.body)
			}
		}
	}
	enter := func(who *talk, phrase string) {
		t.Helper()
		if a := who.form("/b/home/door", "passphrase", phrase); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("the door: %s", a.Status)
		}
	}
	turn(func() error { return s.doors.Set(t.Context(), "ada", board.Home, board.ByPassphrase, doorPhrase) })
	shut(asker)
	shut(mine)
	enter(author, doorPhrase)
	mine.wants("asker 1: " + askedWords)
	mine.says(answeredWords)
	shut(asker)
	enter(asker, doorPhrase)
	asker.wants("asker 1: "+askedWords, "author 1: "+answeredWords)
	turn(func() error { return s.doors.TurnOut(t.Context(), "ada", board.Home) })
	shut(mine)
	shut(asker)
	enter(author, doorPhrase)
	mine.wants("asker 1: "+askedWords, "author 1: "+answeredWords)
	other := author.hears("/tickets")
	s.gives(board.Home, board.ByPassphrase, otherPhrase)
	if _, _, err := other.ReadMessage(); err == nil {
		t.Error("another passphrase leaves a page open")
	}
	shut(mine)
}

func TestAPostHasSoManyChats(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	s.set("chats_max", "2")
	a, b, c := author.reader(), author.reader(), author.reader()
	a.asks("one")
	b.asks("two")
	_, body := c.question("three")
	if code := c.code(http.MethodPost, "", body); code != "error.chat.most" {
		t.Errorf("one too many: %q", code)
	}
	a.sent = 0
	_, again := a.question("one more")
	if code := a.code(http.MethodPost, "", again); code != "error.chat.taken" {
		t.Errorf("who has asked already: %q", code)
	}
	a.does(http.StatusNoContent, http.MethodDelete, a.here(""), nil)
	c.does(http.StatusCreated, http.MethodPost, "", body)
}

func TestAReportFromAChatProvesItsWords(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	m := asker.asks(askedWords)
	mine := author.in(asker)
	mine.reads(1)
	asker.does(http.StatusNoContent, http.MethodDelete, asker.here(""), nil) // who wrote it has ended it since
	report := func(words string, f []byte) map[string]any {
		return map[string]any{"reason": "harm", "n": m.n, "words": words, "f": b64(f)}
	}
	for _, bad := range []map[string]any{report("something worse", m.f), report(askedWords, circle.Random(32)), report(askedWords, nil)} {
		if code := mine.code(http.MethodPost, mine.here("/reports"), bad); code != "error.chat.proof" {
			t.Errorf("words that are not its: %q", code)
		}
	}
	if code := asker.code(http.MethodPost, asker.here("/reports"), report(askedWords, m.f)); code != "error.gone" {
		t.Errorf("one's own words: %q", code)
	}
	mine.does(http.StatusNoContent, http.MethodPost, mine.here("/reports"), report(askedWords, m.f))
	list := must(s.chats.Reports(t.Context()))
	if len(list) != 1 || list[0].Words != askedWords || list[0].Reason != board.Harm || list[0].From != board.AskerSide {
		t.Fatalf("an admin sees %+v", list)
	}
	if bytes.Contains(s.files(), []byte(askedWords)) {
		t.Error("reported words lie readable on the disk")
	}
	s.owned()
	if page := s.get("/admin/chats"); !strings.Contains(page.body, askedWords) {
		t.Errorf("the page does not show it: %s", page.Status)
	}
	if a := s.form("/admin/chats/report", "chat", asker.id.String(), "do", "end"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("ended by an admin: %s", a.Status)
	}
	asker.id, asker.sent = board.NewPostID(), 0
	_, body := asker.question("once more")
	if code := asker.code(http.MethodPost, "", body); code != "error.chat.blocked" {
		t.Errorf("whose chat an admin ended: %q", code)
	}
	if list := must(s.chats.Reports(t.Context())); len(list) != 0 {
		t.Errorf("decided, an admin sees %+v", list)
	}
	second := author.reader()
	m = second.asks(answeredWords)
	author.in(second).does(http.StatusNoContent, http.MethodPost, second.here("/reports"), report(answeredWords, m.f))
	s.form("/admin/chats/report", "chat", second.id.String(), "do", "keep")
	if second.wants("asker 1: " + answeredWords); len(must(s.chats.Reports(t.Context()))) != 0 {
		t.Error("it stands, and is still reported")
	}
}

func TestNothingOfAChatCanBeReadAnywhere(t *testing.T) {
	s := newSite(t)
	s.owned()
	author := s.asking()
	asker := author.reader()
	asker.publish("what gives the asker a cookie")
	cookie := asker.client.Jar.Cookies(must(url.Parse(s.url)))[0].Value
	asker.asks(askedWords)
	mine := author.in(asker)
	mine.says(answeredWords)
	hash := sha256.Sum256(asker.token)
	var all bytes.Buffer
	for _, pattern := range s.patterns { // as an admin and as either side at once
		method, path, _ := strings.Cut(pattern, " ")
		if method != http.MethodGet {
			continue
		}
		path = strings.NewReplacer("{circle}", author.post.String(), "{chat}", asker.id.String(), "{post}", author.post.String(), "{id}", author.post.String(), "{board}", "home", "{$}", "", "{token}", "x", "{number}", "1", "{place}", "x").Replace(path)
		for _, head := range []string{"Chat " + b64(author.token), "Chat " + b64(asker.token), "Bearer x"} {
			a := s.get(path, "Authorization", head)
			all.WriteString(a.body)
			_ = a.Header.Write(&all)
			if head == "Bearer x" && strings.Contains(a.body, asker.id.String()) {
				t.Errorf("%s names the chat to a stranger", path)
			}
		}
	}
	s.sweep()
	all.Write(s.files())
	all.Write(s.log.Bytes())
	for name, secret := range map[string][]byte{
		"the question": []byte(askedWords), "the answer": []byte(answeredWords), "the key": asker.shared, "the author's key": author.key.Bytes(),
		"the asker's cookie": []byte(cookie), "the asker's number": unb64(t, cookie)[:24],
		"the asker's key": asker.key.Bytes(), "the author's token": author.token, "the asker's token": asker.token, "the asker's tag": hash[:],
	} {
		for form, needle := range map[string][]byte{"": secret, " in base64": []byte(b64(secret)), " in hex": []byte(hex.EncodeToString(secret))} {
			if i := bytes.Index(all.Bytes(), needle); i >= 0 {
				t.Errorf("%s%s can be read: …%q…", name, form, all.Bytes()[max(0, i-60):i+20])
			}
		}
	}
}

func TestTheKeyToWhatWasReadIsDestroyed(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	asker.asks(askedWords)
	before := s.slots.Count()
	author.in(asker).reads(1)
	if got := s.slots.Count(); got != before-1 {
		t.Errorf("%d keys after it was read, before %d", got, before)
	}
}

func TestATicketOpensTheSocketOfAChatOnce(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	asker.asks(askedWords)
	mine := author.in(asker)
	ticket := asker.does(http.StatusCreated, http.MethodPost, asker.here("/tickets"), nil)["ticket"].(string)
	heard := s.listen("/live?chat=" + asker.post.String() + "&ticket=" + ticket)
	s.next(heard)
	mine.says(answeredWords)
	if f := s.next(heard); f != `{"type":"message","chat":"`+asker.id.String()+`"}` {
		t.Errorf("a message is told as %s", f)
	}
	mine.reads(1)
	if f := s.next(heard); !strings.Contains(f, `"read"`) {
		t.Errorf("a reading is told as %s", f)
	}
	if a := s.get("/live?chat="+asker.post.String()+"&ticket="+ticket, "Origin", s.url); a.StatusCode != http.StatusNotFound {
		t.Errorf("a ticket twice: %s", a.Status)
	}
}

func TestSoManyMessagesWaitToBeRead(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	s.set("reply", "0")
	asker := author.reader()
	asker.asks("1")
	for asker.sent < board.ChatUnreadMax {
		asker.says("and again")
	}
	_, body := asker.seals("one too many")
	if code := asker.code(http.MethodPost, asker.here("/messages"), body); code != "error.chat.unread" {
		t.Errorf("one too many: %q", code)
	}
	mine := author.in(asker)
	mine.says("the other side may")
	mine.reads(1)
	asker.does(http.StatusCreated, http.MethodPost, asker.here("/messages"), body)
}

func TestAChatIsPacedAndCharged(t *testing.T) {
	s := newSite(t)
	author := s.asking()
	asker := author.reader()
	s.set("reply", "1/1")
	s.set("pow", "off")
	asker.asks("one")
	_, body := asker.seals("two")
	asker.does(http.StatusCreated, http.MethodPost, asker.here("/messages"), body) // its bearer has a bucket of its own
	asker.sent++
	_, body = asker.seals("three")
	if a, _ := asker.tries(http.MethodPost, asker.here("/messages"), body); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("too quick: %s", a.Status)
	}
}
