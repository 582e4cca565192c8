//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestAThreadIsLiveAndKnowsItsPeopleByTheirNamesThereAlone follows one thread from
// its first reply to its end, in the tabs of two people and on the board.
func TestAThreadIsLiveAndKnowsItsPeopleByTheirNamesThereAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	author, other, reader := s.person("the author"), s.person("the other"), s.person("a reader of the board")
	author.openLive("/")
	reader.openLive("/")
	author.post("who else is awake?")
	reader.shows("who else is awake?")
	thread := "/p/" + see[string](reader, `document.querySelector("article.post").id.slice(2)`)
	author.openLive(thread)
	other.openLive(thread)

	other.answer("I am")
	author.shows("I am")
	other.wait("who replied is told so", `document.querySelector("#replies article .badge")?.textContent.trim() === "you"`)
	author.answer("good, stay a while")
	author.shows("good, stay a while")
	other.shows("good, stay a while")
	other.wait("the author's reply is marked", `document.querySelectorAll("#replies article")[1].querySelector(".badge.op")?.textContent.trim() === "wrote this"`)
	reader.wait("the board counts the replies", `document.querySelector("article.post a.act span")?.textContent === "2"`)

	const names = `[...document.querySelectorAll("article .who")].map(e => e.textContent.trim())`
	seen := see[[]string](author, names)
	if len(seen) != 3 || seen[0] != seen[2] || seen[0] == seen[1] {
		t.Errorf("the post, the other and its author are called %q", seen)
	}
	if fresh := see[[]string](other, names); strings.Join(fresh, ", ") != strings.Join(seen, ", ") {
		t.Errorf("one of them reads %q, the other %q", seen, fresh)
	}

	other.openLive(thread) // drawn by the server now
	const yours = `[...document.querySelectorAll("article")].map(a => [...a.querySelectorAll(".badge")].map(b => b.textContent.trim()).join(" "))`
	if got := see[[]string](other, yours); strings.Join(got, "|") != "|you|wrote this" {
		t.Errorf("marks of the page = %q", got)
	}
	if n := see[int](other, `document.querySelectorAll("article .remove").length`); n != 1 {
		t.Errorf("%d remove buttons, want one: their own", n)
	}

	author.click("#posts article .remove")
	other.loses("who else is awake?")
	other.loses("good, stay a while")
	reader.loses("who else is awake?")
	author.loses("who else is awake?")
	if got := s.status(thread); got != 404 {
		t.Errorf("the thread answers %d, want 404", got)
	}
}

// TestAHeartIsSeenByAllAndLendsTime presses a heart in one tab.
func TestAHeartIsSeenByAllAndLendsTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	post := s.publish("worth keeping for a while", "1h")
	giver, reader := s.person("the giver"), s.person("the reader")
	giver.openLive("/")
	reader.openLive("/")
	giver.click("article.post .heart")
	reader.wait("the heart is counted", `document.querySelector("article.post .heart span").textContent === "1"`)
	reader.wait("the label has the new time", `/^1 h 1[01] min/.test(document.querySelector("article.post .left time").textContent)`)
	if got := see[string](reader, `document.querySelector("article.post .heart").ariaPressed`); got != "false" {
		t.Error("the reader's heart is pressed")
	}
	giver.openLive("/p/" + post.ID)
	giver.wait("the page remembers the heart", `document.querySelector("article.post .heart").ariaPressed === "true"`)
	giver.click("article.post .heart")
	reader.wait("the heart is taken back", `document.querySelector("article.post .heart span").textContent === "0"`)
}

// TestNothingMovesWhatIsBeingRead scrolls down, lets posts come and go above, and
// looks where a post in the middle of the screen is.
func TestNothingMovesWhatIsBeingRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var posts []note
	for i := range 30 {
		posts = append(posts, s.publish(fmt.Sprintf("number %d, %s", i, unlike()), ""))
	}
	reader := s.person("the reader")
	reader.openLive("/")
	read, above, inSight := posts[12], posts[29], posts[13]
	see[any](reader, fmt.Sprintf(`document.getElementById("p-%s").scrollIntoView({block: "center"})`, read.ID))
	where := fmt.Sprintf(`Math.round(document.getElementById("p-%s").getBoundingClientRect().top)`, read.ID)
	before := see[int](reader, where)
	still := func(after string) {
		t.Helper()
		if now := see[int](reader, where); now != before {
			t.Errorf("%s, the post moved from %d to %d px", after, before, now)
		}
	}

	s.publish("first news", "")
	s.publish("second news", "")
	reader.wait("the pill counts", `!fresh.hidden && fresh.textContent.trim() === "2 new"`)
	still("after two arrivals")
	s.end(above)
	reader.loses("number 29,")
	reader.wait("the gap far above has closed", fmt.Sprintf(`document.querySelectorAll("#posts > *").length === %d`, len(posts)-1))
	still("after one above went")
	s.end(inSight)
	reader.loses("number 13,")
	still("after its neighbour in sight went")

	reader.click("#fresh")
	reader.wait("both have landed, the newest first", `[...document.querySelectorAll("article .post-text")].slice(0, 2).map(e => e.textContent.trim()).join() === "second news,first news"`)
	reader.wait("the page is at its top", `scrollY === 0`)
	if !see[bool](reader, `fresh.hidden`) {
		t.Error("the pill is still there")
	}
}

// TestForgetMeEndsAllOfItAtOnce takes one tap, and asks nothing.
func TestForgetMeEndsAllOfItAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stays := s.publish("somebody else wrote this", "")
	author, reader := s.person("the author"), s.person("the reader")
	author.openLive("/")
	reader.openLive("/")
	for _, body := range []string{"a first thought", "a second thought"} {
		author.post(body)
		author.wait("the form is empty again", `document.querySelector("#composer textarea").value === ""`)
		reader.shows(body)
	}
	author.openLive("/p/" + stays.ID)
	author.answer("a reply of mine")
	reader.wait("the reply is counted", `[...document.querySelectorAll("article.post a.act span")].at(-1).textContent === "1"`)
	author.follow(".rail .forget")
	author.shows("Who was that?")
	author.shows("3 posts and replies")
	reader.loses("a first thought")
	reader.loses("a second thought")
	reader.shows("somebody else wrote this")
	author.open("/p/" + stays.ID)
	author.loses("a reply of mine")
	author.open("/you")
	author.shows("Nothing that names you")
}

// TestDownToMinusFiveAPostGoesInEveryTab, and leaves a line without words.
func TestDownToMinusFiveAPostGoesInEveryTab(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.behindProxy()
	post := s.publish("nobody will miss this", "1h")
	last, reader := s.person("who casts the last one"), s.person("a reader")
	for _, p := range []*person{last, reader} {
		p.openLive("/")
	}
	s.vote(post, "down", 4)
	reader.wait("it is nearly over, and says so", `document.querySelector("article.post .score-low")`)
	last.click("article.post .down")
	for _, p := range []*person{last, reader} {
		p.loses("nobody will miss this")
		p.wait("a line stands in its place", fmt.Sprintf(`document.getElementById("t-%s")`, post.ID))
	}
	if status := s.status("/p/" + post.ID); status != http.StatusNotFound {
		t.Errorf("its own page answers %d", status)
	}
}
