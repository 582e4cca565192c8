package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The processors that everything is pinned to.
const (
	serverCPU = 0
	loadCPU   = 1
)

// pin holds every thread of this process to some processors; those that come later are
// begun by one of them.
func pin(cpus ...int) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	for _, t := range tasks {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &set); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("the bench wants processors %v, for the server and for the load: %w", cpus, err)
		}
	}
	return nil
}

// launch starts a command on one processor: a child has its parent thread's.
func launch(cmd *exec.Cmd, cpu int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	started := cmd.Start()
	return errors.Join(started, unix.SchedSetaffinity(0, &before))
}

// server is a process that is measured.
type server struct {
	name    string
	url     string
	dir     string // data and keys; "": the baseline's
	process *exec.Cmd
	log     notes
	began   time.Time
	next    int // number of the next message
	ended   chan struct{}
	stopped bool // by us
}

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

// wide lets the load through every limit, with every limit at work: all come from one
// address, which counts for fifty people's.
var wide = []string{
	"post=100000/100000", "reply=100000/100000", "vote=100000/100000", "open=100000/100000", "page=100000/100000", "socket=0",
	"shared_networks=127.0.0.0/8", "contact=host@river.example", "ttl_min=1s",
}

// mayfly starts the built server on a folder, until its port is open.
func (b *bench) mayfly(ctx context.Context, folder string, env ...string) (*server, error) {
	dir := filepath.Join(b.dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return b.start(ctx, &server{name: "mayfly", dir: dir}, append([]string{b.binary}, flags(dir)...), env)
}

// under starts it as mayfly does, by another command.
func (b *bench) under(ctx context.Context, folder string, by []string) (*server, error) {
	dir := filepath.Join(b.dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return b.start(ctx, &server{name: "mayfly", dir: dir}, slices.Concat(by, []string{b.binary}, flags(dir)), nil)
}

func flags(dir string) []string {
	args := []string{"--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--keys", filepath.Join(dir, "keys"), "--starter", "none"}
	for _, s := range wide {
		args = append(args, "--set", s)
	}
	return args
}

// raw starts the baseline on a folder of its own.
func (b *bench) raw(ctx context.Context, folder string) (*server, error) {
	dir := filepath.Join(b.dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return b.start(ctx, &server{name: "raw"}, []string{b.rawBinary, dir}, nil)
}

func (b *bench) start(ctx context.Context, s *server, args, env []string) (*server, error) {
	s.process = exec.CommandContext(context.WithoutCancel(ctx), args[0], args[1:]...) //nolint:gosec // built a moment ago; stopped by close
	s.process.Env = append(os.Environ(), env...)
	s.process.Stderr = &s.log
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.process.Stdout = in
	s.began = time.Now()
	err = launch(s.process, serverCPU)
	_ = in.Close()
	if err != nil {
		return nil, err
	}
	s.ended = make(chan struct{})
	b.open = append(b.open, s)
	go func() {
		_ = s.process.Wait() // the log says why
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
	return nil, fmt.Errorf("%s did not start:\n%s", s.name, &s.log)
}

// stop ends it as a service manager does, and wants no error in its log.
func (s *server) stop() error {
	s.stopped = true
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.kill()
		return fmt.Errorf("%s did not stop", s.name)
	}
	if wrong := wrongIn(s.log.String()); wrong != "" {
		return fmt.Errorf("%s logged errors, such as %s", s.name, wrong)
	}
	return nil
}

// wrongIn is the first error in a log that is no refusal of a busy server; "": none.
func wrongIn(log string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=ERROR") && !strings.Contains(line, "error.busy") && !strings.Contains(line, "context canceled") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// alive is an error once the process has gone by itself.
func (s *server) alive() error {
	if s.stopped {
		return nil
	}
	select {
	case <-s.ended:
		return fmt.Errorf("%s has ended:\n%.1000s", s.name, wrongIn(s.log.String()))
	default:
		return nil
	}
}

func (s *server) kill() {
	_ = s.process.Process.Kill()
	<-s.ended
}

func (s *server) addr() string { return strings.TrimPrefix(s.url, "http://") }

// used is how much of its processor it has had so far, in steps of 10 ms.
func (s *server) used() time.Duration {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	return cpuTime(string(content))
}

// cpuTime reads utime and stime of a /proc/PID/stat, whose second field may hold anything.
func cpuTime(stat string) time.Duration {
	at := strings.LastIndex(stat, ") ")
	if at < 0 {
		return 0
	}
	fields := strings.Fields(stat[at+2:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// resident is its memory, in bytes.
func (s *server) resident() int64 {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	return statusBytes(string(content), "VmRSS")
}

// statusBytes reads a line in kB of a /proc/PID/status.
func statusBytes(status, name string) int64 {
	for line := range strings.Lines(status) {
		if rest, found := strings.CutPrefix(line, name+":"); found && len(strings.Fields(rest)) > 0 {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}
