//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// TestTheBackButtonShowsNothingThatHasEnded returns to a page by the history; the
// browser may have kept it whole.
func TestTheBackButtonShowsNothingThatHasEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t, "ttl_min=1s")
	goes, short := s.publish("gone by hand", ""), s.publish("gone by its time", "5s")
	onBoard, inThread := s.person("a reader of the board"), s.person("a reader of the thread")
	inThread.expects("status of 404")
	paths := map[*person]string{onBoard: "/", inThread: "/p/" + goes.ID}
	for p, path := range paths {
		tell(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `addEventListener("pageshow", e => globalThis.kept = e.persisted)`,
		})
		p.openLive(path)
		p.shows("gone by hand")
		p.open("/about")
	}
	s.end(goes)
	s.waitGone(short, patience)
	for p, path := range paths {
		see[any](p, `void setTimeout(() => history.back())`)
		p.wait("the browser has gone back", fmt.Sprintf(`location.pathname === %q && "kept" in globalThis`, path))
		t.Logf("the browser had kept %s: %v", path, see[bool](p, `kept`))
		p.loses("gone by hand")
		p.loses("gone by its time")
	}
}

// stores are all that a page may keep things in.
const stores = `(async () => ({
	local: localStorage.getItem("mayfly") ?? "", session: sessionStorage.getItem("mayfly") ?? "",
	more: Object.keys({...localStorage, ...sessionStorage}).filter(k => k !== "mayfly").length, cookies: document.cookie,
	databases: (await indexedDB.databases()).length,
	caches: "caches" in globalThis ? (await caches.keys()).length : 0,
	workers: "serviceWorker" in navigator ? (await navigator.serviceWorker.getRegistrations()).length : 0,
	state: JSON.stringify(history.state),
}))()`

// TestABrowserKeepsNothingThatWasRead looks into all the stores that a page has: who
// only reads leaves nothing there, and who writes leaves what /you names.
func TestABrowserKeepsNothingThatWasRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	post := s.publish("not to be kept", "")
	p := s.person("somebody")
	nothing := map[string]any{"local": "", "session": "", "more": 0., "cookies": "", "databases": 0., "caches": 0., "workers": 0., "state": "null"}
	p.openLive("/")
	p.openLive("/p/" + post.ID)
	for name, got := range see[map[string]any](p, stores) {
		if got != nothing[name] {
			t.Errorf("of reading, %s holds %v", name, got)
		}
	}
	p.openLive("/")
	p.post("nor this")
	p.wait("it is marked", `document.querySelector("article .badge")`)
	p.openLive("/p/" + post.ID)
	p.types("#talk textarea", "what is not yet said")
	after := see[map[string]any](p, stores)
	local, session := after["local"].(string), after["session"].(string)
	if !strings.Contains(local, "what is not yet said") || strings.Contains(local, "nor this") || strings.Contains(local+session, "not to be kept") {
		t.Errorf("of writing, there is kept %s and %s", local, session)
	}
	if !regexp.MustCompile(`^\[{"kind":"own","id":"[a-z2-7]{26}","value":true,"until":\d+}]$`).MatchString(session) {
		t.Errorf("the tab keeps %s", session)
	}
	delete(after, "local")
	delete(after, "session")
	for name, got := range after {
		if got != nothing[name] {
			t.Errorf("of writing, %s holds %v", name, got)
		}
	}
}
