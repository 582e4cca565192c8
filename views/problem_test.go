package views

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

func TestAProblemSaysWhatWasWrongAndWhatWouldDo(t *testing.T) {
	v := aVisit("en")
	again := &Again{Action: "/b/home/posts", Body: "my words", Max: 1000}
	for _, tt := range []struct {
		name   string
		status int
		code   string
		wait   time.Duration
		again  *Again
		want   []string
	}{
		{"gone", 404, "error.gone", 0, nil, []string{"Already gone, or never here", "There’s nothing at this address", "See what’s alive", "404"}},
		{"gone, with words", 404, "error.gone", 0, again, []string{"Your words are kept in this page.", "Send it again", "my words"}},
		{"limited", 429, "error.limited", 24 * time.Second, again, []string{"A little slower", "24 seconds", "24 s", "my words", "429"}},
		{"busy", 503, "error.busy", 2 * time.Second, nil, []string{"The board is resting", "Try again in a moment", "Posts go on ending on time", "503"}},
		{"full", 507, "error.full", 0, nil, []string{"No room just now", "Try again later", "507"}},
		{"host", 421, "error.host", 0, nil, []string{"Not by this name", "--base-url", "421"}},
		{"internal", 500, "error.internal", 0, nil, []string{"Something broke here", "500"}},
		{"method", 405, "error.method", 0, nil, []string{"That didn’t go through", "405"}},
		{"another", 418, "error.bad_request", 0, nil, []string{"That didn’t go through", "418"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := tree(t, draw(t, ProblemPage(NewProblem(v, tt.status, tt.code, map[string]any{"wait": tt.wait}, nil, tt.wait, tt.again))))
			for _, want := range tt.want {
				if !strings.Contains(text(page), want) {
					t.Errorf("nothing says %q", want)
				}
			}
		})
	}
}

func TestAProblemNamesEachField(t *testing.T) {
	fields := map[string]board.Problem{"ttl": {Code: "error.life"}, "body": {Code: "error.body.empty"}}
	p := NewProblem(aVisit("en"), 422, "error.draft", nil, fields, 0, nil)
	if len(p.Fields) != 2 || !strings.Contains(p.Fields[0], "nothing to read") || !strings.Contains(p.Fields[1], "not a time") {
		t.Errorf("fields say %q", p.Fields)
	}
}

func TestAWrongHostIsShownNoWayOn(t *testing.T) {
	page := tree(t, draw(t, ProblemPage(NewProblem(aVisit("en"), 421, "error.host", nil, nil, 0, nil))))
	if n := len(find(page, func(e *html.Node) bool { return e.Data == "a" && attr(e, "class") != "skip" })); n != 0 {
		t.Errorf("%d links lead back to the refused host", n)
	}
}

func TestWordsThatWereSentCanBeSentAgain(t *testing.T) {
	again := &Again{Action: "/p/x/replies", Body: "\nmy\nwords", Hidden: []Hidden{{"ttl", "1h"}}}
	page := tree(t, draw(t, ProblemPage(NewProblem(aVisit("en"), 429, "error.limited", map[string]any{"wait": time.Minute}, nil, time.Minute, again))))
	form := find(page, is("form"))[0]
	if attr(form, "action") != "/p/x/replies" || raw(byID(t, form, "body")) != "\nmy\nwords" {
		t.Errorf("%s holds %q", show(form), raw(byID(t, form, "body")))
	}
	hidden := find(form, func(e *html.Node) bool { return attr(e, "type") == "hidden" })
	if len(hidden) != 1 || attr(hidden[0], "name") != "ttl" || attr(hidden[0], "value") != "1h" {
		t.Error("what else was sent is lost")
	}
	if attr(byID(t, form, "send"), "data-wait") != "60" || attr(byID(t, form, "send"), "data-say-wait") != "Send in {life}" {
		t.Error("the button does not know how long to wait")
	}
	if dials := find(page, is("animate")); len(dials) != 1 || attr(dials[0], "dur") != "60s" {
		t.Error("the dial does not run for a minute")
	}
}

func TestARefusalIsOneSentenceInEachLanguage(t *testing.T) {
	refused := &board.Error{Kind: board.Limited, Code: "error.limited", Args: map[string]any{"wait": 24 * time.Second}}
	for lang, want := range map[string]string{
		"en": "That was quick. You can send again in 24 seconds.",
		"it": "Hai fatto in fretta. Puoi inviare di nuovo tra 24 secondi.",
	} {
		if got := Sentence(words.In(lang), refused); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
