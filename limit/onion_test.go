package limit

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// byOnion is a write of a newcomer who came by the onion service, and settledByOnion
// one of a visitor who has been here a while.
func byOnion() Write {
	return Write{Cost: Post, Board: board.Home, Who: Caller{Addr: Onion, Visitor: board.NewVisitor(time.Now())}}
}

func settledByOnion() Write {
	w := byOnion()
	w.Who.Visitor = board.NewVisitor(time.Now().Add(-time.Hour))
	return w
}

// R28: 50 clients of the onion, of whom one does all they can: the 49 go on posting.
func TestR28OneOfTheOnionTakesNothingFromTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quicker("post=1/3")
		for range 40 { // solves and solves, with a new cookie each time
			s.pays(t, byOnion())
		}
		for range 160 {
			s.hear(byOnion())
		}
		for range 10 { // has hoarded cookies, and uses them up
			w := settledByOnion()
			for range 3 {
				s.pays(t, w)
			}
			s.pastOwn(t, w)
		}
		for range 10 { // newcomers pay, and write
			s.pays(t, byOnion())
		}
		for range 39 { // and so do others: up to their own bucket, and nobody else's
			w := settledByOnion()
			for range 3 {
				s.pays(t, w)
			}
			s.pastOwn(t, w)
		}
	})
}

// pastOwn wants w refused whatever work it brings.
func (s *street) pastOwn(t *testing.T, w Write) {
	t.Helper()
	err := s.Admit(w)
	if asked, ok := errors.AsType[*ProofError](err); ok {
		err = s.Admit(w.with(solve(asked.Challenge)))
	}
	if _, asked := errors.AsType[*ProofError](err); asked || err == nil {
		t.Fatalf("%v, want a refusal", err)
	}
}

func TestNewcomersOfTheOnionPayForEachWriteWhateverPowSays(t *testing.T) {
	for _, pow := range []string{"off", "adaptive", "always"} {
		synctest.Test(t, func(t *testing.T) {
			s := quick("pow="+pow, "post=0")
			for range 3 {
				w := byOnion()
				proof := solve(s.asks(t, w))
				s.takes(t, w.with(proof))
				s.asks(t, w.with(proof)) // a proof is for one write
			}
		})
	}
}

func TestSettledVisitorsOfTheOnionHaveABucketOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick()
		for range 10 {
			w := settledByOnion()
			for range 3 {
				s.takes(t, w)
			}
			s.refuses(t, w, board.Limited)
		}
	})
}

func TestTheLouderTheOnionIsTheMoreANewcomerPays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("post=1/3")
		quiet := s.asks(t, byOnion()).Bits
		for range 90 {
			s.pays(t, byOnion())
		}
		w := byOnion()
		w.Board = "another"
		if loud := s.asks(t, w).Bits; loud < quiet+2 {
			t.Errorf("%d bits, %d on a quiet day", loud, quiet)
		}
		calm := newcomer("203.0.113.9")
		calm.Board = "another"
		s.takes(t, calm) // elsewhere nobody is asked for it
	})
}

func TestTheOnionReadsPastWhatOneAddressMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("page=60/20")
		reader := func(int) Caller { return Caller{Addr: Onion} }
		if n := s.passes(t, 5000, Page, reader); n != 20*crowdWidth {
			t.Errorf("%d pages without a cookie, want %d", n, 20*crowdWidth)
		}
		if n := s.passes(t, 100, Page, always(settledByOnion().Who)); n != 20 {
			t.Errorf("%d pages of a settled visitor, want their own 20", n)
		}
	})
}

func TestFewFreshCookiesOfTheOnionVoteOnOnePost(t *testing.T) {
	s := newStreet()
	post := board.NewPostID()
	voted := 0
	for range 50 {
		if s.FreshVote(byOnion().Who, board.Home, post, board.Heart) == nil {
			voted++
		}
	}
	if voted != freshVotes {
		t.Errorf("%d fresh cookies voted, want %d", voted, freshVotes)
	}
	if err := s.FreshVote(settledByOnion().Who, board.Home, post, board.Heart); err != nil {
		t.Errorf("a settled one: %v", err)
	}
}

func TestTheOnionsSocketsLeaveHalfToOthersAndTheSettledTheirs(t *testing.T) {
	s := newStreet()
	s.sockets.max = 400
	open := func(w func() Write, n int) (opened int) {
		for range n {
			if _, err := s.OpenSocket(w().Who); err == nil {
				opened++
			}
		}
		return opened
	}
	if n := open(byOnion, 400); n != 100 {
		t.Errorf("newcomers opened %d, want a quarter", n)
	}
	one := settledByOnion()
	if n := open(func() Write { return one }, 100); n != onionTabs {
		t.Errorf("one settled visitor opened %d, want %d", n, onionTabs)
	}
	if n := open(settledByOnion, 400); n != 100-onionTabs {
		t.Errorf("other settled ones opened %d, want the rest of the onion's half", n)
	}
	if n, _ := s.opened(200, one200); n != 200 {
		t.Errorf("others opened %d, want their half", n)
	}
}

func one200(i int) string { return netip.AddrFrom4([4]byte{203, 0, byte(i), 7}).String() }

// No request can pass for one of the onion, and the onion is no network of others.
func TestNobodyElseIsOfTheOnion(t *testing.T) {
	for _, claim := range []string{"::", "::%onion", "[::%onion]", "[::%onion]:80", "0.0.0.0", "::ffff:0.0.0.0"} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = "127.0.0.1:9"
		r.Header.Set("X-Forwarded-For", claim)
		if a, _ := Address(r, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}); a == Onion || network(a) == everybody || address(a) == everybody {
			t.Errorf("%q passes for the onion", claim)
		}
	}
	s := newStreet("shared_networks=::/0")
	if s.times(Caller{Addr: Onion}) != 1 {
		t.Error("a shared network takes the onion in")
	}
}

func TestTheOnionsWaitingRoomIsFiveNetworksWide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick()
		places := func(w func() Write) (n int) {
			for {
				_, err := s.Ticket(s.refused(t, w()))
				if e, full := errors.AsType[*board.Error](err); full && e.Kind == board.Limited {
					return n
				}
				if n++; n > 10_000 {
					t.Fatal("it has no end")
				}
			}
		}
		s.exhaust(t, newcomer("203.0.113.9"))
		network := places(func() Write { return newcomer("203.0.113.9") })
		if onion := places(byOnion); onion < 4*network || onion > 6*network {
			t.Errorf("%d places for the onion, %d for a network", onion, network)
		}
	})
}

// R28: no ban is ever of the onion, and so of 127.0.0.1 behind which it comes.
func TestR28NoBanIsOfTheOnion(t *testing.T) {
	s := newStreet()
	for _, addr := range []netip.Addr{Onion, from("127.0.0.1"), {}} {
		id := board.NewPostID()
		s.Remember(id, Caller{Addr: addr, Visitor: board.NewVisitor(time.Now())})
		if s.Ban(id) || s.Kin(id) != nil || s.origins.isBanned(addr) {
			t.Errorf("%v was banned, or remembered", addr)
		}
	}
}
