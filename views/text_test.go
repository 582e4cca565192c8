package views

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAddressesBecomeLinks(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{"", ""},
		{"no link", "no link"},
		{"https://example.com", "[https://example.com]"},
		{"see http://example.com/a?b=c#d, and go", "see [http://example.com/a?b=c#d], and go"},
		{"HTTPS://Example.COM/Path", "[https://example.com/Path]"},
		{"(https://example.com/a)", "([https://example.com/a])"},
		{"https://en.example.org/wiki/Heron_(bird)", "[https://en.example.org/wiki/Heron_(bird)]"},
		{"((https://example.com/(a))).", "(([https://example.com/(a)]))."},
		{"“https://example.com”", "“[https://example.com]”"},
		{"«https://example.com/è»", "«[https://example.com/è]»"},
		{"https://example.com/è…", "[https://example.com/è]…"},
		{"https://example.com?!", "[https://example.com]?!"},
		{"https://a.example\nhttps://b.example", "[https://a.example]⏎[https://b.example]"},
		{"a\n\nb", "a⏎⏎b"},
		{"https://example.com:8443/x", "[https://example.com:8443/x]"},
		{"http://127.0.0.1/x", "[http://127.0.0.1/x]"},
		{"http://localhost", "[http://localhost]"},
		{"https://раураl.com/x", "[https://xn--l-7sba6dbr.com/x]"},
		{"https://città.example/è", "[https://xn--citt-3na.example/è]"},
		{"https://例え.テスト", "[https://xn--r8jz45g.xn--zckzah]"},
		{"https://bank.example@evil.example/x", "https://bank.example@evil.example/x"},
		{"https://user:pass@evil.example", "https://user:pass@evil.example"},
		{`https://evil.example\@good.example`, `[https://evil.example]\@good.example`},
		{"https://example.com:port/x", "https://example.com:port/x"},
		{"https://example.com:/x", "https://example.com:/x"},
		{"https://", "https://"},
		{"https:///x", "https:///x"},
		{"https://[::1]/x", "https://[::1]/x"},
		{"https://exa%41mple.com", "https://exa%41mple.com"},
		{"xhttps://example.com", "xhttps://example.com"},
		{"1http://example.com", "1http://example.com"},
		{"javascript:alert(1)", "javascript:alert(1)"},
		{"ftp://example.com", "ftp://example.com"},
		{"data:text/html,x", "data:text/html,x"},
		{"//example.com", "//example.com"},
		{"example.com", "example.com"},
		{`https://example.com/"onmouseover="x`, `[https://example.com/]"onmouseover="x`},
		{"https://example.com/<b>", "[https://example.com/]<b>"},
		{"http://http://http://", "http://http://http://"},
		{"https://" + strings.Repeat("é", 200) + ".example", "https://" + strings.Repeat("é", 200) + ".example"},
		{"שלום https://example.com/שלום סוף", "שלום [https://example.com/שלום] סוף"},
	} {
		if got := written(spans("home", tt.body)); got != tt.want {
			t.Errorf("%q\n got %s\nwant %s", tt.body, got, tt.want)
		}
	}
}

// written shows spans as text: links in brackets, line ends as ⏎.
func written(list []Span) string {
	var b strings.Builder
	for _, s := range list {
		switch {
		case s.Break:
			b.WriteString("⏎")
		case s.Href != "":
			b.WriteString("[" + s.Text + "]")
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestAnExcerptIsOneLine(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{"short", "short"},
		{"first\nsecond", "first …"},
		{"12345678901", "1234567890…"},
		{"1234567890", "1234567890"},
		{"àèìòù éíóúý", "àèìòù…"},
		{"àèìò éíóúý o", "àèìò éíóúý…"},
		{"à éíóúýàèìòù", "à éíóúýàèì…"},
		{"123456789 1", "123456789…"},
	} {
		if got := excerpt(tt.body, 10); got != tt.want {
			t.Errorf("excerpt(%q) = %q, want %q", tt.body, got, tt.want)
		}
	}
}

func FuzzAutolink(f *testing.F) {
	for _, seed := range []string{
		"plain", "a https://example.com/b?c=d#e. f\ng", "http://[::1]/", "https://é.example:80/(x)",
		"https://a@b", "hhhhttp://x", "https://\x00", "\xff http://a", "(((https://a.example/)))", `https://a\b`, "a #tag", "#000A000é00000000000000000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !utf8.ValidString(body) {
			return // the board has refused it
		}
		list := spans("home", body)
		if n := strings.Count(body, "\n"); n != len(slices.DeleteFunc(slices.Clone(list), func(s Span) bool { return !s.Break })) {
			t.Errorf("%d line ends are not %d", n, len(list))
		}
		rest := body
		for _, s := range list {
			switch {
			case s.Break:
				rest = strings.TrimPrefix(rest, "\n")
			case s.Href == "":
				if s.Text == "" || !strings.HasPrefix(rest, s.Text) {
					t.Fatalf("%q is not what was written next: %q", s.Text, rest)
				}
				rest = rest[len(s.Text):]
			case strings.HasPrefix(s.Text, "#"): // a tag, which leads to those that bear it
				if !strings.HasPrefix(s.Href, "/search?q=%23") || !strings.HasPrefix(rest, s.Text) {
					t.Fatalf("%q leads to %q, before %q", s.Text, s.Href, rest)
				}
				rest = rest[len(s.Text):]
			default:
				checkLink(t, s)
				raw := linkAt(rest, 0)
				if got, _ := shown(raw); got != s.Text {
					t.Fatalf("%q is shown for %q", s.Text, raw)
				}
				rest = rest[len(raw):]
			}
		}
		if rest != "" {
			t.Errorf("%q was lost", rest)
		}
	})
}

// linkTail is what follows the host of a link, which is shown as it was written.
func linkTail(link string) string {
	rest := link[schemeLen(link):]
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return rest[i:]
	}
	return ""
}

func checkLink(t *testing.T, s Span) {
	t.Helper()
	if s.Href != s.Text {
		t.Errorf("a link that shows %q leads to %q", s.Text, s.Href)
	}
	if !strings.HasPrefix(s.Href, "http://") && !strings.HasPrefix(s.Href, "https://") {
		t.Errorf("%q is no web address", s.Href)
	}
	if strings.ContainsFunc(s.Href, endsLink) {
		t.Errorf("%q holds what no address has", s.Href)
	}
	host := strings.TrimSuffix(s.Href[schemeLen(s.Href):], linkTail(s.Href))
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r > 126 || r == '@' }) {
		t.Errorf("host %q of %q", host, s.Href)
	}
	if u, err := url.Parse("http://" + host); err != nil || u.Host != host || u.User != nil {
		t.Errorf("a browser would go elsewhere than to %q: %v", host, err)
	}
}

func BenchmarkSpans(b *testing.B) {
	for name, body := range map[string]string{
		"text=1k":     strings.Repeat("some words here ", 64),
		"schemes=1k":  strings.Repeat("http://", 146),
		"schemes=10k": strings.Repeat("http://", 1463),
		"hs=10k":      strings.Repeat("h", 10_240),
		"parens=10k":  "http://a.example/" + strings.Repeat(")", 10_000),
		"hosts=10k":   strings.Repeat("http://é.example ", 570),
		"long=10k":    "http://" + strings.Repeat("é", 5_000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				spans("home", body)
			}
		})
	}
}
