package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mayfly/board"
	"mayfly/storage"
	"mayfly/storage/keys"
)

type (
	backupCommand struct {
		File  string `arg:"" help:"The file to write, or - for standard output."`
		Force bool   `help:"Take the place of a file that is there."`
	}
	restoreCommand struct {
		File  string `arg:"" help:"The file that mayfly backup wrote, or - for standard input."`
		Force bool   `help:"Take the place of what is there, even where posts live: they end."`
	}
)

// Run writes a backup, beside a running server or without one, and says so in the log
// that admins keep.
func (c backupCommand) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	info := storage.BackupInfo{Program: version(), Made: time.Now().UTC().Truncate(time.Minute)}
	write := func(w io.Writer) error { return storage.WriteBackup(ctx, cfg.Data, info, w) }
	var err error
	if c.File == "-" {
		err = write(out)
	} else {
		err = c.toFile(write)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("there is no board in %s yet; give its folder as --data", cfg.Data)}
	}
	if err != nil {
		return err
	}
	if err := noteBackup(ctx, cfg); err != nil {
		return fmt.Errorf("the backup is written, and the log does not say so: %w", err)
	}
	if c.File == "-" {
		return nil
	}
	_, err = fmt.Fprintf(out, "Written to %s. It holds settings, boards, filters, questions, admins (with what checks their passphrases and codes) and the log:\n"+
		"keep it as you keep the data folder. It holds no post, and nothing that people wrote.\n", c.File)
	return err
}

// toFile writes a file for this user alone: a new one or, with Force, in the place of
// one that stays whole until then.
func (c backupCommand) toFile(write func(io.Writer) error) error {
	if !c.Force {
		err := writeNew(c.File, write)
		if errors.Is(err, fs.ErrExist) {
			return usageError{fmt.Errorf("%s is there already; give another name, or --force to put this one in its place", c.File)}
		}
		return err
	}
	beside := c.File + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a backup that was cut short
		return err
	}
	if err := writeNew(beside, write); err != nil {
		return err
	}
	if err := os.Rename(beside, c.File); err != nil {
		return err
	}
	return keys.SyncDir(filepath.Dir(c.File))
}

// writeNew leaves a whole file, or none.
func writeNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return keys.SyncDir(filepath.Dir(path))
}

// noteBackup writes into the log that one was made, where this program may: tables of an
// older version stay as they are for the server that uses them.
func noteBackup(ctx context.Context, cfg *Config) error {
	h, err := storage.Inspect(ctx, cfg.Data)
	if err != nil || h.Version < h.Newest {
		return err
	}
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		return store.Record(ctx, board.Entry{At: time.Now(), By: "cli", Action: board.ActBackup})
	})
}

// Run makes the data folder of a backup.
func (c restoreCommand) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	b, err := c.read()
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", c.File, err)}
	}
	folder, err := keys.OpenFolder(cfg.Keys, cfg.Data)
	if err != nil {
		return usageError{err}
	}
	now, err := boardTime(cfg)
	if err != nil {
		return err
	}
	err = b.Restore(ctx, cfg.Data, folder, c.Force, now, newLogger(cfg))
	if alive, ok := errors.AsType[*storage.LivingError](err); ok {
		return usageError{fmt.Errorf("%s: %w", cfg.Data, alive)}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Restored into %s, as it was on %s. Admins sign in anew, programs need new keys, and everybody is new to it.\n",
		cfg.Data, b.Made.Format(time.DateOnly))
	return err
}

func (c restoreCommand) read() (*storage.Backup, error) {
	if c.File == "-" {
		return storage.ReadBackup(os.Stdin)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, errors.Unwrap(err) // without the path again
	}
	defer f.Close()
	return storage.ReadBackup(f)
}

// boardTime is the later of the wall clock and what was saved.
func boardTime(cfg *Config) (time.Time, error) {
	saved, err := keys.SavedTime(cfg.Keys)
	now := time.Now().UTC()
	if saved.After(now) {
		now = saved
	}
	return now, err
}
