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
		if strings.Contains(what, "SELECT ends_at, seq, id") {
			read = true
			if keyOnDisk(t, n, key) {
				t.Error("the key is on the disk while rows are read")
			}
		}
		return nil
	})
	if ended, err := n.Destroy(t.Context(), n.now); err != nil || len(ended) != 1 || !read {
		t.Errorf("%d endings, %v; rows were read: %v", len(ended), err, read)
	}
}

// ended is a digger that has read the posts which have ended.
func (n *node) ended(t *testing.T) *digger {
	t.Helper()
	if _, err := n.Destroy(t.Context(), n.now); err != nil {
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

// Somebody who writes waits for fifty rows at most, not for a whole transaction.
func TestABurialStopsForWhoeverWaits(t *testing.T) {
	n := newNode(t)
	bearMany(t, n, 4*digRows, time.Minute)
	n.now = n.now.Add(time.Minute)
	d := n.ended(t)
	n.hurry.Add(1)
	defer n.hurry.Add(-1)
	for buried := digRows; buried <= 4*digRows; buried += digRows {
		if err := n.dig(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if left := n.count(t, "SELECT count(*) FROM posts"); left != 4*digRows-buried {
			t.Errorf("%d rows are left, want %d: each transaction gets something done and no more", left, 4*digRows-buried)
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
