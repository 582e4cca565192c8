package storage

import (
	"context"
	"database/sql"

	"mayfly/board"
)

// Filters lists the host's filters in the order they were added.
func (s *Store) Filters(ctx context.Context) (list []board.Filter, err error) {
	const q = `
		SELECT seq, board, text, pattern, action
		FROM filters
		ORDER BY seq
		LIMIT $1`
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		list, err = all(ctx, db, scanFilter, q, board.FiltersMax)
		return err
	})
	return list, wrap("read filters", err)
}

func scanFilter(scan scanner) (f board.Filter, err error) {
	err = scan(&f.Number, &f.Board, &f.Text, &f.Pattern, &f.Action)
	return f, err
}

// InsertFilter stores a filter with its entry in the log; a board that is not there is not
// found.
func (s *Store) InsertFilter(ctx context.Context, f board.Filter, e board.Entry) error {
	const insert = `
		INSERT INTO filters (board, text, pattern, action)
		VALUES ($1, $2, $3, $4)`
	return wrap("store filter", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			if err := knownBoard(ctx, tx, f.Board); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, insert, f.Board, f.Text, f.Pattern, f.Action); err != nil {
				return err
			}
			return record(ctx, tx, e)
		},
	}))
}

// DeleteFilter forgets a filter, with an entry in the log; one that is not there is not
// found.
func (s *Store) DeleteFilter(ctx context.Context, number int64, e board.Entry) error {
	const q = `
		DELETE FROM filters
		WHERE seq = $1`
	return wrap("delete filter", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			n, err := affected(tx.ExecContext(ctx, q, number))
			switch {
			case err != nil:
				return err
			case n == 0:
				return board.ErrNotFound
			}
			return record(ctx, tx, e)
		},
	}))
}

// Filters lists the host's filters in the order they were added.
func (f *SettingsFile) Filters(ctx context.Context) ([]board.Filter, error) {
	return f.store.Filters(ctx)
}

// InsertFilter stores a filter with its entry in the log.
func (f *SettingsFile) InsertFilter(ctx context.Context, add board.Filter, e board.Entry) error {
	return f.store.InsertFilter(ctx, add, e)
}

// DeleteFilter forgets a filter, with an entry in the log.
func (f *SettingsFile) DeleteFilter(ctx context.Context, number int64, e board.Entry) error {
	return f.store.DeleteFilter(ctx, number, e)
}
