package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// house is a built server, and a folder for all that it does.
type house struct {
	dir    string
	binary string
	open   []*server // that nobody has stopped yet
}

func prepare(ctx context.Context) (*house, error) {
	dir, err := os.MkdirTemp("", "mayfly-forensics-")
	if err != nil {
		return nil, err
	}
	h := &house{dir: dir, binary: filepath.Join(dir, "mayfly")}
	return h, build(ctx, ".", h.binary)
}

// build builds the program whose source is in a folder.
func build(ctx context.Context, source, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, ".") //nolint:gosec // into our own folder
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return nil
}

func (h *house) remove() error { return os.RemoveAll(h.dir) }

// clear ends the servers that a step which failed has left.
func (h *house) clear() {
	for len(h.open) > 0 {
		_ = h.open[0].kill()
	}
}

// place is where one server keeps all that it keeps.
type place struct{ data, keys, temp, log string }

func placeIn(dir string) (place, error) {
	at := place{filepath.Join(dir, "data"), filepath.Join(dir, "data.keys"), filepath.Join(dir, "temp"), filepath.Join(dir, "log")}
	return at, errors.Join(os.MkdirAll(at.temp, 0o700), os.MkdirAll(at.log, 0o700))
}

// all is every folder of it.
func (at place) all() []string { return []string{at.data, at.keys, at.temp, at.log} }

func (at place) slots() string { return filepath.Join(at.keys, "posts.keys") }

// server is one that runs.
type server struct {
	h       *house
	at      place
	url     string
	process *exec.Cmd
	log     *os.File
	client  *http.Client
}

// settings let one address write as it likes, and posts live for seconds.
var settings = []string{
	"post=0", "reply=0", "vote=0", "page=0", "picture=0", "socket=0", "pow=off", "lookalikes=off", "ttl_min=1s", "life_per_heart=2s", "contact=host@river.example",
}

// start runs a server in a place, and returns once it answers.
func (h *house) start(ctx context.Context, binary string, at place) (*server, error) {
	args := []string{"--addr", "127.0.0.1:0", "--data", at.data, "--keys", at.keys, "--starter", "none"}
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	log, err := os.OpenFile(filepath.Join(at.log, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s := &server{h: h, at: at, log: log, client: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64},
	}}
	s.process = exec.CommandContext(ctx, binary, args...) //nolint:gosec // built a moment ago
	s.process.Env = append(os.Environ(), "TMPDIR="+at.temp, "SQLITE_TMPDIR="+at.temp)
	s.process.Stderr = log
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Fprintln(log, lines.Text())
		if _, port, found := strings.Cut(lines.Text(), "http://127.0.0.1:"); found {
			s.url = "http://127.0.0.1:" + strings.TrimSpace(port)
			go func() { _, _ = io.Copy(log, out) }()
			h.open = append(h.open, s)
			return s, nil
		}
	}
	said, _ := os.ReadFile(log.Name())
	return nil, fmt.Errorf("the server did not start: %w\n%s", s.process.Wait(), said[max(0, len(said)-2000):])
}

// kill ends it as the kernel does.
func (s *server) kill() error {
	defer s.release()
	if err := s.process.Process.Kill(); err != nil {
		return err
	}
	_ = s.process.Wait() // it was killed
	return nil
}

func (s *server) stop() error {
	defer s.release()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	return nil
}

func (s *server) release() {
	s.h.open = slices.DeleteFunc(s.h.open, func(other *server) bool { return other == s })
	s.client.CloseIdleConnections()
	_ = s.log.Close()
}

// person has a cookie once there is one.
type person struct {
	mu     sync.Mutex
	cookie string
}

// send asks the API, and returns the status (0: nothing came back) and the answer.
func (s *server) send(ctx context.Context, who *person, method, path, bearer string, body any) (status int, answer []byte) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil
	}
	return s.sendAs(ctx, who, method, path, bearer, "application/json", text)
}

func (s *server) sendAs(ctx context.Context, who *person, method, path, bearer, kind string, body []byte) (status int, answer []byte) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", kind)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	who.mu.Lock()
	if who.cookie != "" {
		req.Header.Set("Cookie", who.cookie)
	}
	who.mu.Unlock()
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		return 0, nil
	}
	for _, c := range res.Cookies() {
		who.mu.Lock()
		who.cookie = c.Name + "=" + c.Value
		who.mu.Unlock()
	}
	return res.StatusCode, answer
}

// bytesAt reads a path of the site whole.
func (s *server) bytesAt(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}
