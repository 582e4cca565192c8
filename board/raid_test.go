package board_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"mayfly/board"
)

func (s *site) storms(t *testing.T) *board.Storms {
	t.Helper()
	storms, err := board.NewStorms(t.Context(), s.store, func(string) board.Settings { return s.settings }, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	return storms
}

func TestRaidModeLiesOverTheSettingsAndLeavesThemAsTheyWere(t *testing.T) {
	s := newSite(t)
	storms, usual := s.storms(t), s.settings
	if err := storms.Begin(t.Context(), "mara", "home", 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	in := storms.Settings("home")
	if !in.Storm || in.State != board.Slow || in.PowBits <= usual.PowBits || in.ForNew().TTLMax != board.StormTTL || in.TTLMax != usual.TTLMax {
		t.Errorf("in a raid: %+v", in)
	}
	if storms.Settings("").Storm || storms.Settings("attic").Storm {
		t.Error("another board is in it too")
	}
	s.settings.SlowSeconds = 90 // what is changed meanwhile is in force, then and later
	if got := storms.Settings("home").SlowSeconds; got != 90 {
		t.Errorf("slow_seconds = %d", got)
	}
	s.settings.State = board.ReadOnly
	if got := storms.Settings("home").State; got != board.ReadOnly {
		t.Errorf("a read-only board is %s in a raid", got)
	}
	s.now = s.now.Add(30*time.Minute - time.Millisecond)
	if !storms.Settings("home").Storm {
		t.Error("it is over too early")
	}
	s.now = s.now.Add(time.Millisecond)
	if got := storms.Settings("home"); got.Storm || got.PowBits != usual.PowBits || got.State != board.ReadOnly {
		t.Errorf("when it is over: %+v", got)
	}
}

func TestRaidModeSurvivesARestartAndEndsWithoutOne(t *testing.T) {
	s := newSite(t)
	if err := s.storms(t).Begin(t.Context(), "mara", "", 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	again := s.storms(t)
	if got := again.Left("home"); got != time.Hour {
		t.Errorf("after a restart %s are left", got)
	}
	var told []string
	again.Watch(func(_ context.Context, board string) { told = append(told, "over on all"+board) })
	s.now = s.now.Add(time.Hour)
	for range 3 {
		if err := again.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 1 || again.Left("home") != 0 || len(again.List()) != 0 {
		t.Errorf("told %v, left %s, listed %v", told, again.Left("home"), again.List())
	}
}

func TestRaidModeIsBoundedAuditedAndEndedByHand(t *testing.T) {
	s := newSite(t)
	storms := s.storms(t)
	for _, d := range []time.Duration{0, time.Second, 25 * time.Hour} {
		if err := storms.Begin(t.Context(), "mara", "", d); err == nil {
			t.Errorf("%s was taken", d)
		}
	}
	if err := storms.Begin(t.Context(), "mara", "cellar", time.Hour); err == nil {
		t.Error("a board that is not there was taken")
	}
	if err := storms.Begin(t.Context(), "mara", "home", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := storms.End(t.Context(), "finn", "home"); err != nil {
		t.Fatal(err)
	}
	if storms.Left("home") != 0 {
		t.Error("it is on")
	}
	log, err := s.Log(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != 2 || log[0].By != "finn" || log[0].Old != "1h" || log[0].New != "off" || log[1].By != "mara" || log[1].Action != board.ActRaid || log[1].New != "1h" || log[1].Board != "home" {
		t.Errorf("log = %+v", log)
	}
}

func TestInARaidPostsAreShortLivedAndOnlyTheSettledReply(t *testing.T) {
	s := newSite(t)
	before := s.post(s.visitor(), "written before")
	s.settings = s.settings.InStorm()
	if _, _, err := s.Create(t.Context(), board.Home, s.visitor(), board.Draft{Body: "for long", TTL: 2 * time.Hour}); err == nil {
		t.Error("two hours were taken")
	}
	p, _, err := s.Create(t.Context(), board.Home, s.visitor(), board.Draft{Body: "as usual"})
	if err != nil || p.Life.CapAt.Sub(s.now) > board.StormTTL+time.Minute {
		t.Errorf("%v: it may live until %s", err, p.Life.CapAt)
	}
	if err := s.Cap(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now, err := s.Post(t.Context(), before.ID, board.Visitor{}); err != nil || !now.Life.CapAt.Equal(before.Life.CapAt) {
		t.Errorf("%v: what was there before is capped at %s, was %s", err, now.Life.CapAt, before.Life.CapAt)
	}
	if _, _, err := s.Reply(t.Context(), before.ID, s.visitor(), board.Draft{Body: "me too"}); err == nil {
		t.Error("a newcomer replied")
	}
	old := board.NewVisitor(s.now.Add(-time.Hour))
	if _, _, err := s.Reply(t.Context(), before.ID, old, board.Draft{Body: "me too"}); err != nil {
		t.Errorf("a settled visitor: %v", err)
	}
}

func TestAnUndoCatchesATimeOfABoardOrWhatIsAlike(t *testing.T) {
	s := newSite(t)
	old := s.post(s.visitor(), "written long before all of this, by somebody who has nothing to do with it")
	s.now = s.now.Add(20 * time.Minute)
	var copies []board.PostID
	for range 3 {
		copies = append(copies, s.post(s.visitor(), "Join our channel for free coins, only today, everybody gets two hundred").ID)
	}
	s.post(s.visitor(), "I have lost my umbrella in the reading room on the second floor")
	for _, tt := range []struct {
		name string
		undo board.Undo
		want int
	}{
		{"ten minutes of the board", board.Undo{Board: "home", Within: 10 * time.Minute}, 4},
		{"an hour of it", board.Undo{Board: "home", Within: time.Hour}, 5},
		{"another board", board.Undo{Board: "attic", Within: time.Hour}, 0},
		{"what is like a copy", board.Undo{Alike: copies[1]}, 3},
		{"what is like nothing", board.Undo{Alike: old.ID}, 1},
		{"what was named", board.Undo{Named: []board.PostID{old.ID, board.NewPostID()}}, 1},
		{"nothing", board.Undo{}, 0},
	} {
		if got, _, err := s.Caught(t.Context(), tt.undo); err != nil || len(got) != tt.want {
			t.Errorf("%s: %d, %v; want %d", tt.name, len(got), err, tt.want)
		}
	}
	if _, _, err := s.Caught(t.Context(), board.Undo{Board: "home", Within: 25 * time.Hour}); err == nil {
		t.Error("25 hours were taken")
	}
	ids, _, err := s.Caught(t.Context(), board.Undo{Alike: copies[0]})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Remove(t.Context(), board.Ruling{By: "mara"}, ids...); err != nil || n != 3 {
		t.Errorf("%d removed, %v", n, err)
	}
	if posts, _, err := s.Feed(t.Context(), board.Query{Board: "home"}); err != nil || len(posts) != 2 {
		t.Errorf("%d are left, %v", len(posts), err)
	}
}

func TestAThousandPostsOfARaidEndWithinTenSeconds(t *testing.T) {
	s := newSite(t)
	for i := range 1000 {
		s.post(s.visitor(), fmt.Sprintf("Join our channel for free coins, only today, everybody gets %d of them", i))
	}
	began := time.Now()
	ids, _, err := s.Caught(t.Context(), board.Undo{Board: "home", Within: 10 * time.Minute})
	if err != nil || len(ids) != 1000 {
		t.Fatalf("%d caught, %v", len(ids), err)
	}
	if n, err := s.Remove(t.Context(), board.Ruling{By: "mara"}, ids...); err != nil || n != 1000 {
		t.Errorf("%d removed, %v", n, err)
	}
	took := time.Since(began)
	t.Logf("a thousand posts: %s", took)
	if took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if posts, _, err := s.Feed(t.Context(), board.Query{Board: "home"}); err != nil || len(posts) != 0 {
		t.Errorf("%d are left, %v", len(posts), err)
	}
}

func TestInARaidPicturesAreHeld(t *testing.T) {
	s := newSite(t)
	s.settings = s.settings.InStorm()
	v := s.visitor()
	p, _, err := s.Create(t.Context(), board.Home, v, board.Draft{Body: "look", Picture: &upload{}})
	if err != nil || p.Standing != board.Held {
		t.Errorf("%v: it stands %q", err, p.Standing)
	}
	if _, err := s.Post(t.Context(), p.ID, board.Visitor{}); err == nil {
		t.Error("a stranger sees it")
	}
}
