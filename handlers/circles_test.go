package handlers_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/e2e/circle"
)

// seat is a member of a circle with a client that is no browser.
type seat struct {
	*site
	circle [16]byte
	key    *ecdh.PrivateKey
	epoch  uint32
	under  []byte // the circle's key
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unb64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (m *seat) id() string    { return board.PostID(m.circle).String() }
func (m *seat) token() string { return b64(circle.MemberToken(m.key)) }
func (m *seat) q() []byte     { return m.key.PublicKey().Bytes() }

// sends a call as this member; path begins after the circle.
func (m *seat) sends(method, path string, body any) (answer, map[string]any) {
	m.t.Helper()
	raw := ""
	if body != nil {
		raw = string(must(json.Marshal(body)))
	}
	a := m.do(method, "/api/v1/circles/"+m.id()+path, raw, "Content-Type", "application/json", "Authorization", "Circle "+m.token())
	out := map[string]any{}
	_ = json.Unmarshal([]byte(a.body), &out)
	return a, out
}

// does is a call that must be answered so.
func (m *seat) does(status int, method, path string, body any) map[string]any {
	m.t.Helper()
	a, out := m.sends(method, path, body)
	if a.StatusCode != status {
		m.t.Fatalf("%s %s: %s %s, want %d", method, path, a.Status, a.body, status)
	}
	return out
}

// seals for this member's circle and epoch.
func (m *seat) seals(kind circle.Kind, thread board.PostID, payload string) string {
	return b64(circle.Seal(m.under, circle.At{Kind: kind, Epoch: m.epoch, Circle: m.circle, Thread: thread}, []byte(payload), nil))
}

// papers are what a member hands in to sit down.
func (m *seat) papers() map[string]any {
	once := circle.NewMember()
	return map[string]any{
		"record": m.seals(circle.Member, board.PostID{}, `{"q":"`+b64(m.q())+`"}`),
		"once":   b64(once.PublicKey().Bytes()),
		"wrap":   b64(must(circle.WrapFor(once, m.q(), m.circle, m.epoch, m.under, nil))),
	}
}

const (
	circleName  = "xyzzy-kitchen-table"
	circleWords = "xyzzy-the-scan-came-back-clear"
)

// makes a circle; change may alter what is sent.
func (s *site) makes(change ...func(map[string]any)) *seat {
	s.t.Helper()
	m := &seat{site: s, circle: board.NewPostID(), key: circle.NewMember(), epoch: 1, under: circle.Random(32)}
	body := m.papers()
	maps.Copy(body, map[string]any{
		"id": m.id(), "cap": 12, "rule": "majority", "gated": false, "ttl_default": "24h", "ttl_max": "7d", "lasts": "30d",
		"meta": m.seals(circle.Meta, board.PostID{}, `{"name":"`+circleName+`","lang":"en"}`), "q": b64(m.q()),
	})
	for _, f := range change {
		f(body)
	}
	a := s.do(http.MethodPost, "/api/v1/circles", string(must(json.Marshal(body))), "Content-Type", "application/json", "Authorization", "Circle "+m.token())
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("make: %s %s", a.Status, a.body)
	}
	return m
}

func with(name string, value any) func(map[string]any) {
	return func(body map[string]any) { body[name] = value }
}

// invites gives the secret of an invite.
func (m *seat) invites(uses int, lasts string) []byte {
	m.t.Helper()
	secret := circle.Random(32)
	hash := sha256.Sum256(circle.InviteToken(secret))
	box := circle.Seal(circle.InviteKey(secret), circle.At{Kind: circle.Invite, Epoch: m.epoch, Circle: m.circle}, m.under, nil)
	m.does(http.StatusCreated, http.MethodPost, "/invites", map[string]any{"token": b64(hash[:]), "box": b64(box), "uses": uses, "lasts": lasts})
	return secret
}

// asks uses an invite as somebody new.
func (s *site) asks(id [16]byte, secret []byte) (*seat, answer) {
	s.t.Helper()
	m := &seat{site: s, circle: id, key: circle.NewMember()}
	a, out := m.sends(http.MethodPost, "/seats", map[string]any{"invite": b64(circle.InviteToken(secret)), "q": b64(m.q())})
	if a.StatusCode != http.StatusCreated {
		return m, a
	}
	m.epoch = uint32(out["epoch"].(float64))
	m.under = must(circle.Open(circle.InviteKey(secret), circle.At{Kind: circle.Invite, Epoch: m.epoch, Circle: id}, unb64(s.t, out["box"].(string))))
	return m, a
}

// joins uses an invite, and sits down.
func (s *site) joins(id [16]byte, secret []byte) *seat {
	s.t.Helper()
	m, a := s.asks(id, secret)
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("join: %s %s", a.Status, a.body)
	}
	m.does(http.StatusNoContent, http.MethodPut, "/seat", m.papers())
	return m
}

// brings lets somebody new in.
func (m *seat) brings() *seat { return m.joins(m.circle, m.invites(1, "10m")) }

// said is a post or reply that a member has written.
type said struct {
	id board.PostID
	f  []byte
}

func (m *seat) draft(thread board.PostID, words string) (said, map[string]any) {
	p := said{board.NewPostID(), circle.Random(32)}
	kind, at := circle.Post, p.id
	if thread != (board.PostID{}) {
		kind, at = circle.Reply, thread
	}
	return p, map[string]any{
		"id": p.id.String(), "commit": b64(circle.Commit(p.f, words)),
		"body": m.seals(kind, at, fmt.Sprintf(`{"w":%q,"f":%q}`, words, b64(p.f))),
	}
}

func (m *seat) says(words string, change ...func(map[string]any)) said {
	m.t.Helper()
	p, body := m.draft(board.PostID{}, words)
	for _, f := range change {
		f(body)
	}
	m.does(http.StatusCreated, http.MethodPost, "/posts", body)
	return p
}

func (m *seat) answers(to said, words string) said {
	m.t.Helper()
	p, body := m.draft(to.id, words)
	m.does(http.StatusCreated, http.MethodPost, "/posts/"+to.id.String()+"/replies", body)
	return p
}

// reads are the words of all posts that this member can open.
func (m *seat) reads() (list []string) {
	m.t.Helper()
	for _, p := range m.does(http.StatusOK, http.MethodGet, "/posts", nil)["posts"].([]any) {
		post := p.(map[string]any)
		at := circle.At{Kind: circle.Post, Epoch: m.epoch, Circle: m.circle, Thread: must(board.ParsePostID(post["id"].(string)))}
		if plain, err := circle.Open(m.under, at, unb64(m.t, post["body"].(string))); err == nil {
			list = append(list, string(plain))
		}
	}
	return list
}

// turn is a new key for those who stay.
func (m *seat) turn(stay ...*seat) map[string]any {
	next := &seat{circle: m.circle, epoch: m.epoch + 1, under: circle.Random(32)}
	once := circle.NewMember()
	var list []map[string]any
	for _, s := range stay {
		list = append(list, map[string]any{
			"q": b64(s.q()), "record": next.seals(circle.Member, board.PostID{}, `{"q":"`+b64(s.q())+`"}`),
			"wrap": b64(must(circle.WrapFor(once, s.q(), m.circle, next.epoch, next.under, nil))),
		})
	}
	return map[string]any{
		"epoch": next.epoch, "once": b64(once.PublicKey().Bytes()), "stay": list,
		"meta": next.seals(circle.Meta, board.PostID{}, `{"name":"`+circleName+`"}`), "link": next.seals(circle.Link, board.PostID{}, string(m.under)),
	}
}

// learns takes the key of now from what is wrapped for this member.
func (m *seat) learns() {
	m.t.Helper()
	c := m.does(http.StatusOK, http.MethodGet, "", nil)["circle"].(map[string]any)
	me := c["me"].(map[string]any)
	m.epoch = uint32(c["epoch"].(float64))
	m.under = must(circle.Unwrap(m.key, unb64(m.t, me["once"].(string)), m.circle, m.epoch, unb64(m.t, me["wrap"].(string))))
}

func (m *seat) code(method, path string, body any) string {
	m.t.Helper()
	_, out := m.sends(method, path, body)
	code, _ := out["code"].(string)
	return code
}

func TestTwoMembersReadEachOtherAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maker := s.makes()
	guest := maker.brings()
	p := maker.says(circleWords)
	guest.answers(p, "how good")
	if got := guest.reads(); len(got) != 1 || !strings.Contains(got[0], circleWords) {
		t.Errorf("the guest reads %q", got)
	}
	out := maker.does(http.StatusOK, http.MethodGet, "/posts/"+p.id.String(), nil)
	post, replies := out["post"].(map[string]any), out["replies"].([]any)
	if post["replies"] != 1.0 || post["mine"] != true || len(replies) != 1 || replies[0].(map[string]any)["mine"] != false {
		t.Errorf("the thread is %v", out)
	}
	if a, b := post["name"], replies[0].(map[string]any)["name"]; a == "" || a == b {
		t.Errorf("both are called %v", a)
	}
	v := guest.does(http.StatusOK, http.MethodPut, "/posts/"+p.id.String()+"/vote", map[string]string{"vote": "heart"})
	if v["hearts"] != 1.0 || guest.does(http.StatusOK, http.MethodGet, "/posts", nil)["posts"].([]any)[0].(map[string]any)["vote"] != "heart" {
		t.Errorf("the heart is %v", v)
	}
}

func TestOutsideACircleIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	p := m.says(circleWords)
	stranger := &seat{site: s, circle: m.circle, key: circle.NewMember()}
	nowhere := &seat{site: s, circle: board.NewPostID(), key: m.key}
	for _, pattern := range s.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		rest, ok := strings.CutPrefix(path, "/api/v1/circles/{circle}")
		if !ok || rest == "/seats" || rest == "/seat" && method == http.MethodPut {
			continue
		}
		rest = strings.NewReplacer("{post}", p.id.String(), "{token}", b64(make([]byte, 32))).Replace(rest)
		a, _ := stranger.sends(method, rest, nil)
		b, _ := nowhere.sends(method, rest, nil)
		if a.StatusCode != http.StatusNotFound || a.body != b.body {
			t.Errorf("%s: %s %s, and where there is none %s", pattern, a.Status, a.body, b.body)
		}
	}
	for _, path := range []string{"/b/circle/" + m.id(), "/b/" + m.id(), "/p/" + p.id.String(), "/api/v1/posts/" + p.id.String(), "/live?board=circle%2F" + m.id(), "/live?post=" + p.id.String(), "/live?circle=" + m.id(), "/live/state?board=circle%2F" + m.id() + "&n=1"} {
		if a := s.get(path, "Origin", s.url); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

func TestNothingOfACircleCanBeReadAnywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.setUp()
	maker := s.makes()
	secret := maker.invites(2, "1h")
	guest := s.joins(maker.circle, secret)
	maker.does(http.StatusNoContent, http.MethodPut, "/meta", map[string]any{"meta": maker.seals(circle.Meta, board.PostID{}, `{"name":"`+circleName+`","pic":"xyzzy-emblem","rules":"xyzzy-rules"}`)})
	p := maker.says(circleWords, with("picture", b64(circle.Seal(maker.under, circle.At{Kind: circle.Picture, Epoch: 1, Circle: maker.circle}, bytes.Repeat([]byte("xyzzy-pixel"), 100), nil))))
	guest.answers(p, "xyzzy-how-good")
	maker.does(http.StatusNoContent, http.MethodPost, "/epochs", maker.turn(maker, guest))
	old := maker.under
	maker.learns()
	var all bytes.Buffer
	for _, pattern := range s.patterns { // as an admin and as a member at once
		method, path, _ := strings.Cut(pattern, " ")
		if method != http.MethodGet {
			continue
		}
		path = strings.NewReplacer("{circle}", maker.id(), "{post}", p.id.String(), "{id}", p.id.String(), "{board}", "home", "{$}", "", "{token}", "x", "{number}", "1", "{place}", "x").Replace(path)
		for _, head := range []string{"Circle " + maker.token(), "Bearer x"} {
			a := s.get(path, "Authorization", head)
			all.WriteString(a.body)
			_ = a.Header.Write(&all)
			echoes := strings.HasPrefix(path, "/c/") || strings.HasPrefix(path, "/m/") // the id that they were asked by
			if head == "Bearer x" && !echoes && (strings.Contains(a.body, maker.id()) || strings.Contains(a.body, p.id.String())) && !strings.HasPrefix(path, "/admin/") {
				t.Errorf("%s names the circle or its post to a stranger", path)
			}
		}
	}
	s.sweep()
	all.Write(s.files())
	all.Write(s.log.Bytes())
	for name, secret := range map[string][]byte{
		"the name": []byte(circleName), "the words": []byte(circleWords), "a reply": []byte("xyzzy-how-good"), "the picture": []byte("xyzzy-pixel"),
		"the circle's picture": []byte("xyzzy-emblem"), "its rules": []byte("xyzzy-rules"), "a guest's key": guest.key.Bytes(), "a guest's token": circle.MemberToken(guest.key),
		"what an invite shows": circle.InviteToken(secret), "what an invite seals with": circle.InviteKey(secret),
		"the key": maker.under, "the key before": old, "a member's key": maker.key.Bytes(), "an invite's secret": secret,
		"a member's token": circle.MemberToken(maker.key),
	} {
		for form, needle := range map[string][]byte{"": secret, " in base64": []byte(b64(secret)), " in hex": []byte(hex.EncodeToString(secret))} {
			if i := bytes.Index(all.Bytes(), needle); i >= 0 {
				t.Errorf("%s%s can be read: …%q…", name, form, all.Bytes()[max(0, i-60):i+20])
			}
		}
	}
}

func TestAnInviteIsUsedAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	secret := m.invites(1, "10m")
	if _, a := s.asks(m.circle, circle.Random(32)); a.StatusCode != http.StatusNotFound {
		t.Errorf("an invite that nobody made: %s", a.Status)
	}
	s.joins(m.circle, secret)
	wants := func(secret []byte, code string) {
		t.Helper()
		if _, a := s.asks(m.circle, secret); a.StatusCode != http.StatusGone || !strings.Contains(a.body, code) {
			t.Errorf("%s %s, want %s", a.Status, a.body, code)
		}
	}
	wants(secret, "error.circle.invite_used")
	late, revoked := m.invites(3, "10m"), m.invites(3, "24h")
	hash := sha256.Sum256(circle.InviteToken(revoked))
	m.does(http.StatusNoContent, http.MethodDelete, "/invites/"+b64(hash[:]), nil)
	wants(revoked, "error.circle.invite_revoked")
	s.clock.turn(10 * time.Minute)
	wants(late, "error.circle.invite_late")
	if list := m.does(http.StatusOK, http.MethodGet, "/invites", nil)["invites"].([]any); len(list) != 0 {
		t.Errorf("open are %v", list)
	}
}

func TestOnlyOneComesInByAnInviteForOneAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	secret := m.invites(1, "10m")
	var in, out, other int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			_, a := s.asks(m.circle, secret)
			mu.Lock()
			defer mu.Unlock()
			switch a.StatusCode {
			case http.StatusCreated:
				in++
			case http.StatusGone:
				out++
			default:
				other++
			}
		})
	}
	all.Wait()
	if in != 1 || out != 11 || other != 0 {
		t.Errorf("%d came in, %d were told that it was used, %d else", in, out, other)
	}
}

func TestTheLastSeatGoesToOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	secret := m.invites(12, "10m")
	for range 10 {
		s.joins(m.circle, secret)
	}
	// of twelve seats one is left, and two ask for it at once
	second := m.invites(2, "10m")
	codes := make(chan int, 2)
	for range 2 {
		go func() {
			_, a := s.asks(m.circle, second)
			codes <- a.StatusCode
		}()
	}
	if a, b := <-codes, <-codes; a+b != http.StatusCreated+http.StatusForbidden {
		t.Errorf("answers %d and %d", a, b)
	}
	s.clock.turn(board.SeatTime) // who did not sit down has lost the seat
	if err := s.circles.Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.brings()
}

func TestWhatAnInviteSealedGoesWithItsLastUse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	secret := circle.Random(32)
	hash := sha256.Sum256(circle.InviteToken(secret))
	box := circle.Seal(circle.InviteKey(secret), circle.At{Kind: circle.Invite, Epoch: 1, Circle: m.circle}, m.under, nil)
	m.does(http.StatusCreated, http.MethodPost, "/invites", map[string]any{"token": b64(hash[:]), "box": b64(box), "uses": 1, "lasts": "10m"})
	s.joins(m.circle, secret)
	s.sweep()
	if err := s.store.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := must(s.store.CircleInvites(t.Context(), m.circle, s.clock.Now())); len(list) != 0 {
		t.Errorf("%d are open", len(list))
	}
	if bytes.Contains(s.files(), box) {
		t.Error("what it sealed is on the disk")
	}
}

func TestWhoIsOutIsOutAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maker := s.makes(with("rule", "maker"))
	stays, goes := maker.brings(), maker.brings()
	spare := maker.invites(3, "1h")
	ticket := goes.does(http.StatusCreated, http.MethodPost, "/tickets", nil)["ticket"].(string)
	heard := s.listen("/live?circle=" + maker.id() + "&ticket=" + ticket)
	s.next(heard)
	if code := stays.code(http.MethodPost, "/epochs", stays.turn(stays, maker)); code != "error.circle.members" {
		t.Errorf("a member left another out: %q", code)
	}
	maker.does(http.StatusNoContent, http.MethodPost, "/epochs", maker.turn(maker, stays))
	if a, _ := goes.sends(http.MethodGet, "/posts", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("who is out reads on: %s", a.Status)
	}
	for closed := false; !closed; {
		if err := heard.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _, err := heard.ReadMessage()
		if closed = err != nil; closed && !strings.Contains(err.Error(), "4003") {
			t.Errorf("the socket ended with %v", err)
		}
	}
	if _, a := s.asks(maker.circle, spare); a.StatusCode != http.StatusGone {
		t.Errorf("an invite of before lets in: %s", a.Status)
	}
	if _, body := stays.draft(board.PostID{}, "late"); stays.code(http.MethodPost, "/posts", body) != "error.circle.epoch" {
		t.Error("what is sealed under the key of before is taken")
	}
	stays.learns()
	maker.learns()
	maker.says("after")
	if got := stays.reads(); len(got) != 1 || stays.epoch != 2 {
		t.Errorf("who stays reads %q at epoch %d", got, stays.epoch)
	}
}

func TestTurnsAreOneAfterAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	guest := m.brings()
	first, second := m.turn(m, guest), guest.turn(m, guest)
	m.does(http.StatusNoContent, http.MethodPost, "/epochs", first)
	if code := guest.code(http.MethodPost, "/epochs", second); code != "error.circle.epoch" {
		t.Errorf("two keys of one epoch: %q", code)
	}
	guest.learns()
	twice := guest.turn(m, m, guest)
	if code := guest.code(http.MethodPost, "/epochs", twice); code != "error.circle.members" {
		t.Errorf("one named twice: %q", code)
	}
}

func TestMoreThanHalfOfTheOthersPutAMemberOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.makes()
	b, c, d := a.brings(), a.brings(), a.brings()
	wants := func(who *seat, out bool) {
		t.Helper()
		if got := who.does(http.StatusOK, http.MethodPost, "/outs", map[string]any{"q": b64(d.q())})["out"]; got != out {
			t.Errorf("out = %v, want %v", got, out)
		}
	}
	wants(b, false)
	wants(b, false) // counts once
	if a, _ := d.sends(http.MethodGet, "/posts", nil); a.StatusCode != http.StatusOK {
		t.Error("one voice is enough")
	}
	wants(c, true)
	if a, _ := d.sends(http.MethodGet, "/posts", nil); a.StatusCode != http.StatusNotFound {
		t.Error("they are still in")
	}
	if a.does(http.StatusOK, http.MethodGet, "", nil)["circle"].(map[string]any)["turn"] != true {
		t.Error("nobody is asked to turn the key")
	}
	m := s.makes(with("rule", "maker"))
	if code := m.code(http.MethodPost, "/outs", map[string]any{"q": b64(m.q())}); code != "error.circle.maker" {
		t.Errorf("where the maker rules: %q", code)
	}
}

func TestWhoLeavesIsOutAndTheLastEndsTheCircle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	guest := m.brings()
	m.says("x")
	guest.does(http.StatusNoContent, http.MethodDelete, "/seat", nil)
	if a, _ := guest.sends(http.MethodGet, "", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("who left: %s", a.Status)
	}
	m.does(http.StatusNoContent, http.MethodDelete, "/seat", nil)
	if lines := must(s.circles.Lines(t.Context())); len(lines) != 0 || len(s.slots.Refs()) != 0 {
		t.Errorf("left are %v and %d keys", lines, len(s.slots.Refs()))
	}
}

func TestTheLinkToAKeyGoesWithItsLastPost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	p := m.says("before")
	m.does(http.StatusNoContent, http.MethodPost, "/epochs", m.turn(m))
	tend := func() int {
		t.Helper()
		if err := s.circles.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(m.does(http.StatusOK, http.MethodGet, "", nil)["circle"].(map[string]any)["links"].([]any))
	}
	if n := tend(); n != 1 {
		t.Errorf("%d links while the post lives", n)
	}
	m.does(http.StatusNoContent, http.MethodDelete, "/posts/"+p.id.String(), nil)
	if n := tend(); n != 0 {
		t.Errorf("%d links after it", n)
	}
}

// rows counts what is in a table.
func (s *site) rows(table string) (n int) {
	s.t.Helper()
	db := must(sql.Open("sqlite3", "file:"+filepath.Join(s.dirs[0], "mayfly.db")+"?mode=ro"))
	defer db.Close()
	if err := db.QueryRowContext(s.t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestAPostOfACircleEndsOnTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("ttl_min", "1s")
	m := s.makes()
	p := m.says(circleWords, with("ttl", "30s"))
	r := m.answers(p, "yes")
	m.does(http.StatusOK, http.MethodPut, "/posts/"+r.id.String()+"/vote", map[string]string{"vote": "heart"})
	s.clock.turn(31 * time.Second)
	if got := m.reads(); len(got) != 0 {
		t.Errorf("it is read after its end: %q", got)
	}
	if _, body := m.draft(p.id, "late"); m.code(http.MethodPost, "/posts/"+p.id.String()+"/replies", body) != "error.gone" {
		t.Error("an ended thread takes a reply")
	}
	if err := s.circles.Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.slots.Refs()); n != 0 {
		t.Errorf("%d keys are left", n)
	}
	for _, table := range []string{"circle_posts", "circle_votes", "circle_voices"} {
		if n := s.rows(table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func TestACircleEndsWithAllThatIsInIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes(with("lasts", "1h"))
	guest := m.brings()
	p := m.says(circleWords)
	guest.answers(p, "yes")
	m.invites(2, "24h")
	s.clock.turn(time.Hour + time.Minute)
	if a, _ := m.sends(http.MethodGet, "", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("after its end: %s", a.Status)
	}
	if err := s.circles.Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range must(s.store.Tables(t.Context())) {
		if strings.HasPrefix(table, "circle") && s.rows(table) != 0 {
			t.Errorf("rows are left in %s", table)
		}
	}
	if n := len(s.slots.Refs()); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

func TestAPostOfACircleSurvivesARestartWithItsKeyAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	m.says(circleWords)
	if len(s.slots.Refs()) != 1 || bytes.Contains(s.files(), []byte(circleWords)) {
		t.Error("a post has no key of its own")
	}
}

func TestEnvelopesOfElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	p := m.says("x")
	_, body := m.draft(board.PostID{}, "y")
	for name, change := range map[string]func(map[string]any){
		"cut short":    with("body", body["body"].(string)[:60]),
		"of no step":   with("body", body["body"].(string)+"AAAA"),
		"of an id":     with("id", p.id.String()),
		"with no id":   with("id", "x"),
		"a picture":    with("picture", body["body"]),
		"uncommitted":  with("commit", "AA"),
		"not a base64": with("body", "***"),
		"of next":      with("body", b64(circle.Seal(m.under, circle.At{Kind: circle.Post, Epoch: 2, Circle: m.circle}, nil, nil))),
		"too long":     with("ttl", "30d"),
	} {
		_, bad := m.draft(board.PostID{}, "y")
		change(bad)
		if a, _ := m.sends(http.MethodPost, "/posts", bad); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
	other := s.makes() // pasted from another circle it is taken, for nobody can tell, and opens for nobody
	_, theirs := other.draft(board.PostID{}, "elsewhere")
	m.does(http.StatusCreated, http.MethodPost, "/posts", theirs)
	if got := m.reads(); len(got) != 1 {
		t.Errorf("a post of another circle opens: %q", got)
	}
}

func TestDownsOfMoreThanHalfEndAPostWhereTheMajorityRules(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.makes()
	b, c := a.brings(), a.brings()
	p := a.says("x")
	down := map[string]string{"vote": "down"}
	b.does(http.StatusOK, http.MethodPut, "/posts/"+p.id.String()+"/vote", down)
	if len(a.reads()) != 1 {
		t.Fatal("one of three ends it")
	}
	if code := c.code(http.MethodDelete, "/posts/"+p.id.String(), nil); code != "error.circle.majority" {
		t.Errorf("another ends it alone: %q", code)
	}
	c.does(http.StatusOK, http.MethodPut, "/posts/"+p.id.String()+"/vote", down)
	if len(a.reads()) != 0 {
		t.Error("two of three do not end it")
	}
	m := s.makes(with("rule", "maker"))
	guest := m.brings()
	q := guest.says("y")
	m.does(http.StatusNoContent, http.MethodDelete, "/posts/"+q.id.String(), nil)
}

func TestACircleThatWantsItShowsNothingBeforeKHaveWritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("k", "2")
	a := s.makes(with("gated", true))
	b := a.brings()
	p := a.says("x")
	if len(b.reads()) != 0 || b.code(http.MethodGet, "/posts/"+p.id.String(), nil) != "error.gone" {
		t.Error("it is shown before")
	}
	b.says("y")
	if len(a.reads()) != 2 {
		t.Error("it is not shown then")
	}
}

func TestAReportFromACircleProvesItsWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.makes()
	b := a.brings()
	p := a.says(circleWords)
	report := func(words string, f []byte) map[string]any {
		return map[string]any{"reason": "harm", "words": words, "f": b64(f)}
	}
	path := "/posts/" + p.id.String() + "/reports"
	for _, bad := range []map[string]any{report("something worse", p.f), report(circleWords, circle.Random(32)), report(circleWords, nil)} {
		if code := b.code(http.MethodPost, path, bad); code != "error.circle.proof" {
			t.Errorf("words that are not its: %q", code)
		}
	}
	b.does(http.StatusNoContent, http.MethodPost, path, report(circleWords, p.f))
	list := must(s.circles.Reports(t.Context()))
	if len(list) != 1 || list[0].Words != circleWords || list[0].Reason != board.Harm {
		t.Fatalf("an admin sees %+v", list)
	}
	if bytes.Contains(s.files(), []byte(circleWords)) {
		t.Error("reported words lie readable on the disk")
	}
	if err := s.circles.TakeDown(t.Context(), s.board, "ada", list[0]); err != nil || len(a.reads()) != 0 {
		t.Errorf("taken down: %v", err)
	}
	if list := must(s.circles.Reports(t.Context())); len(list) != 0 {
		t.Errorf("after its end an admin sees %+v", list)
	}
}

func TestCirclesAreSwitchedOffAndCapped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("circles_max", "1")
	s.set("circle_cap", "50")
	m := s.makes()
	try := func(change func(map[string]any)) answer {
		t.Helper()
		n := &seat{site: s, circle: board.NewPostID(), key: circle.NewMember(), epoch: 1, under: circle.Random(32)}
		body := n.papers()
		maps.Copy(body, map[string]any{
			"id": n.id(), "cap": 12, "rule": "maker", "gated": false, "ttl_default": "24h", "ttl_max": "7d", "lasts": "30d",
			"meta": n.seals(circle.Meta, board.PostID{}, "{}"), "q": b64(n.q()),
		})
		change(body)
		return s.do(http.MethodPost, "/api/v1/circles", string(must(json.Marshal(body))), "Content-Type", "application/json", "Authorization", "Circle "+n.token())
	}
	wants := func(code string, a answer) {
		t.Helper()
		if !strings.Contains(a.body, code) {
			t.Errorf("%s %s, want %s", a.Status, a.body, code)
		}
	}
	wants("error.circle.most", try(func(map[string]any) {}))
	s.set("circles_max", "9")
	wants("error.draft", try(with("cap", 150)))
	wants("error.draft", try(with("lasts", "1m")))
	wants("error.draft", try(with("ttl_max", "30d")))
	wants("error.draft", try(with("rule", "mob")))
	wants("error.circle.key", try(with("q", b64(make([]byte, 65)))))
	wants("error.circle.taken", try(with("id", m.id())))
	s.set("circles", "off")
	wants("error.circle.off", try(func(map[string]any) {}))
	m.says("those that are there stay")
}

func TestAPageOfACircleHearsIdsAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.makes()
	ticket := m.does(http.StatusCreated, http.MethodPost, "/tickets", nil)["ticket"].(string)
	heard := s.listen("/live?circle=" + m.id() + "&ticket=" + ticket)
	if hello := s.next(heard); hello != `{"type":"hello"}` {
		t.Errorf("first comes %s", hello)
	}
	p := m.says(circleWords)
	if got, want := s.next(heard), `{"type":"born","id":"`+p.id.String()+`","thread":"`+p.id.String()+`"}`; got != want {
		t.Errorf("heard %s, want %s", got, want)
	}
	r := m.answers(p, "yes")
	if got := s.next(heard); !strings.Contains(got, r.id.String()) || !strings.Contains(got, `"thread":"`+p.id.String()) {
		t.Errorf("of a reply is heard %s", got)
	}
	m.does(http.StatusNoContent, http.MethodDelete, "/posts/"+p.id.String(), nil)
	if got := s.next(heard); !strings.Contains(got, `"type":"died"`) || !strings.Contains(got, p.id.String()) {
		t.Errorf("of an ending is heard %s", got)
	}
	if a := s.get("/live?circle="+m.id()+"&ticket="+ticket, "Origin", s.url); a.StatusCode != http.StatusNotFound {
		t.Errorf("a ticket twice: %s", a.Status)
	}
}
