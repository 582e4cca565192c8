package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// house is a built server, and a folder in which people have been for a while.
type house struct {
	dir    string
	binary string
	people []*person // with cookies that have settled
}

// writers is how many people have written before.
const writers = 260

// prepare builds the server, has people write once, and lets half an hour pass: board
// time goes on from where the keys folder says that it was.
func prepare(ctx context.Context) (*house, error) {
	dir, err := os.MkdirTemp("", "mayfly-raid-")
	if err != nil {
		return nil, err
	}
	h := &house{dir: dir, binary: filepath.Join(dir, "mayfly")}
	build := exec.CommandContext(ctx, "go", "build", "-o", h.binary, ".") //nolint:gosec // into our own folder
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the server: %w\n%s", err, out)
	}
	s, err := h.start(ctx, "before", bare)
	if err != nil {
		return nil, err
	}
	for i := range writers {
		who := &person{addr: fmt.Sprintf("198.18.%d.%d", i, 1+i%200)}
		if i >= 250 {
			who.addr = fmt.Sprintf("198.19.%d.%d", i, 1+i%200)
		}
		if _, res := s.post(ctx, who, fmt.Sprintf("hello from the person number %d of this place", i), nil); res != accepted {
			return nil, errors.Join(errors.New("a person could not write before the raid"), s.stop())
		}
		h.people = append(h.people, who)
	}
	if err := s.stop(); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(filepath.Join(dir, "before")); err != nil {
		return nil, err
	}
	return h, setClock(filepath.Join(dir, "before.keys", "board.clock"), time.Now().Add(30*time.Minute))
}

// setClock writes what the server saves of board time, so that it goes on from there.
func setClock(path string, at time.Time) error {
	record := make([]byte, 64)
	binary.LittleEndian.PutUint64(record, uint64(at.UnixMilli()))
	binary.LittleEndian.PutUint32(record[60:], crc32.ChecksumIEEE(record[:60]))
	return os.WriteFile(path, append(record, record...), 0o600)
}

func (h *house) remove() { _ = os.RemoveAll(h.dir) }

// server is one that runs.
type server struct {
	h       *house
	name    string
	url     string
	process *exec.Cmd
	client  *http.Client
	log     bytes.Buffer
}

// start runs the server on a folder of its own, with the keys of before.
func (h *house) start(ctx context.Context, name string, set []string) (*server, error) {
	data := filepath.Join(h.dir, strings.ReplaceAll(name, " ", "-"))
	args := []string{"--addr", "127.0.0.1:0", "--data", data, "--keys", data + ".keys", "--starter", "none", "--trusted-proxies", "127.0.0.0/8", "--set", "contact=host@river.example"}
	if name != "before" {
		if err := os.CopyFS(data+".keys", os.DirFS(filepath.Join(h.dir, "before.keys"))); err != nil {
			return nil, err
		}
		if err := os.Remove(filepath.Join(data+".keys", "posts.keys")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	s := &server{h: h, name: data, client: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256},
	}}
	s.process = exec.CommandContext(ctx, h.binary, args...) //nolint:gosec // built a moment ago
	s.process.Stderr = &s.log
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, port, found := strings.Cut(lines.Text(), "http://127.0.0.1:"); found {
			s.url = "http://127.0.0.1:" + strings.TrimSpace(port)
			return s, nil
		}
	}
	return nil, fmt.Errorf("the server did not start: %w\n%s", s.process.Wait(), &s.log)
}

// command runs a command of the program on the server's folder.
func (s *server) command(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, s.h.binary, append(args, "--data", s.name, "--keys", s.name+".keys")...) //nolint:gosec // built a moment ago
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mayfly %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// prepare does what a host has done by the time that the raid goes on.
func (s *server) prepare(ctx context.Context, is scenario) error {
	for _, words := range is.filters {
		if err := s.command(ctx, "filter", "add", words, "--action", "block"); err != nil {
			return err
		}
	}
	if is.storm {
		if err := s.command(ctx, "raid", "on", "1h"); err != nil {
			return err
		}
	}
	if is.storm || len(is.filters) > 0 {
		time.Sleep(1500 * time.Millisecond) // the server follows
	}
	return nil
}

func (s *server) stop() error {
	s.client.CloseIdleConnections()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("the server: %w\n%s", err, &s.log)
	}
	return nil
}
