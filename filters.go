package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"mayfly/board"
	"mayfly/filter"
	"mayfly/storage"
)

type (
	filterCommand struct {
		List   filterList   `cmd:"" help:"List the filters, with their numbers."`
		Add    filterAdd    `cmd:"" help:"Add a filter; a running server follows within two seconds."`
		Remove filterRemove `cmd:"" help:"Remove a filter."`
		Try    filterTry    `cmd:"" help:"Say what a filter would hit in a text, and add nothing."`
	}
	filterList struct{}
	filterAdd  struct {
		filterFlags
		Action string `required:"" placeholder:"ACTION" help:"What is done with a post that has it: block, hold (it waits for an admin), mask, short (it lives a minute), ask (a name: think again) or care."`
		Board  string `placeholder:"SLUG" help:"The one board it is for."`
	}
	filterRemove struct {
		Number int64 `arg:"" help:"Its number, as filter list shows it."`
	}
	filterTry struct {
		filterFlags
		Sample string `arg:"" help:"A text to try it on."`
	}
	filterFlags struct {
		Text    string `arg:"" help:"A word or phrase; spam* is every word that begins so."`
		Pattern bool   `help:"It is a pattern in RE2 syntax, over text without case and accents."`
	}
)

// Run prints the filters in the order they were added.
func (filterList) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		list, err := store.Filters(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, f := range list {
			where := f.Board
			if where == "" {
				where = "all boards"
			}
			fmt.Fprintf(table, "%d\t%s\t%s\n", f.Number, where, f)
		}
		return table.Flush()
	})
}

// Run adds a filter.
func (c filterAdd) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		screen, err := filter.New(ctx, store)
		if err != nil {
			return err
		}
		f := board.Filter{Board: c.Board, Text: c.Text, Pattern: c.Pattern, Action: board.FilterAction(c.Action)}
		if err := board.AddFilter(ctx, "cli", store, screen, f, time.Now()); err != nil {
			return usageError{err}
		}
		_, err = fmt.Fprintln(out, "Added. A running server follows within two seconds.")
		return err
	})
}

// Run removes a filter.
func (c filterRemove) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		if err := board.RemoveFilter(ctx, "cli", store, c.Number, time.Now()); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintln(out, "Removed. A running server follows within two seconds.")
		return err
	})
}

// Run tries a filter on a text. It opens no data folder: the living are for the
// server alone to read.
func (c filterTry) Run(out io.Writer) error {
	var screen filter.Screen
	find, err := screen.Finder(board.Filter{Text: c.Text, Pattern: c.Pattern})
	if err != nil {
		return usageError{err}
	}
	words := find(screen.Normal(c.Sample))
	if len(words) == 0 {
		_, err = fmt.Fprintln(out, "It hits nothing.")
		return err
	}
	_, err = fmt.Fprintf(out, "It hits %s.\n", strings.Join(words, ", "))
	return err
}
