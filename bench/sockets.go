package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// crowd is many readers' sockets on one goroutine, so that the load costs as little as
// it can. It speaks just enough of RFC 6455.
type crowd struct {
	server  *server
	readers []*reader
	poll    int
	tally   atomic.Pointer[tally]
	closed  atomic.Int64           // sockets that the server closed
	dead    atomic.Int64           // and those that broke
	frames  atomic.Int64           // with a message
	bytes   atomic.Int64           // of those
	sample  atomic.Pointer[[]byte] // the first of those
	stop    chan struct{}
	stopped sync.WaitGroup
}

// reader is one socket.
type reader struct {
	number int
	fd     int
	rest   []byte // of a frame that has come in part
	heard  int    // messages
	stalls bool   // and never reads
}

// marker stands before a message's number, of numberWide digits, in its words.
const (
	marker     = "benchpost "
	numberWide = 7
)

const handshake = "GET /live?board=home HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// listen opens the sockets of so many readers, and of some more who never read, as
// fast as they are let in.
func listen(ctx context.Context, s *server, readers, stalled int) (*crowd, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	c := &crowd{server: s, poll: poll, stop: make(chan struct{}), readers: make([]*reader, readers+stalled)}
	for i := range c.readers {
		c.readers[i] = &reader{number: i, stalls: i >= readers}
	}
	if err := c.dialAll(ctx); err != nil {
		c.hangUp()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	c.stopped.Go(c.read)
	return c, nil
}

// dialAll dials as many at once as may wait to be accepted anywhere.
func (c *crowd) dialAll(ctx context.Context) error {
	var all sync.WaitGroup
	var next atomic.Int64
	failed := make([]error, 64)
	for w := range failed {
		all.Go(func() {
			for failed[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(c.readers) {
					return
				}
				if failed[w] = ctx.Err(); failed[w] == nil {
					failed[w] = c.readers[i].dial(c)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

func (r *reader) dial(c *crowd) (err error) {
	if r.fd, err = dialSocket(c.server, r.stalls); err != nil {
		return fmt.Errorf("reader %d: %w", r.number, err)
	}
	if r.stalls {
		return nil
	}
	return unix.EpollCtl(c.poll, unix.EPOLL_CTL_ADD, r.fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(r.number)}) //nolint:gosec // there are few
}

// dialSocket connects and upgrades; one that stalls has a small buffer of the kernel's.
func dialSocket(s *server, stalls bool) (fd int, err error) {
	to, err := net.ResolveTCPAddr("tcp", s.addr())
	if err != nil {
		return 0, err
	}
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	if stalls {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
	}
	// Closed with a reset: ten thousand ports would wait a minute otherwise.
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}); err != nil {
		return 0, err
	}
	if _, err := unix.Write(fd, fmt.Appendf(nil, handshake, s.addr(), s.URL)); err != nil {
		return 0, err
	}
	if err := readHandshake(fd); err != nil {
		return 0, err
	}
	return fd, unix.SetNonblock(fd, true)
}

// readHandshake reads the answer's head to its last byte, and not one of what follows.
func readHandshake(fd int) error {
	var head []byte
	buf := make([]byte, 1024)
	for {
		n, _, err := unix.Recvfrom(fd, buf, unix.MSG_PEEK)
		if err != nil || n == 0 {
			return fmt.Errorf("no answer: %w", err)
		}
		before := len(head)
		head = append(head, buf[:n]...)
		end := bytes.Index(head, []byte("\r\n\r\n"))
		take := n
		if end >= 0 {
			take = end + 4 - before
		}
		if _, err := unix.Read(fd, buf[:take]); err != nil {
			return err
		}
		if end < 0 {
			continue
		}
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 101")) {
			return fmt.Errorf("it was refused: %.60q", head)
		}
		return nil
	}
}

// read hears all sockets until stop.
func (c *crowd) read() {
	events := make([]unix.EpollEvent, 512)
	buf := make([]byte, 1<<18)
	for {
		select {
		case <-c.stop:
			return
		default:
		}
		n, err := unix.EpollWait(c.poll, events, 20)
		if err != nil {
			continue // interrupted
		}
		for _, e := range events[:n] {
			c.hear(c.readers[e.Fd], buf)
		}
	}
}

func (c *crowd) hear(r *reader, buf []byte) {
	kept := copy(buf, r.rest)
	n, err := unix.Read(r.fd, buf[kept:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil || n <= 0:
		c.leave(r, &c.dead)
		return
	}
	at := time.Now()
	data := buf[:kept+n]
	for {
		f, size := parseFrame(data)
		if size == 0 {
			break
		}
		data = data[size:]
		if !c.take(r, f, at) {
			return
		}
	}
	r.rest = append(r.rest[:0], data...)
}

// take takes one frame; false: it was the last.
func (c *crowd) take(r *reader, f frame, at time.Time) bool {
	switch f.op {
	case opClose:
		c.leave(r, &c.closed)
		return false
	case opPing:
		_, _ = unix.Write(r.fd, pong(f.payload)) // a peer who is gone is seen by the next read
	case opText:
		found := 0
		t := c.tally.Load()
		for n := range numbers(f.payload) {
			if found++; c.sample.Load() == nil { // before anybody knows that something was heard
				first := bytes.Clone(f.payload)
				c.sample.Store(&first)
			}
			if t != nil {
				t.hear(r.number, n, at)
			}
		}
		if found > 0 {
			r.heard += found
			c.frames.Add(1)
			c.bytes.Add(int64(len(f.payload)))
		}
	}
	return true
}

func (c *crowd) leave(r *reader, why *atomic.Int64) {
	why.Add(1)
	_ = unix.EpollCtl(c.poll, unix.EPOLL_CTL_DEL, r.fd, nil)
}

// hangUp closes all of it.
func (c *crowd) hangUp() {
	close(c.stop)
	c.stopped.Wait()
	for _, r := range c.readers {
		if r.fd > 0 {
			_ = unix.Close(r.fd)
		}
	}
	_ = unix.Close(c.poll)
}

// hearing is how many readers read.
func (c *crowd) hearing() (n int) {
	for _, r := range c.readers {
		if !r.stalls {
			n++
		}
	}
	return n
}

// shut is how many of those who never read the server has closed, within a while: they
// read now, what is left, to see whether it ends.
func (c *crowd) shut(patience time.Duration) (n int) {
	var open []*reader
	for _, r := range c.readers {
		if r.stalls {
			open = append(open, r)
		}
	}
	all := len(open)
	for end := time.Now().Add(patience); len(open) > 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		open = slices.DeleteFunc(open, (*reader).ended)
	}
	return all - len(open)
}

// ended reads what has come, and says whether nothing comes after it.
func (r *reader) ended() bool {
	buf := make([]byte, 1<<16)
	for {
		n, err := unix.Read(r.fd, buf)
		switch {
		case err == unix.EAGAIN:
			return false
		case err != nil || n == 0:
			return true
		}
	}
}

// The kinds of frames that a reader tells apart.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

type frame struct {
	op      byte
	payload []byte
}

// parseFrame reads a server's frame at the start of data, which it takes size bytes of;
// 0: it has not come whole.
func parseFrame(data []byte) (f frame, size int) {
	if len(data) < 2 {
		return f, 0
	}
	head, length := 2, int(data[1]&0x7f)
	switch length {
	case 126:
		head = 4
		if len(data) < head {
			return f, 0
		}
		length = int(binary.BigEndian.Uint16(data[2:]))
	case 127:
		head = 10
		if len(data) < head {
			return f, 0
		}
		length = int(binary.BigEndian.Uint64(data[2:])) //nolint:gosec // our own servers send no such lengths
	}
	if len(data) < head+length {
		return f, 0
	}
	return frame{data[0] & 0x0f, data[head : head+length]}, head + length
}

// pong answers a ping, masked with zeroes.
func pong(payload []byte) []byte {
	return append([]byte{0x80 | opPong, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...) //nolint:gosec // of at most 125 bytes
}

// numbers are those of the messages in a frame.
func numbers(payload []byte) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for {
			at := bytes.Index(payload, []byte(marker))
			if at < 0 || len(payload) < at+len(marker)+numberWide {
				return
			}
			payload = payload[at+len(marker):]
			if n, err := strconv.Atoi(string(payload[:numberWide])); err == nil && !yield(n) {
				return
			}
		}
	}
}
