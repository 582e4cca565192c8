//go:build e2e

package e2e

import "testing"

// TestWhatIsFoundIsLive: a page of a tag takes in what is born with it, and nothing
// else, and loses what ends.
func TestWhatIsFoundIsLive(t *testing.T) {
	t.Parallel()
	s := newSite(t, "place_list=Library; Canteen")
	first := s.publish("the first of the #lemons", "1h")
	p := s.person("somebody who follows a tag")
	p.open("/")
	p.follow("article .hashtag")
	p.openLive("/search?q=%23lemons")
	p.shows("1 post alive")
	s.publish("no fruit at all", "1h")
	s.publish("more of the #Lemons", "1h")
	p.shows("more of the #Lemons")
	if see[bool](p, `document.body.innerText.includes("no fruit")`) {
		t.Error("the page shows what was not asked for")
	}
	s.end(first)
	p.loses("the first of the")

	p.openLive("/places/library")
	s.write("/api/v1/boards/home/posts", map[string]any{"body": "quiet up here", "place": "library"})
	p.shows("quiet up here")
}

// TestTheNearestPlaceIsChosenInTheBrowser, and only its name is sent.
func TestTheNearestPlaceIsChosenInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t, "place_list=Library 45.4642/9.19; Old Harbour 44.4056/8.9463; Canteen")
	p := s.person("somebody near the sea")
	p.openLive("/")
	see[any](p, `void (navigator.geolocation.getCurrentPosition = (found) => found({coords: {latitude: 44.41, longitude: 8.93}}))`) // no satellite shines in here
	see[any](p, `void document.querySelector(".field.place").closest("details").setAttribute("open", "")`)
	p.click(".field.place button")
	p.wait("the nearest is chosen", `document.getElementById("place").value === "old-harbour"`)
	p.post("salt in the air")
	p.wait("the post says where", `document.querySelector("article .at")?.innerText.trim() === "Old Harbour"`)
	p.wait("the new form can suggest as well", `document.querySelector(".field.place button")`)
}
