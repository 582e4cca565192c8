//go:build e2e

// Package firstday is a host's first day, from a bare Debian to a board on HTTPS and back
// again. It boots a real systemd in a namespace of its own, installs with
// deploy/install.sh, and uses the board with a real browser. It wants root, for that.
//
//	make firstday                    upgrades from the commit before this one
//	make firstday ARGS="-from v1.0"  or from any other
package firstday

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var from = flag.String("from", "HEAD~1", "commit or tag whose release is there before the upgrade")

// workshop is where the tree of Debian and the two releases are made, in an environment
// variable once they are: then this runs in namespaces of its own.
const workshop = "FIRSTDAY_WORKSHOP"

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(workshop) != "" {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "firstday: a loopback: %v\n%s", err, out)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	if err := outside(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
			os.Exit(1) // it has said why
		}
		fmt.Fprintln(os.Stderr, "firstday:", err)
		os.Exit(1)
	}
}

// outside makes what takes a network, and then runs the tests where there is none.
func outside() (err error) {
	if os.Geteuid() != 0 {
		return errors.New("it boots a machine of its own, which root alone may do")
	}
	for tool, of := range map[string]string{"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "nsenter": "util-linux", "ip": "iproute2"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing: apt-get install %s", tool, of)
		}
	}
	dir, err := os.MkdirTemp("", "mayfly-firstday-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tree, err := debian()
	if err != nil {
		return err
	}
	if err := os.Symlink(tree, filepath.Join(dir, "debian")); err != nil {
		return err
	}
	if err := released(*from, filepath.Join(dir, "checkout"), filepath.Join(dir, "before")); err != nil {
		return err
	}
	if err := release("../..", filepath.Join(dir, "now")); err != nil {
		return err
	}
	inside := exec.Command("unshare", append([]string{"--net", "--mount", "--", os.Args[0]}, os.Args[1:]...)...)
	inside.Env = append(os.Environ(), workshop+"="+dir)
	inside.Stdout, inside.Stderr = os.Stdout, os.Stderr
	return inside.Run()
}

// debian is a tree with systemd, who vouches for https, and nothing else. It is kept for
// the next time.
func debian() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	tree := filepath.Join(cache, "mayfly-firstday", "debian")
	if _, err := os.Stat(tree); err == nil {
		done("a bare Debian, from last time", time.Now())
		return tree, nil
	}
	began := time.Now()
	half := tree + ".half"
	if err := errors.Join(os.RemoveAll(half), os.MkdirAll(half, 0o755)); err != nil {
		return "", err
	}
	out, err := exec.Command("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,ca-certificates", "bookworm", half).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("debootstrap: %w\n%s", err, last(string(out), 5))
	}
	done("a bare Debian", began)
	return tree, os.Rename(half, tree)
}

// released makes the release of a commit, as its own script does where it has one.
func released(commit, checkout, out string) (err error) {
	if out, err := git("worktree", "add", "--detach", "--force", checkout, commit); err != nil {
		return fmt.Errorf("-from %s: %w\n%s", commit, err, out)
	}
	defer func() {
		_, gone := git("worktree", "remove", "--force", checkout)
		err = errors.Join(err, gone)
	}()
	return release(checkout, out)
}

func git(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "safe.directory=*"}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func release(checkout, out string) error {
	began := time.Now()
	script := filepath.Join(checkout, "deploy", "release.sh")
	if _, err := os.Stat(script); err != nil {
		script = "../../deploy/release.sh"
	}
	said, err := exec.Command(script, "--source", checkout, "--out", out, "--arch", runtime.GOARCH, "--once").CombinedOutput()
	if err != nil {
		return fmt.Errorf("release of %s: %w\n%s", checkout, err, last(string(said), 20))
	}
	name, _, _ := strings.Cut(string(said), "\n")
	done("a release of "+name, began)
	return nil
}

// done says how long a step took.
func done(step string, began time.Time) {
	fmt.Printf("%7.1f s  %s\n", time.Since(began).Seconds(), step)
}
