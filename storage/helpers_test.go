package storage

import (
	"database/sql/driver"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
	"mayfly/storage/storagetest"
)

// node is a store on disk that a test opens, closes and opens again.
type node struct {
	*Store
	keys *keys.Store
	dir  string
	now  time.Time
}

var quiet = slog.New(slog.DiscardHandler)

func newNode(t testing.TB) *node {
	t.Helper()
	n := &node{dir: t.TempDir(), now: storagetest.Start}
	n.start(t, nil)
	t.Cleanup(func() { n.stop(t) })
	return n
}

func (n *node) data() string   { return filepath.Join(n.dir, "data") }
func (n *node) folder() string { return filepath.Join(n.dir, "data.keys") }

func (n *node) start(t testing.TB, wrap func(driver.Conn) driver.Conn) {
	t.Helper()
	folder, err := keys.OpenFolder(n.folder(), n.data())
	if err != nil {
		t.Fatal(err)
	}
	if n.keys, err = folder.Slots(quiet); err != nil {
		t.Fatal(err)
	}
	if n.Store, err = open(t.Context(), n.data(), n.keys, quiet, wrap); err != nil {
		t.Fatal(err)
	}
}

func (n *node) stop(t testing.TB) {
	t.Helper()
	if err := n.Store.Close(); err != nil {
		t.Error(err)
	}
	if err := n.keys.Close(); err != nil {
		t.Error(err)
	}
}

func (n *node) life(ttl time.Duration) board.Life {
	return board.NewLife(n.now, ttl, 0, 30*24*time.Hour)
}

func (n *node) post(t testing.TB, body string, ttl time.Duration) board.Post {
	t.Helper()
	p, key := storagetest.NewPost(board.NewVisitor(n.now), body, n.life(ttl))
	if err := n.InsertPost(t.Context(), p, key); err != nil {
		t.Fatal(err)
	}
	return p
}
