// Package live carries events to readers: one websocket a page, one counter a
// board or thread, and each frame drawn once for everybody who reads the same
// format. It knows nothing of pages, languages, addresses or limits; whoever calls
// it draws the frames and has decided that the reader may come in.
//
// There is no replay. A topic's counter starts at a random number and goes up by
// one with every event told. A page carries the counter it was drawn at, the first
// frame of its socket (the hello) repeats the counter, and where the two differ
// the page fetches the difference. After hello(N) come N+1, N+2 … without a gap.
// A reader who can't keep up is closed with CloseSlow, a restart closes all with
// 1012 (service restart), who is outside a door that was turned with CloseDoor; the first two come back and are told by the counter whether they
// missed something.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// CloseSlow is the close code of a reader who fell behind.
const CloseSlow = 4008

// CloseDoor is the close code of a reader who is outside the board's door now.
const CloseDoor = 4003

// Topic is what a page reads: a board or a thread.
type Topic struct {
	board  string
	thread board.PostID
	door   string // the board whose door its readers have come through; "": its own
}

// OfBoard is the topic of a board: its posts, but not their replies.
func OfBoard(slug string) Topic { return Topic{board: slug} }

// OfThread is the topic of a post, which stands on a board, with its replies.
func OfThread(slug string, id board.PostID) Topic { return Topic{board: slug, thread: id} }

// Behind is t for readers who leave when everybody is put out of a board, which t itself
// is not.
func (t Topic) Behind(slug string) Topic {
	t.door = slug
	return t
}

// Drawer makes frames. A format is a word that names how readers want them, such
// as "html/it" or "json"; a small set, as each is drawn once an event. What it
// returns is not changed afterwards. It is called under a topic's lock and must
// not call the hub.
type Drawer interface {
	// Draw returns the frame that tells e, the at-th event of its topic.
	Draw(format string, e board.Event, at uint64) ([]byte, error)
	// Hello returns the first frame of a socket, when the topic's counter is at
	// and here sockets read it, this one among them.
	Hello(format string, at uint64, here int) ([]byte, error)
}

// Hub tells events to the readers of their topics.
type Hub struct {
	draw Drawer
	log  *slog.Logger

	mu     sync.Mutex // taken before a topic's, never after
	topics map[Topic]*topic
	swept  time.Time
	closed bool
	open   sync.WaitGroup // sockets
}

var _ board.Publisher = (*Hub)(nil)

// NewHub puts a Hub together. Its log gets failures to draw a hello; a failure to
// draw an event is Publish's to return.
func NewHub(draw Drawer, log *slog.Logger) *Hub {
	return &Hub{draw: draw, log: log, topics: map[Topic]*topic{}, swept: time.Now()}
}

// Publish tells e to its readers: of a post to its board and its thread, of a reply
// to its thread. SettingsChanged and Reload go to every topic or, with a Board, to
// that board and its threads. TurnedOut has those leave who read there. It never waits for a reader. The error says which format could not be drawn; the others
// were told. After Close there is nobody to tell and no error.
func (h *Hub) Publish(_ context.Context, e board.Event) error {
	if e.Kind == board.TurnedOut {
		h.turnOut(e.Board)
		return nil
	}
	var errs []error
	for _, t := range h.hearing(e) {
		errs = append(errs, t.tell(h.draw, e))
	}
	return errors.Join(errs...)
}

// hearing lists the topics that an event belongs to and that somebody has asked
// for. One that nobody has asked for has no counter to move.
func (h *Hub) hearing(e board.Event) []*topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*topic
	switch {
	case h.closed:
	case e.Kind == board.SettingsChanged || e.Kind == board.Reload:
		for name, t := range h.topics {
			if e.Board == "" || name.board == e.Board {
				found = append(found, t)
			}
		}
	default:
		if t, ok := h.topics[OfThread(e.Board, e.Thread)]; ok {
			found = append(found, t)
		}
		if t, ok := h.topics[OfBoard(e.Board)]; ok && !e.IsReply() && !e.Unlisted {
			found = append(found, t)
		}
	}
	return found
}

// Counter is how many events t has told, from a random start. Read it before the
// rows that a page is drawn from: then what is told in between makes the page look
// again, and nothing is missed. A counter is memory: one that nobody used for ten
// minutes begins elsewhere, which makes pages look again, too.
func (h *Hub) Counter(t Topic) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topic(t).at.Load()
}

// Count is how many sockets read t.
func (h *Hub) Count(t Topic) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if found, ok := h.topics[t]; ok {
		return found.readers
	}
	return 0
}

// Close tells every reader that the service restarts (1012), and returns when they
// have left; when ctx ends first it hangs up on the rest and returns ctx's error.
// From its call on nobody comes in and Publish tells nobody.
func (h *Hub) Close(ctx context.Context) error {
	for _, r := range h.shut() {
		r.leave(websocket.CloseServiceRestart)
	}
	left := make(chan struct{})
	go func() {
		h.open.Wait()
		close(left)
	}()
	select {
	case <-left:
		return nil
	case <-ctx.Done():
	}
	for _, r := range h.everybody() {
		r.hangUp()
	}
	<-left
	return fmt.Errorf("close hub: %w", ctx.Err())
}

// turnOut has everybody leave who reads a board, one of its threads, or what is behind its
// door. What waits for them is not sent.
func (h *Hub) turnOut(slug string) {
	h.mu.Lock()
	var all []*reader
	for name, t := range h.topics {
		here := t.everybody(nil)
		if name.board != slug {
			here = slices.DeleteFunc(here, func(r *reader) bool { return r.door != slug })
		}
		all = append(all, here...)
	}
	h.mu.Unlock()
	for _, r := range all {
		r.leave(CloseDoor)
	}
}

// shut lets nobody in any more, and returns who is.
func (h *Hub) shut() []*reader {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	return h.everybody()
}

func (h *Hub) isShut() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

func (h *Hub) everybody() []*reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*reader
	for _, t := range h.topics {
		all = t.everybody(all)
	}
	return all
}

// join makes r a reader of a topic, unless the hub is closed. It queues the hello,
// so that the next event told is the next number.
func (h *Hub) join(r *reader, name Topic) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	r.door, name.door = name.door, "" // one topic, whatever its readers came through
	t := h.topic(name)
	t.readers++
	here := t.readers
	h.open.Add(1)
	h.mu.Unlock()
	r.topic = t
	return t.join(h.draw, r, here)
}

// left ends what join began.
func (h *Hub) left(r *reader) {
	if r.topic == nil {
		return
	}
	r.topic.remove(r)
	h.mu.Lock()
	r.topic.readers--
	r.topic.used = time.Now()
	h.mu.Unlock()
	h.open.Done()
}

const (
	topicTime = 10 * time.Minute // how long a counter is kept that nobody uses
	topicsMax = 50_000           // above it, only those with readers are
)

// topic finds or makes a topic; h.mu is held.
func (h *Hub) topic(name Topic) *topic {
	now := time.Now()
	t, ok := h.topics[name]
	if !ok {
		h.forget(now)
		t = newTopic()
		t.at.Store(rand.Uint64()) //nolint:gosec // to guess it is of no use
		h.topics[name] = t
	}
	t.used = now
	return t
}

// forget drops counters that nobody uses, so that memory follows the readers and
// not the threads that ever were. Only a new topic makes it necessary; h.mu is
// held.
func (h *Hub) forget(now time.Time) {
	idle := topicTime
	if len(h.topics) >= topicsMax {
		idle = 0
	} else if now.Sub(h.swept) < topicTime/10 {
		return
	}
	h.swept = now
	for name, t := range h.topics {
		if t.readers == 0 && now.Sub(t.used) >= idle {
			delete(h.topics, name)
		}
	}
}
