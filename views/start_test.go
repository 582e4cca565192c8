package views

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

func TestAHeldPostSaysWhyItWaits(t *testing.T) {
	careful := board.DefaultSettings().InCare()
	link := aPost()
	link.Standing, link.Body = board.Held, "Look: https://river.example/a"
	plain := aPost()
	plain.Standing = board.Held
	for _, lang := range words.Languages {
		say := words.In(lang)
		for _, tt := range []struct {
			name string
			post board.Post
			in   board.Settings
			want string
		}{
			{"a link in the careful time", link, careful, "care_time.held"},
			{"a link when it is over", link, board.DefaultSettings(), "apart.held"},
			{"what a filter holds in it", plain, careful, "apart.held"},
		} {
			if got := NewPost(say, tt.post, tt.in, noon).Apart; got != say.Say(tt.want) {
				t.Errorf("%s, %s: %q", lang, tt.name, got)
			}
		}
	}
}

func TestASiteWithANameOfItsOwnBearsIt(t *testing.T) {
	v := aVisit("en")
	page := tree(t, draw(t, AboutPage(NewAbout(v))))
	if len(find(page, func(n *html.Node) bool { return attr(n, "class") == "brand-name" })) > 0 {
		t.Error("one without a name shows one")
	}
	v.Settings.SiteName = "<b>Río & Söhne"
	page = tree(t, draw(t, AboutPage(NewAbout(v))))
	title := find(page, func(n *html.Node) bool { return n.Data == "title" })
	if got := text(title[0]); !strings.HasSuffix(got, " · <b>Río & Söhne") {
		t.Errorf("its title is %q", got)
	}
	for _, n := range find(page, func(n *html.Node) bool { return attr(n, "class") == "brand" }) {
		if strings.TrimSpace(text(n)) != v.Settings.SiteName || attr(n, "aria-label") != v.Settings.SiteName+", home" {
			t.Errorf("at its head stands %q", text(n))
		}
	}
}

// startPages are the pages of first choices.
func startPages(lang string) map[string]templ.Component {
	d := Desk{Visit: aVisit(lang), Me: board.Admin{Name: "ada", Owner: true}, Careful: 71 * time.Hour, Choices: true}
	d.Board.Rules = "No shouting."
	s := d.Settings
	ready := map[string]string{"neighbours": "One.\nTwo.", "campus": "Three.", "event": "Four."}
	refused := Kept{Given: func(string) string { return "x" }, Of: StartForm, Refused: Refused{Fields: map[string]string{
		"site_name": "Bad.", "contact": "Bad.", "question_set": "Bad.", "host_language": "Bad.", "access": "Bad.", "passphrase": "Bad.", "ttl_min": "Bad.", "rules": "Bad.", "snapshots": "Bad.",
	}}}
	welcome := aPost()
	welcome.Prompt = board.Welcome
	behind := s
	behind.Access = board.ByInvite
	return map[string]templ.Component{
		"start, the board":          StartBoardPage(NewStartBoard(d, FirstBoard{Settings: s, Set: "campus", Lang: lang})),
		"start, the board, refused": StartBoardPage(NewStartBoard(d, FirstBoard{Settings: s, HasPhrase: true, Kept: refused})),
		"start, life":               StartLifePage(NewStartLife(d, FirstLife{Settings: s, Set: "campus", Ready: ready})),
		"start, life, refused":      StartLifePage(NewStartLife(d, FirstLife{Settings: s, Rules: "No shouting.", Ready: ready, Kept: refused})),
		"start, done":               SetOutPage(must(NewSetOut(d, Chosen{Settings: s, Lang: lang, Prompts: []board.Post{welcome}, Link: "http://localhost:8080/"}))),
		"start, done, with a door":  SetOutPage(must(NewSetOut(d, Chosen{Settings: behind, Lang: lang, Link: "http://localhost:8080/", Unwell: true}))),
	}
}
