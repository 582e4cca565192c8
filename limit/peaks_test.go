package limit

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

func TestAForecastSaysHowManyARateWouldHaveMadeWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(func(string) board.Settings { return board.DefaultSettings() }, time.Now, 10)
		settled := func() Caller {
			return Caller{netip.MustParseAddr("198.51.100.1"), board.NewVisitor(time.Now().Add(-time.Hour))}
		}
		steady, hasty := settled(), settled()
		for range 9 { // one a minute
			g.count(Post, steady, 1, false)
			time.Sleep(time.Minute)
		}
		for range 4 { // at once
			g.count(Post, hasty, 1, false)
		}
		newcomers := Caller{Addr: netip.MustParseAddr("203.0.113.1")} // who share an address, twice as wide
		for range 8 {
			g.count(Post, newcomers, 1, false)
		}
		g.count(Reply, hasty, 1, false)
		for _, tt := range []struct {
			rate    board.Rate
			waiting int
		}{
			{board.Rate{PerMinute: 1, Burst: 1}, 2}, // the steady one keeps to it
			{board.Rate{PerMinute: 6, Burst: 3}, 2},
			{board.Rate{PerMinute: 6, Burst: 4}, 0}, // four at once, and eight of an address
			{board.Rate{PerMinute: 7, Burst: 4}, 0}, // between two gauges
			{board.Rate{PerMinute: 5000, Burst: 3}, 2},
			{board.Rate{}, 0},
		} {
			if waiting, all := g.WouldWait(Post, tt.rate); waiting != tt.waiting || all != 3 {
				t.Errorf("at %s %d of %d would have waited, want %d of 3", tt.rate, waiting, all, tt.waiting)
			}
		}
		if waiting, all := g.WouldWait(Reply, board.Rate{PerMinute: 1, Burst: 1}); waiting != 0 || all != 1 {
			t.Errorf("of replies: %d of %d", waiting, all)
		}
		g.count(Post, Caller{Addr: Onion}, 1, false)
		if _, all := g.WouldWait(Post, board.Rate{PerMinute: 1, Burst: 1}); all != 3 {
			t.Errorf("the onion's newcomers are taken for one: %d", all)
		}
		time.Sleep(10 * time.Minute) // a turn later there are counts, and of nobody
		if waiting, all := g.WouldWait(Post, board.Rate{PerMinute: 1, Burst: 1}); waiting != 2 || all != 3 || len(g.peaks.of) != 0 {
			t.Errorf("a turn later: %d of %d, %d are known", waiting, all, len(g.peaks.of))
		}
		time.Sleep(time.Hour)
		if waiting, all := g.WouldWait(Post, board.Rate{PerMinute: 1, Burst: 1}); waiting+all != 0 {
			t.Errorf("after an hour: %d of %d", waiting, all)
		}
	})
}

func TestAForecastLooksAtNoMoreThanItsBound(t *testing.T) {
	g := NewGate(func(string) board.Settings { return board.DefaultSettings() }, time.Now, 10)
	for i := range peaksMost + 10 {
		g.count(Post, Caller{Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})}, 1, false)
	}
	if n := len(g.peaks.of); n > peaksMost {
		t.Errorf("%d are in memory", n)
	}
}
