package storagetest

import (
	"errors"
	"reflect"
	"time"

	"mayfly/board"
)

// link stores a pass that is used once, and returns its hash.
func (s *site) link(kind board.PassKind) [32]byte {
	s.Helper()
	hash := board.NewToken().Hash()
	if err := s.InsertPass(s.Context(), board.Pass{Hash: hash, Kind: kind}, s.now); err != nil {
		s.Fatal(err)
	}
	return hash
}

// admin has somebody become an admin, or the owner.
func (s *site) admin(name string, owner bool) board.Admin {
	s.Helper()
	kind := board.PassInvite
	if owner {
		kind = board.PassSetup
	}
	a := board.Admin{Name: name, Owner: owner, Hash: "hash of " + name}
	if err := s.TakeLink(s.Context(), s.link(kind), a, s.now); err != nil {
		s.Fatal(err)
	}
	return a
}

// session signs an admin in for an hour.
func (s *site) session(name string, kind board.PassKind) [32]byte {
	s.Helper()
	hash := board.NewToken().Hash()
	p := board.Pass{Hash: hash, Kind: kind, Admin: name, EndsAt: s.now.Add(time.Hour)}
	if err := s.InsertPass(s.Context(), p, s.now); err != nil {
		s.Fatal(err)
	}
	return hash
}

// opens says whether a pass is there.
func (s *site) opens(hash [32]byte, kind board.PassKind) bool {
	s.Helper()
	_, err := s.FindPass(s.Context(), hash, kind, s.now)
	if err != nil && !errors.Is(err, board.ErrNotFound) {
		s.Fatal(err)
	}
	return err == nil
}

func aLinkMakesOneAdmin(s *site) {
	s.admin("ada", true)
	hash := s.link(board.PassInvite)
	seed := board.NewSeed()
	bob := board.Admin{Name: "bob", Hash: "h", Seed: &seed, Step: 7}
	if err := s.TakeLink(s.Context(), hash, board.Admin{Name: "ada", Hash: "h"}, s.now); !errors.Is(err, board.ErrNameTaken) {
		s.Errorf("a name that is taken: %v", err)
	}
	if err := s.TakeLink(s.Context(), hash, bob, s.now); err != nil {
		s.Errorf("the link that made nobody: %v", err)
	}
	if err := s.TakeLink(s.Context(), hash, board.Admin{Name: "eve", Hash: "h"}, s.now); !errors.Is(err, board.ErrNotFound) {
		s.Errorf("a second use: %v", err)
	}
	list, err := s.Admins(s.Context())
	if err != nil || len(list) != 2 || list[1].Name != "bob" || *list[1].Seed != seed || list[1].Step != 7 || list[1].Owner {
		s.Errorf("admins = %+v, %v", list, err)
	}
}

func aSecondOwnerTakesThePlace(s *site) {
	s.admin("ada", true)
	session := s.session("ada", board.PassSession)
	s.admin("ida", true)
	list, err := s.Admins(s.Context())
	if err != nil || len(list) != 1 || list[0].Name != "ida" || !list[0].Owner {
		s.Errorf("admins = %+v, %v", list, err)
	}
	if s.opens(session, board.PassSession) {
		s.Error("the session of the one before still opens")
	}
	if first, second := s.link(board.PassSetup), s.link(board.PassSetup); s.opens(first, board.PassSetup) || !s.opens(second, board.PassSetup) {
		s.Error("a setup link did not take the place of the one before")
	}
}

func aCodeIsTakenOnce(s *site) {
	s.admin("ada", true)
	for _, tt := range []struct {
		step int64
		want bool
	}{{5, true}, {5, false}, {4, false}, {6, true}} {
		if got, err := s.TakeStep(s.Context(), "ada", tt.step); got != tt.want || err != nil {
			s.Errorf("step %d: %v, %v; want %v", tt.step, got, err, tt.want)
		}
	}
	if got, err := s.TakeStep(s.Context(), "nobody", 9); got || err != nil {
		s.Errorf("of nobody: %v, %v", got, err)
	}
}

func aChangedPassphraseEndsOtherSessions(s *site) {
	a := s.admin("ada", true)
	s.admin("bob", false)
	here, there, device, bobs := s.session("ada", board.PassSession), s.session("ada", board.PassSession), s.session("ada", board.PassDevice), s.session("bob", board.PassSession)
	a.Hash = "another"
	if err := s.ChangeAdmin(s.Context(), a, here); err != nil {
		s.Fatal(err)
	}
	if !s.opens(here, board.PassSession) || s.opens(there, board.PassSession) || s.opens(device, board.PassDevice) || !s.opens(bobs, board.PassSession) {
		s.Error("other sessions than ada's elsewhere ended, or those did not")
	}
	if list, err := s.Admins(s.Context()); err != nil || list[0].Hash != "another" {
		s.Errorf("admins = %+v, %v", list, err)
	}
}

func whatLetsAnAdminInEnds(s *site) {
	s.admin("ada", true)
	s.admin("bob", false)
	session, out, bobs := s.session("ada", board.PassSession), s.session("ada", board.PassSession), s.session("bob", board.PassSession)
	if s.opens(session, board.PassDevice) {
		s.Error("a session opens as a device")
	}
	if err := s.DeletePass(s.Context(), out); err != nil || s.opens(out, board.PassSession) {
		s.Errorf("a session that was ended: %v", err)
	}
	if err := s.RemoveAdmin(s.Context(), "bob"); err != nil || s.opens(bobs, board.PassSession) {
		s.Errorf("a removed admin's session opens, or %v", err)
	}
	if err := s.RemoveAdmin(s.Context(), "ada"); !errors.Is(err, board.ErrNotFound) {
		s.Errorf("the owner was removed: %v", err)
	}
	s.now = s.now.Add(time.Hour - time.Millisecond)
	if !s.opens(session, board.PassSession) {
		s.Error("it ended early")
	}
	s.now = s.now.Add(time.Millisecond)
	if s.opens(session, board.PassSession) {
		s.Error("it opens after its end")
	}
	again := s.session("ada", board.PassSession)
	if err := s.Reset(s.Context(), board.Pass{Hash: board.NewToken().Hash(), Kind: board.PassSetup}); err != nil || s.opens(again, board.PassSession) {
		s.Errorf("a session opens after a reset, or %v", err)
	}
}

func theLogIsReadPageByPage(s *site) {
	for _, subject := range []string{"a", "b", "c"} {
		if err := s.Record(s.Context(), board.Entry{At: s.now, By: "ada", Action: board.ActInvite, Subject: subject, Reason: "why", Board: "home"}); err != nil {
			s.Fatal(err)
		}
	}
	first, err := s.Entries(s.Context(), 0, 2)
	if err != nil || len(first) != 2 || first[0].Subject != "c" || first[1].Subject != "b" || first[0].Reason != "why" || first[0].Board != "home" {
		s.Fatalf("entries = %+v, %v", first, err)
	}
	if rest, err := s.Entries(s.Context(), first[1].Seq, 2); err != nil || len(rest) != 1 || rest[0].Subject != "a" {
		s.Errorf("the rest = %+v, %v", rest, err)
	}
}

func aKeyIsReadBackAsItWasMade(s *site) {
	s.admin("ada", true)
	key := board.Pass{
		Hash: board.NewToken().Hash(), Kind: board.PassKey, Admin: "ada", Label: "night watch",
		Scopes: []board.Scope{board.ScopeLog, board.ScopeQueue}, EndsAt: s.now.Add(time.Hour),
	}
	if err := s.InsertPass(s.Context(), key, s.now); err != nil {
		s.Fatal(err)
	}
	s.session("ada", board.PassSession)
	got, err := s.FindPass(s.Context(), key.Hash, board.PassKey, s.now)
	list, listErr := s.Passes(s.Context(), board.PassKey, s.now)
	if err != nil || listErr != nil || len(list) != 1 || !reflect.DeepEqual(got, key) || !reflect.DeepEqual(list[0], key) {
		s.Errorf("read back: %+v, %v; in the list: %+v, %v", got, err, list, listErr)
	}
	if err := s.Reset(s.Context(), board.Pass{Hash: board.NewToken().Hash(), Kind: board.PassSetup}); err != nil || !s.opens(key.Hash, board.PassKey) {
		s.Errorf("a reset ended a key, or %v", err)
	}
	s.now = key.EndsAt
	if list, err := s.Passes(s.Context(), board.PassKey, s.now); err != nil || len(list) != 0 {
		s.Errorf("after its end: %+v, %v", list, err)
	}
}
