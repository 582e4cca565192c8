package live

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

// fragment is a frame of the size that SPEC 10 measures with.
var fragment = []byte(strings.Repeat("The mayfly lives one day. ", 1200/26))

// plain draws the same bytes for everything, so that a benchmark measures what
// carries them.
type plain struct{}

func (plain) Draw(string, board.Event, uint64) ([]byte, error) { return fragment, nil }
func (plain) Hello(string, uint64, int) ([]byte, error)        { return fragment, nil }

// caster is what the benchmark compares.
type caster interface {
	http.Handler
	cast()
	readers() int
}

// hubCaster is the hub as Mayfly uses it.
type hubCaster struct{ hub *Hub }

func (c hubCaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = c.hub.Serve(w, r, home, "html/en", always, func() {})
}

func (c hubCaster) cast()        { _ = c.hub.Publish(context.Background(), birth()) }
func (c hubCaster) readers() int { return c.hub.Count(home) }

// rawCaster is the usual gorilla broadcast: one prepared message a cast, one
// goroutine and one queue a reader.
type rawCaster struct {
	mu     sync.Mutex
	queues map[chan *websocket.PreparedMessage]bool
}

func (c *rawCaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := u.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	queue := make(chan *websocket.PreparedMessage, queueMax)
	hello, _ := websocket.NewPreparedMessage(websocket.TextMessage, fragment)
	queue <- hello
	c.mu.Lock()
	c.queues[queue] = true
	c.mu.Unlock()
	go func() {
		for m := range queue {
			if conn.WritePreparedMessage(m) != nil {
				return
			}
		}
	}()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			break
		}
	}
	c.mu.Lock()
	delete(c.queues, queue)
	c.mu.Unlock()
	close(queue)
	_ = conn.Close()
}

func (c *rawCaster) cast() {
	m, _ := websocket.NewPreparedMessage(websocket.TextMessage, fragment)
	c.mu.Lock()
	defer c.mu.Unlock()
	for q := range c.queues {
		q <- m
	}
}

func (c *rawCaster) readers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queues)
}

func casters() map[string]caster {
	return map[string]caster{
		"hub": hubCaster{NewHub(plain{}, slog.New(slog.DiscardHandler))},
		"raw": &rawCaster{queues: map[chan *websocket.PreparedMessage]bool{}},
	}
}

// dialRaw opens a socket with as little on our side of it as can be.
func dialRaw(b *testing.B, addr string) net.Conn {
	b.Helper()
	conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+addr+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	if err != nil {
		b.Fatal(err)
	}
	br := bufio.NewReaderSize(conn, 16)
	for blank := 0; blank < 4; { // to the end of the head, and no further
		c, err := br.ReadByte()
		if err != nil {
			b.Fatal(err)
		}
		if c == "\r\n\r\n"[blank] {
			blank++
		} else if blank = 0; c == '\r' {
			blank = 1
		}
	}
	frameBytes := len(fragment) + 4
	if _, err := io.CopyN(io.Discard, br, int64(frameBytes)); err != nil { // the hello
		b.Fatal(err)
	}
	return conn
}

// BenchmarkBroadcast sends one event to all readers, four under way at a time.
// Compare hub with raw of the same run.
func BenchmarkBroadcast(b *testing.B) {
	for _, readers := range []int{1000} {
		for _, name := range []string{"hub", "raw"} {
			b.Run(fmt.Sprintf("readers=%d/%s", readers, name), func(b *testing.B) {
				benchmarkBroadcast(b, casters()[name], readers)
			})
		}
	}
}

func benchmarkBroadcast(b *testing.B, c caster, readers int) {
	const underWay = 4
	web := httptest.NewServer(c)
	defer web.Close()
	frameBytes := int64(len(fragment) + 4)
	var heard atomic.Int64
	whole := make(chan struct{}, underWay+1)
	var wg sync.WaitGroup
	conns := make([]net.Conn, readers)
	for i := range conns {
		conns[i] = dialRaw(b, web.Listener.Addr().String())
		wg.Go(func() {
			buf := make([]byte, 8<<10)
			var bytes int64
			for {
				n, err := conns[i].Read(buf)
				frames := (bytes+int64(n))/frameBytes - bytes/frameBytes
				bytes += int64(n)
				for range frames {
					if heard.Add(1)%int64(readers) == 0 {
						whole <- struct{}{}
					}
				}
				if err != nil {
					return
				}
			}
		})
	}
	until(b, "all are in", func() bool { return c.readers() == readers })
	for range underWay {
		whole <- struct{}{}
	}
	b.ReportAllocs()
	for b.Loop() {
		<-whole
		c.cast()
	}
	for range underWay {
		<-whole
	}
	b.ReportMetric(float64(b.N*readers)/b.Elapsed().Seconds(), "deliveries/s")
	for _, conn := range conns {
		_ = conn.Close()
	}
	wg.Wait()
}

// BenchmarkIdleReaders reports what a reader who hears nothing costs in heap and
// stacks. It counts the test's end of the connection too, so it is an upper bound.
func BenchmarkIdleReaders(b *testing.B) {
	const readers = 2000
	for _, name := range []string{"hub", "raw"} {
		b.Run(fmt.Sprintf("readers=%d/%s", readers, name), func(b *testing.B) {
			for b.Loop() {
				c := casters()[name]
				web := httptest.NewServer(c)
				before := inUse()
				conns := make([]net.Conn, readers)
				for i := range conns {
					conns[i] = dialRaw(b, web.Listener.Addr().String())
				}
				until(b, "all are in", func() bool { return c.readers() == readers })
				b.ReportMetric(float64(inUse()-before)/readers, "B/reader")
				for _, conn := range conns {
					_ = conn.Close()
				}
				until(b, "all have left", func() bool { return c.readers() == 0 })
				web.Close()
			}
		})
	}
}

// inUse is heap and stacks, without what can be given back.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
