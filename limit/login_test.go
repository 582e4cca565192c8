package limit

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mayfly/board"
)

func TestALoginIsTriedFiveTimesAQuarterByNetwork(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	g := NewGate(func(string) board.Settings { return board.DefaultSettings() }, func() time.Time { return now }, 10)
	here, neighbour, elsewhere := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.200"), netip.MustParseAddr("198.51.100.7")
	for i := range loginTries {
		if err := g.Login(here, ""); err != nil {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	for _, addr := range []netip.Addr{here, neighbour} {
		if err := g.Login(addr, ""); err == nil {
			t.Errorf("a sixth try from %s's network passes", addr)
		}
	}
	if err := g.Login(elsewhere, ""); err != nil {
		t.Errorf("another network: %v", err)
	}
	if err := g.Login(here, "device"); err != nil {
		t.Errorf("a known device in that network: %v", err)
	}
	now = now.Add(loginTime)
	if err := g.Login(here, ""); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
}

func TestStrangersFromEverywhereDoNotKeepAKnownDeviceOut(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	g := NewGate(func(string) board.Settings { return board.DefaultSettings() }, func() time.Time { return now }, 10)
	passed := 0
	for i := range 10_000 {
		if g.Login(netip.MustParseAddr(fmt.Sprintf("10.%d.%d.1", i/250, i%250)), "") == nil {
			passed++
		}
	}
	if passed != strangerTries {
		t.Errorf("of 10,000 tries from 10,000 networks %d were looked at, want %d", passed, strangerTries)
	}
	if len(g.logins.tries) > strangerTries {
		t.Errorf("%d networks are remembered", len(g.logins.tries))
	}
	for range 3 * loginTries { // one that lets in is given back
		if err := g.Login(netip.MustParseAddr("203.0.113.7"), "device"); err != nil {
			t.Fatalf("the rightful admin is kept out: %v", err)
		}
		g.LoginWon(netip.MustParseAddr("203.0.113.7"), "device")
	}
}

func TestWaitsAreCountedForAnHour(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	settings, err := board.DefaultSettings().With(map[string]string{"post": "1/2", "pow": "off"})
	if err != nil {
		t.Fatal(err)
	}
	g := NewGate(func(string) board.Settings { return settings }, func() time.Time { return now }, 10)
	who := Caller{Addr: netip.MustParseAddr("203.0.113.7")}
	for range 6 {
		_ = g.Admit(Write{Cost: Post, Who: who}) // four pass: an address has twice the burst
	}
	if waited, all := g.Waits(Post); waited != 2 || all != 6 {
		t.Errorf("%d of %d waited, want 2 of 6", waited, all)
	}
	if waited, all := g.Waits(Reply); waited+all != 0 {
		t.Errorf("%d of %d replies", waited, all)
	}
	now = now.Add(59 * time.Minute)
	if _, all := g.Waits(Post); all != 6 {
		t.Errorf("within the hour: %d", all)
	}
	now = now.Add(11 * time.Minute)
	if _, all := g.Waits(Post); all != 0 {
		t.Errorf("after it: %d", all)
	}
}

// Past what is free a try at a board's door costs a proof, and more the more are tried;
// it is never refused, and what lets in costs nobody anything.
func TestADoorIsPastItsLimitOpenToProofs(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	g := NewGate(func(string) board.Settings { return board.DefaultSettings() }, func() time.Time { return now }, 10)
	here := Caller{Addr: netip.MustParseAddr("203.0.113.7")}
	for range 10 * loginTries {
		won, err := g.Knock("attic", here, "")
		if err != nil {
			t.Fatal(err)
		}
		won()
	}
	for i := range loginTries {
		if _, err := g.Knock("attic", here, ""); err != nil {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	_, err := g.Knock("attic", here, "")
	asked, is := errors.AsType[*ProofError](err)
	if !is {
		t.Fatalf("past the limit: %v", err)
	}
	proof := solve(asked.Challenge)
	if _, err := g.Knock("den", here, proof); err == nil {
		t.Error("a proof for one door opens another")
	}
	if _, err := g.Knock("attic", here, proof); err != nil {
		t.Errorf("with a proof: %v", err)
	}
	if _, err := g.Knock("attic", here, proof); err == nil {
		t.Error("a proof is taken twice")
	}
}
