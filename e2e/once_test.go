//go:build e2e

package e2e

import "testing"

// TestAViewOncePostOpensOncePerPerson: one person opens it, on a page that leaves
// by itself; another one still can, and the last of them ends it for both.
func TestAViewOncePostOpensOncePerPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, "vote=0")
	n := s.write("/api/v1/boards/home/posts", map[string]any{"body": "xyzzy, once", "readers": 2})
	first, second := s.person("the first reader"), s.person("the second reader")
	first.openLive("/")
	second.openLive("/")
	for _, p := range []*person{first, second} {
		p.shows("Opens once, for 10 seconds")
		p.loses("xyzzy")
	}
	first.follow("#p-" + n.ID + " .seal button")
	first.shows("xyzzy, once")
	first.waitFor(patience, "the page has left by itself", `location.pathname === "/" && !document.body.innerText.includes("xyzzy")`)
	first.shows("You have opened it")
	second.follow("#p-" + n.ID + " .seal button")
	second.shows("xyzzy, once")
	first.shows("Opened by its last reader")
	if status := s.status("/p/" + n.ID); status != 404 {
		t.Errorf("spent: %d, want 404", status)
	}
}

// TestACardIsWrittenWithoutScript: the composer paints its face by :has() alone.
func TestACardIsWrittenWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("somebody without script")
	p.withoutScript()
	p.open("/write")
	p.types("#composer textarea", "Stay.")
	p.click("#composer .extras summary")
	p.click(`#composer label:has([name="backdrop"][value="reeds"])`)
	p.follow("#composer #send")
	p.shows("Stay.")
	if class := see[string](p, `document.querySelector("article.post").className`); class != "post tile bd-reeds short" {
		t.Errorf("it is %q", class)
	}
}

// TestAHeartLengthensTheWickInAnotherTab and moves nothing else of it.
func TestAHeartLengthensTheWickInAnotherTab(t *testing.T) {
	t.Parallel()
	s := newSite(t, "life_per_heart=1h")
	n := s.publish("liked", "10m")
	p := s.person("a reader")
	p.openLive("/")
	p.wait("it shows its life", `/^(9|10) min left/.test(document.querySelector("article.post .left").innerText)`)
	s.heart(n)
	p.wait("the heart has lengthened it", `/^1 h/.test(document.querySelector("article.post .left").innerText)`)
}
