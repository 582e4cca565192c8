// Package alert tells the hosts of a board, wherever they are, that something waits
// for them: what kind of thing, and how many of it. It never holds a word of a post, a
// board or a person, so that whoever carries the news learns nothing.
package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Kind is what there is to tell. Its sentence is in the catalogue, as alert.KIND.
type Kind string

// The kinds there are.
const (
	Reports Kind = "reports" // of readers
	Holds   Kind = "holds"   // posts that wait for an admin
	Claims  Kind = "claims"  // by law
	Raid    Kind = "raid"    // raid mode began
	Disk    Kind = "disk"    // nearly full
	Test    Kind = "test"

	Certificate Kind = "certificate" // it can't be had, or ends soon
)

// kinds are told in this order. There is no more to keep than a number for each.
var kinds = []Kind{Disk, Certificate, Raid, Claims, Holds, Reports}

const (
	quietTime  = 5 * time.Minute // between two of one kind
	retryFirst = 5 * time.Second
	retryMost  = 5 * time.Minute
	sendTime   = 20 * time.Second
	countMost  = 1_000_000
)

// Receiver carries a sentence to a host.
type Receiver interface {
	Send(ctx context.Context, sentence string) error
}

// Bell tells receivers. Its methods may be called from any goroutine.
type Bell struct {
	say   func(Kind, int) string
	on    func() bool
	lines []*line
}

// New gives a Bell that tells every receiver, while on says so.
func New(say func(Kind, int) string, on func() bool, log *slog.Logger, receivers ...Receiver) *Bell {
	b := &Bell{say: say, on: on}
	for _, r := range receivers {
		b.lines = append(b.lines, &line{
			to: r, say: say, log: log, rung: make(chan struct{}, 1),
			waiting: map[Kind]int{}, quiet: map[Kind]time.Time{},
		})
	}
	return b
}

// Notify has n more of a kind told: at once or, when one was told less than five
// minutes ago, together with what comes until then. It never waits.
func (b *Bell) Notify(kind Kind, n int) {
	if n <= 0 || !b.on() {
		return
	}
	for _, l := range b.lines {
		l.add(kind, n)
	}
}

// Run tells until ctx ends. What no receiver took by then is forgotten.
func (b *Bell) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, l := range b.lines {
		all.Go(func() { l.run(ctx) })
	}
}

// ErrNobody is what Try gives when nobody would be told.
var ErrNobody = errors.New("no receiver is set")

// Try tells every receiver now that this is a test, and says which one did not take it.
func (b *Bell) Try(ctx context.Context) error {
	if len(b.lines) == 0 {
		return ErrNobody
	}
	var failed error
	for _, l := range b.lines {
		failed = errors.Join(failed, l.send(ctx, Test, 1))
	}
	return failed
}

// State is how a Bell is doing.
type State struct {
	Receivers int
	Failing   int // of them, since their last alert
}

// State counts receivers, and those that did not take the last one.
func (b *Bell) State() State {
	s := State{Receivers: len(b.lines)}
	for _, l := range b.lines {
		if l.failing() {
			s.Failing++
		}
	}
	return s
}

// line is the way to one receiver.
type line struct {
	to   Receiver
	say  func(Kind, int) string
	log  *slog.Logger
	rung chan struct{}

	mu      sync.Mutex
	waiting map[Kind]int
	quiet   map[Kind]time.Time // until when nothing of a kind is told
	failed  int                // in a row
}

// keep has n of a kind wait.
func (l *line) keep(kind Kind, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[kind] = min(l.waiting[kind]+n, countMost)
}

func (l *line) add(kind Kind, n int) {
	l.keep(kind, n)
	select {
	case l.rung <- struct{}{}:
	default: // it is about to look anyway
	}
}

func (l *line) failing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed > 0
}

// run tells what is due; after a failure it waits a while, for longer each time.
func (l *line) run(ctx context.Context) {
	for {
		wait, some := l.tellDue(ctx)
		var next <-chan time.Time
		rung := l.rung
		if some {
			next = time.After(wait)
		}
		if l.failing() {
			rung = nil // more to tell is no reason to try sooner
		}
		select {
		case <-ctx.Done():
			return
		case <-rung:
		case <-next:
		}
	}
}

// tellDue tells each kind whose time has come, and returns when it should be called
// next, if anything is left to tell.
func (l *line) tellDue(ctx context.Context) (wait time.Duration, some bool) {
	for _, kind := range kinds {
		n, due := l.take(kind)
		if n == 0 {
			continue
		}
		if due <= 0 {
			if err := l.send(ctx, kind, n); err != nil {
				l.keep(kind, n)
				return l.backOff(), true
			}
			l.hush(kind)
			continue
		}
		l.keep(kind, n)
		if !some || due < wait {
			wait, some = due, true
		}
	}
	return wait, some
}

// take takes what waits of a kind, and says when it may be told.
func (l *line) take(kind Kind) (n int, due time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = l.waiting[kind]
	delete(l.waiting, kind)
	return n, time.Until(l.quiet[kind])
}

func (l *line) hush(kind Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet[kind] = time.Now().Add(quietTime)
}

func (l *line) backOff() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return min(retryFirst<<min(max(0, l.failed-1), 10), retryMost)
}

// send tells one sentence.
func (l *line) send(ctx context.Context, kind Kind, n int) error {
	within, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err := l.to.Send(within, l.say(kind, n))
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // no fault of the receiver's
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.failed = 0
		return nil
	}
	if l.failed++; l.failed == 1 {
		l.log.WarnContext(ctx, "an alert was not taken; it is tried again", "err", err)
	}
	return fmt.Errorf("alert: %w", err)
}
