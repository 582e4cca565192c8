package search

import (
	"strings"
	"unicode/utf8"

	"mayfly/board"
)

// termsMax is how many terms of a search count.
const termsMax = 10

// matching writes s as a question to the index. False: it asks for nothing. Every
// term stands in quotes and holds letters and digits alone, so that nothing which
// was typed is syntax.
func matching(s board.Search) (string, bool) {
	var terms []string
	if s.Tag != "" {
		terms = append(terms, term(ofTag, s.Tag))
	}
	if s.Place != "" {
		terms = append(terms, term(ofPlace, s.Place))
	}
	for _, t := range typed(s.Words) {
		terms = append(terms, t.match())
	}
	if len(terms) == 0 {
		return "", false
	}
	terms = append(terms, term(ofBoard, s.Board))
	return `"` + strings.Join(terms, `" "`) + `"`, true
}

// token is one thing that was typed.
type token struct {
	tag    string
	words  []string // of a phrase, one after the other
	prefix bool     // the last of them may go on
}

func (t token) match() string {
	if t.tag != "" {
		return term(ofTag, t.tag)
	}
	all := make([]string, len(t.words))
	for i, w := range t.words {
		all[i] = string(ofWord) + w
	}
	match := strings.Join(all, " ")
	if t.prefix {
		match += "*"
	}
	return match
}

// typed reads what somebody typed: words, "phrases", begin*, #tags. The last word
// may be one that is still being typed. Signs that mean something elsewhere mean
// nothing here.
func typed(text string) []token {
	text = firstRunes(strings.ToValidUTF8(text, " "), board.WordsMax)
	var list []token
	for text != "" && len(list) < termsMax {
		var t token
		t, text = next(text)
		if t.tag != "" || len(t.words) > 0 {
			list = append(list, t)
		}
	}
	return list
}

// next reads the first token, or none where there are only signs.
func next(text string) (t token, rest string) {
	text = strings.TrimLeft(text, " \t\r\n\u3000")
	if phrase, found := strings.CutPrefix(text, `"`); found {
		inside, rest, _ := strings.Cut(phrase, `"`)
		return token{words: firstOf(words(inside))}, rest
	}
	word, rest, spaced := cutSpace(text)
	if tag, is := board.ParseTag(word); is && strings.HasPrefix(word, "#") {
		return token{tag: tag}, rest
	}
	if i := strings.IndexByte(word, '"'); i > 0 {
		return token{words: firstOf(words(word[:i]))}, text[i:]
	}
	t.words = firstOf(words(word))
	t.prefix = len(t.words) > 0 && mayGoOn(t.words[len(t.words)-1]) && (strings.HasSuffix(word, "*") || !spaced)
	return t, rest
}

// mayGoOn says whether a word is long enough to stand for all that begin with it: a
// letter or two of an alphabet would stand for half of all words.
func mayGoOn(w string) bool {
	first, _ := utf8.DecodeRuneInString(w)
	return isDense(first) && utf8.RuneCountInString(w) == 1 || utf8.RuneCountInString(w) > 2
}

func cutSpace(text string) (word, rest string, spaced bool) {
	i := strings.IndexAny(text, " \t\r\n\u3000")
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i:], true
}

func firstOf(list []string) []string { return list[:min(len(list), termsMax)] }

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
