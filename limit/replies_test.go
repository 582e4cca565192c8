package limit

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// TestRepliesAreRememberedForTenToTwentyMinutes in whole minutes, and by nobody after
// that; of posts nothing is.
func TestRepliesAreRememberedForTenToTwentyMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(func(string) board.Settings { return board.DefaultSettings() }, time.Now, 10)
		first, second := board.NewPostID(), board.NewPostID()
		g.RememberReply(first)
		time.Sleep(7 * time.Minute)
		g.RememberReply(second)
		if got := g.RepliesWithin(5 * time.Minute); !slices.Equal(got, []board.PostID{second}) {
			t.Errorf("of the last five minutes: %v", got)
		}
		if got := g.RepliesWithin(10 * time.Minute); len(got) != 2 {
			t.Errorf("of the last ten minutes: %v", got)
		}
		for _, replies := range g.origins.replies {
			for _, at := range replies {
				if at.Truncate(replyGrid) != at {
					t.Errorf("it is known to come at %s", at)
				}
			}
		}
		time.Sleep(9 * time.Minute) // the second is nine minutes old
		if got := g.RepliesWithin(10 * time.Minute); !slices.Equal(got, []board.PostID{second}) {
			t.Errorf("nine minutes later: %v", got)
		}
		time.Sleep(12 * time.Minute)
		if got := g.RepliesWithin(board.UndoMost); len(got) != 0 {
			t.Errorf("after twenty minutes: %v", got)
		}
		if n := len(g.origins.replies[0]) + len(g.origins.replies[1]); n != 0 {
			t.Errorf("%d are still in memory", n)
		}
	})
}
