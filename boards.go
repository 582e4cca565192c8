package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"mayfly/board"
	"mayfly/storage"
)

type (
	boardCommand struct {
		List   boardList   `cmd:"" help:"List the boards."`
		Add    boardAdd    `cmd:"" help:"Add a board; a running server shows it within two seconds."`
		Change boardChange `cmd:"" help:"Change a board."`
		End    boardEnd    `cmd:"" help:"End a board and everything on it, for good."`
		Door   doorCommand `cmd:"" help:"Say who may come onto a board, and invite."`
	}
	boardList struct{}
	boardAdd  struct {
		Slug string `arg:"" help:"Its name in addresses, such as night-shift: /b/night-shift."`
		boardFlags
	}
	boardChange struct {
		Slug string `arg:"" help:"The board's name in addresses."`
		boardFlags
	}
	boardEnd struct {
		Slug string `arg:"" help:"The board's name in addresses."`
	}
	// boardFlags are what a board is given; nil where nothing was said.
	boardFlags struct {
		Title     *string `help:"What people call it."`
		RulesFile string  `name:"rules-file" placeholder:"FILE" help:"A text file of its rules; an empty file takes them away."`
		Closes    string  `placeholder:"WHEN" help:"When everything on it ends: 2026-12-01T18:00 (this machine's time), \"in 3d\", or never."`
		Place     *int    `help:"Boards are listed by this number."`
	}
)

// Run prints the boards, home first.
func (boardList) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		boards, err := store.Boards(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, b := range boards {
			fmt.Fprintf(table, "%s\t%s\t%s\n", b.Slug, b.Title, closesText(b))
		}
		return table.Flush()
	})
}

func closesText(b board.Info) string {
	switch {
	case b.Closed(time.Now()):
		return "has closed"
	case b.ClosesAt.IsZero():
		return ""
	}
	return "closes " + b.Closes()
}

// Run adds a board.
func (c boardAdd) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		b := board.Info{Slug: c.Slug}
		if err := c.fill(&b); err != nil {
			return err
		}
		if err := board.AddBoard(ctx, "cli", store, b, time.Now()); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintf(out, "Added. A running server shows it at /b/%s within two seconds.\n", c.Slug)
		return err
	})
}

// Run changes a board.
func (c boardChange) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		if err := board.ChangeBoard(ctx, "cli", store, c.Slug, c.fill, time.Now()); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintln(out, "Changed. A running server follows within two seconds.")
		return err
	})
}

// Run ends a board.
func (c boardEnd) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		if err := board.EndBoard(ctx, "cli", store, c.Slug, time.Now()); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintln(out, "It is to end. A running server closes it and destroys the keys of everything on it within two seconds;\n"+
			"without one, the next start does so before it answers anybody.")
		return err
	})
}

// fill sets what was said.
func (f boardFlags) fill(b *board.Info) error {
	if f.Title != nil {
		b.Title = *f.Title
	}
	if f.Place != nil {
		b.Place = *f.Place
	}
	if f.RulesFile != "" {
		text, err := os.ReadFile(f.RulesFile)
		if err != nil {
			return usageError{fmt.Errorf("--rules-file: %w", err)}
		}
		b.Rules = string(text)
	}
	if f.Closes != "" {
		at, err := board.ParseCloses(f.Closes, time.Now())
		if err != nil {
			return usageError{err}
		}
		b.ClosesAt = at
	}
	return nil
}

// withBoards opens the boards in the data folder, beside a running server or without
// one. It touches no key.
func withBoards(ctx context.Context, cfg *Config, use func(*storage.SettingsFile) error) error {
	store, err := storage.OpenSettings(ctx, cfg.Data, newLogger(cfg))
	if err != nil {
		return err
	}
	defer store.Close() // what was written has been committed
	return use(store)
}
