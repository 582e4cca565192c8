package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// beside runs something beside f, and stops it when f is done.
func beside(ctx context.Context, f func(ctx context.Context) error, others ...func(ctx context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	failed := make([]error, len(others))
	var all sync.WaitGroup
	for i, other := range others {
		all.Go(func() { failed[i] = other(ctx) })
	}
	err := f(ctx)
	stop()
	all.Wait()
	return errors.Join(append(failed, err)...)
}

// search looks for everything that must not be there, and counts the files that it saw
// though no folder names them.
func search(t *town, w *watcher, s *server) error {
	texts, ended := t.texts(), w.keysOfEnded()
	found, err := texts.scan(s.at.all()...)
	if err != nil {
		return err
	}
	for _, n := range []*needles{texts, ended} {
		if _, err := n.scanUnnamed(s.Pid(), found); err != nil {
			return err
		}
	}
	keysFound, err := ended.scan(s.at.all()...)
	if err != nil {
		return err
	}
	return errors.Join(report("texts and pictures", found), report("keys of what has ended", keysFound))
}

// controlled plants what was looked for in a file of another folder, and wants all of it
// found there; and the keys of the living in their own.
func controlled(h *lab, t *town, w *watcher, at place) error {
	folder := filepath.Join(h.Dir, "control")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var plain []byte
	t.mu.Lock()
	want := len(t.markers)
	for _, mark := range t.markers {
		plain = append(append(plain, mark...), "~~"...)
	}
	for _, b := range t.beings {
		for _, p := range b.pictures {
			want++
			plain = append(plain, p...)
		}
	}
	t.mu.Unlock()
	if err := os.WriteFile(filepath.Join(folder, "plain"), plain, 0o600); err != nil {
		return err
	}
	found, err := t.texts().scan(folder)
	if err != nil {
		return err
	}
	living := newNeedles()
	w.mu.Lock()
	for _, key := range w.keys {
		living.add(key, key)
	}
	keys := len(w.keys)
	w.mu.Unlock()
	inKeys, err := living.scan(at.keys)
	if err != nil {
		return err
	}
	inData, err := living.scan(at.data, at.temp, at.log)
	if err != nil {
		return err
	}
	fmt.Printf("  control: of %d texts and pictures in a plain copy %d are found, of %d keys of the living in their file %d\n", want, len(found["plain"]), keys, len(inKeys["posts.keys"]))
	if len(found["plain"]) != want || keys > 20 && len(inKeys["posts.keys"]) < keys/4 {
		return errors.New("control: the search does not find what is there")
	}
	return report("keys of the living outside their folder", inData)
}

// tempFiles watches the folder of temporary files until ctx is over, and says what was
// ever in it, or open without a name.
func tempFiles(s *server, seen map[string]bool) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			entries, err := os.ReadDir(s.at.temp)
			if err != nil {
				return err
			}
			for _, e := range entries {
				seen[e.Name()] = true
			}
			nothing := map[string][]string{}
			if n, err := newNeedles().scanUnnamed(s.Pid(), nothing); err == nil && n > 0 {
				seen["a file without a name"] = true
			}
		}
	}
}

func churn(ctx context.Context, h *lab, p plan) error {
	at, err := placeIn(filepath.Join(h.Dir, "churn"))
	if err != nil {
		return err
	}
	s, err := h.start(h.Program, at)
	if err != nil {
		return err
	}
	t, w := newTown(), newWatcher(at)
	temp, looks := map[string]bool{}, 0
	err = beside(ctx, func(ctx context.Context) error {
		for end := time.Now().Add(p.churn); time.Now().Before(end) && ctx.Err() == nil; {
			if err := pause(ctx, p.churn/20); err != nil {
				return err
			}
			looks++
			if err := search(t, w, s); err != nil {
				return fmt.Errorf("look %d: %w", looks, err)
			}
		}
		return nil
	}, w.watch, tempFiles(s, temp), func(ctx context.Context) error {
		t.play(ctx, s, 40)
		return nil
	})
	if err == nil {
		err = search(t, w, s)
	}
	fmt.Printf("  %s; %d looks\n", t.said(), looks)
	fmt.Printf("  temporary files seen: %d; keys of ended posts and replies looked for: %d\n", len(temp), len(w.ended))
	if len(temp) > 0 {
		err = errors.Join(err, fmt.Errorf("temporary files: %v", temp))
	}
	return errors.Join(err, controlled(h, t, w, at), s.stop())
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func kill(ctx context.Context, h *lab, p plan) error {
	at, err := placeIn(filepath.Join(h.Dir, "kill"))
	if err != nil {
		return err
	}
	t, w := newTown(), newWatcher(at)
	var sum verdict
	var ups times
	for round := 1; ; round++ {
		began := time.Now()
		s, err := h.start(h.Program, at)
		if err != nil {
			return fmt.Errorf("after kill %d: %w", round-1, err)
		}
		ups = append(ups, time.Since(began))
		if err := w.glance(); err != nil {
			return err
		}
		if err := search(t, w, s); err != nil { // stricter than 5 s after: at once
			return fmt.Errorf("after kill %d: %w", round-1, err)
		}
		v, err := t.check(ctx, s, 20)
		if err != nil {
			return err
		}
		sum.lost, sum.raised, sum.living, sum.gone = sum.lost+v.lost, sum.raised+v.raised, sum.living+v.living, sum.gone+v.gone
		if round > p.kills {
			err = errors.Join(controlled(h, t, w, at), s.stop())
			fmt.Printf("  %d kills; %s\n", p.kills, t.said())
			fmt.Printf("  asked after the living %d times: %d lost; after what has ended %d times: %d raised; markers and keys of the ended on the disk when it was up: 0\n", sum.living, sum.lost, sum.gone, sum.raised)
			fmt.Printf("  up again after %s\n", ups)
			if sum.lost+sum.raised > 0 {
				err = errors.Join(err, errors.New("some were lost or raised"))
			}
			return errors.Join(err, integrity(ctx, at))
		}
		load, stop := context.WithTimeout(ctx, time.Duration(300+13*(round%40))*time.Millisecond)
		done := make(chan struct{})
		go func() {
			t.play(load, s, 250)
			close(done)
		}()
		<-load.Done()
		err = w.glance()
		s.Kill()
		if err != nil {
			stop()
			return err
		}
		<-done
		stop()
		t.forget()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// glance notes the keys that are on the disk, and which have gone.
func (w *watcher) glance() error {
	onDisk, err := keysIn(w.at.slots())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for s, key := range w.keys {
		if _, still := onDisk[s]; !still {
			w.ended[key] = true
			delete(w.keys, s)
		}
	}
	maps.Copy(w.keys, onDisk)
	return nil
}

func integrity(ctx context.Context, at place) error {
	db, err := openBeside(at)
	if err != nil {
		return err
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("integrity_check: %s, %w", verdict, err)
	}
	return nil
}

func timed(ctx context.Context, h *lab, p plan) error {
	at, err := placeIn(filepath.Join(h.Dir, "time"))
	if err != nil {
		return err
	}
	return h.timeEndings(ctx, at, p.timed, p.rate)
}

// timeEndings lets lives come and go, beside others, and times their ends.
func (h *lab) timeEndings(ctx context.Context, at place, long time.Duration, rate int, others ...func(s *server) func(context.Context) error) error {
	s, err := h.start(h.Program, at)
	if err != nil {
		return err
	}
	t, w := newTown(), newWatcher(at)
	t.byHand, t.bodies, t.noPics = w.endedByHand, 8, true
	all := []func(context.Context) error{w.watch}
	for _, o := range others {
		all = append(all, o(s))
	}
	err = beside(ctx, func(ctx context.Context) error {
		ctx, stop := context.WithTimeout(ctx, long)
		defer stop()
		t.play(ctx, s, rate)
		return pause(context.WithoutCancel(ctx), 3*time.Second)
	}, all...)
	fmt.Printf("  %s in %s\n", t.said(), long)
	return errors.Join(err, w.judge(), search(t, w, s), s.stop())
}

// readers take pages at 1 KB a second, and another program runs VACUUM now and then.
func readers(ctx context.Context, h *lab, p plan) error {
	at, err := placeIn(filepath.Join(h.Dir, "readers"))
	if err != nil {
		return err
	}
	temp, taken, vacuums := map[string]bool{}, 0, 0
	var mu sync.Mutex
	slow := func(s *server) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			n := takeSlowly(ctx, s)
			mu.Lock()
			defer mu.Unlock()
			taken += n
			return nil
		}
	}
	others := []func(*server) func(context.Context) error{
		func(s *server) func(context.Context) error { return tempFiles(s, temp) },
		func(s *server) func(context.Context) error {
			return func(ctx context.Context) error {
				n, err := vacuum(ctx, s.at)
				vacuums = n
				return err
			}
		},
	}
	for range 30 {
		others = append(others, slow)
	}
	err = h.timeEndings(ctx, at, p.slow, 60, others...)
	fmt.Printf("  30 slow readers took %d KB; VACUUM ran %d times; temporary files seen: %d\n", taken>>10, vacuums, len(temp))
	if taken == 0 || vacuums == 0 {
		err = errors.Join(err, errors.New("control: nobody read, or no VACUUM ran"))
	}
	if len(temp) > 0 {
		err = errors.Join(err, fmt.Errorf("temporary files: %v", temp))
	}
	return err
}

// takeSlowly reads the board's page at 1 KB a second, and begins anew when it is cut off.
func takeSlowly(ctx context.Context, s *server) (taken int) {
	piece := make([]byte, 1024)
	for ctx.Err() == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.URL[len("http://"):])
		if err != nil {
			return taken
		}
		_ = conn.(*net.TCPConn).SetReadBuffer(2048)
		fmt.Fprintf(conn, "GET /?sort=new HTTP/1.1\r\nHost: %s\r\n\r\n", s.URL[len("http://"):])
		for pause(ctx, time.Second) == nil {
			n, err := conn.Read(piece)
			taken += n
			if err != nil {
				break
			}
		}
		_ = conn.Close()
	}
	return taken
}

// vacuum does what a host may do beside the server.
func vacuum(ctx context.Context, at place) (times int, err error) {
	db, err := openWritable(at)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	for pause(ctx, 3*time.Second) == nil {
		if _, err := db.ExecContext(context.WithoutCancel(ctx), "VACUUM"); err == nil {
			times++
		}
	}
	return times, nil
}

// found asks a server for a post.
func (s *server) found(ctx context.Context, b *being) bool {
	status, _ := s.send(ctx, &person{}, http.MethodGet, "/posts/"+b.id, "", nil)
	return status == http.StatusOK
}

// copies: a snapshot of data beside the keys of another time.
func copies(ctx context.Context, h *lab, _ plan) error {
	at, err := placeIn(filepath.Join(h.Dir, "copy"))
	if err != nil {
		return err
	}
	s, err := h.start(h.Program, at)
	if err != nil {
		return err
	}
	t, w := newTown(), newWatcher(at)
	var by []*being
	for range 40 {
		by = append(by, t.post(ctx, s, time.Hour))
	}
	for range 40 {
		t.reply(ctx, s)
	}
	stays := t.post(ctx, s, time.Hour)
	byTime := t.post(ctx, s, 4*time.Second)
	if stays == nil || byTime == nil || by[0] == nil {
		return fmt.Errorf("control: posts were refused: %s", t.said())
	}
	if err := w.glance(); err != nil {
		return err
	}
	then := filepath.Join(h.Dir, "copy-then") // data and keys of while they lived
	if err := errors.Join(os.CopyFS(filepath.Join(then, "data"), os.DirFS(at.data)), os.CopyFS(filepath.Join(then, "data.keys"), os.DirFS(at.keys))); err != nil {
		return err
	}
	for _, b := range by {
		if b == nil || !t.finish(ctx, s, b) {
			return errors.New("control: a post could not be ended")
		}
	}
	if err := pause(ctx, time.Until(byTime.latest.Add(keyBound))); err != nil {
		return err
	}
	if err := errors.Join(s.stop(), w.glance()); err != nil {
		return err
	}
	mixed := filepath.Join(h.Dir, "copy-mixed") // data of then, keys of now
	if err := errors.Join(os.CopyFS(filepath.Join(mixed, "data"), os.DirFS(filepath.Join(then, "data"))), os.CopyFS(filepath.Join(mixed, "data.keys"), os.DirFS(at.keys))); err != nil {
		return err
	}
	read := func(dir string) (ended int, living bool, err error) {
		place, err := placeIn(dir)
		if err != nil {
			return 0, false, err
		}
		s, err := h.start(h.Program, place)
		if err != nil {
			return 0, false, err
		}
		for _, b := range append([]*being{byTime}, by...) {
			if s.found(ctx, b) {
				ended++
			}
		}
		living = s.found(ctx, stays)
		return ended, living, errors.Join(search(t, w, s), s.stop())
	}
	// What has ended by now, the keys of now do not open; of then they do.
	ended, living, err := read(mixed)
	if err != nil {
		return err
	}
	w.ended = map[string]bool{} // in the copy of then they are, of course
	control, _, err := read(then)
	fmt.Printf("  of %d posts that have ended, read with the keys of now: %d; with those of then: %d; one that lives: %v\n", len(by)+1, ended, control, living)
	if ended > 0 || !living || control < len(by) {
		err = errors.Join(err, errors.New("a copy shows what it should not, or the control shows nothing"))
	}
	return err
}
