package board

import (
	"slices"
	"strings"
	"testing"
)

func TestTagsAreFoundInAnyScript(t *testing.T) {
	for text, want := range map[string][]string{
		"#lemons on every doorstep":          {"lemons"},
		"late again #NightShift, #ÉTÉ!":      {"nightshift", "été"},
		"#東京 #مرحبا #नमस्ते #ไทย":            {"東京", "مرحبا", "नमस्ते", "ไทย"},
		"#first_dates#second":                {"first_dates"},
		"C# is no tag, nor is a#b, # or ##x": nil,
		"#1 is none, #1st is":                {"1st"},
		"https://example.org/#part &#39;":    nil,
		"#" + strings.Repeat("x", 40):        {strings.Repeat("x", 40)},
		"#" + strings.Repeat("x", 200):       nil,
	} {
		var got []string
		for _, m := range Tags(text) {
			got = append(got, m.Tag)
			if !strings.HasPrefix(text[m.Start:m.End], "#") || strings.ToLower(text[m.Start+1:m.End]) != m.Tag {
				t.Errorf("%q: mark %v is %q", text, m, text[m.Start:m.End])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("Tags(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestATagIsReadFromAnAddress(t *testing.T) {
	for s, want := range map[string]string{"lemons": "lemons", "#Lemons": "lemons", "東京": "東京", "": "", "a b": "", "1": "", "x/y": ""} {
		if got, ok := ParseTag(s); ok != (want != "") || ok && got != want {
			t.Errorf("ParseTag(%q) = %q, %v", s, got, ok)
		}
	}
}
