package board

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Expirer is what a Sweeper asks of a store.
type Expirer interface {
	// Destroy zeroes the keys of everything that has ended at now, syncs once,
	// and returns what it ended. From then on nobody can read it, us included.
	// It needs no room on the disk.
	Destroy(ctx context.Context, now time.Time) ([]Ending, error)
	// Bury deletes the rows of what has ended, in batches that let posts go
	// first, and says how many.
	Bury(ctx context.Context, now time.Time) (int, error)
	// Scrub leaves nothing of them in the journal.
	Scrub(ctx context.Context) error
}

// Sweeper ends what has had its time: keys within 2 s, rows within 5 s.
type Sweeper struct {
	store Expirer
	out   Publisher
	now   Clock
	log   *slog.Logger
	last  atomic.Int64 // ms of the last tick whose keys were destroyed
}

// SweepEvery is the time between two sweeps.
const SweepEvery = time.Second

// lateAfter is how long sweeps may fail before the process calls itself unwell.
const lateAfter = 5 * SweepEvery

// NewSweeper puts a Sweeper together.
func NewSweeper(store Expirer, out Publisher, now Clock, log *slog.Logger) *Sweeper {
	return &Sweeper{store: store, out: out, now: now, log: log}
}

// Run sweeps until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	tick := time.NewTicker(SweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "sweep", "err", err)
			}
		}
	}
}

// Sweep ends everything whose time has come: keys, then news of it, then rows,
// then the journal. A step that fails does not undo the ones before it, and is
// taken up again by the next sweep.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := s.now()
	ended, err := s.store.Destroy(ctx, now)
	if err != nil {
		return fmt.Errorf("destroy keys: %w", err)
	}
	s.last.Store(now.UnixMilli())
	tellEndings(ctx, s.tell, ended)
	rows, err := s.store.Bury(ctx, now)
	if err != nil {
		return fmt.Errorf("bury rows: %w", err)
	}
	if rows == 0 {
		return nil
	}
	if err := s.store.Scrub(ctx); err != nil {
		return fmt.Errorf("scrub journal: %w", err)
	}
	s.log.DebugContext(ctx, "swept", "rows", rows)
	return nil
}

// Late says whether keys have not been destroyed in time for a while.
func (s *Sweeper) Late() bool {
	return s.now().Sub(time.UnixMilli(s.last.Load())) > lateAfter
}

func (s *Sweeper) tell(ctx context.Context, e Event) {
	if err := s.out.Publish(ctx, e); err != nil {
		s.log.ErrorContext(ctx, "an ending was not told; pages end it by their own timer", "err", err)
	}
}
