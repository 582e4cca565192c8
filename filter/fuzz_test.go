package filter_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mayfly/board"
	"mayfly/filter"
)

// seeds are what strangers might send.
func seeds(f *testing.F) {
	f.Helper()
	for _, text := range append(honest(f), alphabets...) {
		f.Add(text)
	}
	for _, text := range append(hidden, openly...) {
		f.Add("b" + text + "a" + text + "d")
	}
	f.Add("\xff\xfe")
	f.Add(strings.Repeat("1", 300))
}

// quick fails a step that takes longer than anything linear would.
func quick(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("%s takes %v", what, took)
	}
}

func FuzzNormal(f *testing.F) {
	seeds(f)
	var s filter.Screen
	f.Fuzz(func(t *testing.T, text string) {
		var once string
		quick(t, "to clean", func() { once = s.Normal(text) })
		if s.Normal(once) != once {
			t.Fatalf("%+q is %+q once and %+q twice", text, once, s.Normal(once))
		}
		if utf8.ValidString(text) {
			checkKept(t, once)
		}
	})
}

func FuzzRead(f *testing.F) {
	seeds(f)
	list := append(bans(), board.Filter{Text: "blot", Action: board.Mask}, board.Filter{Text: `b[l1]+ot\w*`, Pattern: true, Action: board.Mask},
		board.Filter{Text: "*a*", Action: board.Mask}, board.Filter{Text: "大鹿", Action: board.Care})
	s := screen(f, list...)
	f.Fuzz(func(t *testing.T, text string) {
		text = s.Normal(text)
		var v board.Verdict
		quick(t, "to read", func() { v = s.Read(board.Home, board.Draft{Body: text}, true) })
		if utf8.ValidString(text) && !utf8.ValidString(v.Draft.Body) {
			t.Fatalf("%+q became %+q", text, v.Draft.Body)
		}
		if utf8.RuneCountInString(v.Draft.Body) > utf8.RuneCountInString(text) {
			t.Fatalf("a mask lengthens %+q to %+q", text, v.Draft.Body)
		}
		if !strings.Contains(text, v.Refused) {
			t.Fatalf("%+q was not written in %+q", v.Refused, text)
		}
	})
}

func FuzzFinder(f *testing.F) {
	for _, text := range append(bannedPatterns, banned...) {
		f.Add(text, "b4dw0rd and b a d", true)
		f.Add(text, "b4dw0rd and b a d", false)
	}
	var s filter.Screen
	f.Fuzz(func(t *testing.T, text, sample string, pattern bool) {
		find, err := s.Finder(board.Filter{Text: text, Pattern: pattern})
		if err != nil {
			return
		}
		if got := find(""); len(got) > 0 {
			t.Fatalf("%q finds %q in nothing", text, got)
		}
		var words []string
		quick(t, "to find", func() { words = find(sample) })
		for _, w := range words {
			if !strings.Contains(sample, w) || w == "" {
				t.Fatalf("%q finds %q in %+q", text, w, sample)
			}
		}
	})
}

var bannedPatterns = []string{`b+a?d`, `(foo|bar)baz`, `[^\s]{3,}`, `\bx\b`, `(?s).x`, `\pL{4}`, `x{2,}y?`, `(a|b)*c`, `é+`, `ß`, `(?U)a+`, `\x{200b}a`, `(?i)K`}

// TestReadingIsLinear: were it not, this much would take minutes.
func TestReadingIsLinear(t *testing.T) {
	s := screen(t, append(bans(), board.Filter{Text: "*i*l*", Action: board.Mask}, board.Filter{Text: "ililililil", Action: board.Mask}, board.Filter{Text: `(a|aa)+x`, Pattern: true, Action: board.Mask})...)
	for name, unit := range map[string]string{
		"letters": "a", "ones": "1", "ones apart": "1 ", "words": "co-c-k", "stars": "a*", "at signs": "@a", "digits": "07700 ", "streets": "via Roma ", "capitals": "Aa ", "marks": "\u0301", "skins": "\U0001f3fd", "dots": "c.",
	} {
		quick(t, "100 kB of "+name, func() {
			text := strings.Repeat(unit, 100_000/len(unit))
			s.Read(board.Home, board.Draft{Body: s.Normal(text)}, true)
		})
	}
}
