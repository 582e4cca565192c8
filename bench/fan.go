package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	fanSize   = 160 // bytes of a message's words: its fragment has about 1.2 kB
	underWay  = 4   // messages at once, where the loop is closed
	patience  = 5 * time.Second
	burstLong = time.Second // more than a core can tell so many readers one by one
)

// stage is a server with its crowd.
type stage struct {
	s *server
	c *crowd
}

// wave is what became of messages to a crowd.
type wave struct {
	count
	took, cpu time.Duration
	times     []time.Duration // of deliveries
	posted    []time.Duration // until a message was answered
}

func (w wave) perCPU() float64 { return float64(w.heard) / max(w.cpu.Seconds(), 0.01) }

// pair starts both servers, and gives the baseline a frame of Mayfly's.
func (b *bench) pair(ctx context.Context, folder string) (m, raw *server, err error) {
	if m, err = b.mayfly(ctx, folder); err != nil {
		return nil, nil, err
	}
	if raw, err = b.raw(ctx, folder+"-raw"); err != nil {
		return nil, nil, err
	}
	frame, err := specimen(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	b.say("a fragment has %d bytes", len(frame))
	_, err = once(raw, request(raw, http.MethodPut, "/frame", "", frame))
	return m, raw, err
}

// pipelined sends messages so that four are under way, for as long as that.
func (st stage) pipelined(ctx context.Context, long time.Duration) (wave, error) {
	t := st.tally(false)
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	p := &lines{s: st.s}
	defer p.close()
	var all sync.WaitGroup
	var failed sync.Map
	before, began := st.s.Used(), time.Now()
	for i := range underWay {
		all.Go(func() {
			for ctx.Err() == nil {
				n, heard := t.expect(time.Now())
				if err := written(p.ask(write(st.s, st.s.says(), n, fanSize))); err != nil {
					t.refuse(n)
					if !errors.Is(err, errBusy) {
						failed.Store(i, err)
						return
					}
				}
				select {
				case <-heard:
				case <-time.After(patience):
					return // wait says what is lost
				}
			}
		})
	}
	all.Wait()
	return st.finish(t, before, began, &failed)
}

// paced sends messages at a pace, whatever becomes of them.
func (st stage) paced(ctx context.Context, rate int, long time.Duration) (wave, error) {
	t := st.tally(true)
	p := &lines{s: st.s}
	defer p.close()
	var failed sync.Map
	before, began := st.s.Used(), time.Now()
	var mu sync.Mutex
	var posted []time.Duration
	pace(ctx, rate, long, func(due time.Time) {
		n, _ := t.expect(due)
		if err := written(p.ask(write(st.s, st.s.says(), n, fanSize))); err != nil {
			t.refuse(n)
			if !errors.Is(err, errBusy) {
				failed.Store(n, err)
			}
			return
		}
		mu.Lock()
		defer mu.Unlock()
		posted = append(posted, time.Since(due))
	})
	w, err := st.finish(t, before, began, &failed)
	w.posted = posted
	return w, err
}

func (st stage) tally(timed bool) *tally {
	t := newTally(st.c.hearing(), st.s.next+1, timed)
	st.c.tally.Store(t)
	return t
}

func (st stage) finish(t *tally, before time.Duration, began time.Time, failed *sync.Map) (wave, error) {
	w := wave{count: t.wait(patience), took: time.Since(began), cpu: st.s.Used() - before, times: t.times}
	st.s.next += w.sent
	st.c.tally.Store(nil)
	var err error
	failed.Range(func(_, e any) bool {
		err = fmt.Errorf("%s: %w", st.s.name, e.(error))
		return false
	})
	return w, err
}

// versus has one wave of the baseline and one of Mayfly's.
func (b *bench) versus(ours, base stage, wave func(st stage) (wave, error)) (o, r wave, err error) {
	if r, err = wave(base); err != nil {
		return o, r, err
	}
	if o, err = wave(ours); err != nil {
		return o, r, err
	}
	b.check("raw", r.count)
	b.check("mayfly", o.count)
	return o, r, nil
}

// thousand measures with 1,000 readers, who stay.
func (b *bench) thousand(ctx context.Context) error {
	m, raw, err := b.pair(ctx, "thousand")
	if err != nil {
		return err
	}
	ours, err := gather(ctx, m, b.small(1000))
	if err != nil {
		return err
	}
	defer ours.c.hangUp()
	base, err := gather(ctx, raw, b.small(1000))
	if err != nil {
		return err
	}
	defer base.c.hangUp()
	for range b.rounds {
		if b.wants("fan1k") {
			if err := b.fanOut("fan1k", ours, base, 2*time.Second, ctx); err != nil {
				return err
			}
		}
		if b.wants("delivery") {
			if err := b.delivery(1, ours, base, 50, 2*time.Second, ctx); err != nil {
				return err
			}
		}
		if b.wants("burst") {
			if err := b.burst(ours, base, ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func gather(ctx context.Context, s *server, readers int) (stage, error) {
	c, err := listen(ctx, s, readers, 0)
	return stage{s, c}, err
}

func (b *bench) fanOut(key string, ours, base stage, long time.Duration, ctx context.Context) error { //nolint:revive // the loads come first
	o, r, err := b.versus(ours, base, func(st stage) (wave, error) { return st.pipelined(ctx, long) })
	if err != nil {
		return err
	}
	b.results.note(key, 0, o.perCPU()/r.perCPU())
	b.say("deliveries per CPU-second: raw %.0f, mayfly %.0f (%d messages, %d lost)", r.perCPU(), o.perCPU(), o.sent, o.lost)
	return nil
}

func (b *bench) delivery(part int, ours, base stage, rate int, long time.Duration, ctx context.Context) error { //nolint:revive // as above
	o, r, err := b.versus(ours, base, func(st stage) (wave, error) { return st.paced(ctx, b.rate(rate), long) })
	if err != nil {
		return err
	}
	p99, base99 := percentile(o.times, 0.99), percentile(r.times, 0.99)
	b.results.note("delivery", part, float64(p99)/float64(base99))
	b.say("%d posts/s delivered: raw p50 %s p99 %s, mayfly p50 %s p99 %s%s", rate, percentile(r.times, 0.5), base99, percentile(o.times, 0.5), p99, refusals(o.refused))
	return nil
}

func (b *bench) burst(ours, base stage, ctx context.Context) error { //nolint:revive // as above
	o, r, err := b.versus(ours, base, func(st stage) (wave, error) { return st.paced(ctx, b.rate(200), burstLong) })
	if err != nil {
		return err
	}
	b.results.note("burst", 0, ms(percentile(o.times, 0.99)))
	b.results.note("burst", 1, o.perCPU()/r.perCPU())
	b.say("200 posts/s: raw p99 %s, mayfly p99 %s, %.0f and %.0f deliveries per CPU-second%s", percentile(r.times, 0.99), percentile(o.times, 0.99), r.perCPU(), o.perCPU(), refusals(o.refused))
	return nil
}

// tenThousand measures with 10,000 readers, who come anew for each turn: one process
// may not have the descriptors for more.
func (b *bench) tenThousand(ctx context.Context) error {
	m, raw, err := b.pair(ctx, "tenthousand")
	if err != nil {
		return err
	}
	for round := range b.few() {
		var turns [2]turn
		for i, s := range []*server{raw, m} {
			if turns[i], err = b.turn(ctx, s, b.small(10_000)); err != nil {
				return err
			}
		}
		r, o := turns[0], turns[1]
		if b.wants("fan10k") {
			b.results.note("fan10k", 0, o.fan.perCPU()/r.fan.perCPU())
		}
		p99, base99 := percentile(o.paced.times, 0.99), percentile(r.paced.times, 0.99)
		if b.wants("delivery") {
			b.results.note("delivery", 0, float64(p99)/float64(base99))
		}
		if b.wants("memory") && round == 0 { // later ones take what the first left
			b.results.note("memory", 0, float64(o.reader)/1000)
			b.results.note("memory", 1, float64(o.resident)/(1<<20))
		}
		b.say("deliveries per CPU-second: raw %.0f, mayfly %.0f; 5 posts/s: raw p99 %s, mayfly p99 %s; %d and %d bytes a reader; connected in %s and %s",
			r.fan.perCPU(), o.fan.perCPU(), base99, p99, r.reader, o.reader, r.connected.Round(time.Millisecond), o.connected.Round(time.Millisecond))
	}
	return nil
}

// turn is what one server did with a crowd.
type turn struct {
	connected        time.Duration
	reader, resident int64
	fan, paced       wave
}

func (b *bench) turn(ctx context.Context, s *server, readers int) (t turn, err error) {
	before, began := s.Resident(), time.Now()
	st, err := gather(ctx, s, readers)
	if err != nil {
		return t, err
	}
	defer st.c.hangUp()
	t.connected = time.Since(began)
	time.Sleep(time.Second) // while nothing happens
	t.resident = s.Resident()
	t.reader = (t.resident - before) / int64(readers)
	if b.wants("fan10k") {
		if t.fan, err = st.pipelined(ctx, 3*time.Second); err != nil {
			return t, err
		}
		b.check(s.name, t.fan.count)
	}
	if b.wants("delivery") {
		if t.paced, err = st.paced(ctx, b.rate(5), 4*time.Second); err != nil {
			return t, err
		}
		b.check(s.name, t.paced.count)
	}
	return t, nil
}

// specimen is a fragment of Mayfly's, that a reader hears.
func specimen(ctx context.Context, m *server) ([]byte, error) {
	c, err := listen(ctx, m, 1, 0)
	if err != nil {
		return nil, err
	}
	defer c.hangUp()
	st := stage{m, c}
	t := st.tally(false)
	n, heard := t.expect(time.Now())
	m.next++
	if _, err := once(m, write(m, m.says(), n, fanSize)); err != nil {
		return nil, err
	}
	select {
	case <-heard:
	case <-time.After(patience):
		return nil, fmt.Errorf("%s: a post was not heard of", m.name)
	}
	return *c.sample.Load(), nil
}

// stalled measures what readers who never read do to the others.
func (b *bench) stalled(ctx context.Context) error {
	const readers, stalls, rate = 190, 10, 400 // of 5 %
	for range b.rounds {
		m, err := b.mayfly(ctx, fmt.Sprintf("stalled%d", len(b.open)))
		if err != nil {
			return err
		}
		var p99 [2]time.Duration
		for i, bad := range []int{0, stalls} {
			c, err := listen(ctx, m, readers, bad)
			if err != nil {
				return err
			}
			w, err := stage{m, c}.paced(ctx, b.rate(rate), 4*time.Second)
			if err == nil && bad > 0 {
				b.results.note("stalled", 0, 100*float64(c.shut(patience))/float64(bad))
			}
			c.hangUp()
			if err != nil {
				return err
			}
			b.check("mayfly", w.count)
			p99[i] = percentile(w.times, 0.99)
		}
		b.results.note("stalled", 1, float64(p99[1])/float64(p99[0]))
		b.say("400 posts/s: p99 %s without, %s with readers that stall", p99[0], p99[1])
	}
	return nil
}
