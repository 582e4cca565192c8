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
	ops   net.Listener
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
		if d.onion, err = listenAside(ctx, "--onion-addr", cfg.OnionAddr, 0o666); err != nil { // tor is another account
			return d, err
		}
	}
	if cfg.OpsAddr != "" {
		d.ops, err = listenAside(ctx, "--ops-addr", cfg.OpsAddr, 0o660)
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
	for _, l := range []net.Listener{d.clear, d.tls, d.onion, d.ops} {
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
func (d *doors) servers(cfg *Config, sealed *seal, site, ops http.Handler, log *slog.Logger) []door {
	var list []door
	if d.ops != nil {
		list = append(list, door{handlers.NewOpsServer(ops, log), d.ops})
	}
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

// listenAside opens a listener that is not for everybody. A socket that an earlier run
// left behind is taken away; who may reach one is decided by its folder and its mode.
func listenAside(ctx context.Context, flag, value string, mode os.FileMode) (net.Listener, error) {
	network, at := listenerAt(value)
	if info, err := os.Lstat(at); network == "unix" && err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(at); err != nil {
			return nil, fmt.Errorf("%s=%s: %w", flag, value, err)
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, at)
	if err != nil {
		return nil, fmt.Errorf("%s=%s can't be listened on: %w", flag, value, err)
	}
	if network == "unix" {
		if err := os.Chmod(at, mode); err != nil {
			return nil, errors.Join(fmt.Errorf("%s=%s: %w", flag, value, err), l.Close())
		}
	}
	return l, nil
}
