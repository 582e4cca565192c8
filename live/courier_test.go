package live

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// slowly is a connection of which each write takes a second, and which counts them.
type slowly struct {
	net.Conn
	mu     sync.Mutex
	writes int
}

func (s *slowly) Write(b []byte) (int, error) {
	time.Sleep(time.Second)
	s.mu.Lock()
	s.writes++
	s.mu.Unlock()
	return s.Conn.Write(b)
}

func TestWhatWaitsForAReaderIsWrittenTogetherAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		slow := &slowly{Conn: ours}
		r := &reader{wire: newWire(slow)}
		for range 20 {
			r.send(newCourier(), ping)
			synctest.Wait() // the first is being written
		}
		heard := make([]byte, 20*len(ping.bytes))
		for read := 0; read < len(heard); {
			n, err := theirs.Read(heard[read:])
			if err != nil {
				t.Fatal(err)
			}
			read += n
		}
		r.writers.Wait()
		if slow.writes != 2 {
			t.Errorf("%d writes, want one of the first and one of what came meanwhile", slow.writes)
		}
	})
}

func TestWhatIsToldWhileACourierWalksGoesTogether(t *testing.T) {
	topic := newTopic()
	in := &room{readers: []*reader{{from: 99}, {from: 101}}}
	topic.rooms["json"] = in
	topic.onFoot = true // so that nobody takes what waits
	topic.at.Store(99)
	for range 3 {
		if err := topic.tell(&drawer{}, birth()); err != nil {
			t.Fatal(err)
		}
	}
	rounds := topic.take()
	if len(rounds) != 1 || len(rounds[0].readers) != 2 {
		t.Fatalf("rounds = %v", rounds)
	}
	for i, want := range []int{3, 1} { // the second came in after the second event
		if got := len(rounds[0].since(in.readers[i].from).ends); got != want {
			t.Errorf("reader %d is told %d events, want %d", i, got, want)
		}
	}
	if again := topic.take(); len(again) != 0 || topic.onFoot {
		t.Errorf("the courier still walks, with %v", again)
	}
}

func TestPublishWaitsForACourierThatIsFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := newTopic()
		topic.rooms["json"] = &room{}
		topic.onFoot = true
		told := 0
		go func() {
			for range queueMax + 1 {
				_ = topic.tell(&drawer{}, birth())
				told++
			}
		}()
		synctest.Wait()
		if told != queueMax {
			t.Errorf("%d events were told, want %d and then none", told, queueMax)
		}
		topic.take()
		synctest.Wait()
		if told != queueMax+1 {
			t.Error("it still waits")
		}
		topic.take()
	})
}

// TestEveryReaderHearsEveryEventOnceWhileOthersCome has readers come in the middle of a
// burst, over plain connections and over TLS, which bytes can't be written to as they are.
func TestEveryReaderHearsEveryEventOnceWhileOthersCome(t *testing.T) {
	for name, serve := range map[string]func(http.Handler) *httptest.Server{"plain": httptest.NewServer, "tls": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			hub := NewHub(&drawer{}, slog.New(slog.DiscardHandler))
			web := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = hub.Serve(w, r, home, "json", always, func() {})
			}))
			defer web.Close()
			dialer := websocket.Dialer{}
			if web.TLS != nil {
				dialer.TLSClientConfig = web.Client().Transport.(*http.Transport).TLSClientConfig
			}
			const readers, events = 40, queueMax // no more than may wait
			start := hub.Counter(home)
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for range readers {
				wg.Go(func() {
					conn, resp, err := dialer.DialContext(t.Context(), "ws"+web.URL[len("http"):], nil)
					if err != nil {
						t.Error(err)
						return
					}
					_ = resp.Body.Close()
					defer func() { _ = conn.Close() }()
					p := page{t, conn}
					for at := p.next().at; at != start+events; at++ {
						if _, text, err := p.ReadMessage(); err != nil || parseFrame(t, text).at != at+1 {
							t.Errorf("after event %d came %q, %v", at-start, text, err)
							return
						}
					}
				})
			}
			go func() {
				defer close(stop)
				for range events {
					_ = hub.Publish(t.Context(), birth())
				}
			}()
			<-stop
			wg.Wait()
			_ = hub.Close(t.Context())
		})
	}
}

func TestAFrameThatCouldNotBeDrawnLeavesTheOthersTheirNumbers(t *testing.T) {
	topic := newTopic()
	in := &room{readers: []*reader{{from: 1}}}
	topic.rooms["json"], topic.onFoot = in, true
	topic.at.Store(1)
	pen := &drawer{bad: "json"}
	_ = topic.tell(pen, birth())
	pen.bad = ""
	_ = topic.tell(pen, board.Event{Kind: board.Reload})
	var q queue
	q.push(topic.take()[0].since(1), 0)
	if len(q.frames) != 1 {
		t.Fatalf("%d frames, want the one that was drawn", len(q.frames))
	}
}
