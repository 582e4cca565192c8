//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// firstVisit is what a browser says of how a page came to be.
type firstVisit struct {
	Fetched  []fetched
	Shifts   float64  // how much of what was to be seen has moved
	Painted  float64  // ms until the largest part was there
	Moved    []string // which parts did
	Blocking []string
}

type fetched struct {
	Name  string
	Bytes int // over the wire, heads included
}

// TestAFirstVisitOnAPhoneIsLight counts all that a phone fetches which has never been here,
// for a feed of 50 posts.
func TestAFirstVisitOnAPhoneIsLight(t *testing.T) {
	s := newSite(t)
	for range 50 {
		s.publish("somebody asks where one might have lunch today, "+unlike(), "1h")
	}
	p := s.person("somebody on a phone")
	p.do(chromedp.EmulateViewport(390, 844))
	p.openLive("/")
	if n := see[int](p, `document.querySelectorAll("#posts article").length`); n != 50 {
		t.Fatalf("%d posts are on the page", n)
	}
	v := see[firstVisit](p, `new Promise((done) => {
		const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
		const fetched = all.map((e) => ({ name: new URL(e.name).pathname, bytes: e.transferSize }));
		const blocking = all.filter((e) => e.renderBlockingStatus === "blocking").map((e) => new URL(e.name).pathname);
		const moved = [];
		let shifts = 0, painted = 0;
		new PerformanceObserver((l) => l.getEntries().forEach((e) => {
			shifts += e.value;
			moved.push(...e.sources.map((m) => (m.node?.id || m.node?.className || m.node?.nodeName) + " " + Math.round(m.previousRect.y) + " to " + Math.round(m.currentRect.y)));
		})).observe({ type: "layout-shift", buffered: true });
		new PerformanceObserver((l) => (painted = l.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true });
		setTimeout(() => done({ fetched, blocking, shifts, moved, painted }), 500);
	})`)
	sum := 0
	for _, f := range v.Fetched {
		sum += f.Bytes
		t.Logf("%6d %s", f.Bytes, f.Name)
		for _, later := range []string{"circle", "qr", "pow.worker", "picture", "queue", "admin"} {
			if strings.Contains(f.Name, "/js/"+later) {
				t.Errorf("%s is fetched before anybody has a use for it", f.Name)
			}
		}
	}
	t.Logf("%d bytes in %d answers, largest part after %.0f ms, moved %.3f, waits for %v", sum, len(v.Fetched), v.Painted, v.Shifts, v.Blocking)
	if sum > 100_000 || sum < 30_000 {
		t.Errorf("a first visit fetches %d bytes, want 100,000 at most, and what a page needs", sum)
	}
	if v.Shifts > 0 {
		t.Errorf("what was to be seen has moved by %.3f: %q", v.Shifts, v.Moved)
	}
	for _, name := range v.Blocking {
		if !strings.HasSuffix(name, ".css") {
			t.Errorf("the page is not drawn before %s is there", name)
		}
	}
}
