package main

import (
	"testing"
	"time"
)

func TestWhatIsLostDoubledOrOfNobodyIsCounted(t *testing.T) {
	for _, tt := range []struct {
		name string
		hear func(c *tally, first int)
		want count
	}{
		{"all is heard", func(c *tally, n int) {
			for r := range 70 {
				c.hear(r, n, time.Now())
				c.hear(r, n+1, time.Now())
			}
		}, count{sent: 2, heard: 140}},
		{"one reader has missed one", func(c *tally, n int) {
			for r := range 70 {
				c.hear(r, n, time.Now())
				if r != 64 {
					c.hear(r, n+1, time.Now())
				}
			}
		}, count{sent: 2, heard: 139, lost: 1}},
		{"one came twice, which makes up for nothing", func(c *tally, n int) {
			for r := range 69 {
				c.hear(r, n, time.Now())
				c.hear(r, n+1, time.Now())
			}
			c.hear(0, n, time.Now())
			c.hear(69, n, time.Now())
		}, count{sent: 2, heard: 139, lost: 1, doubled: 1}},
		{"of another wave", func(c *tally, n int) {
			c.hear(0, n-1, time.Now())
			c.hear(0, n+2, time.Now())
			c.hear(70, n, time.Now())
		}, count{sent: 2, lost: 140, unknown: 3}},
		{"one was refused, and nobody hears it", func(c *tally, n int) {
			for r := range 70 {
				c.hear(r, n, time.Now())
			}
			c.refuse(n + 1)
		}, count{sent: 2, heard: 70, refused: 1}},
		{"one was refused, and two hear it all the same", func(c *tally, n int) {
			for r := range 70 {
				c.hear(r, n, time.Now())
			}
			c.hear(3, n+1, time.Now())
			c.refuse(n + 1)
			c.hear(4, n+1, time.Now())
		}, count{sent: 2, heard: 71, refused: 1, unknown: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newTally(70, 500, false)
			first, _ := c.expect(time.Now())
			c.expect(time.Now())
			tt.hear(c, first)
			got := c.count()
			if got != tt.want {
				t.Errorf("count = %+v, want %+v", got, tt.want)
			}
			if fails, should := got.wrong() != nil, tt.want.lost+tt.want.doubled+tt.want.unknown > 0; fails != should {
				t.Errorf("it is wrong: %v, want %v", fails, should)
			}
		})
	}
}

func TestAMessageIsThroughOnceEverybodyHasHeardIt(t *testing.T) {
	c := newTally(2, 1, true)
	began := time.Now()
	n, all := c.expect(began)
	c.hear(0, n, began.Add(time.Millisecond))
	c.hear(0, n, began.Add(time.Millisecond)) // again
	select {
	case <-all:
		t.Fatal("it is through, and one has not heard it")
	default:
	}
	c.hear(1, n, began.Add(3*time.Millisecond))
	select {
	case <-all:
	default:
		t.Fatal("all have heard it, and it is not through")
	}
	if p := percentile(c.times, 1); p != 3*time.Millisecond || len(c.times) != 2 {
		t.Errorf("%d times, the longest %s", len(c.times), p)
	}
}
