package storage

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"mayfly/board"
)

const (
	// digTime is how long one transaction of Bury lasts, unless somebody waits to write,
	// and breath the pause between two: posts go first, and readers on the same core
	// have some of it.
	digTime = 10 * time.Millisecond
	breath  = 3 * time.Millisecond
	// digLeast is how many rows whoever waits to write waits for, some 4 ms: with less in
	// each transaction a burial would never end while many write.
	digLeast = 200
	// digRows is how many rows are deleted at a time, and digAhead how many are read.
	digRows  = 200
	digAhead = 1000
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
	d := digger{store: s, now: now, boards: s.boardList(), after: fromTheTop}
	d.unread = d.boards
	for {
		if err := d.lookAhead(ctx); err != nil {
			return err
		}
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
	err := inTx(ctx, s.digger, func(tx *sql.Tx) error {
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
	boards   []board.Info
	unread   []board.Info // those whose ended posts were not all read yet
	after    position     // on the first of them: how far it was read
	found    []endedRow   // read and not buried yet
	finished bool

	until   time.Time      // of this transaction
	byHand  []board.PostID // done in this transaction
	deleted int            // in this transaction
}

var fromTheTop = position{endsAt: -1}

// lookAhead reads what the next transactions will bury, while posts go on. What it read
// may have changed by then.
func (d *digger) lookAhead(ctx context.Context) error {
	for len(d.found) == 0 && len(d.unread) > 0 {
		err := d.store.read(ctx, func(ctx context.Context, q querier) (err error) {
			d.found, err = endedRows(ctx, q, d.unread[0].Slug, d.after, d.now, digAhead)
			return err
		})
		if err != nil {
			return err
		}
		if len(d.found) == digAhead {
			d.after = d.found[digAhead-1].position
			return nil
		}
		d.unread, d.after = d.unread[1:], fromTheTop
	}
	return nil
}

// outOfTime says whether the transaction is to end. Each gets something done, however
// many wait.
func (d *digger) outOfTime() bool {
	return d.deleted >= digLeast && d.store.hurry.Load() > 0 || !time.Now().Before(d.until)
}

func (d *digger) dig(ctx context.Context, tx querier) error {
	for !d.outOfTime() {
		found, err := d.digByHand(ctx, tx)
		if err != nil {
			return err
		}
		if found {
			continue
		}
		if len(d.found) > 0 {
			if err := d.buryFound(ctx, tx); err != nil {
				return err
			}
			continue
		}
		if len(d.unread) > 0 {
			return nil
		}
		err = d.digRest(ctx, tx)
		d.finished = err == nil
		return err
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
		SELECT seq, slot, gen, replies
		FROM posts
		WHERE id = $1`
	if isReply {
		n, err := deleteReply(ctx, tx, id)
		d.deleted += n
		return true, err
	}
	e := endedRow{id: id}
	var slot, gen int64
	err := tx.QueryRowContext(ctx, find, id[:]).Scan(&e.seq, &slot, &gen, &e.replies)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	e.ref = ref(slot, gen)
	return d.bury(ctx, tx, e)
}

// buryFound deletes the next posts whose keys are gone: those without replies by one
// statement. A post that still has its key (a vote has just moved its end), or that
// Endings has yet to name, is left to a later Bury.
func (d *digger) buryFound(ctx context.Context, tx querier) error {
	var bare []endedRow
	for len(d.found) > 0 && len(bare) < digRows {
		e := d.found[0]
		switch {
		case d.store.keys.Has(e.ref) || d.store.unnamed.has(e.ref):
		case e.replies == 0:
			bare = append(bare, e)
		default:
			if done, err := d.digOne(ctx, tx, e.id, false); err != nil || !done {
				return errors.Join(err, d.deleteBare(ctx, tx, bare))
			}
		}
		d.found = d.found[1:]
	}
	return d.deleteBare(ctx, tx, bare)
}

// deleteBare deletes posts by seq and gen: a seq that is free again may be another's.
func (d *digger) deleteBare(ctx context.Context, tx querier, posts []endedRow) error {
	const q = `
		DELETE FROM posts
		WHERE seq IN (SELECT value ->> 0 FROM json_each($1)) AND gen IN (SELECT value ->> 1 FROM json_each($1))`
	if len(posts) == 0 {
		return nil
	}
	list := []byte{'['}
	for i, e := range posts {
		if i > 0 {
			list = append(list, ',')
		}
		_, gen := refArgs(e.ref)
		list = append(strconv.AppendInt(append(strconv.AppendInt(append(list, '['), e.seq, 10), ','), gen, 10), ']')
	}
	n, err := affected(tx.ExecContext(ctx, q, string(append(list, ']'))))
	d.deleted += n
	return err
}

// digRest deletes what else has had its time.
func (d *digger) digRest(ctx context.Context, tx querier) error {
	for _, b := range d.boards {
		n, err := deleteTraces(ctx, tx, b.Slug, d.now)
		if err != nil {
			return err
		}
		d.deleted += n
	}
	for _, deleteOld := range []func(context.Context, querier, time.Time) (int, error){deleteNotices, deleteClaims} {
		n, err := deleteOld(ctx, tx, d.now)
		if err != nil {
			return err
		}
		d.deleted += n
	}
	return nil
}

// bury deletes a post whose key is gone, after its replies; with many of them it
// may not be done in one transaction.
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
// many are left. What the burial kept in memory it gives back whole.
func (s *Store) shrink(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, err := s.digger.ExecContext(ctx, "PRAGMA shrink_memory"); err != nil {
		return err
	}
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
