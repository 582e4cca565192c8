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
	// Destroy zeroes the keys of everything that has ended at now, and syncs once.
	// From then on nobody can read it, us included. It needs no room on the disk.
	Destroy(now time.Time) error
	// Endings returns what had ended at now, each once.
	Endings(ctx context.Context, now time.Time) ([]Ending, error)
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

// Run sweeps until ctx ends. Keys wait for nothing: while a great many endings are being
// told, or their rows buried, the next ticks go on destroying.
func (s *Sweeper) Run(ctx context.Context) {
	ended, told := make(chan time.Time, 1), make(chan time.Time, 1)
	var lanes sync.WaitGroup
	lanes.Go(func() {
		defer close(told)
		for now := range ended {
			if s.report(ctx, s.tellEndings(ctx, now)) {
				handOn(told, now)
			}
		}
	})
	lanes.Go(func() {
		for now := range told {
			s.report(ctx, s.bury(ctx, now))
		}
	})
	defer lanes.Wait()
	defer close(ended)
	tick := time.NewTicker(SweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := s.now()
			if s.report(ctx, s.destroy(now)) {
				handOn(ended, now)
			}
		}
	}
}

// handOn gives a tick to the next lane, unless that is at the one before; the next tick asks again.
func handOn(lane chan<- time.Time, now time.Time) {
	select {
	case lane <- now:
	default:
	}
}

// Sweep ends everything whose time has come: keys, then news of it, then rows,
// then the journal. A step that fails does not undo the ones before it, and is
// taken up again by the next sweep. The first one also scrubs what an earlier run
// left in the journal.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := s.now()
	if err := s.destroy(now); err != nil {
		return err
	}
	if err := s.tellEndings(ctx, now); err != nil {
		return err
	}
	return s.bury(ctx, now)
}

func (s *Sweeper) destroy(now time.Time) error {
	if err := s.store.Destroy(now); err != nil {
		return fmt.Errorf("destroy keys: %w", err)
	}
	s.last.Store(now.UnixMilli())
	s.done.Add(1)
	return nil
}

// tellEndings tells of what had ended at now, whose keys are gone.
func (s *Sweeper) tellEndings(ctx context.Context, now time.Time) error {
	ended, err := s.store.Endings(ctx, now)
	if err != nil {
		return fmt.Errorf("find what ended: %w", err)
	}
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

// report logs a step that failed, and says whether it went well.
func (s *Sweeper) report(ctx context.Context, err error) bool {
	if err != nil && ctx.Err() == nil {
		s.failed.Add(1)
		s.log.ErrorContext(ctx, "sweep", "err", err)
	}
	return err == nil
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
