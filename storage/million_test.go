package storage

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// flood bears posts as a bulk load does, a hundred thousand to a transaction, and gives
// each its key. Every so many one ends within a minute, the others in a day.
func flood(tb testing.TB, n *node, posts, every int) {
	tb.Helper()
	v := board.NewVisitor(n.now)
	for from := 0; from < posts; from += 100_000 {
		tx, err := n.writer.BeginTx(tb.Context(), nil)
		if err != nil {
			tb.Fatal(err)
		}
		for i := from; i < min(posts, from+100_000); i++ {
			ttl := 24 * time.Hour
			if i%every == 0 {
				ttl = time.Minute
			}
			p, key := storagetest.NewPost(v, words500, n.life(ttl))
			r, err := n.keys.Put(p.Life.CapAt, p.Life.EndsAt, key)
			if err != nil {
				tb.Fatal(err)
			}
			box, err := seal(key, p)
			if err != nil {
				tb.Fatal(err)
			}
			seq, err := insertPost(tb.Context(), tx, p, r, box)
			if err != nil {
				tb.Fatal(err)
			}
			if err := insertVoice(tb.Context(), tx, seq, p.Voice, p.Secret.NameTag(p.Name)); err != nil {
				tb.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			tb.Fatal(err)
		}
		if err := n.keys.Sync(); err != nil {
			tb.Fatal(err)
		}
		if err := n.emptyJournal(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
}

// sizeOfFlood is how many posts there are and one in how many of them ends, unless
// MAYFLY_FLOOD and MAYFLY_FLOOD_EVERY say otherwise: 1000000 and 10 are what
// docs/adr/0077 has, 1000000 and 1 a million endings in one minute.
func sizeOfFlood(tb testing.TB) (posts, every int) {
	tb.Helper()
	posts, every = 3000, 3
	for name, n := range map[string]*int{"MAYFLY_FLOOD": &posts, "MAYFLY_FLOOD_EVERY": &every} {
		text := os.Getenv(name)
		if text == "" {
			continue
		}
		var err error
		if *n, err = strconv.Atoi(text); err != nil || *n < 1 {
			tb.Fatalf("%s is to be a number", name)
		}
	}
	return posts, every
}

// While a great many end in the same minute, people write and read: no post of theirs is
// lost, no ended one is shown, and the journal stays small. It logs what writers and
// readers waited, before it and meanwhile.
func TestAGreatManyEndingsAtOnceLoseNothingAndShowNothing(t *testing.T) {
	posts, every := sizeOfFlood(t)
	n := newNode(t)
	flood(t, n, posts, every)
	ending := (posts + every - 1) / every
	idle := n.traffic(t, n.now, func() { n.while(t, time.Second) })
	n.now = n.now.Add(time.Minute)
	now := n.now
	var destroyed, buried time.Duration
	journal := int64(0)
	busy := n.traffic(t, now, func() {
		began := time.Now()
		ended, err := n.destroy(t.Context(), now)
		destroyed = time.Since(began)
		if err != nil || len(ended) != ending {
			t.Errorf("%d endings were told, %v; want %d", len(ended), err, ending)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			if rows, err := n.Bury(t.Context(), now); err != nil || rows != ending {
				t.Errorf("%d rows, %v; want %d", rows, err, ending)
			}
		}()
		for over := false; !over; {
			select {
			case <-done:
				over = true
			case <-time.After(10 * time.Millisecond):
				journal = max(journal, n.journalSize())
			}
		}
		buried = time.Since(began) - destroyed
		if err := n.Scrub(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Logf("%d of %d ended: keys and names %v, rows %v (%.0f/s), journal %d MiB at most", ending, posts, destroyed.Round(time.Millisecond),
		buried.Round(time.Millisecond), float64(ending)/buried.Seconds(), journal>>20)
	t.Logf("before:    %s", idle)
	t.Logf("meanwhile: %s", busy)
	if journal > 64<<20 {
		t.Errorf("the journal grew to %d MiB", journal>>20)
	}
	left := posts - ending + len(idle.posted) + len(busy.posted)
	for _, id := range append(idle.posted, busy.posted...) {
		if !n.has(t, id) {
			t.Fatalf("%v was answered and is not there", id)
		}
	}
	if rows := n.count(t, "SELECT count(*) FROM posts"); rows != left || n.keys.Count() != left {
		t.Errorf("%d rows and %d keys are left, want %d", rows, n.keys.Count(), left)
	}
}

// traffic is what people do meanwhile.
type traffic struct {
	posted       []board.PostID
	posts, reads []time.Duration
}

func (tr *traffic) String() string {
	at := func(list []time.Duration, part float64) time.Duration {
		if len(list) == 0 {
			return 0
		}
		slices.Sort(list)
		return list[min(len(list)-1, int(part*float64(len(list))))].Round(10 * time.Microsecond)
	}
	return "posts p50 " + at(tr.posts, .5).String() + " p99 " + at(tr.posts, .99).String() + " max " + at(tr.posts, 1).String() +
		"; reads p50 " + at(tr.reads, .5).String() + " p99 " + at(tr.reads, .99).String() + " max " + at(tr.reads, 1).String()
}

// while lets time pass.
func (n *node) while(t testing.TB, d time.Duration) {
	t.Helper()
	if !pause(t.Context(), d) {
		t.Error("the test is over")
	}
}

// traffic has two hundred posts and reads a second come in while f runs, each at its time
// whatever became of the one before: what waited counts. No read may show what has ended.
func (n *node) traffic(t testing.TB, now time.Time, f func()) *traffic {
	t.Helper()
	var tr traffic
	var mu sync.Mutex
	var all sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	v := board.NewVisitor(now)
	each := func(act func() error, took *[]time.Duration) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			all.Go(func() {
				began := time.Now()
				if err := act(); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				*took = append(*took, time.Since(began))
			})
		}
	}
	all.Go(func() {
		each(func() error {
			p, key := storagetest.NewPost(v, words500, board.NewLife(now, time.Hour, 0, 30*24*time.Hour))
			if _, err := n.InsertPost(context.WithoutCancel(ctx), p, key); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			tr.posted = append(tr.posted, p.ID)
			return nil
		}, &tr.posts)
	})
	all.Go(func() {
		each(func() error {
			page, _, err := n.Feed(context.WithoutCancel(ctx), board.Query{Board: board.Home, Sort: board.ByFading, Limit: board.PageSize}, now)
			for _, p := range page {
				if p.Life.Ended(now) {
					t.Errorf("%v has ended and is shown", p.ID)
				}
			}
			return err
		}, &tr.reads)
	})
	f()
	stop()
	all.Wait()
	return &tr
}
