package storage

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"mayfly/board"
)

// ReportCirclePost keeps the one report of a member on a post.
func (s *Store) ReportCirclePost(ctx context.Context, circle board.PostID, r board.CircleReport, tag board.Tag, now time.Time) error {
	const insert = `
		INSERT INTO circle_reports (post, tag, reason, box)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (post, tag) DO UPDATE SET reason = excluded.reason, box = excluded.box`
	return wrap("report in circle", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			row, err := circlePostByID(ctx, tx, circle, r.Post, s.at(now))
			if err != nil {
				return err
			}
			key, err := s.circleKey(row, s.at(now))
			if err != nil {
				return err
			}
			box, err := sealPart(key, r.Post, partReport+tag.String(), []byte(r.Words))
			if err != nil {
				return err
			}
			return execute(ctx, tx, insert, r.Post[:], tag[:], string(r.Reason), box)
		},
	}))
}

// circleKey is the key of a row's boxes.
func (s *Store) circleKey(r circleRow, now time.Time) (board.Key, error) {
	root, err := s.keys.Key(r.root, now)
	if err != nil || !r.IsReply() {
		return root, err
	}
	own, err := s.keys.Key(r.ref, now)
	return own.Under(root), err
}

// reportedRow is a report with the row of its post.
type reportedRow struct {
	circleRow
	tag    board.Tag
	reason board.Reason
	words  []byte
}

// CircleReports returns what waits for an admin, the first to end first.
func (s *Store) CircleReports(ctx context.Context, now time.Time) (list []board.CircleReport, err error) {
	const find = `
		SELECT ` + circlePostColumns + `, w.tag, w.reason, w.box
		FROM circle_reports w
		JOIN circle_posts r ON r.id = w.post
		JOIN circle_posts p ON p.seq = COALESCE(r.thread, r.seq)
		JOIN circles c ON c.id = r.circle
		WHERE p.ends_at > $1 AND c.closes_at > $1
		LIMIT 200`
	now = s.at(now)
	var rows []reportedRow
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		rows, err = all(ctx, q, func(scan scanner) (w reportedRow, err error) {
			var tag []byte
			w.circleRow, err = scanCirclePost(func(dest ...any) error { return scan(append(dest, &tag, &w.reason, &w.words)...) })
			if err == nil {
				w.tag = board.Tag(tag)
			}
			return w, err
		}, find, now.UnixMilli())
		return err
	})
	for _, w := range rows {
		key, err := s.circleKey(w.circleRow, now)
		if err != nil {
			continue
		}
		words, err := unsealPart(key, w.ID, partReport+w.tag.String(), w.words)
		if err != nil {
			continue
		}
		list = append(list, board.CircleReport{
			Post: w.ID, Thread: w.Thread, Circle: w.Circle, Reason: w.reason, Words: string(words), Left: w.Life.Left(now),
		})
	}
	slices.SortFunc(list, func(a, b board.CircleReport) int { return int(a.Left - b.Left) })
	return list, wrap("read reports of circles", err)
}

// DropCircleReports lets go of the reports on a post.
func (s *Store) DropCircleReports(ctx context.Context, post board.PostID) error {
	const remove = `
		DELETE FROM circle_reports
		WHERE post = $1`
	return wrap("drop reports", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error { return execute(ctx, tx, remove, post[:]) },
	}))
}
