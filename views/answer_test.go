package views

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

func TestAReplyShowsWordsOfTheOneItAnswersWhileThatLives(t *testing.T) {
	v, first := aVisit("en"), aReply()
	first.Body = strings.Repeat("word ", 30)
	for _, tt := range []struct {
		name          string
		replies       []board.Post
		element, says string
		href          string
	}{
		{"living", []board.Post{first, answerTo(first.ID)}, "a", "In answer to Olive Crane " + strings.TrimSpace(strings.Repeat("word ", 12)) + "…", "#p-" + first.ID.String()},
		{"gone", []board.Post{answerTo(first.ID)}, "span", "In answer to a reply that is gone", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := tree(t, draw(t, ThreadPage(NewThread(v, Talk{Post: aPost(), Replies: tt.replies}))))
			refs := find(byID(t, page, "replies"), func(e *html.Node) bool { return attr(e, "class") == "ref" })
			if len(refs) != 1 {
				t.Fatalf("%d references, want 1", len(refs))
			}
			if refs[0].Data != tt.element || text(refs[0]) != tt.says || attr(refs[0], "href") != tt.href {
				t.Errorf("<%s href=%q> says %q", refs[0].Data, attr(refs[0], "href"), text(refs[0]))
			}
		})
	}
}

func TestAnAnswerIsDrawnAlikeOnPageAndSocket(t *testing.T) {
	v, first := aVisit("en"), aReply()
	answer := answerTo(first.ID)
	onPage := NewReplies(v, aPost(), []board.Post{first, answer}, nil)[1]
	onSocket := NewPost(v.Words, answer, v.Settings, v.Now).WroteThread(v.Words, aPost().Name).Answering(v.Words, first)
	if a, b := draw(t, ReplyArticle(onPage)), draw(t, ReplyArticle(onSocket)); a != b {
		t.Errorf("on the page\n%s\nby socket\n%s", a, b)
	}
	gone := NewPost(v.Words, answer, v.Settings, v.Now).Answering(v.Words, board.Post{})
	if gone.To == nil || gone.To.ID != "" {
		t.Errorf("what is gone is drawn as %+v", gone.To)
	}
	if p := NewPost(v.Words, first, v.Settings, v.Now).Answering(v.Words, board.Post{}); p.To != nil {
		t.Errorf("a reply that answers none shows %+v", p.To)
	}
}

func TestEveryReplyLeadsToItselfAndToItsAnswer(t *testing.T) {
	for _, lang := range words.Languages {
		p := NewPost(words.In(lang), aReply(), board.DefaultSettings(), noon)
		reply := tree(t, draw(t, ReplyArticle(p)))
		for class, want := range map[string]string{
			"self":      "#p-" + id(2).String(),
			"act quote": "/p/" + id(1).String() + "?to=" + id(2).String() + "#body",
		} {
			links := find(reply, func(e *html.Node) bool { return attr(e, "class") == class })
			if len(links) != 1 || attr(links[0], "href") != want || attr(links[0], "aria-label") == "" {
				t.Errorf("%s: %d links .%s, want one with a name to %s", lang, len(links), class, want)
			}
		}
	}
}

func TestTheFormSaysWhichReplyItAnswers(t *testing.T) {
	v, reply := aVisit("en"), aReply()
	for _, tt := range []struct {
		name, to, sends string
		hidden          bool
	}{
		{"a reply", reply.ID.String(), reply.ID.String(), false},
		{"the post", "", "", true},
		{"what is gone", id(99).String(), "", true},
		{"the post by its id", id(1).String(), "", true},
		{"nonsense", "nonsense", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := NewReplyForm(v, Talk{Post: aPost(), Replies: []board.Post{reply}, Given: Given{To: tt.to, Body: "words"}}, nil)
			row := byID(t, tree(t, draw(t, TalkForm(f))), "to")
			field := find(row, func(e *html.Node) bool { return attr(e, "name") == "to" })[0]
			if has(row, "hidden") != tt.hidden || attr(field, "value") != tt.sends {
				t.Errorf("hidden: %v, sends %q; says %q", has(row, "hidden"), attr(field, "value"), text(row))
			}
			if !tt.hidden && !strings.Contains(text(row), "In answer to Olive Crane Then don’t.") {
				t.Errorf("it says %q", text(row))
			}
		})
	}
}
