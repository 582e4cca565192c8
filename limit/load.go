package limit

import (
	"math"
	"time"
)

const (
	spentMax  = 1 << 18 // proofs that an epoch remembers: 437 a second
	loadsMax  = 1 << 16 // networks and boards
	queuesMax = 1 << 16 // networks with somebody in the waiting room
)

// load is how many writes came in about the last minute: each counts for less as it
// grows older.
type load struct {
	n  float64
	at time.Time
}

const loadTime = time.Minute

func (l load) count(now time.Time) float64 {
	return l.n * math.Exp(-now.Sub(l.at).Seconds()/loadTime.Seconds())
}

// loudness is the load of whoever t stands for, in units of busy. With no room to
// remember more, who is not known is as loud as one that is asked for proofs.
func (e *epoch) loudness(t tag, now time.Time, busy float64) float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, known := e.loads[t]
	if !known && len(e.loads) >= loadsMax {
		return 1
	}
	return l.count(now) / busy
}

// hear counts one write.
func (e *epoch) hear(t tag, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, known := e.loads[t]
	if known || len(e.loads) < loadsMax {
		e.loads[t] = load{l.count(now) + 1, now}
	}
}

// spend takes a proof once. It is remembered for as long as the key that signed it,
// so it is never taken twice: with no room to remember more, none is taken.
func (e *epoch) spend(sign tag) (spent, full bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, before := e.spent[sign]; before {
		return false, false
	}
	if len(e.spent) >= spentMax {
		return false, true
	}
	e.spent[sign] = struct{}{}
	return true, false
}

func (e *epoch) isSpent(sign tag) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, spent := e.spent[sign]
	return spent
}

// next is when the queue of t lets the next one in.
func (e *epoch) next(t tag) (at time.Time, full bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, known := e.queues[t]
	return at, !known && len(e.queues) >= queuesMax
}

func (e *epoch) queue(t tag, next time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queues[t] = next
}
