package storage

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"
)

func TestAForeignFileIsRefusedAndLeftAsItIs(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T, path string){
		"not a database": func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("dear diary "), 500), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"another program's": func(t *testing.T, path string) {
			db, err := sql.Open("sqlite3", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(t.Context(), "CREATE TABLE posts (x); INSERT INTO posts VALUES (1); CREATE TABLE goose_db_version (version_id)"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			path := filepath.Join(data, "mayfly.db")
			begin(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = OpenSQLite(t.Context(), data, newSlots(t), quiet)
			_, beside := OpenSettings(t.Context(), data, quiet)
			for _, err := range []error{err, beside} {
				if err == nil || !strings.Contains(err.Error(), "no database of Mayfly's") || !strings.Contains(err.Error(), "--data") || strings.Contains(err.Error(), "\n") {
					t.Errorf("err = %v, want a sentence that says what would do", err)
				}
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("it was changed: %v", err)
			}
		})
	}
}

func TestADamagedDatabaseIsRefusedWithWhatWouldDo(t *testing.T) {
	n := newNode(t)
	n.stop(t)
	f, err := os.OpenFile(n.path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, 3000), 100); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = OpenSQLite(t.Context(), n.data(), newSlots(t), quiet)
	if err == nil || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "mayfly restore") {
		t.Errorf("err = %v", err)
	}
}

// older makes a database of an earlier program, with boards on it.
func older(t *testing.T, dir string, boards int) string {
	t.Helper()
	data := filepath.Join(dir, "data")
	s, err := connect(t.Context(), data, quiet, nil)
	if err != nil {
		t.Fatal(err)
	}
	upTo(t, s, 5)
	const rows = `
		INSERT INTO boards (slug, title)
		WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		SELECT 'b' || i, hex(randomblob(400)) FROM n`
	if _, err := s.writer.ExecContext(t.Context(), rows, boards); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.emptyJournal(t.Context()), s.closeFiles()); err != nil {
		t.Fatal(err)
	}
	return data
}

// A disk that fills up while the tables are brought up to date costs nothing: the start
// says so, and the next one finds everything.
func TestADiskThatIsFullDuringAnUpgradeCostsNothing(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=2200k,mode=0700"); err != nil {
		t.Skipf("no small disk can be had here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	data := older(t, dir, 500)
	ballast := filepath.Join(dir, "ballast")
	fillUp(t, ballast, 64<<10)
	slots := newSlots(t)
	_, err := OpenSQLite(t.Context(), data, slots, quiet)
	if err == nil || !strings.Contains(err.Error(), "the disk of") || !strings.Contains(err.Error(), "start again") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("err = %v, want a sentence about the disk", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	wholeAfterUpgrade(t, data, 500)
}

// wholeAfterUpgrade opens what an upgrade was cut short on.
func wholeAfterUpgrade(t *testing.T, data string, boards int) {
	t.Helper()
	s, err := OpenSQLite(t.Context(), data, newSlots(t), quiet)
	if err != nil {
		t.Fatalf("afterwards: %v", err)
	}
	defer s.Close()
	var n int
	var ok string
	if err := s.readers.QueryRowContext(t.Context(), "SELECT count(*) FROM boards").Scan(&n); err != nil || n != boards+1 {
		t.Errorf("%d boards, %v; want %d", n, err, boards+1)
	}
	if err := s.readers.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&ok); err != nil || ok != "ok" {
		t.Errorf("integrity: %s, %v", ok, err)
	}
}

// Whichever step of an upgrade finds the disk full.
func TestAnUpgradeThatIsRefusedAtAnyStepCostsNothing(t *testing.T) {
	from := t.TempDir()
	older(t, from, 3)
	refused := 0
	for step := 1; ; step += 2 {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		data, f := filepath.Join(dir, "data"), &faults{}
		hit := f.nth(step, sqlite3.Error{Code: sqlite3.ErrFull})
		s, err := open(t.Context(), data, newSlots(t), quiet, func(c driver.Conn) driver.Conn { return &faultyConn{c.(*sqlite3.SQLiteConn), f} })
		happened := hit()
		f.set(nil)
		if err == nil {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		} else {
			refused++
		}
		if !happened {
			if refused < 20 {
				t.Errorf("control: only %d steps of %d were refused", refused, step)
			}
			return
		}
		wholeAfterUpgrade(t, data, 3)
	}
}

// fillUp writes a file until only spare bytes are free.
func fillUp(t *testing.T, path string, spare int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := int64(0)
	for block := make([]byte, 4096); err == nil; n += int64(len(block)) {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Truncate(max(0, n-4096-spare)); err != nil {
		t.Fatal(err)
	}
}
