package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Folder is where keys are kept: never inside the data folder, so that a copy of
// the data is a copy of boxes.
type Folder struct{ path string }

// OpenFolder makes sure that the folder path is there, for this user alone, and
// neither is the data folder nor lies in it, whatever symbolic links say.
func OpenFolder(path, data string) (Folder, error) {
	where, err := resolve(path)
	if err != nil {
		return Folder{}, fmt.Errorf("keys folder: %w", err)
	}
	whereData, err := resolve(data)
	if err != nil {
		return Folder{}, fmt.Errorf("data folder: %w", err)
	}
	if where == whereData || strings.HasPrefix(where, whereData+string(filepath.Separator)) {
		return Folder{}, fmt.Errorf("the keys folder %s must not be the data folder %s or lie in it: a copy of the data would hold the keys; give another --keys", path, data)
	}
	if err := os.MkdirAll(where, 0o700); err != nil {
		return Folder{}, fmt.Errorf("keys folder: %w", err)
	}
	if err := makePrivate(where); err != nil {
		return Folder{}, fmt.Errorf("keys folder: %w", err)
	}
	return Folder{path: where}, nil
}

// makePrivate takes a folder from the reach of other users.
func makePrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(path, 0o700) //nolint:gosec // a folder needs its x
}

// resolve makes a path absolute and follows the symbolic links in as much of it
// as is there.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	followed, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
		return followed, err
	}
	parent, err := resolve(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// Path is where the folder is, without symbolic links.
func (f Folder) Path() string { return f.path }

func (f Folder) join(name string) string { return filepath.Join(f.path, name) }

// Secret gives the server's secret called name, and draws it the first time.
func (f Folder) Secret(name string) (secret [32]byte, err error) {
	raw, err := os.ReadFile(f.join(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return secret, fmt.Errorf("secret %s: %w", name, err)
	}
	if len(raw) == len(secret) {
		return [32]byte(raw), nil
	}
	rand.Read(secret[:])
	if err := f.saveSecret(name, secret); err != nil {
		return [32]byte{}, fmt.Errorf("secret %s: %w", name, err)
	}
	return secret, nil
}

// saveSecret brings a secret to disk before anybody gets it; a file that is too
// short was left by a start that never got so far.
func (f Folder) saveSecret(name string, secret [32]byte) error {
	file, err := os.OpenFile(f.join(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(secret[:])
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close(), SyncDir(f.path))
}
