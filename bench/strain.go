package main

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"time"
)

const (
	askedLong = 5 * time.Second
	slowSync  = 5 * time.Millisecond
)

// strain has bad days: what matters is that all are answered and nothing is lost.
func (b *bench) strain(ctx context.Context) error {
	if err := b.rush(ctx); err != nil {
		return err
	}
	if err := b.asked(ctx); err != nil {
		return err
	}
	return b.slowDisk(ctx)
}

// rush has ten thousand sockets opened at once, and one post told to all.
func (b *bench) rush(ctx context.Context) error {
	m, err := b.mayfly(ctx, "rush")
	if err != nil {
		return err
	}
	began := time.Now()
	st, err := gather(ctx, m, b.small(10_000))
	if err != nil {
		return err
	}
	defer st.c.hangUp()
	took := time.Since(began)
	w, err := st.paced(ctx, 1, time.Second)
	if err != nil {
		return err
	}
	b.check("ten thousand at once", w.count)
	b.results.note("strain", 0, took.Seconds())
	b.say("%d sockets open after %s", len(st.c.readers), took.Round(time.Millisecond))
	return nil
}

// asked has a page asked for a thousand times a second.
func (b *bench) asked(ctx context.Context) error {
	m, err := b.mayfly(ctx, "asked")
	if err != nil {
		return err
	}
	if _, err := m.write(pagePosts, 300); err != nil {
		return err
	}
	get := request(m, http.MethodGet, "/", phone, nil)
	pages := &walk{s: m, rate: 1000, want: http.StatusOK, next: func() []byte { return get }}
	if err := together(ctx, askedLong, pages); err != nil {
		return err
	}
	b.results.note("strain", 1, ms(percentile(pages.times, 0.99)))
	b.say("1,000 pages a second: p50 %s, p99 %s%s", percentile(pages.times, 0.5), percentile(pages.times, 0.99), refusals(pages.refused))
	return nil
}

// slowDisk has every sync take 5 ms more, by strace, and asks for posts over 64 connections.
func (b *bench) slowDisk(ctx context.Context) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return fmt.Errorf("a slow disk is made with strace: %w", err)
	}
	m, err := b.under(ctx, "slowdisk", []string{
		strace, "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
		"-e", fmt.Sprintf("inject=fsync,fdatasync:delay_exit=%d", slowSync.Microseconds()),
	})
	if err != nil {
		return err
	}
	got, err := storm(ctx, m)
	if err != nil {
		return err
	}
	b.results.note("strain", 2, ms(percentile(got.times, 0.99)))
	b.say("syncs of %s more: %.0f posts/s, p50 %s, p99 %s%s", slowSync, got.perSecond(), percentile(got.times, 0.5), percentile(got.times, 0.99), refusals(got.refused))
	return nil
}
