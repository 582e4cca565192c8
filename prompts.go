package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"mayfly/board"
	"mayfly/storage"
)

type (
	promptCommand struct {
		Ask  promptAsk  `cmd:"" help:"Ask on a board; a running server pins it within two seconds."`
		List promptList `cmd:"" help:"List what stands, with its number."`
		End  promptEnd  `cmd:"" help:"End a prompt with all answers, for good."`
	}
	promptAsk struct {
		Text      string `arg:"" help:"The question, which is published as it stands."`
		Board     string `default:"home" placeholder:"SLUG" help:"The board it stands on."`
		TTL       string `name:"ttl" default:"24h" help:"How long it stands, up to 30d."`
		Welcome   bool   `help:"It is a welcome, and asks nothing."`
		Sponsored bool   `help:"Somebody paid for it, and it says so."`
	}
	promptList struct{}
	promptEnd  struct {
		Number int64 `arg:"" help:"Its number, as prompt list shows it."`
	}
)

// Run stores a question for whoever holds the keys to plant.
func (c promptAsk) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	ttl, err := board.ParseLife(c.TTL)
	if err != nil || ttl == 0 {
		return usageError{errors.New("--ttl: give a time such as 24h or 7d")}
	}
	q := board.Question{Board: c.Board, Kind: board.Asking, Body: c.Text, Sponsored: c.Sponsored, TTL: ttl}
	if c.Welcome {
		q.Kind = board.Welcome
	}
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		if err := board.Ask(ctx, "cli", store, store, q, time.Now()); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintln(out, "It is to be pinned. A running server does so within two seconds; without one, the next start does.\n"+
			"Until it ends, its words lie readable in the data folder: they are yours, and published. The answers do not.")
		return err
	})
}

// Run prints what stands, in the order it was asked.
func (promptList) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		list, err := store.Questions(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, q := range list {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", q.Number, q.Board, promptState(q), strings.ReplaceAll(q.Body, "\n", " "))
		}
		return table.Flush()
	})
}

func promptState(q board.Question) string {
	kind := string(q.Kind)
	if q.Sponsored {
		kind = "sponsored " + kind
	}
	switch {
	case q.Ending:
		return kind + ", ending"
	case !q.Planted():
		return kind + ", waits for the server"
	}
	return kind
}

// Run ends a prompt.
func (c promptEnd) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		if err := board.EndQuestion(ctx, "cli", store, c.Number, time.Now()); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintln(out, "It is to end. A running server destroys its key and those of its answers within two seconds;\n"+
			"without one, the next start does so.")
		return err
	})
}
