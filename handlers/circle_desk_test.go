package handlers_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/e2e/circle"
)

func TestAProgramListsCirclesUnreadAndEndsOne(t *testing.T) {
	s := newSite(t)
	call := s.program("boards")
	m := s.makes()
	m.brings()
	m.says(circleWords)
	status, out := call(http.MethodGet, "/circles", nil)
	list := out["circles"].([]any)
	if status != http.StatusOK || len(list) != 1 {
		t.Fatalf("%d %v", status, out)
	}
	c := list[0].(map[string]any)
	left := 30 * 24 * time.Hour.Seconds()
	if c["id"] != m.id() || c["members"] != 2.0 || c["cap"] != 12.0 || c["posts"] != 1.0 || c["closes_in"].(float64) < left || c["closes_in"].(float64) > left+60 || len(c) != 5 {
		t.Errorf("it is listed as %v", c)
	}
	for path, want := range map[string]int{
		"/circles/" + m.id() + "?reason=whim":    http.StatusUnprocessableEntity,
		"/circles/" + board.NewPostID().String(): http.StatusNotFound,
		"/circles/none":                          http.StatusNotFound,
	} {
		if status, _ := call(http.MethodDelete, path, nil); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if status, _ := call(http.MethodDelete, "/circles/"+m.id()+"?reason=spam", nil); status != http.StatusNoContent {
		t.Fatalf("ended: %d", status)
	}
	if a, _ := m.sends(http.MethodGet, "", nil); a.StatusCode != http.StatusNotFound || len(s.slots.Refs()) != 0 {
		t.Errorf("its member is answered %s, and %d keys are left", a.Status, len(s.slots.Refs()))
	}
	if log := s.get("/log").body; !strings.Contains(log, "circle") {
		t.Error("the log for all says nothing of it")
	}
	key := s.key("label", "y", "scope", "queue", "lasts", "7d")
	if a, _ := s.call(http.MethodGet, "/api/v1/admin/circles", nil, "Authorization", "Bearer "+key); a.StatusCode != http.StatusForbidden {
		t.Errorf("a key of another scope: %s", a.Status)
	}
}

func TestACircleIsNamedAnewByWhoeverMay(t *testing.T) {
	s := newSite(t)
	meta := func(m *seat, payload string) map[string]any {
		return map[string]any{"meta": m.seals(circle.Meta, board.PostID{}, payload)}
	}
	for _, rule := range []string{"maker", "majority"} {
		maker := s.makes(with("rule", rule))
		guest := maker.brings()
		maker.does(http.StatusNoContent, http.MethodPut, "/meta", meta(maker, `{"name":"first"}`))
		a, _ := guest.sends(http.MethodPut, "/meta", meta(guest, `{"name":"second"}`))
		want := map[string]int{"maker": http.StatusForbidden, "majority": http.StatusNoContent}[rule]
		if a.StatusCode != want {
			t.Errorf("where the %s rules, a member is answered %s", rule, a.Status)
		}
		name := map[string]string{"maker": "first", "majority": "second"}[rule]
		got := maker.does(http.StatusOK, http.MethodGet, "", nil)["circle"].(map[string]any)["meta"].(string)
		plain, err := circle.Open(maker.under, circle.At{Kind: circle.Meta, Epoch: 1, Circle: maker.circle}, unb64(t, got))
		if err != nil || !strings.Contains(string(plain), name) {
			t.Errorf("where the %s rules it is called %q (%v)", rule, plain, err)
		}
	}
	m := s.makes()
	old := meta(m, `{"name":"old"}`)
	m.does(http.StatusNoContent, http.MethodPost, "/epochs", m.turn(m))
	if code := m.code(http.MethodPut, "/meta", old); code != "error.circle.epoch" {
		t.Errorf("under the key of before: %q", code)
	}
	m.learns()
	for name, payload := range map[string]string{"longer than a name and picture may be": strings.Repeat("x", 17<<10)} {
		if code := m.code(http.MethodPut, "/meta", meta(m, payload)); code != "error.circle.envelope" {
			t.Errorf("%s: %q", name, code)
		}
	}
}

// TestThePictureOfACircleIsNowhereInTheClearAndEndsWithIt: not on the disk, and what stood
// there before it was changed is gone as well.
func TestThePictureOfACircleIsNowhereInTheClearAndEndsWithIt(t *testing.T) {
	s := newSite(t)
	m := s.makes()
	pixels := bytes.Repeat([]byte("xyzzy-emblem"), 500)
	seal := func() []byte {
		payload := fmt.Sprintf(`{"name":%q,"pic":%q}`, circleName, b64(pixels))
		return circle.Seal(m.under, circle.At{Kind: circle.Meta, Epoch: 1, Circle: m.circle}, []byte(payload), nil)
	}
	first, second := seal(), seal()
	for _, e := range [][]byte{first, second} {
		m.does(http.StatusNoContent, http.MethodPut, "/meta", map[string]any{"meta": b64(e)})
	}
	scrubbed := func() []byte {
		s.sweep()
		if err := s.store.Scrub(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s.files()
	}
	piece := func(e []byte) []byte { return e[100:400] }
	if disk := scrubbed(); bytes.Contains(disk, []byte("xyzzy-emblem")) || bytes.Contains(disk, []byte(b64(pixels)[:64])) {
		t.Error("the picture is on the disk in the clear")
	} else if bytes.Contains(disk, piece(first)) {
		t.Error("the picture of before is on the disk, sealed")
	}
	if err := s.circles.Remove(t.Context(), "ada", m.circle, board.Spam); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(scrubbed(), piece(second)) {
		t.Error("the circle has ended, and its picture is on the disk, sealed")
	}
}

// TestAPreviewRobotUsesNoInvite: it follows the link, by any method it likes.
func TestAPreviewRobotUsesNoInvite(t *testing.T) {
	s := newSite(t)
	m := s.makes()
	secret := m.invites(1, "10m")
	there, nowhere := "/c/"+m.id()+"/join", "/c/"+board.NewPostID().String()+"/join"
	for range 3 {
		a, b := s.get(there), s.get(nowhere)
		if a.StatusCode != http.StatusOK || strings.ReplaceAll(a.body, there[3:29], "") != strings.ReplaceAll(b.body, nowhere[3:29], "") {
			t.Errorf("the page of an invite tells that its circle is there: %s, %s", a.Status, b.Status)
		}
		s.do(http.MethodHead, there, "")
		s.do(http.MethodPost, there, "")
	}
	if a, _ := m.sends(http.MethodGet, "/invites", nil); !strings.Contains(a.body, `"uses":1`) {
		t.Errorf("open are %s", a.body)
	}
	s.joins(m.circle, secret)
}

// TestInviteAndSeatAreDeadInTheNextRequest says in its log how long that took.
func TestInviteAndSeatAreDeadInTheNextRequest(t *testing.T) {
	s := newSite(t)
	maker := s.makes(with("rule", "maker"))
	secret := maker.invites(1, "1h")
	goes := s.joins(maker.circle, secret)
	began := time.Now()
	_, a := s.asks(maker.circle, secret)
	t.Logf("an invite that was used is refused %v after its use", time.Since(began))
	if a.StatusCode != http.StatusGone {
		t.Errorf("used: %s", a.Status)
	}
	ticket := goes.does(http.StatusCreated, http.MethodPost, "/tickets", nil)["ticket"].(string)
	heard := s.listen("/live?circle=" + maker.id() + "&ticket=" + ticket)
	s.next(heard)
	spare := maker.invites(3, "1h")
	began = time.Now()
	maker.does(http.StatusNoContent, http.MethodPost, "/epochs", maker.turn(maker))
	if a, _ := goes.sends(http.MethodGet, "/posts", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("who is out reads: %s", a.Status)
	}
	if _, a := s.asks(maker.circle, spare); a.StatusCode != http.StatusGone {
		t.Errorf("revoked: %s", a.Status)
	}
	t.Logf("who was left out and their invites are refused %v after the key was turned", time.Since(began))
	for { // the harness gives up on a socket that stays open
		if _, _, err := heard.ReadMessage(); err != nil {
			if !strings.Contains(err.Error(), "4003") {
				t.Errorf("the socket ended with %v", err)
			}
			break
		}
	}
	t.Logf("their socket is closed %v after the key was turned", time.Since(began))
}

// TestWhoIsLeftOutReadsNothingNew even with all the bytes that the server holds: the key
// they know opens none of what was sealed since, and the new one is wrapped for others.
func TestWhoIsLeftOutReadsNothingNew(t *testing.T) {
	s := newSite(t)
	maker := s.makes(with("rule", "maker"))
	goes := maker.brings()
	maker.does(http.StatusNoContent, http.MethodPost, "/epochs", maker.turn(maker))
	maker.learns()
	p := maker.says("after")
	post := unb64(t, maker.does(http.StatusOK, http.MethodGet, "/posts/"+p.id.String(), nil)["post"].(map[string]any)["body"].(string))
	c := maker.does(http.StatusOK, http.MethodGet, "", nil)["circle"].(map[string]any)
	meta, me := unb64(t, c["meta"].(string)), c["me"].(map[string]any)
	link := unb64(t, c["links"].([]any)[0].(map[string]any)["box"].(string))
	for epoch := uint32(1); epoch <= 2; epoch++ {
		for name, c := range map[string]struct {
			at circle.At
			e  []byte
		}{
			"a post":   {circle.At{Kind: circle.Post, Epoch: epoch, Circle: maker.circle, Thread: p.id}, post},
			"the name": {circle.At{Kind: circle.Meta, Epoch: epoch, Circle: maker.circle}, meta},
			"the link": {circle.At{Kind: circle.Link, Epoch: epoch, Circle: maker.circle}, link},
		} {
			if _, err := circle.Open(goes.under, c.at, c.e); err == nil {
				t.Errorf("%s opens for who was left out", name)
			}
			if _, err := circle.Open(maker.under, c.at, c.e); (err == nil) != (epoch == 2) {
				t.Errorf("control: %s opens for who stays in epoch %d: %v", name, epoch, err)
			}
		}
	}
	if _, err := circle.Unwrap(goes.key, unb64(t, me["once"].(string)), maker.circle, 2, unb64(t, me["wrap"].(string))); err == nil {
		t.Error("the new key opens for who was left out")
	}
}
