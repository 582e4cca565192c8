package keys

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// File is what a Store asks of the disk.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error     // the bytes
	SyncSize() error // the bytes and how many they are
}

// slotFile is a file on disk, locked against other processes.
type slotFile struct{ *os.File }

func (f slotFile) Sync() error     { return dataSync(f.File) }
func (f slotFile) SyncSize() error { return f.File.Sync() }

func openFile(path string) (File, error) {
	f, err := openExclusive(path)
	if err != nil {
		return nil, err
	}
	return slotFile{f}, nil
}

// openExclusive opens or creates a file for this process alone, and makes sure
// that its name is on disk.
func openExclusive(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(lockError(path, err), f.Close())
	}
	if err := SyncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func lockError(path string, err error) error {
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("another mayfly is using %s", filepath.Dir(path))
	}
	return fmt.Errorf("lock: %w", err)
}

// SyncDir makes sure that the names in a folder are on disk.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readAll reads a file from its beginning to its end.
func readAll(f io.ReaderAt) ([]byte, error) {
	raw, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<40))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return raw, nil
}
