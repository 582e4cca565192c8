package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// slowest is how long another client may wait while the server is under attack.
const slowest = 250 * time.Millisecond

// probe loads the board's page at a pace for a while, and says how long 99 of 100 took.
func (s *server) probe(ctx context.Context, long time.Duration) (p99 time.Duration, err error) {
	var took []time.Duration
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(long); time.Now().Before(end); {
		<-tick.C
		began := time.Now()
		status, _, err := s.ask(ctx, s.client, http.MethodGet, s.URL+"/", "", nil, nil)
		if err != nil || status != http.StatusOK {
			return 0, fmt.Errorf("a page was not answered: status %d, %w", status, err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)*99/100], nil
}

func (s *server) address() string { return strings.TrimPrefix(s.URL, "http://") }

// slowloris holds connections that never finish their headers, and comes back when
// they are shut.
func slowloris(ctx context.Context, r *run) error {
	s, err := r.start(0)
	if err != nil {
		return err
	}
	quiet, err := s.probe(ctx, 3*time.Second)
	if err != nil {
		return err
	}
	attack, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	var held, shut atomic.Int64
	for range r.plan.slow {
		all.Go(func() {
			for attack.Err() == nil {
				s.dribble(attack, &held, &shut)
			}
		})
	}
	until(ctx, 10*time.Second, func() bool { return held.Load() >= int64(r.plan.slow)*9/10 })
	under, err := s.probe(ctx, 10*time.Second)
	r.say("%d slow peers, shut %d times: another client's p99 %s, %s without them", r.plan.slow, shut.Load(), under.Round(time.Millisecond/10), quiet.Round(time.Millisecond/10))
	cancel()
	all.Wait()
	switch {
	case err != nil:
		return err
	case under > slowest:
		return fmt.Errorf("another client waits %s, more than %s", under, slowest)
	case shut.Load() < int64(r.plan.slow):
		return errors.New("slow peers are not shut")
	}
	return s.stop()
}

// dribble sends a header a byte at a time, until it is shut.
func (s *server) dribble(ctx context.Context, held, shut *atomic.Int64) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.address())
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	held.Add(1)
	defer held.Add(-1)
	if _, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ")); err != nil {
		return
	}
	for began := time.Now(); err == nil && ctx.Err() == nil; {
		if time.Since(began) > 20*time.Second {
			return // it was not shut
		}
		_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if _, read := conn.Read(make([]byte, 512)); read != nil && !errors.Is(read, os.ErrDeadlineExceeded) {
			if ctx.Err() == nil {
				shut.Add(1)
			}
			return
		}
		_, err = conn.Write([]byte("a"))
	}
	if ctx.Err() == nil {
		shut.Add(1)
	}
}

// idleSockets opens many that do nothing.
func idleSockets(ctx context.Context, r *run) error {
	s, err := r.start(0)
	if err != nil {
		return err
	}
	before := s.Resident()
	heard := make(chan time.Time, r.plan.sockets)
	var conns []*websocket.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for range r.plan.sockets {
		conn, err := s.listen(ctx)
		if err != nil {
			return fmt.Errorf("socket %d: %w", len(conns)+1, err)
		}
		conns = append(conns, conn)
		go func() {
			for {
				_, frame, err := conn.ReadMessage()
				if err != nil {
					return
				}
				if strings.Contains(string(frame), mark) {
					heard <- time.Now()
				}
			}
		}()
	}
	resident := s.Resident()
	r.say("%d idle sockets: %.0f MiB, %.1f kB each (%.0f MiB before)", len(conns), mib(resident), float64(resident-before)/1000/float64(len(conns)), mib(before))
	p99, err := s.probe(ctx, 5*time.Second)
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := s.publish(ctx, 1, map[string]any{"body": words(1)}, nil); err != nil {
		return err
	}
	var took []time.Duration
	for range conns {
		select {
		case at := <-heard:
			took = append(took, at.Sub(began))
		case <-time.After(10 * time.Second):
			return fmt.Errorf("only %d of %d heard of a post", len(took), len(conns))
		}
	}
	slices.Sort(took)
	all := took[len(took)*99/100]
	r.say("a page meanwhile in %s (p99); all heard of a post, 99 of 100 within %s", p99.Round(time.Millisecond/10), all.Round(time.Millisecond))
	switch {
	case resident > 350<<20:
		return errors.New("that is more than 350 MiB")
	case p99 > slowest:
		return fmt.Errorf("a page waits longer than %s", slowest)
	case all > time.Second:
		return errors.New("a post takes longer than a second")
	}
	return s.silent()
}

// descriptors takes all that the server may have.
func descriptors(ctx context.Context, r *run) error {
	s, err := r.start(64)
	if err != nil {
		return err
	}
	p, err := s.publish(ctx, 1, map[string]any{"body": words(1), "ttl": "3s"}, nil)
	if err != nil {
		return err
	}
	s.client.CloseIdleConnections()
	var conns []net.Conn
	for range 500 {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.address())
		if err == nil {
			conns = append(conns, conn)
		}
	}
	ended := until(ctx, 8*time.Second, func() bool { n, err := r.slots(); return err == nil && n == 0 })
	for _, c := range conns {
		_ = c.Close()
	}
	began := time.Now()
	again := until(ctx, 10*time.Second, func() bool { return s.health(ctx) == http.StatusOK })
	r.say("64 descriptors, %d connections: a post ended meanwhile %v; well again %s after they left", len(conns), ended, time.Since(began).Round(time.Millisecond))
	if !again || time.Since(began) > 5*time.Second {
		return errors.New("deaf for more than five seconds")
	}
	if !ended || s.there(ctx, p.id) != http.StatusNotFound {
		return errors.New("a post did not end while there was no descriptor")
	}
	if _, err := s.publish(ctx, 2, map[string]any{"body": words(2)}, nil); err != nil {
		return err
	}
	return s.nameless()
}

// clocks has the saved board time stand before and behind the machine's.
func clocks(ctx context.Context, r *run) error {
	s, err := r.start(0)
	if err != nil {
		return err
	}
	short, err := s.publish(ctx, 1, map[string]any{"body": words(1), "ttl": "10m"}, nil)
	if err != nil {
		return err
	}
	long, err := s.publish(ctx, 2, map[string]any{"body": words(2), "ttl": "4h"}, nil)
	if err != nil {
		return err
	}
	revived, lost := 0, 0
	jumps := []time.Duration{time.Hour, -24 * time.Hour, 2 * time.Hour, -365 * 24 * time.Hour, 0, 3 * time.Hour, -time.Minute, time.Minute}
	for _, jump := range jumps {
		if err := s.stop(); err != nil {
			return err
		}
		if err := setClock(filepath.Join(r.keys(), "board.clock"), time.Now().Add(jump)); err != nil {
			return err
		}
		if s, err = r.start(0); err != nil {
			return err
		}
		if s.there(ctx, short.id) != http.StatusNotFound {
			revived++
		}
		if s.there(ctx, long.id) != http.StatusOK {
			lost++
		}
		if n, err := r.slots(); err != nil || n != 1 {
			return fmt.Errorf("%d keys on the disk, %w; want that of the post that lives", n, err)
		}
	}
	r.say("%d jumps of %v: %d revived, %d lost", len(jumps), jumps, revived, lost)
	if revived+lost > 0 {
		return errors.New("a clock that jumps ended or revived something")
	}
	return s.stop()
}

// setClock writes what the server saves of board time, so that it goes on from there.
func setClock(path string, at time.Time) error {
	record := make([]byte, 64)
	binary.LittleEndian.PutUint64(record, uint64(at.UnixMilli()))
	binary.LittleEndian.PutUint32(record[60:], crc32.ChecksumIEEE(record[:60]))
	return os.WriteFile(path, append(record, record...), 0o600)
}

// page is an open page that follows the rule of resync: what the socket tells counts
// from where its first frame says, and what came before is asked for.
type page struct {
	at uint64 // of the last frame

	mu    sync.Mutex
	shows map[string]bool
	told  map[string]int // births, by post
}

func (p *page) stay(ctx context.Context, now func() *server) {
	for ctx.Err() == nil {
		p.read(ctx, now())
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *page) read(ctx context.Context, s *server) {
	conn, err := s.listen(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var e struct {
			Type, ID string
			At       uint64 `json:",string"`
			Post     struct{ ID string }
		}
		if json.Unmarshal(text, &e) != nil {
			return
		}
		if e.Type == "hello" && e.At != p.at {
			list, err := s.ids(ctx)
			if err != nil {
				return
			}
			p.mu.Lock()
			p.shows = list
			p.mu.Unlock()
		}
		p.mu.Lock()
		p.at = e.At
		switch e.Type {
		case "born":
			p.shows[e.Post.ID] = true
			p.told[e.Post.ID]++
		case "died":
			delete(p.shows, e.ID)
		}
		p.mu.Unlock()
	}
}

// restarts stops and starts the server under readers and a writer.
func restarts(ctx context.Context, r *run) error {
	free, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := free.Addr().String()
	_ = free.Close()
	var now atomic.Pointer[server]
	s, err := r.start(0, "--addr", addr)
	if err != nil {
		return err
	}
	now.Store(s)
	open, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	pages := make([]*page, r.plan.readers)
	for i := range pages {
		pages[i] = &page{shows: map[string]bool{}, told: map[string]int{}}
		all.Go(func() { pages[i].stay(open, now.Load) })
	}
	writing, done := context.WithCancel(ctx)
	var written, unanswered atomic.Int64
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; writing.Err() == nil; n++ {
			if _, err := now.Load().publish(ctx, n, map[string]any{"body": words(n)}, nil); err == nil {
				written.Add(1)
			} else {
				unanswered.Add(1)
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	for range r.plan.starts {
		before := written.Load()
		back := until(ctx, 30*time.Second, func() bool {
			v, err := now.Load().look(ctx)
			return err == nil && int(v.sockets) == len(pages) && written.Load() >= before+10
		})
		if !back {
			done()
			writer.Wait()
			return errors.New("not all readers came back")
		}
		if err := now.Load().stop(); err != nil {
			done()
			writer.Wait()
			return err
		}
		if s, err = r.start(0, "--addr", addr); err != nil {
			done()
			writer.Wait()
			return err
		}
		now.Store(s)
	}
	done()
	writer.Wait()
	there, err := s.ids(ctx)
	if err != nil {
		return err
	}
	missed, extra, doubled := 0, 0, 0
	until(ctx, 30*time.Second, func() bool {
		missed, extra = 0, 0
		for _, p := range pages {
			m, e := p.differs(there)
			missed, extra = missed+m, extra+e
		}
		return missed+extra == 0
	})
	cancel()
	all.Wait()
	for _, p := range pages {
		for _, times := range p.told {
			doubled += times - 1
		}
	}
	r.say("%d restarts under %d readers, %d posts answered and %d not: %d missed, %d too many, %d told twice", r.plan.starts, len(pages), written.Load(), unanswered.Load(), missed, extra, doubled)
	if missed+extra+doubled > 0 || len(there) < int(written.Load()) {
		return fmt.Errorf("readers do not see the %d posts that are there, of %d answered, each once", len(there), written.Load())
	}
	return s.stop()
}

func (p *page) differs(there map[string]bool) (missed, extra int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range there {
		if !p.shows[id] {
			missed++
		}
	}
	for id := range p.shows {
		if !there[id] {
			extra++
		}
	}
	return missed, extra
}

// fullDisk fills a small disk of its own under the server, and makes room again.
func fullDisk(ctx context.Context, r *run) error {
	disk := filepath.Join(r.house.Dir, "disk-of-its-own")
	if err := os.MkdirAll(disk, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=24m"); err != nil {
		r.say("not tried: a disk of its own can't be mounted here (%v); run it as root", err)
		return nil
	}
	defer func() {
		r.house.Clear()
		_ = unix.Unmount(disk, 0)
	}()
	r.dir = disk
	s, err := r.start(0)
	if err != nil {
		return err
	}
	stays, err := s.publish(ctx, 1, map[string]any{"body": words(1)}, nil)
	if err != nil {
		return err
	}
	ends, err := s.publish(ctx, 2, map[string]any{"body": words(2), "ttl": "3s"}, nil)
	if err != nil {
		return err
	}
	filler := filepath.Join(disk, "filler")
	if err := fill(filler); err != nil {
		return err
	}
	var refusal error
	refused := until(ctx, 20*time.Second, func() bool {
		_, refusal = s.publish(ctx, 3, map[string]any{"body": words(3) + strings.Repeat(" more words", 80)}, nil)
		return refusedWith(refusal, http.StatusInsufficientStorage)
	})
	if !refused || !strings.Contains(refusal.Error(), "detail") {
		return fmt.Errorf("writing is not refused with a sentence: %w", refusal)
	}
	ended := until(ctx, 8*time.Second, func() bool {
		n, err := r.slots()
		return err == nil && s.there(ctx, ends.id) == http.StatusNotFound && n < 3
	})
	reads := s.there(ctx, stays.id)
	health := s.health(ctx)
	until(ctx, 12*time.Second, func() bool { // longer than the watchdog waits: a full disk is none of its business
		health = s.health(ctx)
		return health != http.StatusOK
	})
	r.say("full: writing answers 507, reading %d, health %d, a post ended %v", reads, health, ended)
	if reads != http.StatusOK || health != http.StatusOK || !ended {
		return errors.New("the full disk stopped more than writing")
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	began := time.Now()
	if !until(ctx, 10*time.Second, func() bool {
		_, err := s.publish(ctx, 4, map[string]any{"body": words(4)}, nil)
		return err == nil
	}) {
		return errors.New("with room again nothing can be written")
	}
	r.say("room again: written %s later", time.Since(began).Round(time.Millisecond))
	return s.nameless()
}

// fill writes until there is no room left.
func fill(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for n := 64 << 10; n > 0; {
		if _, err := f.Write(make([]byte, n)); errors.Is(err, unix.ENOSPC) {
			n /= 2
		} else if err != nil {
			return err
		}
	}
	return nil
}

// stuck holds the locks of the database's journal, as another program might: keys go all
// the same. Then the disk refuses every write.
func stuck(ctx context.Context, r *run) error {
	s, err := r.start(0)
	if err != nil {
		return err
	}
	if err := r.locked(ctx, s); err != nil {
		return err
	}
	p, err := s.publish(ctx, 2, map[string]any{"body": words(2), "ttl": "3s"}, nil)
	if err != nil {
		return err
	}
	letGo, err := refuseWrites(ctx, s)
	if err != nil {
		return err
	}
	defer letGo()
	began := time.Now()
	late := until(ctx, 20*time.Second, func() bool { return s.health(ctx) == http.StatusServiceUnavailable })
	lateAt := time.Since(began)
	select {
	case <-s.Ended:
	case <-time.After(30 * time.Second):
		return fmt.Errorf("it was not ended:\n%s", s.Log)
	}
	code := s.ExitCode()
	r.say("a disk that refuses: /healthz 503 after %s, ended with %d after %s (its post had 3 to 4 s of that)", lateAt.Round(time.Second/10), code, time.Since(began).Round(time.Second/10))
	if !late || code != 1 || !strings.Contains(s.Log.String(), "nothing was swept for ten seconds") {
		return fmt.Errorf("it did not say so before and when it ended:\n%s", s.Log)
	}
	if s, err = r.start(0); err != nil {
		return err
	}
	slots, err := r.slots() // the port has opened this moment
	if err != nil {
		return err
	}
	r.say("started anew: %d keys on the disk when the port opens", slots)
	if slots != 0 || s.there(ctx, p.id) != http.StatusNotFound {
		return errors.New("what had ended is still there")
	}
	return s.stop()
}

// locked has another program hold the journal's locks while a post ends.
func (r *run) locked(ctx context.Context, s *server) error {
	if _, err := s.publish(ctx, 1, map[string]any{"body": words(1), "ttl": "3s"}, nil); err != nil {
		return err
	}
	shm, err := os.OpenFile(filepath.Join(r.data(), "mayfly.db-shm"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer shm.Close()                                            // gives the locks back
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 120, Len: 8} // of writing, checkpoints, recovery and readers
	if !until(ctx, 2*time.Second, func() bool { return unix.FcntlFlock(shm.Fd(), unix.F_OFD_SETLK, &lock) == nil }) {
		return errors.New("the journal's locks can't be had")
	}
	began := time.Now()
	gone := until(ctx, 5*time.Second, func() bool { // two after its end
		slots, err := r.slots()
		return err == nil && slots == 0
	})
	r.say("the journal's locks held by another program: the key is off the disk after %s (its post had 3 s of that)", time.Since(began).Round(time.Second/10))
	if !gone || s.health(ctx) != http.StatusOK {
		return errors.New("a key stays while the journal is locked, or /healthz says so")
	}
	return nil
}

// refuseWrites has each write to the disk fail, by strace, until letGo. (Were they to hang, strace
// would keep the process that ends itself.)
func refuseWrites(ctx context.Context, s *server) (letGo func(), err error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, fmt.Errorf("a disk that refuses is made with strace: %w", err)
	}
	tracer := exec.CommandContext(ctx, strace, "-f", "-qq", "-p", strconv.Itoa(s.Pid()), "-o", "/dev/null", //nolint:gosec // found on the path
		"-e", "trace=pwrite64,fdatasync", "-e", "inject=pwrite64,fdatasync:error=EIO")
	if err := tracer.Start(); err != nil {
		return nil, err
	}
	letGo = func() {
		_ = tracer.Process.Kill()
		_ = tracer.Wait()
	}
	traced := func() bool {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
		return !strings.Contains(string(status), "TracerPid:\t0\n")
	}
	if !until(ctx, 5*time.Second, traced) {
		letGo()
		return nil, errors.New("strace may not watch the server")
	}
	return letGo, nil
}
