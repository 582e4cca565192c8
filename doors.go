package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"mayfly/certs"
	"mayfly/handlers"
)

// doors are the listeners of a server; nil: there is none of that kind.
type doors struct {
	clear net.Listener // of --addr
	tls   net.Listener
	onion net.Listener
}

// door is a listener and who answers there.
type door struct {
	*http.Server
	at net.Listener
}

func (d door) serve() error {
	if d.TLSConfig != nil {
		return d.ServeTLS(d.at, "", "")
	}
	return d.Serve(d.at)
}

// listen opens all that Config names. Where TLS is spoken the address without it may be
// taken: then the board is reached by https alone, and it is tried again.
func listen(ctx context.Context, cfg *Config, log *slog.Logger) (d *doors, err error) {
	d = new(doors)
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if cfg.speaksTLS() {
		if d.tls, err = (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.TLSAddr); err != nil {
			return d, fmt.Errorf("--tls-addr=%s can't be listened on: %w%s", cfg.TLSAddr, err, privileged(err))
		}
	}
	d.clear, err = (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	switch {
	case err != nil && cfg.speaksTLS():
		log.WarnContext(ctx, "--addr can't be listened on: the board is reached by https alone, and nobody is led there; it is tried again each minute", "addr", cfg.Addr, "err", err)
	case err != nil:
		return d, fmt.Errorf("--addr=%s can't be listened on: %w%s", cfg.Addr, err, privileged(err))
	}
	err = nil
	if cfg.OnionAddr != "" {
		d.onion, err = listenForTor(ctx, cfg)
	}
	return d, err
}

// privileged says what would do where a low port is refused.
func privileged(err error) string {
	if !errors.Is(err, os.ErrPermission) {
		return ""
	}
	return " (ports below 1024 need root, or AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit)"
}

// close closes what no server has closed.
func (d *doors) close() {
	for _, l := range []net.Listener{d.clear, d.tls, d.onion} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// addr is where people come in.
func (d *doors) addr() net.Addr {
	if d.tls != nil {
		return d.tls.Addr()
	}
	return d.clear.Addr()
}

// servers puts somebody behind each door.
func (d *doors) servers(cfg *Config, sealed *seal, site http.Handler, log *slog.Logger) []door {
	var list []door
	if d.onion != nil {
		list = append(list, door{handlers.NewOnionServer(site, log), d.onion})
	}
	if d.tls == nil {
		return append(list, door{handlers.NewHTTPServer(site, log), d.clear})
	}
	if d.clear == nil {
		d.clear = &lateListener{at: cfg.Addr, every: listenAgain, opened: func() { sealed.clear.Store(true) }, shut: make(chan struct{})}
	}
	return append(list,
		door{handlers.NewTLSServer(site, certs.Config(sealed.Certificate), log), d.tls},
		door{handlers.NewClearServer(site, log), d.clear})
}

// listenAgain is how often a taken address is tried.
const listenAgain = time.Minute

// lateListener listens as soon as its address is free.
type lateListener struct {
	at     string
	every  time.Duration
	opened func()
	shut   chan struct{}

	mu  sync.Mutex
	own net.Listener // nil: not yet
}

// Accept waits for the address first.
func (l *lateListener) Accept() (net.Conn, error) {
	own := l.listener()
	for own == nil {
		select {
		case <-l.shut:
			return nil, net.ErrClosed
		case <-time.After(l.every):
			own = l.try()
		}
	}
	return own.Accept()
}

func (l *lateListener) listener() net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.own
}

// try gives the listener, or nil while its address is taken.
func (l *lateListener) try() net.Listener {
	own, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", l.at)
	if err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.own = own
	l.opened()
	return own
}

// Close ends the waiting, and closes what was opened.
func (l *lateListener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.shut:
	default:
		close(l.shut)
	}
	if l.own == nil {
		return nil
	}
	return l.own.Close()
}

// Addr is where it listens; none is known before.
func (l *lateListener) Addr() net.Addr {
	if own := l.listener(); own != nil {
		return own.Addr()
	}
	return &net.TCPAddr{}
}

// listenForTor opens the onion service's listener. A socket that an earlier run left
// behind is taken away; who may reach one is decided by its folder.
func listenForTor(ctx context.Context, cfg *Config) (net.Listener, error) {
	network, at := cfg.onionListener()
	if info, err := os.Lstat(at); network == "unix" && err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(at); err != nil {
			return nil, fmt.Errorf("--onion-addr=%s: %w", cfg.OnionAddr, err)
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, at)
	if err != nil {
		return nil, fmt.Errorf("--onion-addr=%s can't be listened on: %w", cfg.OnionAddr, err)
	}
	if network == "unix" {
		if err := os.Chmod(at, 0o666); err != nil { //nolint:gosec // tor is another account
			return nil, errors.Join(fmt.Errorf("--onion-addr=%s: %w", cfg.OnionAddr, err), l.Close())
		}
	}
	return l, nil
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
