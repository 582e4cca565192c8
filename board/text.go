package board

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanText unifies line ends, drops what hides or disturbs (see keeper), trims,
// and leaves at most one empty line in a row. It reports false for what is not
// UTF-8. What is clean already comes back as it is.
func CleanText(s string) (string, bool) {
	return tidied(s, func(s string) string { return keepAll(strings.Map(drop, s)) })
}

// SafeText is what is left of CleanText where a board has hygiene=off: line ends,
// control characters (a box is parted by one) and what turns the words of others round
// are no matter of taste.
func SafeText(s string) (string, bool) {
	return tidied(s, func(s string) string { return strings.Map(dropUnsafe, s) })
}

func tidied(s string, drop func(string) string) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	if s = strings.ReplaceAll(s, "\r\n", "\n"); tidy(s) { // forms end lines with both
		return s, true
	}
	lines := strings.Split(drop(s), "\n")
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

// tidy says that nothing of a text is to be taken away. Most are; of others the
// answer may be no.
func tidy(s string) bool {
	if len(strings.TrimSpace(s)) < len(s) || strings.Contains(s, " \n") || strings.Contains(s, "\n\n\n") {
		return false
	}
	for _, r := range s {
		if r != '\n' && !Plain(r) {
			return false
		}
	}
	return true
}

// Plain says whether r is sure to be seen, to stand by itself and to be spelt in one
// way (NFC), as what most people write with is: no mark, nothing without width, no
// space but the common one and no digits but those of ASCII.
func Plain(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r <= '~'
	}
	return unicode.Is(plain, r)
}

var plain = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00A1, 0x00AC, 1}, {0x00AE, 0x02FF, 1}, // Latin
		{0x0384, 0x0386, 1}, {0x0388, 0x0482, 1}, {0x048A, 0x0590, 1}, // Greek, Cyrillic, Armenian
		{0x2010, 0x2027, 1}, {0x2030, 0x205E, 1}, {0x2070, 0x20CF, 1}, {0x2100, 0x2125, 1}, {0x212C, 0x2328, 1}, {0x232B, 0x2ADB, 1}, {0x2ADD, 0x2CEE, 1}, // signs
		{0x3001, 0x3029, 1}, {0x3030, 0x3098, 1}, {0x309B, 0x3163, 1}, {0x3165, 0xA4CF, 1}, // of China and Japan
		{0xAC00, 0xD7A3, 1}, // Hangul
	},
	R32: []unicode.Range32{{0x1F000, 0x1FAFF, 1}}, // emoji
}

// drop takes away what stays nowhere, whatever stands around it.
func drop(r rune) rune {
	if Plain(r) {
		return r
	}
	if carriesNothing(r) {
		return -1
	}
	return dropUnsafe(r)
}

// dropUnsafe takes away what could reach beyond its own text, and writes every end of a
// line as one.
func dropUnsafe(r rune) rune {
	switch r {
	case '\n', '\r', '\u0085', '\u2028', '\u2029':
		return '\n'
	case '\t':
		return ' '
	}
	if unicode.IsControl(r) || turnsText(r) || unicode.Is(unicode.Noncharacter_Code_Point, r) {
		return -1
	}
	return r
}

// keepAll goes through a text with a keeper.
func keepAll(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= '\u0300' }) { // plain letters hide nothing
		return s
	}
	var k keeper
	var b strings.Builder
	done := 0
	for i, r := range s {
		end := i + utf8.RuneLen(r)
		next, _ := utf8.DecodeRuneInString(s[end:])
		if !k.keeps(r, next) {
			b.WriteString(s[done:i])
			done = end
		}
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

const (
	marksMax    = 4 // combining marks in a row that real scripts need
	flagTagsMax = 6 // tag letters of a flag such as Scotland's, and their end
	blackFlag   = '\U0001F3F4'
)

// keeper decides, letter by letter, what of a text stays: nothing that carries
// letters that nobody sees, joiners only where a script or an emoji needs them, and
// no towers of marks.
type keeper struct {
	base     rune // the last letter or sign that stayed
	marks    int  // combining marks in a row so far
	tags     int  // tag letters that may still follow a black flag
	joined   int  // emoji that were joined in a row
	selector bool // the last one was a variation selector
	joiner   rune // the last one, if it was a joiner; else 0
}

// keeps says whether r stays before next, which is not looked at yet. State follows
// what stays alone, so that cleaning twice is cleaning once.
func (k *keeper) keeps(r, next rune) bool {
	switch {
	case Plain(r):
	case isTag(r):
		if k.tags == 0 {
			return false
		}
		k.tags--
		return true
	case unicode.Is(unicode.Variation_Selector, r):
		if k.selector || r > 0xFFFF {
			return false
		}
		k.selector = true
		return true
	case r == zwj || r == zwnj:
		if k.joiner != 0 || !k.joins(r, next) {
			return false
		}
		k.joiner = r
		return true
	case unicode.In(r, unicode.Mn, unicode.Me):
		if k.marks == marksMax || k.marks > 0 && unicode.Is(unicode.Me, r) { // a circle around a circle
			return false
		}
		k.marks++
		k.joiner = 0
		return true
	case unicode.Is(unicode.Cf, r):
		return true
	}
	joined := 0
	switch {
	case k.joiner == zwj && emoji(r):
		joined = k.joined + 1
	case r >= '\U0001F3FB' && r <= '\U0001F3FF': // a skin belongs to what it stands after
		joined = k.joined
	}
	*k = keeper{base: r, joined: joined}
	if r == blackFlag {
		k.tags = flagTagsMax
	}
	return true
}

const (
	zwnj      = '\u200C'
	zwj       = '\u200D'
	joinedMax = 4 // joiners of one emoji; a kiss of two people has three
)

// joins says whether joiner r is needed between what stands before it and next: by
// scripts whose letters change when they meet, and by emoji.
func (k *keeper) joins(r, next rune) bool {
	if bends(k.base) || bends(next) {
		return true
	}
	return r == zwj && emoji(k.base) && emoji(next) && k.joined < joinedMax
}

// stiff are the scripts whose letters stand as they are, whoever their neighbours.
var stiff = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian, unicode.Han, unicode.Hiragana, unicode.Katakana,
	unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Common, unicode.Inherited,
}

// bends says whether r is of a script that needs joiners.
func bends(r rune) bool {
	return r >= '\u0590' && unicode.In(r, unicode.L, unicode.M, unicode.N) && !unicode.In(r, stiff...)
}

// emoji says whether r may be a part of a joined emoji: signs, arrows, skins, and
// what next year's phones may show.
func emoji(r rune) bool {
	return unicode.Is(unicode.So, r) || r == '\u2194' || r == '\u2195' || r >= 0x1F000 && r <= 0x1FFFF
}

// turnsText says whether r is one of the bidi embeddings, overrides or isolates.
// The marks that single letters need (LRM, RLM, ALM) are not among them.
func turnsText(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// carriesNothing says whether r is no character, has no width and no work to do, or
// is meant for programs that annotate text.
func carriesNothing(r rune) bool {
	switch {
	case r == '\u200B', r >= '\u2060' && r <= '\u206F', r == '\uFEFF', r == '\u180E', r == '\u034F', r >= '\uFFF9' && r <= '\uFFFB':
		return true
	}
	return unicode.Is(unicode.Noncharacter_Code_Point, r)
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
