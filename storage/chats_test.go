package storage

import (
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// What ended while nobody served is tended at the next start; what has not is left alone,
// however often it is looked at, and tended once it ends.
func TestChatsOfWhatEndedAreTendedOnce(t *testing.T) {
	n := newNode(t)
	short, long := n.chat(t, time.Minute), n.chat(t, time.Hour)
	tend := func(what string, want ...board.PostID) {
		t.Helper()
		ended, err := n.TendChats(t.Context(), n.now)
		if err != nil || len(ended) != len(want) || len(want) == 1 && ended[0].ID != want[0] {
			t.Errorf("%s: ended %v, %v, want %v", what, ended, err, want)
		}
	}
	tend("nothing has ended")
	n.stop(t)
	n.now = n.now.Add(2 * time.Minute)
	n.start(t)
	tend("at a start", short.ID)
	tend("once more")
	if _, err := n.End(t.Context(), []board.PostID{long.Post}, board.ByAuthor, n.now); err != nil {
		t.Fatal(err)
	}
	tend("by hand", long.ID)
	if len(n.talks.all) != 0 {
		t.Errorf("%d posts are remembered", len(n.talks.all))
	}
}

// chat is one under a post of its own.
func (n *node) chat(t *testing.T, ttl time.Duration) board.Chat {
	t.Helper()
	p, key := storagetest.NewPost(board.NewVisitor(n.now), "ask me", n.life(ttl))
	p.Asks = &board.Askable{}
	if _, err := n.InsertPost(t.Context(), p, key); err != nil {
		t.Fatal(err)
	}
	m := board.ChatMessage{N: 1, Envelope: board.Envelope("sealed")}
	c, err := n.InsertChat(t.Context(), board.Chat{ID: board.NewPostID(), Post: p.ID}, m, board.NewKey(), 20, n.now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
