package storage

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"mayfly/board"
)

// Queue returns what waits for an admin and lives, at most limit: by care, then by the
// reports that no admin has looked at, then the oldest.
func (s *Store) Queue(ctx context.Context, limit int, now time.Time) ([]board.Case, error) {
	const posts = `
		SELECT ` + postColumns + `, p.reports, p.queued
		FROM posts p
		WHERE p.queued = 1 AND p.ends_at > $1
		ORDER BY p.care DESC, p.reports DESC, p.seq
		LIMIT $2`
	const replies = `
		SELECT ` + replyColumns + `, r.reports, r.queued
		FROM replies r
		CROSS JOIN posts p ON p.seq = r.thread
		WHERE r.queued = 1 AND p.ends_at > $1
		ORDER BY r.care DESC, r.reports DESC, r.seq
		LIMIT $2`
	now = s.at(now)
	var cases []board.Case
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		for _, query := range []string{posts, replies} {
			rows, err := all(ctx, q, scanCase, query, now.UnixMilli(), limit)
			if err != nil {
				return err
			}
			for _, w := range rows {
				if c, err := s.openCase(ctx, q, w, now); err == nil { // it has not been ended by hand
					cases = append(cases, c)
				}
			}
		}
		return nil
	})
	slices.SortStableFunc(cases, inQueue)
	return cases[:min(limit, len(cases))], wrap("read queue", err)
}

// inQueue is the order of the queue.
func inQueue(a, b board.Case) int {
	if a.Post.Care != b.Post.Care {
		if a.Post.Care {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.Reports, a.Reports), a.Post.Life.Since.Compare(b.Post.Life.Since))
}

// waiting is a row of the queue.
type waiting struct {
	row
	reports int
	queued  bool
}

func scanCase(scan scanner) (w waiting, err error) {
	w.row, err = scanRow(func(dest ...any) error { return scan(append(dest, &w.reports, &w.queued)...) })
	return w, err
}

// openCase opens what waits, and counts what was said about it. A view-once post stays
// sealed unless one of its readers has sent its words.
func (s *Store) openCase(ctx context.Context, q querier, w waiting, now time.Time) (board.Case, error) {
	const said = `
		SELECT reason, saw, looked
		FROM reports
		WHERE post = $1`
	o, err := s.opener(w.row, now)
	if err != nil {
		return board.Case{}, err
	}
	p, err := s.openWith(o, w.row)
	if err != nil {
		return board.Case{}, err
	}
	c := board.Case{Waits: w.queued, Reports: w.reports, Reasons: map[board.Reason]int{}}
	shown := false
	err = each(ctx, q, func(scan scanner) error {
		var reason board.Reason
		var saw, looked bool
		if err := scan(&reason, &saw, &looked); err != nil {
			return err
		}
		shown = shown || saw
		if !looked {
			c.Reasons[reason]++
		}
		return nil
	}, said, p.ID[:])
	if !shown {
		p = p.Seal()
	}
	c.Post = p
	return c, err
}

// Case returns one post or reply as the queue would show it.
func (s *Store) Case(ctx context.Context, id board.PostID, now time.Time) (c board.Case, err error) {
	const find = `
		SELECT ` + postColumns + `, p.reports, p.queued
		FROM posts p
		WHERE p.id = $1 AND p.ends_at > $2
		UNION ALL
		SELECT ` + replyColumns + `, r.reports, r.queued
		FROM replies r
		JOIN posts p ON p.seq = r.thread
		WHERE r.id = $1 AND p.ends_at > $2`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		list, err := all(ctx, q, scanCase, find, id[:], now.UnixMilli())
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return board.ErrNotFound
		}
		c, err = s.openCase(ctx, q, list[0], now)
		return err
	})
	return c, wrap("read case", err)
}

// Waiting counts what waits for an admin. What was ended by hand may be counted until
// Bury, which is a second.
func (s *Store) Waiting(ctx context.Context, now time.Time) (n int, err error) {
	const q = `
		SELECT (
			SELECT count(*)
			FROM posts
			WHERE queued = 1 AND ends_at > $1
		) + (
			SELECT count(*)
			FROM replies r
			CROSS JOIN posts p ON p.seq = r.thread
			WHERE r.queued = 1 AND p.ends_at > $1
		)`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		return db.QueryRowContext(ctx, q, now.UnixMilli()).Scan(&n)
	})
	return n, wrap("count the queue", err)
}

// Acts returns what admins did to what others wrote, before seq (0: all of it), on a
// board or ("") on all, newest first, at most limit.
func (s *Store) Acts(ctx context.Context, slug string, before int64, limit int) (list []board.Entry, err error) {
	const q = `
		SELECT seq, at, who, action, board, name, reason, old_value, new_value, unset
		FROM audit
		WHERE seq < $1 AND ($2 = '' OR board = $2)
			AND action IN ('take_down', 'release', 'hide', 'lock', 'unlock', 'shorten', 'answer', 'claim', 'seal', 'circle_end', 'circle_post', 'chat_end')
		ORDER BY seq DESC
		LIMIT $3`
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		list, err = all(ctx, db, scanEntry, q, before, slug, limit)
		return err
	})
	return list, wrap("read public log", err)
}
