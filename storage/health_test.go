package storage

import (
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mayfly/board"
)

func TestInspectLooksBesideAServerAndWithoutOne(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "still here", time.Hour)
	if err := n.SaveSettings(t.Context(), []board.Change{{Name: "snapshots", Old: "unknown", New: "yes", By: "cli", At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"beside a server", "without one"} {
		h, err := Inspect(t.Context(), n.data())
		if err != nil || len(h.Astray) > 0 || h.Version != h.Newest || h.Newest == 0 || h.Snapshots != "yes" {
			t.Errorf("%s: %+v, %v", when, h, err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	n.stop(t)
	n.start(t)
	if !n.has(t, p.ID) {
		t.Error("looking took a post away")
	}
}

func TestInspectSaysWhatIsAstray(t *testing.T) {
	n := newNode(t)
	if _, err := n.writer.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", filepath.Join(n.data(), "mayfly.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "PRAGMA journal_mode = DELETE"); err != nil {
		t.Fatal(err)
	}
	h, err := Inspect(t.Context(), n.data())
	if want := []Pragma{{"journal_mode", "delete", "wal"}}; err != nil || !slices.Equal(h.Astray, want) {
		t.Errorf("astray: %+v, %v; want %+v", h.Astray, err, want)
	}
	if h.Version != 9999 || h.Newest >= 9999 {
		t.Errorf("tables of version %d, newest %d", h.Version, h.Newest)
	}
}

func TestInspectOfAnEmptyFolderMakesNothing(t *testing.T) {
	dir := t.TempDir()
	if _, err := Inspect(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) > 0 {
		t.Errorf("it left %q, %v", names, err)
	}
}
