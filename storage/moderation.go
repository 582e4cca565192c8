package storage

import (
	"context"
	"database/sql"
	"time"

	"mayfly/board"
)

// Hide puts a post or reply out of sight until an admin has looked. What is out of
// sight already is board.ErrDecided.
func (s *Store) Hide(ctx context.Context, id board.PostID, e board.Entry) (board.Post, error) {
	return s.rule(ctx, id, e, func(ctx context.Context, tx querier, r *row) error {
		if r.Standing != board.Shown {
			return board.ErrDecided
		}
		r.Standing = board.Hidden
		return hide(ctx, tx, r.Post)
	})
}

// Release lets a post or reply stand in sight: no report that was made so far counts
// any more, and reports alone hide it no more. It returns what it was before, too, and
// its thread. What nobody waits for is board.ErrDecided.
func (s *Store) Release(ctx context.Context, id board.PostID, e board.Entry) (p, root board.Post, was board.Standing, err error) {
	var thread row
	p, err = s.rule(ctx, id, e, func(ctx context.Context, tx querier, r *row) error {
		was = r.Standing
		if err := release(ctx, tx, r.Post); err != nil {
			return err
		}
		r.Standing = board.Shown
		if thread = *r; !r.IsReply() {
			return nil
		}
		if thread, err = postByID(ctx, tx, r.Thread, s.at(e.At)); err != nil || was != board.Held {
			return err
		}
		thread.Replies++
		thread.Life = thread.Life.Heard(e.At)
		return hear(ctx, tx, thread.Post)
	}, func() { s.keys.SetEnds(thread.ref, thread.Life.EndsAt) })
	if err != nil {
		return board.Post{}, board.Post{}, was, err
	}
	root, err = s.open(thread, s.at(e.At))
	return p, root, was, err
}

// Lock has the thread of a post take no more replies, or take them again.
func (s *Store) Lock(ctx context.Context, id board.PostID, locked bool, e board.Entry) (board.Post, error) {
	const q = `
		UPDATE posts
		SET locked = $1
		WHERE seq = $2`
	return s.rule(ctx, id, e, func(ctx context.Context, tx querier, r *row) error {
		switch {
		case r.IsReply():
			return board.ErrNotFound
		case r.Locked == locked:
			return board.ErrDecided
		}
		r.Locked = locked
		_, err := tx.ExecContext(ctx, q, locked, r.Seq)
		return err
	})
}

// Shorten gives a post another life, which is no longer than its own.
func (s *Store) Shorten(ctx context.Context, id board.PostID, to func(board.Life) board.Life, e board.Entry) (board.Post, error) {
	const q = `
		UPDATE posts
		SET until = $1, ends_at = $2, cap_at = $3
		WHERE seq = $4`
	return s.rule(ctx, id, e, func(ctx context.Context, tx querier, r *row) error {
		if r.IsReply() {
			return board.ErrNotFound
		}
		life := to(r.Life)
		if life == r.Life {
			return board.ErrDecided
		}
		r.Life = life
		_, err := tx.ExecContext(ctx, q, life.Until.UnixMilli(), life.EndsAt.UnixMilli(), life.CapAt.UnixMilli(), r.Seq)
		return err
	})
}

// rule is decide for an admin, whose entry in the log is written with it.
func (s *Store) rule(ctx context.Context, id board.PostID, e board.Entry, change func(ctx context.Context, tx querier, r *row) error, after ...func()) (board.Post, error) {
	return s.decide(ctx, string(e.Action), id, e.At, func(ctx context.Context, tx querier, r *row) error {
		if err := change(ctx, tx, r); err != nil {
			return err
		}
		e.Board = r.Board
		return record(ctx, tx, e)
	}, after...)
}

// decide changes how one living post or reply stands, in one step, and returns it as
// it is then.
func (s *Store) decide(ctx context.Context, doing string, id board.PostID, now time.Time, change func(ctx context.Context, tx querier, r *row) error, after ...func()) (board.Post, error) {
	var r row
	err := s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) (err error) {
			if r, err = anyByID(ctx, tx, id, s.at(now)); err != nil {
				return err
			}
			opens, err := s.opener(r, s.at(now))
			if err != nil {
				return err
			}
			if r.Post, err = s.openWith(opens, r); err != nil {
				return err
			}
			return change(ctx, tx, &r)
		},
		after: func() {
			if !r.IsReply() {
				s.keys.SetEnds(r.ref, r.Life.EndsAt)
			}
			s.talks.mark(r.ID)
			for _, f := range after {
				f()
			}
		},
	})
	if err != nil {
		return board.Post{}, wrap(doing, err)
	}
	return r.Seal(), nil
}

// either is the one of two queries that is for p.
func either(p board.Post, ofPost, ofReply string) string {
	if p.IsReply() {
		return ofReply
	}
	return ofPost
}

func hide(ctx context.Context, tx querier, p board.Post) error {
	const ofPost = `
		UPDATE posts
		SET standing = 'hidden', queued = 1
		WHERE seq = $1`
	const ofReply = `
		UPDATE replies
		SET standing = 'hidden', queued = 1
		WHERE seq = $1`
	_, err := tx.ExecContext(ctx, either(p, ofPost, ofReply), p.Seq)
	return err
}

func release(ctx context.Context, tx querier, p board.Post) error {
	const ofPost = `
		UPDATE posts
		SET standing = '', queued = 0, reports = 0, released = 1
		WHERE seq = $1 AND (queued = 1 OR standing <> '')`
	const ofReply = `
		UPDATE replies
		SET standing = '', queued = 0, reports = 0, released = 1
		WHERE seq = $1 AND (queued = 1 OR standing <> '')`
	n, err := affected(tx.ExecContext(ctx, either(p, ofPost, ofReply), p.Seq))
	switch {
	case err != nil:
		return err
	case n == 0:
		return board.ErrDecided
	}
	return lookedAt(ctx, tx, p.ID)
}

// hear counts among what root's readers see a reply that was held.
func hear(ctx context.Context, tx querier, root board.Post) error {
	const count = `
		UPDATE posts
		SET waiting = waiting - 1, heat = $1, ends_at = $2
		WHERE seq = $3`
	_, err := tx.ExecContext(ctx, count, root.Heat(), root.Life.EndsAt.UnixMilli(), root.Seq)
	return err
}
