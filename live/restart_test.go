package live

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// town is a store that outlives the processes in front of it.
type town struct {
	t   *testing.T
	now atomic.Pointer[process]

	mu     sync.Mutex
	living map[string]board.PostID
}

// process is one run of a server.
type process struct {
	hub *Hub
	web *httptest.Server
}

// state is what a page asks for when counters differ.
type state struct {
	At  uint64
	IDs []string
}

func (w *town) start() {
	p := &process{hub: NewHub(&drawer{}, slog.New(slog.DiscardHandler))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(rw http.ResponseWriter, r *http.Request) {
		if err := p.hub.Serve(rw, r, home, "json", always, func() {}); err != nil {
			http.Error(rw, err.Error(), http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /state", func(rw http.ResponseWriter, _ *http.Request) {
		s := state{At: p.hub.Counter(home)} // before the rows
		w.mu.Lock()
		s.IDs = slices.Collect(maps.Keys(w.living))
		w.mu.Unlock()
		_ = json.NewEncoder(rw).Encode(s)
	})
	p.web = httptest.NewServer(mux)
	w.now.Store(p)
}

func (w *town) stop() {
	p := w.now.Load()
	if err := p.hub.Close(w.t.Context()); err != nil {
		w.t.Error(err)
	}
	p.web.Close()
}

// write stores, then tells whichever process is there: one that is closed tells
// nobody, as one that was killed would.
func (w *town) write(n int) {
	for range n {
		e := birth()
		w.mu.Lock()
		w.living[e.ID.String()] = e.ID
		if len(w.living) > 40 {
			for name, id := range w.living { // any one
				delete(w.living, name)
				e = board.Event{Kind: board.Died, Board: board.Home, Thread: id, ID: id, Why: board.ByTime}
				break
			}
		}
		w.mu.Unlock()
		if err := w.now.Load().hub.Publish(w.t.Context(), e); err != nil {
			w.t.Error(err)
		}
	}
}

// visit is an open page that follows the resync rule (SPEC 6).
type visit struct {
	town *town
	mu   sync.Mutex
	at   uint64
	ids  map[string]bool
}

// look fetches what is there.
func (v *visit) look(ctx context.Context, base string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/state", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var s state
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at, v.ids = s.At, map[string]bool{}
	for _, id := range s.IDs {
		v.ids[id] = true
	}
	return nil
}

// stay comes back until ctx ends.
func (v *visit) stay(ctx context.Context) {
	for ctx.Err() == nil {
		_ = v.read(ctx, v.town.now.Load().web.URL)
	}
}

// read is one socket's life.
func (v *visit) read(ctx context.Context, base string) error {
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(base, "http")+"/live", nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	var last uint64
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			if ctx.Err() == nil && !websocket.IsCloseError(err, websocket.CloseServiceRestart, CloseSlow) {
				v.town.t.Errorf("a socket ended with %v, which tells no page to come back", err)
			}
			return err
		}
		f := parseFrame(v.town.t, text)
		if f.kind == "hello" {
			last = f.at
			if f.at != v.at {
				if err := v.look(ctx, base); err != nil {
					return err
				}
			}
			continue
		}
		if last++; f.at != last {
			v.town.t.Errorf("event %d came after %d", f.at, last-1)
			return errors.New("a gap")
		}
		v.land(f)
	}
}

// land takes over what the page does not know yet.
func (v *visit) land(f frame) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if int64(f.at-v.at) <= 0 { // the sign of the difference is what counts
		return
	}
	v.at = f.at
	if f.kind == "born" {
		v.ids[f.id] = true
	} else {
		delete(v.ids, f.id)
	}
}

// shows says whether the page shows the living, all of them and no others.
func (v *visit) shows() bool {
	v.town.mu.Lock()
	defer v.town.mu.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	for id := range v.ids {
		if _, lives := v.town.living[id]; !lives {
			return false
		}
	}
	return len(v.ids) == len(v.town.living)
}

func TestR72PagesMissNothingOver20Restarts(t *testing.T) {
	const restarts, readers, writes = 20, 50, 30
	w := &town{t: t, living: map[string]board.PostID{}}
	w.start()
	ctx, cancel := context.WithCancel(t.Context())
	var pages sync.WaitGroup
	visits := make([]*visit, readers)
	for i := range visits {
		visits[i] = &visit{town: w, ids: map[string]bool{}}
		pages.Go(func() { visits[i].stay(ctx) })
	}
	for range restarts {
		until(t, "all are back", func() bool { return w.now.Load().hub.Count(home) == readers })
		w.write(writes)
		var underLoad sync.WaitGroup
		underLoad.Go(func() { w.write(writes) })
		w.stop()
		w.start()
		underLoad.Wait()
	}
	for _, v := range visits {
		until(t, "the page shows the living and no others", v.shows)
	}
	cancel()
	pages.Wait()
	w.stop()
}
