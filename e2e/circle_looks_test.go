//go:build e2e

package e2e

import (
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// threeWhoSpeak are the people whom circles are looked at with.
func threeWhoSpeak(t *testing.T, lang string) (s *site, ada, ben, eve *person) {
	s = newSite(t)
	ada, ben, eve = s.person("ada"), s.person("ben"), s.person("eve")
	for _, p := range []*person{ada, ben, eve} {
		p.speaks(lang)
		p.expects("status of 4")
	}
	return s, ada, ben, eve
}

// looksOfCircles goes through every state of a circle's page, and looks.
func looksOfCircles(t *testing.T, lang string, look looking) {
	s, ada, ben, eve := threeWhoSpeak(t, lang)
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

// looksOfRareCircles goes through what is seldom met there, and looks.
func looksOfRareCircles(t *testing.T, lang string, look looking) {
	s, ada, ben, eve := threeWhoSpeak(t, lang)
	ada.open("/c")
	ada.types("#c-make #c-name", "Kitchen table")
	ada.types("#c-make #c-rules", "What is said at this table stays at it.")
	ada.click(`#c-make [value="maker"]`)
	see[any](ada, `void (document.querySelector("#c-lasts option").value = document.querySelector("#c-ttl-max option").value = "1h")`)
	ada.sets("#c-lasts", "1h")
	ada.sets("#c-ttl-max", "1h")
	ada.click("#c-make .btn")
	ada.wait("the circle is open", `document.querySelector("h1#c-name")?.textContent === "Kitchen table"`)
	look(ada, "closing")
	home := see[string](ada, `location.pathname + location.hash`)

	ada.click(`[data-opens="invite"]`)
	ada.sets("#c-uses", "12")
	ada.click("#c-invites .btn")
	ada.wait("there is an invite", `document.getElementById("c-link").value`)
	link := see[string](ada, `document.getElementById("c-link").value`)
	for range 11 {
		ben.open("/about")
		ben.joins(link)
	}
	eve.comesBy(link)
	eve.click("#c-join")
	eve.wait("it is refused", `!document.querySelector('[data-view="failed"]').hidden`)
	look(eve, "full")

	ben.sets("#c-silence", see[string](ben, `document.querySelector("#c-silence option:not([disabled]):not([value=''])").value`))
	look(ben, "silence")
	ben.saysInCircle("If nobody answers, this goes before I can be sorry for it.")
	ada.open("/about")
	ada.open(home)
	ada.shows("before I can be sorry for it")
	ada.click(".post:first-child .circle-report summary")
	ada.click(".post:first-child [data-reports] .btn")
	ada.wait("it is reported", `!document.querySelector(".post:first-child [data-reports] .btn")`)
	look(ada, "reported")
	ada.click(`[data-opens="people"]`)
	ada.wait("all are in", `document.querySelectorAll("#c-members li").length === 12`)
	look(ada, "people-full")
	for left := 11; !see[bool](ben, `!document.querySelector('[data-view="outside"]').hidden`); left-- { // nobody can tell from the list which of them that is
		ada.click("#c-members [data-out]:not([hidden])")
		ada.wait("one is out", fmt.Sprintf(`document.querySelectorAll("#c-members li").length === %d`, left))
	}
	look(ben, "removed")

	for name, key := range map[string]string{"wrong-key": home[:len(home)-4] + "AAAA", "wrong-link": strings.Replace(home, "#m1.", "#m1.AAAA", 1)[:len(home)]} {
		eve.open("/about")
		eve.open(key)
		eve.wait("nothing opens", `!document.querySelector('[data-view="wrong-key"]').hidden || !document.querySelector('[data-view="outside"]').hidden`)
		look(eve, name)
	}

	to := must(url.Parse(s.url))
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	defer proxy.Close()
	far := newPerson(t, "far", fmt.Sprintf("http://board.test:%s", must(url.Parse(proxy.URL)).Port()))
	far.speaks(lang)
	far.expects("Cross-Origin-Opener-Policy")
	far.open("/c")
	far.wait("it can't be sealed", `!document.querySelector('[data-view="no-crypto"]').hidden`)
	look(far, "no-crypto")
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
			take := func(p *person, name string) { photographer{p, in}.take("circle-" + name) }
			looksOfCircles(t, lang, take)
			looksOfRareCircles(t, lang, take)
		})
	}
}

// TestPagesOfACircleHaveNoBarriers has axe look at every state of a circle's page, and none
// scrolls sideways, from the narrowest phone on, from right to left too.
func TestPagesOfACircleHaveNoBarriers(t *testing.T) {
	t.Parallel()
	axe := string(must(os.ReadFile("testdata/axe.min.js")))
	look := func(p *person, name string) {
		if see[string](p, `document.documentElement.className`) == "has-js" {
			tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}) // for axe alone
			p.do(chromedp.Evaluate[chromedp.Void](axe))
			p.checkBarriersAs(name, dress{390, "dark"}, dress{1280, "light"})
		}
		for _, w := range []int64{320, 390, 768, 1280, 1920} {
			p.width(w)
			for _, dir := range []string{"rtl", "ltr"} {
				if wide := see[int](p, `document.dir = "`+dir+`", document.scrollingElement.scrollWidth - innerWidth`); wide > 0 {
					t.Errorf("%s at %d px, %s, is %d px too wide: %s", name, w, dir, wide, see[string](p, `[...document.querySelectorAll("body *")]
						.filter(e => e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1).slice(0, 4).map(e => e.tagName + "." + e.getAttribute("class")).join(" ")`))
				}
			}
		}
		p.width(1280)
	}
	looksOfCircles(t, "en", look)
	looksOfRareCircles(t, "en", look)
}
