//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// costly opens a board on which every write costs a proof of work, with a post and a
// sealed one on it.
func costly(t *testing.T, bits string) (s *site, post, sealed note) {
	t.Helper()
	s = newSite(t, "open=0", "pow_bits="+bits)
	post = s.publish("something to answer", "")
	sealed = s.write("/api/v1/boards/home/posts", map[string]any{"body": "xyzzy, once", "view_once": true})
	s.set("pow=always")
	eventually(t, patience, "writing costs", func() bool {
		status, _ := s.do(http.MethodPost, "/api/v1/boards/home/posts", `{"body":"free"}`, "Content-Type", "application/json")
		return status == http.StatusTooManyRequests
	})
	return s, post, sealed
}

// TestWithScriptAProofIsFoundWhileALineSaysSo, and what was written goes out by
// itself; the worker is fetched when it is needed.
func TestWithScriptAProofIsFoundWhileALineSaysSo(t *testing.T) {
	t.Parallel()
	s, post, sealed := costly(t, "15")
	p := s.person("somebody with script")
	p.expects("status of 429")
	fetched := 0
	p.watching = func(e *network.EventRequestWillBeSent) {
		if strings.Contains(e.Request.URL, "pow.worker") {
			fetched++
		}
	}
	p.openLive("/")
	see[any](p, `void (window.lines = [], new MutationObserver(() => {
		const line = document.querySelector(".checking");
		if (line && window.lines.push(line.innerText + " " + document.querySelector("#body").readOnly) > 999) window.lines.length = 0;
	}).observe(document.body, {childList: true, subtree: true}))`)
	p.mu.Lock()
	if fetched > 0 {
		t.Error("the worker was fetched before it was needed")
	}
	p.mu.Unlock()
	p.post("worth a moment of work")
	p.wait("it is there and marked", `[...document.querySelectorAll("article")].some(a => a.innerText.includes("worth a moment of work") && a.querySelector(".badge"))`)
	if said := see[string](p, `window.lines[0] ?? ""`); !strings.HasPrefix(said, "Checking that you are no machine… about 1 s") {
		t.Errorf("meanwhile the page said %q", said)
	}
	p.wait("the form is empty, and can be written in", `document.querySelector("#body").value === "" && !document.querySelector("#body").readOnly && !document.querySelector(".checking")`)

	p.click("#p-" + post.ID + " .heart")
	p.wait("the heart is given", `document.querySelector("#p-`+post.ID+` .heart").ariaPressed === "true" && document.querySelector("#p-`+post.ID+` .heart span").textContent === "1" && !document.querySelector("#p-`+post.ID+` .said")`)
	s.heartsOf(t, post, 1)

	p.openLive("/p/" + post.ID)
	p.answer("and one of it too")
	p.wait("the reply is there", `document.querySelector("#replies article .badge")`)

	p.open("/p/" + sealed.ID)
	p.click(".seal button")
	p.shows("xyzzy, once") // by way of the waiting room, where nobody waits
}

// heartsOf waits until the server has counted so many hearts.
func (s *site) heartsOf(t *testing.T, n note, hearts int) {
	t.Helper()
	eventually(t, patience, "the heart is counted", func() bool {
		_, body := s.do(http.MethodGet, "/api/v1/posts/"+n.ID, "")
		return strings.Contains(body, `"hearts":`+string(rune('0'+hearts)))
	})
}

// TestWithoutScriptTheWaitingRoomLeadsThrough, and no word is lost on the way.
func TestWithoutScriptTheWaitingRoomLeadsThrough(t *testing.T) {
	t.Parallel()
	s, post, _ := costly(t, "8") // a wait of five seconds
	for _, way := range []struct{ path, form, words string }{
		{"/write", "#composer", "worth a wait <b>&amp;</b>"},
		{"/p/" + post.ID, "#talk", "an answer worth a wait"},
	} {
		t.Run(way.form, func(t *testing.T) {
			p := newPerson(t, "somebody without script", s.url)
			p.expects("status of 429")
			p.withoutScript()
			p.open(way.path)
			p.types(way.form+" textarea", way.words)
			p.follow(way.form + " #send")
			p.shows("One moment")
			p.follow("#send") // too early
			p.shows("One moment")
			if got := see[string](p, `document.querySelector("textarea").value`); got != way.words {
				t.Errorf("the words came back as %q", got)
			}
			p.wait("the ring says that it is time", `getComputedStyle(document.querySelector(".dial-end path")).visibility === "visible"`)
			p.follow("#send")
			p.shows(way.words)
			p.wait("the waiting room is left", `document.body.dataset.page !== "problem"`)
		})
	}
	p := s.person("somebody without script")
	p.expects("status of 429")
	p.withoutScript()
	p.open("/p/" + post.ID)
	p.follow("article.post .heart")
	p.shows("One moment")
	p.wait("the ring says that it is time", `getComputedStyle(document.querySelector(".dial-end path")).visibility === "visible"`)
	p.follow("#send")
	p.wait("the heart is given", `document.querySelector("article.post .heart span").textContent === "1"`)
}

// TestTheWaitingRoomHasNoBarriers in either language, and fits the narrowest phone.
func TestTheWaitingRoomHasNoBarriers(t *testing.T) {
	t.Parallel()
	axe := string(must(os.ReadFile("testdata/axe.min.js")))
	s, _, _ := costly(t, "24") // no script solves it meanwhile
	for _, lang := range []string{"en", "it"} {
		p := s.person("somebody in " + lang)
		p.expects("status of 429")
		tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}) // for axe alone
		tell(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
		p.withoutScript()
		p.open("/write")
		p.types("#composer textarea", "worth a wait")
		p.follow("#composer #send")
		p.withScript() // for axe alone
		p.do(chromedp.Evaluate[chromedp.Void](axe))
		p.checkBarriers("the waiting room in " + lang)
		p.width(320)
		if wide := see[int](p, `document.scrollingElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s: it is %d px too wide", lang, wide)
		}
	}
}
