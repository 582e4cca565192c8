//go:build e2e

package e2e

import (
	"net/http"
	"testing"
)

// TestWhoWritesTooQuicklyGetsTheWordsBack in the form they were written in, with a
// sentence that says when they will be taken.
func TestWhoWritesTooQuicklyGetsTheWordsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, "post=1/1", "reply=1/1", "pow=off")
	post := s.publish("the first word", "")
	const words = "a word too many <b>&amp;</b>"
	for _, form := range []struct{ name, path, selector, api string }{
		{"a post", "/", "#composer", "/api/v1/boards/home/posts"},
		{"a reply", "/p/" + post.ID, "#talk", "/api/v1/posts/" + post.ID + "/replies"},
	} {
		t.Run(form.name+" with script", func(t *testing.T) {
			p := newPerson(t, "somebody quick", s.url)
			p.expects("status of 429")
			p.openLive(form.path)
			p.types(form.selector+" textarea", words)
			s.exhaust(form.api)
			p.click(form.selector + " #send")
			p.checkRefusal(form.selector, words)
			p.wait("the button counts down", `document.querySelector("#send").ariaDisabled === "true"`)
		})
		t.Run(form.name+" without script", func(t *testing.T) {
			p := newPerson(t, "somebody quick", s.url)
			p.expects("status of 429")
			p.withoutScript()
			p.open(form.path)
			p.types(form.selector+" textarea", words)
			s.exhaust(form.api)
			p.follow(form.selector + " #send")
			p.checkRefusal(form.selector, words)
		})
	}
}

func (p *person) checkRefusal(form, words string) {
	p.t.Helper()
	p.shows("That was quick. You can send again in")
	if got := see[string](p, `document.querySelector("`+form+` textarea").value`); got != words {
		p.t.Errorf("the words came back as %q, want %q", got, words)
	}
}

// exhaust writes until nothing more is taken from this address.
func (s *site) exhaust(path string) {
	s.t.Helper()
	for range 10 {
		status, _ := s.do(http.MethodPost, path, `{"body":"more"}`, "Content-Type", "application/json")
		if status == http.StatusTooManyRequests {
			return
		}
	}
	s.t.Fatal("ten at once were taken")
}
