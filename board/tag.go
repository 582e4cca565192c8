package board

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// TagMax is how many characters a tag may have; a longer "#word" is plain text.
const TagMax = 40

// TagMark is where a tag stands in a text, and what it says.
type TagMark struct {
	Start, End int // bytes of the text, "#" included
	Tag        string
}

// Tags finds the #tags of a text, in any script: "#" at the start of a word, then
// letters, marks, digits and underscores, at least one of them a letter. A tag is
// its word in lower case.
func Tags(text string) []TagMark {
	var marks []TagMark
	for i := 0; ; {
		next := strings.IndexByte(text[i:], '#')
		if next < 0 {
			return marks
		}
		start := i + next
		i = start + 1
		if before, _ := utf8.DecodeLastRuneInString(text[:start]); inWord(before) || before == '#' || before == '/' || before == '&' {
			continue
		}
		if word := tagWord(text[i:]); word != "" {
			i += len(word)
			marks = append(marks, TagMark{start, i, strings.ToLower(word)})
		}
	}
}

// ParseTag reads a tag as an address holds it, with or without its "#".
func ParseTag(s string) (string, bool) {
	s = strings.TrimPrefix(s, "#")
	word := tagWord(s)
	return strings.ToLower(word), word != "" && word == s
}

// tagWord is the tag that s begins with, or "".
func tagWord(s string) string {
	letters, runes, end := 0, 0, len(s)
	for i, r := range s {
		if !inWord(r) {
			end = i
			break
		}
		runes++
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters == 0 || runes > TagMax {
		return ""
	}
	return s[:end]
}

func inWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}
