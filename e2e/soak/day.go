package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"mayfly/e2e/house"
)

// warm is how many of the looks, one in so many, see the server warm up.
const warm = 3

// growth is how many bytes of memory over the looks are nothing yet.
const growth = 8 << 20

// day has people come and go, and looks.
func day(ctx context.Context, r *run) error {
	s, err := r.start(0)
	if err != nil {
		return err
	}
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	living, cancel := context.WithTimeout(ctx, r.plan.long)
	defer cancel()
	c := &crowd{server: s}
	var all sync.WaitGroup
	all.Go(func() { c.write(living, r.plan.posts) })
	for i := range r.plan.readers {
		all.Go(func() { c.read(living, i) })
	}
	all.Go(func() { c.govern(living, r.plan.long/time.Duration(r.plan.looks)) })
	looks, err := r.watch(living, s)
	cancel()
	all.Wait()
	if err != nil {
		return err
	}
	r.say("%d posts (%d pictures), %d replies, %d votes, %d ended by hand, %d openings, %d sockets, %d changes by admins; %d refusals, %d failures",
		c.posts.Load(), c.pictures.Load(), c.replies.Load(), c.votes.Load(), c.ends.Load(), c.openings.Load(), c.sockets.Load(), c.changes.Load(), c.refused.Load(), c.failed.Load())
	for _, n := range []*atomic.Int64{&c.posts, &c.pictures, &c.replies, &c.votes, &c.ends, &c.openings, &c.sockets, &c.changes} {
		if n.Load() == 0 {
			return errors.New("something that people do all day never succeeded")
		}
	}
	return errors.Join(r.judge(looks), r.emptied(ctx, s, before), s.stop())
}

// crowd is everybody who comes by.
type crowd struct {
	server *server

	posts, pictures, replies, votes, ends, openings, sockets, changes, refused, failed atomic.Int64
}

func (c *crowd) note(n *atomic.Int64, status int, err error) {
	switch {
	case err == nil && status < 300:
		n.Add(1)
	case err == nil:
		c.refused.Add(1)
	case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled):
		c.failed.Add(1)
	}
}

// write publishes at a pace, and reacts to what was published a moment ago.
func (c *crowd) write(ctx context.Context, pace int) {
	tick := time.NewTicker(time.Second / time.Duration(pace))
	defer tick.Stop()
	picture := drawPicture()
	recent := make(chan post, 64)
	var all sync.WaitGroup
	defer all.Wait()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		draft := map[string]any{"body": words(n), "ttl": fmt.Sprintf("%ds", 2+lots.IntN(20))}
		var with []byte
		switch {
		case n%20 == 7:
			with = picture
			draft["alt"] = mark + " is what it shows"
		case n%10 == 3:
			draft["readers"] = 1
		}
		said := words(n + 1_000_000)
		all.Go(func() {
			p, err := c.server.publish(ctx, n, draft, with)
			if refusal, ok := errors.AsType[refusedError](err); ok {
				c.note(&c.posts, refusal.status, nil)
				return
			}
			c.note(&c.posts, http.StatusCreated, err)
			if err != nil {
				return
			}
			if with != nil {
				c.pictures.Add(1)
			}
			if draft["readers"] != nil {
				status, _, err := c.server.call(ctx, http.MethodPost, "/posts/"+p.id+"/open", struct{}{}, nil)
				c.note(&c.openings, status, err)
				return
			}
			select {
			case recent <- p:
			default:
				c.react(ctx, n, <-recent, said)
			}
		})
	}
}

// react votes for, answers or ends a post; it may have ended by itself.
func (c *crowd) react(ctx context.Context, n int, p post, said string) {
	switch n % 4 {
	case 0:
		status, _, err := c.server.call(ctx, http.MethodPost, "/posts/"+p.id+"/replies", map[string]string{"body": said}, nil)
		c.note(&c.replies, status, err)
	case 1:
		status, _, err := c.server.call(ctx, http.MethodDelete, "/posts/"+p.id, nil, http.Header{"Authorization": {"Bearer " + p.key}})
		c.note(&c.ends, status, err)
	default:
		from := http.Header{"X-Forwarded-For": {fmt.Sprintf("198.18.%d.%d", n/250%250, 1+n%250)}}
		status, _, err := c.server.call(ctx, http.MethodPut, "/posts/"+p.id+"/vote", map[string]string{"vote": []string{"heart", "down"}[n/4%2]}, from)
		c.note(&c.votes, status, err)
	}
}

// read is somebody who opens the board, listens for a while, and leaves.
func (c *crowd) read(ctx context.Context, seat int) {
	for n := 0; ctx.Err() == nil; n++ {
		status, _, err := c.server.ask(ctx, c.server.client, http.MethodGet, c.server.URL+"/", "", nil, nil)
		if err != nil || status != http.StatusOK {
			c.note(&c.failed, status, err)
		}
		conn, err := c.server.listen(ctx)
		c.note(&c.sockets, http.StatusOK, err)
		if err != nil {
			continue
		}
		stays := time.Duration(3+(seat*7+n*5)%25) * time.Second
		leave := context.AfterFunc(ctx, func() { _ = conn.Close() })
		_ = conn.SetReadDeadline(time.Now().Add(stays))
		for err == nil {
			_, _, err = conn.ReadMessage()
		}
		leave()
		_ = conn.Close()
	}
}

// govern changes settings beside the server.
func (c *crowd) govern(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		set := []string{"life_per_heart=5s", "life_per_heart=2s", "post_chars=900", "post_chars=1000"}[n%4]
		cmd := exec.CommandContext(ctx, c.server.run.house.Program, "settings", "set", set, "--data", c.server.run.data()) //nolint:gosec // built a moment ago
		if err := cmd.Run(); err == nil {
			c.changes.Add(1)
		} else if ctx.Err() == nil {
			c.failed.Add(1)
		}
	}
}

// sight is one look.
type sight struct {
	vitals
	markers int
}

func (r *run) watch(ctx context.Context, s *server) (list []sight, err error) {
	tick := time.NewTicker(r.plan.long / time.Duration(r.plan.looks+1))
	defer tick.Stop()
	fmt.Printf("  %6s %7s %7s %9s %6s %6s %7s %7s %7s %7s\n", "look", "RSS MiB", "heap", "goroutine", "fds", "socket", "db KiB", "wal", "living", "markers")
	for n := 1; n <= r.plan.looks; n++ {
		select {
		case <-ctx.Done():
			return list, nil
		case <-s.Ended:
			return list, fmt.Errorf("the server ended: %w\n%s", s.Err, s.Log)
		case <-tick.C:
		}
		v, err := s.look(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return list, err
		}
		found, err := r.markers(s.Log)
		if err != nil {
			return list, err
		}
		list = append(list, sight{v, found})
		if n%max(1, r.plan.looks/15) == 0 || found > 0 {
			fmt.Printf("  %6d %7.1f %7.1f %9d %6d %6d %7d %7d %7d %7d\n", n, mib(v.resident), mib(v.heap), v.goroutines, v.fds, v.sockets, v.data>>10, v.journal>>10, v.keys, found)
		}
	}
	<-ctx.Done()
	return list, nil
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// judge compares what was seen.
func (r *run) judge(looks []sight) (failed error) {
	if len(looks) < 9 {
		return errors.New("too few looks to judge by: make the day longer")
	}
	found := 0
	for _, l := range looks {
		found += l.markers
	}
	r.say("markers in files: %d in %d looks", found, len(looks))
	if found > 0 {
		failed = errors.Join(failed, errors.New("words were on the disk"))
	}
	steady := looks[len(looks)/warm:]
	for _, m := range []struct {
		name string
		of   func(sight) int64
		most int64 // growth that is nothing yet
	}{
		{"heap", func(l sight) int64 { return l.heap }, growth},
		{"resident memory", func(l sight) int64 { return l.resident }, growth},
		{"goroutines", func(l sight) int64 { return l.goroutines }, int64(r.plan.readers)},
		{"descriptors", func(l sight) int64 { return l.fds }, int64(r.plan.readers)},
		{"database", func(l sight) int64 { return l.data }, growth},
		{"slots of keys", func(l sight) int64 { return l.keyFile }, growth},
	} {
		var values []float64
		for _, l := range steady {
			values = append(values, float64(m.of(l)))
		}
		slope, noise := trend(values)
		over := float64(len(values) - 1)
		r.say("%-16s %+.4g over the last %d looks, noise %.4g", m.name, slope*over, len(values), noise*over)
		if slope > noise && slope*over > float64(m.most) {
			failed = errors.Join(failed, fmt.Errorf("%s grows by %.4g over the looks, above its noise of %.4g", m.name, slope*over, noise*over))
		}
	}
	for _, l := range looks {
		if l.journal > 64<<20 {
			return errors.Join(failed, fmt.Errorf("the journal had %d MiB", l.journal>>20))
		}
	}
	return failed
}

// trend is the slope of the least squares, a look, and its noise: twice the slope's
// standard error, widened where a look is like the one before it.
func trend(y []float64) (slope, noise float64) {
	n := float64(len(y))
	var sx, sy, sxx, sxy float64
	for i, v := range y {
		x := float64(i)
		sx, sy, sxx, sxy = sx+x, sy+v, sxx+x*x, sxy+x*v
	}
	spread := sxx - sx*sx/n
	slope = (sxy - sx*sy/n) / spread
	var squares, beside, last float64
	for i, v := range y {
		left := v - sy/n - slope*(float64(i)-sx/n)
		squares, beside = squares+left*left, beside+left*last
		last = left
	}
	if squares == 0 {
		return slope, 0
	}
	alike := min(max(beside/squares, 0), 0.9)
	return slope, 2 * math.Sqrt(squares/(n-2)/spread) * math.Sqrt((1+alike)/(1-alike))
}

// emptied waits until all has ended, and compares with the beginning.
func (r *run) emptied(ctx context.Context, s *server, before vitals) error {
	s.client.CloseIdleConnections()
	var after vitals
	gone := until(ctx, time.Minute, func() bool {
		var err error
		after, err = s.look(ctx)
		return err == nil && after.keys == 0 && after.sockets == 0 && after.goroutines <= before.goroutines+10
	})
	slots, err := r.slots()
	if err != nil {
		return err
	}
	r.say("at the end: %d keys, %d slots on the disk, %d goroutines (%d at the start), %d descriptors (%d)", after.keys, slots, after.goroutines, before.goroutines, after.fds, before.fds)
	if !gone || slots > 0 || after.fds > before.fds+10 {
		return errors.New("something was left behind")
	}
	return nil
}

// forms are how a marker might stand in a file.
func forms() (list [][]byte) {
	list = [][]byte{[]byte(mark), []byte(hex.EncodeToString([]byte(mark)))}
	for shift := range 3 { // bytes before it in its group of three; the outermost letters hang on its neighbours
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), mark...))
		list = append(list, []byte(text[4:len(text)-4]))
	}
	return list
}

// markers counts words in whatever is on the disk: what is boxed has none, whether it
// lives or has ended.
func (r *run) markers(log *house.Notes) (n int, err error) {
	for _, f := range forms() {
		n += bytes.Count([]byte(log.String()), f)
	}
	err = filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone meanwhile
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // a folder of our own
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		for _, f := range forms() {
			n += bytes.Count(content, f)
		}
		return err
	})
	return n, err
}
