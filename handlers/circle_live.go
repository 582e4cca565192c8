package handlers

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/live"
)

// circleFormat is of the sockets of circles: what they hear names ids and nothing else.
const circleFormat = "circle"

// ticketTime is how long a socket may be asked for with a ticket, once.
const ticketTime = 30 * time.Second

// ticketsMax is how many may be open at a time.
const ticketsMax = 20_000

// tickets let those who have shown a token open a socket: a browser can show none there
// but in an address, which is no place for it. T is what they were let into.
type tickets[T any] struct {
	mu   sync.Mutex
	open map[string]ticket[T]
}

type ticket[T any] struct {
	in    T
	until time.Time
}

// give makes a ticket.
func (t *tickets[T]) give(in T, now time.Time) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for text, old := range t.open {
		if !old.until.After(now) {
			delete(t.open, text)
		}
	}
	if len(t.open) >= ticketsMax {
		return "", &board.Error{Kind: board.Busy, Code: "error.busy"}
	}
	if t.open == nil {
		t.open = map[string]ticket[T]{}
	}
	text := rand.Text()
	t.open[text] = ticket[T]{in, now.Add(ticketTime)}
	return text, nil
}

// take uses a ticket up.
func (t *tickets[T]) take(text string, now time.Time) (in T, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.open[text]
	delete(t.open, text)
	if !ok || !found.until.After(now) {
		return in, board.ErrNotFound
	}
	return found.in, nil
}

func (s *Server) apiCircleTicket(w http.ResponseWriter, _ *http.Request, in inside) error {
	text, err := s.tickets.give(in, s.board.Now())
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]string{"ticket": text})
}

// openCircleSocket lets whoever has a ticket listen to their circle.
func (s *Server) openCircleSocket(w http.ResponseWriter, r *http.Request) error {
	in, err := s.tickets.take(r.URL.Query().Get("ticket"), s.board.Now())
	if err != nil {
		return err
	}
	release, err := s.gate.OpenSocket(limit.Caller{Addr: s.address(r)})
	if err != nil {
		return err
	}
	stays := func() bool {
		_, _, err := s.circles.Enter(r.Context(), in.circle.ID, in.who)
		return err == nil
	}
	return s.hub.Serve(w, r, live.OfBoard(board.CircleTopic(in.circle.ID)), circleFormat, stays, release)
}

// circleFrame is what the pages of a circle hear: they ask for the rest as members.
type circleFrame struct {
	Type   string `json:"type"`
	ID     string `json:"id,omitempty"`
	Thread string `json:"thread,omitempty"`
	Why    string `json:"why,omitempty"`
}

func circleEvent(e board.Event) ([]byte, error) {
	f := circleFrame{ID: e.ID.String(), Thread: e.Post.Thread.String(), Why: string(e.Why)}
	switch e.Kind {
	case board.Born:
		f.Type = "born"
	case board.Changed:
		f.Type = "changed"
	case board.Died:
		f.Type = "died"
	case board.SettingsChanged:
		f = circleFrame{Type: "circle"}
	case board.Reload, board.TurnedOut:
		f = circleFrame{Type: "reload"}
	}
	return json.Marshal(f)
}
