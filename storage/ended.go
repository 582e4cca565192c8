package storage

import (
	"sync"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// unnamed are keys that time has ended, with their ends. Until Endings has read
// which posts they were, Bury leaves the rows. Keys go on ending while it reads.
type unnamed struct {
	mu      sync.Mutex
	waiting map[keys.Ref]time.Time
	sought  map[keys.Ref]time.Time // their posts are being read
}

func (u *unnamed) add(dropped []keys.Dropped) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = make(map[keys.Ref]time.Time, len(dropped))
	}
	for _, d := range dropped {
		u.waiting[d.Ref] = d.EndsAt
	}
}

func (u *unnamed) has(r keys.Ref) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, waits := u.waiting[r]
	_, sought := u.sought[r]
	return waits || sought
}

// begin has those that had ended at now sought, beside what an earlier search did not
// come to, and says what the first of their ends is; false when there are none.
func (u *unnamed) begin(now time.Time) (first time.Time, some bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.sought == nil {
		u.sought = make(map[keys.Ref]time.Time, len(u.waiting))
	}
	for r, endsAt := range u.waiting {
		if !endsAt.After(now) {
			u.sought[r] = endsAt
			delete(u.waiting, r)
		}
	}
	for _, endsAt := range u.sought {
		if !some || endsAt.Before(first) {
			first, some = endsAt, true
		}
	}
	return first, some
}

// named takes a key off the list, and says whether its post was sought.
func (u *unnamed) named(r keys.Ref) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, sought := u.sought[r]
	delete(u.sought, r)
	return sought
}

// finish ends a search that has read all: what it has not found were replies.
func (u *unnamed) finish() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sought = nil
}

// endings is a list that two goroutines may add to.
type endings struct {
	mu   sync.Mutex
	list []board.Ending
}

func (e *endings) add(list ...board.Ending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, list...)
}

func (e *endings) take() []board.Ending {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.list
	e.list = nil
	return list
}

// graves are the rows that wait to be deleted though their time has not come, and
// whether each is a reply.
type graves struct {
	mu   sync.Mutex
	rows map[board.PostID]bool
}

func (g *graves) add(id board.PostID, isReply bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rows == nil {
		g.rows = map[board.PostID]bool{}
	}
	g.rows[id] = isReply
}

func (g *graves) remove(id board.PostID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.rows, id)
}

// some returns up to n of them.
func (g *graves) some(n int) map[board.PostID]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	rows := make(map[board.PostID]bool, min(n, len(g.rows)))
	for id, isReply := range g.rows {
		if len(rows) == n {
			break
		}
		rows[id] = isReply
	}
	return rows
}
