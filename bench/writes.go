package main

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	writeConns = 64
	writeLong  = 2 * time.Second
	writeSize  = 900
)

// writes measures durable posts over HTTP, as fast as they are answered.
func (b *bench) writes(ctx context.Context) error {
	m, err := b.mayfly(ctx, "writes")
	if err != nil {
		return err
	}
	raw, err := b.raw(ctx, "writes-raw")
	if err != nil {
		return err
	}
	for range b.rounds {
		base, err := storm(ctx, raw)
		if err != nil {
			return err
		}
		ours, err := storm(ctx, m)
		if err != nil {
			return err
		}
		b.results.note("posts", 0, ours.perSecond()/base.perSecond())
		p99, base99 := percentile(ours.times, 0.99), percentile(base.times, 0.99)
		b.results.note("postp99", 0, float64(p99)/float64(base99))
		b.say("posts a second: raw %.0f (%.0f per CPU-second, p99 %s), mayfly %.0f (%.0f, %s)%s", base.perSecond(), base.perCPU(), base99, ours.perSecond(), ours.perCPU(), p99, refusals(ours.refused))
	}
	return nil
}

func storm(ctx context.Context, s *server) (load, error) {
	var number atomic.Int64
	number.Store(int64(s.next))
	got, err := hammer(ctx, s, writeConns, writeLong, func() []byte {
		return write(s, pathPosts, int(number.Add(1)), writeSize)
	}, http.StatusCreated)
	s.next = int(number.Load())
	return got, err
}
