package storage

import (
	"time"

	"mayfly/board"
)

// Turns counts the changes that a page which many share must not outlive: all but those
// that add something, or lengthen a life.
func (s *Store) Turns() uint64 { return s.turns.Load() }

// Changes counts all changes.
func (s *Store) Changes() uint64 { return s.version.Load() }

// added is changed after a batch of writes, and leaves Turns as it is where none of them
// took anything away.
func (s *Store) added(batch []*op) {
	for _, o := range batch {
		if o.err == nil && !o.adds {
			s.changed()
			return
		}
	}
	s.forget()
}

// hastens says whether a life that was moved ends so soon that a page which is shared
// already could outlive it.
func hastens(was, is board.Life, now time.Time) bool {
	return is.EndsAt.Before(was.EndsAt) && is.EndsAt.Before(now.Add(2*board.SharedTime))
}
