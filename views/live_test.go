package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

func TestAFrameIsOneEventForIncoming(t *testing.T) {
	for _, lang := range words.Languages {
		p, s := words.In(lang), board.DefaultSettings()
		post, reply := NewPost(p, aPost(), s, noon), NewPost(p, aReply(), s, noon)
		for event, c := range map[string]templ.Component{
			"hello":    Hello(1<<64-1, "v1.2.3", "20"),
			"born":     Came(post, 1),
			"born ":    Came(reply, 1),
			"changed":  ChangedFrame(post, 2),
			"changed ": ChangedFrame(reply, 2),
			"died":     GoneFrame(NewGone(p, board.Event{ID: id(1), Thread: id(1), Why: board.ByTime}), 3),
			"died ":    GoneFrame(NewGone(p, board.Event{ID: id(1), Thread: id(1), Why: board.ByScore}), 3),
			"settings": SettingsFrame(NewLimits(p, s), NewOffers(p, s), nil, 4),
			"reload":   ReloadFrame(5),
		} {
			markup := draw(t, c)
			for _, fault := range faults(markup) {
				t.Errorf("%s: %s", event, fault)
			}
			if !strings.HasPrefix(markup, `<hx-partial hx-target="#incoming" hx-swap="beforeend"><div data-event="`+strings.TrimSpace(event)+`"`) ||
				strings.Count(markup, "<hx-partial") != 1 || !strings.HasSuffix(markup, "</div></hx-partial>") {
				t.Errorf("%s is no frame: %s", event, markup)
			}
			div := find(tree(t, markup), func(e *html.Node) bool { return has(e, "data-event") })[0]
			if attr(div, "data-at") == "" {
				t.Errorf("%s does not say where the counter stands", event)
			}
		}
	}
}

func TestFramesCarryWhatPagesShow(t *testing.T) {
	p, s := words.In("en"), board.DefaultSettings()
	post := aPost()
	post.Score = -4
	event := func(c templ.Component) *html.Node {
		return find(tree(t, draw(t, c)), func(e *html.Node) bool { return has(e, "data-event") })[0]
	}
	for _, tt := range []struct {
		name string
		div  *html.Node
		want map[string]string
		text string
	}{
		{"hello", event(Hello(1<<64-1, "v1", "")), map[string]string{"data-at": "18446744073709551615", "data-version": "v1", "data-here": ""}, ""},
		{"changed", event(ChangedFrame(NewPost(p, post, s, noon), 2)), map[string]string{
			"data-id": id(1).String(), "data-at": "2", "data-left": "11520", "data-span": "21600", "data-hearts": "64", "data-score": "-4",
			"data-replies": "12", "data-left-label": "3 h 12 min left", "data-replies-label": "12 replies", "data-gift": "+10 min",
			"data-heart-label": "Heart, 64 so far. Gives it 10 minutes more", "data-down-label": "Vote down. Takes 10 minutes away", "data-vote": "",
		}, "At −4. One more and it goes."},
		{"changed reply", event(ChangedFrame(NewPost(p, aReply(), s, noon), 2)), map[string]string{
			"data-id": id(2).String(), "data-left": "", "data-hearts": "3", "data-score": "2", "data-heart-label": "Heart, 3 so far",
		}, ""},
		{"answer to a vote", event(Changed(NewPost(p, aPost(), s, noon).For(false, board.Down))), map[string]string{
			"data-id": id(1).String(), "data-at": "", "data-vote": "down", "data-left": "11520",
		}, ""},
		{"by time", event(GoneFrame(NewGone(p, board.Event{ID: id(1), Thread: id(1), Why: board.ByTime}), 3)), map[string]string{"data-why": "time"}, ""},
		{"by score", event(GoneFrame(NewGone(p, board.Event{ID: id(1), Thread: id(1), Why: board.ByScore}), 3)), map[string]string{"data-why": "score"}, "Removed by votes. Its words are gone, here and on the server."},
		{"reply by score", event(GoneFrame(NewGone(p, board.Event{ID: id(2), Thread: id(1), Why: board.ByScore}), 3)), map[string]string{"data-why": "score"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, want := range tt.want {
				if got := attr(tt.div, name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if got := text(tt.div); got != tt.text {
				t.Errorf("says %q, want %q", got, tt.text)
			}
		})
	}
}

func TestATombStandsForTenMinutesAndSaysNothingOfThePost(t *testing.T) {
	p := words.In("en")
	e := board.Event{ID: id(1), Thread: id(1), Why: board.ByScore, Post: aPost()}
	markup := draw(t, GoneFrame(NewGone(p, e), 1))
	tomb := byID(t, tree(t, markup), "t-"+id(1).String())
	if got := attr(tomb, "data-left"); got != "600" {
		t.Errorf("it stands %s s, want 600", got)
	}
	if strings.Contains(markup, "lemons") || strings.Contains(markup, "Heron") {
		t.Errorf("it tells of the post: %s", markup)
	}
}

func TestManyTombsAreOneLine(t *testing.T) {
	v := aVisit("en")
	var traces []board.Trace
	for n := range byte(5) {
		traces = append(traces, board.Trace{ID: id(n), Until: noon.Add(90 * 1000 * 1000 * 1000)})
		f := NewFeed(v, Listing{Traces: traces})
		if n < 3 && (len(f.Tombs) != int(n)+1 || f.Removed != "") || n >= 3 && (len(f.Tombs) != 0 || f.Removed == "") {
			t.Errorf("%d traces: %d lines and %q", n+1, len(f.Tombs), f.Removed)
		}
	}
	if f := NewFeed(v, Listing{Traces: traces[:1]}); f.Tombs[0].Left != "90" {
		t.Errorf("the line stands %s s more, want 90", f.Tombs[0].Left)
	}
}

func TestStateIsAllThatLives(t *testing.T) {
	v := aVisit("en")
	all := append(NewPosts(v, []board.Post{aPost()}, nil), NewReplies(v, aPost(), []board.Post{aReply()}, nil)...)
	state := byID(t, tree(t, draw(t, State(all, 9))), "state")
	if got := attr(state, "data-at"); got != "9" {
		t.Errorf("at = %s, want 9", got)
	}
	var classes []string
	for _, e := range find(state, is("article")) {
		classes = append(classes, attr(e, "class"))
	}
	if got := strings.Join(classes, " "); got != "post reply" {
		t.Errorf("state holds %q, want a post and its reply", got)
	}
}
