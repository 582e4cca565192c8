package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// times are how long something took, each time.
type times []time.Duration

// String says half of them, 99 of 100, and the longest.
func (t times) String() string {
	if len(t) == 0 {
		return "no time"
	}
	slices.Sort(t)
	at := func(share float64) time.Duration {
		return t[int(share*float64(len(t)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%s (p50), %s (p99), %s (longest)", at(0.5), at(0.99), at(1))
}

// crowd reads and writes.
type crowd struct {
	url    string
	client *http.Client
	random *rand.Rand

	mu       sync.Mutex
	sent     map[int]time.Time // by a number in the post's words
	answered times
	heard    times
	loaded   times
	problems map[string]int
}

func newCrowd(at string) *crowd {
	return &crowd{
		url:      at,
		client:   &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		random:   rand.New(rand.NewPCG(1, 2)), //nolint:gosec // words, the same each time
		sent:     map[int]time.Time{},
		problems: map[string]int{},
	}
}

var numbered = regexp.MustCompile(`post number (\d+) `)

// listen opens the sockets of so many readers.
func (c *crowd) listen(ctx context.Context, readers int) error {
	for range readers {
		conn, res, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(c.url, "http", "ws", 1)+"/live?board=home", http.Header{"Origin": {c.url}})
		if err != nil {
			return fmt.Errorf("a reader: %w", err)
		}
		_ = res.Body.Close()
		go func() {
			for {
				_, frame, err := conn.ReadMessage()
				if err != nil {
					return
				}
				c.hear(frame, time.Now())
			}
		}()
	}
	return nil
}

func (c *crowd) hear(frame []byte, at time.Time) {
	found := numbered.FindAllSubmatch(frame, -1)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range found {
		n, _ := strconv.Atoi(string(m[1]))
		c.heard = append(c.heard, at.Sub(c.sent[n]))
	}
}

// play writes and loads pages at the plan's pace, and waits for what is under way.
func (c *crowd) play(ctx context.Context, p plan) {
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(p.posts))
	defer tick.Stop()
	look := time.NewTicker(time.Second / time.Duration(p.pages))
	defer look.Stop()
	last := time.After(p.long)
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-last:
			all.Wait()
			time.Sleep(time.Second) // the last ones arrive
			return
		case <-tick.C:
			n++
			words := c.words(n)
			all.Go(func() { c.write(ctx, n, words) })
		case <-look.C:
			all.Go(func() { c.load(ctx) })
		}
	}
}

// words are such as nobody has written before.
func (c *crowd) words(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "post number %d is about", n)
	for range 12 {
		b.WriteByte(' ')
		for range 2 + c.random.IntN(3) {
			b.WriteByte("bdfgklmnprstvz"[c.random.IntN(14)])
			b.WriteByte("aeiou"[c.random.IntN(5)])
		}
	}
	return b.String()
}

func (c *crowd) write(ctx context.Context, n int, words string) {
	began := time.Now()
	c.mu.Lock()
	c.sent[n] = began
	c.mu.Unlock()
	status, err := c.do(ctx, http.MethodPost, "/b/home/posts", url.Values{"body": {words}}.Encode())
	c.note(&c.answered, began, status == http.StatusSeeOther, status, err)
}

func (c *crowd) load(ctx context.Context) {
	began := time.Now()
	status, err := c.do(ctx, http.MethodGet, "/", "")
	c.note(&c.loaded, began, status == http.StatusOK, status, err)
}

func (c *crowd) note(to *times, began time.Time, well bool, status int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if well {
		*to = append(*to, time.Since(began))
		return
	}
	c.problems[fmt.Sprintf("status %d, %v", status, err)]++
}

func (c *crowd) do(ctx context.Context, method, path, form string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(form))
	if err != nil {
		return 0, err
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// failed says what did not go well, and how often.
func (c *crowd) failed() error {
	if len(c.problems) == 0 {
		return nil
	}
	return errors.New(fmt.Sprint(c.problems))
}
