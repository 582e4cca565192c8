//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// TestWhereTheFirstOfManyEndsALineLeadsToTheRest, whether it was ended or its time was
// up; the next is thrown at nobody who reads.
func TestWhereTheFirstOfManyEndsALineLeadsToTheRest(t *testing.T) {
	t.Parallel()
	s := newSite(t, "ttl_min=1s")
	const pasted = "join our channel for free coins, only today, everybody who signs up gets two hundred of them"
	first := s.publish(pasted, "")
	second := s.publish(pasted+" 2", "6s")
	third := s.publish(pasted+" 3", "")
	s.publish(pasted+" 4", "")
	p := s.person("a reader")
	p.openLive("/")
	p.wait("one stands for all", fmt.Sprintf(`document.querySelector("#p-%s .alike")?.textContent.includes("and 3 like it")`, first.ID))
	s.end(first)
	p.wait("a line leads to the rest", fmt.Sprintf(`[...document.querySelectorAll(".tomb .rest")].some(a => a.textContent === "3 like it are still here" && a.pathname === "/p/%s/alike")`, second.ID))
	if n := see[int](p, `document.querySelectorAll("#posts article:not([data-state=spent])").length`); n != 0 {
		t.Errorf("%d posts are thrown at who reads", n)
	}
	p.wait("when the next one's time is up, the line leads on", fmt.Sprintf(`[...document.querySelectorAll(".tomb .rest")].map(a => a.textContent + a.pathname).join() === "2 like it are still here/p/%s/alike"`, third.ID))
	p.follow(".tomb .rest")
	p.shows(pasted + " 4")
	p.openLive("/")
	p.wait("on the next page the next stands for all", fmt.Sprintf(`document.querySelector("#p-%s .alike")?.textContent.includes("and 1 like it")`, third.ID))
}

// TestAfterTheTimeOfTheFirstALineLeadsToTheRest of its look-alikes, in its place.
func TestAfterTheTimeOfTheFirstALineLeadsToTheRest(t *testing.T) {
	t.Parallel()
	s := newSite(t, "ttl_min=1s")
	const pasted = "join our channel for free coins, only today, everybody who signs up gets two hundred of them"
	s.publish(pasted, "6s")
	second := s.publish(pasted+" 2", "")
	p := s.person("a reader")
	p.openLive("/")
	p.wait("a line leads to the rest", fmt.Sprintf(`[...document.querySelectorAll(".tomb .rest")].some(a => a.textContent === "One like it is still here" && a.pathname === "/p/%s")`, second.ID))
}
