package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mayfly/e2e/house"
)

// mount makes an ext4 disk of so many MiB out of a file, and returns the file and where it
// is mounted.
func (h *lab) mount(ctx context.Context, name string, size int64) (file, dir string, err error) {
	file, dir = filepath.Join(h.Dir, name+".img"), filepath.Join(h.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", err
	}
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, size<<20)); err != nil {
		return "", "", err
	}
	for _, args := range [][]string{{"mkfs.ext4", "-q", "-F", "-m", "0", file}, {"mount", "-o", "loop", file, dir}} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil { //nolint:gosec // our own file
			return "", "", fmt.Errorf("%w: no disk of our own can be mounted here (%s: %w, %s)", errSkipped, args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return file, dir, nil
}

func unmount(dir string) error { return unix.Unmount(dir, 0) }

// small is a disk that is soon full: ext4, or memory where that can't be had.
func (h *lab) small(ctx context.Context) (dir, kind string, err error) {
	if _, dir, err = h.mount(ctx, "full", 48); err == nil {
		return dir, "ext4", nil
	}
	dir = filepath.Join(h.Dir, "full")
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=32m,mode=0700"); err != nil {
		return "", "", fmt.Errorf("%w: no small disk can be mounted here (%w); storage.TestR07FullDisk asks the same of a database that may not grow", errSkipped, err)
	}
	return dir, "tmpfs", nil
}

// fill writes a file until not a byte is free.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("control: the disk is not full: %w", err)
	}
	return nil
}

func full(ctx context.Context, h *lab, _ plan) (err error) {
	dir, kind, err := h.small(ctx)
	if err != nil {
		return err
	}
	defer func() {
		h.Clear()
		err = errors.Join(err, unmount(dir))
	}()
	at := place{filepath.Join(dir, "data"), filepath.Join(dir, "data.keys"), filepath.Join(h.Dir, "full-temp"), filepath.Join(h.Dir, "full-log")}
	if err := errors.Join(os.MkdirAll(at.temp, 0o700), os.MkdirAll(at.log, 0o700)); err != nil {
		return err
	}
	s, err := h.start(h.Program, at)
	if err != nil {
		return err
	}
	t, w := newTown(), newWatcher(at)
	t.byHand, t.noPics = w.endedByHand, true
	filler := filepath.Join(dir, "filler")
	var refused, answered int
	var freed, swept time.Time
	err = beside(ctx, func(ctx context.Context) error {
		stays := t.post(ctx, s, time.Hour)
		hand := t.post(ctx, s, time.Hour)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 50 {
					t.post(ctx, s, seconds()/3+5*time.Second)
				}
			})
		}
		all.Wait()
		if stays == nil || hand == nil {
			return errors.New("control: posts were refused before the disk was full")
		}
		if err := fill(filler); err != nil {
			return err
		}
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); { // in which all but a few end
			mark, _ := t.words()
			status, _ := s.send(ctx, t.somebody(), http.MethodPost, "/boards/home/posts", "", map[string]string{"body": strings.Repeat(mark+" ", 40), "ttl": "5s"})
			switch status {
			case http.StatusInsufficientStorage:
				refused++
			case http.StatusCreated:
				answered++
			default:
				return fmt.Errorf("a post on a full disk: status %d", status)
			}
			if err := pause(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
		if there, err := s.everything(ctx); err != nil || !there[stays.id] {
			return fmt.Errorf("reading on a full disk: %w", errors.Join(err, errors.New("what lives is not there")))
		}
		if !t.finish(ctx, s, hand) || s.found(ctx, hand) {
			return errors.New("a post could not be ended by hand on a full disk")
		}
		if err := os.Remove(filler); err != nil {
			return err
		}
		freed = time.Now()
		for swept.IsZero() && time.Since(freed) < 20*time.Second {
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return err
			}
			if _, row := w.overdue(); row < time.Since(freed) {
				swept = time.Now()
			}
		}
		if t.post(ctx, s, time.Hour) == nil {
			return errors.New("no post is taken though there is room again")
		}
		return nil
	}, w.watch)
	key, _ := w.overdue()
	w.mu.Lock()
	late := w.lateKey.longest()
	fmt.Printf("  %s, on %s; while full: %d more answered into what room was left, %d refused with 507; %d ends by hand: %d slots not zero when answered\n", t.said(), kind, answered, refused, w.byHand, w.kept)
	fmt.Printf("  %d ends by time: key zero on the disk after %s\n", len(w.lateKey), w.lateKey)
	kept := w.kept
	w.mu.Unlock()
	switch {
	case err != nil:
	case refused == 0 || late == 0:
		err = errors.New("control: the disk was not full, or nothing ended")
	case max(late, key) > keyBound:
		err = fmt.Errorf("a key was on the disk %s after its end", max(late, key))
	case kept > 0:
		err = errors.New("an ending by hand was answered before its slot was zero")
	case swept.IsZero() || swept.Sub(freed) > rowBound:
		err = fmt.Errorf("rows were not gone %s after there was room", time.Since(freed).Round(time.Millisecond))
	default:
		fmt.Printf("  with room again all rows were gone after %s\n", swept.Sub(freed).Round(time.Millisecond))
	}
	return errors.Join(err, search(t, w, s), s.stop(), integrity(ctx, at))
}

// raw looks at the bytes of the disk itself, file system and all.
func raw(ctx context.Context, h *lab, p plan) (err error) {
	image, dir, err := h.mount(ctx, "raw", 256)
	if err != nil {
		return err
	}
	mounted := true
	defer func() {
		if mounted {
			h.Clear()
			err = errors.Join(err, unmount(dir))
		}
	}()
	at, err := placeIn(dir)
	if err != nil {
		return err
	}
	s, err := h.start(h.Program, at)
	if err != nil {
		return err
	}
	t, w := newTown(), newWatcher(at)
	t.lives = func() time.Duration { return 20 * time.Second }
	load, stop := context.WithTimeout(ctx, time.Duration(p.raw)*time.Second/100)
	defer stop()
	t.play(load, s, 100)
	for range p.raw / 10 {
		t.post(ctx, s, time.Hour)
	}
	if err := w.glance(); err != nil {
		return err
	}
	unix.Sync()
	texts := t.texts()
	while, err := texts.scanImage(image)
	if err != nil {
		return err
	}
	living := newNeedles()
	for _, key := range w.keys {
		living.add(key, key)
	}
	keysWhile, err := living.scanImage(image)
	if err != nil {
		return err
	}
	if err := pause(ctx, 30*time.Second); err != nil { // the 20 s, hearts, and the sweep
		return err
	}
	if err := w.glance(); err != nil {
		return err
	}
	planted, err := plant(dir)
	if err != nil {
		return err
	}
	err = errors.Join(s.stop(), unmount(dir))
	mounted = err != nil
	if err != nil {
		return err
	}
	after, err := texts.scanImage(image)
	if err != nil {
		return err
	}
	ended, err := w.keysOfEnded().scanImage(image)
	if err != nil {
		return err
	}
	control, err := planted.scanImage(image)
	fmt.Printf("  %s\n", t.said())
	fmt.Printf("  on the raw image while they lived: %d texts and pictures; after: %d; keys of %d that have ended: %d\n", while, after, len(w.ended), ended)
	fmt.Printf("  control: of %d keys of the living %d were there, and %d of a file that was deleted\n", len(living.windows)/3, keysWhile, control)
	switch {
	case err != nil:
	case while+after+ended > 0:
		err = errors.New("the raw disk holds what it must not")
	case keysWhile < p.raw/2 || control == 0 || len(w.ended) < p.raw/2:
		err = errors.New("control: the search of the image does not find what is there")
	}
	return err
}

// plant writes a text and deletes it, as a program that knows no better.
func plant(dir string) (*needles, error) {
	n, mark := newNeedles(), marker()
	n.add(mark, "planted")
	path := filepath.Join(dir, "planted")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(strings.Repeat(mark+" ", 5000))
	return n, errors.Join(err, f.Sync(), f.Close(), os.Remove(path))
}

// scanImage counts what of it is on an image.
func (n *needles) scanImage(path string) (int, error) {
	places := map[string][]string{}
	err := n.scanFile(path, "image", places)
	return len(places["image"]), err
}

// before is a migration; what stood before the commit that brought it is the older program.
const before = "storage/migrations/sqlite/0013_outset.sql"

// older builds the program as it was before a migration.
func (h *lab) older(ctx context.Context) (binary string, err error) {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", args...).Output() //nolint:gosec // our own
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("log", "--diff-filter=A", "--format=%H", "-1", "--", before)
	if err != nil || commit == "" {
		return "", fmt.Errorf("%w: an older program is built from git's history, which is not at hand", errSkipped)
	}
	source := filepath.Join(h.Dir, "older")
	if _, err := git("worktree", "add", "--detach", "--force", source, commit+"^"); err != nil {
		return "", fmt.Errorf("%w: the history does not reach back far enough", errSkipped)
	}
	defer func() {
		_, gone := git("worktree", "remove", "--force", source)
		err = errors.Join(err, gone)
	}()
	binary = filepath.Join(h.Dir, "mayfly-older")
	return binary, house.Build(ctx, source, "mayfly", binary)
}

func upgrade(ctx context.Context, h *lab, p plan) error {
	older, err := h.older(ctx)
	if err != nil {
		return err
	}
	at, err := placeIn(filepath.Join(h.Dir, "upgrade"))
	if err != nil {
		return err
	}
	s, err := h.start(older, at)
	if err != nil {
		return err
	}
	t, w := newTown(), newWatcher(at)
	t.lives = func() time.Duration { return seconds() * 20 }
	load, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	t.play(load, s, 100)
	err = w.glance()
	s.Kill()
	if err != nil {
		return err
	}
	var sum verdict
	cut := 0
	for round := range p.upgrades {
		again, err := placeIn(filepath.Join(h.Dir, fmt.Sprintf("upgrade-%d", round)))
		if err != nil {
			return err
		}
		if err := errors.Join(os.CopyFS(again.data, os.DirFS(at.data)), os.CopyFS(again.keys, os.DirFS(at.keys))); err != nil {
			return err
		}
		after := time.Duration(20+12*round) * time.Millisecond
		was, err := version(ctx, again)
		if err != nil {
			return err
		}
		if err := cutShort(ctx, h.Program, again, after); err != nil {
			return err
		}
		if is, err := version(ctx, again); err != nil || is == was {
			cut++
		}
		s, err := h.start(h.Program, again)
		if err != nil {
			return fmt.Errorf("after an upgrade that was killed after %s: %w", after, err)
		}
		w.at = again
		if err := errors.Join(w.glance(), search(t, w, s)); err != nil {
			return err
		}
		v, err := t.check(ctx, s, 20)
		if err != nil {
			return err
		}
		sum.lost, sum.raised, sum.living, sum.gone = sum.lost+v.lost, sum.raised+v.raised, sum.living+v.living, sum.gone+v.gone
		if err := errors.Join(s.stop(), integrity(ctx, again), os.RemoveAll(filepath.Dir(again.data))); err != nil {
			return err
		}
	}
	fmt.Printf("  %s with the older program; %d upgrades killed, %d of them before they were whole\n", t.said(), p.upgrades, cut)
	fmt.Printf("  asked after the living %d times: %d lost; after what has ended %d times: %d raised\n", sum.living, sum.lost, sum.gone, sum.raised)
	if sum.lost+sum.raised > 0 || sum.living == 0 || sum.gone == 0 {
		return errors.New("some were lost or raised, or there was nothing to ask after")
	}
	return nil
}

// version is how many migrations a database has had.
func version(ctx context.Context, at place) (n int, err error) {
	db, err := openWritable(at) // what was killed leaves a journal
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return n, db.QueryRowContext(ctx, "SELECT count(*) FROM goose_db_version").Scan(&n)
}

// cutShort starts a server and kills it after a while.
func cutShort(ctx context.Context, binary string, at place, after time.Duration) error {
	cmd := exec.CommandContext(ctx, binary, "--addr", "127.0.0.1:0", "--data", at.data, "--keys", at.keys, "--starter", "none") //nolint:gosec // built a moment ago
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := pause(ctx, after); err != nil {
		return err
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	return nil
}
