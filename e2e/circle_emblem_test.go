//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const emblem = `document.getElementById("c-emblem")`

// TestACircleHasAPictureOfItsOwn: chosen as it is made, seen by who joins, changed live, and
// sealed all the while; nothing of the file but its pixels is left.
func TestACircleHasAPictureOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	taped := s.taped()
	ada, ben := newPerson(t, "ada", taped.url), newPerson(t, "ben", taped.url)
	ada.open("/c")
	ada.types("#c-make #c-name", "Kitchen table")
	ada.do(chromedp.SetUploadFiles(chromedp.CSS("#c-picture"), []string{aPhoto(t, 2000, 1250)}))
	ada.click(`#c-make [value="maker"]`)
	ada.click("#c-make .btn")
	const seen = `!` + emblem + `.hidden && ` + emblem + `.naturalWidth === 192 && ` + emblem + `.naturalHeight === 120`
	ada.wait("her circle has its picture", seen)
	ben.joins(ada.invites())
	ben.wait("who joins sees it", seen)
	if !see[bool](ben, `document.getElementById("c-renaming").hidden`) {
		t.Error("a member may change it where the maker rules")
	}
	ada.click(`[data-opens="people"]`)
	ada.click("#c-renaming summary")
	ada.types("#c-rename-name", "Balcony")
	ada.do(chromedp.SetUploadFiles(chromedp.CSS("#c-rename-picture"), []string{aPhoto(t, 400, 400)}))
	ada.click("#c-rename .btn")
	const changed = emblem + `.naturalHeight === 192 && document.querySelector("h1#c-name").textContent.startsWith("Balcony")`
	ada.wait("it is another", changed)
	ben.wait("ben is shown the other", changed)
	ada.click(`[data-view="people"] [data-turn]`)
	ada.wait("the key is turned", `document.getElementById("status").textContent.includes("turned")`)
	ben.do(chromedp.Reload())
	ben.wait("it is there under the new key", changed)
	ada.click(`#c-rename [name="bare"]`)
	ada.click("#c-rename .btn")
	ben.wait("it is taken away", emblem+`.hidden`)
	for _, clear := range []string{"JFIF", "Kitchen table", "Balcony", "the camera of Ada"} {
		if strings.Contains(taped.String(), clear) {
			t.Errorf("%q was sent in the clear", clear)
		}
	}
	if strings.Contains(see[string](ada, `document.documentElement.innerHTML`), "the camera of Ada") {
		t.Error("what the camera wrote is left")
	}
}

// TestAPostOfACircleMayEndOfQuiet: the choice on the page is what the post lives by.
func TestAPostOfACircleMayEndOfQuiet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.person("ada")
	ada.makesCircle("Kitchen table")
	ada.do(chromedp.SetValue(chromedp.CSS("#c-silence"), "10m"))
	ada.saysInCircle("unless somebody answers")
	ada.wait("it ends in about ten minutes", `/^(9|10|11) min/.test(document.querySelector("#c-posts .left time").textContent)`)
	if got := see[string](ada, `document.getElementById("c-silence").value`); got != "" {
		t.Errorf("the next post has %q chosen", got)
	}
}
