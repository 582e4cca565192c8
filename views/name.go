package views

import (
	"strconv"

	"mayfly/board"
	"mayfly/words"
)

// hues are the classes of the colours of names; none of them is amber.
var hues = [board.Hues]string{
	"teal", "moss", "fern", "sky", "indigo", "violet", "plum", "rose", "brick", "olive", "lagoon", "slate",
}

// Hue is the colour of a name, as style sheet and API call it.
func Hue(n board.Name) string { return hues[n.Hue%board.Hues] }

// PersonName is a pseudonym in the reader's language: "Teal Heron", "Airone
// Ottanio"; later bearers of a name are numbered.
func PersonName(p *words.Printer, n board.Name) string {
	name := p.Say("name.order",
		"hue", p.Say("hue."+strconv.Itoa(int(n.Hue))),
		"creature", p.Say("creature."+strconv.Itoa(int(n.Creature))))
	if n.Round > 0 {
		name += " " + strconv.Itoa(int(n.Round)+1)
	}
	return name
}

// NewName is a pseudonym with its wings.
func NewName(p *words.Printer, n board.Name) Name {
	return Name{
		Text:  PersonName(p, n),
		Hue:   "hue-" + Hue(n),
		Upper: "u" + strconv.Itoa(int(n.Upper)),
		Lower: "l" + strconv.Itoa(int(n.Lower)),
		Torso: "b" + strconv.Itoa(int(n.Body)),
	}
}

// GlyphParts are the shapes of a pseudonym's wings, as the drawings are numbered: the
// upper pair, the lower one, and what is between.
func GlyphParts(n board.Name) []int { return []int{int(n.Upper), int(n.Lower), int(n.Body)} }

// BoardTitle is what a board is called.
func BoardTitle(p *words.Printer, b board.Info) string {
	switch {
	case b.Title != "":
		return b.Title
	case b.Slug == board.Home:
		return p.Say("board.home")
	}
	return b.Slug
}

// writeHref is where one writes for a board.
func writeHref(slug string) string {
	if slug == board.Home {
		return "/write"
	}
	return "/write?board=" + slug
}

// boardHref is where a board is read.
func boardHref(slug string) string {
	if slug == board.Home {
		return "/"
	}
	return "/b/" + slug
}
