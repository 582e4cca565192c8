package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"mayfly/board"
)

// Each term begins with a letter that says what it is of, so that no word is taken
// for a board, and the index's own tokenizer cuts at spaces alone: it takes every
// character beyond ASCII, and ASCII letters and digits, as parts of a term.
type kind byte

const (
	ofBoard kind = 'b'
	ofTag   kind = 't'
	ofPlace kind = 'p'
	ofWord  kind = 'w'
)

// apart stands for what the tokenizer would cut at.
const apart = "\u00a6"

func term(k kind, text string) string {
	return string(k) + strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return []rune(apart)[0]
		}
		return r
	}, fold(text))
}

// fold brings what readers take for the same to the same: case and width, ligatures,
// and the accents of Latin, Greek, Cyrillic, Hebrew and Arabic. Elsewhere marks are
// letters and stay.
func fold(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	accents := false // of the letter before
	for _, r := range norm.NFKD.String(text) {
		if unicode.Is(unicode.Mn, r) {
			if accents {
				continue
			}
		} else {
			accents = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic)
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(cases.Fold().String(b.String()))
}

// words cuts a text into the terms it is found by, in their order. Scripts that put
// no space between words are cut into pairs of letters, the last one alone, so that
// any part of a text finds it.
func words(text string) []string {
	var list []string
	for _, w := range cut(fold(text)) {
		list = append(list, parts(w)...)
	}
	return list
}

// cut splits at what is no letter, digit or mark; a symbol such as 🍋 is a word.
func cut(text string) []string {
	var list []string
	start, dense := -1, false
	end := func(i int) {
		if start >= 0 {
			list = append(list, text[start:i])
		}
		start = -1
	}
	for i, r := range text {
		switch {
		case unicode.Is(unicode.So, r):
			end(i)
			list = append(list, string(r))
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.M, r) && start >= 0:
			if start >= 0 && !unicode.Is(unicode.M, r) && isDense(r) != dense {
				end(i)
			}
			if start < 0 {
				start, dense = i, isDense(r)
			}
		default:
			end(i)
		}
	}
	end(len(text))
	return list
}

// isDense says whether r is of a script that is written without spaces.
func isDense(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// parts are a word, or the pairs of letters of one in a dense script.
func parts(w string) []string {
	if r, _ := utf8.DecodeRuneInString(w); !isDense(r) {
		return []string{w}
	}
	letters := []rune(w)
	list := make([]string, len(letters))
	for i := range letters {
		list[i] = string(letters[i:min(i+2, len(letters))])
	}
	return list
}

// tagsOf are the tags of a post, each once.
func tagsOf(p board.Post) []string {
	var list []string
	seen := map[string]bool{}
	for _, m := range board.Tags(p.Body) {
		if !seen[m.Tag] {
			seen[m.Tag] = true
			list = append(list, m.Tag)
		}
	}
	return list
}

// document is what a post is found by: its board, tags and place, and its words.
func document(p board.Post) string {
	var b strings.Builder
	b.WriteString(term(ofBoard, p.Board))
	if slug := p.PlaceSlug(); slug != "" {
		b.WriteString(" " + term(ofPlace, slug))
	}
	for _, tag := range tagsOf(p) {
		b.WriteString(" " + term(ofTag, tag))
	}
	for _, w := range words(p.Warning + "\n" + p.Body) {
		b.WriteString(" " + string(ofWord) + w)
	}
	return b.String()
}
