// Package house builds the server and runs it, for what looks at it from outside: a
// folder, a program, processes, their logs and what the kernel says of them. It knows
// nothing of what is asked of a server once it is up.
package house

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// House is a folder with a built server, and the servers that run.
type House struct {
	Dir     string
	Program string

	mu      sync.Mutex
	servers []*Server
}

// New builds the server into a folder of its own, named for whom it is.
func New(ctx context.Context, name string) (*House, error) {
	dir, err := os.MkdirTemp("", "mayfly-"+name+"-")
	if err != nil {
		return nil, err
	}
	h := &House{Dir: dir, Program: filepath.Join(dir, "mayfly")}
	if err := Build(ctx, ".", "mayfly", h.Program); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return h, nil
}

// Build builds a package of the module that a folder is in.
func Build(ctx context.Context, folder, pkg, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, pkg) //nolint:gosec // into our own folder
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// Clear ends every server that still runs.
func (h *House) Clear() {
	h.mu.Lock()
	servers := h.servers
	h.servers = nil
	h.mu.Unlock()
	for _, s := range servers {
		s.Kill()
	}
}

// Close ends what runs, and leaves nothing behind.
func (h *House) Close() error {
	h.Clear()
	return os.RemoveAll(h.Dir)
}

// Run runs a command of the program to its end.
func (h *House) Run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, h.Program, args...) //nolint:gosec // built a moment ago
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mayfly %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Setup is how a server is started.
type Setup struct {
	Program string         // "": the house's
	Args    []string       // such as Serve makes
	Env     []string       // beside our own, of which Mayfly's stay here
	Through []string       // a command that becomes the server, as taskset does
	Log     *Notes         // nil: new ones
	Said    io.WriteCloser // gets all that it prints and logs too, and is closed at its end
}

// Serve is the command line of a server on a free port, with its data and keys.
func Serve(data, keys string, settings ...string) []string {
	args := []string{"--addr", "127.0.0.1:0", "--data", data, "--keys", keys, "--starter", "none"}
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	return args
}

// Server is one that was started.
type Server struct {
	URL   string
	Log   *Notes
	Ended chan struct{} // closed when its process is gone
	Err   error         // how it ended, once it has

	process *exec.Cmd
}

// patience is how long a server may take to open its port, and to stop.
const patience = time.Minute

// Start starts a server, and returns once its port is open.
func (h *House) Start(with Setup) (*Server, error) {
	program := with.Program
	if program == "" {
		program = h.Program
	}
	line := slices.Concat(with.Through, []string{program}, with.Args)
	s := &Server{Log: with.Log, Ended: make(chan struct{})}
	if s.Log == nil {
		s.Log = new(Notes)
	}
	opened := &ear{heard: make(chan string, 1)}
	s.process = exec.Command(line[0], line[1:]...) //nolint:gosec,noctx // built a moment ago; it is ended by hand
	s.process.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAYFLY_") }), with.Env...)
	s.process.Stdout, s.process.Stderr = opened, s.Log
	if with.Said != nil {
		s.process.Stdout, s.process.Stderr = io.MultiWriter(opened, with.Said), io.MultiWriter(s.Log, with.Said)
	}
	if err := s.process.Start(); err != nil {
		return nil, errors.Join(err, hush(with.Said))
	}
	h.mu.Lock()
	h.servers = append(h.servers, s)
	h.mu.Unlock()
	go func() {
		s.Err = errors.Join(s.process.Wait(), hush(with.Said))
		close(s.Ended)
	}()
	select {
	case s.URL = <-opened.heard:
		return s, nil
	case <-s.Ended:
		return nil, fmt.Errorf("the server did not start: %w\n%s", s.Err, s.Log)
	case <-time.After(patience):
		s.Kill()
		return nil, fmt.Errorf("the server did not open its port within %s\n%s", patience, s.Log)
	}
}

func hush(said io.Closer) error {
	if said == nil {
		return nil
	}
	return said.Close()
}

// ear listens for the line that says where the server is.
type ear struct {
	said  []byte
	done  bool
	heard chan string // has room for one
}

var address = regexp.MustCompile(`(https?://\S+)\n`)

func (e *ear) Write(p []byte) (int, error) {
	if e.done {
		return len(p), nil
	}
	e.said = append(e.said, p...)
	if m := address.FindSubmatch(e.said); m != nil {
		e.heard <- string(m[1])
		e.done, e.said = true, nil
	}
	return len(p), nil
}

// Stop ends it as a service manager does.
func (s *Server) Stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.Ended:
	case <-time.After(patience):
		s.Kill()
		return fmt.Errorf("the server did not stop within %s\n%s", patience, s.Log)
	}
	if s.Err != nil {
		return fmt.Errorf("the server: %w\n%s", s.Err, s.Log)
	}
	return nil
}

// Kill ends it as the kernel does.
func (s *Server) Kill() {
	_ = s.process.Process.Kill() // it may be gone
	<-s.Ended
}

// ExitCode is what it ended with.
func (s *Server) ExitCode() int { return s.process.ProcessState.ExitCode() }

// Complaint is an error where its log has one.
func (s *Server) Complaint() error {
	if log := s.Log.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "panic") {
		return fmt.Errorf("the server logged errors:\n%s", log)
	}
	return nil
}

// Notes is what a server wrote to its log.
type Notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *Notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *Notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

// Pid is its process, as the kernel counts.
func (s *Server) Pid() int { return s.process.Process.Pid }

// Resident is its memory, in bytes.
func (s *Server) Resident() int64 { return s.memory("VmRSS") }

// Highest is the most that Resident has been.
func (s *Server) Highest() int64 { return s.memory("VmHWM") }

func (s *Server) memory(name string) int64 {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// Used is how much of processors it has had, in steps of 10 ms.
func (s *Server) Used() time.Duration {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.Pid()))
	_, rest, _ := strings.Cut(string(content), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // of USER_HZ
}
