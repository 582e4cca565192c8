package live

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// topic is a counter and those who read it.
type topic struct {
	readers int       // joined and not left; the hub's lock holds it
	used    time.Time // the same

	at     atomic.Uint64    // moves under mu alone
	mu     sync.Mutex       // orders events, hellos and comings
	taken  sync.Cond        // what waited is being carried
	rooms  map[string]*room // by format
	waits  int              // events that no courier has taken yet
	onFoot bool             // a courier is
}

// room is those who read one format, and what waits to be carried to all of them.
type room struct {
	readers []*reader
	waits   frames
}

func newTopic() *topic {
	t := &topic{rooms: map[string]*room{}}
	t.taken.L = &t.mu
	return t
}

// tell draws e once for each format that is read, and has it carried to all. It waits
// for no reader; when a courier on its way has queueMax events to come back for, it
// waits for the courier.
func (t *topic) tell(draw Drawer, e board.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.waits == queueMax {
		t.taken.Wait()
	}
	at := t.at.Add(1)
	if len(t.rooms) == 0 {
		return nil
	}
	var errs []error
	for format, in := range t.rooms {
		text, err := draw.Draw(format, e, at)
		if err != nil {
			errs = append(errs, fmt.Errorf("draw event for %s: %w", format, err))
			text = nil
		}
		in.waits.add(websocket.TextMessage, text)
	}
	t.waits++
	if !t.onFoot {
		t.onFoot = true
		go t.carry()
	}
	return errors.Join(errs...)
}

// carry brings what waits to all, as long as something does. What is told while it
// walks goes together on its next round: one write a reader.
func (t *topic) carry() {
	c := newCourier()
	for rounds := t.take(); len(rounds) > 0; rounds = t.take() {
		for _, r := range rounds {
			for _, reader := range r.readers {
				reader.send(c, r.since(reader.from))
			}
		}
	}
}

// round is a room as it was when a courier took what waited.
type round struct {
	frames

	first   uint64 // the number of the first
	readers []*reader
}

// since is what was told after the at-th event.
func (r round) since(at uint64) frames {
	if n := at - r.first + 1; n <= uint64(len(r.ends)) { // it came in when the first was told already
		return r.from(int(n)) //nolint:gosec // no more than len
	}
	return r.frames
}

// take has nothing wait any more, or the courier rest.
func (t *topic) take() []round {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rounds []round
	for _, in := range t.rooms {
		if n := len(in.waits.ends); n > 0 {
			rounds = append(rounds, round{in.waits, t.at.Load() - uint64(n) + 1, slices.Clone(in.readers)})
			in.waits = frames{}
		}
	}
	t.waits = 0
	t.onFoot = len(rounds) > 0
	t.taken.Broadcast()
	return rounds
}

func (t *topic) join(draw Drawer, r *reader, here int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.from = t.at.Load()
	hello, err := draw.Hello(r.format, r.from, here)
	if err != nil {
		return fmt.Errorf("draw hello for %s: %w", r.format, err)
	}
	r.send(newCourier(), frameOf(websocket.TextMessage, hello))
	in, ok := t.rooms[r.format]
	if !ok {
		in = new(room)
		t.rooms[r.format] = in
	}
	r.seat = len(in.readers)
	in.readers = append(in.readers, r)
	return nil
}

// remove takes r out of its room; the last reader takes its seat.
func (t *topic) remove(r *reader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in, ok := t.rooms[r.format]
	if !ok || r.seat >= len(in.readers) || in.readers[r.seat] != r {
		return // it never came in
	}
	n := len(in.readers) - 1
	last := in.readers[n]
	in.readers[r.seat], last.seat = last, r.seat
	in.readers = slices.Delete(in.readers, n, n+1)
	if n == 0 {
		delete(t.rooms, r.format)
	}
}

func (t *topic) everybody(all []*reader) []*reader {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, in := range t.rooms {
		all = append(all, in.readers...)
	}
	return all
}
