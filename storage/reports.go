package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"mayfly/board"
)

// Report records one visitor's report in one step, and says whether it hid the post.
// A second report of theirs takes the place of the first.
func (s *Store) Report(ctx context.Context, report board.Report, now time.Time) (p board.Post, hidden bool, err error) {
	p, err = s.decide(ctx, "report", report.Post, now, func(ctx context.Context, tx querier, r *row) error {
		saw := false
		if report.Words != "" {
			if err := proves(ctx, tx, report, r.Post); err != nil {
				return err
			}
			saw = true
		}
		if err := insertReport(ctx, tx, report, saw); err != nil {
			return err
		}
		all, counting, err := countReports(ctx, tx, report.Post)
		if err != nil {
			return err
		}
		if hidden, err = noteReports(ctx, tx, r.Post, all, report.Hides(r.Post, counting)); hidden {
			r.Standing = board.Hidden
		}
		return err
	})
	return p, hidden, err
}

// proves wants the words of a report to be those of a post that its visitor has
// opened. The post's own box is what holds them to it, for as long as it lives.
func proves(ctx context.Context, tx querier, report board.Report, p board.Post) error {
	const find = `
		SELECT 1
		FROM openings
		WHERE post = $1 AND tag = $2`
	var opened int
	err := tx.QueryRowContext(ctx, find, report.Post[:], report.Opened[:]).Scan(&opened)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !report.Proves(p) {
		return board.ErrWords
	}
	return err
}

// insertReport keeps a report, with the first proof of its words and the first leave
// to count.
func insertReport(ctx context.Context, tx querier, r board.Report, saw bool) error {
	const insert = `
		INSERT INTO reports (post, tag, reason, counts, saw)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (post, tag) DO UPDATE SET reason = excluded.reason, saw = max(saw, excluded.saw)`
	_, err := tx.ExecContext(ctx, insert, r.Post[:], r.Tag[:], r.Reason, r.Counts, saw)
	return err
}

// countReports counts those that no admin has looked at.
func countReports(ctx context.Context, tx querier, id board.PostID) (all, counting int, err error) {
	const count = `
		SELECT count(*), COALESCE(sum(counts), 0)
		FROM reports
		WHERE post = $1 AND looked = 0`
	err = tx.QueryRowContext(ctx, count, id[:]).Scan(&all, &counting)
	return all, counting, err
}

// noteReports puts a reported post into the queue and, if the reports are enough and no
// admin has let it stand, out of sight.
func noteReports(ctx context.Context, tx querier, p board.Post, all int, enough bool) (hidden bool, err error) {
	const ofPost = `
		UPDATE posts
		SET reports = $1, queued = queued OR $1 > 0, standing = CASE WHEN $2 AND released = 0 AND standing = '' THEN 'hidden' ELSE standing END
		WHERE seq = $3
		RETURNING standing`
	const ofReply = `
		UPDATE replies
		SET reports = $1, queued = queued OR $1 > 0, standing = CASE WHEN $2 AND released = 0 AND standing = '' THEN 'hidden' ELSE standing END
		WHERE seq = $3
		RETURNING standing`
	var standing board.Standing
	err = tx.QueryRowContext(ctx, either(p, ofPost, ofReply), all, enough, p.Seq).Scan(&standing)
	return err == nil && standing == board.Hidden && p.Standing == board.Shown, err
}

// lookedAt has the reports so far count no more.
func lookedAt(ctx context.Context, tx querier, id board.PostID) error {
	const mark = `
		UPDATE reports
		SET looked = 1
		WHERE post = $1`
	_, err := tx.ExecContext(ctx, mark, id[:])
	return err
}
