package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"mayfly/board"
	"mayfly/storage"
)

type (
	adminCommand struct {
		Link  adminLink  `cmd:"" help:"Print the link that makes the first owner, while there is none."`
		Reset adminReset `cmd:"" help:"Print a link that makes an owner anew, once, and sign everybody out."`
	}
	adminLink  struct{}
	adminReset struct{}
)

// Run prints the first setup link, beside a running server or without one.
func (adminLink) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		token, err := board.FirstLink(ctx, store, time.Now)
		if err != nil {
			return err
		}
		if token == "" {
			return usageError{errors.New("the board has an owner: \"mayfly admin reset\" prints a link that makes another one, and signs every admin out")}
		}
		_, err = fmt.Fprintf(out, "This link makes you the owner, once; one that was printed before opens nothing any more:\n  %s\n",
			setupLink(cfg.home(), token))
		return err
	})
}

// Run prints a setup link in the data folder, beside a running server or without one.
func (adminReset) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withBoards(ctx, cfg, func(store *storage.SettingsFile) error {
		token, err := board.ResetOwner(ctx, store, time.Now)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "Every admin is signed out. This link makes an owner anew, once; until then the owner is who it was:\n  %s\n",
			setupLink(cfg.home(), token))
		return err
	})
}

// home is where this board is opened from this machine, as far as the flags say.
func (c *Config) home() string {
	if c.base != nil {
		return c.base.String()
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
