//go:build e2e

package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// TestNothingIsLostBetweenAPageAndItsSocket holds the scripts back after the page
// has been drawn: what happens meanwhile is on no page and comes by no socket.
func TestNothingIsLostBetweenAPageAndItsSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, "vanish_score=-3")
	stays, goes, swept := s.publish("this one stays", ""), s.publish("this one goes", ""), s.publish("this one is voted away", "")
	reader := s.person("the reader")

	release := reader.openWithoutScripts("/")
	reader.wait("the page is drawn", `document.querySelectorAll("article.post").length === 3`)
	s.publish("said in the gap", "")
	s.end(goes)
	s.vote(swept, "down", 3)
	release()
	reader.shows("said in the gap")
	reader.loses("this one goes")
	reader.loses("this one is voted away")
	reader.shows("Removed by votes.")

	release = reader.openWithoutScripts("/p/" + stays.ID)
	reader.wait("the thread is drawn", `document.querySelector("#replies")`)
	s.reply(stays.ID, "answered in the gap")
	release()
	reader.shows("answered in the gap")
}

// openWithoutScripts goes to a page, whose scripts come once release is called.
func (p *person) openWithoutScripts(path string) (release func()) {
	p.t.Helper()
	tell(p, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	tell(p, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*/static/js/*"}}})
	tell(p, page.Navigate, page.NavigateParams{URL: p.base + path})
	return func() {
		p.t.Helper()
		if see[bool](p, `document.documentElement.classList.contains("has-js")`) {
			p.t.Error("the scripts were not held back")
		}
		tell(p, fetch.Disable, cdp.Empty{})
	}
}
