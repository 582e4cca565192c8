package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"mayfly/board"
)

// ask has the host ask on the home board, and returns the prompt's id.
func (s *site) ask(q board.Question) string {
	s.t.Helper()
	if q.Kind == board.NoPrompt {
		q.Kind = board.Asking
	}
	q.Board = board.Home
	if err := board.Ask(s.t.Context(), "cli", s.store, s.store, q, s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
	s.follow()
	return must(s.board.Prompts(s.t.Context(), board.Home))[0].ID.String()
}

func TestTheHostsQuestionIsPinnedAndLabelled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page, program := s.listen("/live?board=home"), s.listen("/api/v1/live")
	s.next(page)
	s.next(program)
	id := s.ask(board.Question{Body: "What <b>now</b>?"})
	if frame := s.next(page); !strings.Contains(frame, `class="post prompt" id="p-`+id) {
		t.Errorf("open pages are told %s", frame)
	}
	if frame := s.next(program); !strings.Contains(frame, `"prompt":"question"`) || !strings.Contains(frame, `"name":"The host"`) {
		t.Errorf("programs are told %s", frame)
	}
	s.publish("a visitor’s words")
	for _, path := range []string{"/", "/?sort=hot", "/?sort=fading", "/?sort=top", "/live/state?board=home&n=5", "/p/" + id} {
		body := s.get(path).body
		for _, want := range []string{"Question of the host", "What &lt;b&gt;now&lt;/b&gt;?", "Answer it"} {
			if strings.Count(body, want) < 1 {
				t.Errorf("%s lacks %q", path, want)
			}
		}
		if n := strings.Count(body, `id="p-`+id); n != 1 {
			t.Errorf("%s shows it %d times", path, n)
		}
		_, article, _ := strings.Cut(body, `id="p-`+id)
		if article, _, _ = strings.Cut(article, "</article>"); strings.Contains(article, `value="down"`) || strings.Contains(article, "wings.svg") {
			t.Errorf("%s: it has a down, or somebody's wings", path)
		}
	}
	sponsored := s.ask(board.Question{Body: "Who paid?", Sponsored: true})
	welcome := s.ask(board.Question{Body: "Come in.", Kind: board.Welcome})
	body := s.get("/").body
	if !strings.Contains(body, "Sponsored question") || !strings.Contains(body, "Welcome from the host") || strings.Count(body, "Answer it") != 2 {
		t.Errorf("%s and %s are not labelled as what they are", sponsored, welcome)
	}
	if a := s.get("/", "Accept-Language", "it"); !strings.Contains(a.body, "Domanda di chi ospita") || !strings.Contains(a.body, "Domanda sponsorizzata") {
		t.Error("not labelled in Italian")
	}
}

func TestThePinnedAreOnTheFirstPageAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 3 {
		s.publish("words")
	}
	id := s.ask(board.Question{Body: "Why?"})
	_, first := s.call(http.MethodGet, "/api/v1/boards/home/posts?limit=2", nil)
	prompts := first["prompts"].([]any)
	if len(prompts) != 1 || len(first["posts"].([]any)) != 2 || prompts[0].(map[string]any)["id"] != id || prompts[0].(map[string]any)["hue"] != "" {
		t.Errorf("first page: %v", first)
	}
	cursor := first["cursor"].(string)
	_, next := s.call(http.MethodGet, "/api/v1/boards/home/posts?limit=2&cursor="+cursor, nil)
	if len(next["prompts"].([]any)) != 0 || len(next["posts"].([]any)) != 1 {
		t.Errorf("second page: %v", next)
	}
	if a := s.get("/?cursor=" + cursor); strings.Contains(a.body, id) {
		t.Error("a later page pins it too")
	}
}

func TestAnAnswerIsAReplyAndNobodyWroteTheQuestion(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.ask(board.Question{Body: "Why?"})
	thread := s.listen("/live?post=" + id)
	s.next(thread)
	for range 40 { // some of them draw the first of all names
		s.client = newBrowser()
		s.form("/p/"+id+"/replies", "body", "Because.")
	}
	page := s.get("/p/" + id).body
	if strings.Count(page, "Because.") != 40 || strings.Contains(page, "wrote this") || !strings.Contains(page, "40 replies") {
		t.Error("answers are missing, or one of them is called the host's")
	}
	for _, frame := range []string{s.next(thread), s.next(thread)} {
		if strings.Contains(frame, "wrote this") {
			t.Errorf("told %s", frame)
		}
	}
	if a := s.form("/p/"+id+"/vote", "vote", "down"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "can’t be voted down") {
		t.Errorf("a down: %s", a.Status)
	}
	if a, out := s.call(http.MethodPut, "/api/v1/posts/"+id+"/vote", map[string]string{"vote": "heart"}); a.StatusCode != http.StatusOK || out["post"].(map[string]any)["hearts"] != 1.0 {
		t.Errorf("a heart: %s %v", a.Status, out)
	}
	if a := s.form("/p/" + id + "/delete"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a visitor ends it: %s", a.Status)
	}
}
