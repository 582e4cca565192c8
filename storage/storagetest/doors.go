package storagetest

import (
	"errors"
	"sync"
	"time"

	"mayfly/board"
)

// claim takes a use of a code, and says whether there was one.
func (s *site) claim(slug string, c board.InviteCode) bool {
	err := s.ClaimCode(s.Context(), slug, c.Hash(), s.now)
	if err != nil && !errors.Is(err, board.ErrNotFound) {
		s.Error(err)
	}
	return err == nil
}

func (s *site) invite(uses int, life time.Duration) board.InviteCode {
	s.Helper()
	code := board.NewInviteCode()
	kept := board.Code{Board: board.Home, Hash: code.Hash(), Left: uses, EndsAt: s.now.Add(life)}
	s.check(s.InsertCode(s.Context(), kept, board.Lock{Board: board.Home, Epoch: [16]byte{7}}, board.Entry{At: s.now, By: "ada", Action: board.ActDoorCode, Board: board.Home}))
	return code
}

func aCodeLetsAsManyInAsItIsFor(s *site) {
	const uses, tries = 7, 100
	code := s.invite(uses, time.Hour)
	var in sync.WaitGroup
	won := make(chan bool, tries)
	for range tries {
		in.Go(func() { won <- s.claim(board.Home, code) })
	}
	in.Wait()
	close(won)
	n := 0
	for w := range won {
		if w {
			n++
		}
	}
	if n != uses {
		s.Errorf("of %d at once %d came in by a code for %d", tries, n, uses)
	}
	list, err := s.Codes(s.Context(), board.Home, s.now)
	if s.check(err); len(list) != 1 || list[0].Left != 0 || list[0].Hash != code.Hash() {
		s.Errorf("the codes are %+v", list)
	}
}

func aCodeEndsAndIsTakenBack(s *site) {
	short, long := s.invite(5, time.Minute), s.invite(5, time.Hour)
	if s.claim("attic", long) || s.claim(board.Home, board.NewInviteCode()) {
		s.Error("a code opened another board, or one that nobody made a board")
	}
	s.now = s.now.Add(time.Minute)
	if s.claim(board.Home, short) {
		s.Error("a code opened after its end")
	}
	list, err := s.Codes(s.Context(), board.Home, s.now)
	if s.check(err); len(list) != 1 {
		s.Fatalf("the codes are %+v", list)
	}
	back := board.Entry{At: s.now, By: "ada", Action: board.ActDoorRevoke, Board: board.Home}
	if err := s.DeleteCode(s.Context(), "attic", list[0].Number, back); !errors.Is(err, board.ErrNotFound) {
		s.Errorf("taken back for another board: %v", err)
	}
	s.check(s.DeleteCode(s.Context(), board.Home, list[0].Number, back))
	if s.claim(board.Home, long) {
		s.Error("a code opened that was taken back")
	}
}

func aLockTakesThePlaceOfTheOneBefore(s *site) {
	e := board.Entry{At: s.now, By: "ada", Action: board.ActDoorPhrase, Board: board.Home}
	if err := s.SaveLock(s.Context(), board.Lock{Board: "attic", Epoch: [16]byte{1}}, e); !errors.Is(err, board.ErrNotFound) {
		s.Errorf("a lock of no board: %v", err)
	}
	first, second := board.Lock{Board: board.Home, Epoch: [16]byte{1}, Phrase: "one"}, board.Lock{Board: board.Home, Epoch: [16]byte{2}, Phrase: "two"}
	s.check(s.SaveLock(s.Context(), first, e))
	s.check(s.SaveLock(s.Context(), second, e))
	s.invite(1, time.Hour) // leaves the lock there is
	list, err := s.Locks(s.Context())
	if s.check(err); len(list) != 1 || list[0] != second {
		s.Errorf("the locks are %+v", list)
	}
	log, err := s.Entries(s.Context(), 0, 10)
	if s.check(err); len(log) != 3 || log[0].Subject == "" || log[1].Action != board.ActDoorPhrase {
		s.Errorf("the log is %+v", log)
	}
}

func (s *site) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
