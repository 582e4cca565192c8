package storage

import (
	"context"
	"strconv"
	"time"

	"mayfly/board"
)

// Locks lists the locks of the boards' doors.
func (s *Store) Locks(ctx context.Context) (list []board.Lock, err error) {
	const q = `
		SELECT board, epoch, phrase
		FROM doors
		LIMIT $1`
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		list, err = all(ctx, db, scanLock, q, 2*board.BoardsMax)
		return err
	})
	return list, wrap("read doors", err)
}

func scanLock(scan scanner) (l board.Lock, err error) {
	var epoch []byte
	err = scan(&l.Board, &epoch, &l.Phrase)
	copy(l.Epoch[:], epoch)
	return l, err
}

// SaveLock stores a lock in place of the one that its board had, with its entry in the
// log.
func (s *Store) SaveLock(ctx context.Context, l board.Lock, e board.Entry) error {
	const q = `
		INSERT INTO doors (board, epoch, phrase)
		VALUES ($1, $2, $3)
		ON CONFLICT (board) DO UPDATE SET epoch = excluded.epoch, phrase = excluded.phrase`
	return s.change(ctx, "save door", func(ctx context.Context, tx querier) error {
		if err := knownBoard(ctx, tx, l.Board); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, q, l.Board, l.Epoch[:], l.Phrase); err != nil {
			return err
		}
		return record(ctx, tx, e)
	})
}

// InsertCode stores a code and, if its board has no lock, that one, with an entry in the
// log. It drops what has ended.
func (s *Store) InsertCode(ctx context.Context, c board.Code, l board.Lock, e board.Entry) error {
	const ended = `
		DELETE FROM door_codes
		WHERE ends_at <= $1`
	const lock = `
		INSERT INTO doors (board, epoch, phrase)
		VALUES ($1, $2, $3)
		ON CONFLICT (board) DO NOTHING`
	const insert = `
		INSERT INTO door_codes (board, hash, uses, ends_at)
		VALUES ($1, $2, $3, $4)`
	return s.change(ctx, "store code", func(ctx context.Context, tx querier) error {
		if err := knownBoard(ctx, tx, c.Board); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, ended, e.At.UnixMilli()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, lock, l.Board, l.Epoch[:], l.Phrase); err != nil {
			return err
		}
		row, err := tx.ExecContext(ctx, insert, c.Board, c.Hash[:], c.Left, c.EndsAt.UnixMilli())
		if err != nil {
			return err
		}
		number, err := row.LastInsertId()
		if err != nil {
			return err
		}
		e.Subject = strconv.FormatInt(number, 10)
		return record(ctx, tx, e)
	})
}

// Codes lists the codes of a board that have not ended, the newest first.
func (s *Store) Codes(ctx context.Context, slug string, now time.Time) (list []board.Code, err error) {
	const q = `
		SELECT number, board, hash, uses, ends_at
		FROM door_codes
		WHERE board = $1 AND ends_at > $2
		ORDER BY number DESC
		LIMIT $3`
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		list, err = all(ctx, db, scanCode, q, slug, now.UnixMilli(), 2*board.DoorCodesMax)
		return err
	})
	return list, wrap("read codes", err)
}

func scanCode(scan scanner) (c board.Code, err error) {
	var hash []byte
	var endsAt int64
	err = scan(&c.Number, &c.Board, &hash, &c.Left, &endsAt)
	copy(c.Hash[:], hash)
	c.EndsAt = millis(endsAt)
	return c, err
}

// ClaimCode takes one use of a board's code: of callers at once, as many get one as there
// are. The others are not found.
func (s *Store) ClaimCode(ctx context.Context, slug string, hash [32]byte, now time.Time) error {
	const q = `
		UPDATE door_codes
		SET uses = uses - 1
		WHERE hash = $1 AND board = $2 AND uses > 0 AND ends_at > $3`
	return s.oneRow(ctx, "claim code", q, hash[:], slug, now.UnixMilli())
}

// DeleteCode forgets a code of a board, with an entry in the log.
func (s *Store) DeleteCode(ctx context.Context, slug string, number int64, e board.Entry) error {
	const q = `
		DELETE FROM door_codes
		WHERE number = $1 AND board = $2`
	return s.change(ctx, "delete code", func(ctx context.Context, tx querier) error {
		n, err := affected(tx.ExecContext(ctx, q, number, slug))
		switch {
		case err != nil:
			return err
		case n == 0:
			return board.ErrNotFound
		}
		return record(ctx, tx, e)
	})
}

// Locks lists the locks of the boards' doors.
func (f *SettingsFile) Locks(ctx context.Context) ([]board.Lock, error) { return f.store.Locks(ctx) }

// SaveLock stores a lock with its entry in the log.
func (f *SettingsFile) SaveLock(ctx context.Context, l board.Lock, e board.Entry) error {
	return f.store.SaveLock(ctx, l, e)
}

// InsertCode stores a code with its entry in the log.
func (f *SettingsFile) InsertCode(ctx context.Context, c board.Code, l board.Lock, e board.Entry) error {
	return f.store.InsertCode(ctx, c, l, e)
}

// Codes lists the codes of a board that have not ended.
func (f *SettingsFile) Codes(ctx context.Context, slug string, now time.Time) ([]board.Code, error) {
	return f.store.Codes(ctx, slug, now)
}

// ClaimCode takes one use of a board's code.
func (f *SettingsFile) ClaimCode(ctx context.Context, slug string, hash [32]byte, now time.Time) error {
	return f.store.ClaimCode(ctx, slug, hash, now)
}

// DeleteCode forgets a code of a board, with an entry in the log.
func (f *SettingsFile) DeleteCode(ctx context.Context, slug string, number int64, e board.Entry) error {
	return f.store.DeleteCode(ctx, slug, number, e)
}
