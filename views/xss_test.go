package views

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"mayfly/board"
)

// everyField draws each place that shows what a stranger sent, with s in it.
func everyField(s string) map[string]templ.Component {
	v := aVisit("en")
	v.Visitor, v.Path = me, "/?sort="+s
	v.Board.Title = s
	post, reply := by(me, aPost()), by(me, aReply())
	post.Body, reply.Body = s, s
	post.Warning, post.Backdrop = s, s
	card := post
	card.Backdrop = "reeds"
	given := Given{Body: s, TTL: s, Silence: s, Warning: s, Backdrop: s}
	again := &Again{Action: "/b/home/posts", Body: s, Hidden: []Hidden{{"x", s}}}
	return map[string]templ.Component{
		"feed":    FeedPage(NewFeed(v, Listing{Posts: []board.Post{post}, From: s, Next: s})),
		"write":   WritePage(NewWrite(v, given, nil)),
		"thread":  ThreadPage(NewThread(v, Talk{Post: post, Replies: []board.Post{reply}, URL: s, Given: given})),
		"you":     YouPage(NewYou(v, Known{Posts: []board.Post{post, reply}})),
		"problem": ProblemPage(NewProblem(v, 422, "error.draft", map[string]any{"x": s}, nil, 0, again)),
		"frame":   Came(NewPost(v.Words, post, v.Settings, v.Now), 1),
		"card":    PostArticle(NewPost(v.Words, card, v.Settings, v.Now)),
		"state":   State(NewPosts(v, []board.Post{post, reply}, nil), 1),
	}
}

// TestWhatStrangersSendMakesNoElement draws each attack in every field, and
// compares what a browser would build of it with what it builds of a plain word.
func TestWhatStrangersSendMakesNoElement(t *testing.T) {
	plain := map[string][]string{}
	for name, c := range everyField("word") {
		plain[name] = skeleton(tree(t, draw(t, c)))
	}
	b, err := os.ReadFile("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	attacks := 0
	for line := range strings.Lines(string(b)) {
		attack := strings.TrimSpace(line)
		if attack == "" || strings.HasPrefix(attack, "# ") {
			continue
		}
		attacks++
		for name, c := range everyField(attack) {
			page := tree(t, draw(t, c))
			if got := skeleton(page); !slices.Equal(got, plain[name]) {
				t.Errorf("%s: %q changes the page", name, attack)
			}
			for _, e := range elements(page) {
				checkAttributes(t, name, attack, e)
			}
		}
	}
	if attacks < 50 {
		t.Errorf("only %d attacks were tried", attacks)
	}
}

// skeleton lists the elements of a page with the names of their attributes, links, tags
// and line ends that a text may have aside.
func skeleton(page *html.Node) []string {
	var out []string
	for _, e := range elements(page) {
		if e.Data == "br" || strings.Contains(attr(e, "rel"), "ugc") || attr(e, "class") == "hashtag" {
			continue
		}
		names := []string{e.Data}
		for _, a := range e.Attr {
			names = append(names, a.Key)
		}
		out = append(out, strings.Join(names, " "))
	}
	return out
}

func checkAttributes(t *testing.T, page, attack string, e *html.Node) {
	t.Helper()
	for _, a := range e.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" {
			t.Errorf("%s: %q makes %s", page, attack, show(e))
		}
		if a.Key != "href" && a.Key != "src" && a.Key != "action" && a.Key != "formaction" {
			continue
		}
		local := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "#") || a.Val == ""
		ugc := strings.Contains(attr(e, "rel"), "ugc") && (strings.HasPrefix(a.Val, "http://") || strings.HasPrefix(a.Val, "https://"))
		if !local && !ugc {
			t.Errorf("%s: %q leads to %s", page, attack, a.Val)
		}
	}
}

func TestWhatStrangersSendIsShownAsItIs(t *testing.T) {
	v, post := aVisit("en"), aPost()
	post.Body = `<b>&amp; "quoted" 'too' {{ .x }} ${y} \` + "\u200f" + `שלום`
	page := tree(t, draw(t, PostArticle(NewPost(v.Words, post, v.Settings, v.Now))))
	for _, e := range find(page, func(e *html.Node) bool { return strings.HasPrefix(attr(e, "class"), "post-text") }) {
		if got := raw(e); got != post.Body {
			t.Errorf("%q is shown as %q", post.Body, got)
		}
	}
}
