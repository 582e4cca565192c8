package views

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

func TestAnAuthorIsToldOfEveryWayToEnd(t *testing.T) {
	for _, lang := range words.Languages {
		v := aVisit(lang)
		v.Settings.VanishScore = -7
		page := tree(t, draw(t, FeedPage(NewFeed(v, Listing{}))))
		note := byID(t, page, "ended-mine")
		said := map[string]bool{}
		for _, why := range []board.Why{board.ByTime, board.BySilence, board.ByScore, board.ByReaders, board.ByAuthor, board.ByAdmin, board.OutOfSight, "away"} {
			text := attr(note, "data-say-ended-"+string(why))
			if text == "" || said[text] {
				t.Errorf("%s: of an end by %s it says %q", lang, why, text)
			}
			said[text] = true
		}
		if text := attr(note, "data-say-ended-score"); !strings.Contains(text, "−7") {
			t.Errorf("%s: the score at which it went is not in %q", lang, text)
		}
	}
}

func TestTheLineOfAnEndingSaysWhy(t *testing.T) {
	for _, why := range []board.Why{board.ByScore, board.ByReaders} {
		line := tree(t, draw(t, tombLine(NewTomb(words.In("en"), id(5), why, board.TraceTime))))
		if got := attr(byID(t, line, "t-"+id(5).String()), "data-why"); got != string(why) {
			t.Errorf("ended by %s, it says %q", why, got)
		}
	}
}

// TestWhatNeedsAScriptIsNotSeenWithoutOne: it is hidden, in a template, in a closed
// dialog, or of a class that shows for scripts alone.
func TestWhatNeedsAScriptIsNotSeenWithoutOne(t *testing.T) {
	for name, c := range everyPage("en") {
		page := tree(t, draw(t, c))
		for _, e := range find(page, func(e *html.Node) bool { return e.Data == "button" && attr(e, "type") == "button" }) {
			unseen := false
			for n := e; n != nil; n = n.Parent {
				class := " " + attr(n, "class") + " "
				unseen = unseen || has(n, "hidden") || n.Data == "dialog" || n.Data == "template" ||
					strings.Contains(class, " js-only ") || strings.Contains(class, " can-share ")
			}
			if !unseen {
				t.Errorf("%s: %s is seen, and does nothing without a script", name, show(e))
			}
		}
	}
}

func TestArrivalsArePausedWhereTheyLand(t *testing.T) {
	v := aVisit("en")
	for name, tt := range map[string]struct {
		page  string
		pause int
	}{
		"the newest":         {draw(t, FeedPage(NewFeed(v, Listing{}))), 1},
		"older ones":         {draw(t, FeedPage(NewFeed(v, Listing{From: "x"}))), 0},
		"another order":      {draw(t, FeedPage(NewFeed(v, Listing{Sort: board.ByTop}))), 0},
		"a thread":           {draw(t, ThreadPage(NewThread(v, Talk{Post: aPost()}))), 1},
		"a page without any": {draw(t, AboutPage(NewAbout(v))), 0},
	} {
		if n := len(find(tree(t, tt.page), func(e *html.Node) bool { return attr(e, "id") == "pause" })); n != tt.pause {
			t.Errorf("%s: %d buttons, want %d", name, n, tt.pause)
		}
	}
}
