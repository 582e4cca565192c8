package board_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// bans adds a filter.
func (s *site) bans(f board.Filter) {
	s.t.Helper()
	if err := s.AddFilter(s.t.Context(), "ada", f); err != nil {
		s.t.Fatal(err)
	}
}

// turnedDown is why a draft is not taken: the codes of the whole and of its body.
func (s *site) turnedDown(d board.Draft) string {
	s.t.Helper()
	_, _, err := s.Create(s.t.Context(), board.Home, s.visitor(), d)
	bad, ok := errors.AsType[*board.Error](err)
	if !ok {
		s.t.Fatalf("%q: %v, want a refusal", d.Body, err)
	}
	return bad.Code + " " + bad.Fields["body"].Code
}

func TestAFilterDoesWhatItsHostSays(t *testing.T) {
	s := newSite(t)
	for _, f := range []board.Filter{
		{Text: "badword", Action: board.Block},
		{Text: "tickets", Action: board.Hold},
		{Text: "damn", Action: board.Mask},
		{Text: "vendo", Action: board.Short},
	} {
		s.bans(f)
	}
	if got := s.turnedDown(board.Draft{Body: "such a b4dw0rd"}); got != "error.draft error.words.refused" {
		t.Errorf("block says %s", got)
	}
	if p := s.post(s.visitor(), "tickets, anyone?"); p.Standing != board.Held {
		t.Errorf("hold leaves it %v", p.Standing)
	}
	if p := s.post(s.visitor(), "damn rain"); p.Body != "▇▇▇▇ rain" {
		t.Errorf("mask leaves %q", p.Body)
	}
	if p := s.post(s.visitor(), "dry as ever"); p.Standing != board.Shown || p.Short || p.Care {
		t.Errorf("what no filter hits is %+v", p)
	}
}

func TestALifeThatAFilterCutsShortIsNotGivenBack(t *testing.T) {
	s := newSite(t)
	s.bans(board.Filter{Text: "vendo", Action: board.Short})
	p := s.post(s.visitor(), "vendo bici")
	if left := p.Life.Left(s.now); !p.Short || left != board.ShortTime {
		t.Fatalf("it lives %v (%v)", left, p.Short)
	}
	if p = s.vote(p.ID, s.visitor(), board.Heart); p.Life.Left(s.now) > board.ShortTime {
		t.Errorf("a heart gave it %v", p.Life.Left(s.now))
	}
	root := s.post(s.visitor(), "bikes")
	_, _, err := s.Reply(t.Context(), root.ID, s.visitor(), board.Draft{Body: "vendo"})
	if bad, ok := errors.AsType[*board.Error](err); !ok || bad.Fields["body"].Code != "error.words.short" {
		t.Errorf("a reply has no clock to be cut short, and is answered %v", err)
	}
}

func TestVotesDoNotEndWhatCallsForCare(t *testing.T) {
	s := newSite(t)
	s.bans(board.Filter{Text: "want to vanish", Action: board.Care})
	p, plain := s.post(s.visitor(), "I want to vanish"), s.post(s.visitor(), "I want to sing")
	ends := p.Life.EndsAt
	for range -s.settings.VanishScore {
		s.vote(p.ID, s.visitor(), board.Down)
		s.vote(plain.ID, s.visitor(), board.Down)
	}
	if _, err := s.Post(t.Context(), plain.ID, board.Visitor{}); !errors.Is(err, board.ErrNotFound) {
		t.Errorf("so many downs leave another post: %v", err)
	}
	p, err := s.Post(t.Context(), p.ID, board.Visitor{})
	if err != nil || p.Score != s.settings.VanishScore || !p.Life.EndsAt.Equal(ends) {
		t.Errorf("it has %d and ends at %v, not %v: %v", p.Score, p.Life.EndsAt, ends, err)
	}
	if n, err := s.store.Waiting(t.Context(), s.now); err != nil || n != 1 {
		t.Errorf("%d wait for an admin (%v), want the one", n, err)
	}
}

func TestWhoGivesSomebodyAwayIsAskedAgain(t *testing.T) {
	s := newSite(t)
	s.bans(board.Filter{Text: "zara", Action: board.Doubt})
	call := board.Draft{Body: "call 347 123 4567", TTL: time.Hour}
	if got := s.turnedDown(call); got != "error.private.ask error.private.found.phone" {
		t.Errorf("ask says %s", got)
	}
	if got := s.turnedDown(board.Draft{Body: "zara, 347 123 4567"}); !strings.HasSuffix(got, "found.several") {
		t.Errorf("two kinds are %s", got)
	}
	call.Confirm = true
	s.publish(s.visitor(), call)
	root := s.post(s.visitor(), "who?")
	if _, _, err := s.Reply(t.Context(), root.ID, s.visitor(), board.Draft{Body: "zara", Confirm: true}); err != nil {
		t.Errorf("a reply that is meant: %v", err)
	}
	s.settings.Doxx = board.DoxxForbid
	if got := s.turnedDown(call); !strings.HasPrefix(got, "error.private.forbidden") {
		t.Errorf("forbid says %s", got)
	}
	s.settings.Doxx = board.DoxxOff
	call.Confirm = false
	s.publish(s.visitor(), call)
}

func TestTryingAFilterCountsAndAddsNothing(t *testing.T) {
	s := newSite(t)
	s.settings.Unlisted = true
	for _, d := range []board.Draft{{Body: "tickets!"}, {Body: "nothing"}, {Body: "t1ckets", Unlisted: true}} {
		s.publish(s.visitor(), d)
	}
	got, err := s.TryFilter(t.Context(), board.Filter{Text: "ticket*", Action: board.Hold}, "my tick, two TICKETS")
	if err != nil || got.Hits != 1 || got.Of != 2 || !got.Whole || strings.Join(got.Words, " ") != "TICKETS" {
		t.Errorf("it would be %+v (%v)", got, err)
	}
	if list, err := s.Filters(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("there are %v (%v)", list, err)
	}
}
