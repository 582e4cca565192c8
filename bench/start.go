package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

// starts measures the memory of an empty board, and how soon a board with 100,000
// living posts answers.
func (b *bench) starts(ctx context.Context) error {
	living := b.small(100_000)
	if err := b.fill(ctx, "start", filling{posts: living, size: fillSize, ttl: mixed}); err != nil {
		return err
	}
	for i := range b.few() {
		empty, err := b.mayfly(ctx, fmt.Sprintf("empty%d", i))
		if err != nil {
			return err
		}
		if _, quiet := empty.settle(); !quiet {
			return errors.New("an empty server was not quiet")
		}
		memory := empty.Resident()
		b.results.note("start", 0, float64(memory)/(1<<20))
		if err := empty.stop(); err != nil {
			return err
		}
		full, err := b.mayfly(ctx, "start")
		if err != nil {
			return err
		}
		a, err := once(full, request(full, http.MethodGet, "/", phone, nil))
		if err == nil {
			err = a.as(http.StatusOK)
		}
		if err != nil {
			return fmt.Errorf("the first page: %w", err)
		}
		first := time.Since(full.began)
		b.results.note("start", 1, first.Seconds())
		read, quiet := full.settle()
		if !quiet {
			return fmt.Errorf("a server with %d posts was not quiet after %s", living, read)
		}
		b.say("%.1f MiB when empty; with %d living posts the first page after %s, all read after %s, then %d MiB", float64(memory)/(1<<20), living,
			first.Round(time.Millisecond), read.Round(100*time.Millisecond), full.Resident()>>20)
		if err := full.stop(); err != nil {
			return err
		}
	}
	return nil
}

// visit measures what a phone fetches to show a full feed for the first time.
func (b *bench) visit(ctx context.Context) error {
	m, err := b.mayfly(ctx, "visit")
	if err != nil {
		return err
	}
	if _, err := m.write(pagePosts, 300); err != nil {
		return err
	}
	sizes, err := m.fetched("/")
	if err != nil {
		return err
	}
	sum := 0
	var said strings.Builder
	for _, kind := range []string{"html", "css", "js", "woff2"} {
		if sizes[kind] == 0 {
			return fmt.Errorf("the page fetches no %s", kind)
		}
		sum += sizes[kind]
		fmt.Fprintf(&said, " %s %.1f kB", kind, float64(sizes[kind])/1000)
	}
	b.results.note("visit", 0, float64(sum)/1000)
	b.say("a first visit:%s", &said)
	return nil
}

var (
	fetches = regexp.MustCompile(`(?:href|src)="(/static/[^"]+\.(?:css|js|woff2))"`)
	imports = regexp.MustCompile(`(?:from|import)\s*"(\.{0,2}/[^"]+\.js)"`)
)

// fetched is how many bytes of each kind come, compressed, when a browser opens a page
// with nothing in its cache: what the page names, and what its scripts import.
func (s *server) fetched(at string) (map[string]int, error) {
	const browser = "Accept-Language: en\r\nAccept-Encoding: gzip, deflate, br\r\n"
	sizes, seen := map[string]int{}, map[string]bool{}
	for todo := []string{at}; len(todo) > 0; todo = todo[1:] {
		url := todo[0]
		if seen[url] {
			continue
		}
		seen[url] = true
		packed, err := once(s, request(s, http.MethodGet, url, browser, nil))
		if err == nil {
			err = packed.as(http.StatusOK)
		}
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", url, err)
		}
		kind := "html"
		if url != at {
			kind = path.Ext(url)[1:]
		}
		sizes[kind] += len(packed.body)
		plain, err := once(s, request(s, http.MethodGet, url, "Accept-Language: en\r\n", nil))
		if err != nil {
			return nil, err
		}
		todo = append(todo, names(url, kind, plain.body)...)
	}
	return sizes, nil
}

// names are the addresses that a page or a script names.
func names(from, kind string, text []byte) (urls []string) {
	switch kind {
	case "html":
		for _, m := range fetches.FindAllSubmatch(text, -1) {
			urls = append(urls, string(m[1]))
		}
	case "js":
		for _, m := range imports.FindAllSubmatch(text, -1) {
			url := string(m[1])
			if !path.IsAbs(url) {
				url = path.Join(path.Dir(from), url)
			}
			urls = append(urls, url)
		}
	}
	return urls
}
