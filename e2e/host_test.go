//go:build e2e

package e2e

import "testing"

// TestWithoutAScriptAnAdminAddsABoardOnAPhone: it stands in the list of readers.
func TestWithoutAScriptAnAdminAddsABoardOnAPhone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	p.expects("status of 422")
	p.width(390)
	p.withoutScript()
	s.owner(p)
	p.open("/admin/boards")
	p.types("#slug", "night-shift")
	p.types("#title", "Night shift")
	p.types("#rules", "For people awake between 22 and 6.")
	p.types("#closes", "tomorrow")
	p.follow("#new button")
	p.wait("it is refused, and nothing typed is lost", `document.querySelector("#closes-err") && document.querySelector("#title").value === "Night shift" && document.querySelector("#rules").value.includes("awake")`)
	see[any](p, `void (document.querySelector("#closes").value = "")`)
	p.types("#closes", "in 3d")
	p.follow("#new button")
	p.wait("it is there", `document.querySelector("[role=status]") && document.body.innerText.includes("Night shift")`)
	p.open("/boards")
	p.shows("For people awake between 22 and 6.")
	p.withScript()
}

// TestAnOpenComposerFollowsWhatTheHostOffers, and keeps what was chosen while it may.
func TestAnOpenComposerFollowsWhatTheHostOffers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	writer, p := s.person("the writer"), s.person("the owner")
	s.owner(p)
	writer.openLive("/")
	writer.types("#composer textarea", "half written")
	see[any](writer, `void (document.querySelector("#offer-backdrop").open = true, document.querySelector("[value=pond]").click())`)
	p.open("/admin/places")
	p.types("#place-1", "Old Harbour")
	p.follow("main form button")
	writer.wait("there is a place to choose", `document.querySelector("#composer #offer-place")?.textContent.includes("Old Harbour")`)
	p.open("/admin/backdrops")
	see[any](p, `void document.querySelectorAll(".picks input:not([value=pond], [value=moth])").forEach(i => (i.checked = false))`)
	p.follow("main form button")
	writer.wait("there are two backdrops and none", `document.querySelectorAll("#composer .back").length === 3`)
	writer.wait("nothing that was chosen or written is lost", `document.querySelector("[value=pond]").checked && document.querySelector("#composer textarea").value === "half written" && document.querySelector("#offer-backdrop").open`)
	p.open("/admin/backdrops")
	see[any](p, `void (document.querySelector("[value=pond]").checked = false)`)
	p.follow("main form button")
	writer.wait("it is offered no more", `document.querySelectorAll("#composer .back").length === 2 && document.querySelector("#composer .none input").checked`)
	for _, setting := range []string{"pictures", "unlisted", "view_once"} {
		s.set(setting + "=off")
	}
	writer.wait("nor is any of these", `!document.querySelector("#composer #photo, #composer [name=unlisted], #composer [name=view_once]") && document.querySelector("#composer textarea").required`)
	for _, setting := range []string{"pictures=blurred", "unlisted=on", "view_once=on", "nudge=Be kind."} {
		s.set(setting)
	}
	writer.wait("all of it is back", `document.querySelector("#composer #photo + #limits") && document.querySelector("#composer [name=unlisted]") && document.querySelector("#composer .extras [name=view_once]") && document.querySelector("#offer-nudge + *")?.id === "send"`)
	writer.chooses(aPhoto(t, 320, 200))
	writer.wait("it is shown, and nothing moves any more", `document.querySelector(".photo-chosen img")?.naturalWidth === 320`)
	writer.click("#composer #send")
	writer.wait("a picture goes out as before", `document.querySelector("article details.photo") && document.querySelector("article").innerText.includes("half written")`)
}
