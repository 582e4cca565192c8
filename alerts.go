package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"mayfly/alert"
	"mayfly/board"
	"mayfly/doctor"
	"mayfly/words"
)

// checkAlerts reads where alerts go. Errors name the flag and never its value, which
// may be a secret.
func (c *Config) checkAlerts() error {
	if c.AlertURL != "" {
		to, err := url.Parse(c.AlertURL)
		if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
			return errors.New("--alert-url: give an address such as https://ntfy.example/our-board")
		}
		style := alert.Style(c.AlertStyle)
		if !slices.Contains([]alert.Style{alert.Ntfy, alert.Slack, alert.Matrix}, style) {
			return fmt.Errorf("--alert-style=%s: give ntfy, slack or matrix", c.AlertStyle)
		}
		c.receivers = append(c.receivers, alert.NewHook(style, to, c.AlertToken))
	}
	if (c.AlertMail == "") != (c.SMTP == "") {
		return errors.New("--alert-mail and --smtp belong together: who is written to, and by which server")
	}
	if c.AlertMail != "" {
		m, err := alert.NewMail(c.SMTP, c.AlertFrom, c.AlertMail)
		if err != nil {
			return fmt.Errorf("--smtp, --alert-from, --alert-mail: %w", err)
		}
		c.receivers = append(c.receivers, m)
	}
	return nil
}

// alertKinds are the kinds of receivers, which everybody may read of.
func (c *Config) alertKinds() (kinds []string) {
	if c.AlertURL != "" {
		kinds = append(kinds, c.AlertStyle)
	}
	if c.AlertMail != "" {
		kinds = append(kinds, "mail")
	}
	return kinds
}

// newBell speaks the language that the site was begun in.
func newBell(cfg *Config, settings func(string) board.Settings, log *slog.Logger) *alert.Bell {
	printer := words.In(cfg.StarterLang)
	say := func(k alert.Kind, n int) string { return printer.Say("alert."+string(k), "n", n) }
	return alert.New(say, func() bool { return settings("").Alerts }, log, cfg.receivers...)
}

// ring is what a board's alarm sets off.
func ring(b *alert.Bell) func(board.Waiting) {
	return func(w board.Waiting) {
		switch w {
		case board.Reported:
			b.Notify(alert.Reports, 1)
		case board.HeldBack:
			b.Notify(alert.Holds, 1)
		case board.Claimed:
			b.Notify(alert.Claims, 1)
		}
	}
}

// ringForRaids is told of each board where raid mode begins or ends; left is what is
// left of it there.
func ringForRaids(b *alert.Bell, left func(board string) time.Duration) func(context.Context, string) {
	return func(_ context.Context, slug string) {
		if left(slug) > 0 {
			b.Notify(alert.Raid, 1)
		}
	}
}

// watchDisks rings once when a folder's disk is nearly full, and again only after it
// was not.
func watchDisks(ctx context.Context, cfg *Config, b *alert.Bell) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for was := false; ; {
		full := doctor.Full(cfg.Data, cfg.Keys)
		if full && !was {
			b.Notify(alert.Disk, 1)
		}
		was = full
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
