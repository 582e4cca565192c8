package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// seen is a post that stands, or stood, in the feed of somebody who listens.
type seen struct {
	id       string
	troll    bool
	from, to time.Time // to: zero while it stands
	why      string
}

// reader listens to the board as an open page does.
type reader struct {
	play *play
	conn atomic.Pointer[websocket.Conn]

	leaving atomic.Bool

	mu    sync.Mutex
	posts map[string]*seen
	order []*seen
}

func listen(ctx context.Context, p *play) (*reader, error) {
	r := &reader{play: p, posts: map[string]*seen{}}
	return r, r.dial(ctx)
}

func (r *reader) dial(ctx context.Context) error {
	header := http.Header{"Origin": {r.play.server.URL}, "X-Forwarded-For": {"198.19.0.1"}}
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(r.play.server.URL, "http", "ws", 1)+"/api/v1/live?board=home", header)
	if err != nil {
		return err
	}
	r.conn.Store(conn)
	return res.Body.Close()
}

func (r *reader) leave() {
	r.leaving.Store(true)
	_ = r.conn.Load().Close()
}

// run takes what comes. Where it is put out for reading too slowly, on a machine that
// has much else to do, it comes back as a page does: it asks for what is there now.
func (r *reader) run(ctx context.Context) {
	frames := make(chan []byte, 1<<14)
	go func() {
		defer close(frames)
		for {
			_, frame, err := r.conn.Load().ReadMessage()
			switch {
			case err == nil:
				frames <- frame
			case r.leaving.Load() || r.dial(ctx) != nil:
				return
			default:
				r.catchUp(ctx)
			}
		}
	}()
	for frame := range frames {
		var e struct {
			Type, ID, Why string
			Post          struct{ ID, Body string }
		}
		if json.Unmarshal(frame, &e) != nil {
			continue
		}
		switch e.Type {
		case "born":
			r.born(ctx, &seen{id: e.Post.ID, troll: !r.play.wrote(e.Post.Body), from: time.Now()})
		case "died":
			r.died(e.ID, e.Why)
		case "reload":
			r.catchUp(ctx)
		}
	}
}

// catchUp lands the difference to what is in the feed now.
func (r *reader) catchUp(ctx context.Context) {
	there, whole := r.play.server.feed(ctx, &person{addr: "198.19.0.1"})
	for id, body := range there {
		r.born(ctx, &seen{id: id, troll: !r.play.wrote(body), from: time.Now()})
	}
	if !whole {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.posts {
		if _, is := there[id]; !is && s.to.IsZero() {
			s.to, s.why = time.Now(), "missed"
		}
	}
}

func (r *reader) born(ctx context.Context, s *seen) {
	r.mu.Lock()
	if r.posts[s.id] != nil {
		r.mu.Unlock()
		return
	}
	r.posts[s.id] = s
	r.order = append(r.order, s)
	r.mu.Unlock()
	go r.play.react(ctx, s)
}

func (r *reader) died(id, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.posts[id]; s != nil && s.to.IsZero() {
		s.to, s.why = time.Now(), why
	}
}

// stands says whether a post is still there.
func (r *reader) stands(s *seen) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.to.IsZero()
}

// pick returns one of the latest that stand, of trolls or of people; n draws it.
func (r *reader) pick(troll bool, n int) *seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*seen
	for i := len(r.order) - 1; i >= 0 && len(list) < 20; i-- {
		if s := r.order[i]; s.troll == troll && s.to.IsZero() {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[n%len(list)]
}

// exposure is how many troll posts were seen until a time, and for how long together.
func (r *reader) exposure(until time.Time) (n int, sum time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.order {
		if !s.troll || s.from.After(until) {
			continue
		}
		end := until
		if !s.to.IsZero() && s.to.Before(until) {
			end = s.to
		}
		n++
		sum += end.Sub(s.from)
	}
	return n, sum
}
