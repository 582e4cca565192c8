package search

import (
	"context"
	"syscall"
	"time"
)

// pace holds work that may wait to a share of the processor, so that who asks is served
// first.
type pace struct {
	turn  chan struct{} // one works, or rests, at a time
	spent func() time.Duration
}

func newPace(spent func() time.Duration) pace { return pace{make(chan struct{}, 1), spent} }

const (
	// lookTime is which part of the time that work took is spent looking whether this
	// process does anything else. It is all that work loses where nobody is served.
	lookTime  = 8
	lookLeast = time.Millisecond
	// othersLeast is which part of that time must have been spent on others.
	othersLeast = 8
	restMost    = 250 * time.Millisecond
)

// work does some work and then rests: where others were served meanwhile, as long as
// the work took, so that it has half of the processor at most. When ctx has ended there is
// neither.
func (p pace) work(ctx context.Context, do func()) {
	select {
	case <-ctx.Done():
		return
	case p.turn <- struct{}{}:
	}
	defer func() { <-p.turn }()
	began := time.Now()
	do()
	rest := min(time.Since(began), restMost)
	look := max(rest/lookTime, lookLeast)
	before := p.spent()
	pause(ctx, look)
	if p.spent()-before > look/othersLeast {
		pause(ctx, rest-look)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// spent is what this process has had of the processor; 0 where nobody can say, and then
// nobody rests.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
