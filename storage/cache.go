package storage

import (
	"sync"
	"sync/atomic"
	"time"

	"mayfly/board"
)

// cacheSize is how many answers a cache holds. They are opened posts, and all are
// forgotten with the next change, so that text does not linger in memory.
const cacheSize = 16

// cache holds answers that are right as long as nothing has changed and nothing in
// them has ended. To open fifty boxes costs twenty times what a hit does.
type cache[Q comparable, A any] struct {
	version *atomic.Uint64 // grows with every change
	mu      sync.Mutex
	at      uint64 // the version of the answers
	answers map[Q]answer[A]
}

type answer[A any] struct {
	is     A
	before time.Time // when the first thing in it ends
}

// get returns an answer that is right at now, and the version to put another with.
func (c *cache[Q, A]) get(q Q, now time.Time) (a A, version uint64, ok bool) {
	version = c.version.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.answers[q]
	if !ok || c.at != version || !now.Before(known.before) {
		return a, version, false
	}
	return known.is, version, true
}

// put keeps an answer that was read after get gave version.
func (c *cache[Q, A]) put(q Q, a A, version uint64, before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version != c.version.Load() {
		return
	}
	if c.at != version || len(c.answers) >= cacheSize {
		c.answers = nil
	}
	if c.answers == nil {
		c.answers = make(map[Q]answer[A], cacheSize)
	}
	c.at, c.answers[q] = version, answer[A]{a, before}
}

func (c *cache[Q, A]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = nil
}

// changed makes every answer so far a wrong one, and every page that is shared. It is
// called before anybody is told of the change.
func (s *Store) changed() {
	s.forget()
	s.turns.Add(1)
}

func (s *Store) forget() {
	s.version.Add(1)
	s.feeds.clear()
	s.threads.clear()
	s.prompts.clear()
}

// firstEnd is when the first of posts ends.
func firstEnd(posts []board.Post) time.Time {
	first := time.Unix(1<<40, 0)
	for _, p := range posts {
		if p.Life.EndsAt.Before(first) {
			first = p.Life.EndsAt
		}
	}
	return first
}
