package storage

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

var words500 = strings.Repeat("what a day it is ", 30)

func BenchmarkInsertPost(b *testing.B) {
	for _, parallel := range []int{1, 64} {
		b.Run(fmt.Sprintf("parallel=%d", parallel), func(b *testing.B) {
			n := newNode(b)
			v := board.NewVisitor(n.now)
			b.SetParallelism(parallel / 2) // of two processors
			if parallel == 1 {
				b.SetParallelism(1)
			}
			b.ReportAllocs()
			defer reportCPU(b)()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p, key := storagetest.NewPost(v, words500, n.life(time.Hour))
					if _, err := n.InsertPost(b.Context(), p, key); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}

func BenchmarkFeed(b *testing.B) {
	for _, posts := range []int{1_000, 20_000} {
		n := newNode(b)
		fill(b, n, posts)
		for _, tt := range []struct {
			sort    board.Sort
			changes bool // before each read
		}{{board.ByBirth, true}, {board.ByFading, true}, {board.ByBirth, false}} {
			sort := tt.sort
			b.Run(fmt.Sprintf("sort=%s/posts=%d/changes=%v", sort, posts, tt.changes), func(b *testing.B) {
				b.ReportAllocs()
				defer reportCPU(b)()
				for b.Loop() {
					if tt.changes {
						n.changed()
					}
					page, more, err := n.Feed(b.Context(), board.Query{Board: board.Home, Sort: sort, Limit: board.PageSize}, n.now)
					if err != nil || len(page) != board.PageSize || !more {
						b.Fatal(len(page), more, err)
					}
				}
			})
		}
	}
}

// reportCPU reports processor time, which a busy machine hardly changes.
func reportCPU(b *testing.B) (stop func()) {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	b.ResetTimer()
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op") }
}

// fill births posts, 64 at a time.
func fill(tb testing.TB, n *node, posts int) {
	tb.Helper()
	v := board.NewVisitor(n.now)
	work := make(chan int)
	done := make(chan error, 64)
	for range 64 {
		go func() {
			var failed error
			for i := range work {
				p, key := storagetest.NewPost(v, words500, n.life(time.Duration(1+i%600)*time.Minute))
				if _, err := n.InsertPost(tb.Context(), p, key); err != nil {
					failed = err
				}
			}
			done <- failed
		}()
	}
	for i := range posts {
		work <- i
	}
	close(work)
	for range 64 {
		if err := <-done; err != nil {
			tb.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	p, key := storagetest.NewPost(board.NewVisitor(storagetest.Start), words500, board.Life{})
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := seal(key, p); err != nil {
				b.Fatal(err)
			}
		}
	})
	box, err := seal(key, p)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("unseal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := unseal(key, p.ID, box); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSweep ends half of the posts at once, while nobody writes.
func BenchmarkSweep(b *testing.B) {
	const ending = 10_000
	n := newNode(b)
	bearMany(b, n, ending, 24*time.Hour)
	var destroy, bury time.Duration
	for range b.N {
		bearMany(b, n, ending, time.Minute)
		n.now = n.now.Add(time.Minute)
		stop := reportCPU(b)
		began := time.Now()
		if ended, err := n.destroy(b.Context(), n.now); err != nil || len(ended) != ending {
			b.Fatal(len(ended), err)
		}
		destroyed := time.Now()
		if rows, err := n.Bury(b.Context(), n.now); err != nil || rows != ending {
			b.Fatal(rows, err)
		}
		if err := n.Scrub(b.Context()); err != nil {
			b.Fatal(err)
		}
		stop()
		destroy, bury = destroy+destroyed.Sub(began), bury+time.Since(destroyed)
	}
	b.ReportMetric(float64(destroy.Milliseconds())/float64(b.N), "destroy-ms")
	b.ReportMetric(float64(b.N*ending)/bury.Seconds(), "rows/s")
}

// BenchmarkStart opens a store of living posts.
func BenchmarkStart(b *testing.B) {
	n := newNode(b)
	bearMany(b, n, 20_000, time.Hour)
	for b.Loop() {
		n.stop(b)
		n.start(b)
	}
}
