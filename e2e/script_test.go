//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// TestEverythingWorksWithoutScript does all that a visitor can do, by forms and
// links alone.
func TestEverythingWorksWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("somebody without script")
	p.withoutScript()
	p.open("/")
	p.shows("This page is as old as its loading")
	p.follow(".rail a[href='/write']")
	p.types("#composer textarea", "written without script")
	p.follow("#composer #send")
	p.shows("written without script")
	id := see[string](p, `document.querySelector("article.post").id`)
	if got := see[string](p, `location.pathname + location.hash`); got != "/#"+id {
		t.Errorf("after writing the page is %s, want /#%s", got, id)
	}

	p.follow("article.post .heart")
	if got := see[string](p, `document.querySelector("article.post .heart span").textContent`); got != "1" {
		t.Errorf("after a heart there are %s", got)
	}
	p.follow("article.post .heart")
	if got := see[string](p, `document.querySelector("article.post .heart").ariaPressed`); got != "false" {
		t.Error("the heart can't be taken back")
	}

	p.follow("article.post a.left")
	p.types("#talk textarea", "and answered")
	p.follow("#talk #send")
	p.shows("and answered")
	p.follow("#replies article .remove")
	p.loses("and answered")
	p.shows("written without script")

	p.follow("article.post .remove")
	p.loses("written without script")
	p.shows("Nothing alive right now")

	p.follow(".rail a[href='/you']")
	p.shows("One cookie")
	p.follow("form[action='/new-me'] button")
	p.shows("Nothing that names you")

	p.open("/write")
	p.types("#composer textarea", "to be forgotten")
	p.follow("#composer #send")
	p.follow(".rail .forget")
	p.shows("Who was that?")
	p.open("/")
	p.loses("to be forgotten")

	p.open("/you")
	p.click("input[name=lang][value=it]")
	p.click("input[name=theme][value=dark]")
	p.follow("form[action='/look'] button")
	if lang, theme := see[string](p, `document.documentElement.lang`), see[string](p, `document.documentElement.dataset.theme`); lang != "it" || theme != "dark" {
		t.Errorf("the page is in %q and %q, want it and dark", lang, theme)
	}
}

// TestAPageReloadsItselfWhenItsReaderAskedForIt is what stands in for the socket.
func TestAPageReloadsItselfWhenItsReaderAskedForIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("somebody without script")
	p.withoutScript()
	p.open("/?refresh=10")
	p.shows("It reloads itself every 10 seconds")
	s.publish("said meanwhile", "")
	p.waitFor(patience, "the page has loaded anew", fmt.Sprintf(`document.body.innerText.includes(%q)`, "said meanwhile"))
}
