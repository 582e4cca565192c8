package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ear is a receiver that notes what it was told and when, and refuses while it is deaf.
type ear struct {
	began time.Time

	mu    sync.Mutex
	deaf  bool
	tries int
	heard []string
}

func (e *ear) Send(_ context.Context, sentence string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tries++
	if e.deaf {
		return errors.New("deaf")
	}
	e.heard = append(e.heard, fmt.Sprintf("%v %s", time.Since(e.began), sentence))
	return nil
}

func (e *ear) set(deaf bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deaf = deaf
}

func (e *ear) tried() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tries
}

func (e *ear) wants(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Equal(e.heard, want) {
		t.Errorf("heard %q, want %q", e.heard, want)
	}
}

func say(k Kind, n int) string { return fmt.Sprintf("%d %s", n, k) }

func always() bool { return true }

// ring starts a bell in a bubble of time.
func ring(t *testing.T, on func() bool, log *slog.Logger, ears ...*ear) *Bell {
	t.Helper()
	var receivers []Receiver
	for _, e := range ears {
		e.began = time.Now()
		receivers = append(receivers, e)
	}
	b := New(say, on, log, receivers...)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return b
}

var quiet = slog.New(slog.DiscardHandler)

func TestTheFirstIsToldAtOnceAndTheRestTogetherAfterFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &ear{}
		b := ring(t, always, quiet, e)
		b.Notify(Reports, 1)
		e.wants(t, "0s 1 reports")
		for range 40 {
			time.Sleep(time.Second)
			b.Notify(Reports, 2)
		}
		e.wants(t, "0s 1 reports")
		time.Sleep(10 * time.Minute)
		e.wants(t, "0s 1 reports", "5m0s 80 reports")
		b.Notify(Reports, 1)
		e.wants(t, "0s 1 reports", "5m0s 80 reports", "10m40s 1 reports")
	})
}

func TestKindsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &ear{}
		b := ring(t, always, quiet, e)
		b.Notify(Holds, 1)
		e.wants(t, "0s 1 holds")
		time.Sleep(time.Minute)
		b.Notify(Disk, 1)
		b.Notify(Holds, 1)
		e.wants(t, "0s 1 holds", "1m0s 1 disk")
		time.Sleep(time.Hour)
		e.wants(t, "0s 1 holds", "1m0s 1 disk", "5m0s 1 holds")
	})
}

func TestAReceiverThatDoesNotTakeItIsTriedForLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e, other := &ear{deaf: true}, &ear{}
		b := ring(t, always, slog.New(slog.NewTextHandler(&log, nil)), e, other)
		b.Notify(Raid, 1)
		other.wants(t, "0s 1 raid") // and nobody else waits for it
		if s := b.State(); s != (State{Receivers: 2, Failing: 1}) {
			t.Errorf("state = %+v", s)
		}
		for range 500 {
			b.Notify(Raid, 1) // more to tell is no reason to try sooner
		}
		synctest.Wait()
		if n := e.tried(); n != 1 {
			t.Errorf("tried %d times at once", n)
		}
		time.Sleep(time.Hour)
		if n := e.tried(); n < 15 || n > 25 {
			t.Errorf("tried %d times in an hour", n)
		}
		if n := bytes.Count(log.Bytes(), []byte("\n")); n != 1 {
			t.Errorf("%d lines in the log, want one:\n%s", n, &log)
		}
		e.set(false)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if s := b.State(); s.Failing != 0 || len(e.heard) != 1 || e.heard[0][len(e.heard[0])-8:] != "501 raid" {
			t.Errorf("it came back: %+v, heard %q", s, e.heard)
		}
	})
}

func TestNobodyIsToldWhileAlertsAreOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &ear{}
		b := ring(t, func() bool { return false }, quiet, e)
		b.Notify(Reports, 1)
		time.Sleep(time.Hour)
		e.wants(t)
	})
}

func TestATestIsToldNowAndSaysHowItWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &ear{}
		b := ring(t, func() bool { return false }, quiet, e) // that they are off is no matter
		if err := b.Try(t.Context()); err != nil {
			t.Error(err)
		}
		e.wants(t, "0s 1 test")
		e.set(true)
		if err := b.Try(t.Context()); err == nil || b.State().Failing != 1 {
			t.Errorf("a deaf one: %v, %+v", err, b.State())
		}
		if err := New(say, always, quiet).Try(t.Context()); !errors.Is(err, ErrNobody) {
			t.Errorf("with nobody: %v", err)
		}
	})
}

// stuck takes a sentence and never answers.
type stuck struct{}

func (stuck) Send(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestABellThatIsToldToStopStopsAtOnceAndBlamesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := New(say, always, slog.New(slog.NewTextHandler(&log, nil)), stuck{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			b.Run(ctx)
			close(done)
		}()
		b.Notify(Disk, 1)
		synctest.Wait()
		began := time.Now()
		cancel()
		<-done
		if took := time.Since(began); took > 0 || b.State().Failing > 0 || log.Len() > 0 {
			t.Errorf("it took %v, %+v, and said %q", took, b.State(), &log)
		}
	})
}
