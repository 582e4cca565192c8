package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"mayfly/board"
	"mayfly/storage/keys"
	"mayfly/storage/storagetest"
)

var quiet = slog.New(slog.DiscardHandler)

// node is a store on disk that a test opens, closes and opens again.
type node struct {
	*Store
	keys *keys.Store
	dir  string
	now  time.Time

	faults *faults
}

// newNode opens a store in a folder of its own.
func newNode(t testing.TB) *node {
	t.Helper()
	return nodeIn(t, t.TempDir())
}

// nodeIn opens the store in dir.
func nodeIn(t testing.TB, dir string) *node {
	t.Helper()
	n := &node{dir: dir, now: storagetest.Start, faults: &faults{}}
	n.start(t)
	t.Cleanup(func() { n.stop(t) })
	return n
}

func (n *node) data() string     { return filepath.Join(n.dir, "data") }
func (n *node) folder() string   { return filepath.Join(n.dir, "data.keys") }
func (n *node) slotFile() string { return filepath.Join(n.folder(), "posts.keys") }

func (n *node) start(t testing.TB) {
	t.Helper()
	if _, err := keys.OpenFolder(n.folder(), n.data()); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(n.slotFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if n.keys, err = keys.New(&faultyFile{file, n.faults}, quiet); err != nil {
		t.Fatal(err)
	}
	wrap := func(c driver.Conn) driver.Conn { return &faultyConn{c.(*sqlite3.SQLiteConn), n.faults} }
	if n.Store, err = open(t.Context(), n.data(), n.keys, quiet, wrap); err != nil {
		t.Fatal(err)
	}
}

func (n *node) stop(t testing.TB) {
	t.Helper()
	n.faults.set(nil)
	if err := errors.Join(n.Close(), n.keys.Close()); err != nil {
		t.Error(err)
	}
}

// crashed opens a copy of the files as they are this moment, as a start after
// kill -9 would find them.
func (n *node) crashed(t testing.TB) *node {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"data", "data.keys"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(n.dir, name))); err != nil {
			t.Fatal(err)
		}
	}
	again := nodeIn(t, dir)
	again.now = n.now
	return again
}

func (n *node) life(ttl time.Duration) board.Life {
	return board.NewLife(n.now, ttl, 0, 30*24*time.Hour)
}

func (n *node) post(t testing.TB, body string, ttl time.Duration) board.Post {
	t.Helper()
	p, _ := n.postWithKey(t, body, ttl)
	return p
}

func (n *node) postWithKey(t testing.TB, body string, ttl time.Duration) (board.Post, board.Key) {
	t.Helper()
	p, key := storagetest.NewPost(board.NewVisitor(n.now), body, n.life(ttl))
	if _, err := n.InsertPost(t.Context(), p, key); err != nil {
		t.Fatal(err)
	}
	return p, key
}

func (n *node) replyWithKey(t testing.TB, root board.Post, body string) (board.Post, board.Key) {
	t.Helper()
	r, key, voice := storagetest.NewReply(root, board.NewVisitor(n.now), body)
	r, _, err := n.InsertReply(t.Context(), r, key, voice, n.now)
	if err != nil {
		t.Fatal(err)
	}
	return r, key
}

func (n *node) has(t testing.TB, id board.PostID) bool {
	t.Helper()
	_, err := n.Post(t.Context(), id, n.now)
	if err != nil && !errors.Is(err, board.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// destroy does the first two steps of a board.Sweeper.
func (n *node) destroy(ctx context.Context, now time.Time) ([]board.Ending, error) {
	if err := n.Destroy(now); err != nil {
		return nil, err
	}
	return n.Endings(ctx, now)
}

// sweep does what a board.Sweeper does.
func (n *node) sweep(t testing.TB) []board.Ending {
	t.Helper()
	ended, err := n.destroy(t.Context(), n.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Bury(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	if err := n.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	return ended
}

func (n *node) count(t testing.TB, query string) (rows int) {
	t.Helper()
	if err := n.readers.QueryRowContext(t.Context(), query).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// atOnce calls f n times at the same time.
func atOnce(t testing.TB, n int, f func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// faults decides which calls to the disk fail.
type faults struct {
	mu   sync.Mutex
	fail func(what string) error
	text map[string]bool // every query there was
}

func (f *faults) set(fail func(what string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

// nth lets the n-th call from now on fail, and reports whether there was one.
func (f *faults) nth(n int, with error) (happened func() bool) {
	hit := false
	f.set(func(string) error {
		n--
		if n != 0 {
			return nil
		}
		hit = true
		return with
	})
	return func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return hit
	}
}

func (f *faults) call(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.text != nil {
		f.text[what] = true
	}
	if f.fail == nil {
		return nil
	}
	return f.fail(what)
}

// faultyFile is the slot file of a disk with faults. It is not locked, so that
// its copy can be opened beside it.
type faultyFile struct {
	*os.File
	faults *faults
}

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	if err := f.faults.call("key write"); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], at) // half of it got there
		return n, err
	}
	return f.File.WriteAt(b, at)
}

func (f *faultyFile) Sync() error {
	if err := f.faults.call("key sync"); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) SyncSize() error { return f.Sync() }

// faultyConn is a connection to a disk with faults.
type faultyConn struct {
	*sqlite3.SQLiteConn
	faults *faults
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.faults.call(query); err != nil {
		return nil, err
	}
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.faults.call(query); err != nil {
		return nil, err
	}
	return c.SQLiteConn.QueryContext(ctx, query, args)
}

func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.faults.call("BEGIN"); err != nil {
		return nil, err
	}
	tx, err := c.SQLiteConn.BeginTx(ctx, opts)
	return &faultyTx{tx, c.faults}, err
}

type faultyTx struct {
	driver.Tx
	faults *faults
}

func (tx *faultyTx) Commit() error {
	if err := tx.faults.call("COMMIT"); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Tx.Commit()
}

// newMarker is a text that is nowhere by chance.
func newMarker() string { return rand.Text()[:20] }

// places counts, by name, what a scan of every file under dirs finds of needles:
// two windows of 8 bytes each, for an overwrite can leave half of one.
func places(t testing.TB, needles map[string]string, dirs ...string) map[string]int {
	t.Helper()
	windows := map[[8]byte]string{}
	var first [1 << 16]bool
	for needle, name := range needles {
		for _, window := range []string{needle[:8], needle[len(needle)-8:]} {
			windows[[8]byte([]byte(window))] = name
			first[int(window[0])<<8|int(window[1])] = true
		}
	}
	found := map[string]int{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path)
			for i := candidate(raw, 0, &first); i >= 0; i = candidate(raw, i+1, &first) {
				if name, hit := windows[[8]byte(raw[i:i+8])]; hit {
					found[name+" in "+filepath.Base(path)]++
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// candidate is where the next window of raw may be one that is looked for, and -1 where
// there is none. Nobody else holds raw, and there are hundreds of megabytes of it: the race
// detector would count every byte.
//
//go:norace
func candidate(raw []byte, from int, first *[1 << 16]bool) int {
	for i := from; i+8 <= len(raw); i++ {
		if first[int(raw[i])<<8|int(raw[i+1])] {
			return i
		}
	}
	return -1
}

func keyOnDisk(t testing.TB, n *node, key board.Key) bool {
	t.Helper()
	raw, err := os.ReadFile(n.slotFile())
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(raw, key[:]) || bytes.Contains(raw, key[:8]) || bytes.Contains(raw, key[24:])
}

// isRefusal wants an error of a kind.
func isRefusal(err error, kind board.Kind) error {
	if e, ok := errors.AsType[*board.Error](err); !ok || e.Kind != kind {
		return fmt.Errorf("want an error of kind %d, got: %w", kind, err)
	}
	return nil
}
