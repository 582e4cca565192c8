package limit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

func settledWrite(addr string, cost Cost) Write {
	return Write{Cost: cost, Board: board.Home, Who: settled(addr)}
}

func TestASlowBoardTakesOneOfASettledVisitorEachWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("board=slow", "slow_seconds=30")
		w := settledWrite("203.0.113.9", Post)
		s.takes(t, w)
		s.refuses(t, w, board.Limited)
		reply := w
		reply.Cost = Reply
		s.refuses(t, reply, board.Limited) // posts and replies are one
		vote := w
		vote.Cost = Vote
		s.takes(t, vote)
		s.takes(t, settledWrite("203.0.113.9", Post)) // a neighbour of the same address
		elsewhere := w
		elsewhere.Board = "attic"
		s.takes(t, elsewhere)
		time.Sleep(30 * time.Second)
		s.takes(t, w)
	})
}

func TestNewcomersShareTheSlowBucketOfTheirAddressAndProofOpensMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("board=slow")
		s.takes(t, newcomer("203.0.113.9"))
		w := newcomer("203.0.113.9")
		s.takes(t, w.with(solve(s.refused(t, w).Challenge)))
		s.takes(t, newcomer("203.0.113.10"))
		s.set("pow=off")
		s.refuses(t, newcomer("203.0.113.9"), board.Limited)
	})
}

func TestInARaidEveryNewcomerProvesWorkAndTheSettledDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick()
		s.mu.Lock()
		s.settings = s.settings.InStorm()
		s.mu.Unlock()
		if c := s.refused(t, newcomer("203.0.113.9")).Challenge; c.Bits != 11 {
			t.Errorf("a newcomer is asked for %d bits", c.Bits)
		}
		s.takes(t, settledWrite("203.0.113.9", Post))
	})
}

func TestABannedNetworkPaysAndIsSlowAndNeverSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, id := quick(), board.NewPostID()
		w := settledWrite("203.0.113.9", Post)
		s.takes(t, w)
		s.Remember(id, w.Who)
		if !s.Ban(id) {
			t.Fatal("it can't be banned")
		}
		for _, addr := range []string{"203.0.113.9", "203.0.113.77"} { // all of its /24
			next := settledWrite(addr, Post)
			proven := next.with(solve(s.refused(t, next).Challenge))
			s.takes(t, proven)
			again := settledWrite(addr, Post)
			s.refuses(t, again.with(solve(s.refused(t, again).Challenge)), board.Limited)
			time.Sleep(time.Minute)
		}
		s.takes(t, settledWrite("203.0.114.9", Post)) // the network beside it
		time.Sleep(23 * time.Hour)
		if _, asked := s.Admit(settledWrite("203.0.113.9", Post)).(*ProofError); !asked { //nolint:errorlint // as it is
			t.Error("it is over too early")
		}
		time.Sleep(time.Hour)
		s.takes(t, settledWrite("203.0.113.9", Post))
	})
}

func TestWhereAPostCameFromIsForgottenInTwentyMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick()
		var ids []board.PostID
		for i := range 5 {
			ids = append(ids, board.NewPostID())
			s.Remember(ids[i], Caller{Addr: from(fmt.Sprintf("203.0.113.%d", i))})
		}
		other := board.NewPostID()
		s.Remember(other, Caller{Addr: from("198.51.100.1")})
		if got := s.Kin(ids[2]); len(got) != 5 {
			t.Errorf("%d came from there, want 5", len(got))
		}
		time.Sleep(9 * time.Minute)
		if got := s.Kin(ids[0]); len(got) != 5 {
			t.Errorf("after nine minutes %d, want 5", len(got))
		}
		time.Sleep(11 * time.Minute)
		if got := s.Kin(ids[0]); len(got) != 0 || s.Ban(ids[0]) {
			t.Errorf("after twenty minutes %d are remembered", len(got))
		}
	})
}

func TestThisMachineItsNeighboursAndSharedNetworksAreNeverBanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("shared_networks=203.0.113.0/24")
		for _, addr := range []string{"127.0.0.1", "::1", "10.1.2.3", "203.0.113.9", "100.64.0.1"} {
			id := board.NewPostID()
			s.Remember(id, Caller{Addr: from(addr)})
			if s.Ban(id) || len(s.Kin(id)) > 0 {
				t.Errorf("%s can be banned", addr)
			}
		}
		id := board.NewPostID()
		s.Remember(id, Caller{}) // an onion service's visitor
		if s.Ban(id) {
			t.Error("who has no address can be banned")
		}
	})
}

func TestAThousandNetworksOfFreshCookiesEndFewPostsAndHoldUpFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick()
		down := func(i int, post board.PostID) bool {
			return s.FreshVote(newcomers(fmt.Sprintf("198.51.%d.1", i%250))(i), board.Home, post, board.Down) == nil
		}
		heart := func(i int, post board.PostID) bool {
			return s.FreshVote(newcomers(fmt.Sprintf("198.18.%d.1", i%250))(i), board.Home, post, board.Heart) == nil
		}
		first := board.NewPostID() // on a quiet day fresh downs count like others
		for i := range 5 {
			if !down(i, first) {
				t.Errorf("the down number %d on a quiet board is refused", i)
			}
		}
		for i := range 500 {
			if !heart(i, first) {
				t.Fatalf("the heart number %d on a quiet board is refused", i)
			}
		}
		for range siegeDowns { // one a post
			down(100, board.NewPostID())
		}
		post, downs, hearts := board.NewPostID(), 0, 0
		for i := range 1000 {
			if down(i, post) {
				downs++
			}
		}
		if downs != heldVotes {
			t.Errorf("under siege %d fresh downs counted, want %d", downs, heldVotes)
		}
		for i := range 1000 {
			if heart(i, post) {
				hearts++
			}
		}
		if hearts != heldVotes {
			t.Errorf("under siege %d fresh hearts counted, want %d", hearts, heldVotes)
		}
		if err := s.FreshVote(settled("192.0.2.1"), board.Home, post, board.Down); err != nil {
			t.Errorf("a settled visitor's down: %v", err)
		}
		elsewhere := board.NewPostID()
		if err := s.FreshVote(newcomers("192.0.2.1")(0), "attic", elsewhere, board.Down); err != nil {
			t.Errorf("on another board: %v", err)
		}
	})
}

func TestABrigadeOfFreshCookiesHidesFewPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, hides := quick(), 0
		for i := range 300 { // ten posts, thirty networks each
			post := board.PostID{byte(i / 30)}
			counts, err := s.FreshReport(newcomers(fmt.Sprintf("198.51.%d.1", i%250))(i), board.Home, post)
			if err != nil {
				t.Fatal(err)
			}
			if counts {
				hides++
			}
		}
		if most := siegeReports + 10*heldReports; hides > most {
			t.Errorf("%d reports helped to hide a post, want %d at most", hides, most)
		}
		if counts, err := s.FreshReport(settled("192.0.2.1"), board.Home, board.PostID{9}); err != nil || !counts {
			t.Errorf("a settled visitor's: counts %v, %v", counts, err)
		}
	})
}
