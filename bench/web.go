package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// line is one connection that stays open, and asks with as little work as it can.
type line struct {
	s    *server
	conn net.Conn
	in   *bufio.Reader
}

func dial(s *server) (*line, error) {
	conn, err := net.Dial("tcp", s.addr()) //nolint:noctx // of this machine
	if err != nil {
		return nil, err
	}
	return &line{s, conn, bufio.NewReaderSize(conn, 1<<16)}, nil
}

func (l *line) close() { _ = l.conn.Close() }

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request as it is and reads the answer; its body into the one given, if any.
func (l *line) ask(request []byte, into *bytes.Buffer) (answered, error) {
	_ = l.conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := l.conn.Write(request); err != nil {
		return answered{}, err
	}
	res, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return answered{}, err
	}
	defer res.Body.Close()
	a := answered{status: res.StatusCode, header: res.Header}
	if into == nil {
		_, err = io.Copy(io.Discard, res.Body)
		return a, err
	}
	into.Reset()
	_, err = into.ReadFrom(res.Body)
	a.body = into.Bytes()
	return a, err
}

// request writes one out.
func request(s *server, method, path, headers string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", method, path, s.addr(), headers)
	if method != http.MethodGet {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// once asks on a connection of its own.
func once(s *server, req []byte) (answered, error) {
	l, err := dial(s)
	if err != nil {
		return answered{}, err
	}
	defer l.close()
	return l.ask(req, new(bytes.Buffer))
}

// words are a text that nobody has written before, behind a message's number: its words are
// as often as those of a language.
func words(number, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%0*d", marker, numberWide, number)
	for all := lexicon(); b.Len() < size; {
		b.WriteByte(' ')
		b.WriteString(all[rand.IntN(len(all))]) //nolint:gosec // words
	}
	return b.String()
}

// lexicon has each word as many times as it is said: the n-th most common one in n-th part
// as many as the first (Zipf's law), some 12,000 different ones.
var lexicon = sync.OnceValue(func() []string {
	const first = 12_000
	var all []string
	for n := 1; n <= first; n++ {
		word := spelt(n)
		for range first / n {
			all = append(all, word)
		}
	}
	return all
})

// spelt is the n-th most common word, of two syllables or three.
func spelt(n int) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	const syllables = len(consonants) * len(vowels)
	var word []byte
	for rest := n + syllables; rest > 0; rest /= syllables {
		at := rest % syllables
		word = append(word, consonants[at/len(vowels)], vowels[at%len(vowels)])
	}
	return string(word)
}

// write is the request for a message of so many bytes; path is the baseline's for what
// is meant.
func write(s *server, path string, number, size int) []byte {
	return request(s, http.MethodPost, path, "Content-Type: application/json\r\n", []byte(`{"body":"`+words(number, size)+`"}`))
}

const (
	pathPosts = "/api/v1/boards/home/posts"
	pathSay   = "/say"
)

// says is where a message is told to the readers.
func (s *server) says() string {
	if s.name == rawName {
		return pathSay
	}
	return pathPosts
}

// errBusy is an answer of a server that has more to do than it takes on, which is no
// fault: it is counted.
var errBusy = errors.New("refused as busy")

// as is an error unless the answer has the status that is wanted.
func (a answered) as(want int) error {
	switch a.status {
	case want:
		return nil
	case http.StatusServiceUnavailable:
		return errBusy
	}
	return fmt.Errorf("refused with status %d: %.200s", a.status, a.body)
}

// written is an error unless a write was answered as it should be.
func written(a answered, err error) error {
	if err != nil {
		return err
	}
	return a.as(http.StatusCreated)
}

// lines are connections for writes at a given pace: as many as are busy at once. One
// that has nothing to say for a while is not kept, as a server would not.
type lines struct {
	s    *server
	mu   sync.Mutex
	idle []idleLine // the one that was used last is used next
}

type idleLine struct {
	*line
	since time.Time
}

const idleMax = time.Second

func (p *lines) ask(req []byte) (answered, error) {
	l, err := p.take()
	if err != nil {
		return answered{}, err
	}
	a, err := l.ask(req, nil)
	if err != nil {
		l.close()
		return a, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, idleLine{l, time.Now()})
	return a, nil
}

func (p *lines) take() (*line, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		if last := p.idle[n-1]; time.Since(last.since) < idleMax {
			p.idle = p.idle[:n-1]
			return last.line, nil
		}
		p.hangUp()
	}
	return dial(p.s)
}

func (p *lines) hangUp() {
	for _, l := range p.idle {
		l.close()
	}
	p.idle = nil
}

func (p *lines) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hangUp()
}

// load is what many connections did in a while.
type load struct {
	done    int
	refused int
	took    time.Duration
	cpu     time.Duration // of the server
	times   []time.Duration
}

// refusals says how many there were, if any.
func refusals(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d refused as busy", n)
}

// perCPU is how many were done in a second of the server's processor.
func (l load) perCPU() float64 { return float64(l.done) / max(l.cpu.Seconds(), 0.01) }

func (l load) perSecond() float64 { return float64(l.done) / l.took.Seconds() }

// hammer asks over so many connections, each as fast as it is answered.
func hammer(ctx context.Context, s *server, conns int, long time.Duration, next func() []byte, want int) (load, error) {
	var open []*line
	defer func() {
		for _, l := range open {
			l.close()
		}
	}()
	for range conns {
		l, err := dial(s)
		if err != nil {
			return load{}, err
		}
		open = append(open, l)
	}
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	var refused atomic.Int64
	times := make([][]time.Duration, conns)
	before, began := s.Used(), time.Now()
	for i, l := range open {
		all.Go(func() {
			for ctx.Err() == nil {
				asked := time.Now()
				a, err := l.ask(next(), nil)
				if err == nil {
					err = a.as(want)
				}
				if errors.Is(err, errBusy) {
					refused.Add(1)
					continue
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				times[i] = append(times[i], time.Since(asked))
			}
		})
	}
	all.Wait()
	got := load{took: time.Since(began), cpu: s.Used() - before}
	for _, t := range times {
		got.times = append(got.times, t...)
	}
	got.done, got.refused = len(got.times), int(refused.Load())
	if err := failed.Load(); err != nil {
		return got, fmt.Errorf("%s: %w", s.name, *err)
	}
	return got, nil
}

// waitMax is how many may wait for an answer at once; after them the load itself is late,
// which counts as any waiting does.
const waitMax = 256

// hopeless is how late the load may be before it gives up: so late is not served.
const hopeless = 5 * time.Second

// pace calls do so many times a second, at its time even if others are late.
func pace(ctx context.Context, rate int, long time.Duration, do func(due time.Time)) {
	var all sync.WaitGroup
	defer all.Wait()
	room := make(chan struct{}, waitMax)
	began := time.Now()
	for i := range int(long.Seconds() * float64(rate)) {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		room <- struct{}{}
		if time.Since(due) > hopeless {
			return
		}
		all.Go(func() {
			do(due)
			<-room
		})
	}
}

// walk is one thing that is done at a pace, and how long it took each time from when
// it was due.
type walk struct {
	s    *server
	rate int // a second
	want int // status
	next func() []byte

	mu      sync.Mutex
	times   []time.Duration
	refused int
	failed  error
}

func (w *walk) run(ctx context.Context, long time.Duration) {
	p := &lines{s: w.s}
	defer p.close()
	pace(ctx, w.rate, long, func(due time.Time) {
		a, err := p.ask(w.next())
		if err == nil {
			err = a.as(w.want)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case errors.Is(err, errBusy):
			w.refused++
			return
		case err != nil:
			w.failed = fmt.Errorf("%s: %w", w.s.name, err)
			return
		}
		w.times = append(w.times, time.Since(due))
	})
}

// together has all of them walk, and says what failed.
func together(ctx context.Context, long time.Duration, walks ...*walk) error {
	var all sync.WaitGroup
	for _, w := range walks {
		all.Go(func() { w.run(ctx, long) })
	}
	all.Wait()
	var errs []error
	for _, w := range walks {
		errs = append(errs, w.failed)
	}
	return errors.Join(errs...)
}
