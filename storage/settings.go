package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"mayfly/board"
)

// Settings returns those that were ever set: values by name, by board, "" being all
// boards.
func (s *Store) Settings(ctx context.Context) (map[string]map[string]string, error) {
	const q = `
		SELECT board, name, value
		FROM settings
		LIMIT 10000`
	values := map[string]map[string]string{}
	err := s.read(ctx, func(ctx context.Context, db querier) error {
		return each(ctx, db, func(scan scanner) error {
			var slug, name, value string
			if err := scan(&slug, &name, &value); err != nil {
				return err
			}
			if values[slug] == nil {
				values[slug] = map[string]string{}
			}
			values[slug][name] = value
			return nil
		}, q)
	})
	if err != nil {
		return nil, wrap("read settings", err)
	}
	return values, nil
}

// SaveSettings stores new values, forgets those that were unset, and keeps audit
// rows of both, in one step; it drops audit rows older than board.AuditTime.
func (s *Store) SaveSettings(ctx context.Context, changes []board.Change) error {
	return wrap("save settings", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			for _, c := range changes {
				if err := saveChange(ctx, tx, c); err != nil {
					return err
				}
			}
			return nil
		},
	}))
}

func saveChange(ctx context.Context, tx querier, c board.Change) error {
	const save = `
		INSERT INTO settings (board, name, value)
		VALUES ($1, $2, $3)
		ON CONFLICT (board, name) DO UPDATE SET value = excluded.value`
	const unset = `
		DELETE FROM settings
		WHERE board = $1 AND name = $2`
	if err := knownBoard(ctx, tx, c.Board); err != nil {
		return err
	}
	var err error
	if c.Unset {
		_, err = tx.ExecContext(ctx, unset, c.Board, c.Name)
	} else {
		_, err = tx.ExecContext(ctx, save, c.Board, c.Name, c.New)
	}
	if err != nil {
		return err
	}
	return record(ctx, tx, board.Entry{
		At: c.At, By: c.By, Action: board.ActSetting, Board: c.Board, Subject: c.Name, Old: c.Old, New: c.New, Unset: c.Unset,
	})
}

// knownBoard is nil for a board that is there, and for all of them.
func knownBoard(ctx context.Context, tx querier, slug string) error {
	const find = `
		SELECT EXISTS (SELECT 1 FROM boards WHERE slug = $1)`
	var known bool
	if err := tx.QueryRowContext(ctx, find, slug).Scan(&known); err != nil {
		return err
	}
	if !known && slug != "" {
		return board.ErrNotFound
	}
	return nil
}

// SettingsFile is the settings of a data folder and their log, without its posts.
type SettingsFile struct{ store *Store }

// OpenSettings opens the settings in dataDir alone, for a command that runs beside
// a server or without one: it touches no key and no post; it can count posts.
func OpenSettings(ctx context.Context, dataDir string, log *slog.Logger) (*SettingsFile, error) {
	s, err := connect(ctx, dataDir, log, nil)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), s.closeFiles())
	}
	s.working.Go(s.commitAll)
	return &SettingsFile{s}, nil
}

// Shortened counts what a bound would do to what lives on a board.
func (f *SettingsFile) Shortened(ctx context.Context, b board.Bound, now time.Time) (board.Shortened, error) {
	return f.store.Shortened(ctx, b, now)
}

// Settings returns those that were ever set, by board.
func (f *SettingsFile) Settings(ctx context.Context) (map[string]map[string]string, error) {
	return f.store.Settings(ctx)
}

// SaveSettings stores new values and their audit rows in one step.
func (f *SettingsFile) SaveSettings(ctx context.Context, changes []board.Change) error {
	return f.store.SaveSettings(ctx, changes)
}

// Close finishes what was begun. The journal is left to the server.
func (f *SettingsFile) Close() error {
	f.store.stop()
	f.store.working.Wait()
	return f.store.closeFiles()
}
