package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"mayfly/board"
	"mayfly/storage"
)

type (
	raidCommand struct {
		On     raidOn     `cmd:"" help:"Turn raid mode on for a while; a running server follows within two seconds."`
		Off    raidOff    `cmd:"" help:"Turn raid mode off before its time."`
		Status raidStatus `cmd:"" help:"Say where raid mode is on, and for how long."`
	}
	raidOn struct {
		For   string `arg:"" optional:"" default:"30m" help:"For how long, such as 30m or 2h."`
		Board string `placeholder:"SLUG" help:"On one board; without it on all."`
	}
	raidOff struct {
		Board string `placeholder:"SLUG" help:"On one board; without it where it is on for all."`
	}
	raidStatus struct{}
)

// Run turns raid mode on.
func (c raidOn) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	d, err := board.ParseLife(c.For)
	if err != nil {
		return usageError{fmt.Errorf("give a time from %s to %s, such as 30m or 2h", board.FormatLife(board.StormLeast), board.FormatLife(board.StormMost))}
	}
	return withStorms(ctx, cfg, c.Board, func(t *board.Storms) error {
		if err := t.Begin(ctx, "cli", c.Board, d); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintf(out, "Raid mode is on, %s, for %s, and ends by itself. A running server follows within two seconds.\n", where(c.Board), board.FormatLife(d))
		return err
	})
}

// Run turns raid mode off.
func (c raidOff) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withStorms(ctx, cfg, c.Board, func(t *board.Storms) error {
		if err := t.End(ctx, "cli", c.Board); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "Raid mode is off, %s. A running server follows within two seconds.\n", where(c.Board))
		return err
	})
}

// Run prints where raid mode is on.
func (raidStatus) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withStorms(ctx, cfg, "", func(t *board.Storms) error {
		list := t.List()
		for _, s := range list {
			left := time.Until(s.Until).Round(time.Second)
			if _, err := fmt.Fprintf(out, "Raid mode is on, %s, for another %s.\n", where(s.Board), left); err != nil {
				return err
			}
		}
		if len(list) > 0 {
			return nil
		}
		_, err := fmt.Fprintln(out, "Raid mode is off.")
		return err
	})
}

func where(slug string) string {
	if slug == "" {
		return "on all boards"
	}
	return "on board " + slug
}

// withStorms opens the raid modes in the data folder, beside a running server or
// without one, for a board ("" for all).
func withStorms(ctx context.Context, cfg *Config, slug string, use func(*board.Storms) error) error {
	store, err := storage.OpenSettings(ctx, cfg.Data, newLogger(cfg))
	if err != nil {
		return err
	}
	defer store.Close() // what was written has been committed
	if slug != "" {
		if err := findBoard(ctx, store, slug); err != nil {
			return err
		}
	}
	t, err := board.NewStorms(ctx, store, func(string) board.Settings { return board.DefaultSettings() }, time.Now)
	if err != nil {
		return err
	}
	return use(t)
}
