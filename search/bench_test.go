package search

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"mayfly/board"
)

// million is an Index that has heard of a million posts over a week, two of three with
// one of 5,000 tags, and has been spared their words.
func million(b *testing.B) (s *shelf, bytes int64) {
	const n = 1_000_000
	before := heap()
	s = newShelf(b)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		p := board.Post{ID: board.NewPostID(), Seq: int64(i + 1), Board: board.Home, Body: "a word"}
		if i%3 > 0 {
			p.Body += fmt.Sprintf(" #tag%d", int(5000*random.Float64()*random.Float64()))
		}
		p.Thread, p.Life.Since = p.ID, s.now.Add(-time.Duration(random.Int64N(int64(7*24*time.Hour))))
		s.Add(p)
		if i%chunk == 0 {
			s.waiting = nil
		}
	}
	s.waiting = nil
	return s, heap() - before
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkCollectAMillion is what a million posts cost each collection of garbage.
func BenchmarkCollectAMillion(b *testing.B) {
	s, bytes := million(b)
	for b.Loop() {
		runtime.GC()
	}
	b.ReportMetric(float64(bytes)/1_000_000, "B/post")
	runtime.KeepAlive(s)
}

// BenchmarkRisingOfAMillion ranks anew each time.
func BenchmarkRisingOfAMillion(b *testing.B) {
	s, _ := million(b)
	for b.Loop() {
		s.now = s.now.Add(rankEvery + 1)
		if len(s.Rising(board.Home)) != risingMax {
			b.Fatal("nothing rises")
		}
	}
}

// cpu is what of the processor this process has had.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkTake takes in what 200 posts a second bring in a second, beside 100,000. What
// it costs is in cpu-µs for each post: other programs may be at work.
func BenchmarkTake(b *testing.B) {
	const perSecond = 200
	s := full(b, 100_000)
	random := rand.New(rand.NewPCG(3, 4))
	seq := int64(100_000)
	each := perSecond * int(gathers/time.Millisecond) / 1000
	began := cpu()
	for b.Loop() {
		for range perSecond / each {
			for range each {
				seq++
				p := board.Post{ID: board.NewPostID(), Seq: seq, Board: board.Home, Body: said(random)}
				p.Thread, p.Life.Since = p.ID, s.now
				s.Add(p)
			}
			s.settleAll(b.Context())
		}
	}
	b.ReportMetric(float64((cpu()-began).Microseconds())/float64(b.N)/perSecond, "cpu-µs/post")
}

// BenchmarkForget ends 10,000 of 100,000 in no order, at most eight times.
func BenchmarkForget(b *testing.B) {
	const each = 10_000
	s := full(b, 100_000)
	began := cpu()
	for b.Loop() {
		var ended []board.Ending
		for id := range s.alive {
			if len(ended) == each {
				break
			}
			ended = append(ended, board.Ending{ID: id, Thread: id, Board: board.Home})
		}
		s.Drop(ended)
		s.settleAll(b.Context())
	}
	b.ReportMetric(float64((cpu()-began).Microseconds())/float64(b.N)/each, "cpu-µs/post")
}
