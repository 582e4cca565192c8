package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"mayfly/board"
	"mayfly/storage"
	"mayfly/views"
	"mayfly/words"
)

// adjust says what a change of settings does to what lives, in the words of the page, and
// makes it, unless it is only to be seen. done is what is said of it then. How many would
// have waited is in the memory of the server alone.
func adjust(ctx context.Context, store *storage.SettingsFile, t *board.Tuner, a board.Adjustment, dry bool, out io.Writer, done string) error {
	now, then, err := t.Would(a)
	if err != nil {
		return usageError{err}
	}
	if err := foretell(ctx, store, a.Board, now, then, out); err != nil {
		return err
	}
	if dry {
		_, err := fmt.Fprintln(out, "Nothing is changed: this was --dry-run.")
		return err
	}
	if err := t.Adjust(ctx, "cli", a); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, done)
	return err
}

func foretell(ctx context.Context, store *storage.SettingsFile, slug string, now, then board.Tuning, out io.Writer) error {
	p := views.Planned{Now: now.Of(slug), Then: then.Of(slug)}
	if p.Now.TTLMax == p.Then.TTLMax {
		return nil
	}
	var err error
	p.Shortened, err = board.Foresee(ctx, store, now, then, time.Now())
	if e, ok := errors.AsType[*board.Error](err); ok && e.Kind == board.Busy {
		p.TooMany, err = true, nil
	}
	if err != nil {
		return err
	}
	for _, says := range p.OnLives(words.In("en")) {
		fmt.Fprintln(out, says)
	}
	return nil
}
