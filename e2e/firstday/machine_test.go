//go:build e2e

package firstday

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// machine is a Debian with nothing on it but systemd, which has booted.
type machine struct {
	t      *testing.T
	tree   string // its disk
	leader int    // its first process, seen from here
	root   string // its files, as it sees them, seen from here

	console *bytes.Buffer
	nspawn  *exec.Cmd
	ended   chan struct{}
}

// boot starts a machine on a copy of a tree. It has no network but the loopback of this
// test's own namespace, and is gone with the test.
func boot(t *testing.T, tree string) *machine {
	t.Helper()
	dir := t.TempDir()
	var at []string
	for _, name := range []string{"upper", "work", "root"} {
		at = append(at, filepath.Join(dir, name))
		if err := os.Mkdir(at[len(at)-1], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mount := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", tree, at[0], at[1])
	if err := syscall.Mount("overlay", at[2], "overlay", 0, mount); err != nil {
		t.Fatalf("a copy of the tree: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(at[2], syscall.MNT_DETACH) })
	m := &machine{t: t, tree: at[2], console: new(bytes.Buffer)}
	t.Cleanup(func() {
		m.end(syscall.SIGTERM)
		if t.Failed() && testing.Verbose() {
			t.Logf("the machine's console ends with:\n%s", last(m.console.String(), 30))
		}
	})
	m.switchOn()
	return m
}

// switchOn boots what is on the machine's disk.
func (m *machine) switchOn() {
	m.t.Helper()
	m.nspawn = exec.Command("systemd-nspawn", "--quiet", "--directory", m.tree, "--boot", "--register=no", "--keep-unit",
		"--machine", "firstday", "--resolv-conf=off", "--timezone=off", "--link-journal=no")
	m.nspawn.Stdout, m.nspawn.Stderr = m.console, m.console
	m.nspawn.WaitDelay = 5 * time.Second
	if err := m.nspawn.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.ended = make(chan struct{})
	go func(ended chan struct{}) { _ = m.nspawn.Wait(); close(ended) }(m.ended) // its console says why
	eventually(m.t, 30*time.Second, "the machine has booted", func() bool {
		select {
		case <-m.ended:
			m.t.Fatalf("systemd-nspawn can't boot here:\n%s", m.console)
		default:
		}
		m.leader = first(m.nspawn.Process.Pid)
		return m.leader != 0 && exec.Command("nsenter", m.way("systemctl", "is-active", "--quiet", "multi-user.target")...).Run() == nil
	})
	m.root = fmt.Sprintf("/proc/%d/root", m.leader)
}

// switchOff pulls the plug: nothing is stopped, and what was in memory is gone.
func (m *machine) switchOff() {
	m.t.Helper()
	if err := syscall.Kill(m.leader, syscall.SIGKILL); err != nil {
		m.t.Fatal(err)
	}
	<-m.ended
}

func (m *machine) end(by syscall.Signal) {
	_ = m.nspawn.Process.Signal(by)
	select {
	case <-m.ended:
	case <-time.After(20 * time.Second):
		_ = m.nspawn.Process.Kill()
		<-m.ended
	}
}

// first is the child of a process that is somebody's systemd; 0 while there is none.
func first(parent int) int {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	for child := range strings.FieldsSeq(string(children)) {
		name, _ := os.ReadFile("/proc/" + child + "/comm")
		if strings.TrimSpace(string(name)) == "systemd" {
			pid, _ := strconv.Atoi(child)
			return pid
		}
	}
	return 0
}

// way is how a command gets into the machine, as nsenter takes it.
func (m *machine) way(command ...string) []string {
	return append([]string{
		"--target", strconv.Itoa(m.leader), "--mount", "--uts", "--ipc", "--pid", "--",
		"env", "--ignore-environment", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
	}, command...)
}

// try runs a command as root of the machine, without a terminal.
func (m *machine) try(command ...string) (string, error) {
	m.t.Helper()
	out, err := exec.Command("nsenter", m.way(command...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (m *machine) run(command ...string) string {
	m.t.Helper()
	out, err := m.try(command...)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s\n%s", strings.Join(command, " "), err, out, m.journal())
	}
	return out
}

// refused runs a command that must fail and say so with some words.
func (m *machine) refused(words string, command ...string) {
	m.t.Helper()
	out, err := m.try(command...)
	if _, ok := errors.AsType[*exec.ExitError](err); !ok || !strings.Contains(out, words) {
		m.t.Fatalf("%s: %v, want a refusal with %q:\n%s", strings.Join(command, " "), err, words, out)
	}
}

func (m *machine) journal() string {
	out, _ := m.try("journalctl", "--quiet", "--no-pager", "--unit", "mayfly.service", "--output", "cat")
	return "the service's journal:\n" + last(out, 30)
}

// passing is what a running machine writes by itself, and its log, which is its own.
var passing = []string{
	"/proc", "/sys", "/dev", "/run/systemd", "/run/udev", "/run/log", "/run/utmp", "/run/agetty.reload", "/var/log/journal", "/var/log/wtmp", "/var/lib/systemd", "/var/cache/ldconfig",
	"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", // what the lists of accounts were before
}

// files lists every file of the machine with its mode, owner and content's hash.
func (m *machine) files() map[string]string {
	m.t.Helper()
	list := map[string]string{}
	err := filepath.WalkDir(m.root+"/", func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, m.root)
		if slices.Contains(passing, name) || strings.Contains(name, "/systemd-private-") {
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		owner := info.Sys().(*syscall.Stat_t)
		list[name] = fmt.Sprintf("%v %d:%d", info.Mode(), owner.Uid, owner.Gid)
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			list[name] += fmt.Sprintf(" %x", sha256.Sum256(content))
		}
		return nil
	})
	if err != nil || len(list) < 1000 {
		m.t.Fatalf("the machine's files, of which %d were seen: %v", len(list), err)
	}
	return list
}

// same compares every file of the machine with what there was before.
func (m *machine) same(before map[string]string) {
	m.t.Helper()
	now := m.files()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if now[name] != before[name] {
			m.t.Errorf("left behind: %s %s, before: %q", name, now[name], before[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if now[name] == "" {
			m.t.Errorf("taken along: %s", name)
		}
	}
}

// bring copies a folder's files into the machine.
func (m *machine) bring(from, to string) {
	m.t.Helper()
	if err := os.CopyFS(filepath.Join(m.root, to), os.DirFS(from)); err != nil {
		m.t.Fatal(err)
	}
}

// hasSmallDisk gives the service's data a disk of their own.
func (m *machine) hasSmallDisk() {
	m.t.Helper()
	m.run("systemctl", "stop", "mayfly.service")
	m.run("sh", "-c", "cp -a /var/lib/mayfly /root/aside && mount -t tmpfs -o size=24m,mode=0700 none /var/lib/mayfly && cp -a /root/aside/. /var/lib/mayfly && rm -r /root/aside")
	m.run("systemctl", "start", "mayfly.service")
	eventually(m.t, patience, "it is well on a disk of its own", func() bool { _, err := m.try("mayflyctl", "healthcheck"); return err == nil })
}

// hasLargeDisk takes the data back to where the machine's are.
func (m *machine) hasLargeDisk() {
	m.t.Helper()
	m.run("systemctl", "stop", "mayfly.service")
	m.run("sh", "-c", "cp -a /var/lib/mayfly /root/aside && umount /var/lib/mayfly && cp -a /root/aside/. /var/lib/mayfly && rm -r /root/aside")
	m.run("systemctl", "start", "mayfly.service")
}

// tell changes the board's tables, which nobody serves.
func (m *machine) tell(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(m.tree, "var/lib/mayfly/mayfly.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// grep says in which files of the machine words stand, whatever else is in them.
func (m *machine) grep(words string) []string {
	m.t.Helper()
	out, _ := m.try("grep", "--recursive", "--binary-files=text", "--files-with-matches", "--fixed-strings", "--devices=skip",
		"--exclude-dir=proc", "--exclude-dir=sys", "--exclude-dir=dev", "--exclude-dir=usr", words, "/")
	return strings.Fields(out)
}

func last(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// eventually waits for a fact, at most d.
func eventually(t *testing.T, d time.Duration, fact string, holds func() bool) {
	t.Helper()
	deadline := time.After(d)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", d, fact)
		case <-look.C:
		}
	}
}
