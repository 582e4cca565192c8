package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math/big"
	mathrand "math/rand/v2"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// being is a post or a reply that was sent, and what is known of it.
type being struct {
	id       string
	root     *being // nil: it is a post
	marker   string
	bearer   string // that ends it
	earliest time.Time
	latest   time.Time // when it ends, hearts and rounding included
	pictures []string  // bytes of its pictures, as they were served
	ending   bool      // somebody has asked to end it
	ended    time.Time // and that was answered then
}

// lives says that it surely does, gone that it surely does not.
func (b *being) lives(now time.Time) bool {
	if b.root != nil && !b.root.lives(now) {
		return false
	}
	return !b.ending && now.Before(b.earliest)
}

func (b *being) gone(now time.Time) bool {
	return !b.ended.IsZero() || now.After(b.latest) || b.root != nil && b.root.gone(now)
}

// town is everybody who writes, and what they have been answered.
type town struct {
	people []*person

	mu      sync.Mutex
	beings  map[string]*being
	markers []string // of all that was sent, answered or not
	refused map[int]int
	counts  map[string]int
	lives   func() time.Duration
	noPics  bool
	bodies  int // how often a marker stands in a post, at most
	byHand  func(id string)
}

func newTown() *town {
	t := &town{beings: map[string]*being{}, refused: map[int]int{}, counts: map[string]int{}, lives: seconds, bodies: 20}
	for range 40 {
		t.people = append(t.people, &person{})
	}
	return t
}

// seconds is a life of 1 to 30 s, now and then of two minutes.
func seconds() time.Duration {
	if mathrand.IntN(30) == 0 { //nolint:gosec // a life
		return 119 * time.Second
	}
	return time.Duration(1+mathrand.IntN(30)) * time.Second //nolint:gosec // a life
}

func marker() string { return strings.ToLower(rand.Text()[:20]) }

func (t *town) somebody() *person { return t.people[mathrand.IntN(len(t.people))] } //nolint:gosec // anybody

// play does so many things a second until ctx is over, and waits for what is under way.
func (t *town) play(ctx context.Context, s *server, rate int) {
	var all sync.WaitGroup
	defer all.Wait()
	busy := make(chan struct{}, 48)
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case busy <- struct{}{}:
			all.Go(func() {
				t.act(context.WithoutCancel(ctx), s)
				<-busy
			})
		default:
			t.count("too busy")
		}
	}
}

func (t *town) count(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what]++
}

func (t *town) act(ctx context.Context, s *server) {
	switch roll := mathrand.IntN(100); { //nolint:gosec // a choice
	case roll < 12:
		t.reply(ctx, s)
	case roll < 20:
		t.heart(ctx, s)
	case roll < 25:
		t.end(ctx, s)
	case roll < 29 && !t.noPics:
		t.picture(ctx, s)
	default:
		t.post(ctx, s, t.lives())
	}
}

// alive is a post that lives for a while yet, or nil.
func (t *town) alive() *being {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for _, b := range t.beings { // in no order
		if b.root == nil && b.lives(now.Add(500*time.Millisecond)) {
			return b
		}
	}
	return nil
}

// words are such as nobody has written: a marker, some times.
func (t *town) words() (mark, body string) {
	mark = marker()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.markers = append(t.markers, mark)
	return mark, strings.Repeat(mark+" ", 1+mathrand.IntN(t.bodies)) //nolint:gosec // a length
}

func (t *town) post(ctx context.Context, s *server, ttl time.Duration) *being {
	mark, body := t.words()
	sent := time.Now()
	status, answer := s.send(ctx, t.somebody(), http.MethodPost, "/boards/home/posts", "", map[string]string{"body": body, "ttl": ttl.String()})
	return t.born(status, answer, &being{marker: mark, earliest: sent.Add(ttl), latest: time.Now().Add(ttl + grid(ttl))})
}

// grid is what an end is rounded up to: docs/storage.md.
func grid(ttl time.Duration) time.Duration {
	switch {
	case ttl >= time.Hour:
		return time.Minute
	case ttl >= 2*time.Minute:
		return 10 * time.Second
	}
	return time.Second
}

func (t *town) reply(ctx context.Context, s *server) {
	root := t.alive()
	if root == nil {
		return
	}
	mark, body := t.words()
	status, answer := s.send(ctx, t.somebody(), http.MethodPost, "/posts/"+root.id+"/replies", "", map[string]string{"body": body})
	t.born(status, answer, &being{marker: mark, root: root, earliest: time.Now().Add(time.Hour), latest: time.Now().Add(24 * time.Hour)})
}

// born notes what was answered.
func (t *town) born(status int, answer []byte, b *being) *being {
	var out struct {
		Post struct {
			ID      string
			Picture *struct{ URL, Thumb string }
		}
		Key string `json:"owner_key"`
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if status != http.StatusCreated || json.Unmarshal(answer, &out) != nil {
		t.refused[status]++
		return nil
	}
	b.id, b.bearer = out.Post.ID, out.Key
	t.beings[b.id] = b
	t.counts["born"]++
	return b
}

func (t *town) heart(ctx context.Context, s *server) {
	b := t.alive()
	if b == nil {
		return
	}
	t.mu.Lock()
	b.latest = b.latest.Add(3 * time.Second) // whatever is answered
	t.mu.Unlock()
	if status, _ := s.send(ctx, t.somebody(), http.MethodPut, "/posts/"+b.id+"/vote", "", map[string]string{"vote": "heart"}); status == http.StatusOK {
		t.count("hearts")
	}
}

func (t *town) end(ctx context.Context, s *server) {
	b := t.alive()
	if b == nil {
		return
	}
	t.finish(ctx, s, b)
}

// finish ends it by hand, with its owner key.
func (t *town) finish(ctx context.Context, s *server, b *being) bool {
	t.mu.Lock()
	b.ending = true
	t.mu.Unlock()
	status, _ := s.send(ctx, &person{}, http.MethodDelete, "/posts/"+b.id, b.bearer, nil)
	if status != http.StatusNoContent {
		return false
	}
	if t.byHand != nil {
		t.byHand(b.id)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b.ended = time.Now()
	t.counts["ended by hand"]++
	return true
}

// picture sends a picture of noise, and keeps what is served of it.
func (t *town) picture(ctx context.Context, s *server) {
	mark, body := t.words()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("body", body)
	ttl := t.lives()
	_ = w.WriteField("ttl", ttl.String())
	part, _ := w.CreateFormFile("picture", mark+".png")
	_ = png.Encode(part, noise())
	_ = w.Close()
	sent := time.Now()
	status, answer := s.sendAs(ctx, t.somebody(), http.MethodPost, "/boards/home/posts", "", w.FormDataContentType(), form.Bytes())
	b := t.born(status, answer, &being{marker: mark, earliest: sent.Add(ttl), latest: time.Now().Add(ttl + grid(ttl))})
	if b == nil {
		return
	}
	var out struct {
		Post struct{ Picture struct{ URL, Thumb string } }
	}
	_ = json.Unmarshal(answer, &out)
	for _, path := range []string{out.Post.Picture.URL, out.Post.Picture.Thumb} {
		raw, err := s.bytesAt(ctx, path)
		if err != nil || len(raw) < 400 {
			continue
		}
		some := string(raw[len(raw)/2-60 : len(raw)/2+60])
		t.mu.Lock()
		if !slices.Contains(b.pictures, some) { // a small picture is its own thumbnail
			b.pictures = append(b.pictures, some)
			t.counts["pictures"]++
		}
		t.mu.Unlock()
	}
}

func noise() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 90, 60))
	for x := range 90 {
		for y := range 60 {
			n, _ := rand.Int(rand.Reader, big.NewInt(1<<24))
			v := n.Uint64()
			img.Set(x, y, color.RGBA{uint8(v), uint8(v >> 8), uint8(v >> 16), 255}) //nolint:gosec // its bytes
		}
	}
	return img
}

// texts are needles of everything that was ever written or drawn.
func (t *town) texts() *needles {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := newNeedles()
	for _, mark := range t.markers {
		n.add(mark, "text "+mark)
	}
	for _, b := range t.beings {
		for i, p := range b.pictures {
			n.add(p, fmt.Sprintf("picture %d of %s", i, b.id))
		}
	}
	return n
}

// forget lets go of what was gone for a while, so that a long run stays small; its
// markers are looked for on.
func (t *town) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := time.Now().Add(-time.Minute)
	maps.DeleteFunc(t.beings, func(_ string, b *being) bool {
		return len(b.pictures) == 0 && (b.gone(old) || !b.ended.IsZero() && b.ended.Before(old))
	})
}

// verdict is what a look at the site says of those who should be there or not.
type verdict struct{ lost, raised, living, gone int }

// check asks for everything that surely lives, and for some of what is surely gone.
func (t *town) check(ctx context.Context, s *server, someGone int) (v verdict, err error) {
	before := time.Now()
	there, err := s.everything(ctx)
	if err != nil {
		return v, err
	}
	after := time.Now()
	t.mu.Lock()
	all := slices.Collect(maps.Values(t.beings))
	t.mu.Unlock()
	var ask []*being
	for _, b := range all {
		switch {
		case b.gone(before):
			v.gone++
			if there[b.id] {
				v.raised++
			} else if someGone > 0 {
				someGone--
				ask = append(ask, b)
			}
		case b.root == nil && b.lives(after):
			v.living++
			if !there[b.id] {
				v.lost++
			}
		case b.lives(after.Add(time.Second)):
			v.living++
			if status, _ := s.send(ctx, &person{}, http.MethodGet, "/posts/"+b.id, "", nil); status != http.StatusOK && b.lives(time.Now()) {
				v.lost++
			}
		}
	}
	for _, b := range ask {
		if status, _ := s.send(ctx, &person{}, http.MethodGet, "/posts/"+b.id, "", nil); status == http.StatusOK {
			v.raised++
		}
	}
	return v, nil
}

// everything is the ids of all posts that stand on the board.
func (s *server) everything(ctx context.Context) (map[string]bool, error) {
	ids := map[string]bool{}
	for cursor := ""; ; {
		status, answer := s.send(ctx, &person{}, http.MethodGet, "/boards/home/posts?limit=200&cursor="+cursor, "", nil)
		var page struct {
			Cursor string
			Posts  []struct{ ID string }
		}
		if status != http.StatusOK || json.Unmarshal(answer, &page) != nil {
			return nil, fmt.Errorf("the feed: status %d", status)
		}
		for _, p := range page.Posts {
			ids[p.ID] = true
		}
		if cursor = page.Cursor; cursor == "" {
			return ids, nil
		}
	}
}

// said counts what was done, and what was refused by which status.
func (t *town) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(t.counts)) {
		parts = append(parts, strconv.Itoa(t.counts[what])+" "+what)
	}
	for status, n := range t.refused {
		parts = append(parts, fmt.Sprintf("%d refused with %d", n, status))
	}
	return strings.Join(parts, ", ")
}
