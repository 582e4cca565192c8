//go:build e2e

package e2e

import "testing"

// TestAuthorsAreAskedAndCaredFor: an admin adds a filter, whoever gives somebody away
// is asked and confirms, and a care card comes to its author, by script.
func TestAuthorsAreAskedAndCaredFor(t *testing.T) {
	s := newSite(t)
	p := s.person("the author")
	p.expects("status of 422")
	s.owner(p)
	p.open("/admin/words")
	p.types("#text", "want to vanish")
	p.click(`input[name="action"][value="care"]`)
	p.types("#sample", "Some days I WANT TO VANISH.")
	p.follow(`button[formaction]`)
	p.shows("Care: it hits WANT TO VANISH")
	p.follow("#add button.btn")
	p.shows("The filter is in force")

	p.open("/write")
	p.types("#body", "call her, 347 123 4567")
	p.click("#send")
	p.wait("it is asked", `document.querySelector('#composer input[name="confirm"]')`)
	p.click(`#composer input[name="confirm"]`)
	p.click("#send")
	p.wait("it is out", `location.pathname === "/" && document.querySelector("article.post")`)

	p.open("/write")
	p.types("#body", "Some days I want to vanish.")
	p.click("#send")
	p.wait("the card is there", `location.pathname.startsWith("/p/") && document.querySelector(".note.care")`)
}
