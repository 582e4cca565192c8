package storagetest

import (
	"time"

	"mayfly/board"
)

// anAuthorIsTold of what an admin ended, post or reply, and of nothing else: End hands
// the sign out before the box is closed.
func anAuthorIsTold(s *site) {
	author := s.visitor()
	put := func(body string) board.Post {
		p, key := NewPost(author, body, s.life(time.Hour))
		p.Sign = board.NewSign(author)
		if _, err := s.InsertPost(s.Context(), p, key); err != nil {
			s.Fatal(err)
		}
		return p
	}
	thread, mine := put("a thread"), put("taken back by its author")
	r, key, voice := NewReply(thread, author, "a reply")
	r.Sign = board.NewSign(author)
	r, _, err := s.InsertReply(s.Context(), r, key, voice, s.now)
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range s.end(board.ByAdmin, thread.ID, r.ID) { // the reply with its thread
		if !e.Sign.Of(author) || e.Sign.Of(s.visitor()) || e.Sign.Of(board.Visitor{}) {
			s.Errorf("the sign of %+v does not say whose it was", e)
		}
	}
	for _, e := range s.end(board.ByAuthor, mine.ID) {
		if e.Sign != (board.Sign{}) {
			s.Errorf("a sign outlives what its author ended: %+v", e)
		}
	}

	until := s.now.Add(time.Hour)
	first := board.Notice{Sign: thread.Sign, Board: board.Home, Reason: board.Spam, Until: until}
	second := board.Notice{Sign: r.Sign, Board: board.Home, Until: until.Add(time.Hour)}
	if err := s.Notify(s.Context(), []board.Notice{first, second}); err != nil {
		s.Fatal(err)
	}
	s.reads("both", second, first)
	s.now = until
	s.reads("at its end", second)
	s.sweep()
	s.reads("after a sweep", second)
	if err := s.EndNotices(s.Context(), []board.Notice{second}); err != nil {
		s.Fatal(err)
	}
	s.reads("when it is read")
	many := make([]board.Notice, board.NoticesMax+3)
	for i := range many {
		many[i] = board.Notice{Sign: board.NewSign(author), Board: board.Home, Until: s.now.Add(time.Duration(1+i) * time.Minute)}
	}
	if err := s.Notify(s.Context(), many); err != nil {
		s.Fatal(err)
	}
	if got := s.Notices(s.now); len(got) != board.NoticesMax || got[len(got)-1] != many[3] {
		s.Errorf("%d notices are kept, want %d, without those that would go first", len(got), board.NoticesMax)
	}
}

func (s *site) reads(what string, want ...board.Notice) {
	s.Helper()
	got := s.Notices(s.now)
	if len(got) != len(want) {
		s.Fatalf("%s: %d notices, want %d", what, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			s.Errorf("%s: notice %d is %+v, want %+v", what, i, got[i], want[i])
		}
	}
}
