package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"

	"mayfly/board"
	"mayfly/storage/keys"
)

// querier is a pool, or a transaction in it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// scanner is the Scan of one row.
type scanner func(dest ...any) error

// each gives every row of an answer to take.
func each(ctx context.Context, q querier, take func(scanner) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all reads every row of an answer.
func all[T any](ctx context.Context, q querier, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var list []T
	err := each(ctx, q, func(scan scanner) error {
		item, err := read(scan)
		list = append(list, item)
		return err
	}, query, args...)
	return list, err
}

// read asks the readers, inside the gate. f must read all it wants into memory:
// nobody is written to while rows are open.
func (s *Store) read(ctx context.Context, f func(ctx context.Context, q querier) error) error {
	ctx, leave := s.gate.enter(ctx, readTime)
	defer leave()
	err := f(ctx, s.readers)
	if err != nil && errors.Is(context.Cause(ctx), errHurried) {
		return errHurried
	}
	return err
}

// wrap says what was being done, and turns what the disk or another process
// refused into an Error that people can read.
func wrap(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, board.ErrNotFound):
		return board.ErrNotFound // bare: unknown and ended must not be told apart
	}
	err = fmt.Errorf("%s: %w", doing, err)
	if _, known := errors.AsType[*board.Error](err); known {
		return err
	}
	code, _ := errors.AsType[sqlite3.Error](err)
	switch {
	case code.Code == sqlite3.ErrFull, code.SystemErrno == syscall.ENOSPC, errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &board.Error{Kind: board.Full, Code: "error.full", Err: err}
	case code.Code == sqlite3.ErrBusy, code.Code == sqlite3.ErrLocked, errors.Is(err, context.DeadlineExceeded), errors.Is(err, errHurried):
		return &board.Error{Kind: board.Busy, Code: "error.busy", Err: err}
	}
	return err
}

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func ref(slot, gen int64) keys.Ref {
	return keys.Ref{Slot: uint32(slot), Gen: uint64(gen)} //nolint:gosec // written below
}

func refArgs(r keys.Ref) (slot, gen int64) {
	return int64(r.Slot), int64(r.Gen) //nolint:gosec // its bits
}
