package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// play is one scenario on one server.
type play struct {
	plan
	scenario
	server *server
	reader *reader
	bots   solver
	phones solver
	began  time.Time
	people []*person

	mu     sync.Mutex
	draws  *rand.Rand
	texts  map[string]bool // what people have written, or are about to
	mine   map[string]bool // ids of people's posts that were accepted
	spread sync.WaitGroup

	tries, early      atomic.Int64 // posts the bots wanted, and those of the time that a layer is looked at
	sent              atomic.Int64 // people's posts that were sent
	atOnce, withProof atomic.Int64
	trollRows         atomic.Int64
	rows              atomic.Int64
}

// outcome is what is printed of a play.
type outcome struct {
	scenario
	tries          map[bool]int // by whole
	seen           map[bool]int
	exposure       map[bool]time.Duration
	firstPage      float64
	wrote          int
	atOnce, proven int
	removed        int
	folded         int
}

// play runs a scenario: the raid for half of the time, or all of it where one layer is
// looked at.
func (t *town) play(ctx context.Context, pl plan, s scenario) (*outcome, error) {
	server, err := t.start(s.name, s.set)
	if err != nil {
		return nil, err
	}
	p := &play{
		plan: pl, scenario: s, server: server,
		bots: make(solver, pl.cores), phones: make(solver, 8),
		draws: rand.New(rand.NewPCG(pl.seed, 1)), //nolint:gosec // to be drawn again
		texts: map[string]bool{}, mine: map[string]bool{},
	}
	for _, who := range t.people {
		again := *who
		p.people = append(p.people, &again)
	}
	if err := server.prepare(ctx, s); err != nil {
		return nil, err
	}
	if p.reader, err = listen(ctx, p); err != nil {
		return nil, err
	}
	var listening sync.WaitGroup
	listening.Go(func() { p.reader.run(ctx) })
	raid, whole := pl.short, pl.short
	if s.whole {
		raid, whole = pl.long/2, pl.long
	}
	p.loose(ctx, raid, whole)
	end := time.Now()
	o := p.outcome(end)
	p.reader.leave()
	listening.Wait()
	return o, server.stop()
}

// before is how long people have the board to themselves.
const before = 3 * time.Second

// loose lets everybody loose, and waits for the end.
func (p *play) loose(ctx context.Context, raid, whole time.Duration) {
	all, cancel := context.WithTimeout(ctx, before+whole)
	defer cancel()
	p.every(all, p.plan.people, p.personPost)
	time.Sleep(before)
	p.began = time.Now()
	attack, over := context.WithTimeout(all, raid)
	defer over()
	p.every(attack, cmp.Or(p.posts, p.botPosts), p.botPost)
	p.every(attack, p.botVotes, p.botVote)
	p.every(attack, p.botReport, p.botReports)
	p.every(all, 1, p.look)
	<-all.Done()
	p.spread.Wait()
}

// every calls f so often a second, with the number of the call, until ctx ends.
func (p *play) every(ctx context.Context, n int, f func(ctx context.Context, i int)) {
	if n == 0 {
		return
	}
	p.spread.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(n))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				p.spread.Go(func() { f(ctx, i) })
			}
		}
	})
}

// draw is a number below n.
func (p *play) draw(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draws.IntN(n)
}

func (p *play) chance(share float64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draws.Float64() < share
}

// wrote says whether a text is one of people's.
func (p *play) wrote(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.texts[text]
}

func (p *play) botPost(ctx context.Context, i int) {
	p.tries.Add(1)
	if time.Since(p.began) < p.short {
		p.early.Add(1)
	}
	p.mu.Lock()
	text := trollText(p.draws)
	p.mu.Unlock()
	p.server.post(ctx, p.bot(i), text, p.bots)
}

// bot is somebody of the raid, for the first time here.
func (p *play) bot(i int) *person {
	if p.near {
		return stranger(0, 0)
	}
	return stranger(p.draw(p.networks), i)
}

func (p *play) botVote(ctx context.Context, i int) {
	troll := i%2 == 0
	target := p.reader.pick(troll, p.draw(1000))
	if target == nil {
		return
	}
	vote := "down"
	if troll {
		vote = "heart"
	}
	p.server.vote(ctx, p.bot(i), target.id, vote, p.bots)
}

func (p *play) botReports(ctx context.Context, i int) {
	if target := p.reader.pick(false, p.draw(1000)); target != nil {
		p.server.report(ctx, p.bot(i), target.id, p.bots)
	}
}

// newcomers is which share of people's posts are somebody's first.
const newcomers = 0.15

func (p *play) personPost(ctx context.Context, i int) {
	p.mu.Lock()
	text := personText(p.draws, i)
	p.texts[text] = true
	p.mu.Unlock()
	who := p.people[i%(len(p.people)-p.readers)+p.readers]
	if p.chance(newcomers) {
		who = &person{addr: fmt.Sprintf("192.0.%d.%d", p.draw(200), 1+p.draw(250))}
	}
	began := time.Now()
	id, r := p.server.post(ctx, who, text, p.phones)
	if ctx.Err() != nil && r == refused {
		return // the end came first
	}
	p.sent.Add(1)
	if r == refused {
		return
	}
	p.mu.Lock()
	p.mine[id] = true
	p.mu.Unlock()
	switch {
	case r == accepted:
		p.atOnce.Add(1)
	case time.Since(began) < 10*time.Second:
		p.withProof.Add(1)
	}
}

// What readers do with what they see.
const (
	downs    = 0.15 // of those who see a troll's post vote it down
	reports  = 0.05 // report it
	hearts   = 0.10 // give a person's post a heart
	misjudge = 0.01 // vote it down all the same
)

// react has the readers look at a post within some seconds, and some of them act.
func (p *play) react(ctx context.Context, s *seen) {
	for i := range p.readers {
		wait := time.Duration(1500+p.draw(6500)) * time.Millisecond
		act := ""
		switch {
		case s.troll && p.chance(downs):
			act = "down"
		case s.troll && p.chance(reports):
			act = "report"
		case !s.troll && p.chance(hearts):
			act = "heart"
		case !s.troll && p.chance(misjudge):
			act = "down"
		}
		if act == "" {
			continue
		}
		who := p.people[i]
		time.AfterFunc(wait, func() {
			if ctx.Err() != nil || !p.reader.stands(s) {
				return
			}
			if act == "report" {
				p.server.report(ctx, who, s.id, p.phones)
				return
			}
			p.server.vote(ctx, who, s.id, act, p.phones)
		})
	}
}

// look is a stranger who opens the first page.
func (p *play) look(ctx context.Context, i int) {
	for _, body := range p.server.firstPage(ctx, &person{addr: fmt.Sprintf("192.88.%d.%d", i%250, 1+p.draw(250))}) {
		p.rows.Add(1)
		if !p.wrote(body) {
			p.trollRows.Add(1)
		}
	}
}

func (p *play) outcome(end time.Time) *outcome {
	o := &outcome{
		scenario: p.scenario, wrote: int(p.sent.Load()),
		atOnce: int(p.atOnce.Load()), proven: int(p.withProof.Load()),
		tries: map[bool]int{p.whole: int(p.tries.Load())}, seen: map[bool]int{}, exposure: map[bool]time.Duration{},
	}
	o.seen[p.whole], o.exposure[p.whole] = p.reader.exposure(end)
	if p.whole { // the same raid, as somebody sees it who looks for a shorter time
		o.tries[false] = int(p.early.Load())
		o.seen[false], o.exposure[false] = p.reader.exposure(p.began.Add(p.short))
	}
	if n := p.rows.Load(); n > 0 {
		o.firstPage = float64(p.trollRows.Load()) / float64(n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader.mu.Lock()
	defer p.reader.mu.Unlock()
	for id := range p.mine {
		s := p.reader.posts[id]
		switch {
		case s == nil:
			o.folded++
		case s.why == "score" || s.why == "hidden" || s.why == "time":
			o.removed++
		}
	}
	return o
}

func (o *outcome) print(w io.Writer, base *outcome) {
	share := func(n, of int) string {
		if of == 0 {
			return "-"
		}
		return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
	}
	each := func(o, like *outcome) float64 {
		return o.exposure[like.whole].Seconds() / float64(max(1, o.tries[like.whole]))
	}
	cut := 1 - each(o, o)/each(base, o) // of each post that was tried: a busy machine tries fewer
	ok := o.atOnce + o.proven
	fmt.Fprintf(w, "%s\t%d\t%s\t%.0f\t%.1f %%\t%.0f %%\t%d\t%s\t%s\t%s\t%d\n", o.name, o.tries[o.whole], share(o.seen[o.whole], o.tries[o.whole]),
		o.exposure[o.whole].Seconds(), 100*cut, 100*o.firstPage, o.wrote, share(ok, o.wrote), share(o.proven, o.wrote), share(o.removed, ok), o.folded)
}

// phones has two hundred people write who are here for the first time, behind one
// address, within twenty seconds.
func (t *town) phones(ctx context.Context, pl plan) error {
	const phones = 200
	server, err := t.start("phones", nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 100*time.Second)
	defer cancel()
	var wrote, worked, slowest atomic.Int64
	var all sync.WaitGroup
	draws := rand.New(rand.NewPCG(pl.seed, 2)) //nolint:gosec // to be drawn again
	work := make(solver, 2)
	for i := range phones {
		text, wait := personText(draws, i), time.Duration(draws.IntN(20_000))*time.Millisecond
		all.Go(func() {
			time.Sleep(wait)
			began := time.Now()
			switch _, r := server.post(ctx, &person{addr: "203.0.113.7"}, text, work); r {
			case proven:
				worked.Add(1)
				wrote.Add(1)
			case accepted:
				wrote.Add(1)
			case refused:
			}
			slowest.Store(max(slowest.Load(), time.Since(began).Milliseconds()))
		})
	}
	all.Wait()
	fmt.Printf("\n%d phones behind one address wrote within twenty seconds, each for the first time: %d were published, %d of them after a\n"+
		"proof of work; the slowest waited %.1f s, while two cores worked for all.\n", phones, wrote.Load(), worked.Load(), float64(slowest.Load())/1000)
	return server.stop()
}
