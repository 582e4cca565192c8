package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"mayfly/board"
	"mayfly/storage"
)

type (
	circleCommand struct {
		List circleList `cmd:"" help:"List circles: how many are in, how many posts there are, and when it closes. Nobody can list their names."`
		End  circleEnd  `cmd:"" help:"End a circle with all that is in it, for good."`
	}
	circleList struct{}
	circleEnd  struct {
		ID     string `arg:"" help:"Its 26 letters, as circle list shows them."`
		Reason string `default:"other" help:"Why, as the log for all will say."`
	}
)

// Run prints what the server knows of circles, the next to close first.
func (circleList) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		now := time.Now()
		list, err := store.CircleLines(ctx, now)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, l := range list {
			fmt.Fprintf(table, "%s\t%d of %d members\t%d posts\tcloses in %s\n", l.ID, l.Members, l.Cap, l.Posts, l.ClosesAt.Sub(now).Round(time.Minute))
		}
		return table.Flush()
	})
}

// Run has a circle ended by whoever holds the keys.
func (c circleEnd) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	id, err := board.ParsePostID(c.ID)
	if err != nil {
		return usageError{err}
	}
	why, err := board.ParseReason(c.Reason)
	if err != nil {
		return usageError{err}
	}
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		if err := board.CloseCircle(ctx, "cli", store, id, why, time.Now()); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintln(out, "It is shut, and nobody reads it any more. A running server destroys the keys of all that was in it within two seconds;\n"+
			"without one, the next start does so.")
		return err
	})
}
