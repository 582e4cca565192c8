package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socketsEach is how many sockets an address may hold here.
const socketsEach = 40

// frame is one as browsers send it, unless masked says otherwise.
func frame(first byte, masked bool, body []byte) []byte {
	b, mask := []byte{first}, byte(0)
	if masked {
		mask = 0x80
	}
	switch n := len(body); {
	case n < 126:
		b = append(b, mask|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	}
	if masked {
		b = append(b, 0, 0, 0, 0) // a mask that changes nothing
	}
	return append(b, body...)
}

func zeros(n int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // a level that there is
	for range n >> 20 {
		_, _ = w.Write(make([]byte, 1<<20)) // into memory
	}
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

// misdeeds are what is sent over an open socket, and the close code that it must end with.
var misdeeds = []struct {
	name string
	send []byte
	code int
}{
	{"a frame without a mask", frame(0x81, false, []byte("hello")), 1002},
	{"reserved bits", frame(0xf1, true, []byte("hello")), 1002},
	{"an unknown kind", frame(0x83, true, []byte("x")), 1002},
	{"a ping of 200 bytes", frame(0x89, true, make([]byte, 200)), 1002},
	{"a ping in pieces", frame(0x09, true, []byte("x")), 1002},
	{"a piece of nothing", frame(0x80, true, []byte("x")), 1002},
	{"a message in a message", append(frame(0x01, true, []byte("a")), frame(0x81, true, []byte("b"))...), 1002},
	{"a goodbye with a code not for the wire", frame(0x88, true, []byte{0x03, 0xee}), 1002},
	{"a compressed bomb of 256 MB", frame(0xc1, true, zeros(256<<20)), 1002},
	{"text that is not UTF-8", frame(0x81, true, []byte("\xff\xfe\x80a")), 1007},
	{"text that is cut within a letter", append(frame(0x01, true, []byte("\xe2\x82")), frame(0x80, true, []byte("x"))...), 1007},
	{"a message of 1 MB", frame(0x81, true, make([]byte, 1<<20)), 1009},
	{"a size that is a lie", []byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 1009},
	{"a message of 10 pieces, too long together", append(frame(0x01, true, make([]byte, 500)), bytes.Repeat(frame(0x00, true, make([]byte, 500)), 10)...), 1009},
	{"a flood of pings", bytes.Repeat(frame(0x89, true, []byte("p")), 5000), 1008},
	{"a flood of messages", bytes.Repeat(frame(0x81, true, []byte("{}")), 5000), 1008},
	{"a flood of empty pieces", append(frame(0x01, true, nil), bytes.Repeat(frame(0x00, true, nil), 50_000)...), 1008},
}

// upgrade asks for a socket by hand; status says what was answered. origin "": none.
func (s *server) upgrade(ctx context.Context, host, origin string) (conn *net.TCPConn, r *bufio.Reader, status int, err error) {
	if conn, err = s.dial(ctx); err != nil {
		return nil, nil, 0, err
	}
	ask := "GET /live?board=home HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: " + browser + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
	if origin != "" {
		ask += "Origin: " + origin + "\r\n"
	}
	if _, err = io.WriteString(conn, ask+"\r\n"); err != nil {
		return nil, nil, 0, errors.Join(err, conn.Close())
	}
	r = bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, nil, 0, errors.Join(err, conn.Close())
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSwitchingProtocols {
		_ = conn.Close()
	} else if res.Header.Get("Sec-WebSocket-Extensions") != "" {
		err = errors.New("the server would compress")
	}
	return conn, r, res.StatusCode, err
}

// ending reads to the end, and returns the close code; 0 when there is none.
func ending(conn net.Conn, r *bufio.Reader, most time.Duration) (code int, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(most)); err != nil {
		return 0, err
	}
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
				return 0, errors.New("it is still open")
			}
			return 0, nil
		}
		size := int64(head[1] & 0x7f)
		if size == 126 {
			var long uint16
			if err := binary.Read(r, binary.BigEndian, &long); err != nil {
				return 0, err
			}
			size = int64(long)
		}
		body, err := io.ReadAll(io.LimitReader(r, size))
		if err != nil {
			return 0, err
		}
		if head[0]&0x0f == 8 && len(body) >= 2 {
			return int(binary.BigEndian.Uint16(body)), nil
		}
	}
}

// sockets has an ordinary reader listen while everything else is tried.
func sockets(ctx context.Context, s *server) error {
	listening := websocket.Dialer{NetDialContext: dialer.DialContext}
	witness, res, err := listening.DialContext(ctx, "ws://"+s.host+"/api/v1/live?board=home", http.Header{"Origin": {"http://" + s.host}})
	if err != nil {
		return fmt.Errorf("control: there is no socket: %w", err)
	}
	_ = res.Body.Close()
	defer func() { _ = witness.Close() }()
	const last = "the witness hears of this"
	heard := make(chan error, 1)
	go func() {
		for {
			_, frame, err := witness.ReadMessage()
			if err != nil || bytes.Contains(frame, []byte(last)) {
				heard <- err
				return
			}
		}
	}()
	var all []error
	for _, try := range []func(context.Context, *server) error{origins, misbehave, absent, crowd} {
		all = append(all, try(ctx, s))
	}
	if _, a, err := s.publish(ctx, newPost, map[string]string{"body": last}); err != nil || a.status != http.StatusCreated {
		return fmt.Errorf("control: a post is answered %d: %w", a.status, err)
	}
	select {
	case err = <-heard:
	case <-time.After(5 * time.Second):
		err = errors.New("nothing is heard any more")
	}
	if err != nil {
		all = append(all, fmt.Errorf("an ordinary reader was lost: %w", err))
	}
	return errors.Join(all...)
}

// origins asks for sockets in other sites' names.
func origins(ctx context.Context, s *server) error {
	var all []error
	tries := map[[2]string]int{
		{s.host, "http://" + s.host}: 101, {s.host, ""}: 403, {s.host, "null"}: 403, {s.host, "https://evil.example"}: 403,
		{s.host, "http://" + s.host + ".evil.example"}: 403, {s.host, "http://evil.example?" + s.host}: 403, {s.host, "http://EVIL@" + s.host}: 403,
		{"rebind.example", "http://rebind.example"}: 421, {"rebind.example", "http://" + s.host}: 421,
	}
	for try, want := range tries {
		conn, _, status, err := s.upgrade(ctx, try[0], try[1])
		if conn != nil {
			_ = conn.Close()
		}
		if err != nil || status != want {
			all = append(all, fmt.Errorf("host %s, origin %q: %d instead of %d, %w", try[0], try[1], status, want, err))
		}
	}
	say("%d origins and names, of which one may listen: %d wrong", len(tries), len(all))
	return errors.Join(all...)
}

// misbehave does each misdeed on a socket of its own.
func misbehave(ctx context.Context, s *server) error {
	var all []error
	slowest := time.Duration(0)
	for _, m := range misdeeds {
		conn, r, status, err := s.upgrade(ctx, s.host, "http://"+s.host)
		if err != nil || status != http.StatusSwitchingProtocols {
			return fmt.Errorf("%s: no socket: %d, %w", m.name, status, err)
		}
		began := time.Now()
		go func() { _, _ = conn.Write(m.send) }() // who was shown the door does not take all of it
		code, err := ending(conn, r, 10*time.Second)
		slowest = max(slowest, time.Since(began))
		if err != nil || code != m.code {
			all = append(all, fmt.Errorf("%s: ended with %d instead of %d, %w", m.name, code, m.code, err))
		}
		_ = conn.Close()
	}
	say("%d misdeeds, each ended with its code, the slowest in %s: %d wrong", len(misdeeds), slowest.Round(time.Millisecond), len(all))
	return errors.Join(all...)
}

// absent has readers who hang up half way, never answer a ping, and never read.
func absent(ctx context.Context, s *server) error {
	open := func() (*net.TCPConn, *bufio.Reader, error) {
		conn, r, status, err := s.upgrade(ctx, s.host, "http://"+s.host)
		if err == nil && status != http.StatusSwitchingProtocols {
			err = fmt.Errorf("no socket: %d", status)
		}
		return conn, r, err
	}
	half, halfReads, err := open()
	if err != nil {
		return err
	}
	deaf, deafReads, err := open()
	if err != nil {
		return err
	}
	stuck, _, err := open()
	if err != nil {
		return err
	}
	var all []error
	var mu sync.Mutex
	note := func(what string, began time.Time, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			all = append(all, fmt.Errorf("%s: %w", what, err))
			return
		}
		say("%s is let go after %.1f s", what, time.Since(began).Seconds())
	}
	var wait sync.WaitGroup
	began := time.Now()
	wait.Go(func() {
		_ = half.CloseWrite()
		_, err := ending(half, halfReads, 5*time.Second)
		note("who hangs up half way", began, err)
	})
	wait.Go(func() {
		_, err := ending(deaf, deafReads, 40*time.Second)
		note("who answers no ping", began, err)
	})
	wait.Go(func() { note("who never reads", began, s.neverReads(ctx, stuck)) })
	wait.Wait()
	for _, conn := range []net.Conn{half, deaf, stuck} {
		_ = conn.Close()
	}
	return errors.Join(all...)
}

// neverReads has a reader whose window is small not read while much is published. What is
// sent to a connection that is gone fails.
func (s *server) neverReads(ctx context.Context, conn *net.TCPConn) error {
	if err := conn.SetReadBuffer(1 << 10); err != nil {
		return err
	}
	long := strings.Repeat("a long text that stands in every frame. ", 240)
	for i, until := 0, time.Now().Add(40*time.Second); time.Now().Before(until); i++ {
		if i < 1000 {
			if _, a, err := s.publish(ctx, newPost, map[string]string{"body": fmt.Sprintf("%d %s", i, long)}); err != nil || a.status != http.StatusCreated {
				return fmt.Errorf("a post is answered %d: %w", a.status, err)
			}
		} else {
			time.Sleep(300 * time.Millisecond)
		}
		if i%250 == 249 || i >= 1000 {
			if _, err := conn.Write(frame(0x8a, true, nil)); err != nil {
				return nil //nolint:nilerr // that is what should be
			}
		}
	}
	return errors.New("nobody noticed")
}

// crowd opens more sockets than an address may hold.
func crowd(ctx context.Context, s *server) error {
	const tries = 5 * socketsEach
	opened, told := 0, 0
	for range tries {
		conn, _, status, err := s.upgrade(ctx, s.host, "http://"+s.host)
		switch {
		case err != nil:
			return err
		case status == http.StatusSwitchingProtocols:
			opened++
			defer func() { _ = conn.Close() }()
		case status == http.StatusTooManyRequests:
			told++
		}
	}
	say("%d sockets of one address: %d open, %d told to wait", tries, opened, told)
	if opened > socketsEach || opened < socketsEach/2 || opened+told != tries {
		return fmt.Errorf("an address may hold %d", socketsEach)
	}
	return nil
}
