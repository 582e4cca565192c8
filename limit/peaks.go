package limit

import (
	"math"
	"sync"
	"time"

	"mayfly/board"
)

// peaks counts how much each who asks would have needed, so that an admin can be told how
// many a new rate would have made wait. Like a limit it knows people as tags, under a key
// that goes after ten minutes; what is left of those is, for an hour, how many needed
// which burst at which rate: counts, and of nobody.
type peaks struct {
	now board.Clock

	mu    sync.Mutex
	began int64 // the number of the current turn
	key   *key
	of    map[tag]*peak
	past  [waitTurns]census // by number of the turn
}

// gauges are the rates at which a need is measured, a minute. A rate between two is taken
// for the lower, at which some would wait who then do not.
var gauges = [...]float64{1, 2, 3, 6, 12, 20, 30, 60, 120, 300, 600, 1200}

// peaksMost is how many are looked at in a turn: 4 MB.
const peaksMost = 1 << 15

// peak is what one person, or one address that newcomers share, has asked for.
type peak struct {
	cost  Cost
	width int // of its bucket
	last  time.Time
	level [len(gauges)]float32 // what has not run off yet
	most  [len(gauges)]float32 // the most that ever was
}

// need is the burst that would have let all of it through at a rate.
func (p *peak) need(gauge int) int {
	return int(math.Ceil(float64(p.most[gauge])/float64(p.width) - 1e-3))
}

// needMost is where bursts are not told apart any more.
const needMost = 1024

// census is how many needed which burst in one turn, by cost and gauge.
type census struct {
	number int64
	all    [Image + 1]int
	needs  [Image + 1][len(gauges)][]int
}

func newPeaks(now board.Clock) *peaks {
	return &peaks{now: now, key: newKey(), of: map[tag]*peak{}}
}

// turn reduces a turn that is over to its counts; p.mu is held.
func (p *peaks) turn() {
	number := p.now().UnixNano() / int64(waitTurn)
	if number == p.began {
		return
	}
	p.past[p.began%waitTurns] = p.census()
	p.began, p.key, p.of = number, newKey(), map[tag]*peak{}
}

// census counts the current turn; p.mu is held.
func (p *peaks) census() census {
	c := census{number: p.began}
	for _, one := range p.of {
		c.all[one.cost]++
		for i := range gauges {
			need, list := min(one.need(i), needMost), &c.needs[one.cost][i]
			if need >= len(*list) {
				*list = append(*list, make([]int, need+1-len(*list))...)
			}
			(*list)[need]++
		}
	}
	return c
}

func (p *peaks) count(b bucket, width int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn()
	t, now := p.key.tag(b.cost, b.scope, b.who), p.now()
	one := p.of[t]
	if one == nil {
		if len(p.of) >= peaksMost {
			return
		}
		one = &peak{cost: b.cost, width: width, last: now}
		p.of[t] = one
	}
	minutes := now.Sub(one.last).Minutes() * float64(width)
	one.last = now
	for i, rate := range gauges {
		one.level[i] = float32(max(0, float64(one.level[i])-minutes*rate)) + 1
		one.most[i] = max(one.most[i], one.level[i])
	}
}

// forget is turn when nobody asks.
func (p *peaks) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn()
}

// count counts one request for the forecast of another rate. Newcomers of the onion, who
// are refused for nobody, are not counted.
func (g *Gate) count(cost Cost, who Caller, times int, waited bool) {
	g.waits.count(cost, waited)
	switch {
	case who.Visitor.Settled(g.now()):
		g.peaks.count(bucket{lane{cost: cost, scope: ofVisitor}, visitor(who.Visitor)}, 1)
	case who.Addr != Onion:
		g.peaks.count(bucket{lane{cost: cost, scope: ofAddress}, address(who.Addr)}, addressWidth*times)
	}
}

// WouldWait is how many people, or addresses that newcomers share, would have had to wait
// at a rate in the busiest ten minutes of the last hour, and how many there were then.
func (g *Gate) WouldWait(c Cost, r board.Rate) (waiting, all int) {
	p := g.peaks
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn()
	gauge := 0
	for i, rate := range gauges {
		if float64(r.PerMinute) >= rate {
			gauge = i
		}
	}
	for _, turn := range append(p.past[:], p.census()) {
		if p.began-turn.number >= waitTurns || turn.all[c] == 0 {
			continue
		}
		n := 0
		for need, many := range turn.needs[c][gauge] {
			if need > r.Burst && !r.Unlimited() {
				n += many
			}
		}
		if n > waiting || n == waiting && turn.all[c] > all {
			waiting, all = n, turn.all[c]
		}
	}
	return waiting, all
}
