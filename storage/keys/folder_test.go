package keys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeysFolderIsNeverInTheDataFolder(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(filepath.Join(data, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link": "data/inside", "datalink": "data"} {
		if err := os.Symlink(filepath.Join(dir, target), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		keys, data string
		ok         bool
	}{
		{"data.keys", "data", true},
		{"data", "data", false},
		{"data/", "./data", false},
		{"data/keys", "data", false},
		{"data/deep/er", "data", false},
		{"data/../data/keys", "data", false},
		{"link", "data", false},
		{"link/new", "data", false},
		{"datalink/keys", "data", false},
		{"data/keys", "datalink", false},
		{"dat", "data", true},
		{".", "data/further", true},
		{"new.keys", "new", true},
		{"new/keys", "new", false},
	} {
		_, err := OpenFolder(filepath.Join(dir, tt.keys), filepath.Join(dir, tt.data))
		if ok := err == nil; ok != tt.ok {
			t.Errorf("keys %s, data %s: %v, want ok %v", tt.keys, tt.data, err, tt.ok)
		}
		if err != nil && (!strings.Contains(err.Error(), "--keys") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("not one clear sentence: %v", err)
		}
	}
}

func TestKeysFolderIsPrivate(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open.keys")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, filepath.Join(dir, "a", "new.keys")} {
		if _, err := OpenFolder(path, filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, want 0700", path, info.Mode().Perm())
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(file, filepath.Join(dir, "data")); err == nil {
		t.Error("a file was taken for a folder")
	}
}

func TestSecretIsDrawnOnce(t *testing.T) {
	f := newFolder(t)
	first, err := f.Secret("visitor.key")
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.Secret("visitor.key")
	if err != nil || again != first || first == [32]byte{} {
		t.Errorf("drawn twice, or not at all; %v", err)
	}
	if other, err := f.Secret("cursor.key"); err != nil || other == first {
		t.Errorf("another secret is the same; %v", err)
	}
	info, err := os.Stat(f.join("visitor.key"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("%v, %v; want 32 bytes, 0600", info, err)
	}
	if err := os.Truncate(f.join("visitor.key"), 7); err != nil { // a start that was cut off
		t.Fatal(err)
	}
	whole, err := f.Secret("visitor.key")
	if err != nil || whole == first {
		t.Errorf("a cut off secret was taken; %v", err)
	}
	if _, err := f.Secret("no/such/folder"); err == nil {
		t.Error("no error where no file can be")
	}
}
