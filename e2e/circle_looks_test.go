//go:build e2e

package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// looksOfCircles goes through every state of a circle's page, and looks.
func looksOfCircles(t *testing.T, lang string, look looking) {
	s := newSite(t)
	ada, ben, eve := s.person("ada"), s.person("ben"), s.person("eve")
	for _, p := range []*person{ada, ben, eve} {
		p.speaks(lang)
		p.expects("status of 4")
	}
	ada.open("/c")
	look(ada, "make")
	ada.makesCircle("Kitchen table", `#c-make [value="maker"]`)
	look(ada, "new")
	home := see[string](ada, `location.pathname + location.hash`)
	link := ada.invites()
	look(ada, "invite")
	ada.click(`[data-view="invite"] [data-closes]`)
	ben.comesBy(link)
	look(ben, "join")
	ben.joins(link)
	look(ben, "joined")
	eve.comesBy(link)
	eve.click("#c-join")
	eve.wait("it is refused", `!document.querySelector('[data-view="failed"]').hidden`)
	look(eve, "invite-used")

	ben.saysInCircle("Saturday. Seven. I’ll bring the bad wine, someone bring the good one.")
	ben.wait("the first has gone", `document.getElementById("c-words").value === ""`)
	ben.do(chromedp.SetUploadFiles(chromedp.CSS("#c-photo"), []string{aPhoto(t, 1600, 1000)}))
	ben.types("#c-alt", "The sky over the roofs at seven")
	look(ben, "picture-chosen")
	ben.saysInCircle("Tonight’s table.")
	ada.open("/")
	ada.open(home)
	ada.wait("the picture is there", `document.querySelector(".circle-photo")?.complete`)
	ada.sets("#c-card", "blush")
	see[any](ben, `void scrollTo({ top: 0, behavior: "instant" })`) // further down, what is new waits above
	ada.saysInCircle("I handed in my notice. I haven’t told anyone who knows my name.")
	ben.shows("I handed in my notice")
	ben.click(".post .replies-link")
	ben.types(".post .replies textarea", "I am so glad.")
	ben.click(".post [data-replies] .btn")
	ben.shows("I am so glad.")
	see[any](ada, `void scrollTo({ top: 0, behavior: "instant" })`)
	ben.saysInCircle("Scan came back clear. I wanted you to hear it before the group chat does.")
	ada.shows("Scan came back clear")
	ada.click(".post .heart")
	ada.click(".post:has(.tile) .replies-link")
	ada.shows("I am so glad.")
	look(ada, "stream")
	ada.click(".post:first-child .circle-report summary")
	look(ada, "report")
	ada.click(".post:first-child [data-reports] .btn")
	ada.click(`[data-opens="people"]`)
	ada.wait("two are in", `document.querySelectorAll("#c-members li").length === 2`)
	look(ada, "people")
	see[any](ada, `void document.querySelectorAll(".circle details.more").forEach((d) => (d.open = true))`)
	look(ada, "people-ends")

	second := ada.invites()
	eve.comesBy(second)
	eve.click("#c-join")
	eve.wait("they are in", `location.hash.startsWith("#m1.")`)
	eve.wait("posts are there", `document.querySelector("#c-posts article")`)
	look(eve, "newcomer")
	eve.click(`[data-opens="people"]`)
	eve.unfolds()
	eve.click("#c-leave")
	look(eve, "outside")
	ada.wait("somebody left", `!document.querySelector('[data-view="turn"]').hidden`)
	look(ada, "turn")
	ada.click(`[data-view="turn"] [data-turn]`)
	ada.wait("it is turned", `document.querySelector('[data-view="turn"]').hidden`)

	third := ada.invites()
	eve.comesBy(third)
	eve.click("#c-join")
	eve.wait("they are in", `location.hash.startsWith("#m1.")`)
	eve.wait("posts are there", `document.querySelector("#c-posts .tomb")`)
	look(eve, "unopened")

	fourth := ada.invites()
	ada.click("[data-revoke]")
	ada.wait("it is revoked", `!document.querySelector("#c-open li")`)
	eve.open("/")
	eve.comesBy(fourth)
	eve.click("#c-join")
	eve.wait("it is refused", `!document.querySelector('[data-view="failed"]').hidden`)
	look(eve, "invite-revoked")

	circle := must(url.Parse(link)).Path[:len("/c/")+26]
	eve.open(circle)
	look(eve, "no-key")
	eve.withoutScript()
	eve.open(circle)
	look(eve, "no-script")
	eve.withScript()

	s.set("circles=off")
	eventually(t, patience, "circles are off", func() bool { eve.open("/c"); return see[bool](eve, `!document.getElementById("c-make")`) })
	look(eve, "off")
	s.set("circles=on")
	eve.open("/")
	eventually(t, patience, "circles are on", func() bool { eve.open("/c"); return see[bool](eve, `Boolean(document.getElementById("c-make"))`) })
	eve.makesCircle("Choir", "#c-make [name=gated]")
	look(eve, "gated")
	s.owner(ada)
	ada.open("/admin/circles")
	look(ada, "admin")
}

// TestShotsOfCircles takes no test: see TestShots.
func TestShotsOfCircles(t *testing.T) {
	folder := os.Getenv("MAYFLY_SHOTS")
	if folder == "" {
		t.Skip("MAYFLY_SHOTS names no folder")
	}
	for _, lang := range []string{"en", "it"} {
		t.Run(lang, func(t *testing.T) {
			in := filepath.Join(folder, lang)
			if err := os.MkdirAll(in, 0o755); err != nil {
				t.Fatal(err)
			}
			looksOfCircles(t, lang, func(p *person, name string) { photographer{p, in}.take("circle-" + name) })
		})
	}
}

// TestPagesOfACircleHaveNoBarriers has axe look at every state of a circle's page, and none
// scrolls sideways, from the narrowest phone on, from right to left too.
func TestPagesOfACircleHaveNoBarriers(t *testing.T) {
	t.Parallel()
	axe := string(must(os.ReadFile("testdata/axe.min.js")))
	looksOfCircles(t, "en", func(p *person, name string) {
		if see[string](p, `document.documentElement.className`) == "has-js" {
			tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}) // for axe alone
			p.do(chromedp.Evaluate[chromedp.Void](axe))
			p.checkBarriersAs(name, dress{390, "dark"}, dress{1280, "light"})
		}
		for _, dir := range []string{"ltr", "rtl"} {
			see[any](p, `void (document.dir = "`+dir+`")`)
			for _, w := range []int64{320, 390, 768, 1280, 1920} {
				p.width(w)
				if wide := see[int](p, `document.scrollingElement.scrollWidth - innerWidth`); wide > 0 {
					t.Errorf("%s at %d px, %s, is %d px too wide: %s", name, w, dir, wide, see[string](p, `[...document.querySelectorAll("body *")]
						.filter(e => e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1).slice(0, 4).map(e => e.tagName + "." + e.getAttribute("class")).join(" ")`))
				}
			}
		}
		see[any](p, `void (document.dir = "ltr")`)
		p.width(1280)
	})
}
