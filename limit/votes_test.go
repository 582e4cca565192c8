package limit

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// freshVotes is how many of n fresh cookies may vote on a post.
func (s *street) freshVotes(n int, addr func(i int) string, post board.PostID) (voted int) {
	for i := range n {
		if s.FreshVote(newcomers(addr(i))(i), post) == nil {
			voted++
		}
	}
	return voted
}

func TestR69HundredFreshCookiesOfOneNetworkAreThreeVotes(t *testing.T) {
	for _, tt := range []struct {
		name string
		addr func(i int) string
	}{
		{"one address", func(int) string { return "203.0.113.9" }},
		{"one /24", func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }},
		{"one /56", func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, post := newStreet("shared_networks=203.0.113.0/24"), board.NewPostID()
				if n := s.freshVotes(100, tt.addr, post); n != 3 {
					t.Errorf("%d voted, want 3", n)
				}
				if n := s.freshVotes(100, tt.addr, board.NewPostID()); n != 3 {
					t.Errorf("on another post: %d voted, want 3", n)
				}
				if n := s.freshVotes(100, func(int) string { return "198.51.100.1" }, post); n != 3 {
					t.Errorf("from another network: %d voted, want 3", n)
				}
				time.Sleep(epochTime)
				if n := s.freshVotes(100, tt.addr, post); n != 0 {
					t.Errorf("when the key has turned: %d voted", n)
				}
			})
		})
	}
}

func TestSettledVisitorsVoteWhateverOthersDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, post := newStreet(), board.NewPostID()
		s.freshVotes(10, func(int) string { return "203.0.113.9" }, post)
		for i := range 50 {
			if err := s.FreshVote(settled("203.0.113.9"), post); err != nil {
				t.Fatalf("visitor %d: %v", i, err)
			}
		}
	})
}

func TestFreshCookieMayChangeItsVoteAndOthersAreToldWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, post := newStreet(), board.NewPostID()
		first, last := newcomers("203.0.113.9")(0), newcomers("203.0.113.9")(0)
		for i := range 10 {
			if err := s.FreshVote(first, post); err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
		}
		s.freshVotes(10, func(int) string { return "203.0.113.9" }, post)
		if err := s.FreshVote(first, post); err != nil {
			t.Errorf("one of the three: %v", err)
		}
		var refusal *board.Error
		if err := s.FreshVote(last, post); !errors.As(err, &refusal) || refusal.Kind != board.Limited {
			t.Fatalf("the fourth: %v", err)
		}
		time.Sleep(refusal.Args["wait"].(time.Duration) + time.Second)
		if err := s.FreshVote(last, post); err != nil {
			t.Errorf("after the wait: %v", err)
		}
	})
}

func TestFreshVotesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, me := newStreet(), newcomers("203.0.113.9")(0)
		known := board.NewPostID()
		if err := s.FreshVote(me, known); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*epoch{s.memory.current, s.memory.previous} {
			for i := range votesMax {
				e.votes[tag{0: 1, 1: byte(i), 2: byte(i >> 8), 3: byte(i >> 16)}] = nil
			}
		}
		if err := s.FreshVote(me, board.NewPostID()); err == nil {
			t.Error("memory grows without bound")
		}
		if err := s.FreshVote(me, known); err != nil {
			t.Errorf("a pair that is known: %v", err)
		}
	})
}

// TestOfANetworksFreshCookiesOneHelpsToHide: a brigade that drops its cookie is one
// reader for each network it has, however many there are of it.
func TestOfANetworksFreshCookiesOneHelpsToHide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, post := newStreet("shared_networks=203.0.113.0/24"), board.NewPostID()
		reports := func(addr string, n int, post board.PostID) (filed, counting int) {
			for i := range n {
				counts, err := s.FreshReport(newcomers(addr)(i), post)
				if err == nil {
					filed++
				}
				if err == nil && counts {
					counting++
				}
			}
			return filed, counting
		}
		for _, tt := range []struct {
			name, addr      string
			post            board.PostID
			filed, counting int
		}{
			{"one network", "203.0.113.9", post, 3, 1},
			{"another address of it", "203.0.113.10", post, 0, 0},
			{"another network", "198.51.100.1", post, 3, 1},
			{"another post", "203.0.113.9", board.NewPostID(), 3, 1},
			{"a host who tries it out", "127.0.0.1", post, 3, 3},
		} {
			if filed, counting := reports(tt.addr, 100, tt.post); filed != tt.filed || counting != tt.counting {
				t.Errorf("%s: %d of 100 are filed and %d count, want %d and %d", tt.name, filed, counting, tt.filed, tt.counting)
			}
		}
		if counts, err := s.FreshReport(settled("203.0.113.9"), post); err != nil || !counts {
			t.Errorf("a settled visitor of the same network: counts %v, %v", counts, err)
		}
		if err := s.FreshVote(newcomers("203.0.113.9")(0), post); err != nil {
			t.Errorf("reports take from the votes: %v", err)
		}
	})
}
