package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The ordinary host: one slow core, little memory, a community that is awake.
const (
	hostReaders = 200
	hostPosts   = 5  // a second
	hostHearts  = 20 // a second
	hostPages   = 20 // a second
	hostLong    = 10 * time.Second
	hostMemory  = "GOMEMLIMIT=200MiB"
)

// host measures what people of an ordinary host wait for.
func (b *bench) host(ctx context.Context) error {
	m, err := b.mayfly(ctx, "host", hostMemory)
	if err != nil {
		return err
	}
	cookie, err := m.write(pagePosts, 300)
	if err != nil {
		return err
	}
	ids, err := m.ids()
	if err != nil {
		return err
	}
	st, err := gather(ctx, m, b.small(hostReaders))
	if err != nil {
		return err
	}
	defer st.c.hangUp()
	mine := phone + "Cookie: " + cookie + "\r\n"
	var hearts atomic.Int64
	page := &walk{s: m, rate: hostPages, want: http.StatusOK, next: func() []byte { return request(m, http.MethodGet, "/", mine, nil) }}
	heart := &walk{s: m, rate: hostHearts, want: http.StatusOK, next: func() []byte {
		n := int(hearts.Add(1))
		return request(m, http.MethodPut, "/api/v1/posts/"+ids[n%len(ids)]+"/vote", mine+"Content-Type: application/json\r\n",
			[]byte(`{"vote":"`+[2]string{"heart", "none"}[n/len(ids)%2]+`"}`))
	}}
	var all sync.WaitGroup
	var failed error
	all.Go(func() { failed = together(ctx, hostLong, page, heart) })
	w, err := st.paced(ctx, hostPosts, hostLong)
	all.Wait()
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	b.check("the ordinary host", w.count)
	for i, times := range [][]time.Duration{page.times, w.posted, heart.times, w.times} {
		if len(times) == 0 {
			continue // it is missing
		}
		b.results.note("host", 2*i, ms(percentile(times, 0.5)))
		b.results.note("host", 2*i+1, ms(percentile(times, 0.99)))
	}
	b.results.note("host", 8, float64(m.resident())/(1<<20))
	b.say("its core was busy %.0f %% of the time%s", 100*w.cpu.Seconds()/w.took.Seconds(), refusals(page.refused+heart.refused+w.refused))
	return nil
}
