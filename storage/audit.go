package storage

import (
	"context"
	"math"

	"mayfly/board"
)

// Record adds an entry to the log, and drops what is older than board.AuditTime.
func (s *Store) Record(ctx context.Context, e board.Entry) error {
	return s.change(ctx, "record", func(ctx context.Context, tx querier) error { return record(ctx, tx, e) })
}

func record(ctx context.Context, tx querier, e board.Entry) error {
	const insert = `
		INSERT INTO audit (at, who, action, board, name, reason, old_value, new_value, unset)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	const forget = `
		DELETE FROM audit
		WHERE at < $1`
	if _, err := tx.ExecContext(ctx, insert, e.At.UnixMilli(), e.By, e.Action, e.Board, e.Subject, e.Reason, e.Old, e.New, e.Unset); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, forget, e.At.Add(-board.AuditTime).UnixMilli())
	return err
}

// Entries returns the log before seq (0: all of it), newest first, at most limit.
func (s *Store) Entries(ctx context.Context, before int64, limit int) (list []board.Entry, err error) {
	const q = `
		SELECT seq, at, who, action, board, name, reason, old_value, new_value, unset
		FROM audit
		WHERE seq < $1
		ORDER BY seq DESC
		LIMIT $2`
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		list, err = all(ctx, db, scanEntry, q, before, limit)
		return err
	})
	return list, wrap("read log", err)
}

func scanEntry(scan scanner) (e board.Entry, err error) {
	var at int64
	err = scan(&e.Seq, &at, &e.By, &e.Action, &e.Board, &e.Subject, &e.Reason, &e.Old, &e.New, &e.Unset)
	e.At = millis(at)
	return e, err
}
