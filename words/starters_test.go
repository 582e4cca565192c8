package words

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEveryStarterSetIsWholeInEveryLanguage(t *testing.T) {
	for _, name := range []string{"neighbours", "campus", "event"} {
		for _, lang := range Languages {
			set, err := Starters(name, lang)
			if err != nil {
				t.Fatal(err)
			}
			if len(set.Questions) < 14 || set.Welcome == "" {
				t.Errorf("%s in %s has %d questions, and the welcome %q", name, lang, len(set.Questions), set.Welcome)
			}
			if sorted := slices.Sorted(slices.Values(set.Questions)); len(slices.Compact(sorted)) != len(set.Questions) {
				t.Errorf("%s in %s asks something twice", name, lang)
			}
			for _, q := range append(set.Questions, set.Welcome) {
				if utf8.RuneCountInString(q) > 300 || strings.ContainsAny(q, "!<>\n") || strings.TrimSpace(q) != q {
					t.Errorf("%s in %s: %q", name, lang, q)
				}
			}
			for _, q := range set.Questions {
				if !strings.HasSuffix(q, "?") {
					t.Errorf("%s in %s: %q asks nothing", name, lang, q)
				}
			}
		}
	}
	if set, err := Starters("none", "en"); err != nil || set.Welcome != "" || len(set.Questions) > 0 {
		t.Errorf("none is %+v, %v", set, err)
	}
	for _, wrong := range [][2]string{{"", "en"}, {"school", "en"}, {"event", "fr"}, {"none", "fr"}} {
		if _, err := Starters(wrong[0], wrong[1]); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want one sentence", wrong, err)
		}
	}
}
