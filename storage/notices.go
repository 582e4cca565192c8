package storage

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"mayfly/board"
)

// Notify keeps notices, and lets go of those that have had their time or are too many.
func (s *Store) Notify(ctx context.Context, list []board.Notice) error {
	const insert = `
		INSERT INTO notices (salt, mark, board, reason, until)
		VALUES ($1, $2, $3, $4, $5)`
	const most = `
		DELETE FROM notices
		WHERE salt IN (SELECT salt FROM notices ORDER BY until DESC LIMIT -1 OFFSET $1)`
	return s.changeNotices(ctx, func(ctx context.Context, tx querier) error {
		for _, n := range list {
			if _, err := tx.ExecContext(ctx, insert, n.Sign.Salt[:], n.Sign.Mark[:], n.Board, string(n.Reason), n.Until.UnixMilli()); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, most, board.NoticesMax)
		return err
	})
}

// EndNotices deletes notices.
func (s *Store) EndNotices(ctx context.Context, list []board.Notice) error {
	const q = `
		DELETE FROM notices
		WHERE salt = $1`
	return s.changeNotices(ctx, func(ctx context.Context, tx querier) error {
		for _, n := range list {
			if _, err := tx.ExecContext(ctx, q, n.Sign.Salt[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// changeNotices changes their table, and keeps in memory what is in it then: every page
// of a visitor asks.
func (s *Store) changeNotices(ctx context.Context, change func(ctx context.Context, tx querier) error) error {
	var list []board.Notice
	return wrap("change notices", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) (err error) {
			if err := change(ctx, tx); err != nil {
				return err
			}
			list, err = readNotices(ctx, tx)
			return err
		},
		after: func() { s.notices.Store(&list) },
	}))
}

func readNotices(ctx context.Context, q querier) ([]board.Notice, error) {
	const find = `
		SELECT salt, mark, board, reason, until
		FROM notices
		ORDER BY until DESC`
	return all(ctx, q, func(scan scanner) (board.Notice, error) {
		var n board.Notice
		var salt, mark []byte
		var until int64
		if err := scan(&salt, &mark, &n.Board, &n.Reason, &until); err != nil {
			return board.Notice{}, err
		}
		n.Sign, n.Until = board.Sign{Salt: board.Tag(salt), Mark: board.Tag(mark)}, millis(until)
		return n, nil
	}, find)
}

// Notices returns those whose time is not over, the last to end first.
func (s *Store) Notices(now time.Time) []board.Notice {
	now = s.at(now)
	list := *s.notices.Load()
	over := slices.IndexFunc(list, func(n board.Notice) bool { return !n.Until.After(now) })
	if over >= 0 {
		list = list[:over]
	}
	return slices.Clone(list)
}

func deleteNotices(ctx context.Context, tx querier, now time.Time) (int, error) {
	const q = `
		DELETE FROM notices
		WHERE until <= $1`
	return affected(tx.ExecContext(ctx, q, now.UnixMilli()))
}
