package limit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// street is a gate whose settings a test changes. The library reads the clock by
// itself, so time is turned in a synctest bubble.
type street struct {
	*Gate
	mu       sync.Mutex
	settings board.Settings
	boards   map[string]board.Settings // of those that differ
}

func newStreet(settings ...string) *street {
	s := &street{settings: board.DefaultSettings()}
	s.set(settings...)
	s.Gate = NewGate(func(slug string) board.Settings {
		s.mu.Lock()
		defer s.mu.Unlock()
		if own, differs := s.boards[slug]; differs {
			return own
		}
		return s.settings
	}, time.Now, 10_000)
	return s
}

// set changes settings, given as name=value.
func (s *street) set(settings ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kv := range settings {
		name, value, _ := strings.Cut(kv, "=")
		next, err := s.settings.With(map[string]string{name: value})
		if err != nil {
			panic(err)
		}
		s.settings = next
	}
}

// passes is how many of n requests are let through.
func (s *street) passes(t *testing.T, n int, cost Cost, who func(i int) Caller) (passed int) {
	t.Helper()
	for i := range n {
		err := s.Allow(cost, "home", who(i))
		var refusal *board.Error
		switch {
		case err == nil:
			passed++
		case !errors.As(err, &refusal) || refusal.Kind != board.Limited:
			t.Fatalf("request %d: %v, want a refusal of kind Limited", i, err)
		}
	}
	return passed
}

func from(addr string) netip.Addr { return netip.MustParseAddr(addr) }

// nobody has no cookie.
func nobody(addr string) func(int) Caller {
	return func(int) Caller { return Caller{Addr: from(addr)} }
}

// newcomers have a fresh cookie each.
func newcomers(addr string) func(int) Caller {
	return func(int) Caller { return Caller{from(addr), board.NewVisitor(time.Now())} }
}

// settled has one cookie that is old enough for a bucket of its own.
func settled(addr string) Caller {
	return Caller{from(addr), board.NewVisitor(time.Now().Add(-time.Hour))}
}

func always(c Caller) func(int) Caller { return func(int) Caller { return c } }

func TestEachCostHasItsOwnRateAndBurst(t *testing.T) {
	for _, tt := range []struct {
		cost  Cost
		name  string
		burst int // of the defaults
		wait  time.Duration
	}{
		{Post, "post", 3, 10 * time.Second},
		{Reply, "reply", 6, 5 * time.Second},
		{Vote, "vote", 15, 2 * time.Second},
		{Page, "page", 200, time.Second},
		{Picture, "picture", 2, 20 * time.Second},
		{Report, "report", 3, 10 * time.Second},
		{Image, "a page's pictures", 2000, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, me := newStreet(), settled("203.0.113.9")
				if n := s.passes(t, 2*tt.burst, tt.cost, always(me)); n != tt.burst {
					t.Errorf("%d at once, want %d", n, tt.burst)
				}
				var refusal *board.Error
				if err := s.Allow(tt.cost, "home", me); !errors.As(err, &refusal) || refusal.Code != "error.limited" || refusal.Args["wait"] != tt.wait {
					t.Fatalf("refusal = %+v, want a wait of %v", refusal, tt.wait)
				}
				time.Sleep(tt.wait)
				if err := s.Allow(tt.cost, "home", me); err != nil {
					t.Errorf("after the wait: %v", err)
				}
				time.Sleep(time.Hour)
				if n := s.passes(t, 2*tt.burst, tt.cost, always(me)); n != tt.burst {
					t.Errorf("an hour later: %d at once, want %d", n, tt.burst)
				}
			})
		})
	}
}

func TestCostsAreChargedApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, me := newStreet(), settled("203.0.113.9")
		s.passes(t, 10, Post, always(me))
		if err := s.Allow(Reply, "home", me); err != nil {
			t.Errorf("a reply after too many posts: %v", err)
		}
	})
}

func TestWhoNeverRestsGetsTheRateAndABurstAnEpochAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, me := newStreet("post=6/3"), settled("203.0.113.9")
		const epochs = 12
		passed := 0
		for range epochs * int(epochTime/time.Second) { // a try a second
			passed += s.passes(t, 1, Post, always(me))
			time.Sleep(time.Second)
		}
		if want := 60 * epochs; passed < want || passed > want+3*epochs {
			t.Errorf("%d passed in %d epochs, want from %d to %d", passed, epochs, want, want+3*epochs)
		}
	})
}

func TestTurnOfTheKeyGivesNoSecondBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, me := newStreet("post=1/5"), settled("203.0.113.9")
		time.Sleep(epochTime - time.Second)
		s.passes(t, 10, Post, always(me))
		time.Sleep(2 * time.Second)
		if n := s.passes(t, 10, Post, always(me)); n != 0 {
			t.Errorf("%d passed when the key had turned", n)
		}
	})
}

func TestZeroIsUnlimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("post=0")
		if n := s.passes(t, 10_000, Post, nobody("203.0.113.9")); n != 10_000 {
			t.Errorf("%d of 10,000 passed", n)
		}
	})
}

func TestChangedRateIsInForceForTheNextRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, me := newStreet("post=6/3"), settled("203.0.113.9")
		s.passes(t, 10, Post, always(me))
		s.set("post=6/5")
		if n := s.passes(t, 10, Post, always(me)); n != 5 {
			t.Errorf("burst 5: %d passed", n)
		}
		s.set("post=60/2")
		if n := s.passes(t, 10, Post, always(me)); n != 2 {
			t.Errorf("burst 2: %d passed", n)
		}
		time.Sleep(time.Second)
		if n := s.passes(t, 10, Post, always(me)); n != 1 {
			t.Errorf("60 a minute, a second later: %d passed", n)
		}
		s.set("post=0")
		if n := s.passes(t, 100, Post, always(me)); n != 100 {
			t.Errorf("unlimited: %d of 100 passed", n)
		}
		s.set("post=6/3") // as it was: what was used up there still is
		if n := s.passes(t, 10, Post, always(me)); n > 1 {
			t.Errorf("to and fro: %d passed", n)
		}
	})
}

func TestThoseWithoutASettledCookieShareTheirAddress(t *testing.T) {
	for _, tt := range []struct {
		name string
		who  func(int) Caller
	}{
		{"no cookie", nobody("203.0.113.9")},
		{"a fresh cookie each time", newcomers("203.0.113.9")},
		{"IPv4 written as IPv6", nobody("::ffff:203.0.113.9")},
		{"hosts of one /64", func(i int) Caller { return Caller{Addr: from(fmt.Sprintf("2001:db8:1:2::%x", i+1))} }},
		{"zones of one link", func(i int) Caller { return Caller{Addr: from(fmt.Sprintf("fe80::1%%eth%d", i))} }},
		{"no address at all", func(int) Caller { return Caller{} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet("post=6/3")
				if n := s.passes(t, 200, Post, tt.who); n != 6 {
					t.Errorf("%d passed, want twice the burst of 3", n)
				}
			})
		})
	}
}

func TestNetworkHasTenTimesTheRate(t *testing.T) {
	for _, tt := range []struct {
		name string
		addr func(i int) string
	}{
		{"a /24", func(i int) string { return fmt.Sprintf("203.0.113.%d", i%256) }},
		{"a /56", func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%256) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet("post=6/3")
				if n := s.passes(t, 256, Post, func(i int) Caller { return Caller{Addr: from(tt.addr(i))} }); n != 30 {
					t.Errorf("%d passed, want ten times the burst of 3", n)
				}
				if n := s.passes(t, 1, Post, nobody("198.51.100.1")); n != 1 {
					t.Error("another network was refused")
				}
			})
		})
	}
}

func TestOneHostCannotUseUpItsNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("post=6/3")
		s.passes(t, 1000, Post, nobody("203.0.113.9"))
		if n := s.passes(t, 6, Post, nobody("203.0.113.10")); n != 6 {
			t.Errorf("its neighbour: %d of 6 passed", n)
		}
	})
}

func TestSharedNetworksAreFiftyTimesAsWide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("post=6/3", "shared_networks=198.51.100.0/24, 2001:db8::/32")
		if n := s.passes(t, 1000, Post, newcomers("198.51.100.7")); n != 300 {
			t.Errorf("IPv4: %d passed, want 300", n)
		}
		if n := s.passes(t, 1000, Post, newcomers("2001:db8::7")); n != 300 {
			t.Errorf("IPv6: %d passed, want 300", n)
		}
		if n := s.passes(t, 1000, Post, newcomers("203.0.113.9")); n != 6 {
			t.Errorf("elsewhere: %d passed, want 6", n)
		}
		if n := s.passes(t, 10, Post, always(settled("198.51.100.7"))); n != 3 {
			t.Errorf("one visitor there: %d passed, want 3 as anywhere", n)
		}
	})
}

func Test200PhonesBehindOneAddressWriteAtTheDefaultRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet()
		s.passes(t, 1000, Post, nobody("203.0.113.9")) // the shared buckets are empty
		phones := make([]Caller, 200)
		for i := range phones {
			phones[i] = settled("203.0.113.9")
		}
		for i, phone := range phones {
			if n := s.passes(t, 10, Post, always(phone)); n != 3 {
				t.Fatalf("phone %d: %d passed at once, want 3", i, n)
			}
		}
		for minute := range 5 {
			for range 6 {
				time.Sleep(10 * time.Second)
				for i, phone := range phones {
					if err := s.Allow(Post, "home", phone); err != nil {
						t.Fatalf("phone %d in minute %d: %v", i, minute, err)
					}
				}
			}
		}
	})
}

func TestHoardedCookiesOfOneNetworkAreACrowdOf200AtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("post=6/3")
		n := s.passes(t, 2000, Post, func(i int) Caller { return settled(fmt.Sprintf("203.0.113.%d", i%256)) })
		if n != 600 {
			t.Errorf("%d passed, want the burst of 3 for 200", n)
		}
	})
}

func Test200PhonesBehindOneAddressRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet()
		if n := s.passes(t, 400, Page, nobody("203.0.113.9")); n != 400 {
			t.Errorf("two pages each at once: %d of 400 passed", n)
		}
		for range 200 {
			if _, err := s.OpenSocket(from("203.0.113.9")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// words gathers every string and run of bytes that can be reached from v, through
// maps, pointers and fields that nobody exports.
func words(v reflect.Value, seen map[uintptr]bool, found map[string]bool) {
	switch v.Kind() { //nolint:exhaustive // the rest holds no words
	case reflect.Pointer, reflect.Map:
		if v.IsNil() || seen[v.Pointer()] {
			return
		}
		seen[v.Pointer()] = true
		if v.Kind() == reflect.Pointer {
			words(v.Elem(), seen, found)
			return
		}
		for it := v.MapRange(); it.Next(); {
			words(it.Key(), seen, found)
			words(it.Value(), seen, found)
		}
	case reflect.Interface:
		words(v.Elem(), seen, found)
	case reflect.Struct:
		for _, field := range v.Fields() {
			words(field, seen, found)
		}
	case reflect.String:
		found[v.String()] = true
	case reflect.Slice, reflect.Array:
		var run []byte
		for i := range v.Len() {
			if v.Type().Elem().Kind() == reflect.Uint8 {
				run = append(run, byte(v.Index(i).Uint()))
				continue
			}
			words(v.Index(i), seen, found)
		}
		found[string(run)] = true
	}
}

func TestR22KeysAreUnlinkableAfterTwoTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(time.Now)
		keys := func() [2]tag {
			current, previous := m.epochs()
			net := network(from("203.0.113.9"))
			return [2]tag{current.key.tag(Post, ofNetwork, net), previous.key.tag(Post, ofNetwork, net)}
		}
		first := keys()
		time.Sleep(epochTime)
		second := keys()
		if second[1] != first[0] || second[0] == first[0] {
			t.Error("one turn on, the key must be known as the previous one")
		}
		time.Sleep(epochTime)
		third := keys()
		for _, k := range third {
			if k == first[0] || k == first[1] {
				t.Error("two turns on, the first key is still in use")
			}
		}
		time.Sleep(100*epochTime + epochTime/2)
		for _, k := range keys() {
			if k == third[0] || k == third[1] {
				t.Error("after a long sleep an old key is in use")
			}
		}
		time.Sleep(epochTime / 2)
		if current, previous := m.epochs(); previous.key.tag(Post, ofNetwork, who{}) == current.key.tag(Post, ofNetwork, who{}) {
			t.Error("two epochs share a key")
		}
	})
}

func TestR22WhatIsRememberedNamesNobodyAndIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet()
		addr := from("203.0.113.9")
		me := settled("203.0.113.9")
		for _, who := range []Caller{me, {Addr: addr}} {
			_ = s.Allow(Post, "home", who)
			_ = s.FreshVote(who, board.NewPostID())
			_ = s.Admit(Write{Cost: Post, Board: board.Home, Who: who})
			if _, err := s.Ticket(&ProofError{write: Write{Cost: Post, Board: board.Home, Who: who}}); err != nil {
				t.Fatal(err)
			}
		}
		release, err := s.OpenSocket(addr)
		if err != nil {
			t.Fatal(err)
		}
		current, previous := s.memory.epochs()
		found := map[string]bool{}
		words(reflect.ValueOf(s.memory), map[uintptr]bool{}, found)
		words(reflect.ValueOf(s.sockets), map[uintptr]bool{}, found)
		for _, e := range []*epoch{current, previous} {
			key := e.key.tag(Post, ofAddress, address(addr))
			if !found[string(key[:])] {
				t.Fatal("the search does not find the keys that are there")
			}
		}
		for word := range found {
			for _, plainly := range []string{addr.String(), string(addr.AsSlice()), "\xcb\x00\x71\x00", string(me.Visitor.ID[:])} {
				if strings.Contains(word, plainly) {
					t.Errorf("%q is in memory", plainly)
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { s.Run(ctx) })
		time.Sleep(2*epochTime + forgetEvery) // nobody calls, Run forgets
		s.memory.mu.Lock()
		for _, e := range []*epoch{s.memory.current, s.memory.previous} {
			if e == current || e == previous {
				t.Error("an idle gate keeps its keys")
			}
		}
		s.memory.mu.Unlock()
		release()
		release() // twice is once
		if len(s.sockets.of) != 0 || s.sockets.open != 0 {
			t.Error("a closed socket is remembered")
		}
		cancel()
		running.Wait()
	})
}

// guarded is a server that lets a request through or answers 429.
func guarded(t *testing.T, s *street, trusted ...netip.Prefix) func(method, path string, headers ...string) int {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addr, _ := Address(r, trusted)
		if err := s.Allow(Post, "home", Caller{Addr: addr}); err != nil {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	t.Cleanup(web.Close)
	return func(method, path string, headers ...string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, web.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			req.Header.Add(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
}

func TestR23ForgedHeadersGiveNoNewBucket(t *testing.T) {
	ask := guarded(t, newStreet("post=1/3"))
	passed := 0
	for i := range 200 {
		forged := fmt.Sprintf("198.51.%d.7", i)
		if ask(http.MethodPost, "/", "X-Forwarded-For", forged, "X-Real-IP", forged, "Forwarded", "for="+forged,
			"True-Client-IP", forged, "X-Forwarded-For", forged+", 127.0.0.1") == http.StatusOK {
			passed++
		}
	}
	if passed != 6 {
		t.Errorf("%d of 200 passed a limit of 6", passed)
	}
}

func TestR23TrustedProxySpeaksForOneHopOnly(t *testing.T) {
	ask := guarded(t, newStreet("post=1/3"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	passed := 0
	for i := range 200 { // what the proxy appended stays the same, what the visitor forged does not
		if ask(http.MethodPost, "/", "X-Forwarded-For", fmt.Sprintf("198.51.%d.7, 203.0.113.9", i), "X-Real-IP", fmt.Sprintf("198.51.%d.7", i)) == http.StatusOK {
			passed++
		}
	}
	if passed != 6 {
		t.Errorf("%d of 200 passed a limit of 6", passed)
	}
	if ask(http.MethodPost, "/", "X-Forwarded-For", "192.0.2.1") != http.StatusOK {
		t.Error("somebody else behind the proxy was refused")
	}
}

func TestR24PathAndMethodGiveNoNewBucket(t *testing.T) {
	ask := guarded(t, newStreet("post=1/3"))
	methods := []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch}
	passed := 0
	for i := range 200 {
		if ask(methods[i%4], fmt.Sprintf("/p/%d?x=%d", i, i)) == http.StatusOK {
			passed++
		}
	}
	if passed != 6 {
		t.Errorf("%d of 200 passed a limit of 6", passed)
	}
}

func TestManyAddressesFillABoundedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("page=1/1")
		current, _ := s.memory.epochs()
		l := lane{Page, ofAddress, "", board.Rate{PerMinute: 2, Burst: 2}}
		first := current.limiter(l)
		current.lanes[l].calls = laneCalls - 1
		if current.limiter(l) != first {
			t.Error("a lane began anew too early")
		}
		if current.limiter(l) == first {
			t.Error("a lane grows without bound")
		}
	})
}

func TestGateServesManyAtOnce(t *testing.T) {
	s := newStreet("post=1/50")
	var mu sync.Mutex
	passed := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if s.Allow(Post, "home", Caller{Addr: from("203.0.113.9")}) == nil {
					mu.Lock()
					passed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if passed != 100 {
		t.Errorf("%d passed, want 100", passed)
	}
}

func BenchmarkAllow(b *testing.B) {
	for _, tt := range []struct {
		name string
		who  Caller
	}{
		{"settled", settled("203.0.113.9")},
		{"without a cookie", Caller{Addr: from("203.0.113.9")}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			s := newStreet("page=100000/100000")
			b.ReportAllocs()
			for b.Loop() {
				_ = s.Allow(Page, "home", tt.who)
			}
		})
	}
}

// differ gives a board settings of its own.
func (s *street) differ(slug string, settings ...string) {
	own := newStreet(settings...).settings
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boards == nil {
		s.boards = map[string]board.Settings{}
	}
	s.boards[slug] = own
}

// passesOn is how many of n posts by who are let through on a board.
func (s *street) passesOn(slug string, n int, who Caller) (passed int) {
	for range n {
		if s.Allow(Post, slug, who) == nil {
			passed++
		}
	}
	return passed
}

func TestTwentyBoardsGiveATrollNoMoreThanOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("post=6/3")
		for i := range 10 { // some ask for less, and may not give more for it
			s.differ(fmt.Sprint("board", i), "post=3/2")
		}
		for _, me := range []Caller{settled("203.0.113.9"), {Addr: from("198.51.100.7")}} {
			passed := 0
			for i := range 20 {
				passed += s.passesOn(fmt.Sprint("board", i), 5, me)
			}
			want := 3
			if me.Visitor.IsZero() {
				want *= addressWidth
			}
			if passed != want {
				t.Errorf("%d posts on twenty boards at once, want %d", passed, want)
			}
		}
	})
}

func TestABoardThatAsksForLessIsHeldToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, me := newStreet("post=6/3"), settled("203.0.113.9")
		s.differ("quiet", "post=1/1")
		if n := s.passesOn("quiet", 5, me); n != 1 {
			t.Errorf("%d posts where one is allowed", n)
		}
		var refusal *board.Error
		if err := s.Allow(Post, "quiet", me); !errors.As(err, &refusal) || refusal.Args["wait"] != time.Minute {
			t.Errorf("refused with %v, want the board's wait of a minute", err)
		}
		if n := s.passesOn("home", 5, me); n != 2 {
			t.Errorf("%d posts elsewhere after one there, want 2: they share a bucket", n)
		}
	})
}

func TestAWiderBoardTakesNothingFromTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, me := newStreet("post=6/3"), settled("203.0.113.9")
		s.differ("chat", "post=60/20")
		s.differ("burst", "post=6/5")
		s.differ("free", "post=0")
		for slug, want := range map[string]int{"chat": 20, "burst": 5, "free": 100} {
			if n := s.passesOn(slug, 100, me); n != want {
				t.Errorf("%s: %d of 100, want %d", slug, n, want)
			}
		}
		if n := s.passesOn("home", 5, me); n != 3 {
			t.Errorf("%d elsewhere, want all 3", n)
		}
		s.set("post=0")
		if n := s.passesOn("chat", 100, settled("203.0.113.9")); n != 20 {
			t.Errorf("%d where all others are free, want the board's 20", n)
		}
	})
}
