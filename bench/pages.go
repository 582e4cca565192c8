package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	pageConns = 32
	pageLong  = 2 * time.Second
	pagePosts = 60 // on the board, so that its first page is full
)

// phone is what a browser sends; gzip alone, as the baseline's page was made so.
const phone = "Accept: text/html\r\nAccept-Language: en\r\nAccept-Encoding: gzip\r\n"

// pages measures the feed page: shared, while posts come, and a visitor's own.
func (b *bench) pages(ctx context.Context) error {
	m, err := b.mayfly(ctx, "pages")
	if err != nil {
		return err
	}
	raw, err := b.raw(ctx, "pages-raw")
	if err != nil {
		return err
	}
	cookie, err := m.write(pagePosts, 300)
	if err != nil {
		return err
	}
	shared := request(m, http.MethodGet, "/", phone, nil)
	own := request(m, http.MethodGet, "/", phone+"Cookie: "+cookie+"\r\n", nil)
	if err := raw.same(m, shared); err != nil {
		return err
	}
	for range b.rounds {
		if err := b.pageRound(ctx, m, raw, shared, own); err != nil {
			return err
		}
	}
	return nil
}

// write puts posts on the board, and returns the cookie of the last one's author.
func (s *server) write(posts, size int) (cookie string, err error) {
	p := &lines{s: s}
	defer p.close()
	var all sync.WaitGroup
	var mu sync.Mutex
	for range posts {
		s.next++
		req := write(s, s.says(), s.next, size)
		all.Go(func() {
			a, e := p.ask(req)
			mu.Lock()
			defer mu.Unlock()
			if e := written(a, e); e != nil {
				err = e
				return
			}
			for _, c := range (&http.Response{Header: a.header}).Cookies() {
				cookie = c.Name + "=" + c.Value
			}
		})
	}
	all.Wait()
	return cookie, err
}

// same gives the baseline the bytes that m answers with.
func (s *server) same(m *server, req []byte) error {
	a, err := once(m, req)
	if err == nil {
		err = a.as(http.StatusOK)
	}
	if err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	_, err = once(s, request(s, http.MethodPut, "/page", "Content-Encoding: "+a.header.Get("Content-Encoding")+"\r\n", bytes.Clone(a.body)))
	return err
}

func (b *bench) pageRound(ctx context.Context, m, raw *server, shared, own []byte) error {
	bare := request(raw, http.MethodGet, "/", phone, nil)
	get := func(s *server, req []byte) (load, error) {
		return hammer(ctx, s, pageConns, pageLong, func() []byte { return req }, http.StatusOK)
	}
	base, err := get(raw, bare)
	if err != nil {
		return err
	}
	alone, err := get(m, shared)
	if err != nil {
		return err
	}
	b.results.note("feed", 0, alone.perCPU()/base.perCPU())
	mine, err := get(m, own)
	if err != nil {
		return err
	}
	b.results.note("cookie", 0, mine.perCPU()/base.perCPU())
	busy, err := b.whilePosting(ctx, m, func() (load, error) { return get(m, shared) })
	if err != nil {
		return err
	}
	b.results.note("feedposts", 0, busy.perCPU()/alone.perCPU())
	b.say("pages per CPU-second: raw %.0f, shared %.0f (p99 %s), while posts come %.0f (p99 %s), with a cookie %.0f (p99 %s)%s", base.perCPU(),
		alone.perCPU(), percentile(alone.times, 0.99), busy.perCPU(), percentile(busy.times, 0.99), mine.perCPU(), percentile(mine.times, 0.99), refusals(alone.refused+busy.refused+mine.refused))
	return nil
}

// whilePosting measures while 50 posts a second arrive.
func (b *bench) whilePosting(ctx context.Context, m *server, measure func() (load, error)) (load, error) {
	var number atomic.Int64
	number.Store(int64(m.next))
	posts := &walk{s: m, rate: 50, want: http.StatusCreated, next: func() []byte { return write(m, pathPosts, int(number.Add(1)), 300) }}
	var all sync.WaitGroup
	all.Go(func() { posts.run(ctx, pageLong) })
	got, err := measure()
	all.Wait()
	m.next = int(number.Load())
	return got, errors.Join(err, posts.failed)
}
