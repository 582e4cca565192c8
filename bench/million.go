package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

const (
	livingMany  = 1_000_000
	livingFew   = 1_000
	endTogether = 100_000          // of those that live among the many, in no order
	fillSize    = 300              // bytes of words
	calm        = 4 * time.Second  // how long reads and posts are measured before the sweep
	sweepRate   = 200              // reads a second, and posts, while rows are swept
	sweepLong   = 45 * time.Second // and how long that is watched
	growthLong  = 30 * time.Second
)

// million measures the sweep and the growth: one folder is filled for both.
func (b *bench) million(ctx context.Context) error {
	ending, living := b.small(endTogether), b.small(livingMany)
	every := living/ending + 1
	err := b.fill(ctx, "many", filling{posts: living + ending, size: fillSize, ttl: func(post int) time.Duration {
		if post%every == 0 {
			return 30 * time.Minute
		}
		return mixed(post)
	}})
	if err != nil {
		return err
	}
	at, err := b.sweepAt(ctx, filepath.Join(b.house.Dir, "many"))
	if err != nil {
		return err
	}
	many, err := b.mayfly(ctx, "many")
	if err != nil {
		return err
	}
	took, quiet := many.settle()
	reading := "it has read them after"
	if !quiet {
		reading = "STILL at work, which counts with all that follows, after"
	}
	b.say("%s %s, with %d MiB; they end in %s", reading, took.Round(100*time.Millisecond), many.Resident()>>20, time.Until(at).Round(time.Second))
	var failed error
	if b.wants("growth") { // first: a sweep would be counted with it
		failed = b.growth(ctx, many)
	}
	if b.wants("sweep") {
		failed = errors.Join(failed, b.sweep(ctx, many, at))
	}
	return failed
}

// sweepAt has the posts that were to live half an hour end together, as soon as a
// server may have read them all and shown how it is before.
func (b *bench) sweepAt(ctx context.Context, dir string) (at time.Time, err error) {
	db, err := openFast(ctx, filepath.Join(dir, "data"))
	if err != nil {
		return at, err
	}
	defer db.Close()
	before := b.lead + calm
	if b.wants("growth") {
		before += growthLong
	}
	at = time.Now().Add(before).Truncate(10 * time.Second).Add(10 * time.Second)
	_, err = db.ExecContext(ctx, "UPDATE posts SET until = $1, ends_at = $1 WHERE ends_at <= $2", at.UnixMilli(), time.Now().Add(time.Hour).UnixMilli())
	return at, err
}

// swept is what was seen of a sweep from beside.
type swept struct {
	rows   int // that had ended
	left   int // when the look was over
	took   time.Duration
	walMax int64 // bytes
}

// lasted is how long each read and each post took.
type lasted struct {
	read, post []time.Duration
	refused    int
}

// sweep measures reads and posts at a pace, before and while the rows go.
func (b *bench) sweep(ctx context.Context, m *server, at time.Time) error {
	if time.Until(at) < calm {
		return fmt.Errorf("the server took too long to read what lives: -lead %s was not enough on this machine", b.lead)
	}
	idle, err := b.readAndWrite(ctx, m, calm, nil)
	if err != nil {
		return err
	}
	time.Sleep(time.Until(at) - 100*time.Millisecond)
	watched := make(chan swept, 1)
	gone := make(chan struct{})
	go func() {
		watched <- watchSweep(ctx, m, at)
		close(gone)
	}()
	busy, err := b.readAndWrite(ctx, m, sweepLong, gone)
	if err != nil {
		return err
	}
	s := <-watched
	if s.rows == 0 {
		return errors.New("rows were not seen to go")
	}
	read, was := percentile(busy.read, 0.99), percentile(idle.read, 0.99)
	post := percentile(busy.post, 0.99)
	b.results.note("sweep", 0, float64(read)/float64(was))
	b.results.note("sweep", 1, ms(post))
	b.results.note("sweep", 2, float64(s.rows-s.left)/s.took.Seconds()/1000)
	b.results.note("sweep", 3, float64(s.walMax)/(1<<20))
	b.say("%d of %d rows in %s, journal %d MiB at most; p99 of reads %s → %s, of posts %s → %s, the longest post %s%s", s.rows-s.left, s.rows, s.took.Round(time.Millisecond), s.walMax>>20,
		was, read, percentile(idle.post, 0.99), post, percentile(busy.post, 1), refusals(idle.refused+busy.refused))
	return nil
}

// watchSweep looks at the rows and the journal from beside, until no row is left that
// ended by then, or for sweepLong. A look reads one row: to count them all each time would
// stand in the way of the journal. SQLite tells another process of no change, so it looks again and again.
func watchSweep(ctx context.Context, m *server, at time.Time) (s swept) {
	const count = "SELECT count(*) FROM posts WHERE board = 'home' AND ends_at <= $1"
	const next = "SELECT COALESCE(min(seq), 0) FROM (SELECT seq FROM posts WHERE board = 'home' AND ends_at <= $1 ORDER BY ends_at, seq LIMIT 1)"
	path := filepath.Join(m.dir, "data", "mayfly.db")
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&_query_only=1&_busy_timeout=1000")
	if err != nil {
		return s
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var first, seq int64
	ask := func(q string, to any) error { return db.QueryRowContext(ctx, q, at.UnixMilli()).Scan(to) }
	if errors.Join(ask(count, &s.rows), ask(next, &first)) != nil {
		return swept{}
	}
	for began := time.Now(); time.Since(at) < sweepLong && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(path + "-wal"); err == nil {
			s.walMax = max(s.walMax, info.Size())
		}
		if ask(next, &seq) != nil {
			continue
		}
		if seq == first {
			began = time.Now()
		}
		if s.took = time.Since(began); seq == 0 {
			return s
		}
	}
	if ask(count, &s.left) != nil {
		return swept{}
	}
	return s
}

// readAndWrite has pages read and posts written at a pace, for so long or until done.
func (b *bench) readAndWrite(ctx context.Context, m *server, long time.Duration, done <-chan struct{}) (l lasted, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	}()
	cookie, err := m.write(1, fillSize)
	if err != nil {
		return l, err
	}
	get := request(m, http.MethodGet, "/", phone+"Cookie: "+cookie+"\r\n", nil)
	var number atomic.Int64
	number.Store(int64(m.next))
	reads := &walk{s: m, rate: b.rate(sweepRate), want: http.StatusOK, next: func() []byte { return get }}
	posts := &walk{s: m, rate: b.rate(sweepRate), want: http.StatusCreated, next: func() []byte { return write(m, pathPosts, int(number.Add(1)), fillSize) }}
	err = together(ctx, long, reads, posts)
	m.next = int(number.Load())
	return lasted{reads.times, posts.times, reads.refused + posts.refused}, err
}

// growth compares what things cost with many posts alive, and with few.
func (b *bench) growth(ctx context.Context, many *server) error {
	if err := b.fill(ctx, "few", filling{posts: b.small(livingFew), size: fillSize, ttl: mixed}); err != nil {
		return err
	}
	few, err := b.mayfly(ctx, "few")
	if err != nil {
		return err
	}
	var deeds [2][]deed
	for i, s := range []*server{few, many} {
		if deeds[i], err = s.deeds(); err != nil {
			return err
		}
	}
	for range b.few() {
		var said strings.Builder
		for i := range deeds[0] {
			var cost [2]time.Duration
			for j, s := range []*server{few, many} {
				d := deeds[j][i]
				got, err := hammer(ctx, s, 4, time.Second, d.next, d.want)
				if err != nil {
					return fmt.Errorf("%s: %w", d.what, err)
				}
				cost[j] = time.Duration(float64(time.Second) / got.perCPU())
			}
			b.results.note("growth", i, float64(cost[1])/float64(cost[0]))
			fmt.Fprintf(&said, " %s %s → %s", deeds[0][i].what, cost[0].Round(time.Microsecond), cost[1].Round(time.Microsecond))
		}
		b.say("processor time of each:%s", &said)
	}
	return nil
}

// deed is something that is done over and over.
type deed struct {
	what string
	want int
	next func() []byte
}

// deeds are those whose cost may grow, in the order of the row.
func (s *server) deeds() ([]deed, error) {
	cookie, err := s.write(1, fillSize)
	if err != nil {
		return nil, err
	}
	mine := phone + "Cookie: " + cookie + "\r\n"
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	once, err := s.sealed()
	if err != nil {
		return nil, err
	}
	var posts, votes atomic.Int64
	posts.Store(int64(s.next))
	s.next += 100_000 // those that posts takes
	feed := request(s, http.MethodGet, "/", mine, nil)
	open := request(s, http.MethodPost, "/api/v1/posts/"+once+"/open", "Content-Type: application/json\r\n", []byte("{}"))
	return []deed{
		{"feed", http.StatusOK, func() []byte { return feed }},
		{"post", http.StatusCreated, func() []byte { return write(s, pathPosts, int(posts.Add(1)), fillSize) }},
		{"vote", http.StatusOK, func() []byte {
			n := int(votes.Add(1))
			vote := [2]string{"heart", "none"}[n/len(ids)%2]
			return request(s, http.MethodPut, "/api/v1/posts/"+ids[n%len(ids)]+"/vote", mine+"Content-Type: application/json\r\n", []byte(`{"vote":"`+vote+`"}`))
		}},
		{"open", http.StatusOK, func() []byte { return open }},
	}, nil
}

// ids are those of the newest posts.
func (s *server) ids() (ids []string, err error) {
	a, err := once(s, request(s, http.MethodGet, pathPosts+"?limit=200", "", nil))
	if err != nil {
		return nil, err
	}
	var page struct{ Posts []struct{ ID string } }
	if err := json.Unmarshal(a.body, &page); err != nil || len(page.Posts) == 0 {
		return nil, fmt.Errorf("ids: %d posts, %w", len(page.Posts), err)
	}
	for _, p := range page.Posts {
		ids = append(ids, p.ID)
	}
	return ids, nil
}

// sealed writes a post that every visitor may look at once.
func (s *server) sealed() (id string, err error) {
	s.next++
	body := bytes.Replace(fmt.Appendf(nil, `{"body":%q}`, words(s.next, fillSize)), []byte("}"), []byte(`,"view_once":true}`), 1)
	a, err := once(s, request(s, http.MethodPost, pathPosts, "Content-Type: application/json\r\n", body))
	if err := written(a, err); err != nil {
		return "", err
	}
	var got struct{ Post struct{ ID string } }
	err = json.Unmarshal(a.body, &got)
	return got.Post.ID, err
}
