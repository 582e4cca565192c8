package storage

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errHurried ends a query that stood in the way of emptying the journal.
var errHurried = errors.New("the query took too long")

// gate lets readers in, except while the journal is emptied: one reader keeps all
// that has ended since on the disk.
type gate struct {
	inside sync.RWMutex

	mu    sync.Mutex
	ctx   context.Context // of all who are inside
	hurry context.CancelCauseFunc
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ctx, g.hurry = context.WithCancelCause(context.Background())
}

// enter waits until the gate is open. The reader may stay for as long as allowed,
// then its queries are interrupted; it must leave.
func (g *gate) enter(ctx context.Context, allowed time.Duration) (context.Context, func()) {
	g.inside.RLock()
	g.mu.Lock()
	everyone := g.ctx
	g.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(allowed, func() { cancel(errHurried) })
	stop := context.AfterFunc(everyone, func() { cancel(errHurried) })
	return ctx, func() {
		stop()
		timer.Stop()
		cancel(nil)
		g.inside.RUnlock()
	}
}

// shut keeps new readers out and waits for those inside; after patience it
// interrupts them. It returns the way to open the gate again.
func (g *gate) shut(patience time.Duration) (reopen func()) {
	g.mu.Lock()
	hurry := g.hurry
	g.mu.Unlock()
	timer := time.AfterFunc(patience, func() { hurry(errHurried) })
	g.inside.Lock()
	if !timer.Stop() {
		g.open()
	}
	return g.inside.Unlock
}
