package limit

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"mayfly/board"
)

// opened is how many of n sockets an address gets.
func (s *street) opened(n int, addr func(i int) string) (open int, releases []func()) {
	for i := range n {
		if release, err := s.OpenSocket(Caller{Addr: from(addr(i))}); err == nil {
			open++
			releases = append(releases, release)
		}
	}
	return open, releases
}

func one(addr string) func(int) string { return func(int) string { return addr } }

func TestSocketsOfAnAddressAreCapped(t *testing.T) {
	s := newStreet("socket=20")
	n, releases := s.opened(200, one("203.0.113.9"))
	if n != 20 {
		t.Fatalf("%d opened, want 20", n)
	}
	if n, _ := s.opened(1, one("::ffff:203.0.113.9")); n != 0 {
		t.Error("IPv4 written as IPv6 is another address")
	}
	if n, _ := s.opened(20, one("203.0.113.10")); n != 20 {
		t.Errorf("its neighbour opened %d", n)
	}
	releases[0]()
	releases[0]() // twice is once
	if n, _ := s.opened(5, one("203.0.113.9")); n != 1 {
		t.Errorf("after one was closed %d opened", n)
	}
}

func TestSocketsOfANetworkAreTenTimesThat(t *testing.T) {
	s := newStreet("socket=20")
	if n, _ := s.opened(1000, func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%256) }); n != 200 {
		t.Errorf("%d opened, want 200", n)
	}
}

func TestSocketsOfSharedNetworksAreFiftyTimesAsMany(t *testing.T) {
	s := newStreet("socket=20", "shared_networks=203.0.113.0/24")
	if n, _ := s.opened(2000, one("203.0.113.9")); n != 1000 {
		t.Errorf("%d opened, want 1000", n)
	}
}

func TestSocketZeroIsUnlimitedUpToTheCapOfAll(t *testing.T) {
	s := newStreet("socket=0")
	n, releases := s.opened(10_001, one("203.0.113.9"))
	if n != 10_000 {
		t.Fatalf("%d opened, want 10,000", n)
	}
	var refusal *board.Error
	if _, err := s.OpenSocket(Caller{Addr: from("198.51.100.1")}); !errors.As(err, &refusal) || refusal.Kind != board.Busy || refusal.Args["wait"] != socketsBusy {
		t.Errorf("one more, from elsewhere: %v", err)
	}
	releases[7]()
	if n, _ := s.opened(2, one("198.51.100.1")); n != 1 {
		t.Errorf("after one was closed %d opened", n)
	}
}

func TestRefusedSocketSaysWhenToComeBack(t *testing.T) {
	s := newStreet("socket=1")
	s.opened(1, one("203.0.113.9"))
	var refusal *board.Error
	if _, err := s.OpenSocket(Caller{Addr: from("203.0.113.9")}); !errors.As(err, &refusal) || refusal.Kind != board.Limited || refusal.Args["wait"] != time.Minute {
		t.Errorf("got %v", err)
	}
}

func TestSocketsLeave64DescriptorsToTheRest(t *testing.T) {
	for fds, want := range map[uint64]int{
		1024: 960, 10_000: 9936, 10_064: 10_000, 20_000: 10_000, 65: 1, 64: 1, 3: 1, math.MaxUint64: 10_000,
	} {
		if got := socketsWithin(fds); got != want {
			t.Errorf("with %d descriptors: %d sockets, want %d", fds, got, want)
		}
	}
	if n := MaxSockets(); n < 1 || n > 10_000 {
		t.Errorf("MaxSockets = %d", n)
	}
}
