package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"mayfly/argon"
	"mayfly/board"
	"mayfly/storage"
)

type (
	doorCommand struct {
		Set    doorSet    `cmd:"" help:"Say who may come onto a board."`
		Invite doorInvite `cmd:"" help:"Make an invitation, and print it this once."`
		List   doorList   `cmd:"" help:"List the invitations of a board."`
		Revoke doorRevoke `cmd:"" help:"Take an invitation back; who came in by it stays."`
		Out    doorOut    `cmd:"" help:"Put everybody out; a running server does so within two seconds."`
	}
	doorSet struct {
		Slug   string `arg:"" help:"The board's name in addresses."`
		Access string `arg:"" help:"open, unlisted, passphrase or invite."`
		File   string `name:"passphrase-file" placeholder:"FILE" help:"Where its passphrase stands, \"-\" for what is typed. A new one puts everybody out; without it the board keeps what it has."`
	}
	doorInvite struct {
		Slug string `arg:"" help:"The board's name in addresses."`
		Uses int    `default:"10" help:"How many people come in by it."`
		Life string `default:"7d" help:"How long it is good for."`
	}
	doorList struct {
		Slug string `arg:"" help:"The board's name in addresses."`
	}
	doorRevoke struct {
		Slug   string `arg:"" help:"The board's name in addresses."`
		Number int64  `arg:"" help:"The invitation's number, as they are listed."`
	}
	doorOut struct {
		Slug string `arg:"" help:"The board's name in addresses."`
	}
)

// Run says who may come onto a board.
func (c doorSet) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	phrase, err := c.phrase()
	if err != nil {
		return err
	}
	return withDoors(ctx, cfg, c.Slug, func(d *board.Doors) error {
		if err := d.Set(ctx, "cli", c.Slug, board.Access(c.Access), phrase); err != nil {
			return usageError{err}
		}
		_, err := fmt.Fprintln(out, "Set. A running server follows within two seconds.")
		return err
	})
}

// phrase is no argument: those are seen by everybody on the machine.
func (c doorSet) phrase() (string, error) {
	if c.File == "" {
		return "", nil
	}
	var text []byte
	var err error
	if c.File == "-" {
		text, err = io.ReadAll(io.LimitReader(os.Stdin, 4<<10))
	} else {
		text, err = os.ReadFile(c.File)
	}
	if err == nil && strings.TrimSpace(string(text)) == "" {
		err = errors.New("there is nothing in it")
	}
	if err != nil {
		return "", usageError{fmt.Errorf("--passphrase-file: %w", err)}
	}
	return string(text), nil
}

// Run makes an invitation.
func (c doorInvite) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withDoors(ctx, cfg, c.Slug, func(d *board.Doors) error {
		life, err := board.ParseLife(c.Life)
		if err != nil {
			life = 0 // which is refused
		}
		code, err := d.Invite(ctx, "cli", c.Slug, c.Uses, life)
		if err != nil {
			return usageError{err}
		}
		_, err = fmt.Fprintf(out, "%s\nIt opens /b/%s/door?code=%s for %d, within %s.\n", code, c.Slug, code, c.Uses, board.FormatLife(life))
		return err
	})
}

// Run lists invitations.
func (c doorList) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withDoors(ctx, cfg, c.Slug, func(d *board.Doors) error {
		list, err := d.Codes(ctx, c.Slug)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, code := range list {
			fmt.Fprintf(table, "%d\t%d left\tends in %s\n", code.Number, code.Left, board.FormatLife(time.Until(code.EndsAt).Round(time.Minute)))
		}
		return table.Flush()
	})
}

// Run takes an invitation back.
func (c doorRevoke) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withDoors(ctx, cfg, c.Slug, func(d *board.Doors) error {
		if err := d.Revoke(ctx, "cli", c.Slug, c.Number); err != nil {
			return usageError{fmt.Errorf("no invitation of %s has the number %d: mayfly board door list %s names those there are", c.Slug, c.Number, c.Slug)}
		}
		_, err := fmt.Fprintln(out, "Taken back: it opens nothing any more.")
		return err
	})
}

// Run puts everybody out of a board.
func (c doorOut) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withDoors(ctx, cfg, c.Slug, func(d *board.Doors) error {
		if err := d.TurnOut(ctx, "cli", c.Slug); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, "Everybody is put out. A running server does so within two seconds.")
		return err
	})
}

// withDoors opens the doors in the data folder, beside a running server or without one.
// It makes no pass, and so needs no key.
func withDoors(ctx context.Context, cfg *Config, slug string, use func(*board.Doors) error) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		if err := findBoard(ctx, store, slug); err != nil {
			return err
		}
		tuner, err := board.NewTuner(ctx, store, nil, time.Now)
		if err != nil {
			return err
		}
		doors, err := board.NewDoors(ctx, store, tuner, argon.New(), [32]byte{}, time.Now)
		if err != nil {
			return err
		}
		return use(doors)
	})
}

// warnShut says which boards nobody can come onto, as they have no passphrase yet.
func warnShut(ctx context.Context, log *slog.Logger, b *board.Board, doors *board.Doors, settings func(board string) board.Settings) {
	boards, err := b.Boards(board.AsHost(ctx))
	if err != nil {
		log.ErrorContext(ctx, "boards were not looked at", "err", err)
	}
	for _, info := range boards {
		if settings(info.Slug).Access == board.ByPassphrase && !doors.HasPhrase(info.Slug) {
			log.WarnContext(ctx, "nobody can come in: the board asks for a passphrase and has none; set one on its page of admins, or with mayfly board door set", "board", info.Slug)
		}
	}
}
