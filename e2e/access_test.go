//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// furnished opens a board with something of everything that a page may show, and
// names its pages.
func furnished(t *testing.T) (s *site, p *person, paths []string) {
	t.Helper()
	s = newSite(t, "life_per_heart=2m", "place_list=Library; Old Harbour")
	thread := s.publish("does anybody know when the library opens? https://library.example/hours-and-a-long-address-that-does-not-end", "")
	s.publish("soon over", "1m")
	s.publish(strings.Repeat("one long word after another ", 12)+strings.Repeat("x", 120), "7d")
	var answered note
	for i := range 3 {
		answered = s.reply(thread.ID, fmt.Sprintf("answer number %d", i))
	}
	s.answerTo(thread.ID, strings.Repeat("so do I and so on ", 20), answered.ID)
	s.answerTo(thread.ID, "and I", thread.ID[1:]+"a") // of what is gone
	for range 2 {
		s.write("/api/v1/boards/home/posts", map[string]any{"body": "stolen again #bikes", "place": "Library"})
	}
	s.report(answered, "harassment")
	s.addBoard("attic", "The attic", "--closes", "in 40m")
	s.write("/api/v1/boards/attic/posts", map[string]any{"body": "up here"})
	s.shutBoard("den", "The den", "warm tin roof")
	s.shutBoard("nest", "The nest", "")
	s.board("door", "invite", "den")
	s.ask("Which sound belongs to this place?")
	once := s.write("/api/v1/boards/home/posts", map[string]any{"body": strings.Repeat("for your eyes ", 9) + strings.Repeat("y", 80), "view_once": true})
	p = s.person("somebody")
	p.open("/")
	p.chooses(aPhoto(t, 640, 400))
	p.wait("it is chosen", `document.querySelector(".photo-chosen img")`)
	p.types("#alt", "A wall in the evening")
	p.post("proof")
	p.shows("proof")
	p.openLive("/")
	p.post("something of my own")
	p.wait("it is marked", `document.querySelector("article .badge")`)
	p.makesCircle("The kitchen table of an aunt whose name is long")
	p.saysInCircle("for these eyes: https://library.example/hours-and-a-long-address-that-does-not-end")
	circle := see[string](p, `location.pathname + location.hash`)
	s.owner(p)
	return s, p, append([]string{"/", circle, "/search", "/search?q=%23bikes", "/search?q=nothing+at+all", "/places/library", "/write", "/p/" + thread.ID + "?to=" + answered.ID, "/p/" + thread.ID + "/qr", "/p/" + thread.ID + "/report", "/reported", "/log", "/you", "/about", "/contact", "/terms", "/privacy", "/notice", s.claim(thread.ID), "/forgotten", "/p/none", "/c", "/c/abcdefghijklmnopqrstuvwxya", "/boards", "/b/attic", "/b/den", "/b/nest/door?code=abcd", "/p/" + once.ID + "/open"}, adminPages...)
}

// enter goes to a page of a board that is furnished; one that opens a post once stays.
func (p *person) enter(path string) {
	p.t.Helper()
	thread, once := strings.CutSuffix(path, "/open")
	if !once {
		p.open(path)
		if strings.Contains(path, "#m1.") {
			p.wait("the circle is open", `document.querySelector("#c-posts article")`)
		}
		return
	}
	p.open(thread)
	p.unseals()
}

// unseals opens the first view-once post on the page, whose own page then stays where
// it would leave by itself.
func (p *person) unseals() {
	p.t.Helper()
	p.follow(".seal button")
	see[any](p, `void window.stop()`)
	p.wait("it is open", `document.querySelector(".dial")`)
}

// TestPagesHaveNoBarriers has axe look at every page, on a phone and on a screen,
// in light and in dark.
func TestPagesHaveNoBarriers(t *testing.T) {
	t.Parallel()
	axe := string(must(os.ReadFile("testdata/axe.min.js")))
	_, p, paths := furnished(t)
	p.expects("status of 404", "status of 403")
	tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}) // for axe alone
	for _, path := range paths {
		p.enter(path)
		p.do(chromedp.Evaluate[chromedp.Void](axe))
		p.checkBarriers(path)
	}
}

// dress is how wide a window is, and whether the system is light or dark.
type dress struct {
	width  int64
	scheme string
}

// checkBarriers has axe, which is there already, look at the page.
func (p *person) checkBarriers(name string) {
	p.t.Helper()
	p.checkBarriersAs(name, dress{390, "light"}, dress{390, "dark"}, dress{1280, "light"}, dress{1280, "dark"})
}

func (p *person) checkBarriersAs(name string, dresses ...dress) {
	p.t.Helper()
	for _, as := range dresses {
		p.width(as.width)
		p.media("prefers-color-scheme", as.scheme, "prefers-reduced-motion", "reduce")
		p.wait("the colours have changed", `document.getAnimations().length === 0`)
		// Where what sticks to the head or foot covers nothing.
		see[any](p, `void (document.querySelectorAll(".bar").forEach((e) => (e.style.position = "static")), scrollTo(0, 1e6))`)
		for _, barrier := range see[[]string](p, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}).then(r =>
			r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join(" | ")))`) {
			p.t.Errorf("%s at %d px, %s: %s", name, as.width, as.scheme, barrier)
		}
	}
}

// TestNoPageScrollsSideways from the narrowest phone to a wide screen.
func TestNoPageScrollsSideways(t *testing.T) {
	t.Parallel()
	_, p, paths := furnished(t)
	p.expects("status of 404", "status of 403")
	for _, path := range paths {
		p.enter(path)
		for _, w := range []int64{320, 390, 768, 1280, 1920} {
			p.width(w)
			if wide := see[int](p, `document.scrollingElement.scrollWidth - innerWidth`); wide > 0 {
				t.Errorf("%s at %d px is %d px too wide: %s", path, w, wide, see[string](p, `[...document.querySelectorAll("body *")]
					.filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map(e => e.tagName + "." + e.getAttribute("class")).join(" ")`))
			}
		}
	}
}

// TestTheStreamStandsInOnePlace, so that nothing jumps from page to page.
func TestTheStreamStandsInOnePlace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	post := s.publish("something to read", "")
	p := s.person("somebody")
	places := map[float64][]string{}
	for _, path := range []string{"/", "/write", "/p/" + post.ID, "/you", "/about"} {
		p.open(path)
		left := see[float64](p, `document.getElementById("main").getBoundingClientRect().left`)
		places[left] = append(places[left], path)
	}
	if len(places) != 1 {
		t.Errorf("the stream begins at %v px", places)
	}
}

// TestTheKeyboardReachesEverythingInOrder walks a board by the tab key.
func TestTheKeyboardReachesEverythingInOrder(t *testing.T) {
	t.Parallel()
	_, p, _ := furnished(t)
	p.open("/")
	var stops []string
	for len(stops) < 60 && !slices.Contains(stops, "replies") {
		p.do(chromedp.KeyEvent(kb.Tab))
		stops = append(stops, see[string](p, `(e => e.closest(".prompt") ? "prompt" : e.matches(".skip") ? "skip" : e.matches("#composer textarea") ? "composer" : e.matches("#composer #send") ? "send" :
			e.matches(".heart") ? "heart" : e.matches(".down") ? "down" : e.matches("a.left") ? "left" : e.matches("article a.act") ? "replies" :
			e.matches(".forget") ? "forget" : e.matches(".tabs a") ? "tab" : e.localName)(document.activeElement)`))
		if !see[bool](p, `[0, 1].map(up => up ? document.activeElement.parentElement : document.activeElement).some(e => getComputedStyle(e).outlineStyle !== "none")`) {
			t.Errorf("no ring shows that %s has the focus", stops[len(stops)-1])
		}
	}
	at := -1
	for _, stop := range []string{"skip", "forget", "composer", "send", "tab", "left", "heart", "down", "replies"} {
		next := slices.Index(stops, stop)
		if next <= at {
			t.Fatalf("%s is not reached after the one before it; the stops are %v", stop, stops)
		}
		at = next
	}
	p.do(chromedp.KeyEvent(kb.Enter))
	p.wait("Enter opens the thread", `location.pathname.startsWith("/p/")`)
}

// TestControlsAreLargeEnoughForAFinger holds 44 px (and 24 px for links in a line).
func TestControlsAreLargeEnoughForAFinger(t *testing.T) {
	t.Parallel()
	_, p, paths := furnished(t)
	p.expects("status of 404", "status of 403")
	p.width(390)
	for _, path := range paths {
		p.enter(path)
		for _, small := range see[[]string](p, smallTargets) {
			t.Errorf("%s: %s", path, small)
		}
	}
}

// smallTargets are those on the page that a finger could miss.
const smallTargets = `[...document.querySelectorAll("button, a.act, a.btn, a.tag, .dock a, .admin-tabs a, .seg label, .tick, .check, summary, select")]
	.filter(e => e.checkVisibility() && (e.getBoundingClientRect().height < 43.5 || e.getBoundingClientRect().width < 43.5))
	.map(e => e.outerHTML.replace(/\s+/g, " ").slice(0, 90) + " " + e.getBoundingClientRect().width.toFixed() + "×" + e.getBoundingClientRect().height.toFixed())`

// TestWhoWantsLessMotionSeesNone watches what moves while posts come and go.
func TestWhoWantsLessMotionSeesNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		motion string
		moves  bool
	}{
		{"reduce", false},
		{"no-preference", true}, // or this test would see nothing ever
	} {
		t.Run(tt.motion, func(t *testing.T) {
			s := newSite(t)
			p := newPerson(t, "a reader", s.url)
			p.media("prefers-reduced-motion", tt.motion)
			p.openLive("/")
			see[any](p, `void (globalThis.moved = [], new MutationObserver(list => {
				for (const {target: e} of list) if (e.matches?.("article")) moved.push(...e.getAnimations().map(a => e.dataset.state + " " + a.animationName));
			}).observe(document.getElementById("posts"), {subtree: true, childList: true, attributeFilter: ["data-state"]}))`)
			post := s.publish("come and gone", "")
			p.shows("come and gone")
			s.end(post)
			p.loses("come and gone")
			if moved := see[[]string](p, `moved`); len(moved) > 0 != tt.moves {
				t.Errorf("moved: %q", moved)
			}
		})
	}
}
