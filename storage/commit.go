package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

const (
	// window is how long the first of a batch waits for others. Many births then
	// share one sync; a longer one buys nothing (PERFORMANCE.md 2).
	window = time.Millisecond
	// queueMax is how many changes may wait; more are refused as Busy.
	queueMax = 500
	// batchBytes is how many bytes of boxes go into one transaction, give or take
	// one post: words should not wait for many pictures.
	batchBytes = 4 << 20
)

// op is one change on its way into the next transaction.
type op struct {
	ctx   context.Context
	birth *birth                                      // nil: nothing is born
	bytes int                                         // of the boxes it writes, where they may be large
	run   func(ctx context.Context, tx *sql.Tx) error // in a savepoint of its own
	adds  bool                                        // nothing is gone by it, and nothing ends sooner; run may say so
	after func()                                      // once it is on disk; no other change has run since
	err   error
	done  chan error
}

// birth is a key that must be on disk before the row that names it.
type birth struct {
	key           board.Key
	capAt, endsAt time.Time
	ref           keys.Ref // where it was put
}

var (
	errClosed    = errors.New("storage: closed")
	errQueueFull = &board.Error{Kind: board.Busy, Code: "error.busy", Err: errors.New("the queue of writes is full")}
)

// do has a change made, and returns once it is durable or refused. A change whose
// ctx ends before its batch begins is not made; after that it is finished, and do
// says what became of it.
func (s *Store) do(o *op) error {
	o.done = make(chan error, 1)
	s.hurry.Add(1)
	defer s.hurry.Add(-1)
	if err := s.enqueue(o); err != nil {
		return err
	}
	return <-o.done
}

func (s *Store) enqueue(o *op) error {
	s.stopping.RLock()
	defer s.stopping.RUnlock()
	if s.stopped {
		return errClosed
	}
	select {
	case s.queue <- o:
		return nil
	default:
		return errQueueFull
	}
}

// commitAll is the one goroutine that commits.
func (s *Store) commitAll() {
	defer close(s.tidy)
	for first := range s.queue {
		s.commit(s.gather(first))
	}
}

// gather takes what else arrives within the window, up to batchBytes.
func (s *Store) gather(first *op) []*op {
	batch := []*op{first}
	timer := time.NewTimer(window)
	defer timer.Stop()
	for size := first.bytes; len(batch) < queueMax && size < batchBytes; {
		select {
		case o, ok := <-s.queue:
			if !ok {
				return batch
			}
			batch = append(batch, o)
			size += o.bytes
		case <-timer.C:
			return batch
		}
	}
	return batch
}

// commit carries a batch to disk: keys, sync, rows, commit. Then it answers.
func (s *Store) commit(batch []*op) {
	ctx := context.Background() // no one's leaving may interrupt the others
	s.writing.Lock()
	for _, o := range batch {
		o.err = o.ctx.Err()
	}
	s.place(batch)
	s.transact(ctx, batch)
	for _, o := range batch {
		if o.err == nil && o.after != nil {
			o.after()
		}
	}
	s.added(batch)
	s.writing.Unlock()
	s.withdraw(ctx, batch)
	for _, o := range batch {
		o.done <- o.err
	}
	s.tidyWhenLarge()
}

// place puts the batch's keys on disk with one sync.
func (s *Store) place(batch []*op) {
	placed := false
	for _, o := range batch {
		if o.birth == nil || o.err != nil {
			continue
		}
		o.birth.ref, o.err = s.keys.Put(o.birth.capAt, o.birth.endsAt, o.birth.key)
		placed = placed || o.err == nil
	}
	if !placed {
		return
	}
	if err := s.keys.Sync(); err != nil {
		for _, o := range batch {
			if o.birth != nil {
				o.fail(err)
			}
		}
	}
}

func (o *op) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// transact runs the batch in one transaction. An op that fails alone is undone
// alone.
func (s *Store) transact(ctx context.Context, batch []*op) {
	err := inTx(ctx, s.writer, func(tx *sql.Tx) error {
		for _, o := range batch {
			if o.err != nil {
				continue
			}
			var broken error
			if o.err, broken = inSavepoint(ctx, tx, o.run); broken != nil {
				return broken
			}
		}
		return nil
	})
	if err != nil {
		for _, o := range batch {
			o.fail(err)
		}
	}
}

// inSavepoint runs one change. broken says that the whole transaction is lost.
func inSavepoint(ctx context.Context, tx *sql.Tx, run func(context.Context, *sql.Tx) error) (err, broken error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT op"); err != nil {
		return err, err
	}
	if err = run(ctx, tx); err != nil {
		if _, undo := tx.ExecContext(ctx, "ROLLBACK TO op"); undo != nil {
			return err, err
		}
	}
	if _, release := tx.ExecContext(ctx, "RELEASE op"); release != nil {
		return errors.Join(err, release), release
	}
	return err, nil
}

// inTx commits what f does, or nothing of it.
func inTx(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// withdraw takes back the keys of births that failed.
func (s *Store) withdraw(ctx context.Context, batch []*op) {
	failed := 0
	for _, o := range batch {
		if o.birth != nil && o.err != nil && o.birth.ref != (keys.Ref{}) {
			s.keys.Drop(o.birth.ref)
			failed++
		}
	}
	if failed == 0 {
		return
	}
	if err := s.keys.Erase(); err != nil {
		s.log.ErrorContext(ctx, "keys of refused posts are not off the disk yet; the sweeper tries again", "err", err)
	}
}
