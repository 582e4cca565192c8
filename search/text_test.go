package search

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"mayfly/board"
	"mayfly/board/boardtest"
)

func BenchmarkDocument(b *testing.B) {
	for name, text := range boardtest.Writing(b) {
		p := board.Post{Board: board.Home, Body: text}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				document(p)
			}
		})
	}
}

// documentSlowly cuts a folded text letter by letter.
func documentSlowly(p board.Post) string {
	plainly := func(k kind, text string) string {
		return string(k) + strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return '¦'
			}
			return r
		}, foldSlowly(text))
	}
	list := []string{plainly(ofBoard, p.Board)}
	if slug := p.PlaceSlug(); slug != "" {
		list = append(list, plainly(ofPlace, slug))
	}
	for i, m := range board.Tags(p.Body) {
		if !slices.ContainsFunc(board.Tags(p.Body)[:i], func(o board.TagMark) bool { return o.Tag == m.Tag }) {
			list = append(list, plainly(ofTag, m.Tag))
		}
	}
	for _, w := range wordsSlowly(p.Warning + "\n" + p.Body) {
		list = append(list, "w"+w)
	}
	return strings.Join(list, " ")
}

func foldSlowly(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	accents := false
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

func wordsSlowly(text string) (list []string) {
	text = foldSlowly(text)
	isDense := func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	}
	start, dense := -1, false
	end := func(i int) {
		if start >= 0 && !dense {
			list = append(list, text[start:i])
		}
		if start >= 0 && dense {
			letters := []rune(text[start:i])
			for i := range letters {
				list = append(list, string(letters[i:min(i+2, len(letters))]))
			}
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

func checkDocument(t testing.TB, text string) {
	t.Helper()
	text = strings.ToValidUTF8(text, "\uFFFD") // nothing else comes here
	for _, p := range []board.Post{
		{Board: board.Home, Body: text},
		{Board: "a-b", Warning: text, Place: "Café Nord", Body: "#One #two #ONE " + text + " #" + text},
	} {
		if got, want := document(p), documentSlowly(p); got != want {
			t.Fatalf("%+q is found by\n%q, want\n%q", text, got, want)
		}
	}
	if got, want := words(text), wordsSlowly(text); !slices.Equal(got, want) {
		t.Fatalf("%+q has the words %q, want %q", text, got, want)
	}
}

// TestWhatIsFoldedAloneIsFoldedSoBetweenAnyLetters has each such letter between others.
func TestWhatIsFoldedAloneIsFoldedSoBetweenAnyLetters(t *testing.T) {
	known := alone()
	for r := range rune(0x20000) {
		if !known.has(r) || r >= 0x3400 && r < 0xD7A4 && r%16 != 0 { // they are many, and much alike
			continue
		}
		for _, text := range []string{"é" + string(r), "각" + string(r) + "\u11A8", string(r) + "\u0301\u0345ß", "か" + string(r) + "\u3099"} {
			if got, want := fold(text), foldSlowly(text); got != want {
				t.Fatalf("%+q is folded to %+q, want %+q", text, got, want)
			}
		}
	}
}

func TestTextsAreFoundByTheirWords(t *testing.T) {
	for _, text := range boardtest.Writing(t) {
		checkDocument(t, text)
	}
	for c := rune(0); c <= 0x1FFFF; c += 16 {
		if c >= 0x3400 && c%128 != 0 { // they are many, and much alike
			continue
		}
		row := []rune("x")
		for i := range rune(16) {
			row = append(row, c+i)
			if i%4 == 3 {
				row = append(row, '\u0301', c+i, ' ', c+i)
			}
		}
		checkDocument(t, string(row))
	}
}

func FuzzDocument(f *testing.F) {
	for _, text := range boardtest.Writing(f) {
		f.Add(text[:140])
	}
	for _, text := range append(queries(f), "\xff\xfeA", "İSTANBUL ΣΑΣ ﬃ ½ ① ẞ", "e\u0301\u0e49 \u0301a", "ไทย東京abc", "\U0001F469\u200d\U0001F692 ☂\ufe0f") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkDocument(t, text) })
}
