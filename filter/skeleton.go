package filter

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unit is one letter of a skeleton, or what stands between letters, with the place
// in the text that it comes from.
type unit struct {
	r        rune    // folded: no case, no accent, no look-alike
	alt      [2]rune // what else readers may take it for; 0: nothing
	from, to int32   // bytes of the text
	at       int32   // byte of the skeleton
	row      int32   // the unit after the row of the same letter that it stands in
	class    class
	guess    bool // the alternatives are letters that a digit or sign stands in for
}

type class uint8

const (
	apart class = iota // spaces, signs
	digit
	letter
)

// is says whether u may be read as r, and whether that takes it for another sign.
func (u *unit) is(r rune) (ok, guessed bool) {
	switch {
	case u.r == r:
		return true, false
	case u.alt[0] != 0 && u.alt[0] == r, u.alt[1] != 0 && u.alt[1] == r:
		return true, u.guess
	}
	return false, false
}

// skeleton is a text as readers see it.
type skeleton struct {
	text  string // what it was made of
	bones string // the first reading of each unit
	units []unit
}

// newSkeleton brings a text into a form in which what looks the same is the same:
// decomposed, without case, accents of European scripts, look-alikes, and what has
// no width.
func newSkeleton(text string) skeleton {
	s := skeleton{text: text, units: make([]unit, 0, utf8.RuneCountInString(text))}
	bones, known := make([]byte, 0, len(text)), common()
	for i, r := range text {
		had := len(s.units)
		if int(r) < len(known) {
			s.units = append(s.units, known[r]...)
		} else {
			s.units = appendRead(s.units, r)
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		for j := had; j < len(s.units); j++ {
			u := &s.units[j]
			u.from, u.to, u.at = int32(i), int32(i+n), int32(len(bones)) //nolint:gosec // a text is short
			bones = utf8.AppendRune(bones, u.r)
		}
	}
	s.bones = string(bones)
	for i := len(s.units) - 1; i >= 0; i-- {
		u := &s.units[i]
		if u.row = int32(i + 1); i+1 < len(s.units) && s.units[i+1].r == u.r { //nolint:gosec // a text is short
			u.row = s.units[i+1].row
		}
	}
	return s
}

// common are the readings of the letters of ASCII, and of Latin, Greek and Cyrillic.
var common = sync.OnceValue(func() [][]unit {
	known := make([][]unit, 0x530)
	for r := range known {
		known[r] = appendRead(nil, rune(r))
	}
	return known
})

// appendRead reads a letter, which may stand for several or for none.
func appendRead(units []unit, r rune) []unit {
	if r = boxed(r); r < utf8.RuneSelf {
		var u unit
		u.read(r)
		return append(units, u)
	}
	var buf [32]byte
	parts := norm.NFKD.AppendString(buf[:0], string(r))
	if first, n := utf8.DecodeRune(parts); first != r && n == len(parts) && looks()[r] != "" { // ϲ looks like c, though it is a sigma
		parts = append(parts[:0], looks()[r]...)
	}
	for len(parts) > 0 {
		part, n := utf8.DecodeRune(parts)
		parts = parts[n:]
		if unseen(part) {
			continue
		}
		low := lower(part)
		look, known := looks()[low]
		switch {
		case low == 'ß':
			look = "ss"
		case !known:
			look = string(low)
		}
		for _, l := range look {
			var v unit
			v.read(l)
			switch { // I, l and 1 are one for readers
			case known && l == 'l':
				v.alt[0] = 'i'
			case known && l == 'i':
				v.alt[0] = 'l'
			}
			if raw := looks()[part]; part != low && len(look) == utf8.RuneLen(l) && len(raw) == 1 && raw != look {
				v.alt[1] = rune(raw[0])
			}
			units = append(units, v)
		}
	}
	return units
}

// read fills in what a letter without look-alikes stands for.
func (u *unit) read(r rune) {
	u.r = r
	switch {
	case 'a' <= r && r <= 'z':
		u.class = letter
	case 'A' <= r && r <= 'Z':
		u.r, u.class = r+'a'-'A', letter
	case r < utf8.RuneSelf:
		if u.alt = leet[r]; u.alt[0] != 0 {
			u.guess = true
		}
		if '0' <= r && r <= '9' {
			u.class = digit
		}
	case unicode.IsDigit(r):
		u.class, u.r = digit, '0'+value(r)
	case unicode.In(r, unicode.L, unicode.M):
		u.class = letter
	case r == '€':
		u.alt[0], u.guess = 'e', true
	}
}

// leet are the letters that digits and signs stand in for.
var leet = [utf8.RuneSelf][2]rune{
	'0': {'o'}, '1': {'i', 'l'}, '3': {'e'}, '4': {'a'}, '5': {'s'}, '7': {'t'}, '8': {'b'}, '9': {'g'},
	'@': {'a'}, '$': {'s'}, '!': {'i', 'l'}, '|': {'l', 'i'},
}

// value is that of a decimal digit; Unicode gives them out in tens.
func value(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if low := int64(t.Lo); int64(r) >= low && int64(r) <= int64(t.Hi) {
			return rune((int64(r) - low) % 10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if low := int64(t.Lo); int64(r) >= low && int64(r) <= int64(t.Hi) {
			return rune((int64(r) - low) % 10)
		}
	}
	return 0
}

func lower(r rune) rune {
	if r == 'ς' {
		return 'σ'
	}
	return unicode.ToLower(r)
}

// boxed gives the letter in a circle, a square or a half of a flag; other letters as
// they are.
func boxed(r rune) rune {
	for _, first := range []rune{'🅐', '🅰', '🇦'} {
		if r >= first && r < first+26 {
			return 'a' + r - first
		}
	}
	return r
}

// unseen says whether r is not there for readers, or is an accent of a script in
// which accents make no other word. Elsewhere marks are letters.
func unseen(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return false
	case r == '\u3099' || r == '\u309A': // the marks of Japanese
		return false
	case unicode.Is(unicode.Mn, r):
		return unicode.In(r, unicode.Inherited, unicode.Hebrew, unicode.Arabic) || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
	}
	return unicode.In(r, unicode.Me, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

//go:embed confusables.txt
var confusables string

// looks is what letters look like: each beyond ASCII that is taken for some of it.
var looks = sync.OnceValue(func() map[rune]string {
	m := map[rune]string{}
	for line := range strings.Lines(confusables) {
		target, sources, _ := strings.Cut(strings.TrimSpace(line), " ")
		if target == "#" {
			continue
		}
		for _, r := range sources {
			m[r] = target
		}
	}
	return m
})

// dense says whether r is of a script that puts no space between words.
func dense(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
