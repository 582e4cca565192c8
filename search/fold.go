package search

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold brings what readers take for the same to the same: case and width, ligatures,
// and the accents of Latin, Greek, Cyrillic, Hebrew and Arabic. Elsewhere marks are
// letters and stay.
func fold(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for known := alone(); text != ""; {
		r, size := utf8.DecodeRuneInString(text)
		end := size + clinging(known, text[size:])
		switch {
		case end > size || !known.has(r):
			b.WriteString(foldAny(text[:end]))
		case int(r) < len(known):
			b.WriteString(known[r])
		default:
			b.WriteString(text[:end])
		}
		text = text[end:]
	}
	return b.String()
}

// clinging is how much of what stands behind a letter may change it.
func clinging(known folded, text string) int {
	for i, r := range text {
		if known.has(r) {
			return i
		}
	}
	return len(text)
}

// folded are letters as fold makes them when no mark follows, whatever is before them.
type folded []string

// has says whether r is known, or stays as it is.
func (f folded) has(r rune) bool {
	if int(r) < len(f) {
		return f[r] != ""
	}
	return unicode.Is(steady, r)
}

// alone has the letters of ASCII, Latin, Greek and Cyrillic.
var alone = sync.OnceValue(func() folded {
	known := make(folded, 0x530)
	for i := range known {
		if r := rune(i); !unicode.Is(unicode.M, r) {
			known[i] = foldAny(string(r))
		}
	}
	return known
})

// steady are letters and signs beyond those that fold leaves alone.
var steady = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x2012, 0x2016, 1}, {0x2018, 0x2023, 1}, // dashes, quotes
		{0x3001, 0x3029, 1}, {0x3041, 0x3096, 1}, {0x30A1, 0x30FA, 1}, {0x4E00, 0x9FFF, 1}, {0xAC00, 0xD7A3, 1},
	},
	R32: []unicode.Range32{{0x1F300, 0x1FAFF, 1}}, // emoji
}

// foldAny folds whatever it is.
func foldAny(text string) string {
	var b strings.Builder
	var letter rune // that marks belong to
	for _, r := range norm.NFKD.String(text) {
		switch {
		case r < utf8.RuneSelf || !unicode.Is(unicode.Mn, r):
			letter = r
		case unicode.In(letter, accented...):
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(cases.Fold().String(b.String()))
}

var accented = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic}
