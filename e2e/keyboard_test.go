//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// stop describes what has the focus: "" is nothing. What is wrong with it, from its ring
// to what covers it, begins with "!".
const stop = `(e => {
	if (e === document.body) return "";
	const name = e.outerHTML.replace(/\s+/g, " ").slice(0, 90);
	const ring = [e, e.closest("label"), e.parentElement].some(x => x && getComputedStyle(x).outlineStyle !== "none");
	const box = (e.closest("label.back, .seg label") ?? e).getBoundingClientRect();
	const seen = [.5, .1, .9].some(at => {
		const on = document.elementFromPoint(box.left + box.width / 2, box.top + box.height * at);
		return on && (e.contains(on) || on.contains(e) && on !== document.body && on !== document.documentElement);
	});
	return (ring ? "" : "! no ring on ") + (seen ? "" : "! out of sight: ") + name;
})(document.activeElement)`

// tabsTo presses Tab until what selector finds has the focus.
func (p *person) tabsTo(selector string) {
	p.t.Helper()
	for range 200 {
		if see[bool](p, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
		p.keys(kb.Tab)
		if at := see[string](p, stop); strings.HasPrefix(at, "!") {
			p.t.Errorf("%s: %s", see[string](p, `location.pathname`), at)
		}
	}
	p.t.Fatalf("by Tab alone nobody comes to %s on %s", selector, see[string](p, `location.pathname`))
}

// presses goes to what selector finds, and presses Enter there.
func (p *person) presses(selector string) {
	p.t.Helper()
	p.tabsTo(selector)
	p.keys(kb.Enter)
}

// fills goes to a field, and types over what is there.
func (p *person) fills(selector, text string) {
	p.t.Helper()
	p.tabsTo(selector)
	p.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.keys(text)
}

// standsOn waits until what selector finds has the focus.
func (p *person) standsOn(selector string) {
	p.t.Helper()
	p.wait("the focus is on "+selector, fmt.Sprintf(`document.readyState === "complete" && document.activeElement.matches(%q)`, selector))
	if at := see[string](p, stop); strings.HasPrefix(at, "!") {
		p.t.Errorf("%s: %s", see[string](p, `location.pathname`), at)
	}
}

// goesRound walks a page from its top to its end by Tab, and one step back by
// Shift+Tab: nothing holds the focus.
func (p *person) goesRound() {
	p.t.Helper()
	see[any](p, `void (document.activeElement.blur(), scrollTo(0, 0))`)
	last, at := "", ""
	for range 200 {
		p.keys(kb.Tab)
		if at = see[string](p, stop); at == "" {
			break
		}
		if at == last && !see[bool](p, `document.activeElement.matches("input[type=radio]")`) {
			p.t.Fatalf("%s: the focus stays on %s", see[string](p, `location.pathname`), at)
		}
		if strings.HasPrefix(at, "!") {
			p.t.Errorf("%s: %s", see[string](p, `location.pathname`), at)
		}
		last = at
	}
	if at != "" {
		p.t.Fatalf("%s: Tab comes to no end, and is on %s", see[string](p, `location.pathname`), at)
	}
	p.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	if at = see[string](p, stop); at != last {
		p.t.Errorf("%s: Shift+Tab comes to %q, not back to %q", see[string](p, `location.pathname`), at, last)
	}
}

const (
	done  = `[role="status"].note`
	shown = `section[role="status"]`
)

// TestAdminsNeedNoMouse does what each page of admins is for by the keyboard alone. The
// ring is always seen, nothing holds the focus, and what was done, or is wrong, has it.
func TestAdminsNeedNoMouse(t *testing.T) {
	t.Parallel()
	ear := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(ear.Close)
	s := newSite(t, "report=0")
	s.stop()
	s.flags = []string{"--alert-url", ear.URL}
	s.start("127.0.0.1:0")
	p, grace := s.person("ada, without a mouse"), s.person("grace")
	p.expects("status of 4")
	tell(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // her window is in front
	reported := s.publish("the neighbours sing at six", "")
	for _, page := range []struct {
		path string
		does func()
	}{
		{strings.TrimPrefix(s.setup, s.url), func() {
			p.fills("#name", "ada")
			p.fills("#new-passphrase", "password"+kb.Enter)
			p.standsOn(`#new-passphrase[aria-invalid]`)
			p.fills("#new-passphrase", ownersWords+kb.Enter)
			p.shows("What is it to be?")
		}},
		{"/admin/account", func() {
			p.fills("#was", "not it at all")
			p.fills("#new-next", "four more words nobody has"+kb.Enter)
			p.standsOn(`#was[aria-invalid]`)
			p.fills("#was", ownersWords)
			p.fills("#new-next", ownersWords+" or two"+kb.Enter)
			p.standsOn(done)
		}},
		{"/admin/log", func() {
			p.presses(".rail-foot button")
			p.wait("she is out", `location.pathname === "/admin/login"`)
		}},
		{"/admin/login", func() {
			p.fills("#name", "ada")
			p.fills("#passphrase", "not it at all"+kb.Enter)
			p.standsOn(`.note[role="alert"]`)
			p.fills("#passphrase", ownersWords+" or two"+kb.Enter)
			p.shows("What is it to be?")
		}},
		{"/admin/settings", func() {
			p.fills("#s-k", "lots"+kb.Enter)
			p.standsOn("#s-k[aria-invalid]")
			p.fills("#s-k", "7"+kb.Enter)
			p.standsOn("h2")
			p.presses(`[value="apply"]`)
			p.standsOn(done)
			p.tabsTo(`input[type="radio"][name="pictures"]`)
			p.keys(kb.ArrowRight)
			p.tabsTo(`[role="switch"][name="cards"]`)
			p.keys(" ")
			p.presses(`[value="preview"]`)
			p.standsOn("h2")
			p.presses(`[value="apply"]`)
			p.standsOn(done)
		}},
		{"/admin/log", func() {
			p.presses(`form[action$="/rollback"] button`)
			p.standsOn("h2")
			p.presses(`[value="apply"]`)
			p.standsOn(done)
		}},
		{"/admin/words", func() {
			p.fills("#text", "bike*")
			p.tabsTo(`input[name="action"]`)
			p.keys(kb.ArrowRight)
			p.fills("#sample", "my bike")
			p.presses(`button[formaction]`)
			p.standsOn(`.note[role="status"]`)
			p.shows("Cover: it hits bike")
			p.presses("#add button:not([formaction])")
			p.standsOn(done)
			p.presses("#filters button")
			p.standsOn(done)
			p.shows("None yet")
			p.fills("#nudge", "Would you say it to their face?")
			p.presses("#heed button")
			p.standsOn(done)
		}},
		{"/admin/boards", func() {
			p.presses(`a[href="#new"]`)
			p.fills("#slug", "Night Shift"+kb.Enter)
			p.wait("the browser asks for a title", `document.activeElement.id === "title"`)
			p.keys("Night shift" + kb.Enter)
			p.standsOn("#slug[aria-invalid]")
			p.fills("#slug", "night-shift"+kb.Enter)
			p.standsOn(done)
		}},
		{"/admin/boards/night-shift", func() {
			p.fills("#title", "The small hours"+kb.Enter)
			p.standsOn(done)
			p.open("/admin/boards/night-shift")
			p.presses("#end summary")
			p.fills("#end input", ownersWords+" or two"+kb.Enter)
			p.standsOn(done)
		}},
		{"/admin/prompts", func() {
			p.fills("#ask-body", "Which sound belongs to this place?")
			p.tabsTo(`input[name="sponsored"]`)
			p.keys(" ")
			p.presses("#ask button")
			p.standsOn(done)
			p.presses(".rows summary")
			p.presses(`.rows form button`)
			p.standsOn(done)
			p.tabsTo(`input[name="daily_question"]`)
			p.keys(" ")
			p.presses("#daily button")
			p.standsOn(done)
		}},
		{"/admin/places", func() {
			p.fills("#place-1", "Old Harbour"+kb.Enter)
			p.standsOn(done)
		}},
		{"/admin/backdrops", func() {
			p.tabsTo(`input[value="pond"]`)
			p.keys(" ")
			p.presses("main form button")
			p.standsOn(done)
		}},
		{"/admin/texts", func() {
			p.fills("#about_text", "We are the people of Mill Lane.")
			p.presses("main form button")
			p.standsOn(done)
		}},
		{"/admin/admins", func() {
			p.fills("#invite", ownersWords+" or two"+kb.Enter)
			p.standsOn(shown)
			grace.open(strings.TrimPrefix(see[string](p, `document.querySelector("#link").value`), s.url))
			grace.fills("#name", "grace")
			grace.fills("#new-passphrase", "other words that nobody has"+kb.Enter)
			grace.shows("Nothing waits")
			p.open("/admin/admins")
			p.presses(".rows summary")
			p.fills(".rows details input", ownersWords+" or two"+kb.Enter)
			p.standsOn(done)
		}},
		{"/admin/keys", func() {
			p.fills("#label", "night watch"+kb.Enter)
			p.standsOn(`input[name="scope"]`)
			p.keys(" " + kb.Enter)
			p.standsOn(shown)
			p.presses(`form[action$="/revoke"] button`)
			p.standsOn(done)
		}},
		{"/admin/system", func() {
			p.presses(`form[action$="/alert"] button`)
			p.standsOn(done)
			p.presses("summary")
			p.wait("it is open", `document.querySelector("details[open]")`)
		}},
		{"/p/" + reported.ID + "/report", func() {
			p.tabsTo(`input[name="reason"]`)
			p.keys(" ")
			p.presses(".report .btn.harm.js-only")
			p.shows("Thank you")
		}},
		{"/admin/queue", func() {
			p.standsOn(".case")
			p.presses(`.case .answers summary`)
			p.fills(`.case textarea`, "We are here. Call 0800 000.")
			p.presses(`.case [value="answer"]`)
			p.wait("it is answered", `document.querySelector(".case textarea").value === ""`)
			p.presses(`.case details:not(.answers) summary`)
			p.tabsTo(".case select")
			p.keys(kb.ArrowDown)
			p.presses(`.case [value="lock"]`)
			p.open("/admin/queue")
			p.presses(`.case [value="keep"]`)
			p.standsOn("#none")
			p.fills("#post", "nothing-there"+kb.Enter)
			p.standsOn("#post[aria-invalid]")
		}},
		{"/admin/raid", func() {
			p.presses(".raid-bar button")
			p.standsOn("#raid")
			p.shows("30 min left")
			p.presses(".raid-bar button")
			p.standsOn("#raid")
			p.tabsTo("#undo-within")
			p.keys(kb.ArrowDown)
			p.presses(`form:has(#undo-within) button`)
			p.standsOn(`p[role="status"]`)
			p.presses(".btn.harm")
			p.standsOn(done)
			p.fills("#undo-post", "nothing-there"+kb.Enter)
			p.standsOn(`.note[role="alert"]`)
		}},
		{"/log", func() {
			p.presses(`nav a[href="/about"]`)
			p.wait("it is followed", `location.pathname === "/about"`)
		}},
	} {
		p.open(page.path)
		p.wait("it is drawn", `document.querySelector("h1")`)
		page.does()
		p.open(page.path)
		p.goesRound()
	}
}
