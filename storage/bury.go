package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"mayfly/board"
)

const (
	// digTime is how long one transaction of Bury lasts, and breath the pause
	// between two: posts go first (PERFORMANCE.md 2).
	digTime = 3 * time.Millisecond
	breath  = 3 * time.Millisecond
	// digRows is how many rows are taken in hand at a time.
	digRows = 50
	// freePages is how many empty pages a Bury gives back to the disk. While there
	// are more than manyPages (of pictures that ended), it goes on doing so.
	freePages = "200"
	manyPages = 1000
)

// Bury deletes the rows of what has ended, in short transactions that let posts go
// first, and says how many it and End have deleted since the last Bury.
func (s *Store) Bury(ctx context.Context, now time.Time) (int, error) {
	err := s.digAll(ctx, s.at(now))
	rows := int(s.deleted.Swap(0))
	if err == nil && (rows > 0 || s.roomy.Load()) {
		err = s.shrink(ctx)
	}
	return rows, wrap("bury", err)
}

func (s *Store) digAll(ctx context.Context, now time.Time) error {
	d := digger{store: s, now: now, boards: s.boardList()}
	d.fromTheTop()
	for {
		if err := s.dig(ctx, &d); err != nil {
			return err
		}
		if err := s.boundJournal(ctx); err != nil || d.finished {
			return err
		}
		if !pause(ctx, breath) {
			return ctx.Err()
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// dig runs one transaction of d, or leaves d where it was. It is too short to be
// worth interrupting.
func (s *Store) dig(ctx context.Context, d *digger) error {
	ctx = context.WithoutCancel(ctx)
	s.writing.Lock()
	defer s.writing.Unlock()
	next := *d
	next.byHand, next.deleted = nil, 0
	err := inTx(ctx, s.writer, func(tx *sql.Tx) error {
		next.until = time.Now().Add(digTime) // from here on, so that each gets something done
		return next.dig(ctx, tx)
	})
	if err != nil {
		return err
	}
	for _, id := range next.byHand {
		s.byHand.remove(id)
	}
	s.deleted.Add(int64(next.deleted))
	*d = next
	return nil
}

// digger is how far a Bury has come: first what was ended by hand, then board
// after board what has had its time.
type digger struct {
	store    *Store
	now      time.Time
	boards   []board.Info // still to do
	after    position     // on the first of them
	finished bool

	until   time.Time      // of this transaction
	byHand  []board.PostID // done in this transaction
	deleted int            // in this transaction
}

func (d *digger) fromTheTop() { d.after = position{endsAt: -1} }

func (d *digger) outOfTime() bool { return !time.Now().Before(d.until) }

func (d *digger) dig(ctx context.Context, tx querier) error {
	for !d.outOfTime() {
		found, err := d.digByHand(ctx, tx)
		if err != nil {
			return err
		}
		if found {
			continue
		}
		if len(d.boards) == 0 {
			n, err := deleteClaims(ctx, tx, d.now)
			d.deleted += n
			d.finished = err == nil
			return err
		}
		if err := d.digBoard(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// digByHand buries some of what was ended by hand, and says whether there was any.
func (d *digger) digByHand(ctx context.Context, tx querier) (bool, error) {
	some := d.store.byHand.some(digRows + len(d.byHand))
	for _, id := range d.byHand {
		delete(some, id)
	}
	for id, isReply := range some {
		done, err := d.digOne(ctx, tx, id, isReply)
		if err != nil || !done {
			return true, err
		}
		d.byHand = append(d.byHand, id)
	}
	return len(some) > 0, nil
}

func (d *digger) digOne(ctx context.Context, tx querier, id board.PostID, isReply bool) (bool, error) {
	const find = `
		SELECT ends_at, seq, id, board, unlisted, until, slot, gen, replies
		FROM posts
		WHERE id = $1`
	if isReply {
		n, err := deleteReply(ctx, tx, id)
		d.deleted += n
		return true, err
	}
	e, err := scanEnded(tx.QueryRowContext(ctx, find, id[:]).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return d.bury(ctx, tx, e)
}

// digBoard buries some of the first board's ended posts, and goes on to the next
// board when there are no more.
func (d *digger) digBoard(ctx context.Context, tx querier) error {
	page, err := endedRows(ctx, tx, d.boards[0].Slug, d.after, d.now, digRows)
	if err != nil {
		return err
	}
	for _, e := range page {
		done, err := d.bury(ctx, tx, e)
		if err != nil || !done {
			return err
		}
		if d.after = e.position; d.outOfTime() {
			return nil
		}
	}
	if len(page) == digRows {
		return nil
	}
	n, err := deleteTraces(ctx, tx, d.boards[0].Slug, d.now)
	if err == nil && len(d.boards) == 1 { // the last one
		var notices int
		notices, err = deleteNotices(ctx, tx, d.now)
		n += notices
	}
	d.deleted += n
	d.boards = d.boards[1:]
	d.fromTheTop()
	return err
}

// bury deletes a post whose key is gone, after its replies; with many of them it
// may not be done in one transaction. A post that still has its key (a vote has
// just moved its end), or that Destroy has yet to name, is left to a later Bury.
func (d *digger) bury(ctx context.Context, tx querier, e endedRow) (done bool, err error) {
	const deletePost = `
		DELETE FROM posts
		WHERE seq = $1`
	if d.store.keys.Has(e.ref) || d.store.unnamed.has(e.ref) {
		return true, nil
	}
	for more := e.replies > 0; more; {
		n, err := deleteReplies(ctx, tx, e.seq)
		if err != nil {
			return false, err
		}
		d.deleted += n
		if more = n == digRows; more && d.outOfTime() {
			return false, nil
		}
	}
	if _, err := tx.ExecContext(ctx, deletePost, e.seq); err != nil {
		return false, err
	}
	d.deleted++
	return true, nil
}

func deleteReplies(ctx context.Context, tx querier, thread int64) (int, error) {
	const q = `
		DELETE FROM replies
		WHERE seq IN (SELECT seq FROM replies WHERE thread = $1 LIMIT $2)`
	return affected(tx.ExecContext(ctx, q, thread, digRows))
}

func deleteReply(ctx context.Context, tx querier, id board.PostID) (int, error) {
	const q = `
		DELETE FROM replies
		WHERE id = $1`
	return affected(tx.ExecContext(ctx, q, id[:]))
}

func deleteTraces(ctx context.Context, tx querier, slug string, now time.Time) (int, error) {
	const q = `
		DELETE FROM traces
		WHERE board = $1 AND until <= $2`
	return affected(tx.ExecContext(ctx, q, slug, now.UnixMilli()))
}

func affected(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// shrink gives empty pages back to the disk, a few at a time, and notes whether
// many are left.
func (s *Store) shrink(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	// Each row of the answer is a page: they must all be asked for.
	err := each(ctx, s.writer, func(scanner) error { return nil }, "PRAGMA incremental_vacuum("+freePages+")")
	if err != nil {
		return err
	}
	var left int
	err = s.writer.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&left)
	s.roomy.Store(left > manyPages)
	return err
}
