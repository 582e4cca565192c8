package storage

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

var errDisk = sqlite3.Error{Code: sqlite3.ErrIoErr}

// R71: whichever step of a birth fails, alone or with all that follow, the post is
// absent: no row, no key, now and at the next start.
func TestR71BirthIsWholeOrAbsent(t *testing.T) {
	n := newNode(t)
	first := n.post(t, "before", time.Hour) // the key file has grown
	for _, onlyThat := range []bool{true, false} {
		steps := 0
		for step := 1; ; step++ {
			p, key := storagetest.NewPost(board.NewVisitor(n.now), fmt.Sprint("step ", step), n.life(time.Hour))
			count := 0
			hit := false
			n.faults.set(func(string) error {
				if count++; count == step || count > step && !onlyThat {
					hit = true
					return errDisk
				}
				return nil
			})
			_, err := n.InsertPost(t.Context(), p, key)
			again := n.crashed(t)
			n.faults.set(nil)
			if !hit {
				if err != nil || !n.has(t, p.ID) || !again.has(t, p.ID) {
					t.Errorf("no fault: %v; the post is absent", err)
				}
				n.end(t, p.ID)
				break
			}
			steps++
			if err == nil {
				t.Errorf("step %d failed, and the post was answered", step)
			}
			for _, node := range []*node{n, again} {
				if node.has(t, p.ID) || !node.has(t, first.ID) {
					t.Errorf("step %d: the refused post is there, or the one before is not", step)
				}
				node.sound(t, 1)
			}
			if keyOnDisk(t, n, key) || keyOnDisk(t, again, key) {
				t.Errorf("step %d: the key of a refused post is on the disk after the sweep", step)
			}
		}
		if steps < 7 { // key, sync, begin, savepoint, post, voice, release, commit
			t.Errorf("control: a birth has only %d steps", steps)
		}
	}
}

func (n *node) end(t testing.TB, ids ...board.PostID) {
	t.Helper()
	if _, err := n.End(t.Context(), ids, board.ByAuthor, n.now); err != nil {
		t.Fatal(err)
	}
}

// sound wants as many keys as rows, after a sweep.
func (n *node) sound(t testing.TB, posts int) {
	t.Helper()
	n.sweep(t)
	rows := n.count(t, "SELECT count(*) FROM posts")
	all := rows + n.count(t, "SELECT count(*) FROM replies")
	if held := len(n.keys.Refs()); held != all || rows != posts {
		t.Errorf("%d keys for %d rows, %d of them posts; want %d posts", held, all, rows, posts)
	}
	if ok := n.integrity(t); ok != "ok" {
		t.Errorf("integrity_check: %s", ok)
	}
}

func (n *node) integrity(t testing.TB) (verdict string) {
	t.Helper()
	if err := n.readers.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil {
		t.Fatal(err)
	}
	return verdict
}

// R74: whatever the disk refuses at whichever step, the answer is a clean refusal,
// nothing is half done, and the next try works without a restart.
func TestR74RefusedWritesLeaveTheStoreWell(t *testing.T) {
	acts := []struct {
		name string
		act  func(t *testing.T, n *node, p, r board.Post) error
	}{
		{"birth", func(t *testing.T, n *node, _, _ board.Post) error {
			p, key := storagetest.NewPost(board.NewVisitor(n.now), "new", n.life(time.Hour))
			_, err := n.InsertPost(t.Context(), p, key)
			return err
		}},
		{"reply", func(t *testing.T, n *node, p, _ board.Post) error {
			r, key, voice := storagetest.NewReply(p, board.NewVisitor(n.now), "re")
			_, _, err := n.InsertReply(t.Context(), r, key, voice, n.now)
			return err
		}},
		{"vote", func(t *testing.T, n *node, p, _ board.Post) error {
			_, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now)
			return err
		}},
		{"cap", func(t *testing.T, n *node, _, _ board.Post) error {
			_, err := n.Cap(t.Context(), []board.Bound{{Board: board.Home, TTLMax: 20 * 24 * time.Hour}})
			return err
		}},
		{"settings", func(t *testing.T, n *node, _, _ board.Post) error {
			return n.SaveSettings(t.Context(), []board.Change{{Name: "k", Old: "5", New: "6", By: "cli", At: n.now}})
		}},
		{"end of a post", func(t *testing.T, n *node, p, _ board.Post) error {
			_, err := n.End(t.Context(), []board.PostID{p.ID}, board.ByScore, n.now)
			return err
		}},
		{"end of a reply", func(t *testing.T, n *node, _, r board.Post) error {
			_, err := n.End(t.Context(), []board.PostID{r.ID}, board.ByAuthor, n.now)
			return err
		}},
		{"bury", func(t *testing.T, n *node, _, _ board.Post) error {
			_, err := n.Bury(t.Context(), n.now)
			return err
		}},
		{"scrub", func(t *testing.T, n *node, _, _ board.Post) error { return n.Scrub(t.Context()) }},
		{"read", func(t *testing.T, n *node, p, _ board.Post) error {
			_, _, err := n.Thread(t.Context(), p.ID, n.now)
			return err
		}},
	}
	refusals := []struct {
		err  error
		kind board.Kind
	}{
		{sqlite3.Error{Code: sqlite3.ErrFull}, board.Full},
		{syscall.ENOSPC, board.Full},
		{sqlite3.Error{Code: sqlite3.ErrBusy}, board.Busy},
		{errDisk, board.Internal},
	}
	n := newNode(t)
	for _, tt := range acts {
		for _, refusal := range refusals {
			for step := 1; ; step++ {
				p := n.post(t, "a post", time.Hour)
				r, _ := n.replyWithKey(t, p, "a reply")
				if tt.name == "bury" {
					n.end(t, n.post(t, "to be buried", time.Hour).ID)
				}
				hit := n.faults.nth(step, refusal.err)
				err := tt.act(t, n, p, r)
				happened := hit()
				n.faults.set(nil)
				if !happened {
					if err != nil {
						t.Fatalf("%s without a fault: %v", tt.name, err)
					}
					break
				}
				if err != nil && refusal.kind != board.Internal {
					if wrong := isRefusal(err, refusal.kind); wrong != nil {
						t.Errorf("%s, step %d, %v: %v", tt.name, step, refusal.err, wrong)
					}
				}
				if err := tt.act(t, n, p, r); err != nil {
					t.Errorf("%s again after %v at step %d: %v", tt.name, refusal.err, step, err)
				}
				n.end(t, p.ID)
			}
		}
	}
	posts, _, err := n.Feed(t.Context(), board.Query{Board: board.Home, Limit: board.PageMax}, n.now)
	if err != nil {
		t.Fatal(err)
	}
	n.sound(t, len(posts))
}

// However often its steps fail, Destroy tells of each ending once, and keys are out
// of reach from the first try on.
func TestDestroyThatFailsTellsLater(t *testing.T) {
	n := newNode(t)
	for _, onlyThat := range []bool{true, false} {
		for step := 1; ; step++ {
			p, key := n.postWithKey(t, "short", time.Minute)
			r, rkey := n.replyWithKey(t, p, "with it")
			byHand := n.post(t, "by hand", time.Hour)
			n.now = n.now.Add(time.Minute)
			count, hit := 0, false
			n.faults.set(func(string) error {
				if count++; count == step || count > step && !onlyThat {
					hit = true
					return errDisk
				}
				return nil
			})
			told, err := n.destroy(t.Context(), n.now)
			ended, endErr := n.End(t.Context(), []board.PostID{byHand.ID}, board.ByAuthor, n.now)
			n.faults.set(nil)
			if n.has(t, p.ID) || n.has(t, r.ID) || endErr == nil && n.has(t, byHand.ID) {
				t.Errorf("step %d: what has ended can be read", step)
			}
			later, lateErr := n.destroy(t.Context(), n.now)
			if lateErr != nil {
				t.Fatal(lateErr)
			}
			times := map[board.PostID]int{}
			for _, e := range append(append(told, ended...), later...) {
				times[e.ID]++
			}
			if times[p.ID] != 1 || times[byHand.ID] != 1 && !n.has(t, byHand.ID) {
				t.Errorf("step %d: told %v (%v, %v)", step, times, err, endErr)
			}
			if keyOnDisk(t, n, key) || keyOnDisk(t, n, rkey) {
				t.Errorf("step %d: keys are on the disk after a Destroy that worked", step)
			}
			n.end(t, byHand.ID)
			n.sound(t, 0)
			if !hit {
				break
			}
		}
	}
}

// An op that fails alone sinks no other of its batch, and leaves no key.
func TestOneRefusedBirthSinksNoOther(t *testing.T) {
	n := newNode(t)
	twin, _ := storagetest.NewPost(board.NewVisitor(n.now), "twin", n.life(time.Hour))
	results := make([]error, 40)
	atOnce(t, len(results), func(i int) error {
		p, key := storagetest.NewPost(board.NewVisitor(n.now), "one", n.life(time.Hour))
		if i%2 == 1 {
			p.ID = twin.ID // only one of them can have it
		}
		_, results[i] = n.InsertPost(t.Context(), p, key)
		return nil
	})
	well := 0
	for i, err := range results {
		if err == nil {
			well++
		} else if i%2 == 0 {
			t.Errorf("a birth beside a refused one: %v", err)
		}
	}
	if well != 21 {
		t.Errorf("%d births were answered, want 20 and one of the twins", well)
	}
	n.sound(t, 21)
	if err := isRefusal(errors.Join(results...), board.Full); err == nil {
		t.Error("a clash of ids passed for a full disk")
	}
}
