package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"mayfly/e2e/house"
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

// server is a process that is measured.
type server struct {
	*house.Server
	name    string
	dir     string // data and keys; of the baseline, its rows
	began   time.Time
	next    int  // number of the message before the next
	stopped bool // by us
}

const rawName = "raw"

// wide lets the load through every limit, with every limit at work: all come from one
// address, which counts for fifty people's.
var wide = []string{
	"post=100000/100000", "reply=100000/100000", "vote=100000/100000", "open=100000/100000", "page=100000/100000", "socket=0",
	"shared_networks=127.0.0.0/8", "contact=host@river.example", "ttl_min=1s",
}

// mayfly starts the built server on a folder, until its port is open.
func (b *bench) mayfly(ctx context.Context, folder string, env ...string) (*server, error) {
	return b.under(ctx, folder, nil, env...)
}

// under starts it by another command, such as one that slows its disk.
func (b *bench) under(ctx context.Context, folder string, by []string, env ...string) (*server, error) {
	dir := filepath.Join(b.house.Dir, folder)
	return b.start(ctx, "mayfly", dir, house.Setup{Args: house.Serve(filepath.Join(dir, "data"), filepath.Join(dir, "keys"), wide...), Through: by, Env: env})
}

// raw starts the baseline on a folder of its own.
func (b *bench) raw(ctx context.Context, folder string) (*server, error) {
	dir := filepath.Join(b.house.Dir, folder)
	return b.start(ctx, rawName, dir, house.Setup{Program: b.rawProgram, Args: []string{dir}})
}

func (b *bench) start(ctx context.Context, name, dir string, with house.Setup) (*server, error) {
	if err := errors.Join(ctx.Err(), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	unix.Sync() // or its first syncs wait for what others have written
	with.Through = append([]string{"taskset", "-c", strconv.Itoa(serverCPU)}, with.Through...)
	s := &server{name: name, dir: dir, began: time.Now()}
	var err error
	if s.Server, err = b.house.Start(with); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b.open = append(b.open, s)
	return s, nil
}

// stop ends it, and wants no error in its log; the baseline knows no such end.
func (s *server) stop() error {
	s.stopped = true
	if s.name == rawName {
		s.Kill()
		return nil
	}
	if err := s.Stop(); err != nil {
		return err
	}
	if wrong := wrongIn(s.Log.String()); wrong != "" {
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
	case <-s.Ended:
		return fmt.Errorf("%s has ended: %w, %.1000s", s.name, s.Err, wrongIn(s.Log.String()))
	default:
		return nil
	}
}

func (s *server) addr() string { return strings.TrimPrefix(s.URL, "http://") }

// settle waits until a server that has just started has nothing to do, or for settleMax,
// and says how long that took, and whether it has.
func (s *server) settle() (took time.Duration, quiet bool) {
	for looks := 0; looks < 4; {
		if time.Since(s.began) > settleMax {
			return time.Since(s.began), false
		}
		before := s.Used()
		time.Sleep(250 * time.Millisecond)
		if looks++; s.Used()-before > 10*time.Millisecond {
			looks = 0
		}
	}
	return time.Since(s.began), true
}

const settleMax = 3 * time.Minute
