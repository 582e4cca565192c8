package storage

import (
	"context"
	"database/sql"

	"mayfly/board"
)

// Storms returns the raid modes that were begun and not ended by hand.
func (s *Store) Storms(ctx context.Context) ([]board.Storm, error) {
	const q = `
		SELECT board, until
		FROM storms
		LIMIT 1000`
	var list []board.Storm
	err := s.read(ctx, func(ctx context.Context, db querier) (err error) {
		list, err = all(ctx, db, scanStorm, q)
		return err
	})
	return list, wrap("read raid mode", err)
}

func scanStorm(scan scanner) (b board.Storm, err error) {
	var until int64
	err = scan(&b.Board, &until)
	b.Until = millis(until)
	return b, err
}

// SaveStorm stores a raid mode, or forgets it when its Until is zero, and forgets those
// whose time is over, with its audit row, in one step.
func (s *Store) SaveStorm(ctx context.Context, storm board.Storm, e board.Entry) error {
	const begin = `
		INSERT INTO storms (board, until)
		VALUES ($1, $2)
		ON CONFLICT (board) DO UPDATE SET until = excluded.until`
	const end = `
		DELETE FROM storms
		WHERE board = $1 OR until <= $2`
	return wrap("save raid mode", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			if err := knownBoard(ctx, tx, storm.Board); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, end, storm.Board, e.At.UnixMilli()); err != nil {
				return err
			}
			if !storm.Until.IsZero() {
				if _, err := tx.ExecContext(ctx, begin, storm.Board, storm.Until.UnixMilli()); err != nil {
					return err
				}
			}
			return record(ctx, tx, e)
		},
	}))
}

// Storms returns the raid modes that were begun and not ended by hand.
func (f *SettingsFile) Storms(ctx context.Context) ([]board.Storm, error) {
	return f.store.Storms(ctx)
}

// SaveStorm stores a raid mode, or forgets it, with its audit row.
func (f *SettingsFile) SaveStorm(ctx context.Context, storm board.Storm, e board.Entry) error {
	return f.store.SaveStorm(ctx, storm, e)
}
