package main

import (
	"context"
	"log/slog"
	"net"
	"os"

	"mayfly/board"
)

// watch ends the process when nothing is swept any more: no lock that is held, and no
// write that hangs, may keep what has ended. Whoever starts it anew (the unit, the
// container) sweeps before the port opens. It also tells systemd that the process is
// there, which ends one that says nothing.
func watch(ctx context.Context, sweeper *board.Sweeper, log *slog.Logger, exit func(code int)) {
	tellSystemd("WATCHDOG_USEC=30000000")
	if sweeper.Watch(ctx, func() { tellSystemd("WATCHDOG=1") }) {
		log.ErrorContext(ctx, "nothing was swept for ten seconds, so this process ends; the next start destroys what has ended before it serves. "+
			"See whether the disk of the keys answers")
		exit(1)
	}
}

// tellSystemd says a word to who started us, where somebody asked for it.
func tellSystemd(word string) {
	at := os.Getenv("NOTIFY_SOCKET")
	if at == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: at, Net: "unixgram"})
	if err != nil {
		return // what it does not hear, it finds out
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(word))
}
