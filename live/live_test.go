package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// frame is what the tests' drawer writes and their pages read back.
type frame struct {
	format, kind string
	at           uint64
	id           string
	here         int
}

func (f frame) String() string {
	return fmt.Sprintf("%s %s %d %s %d", f.format, f.kind, f.at, f.id, f.here)
}

func parseFrame(t testing.TB, text []byte) (f frame) {
	t.Helper()
	if _, err := fmt.Sscanf(string(text), "%s %s %d %s %d", &f.format, &f.kind, &f.at, &f.id, &f.here); err != nil {
		t.Fatalf("frame %q: %v", text, err)
	}
	return f
}

var kinds = map[board.EventKind]string{
	board.Born: "born", board.Changed: "changed", board.Died: "died",
	board.SettingsChanged: "settings", board.Reload: "reload",
}

// drawer writes frames, counts them, and fails where it is told to.
type drawer struct {
	mu    sync.Mutex
	drawn map[string]int // events, by format
	bad   string         // the format that can't be drawn
	tail  string         // put after each frame, to make it long
}

var errDraw = errors.New("no ink")

func (d *drawer) Draw(format string, e board.Event, at uint64) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if format == d.bad {
		return nil, errDraw
	}
	if d.drawn == nil {
		d.drawn = map[string]int{}
	}
	d.drawn[format]++
	return []byte(frame{format: format, kind: kinds[e.Kind], at: at, id: e.ID.String()}.String() + d.tail), nil
}

func (d *drawer) Hello(format string, at uint64, here int) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if format == d.bad {
		return nil, errDraw
	}
	return []byte(frame{format: format, kind: "hello", at: at, id: "-", here: here}.String()), nil
}

// site is a hub behind a real server.
type site struct {
	t     testing.TB
	hub   *Hub
	draw  *drawer
	log   *lockedBuffer
	web   *httptest.Server
	gone  atomic.Int64 // sockets that were given back
	wraps func(http.ResponseWriter) http.ResponseWriter
}

var home = OfBoard(board.Home)

func newSite(t testing.TB) *site {
	s := &site{t: t, draw: &drawer{}, log: &lockedBuffer{}}
	s.hub = NewHub(s.draw, slog.New(slog.NewTextHandler(s.log, nil)))
	s.web = httptest.NewServer(http.HandlerFunc(s.live))
	t.Cleanup(func() {
		_ = s.hub.Close(t.Context()) // which has ended: hang up on all
		s.web.Close()
	})
	return s
}

// live is the handler that the hub is asked through: ?post=, else the home board.
func (s *site) live(w http.ResponseWriter, r *http.Request) {
	topic := home
	if id, err := board.ParsePostID(r.FormValue("post")); err == nil {
		topic = OfThread(board.Home, id)
	}
	if s.wraps != nil {
		w = s.wraps(w)
	}
	err := s.hub.Serve(w, r, topic, r.FormValue("format"), always, func() { s.gone.Add(1) })
	var refusal *board.Error
	switch {
	case errors.As(err, &refusal) && refusal.Kind == board.Busy:
		http.Error(w, refusal.Code, http.StatusServiceUnavailable)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// page is a client of one socket.
type page struct {
	t testing.TB
	*websocket.Conn
}

func (s *site) open(query string) page {
	s.t.Helper()
	p, err := s.dial(query)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *site) dial(query string) (page, error) {
	conn, resp, err := websocket.DefaultDialer.DialContext(s.t.Context(), "ws"+strings.TrimPrefix(s.web.URL, "http")+"/live?"+query, nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return page{}, err
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return page{s.t, conn}, nil
}

// next is the next frame.
func (p page) next() frame {
	p.t.Helper()
	_, text, err := p.ReadMessage()
	if err != nil {
		p.t.Fatal(err)
	}
	return parseFrame(p.t, text)
}

// closeCode reads to the end, and returns the close code.
func (p page) closeCode() int {
	p.t.Helper()
	for {
		if _, _, err := p.ReadMessage(); err != nil {
			if e, ok := errors.AsType[*websocket.CloseError](err); ok {
				return e.Code
			}
			p.t.Errorf("ended with %v, not a close frame", err)
			return 0
		}
	}
}

func (s *site) publish(e board.Event) {
	s.t.Helper()
	if err := s.hub.Publish(s.t.Context(), e); err != nil {
		s.t.Error(err)
	}
}

// until waits for a fact.
func until(t testing.TB, fact string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-t.Context().Done():
			t.Fatalf("never came true: %s", fact)
		}
	}
}

func birth() board.Event {
	id := board.NewPostID()
	return board.Event{Kind: board.Born, Board: board.Home, Thread: id, ID: id}
}

func TestHelloIsFirstAndNamesTheCounter(t *testing.T) {
	s := newSite(t)
	at := s.hub.Counter(home)
	hello := s.open("format=json").next()
	if want := (frame{"json", "hello", at, "-", 1}); hello != want {
		t.Errorf("first frame = %v, want %v", hello, want)
	}
	if hello := s.open("format=json").next(); hello.here != 2 {
		t.Errorf("the second reader is told of %d", hello.here)
	}
}

func TestEventsGoToWhomTheyConcern(t *testing.T) {
	post, other, reply := board.NewPostID(), board.NewPostID(), board.NewPostID()
	const onBoard, elsewhere, onThread, onOther = 1, 2, 4, 8
	for _, tt := range []struct {
		name  string
		event board.Event
		heard int
	}{
		{"a post goes to its board and thread", board.Event{Kind: board.Born, Board: board.Home, Thread: post, ID: post}, onBoard | onThread},
		{"its changes too", board.Event{Kind: board.Changed, Board: board.Home, Thread: post, ID: post}, onBoard | onThread},
		{"and its end", board.Event{Kind: board.Died, Board: board.Home, Thread: post, ID: post}, onBoard | onThread},
		{"a reply goes to its thread", board.Event{Kind: board.Born, Board: board.Home, Thread: post, ID: reply}, onThread},
		{"its end too", board.Event{Kind: board.Died, Board: board.Home, Thread: post, ID: reply}, onThread},
		{"settings go to all", board.Event{Kind: board.SettingsChanged}, onBoard | elsewhere | onThread | onOther},
		{"so does a reload", board.Event{Kind: board.Reload}, onBoard | elsewhere | onThread | onOther},
		{"a board's settings go to it and to its threads", board.Event{Kind: board.SettingsChanged, Board: board.Home}, onBoard | onThread},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hub := NewHub(&drawer{}, slog.New(slog.DiscardHandler))
			topics := []Topic{home, OfBoard("attic"), OfThread(board.Home, post), OfThread("attic", other)}
			before := make([]uint64, len(topics))
			for i, topic := range topics {
				before[i] = hub.Counter(topic)
			}
			if err := hub.Publish(t.Context(), tt.event); err != nil {
				t.Fatal(err)
			}
			for i, topic := range topics {
				told := hub.Counter(topic) - before[i]
				if want := uint64(tt.heard >> i & 1); told != want {
					t.Errorf("topic %d was told %d times, want %d", i, told, want)
				}
			}
		})
	}
}

func TestFrameIsDrawnOnceAFormatThatIsRead(t *testing.T) {
	s := newSite(t)
	pages := []page{s.open("format=html/en"), s.open("format=html/en"), s.open("format=json")}
	for _, p := range pages {
		p.next()
	}
	e := birth()
	s.publish(e)
	for _, p := range pages {
		if got := p.next(); got.id != e.ID.String() || got.kind != "born" {
			t.Errorf("got %v", got)
		}
	}
	s.draw.mu.Lock()
	defer s.draw.mu.Unlock()
	if s.draw.drawn["html/en"] != 1 || s.draw.drawn["json"] != 1 || len(s.draw.drawn) != 2 {
		t.Errorf("drawn %v, want once each for html/en and json", s.draw.drawn)
	}
}

func TestPublishNamesTheFormatItCouldNotDrawAndTellsTheOthers(t *testing.T) {
	s := newSite(t)
	good, bad := s.open("format=good"), s.open("format=bad")
	good.next()
	at := bad.next().at
	s.draw.mu.Lock()
	s.draw.bad = "bad"
	s.draw.mu.Unlock()
	err := s.hub.Publish(t.Context(), birth())
	if !errors.Is(err, errDraw) || !strings.Contains(err.Error(), "bad") {
		t.Errorf("Publish: %v", err)
	}
	if got := good.next(); got.at != at+1 {
		t.Errorf("the other format got %v", got)
	}
}

func TestReaderWhoseHelloCannotBeDrawnIsSentAwayAndLogged(t *testing.T) {
	s := newSite(t)
	s.draw.bad = "bad"
	if code := s.open("format=bad").closeCode(); code != websocket.CloseInternalServerErr {
		t.Errorf("close code = %d", code)
	}
	until(t, "the socket is given back", func() bool { return s.gone.Load() == 1 })
	if !strings.Contains(s.log.String(), "turned away") {
		t.Errorf("log = %q", s.log.String())
	}
	if n := s.hub.Count(home); n != 0 {
		t.Errorf("Count = %d", n)
	}
}

func TestSocketIsGivenBackOnce(t *testing.T) {
	s := newSite(t)
	pages := []page{s.open("format=json"), s.open("format=json"), s.open("format=json")}
	for _, p := range pages {
		p.next()
	}
	if n := s.hub.Count(home); n != 3 {
		t.Fatalf("Count = %d", n)
	}
	_ = pages[0].Close()
	until(t, "the first has left", func() bool { return s.hub.Count(home) == 2 })
	s.publish(birth())
	pages[1].next()
	pages[2].next()
	_ = pages[2].Close()
	_ = pages[1].Close()
	until(t, "all are given back", func() bool { return s.gone.Load() == 3 })
	if n, in := s.hub.Count(home), s.hub.everybody(); n != 0 || len(in) != 0 {
		t.Errorf("Count = %d, and %d are held", n, len(in))
	}
}

func TestServeAnswersWhatIsNoHandshake(t *testing.T) {
	s := newSite(t)
	resp := s.get()
	if resp.StatusCode != http.StatusBadRequest || s.gone.Load() != 1 {
		t.Errorf("status = %d, given back %d", resp.StatusCode, s.gone.Load())
	}
}

func (s *site) get() *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.web.URL+"/live", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

// wrapped hides the Hijacker, as middleware does.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestServeFindsTheConnectionUnderMiddleware(t *testing.T) {
	s := newSite(t)
	s.wraps = func(w http.ResponseWriter) http.ResponseWriter { return wrapped{w} }
	if f := s.open("format=json").next(); f.kind != "hello" {
		t.Errorf("got %v", f)
	}
}

func TestServeRefusesACoatThatCannotBeTakenOff(t *testing.T) {
	s := newSite(t)
	s.wraps = func(w http.ResponseWriter) http.ResponseWriter { return struct{ http.ResponseWriter }{w} }
	if _, err := s.dial("format=json"); !errors.Is(err, websocket.ErrBadHandshake) || s.gone.Load() != 1 {
		t.Errorf("dial: %v; given back %d", err, s.gone.Load())
	}
}

func TestServeKeepsQuietWhenTheReaderLeftDuringTheHandshake(t *testing.T) {
	hub := NewHub(&drawer{}, slog.New(slog.DiscardHandler))
	ours, theirs := net.Pipe()
	_ = theirs.Close()
	var gone int
	if err := hub.Serve(&pipeWriter{conn: ours}, handshake(t), home, "json", always, func() { gone++ }); err != nil || gone != 1 {
		t.Errorf("Serve = %v, given back %d", err, gone)
	}
}

func TestCloseSays1012ToAllAndNobodyComesInAfter(t *testing.T) {
	s := newSite(t)
	post := board.NewPostID()
	pages := []page{s.open("format=json"), s.open("format=html/it"), s.open("format=json&post=" + post.String())}
	codes := make(chan int)
	for _, p := range pages {
		p.next()
		go func() { codes <- p.closeCode() }()
	}
	if err := s.hub.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range pages {
		if code := <-codes; code != websocket.CloseServiceRestart {
			t.Errorf("close code = %d", code)
		}
	}
	if err := s.hub.Publish(t.Context(), birth()); err != nil {
		t.Errorf("Publish after Close: %v", err)
	}
	if resp := s.get(); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close: status = %d", resp.StatusCode)
	}
}

func TestCloseHangsUpWhenItsTimeIsOver(t *testing.T) {
	s := newSite(t)
	s.open("format=json") // reads nothing, answers nothing
	until(t, "it has come in", func() bool { return s.hub.Count(home) == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.hub.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v", err)
	}
	if n := s.hub.Count(home); n != 0 {
		t.Errorf("Count = %d", n)
	}
}

func TestReaderWhoComesInWhileTheHubClosesIsSaidGoodbye(t *testing.T) {
	s := newSite(t)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			p, err := s.dial("format=json")
			if err != nil {
				return // turned away at the door
			}
			if code := p.closeCode(); code != websocket.CloseServiceRestart {
				t.Errorf("close code = %d", code)
			}
		})
	}
	until(t, "some are in", func() bool { return s.hub.Count(home) > 4 })
	if err := s.hub.Close(t.Context()); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

func TestHubThatClosesDuringTheHandshakeSaysSo(t *testing.T) {
	s := newSite(t)
	s.web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door := &hijacker{ResponseWriter: w}
		conn, err := upgrader.Upgrade(door, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		_ = s.hub.Close(r.Context())
		late := newReader(conn, door.wire, "json")
		if err := late.enter(s.hub, home, always); err != nil {
			t.Error(err)
		}
		go late.stay(s.hub, func() { s.gone.Add(1) })
	})
	if code := s.open("").closeCode(); code != websocket.CloseServiceRestart {
		t.Errorf("close code = %d", code)
	}
	until(t, "the socket is given back", func() bool { return s.gone.Load() == 1 })
}

func TestWhoIsOutsideBeforeTheyCameInLeaves(t *testing.T) {
	s := newSite(t)
	s.web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door := &hijacker{ResponseWriter: w}
		conn, err := upgrader.Upgrade(door, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		late := newReader(conn, door.wire, "json")
		if err := late.enter(s.hub, home, func() bool { return false }); err != nil {
			t.Error(err)
		}
		go late.stay(s.hub, func() { s.gone.Add(1) })
	})
	if code := s.open("").closeCode(); code != CloseDoor {
		t.Errorf("close code = %d", code)
	}
	until(t, "the socket is given back", func() bool { return s.gone.Load() == 1 })
}

func TestIdleReaderCostsOneGoroutine(t *testing.T) {
	s := newSite(t)
	const n = 64
	before := runtime.NumGoroutine()
	for range n {
		s.open("format=json").next()
	}
	until(t, "net/http and the writers have let go", func() bool { return runtime.NumGoroutine() <= before+n+8 })
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Gapless: hello(N), then N+1, N+2 … to the last, each birth once, whenever a
// reader comes in.
func TestThousandReadersHearEachBirthOnce(t *testing.T) {
	const readers, dialers, every, after = 1000, 16, 20, 40
	s := newSite(t)
	last := s.hub.Counter(home) + readers/every + after
	var comings, heard sync.WaitGroup
	comings.Add(readers)
	turns := make(chan int, readers)
	for i := range readers {
		turns <- i
	}
	close(turns)
	for range dialers {
		go func() {
			for i := range turns {
				if p, err := s.dial("format=json"); err != nil {
					t.Error(err)
					comings.Done()
				} else {
					heard.Go(func() { hearsAll(t, p, last, comings.Done) })
				}
				if i%every == 0 {
					s.publish(birth()) // while others come in
				}
			}
		}()
	}
	comings.Wait()
	var publishers sync.WaitGroup
	for range 5 {
		publishers.Go(func() {
			for range after / 5 {
				s.publish(birth())
			}
		})
	}
	publishers.Wait()
	heard.Wait()
}

// hearsAll reads from the hello to the event numbered last.
func hearsAll(t *testing.T, p page, last uint64, came func()) {
	_, text, err := p.ReadMessage()
	came()
	if err != nil {
		t.Errorf("no hello: %v", err)
		return
	}
	hello := parseFrame(t, text)
	if hello.kind != "hello" {
		t.Errorf("first frame = %v", hello)
		return
	}
	seen := map[string]bool{}
	for at := hello.at + 1; at <= last; at++ {
		_, text, err := p.ReadMessage()
		if err != nil {
			t.Errorf("%d events before the last: %v", last-at+1, err)
			return
		}
		f := parseFrame(t, text)
		if f.at != at || seen[f.id] {
			t.Errorf("got %v, want number %d and a new id", f, at)
			return
		}
		seen[f.id] = true
	}
}

// The same in a bubble, where the slow reader is told why: reader_test.go.
func TestStalledSocketIsDroppedAndTheRestAreServed(t *testing.T) {
	s := newSite(t)
	s.draw.tail = strings.Repeat(".", 64<<10) // what the kernel holds is soon full
	s.open("format=json").next()              // and no more
	const others = 8
	heard := make(chan uint64, others)
	for range others {
		p := s.open("format=json")
		go func() {
			for {
				_, text, err := p.ReadMessage()
				if err != nil {
					return
				}
				heard <- parseFrame(t, text).at
			}
		}()
		<-heard
	}
	at := s.hub.Counter(home)
	for s.hub.Count(home) > others && s.leaving(CloseSlow) == 0 {
		at++
		s.publish(birth())
		for range others { // the rest hear each before the next is told
			if got := <-heard; got != at {
				t.Fatalf("event %d reached a healthy reader, want %d", got, at)
			}
		}
	}
}

// leaving is how many readers are on their way out with a close code.
func (s *site) leaving(code int) (n int) {
	for _, r := range s.hub.everybody() {
		r.mu.Lock()
		if r.code == code {
			n++
		}
		r.mu.Unlock()
	}
	return n
}

func always() bool { return true }
