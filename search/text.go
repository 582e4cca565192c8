package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

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
const apart = '\u00a6'

func term(k kind, text string) string {
	return string(k) + strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return apart
		}
		return r
	}, fold(text))
}

// document is what a post is found by: its board, tags and place, and its words.
func document(p board.Post) string {
	text := p.Warning + "\n" + p.Body
	var b strings.Builder
	b.Grow(2 * len(text))
	b.WriteString(term(ofBoard, p.Board))
	if slug := p.PlaceSlug(); slug != "" {
		b.WriteString(" " + term(ofPlace, slug))
	}
	for _, tag := range tagsOf(p) {
		b.WriteString(" " + term(ofTag, tag))
	}
	cut(fold(text), func(word string) {
		b.WriteByte(' ')
		b.WriteByte(byte(ofWord))
		b.WriteString(word)
	})
	return b.String()
}

// tagsOf are the tags of a post, each once.
func tagsOf(p board.Post) []string {
	marks := board.Tags(p.Body)
	if len(marks) == 0 {
		return nil
	}
	var list []string
	seen := map[string]bool{}
	for _, m := range marks {
		if !seen[m.Tag] {
			seen[m.Tag] = true
			list = append(list, m.Tag)
		}
	}
	return list
}

// words are the terms that a text is found by, in their order.
func words(text string) []string {
	var list []string
	cut(fold(text), func(word string) { list = append(list, word) })
	return list
}

// cut cuts a folded text at what is no letter, digit or mark; a symbol such as 🍋 is a
// word. Scripts that put no space between words are cut into pairs of letters, the last
// one alone, so that any part of a text finds it.
func cut(text string, found func(word string)) {
	start, dense := -1, false
	end := func(i int) {
		switch {
		case start >= 0 && dense:
			pairs(text[start:i], found)
		case start >= 0:
			found(text[start:i])
		}
		start = -1
	}
	for i, r := range text {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if start >= 0 && isDense(r) != dense {
				end(i)
			}
			if start < 0 {
				start, dense = i, isDense(r)
			}
		case start >= 0 && r >= utf8.RuneSelf && unicode.Is(unicode.M, r):
		default:
			end(i)
			if r >= utf8.RuneSelf && unicode.Is(unicode.So, r) {
				found(string(r))
			}
		}
	}
	end(len(text))
}

// pairs finds each letter of a word with the next.
func pairs(word string, found func(string)) {
	for word != "" {
		_, one := utf8.DecodeRuneInString(word)
		_, two := utf8.DecodeRuneInString(word[one:])
		found(word[:one+two])
		word = word[one:]
	}
}

// isDense says whether r is of a script that is written without spaces.
func isDense(r rune) bool { return r >= '\u0E00' && unicode.In(r, dense...) }

var dense = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}
