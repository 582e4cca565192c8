//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
)

// TestOpenPagesOutliveARestart stops the server, lets things happen where no open
// page can hear of them, and starts it again where it was.
func TestOpenPagesOutliveARestart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stays, goes := s.publish("here all along", ""), s.publish("gone meanwhile", "")
	atTop, inThread := s.person("a reader at the top"), s.person("a reader of the thread")
	atTop.openLive("/")
	inThread.openLive("/p/" + stays.ID)
	loaded := see[float64](atTop, `performance.timeOrigin`)
	for _, p := range []*person{atTop, inThread} {
		p.losesItsLine()
	}

	home := strings.TrimPrefix(s.url, "http://")
	s.stop()
	s.start("127.0.0.1:0") // elsewhere: nobody hears of what happens now
	s.publish("said meanwhile", "")
	s.reply(stays.ID, "answered meanwhile")
	s.end(goes)
	s.stop()
	s.start(home)

	atTop.shows("said meanwhile")
	atTop.loses("gone meanwhile")
	inThread.shows("answered meanwhile")
	atTop.wait("nobody is told that they are offline", `document.querySelector(".net") === null`)
	s.publish("live as before", "")
	atTop.shows("live as before")
	if see[float64](atTop, `performance.timeOrigin`) != loaded {
		t.Error("the page was loaded anew")
	}
}

// TestAPageThatLostItsLineSaysSoAndComesBack breaks the network without a word,
// as a tunnel does.
func TestAPageThatLostItsLineSaysSoAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, "ttl_min=1s")
	line := newLine(s)
	s.publish("here all along", "")
	reader := newPerson(t, "the reader", line.url)
	reader.losesItsLine()
	reader.openLive("/")
	short := s.publish("soon over", "4s")
	reader.shows("soon over")
	line.cut()
	goes := s.publish("nobody here hears of it", "")
	waits := s.publish("said meanwhile", "")
	s.end(goes)
	reader.wait("the strip says so", `document.querySelector(".net")?.textContent.startsWith("You’re offline.")`)
	reader.loses("soon over") // by the page's own timer
	s.waitGone(short, time.Second)
	line.mend()
	reader.shows("said meanwhile")
	reader.wait("the strip has gone", `document.querySelector(".net") === null`)
	if see[bool](reader, `document.body.innerText.includes("nobody here hears of it")`) {
		t.Error("the page shows what had ended before it came back")
	}
	reader.wait("actions are awake", `!document.body.classList.contains("is-offline")`)
	s.end(waits)
	reader.loses("said meanwhile")
}

// TestABrowserThatGoesOfflineSaysSoAtOnce is told by the browser, and sends nothing.
func TestABrowserThatGoesOfflineSaysSoAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("here all along", "")
	reader := s.person("the reader")
	reader.openLive("/")
	reader.offline(true)
	reader.wait("the strip says so", `document.querySelector(".net")?.textContent.startsWith("You’re offline.")`)
	reader.click("article.post .heart")
	reader.wait("a heart is refused with words", `document.getElementById("status").textContent.startsWith("You’re offline.")`)
	if got := see[string](reader, `document.querySelector("article.post .heart").ariaPressed`); got != "false" {
		t.Error("the heart looks as if it had been given")
	}
	reader.offline(false)
	reader.wait("the strip has gone", `document.querySelector(".net") === null`)
	s.publish("live as before", "")
	reader.shows("live as before")
}

func (p *person) offline(is bool) {
	p.t.Helper()
	tell(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1})
	p.wait("the browser knows", fmt.Sprintf(`navigator.onLine === %v`, !is))
}
