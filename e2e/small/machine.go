package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"mayfly/e2e/house"
)

// machine is one core and some memory, in which the server runs.
type machine struct {
	*house.House
	server *house.Server
	memory int64
	group  string // of the kernel's, that bounds the memory; "" where none can be made
	v2     bool
	before time.Duration // of processor time, at the start
}

// newMachine builds the server and makes its bounds: core 0 for it, the others for us.
func newMachine(ctx context.Context, memory int64) (*machine, error) {
	h, err := house.New(ctx, "small")
	if err != nil {
		return nil, err
	}
	m := &machine{House: h, memory: memory << 20}
	m.bound()
	var others unix.CPUSet
	if err := unix.SchedGetaffinity(0, &others); err != nil {
		return nil, errors.Join(err, m.stop())
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

// start runs the server, and says how long it took until it answered that it is well.
func (m *machine) start() (time.Duration, error) {
	through := []string{"taskset", "-c", "0"}
	if m.group != "" {
		through = []string{"sh", "-c", `echo $$ > ` + m.group + `/cgroup.procs && exec taskset -c 0 "$@"`, "small"}
	}
	data := filepath.Join(m.Dir, "data")
	began := time.Now()
	var err error
	m.server, err = m.Start(house.Setup{
		Through: through,
		Args:    house.Serve(data, data+".keys", "post=0", "page=0", "socket=0", "pow=off"), // all come from one address, and write more than one may
		Env:     []string{fmt.Sprintf("GOMEMLIMIT=%d", m.memory*3/4)},
	})
	if err != nil {
		return 0, err
	}
	for time.Since(began) < 30*time.Second {
		if res, err := http.Get(m.server.URL + "/healthz"); err == nil { //nolint:noctx // a moment
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				m.before = m.server.Used()
				return time.Since(began), nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, fmt.Errorf("the server is not well:\n%s", m.server.Log)
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
func (m *machine) busy() time.Duration { return m.server.Used() - m.before }

// stop ends the server, and leaves nothing behind.
func (m *machine) stop() (err error) {
	if m.server != nil {
		err = errors.Join(m.server.Stop(), m.server.Complaint())
	}
	err = errors.Join(err, m.Close())
	if m.group != "" {
		err = errors.Join(err, os.Remove(m.group))
	}
	return err
}
