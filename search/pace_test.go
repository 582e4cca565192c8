package search

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

func TestWorkRestsWhereOthersAreServed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		work   time.Duration
		others time.Duration // of each second, what this process does besides
		want   time.Duration
	}{
		{"alone an eighth more", 80 * time.Millisecond, 0, 90 * time.Millisecond},
		{"beside little, too", 80 * time.Millisecond, 100 * time.Millisecond, 90 * time.Millisecond},
		{"beside others as long as it worked", 80 * time.Millisecond, 500 * time.Millisecond, 160 * time.Millisecond},
		{"a little work waits a millisecond", 2 * time.Millisecond, 0, 3 * time.Millisecond},
		{"not for more than a quarter of a second", time.Minute, time.Second, time.Minute + restMost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := newPace(func() time.Duration { return time.Duration(time.Since(began).Seconds() * float64(tt.others)) })
				p.work(t.Context(), func() { time.Sleep(tt.work) })
				if got := time.Since(began); got != tt.want {
					t.Errorf("it takes %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestTwoWhoWorkTakeTurnsAndNobodyRestsAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := newPace(func() time.Duration { return time.Since(began) })
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { p.work(t.Context(), func() { time.Sleep(100 * time.Millisecond) }) })
		}
		both.Wait()
		if got := time.Since(began); got != 400*time.Millisecond {
			t.Errorf("both take %v, want twice a work and a rest", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		began = time.Now()
		p.work(ctx, cancel)
		if got := time.Since(began); got > 0 {
			t.Errorf("it rests for %v when all is over", got)
		}
	})
}

// TestRunTakesInWhatGathered looks at the documents themselves: a question would take in
// what waits.
func TestRunTakesInWhatGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(t)
		running, ctx := sync.WaitGroup{}, t.Context()
		running.Go(func() { s.Run(ctx) })
		t.Cleanup(running.Wait) // before the shelf is closed
		documents := func(after time.Duration, want int) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			var n int
			if err := s.db.QueryRow("SELECT count(*) FROM docs").Scan(&n); err != nil || n != want {
				t.Errorf("%d documents, want %d; %v", n, want, err)
			}
		}
		kept := s.say("the first")
		documents(gathers-1, 0)
		s.say("the second")
		documents(1, 2)
		var ended []board.Ending
		for range 20 * chunk {
			p := s.say("one of many words")
			ended = append(ended, board.Ending{ID: p.ID, Thread: p.ID, Board: board.Home})
		}
		documents(gathers-1, 2+len(ended)) // they are many: nothing gathers any longer
		s.Drop(ended)
		documents(gathers-1, 2) // and nobody asks
		s.drop(kept)
		documents(gathers, 1)
		var n int
		if err := s.db.QueryRow("SELECT count(*) FROM found WHERE words MATCH 'wmany OR wfirst'").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d that ended are in the index; %v", n, err)
		}
	})
}

// TestANumberMayBeAnotherPostsAtOnce has one end, and the next be born with its number,
// before either was taken in.
func TestANumberMayBeAnotherPostsAtOnce(t *testing.T) {
	s := newShelf(t)
	s.drop(s.say("the same word, first"))
	s.seq--
	p := s.say("the same word, second")
	s.settleAll(t.Context())
	if got := s.find(typing("same word")); len(got) != 1 || got[0] != p.Body {
		t.Errorf("found %q", got)
	}
	if got := s.find(typing("first")); got != nil {
		t.Errorf("found %q", got)
	}
}

// TestEndingsInNoOrderMakeOneSegment: each that is older than the one before would begin
// one of its own, and they would have to be put together.
func TestEndingsInNoOrderMakeOneSegment(t *testing.T) {
	s := newShelf(t)
	segments := func() (n int) {
		s.settleAll(t.Context())
		if err := s.db.QueryRow("SELECT count(*) FROM found_segdir").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	s.say("the same word")
	var ended []board.Ending
	for range 10 {
		p := s.say("the same word")
		ended = append(ended, board.Ending{ID: p.ID, Thread: p.ID, Board: board.Home})
	}
	before := segments()
	slices.Reverse(ended)
	s.Drop(ended)
	if after := segments(); after != before+1 {
		t.Errorf("%d segments, want one more than %d", after, before)
	}
}

// TestFillRestsBetweenPages is served as often as it reads.
func TestFillRestsBetweenPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(t)
		began := time.Now()
		s.pace.spent = func() time.Duration { return time.Since(began) }
		pages := 0
		err := s.Fill(t.Context(), source(func(after int64) []board.Post {
			if after == 10 {
				return nil
			}
			pages++
			time.Sleep(50 * time.Millisecond)
			return []board.Post{{ID: board.NewPostID(), Seq: after + 1, Board: board.Home, Body: "a word"}}
		}))
		if took := time.Since(began); err != nil || pages != 10 || took < 1000*time.Millisecond || took > 1100*time.Millisecond {
			t.Errorf("%d pages of 50 ms take %v, want twice that; %v", pages, took, err)
		}
	})
}
