// Package storage keeps posts as boxes in SQL and their keys elsewhere, so that
// what has ended can be destroyed. It knows the order of writes that makes a
// birth durable and an ending final (docs/storage.md), and nothing of people.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

var (
	_ board.Posts         = (*Store)(nil)
	_ board.Expirer       = (*Store)(nil)
	_ board.SettingsStore = (*Store)(nil)
	_ board.AdminStore    = (*Store)(nil)
	_ board.Resetter      = (*Store)(nil)
	_ board.Resetter      = (*SettingsFile)(nil)
	_ board.Registry      = (*Store)(nil)
	_ board.Registry      = (*SettingsFile)(nil)
	_ board.Questions     = (*Store)(nil)
	_ board.Questions     = (*SettingsFile)(nil)
	_ board.FilterStore   = (*SettingsFile)(nil)
	_ board.DoorStore     = (*Store)(nil)
	_ board.DoorStore     = (*SettingsFile)(nil)
)

// readTime is how long a query may take: a reader that stays keeps what has ended
// in the journal.
const readTime = time.Second

// Store is one node's rows and keys. It is safe for concurrent use.
//
// Locks are taken in this order: naming, tidying, writing, gate.
type Store struct {
	keys   *keys.Store
	log    *slog.Logger
	boards atomic.Pointer[[]board.Info] // as they were last read; never changed in place
	path   string                       // of the database
	folder *os.File                     // locked while this Store is open
	fresh  bool                         // its file of keys is not the one these rows had before

	writer  *sql.DB // one connection, used under writing
	readers *sql.DB // a few, read-only, used inside the gate
	digger  *sql.DB // one connection that only buries, used under writing
	aside   *sql.DB // one connection that only checkpoints

	writing sync.Mutex // one transaction at a time; ends in rows and in memory agree whenever it is free
	gate    gate
	seen    atomic.Int64 // the latest now that anybody asked with, ms

	version atomic.Uint64                    // grows with every change
	turns   atomic.Uint64                    // with those that take something away: see Turns
	feeds   cache[board.Query, []board.Post] // with the first of the next page
	threads cache[board.PostID, thread]
	prompts cache[string, []board.Post]    // by board
	notices atomic.Pointer[[]board.Notice] // as the table holds them; never changed in place

	queue    chan *op
	hurry    atomic.Int64 // callers of do and Vote that wait
	joints   joints       // votes that wait
	stopping sync.RWMutex // held to close the queue
	stopped  bool
	working  sync.WaitGroup // the committer and the tidier
	tidy     chan struct{}
	tidying  sync.Mutex   // one boundJournal at a time
	tidied   atomic.Int64 // how large the journal was when it was last brought in

	naming  sync.Mutex   // one Endings at a time
	unnamed unnamed      // keys that time has ended, whose posts Endings has yet to find
	untold  endings      // posts that have ended, of whom nobody was told yet
	byHand  graves       // rows whose time has not come, but whose keys are gone
	deleted atomic.Int64 // rows that Bury has yet to speak of
	roomy   atomic.Bool  // many pages of the database are empty
	talks   talks        // posts that have chats
}

// Close finishes what is queued, empties the journal and lets go of the files.
// Whatever is asked afterwards is refused. Close the key store after it. A second
// Close does nothing.
func (s *Store) Close() error {
	if !s.stop() {
		return nil
	}
	s.working.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	scrubbed := s.emptyJournal(ctx)
	return errors.Join(scrubbed, s.closeFiles())
}

// stop closes the queue, and says whether it was open.
func (s *Store) stop() bool {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if s.stopped {
		return false
	}
	s.stopped = true
	close(s.queue)
	return true
}

func (s *Store) closeFiles() error {
	err := errors.Join(s.readers.Close(), s.aside.Close(), s.digger.Close(), s.writer.Close())
	if s.folder != nil {
		err = errors.Join(err, s.folder.Close())
	}
	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// at is now, or the latest moment that anybody was answered for: within one Store
// time does not step back, so what was seen to be gone stays gone.
func (s *Store) at(now time.Time) time.Time {
	ms := now.UnixMilli()
	for {
		seen := s.seen.Load()
		if ms <= seen {
			return time.UnixMilli(seen).UTC()
		}
		if s.seen.CompareAndSwap(seen, ms) {
			return time.UnixMilli(ms).UTC()
		}
	}
}
