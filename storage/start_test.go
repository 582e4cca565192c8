package storage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"mayfly/board"
	"mayfly/storage/keys"
)

// startRefused wants a start on n's data to be refused in one sentence with want in it.
func startRefused(t *testing.T, n *node, slots *keys.Store, want string) {
	t.Helper()
	s, err := OpenSQLite(t.Context(), n.data(), slots, quiet)
	if err == nil {
		t.Fatal(s.Close())
	}
	if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("err = %v, want a sentence with %q", err, want)
	}
}

func newSlots(t *testing.T) *keys.Store {
	t.Helper()
	dir := t.TempDir()
	folder, err := keys.OpenFolder(filepath.Join(dir, "keys"), filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	slots, err := folder.Slots(quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slots.Close() })
	return slots
}

func TestDatabaseOfANewerProgramIsRefused(t *testing.T) {
	n := newNode(t)
	if _, err := n.writer.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	startRefused(t, n, n.keys, "newer Mayfly")
}

func TestSecondServerOnTheSameDataIsRefused(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "mine", time.Hour)
	startRefused(t, n, newSlots(t), "another mayfly")
	if !n.has(t, p.ID) {
		t.Error("it destroyed a post of the first")
	}
}

func TestKeysOfOtherDataAreRefused(t *testing.T) {
	n, other := newNode(t), newNode(t)
	p, theirs := n.post(t, "mine", time.Hour), other.post(t, "theirs", time.Hour)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	startRefused(t, n, other.keys, "belong to another data folder")
	if !other.has(t, theirs.ID) {
		t.Error("it destroyed a key of the other")
	}
	n.stop(t)
	n.start(t)
	if !n.has(t, p.ID) {
		t.Error("with its own keys: the post is gone")
	}
}

// A folder of keys in memory is empty after the machine was off.
func TestWithoutItsKeysAllHasEnded(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "forgotten", time.Hour)
	n.replyWithKey(t, p, "with it")
	n.stop(t)
	if err := os.Remove(n.slotFile()); err != nil {
		t.Fatal(err)
	}
	n.start(t)
	if n.has(t, p.ID) {
		t.Error("a post without its key is there")
	}
	n.sound(t, 0)
	n.post(t, "a new beginning", time.Hour)
	n.sound(t, 1)
}

func TestStartComparesRowsAndKeys(t *testing.T) {
	n := newNode(t)
	keyless, whole := n.post(t, "loses its key", time.Hour), n.post(t, "whole", time.Hour)
	reply, _ := n.replyWithKey(t, whole, "loses its key too")
	kept, _ := n.replyWithKey(t, whole, "whole")
	rowless := board.NewKey()
	if _, err := n.keys.Put(n.now.Add(time.Hour), n.now.Add(time.Hour), rowless); err != nil {
		t.Fatal(err)
	}
	for _, id := range []board.PostID{keyless.ID, reply.ID} {
		r, err := anyByID(t.Context(), n.readers, id, n.now)
		if err != nil || len(n.keys.Drop(r.ref)) != 1 {
			t.Fatal(err)
		}
	}
	n.stop(t)
	if !keyOnDisk(t, n, rowless) {
		t.Fatal("control: the key without a row is not on the disk")
	}
	n.start(t)
	if keyOnDisk(t, n, rowless) {
		t.Error("a key without a row is on the disk")
	}
	n.sound(t, 1)
	root, replies, err := n.Thread(t.Context(), whole.ID, n.now)
	if err != nil || root.Replies != 1 || len(replies) != 1 || replies[0].ID != kept.ID {
		t.Errorf("thread: %d replies counted, %d shown, %v; want the one with a key", root.Replies, len(replies), err)
	}
}

func TestEndsAreThoseOfTheRowsAfterAStart(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "two minutes of thirty days", 2*time.Minute)
	n.stop(t)
	n.start(t)
	n.now = p.Life.EndsAt
	if n.has(t, p.ID) {
		t.Error("at its end: it is there")
	}
	r, err := anyByID(t.Context(), n.readers, p.ID, n.now.Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.keys.Key(r.ref, n.now); !errors.Is(err, keys.ErrGone) {
		t.Errorf("the key's own door: %v, want gone", err)
	}
	if ended := n.sweep(t); len(ended) != 1 || ended[0].ID != p.ID {
		t.Errorf("ended = %v", ended)
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "before", time.Hour)
	for range 2 {
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := n.SaveSettings(t.Context(), nil); !errors.Is(err, errClosed) {
		t.Errorf("a write: %v, want %v", err, errClosed)
	}
	if _, err := n.Post(t.Context(), p.ID, n.now); err == nil {
		t.Error("a read is answered")
	}
	if size := n.journalSize(); size != 0 {
		t.Errorf("journal of %d bytes", size)
	}
}

func TestSettingsCanBeChangedBesideAServer(t *testing.T) {
	n := newNode(t)
	n.post(t, "goes on", time.Hour)
	f, err := OpenSettings(t.Context(), n.data(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SaveSettings(t.Context(), []board.Change{{Name: "k", New: "9", By: "cli", At: n.now}}); err != nil {
		t.Fatal(err)
	}
	if values, err := f.Settings(t.Context()); err != nil || values[""]["k"] != "9" {
		t.Errorf("there: %v, %v", values, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if values, err := n.Settings(t.Context()); err != nil || values[""]["k"] != "9" {
		t.Errorf("here: %v, %v", values, err)
	}
	n.post(t, "still", time.Hour)
	n.sound(t, 2)
}

func TestSettingsCanBeChangedBeforeTheFirstStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	f, err := OpenSettings(t.Context(), data, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SaveSettings(t.Context(), []board.Change{{Name: "k", New: "9", By: "cli", At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSQLite(t.Context(), data, newSlots(t), quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if values, err := s.Settings(t.Context()); err != nil || values[""]["k"] != "9" {
		t.Errorf("settings = %v, %v", values, err)
	}
}

func TestFoldersAndFilesArePrivate(t *testing.T) {
	n := newNode(t)
	if err := os.Chmod(n.path, 0o644); err != nil {
		t.Fatal(err)
	}
	n.stop(t)
	n.start(t)
	n.post(t, "fills the journal", time.Hour)
	for path, want := range map[string]os.FileMode{n.data(): 0o700, n.path: 0o600, n.path + "-wal": 0o600, n.path + "-shm": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v", path, info.Mode().Perm(), want)
		}
	}
}

func TestDamagedBoxCostsItsPostAlone(t *testing.T) {
	n := newNode(t)
	bad, moved, good := n.post(t, "bad", time.Hour), n.post(t, "moved", time.Hour), n.post(t, "good", time.Hour)
	const spoil = `UPDATE posts SET box = CASE id WHEN $1 THEN zeroblob(length(box)) ELSE (SELECT box FROM posts WHERE id = $2) END WHERE id IN ($1, $3)`
	if _, err := n.writer.ExecContext(t.Context(), spoil, bad.ID[:], good.ID[:], moved.ID[:]); err != nil {
		t.Fatal(err)
	}
	if n.has(t, bad.ID) || n.has(t, moved.ID) || !n.has(t, good.ID) {
		t.Error("want the damaged box and the one from elsewhere gone, and the good one there")
	}
	if posts, _, err := n.Feed(t.Context(), board.Query{Board: board.Home, Limit: 10}, n.now); err != nil || len(posts) != 1 {
		t.Errorf("feed: %d posts, %v", len(posts), err)
	}
}

func TestOpeningNeedsAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSQLite(t.Context(), filepath.Join(file, "data"), newSlots(t), quiet); err == nil {
		t.Error("a database was opened under a file")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenSQLite(ctx, filepath.Join(t.TempDir(), "data"), newSlots(t), quiet); !errors.Is(err, context.Canceled) {
		t.Errorf("a start that was called off: %v", err)
	}
	if _, err := OpenSettings(ctx, filepath.Join(t.TempDir(), "data"), quiet); !errors.Is(err, context.Canceled) {
		t.Errorf("settings that were called off: %v", err)
	}
}

// ofVersion is a database whose tables are of an earlier version.
func ofVersion(t *testing.T, version int64) *Store {
	t.Helper()
	s, err := connect(t.Context(), filepath.Join(t.TempDir(), "data"), quiet, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.closeFiles(); err != nil {
			t.Error(err)
		}
	})
	upTo(t, s, version)
	return s
}

func TestASiteThatHasAnOwnerAlreadyIsNotAskedForFirstChoices(t *testing.T) {
	for owner, want := range map[int]board.Stage{0: board.Untouched, 1: board.SetUp} {
		s := ofVersion(t, 12)
		if _, err := s.writer.ExecContext(t.Context(), "INSERT INTO admins (name, owner, hash) VALUES ('ada', $1, 'x')", owner); err != nil {
			t.Fatal(err)
		}
		if err := s.migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		stage, at, err := s.Outset(t.Context())
		if err != nil || stage != want || owner == 1 && !at.Before(time.Now().Add(-30*24*time.Hour)) {
			t.Errorf("owner %d: stage %d at %v, %v", owner, stage, at, err)
		}
	}
}

func TestMigrationKeepsWhatWasSetAndItsLog(t *testing.T) {
	s := ofVersion(t, 5)
	const before = `
		INSERT INTO settings (name, value) VALUES ('k', '9');
		INSERT INTO audit (at, name, old_value, new_value, who) VALUES (1, 'k', '5', '9', 'cli');`
	if _, err := s.writer.ExecContext(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if err := s.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if values, err := s.Settings(t.Context()); err != nil || len(values) != 1 || values[""]["k"] != "9" {
		t.Errorf("settings = %v, %v", values, err)
	}
	want := board.Entry{Seq: 1, Action: board.ActSetting, Subject: "k", Old: "5", New: "9", By: "cli", At: millis(1)}
	if log, err := s.Entries(t.Context(), 0, 5); err != nil || len(log) != 1 || log[0] != want {
		t.Errorf("audit = %v, %v", log, err)
	}
}

// upTo brings the tables to an older version.
func upTo(t *testing.T, s *Store, version int64) {
	t.Helper()
	list, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.writer, nil, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(list...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}
