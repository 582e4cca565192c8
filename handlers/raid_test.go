package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

func TestOnAReadOnlyBoardNobodyWritesOrVotes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("written before")
	page := s.listen("/live?board=home")
	s.next(page) // hello
	s.set("board", "read-only")
	if frame := s.next(page); !strings.Contains(frame, `data-event="settings"`) || !strings.Contains(frame, `data-shut`) {
		t.Errorf("an open page is told %s", frame)
	}
	for _, tt := range []struct{ method, path, body string }{
		{http.MethodPost, "/api/v1/boards/home/posts", `{"body":"more"}`},
		{http.MethodPost, "/api/v1/posts/" + id + "/replies", `{"body":"more"}`},
		{http.MethodPut, "/api/v1/posts/" + id + "/vote", `{"vote":"heart"}`},
	} {
		a := s.do(tt.method, tt.path, tt.body, "Content-Type", "application/json")
		if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "error.read_only") || a.Header.Get("Mayfly-Challenge") != "" {
			t.Errorf("%s: %s %s", tt.path, a.Status, a.body)
		}
	}
	for path, fields := range map[string][]string{
		"/b/home/posts": {"body", "my own words"}, "/p/" + id + "/replies": {"body", "my own words"}, "/p/" + id + "/vote": {"vote", "down"},
	} {
		a := s.form(path, fields...)
		if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "Nobody writes or votes here") || fields[0] == "body" && !strings.Contains(a.body, "my own words") {
			t.Errorf("%s: %s, or the words did not come back", path, a.Status)
		}
	}
	for _, path := range []string{"/", "/write", "/p/" + id} {
		if a := s.get(path); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `id="pace" data-shut`) {
			t.Errorf("%s: %s, or nothing stands for the form", path, a.Status)
		}
	}
	if a := s.form("/p/" + id + "/delete"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("its author ends it: %s", a.Status)
	}
}

func TestABoardThatIsClosedForNowSaysSoEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	_, out := s.call(http.MethodPost, "/api/v1/boards/attic/posts", map[string]string{"body": "xyzzy-marker"})
	id := out["post"].(map[string]any)["id"].(string)
	page := s.listen("/live?board=attic")
	s.next(page) // hello
	if err := s.tuner.Apply(t.Context(), "cli", "attic", map[string]string{"board": "closed"}); err != nil {
		t.Fatal(err)
	}
	if frame := s.next(page); !strings.Contains(frame, `data-event="reload"`) {
		t.Errorf("an open page is told %s", frame)
	}
	for _, path := range []string{
		"/b/attic", "/b/attic?sort=top", "/write?board=attic", "/search?board=attic&q=xyzzy", "/p/" + id, "/p/" + id + "/qr", "/p/" + id + "/picture",
		"/live/state?board=attic", "/live/state?post=" + id, "/live?board=attic", "/live?post=" + id,
		"/api/v1/boards/attic/posts", "/api/v1/posts/" + id, "/api/v1/live?board=attic",
	} {
		a := s.get(path, "Origin", s.url)
		if a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "xyzzy-marker") || !strings.Contains(a.body, "closed for now") {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	for path, fields := range map[string][]string{
		"/b/attic/posts": {"body", "my own words"}, "/p/" + id + "/replies": {"body", "my own words"}, "/p/" + id + "/vote": {"vote", "heart"}, "/p/" + id + "/open": {},
	} {
		if a := s.form(path, fields...); a.StatusCode != http.StatusServiceUnavailable || len(fields) > 0 && fields[0] == "body" && !strings.Contains(a.body, "my own words") {
			t.Errorf("%s: %s, or the words did not come back", path, a.Status)
		}
	}
	if a := s.get("/boards"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "closed for now") {
		t.Errorf("/boards: %s", a.Status)
	}
	if a := s.get("/"); a.StatusCode != http.StatusOK {
		t.Errorf("another board: %s", a.Status)
	}
	if strings.Contains(s.log.String(), "a request failed") {
		t.Error("a board that is closed for now fills the log")
	}
	if a := s.do(http.MethodDelete, "/api/v1/posts/"+id, ""); a.StatusCode != http.StatusNoContent {
		t.Errorf("its author ends it: %s", a.Status)
	}
}

func TestThePagesOfTheSiteAnswerThoughHomeIsClosedForNow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("board", "closed")
	for _, path := range []string{"/you", "/about", "/boards", "/forgotten"} {
		if a := s.get(path); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

func TestASlowBoardTakesOnePostAVisitorAtATime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("board", "slow")
	s.set("pow", "off")
	if a := s.form("/b/home/posts", "body", "one"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the first: %s", a.Status)
	}
	a := s.form("/b/home/posts", "body", "my second words")
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "60" || !strings.Contains(a.body, "my second words") || !strings.Contains(a.body, "This board is slow just now") {
		t.Errorf("the second: %s, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
	}
	s.clock.turn(21 * time.Minute) // the cookie has settled, and the limits have forgotten
	if a := s.form("/b/home/posts", "body", "two"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("later: %s", a.Status)
	}
	if a := s.form("/b/home/posts", "body", "three"); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a settled visitor's next: %s", a.Status)
	}
}

func TestRaidModeReachesOpenPagesAndEndsByItself(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("pow_bits", "8")
	id, _ := s.publish("written before")
	page := s.listen("/live?board=home")
	s.next(page) // hello
	if err := s.storms.Begin(t.Context(), "mara", "", 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	if frame := s.next(page); !strings.Contains(frame, "being raided") || strings.Contains(frame, `value="7d"`) {
		t.Errorf("an open page is told %s", frame)
	}
	stranger := newBrowser()
	a := s.as(stranger, http.MethodPost, "/api/v1/boards/home/posts", `{"body":"let me in"}`, "Content-Type", "application/json")
	if a.StatusCode != http.StatusTooManyRequests || !strings.Contains(a.body, `"bits":11`) {
		t.Errorf("a newcomer is asked for %s %s", a.Status, a.body)
	}
	a = s.as(stranger, http.MethodPost, "/api/v1/posts/"+id+"/replies", `{"body":"let me in"}`, "Content-Type", "application/json")
	if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "error.raid_reply") {
		t.Errorf("a newcomer replies: %s %s", a.Status, a.body)
	}
	if a := s.get("/"); !strings.Contains(a.body, "This board is being raided") {
		t.Error("the page does not say so")
	}
	s.clock.turn(30 * time.Minute)
	if a := s.as(stranger, http.MethodPost, "/api/v1/boards/home/posts", `{"body":"let me in","ttl":"7d"}`, "Content-Type", "application/json"); a.StatusCode != http.StatusCreated {
		t.Errorf("when it is over: %s %s", a.Status, a.body)
	}
	if err := s.storms.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.next(page) // the post
	if frame := s.next(page); !strings.Contains(frame, `data-event="settings"`) || strings.Contains(frame, "being raided") {
		t.Errorf("an open page is told %s", frame)
	}
}
