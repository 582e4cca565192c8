package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Luggage is what goes with the living when they move: their keys, in the form of the
// slot file and in the same slots, board time, and the server's secrets. It is carried
// in memory and never lies in a file but those it ends up in.
type Luggage struct {
	Slots   []byte            `json:"slots"`
	Clock   time.Time         `json:"clock"`
	Secrets map[string][]byte `json:"secrets"` // by file name
}

const secretSuffix = ".key"

// Pack takes up the keys of s, which is open in this folder. What was dropped stays.
func (f Folder) Pack(s *Store, now time.Time) (Luggage, error) {
	l := Luggage{Slots: s.image(), Clock: now, Secrets: map[string][]byte{}}
	names, err := f.secrets()
	if err != nil {
		return Luggage{}, fmt.Errorf("pack keys: %w", err)
	}
	for _, name := range names {
		if l.Secrets[name], err = os.ReadFile(f.join(name)); err != nil {
			return Luggage{}, fmt.Errorf("pack keys: %w", err)
		}
	}
	return l, nil
}

// secrets names the files of secrets there are.
func (f Folder) secrets() (names []string, err error) {
	entries, err := os.ReadDir(f.path)
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), secretSuffix) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// image is a slot file with the keys that live and nothing of others.
func (s *Store) image() []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	last := 0
	for i, until := range s.until {
		if until != none {
			last = i
		}
	}
	raw := make([]byte, (last+1)*slotSize)
	copy(raw, encodeHeader(s.id))
	for i := 1; i <= last; i++ {
		if s.until[i] != none {
			copy(raw[i*slotSize:], s.entries[i].encode())
		}
	}
	return raw
}

var errKeysThere = errors.New("other posts have their keys there; give another keys folder")

// Vacant says why luggage must not be unpacked: posts have their keys there, or somebody
// has it open.
func (f Folder) Vacant() error {
	if _, err := os.Stat(f.join(slotsFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	file, err := openExclusive(f.join(slotsFile))
	if err == nil {
		err = errors.Join(vacant(file), file.Close())
	}
	if err != nil {
		return fmt.Errorf("keys folder %s: %w", f.path, err)
	}
	return nil
}

func vacant(file *os.File) error {
	raw, err := readAll(file)
	defer clear(raw)
	if err == nil && len(raw) > slotSize && !allZeroes(raw[slotSize:]) {
		err = errKeysThere
	}
	return err
}

// Unpack puts luggage into a folder that holds no key of a post, and syncs it.
func (f Folder) Unpack(l Luggage) error {
	if err := f.unpack(l); err != nil {
		return fmt.Errorf("unpack keys into %s: %w", f.path, err)
	}
	return nil
}

func (f Folder) unpack(l Luggage) error {
	if len(l.Slots) < slotSize || len(l.Slots)%slotSize != 0 {
		return errForeign
	}
	if _, err := decodeHeader(l.Slots[:slotSize]); err != nil {
		return err
	}
	if err := f.unpackSlots(l.Slots); err != nil {
		return err
	}
	for name, secret := range l.Secrets {
		if name != filepath.Base(name) || !strings.HasSuffix(name, secretSuffix) || len(secret) != 32 {
			return fmt.Errorf("%.40q is no secret", name)
		}
		if err := f.saveSecret(name, [32]byte(secret)); err != nil {
			return err
		}
	}
	clock, err := openClock(f.join(clockFile), func() time.Time { return l.Clock }, sinceBoot, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return clock.Close()
}

func (f Folder) unpackSlots(image []byte) (err error) {
	file, err := openExclusive(f.join(slotsFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := vacant(file); err != nil {
		return err
	}
	if _, err := file.WriteAt(image, 0); err != nil {
		return err
	}
	return file.Sync()
}

func allZeroes(raw []byte) bool {
	for len(raw) > 0 {
		n := min(len(raw), len(zeroes))
		if !allZero(raw[:n]) {
			return false
		}
		raw = raw[n:]
	}
	return true
}

// Burn overwrites every key and secret in place, syncs, and only then removes the files.
// Nobody may have them open.
func (f Folder) Burn() error {
	names, err := f.secrets()
	if err != nil {
		return fmt.Errorf("destroy keys: %w", err)
	}
	for _, name := range append([]string{slotsFile}, names...) { // a server has its slots locked
		if err := f.burn(name); err != nil {
			return fmt.Errorf("destroy keys: %w", err)
		}
	}
	if err := os.Remove(f.join(clockFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("destroy keys: %w", err)
	}
	return SyncDir(f.path)
}

func (f Folder) burn(name string) error {
	if _, err := os.Stat(f.join(name)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	file, err := openExclusive(f.join(name))
	if err != nil {
		return err
	}
	info, err := file.Stat()
	for at := int64(0); err == nil && at < info.Size(); at += int64(len(zeroes)) {
		_, err = file.WriteAt(zeroes[:min(int64(len(zeroes)), info.Size()-at)], at)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Remove(f.join(name))
}
