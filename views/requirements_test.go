package views

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestR31PagesNameNothingOfElsewhere: what a browser fetches by itself lies on this server.
func TestR31PagesNameNothingOfElsewhere(t *testing.T) {
	fetched := map[string]bool{"src": true, "srcset": true, "poster": true, "data": true, "background": true, "ping": true, "hx-get": true, "hx-post": true}
	eachPage(t, func(t *testing.T, markup string) {
		for _, e := range elements(tree(t, markup)) {
			for _, a := range e.Attr {
				loads := fetched[a.Key] || a.Key == "href" && (e.Data == "link" || e.Data == "use" || e.Data == "image")
				if loads && a.Val != "" && (strings.Contains(a.Val, "//") || !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "data:image/")) {
					t.Errorf("%s fetches %s", show(e), a.Val)
				}
			}
			if e.Data == "meta" && strings.EqualFold(attr(e, "http-equiv"), "refresh") && strings.Contains(attr(e, "content"), "//") {
				t.Errorf("%s leads elsewhere by itself", show(e))
			}
		}
	})
}

// TestR33NothingIsDrawnRaw: every template escapes; nobody writes markup past it.
func TestR33NothingIsDrawnRaw(t *testing.T) {
	raw := regexp.MustCompile(`templ\.(Raw|FromGoHTML|JSUnsafeFuncCall|JSExpression|SafeCSS|SafeCSSProperty|ComponentFunc|SafeScript\w*)\b|template\.HTML`)
	files := 0
	for _, pattern := range []string{"*.templ", "*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files++
			if found := raw.Find(text); found != nil {
				t.Errorf("%s has %s", name, found)
			}
		}
	}
	if files < 40 {
		t.Errorf("only %d files were looked at", files)
	}
}

// TestR65DrawingATextIsLinear: were it not, this much would take minutes.
func TestR65DrawingATextIsLinear(t *testing.T) {
	for _, unit := range []string{"http://", "https://a.example/ ", "#", "#a", "https://a(", "h", "\n", "https://a.example/(((", "https://é", "@", "http://a.example/" + "."} {
		start := time.Now()
		spans("home", strings.Repeat(unit, 300_000/len(unit)))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("300 kB of %q take %v", unit, took)
		}
	}
}
