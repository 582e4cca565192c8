package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// ruling is an admin's, for spam.
var ruling = board.Ruling{By: "ada", Reason: board.Spam}

func parsed(id string) board.PostID { return must(board.ParsePostID(id)) }

// hold stores a post that waits for an admin.
func (s *site) hold(body string) string {
	s.t.Helper()
	key, id := board.NewKey(), board.NewPostID()
	secret, now := key.Secret(), s.clock.Now()
	v := board.NewVisitor(now)
	p := board.Post{
		ID: id, Board: board.Home, Thread: id, Body: body, Name: secret.Voice(v).Draws, Standing: board.Held,
		Life: board.NewLife(now, time.Hour, 0, 24*time.Hour), Own: secret.Own(v, id), Voice: secret.Voice(v).Tag, Secret: secret,
	}
	if _, err := s.store.InsertPost(s.t.Context(), p, key); err != nil {
		s.t.Fatal(err)
	}
	return id.String()
}

// TestOfWhatIsHeldAStrangerHearsNothing: it is answered like what never was, byte for
// byte.
func TestOfWhatIsHeldAStrangerHearsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, never := s.hold("xyzzy-marker"), board.NewPostID().String()
	for path, body := range s.readings(id) {
		if strings.Contains(body, "xyzzy-marker") {
			t.Errorf("%s shows it", path)
		}
	}
	for _, path := range []string{"/p/%", "/p/%/qr", "/p/%/picture", "/live/state?post=%", "/api/v1/posts/%"} {
		got, want := s.get(strings.ReplaceAll(path, "%", id)), s.get(strings.ReplaceAll(path, "%", never))
		if got.StatusCode != http.StatusNotFound || got.body != want.body {
			t.Errorf("%s: %s, want what an unknown id is answered", path, got.Status)
		}
	}
}

func TestWhatIsHiddenIsAWordlessPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("xyzzy-marker")
	if err := s.board.Hide(t.Context(), ruling, parsed(id)); err != nil {
		t.Fatal(err)
	}
	if page := s.get("/p/" + id); page.StatusCode != http.StatusOK || !strings.Contains(page.body, "xyzzy-marker") || !strings.Contains(page.body, "Only you see this now") {
		t.Errorf("its author's page: %s", page.Status)
	}
	if page := s.get("/you"); !strings.Contains(page.body, "Only you see this now") {
		t.Error("/you does not say that it is hidden")
	}
	if _, out := s.call(http.MethodGet, "/api/v1/posts/"+id, nil); out["post"].(map[string]any)["state"] != "hidden" {
		t.Errorf("to its author its state is %v", out["post"])
	}
	s.client = newBrowser()
	for path, body := range s.readings(id) {
		if strings.Contains(body, "xyzzy-marker") {
			t.Errorf("%s shows it to a stranger", path)
		}
	}
	if page := s.get("/p/" + id); page.StatusCode != http.StatusForbidden || !strings.Contains(page.body, "until somebody who runs this board has looked") {
		t.Errorf("a stranger's page: %s %s", page.Status, page.body)
	}
	_, out := s.call(http.MethodGet, "/api/v1/posts/"+id, nil)
	post := out["post"].(map[string]any)
	if post["state"] != "hidden" || post["body"] != "" || post["name"] != "" || post["hue"] != "" || post["mine"] != false {
		t.Errorf("a stranger's answer: %v", post)
	}
	if a := s.form("/p/"+id+"/vote", "vote", "heart"); a.StatusCode != http.StatusForbidden {
		t.Errorf("a vote: %s", a.Status)
	}
	if a := s.form("/p/"+id+"/replies", "body", "my words"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "my words") {
		t.Errorf("a reply: %s, and the words do not come back", a.Status)
	}
}

func TestAHiddenPostLeavesOpenFeedsAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("xyzzy-marker")
	conn, program := s.listen("/live?board=home"), s.listen("/live?board=home&format=json")
	s.next(conn)
	s.next(program)
	if err := s.board.Hide(t.Context(), ruling, parsed(id)); err != nil {
		t.Fatal(err)
	}
	if f := s.next(conn); !strings.Contains(f, `data-event="died"`) || !strings.Contains(f, `data-why="hidden"`) {
		t.Errorf("frame = %s", f)
	}
	if f := s.next(program); !strings.Contains(f, `"why":"hidden"`) {
		t.Errorf("frame = %s", f)
	}
	if err := s.board.Release(t.Context(), ruling, parsed(id)); err != nil {
		t.Fatal(err)
	}
	if f := s.next(conn); !strings.Contains(f, `data-event="born"`) || !strings.Contains(f, "xyzzy-marker") {
		t.Errorf("frame = %s", f)
	}
}

func TestAHiddenReplyIsALineInItsThread(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("post")
	_, out := s.call(http.MethodPost, "/api/v1/posts/"+id+"/replies", map[string]string{"body": "xyzzy-marker"})
	reply := out["post"].(map[string]any)["id"].(string)
	if err := s.board.Hide(t.Context(), ruling, parsed(reply)); err != nil {
		t.Fatal(err)
	}
	s.client = newBrowser()
	for _, path := range []string{"/p/" + id, "/live/state?post=" + id} {
		if page := s.get(path).body; strings.Contains(page, "xyzzy-marker") || !strings.Contains(page, `id="t-`+reply) {
			t.Errorf("%s: want a wordless line", path)
		}
	}
}
