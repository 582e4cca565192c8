package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestHygieneIsSwitchedButNotWhatReachesBeyondAText(t *testing.T) {
	t.Parallel()
	tower := "z" + strings.Repeat("\u0300\u0301", 20)
	s := newSite(t)
	read := func(body string) string {
		t.Helper()
		a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": body})
		if a.StatusCode != http.StatusCreated {
			t.Fatalf("%+q: %s", body, a.Status)
		}
		return out["post"].(map[string]any)["body"].(string)
	}
	for _, tt := range []struct{ name, body, on, off string }{
		{"invisible letters", "in\u200bvisible\u2060", "invisible", "in\u200bvisible\u2060"},
		{"joiners", "a\u200db", "ab", "a\u200db"},
		{"one spelling", "cafe\u0301", "caf\u00e9", "caf\u00e9"},
		{"what turns text round", "a\u202eb\u2066c", "abc", "abc"},
		{"control characters", "a\x1fwhidden\x00", "awhidden", "awhidden"},
		{"line ends", "a\r\nb", "a\nb", "a\nb"},
	} {
		for _, setting := range []string{"on", "off"} {
			want := map[string]string{"on": tt.on, "off": tt.off}[setting]
			s.set("hygiene", setting)
			if got := read(tt.body); got != want {
				t.Errorf("%s, %s: %+q, want %+q", tt.name, setting, got, want)
			}
		}
	}
	for setting, most := range map[string]int{"on": 5, "off": 45} {
		s.set("hygiene", setting)
		if n := len([]rune(read(tower))); n > most || setting == "off" && n < 20 {
			t.Errorf("%s: a tower of %d", setting, n)
		}
		for _, empty := range []string{"\u200b\u200b", "\u2800", "\u202e"} {
			if a, _ := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": empty}); a.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s: %+q, in which nothing is seen: %s", setting, empty, a.Status)
			}
		}
	}
}
