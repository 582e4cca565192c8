package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// broken is a store whose keys can't be destroyed.
type broken struct{ board.Expirer }

func (broken) Destroy(context.Context, time.Time) ([]board.Ending, error) {
	return nil, errors.New("the disk says no")
}

func TestR20TheWatchdogEndsTheProcessWithASentence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		logger := slog.New(slog.NewTextHandler(&log, nil))
		sweeper := board.NewSweeper(broken{}, nil, nil, time.Now, logger)
		code := -1
		watch(t.Context(), sweeper, logger, func(c int) { code = c })
		if code != 1 {
			t.Errorf("exit code %d; the unit starts one with 1 anew", code)
		}
		if !strings.Contains(log.String(), "nothing was swept for ten seconds") || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("it says %q", &log)
		}
	})
}

func TestSystemdIsToldOfTheStartAndThatTheProcessIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	start(t, "--addr", "127.0.0.1:0")
	word := make([]byte, 64)
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		n, err := systemd.Read(word)
		if err != nil || string(word[:n]) != want {
			t.Fatalf("it says %q, %v; want %q", word[:n], err, want)
		}
	}
}

func TestTheUnitStartsAnewWhatTheWatchdogEnds(t *testing.T) {
	for name, want := range map[string]string{"Restart": "always", "Type": "notify", "RestartPreventExitStatus": "2", "TimeoutStartSec": "infinity", "WatchdogSignal": "SIGKILL"} {
		if got := one(t, "deploy/mayfly.service", `^`+name+`=(.*)$`); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	one(t, "deploy/compose.yaml", `^ +(restart: unless-stopped)$`)
}
