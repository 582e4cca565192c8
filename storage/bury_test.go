package storage

import (
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// For a million, to read whose the keys were takes longer than a key may stay.
func TestKeysAreZeroBeforeAnybodyReadsWhoseTheyWere(t *testing.T) {
	n := newNode(t)
	_, key := n.postWithKey(t, "short", time.Minute)
	n.now = n.now.Add(time.Minute)
	read := false
	n.faults.set(func(what string) error {
		if strings.Contains(what, "ends_at, seq, id, unlisted") {
			read = true
			if keyOnDisk(t, n, key) {
				t.Error("the key is on the disk while rows are read")
			}
		}
		return nil
	})
	if ended, err := n.destroy(t.Context(), n.now); err != nil || len(ended) != 1 || !read {
		t.Errorf("%d endings, %v; rows were read: %v", len(ended), err, read)
	}
}

// Keys are dropped some at a time; a mass ending is several times that.
func TestAllKeysOfAMassEndingAreDropped(t *testing.T) {
	n := newNode(t)
	ends := n.now.Add(time.Minute)
	for range 2*dropMost + 1 {
		if _, err := n.keys.Put(ends, ends, board.NewKey()); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Destroy(ends); err != nil {
		t.Fatal(err)
	}
	if left := len(n.keys.Refs()); left > 0 {
		t.Errorf("%d keys are left", left)
	}
}

func TestABurialGivesItsMemoryBack(t *testing.T) {
	n := newNode(t)
	n.post(t, "short", time.Minute)
	n.now = n.now.Add(time.Minute)
	n.ended(t)
	given := false
	n.faults.set(func(what string) error {
		given = given || what == "PRAGMA shrink_memory"
		return nil
	})
	if rows, err := n.Bury(t.Context(), n.now); err != nil || rows != 1 || !given {
		t.Errorf("%d rows, %v; memory was given back: %v", rows, err, given)
	}
}

// ended is a digger that has read the posts which have ended.
func (n *node) ended(t *testing.T) *digger {
	t.Helper()
	if _, err := n.destroy(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	d := &digger{store: n.Store, now: n.now, boards: n.boardList(), unread: n.boardList(), after: fromTheTop}
	if err := d.lookAhead(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// Between the reading of a row and its burial it may be gone, and its seq another's.
func TestASeqThatIsFreeAgainIsNotBuriedForAnother(t *testing.T) {
	n := newNode(t)
	n.post(t, "short", time.Minute)
	n.now = n.now.Add(time.Minute)
	d := n.ended(t)
	if _, err := n.Bury(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	next := n.post(t, "alive", time.Hour)
	if seq := n.count(t, "SELECT seq FROM posts"); len(d.found) != 1 || int64(seq) != d.found[0].seq {
		t.Fatalf("control: the new post has seq %d, and %d rows were read", seq, len(d.found))
	}
	if err := n.dig(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if !n.has(t, next.ID) {
		t.Error("a living post was buried")
	}
}

// Somebody who writes waits for some rows at most, not for a whole transaction, and each
// transaction gets something done.
func TestABurialStopsForWhoeverWaits(t *testing.T) {
	n := newNode(t)
	const all = 3 * digLeast
	bearMany(t, n, all, time.Minute)
	n.now = n.now.Add(time.Minute)
	d := n.ended(t)
	n.hurry.Add(1)
	defer n.hurry.Add(-1)
	for left := all; left > 0; {
		if err := n.dig(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		before := left
		left = n.count(t, "SELECT count(*) FROM posts")
		if buried := before - left; buried == 0 || buried > digLeast {
			t.Fatalf("a transaction buried %d rows, want some and %d at most", buried, digLeast)
		}
	}
}

// What has many replies is buried piece by piece, whatever was read of it.
func TestAThreadThatWasReadAsBareIsBuriedWhole(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "short", time.Minute)
	for range 3 {
		n.replyWithKey(t, p, "under it")
	}
	n.now = n.now.Add(time.Minute)
	d := n.ended(t)
	d.found[0].replies = 0
	if err := n.dig(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	n.sound(t, 0)
	for _, table := range []string{"replies", "voices", "votes"} {
		if rows := n.count(t, "SELECT count(*) FROM "+table); rows > 0 {
			t.Errorf("%d rows of %s are left", rows, table)
		}
	}
	if _, _, err := n.Thread(t.Context(), p.ID, n.now); err != board.ErrNotFound { //nolint:errorlint // bare, as nobody may tell why
		t.Errorf("the thread: %v", err)
	}
}
