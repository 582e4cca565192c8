package board

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// cleanText unifies line ends, drops what hides or disturbs (see keeper), trims,
// and leaves at most one empty line in a row. It reports false for what is not
// UTF-8. What is clean already comes back as it is.
func cleanText(s string) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ").Replace(s)
	var k keeper
	s = strings.Map(k.keep, s)
	lines := strings.Split(s, "\n")
	kept, empty := lines[:0], 0
	for _, line := range lines {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if empty++; line != "" {
			empty = 0
		}
		if empty <= 1 {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n")), true
}

const (
	marksMax    = 4 // combining marks in a row that real scripts need
	flagTagsMax = 6 // tag letters of a flag such as Scotland's, and their end
	blackFlag   = '\U0001F3F4'
)

// keeper decides, letter by letter, what of a text stays: no control characters,
// nothing that turns the direction of the text around it or carries letters that
// nobody sees, and no towers of marks.
type keeper struct {
	marks    int  // combining marks in a row so far
	tags     int  // tag letters that may still follow a black flag
	selector bool // the last one was a variation selector
}

// keep returns r, or -1 when it goes. State follows what stays alone, so that
// cleaning twice is cleaning once.
func (k *keeper) keep(r rune) rune {
	switch {
	case r == '\n':
	case unicode.IsControl(r), turnsText(r), carriesNothing(r):
		return -1
	case isTag(r):
		if k.tags == 0 {
			return -1
		}
		k.tags--
		return r
	case unicode.Is(unicode.Variation_Selector, r):
		if k.selector || r > 0xFFFF {
			return -1
		}
		k.selector = true
		return r
	case unicode.In(r, unicode.Mn, unicode.Me):
		if k.marks == marksMax {
			return -1
		}
		k.marks++
		return r
	case unicode.Is(unicode.Cf, r): // joiners stand between a letter and its marks
		return r
	}
	*k = keeper{}
	if r == blackFlag {
		k.tags = flagTagsMax
	}
	return r
}

// turnsText says whether r is one of the bidi embeddings, overrides or isolates.
// The marks that single letters need (LRM, RLM, ALM) are not among them.
func turnsText(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// carriesNothing says whether r is no character, a byte order mark, a retired
// separator, or meant for programs that annotate text.
func carriesNothing(r rune) bool {
	return r == '\uFEFF' || r == '\u180E' || r >= '\uFFF9' && r <= '\uFFFB' || unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// isTag says whether r is one of the invisible letters that the flags of England,
// Scotland and Wales are spelt with.
func isTag(r rune) bool { return r >= 0xE0000 && r <= 0xE007F }

// looksEmpty says whether nothing of s would be seen. What Unicode has not given
// out yet counts as seen: it may be the emoji of next year's phones.
func looksEmpty(s string) bool {
	for _, r := range s {
		unseen := unicode.IsSpace(r) || blank(r) ||
			unicode.In(r, unicode.M, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
		if !unseen {
			return false
		}
	}
	return true
}

// blank lists the symbols that have a width and nothing else.
func blank(r rune) bool {
	switch r {
	case '\u2800', '\U00013441', '\U00013442', '\U0001D159':
		return true
	}
	return false
}
