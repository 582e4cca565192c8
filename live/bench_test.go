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
	"net/http/pprof"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

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

// casterOf names the caster that this program is to be, in place of a run of tests.
const casterOf = "MAYFLY_BENCH_CASTER"

func TestMain(m *testing.M) {
	if name := os.Getenv(casterOf); name != "" {
		serveCaster(casters()[name])
		return
	}
	os.Exit(m.Run())
}

// serveCaster serves c until its input ends, and says on its output where.
func serveCaster(c caster) {
	mux := http.NewServeMux()
	mux.Handle("/", c)
	mux.HandleFunc("/cast", func(http.ResponseWriter, *http.Request) { c.cast() })
	mux.HandleFunc("/readers", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, c.readers()) })
	mux.HandleFunc("/cpu", func(w http.ResponseWriter, _ *http.Request) {
		var u unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
		_, _ = fmt.Fprint(w, u.Utime.Nano()+u.Stime.Nano())
	})
	mux.HandleFunc("/profile", pprof.Profile)
	web := httptest.NewServer(mux)
	fmt.Println(web.Listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	web.Close()
}

// server is a caster in a process of its own, on one core where taskset is there.
type server struct {
	b    *testing.B
	addr string
}

func start(b *testing.B, name string) server {
	b.Helper()
	args := []string{os.Args[0]}
	if _, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{"taskset", "-c", "0"}, args...)
	}
	cmd := exec.CommandContext(b.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), casterOf+"="+name)
	cmd.Stderr = os.Stderr
	stop, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stop.Close()
		_ = cmd.Wait()
	})
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return server{b, strings.TrimSpace(addr)}
}

// ask gets a number.
func (p server) ask(path string) (n int) {
	resp, err := http.Get("http://" + p.addr + path)
	if err != nil {
		p.b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = fmt.Fscan(resp.Body, &n)
	return n
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

// BenchmarkBroadcast sends events to all readers of a server of its own: four under way at a
// time, or so many a second. Compare hub with raw of the same run: deliveries a second of the
// server's processor, and how late they come.
func BenchmarkBroadcast(b *testing.B) {
	for _, readers := range []int{1000, 10_000} {
		for _, rate := range []int{0, 50_000 / readers, 200_000 / readers} {
			pace := fmt.Sprintf("%d-a-second", rate)
			if rate == 0 {
				pace = "four-under-way"
			}
			for _, name := range []string{"hub", "raw"} {
				b.Run(fmt.Sprintf("readers=%d/%s/%s", readers, pace, name), func(b *testing.B) {
					newCrowd(b, start(b, name), readers).hear(rate)
				})
			}
		}
	}
}

// crowd is the readers of a server.
type crowd struct {
	server

	conns []net.Conn
	sent  sync.Map // when each event was, by its number
	last  chan struct{}
	late  []time.Duration // of a part of the deliveries
	mu    sync.Mutex
}

func newCrowd(b *testing.B, p server, readers int) *crowd {
	c := &crowd{server: p, conns: make([]net.Conn, readers), last: make(chan struct{}, 1000)}
	for i := range c.conns {
		c.conns[i] = dialRaw(b, p.addr)
	}
	until(b, "all are in", func() bool { return p.ask("/readers") == readers })
	return c
}

// hear casts b.N events and waits until all are heard by all.
func (c *crowd) hear(rate int) {
	var heard atomic.Int64
	var wg sync.WaitGroup
	for i, conn := range c.conns {
		wg.Go(func() { c.listen(i, conn, &heard) })
	}
	const underWay = 4
	readers := len(c.conns)
	spent, began := c.ask("/cpu"), time.Now()
	cast, whole := 0, 0
	for c.b.Loop() {
		if rate > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(cast) * time.Second / time.Duration(rate))))
		} else if cast-whole == underWay {
			<-c.last
			whole++
		}
		c.sent.Store(cast, time.Now())
		c.ask("/cast")
		cast++
	}
	until(c.b, "all is heard", func() bool { return heard.Load() == int64(cast*readers) })
	cpu := c.ask("/cpu") - spent
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	wg.Wait()
	slices.Sort(c.late)
	c.b.ReportMetric(float64(cast*readers)/time.Duration(cpu).Seconds()/1000, "k/cpu-s")
	c.b.ReportMetric(float64(c.late[len(c.late)/2].Microseconds())/1000, "p50-ms")
	c.b.ReportMetric(float64(c.late[len(c.late)*99/100].Microseconds())/1000, "p99-ms")
	c.b.ReportMetric(0, "ns/op")
}

// listen counts what one reader hears. Every tenth keeps how late it was.
func (c *crowd) listen(i int, conn net.Conn, heard *atomic.Int64) {
	frameBytes := len(fragment) + 4
	buf := make([]byte, 8<<10)
	var late []time.Duration
	for bytes := 0; ; {
		n, err := conn.Read(buf)
		for k := bytes / frameBytes; k < (bytes+n)/frameBytes; k++ {
			at, _ := c.sent.Load(k)
			if i%10 == 0 {
				late = append(late, time.Since(at.(time.Time)))
			}
			if heard.Add(1)%int64(len(c.conns)) == 0 {
				select {
				case c.last <- struct{}{}:
				default:
				}
			}
		}
		bytes += n
		if err != nil {
			c.mu.Lock()
			c.late = append(c.late, late...)
			c.mu.Unlock()
			return
		}
	}
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
