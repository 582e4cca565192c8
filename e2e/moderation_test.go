//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// report files one as somebody whom nobody has seen before.
func (s *site) report(n note, reason string) {
	s.t.Helper()
	status, body := s.do(http.MethodPost, "/api/v1/posts/"+n.ID+"/reports", fmt.Sprintf(`{"reason":%q}`, reason), "Content-Type", "application/json")
	if status != http.StatusNoContent {
		s.t.Fatalf("a report: %d %s", status, body)
	}
}

// TestThreeReportsAndAnAdminsTap: a post leaves two open feeds, is in the queue of an
// admin who looks at it, and comes back to both with one key.
func TestThreeReportsAndAnAdminsTap(t *testing.T) {
	t.Parallel()
	s := newSite(t, "report=0")
	n := s.publish("the neighbours sing at six", "")
	reply := s.reply(n.ID, "they do, and badly")
	ada, one, two := s.person("ada"), s.person("one"), s.person("two")
	s.owner(ada)
	ada.open("/admin/queue")
	ada.shows("Nothing waits")
	one.openLive("/")
	two.openLive("/")
	one.click("#p-" + n.ID + " .menu")
	one.follow(`#more [data-do="report"]`)
	one.click(`input[value="harassment"]`)
	one.follow(".report .btn.harm.js-only")
	one.shows("Thank you")
	one.openLive("/")
	one.wait("it is folded for who reported it", `document.querySelector(".folded")`)
	one.click(".folded button")
	s.report(n, "spam")
	one.shows("the neighbours sing")
	s.report(n, "spam")
	one.loses("the neighbours sing")
	two.loses("the neighbours sing")
	ada.wait("it is in the open queue", `document.querySelectorAll(".case").length === 1`)
	ada.shows("Spam or selling\u00a0×\u00a02")
	ada.shows("the neighbours sing")
	see[any](ada, `document.querySelector(".case").focus()`)
	ada.types(".case", "1")
	ada.wait("it is decided", `document.querySelectorAll(".case").length === 0 && !none.hidden`)
	one.shows("the neighbours sing")
	two.shows("the neighbours sing")

	two.openLive("/p/" + n.ID)
	two.shows("and badly")
	for range 3 {
		s.report(reply, "harassment")
	}
	two.loses("and badly")
	two.wait("a line stands in its place", `document.querySelector("#t-`+reply.ID+`")`)
	ada.wait("it is in the open queue", `document.querySelectorAll(".case").length === 1`)
	ada.click(`.case [value="keep"]`)
	two.shows("and badly")
	two.wait("in the place of the line", `!document.querySelector("#t-`+reply.ID+`")`)
}

// TestWithoutAScriptReportsAndDecisionsAreForms.
func TestWithoutAScriptReportsAndDecisionsAreForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := s.publish("without a script", "")
	ada, reader := s.person("ada"), s.person("reader")
	s.owner(ada)
	ada.withoutScript()
	reader.withoutScript()
	reader.open("/")
	reader.follow("#p-" + n.ID + " .end a")
	reader.click(`input[value="spam"]`)
	reader.follow(".report .btn.harm.no-js-only")
	reader.shows("Thank you")
	ada.open("/admin/queue")
	ada.follow(`.case [value="remove"]`)
	ada.shows("Nothing waits")
	reader.open("/log")
	reader.shows("removed what others wrote: 1")
	reader.shows("reason: Spam or selling")
}

// TestAnAuthorHearsWhyAnAdminRemovedIt on the page that is open.
func TestAnAuthorHearsWhyAnAdminRemovedIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, author := s.person("ada"), s.person("author")
	s.owner(ada)
	author.openLive("/")
	author.post("buy my tickets")
	author.wait("it is marked", `document.querySelector("article .badge")`)
	id := see[string](author, `document.querySelector("article:has(.badge)").id.slice(2)`)
	ada.open("/admin/queue?post=" + id)
	see[any](ada, `document.querySelector("select[name=reason]").value = "spam"`)
	ada.click(`.case [value="remove"]`)
	author.shows("An admin removed what you wrote. Reason: Spam or selling.")
}

// keys presses keys one after the other.
func (p *person) keys(list ...string) {
	p.t.Helper()
	for _, key := range list {
		p.do(chromedp.KeyEvent(key))
	}
}

// TestTheQueueIsDecidedByKeys, one after the other.
func TestTheQueueIsDecidedByKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t, "report=0")
	for _, n := range []note{s.publish("first", ""), s.publish("second", "1m"), s.reply(s.publish("a thread", "").ID, "third")} {
		s.report(n, "names-someone")
	}
	ada := s.person("ada")
	s.owner(ada)
	ada.open("/admin/queue")
	ada.wait("the first case has the focus", `document.activeElement === document.querySelector(".case")`)
	ada.keys("j")
	ada.wait("the next has", `document.activeElement === document.querySelectorAll(".case")[1]`)
	ada.keys("k", "2")
	ada.wait("the first is removed, and the next has the focus", `document.querySelectorAll(".case").length === 2 && document.activeElement === document.querySelector(".case")`)
	ada.keys("6", "2") // typed, not decided
	ada.wait("it is typed", `document.activeElement.value.endsWith("2") && document.querySelectorAll(".case").length === 2`)
}
