package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// addBoard adds a board, as mayfly board add does beside a running server.
func (s *site) addBoard(b board.Info) {
	s.t.Helper()
	if err := board.AddBoard(s.t.Context(), "cli", s.store, b, s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
	s.follow()
}

func (s *site) follow() {
	s.t.Helper()
	if err := s.board.Follow(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func TestPostsOfOneBoardStandOnNoOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	live := s.listen("/api/v1/live?board=home")
	s.next(live)
	if a := s.form("/b/attic/posts", "body", "attic-marker"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/b/attic#p-") {
		t.Fatalf("posted: %s to %s", a.Status, a.Header.Get("Location"))
	}
	s.publish("home-marker")
	for path, marker := range map[string][2]string{
		"/":                           {"home-marker", "attic-marker"},
		"/b/attic":                    {"attic-marker", "home-marker"},
		"/live/state?board=attic&n=5": {"attic-marker", "home-marker"},
		"/api/v1/boards/attic/posts":  {"attic-marker", "home-marker"},
	} {
		if a := s.get(path); !strings.Contains(a.body, marker[0]) || strings.Contains(a.body, marker[1]) {
			t.Errorf("%s: %s, without its own or with the other's posts", path, a.Status)
		}
	}
	if frame := s.next(live); !strings.Contains(frame, "home-marker") {
		t.Errorf("the first that home hears is %s", frame)
	}
	if a := s.get("/you"); !strings.Contains(a.body, "The attic") || !strings.Contains(a.body, "attic-marker") {
		t.Error("/you does not say where it stands")
	}
}

func TestSeveralBoardsAreLedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if a := s.get("/"); strings.Contains(a.body, "/boards") {
		t.Error("one board alone has a list of boards")
	}
	s.addBoard(board.Info{Slug: "attic", Title: "The <attic>", Rules: "Be kind: https://rules.example/kind\nNo shouting.", ClosesAt: s.clock.Now().Add(3 * time.Hour)})
	s.form("/b/attic/posts", "body", "one")
	s.form("/b/attic/posts", "body", "hidden", "unlisted", "on")
	list := s.get("/boards").body
	for _, want := range []string{`href="/b/attic"`, "The &lt;attic&gt;", "Be kind: https://rules.example/kind", "1 post<", "Closes in 3 hours", `href="/"`, "0 posts"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if !strings.Contains(list, `class="panel tight"><h2><a href="/"`) {
		t.Error("home is not on the list")
	}
	page := s.get("/b/attic").body
	for _, want := range []string{`href="/boards"`, `aria-current="page"><bdi>The &lt;attic&gt;`, `href="https://rules.example/kind"`, `href="/write?board=attic"`, `action="/b/attic/posts"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the board lacks %q", want)
		}
	}
	if a := s.get("/write?board=attic"); !strings.Contains(a.body, `action="/b/attic/posts"`) {
		t.Error("its composer posts elsewhere")
	}
	if a := s.get("/about"); !strings.Contains(a.body, "No shouting.") || !strings.Contains(a.body, "Rules of The &lt;attic&gt;") {
		t.Error("/about does not tell its rules")
	}
	for _, path := range []string{"/b/cellar", "/write?board=cellar", "/live?board=cellar", "/api/v1/boards/cellar/posts", "/b/Attic", "/b/%2e%2e"} {
		if a := s.get(path, "Origin", s.url); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", path, a.Status)
		}
	}
}

func TestTheAPIListsBoardsWithoutADate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "attic", Title: "The attic", Rules: "No shouting.", ClosesAt: s.clock.Now().Add(time.Hour)})
	s.form("/b/attic/posts", "body", "one")
	_, out := s.call(http.MethodGet, "/api/v1/boards", nil)
	boards := out["boards"].([]any)
	home, attic := boards[0].(map[string]any), boards[1].(map[string]any)
	if home["slug"] != "home" || home["closes_in"] != nil || home["posts"] != 0.0 || home["state"] != "open" || len(home) != 7 {
		t.Errorf("home = %v", home)
	}
	if attic["closes_in"].(float64) < 3600 || attic["closes_in"].(float64) > 3660 || attic["posts"] != 1.0 || attic["rules"] != "No shouting." || attic["url"] != "/b/attic" {
		t.Errorf("attic = %v", attic)
	}
}

func TestTheLastHourIsCountedDownAndToldToOpenPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "attic", Title: "The attic", ClosesAt: s.clock.Now().Add(2 * time.Hour)})
	s.form("/b/attic/posts", "body", "stays to the end", "ttl", "24h")
	_, feed := s.call(http.MethodGet, "/api/v1/boards/attic/posts", nil)
	thread := "/p/" + feed["posts"].([]any)[0].(map[string]any)["id"].(string)
	attic, home := s.listen("/live?board=attic"), s.listen("/live?board=home")
	s.next(attic)
	s.next(home)
	if a := s.get("/b/attic"); strings.Contains(a.body, `id="closing"`) || strings.Contains(a.body, `value="24h"`) {
		t.Error("two hours before, it counts down, or offers a life of a day")
	}
	s.clock.turn(75 * time.Minute)
	s.follow()
	frame := s.next(attic)
	for _, want := range []string{`data-event="settings"`, `id="closing"`, `role="timer"`, `id="limits"`} {
		if !strings.Contains(frame, want) {
			t.Errorf("the frame lacks %s: %s", want, frame)
		}
	}
	if strings.Contains(frame, `value="1h"`) {
		t.Error("an hour is offered where there is less")
	}
	for _, path := range []string{"/b/attic", thread} {
		if a := s.get(path); !strings.Contains(a.body, `id="closing"`) || !strings.Contains(a.body, "everything on it ends") {
			t.Errorf("%s does not count down", path)
		}
	}
	s.publish("home hears nothing of it")
	if frame := s.next(home); !strings.Contains(frame, "home hears nothing") {
		t.Errorf("home was told %s", frame)
	}
}

// letStay waits until a socket that was greeted has been let stay: then its pings are
// answered. What says makes a frame, behind which the answer is found.
func (s *site) letStay(conn *websocket.Conn, says func()) {
	s.t.Helper()
	answered := false
	conn.SetPongHandler(func(string) error {
		answered = true
		return nil
	})
	if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	for !answered {
		says()
		s.next(conn)
	}
}

func TestAClosedBoardSaysSoAndGivesWordsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "attic", Title: "The attic", ClosesAt: s.clock.Now().Add(time.Hour)})
	page := s.listen("/live?board=attic")
	s.next(page)
	s.letStay(page, func() { s.form("/b/attic/posts", "body", "while it is open") })
	s.clock.turn(61 * time.Minute)
	s.follow()
	if frame := s.next(page); !strings.Contains(frame, `data-event="reload"`) {
		t.Errorf("an open page was told %s", frame)
	}
	for _, path := range []string{"/b/attic", "/write?board=attic", "/live/state?board=attic", "/live?board=attic", "/api/v1/boards/attic/posts"} {
		if a := s.get(path, "Origin", s.url); a.StatusCode != http.StatusGone || !strings.Contains(a.body, "This board has closed") {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	a := s.form("/b/attic/posts", "body", "kept <words>")
	if a.StatusCode != http.StatusGone || !strings.Contains(a.body, "kept &lt;words&gt;") || !strings.Contains(a.body, `action="/b/home/posts"`) {
		t.Errorf("a post there: %s, and its words are lost", a.Status)
	}
	if a, out := s.call(http.MethodPost, "/api/v1/boards/attic/posts", map[string]string{"body": "too late"}); a.StatusCode != http.StatusGone || out["code"] != "error.closed" {
		t.Errorf("by the API: %s %v", a.Status, out)
	}
	if strings.Contains(s.get("/").body, "/b/attic") {
		t.Error("it is still led to")
	}
	s.clock.turn(24 * time.Hour)
	s.sweep()
	s.follow()
	if a := s.get("/b/attic"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a day later: %s", a.Status)
	}
}

func TestABoardsOwnLimitsHoldThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	for name, value := range map[string]string{"post_chars": "5", "reply": "1/1", "vote": "1/1"} {
		if err := s.tuner.Apply(t.Context(), "cli", "attic", map[string]string{name: value}); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.form("/b/attic/posts", "body", "longer"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("six characters there: %s", a.Status)
	}
	home, _ := s.publish("longer")
	_, out := s.call(http.MethodPost, "/api/v1/boards/attic/posts", map[string]string{"body": "short"})
	attic := out["post"].(map[string]any)["id"].(string)
	refused := func(path string, fields ...string) (n int) {
		for range 5 {
			if a := s.form(path, fields...); a.StatusCode == http.StatusTooManyRequests {
				n++
			}
		}
		return n
	}
	if n := refused("/p/"+home+"/replies", "body", "re"); n != 0 {
		t.Errorf("%d replies at home were refused", n)
	}
	if n := refused("/p/"+attic+"/replies", "body", "re"); n == 0 {
		t.Error("no reply in the attic was refused")
	}
	if n := refused("/p/"+attic+"/vote", "vote", "heart"); n == 0 {
		t.Error("no vote in the attic was refused")
	}
	if n := refused("/p/"+home+"/vote", "vote", "heart"); n != 0 {
		t.Errorf("%d votes at home were refused", n)
	}
}
