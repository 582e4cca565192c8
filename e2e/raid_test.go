//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

const pasted = "Join our channel for free coins, only today, everybody who signs up gets two hundred of them"

func TestLookAlikesRaiseACountOnAnOpenPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("somebody")
	first := s.publish(pasted, "")
	p.openLive("/")
	for i := range 3 {
		s.publish(fmt.Sprintf("%s %d", pasted, i), "")
	}
	p.wait("the count has gone up, and nothing has come", fmt.Sprintf(
		`document.querySelector("#p-%s .alike")?.textContent.includes("and 3 like it") && document.querySelectorAll("#posts article").length === 1`, first.ID))
	p.follow(".alike")
	p.wait("all of them are there", `document.querySelectorAll("#posts article").length === 4`)
}

func TestAReadOnlyBoardTakesTheFormAndKeepsTheWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("somebody")
	p.width(1280)
	p.openLive("/")
	p.types("#body", "half a sentence")
	s.set("board=read-only")
	p.wait("the line stands for the form", `!document.getElementById("pace").hidden && document.querySelector("#composer #body").offsetParent === null`)
	s.set("board=open")
	p.wait("the form is back, with its words", `document.getElementById("pace").hidden && document.getElementById("body").offsetParent !== null && document.getElementById("body").value === "half a sentence"`)
}
