package handlers_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// postFrom publishes as a stranger from an address.
func (s *site) postFrom(addr, body string) string {
	s.t.Helper()
	a := s.as(newBrowser(), http.MethodPost, "/b/home/posts", encode([]string{"body", body}), "Content-Type", formType, "X-Forwarded-For", addr)
	if a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("post from %s: %s", addr, a.Status)
	}
	if _, id, found := strings.Cut(a.Header.Get("Location"), "#p-"); found {
		return id
	}
	return strings.TrimPrefix(a.Header.Get("Location"), "/p/")
}

func TestOneTapTurnsRaidModeOnAndOff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	for _, path := range []string{"/admin/queue", "/admin/settings", "/admin/raid"} {
		if page := s.get(path); !strings.Contains(page.body, "Raid mode is off") || !strings.Contains(page.body, `name="for" value="30m"`) {
			t.Errorf("%s has no bar", path)
		}
	}
	a := s.do(http.MethodPost, "/admin/raid/mode", "board=&for=30m", "Content-Type", formType, "Referer", s.url+"/admin/queue")
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/admin/queue#raid" || s.storms.Left("home") != 30*time.Minute {
		t.Fatalf("on: %s, %s left", a.Status, s.storms.Left("home"))
	}
	if page := s.get("/admin/queue"); !strings.Contains(page.body, "Raid mode is on, on all boards: 30 min left") {
		t.Error("the queue does not say that it is on")
	}
	if a := s.form("/admin/raid/mode", "board", "", "for", "off"); a.StatusCode != http.StatusSeeOther || s.storms.Left("home") != 0 {
		t.Errorf("off: %s", a.Status)
	}
	for _, bad := range []string{"", "1s", "2d", "soon"} {
		if a := s.form("/admin/raid/mode", "board", "", "for", bad); a.StatusCode != http.StatusUnprocessableEntity || s.storms.Left("home") != 0 {
			t.Errorf("for %q: %s", bad, a.Status)
		}
	}
	if a := s.as(newBrowser(), http.MethodPost, "/admin/raid/mode", "for=30m", "Content-Type", formType); a.StatusCode != http.StatusSeeOther || s.storms.Left("home") != 0 {
		t.Errorf("a stranger: %s", a.Status)
	}
}

func TestAnUndoIsACountThatIsAskedFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	honest := s.postFrom("198.51.100.7", "I have lost my umbrella in the reading room on the second floor")
	var raid []string
	for i := range 37 {
		raid = append(raid, s.postFrom(fmt.Sprintf("203.0.113.%d", i), fmt.Sprintf("%s %d", pasted, i)))
	}
	other := s.postFrom("203.0.113.99", "of quite another kind, but from the same place as all of these copies")
	for _, tt := range []struct {
		name   string
		fields []string
		ends   int
	}{
		{"a while of a board", []string{"board", "home", "within", "10m"}, 39},
		{"what is like a post", []string{"post", "/p/" + raid[3], "do", "alike"}, 37},
		{"what came from its network", []string{"post", raid[3], "do", "from"}, 38},
		{"what came from another", []string{"post", honest, "do", "from"}, 1},
	} {
		a := s.form("/admin/raid/undo", tt.fields...)
		if want := fmt.Sprintf("This would end %d post", tt.ends); a.StatusCode != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("%s: %s, want %q", tt.name, a.Status, want)
		}
		if found := regexp.MustCompile(`203\.0\.113|umbrella|free coins`).FindString(a.body); found != "" {
			t.Errorf("%s: the page holds %q", tt.name, found)
		}
		for _, id := range append(raid, other, honest) {
			if strings.Contains(a.body, id) && !strings.Contains(strings.Join(tt.fields, " "), id) {
				t.Errorf("%s: the page names a post", tt.name)
			}
		}
	}
	if a := s.get("/p/" + raid[0]); a.StatusCode != http.StatusOK {
		t.Error("to ask has ended something")
	}
	a := s.form("/admin/raid/undo", "post", raid[3], "do", "from", "apply", "1")
	if a.StatusCode != http.StatusSeeOther || !strings.Contains(s.get(a.Header.Get("Location")).body, "38 posts have ended") {
		t.Errorf("applied: %s to %s", a.Status, a.Header.Get("Location"))
	}
	for _, id := range append(raid, other) {
		if a := s.get("/p/" + id); a.StatusCode != http.StatusNotFound {
			t.Errorf("a post of the raid: %s", a.Status)
		}
	}
	if a := s.get("/p/" + honest); a.StatusCode != http.StatusOK {
		t.Errorf("an honest post: %s", a.Status)
	}
	if log := s.get("/log").body; !strings.Contains(log, "38") {
		t.Error("everybody's log does not tell of it")
	}
	for _, fields := range [][]string{{"board", "home", "within", "2d"}, {"board", "home", "within", "soon"}, {"board", "cellar", "within", "10m"}, {}} {
		if a := s.form("/admin/raid/undo", fields...); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%v: %s", fields, a.Status)
		}
	}
	if a := s.form("/admin/raid/undo", "post", raid[3], "do", "from"); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "nothing of that any more") {
		t.Errorf("a second time: %s", a.Status)
	}
}

// TestAnUndoByTimeReachesRepliesInOlderThreads that came within ten minutes, and says
// so: the store knows no time of a reply.
func TestAnUndoByTimeReachesRepliesInOlderThreads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.set("ttl_min", "1s")
	older, _ := s.publish("a thread from before, with a question in it")
	early := s.replied(older, "an honest answer from before")
	s.clock.turn(15 * time.Minute)
	var raid []string
	for i := range 4 {
		raid = append(raid, s.replied(older, fmt.Sprintf("rude, number %d", i)))
	}
	fresh, _ := s.publish("a thread of the raid’s own, to which it replies itself")
	s.replied(fresh, "which ends with its thread")
	s.clock.turn(2 * time.Minute)
	if page := s.get("/admin/raid").body; !strings.Contains(page, "replies of the last ten minutes at least and twenty at most end as well") {
		t.Error("the page does not say how far it reaches")
	}
	fields := []string{"board", "home", "within", "10m"}
	if a := s.form("/admin/raid/undo", fields...); !strings.Contains(a.body, "This would end 1 post. And 4 replies in older threads.") {
		t.Errorf("asked: %s", a.Status)
	}
	s.addBoard(board.Info{Slug: "cellar", Title: "Cellar"})
	if a := s.form("/admin/raid/undo", "board", "cellar", "within", "10m"); a.StatusCode != http.StatusNotFound {
		t.Errorf("of another board: %s", a.Status)
	}
	if _, out := s.call(http.MethodPost, "/api/v1/admin/undo", map[string]any{"board": "home", "within": "10m"}); out["ends"] != 5.0 || out["replies"] != 4.0 {
		t.Errorf("a program is told %v", out)
	}
	if a := s.form("/admin/raid/undo", append(fields, "apply", "1")...); a.StatusCode != http.StatusSeeOther || !strings.Contains(s.get(a.Header.Get("Location")).body, "5 posts have ended") {
		t.Errorf("applied: %s", a.Status)
	}
	page := s.get("/p/" + older)
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "p-"+early) {
		t.Error("the older thread, or its honest answer, has ended")
	}
	for _, id := range raid {
		if strings.Contains(page.body, "p-"+id) {
			t.Error("a reply of the raid still stands")
		}
	}
	late := s.replied(older, "rude once more")
	s.clock.turn(21 * time.Minute)
	if a := s.form("/admin/raid/undo", "board", "home", "within", "2h"); a.StatusCode != http.StatusOK || strings.Contains(a.body, "repl") && strings.Contains(a.body, "And ") {
		t.Errorf("after twenty minutes: %s", a.Status)
	}
	if page := s.get("/p/" + older); !strings.Contains(page.body, "p-"+late) {
		t.Error("it has ended")
	}
}

func TestABanSlowsANetworkThatNobodyLearns(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.set("pow_bits", "8")
	s.owned()
	id := s.postFrom("203.0.113.9", "something that an admin does not like at all")
	a := s.form("/admin/raid/undo", "post", id, "do", "ban")
	if a.StatusCode != http.StatusSeeOther || !strings.Contains(s.get(a.Header.Get("Location")).body, "nobody is silenced") {
		t.Fatalf("ban: %s", a.Status)
	}
	write := func(addr string) answer {
		return s.as(newBrowser(), http.MethodPost, "/api/v1/boards/home/posts", `{"body":"hello"}`, "Content-Type", "application/json", "X-Forwarded-For", addr)
	}
	asked(t, write("203.0.113.200"))
	if a := write("198.51.100.1"); a.StatusCode != http.StatusCreated {
		t.Errorf("another network: %s", a.Status)
	}
	if log := s.get("/admin/log").body; !strings.Contains(log, "slowed a network down") || strings.Contains(log, "203.0.113") {
		t.Error("the log does not tell of it, or of too much")
	}
	all := append(s.files(), s.log.Bytes()...)
	if strings.Contains(string(all), "203.0.113") {
		t.Error("an address is in a file or log")
	}
	if a := s.form("/admin/raid/undo", "post", board.NewPostID().String(), "do", "ban"); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a post that never was: %s", a.Status)
	}
}

func TestProgramsHaveRaidModeAndUndo(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	a, out := s.call(http.MethodPut, "/api/v1/admin/raid", map[string]any{"for": "2h"})
	if list := out["raid"].([]any); a.StatusCode != http.StatusOK || len(list) != 1 || list[0].(map[string]any)["left"] != 7200.0 {
		t.Errorf("on: %s %v", a.Status, out)
	}
	if a, out = s.call(http.MethodPut, "/api/v1/admin/raid", map[string]any{"for": "off"}); a.StatusCode != http.StatusOK || len(out["raid"].([]any)) != 0 {
		t.Errorf("off: %s %v", a.Status, out)
	}
	id := s.postFrom("203.0.113.9", pasted)
	s.postFrom("203.0.113.10", pasted)
	if a, out = s.call(http.MethodPost, "/api/v1/admin/undo", map[string]any{"alike": id}); a.StatusCode != http.StatusOK || out["ends"] != 2.0 || out["applied"] != false {
		t.Errorf("counted: %s %v", a.Status, out)
	}
	if a, _ = s.call(http.MethodPost, "/api/v1/admin/bans", map[string]any{"from": id}); a.StatusCode != http.StatusNoContent {
		t.Errorf("ban: %s", a.Status)
	}
	if a, out = s.call(http.MethodPost, "/api/v1/admin/undo", map[string]any{"from": id, "apply": true}); a.StatusCode != http.StatusOK || out["ends"] != 2.0 {
		t.Errorf("applied: %s %v", a.Status, out)
	}
	if a := s.as(newBrowser(), http.MethodPost, "/api/v1/admin/undo", `{"alike":"`+id+`"}`, "Content-Type", "application/json"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger: %s", a.Status)
	}
}
