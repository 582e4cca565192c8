package views

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"mayfly/words"
)

// eachPage runs f on every page in every language.
func eachPage(t *testing.T, f func(t *testing.T, markup string)) {
	t.Helper()
	for _, lang := range words.Languages {
		for name, c := range everyPage(lang) {
			t.Run(lang+"/"+name, func(t *testing.T) { f(t, draw(t, c)) })
		}
	}
}

func TestPagesAreWellFormed(t *testing.T) {
	eachPage(t, func(t *testing.T, markup string) {
		for _, fault := range faults(markup) {
			t.Error(fault)
		}
	})
}

func TestPagesHaveOneHeadingAndNameEveryControl(t *testing.T) {
	eachPage(t, func(t *testing.T, markup string) {
		page := tree(t, markup)
		if n := len(find(page, is("h1"))); n != 1 {
			t.Errorf("%d h1, want 1", n)
		}
		for _, e := range find(page, isControl) {
			if label(page, e) == "" {
				t.Errorf("nobody says what %s is", show(e))
			}
		}
		for _, name := range []string{"main", "title"} {
			if n := len(find(page, is(name))); n != 1 {
				t.Errorf("%d %s, want 1", n, name)
			}
		}
	})
}

func TestPagesReferToWhatIsThere(t *testing.T) {
	eachPage(t, func(t *testing.T, markup string) {
		page := tree(t, markup)
		ids := map[string]int{}
		for _, e := range elements(page) {
			if has(e, "id") {
				ids[attr(e, "id")]++
			}
		}
		for name, n := range ids {
			if n != 1 || strings.ContainsAny(name, " \t\n") {
				t.Errorf("%d elements are called %q", n, name)
			}
		}
		for _, e := range elements(page) {
			for _, ref := range []string{"aria-labelledby", "aria-describedby", "for"} {
				for name := range strings.FieldsSeq(attr(e, ref)) {
					if ids[name] != 1 {
						t.Errorf("%s of %s names %q, which is not there", ref, show(e), name)
					}
				}
			}
			if href := attr(e, "href"); strings.HasPrefix(href, "#") && ids[href[1:]] != 1 {
				t.Errorf("%s leads nowhere", show(e))
			}
		}
	})
}

func TestPagesCarryNothingTheirPolicyForbids(t *testing.T) {
	eachPage(t, func(t *testing.T, markup string) {
		for _, e := range elements(tree(t, markup)) {
			if e.Data == "style" || e.Data == "base" || e.Data == "iframe" || e.Data == "script" && !has(e, "src") {
				t.Errorf("there is a %s", show(e))
			}
			for _, a := range e.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || strings.Contains(a.Val, "js:") || strings.Contains(a.Val, "javascript:") {
					t.Errorf("%s has %s", show(e), a.Key)
				}
				if (a.Key == "src" || a.Key == "action" || a.Key == "formaction" && a.Val != "") && (!strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//")) {
					t.Errorf("%s leads elsewhere: %s", show(e), a.Val)
				}
			}
			if e.Data == "meta" && attr(e, "name") == "referrer" {
				t.Error("a referrer meta would take the Origin from forms")
			}
		}
	})
}

func TestPagesSayEverySentenceToItsEnd(t *testing.T) {
	eachPage(t, func(t *testing.T, markup string) {
		for d := range tree(t, markup).Descendants() {
			if d.Type == html.TextNode {
				unfinished(t, d.Data)
			}
			for _, a := range d.Attr {
				if a.Key == "aria-label" || a.Key == "placeholder" || a.Key == "alt" {
					unfinished(t, a.Val)
				}
				if strings.HasPrefix(a.Key, "data-say-") && (a.Val == "" || words.In("en").Has(a.Val)) {
					t.Errorf("%s says %q", a.Key, a.Val)
				}
			}
		}
	})
}

func unfinished(t *testing.T, s string) {
	t.Helper()
	for word := range strings.FieldsSeq(s) {
		if strings.Contains(word, "{") || strings.Count(word, ".") > 0 && strings.Contains(word, "_") {
			t.Errorf("%q is a key, or was never filled: %s", word, s)
		}
		if words.In("en").Has(strings.Trim(word, ".,")) {
			t.Errorf("%q is a key: %s", word, s)
		}
	}
}

func TestEveryPageSaysWhichOneItIs(t *testing.T) {
	known := []string{"feed", "thread", "search", "write", "you", "about", "share", "report", "problem", "start"}
	eachPage(t, func(t *testing.T, markup string) {
		page := tree(t, markup)
		body := find(page, is("body"))[0]
		if name := attr(body, "data-page"); !slices.Contains(known, name) {
			t.Errorf("data-page = %q, want one of %v", name, known)
		}
		root := find(page, is("html"))[0]
		if !slices.Contains(words.Languages, attr(root, "lang")) {
			t.Errorf("lang = %q", attr(root, "lang"))
		}
	})
}

func TestALivePageKnowsWhereToListenAndWhatToSay(t *testing.T) {
	v := aVisit("en")
	for _, tt := range []struct {
		name, page, socket, again, at string
	}{
		{"a board", draw(t, FeedPage(NewFeed(v, Listing{At: 7}))), "/live?board=home", "/live/state?board=home", "7"},
		{"ending soon, later", draw(t, FeedPage(NewFeed(v, Listing{Sort: "fading", From: "a+b"}))), "/live?board=home", "/live/state?board=home&cursor=a%2Bb&sort=fading", "0"},
		{"a thread", draw(t, ThreadPage(NewThread(v, Talk{Post: aPost(), At: 1 << 63}))), "/live?post=" + id(1).String(), "/live/state?post=" + id(1).String(), "9223372036854775808"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			live := byID(t, tree(t, tt.page), "live")
			if got := attr(live, "hx-ws:connect"); got != tt.socket {
				t.Errorf("socket = %q, want %q", got, tt.socket)
			}
			if got := attr(live, "data-again"); got != tt.again {
				t.Errorf("again = %q, want %q", got, tt.again)
			}
			if got := attr(live, "data-at"); got != tt.at {
				t.Errorf("at = %q, want %q", got, tt.at)
			}
		})
	}
	for _, c := range []string{"write", "you", "about", "404"} {
		page := draw(t, everyPage("en")[c])
		if strings.Contains(page, "hx-ws") {
			t.Errorf("%s listens, and nothing happens there", c)
		}
	}
}

func TestTheReloadLinkStaysOnThisBoard(t *testing.T) {
	for _, tt := range []struct {
		path string
		on   bool
		want string
	}{
		{"/", true, "/?refresh=30"},
		{"/?sort=fading", true, "/?refresh=30&sort=fading"},
		{"/?refresh=30&sort=fading", false, "/?sort=fading"},
		{"//evil.example/x", true, "/x?refresh=30"},
		{"https://evil.example/x", true, "/x?refresh=30"},
		{"///evil.example", true, "/evil.example?refresh=30"},
		{"javascript:alert(1)", true, "/?refresh=30"},
		{"/%zz", true, "/"},
	} {
		if got := withRefresh(tt.path, tt.on); got != tt.want {
			t.Errorf("withRefresh(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestAThemeIsTheReadersChoice(t *testing.T) {
	for theme, colours := range map[string]int{"": 2, "light": 1, "dark": 1} {
		v := aVisit("en")
		v.Theme = theme
		page := tree(t, draw(t, AboutPage(NewAbout(v))))
		if got := attr(find(page, is("html"))[0], "data-theme"); got != theme {
			t.Errorf("data-theme = %q, want %q", got, theme)
		}
		metas := find(page, func(e *html.Node) bool { return e.Data == "meta" && attr(e, "name") == "theme-color" })
		if len(metas) != colours {
			t.Errorf("theme %q: %d colours, want %d", theme, len(metas), colours)
		}
	}
}

func TestTheSame404StandsEverywhere(t *testing.T) {
	v, elsewhere := aVisit("en"), aVisit("en")
	elsewhere.Path = "/p/abc?x=y"
	one := draw(t, ProblemPage(NewProblem(v, 404, "error.gone", nil, nil, 0, nil)))
	two := draw(t, ProblemPage(NewProblem(elsewhere, 404, "error.gone", nil, nil, 0, nil)))
	if one != two {
		t.Error("a 404 tells where it stands")
	}
}

// is tells elements of one name.
func is(name string) func(*html.Node) bool {
	return func(e *html.Node) bool { return e.Data == name }
}

func isControl(e *html.Node) bool {
	switch e.Data {
	case "input", "textarea", "select", "button", "a", "summary", "nav", "aside":
		return attr(e, "type") != "hidden" && !has(e, "hidden")
	}
	return false
}

// label is what a control is called: by aria-label, by what is in it, or by its
// label element.
func label(page, e *html.Node) string {
	if has(e, "aria-label") {
		return attr(e, "aria-label")
	}
	if e.Data != "input" && e.Data != "textarea" {
		return text(e)
	}
	for _, l := range find(page, is("label")) {
		if name := attr(l, "for"); name != "" && name == attr(e, "id") {
			return text(l)
		}
	}
	for p := e.Parent; p != nil; p = p.Parent {
		if p.Data == "label" {
			return text(p)
		}
	}
	return ""
}

func show(e *html.Node) string {
	parts := []string{e.Data}
	for _, a := range e.Attr {
		parts = append(parts, a.Key+"="+a.Val)
	}
	return "<" + strings.Join(parts, " ") + ">"
}

var (
	voids  = strings.Fields("area base br col embed hr img input link meta source track wbr")
	blocks = strings.Fields("p div form section article header footer ul ol dl h1 h2 h3 fieldset details aside nav main table pre hr")
)

// faults lists what a parser would have to mend: elements left open, closed twice
// or out of order, and blocks inside a paragraph, a span or a button.
func faults(markup string) []string {
	var open, out []string
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		kind := z.Next()
		tag, _ := z.TagName()
		name := string(tag)
		switch kind {
		case html.ErrorToken:
			if len(open) > 0 {
				out = append(out, "left open: "+strings.Join(open, " "))
			}
			return out
		case html.StartTagToken:
			if slices.Contains(blocks, name) {
				for _, phrase := range []string{"p", "span", "button", "a", "label"} {
					if slices.Contains(open, phrase) {
						out = append(out, name+" inside "+phrase)
					}
				}
			}
			if slices.Contains(open, name) && slices.Contains([]string{"form", "a", "button", "label", "p"}, name) {
				out = append(out, name+" inside itself")
			}
			if !slices.Contains(voids, name) {
				open = append(open, name)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != name {
				out = append(out, "closed out of order: "+name)
				return out
			}
			open = open[:len(open)-1]
		case html.TextToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
}
