package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// machine is one core and some memory, in which the server runs.
type machine struct {
	dir     string
	url     string
	memory  int64
	group   string // of the kernel's, that bounds the memory; "" where none can be made
	v2      bool
	process *exec.Cmd
	log     bytes.Buffer
	before  time.Duration // of processor time, at the start
}

// newMachine builds the server and makes its bounds: core 0 for it, the others for us.
func newMachine(memory int64) (*machine, error) {
	dir, err := os.MkdirTemp("", "mayfly-small-")
	if err != nil {
		return nil, err
	}
	m := &machine{dir: dir, memory: memory << 20}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "mayfly"), ".") //nolint:gosec,noctx // into our own folder
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the server: %w\n%s", err, out)
	}
	m.bound()
	var others unix.CPUSet
	if err := unix.SchedGetaffinity(0, &others); err != nil {
		return nil, err
	}
	if others.IsSet(0) && others.Count() > 1 {
		others.Clear(0)
	}
	return m, unix.SchedSetaffinity(0, &others)
}

// bound makes a group of the kernel's with the memory that the server may have.
func (m *machine) bound() {
	for _, way := range []struct{ at, memory, swap, room string }{
		{"/sys/fs/cgroup", "memory.max", "memory.swap.max", "0"},
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", strconv.FormatInt(m.memory, 10)},
	} {
		at := filepath.Join(way.at, fmt.Sprintf("mayfly-small-%d", os.Getpid()))
		if _, err := os.Stat(filepath.Join(way.at, "cgroup.procs")); err != nil || os.Mkdir(at, 0o700) != nil {
			continue
		}
		if os.WriteFile(filepath.Join(at, way.memory), []byte(strconv.FormatInt(m.memory, 10)), 0o600) != nil {
			_ = os.Remove(at)
			continue
		}
		_ = os.WriteFile(filepath.Join(at, way.swap), []byte(way.room), 0o600) // where the kernel has swap at all
		m.group, m.v2 = at, way.memory == "memory.max"
		return
	}
}

func (m *machine) limit() string {
	if m.group == "" {
		return "memory unbounded (run this as root)"
	}
	return fmt.Sprintf("%d MiB", m.memory>>20)
}

var opened = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start runs the server, and says how long it took until it answered that it is well.
func (m *machine) start(ctx context.Context) (time.Duration, error) {
	shell := `exec taskset -c 0 "$@"`
	if m.group != "" {
		shell = `echo $$ > ` + m.group + `/cgroup.procs && ` + shell
	}
	args := []string{
		"-c", shell, "small", filepath.Join(m.dir, "mayfly"), "--addr", "127.0.0.1:0", "--data", filepath.Join(m.dir, "data"), "--starter", "none",
		"--set", "post=0", "--set", "page=0", "--set", "socket=0", "--set", "pow=off", // all come from one address, and write more than one may
	}
	m.process = exec.CommandContext(ctx, "sh", args...) //nolint:gosec // our own
	m.process.Env = append(os.Environ(), fmt.Sprintf("GOMEMLIMIT=%d", m.memory*3/4))
	m.process.Stderr = &m.log
	m.process.Cancel = func() error { return m.process.Process.Signal(syscall.SIGTERM) }
	out, err := m.process.StdoutPipe()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := m.process.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(out)
	for m.url == "" && lines.Scan() {
		m.url = opened.FindString(lines.Text())
	}
	for time.Since(began) < 30*time.Second {
		if res, err := http.Get(m.url + "/healthz"); err == nil { //nolint:noctx // a moment
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				m.before = m.used()
				return time.Since(began), nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, fmt.Errorf("the server did not start:\n%s", &m.log)
}

// resident is the server's memory now, highest what it was at most.
func (m *machine) resident() int64 { return m.status("VmRSS") }
func (m *machine) highest() int64  { return m.status("VmHWM") }

func (m *machine) status(name string) int64 {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.process.Process.Pid))
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// peak is what the kernel has counted at most, in the server's group.
func (m *machine) peak() string {
	if m.group == "" {
		return "the kernel counted nothing"
	}
	name := "memory.max_usage_in_bytes"
	if m.v2 {
		name = "memory.peak"
	}
	content, err := os.ReadFile(filepath.Join(m.group, name))
	n, bad := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	if err != nil || bad != nil {
		return "the kernel counted nothing"
	}
	return fmt.Sprintf("%d MiB charged to its group", n>>20)
}

// busy is how much of its core the server has had.
func (m *machine) busy() time.Duration { return m.used() - m.before }

func (m *machine) used() time.Duration {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.process.Process.Pid))
	_, rest, _ := strings.Cut(string(content), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // of USER_HZ
}

// stop ends the server, and leaves nothing behind.
func (m *machine) stop() error {
	var err error
	if m.process != nil && m.process.Process != nil {
		err = errors.Join(m.process.Process.Signal(syscall.SIGTERM), m.process.Wait())
	}
	if strings.Contains(m.log.String(), "level=ERROR") {
		err = errors.Join(err, fmt.Errorf("the server logged errors:\n%s", &m.log))
	}
	if m.group != "" {
		err = errors.Join(err, os.Remove(m.group))
	}
	return errors.Join(err, os.RemoveAll(m.dir))
}
