package views

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"mayfly/board"
)

// Span is a stretch of what somebody wrote: words, a link, or the end of a line.
// Text is plain; the component escapes it.
type Span struct {
	Text  string
	Href  string // "": no link
	Tag   string // a tag of this board, which Href leads to
	Break bool
}

// spans cuts a text of a board at its line ends, links and tags. Its time grows
// with the length of the text alone, whatever is in it.
func spans(slug, body string) []Span {
	var out []Span
	for _, s := range links(body) {
		if s.Break || s.Href != "" {
			out = append(out, s)
			continue
		}
		out = appendTags(out, slug, s.Text)
	}
	return out
}

// appendTags cuts words at their tags.
func appendTags(out []Span, slug, text string) []Span {
	done := 0
	for _, m := range board.Tags(text) {
		if m.Start > done {
			out = append(out, Span{Text: text[done:m.Start]})
		}
		out = append(out, Span{Text: text[m.Start:m.End], Href: tagHref(slug, m.Tag), Tag: m.Tag})
		done = m.End
	}
	if done < len(text) {
		out = append(out, Span{Text: text[done:]})
	}
	return out
}

// links cuts a text at its line ends and links.
func links(body string) []Span {
	var out []Span
	for i, line := range strings.Split(body, "\n") {
		if i > 0 {
			out = append(out, Span{Break: true})
		}
		out = appendLine(out, line)
	}
	return out
}

func appendLine(out []Span, line string) []Span {
	done, at := 0, 0
	for at < len(line) {
		next := indexScheme(line, at)
		if next < 0 {
			break
		}
		raw := linkAt(line, next)
		text, ok := shown(raw)
		if !ok {
			at = next + max(len(raw), 1)
			continue
		}
		if next > done {
			out = append(out, Span{Text: line[done:next]})
		}
		out = append(out, Span{Text: text, Href: text})
		done = next + len(raw)
		at = done
	}
	if done < len(line) {
		out = append(out, Span{Text: line[done:]})
	}
	return out
}

// indexScheme finds the next http:// or https:// from i on that no letter or
// digit stands before.
func indexScheme(s string, i int) int {
	for i < len(s) {
		next := strings.IndexAny(s[i:], "hH")
		if next < 0 {
			return -1
		}
		i += next
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		if schemeLen(s[i:]) > 0 && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return i
		}
		i++
	}
	return -1
}

// schemeLen is the length of the http:// or https:// that s begins with, else 0.
func schemeLen(s string) int {
	for _, scheme := range []string{"http://", "https://"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

// linkAt returns what of s, from i on, is the address: up to a space or a
// character that no address has, without the punctuation of the sentence around
// it. A closing bracket belongs to it when it closes one within.
func linkAt(s string, i int) string {
	end := strings.IndexFunc(s[i:], endsLink)
	if end < 0 {
		end = len(s) - i
	}
	link := s[i : i+end]
	open := map[byte]int{')': strings.Count(link, "(") - strings.Count(link, ")"), ']': strings.Count(link, "[") - strings.Count(link, "]")}
	for link != "" {
		last, size := utf8.DecodeLastRuneInString(link)
		if surplus, bracket := open[link[len(link)-1]]; size == 1 && bracket {
			if surplus >= 0 {
				break
			}
			open[link[len(link)-1]]++
		} else if !strings.ContainsRune(`.,;:!?'*…»”’`, last) {
			break
		}
		link = link[:len(link)-size]
	}
	return link
}

func endsLink(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"`\\{}|^", r)
}

// shown returns the address as it is shown and followed: its host in ASCII, so
// that a look-alike letter shows as xn--. It reports false for what is better left
// as text: no host, or one dressed up with a name before an @.
func shown(link string) (string, bool) {
	scheme := schemeLen(link)
	if scheme == 0 {
		return "", false
	}
	rest := link[scheme:]
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, port, hasPort := strings.Cut(rest[:end], ":")
	if len(host) > hostMax {
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || ascii == "" || hasPort && !isPort(port) {
		return "", false
	}
	if hasPort {
		ascii += ":" + port
	}
	return strings.ToLower(link[:scheme]) + ascii + rest[end:], true
}

// hostMax is the longest name DNS has. Longer ones would also cost more than their
// length to spell in ASCII.
const hostMax = 253

func isPort(s string) bool {
	return s != "" && len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}

// excerpt is the first line of a text, cut after so many letters: between two words
// where that does not cost half of it.
func excerpt(body string, letters int) string {
	line, _, more := strings.Cut(body, "\n")
	n := 0
	for i := range line {
		if n == letters {
			cut := line[:i]
			if at := strings.LastIndexByte(cut, ' '); line[i] != ' ' && at > len(cut)/2 {
				cut = cut[:at]
			}
			return strings.TrimSpace(cut) + "…"
		}
		n++
	}
	if more {
		return line + " …"
	}
	return line
}
