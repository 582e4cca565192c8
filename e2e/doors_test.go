//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shutBoard adds a board for those who know a passphrase or, without one, for those who
// have an invitation, and waits until it has its door.
func (s *site) shutBoard(slug, title, phrase string) {
	s.t.Helper()
	s.addBoard(slug, title)
	if phrase == "" {
		s.board("door", "set", slug, "invite")
	} else {
		s.setPhrase(slug, phrase)
	}
	eventually(s.t, patience, "the board has a door", func() bool { return s.status("/b/"+slug) == http.StatusForbidden })
}

func (s *site) setPhrase(slug, phrase string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "phrase")
	if err := os.WriteFile(file, []byte(phrase), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.board("door", "set", slug, "passphrase", "--passphrase-file", file)
}

// TestADoorLetsInAndPutsOut: without a script, by keyboard alone, and open pages close by
// themselves when the passphrase changes.
func TestADoorLetsInAndPutsOut(t *testing.T) {
	s := newSite(t)
	s.shutBoard("den", "The den", "warm tin roof")
	p := s.person("somebody")
	p.expects("status of 403")
	p.withoutScript()
	p.open("/b/den?sort=hot")
	p.shows("This board has a door")
	p.types("#passphrase", "warm tin floor")
	p.follow("main button.btn")
	p.shows("isn’t the passphrase")
	p.keys("warm tin roof", "\r") // the field has the focus
	p.wait("it leads to where they were going", `location.pathname === "/b/den" && location.search === "?sort=hot" && document.querySelector(".rail")`)
	p.withScript()
	p.openLive("/b/den")
	p.post("said inside the den")
	p.shows("said inside the den")
	s.setPhrase("den", "cold brick wall")
	p.wait("the open page closes", `document.querySelector("main.door")`)
	p.loses("said inside the den")
	p.types("#passphrase", "cold brick wall")
	p.follow("main button.btn")
	p.shows("said inside the den")
}

// TestAnInvitationIsPassedOn: an admin makes a link, and two people come in by it where
// it is for one.
func TestAnInvitationIsPassedOn(t *testing.T) {
	s := newSite(t)
	s.addBoard("den", "The den")
	ada := s.person("ada")
	s.owner(ada)
	ada.open("/admin/boards/den/door")
	ada.click(`input[value="invite"]`)
	ada.follow("main button.btn")
	ada.shows("in force everywhere")
	see[any](ada, `void (uses.value = "1")`)
	ada.follow(`#invite form[action$="/codes"] button`)
	link := strings.TrimPrefix(see[string](ada, `document.getElementById("link").value`), s.url)
	first := s.person("the first")
	first.open(link)
	first.open(link) // looking uses nothing up
	first.follow("main button.btn")
	first.wait("the first is in", `location.pathname === "/b/den" && document.querySelector(".rail")`)
	late := s.person("the second")
	late.expects("status of 403")
	late.open(link)
	late.follow("main button.btn")
	late.shows("used up")
}
