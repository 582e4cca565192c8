package live

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// pipeWriter is a ResponseWriter over one end of a pipe. A pipe, unlike a socket,
// stands still with the clock of a synctest bubble.
type pipeWriter struct {
	http.ResponseWriter
	conn net.Conn
}

func (w *pipeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, bufio.NewReadWriter(bufio.NewReader(w.conn), bufio.NewWriter(w.conn)), nil
}

func handshake(t *testing.T) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/live", nil)
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-Websocket-Version": "13", "Sec-Websocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// pipeSite is a hub with one reader, whose clock the test turns.
type pipeSite struct {
	hub  *Hub
	page page
	gone <-chan struct{}
}

func newPipeSite(t *testing.T) *pipeSite {
	s := &pipeSite{hub: NewHub(&drawer{}, slog.New(slog.DiscardHandler))}
	s.page, s.gone = s.open(t)
	return s
}

// open brings one more page in. Its socket is gone when the channel is closed.
func (s *pipeSite) open(t *testing.T) (page, <-chan struct{}) {
	gone := make(chan struct{})
	ours, theirs := net.Pipe()
	go func() {
		req, err := http.ReadRequest(bufio.NewReader(ours))
		if err == nil {
			err = s.hub.Serve(&pipeWriter{conn: ours}, req, home, "json", always, func() { close(gone) })
		}
		if err != nil {
			t.Error(err)
		}
	}()
	dialer := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return theirs, nil }}
	conn, resp, err := dialer.DialContext(t.Context(), "ws://pipe/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	p := page{t, conn}
	if f := p.next(); f.kind != "hello" {
		t.Fatalf("first frame = %v", f)
	}
	return p, gone
}

func TestHubDropsASlowReaderAndServesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPipeSite(t) // its page reads nothing for now
		heard := make([]int, 8)
		for i := range heard {
			p, _ := s.open(t)
			go func() {
				for {
					if _, _, err := p.ReadMessage(); err != nil {
						return
					}
					heard[i]++
				}
			}()
		}
		const events = 1 + queueMax + 1 // one is being written, the queue is full, and one more
		for range events {
			_ = s.hub.Publish(t.Context(), birth())
			synctest.Wait()
		}
		for i, n := range heard {
			if n != events {
				t.Errorf("healthy reader %d heard %d events, want %d", i, n, events)
			}
		}
		if code := s.page.closeCode(); code != CloseSlow {
			t.Errorf("close code = %d, want %d", code, CloseSlow)
		}
		<-s.gone
		if n := s.hub.Count(home); n != len(heard) {
			t.Errorf("Count = %d", n)
		}
		_ = s.hub.Close(t.Context())
	})
}

func TestReaderIsPingedEach20SecondsAndLivesAsLongAsItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPipeSite(t)
		began := time.Now()
		var pings []time.Duration
		pong := s.page.PingHandler()
		s.page.SetPingHandler(func(data string) error {
			pings = append(pings, time.Since(began))
			return pong(data)
		})
		_ = s.page.SetReadDeadline(began.Add(5*time.Minute + time.Second))
		_, _, err := s.page.ReadMessage()
		var broken net.Error
		if !errors.As(err, &broken) || !broken.Timeout() {
			t.Errorf("after five minutes: %v, want it open", err)
		}
		if len(pings) != 15 || pings[0] != 20*time.Second || pings[14] != 5*time.Minute {
			t.Errorf("pings at %v", pings)
		}
	})
}

func TestReaderWhoAnswersNoPingIsGoneAfter30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPipeSite(t)
		began := time.Now()
		s.page.SetPingHandler(func(string) error { return nil })
		if _, _, err := s.page.ReadMessage(); err == nil {
			t.Error("a frame came")
		}
		<-s.gone
		if d := time.Since(began); d != pongWait {
			t.Errorf("gone after %v, want %v", d, pongWait)
		}
	})
}

func TestStuckReaderIsHungUpOnThreeSecondsAfterItsQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPipeSite(t)
		for range 1 + queueMax { // one is being written, the rest wait
			_ = s.hub.Publish(t.Context(), birth())
			synctest.Wait()
		}
		time.Sleep(time.Second)
		if n := s.hub.Count(home); n != 1 {
			t.Fatal("it was dropped though its queue had room")
		}
		full := time.Now()
		_ = s.hub.Publish(t.Context(), birth())
		<-s.gone
		if d := time.Since(full); d != closeWait {
			t.Errorf("hung up after %v, want %v", d, closeWait)
		}
	})
}

func TestReaderWhoTakesNothingFor10SecondsIsHungUpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPipeSite(t)
		began := time.Now()
		_ = s.hub.Publish(t.Context(), birth())
		<-s.gone
		if d := time.Since(began); d != writeWait {
			t.Errorf("hung up after %v, want %v", d, writeWait)
		}
	})
}

// clientFrame is a frame as clients send it, legal or not.
func clientFrame(first byte, mask bool, payload []byte) []byte {
	out := []byte{first}
	bit := byte(0)
	if mask {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		out = append(out, bit|byte(n))
	case n < 1<<16:
		out = append(out, bit|126)
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	default:
		out = append(out, bit|127)
		out = binary.BigEndian.AppendUint64(out, uint64(n))
	}
	if mask {
		out = append(out, 0, 0, 0, 0) // a mask of zeros changes nothing
	}
	return append(out, payload...)
}

func TestBreachesAreAnsweredWithTheirCode(t *testing.T) {
	const text, binaryFrame, ping, pong, start, more = 0x81, 0x82, 0x89, 0x8A, 0x01, 0x00
	hello := clientFrame(text, true, []byte("hello"))
	fragments := clientFrame(start, true, []byte("a"))
	for range 8 {
		fragments = append(fragments, clientFrame(more, true, bytes.Repeat([]byte("b"), 1000))...)
	}
	for _, tt := range []struct {
		name string
		send []byte
		code int
	}{
		{"more messages than the meter allows", bytes.Repeat(hello, messageBurst+2), websocket.ClosePolicyViolation},
		{"more pings", bytes.Repeat(clientFrame(ping, true, nil), messageBurst+2), websocket.ClosePolicyViolation},
		{"more pongs", bytes.Repeat(clientFrame(pong, true, nil), messageBurst+2), websocket.ClosePolicyViolation},
		{"empty fragments without end", append(clientFrame(start, true, nil), bytes.Repeat(clientFrame(more, true, nil), byteBurst/6+1000)...), websocket.ClosePolicyViolation},
		{"a message above 4 KB", clientFrame(text, true, make([]byte, readMax+1)), websocket.CloseMessageTooBig},
		{"a huge one", clientFrame(text, true, make([]byte, 1<<20)), websocket.CloseMessageTooBig},
		{"fragments above 4 KB together", fragments, websocket.CloseMessageTooBig},
		{"text that is not UTF-8", clientFrame(text, true, []byte{0xff, 0xfe, 0x80, 'a'}), websocket.CloseInvalidFramePayloadData},
		{"an unmasked frame", clientFrame(text, false, []byte("hello")), websocket.CloseProtocolError},
		{"reserved bits", clientFrame(0xF1, true, []byte("hello")), websocket.CloseProtocolError},
		{"a compressed frame", clientFrame(0xC1, true, []byte("hello")), websocket.CloseProtocolError},
		{"an unknown opcode", clientFrame(0x83, true, []byte("x")), websocket.CloseProtocolError},
		{"a long ping", clientFrame(ping, true, make([]byte, 200)), websocket.CloseProtocolError},
		{"a close code that is not for the wire", clientFrame(0x88, true, []byte{0x03, 0xEE}), websocket.CloseProtocolError},
		{"a goodbye is answered", clientFrame(0x88, true, []byte{0x03, 0xE8}), websocket.CloseNormalClosure},
		{"after as much as is allowed too", append(append(bytes.Repeat(hello, messageBurst-1),
			clientFrame(binaryFrame, true, []byte{0xff})...), clientFrame(0x88, true, []byte{0x03, 0xE8})...), websocket.CloseNormalClosure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			p := s.open("format=json")
			p.next()
			_ = p.SetReadDeadline(time.Now().Add(time.Minute)) // a breach that nobody minds
			go func() { _, _ = p.NetConn().Write(tt.send) }()
			if code := p.closeCode(); code != tt.code {
				t.Errorf("close code = %d, want %d", code, tt.code)
			}
			_ = p.Close()
			until(t, "the socket is given back", func() bool { return s.gone.Load() == 1 })
		})
	}
}

func TestMeterFillsUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire(nil)
		for i := range messageBurst {
			if err := w.heard(); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		if err := w.heard(); !errors.Is(err, errFlood) {
			t.Fatalf("one too many: %v", err)
		}
		time.Sleep(time.Second)
		for i := range messageRate {
			if err := w.heard(); err != nil {
				t.Fatalf("a second later, message %d: %v", i, err)
			}
		}
		if err := w.heard(); !errors.Is(err, errFlood) {
			t.Fatalf("one too many: %v", err)
		}
	})
}

func TestPingIsAnsweredInKind(t *testing.T) {
	s := newSite(t)
	p := s.open("format=json")
	p.next()
	pongs := make(chan string, 1)
	p.SetPongHandler(func(data string) error {
		pongs <- data
		return nil
	})
	go p.closeCode()
	if err := p.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := <-pongs; got != "there?" {
		t.Errorf("pong = %q", got)
	}
	_ = s.hub.Close(t.Context())
}

func TestQueueKeepsOrderAndItsBound(t *testing.T) {
	var told frames
	for i := range 3 * queueMax {
		told.add(websocket.TextMessage, []byte(strings.Repeat("x", i)))
	}
	one := func(i int) frames {
		f := told.from(i)
		f.ends = f.ends[:1]
		return f
	}
	var q queue
	in := 0
	for q.push(one(in), 0) { // fill up
		in++
	}
	if in != queueMax || q.push(told.from(in), 0) {
		t.Fatalf("%d wait, want %d and no more", in, queueMax)
	}
	var out []byte
	for in < len(told.ends) {
		out = q.take(out)
		if !q.push(one(in), 0) {
			t.Fatal("no room after some were taken")
		}
		in++
	}
	for last := -1; last < len(out); {
		last = len(out)
		out = append(out, q.take(nil)...)
	}
	if !bytes.Equal(out, told.bytes) {
		t.Error("what came out is not what went in")
	}
}

func TestQueueTakesAChunkOfWholeFrames(t *testing.T) {
	var told frames
	for _, n := range []int{chunk / 2, chunk / 4, chunk / 2, 3 * chunk, 1} {
		told.add(websocket.TextMessage, make([]byte, n))
	}
	told.add(websocket.TextMessage, nil) // one that could not be drawn
	var q queue
	q.push(told, 5) // of whose first the beginning was sent
	got := []int{len(q.take(nil)), len(q.take(nil)), len(q.take(nil)), len(q.take(nil)), len(q.take(nil))}
	want := []int{told.ends[1] - 5, told.ends[2] - told.ends[1], told.ends[3] - told.ends[2], told.ends[4] - told.ends[3], 0}
	if !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
}

func TestGoodbyeComesAfterTheRestOfWhatWasBegun(t *testing.T) {
	var told frames
	told.add(websocket.TextMessage, []byte("heard"))
	told.add(websocket.TextMessage, []byte("begun"))
	told.add(websocket.TextMessage, []byte("waits"))
	for name, tt := range map[string]struct {
		sent int
		want string
	}{
		"nothing was sent":           {0, "bye"},
		"one was heard":              {told.ends[0], "bye"},
		"the next was begun":         {told.ends[0] + 4, "gunbye"},
		"the beginning of the first": {1, string(told.bytes[1:told.ends[0]]) + "bye"},
	} {
		t.Run(name, func(t *testing.T) {
			var q queue
			q.push(told, tt.sent)
			q.last([]byte("bye"))
			if got := string(q.take(nil)); got != tt.want {
				t.Errorf("%q is sent, want %q", got, tt.want)
			}
		})
	}
}

func TestFramesAreReadAsTheyWereWritten(t *testing.T) {
	s := newSite(t)
	p := s.open("format=json")
	p.next()
	for _, from := range []int{0, 1<<16 - 140} { // each length about where a frame's head changes
		for n := from; n < from+140; n++ {
			s.draw.mu.Lock()
			s.draw.tail = strings.Repeat("m", n)
			s.draw.mu.Unlock()
			s.publish(birth())
			_, text, err := p.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if got, want := len(text), len(parseFrame(t, text).String())+n; got != want {
				t.Fatalf("%d bytes came, want %d", got, want)
			}
		}
	}
}
