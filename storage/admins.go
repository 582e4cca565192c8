package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"mayfly/board"
)

// Admins lists the admins.
func (s *Store) Admins(ctx context.Context) (list []board.Admin, err error) {
	const q = `
		SELECT name, owner, hash, seed, step
		FROM admins
		ORDER BY name
		LIMIT $1`
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		list, err = all(ctx, db, scanAdmin, q, board.AdminsMax+1)
		return err
	})
	return list, wrap("read admins", err)
}

func scanAdmin(scan scanner) (a board.Admin, err error) {
	var seed []byte
	err = scan(&a.Name, &a.Owner, &a.Hash, &seed, &a.Step)
	if len(seed) > 0 {
		a.Seed = (*board.Seed)(seed)
	}
	return a, err
}

func seedArg(a board.Admin) []byte {
	if a.Seed == nil {
		return nil
	}
	return a.Seed[:]
}

// TakeLink uses up a setup or invite pass and stores who came by it, in one step.
func (s *Store) TakeLink(ctx context.Context, hash [32]byte, a board.Admin, now time.Time) error {
	const use = `
		DELETE FROM passes
		WHERE hash = $1 AND kind IN ('setup', 'invite') AND (ends_at IS NULL OR ends_at > $2)`
	const replace = `
		UPDATE admins
		SET name = $1, hash = $2, seed = $3, step = $4
		WHERE owner = 1`
	return s.change(ctx, "take link", func(ctx context.Context, tx querier) error {
		n, err := affected(tx.ExecContext(ctx, use, hash[:], now.UnixMilli()))
		if err == nil && n == 0 {
			err = board.ErrNotFound
		}
		if err != nil {
			return err
		}
		if a.Owner {
			n, err = affected(tx.ExecContext(ctx, replace, a.Name, a.Hash, seedArg(a), a.Step))
			if err != nil || n == 1 {
				return errors.Join(nameTaken(err), endPasses(ctx, tx, a.Name))
			}
		}
		return insertAdmin(ctx, tx, a)
	})
}

func insertAdmin(ctx context.Context, tx querier, a board.Admin) error {
	const q = `
		INSERT INTO admins (name, owner, hash, seed, step)
		VALUES ($1, $2, $3, $4, $5)`
	_, err := tx.ExecContext(ctx, q, a.Name, a.Owner, a.Hash, seedArg(a), a.Step)
	return nameTaken(err)
}

func nameTaken(err error) error {
	if e, ok := errors.AsType[sqlite3.Error](err); ok && e.Code == sqlite3.ErrConstraint {
		return board.ErrNameTaken
	}
	return err
}

// endPasses ends the sessions and devices of an admin, save those of keep.
func endPasses(ctx context.Context, tx querier, name string, keep ...[32]byte) error {
	const q = `
		DELETE FROM passes
		WHERE admin = $1 AND kind IN ('session', 'device') AND hash NOT IN ($2, $3)`
	var kept [2][32]byte
	copy(kept[:], keep)
	_, err := tx.ExecContext(ctx, q, name, kept[0][:], kept[1][:])
	return err
}

// ChangeAdmin stores an admin's passphrase and seed, and ends their sessions and
// devices save those of keep, of which there may be two.
func (s *Store) ChangeAdmin(ctx context.Context, a board.Admin, keep ...[32]byte) error {
	const q = `
		UPDATE admins
		SET hash = $1, seed = $2, step = $3
		WHERE name = $4`
	return s.change(ctx, "change admin", func(ctx context.Context, tx querier) error {
		n, err := affected(tx.ExecContext(ctx, q, a.Hash, seedArg(a), a.Step, a.Name))
		if err == nil && n == 0 {
			err = board.ErrNotFound
		}
		return errors.Join(err, endPasses(ctx, tx, a.Name, keep...))
	})
}

// TakeStep marks a code as taken; false: it, or a later one, was before.
func (s *Store) TakeStep(ctx context.Context, name string, step int64) (taken bool, err error) {
	const q = `
		UPDATE admins
		SET step = $1
		WHERE name = $2 AND step < $1`
	err = s.change(ctx, "take code", func(ctx context.Context, tx querier) error {
		n, err := affected(tx.ExecContext(ctx, q, step, name))
		taken = n == 1
		return err
	})
	return taken && err == nil, err
}

// RemoveAdmin removes an admin who is not the owner, with all their passes.
func (s *Store) RemoveAdmin(ctx context.Context, name string) error {
	const q = `
		DELETE FROM admins
		WHERE name = $1 AND owner = 0`
	return s.oneRow(ctx, "remove admin", q, name)
}

// InsertPass stores a pass and drops those that have ended. A setup pass takes the
// place of the one before.
func (s *Store) InsertPass(ctx context.Context, p board.Pass, now time.Time) error {
	const ended = `
		DELETE FROM passes
		WHERE ends_at <= $1`
	return s.change(ctx, "store pass", func(ctx context.Context, tx querier) error {
		if _, err := tx.ExecContext(ctx, ended, now.UnixMilli()); err != nil {
			return err
		}
		return insertPass(ctx, tx, p)
	})
}

func insertPass(ctx context.Context, tx querier, p board.Pass) error {
	const replaced = `
		DELETE FROM passes
		WHERE kind = 'setup'`
	const insert = `
		INSERT INTO passes (hash, kind, admin, label, scopes, ends_at)
		VALUES ($1, $2, $3, $4, $5, $6)`
	if p.Kind == board.PassSetup {
		if _, err := tx.ExecContext(ctx, replaced); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, insert, p.Hash[:], p.Kind,
		sql.NullString{String: p.Admin, Valid: p.Admin != ""}, p.Label, joinScopes(p.Scopes),
		sql.NullInt64{Int64: p.EndsAt.UnixMilli(), Valid: !p.EndsAt.IsZero()})
	return err
}

// FindPass returns the pass of a kind with this hash.
func (s *Store) FindPass(ctx context.Context, hash [32]byte, kind board.PassKind, now time.Time) (p board.Pass, err error) {
	const q = `
		SELECT hash, kind, admin, label, scopes, ends_at
		FROM passes
		WHERE hash = $1 AND kind = $2 AND (ends_at IS NULL OR ends_at > $3)`
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		p, err = scanPass(db.QueryRowContext(ctx, q, hash[:], kind, now.UnixMilli()).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			err = board.ErrNotFound
		}
		return err
	})
	return p, wrap("find pass", err)
}

func scanPass(scan scanner) (p board.Pass, err error) {
	var hash []byte
	var admin sql.NullString
	var endsAt sql.NullInt64
	var scopes string
	if err := scan(&hash, &p.Kind, &admin, &p.Label, &scopes, &endsAt); err != nil {
		return p, err
	}
	copy(p.Hash[:], hash)
	p.Admin, p.Scopes = admin.String, splitScopes(scopes)
	if endsAt.Valid {
		p.EndsAt = millis(endsAt.Int64)
	}
	return p, nil
}

func joinScopes(list []board.Scope) string {
	words := make([]string, len(list))
	for i, scope := range list {
		words[i] = string(scope)
	}
	return strings.Join(words, " ")
}

func splitScopes(text string) (list []board.Scope) {
	for word := range strings.FieldsSeq(text) {
		list = append(list, board.Scope(word))
	}
	return list
}

// Passes returns those of a kind, by whose they are.
func (s *Store) Passes(ctx context.Context, kind board.PassKind, now time.Time) (list []board.Pass, err error) {
	const q = `
		SELECT hash, kind, admin, label, scopes, ends_at
		FROM passes
		WHERE kind = $1 AND (ends_at IS NULL OR ends_at > $2)
		LIMIT 1000`
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		list, err = all(ctx, db, scanPass, q, kind, now.UnixMilli())
		return err
	})
	slices.SortFunc(list, func(a, b board.Pass) int {
		return cmp.Or(cmp.Compare(a.Admin, b.Admin), cmp.Compare(a.Label, b.Label), a.EndsAt.Compare(b.EndsAt))
	})
	return list, wrap("read passes", err)
}

// DeletePass ends a pass; one that is not there has ended.
func (s *Store) DeletePass(ctx context.Context, hash [32]byte) error {
	const q = `
		DELETE FROM passes
		WHERE hash = $1`
	return s.change(ctx, "end pass", func(ctx context.Context, tx querier) error {
		_, err := tx.ExecContext(ctx, q, hash[:])
		return err
	})
}

// Reset ends every session, known device and link, and stores p.
func (s *Store) Reset(ctx context.Context, p board.Pass) error {
	const q = `
		DELETE FROM passes
		WHERE kind <> 'key'`
	return s.change(ctx, "reset", func(ctx context.Context, tx querier) error {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
		return insertPass(ctx, tx, p)
	})
}

// change makes a change that is neither a birth nor an ending.
func (s *Store) change(ctx context.Context, doing string, run func(ctx context.Context, tx querier) error) error {
	return wrap(doing, s.do(&op{ctx: ctx, run: func(ctx context.Context, tx *sql.Tx) error { return run(ctx, tx) }}))
}

// Reset ends every session and link, and stores p, beside a running server.
func (f *SettingsFile) Reset(ctx context.Context, p board.Pass) error { return f.store.Reset(ctx, p) }

// Record adds an entry to the log.
func (f *SettingsFile) Record(ctx context.Context, e board.Entry) error {
	return f.store.Record(ctx, e)
}

// Entries returns the log before seq, newest first.
func (f *SettingsFile) Entries(ctx context.Context, before int64, limit int) ([]board.Entry, error) {
	return f.store.Entries(ctx, before, limit)
}

// Admins lists the admins, beside a running server.
func (f *SettingsFile) Admins(ctx context.Context) ([]board.Admin, error) { return f.store.Admins(ctx) }

// InsertPass stores a pass, beside a running server.
func (f *SettingsFile) InsertPass(ctx context.Context, p board.Pass, now time.Time) error {
	return f.store.InsertPass(ctx, p, now)
}
