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

// words are such as nobody has written before, behind a message's number.
func words(number, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%0*d", marker, numberWide, number)
	for b.Len() < size {
		b.WriteByte(' ')
		for range 2 + rand.IntN(3) { //nolint:gosec // words
			b.WriteByte("bdfgklmnprstvz"[rand.IntN(14)]) //nolint:gosec // words
			b.WriteByte("aeiou"[rand.IntN(5)])           //nolint:gosec // words
		}
	}
	return b.String()
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
	if s.name == "raw" {
		return pathSay
	}
	return pathPosts
}

var errRefused = errors.New("refused")

// written is an error unless a write was answered as it should be.
func written(a answered, err error) error {
	if err == nil && a.status != http.StatusCreated {
		err = fmt.Errorf("%w with status %d: %.200s", errRefused, a.status, a.body)
	}
	return err
}

// lines is a pool of connections for writes at a given pace.
type lines struct {
	s    *server
	free chan *line
	all  []*line
}

func dialMany(s *server, n int) (*lines, error) {
	p := &lines{s: s, free: make(chan *line, n)}
	for range n {
		l, err := dial(s)
		if err != nil {
			p.close()
			return nil, err
		}
		p.all = append(p.all, l)
		p.free <- l
	}
	return p, nil
}

func (p *lines) close() {
	for _, l := range p.all {
		l.close()
	}
}

func (p *lines) ask(req []byte) (answered, error) {
	l := <-p.free
	defer func() { p.free <- l }()
	return l.ask(req, nil)
}

// load is what many connections did in a while.
type load struct {
	done  int
	took  time.Duration
	cpu   time.Duration // of the server
	times []time.Duration
}

// perCPU is how many were done in a second of the server's processor.
func (l load) perCPU() float64 { return float64(l.done) / max(l.cpu.Seconds(), 0.01) }

func (l load) perSecond() float64 { return float64(l.done) / l.took.Seconds() }

// hammer asks over so many connections, each as fast as it is answered.
func hammer(ctx context.Context, s *server, conns int, long time.Duration, next func() []byte, want int) (load, error) {
	p, err := dialMany(s, conns)
	if err != nil {
		return load{}, err
	}
	defer p.close()
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	times := make([][]time.Duration, conns)
	before, began := s.used(), time.Now()
	for i, l := range p.all {
		all.Go(func() {
			for ctx.Err() == nil {
				asked := time.Now()
				a, err := l.ask(next(), nil)
				if err == nil && a.status != want {
					err = fmt.Errorf("%w with status %d", errRefused, a.status)
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
	got := load{took: time.Since(began), cpu: s.used() - before}
	for _, t := range times {
		got.times = append(got.times, t...)
	}
	got.done = len(got.times)
	if err := failed.Load(); err != nil {
		return got, fmt.Errorf("%s: %w", s.name, *err)
	}
	return got, nil
}

// pace calls do so many times a second, at its time even if others are late.
func pace(ctx context.Context, rate int, long time.Duration, do func(due time.Time)) {
	var all sync.WaitGroup
	defer all.Wait()
	began := time.Now()
	for i := range int(long.Seconds() * float64(rate)) {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		all.Go(func() { do(due) })
	}
}
