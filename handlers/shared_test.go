package handlers_test

import (
	"crypto/rand"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/board"
)

// nobody has no cookie, and keeps none.
func (s *site) nobody(path string, headers ...string) answer {
	s.t.Helper()
	return s.as(&http.Client{CheckRedirect: newBrowser().CheckRedirect}, http.MethodGet, path, "", headers...)
}

// crowd fills a feed with more than a page holds: the way to older posts is another at
// each drawing, so that it tells whether two were given the same.
func (s *site) crowd() {
	s.t.Helper()
	for range board.PageSize + 1 {
		s.publish(rand.Text())
	}
}

func TestReadersWithoutACookieShareAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowd()
	var mu sync.Mutex
	drawn := map[string]int{}
	var asking sync.WaitGroup
	for range 100 { // a stampede
		asking.Go(func() {
			page := s.nobody("/")
			mu.Lock()
			defer mu.Unlock()
			drawn[page.body]++
		})
	}
	asking.Wait()
	if len(drawn) != 1 {
		t.Errorf("a hundred who asked at once were given %d pages", len(drawn))
	}
	for page := range drawn {
		if s.get("/").body == page {
			t.Error("who has a cookie is given a page that says they have none")
		}
	}
}

// TestASharedPageIsSentAsAnyOther: of what is sent with it, only its length is told.
func TestASharedPageIsSentAsAnyOther(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"), withBase("https://river.example"), withOnion)
	for _, encodings := range []string{"identity", "gzip", "gzip, deflate, br, zstd", "gzip;q=0"} {
		headers := []string{"Host", "river.example", "X-Forwarded-Proto", "https", "Accept-Encoding", encodings}
		alone := s.nobody("/?refresh=30", append(headers, "Cookie", "__Host-mf=none")...)
		for range 2 {
			shared := s.nobody("/?refresh=30", headers...)
			want, got := alone.Header.Clone(), shared.Header.Clone()
			for _, h := range []http.Header{want, got} {
				h.Del("Date")
				h.Del("Content-Length")
			}
			if !reflect.DeepEqual(want, got) || alone.StatusCode != shared.StatusCode || shared.ContentLength <= 0 {
				t.Errorf("%s: %v, want %v", encodings, got, want)
			}
			if encodings == "identity" && alone.body != shared.body {
				t.Error("another page is shown to who has no cookie at all")
			}
		}
	}
}

func TestPagesThatDifferAreNotShared(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.crowd()
	s.set("age_notice", "16")
	seen := map[string]string{}
	for what, headers := range map[string][]string{
		"plain":    {"Accept-Encoding", "identity"},
		"gzip":     {"Accept-Encoding", "gzip"},
		"zstd":     {"Accept-Encoding", "zstd"},
		"Italian":  {"Accept-Encoding", "identity", "Accept-Language", "it"},
		"dark":     {"Accept-Encoding", "identity", "Cookie", "look=.dark"},
		"age seen": {"Accept-Encoding", "identity", "Cookie", "look=..16"},
		"host":     {"Accept-Encoding", "identity", "Host", "localhost"},
		"TLS":      {"Accept-Encoding", "identity", "X-Forwarded-Proto", "https"},
	} {
		for range 2 {
			a := s.nobody("/", headers...)
			if other, is := seen[a.body]; is && other != what {
				t.Errorf("%s is given the page of %s", what, other)
			}
			seen[a.body] = what
		}
	}
	for _, path := range []string{"/?sort=hot", "/?refresh=30", "/b/home"} {
		a := s.nobody(path, "Accept-Encoding", "identity")
		if b := s.nobody(path, "Accept-Encoding", "identity"); a.body != b.body || a.Header.Get("Refresh") != b.Header.Get("Refresh") {
			t.Errorf("%s is not shared", path)
		}
		if seen[a.body] != "" || (path == "/?refresh=30") != (a.Header.Get("Refresh") == "30") {
			t.Errorf("%s is given the page of %s", path, seen[a.body])
		}
	}
}

// TestWhatIsDoneShowsOnSharedPagesAtOnce does all that takes something off a page or
// changes its rules, and looks at the page before it is answered and after.
func TestWhatIsDoneShowsOnSharedPagesAtOnce(t *testing.T) {
	t.Parallel()
	const marker = "xyzzy-marker"
	gone := func(a answer) bool { return !strings.Contains(a.body, marker) }
	says := func(words string) func(answer) bool {
		return func(a answer) bool { return strings.Contains(a.body, words) }
	}
	for what, tt := range map[string]struct {
		do    func(s *site, id, key string)
		shown func(answer) bool
	}{
		"its author ends it":  {func(s *site, id, key string) { s.form("/p/"+id+"/delete", "owner_key", key) }, gone},
		"an admin removes it": {func(s *site, id, _ string) { must(s.board.Remove(s.t.Context(), ruling, parsed(id))) }, gone},
		"an admin hides it":   {func(s *site, id, _ string) { must(0, s.board.Hide(s.t.Context(), ruling, parsed(id))) }, gone},
		"reports hide it": {func(s *site, id, _ string) {
			for _, from := range []string{"203.0.113.1", "198.51.100.1", "192.0.2.1"} {
				s.report(id, "spam", from)
			}
		}, gone},
		"downs end it": {func(s *site, id, _ string) {
			s.set("vanish_score", "-1")
			s.nobody("/")
			s.as(newBrowser(), http.MethodPost, "/p/"+id+"/vote", "vote=down", "Content-Type", "application/x-www-form-urlencoded")
		}, gone},
		"a setting": {func(s *site, _, _ string) { s.set("board", "read-only") }, says(`id="pace" data-shut`)},
		"a board's setting": {func(s *site, _, _ string) {
			must(0, s.tuner.Apply(s.t.Context(), "cli", board.Home, map[string]string{"board": "closed"}))
		}, gone},
		"raid mode": {func(s *site, _, _ string) { must(0, s.storms.Begin(s.t.Context(), "ada", "", time.Hour)) }, says("raid")},
		"a title": {func(s *site, _, _ string) {
			must(0, board.ChangeBoard(s.t.Context(), "cli", s.store, board.Home, func(i *board.Info) error { i.Title = "Plugh"; return nil }, s.clock.Now()))
			s.follow()
		}, says("Plugh")},
		"another board": {func(s *site, _, _ string) { s.addBoard(board.Info{Slug: "attic", Title: "Plugh"}) }, says("/boards")},
		"a question":    {func(s *site, _, _ string) { s.ask(board.Question{Body: "Plugh?"}) }, says("Plugh?")},
		"a door":        {func(s *site, _, _ string) { s.gives(board.Home, board.ByPassphrase, doorPhrase) }, gone},
	} {
		t.Run(what, func(t *testing.T) {
			s := newSite(t, withTrusted("127.0.0.0/8"))
			s.publish("something else")
			id, key := s.publish(marker)
			for _, path := range []string{"/", "/p/" + id} {
				if a := s.nobody(path); tt.shown(a) && path == "/" || !strings.Contains(a.body, marker) {
					t.Fatalf("before: %s %s", path, a.Status)
				}
			}
			tt.do(s, id, key)
			if a := s.nobody("/"); !tt.shown(a) {
				t.Errorf("after it the page is what it was: %s", a.Status)
			}
			if a := s.nobody("/p/" + id); tt.shown(answer{}) && !gone(a) { // it is gone from everywhere
				t.Errorf("and the thread is: %s", a.Status)
			}
		})
	}
}

// TestASharedPageEndsWithTheFirstThingOnIt looks a millisecond before, and at the
// millisecond.
func TestASharedPageEndsWithTheFirstThingOnIt(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]func(s *site, id string) time.Duration{
		"by time": func(s *site, id string) time.Duration {
			return must(s.board.Any(s.t.Context(), parsed(id))).Life.EndsAt.Sub(s.clock.Now())
		},
		"by downs that burn it": func(s *site, id string) time.Duration {
			s.set("life_per_down", "12h")
			left := must(s.board.Any(s.t.Context(), parsed(id))).Life.EndsAt.Sub(s.clock.Now())
			s.clock.turn(left - 12*time.Hour - 500*time.Millisecond)
			s.nobody("/")
			s.as(newBrowser(), http.MethodPost, "/p/"+id+"/vote", "vote=down", "Content-Type", "application/x-www-form-urlencoded")
			return must(s.board.Any(s.t.Context(), parsed(id))).Life.EndsAt.Sub(s.clock.Now())
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := newSite(t)
			id, _ := s.publish("xyzzy-marker")
			left := tt(s, id)
			s.clock.turn(left - 2*time.Millisecond)
			for _, path := range []string{"/", "/p/" + id, "/?sort=fading"} {
				if a := s.nobody(path); !strings.Contains(a.body, "xyzzy-marker") {
					t.Fatalf("%s, two milliseconds before: %s", path, a.Status)
				}
			}
			s.clock.turn(time.Millisecond)
			if a := s.nobody("/"); !strings.Contains(a.body, "xyzzy-marker") {
				t.Error("it is gone a millisecond before its end")
			}
			s.clock.turn(time.Millisecond)
			for _, path := range []string{"/", "/p/" + id, "/?sort=fading"} {
				if a := s.nobody(path); strings.Contains(a.body, "xyzzy-marker") {
					t.Errorf("%s shows it at its end", path)
				}
			}
		})
	}
}

func TestBirthsWaitASecondOnASharedPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowd()
	before := s.nobody("/").body
	s.publish("xyzzy-marker")
	if s.nobody("/").body != before {
		t.Error("a birth had the page drawn anew")
	}
	if !strings.Contains(s.get("/").body, "xyzzy-marker") {
		t.Error("its author does not see it")
	}
	s.clock.turn(board.SharedTime)
	if !strings.Contains(s.nobody("/").body, "xyzzy-marker") {
		t.Error("it is not there after a second")
	}
}

func TestSharedPagesAreMetered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("page", "1/2")
	passed, refused := 0, 0
	for range 20 {
		switch a := s.nobody("/"); a.StatusCode {
		case http.StatusOK:
			passed++
		case http.StatusTooManyRequests:
			refused++
			if a.Header.Get("Retry-After") == "" {
				t.Error("nobody is told when to come back")
			}
		}
	}
	if passed != 4 || refused != 16 { // an address has twice the burst
		t.Errorf("%d pages were given, %d refused", passed, refused)
	}
}

// TestNoEndedPostIsOnASharedPage has readers and endings race: whoever asks after an ending
// was answered is not shown what ended.
func TestNoEndedPostIsOnASharedPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var mu sync.Mutex
	over := map[string]bool{} // markers whose ending was answered
	done := make(chan struct{})
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				mu.Lock()
				before := slices.Collect(maps.Keys(over))
				mu.Unlock()
				page := s.nobody("/").body
				for _, marker := range before {
					if strings.Contains(page, marker) {
						t.Error("a page shows what had ended before it was asked for")
					}
				}
			}
		})
	}
	for range 100 {
		marker := rand.Text()
		id, key := s.publish(marker)
		s.nobody("/")
		if a := s.form("/p/"+id+"/delete", "owner_key", key); a.StatusCode != http.StatusSeeOther {
			t.Errorf("end: %s", a.Status)
		}
		mu.Lock()
		over[marker] = true
		mu.Unlock()
	}
	close(done)
	work.Wait()
}
