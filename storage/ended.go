package storage

import (
	"sync"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// unnamed are keys that time has ended, with their ends. Until Destroy has read
// which posts they were, Bury leaves the rows.
type unnamed struct {
	mu   sync.Mutex
	refs map[keys.Ref]time.Time
}

func (u *unnamed) add(dropped []keys.Dropped) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.refs == nil {
		u.refs = make(map[keys.Ref]time.Time, len(dropped))
	}
	for _, d := range dropped {
		u.refs[d.Ref] = d.EndsAt
	}
}

func (u *unnamed) has(r keys.Ref) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, has := u.refs[r]
	return has
}

// named takes a key off the list, and says whether it was on it.
func (u *unnamed) named(r keys.Ref) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, has := u.refs[r]
	delete(u.refs, r)
	return has
}

// earliest is the first of the ends; false when there are none.
func (u *unnamed) earliest() (first time.Time, some bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, endsAt := range u.refs {
		if !some || endsAt.Before(first) {
			first, some = endsAt, true
		}
	}
	return first, some
}

func (u *unnamed) clear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refs = nil
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
