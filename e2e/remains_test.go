//go:build e2e

package e2e

import (
	"fmt"
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

// TestABrowserKeepsNothingThatWasRead looks into all the stores that a page has.
func TestABrowserKeepsNothingThatWasRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	post := s.publish("not to be kept", "")
	p := s.person("somebody")
	p.openLive("/")
	p.post("nor this")
	p.wait("the form is empty again", `document.querySelector("#composer textarea").value === ""`)
	p.openLive("/p/" + post.ID)
	p.types("#talk textarea", "nor what is not yet said")
	stores := see[map[string]any](p, `(async () => ({
		local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
		databases: (await indexedDB.databases()).length,
		caches: "caches" in globalThis ? (await caches.keys()).length : 0,
		workers: "serviceWorker" in navigator ? (await navigator.serviceWorker.getRegistrations()).length : 0,
		state: JSON.stringify(history.state),
	}))()`)
	for name, want := range map[string]any{"local": 0., "session": 0., "cookies": "", "databases": 0., "caches": 0., "workers": 0., "state": "null"} {
		if got := stores[name]; got != want {
			t.Errorf("%s holds %v, want %v", name, got, want)
		}
	}
}
