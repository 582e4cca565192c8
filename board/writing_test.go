package board

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"mayfly/board/boardtest"
)

// BenchmarkText has each pass that a draft goes through here.
func BenchmarkText(b *testing.B) {
	for name, text := range boardtest.Writing(b) {
		for pass, f := range map[string]func(){
			"clean": func() { CleanText(text) },
			"form":  func() { CleanText(strings.ReplaceAll(text, ". ", ".\r\n")) },
			"tags":  func() { Tags(text) },
			"empty": func() { looksEmpty(text) },
		} {
			b.Run(pass+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
	}
}

var ends = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ")

// slowly is how texts are cleaned, step by step.
func slowly(s string, drop func(string) string) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	s = drop(ends.Replace(s))
	var kept []string
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
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

func unsafely(r rune) rune {
	if r != '\n' && unicode.IsControl(r) || turnsText(r) || unicode.Is(unicode.Noncharacter_Code_Point, r) {
		return -1
	}
	return r
}

// keptOf is what one keeper leaves of all that carries something.
func keptOf(s string) string {
	s = strings.Map(func(r rune) rune {
		if carriesNothing(r) {
			return -1
		}
		return unsafely(r)
	}, s)
	var k keeper
	var b strings.Builder
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		if k.keeps(r, next) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tagsSlowly looks at each letter of a text.
func tagsSlowly(text string) []TagMark {
	var marks []TagMark
	before := ' '
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == '#' && !inWord(before) && before != '#' && before != '/' && before != '&' {
			if word := tagWord(text[i+n:]); word != "" {
				end := i + n + len(word)
				marks = append(marks, TagMark{i, end, strings.ToLower(word)})
				i, before = end, 'x'
				continue
			}
		}
		before = r
		i += n
	}
	return marks
}

// checkSlowly says whether a text is read as it would be letter by letter.
func checkSlowly(t failer, text string) {
	t.Helper()
	for name, way := range map[string]struct{ quick, slow func(string) (string, bool) }{
		"clean": {CleanText, func(s string) (string, bool) { return slowly(s, keptOf) }},
		"safe": {SafeText, func(s string) (string, bool) {
			return slowly(s, func(s string) string { return strings.Map(unsafely, s) })
		}},
	} {
		got, ok := way.quick(text)
		want, wantOK := way.slow(text)
		if got != want || ok != wantOK {
			t.Fatalf("%+q is %s as %+q, %v, want %+q, %v", text, name, got, ok, want, wantOK)
		}
	}
	got, want := Tags(text), tagsSlowly(text)
	if len(got) != len(want) {
		t.Fatalf("%+q has the tags %v, want %v", text, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%+q has the tags %v, want %v", text, got, want)
		}
	}
}

// TestWhatIsPlainIsSeenAndStandsByItself, whatever a keeper is at.
func TestWhatIsPlainIsSeenAndStandsByItself(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		if !Plain(r) {
			continue
		}
		if r != ' ' && unicode.IsSpace(r) || unicode.In(r, unicode.M, unicode.Cc, unicode.Cf, unicode.Noncharacter_Code_Point, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
			r > unicode.MaxASCII && unicode.IsDigit(r) || turnsText(r) || carriesNothing(r) || isTag(r) {
			t.Errorf("%U is not plain", r)
		}
	}
}

func TestTextsAreCleanedAsStepByStep(t *testing.T) {
	for _, text := range boardtest.Writing(t) {
		checkSlowly(t, text)
		if clean, _ := CleanText(text); clean != text {
			t.Errorf("what people write becomes %q", clean)
		}
	}
	rapid.Check(t, func(t *rapid.T) { checkSlowly(t, nasty().Draw(t, "text")) })
	checkUsual(t, "", 5)
}

// checkUsual has every text of some pieces of usual ones.
func checkUsual(t failer, text string, more int) {
	t.Helper()
	checkSlowly(t, text)
	if more == 0 {
		return
	}
	for _, piece := range []string{"è", " ", "\n", "\r", "\t", "#x", "&", "/"} {
		checkUsual(t, text+piece, more-1)
	}
}

// TestEveryCharacterIsCleanedAsStepByStep has each between letters, at an end, twice and marked.
func TestEveryCharacterIsCleanedAsStepByStep(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		if s := string(r); r < 0x3200 || r%97 == 0 || unicode.In(r, unicode.M, unicode.Cf, unicode.Zs, unicode.Noncharacter_Code_Point) {
			checkSlowly(t, "a"+s+"b\n"+s+s+"\u0301\u200d"+s+"\n \n"+s)
		}
	}
}

func FuzzCleanText(f *testing.F) {
	for _, text := range boardtest.Writing(f) {
		f.Add(text[:140])
	}
	for _, text := range []string{"", "\xff#a", "a \r\n\r\n\r\nb\t", "#a#b ##c /#d &#e", "\U0001F468\u200d\U0001F469", "e\u0301\u0301\u0301\u0301\u0301", "a\u00a0\n", "\u2028#x\u3000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkSlowly(t, text)
		checkClean(t, text)
	})
}
