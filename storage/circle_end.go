package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// Which keys go with a post or reply, and with a circle.
const (
	keysOfPost = `
		SELECT slot, gen
		FROM circle_posts
		WHERE id = $1 OR thread = (SELECT seq FROM circle_posts WHERE id = $1)`
	keysOfCircle = `
		SELECT slot, gen
		FROM circle_posts
		WHERE circle = $1`
)

// destroyCircle destroys the keys that find names, and deletes rows then: keys first, as
// everywhere.
func (s *Store) destroyCircle(ctx context.Context, find string, arg any, remove func(ctx context.Context, tx querier) error) error {
	if err := s.dropCircleKeys(ctx, find, arg); err != nil {
		return err
	}
	if err := s.keys.Erase(); err != nil {
		return err
	}
	return s.do(&op{
		ctx:   context.WithoutCancel(ctx),
		run:   func(ctx context.Context, tx *sql.Tx) error { return remove(ctx, tx) },
		after: func() { s.deleted.Add(1) }, // so that the journal is scrubbed
	})
}

// dropCircleKeys closes the door on what find names. Under writing no reply can slip in.
func (s *Store) dropCircleKeys(ctx context.Context, find string, arg any) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	refs, err := all(ctx, s.writer, scanRef, find, arg)
	if err != nil {
		return err
	}
	s.keys.Drop(refs...)
	s.changed()
	return nil
}

// EndCirclePost destroys a post with its replies, or a reply.
func (s *Store) EndCirclePost(ctx context.Context, circle, id board.PostID, now time.Time) error {
	const remove = `
		DELETE FROM circle_posts
		WHERE id = $1`
	if _, err := s.findCirclePost(ctx, circle, id, s.at(now)); err != nil {
		return wrap("end post of circle", err)
	}
	return wrap("end post of circle", s.destroyCircle(ctx, keysOfPost, id[:], func(ctx context.Context, tx querier) error {
		return execute(ctx, tx, remove, id[:])
	}))
}

// EndCircle destroys a circle with all that is in it; with an entry, logs it.
func (s *Store) EndCircle(ctx context.Context, id board.PostID, e *board.Entry, now time.Time) error {
	const there = `
		SELECT EXISTS (SELECT 1 FROM circles WHERE id = $1 AND closes_at > $2)`
	var known bool
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, there, id[:], s.at(now).UnixMilli()).Scan(&known)
	})
	if err == nil && !known {
		err = board.ErrNotFound
	}
	if err != nil {
		return wrap("end circle", err)
	}
	return wrap("end circle", s.destroyCircle(ctx, keysOfCircle, id[:], func(ctx context.Context, tx querier) error {
		if err := deleteCircle(ctx, tx, id); err != nil || e == nil {
			return err
		}
		return record(ctx, tx, *e)
	}))
}

func deleteCircle(ctx context.Context, tx querier, id board.PostID) error {
	const remove = `
		DELETE FROM circles
		WHERE id = $1`
	return execute(ctx, tx, remove, id[:])
}

// inviteAfter is how long it can still be said what became of an invite.
const inviteAfter = 24 * time.Hour

// TendCircles destroys what time has ended, and returns it.
func (s *Store) TendCircles(ctx context.Context, now time.Time) ([]board.CircleEnding, error) {
	const circles = `
		SELECT id, id, closes_at, closes_at, closes_at
		FROM circles
		WHERE closes_at <= $1`
	const posts = `
		SELECT p.circle, p.id, p.ends_at, p.until, c.closes_at
		FROM circle_posts p
		JOIN circles c ON c.id = p.circle
		WHERE p.ends_at <= $1
		LIMIT 500`
	now = s.at(now)
	var closed, over []board.CircleEnding
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if closed, err = all(ctx, q, scanCircleEnding, circles, now.UnixMilli()); err != nil {
			return err
		}
		over, err = all(ctx, q, scanCircleEnding, posts, now.UnixMilli())
		return err
	})
	var ended []board.CircleEnding
	for _, e := range closed {
		if err == nil {
			err = s.destroyCircle(ctx, keysOfCircle, e.Circle[:], func(ctx context.Context, tx querier) error { return deleteCircle(ctx, tx, e.Circle) })
			ended = append(ended, board.CircleEnding{Circle: e.Circle})
		}
	}
	for _, e := range over {
		if err == nil {
			err = s.destroyCircle(ctx, keysOfPost, e.ID[:], func(ctx context.Context, tx querier) error {
				return execute(ctx, tx, "DELETE FROM circle_posts WHERE id = $1", e.ID[:])
			})
			ended = append(ended, e)
		}
	}
	if err == nil {
		err = s.tidyCircles(ctx, now)
	}
	return ended, wrap("tend circles", err)
}

func scanCircleEnding(scan scanner) (e board.CircleEnding, err error) {
	var circle, id []byte
	var endsAt, until, closesAt int64
	if err := scan(&circle, &id, &endsAt, &until, &closesAt); err != nil {
		return e, err
	}
	e = board.CircleEnding{Circle: board.PostID(circle), ID: board.PostID(id), Thread: board.PostID(id), Why: board.ByTime}
	switch {
	case endsAt >= closesAt:
		e.Why = board.ByBoard
	case endsAt < until:
		e.Why = board.BySilence
	}
	return e, nil
}

// tidyCircles lets go of invites of yesterday, of seats that nobody took, and of links that
// lead to nothing any more. It writes only where there is something.
func (s *Store) tidyCircles(ctx context.Context, now time.Time) error {
	const some = `
		SELECT EXISTS (SELECT 1 FROM circle_invites WHERE ends_at <= $1)
			OR EXISTS (SELECT 1 FROM circle_members WHERE seat_until <= $2)
			OR EXISTS (SELECT 1 FROM circle_links l WHERE NOT EXISTS (SELECT 1 FROM circle_posts p WHERE p.circle = l.circle AND p.epoch < l.epoch))`
	const invites = `
		DELETE FROM circle_invites
		WHERE ends_at <= $1`
	const seats = `
		DELETE FROM circle_members
		WHERE seat_until <= $1`
	const links = `
		DELETE FROM circle_links
		WHERE NOT EXISTS (SELECT 1 FROM circle_posts p WHERE p.circle = circle_links.circle AND p.epoch < circle_links.epoch)`
	late, seat := now.Add(-inviteAfter).UnixMilli(), now.UnixMilli()
	var due bool
	err := s.read(ctx, func(ctx context.Context, q querier) error { return q.QueryRowContext(ctx, some, late, seat).Scan(&due) })
	if err != nil || !due {
		return err
	}
	return s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			return errors.Join(execute(ctx, tx, invites, late), execute(ctx, tx, seats, seat), execute(ctx, tx, links))
		},
		after: func() { s.deleted.Add(1) },
	})
}

// compareCirclePosts tells of the keys of circles' posts, and deletes rows without one.
func (s *Store) compareCirclePosts(ctx context.Context, meet func(keys.Ref, time.Time)) error {
	const q = `
		SELECT r.slot, r.gen, iif(r.thread IS NULL, p.ends_at, p.cap_at), r.seq
		FROM circle_posts r
		JOIN circle_posts p ON p.seq = COALESCE(r.thread, r.seq)`
	var lost []int64
	err := each(ctx, s.writer, func(scan scanner) error {
		var slot, gen, endsAt, seq int64
		if err := scan(&slot, &gen, &endsAt, &seq); err != nil {
			return err
		}
		meet(ref(slot, gen), millis(endsAt))
		if !s.keys.Has(ref(slot, gen)) {
			lost = append(lost, seq)
		}
		return nil
	}, q)
	for _, seq := range lost {
		err = errors.Join(err, execute(ctx, s.writer, "DELETE FROM circle_posts WHERE seq = $1", seq))
	}
	return err
}
