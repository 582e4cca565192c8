package doctor

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// Machine looks at memory, swap and core dumps, as this process has them.
func Machine() []Finding {
	return machine{"/"}.findings()
}

// machine reads what the kernel tells in files, under a root.
type machine struct{ root string }

func (m machine) findings() []Finding {
	list := []Finding{m.swap(), m.dumps()}
	return append(list, m.memory()...)
}

// read is a file's text, "" where there is none.
func (m machine) read(path string) string {
	b, err := os.ReadFile(filepath.Join(m.root, path))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// cgroup is a limit of the group that this process runs in: of what a container, or a
// unit of systemd, may use.
func (m machine) cgroup(name string) string {
	for line := range strings.Lines(m.read("proc/self/cgroup")) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return m.read(filepath.Join("sys/fs/cgroup", path, name))
		}
	}
	return ""
}

// swap says whether memory, and keys with it, may be written to a disk.
func (m machine) swap() Finding {
	text := m.read("proc/swaps")
	if text == "" {
		return note("doctor.swap_unknown")
	}
	compressed := false
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(name, "Filename"):
		case strings.HasPrefix(name, "/dev/zram"):
			compressed = true
		case m.cgroup("memory.swap.max") == "0":
			return good("doctor.swap_forbidden")
		default:
			return warn("doctor.swap_on")
		}
	}
	if compressed {
		return good("doctor.swap_zram")
	}
	return good("doctor.swap_off")
}

func (m machine) dumps() Finding {
	switch {
	case !dumps():
		return good("doctor.dumps_off")
	case strings.HasPrefix(m.read("proc/sys/kernel/core_pattern"), "|"):
		return warn("doctor.dumps_piped")
	}
	return warn("doctor.dumps_on")
}

// memoryFew is less than a board with some readers and pictures needs.
const memoryFew = 256 << 20

// memory looks at what this process may use. Nothing is said where that can't be read.
func (m machine) memory() []Finding {
	limit, limited := number(m.cgroup("memory.max"))
	have := limit
	for line := range strings.Lines(m.read("proc/meminfo")) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			if kb, ok := number(strings.TrimSuffix(strings.TrimSpace(rest), " kB")); ok && (!limited || kb<<10 < limit) {
				have = kb << 10
			}
		}
	}
	switch {
	case have == 0:
		return nil
	case have < memoryFew:
		return []Finding{warn("doctor.memory_few", "has", size(have))}
	case limited && limit == have && debug.SetMemoryLimit(-1) == math.MaxInt64:
		return []Finding{note("doctor.memory_unsaid", "has", size(have), "say", strconv.FormatUint(have/10*8>>20, 10)+"MiB")}
	}
	return []Finding{good("doctor.memory", "has", size(have))}
}

func number(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}
