package board

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCleanTextLeavesRealWritingAlone(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                       "hello board",
		"lines":                       "one\ntwo\n\nthree",
		"indented":                    "a\n  b\n    c",
		"thai":                        "\u0e01\u0e33\u0e25\u0e31\u0e07\u0e40\u0e23\u0e37\u0e48\u0e2d\u0e07",
		"hindi":                       "\u0928\u092e\u0938\u094d\u0924\u0947",
		"hindi with a joiner":         "\u0915\u094d\u200d\u0937",
		"persian":                     "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
		"hebrew":                      "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
		"hebrew with points":          "\u05d1\u05bc\u05b0\u05e8\u05b5\u05d0\u05e9\u05c1\u05b4\u05d9\u05ea",
		"arabic":                      "\u0645\u0631\u062d\u0628\u0627",
		"arabic with marks":           "\u0628\u0650\u0633\u0652\u0645\u0650",
		"marks of direction":          "\u05d0 C++\u200e \u05d1 \u200f!",
		"vietnamese, decomposed":      "Tie\u0302\u0301ng Vie\u0323\u0302t",
		"turkish":                     "I\u0307\u0131\u0130",
		"tibetan":                     "\u0f56\u0f66\u0f92\u0fb2\u0f74\u0f56\u0f66",
		"chinese":                     "\u4f60\u597d\uff0c\u4e16\u754c",
		"a kiss of two":               "\U0001f9d1\U0001f3fb\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f9d1\U0001f3fc",
		"bear, cat":                   "\U0001f43b\u200d\u2744\ufe0f \U0001f408\u200d\u2b1b",
		"sinhala":                     "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
		"malayalam":                   "\u0d05\u0d35\u0d28\u0d4d\u200d",
		"persian, a letter by itself": "\u200d\u0647\u200d",
		"family":                      "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
		"skin":                        "\U0001f44b\U0001f3fd",
		"flags":                       "\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea",
		"scotland":                    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
		"pirates":                     "\U0001f3f4\u200d\u2620\ufe0f",
		"heart in colour":             "\u2764\ufe0f and \u2764\ufe0f\u200d\U0001f525",
		"keycap":                      "1\ufe0f\u20e3",
		"private use":                 "\ue000\uf8ff",
		"soft hyphen":                 "bad\u00adword",
		"quotes":                      "\u02bc\u2019\uff07'--",
	} {
		got, ok := CleanText(text)
		if !ok || got != text {
			t.Errorf("%s: %+q became %+q", name, text, got)
		}
		if looksEmpty(got) {
			t.Errorf("%s: %+q looks empty", name, got)
		}
	}
}

func TestCleanTextTakesAwayWhatHidesOrDisturbs(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"carriage returns", "a\rb\r\rc\r\nd", "a\nb\n\nc\nd"},
		{"other line ends", "a\u0085b\u2028c\u2029d", "a\nb\nc\nd"},
		{"tabs", "a\tb", "a b"},
		{"NUL", "a\x00b", "ab"},
		{"escape sequences", "a\x01\x08\x1b[31mred\x7f\u009b31m", "a[31mred31m"},
		{"overrides", "invoice\u202egpj.exe", "invoicegpj.exe"},
		{"embeddings", strings.Repeat("\u202a", 120) + "x", "x"},
		{"isolates", "\u2066\u2067\u2068 open\u2069", "open"},
		{"byte order marks", "\ufeffa\ufeffb", "ab"},
		{"annotations", "a\ufff9b\ufffac\ufffb", "abc"},
		{"no characters", "a\ufffe\uffff\U0001fffe\ufdd0b", "ab"},
		{"a retired separator", "a\u180eb", "ab"},
		{"letters nobody sees", "hi\U000e0061\U000e0062\U000e0063\U000e007f", "hi"},
		{
			"a flag that says too much", "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e0074\U000e0074\U000e007f",
			"\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e0074",
		},
		{"letters after a flag's end", "\U0001f3f4a\U000e0067", "\U0001f3f4a"},
		{"a row of selectors", "a" + strings.Repeat("\ufe0f", 300), "a\ufe0f"},
		{"selectors between marks", "a\ufe0f\u0301\ufe0e", "a\ufe0f\u0301"},
		{"selectors that hide bytes", "x\U000e0100\U000e0101\U000e01ef", "x"},
		{"a tower", "z" + strings.Repeat("\u0300\u0315", 100) + "algo", "z\u0300\u0315\u0300\u0315algo"},
		{"a tower with joiners", "z" + strings.Repeat("\u0300\u200d", 6), "z" + strings.Repeat("\u0300", 4)},
		{"spaces without a width", "b\u200ba\u2060d", "bad"},
		{"joiners that join nothing", "b\u200ca\u200dd 1\u200d2", "bad 12"},
		{"a row of joiners", "\u0645\u06cc\u200c\u200c\u200d\u062e", "\u0645\u06cc\u200c\u062e"},
		{"a crowd in one emoji", strings.Repeat("\U0001f468\u200d", 9) + "\U0001f468", strings.Repeat("\U0001f468\u200d", 4) + "\U0001f468" + strings.Repeat("\U0001f468\u200d", 4) + "\U0001f468"},
		{"a tower of enclosures", "a" + strings.Repeat("\u20dd", 9), "a\u20dd"},
		{"a tower in Thai", "\u0e01" + strings.Repeat("\u0e49", 60), "\u0e01\u0e49\u0e49\u0e49\u0e49"},
		{"a tower over controls", "a" + strings.Repeat("\u0301\x00", 9), "a\u0301\u0301\u0301\u0301"},
		{"space at the ends", "\n\n  a  \n", "a"},
		{"space at line ends", "a  \nb\u00a0\nc", "a\nb\nc"},
		{"thousands of lines", "a" + strings.Repeat("\n", 3000) + "b", "a\n\nb"},
		{"lines of spaces", "a\n \n\u2003\n \nb", "a\n\nb"},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := CleanText(tt.text); !ok || got != tt.want {
				t.Errorf("%+q became %+q, want %+q", tt.text, got, tt.want)
			}
		})
	}
}

func TestCleanTextRefusesWhatIsNoUTF8(t *testing.T) {
	for _, text := range []string{
		"\xc0\xaf\xe0\x80\xaf", "\xed\xa0\x80\xed\xb0\x80", "abc\xe2\x82", "\xff\xfe", "a\x80b",
	} {
		if got, ok := CleanText(text); ok {
			t.Errorf("%q was taken as %q", text, got)
		}
	}
}

func TestLooksEmptySeesWhatPeopleSee(t *testing.T) {
	for _, text := range []string{
		"", " \n ", "\u200b\u200c\u200d\u2060\ufeff", strings.Repeat("\u2800", 10), "\u3164\u115f\u1160\uffa0",
		"\u00a0\u2003\u3000\u1680", "\u00ad", "\u0301\u0301", "\ufe0f", "\u17b4\u17b5", "\U000e0067\U000e007f", "\U0001d159", "\U00013441", "\U000e0fff", "\u2065",
		"\u2066\u2069\u200e\u200f\u061c",
	} {
		if !looksEmpty(text) {
			t.Errorf("%+q looks like something", text)
		}
	}
	for _, text := range []string{".", "\u00a0a", "\U0001f98b", "\ue000", "\U0001fbff", "\u0e49\u0e01", "1\ufe0f\u20e3", "\u200b\u2764\ufe0f", "\u4f60"} {
		if looksEmpty(text) {
			t.Errorf("%+q looks empty", text)
		}
	}
}

// TestCleanTextIsLinear: were it not, this much would take minutes.
func TestCleanTextIsLinear(t *testing.T) {
	for name, unit := range map[string]string{
		"marks": "\u0301", "letters": "a", "lines": "a \n", "empty lines": " \n", "overrides": "\u202e", "tags": "\U000e0061", "joiners": "\u200d",
	} {
		start := time.Now()
		CleanText(strings.Repeat(unit, 300_000/len(unit)))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("300 kB of %s take %v", name, took)
		}
	}
}

// TestCleanTextKeepsItsPromisesForAnyText says them one by one.
func TestCleanTextKeepsItsPromisesForAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkClean(t, nasty().Draw(t, "text")) })
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkClean(t failer, text string) {
	t.Helper()
	clean, ok := CleanText(text)
	if ok != utf8.ValidString(text) {
		t.Fatalf("%+q: valid UTF-8 is %v, taken is %v", text, !ok, ok)
	}
	if !ok {
		return
	}
	if again, _ := CleanText(clean); again != clean {
		t.Fatalf("%+q cleaned twice is %+q, once %+q", text, again, clean)
	}
	if strings.TrimSpace(clean) != clean || strings.Contains(clean, "\n\n\n") || strings.Contains(clean, " \n") {
		t.Fatalf("%+q has space at an end, or empty lines in a row", clean)
	}
	marks := 0
	for _, r := range clean {
		switch {
		case r != '\n' && unicode.IsControl(r), turnsText(r), carriesNothing(r):
			t.Fatalf("%+q holds %U", clean, r)
		case unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Cf, r):
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > marksMax {
				t.Fatalf("%+q holds a tower of marks", clean)
			}
		default:
			marks = 0
		}
	}
}

// nasty draws texts made of what CleanText looks at.
func nasty() *rapid.Generator[string] {
	pieces := []string{
		"a", " ", "\n", "\r", "\r\n", "\t", "\u0301", "\ufe0f", "\ufe0e", "\u200d", "\u200b", "\u202e", "\u2066", "\u2028", "\u0085",
		"\x00", "\u00a0", "\ufeff", "\U0001f3f4", "\U000e0067", "\U000e007f", "\U000e0100", "\u20dd", "\u0e49", "\u0e01", "\u180b", "\xff", "\U0001f468",
	}
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.SampledFrom(pieces)), func(s []string) string { return strings.Join(s, "") }),
	)
}
