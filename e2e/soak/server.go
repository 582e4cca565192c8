package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayfly/e2e/house"
)

// server is one that runs, in a folder with data, keys, tmp and its log.
type server struct {
	*house.Server
	run    *run
	client *http.Client
	ops    *http.Client
}

// start runs the server on the trial's folder, with as many descriptors as it says (0:
// as many as there are), until its port is open.
func (r *run) start(descriptors int, args ...string) (*server, error) {
	tmp := filepath.Join(r.dir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, err
	}
	ops := filepath.Join(r.dir, "ops")
	limit := "$(ulimit -Hn)"
	if descriptors > 0 {
		limit = strconv.Itoa(descriptors)
	}
	settings := []string{"contact=host@river.example", "pow=off", "lookalikes=off", "ttl_min=1s", "pictures=on", "life_per_heart=5s"}
	for _, free := range []string{"post", "reply", "vote", "page", "socket", "picture", "open", "search"} {
		settings = append(settings, free+"=0")
	}
	up, err := r.house.Start(house.Setup{
		Through: []string{"sh", "-c", "ulimit -n " + limit + `; exec "$@"`, "soak"},
		Args:    slices.Concat(house.Serve(r.data(), r.keys(), settings...), []string{"--ops-addr", "unix:" + ops, "--trusted-proxies", "127.0.0.0/8"}, args),
		Env:     []string{"TMPDIR=" + tmp},
	})
	if err != nil {
		return nil, err
	}
	return &server{
		Server: up, run: r,
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}},
		ops: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", ops)
		}}},
	}, nil
}

func (r *run) data() string { return filepath.Join(r.dir, "data") }
func (r *run) keys() string { return filepath.Join(r.dir, "keys") }

// stop ends it as a service manager does, and wants no error in its log.
func (s *server) stop() error {
	s.client.CloseIdleConnections()
	if err := s.Stop(); err != nil {
		return err
	}
	return s.silent()
}

// silent is an error where the log has one, or an address.
func (s *server) silent() error { return cmp.Or(s.Complaint(), s.nameless()) }

func (s *server) nameless() error {
	if log := s.Log.String(); strings.Contains(log, "127.0.0.1") || strings.Contains(log, "198.18.") {
		return fmt.Errorf("an address is in the log:\n%s", log)
	}
	return nil
}

// health is the status of /healthz; 0: nobody answers.
func (s *server) health(ctx context.Context) int {
	status, _, _ := s.ask(ctx, s.client, http.MethodGet, s.URL+"/healthz", "", nil, nil)
	return status
}

func (s *server) ask(ctx context.Context, by *http.Client, method, url, kind string, body []byte, header http.Header) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	maps.Copy(req.Header, header)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := by.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// vitals is how a process does.
type vitals struct {
	resident, heap, data, journal, keyFile int64 // bytes
	goroutines, fds, sockets, keys         int64
}

// look asks for a collection first, so that the heap is what is held.
func (s *server) look(ctx context.Context) (v vitals, err error) {
	if _, _, err := s.ask(ctx, s.ops, http.MethodGet, "http://localhost/debug/pprof/heap?gc=1", "", nil, nil); err != nil {
		return v, err
	}
	_, text, err := s.ask(ctx, s.ops, http.MethodGet, "http://localhost/metrics", "", nil, nil)
	if err != nil {
		return v, err
	}
	into := map[string]*int64{
		"go_memstats_heap_alloc_bytes": &v.heap, "go_goroutines": &v.goroutines, "process_open_fds": &v.fds, "mayfly_sockets": &v.sockets, "mayfly_keys": &v.keys,
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if to := into[name]; to != nil {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return v, fmt.Errorf("metric %s: %w", name, err)
			}
			*to = int64(n)
			delete(into, name)
		}
	}
	if len(into) > 0 {
		return v, errors.New("a metric is missing")
	}
	v.resident = s.Resident()
	v.data, v.journal, v.keyFile = size(s.run.data(), "mayfly.db"), size(s.run.data(), "mayfly.db-wal"), size(s.run.keys(), "posts.keys")
	return v, nil
}

func size(dir, name string) int64 {
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	return info.Size()
}

const slotSize = 64 // the first is the header

// slots is how many keys are on the disk.
func (r *run) slots() (n int, err error) {
	content, err := os.ReadFile(filepath.Join(r.keys(), "posts.keys"))
	if err != nil {
		return 0, err
	}
	for at := slotSize; at+slotSize <= len(content); at += slotSize {
		if !bytes.Equal(content[at:at+slotSize], make([]byte, slotSize)) {
			n++
		}
	}
	return n, nil
}

// until waits for a fact.
func until(ctx context.Context, most time.Duration, fact func() bool) bool {
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if fact() {
			return true
		}
	}
	return fact()
}
