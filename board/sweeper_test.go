package board

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errDisk = errors.New("the disk says no")

// steps is an Expirer that notes what is asked of it, and fails on demand.
type steps struct {
	mu   sync.Mutex
	list []string
	fail map[string]error
	rows int           // what Bury finds, once
	name time.Duration // how long Endings takes
	dig  time.Duration // how long Bury takes
	ends []Ending
}

func (s *steps) note(step string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, step)
	return s.fail[step]
}

// taken returns the steps since the last call.
func (s *steps) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

func (s *steps) set(step string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = map[string]error{step: err}
}

func (s *steps) Destroy(time.Time) error { return s.note("destroy") }

func (s *steps) Endings(context.Context, time.Time) ([]Ending, error) {
	err := s.note("name")
	time.Sleep(s.name) // inside synctest.Test
	return s.ends, err
}

func (s *steps) Bury(context.Context, time.Time) (int, error) {
	err := s.note("bury")
	time.Sleep(s.dig) // inside synctest.Test
	rows := s.rows
	s.rows = 0
	return rows, err
}

func (s *steps) Post(context.Context, PostID, time.Time) (Post, error) { return Post{}, ErrNotFound }

func (s *steps) Scrub(context.Context) error { return s.note("scrub") }

// ear is a Publisher that remembers, and fails on demand.
type ear struct {
	mu    sync.Mutex
	heard []Event
	err   error
}

func (e *ear) Publish(_ context.Context, event Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, event)
	return e.err
}

// memory is a Finder that finds nothing, and remembers what it was to forget.
type memory struct {
	Finder
	dropped []Ending
}

func (m *memory) Drop(ended []Ending) { m.dropped = append(m.dropped, ended...) }

func newTestSweeper(store Expirer) (*Sweeper, *ear, *bytes.Buffer) {
	var out ear
	var log bytes.Buffer
	return NewSweeper(store, new(memory), &out, time.Now, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))), &out, &log
}

func TestSweepDestroysTellsBuriesAndScrubsInThisOrder(t *testing.T) {
	post := Ending{ID: PostID{1}, Thread: PostID{1}, Board: Home, Why: ByTime}
	store := &steps{rows: 1, ends: []Ending{post}}
	s, out, _ := newTestSweeper(store)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := store.taken(), []string{"destroy", "name", "bury", "scrub"}; !slices.Equal(got, want) {
		t.Errorf("steps %v, want %v", got, want)
	}
	if want := []Event{{Kind: Died, Board: Home, Thread: post.ID, ID: post.ID, Why: ByTime}}; !slices.Equal(out.heard, want) {
		t.Errorf("told %+v, want %+v", out.heard, want)
	}
}

func TestSweepScrubsAtStartAndThenOnlyAfterABurial(t *testing.T) {
	store := &steps{}
	s, _, _ := newTestSweeper(store)
	for i, want := range [][]string{{"destroy", "name", "bury", "scrub"}, {"destroy", "name", "bury"}} {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := store.taken(); !slices.Equal(got, want) {
			t.Errorf("sweep %d: steps %v, want %v", i, got, want)
		}
	}
}

func TestSweepTakesUpAgainWhatFailed(t *testing.T) {
	for step, want := range map[string][]string{
		"destroy": {"destroy"},
		"name":    {"destroy", "name"},
		"bury":    {"destroy", "name", "bury"},
		"scrub":   {"destroy", "name", "bury", "scrub"},
	} {
		t.Run(step, func(t *testing.T) {
			store := &steps{rows: 3}
			s, _, _ := newTestSweeper(store)
			store.set(step, errDisk)
			if err := s.Sweep(t.Context()); !errors.Is(err, errDisk) {
				t.Errorf("err = %v, want that of the disk", err)
			}
			if got := store.taken(); !slices.Equal(got, want) {
				t.Errorf("steps %v, want %v", got, want)
			}
			store.set(step, nil)
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, want := store.taken(), []string{"destroy", "name", "bury", "scrub"}; !slices.Equal(got, want) {
				t.Errorf("steps %v, want %v", got, want)
			}
		})
	}
}

func TestSweepTellsWhatEndedEvenWhenTheRowsStay(t *testing.T) {
	store := &steps{ends: []Ending{{ID: PostID{1}, Why: BySilence}}}
	store.set("bury", errDisk)
	s, out, log := newTestSweeper(store)
	out.err = errors.New("nobody listens")
	if err := s.Sweep(t.Context()); !errors.Is(err, errDisk) {
		t.Errorf("err = %v, want that of the disk", err)
	}
	if len(out.heard) != 1 || out.heard[0].Why != BySilence {
		t.Errorf("told %+v, want one ending by silence", out.heard)
	}
	if !strings.Contains(log.String(), "nobody listens") {
		t.Error("what was not told is not in the log")
	}
}

func TestRunSweepsEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &steps{}
		s, _, _ := newTestSweeper(store)
		stop := running(t, s)
		for range 5 {
			pass(SweepEvery)
			if n := times(store.taken(), "destroy"); n != 1 {
				t.Errorf("%d sweeps in a second, want 1", n)
			}
		}
		stop()
		pass(5 * SweepEvery)
		if got := store.taken(); len(got) != 0 {
			t.Errorf("after its end it did %v", got)
		}
	})
}

func TestRunGoesOnAfterAStepFailed(t *testing.T) {
	for _, step := range []string{"destroy", "name", "bury", "scrub"} {
		t.Run(step, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &steps{rows: 1}
				store.set(step, errDisk)
				s, _, log := newTestSweeper(store)
				stop := running(t, s)
				pass(SweepEvery)
				store.set(step, nil)
				store.taken()
				pass(SweepEvery)
				if got, want := store.taken(), []string{"destroy", "name", "bury", "scrub"}; !slices.Equal(got, want) {
					t.Errorf("the tick after the failure did %v, want %v", got, want)
				}
				stop()
				if strings.Count(log.String(), errDisk.Error()) != 1 {
					t.Errorf("the failure is not once in the log: %q", log)
				}
			})
		})
	}
}

// A key must not wait until a hundred thousand others were told of, or their rows
// buried, and a watchdog must not take that for a sweeper which hangs.
func TestRunDestroysKeysWhateverIsBeingToldOrBuried(t *testing.T) {
	for name, store := range map[string]*steps{"name": {name: 30 * time.Second}, "bury": {dig: 30 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _, _ := newTestSweeper(store)
				stop := running(t, s)
				stuck := make(chan bool, 1)
				ctx, cancel := context.WithCancel(t.Context())
				go func() { stuck <- s.Watch(ctx, func() {}) }()
				pass(20*SweepEvery + SweepEvery/2)
				got := store.taken()
				if n := times(got, "destroy"); n != 20 {
					t.Errorf("keys were destroyed %d times in 20 s, want 20", n)
				}
				if n := times(got, name); n != 1 {
					t.Errorf("step %q was taken %d times at once, want once", name, n)
				}
				if s.Late() {
					t.Error("it calls itself late")
				}
				cancel()
				if <-stuck {
					t.Error("it was given up")
				}
				stop()
			})
		})
	}
}

func TestSweeperIsLateAfterFiveSecondsWithoutDestroying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &steps{}
		s, _, _ := newTestSweeper(store)
		if !s.Late() {
			t.Error("before the first sweep it is not late")
		}
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.set("destroy", errDisk)
		stop := running(t, s)
		pass(lateAfter)
		if s.Late() {
			t.Errorf("late after %v", lateAfter)
		}
		pass(time.Millisecond)
		if !s.Late() {
			t.Errorf("not late after more than %v", lateAfter)
		}
		store.set("destroy", nil)
		pass(SweepEvery)
		if s.Late() {
			t.Error("still late after keys were destroyed again")
		}
		stop()
	})
}

func TestR20ASweeperThatHangsOrFailsIsGivenUpAfterTenSeconds(t *testing.T) {
	for _, name := range []string{"it hangs", "it fails"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failing := &steps{fail: map[string]error{"destroy": errDisk}}
				store, hang := Expirer(failing), make(chan struct{})
				if name == "it hangs" {
					store = hanging{failing, hang}
				}
				s, _, _ := newTestSweeper(store)
				s.last.Store(time.Now().UnixMilli()) // the sweep of the start
				ctx, cancel := context.WithCancel(t.Context())
				go s.Run(ctx)
				beats, stuck, began := 0, make(chan bool, 1), time.Now()
				go func() { stuck <- s.Watch(ctx, func() { beats++ }) }()
				pass(lateAfter + time.Millisecond)
				if !s.Late() || len(stuck) > 0 {
					t.Errorf("after %v late is %v and given up %v, want late and not yet given up", lateAfter, s.Late(), len(stuck) > 0)
				}
				if !<-stuck || time.Since(began) != 10*SweepEvery || beats != 10 {
					t.Errorf("given up after %v with %d beats, want 10 s and 10", time.Since(began), beats)
				}
				cancel()
				close(hang)
				synctest.Wait()
			})
		})
	}
}

func TestASweeperIsNotGivenUpForOneThatComesBackOrForAMachineThatSlept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &steps{}
		var slept atomic.Int64
		s, _, _ := newTestSweeper(store)
		s.now = func() time.Time { return time.Now().Add(time.Duration(slept.Load())) } // board time counts while the machine sleeps
		s.last.Store(time.Now().UnixMilli())
		ctx, cancel := context.WithCancel(t.Context())
		stuck := make(chan bool, 1)
		go func() { stuck <- s.Watch(ctx, func() {}) }()
		stop := running(t, s)
		store.set("destroy", errDisk)
		pass(8 * SweepEvery)
		store.set("destroy", nil)
		pass(2 * SweepEvery)
		slept.Store(int64(8 * time.Hour))
		pass(20 * SweepEvery)
		if len(stuck) > 0 {
			t.Error("it was given up")
		}
		if got := s.Sweeps(); got.Failed != 8 || got.Done != 22 || got.Since > SweepEvery {
			t.Errorf("it counts %+v", got)
		}
		cancel()
		if <-stuck {
			t.Error("its end was taken for being stuck")
		}
		stop()
	})
}

// hanging is a store whose keys can't be reached.
type hanging struct {
	*steps
	until chan struct{}
}

func (h hanging) Destroy(time.Time) error {
	<-h.until
	return errDisk
}

// pass lets time pass: the fake time of synctest.
func pass(d time.Duration) {
	time.Sleep(d) // no real time inside synctest.Test
	synctest.Wait()
}

// running starts s; the function it returns ends it and waits for that.
func running(t *testing.T, s *Sweeper) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func times(list []string, of string) int {
	n := 0
	for _, step := range list {
		if step == of {
			n++
		}
	}
	return n
}
