package board_test

import (
	"context"
	"testing"

	"mayfly/board"
)

// TestTurnsAreOfWhatMustShowAtOnce: a page that many share outlives births, and nothing that
// was taken away.
func TestTurnsAreOfWhatMustShowAtOnce(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p, over := s.post(v, "hello there"), s.post(v, "something else")
	moved := func(what string, want bool, do func()) {
		t.Helper()
		before := s.Turns()
		do()
		if (s.Turns() != before) != want {
			t.Errorf("%s: a turn is %t, want %t", what, !want, want)
		}
	}
	moved("a post", false, func() { s.post(s.visitor(), "and what is new") })
	moved("a reply", false, func() { s.reply(p, v, "an answer") })
	moved("a heart", false, func() { s.vote(p.ID, s.visitor(), board.Heart) })
	moved("a down that takes ten minutes of a day", false, func() { s.vote(p.ID, s.visitor(), board.Down) })
	moved("an arrival", false, func() { s.do("arrive", s.Arrived(t.Context(), p)) })
	moved("an ending by hand", true, func() { s.do("end", s.EndAsVisitor(t.Context(), over.ID, v)) })
	moved("a lock", true, func() { s.do("lock", s.Lock(t.Context(), board.Ruling{By: "ada"}, p.ID, true)) })
	moved("a question", true, func() { s.ask(board.Question{Kind: board.Asking, Board: board.Home, Body: "What now?"}) })
	moved("a board", true, func() { s.add(board.Info{Slug: "attic", Title: "Attic"}) })
	moved("settings that another process changed", true, func() {
		old := s.settings
		s.settings.PostChars++
		s.SettingsChanged(t.Context(), board.TuningOf(old), board.TuningOf(s.settings))
	})
	moved("raid mode", true, func() { s.StormChanged(context.Background(), "") })
	s.now = p.Life.EndsAt.Add(-board.SharedTime)
	moved("a down that ends it while a page may be shared", true, func() { s.vote(p.ID, s.visitor(), board.Down) })
}
