package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// respond writes a reply by the API, and returns its id.
func (s *site) respond(thread, body, to string) string {
	s.t.Helper()
	a, out := s.call(http.MethodPost, "/api/v1/posts/"+thread+"/replies", map[string]string{"body": body, "to": to})
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("reply: %s %s", a.Status, a.body)
	}
	post := out["post"].(map[string]any)
	if post["to"] != to {
		s.t.Fatalf("it answers %v, want %q", post["to"], to)
	}
	return post["id"].(string)
}

func TestAReplyAnswersAnotherWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread, _ := s.publish("root")
	first := s.respond(thread, "the first answer", "")
	page := s.get("/p/" + thread + "?to=" + first).body
	if !strings.Contains(page, `name="to" value="`+first+`"`) {
		t.Fatal("the form does not answer the reply that was chosen")
	}
	a := s.form("/p/"+thread+"/replies", "body", "so do I", "to", first)
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/p/"+thread+"#p-") {
		t.Fatalf("reply: %s to %s", a.Status, a.Header.Get("Location"))
	}
	if page := s.get("/p/" + thread).body; !strings.Contains(page, `class="ref" href="#p-`+first+`"`) || strings.Count(page, "the first answer") != 2 {
		t.Error("the answer does not lead to what it answers, with its words")
	}
}

func TestWhatAnAnswerShowsOfAReplyEndsWithThatReply(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread, _ := s.publish("root")
	first := s.respond(thread, "xyzzy-marker", "")
	conn := s.listen("/live?post=" + thread)
	s.next(conn)
	s.respond(thread, "an answer", first)
	if frame := s.next(conn); !strings.Contains(frame, "xyzzy-marker") || !strings.Contains(frame, `href="#p-`+first+`"`) {
		t.Errorf("its birth is told without what it answers: %s", frame)
	}
	if a := s.form("/p/" + first + "/delete"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("delete: %s", a.Status)
	}
	for path, body := range s.readings(thread) {
		if strings.Contains(body, "xyzzy-marker") {
			t.Errorf("%s still shows words of what was answered", path)
		}
	}
	if page := s.get("/p/" + thread).body; !strings.Contains(page, "In answer to a reply that is gone") {
		t.Error("nothing says that what was answered is gone")
	}
	last := s.listen("/live?post=" + thread)
	s.next(last)
	s.respond(thread, "too late", first)
	if frame := s.next(last); !strings.Contains(frame, "In answer to a reply that is gone") {
		t.Errorf("an answer to what is gone is told as %s", frame)
	}
}

func TestAnAnswerToNoReplyIsRefusedAndItsWordsGivenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread, _ := s.publish("root")
	for _, to := range []string{"nonsense", strings.Repeat("a", 27), strings.Repeat("A", 26), "<script>"} {
		a := s.form("/p/"+thread+"/replies", "body", "my words", "to", to)
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "my words") || !strings.Contains(a.body, "Choose one from its page") {
			t.Errorf("%q: %s, or the words or the reason are missing", to, a.Status)
		}
		b, out := s.call(http.MethodPost, "/api/v1/posts/"+thread+"/replies", map[string]string{"body": "my words", "to": to})
		if b.StatusCode != http.StatusUnprocessableEntity || out["fields"].(map[string]any)["to"] == nil {
			t.Errorf("%q by the API: %s %s", to, b.Status, b.body)
		}
	}
	if page := s.get("/p/" + thread + "?to=nonsense").body; !strings.Contains(page, `name="to" value=""`) {
		t.Error("a form answers nonsense")
	}
}
