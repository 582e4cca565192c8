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

	at    atomic.Uint64        // moves under mu alone
	mu    sync.Mutex           // orders events, hellos and comings
	rooms map[string][]*reader // by format
}

// tell draws e once for each format that is read, and queues it to all.
func (t *topic) tell(draw Drawer, e board.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.at.Add(1)
	var errs []error
	for format, readers := range t.rooms {
		frame, err := prepare(draw.Draw(format, e, at))
		if err != nil {
			errs = append(errs, fmt.Errorf("draw event for %s: %w", format, err))
			continue
		}
		for _, r := range readers {
			r.send(frame)
		}
	}
	return errors.Join(errs...)
}

func (t *topic) join(draw Drawer, r *reader, here int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	hello, err := prepare(draw.Hello(r.format, t.at.Load(), here))
	if err != nil {
		return fmt.Errorf("draw hello for %s: %w", r.format, err)
	}
	r.send(hello)
	r.seat = len(t.rooms[r.format])
	t.rooms[r.format] = append(t.rooms[r.format], r)
	return nil
}

// remove takes r out of its room; the last reader takes its seat.
func (t *topic) remove(r *reader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	room := t.rooms[r.format]
	if r.seat >= len(room) || room[r.seat] != r {
		return // it never came in
	}
	last := room[len(room)-1]
	room[r.seat], last.seat = last, r.seat
	room = slices.Delete(room, len(room)-1, len(room))
	if len(room) == 0 {
		delete(t.rooms, r.format)
		return
	}
	t.rooms[r.format] = room
}

func (t *topic) everybody(all []*reader) []*reader {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, room := range t.rooms {
		all = append(all, room...)
	}
	return all
}

func prepare(text []byte, err error) (*websocket.PreparedMessage, error) {
	if err != nil {
		return nil, err
	}
	return websocket.NewPreparedMessage(websocket.TextMessage, text)
}
