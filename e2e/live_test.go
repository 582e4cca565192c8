//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestAPostIsSeenByOthersWithoutReloadingAndEndsForEverybody is what Mayfly is for.
func TestAPostIsSeenByOthersWithoutReloadingAndEndsForEverybody(t *testing.T) {
	s := newSite(t, "ttl_min=1s", "ttl_default=3s")
	author, reader := s.person("the author"), s.person("the reader")
	author.openLive("/")
	reader.openLive("/")
	born := see[float64](reader, `performance.timeOrigin`)
	author.post("say it while it lasts")
	reader.shows("say it while it lasts")
	post := note{ID: see[string](reader, `document.querySelector("article.post").id.slice(2)`)}
	author.wait("the author's own page calls it theirs", `document.querySelector("article.post .badge")?.textContent.trim() === "you"`)
	author.wait("so do form and margin", `[...document.querySelectorAll("#composer .know b, aside .know b")].map(e => e.textContent.trim()).join() === "Posting tells us nothing new.,We know you by one cookie."`)
	if see[bool](reader, `document.querySelector("article.post .badge") !== null`) {
		t.Error("the reader is told that they wrote it")
	}
	for _, p := range []*person{author, reader} {
		p.loses("say it while it lasts")
	}
	s.waitGone(post, time.Second)
	if see[float64](reader, `performance.timeOrigin`) != born {
		t.Error("the reader's page was loaded anew")
	}
}

// TestAPostReachesAnotherTabWithinHalfASecond measures from the answer to the
// author's form to the article in the reader's page; both tabs read one clock.
func TestAPostReachesAnotherTabWithinHalfASecond(t *testing.T) {
	s := newSite(t)
	author, reader := s.person("the author"), s.person("the reader")
	author.openLive("/")
	reader.openLive("/")
	see[any](reader, `void (globalThis.landed = [], new MutationObserver(() => {
		const n = document.querySelectorAll("#posts article").length;
		while (landed.length < n) landed.push(performance.timeOrigin + performance.now());
	}).observe(document.getElementById("posts"), {childList: true}))`)
	var afterAnswer, afterPress []float64
	for i := range 5 {
		author.post(fmt.Sprintf("how long does it take, %d", i))
		reader.wait("the post has landed", fmt.Sprintf(`landed.length > %d`, i))
		author.wait("the form is empty again", `document.querySelector("#composer textarea").value === ""`)
		const sent = `performance.getEntriesByType("resource").filter(e => e.name.endsWith("/b/home/posts")).at(-1)`
		landed := see[float64](reader, fmt.Sprintf(`landed[%d]`, i))
		afterAnswer = append(afterAnswer, landed-see[float64](author, `performance.timeOrigin + `+sent+`.responseStart`))
		afterPress = append(afterPress, landed-see[float64](author, `performance.timeOrigin + `+sent+`.startTime`))
	}
	slices.Sort(afterAnswer)
	slices.Sort(afterPress)
	t.Logf("median of five: %.0f ms after the answer, %.0f ms after the press", afterAnswer[2], afterPress[2])
	if afterAnswer[2] > 500 {
		t.Errorf("a post took %.0f ms to reach the other tab (all: %.0f)", afterAnswer[2], afterAnswer)
	}
}
