package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// house is where servers are built and started.
type house struct{ dir, binary string }

func build(ctx context.Context) (*house, error) {
	dir, err := os.MkdirTemp("", "mayfly-soak-")
	if err != nil {
		return nil, err
	}
	h := &house{dir, filepath.Join(dir, "mayfly")}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", h.binary, ".") //nolint:gosec // into our own folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return h, nil
}

func (h *house) remove() { _ = os.RemoveAll(h.dir) }

func (h *house) folder(name string) string { return filepath.Join(h.dir, name) }

// notes is what a server wrote to its log.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

// server is one that runs, in a folder with data, keys, tmp and its log.
type server struct {
	run     *run
	url     string
	process *exec.Cmd
	log     notes
	client  *http.Client
	ops     *http.Client
	ended   chan struct{} // closed when the process is gone
	err     error         // of its end
}

// start runs the server on the trial's folder, with as many descriptors as it says (0:
// as many as there are), until its port is open.
func (r *run) start(descriptors int, args ...string) (*server, error) {
	tmp := filepath.Join(r.dir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, err
	}
	ops := filepath.Join(r.dir, "ops")
	shell := `ulimit -n $(ulimit -Hn); exec "$@"`
	if descriptors > 0 {
		shell = fmt.Sprintf(`ulimit -n %d; exec "$@"`, descriptors)
	}
	all := []string{
		"-c", shell, "soak", r.house.binary, "--addr", "127.0.0.1:0", "--ops-addr", "unix:" + ops, "--data", r.data(), "--keys", r.keys(), "--starter", "none",
		"--trusted-proxies", "127.0.0.0/8", "--set", "contact=host@river.example", "--set", "pow=off", "--set", "lookalikes=off", "--set", "ttl_min=1s", "--set", "pictures=on", "--set", "life_per_heart=5s",
	}
	for _, free := range []string{"post", "reply", "vote", "page", "socket", "picture", "open", "search"} {
		all = append(all, "--set", free+"=0")
	}
	s := &server{
		run: r, ended: make(chan struct{}),
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}},
		ops: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", ops)
		}}},
	}
	s.process = exec.Command("sh", append(all, args...)...) //nolint:gosec,noctx // our own; it is stopped by hand
	s.process.Env = append(os.Environ(), "TMPDIR="+tmp)
	s.process.Stderr = &s.log
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.process.Stdout = in
	err = s.process.Start()
	_ = in.Close()
	if err != nil {
		return nil, err
	}
	r.servers = append(r.servers, s)
	go func() {
		s.err = s.process.Wait()
		close(s.ended)
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, port, found := strings.Cut(lines.Text(), "http://127.0.0.1:"); found {
			s.url = "http://127.0.0.1:" + strings.TrimSpace(port)
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return s, nil
		}
	}
	<-s.ended
	return nil, fmt.Errorf("the server did not start: %w\n%s", s.err, &s.log)
}

func (r *run) data() string { return filepath.Join(r.dir, "data") }
func (r *run) keys() string { return filepath.Join(r.dir, "keys") }

// stop ends it as a service manager does, and wants no error in its log.
func (s *server) stop() error {
	s.client.CloseIdleConnections()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-s.ended
	if s.err != nil {
		return fmt.Errorf("the server: %w\n%s", s.err, &s.log)
	}
	return s.silent()
}

// silent is an error where the log has one, or an address.
func (s *server) silent() error {
	log := s.log.String()
	if strings.Contains(log, "level=ERROR") {
		return fmt.Errorf("the server logged errors:\n%s", log)
	}
	return s.nameless()
}

func (s *server) nameless() error {
	if log := s.log.String(); strings.Contains(log, "127.0.0.1") || strings.Contains(log, "198.18.") {
		return fmt.Errorf("an address is in the log:\n%s", log)
	}
	return nil
}

func (s *server) kill() {
	_ = s.process.Process.Kill()
	<-s.ended
}

// health is the status of /healthz; 0: nobody answers.
func (s *server) health(ctx context.Context) int {
	status, _, _ := s.ask(ctx, s.client, http.MethodGet, s.url+"/healthz", "", nil, nil)
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
	v.resident = s.resident()
	v.data, v.journal, v.keyFile = size(s.run.data(), "mayfly.db"), size(s.run.data(), "mayfly.db-wal"), size(s.run.keys(), "posts.keys")
	return v, nil
}

func (s *server) resident() int64 {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
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
