package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// broken is a store whose keys can't be destroyed.
type broken struct{ board.Expirer }

func (broken) Destroy(time.Time) error { return errors.New("the disk says no") }

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

func TestSystemdIsAskedToWatchAndToldThatTheProcessIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	start(t, "--addr", "127.0.0.1:0")
	word := make([]byte, 64)
	for _, want := range []string{"WATCHDOG_USEC=30000000", "WATCHDOG=1", "WATCHDOG=1"} {
		n, err := systemd.Read(word)
		if err != nil || string(word[:n]) != want {
			t.Fatalf("it says %q, %v; want %q", word[:n], err, want)
		}
	}
}

func TestTheUnitStartsAnewWhatTheWatchdogEnds(t *testing.T) {
	for name, want := range map[string]string{"Restart": "always", "NotifyAccess": "main", "RestartPreventExitStatus": "2", "WatchdogSignal": "SIGKILL"} {
		if got := one(t, "deploy/mayfly.service", `^`+name+`=(.*)$`); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	one(t, "deploy/compose.yaml", `^ +(restart: unless-stopped)$`)
}

func TestR20WhatEndedMeanwhileIsOffTheDiskBeforeThePortOpens(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0", "--set", "contact=host@river.example")
	for body, ttl := range map[string]string{"it ends while nobody serves": "10m", "it lives on for all of that": "4h"} {
		if res := site.post(t, "/b/home/posts", url.Values{"body": {body}, "ttl": {ttl}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s", body, res.Status)
		}
	}
	site.stop()
	if n := slotsOnDisk(t, site.data); n != 2 {
		t.Fatalf("%d keys on the disk of two posts", n)
	}
	saveClock(t, site.data, time.Now().Add(time.Hour))
	again := start(t, "--addr", "127.0.0.1:0", "--data", site.data)
	if n := slotsOnDisk(t, site.data); n != 1 { // start returns when the port is open
		t.Errorf("%d keys on the disk when the port opens, want that of the post that lives", n)
	}
	if page := again.get(t, "/"); strings.Contains(page, "while nobody serves") || !strings.Contains(page, "for all of that") {
		t.Error("the board does not show the one that lives alone")
	}
}

// slotsOnDisk counts slots with something in them; the first is the header.
func slotsOnDisk(t *testing.T, data string) (n int) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(data+".keys", "posts.keys"))
	if err != nil {
		t.Fatal(err)
	}
	for slot := range slices.Chunk(content[64:], 64) {
		if !bytes.Equal(slot, make([]byte, len(slot))) {
			n++
		}
	}
	return n
}

// saveClock writes the board time that a start goes on from.
func saveClock(t *testing.T, data string, at time.Time) {
	t.Helper()
	record := make([]byte, 64)
	binary.LittleEndian.PutUint64(record, uint64(at.UnixMilli()))
	binary.LittleEndian.PutUint32(record[60:], crc32.ChecksumIEEE(record[:60]))
	if err := os.WriteFile(filepath.Join(data+".keys", "board.clock"), append(record, record...), 0o600); err != nil {
		t.Fatal(err)
	}
}
