package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// needles are what is looked for: windows of 8 bytes, for an overwrite can leave a part
// of something.
type needles struct {
	windows map[[8]byte]string // what each is of
	first   [1 << 16]bool
}

func newNeedles() *needles { return &needles{windows: map[[8]byte]string{}} }

// add takes the beginning, the middle and the end of what, which may be anywhere.
func (n *needles) add(what, of string) {
	for _, at := range []int{0, len(what)/2 - 4, len(what) - 8} {
		window := [8]byte([]byte(what[at : at+8]))
		n.windows[window] = of
		n.first[int(window[0])<<8|int(window[1])] = true
	}
}

// in looks through bytes, and returns what of is there.
func (n *needles) in(raw []byte, found map[string]bool) {
	for i := range max(0, len(raw)-7) {
		if !n.first[int(raw[i])<<8|int(raw[i+1])] {
			continue
		}
		if of, hit := n.windows[[8]byte(raw[i:i+8])]; hit {
			found[of] = true
		}
	}
}

// scan looks through every file below folders, and returns what was found, by file.
func (n *needles) scan(folders ...string) (map[string][]string, error) {
	places := map[string][]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) { // went meanwhile
				return nil
			}
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			return n.scanFile(path, filepath.Base(path), places)
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// scanFile reads a file in pieces that overlap.
func (n *needles) scanFile(path, name string, places map[string][]string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	found := map[string]bool{}
	piece := make([]byte, 4<<20)
	for at := int64(0); ; {
		got, err := f.ReadAt(piece, at)
		n.in(piece[:got], found)
		if err != nil { // its end
			break
		}
		at += int64(got) - 7
	}
	if len(found) > 0 {
		places[name] = append(places[name], slices.Collect(maps.Keys(found))...)
	}
	return nil
}

// scanUnnamed looks through files that a process has open though no folder names them.
func (n *needles) scanUnnamed(pid int, places map[string][]string) (files int, err error) {
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	for _, fd := range fds {
		path := filepath.Join(folder, fd.Name())
		name, err := os.Readlink(path)
		if err != nil || !strings.HasSuffix(name, " (deleted)") {
			continue
		}
		files++
		if err := n.scanFile(path, name, places); err != nil {
			return files, err
		}
	}
	return files, nil
}

// report says what was found where, and is nil for nothing.
func report(what string, places map[string][]string) error {
	var lines []string
	for _, file := range slices.Sorted(maps.Keys(places)) {
		of := places[file]
		lines = append(lines, fmt.Sprintf("%d in %s (%s)", len(of), file, of[0]))
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s", what, strings.Join(lines, ", "))
}
