package storagetest

import (
	"errors"
	"time"

	"mayfly/board"
)

func theFirstChoicesAreMadeOnce(s *site) {
	ctx := s.Context()
	is := func(when string, want board.Stage, at time.Time) {
		s.Helper()
		if stage, done, err := s.Outset(ctx); err != nil || stage != want || !done.Equal(at) {
			s.Errorf("%s: stage %d at %v, %v; want %d at %v", when, stage, done, err, want, at)
		}
	}
	finish := func(next ...board.Question) error {
		return s.FinishOutset(ctx, next, []int64{1}, board.Entry{At: s.now, By: "ada", Action: board.ActOutset})
	}
	is("a new site", board.Untouched, time.Time{})
	if err := finish(); !errors.Is(err, board.ErrDecided) {
		s.Errorf("finished before it was begun: %v", err)
	}
	for range 2 {
		if err := s.BeginOutset(ctx); err != nil {
			s.Fatal(err)
		}
	}
	is("begun", board.Begun, time.Time{})
	first := board.Question{Board: board.Home, Kind: board.Welcome, Body: "Welcome.", TTL: time.Hour}
	if err := s.Greet(ctx, []board.Question{first}); err != nil {
		s.Fatal(err)
	}
	second := first
	second.Body = "Benvenuti."
	done := s.now
	if err := finish(second); err != nil {
		s.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	if err := finish(second); !errors.Is(err, board.ErrDecided) {
		s.Errorf("finished twice: %v", err)
	}
	if err := s.BeginOutset(ctx); err != nil {
		s.Fatal(err)
	}
	is("finished", board.SetUp, done)
	list, err := s.Questions(ctx)
	if err != nil || len(list) != 2 || !list[0].Ending || list[1].Ending || list[1].Body != "Benvenuti." {
		s.Errorf("the host says %+v, %v", list, err)
	}
	log, err := s.Entries(ctx, 0, 10)
	if err != nil || len(log) != 1 || log[0].By != "ada" || log[0].Action != board.ActOutset {
		s.Errorf("the log: %+v, %v", log, err)
	}
}
