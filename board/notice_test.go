package board_test

import (
	"testing"
	"time"

	"mayfly/board"
)

func TestASignFitsItsVisitorAloneAndNoOtherSign(t *testing.T) {
	v, other := board.NewVisitor(time.Now()), board.NewVisitor(time.Now())
	one, two := board.NewSign(v), board.NewSign(v)
	if !one.Of(v) || one.Of(other) || one.Of(board.Visitor{}) || (board.Sign{}).Of(v) {
		t.Error("a sign does not say whose it is")
	}
	if one.Salt == two.Salt || one.Mark == two.Mark {
		t.Error("two signs of one visitor have something in common")
	}
	if got := board.ParseSign(one.String()); got != one {
		t.Errorf("read back as %v", got)
	}
	for _, text := range []string{"", "nothing", one.String()[1:], one.String() + "A"} {
		if got := board.ParseSign(text); got != (board.Sign{}) {
			t.Errorf("%q is somebody's: %v", text, got)
		}
	}
}

func TestAnAuthorWhoWasAwayIsToldWhyAnAdminRemovedWhatTheyWrote(t *testing.T) {
	s := newSite(t)
	author, stranger := s.visitor(), s.visitor()
	p := s.post(author, "off topic")
	r := s.reply(s.post(stranger, "somebody else’s"), author, "rude")
	mine := s.post(author, "taken back")
	s.do("end", s.EndAsVisitor(t.Context(), mine.ID, author))
	if _, err := s.Remove(t.Context(), ruling, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove(t.Context(), board.Ruling{By: "ada"}, r.ID); err != nil {
		t.Fatal(err)
	}
	list := s.Notices(author)
	if len(list) != 2 {
		t.Fatalf("%d notices, want 2: %+v", len(list), list)
	}
	reasons := map[board.Reason]bool{}
	for _, n := range list {
		reasons[n.Reason] = true
		if n.Board != board.Home || n.Until.Truncate(time.Hour) != n.Until || n.Until.Sub(s.now) < board.NoticeTime {
			t.Errorf("notice %+v", n)
		}
	}
	if !reasons[board.Spam] || !reasons[""] {
		t.Errorf("reasons %v", reasons)
	}
	if len(s.Notices(stranger))+len(s.Notices(board.Visitor{})) > 0 {
		t.Error("somebody else is told")
	}
	s.do("heard", s.Heard(t.Context(), stranger))
	if len(s.Notices(author)) != 2 {
		t.Error("a stranger ends them")
	}
	s.do("heard", s.Heard(t.Context(), author))
	if len(s.Notices(author)) != 0 {
		t.Error("they are told again what they have read")
	}
}

func TestForgetMeEndsNoticesAndSoDoesTime(t *testing.T) {
	s := newSite(t)
	for name, forget := range map[string]func(v board.Visitor){
		"Forget me": func(v board.Visitor) {
			if _, err := s.Forget(t.Context(), v); err != nil {
				t.Fatal(err)
			}
		},
		"time": func(board.Visitor) { s.now = s.now.Add(board.NoticeTime + time.Hour) },
	} {
		author := s.visitor()
		if _, err := s.Remove(t.Context(), ruling, s.post(author, "off topic: "+name).ID); err != nil {
			t.Fatal(err)
		}
		if len(s.Notices(author)) != 1 {
			t.Fatalf("%s: not told", name)
		}
		forget(author)
		if len(s.Notices(author)) != 0 {
			t.Errorf("%s: a notice is still there", name)
		}
	}
}
