package limit

import (
	"sync"
	"time"

	"mayfly/board"
)

// waits counts, by cost, how many asked within about an hour and how many of them had
// to wait or to bring a proof. It knows of nobody who they were.
type waits struct {
	now board.Clock

	mu    sync.Mutex
	turns [waitTurns]turn
}

const (
	waitTurns = 6
	waitTurn  = 10 * time.Minute
)

// turn is ten minutes.
type turn struct {
	number      int64
	all, waited [Image + 1]int
}

func (w *waits) count(c Cost, waited bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	number := w.now().UnixNano() / int64(waitTurn)
	t := &w.turns[number%waitTurns]
	if t.number != number {
		*t = turn{number: number}
	}
	t.all[c]++
	if waited {
		t.waited[c]++
	}
}

// Waits is how many asked for something within the last hour, give or take ten
// minutes, and how many of them had to wait.
func (g *Gate) Waits(c Cost) (waited, all int) {
	w := g.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	number := w.now().UnixNano() / int64(waitTurn)
	for _, t := range w.turns {
		if number-t.number < waitTurns {
			waited, all = waited+t.waited[c], all+t.all[c]
		}
	}
	return waited, all
}
