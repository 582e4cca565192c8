package storage

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// together has n votes on one post wait for the same transaction, and returns how many
// times its score was written.
func (n *node) together(t *testing.T, id board.PostID, votes int, vote func(i int) error) (scores int) {
	t.Helper()
	var all sync.WaitGroup
	n.writing.Lock() // nothing is committed meanwhile
	for i := range votes {
		all.Go(func() {
			if err := vote(i); err != nil {
				t.Errorf("vote %d: %v", i, err)
			}
		})
	}
	for waiting := 0; waiting < votes; runtime.Gosched() {
		n.joints.mu.Lock()
		waiting = 0
		if j := n.joints.open[id]; j != nil {
			waiting = len(j.ballots)
		}
		n.joints.mu.Unlock()
	}
	n.faults.set(func(what string) error {
		if strings.Contains(what, "SET hearts =") {
			scores++
		}
		return nil
	})
	n.writing.Unlock()
	all.Wait()
	n.faults.set(nil)
	return scores
}

// Hearts that come in the same moment are each recorded, and write their post's score
// once; all of it is there after a restart.
func TestVotesOfOneMomentWriteTheirScoreOnce(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "loved", time.Hour)
	r, _ := n.replyWithKey(t, p, "too")
	const votes = 200
	for _, on := range []board.Post{p, r} {
		var seen sync.Map
		scores := n.together(t, on.ID, votes, func(i int) error {
			ballot := storagetest.Ballot(on, board.NewVisitor(n.now), board.Heart)
			if i < 50 {
				ballot.Vote = board.Down
			}
			after, err := n.Vote(t.Context(), ballot, n.now)
			seen.Store(after.Hearts, true)
			return err
		})
		if scores != 1 {
			t.Errorf("the score was written %d times, want once", scores)
		}
		if _, whole := seen.Load(votes - 50); !whole {
			t.Error("nobody was answered with all of them")
		}
	}
	n.stop(t)
	n.start(t)
	root, replies, err := n.Thread(t.Context(), p.ID, n.now)
	if err != nil || len(replies) != 1 {
		t.Fatal(err)
	}
	for _, after := range []board.Post{root, replies[0]} {
		if after.Hearts != votes-50 || after.Score != votes-100 {
			t.Errorf("%d hearts, score %d; want %d and %d", after.Hearts, after.Score, votes-50, votes-100)
		}
	}
	if rows := n.count(t, "SELECT count(*) FROM votes"); rows != 2*votes {
		t.Errorf("%d ballots are kept, want %d", rows, 2*votes)
	}
}

// One visitor who votes many times at once has one vote, and one who leaves has none.
func TestBallotsOfOneMomentCountByVisitor(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "once each", time.Hour)
	eager := storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart)
	here := t.Context()
	gone, leave := context.WithCancel(here)
	n.together(t, p.ID, 30, func(i int) error {
		ctx, ballot, want := here, eager, error(nil)
		if i == 0 {
			leave()
			ctx, ballot, want = gone, storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), context.Canceled
		}
		if _, err := n.Vote(ctx, ballot, n.now); !errors.Is(err, want) {
			t.Errorf("voter %d is told %v, want %v", i, err, want)
		}
		return nil
	})
	after, err := n.Post(t.Context(), p.ID, n.now)
	if err != nil || after.Hearts != 1 {
		t.Errorf("%d hearts, %v; want the one", after.Hearts, err)
	}
}

// More votes than may wait are refused as other changes are, and those that wait count.
func TestMoreVotesThanMayWaitAreRefused(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "much loved", time.Hour)
	n.together(t, p.ID, queueMax, func(int) error {
		_, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now)
		return err
	})
	n.joints.mu.Lock()
	n.joints.waiting += queueMax
	n.joints.mu.Unlock()
	_, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now)
	if wrong := isRefusal(err, board.Busy); wrong != nil {
		t.Error(wrong)
	}
	n.joints.mu.Lock()
	n.joints.waiting -= queueMax
	if n.joints.waiting != 0 || len(n.joints.open) > 0 {
		t.Errorf("%d ballots wait in %d joints for nothing", n.joints.waiting, len(n.joints.open))
	}
	n.joints.mu.Unlock()
	after, err := n.Post(t.Context(), p.ID, n.now)
	if err != nil || after.Hearts != queueMax {
		t.Errorf("%d hearts, %v; want %d", after.Hearts, err, queueMax)
	}
}

// Votes whose transaction fails are refused, all of them, and the next try works.
func TestVotesOfAFailedTransactionAreRefused(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "loved in vain", time.Hour)
	for _, step := range []string{"BEGIN", "COMMIT"} {
		n.faults.set(func(what string) error {
			if what == step {
				return errDisk
			}
			return nil
		})
		atOnce(t, 20, func(int) error {
			if _, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now); err == nil {
				return errors.New("a vote was answered whose " + step + " failed")
			}
			return nil
		})
		n.faults.set(nil)
	}
	if _, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now); err != nil {
		t.Fatal(err)
	}
	after, err := n.Post(t.Context(), p.ID, n.now)
	if err != nil || after.Hearts != 1 {
		t.Errorf("%d hearts, %v; want the last", after.Hearts, err)
	}
}
