package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// LivingError refuses to restore over what lives.
type LivingError struct{ Posts int }

func (e *LivingError) Error() string {
	return fmt.Sprintf("posts that are alive there would end at once, with all replies: %d; run it again with --force if that is meant", e.Posts)
}

// building is where a database is made ready, in the data folder, before it takes the
// place of the one that is there.
const building = "restoring"

// Restore makes the database in dataDir of a backup, in the place of what is there, and
// destroys the keys that are in folder. Nobody may serve either. Posts that live are
// refused with a LivingError unless force is set. Until the last step, which is one
// rename, nothing has changed.
func (b *Backup) Restore(ctx context.Context, dataDir string, folder keys.Folder, force bool, now time.Time, log *slog.Logger) (err error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	held, err := lock(dataDir)
	if err != nil {
		return stopFirst(err)
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	if err := moved(dataDir); err != nil {
		return err
	}
	slots, err := folder.Slots(log)
	if err != nil {
		return stopFirst(err)
	}
	defer func() { err = errors.Join(err, slots.Close()) }()
	if err := mayReplace(ctx, dataDir, slots, force, now); err != nil {
		return err
	}
	dir := filepath.Join(dataDir, building)
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := b.build(ctx, dir, now, log); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return replace(ctx, dataDir, dir, slots)
}

func stopFirst(err error) error {
	return fmt.Errorf("%w; stop it first: nothing has changed", err)
}

// mayReplace says why a database must not be replaced.
func mayReplace(ctx context.Context, dataDir string, slots *keys.Store, force bool, now time.Time) error {
	path := filepath.Join(dataDir, "mayfly.db")
	if !isThere(path) || force {
		return nil
	}
	if err := recognise(ctx, path); err != nil {
		return fmt.Errorf("%w (or run it again with --force, which puts the backup in its place)", err)
	}
	posts, err := living(ctx, path, slots, now)
	if err != nil {
		return fmt.Errorf("what is there can't be read: %w; move it away, or run it again with --force", err)
	}
	if posts > 0 {
		return &LivingError{posts}
	}
	return nil
}

// living counts posts, and what people gave notice of, whose time has not come and whose
// keys are there.
func living(ctx context.Context, path string, slots *keys.Store, now time.Time) (n int, err error) {
	db := openPool(1, reads(path), nil)
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, table := range []string{"posts", "claims", "circle_posts"} { // what else has keys is under a post
		columns, err := columnsOf(ctx, db, table)
		if err != nil {
			return 0, err
		}
		if len(columns) == 0 { // of an older program, or never made
			continue
		}
		refs, err := all(ctx, db, scanRef, "SELECT slot, gen FROM "+table+" WHERE ends_at > $1", now.UnixMilli())
		if err != nil {
			return 0, err
		}
		n += len(slices.DeleteFunc(refs, func(r keys.Ref) bool { return !slots.Has(r) }))
	}
	return n, nil
}

// build makes a database of the backup in dir, and sees to it that it can be used.
func (b *Backup) build(ctx context.Context, dir string, now time.Time, log *slog.Logger) (err error) {
	if err := os.RemoveAll(dir); err != nil { // of a restore that was cut short
		return err
	}
	f, err := OpenSettings(ctx, dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := inTx(ctx, f.store.writer, func(tx *sql.Tx) error { return b.fill(ctx, tx) }); err != nil {
		if full := wrap("write", err); errors.As(full, new(*board.Error)) {
			return full
		}
		return fmt.Errorf("%w (%w)", errTorn, err)
	}
	t, err := board.NewTuner(ctx, f, nil, func() time.Time { return now })
	if err == nil {
		err = t.Check("", nil)
	}
	if err == nil {
		err = board.FindBoard(ctx, f, board.Home)
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", errTorn, err)
	}
	if err := f.Record(ctx, board.Entry{At: now, By: "cli", Action: board.ActRestore}); err != nil {
		return err
	}
	return f.store.emptyJournal(ctx)
}

// fill stores every row, in the place of what new tables hold.
func (b *Backup) fill(ctx context.Context, tx querier) error {
	for _, p := range slices.Backward(carried) {
		if columns, err := columnsOf(ctx, tx, p.table); err != nil || len(columns) == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+p.table); err != nil { // a name of ours
			return err
		}
	}
	for _, l := range b.lines {
		if err := l.insert(ctx, tx); err != nil {
			return fmt.Errorf("%s: %w", l.Table, err)
		}
	}
	return nil
}

// insert stores a row, whose names known has seen.
func (l line) insert(ctx context.Context, tx querier) error {
	var columns, places []string
	var values []any
	for column, value := range l.Row {
		columns = append(columns, column)
		places = append(places, fmt.Sprintf("$%d", len(columns)))
		values = append(values, value)
	}
	q := "INSERT INTO " + l.Table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
	_, err := tx.ExecContext(ctx, q, values...)
	return err
}

// replace puts the database in dir into the place of the one in dataDir. The journal of
// the old one must not meet the new one, so it is brought in first.
func replace(ctx context.Context, dataDir, dir string, slots *keys.Store) error {
	path := filepath.Join(dataDir, "mayfly.db")
	if err := settleJournal(ctx, path); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	slots.Drop(slots.Refs()...)
	if err := slots.Erase(); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "mayfly.db"), path); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return keys.SyncDir(dataDir)
}

// settleJournal brings a database's journal into it and removes it. That of a file which
// is no database of ours goes with it.
func settleJournal(ctx context.Context, path string) error {
	if isThere(path) && recognise(ctx, path) == nil {
		db := openPool(1, writes(path, busyTime), nil)
		var busy bool
		var inJournal, done int
		err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &inJournal, &done)
		if busy {
			err = errJournal
		}
		if err = errors.Join(err, db.Close()); err != nil {
			return err
		}
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
