package live

import (
	"encoding/binary"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

func newHub() *Hub { return NewHub(&drawer{}, slog.New(slog.DiscardHandler)) }

func TestR73CountersBeginAnywhereAndCountTheirTopicAlone(t *testing.T) {
	h := newHub()
	seen := map[uint64]bool{}
	for range 1000 {
		seen[h.Counter(OfThread(board.Home, board.NewPostID()))] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d starts of 1000 threads", len(seen))
	}
	quiet, at := OfBoard("attic"), h.Counter(OfBoard("attic"))
	for range 10 {
		_ = h.Publish(t.Context(), birth())
	}
	if h.Counter(quiet) != at {
		t.Error("a board's counter moved with another's posts")
	}
}

func TestCounterThatNobodyUsesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		thread := OfThread(board.Home, board.NewPostID())
		at := h.Counter(thread)
		for range 5 {
			time.Sleep(topicTime - time.Second)
			h.Counter(home) // a new topic each time would do as well
			if h.Counter(thread) != at {
				t.Fatal("a counter in use was forgotten")
			}
		}
		time.Sleep(topicTime)
		h.Counter(OfThread(board.Home, board.NewPostID()))
		if len(h.topics) != 1 {
			t.Errorf("%d topics, want the new one alone", len(h.topics))
		}
		if h.Counter(thread) == at {
			t.Error("it began where it had been")
		}
	})
}

func TestCounterWithReadersIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPipeSite(t)
		go s.page.closeCode() // answers pings
		at := s.hub.Counter(home)
		time.Sleep(10 * topicTime)
		s.hub.Counter(OfBoard("attic"))
		if s.hub.Counter(home) != at {
			t.Error("a counter with a reader was forgotten")
		}
		_ = s.hub.Close(t.Context())
	})
}

func TestCountersAreBoundedWhenManyThreadsAreOpened(t *testing.T) {
	h := newHub()
	var id board.PostID
	for i := range 3 * topicsMax / 2 {
		binary.BigEndian.PutUint64(id[:], uint64(i))
		h.Counter(OfThread(board.Home, id))
	}
	if n := len(h.topics); n > topicsMax {
		t.Errorf("%d topics are in memory", n)
	}
}
