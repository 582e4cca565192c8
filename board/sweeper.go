package board

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
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
	heads
	// Scrub leaves nothing of them in the journal.
	Scrub(ctx context.Context) error
}

// Sweeper ends what has had its time: keys within 2 s, rows within 5 s.
type Sweeper struct {
	store  Expirer
	finder Finder
	out    Publisher
	now    Clock
	log    *slog.Logger
	last   atomic.Int64 // ms of the last tick whose keys were destroyed
	clean  atomic.Bool  // nothing buried waits in the journal
	done   atomic.Int64 // ticks whose keys were destroyed
	failed atomic.Int64 // steps that failed
}

// SweepEvery is the time between two sweeps.
const SweepEvery = time.Second

// lateAfter is how long sweeps may fail before the process calls itself unwell.
const lateAfter = 5 * SweepEvery

// stuckAfter is how many looks in a row, SweepEvery apart, find it late before it is
// given up: ten seconds without a sweep, all of which this process was awake.
const stuckAfter = 5

// NewSweeper puts a Sweeper together.
func NewSweeper(store Expirer, finder Finder, out Publisher, now Clock, log *slog.Logger) *Sweeper {
	return &Sweeper{store: store, finder: finder, out: out, now: now, log: log}
}

// Run sweeps until ctx ends. Keys do not wait for rows: while a great burial is
// under way, the next ticks go on destroying.
func (s *Sweeper) Run(ctx context.Context) {
	graves := make(chan time.Time, 1)
	var digger sync.WaitGroup
	digger.Go(func() {
		for ended := range graves {
			s.report(ctx, s.bury(ctx, ended))
		}
	})
	defer digger.Wait()
	defer close(graves)
	tick := time.NewTicker(SweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := s.now()
			if err := s.destroy(ctx, now); err != nil {
				s.report(ctx, err)
				continue
			}
			select {
			case graves <- now:
			default: // still at the one before; the next tick asks again
			}
		}
	}
}

// Sweep ends everything whose time has come: keys, then news of it, then rows,
// then the journal. A step that fails does not undo the ones before it, and is
// taken up again by the next sweep. The first one also scrubs what an earlier run
// left in the journal.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := s.now()
	if err := s.destroy(ctx, now); err != nil {
		return err
	}
	return s.bury(ctx, now)
}

func (s *Sweeper) destroy(ctx context.Context, now time.Time) error {
	ended, err := s.store.Destroy(ctx, now)
	if err != nil {
		return fmt.Errorf("destroy keys: %w", err)
	}
	s.last.Store(now.UnixMilli())
	s.done.Add(1)
	tellEndings(ctx, s.store, now, s.finder, s.tell, ended)
	return nil
}

// bury deletes the rows of what had ended at now, whose keys are gone.
func (s *Sweeper) bury(ctx context.Context, now time.Time) error {
	rows, err := s.store.Bury(ctx, now)
	if rows > 0 || err != nil {
		s.clean.Store(false)
	}
	if err != nil {
		return fmt.Errorf("bury rows: %w", err)
	}
	if s.clean.Load() {
		return nil
	}
	if err := s.store.Scrub(ctx); err != nil {
		return fmt.Errorf("scrub journal: %w", err)
	}
	s.clean.Store(true)
	s.log.DebugContext(ctx, "swept", "rows", rows)
	return nil
}

func (s *Sweeper) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		s.failed.Add(1)
		s.log.ErrorContext(ctx, "sweep", "err", err)
	}
}

// Late says whether keys have not been destroyed in time for a while.
func (s *Sweeper) Late() bool {
	return s.now().Sub(time.UnixMilli(s.last.Load())) > lateAfter
}

// Watch calls beat each second until ctx ends (false), or until no sweep has destroyed
// keys for ten seconds (true), whether one hangs or all fail. Who is told so ends the
// process: whoever starts it anew sweeps before it serves.
func (s *Sweeper) Watch(ctx context.Context, beat func()) (stuck bool) {
	tick := time.NewTicker(SweepEvery)
	defer tick.Stop()
	for late := 0; late < stuckAfter; {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if late++; !s.Late() {
			late = 0
		}
		beat()
	}
	return true
}

// Sweeps is how a Sweeper does.
type Sweeps struct {
	Done, Failed int64         // since the start
	Since        time.Duration // the last that destroyed keys
}

// Sweeps counts.
func (s *Sweeper) Sweeps() Sweeps {
	return Sweeps{s.done.Load(), s.failed.Load(), s.now().Sub(time.UnixMilli(s.last.Load()))}
}

func (s *Sweeper) tell(ctx context.Context, e Event) {
	if err := s.out.Publish(ctx, e); err != nil {
		s.log.ErrorContext(ctx, "an ending was not told; pages end it by their own timer", "err", err)
	}
}
