package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"mayfly/board"
)

// Outset returns how far the first choices have come and, when all were made, when that
// was.
func (s *Store) Outset(ctx context.Context) (stage board.Stage, at time.Time, err error) {
	const q = `
		SELECT done_at
		FROM outset`
	var done sql.NullInt64
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		err := db.QueryRowContext(ctx, q).Scan(&done)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		stage = board.Begun
		return err
	})
	if err != nil {
		return board.Untouched, at, wrap("read the first choices", err)
	}
	if done.Valid {
		return board.SetUp, millis(done.Int64), nil
	}
	return stage, at, nil
}

// BeginOutset stores that the first page of choices was taken.
func (s *Store) BeginOutset(ctx context.Context) error {
	const q = `
		INSERT INTO outset (one)
		VALUES (1)
		ON CONFLICT (one) DO NOTHING`
	return s.change(ctx, "begin the first choices", func(ctx context.Context, tx querier) error {
		_, err := tx.ExecContext(ctx, q)
		return err
	})
}

// FinishOutset stores that all first choices were made, with what the host says from then
// on, in one step.
func (s *Store) FinishOutset(ctx context.Context, next []board.Question, over []int64, e board.Entry) error {
	const done = `
		UPDATE outset
		SET done_at = $1
		WHERE done_at IS NULL`
	const end = `
		UPDATE questions
		SET ending = 1
		WHERE seq = $1`
	return s.change(ctx, "finish the first choices", func(ctx context.Context, tx querier) error {
		n, err := affected(tx.ExecContext(ctx, done, e.At.UnixMilli()))
		if err == nil && n == 0 {
			err = board.ErrDecided
		}
		if err != nil {
			return err
		}
		for _, number := range over {
			if _, err := tx.ExecContext(ctx, end, number); err != nil {
				return err
			}
		}
		for _, q := range next {
			if err := insertQuestion(ctx, tx, q); err != nil {
				return err
			}
		}
		return record(ctx, tx, e)
	})
}
