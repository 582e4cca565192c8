package storage

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// A disk that takes 5 ms to sync, and five times as many writers as may wait: who is let
// in waits for the batch before theirs and their own, whoever else comes; who is not is
// refused at once; and what was answered is there, and nothing else.
func TestASlowDiskBoundsHowLongAWriterWaits(t *testing.T) {
	n := newNode(t)
	var commits atomic.Int64
	n.faults.set(func(what string) error {
		if what == "key sync" || what == "COMMIT" {
			time.Sleep(5 * time.Millisecond) // what the disk takes
		}
		if what == "COMMIT" {
			commits.Add(1)
		}
		return nil
	})
	var mu sync.Mutex
	stored, refused, longest := map[board.PostID]bool{}, 0, int64(0)
	atOnce(t, 5*queueMax, func(i int) error {
		p, key := storagetest.NewPost(board.NewVisitor(n.now), fmt.Sprint("from ", i), n.life(time.Hour))
		before := commits.Load()
		_, err := n.InsertPost(t.Context(), p, key)
		waited := commits.Load() - before
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			stored[p.ID] = true
			longest = max(longest, waited)
			return nil
		}
		refused++
		return isRefusal(err, board.Busy)
	})
	n.faults.set(nil)
	// The one under way, one that was gathered, one whose first was waiting, their own,
	// and the next, which may commit before this goroutine runs.
	if longest > 5 {
		t.Errorf("somebody waited for %d commits", longest)
	}
	if len(stored) < queueMax || refused == 0 {
		t.Errorf("control: %d were stored and %d refused", len(stored), refused)
	}
	again := n.crashed(t)
	for id := range stored {
		if !again.has(t, id) {
			t.Fatalf("%v was answered and is not there", id)
		}
	}
	again.sound(t, len(stored))
}
