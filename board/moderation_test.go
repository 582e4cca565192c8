package board_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"mayfly/board"
)

// ruling is an admin's, for spam.
var ruling = board.Ruling{By: "ada", Reason: board.Spam}

// hold stores a post of v that waits for an admin, as a filter makes it.
func (s *site) hold(v board.Visitor, body string) board.Post {
	s.t.Helper()
	key, id := board.NewKey(), board.NewPostID()
	secret := key.Secret()
	p := board.Post{
		ID: id, Board: board.Home, Thread: id, Body: body, Name: secret.Voice(v).Draws, Standing: board.Held,
		Life: board.NewLife(s.now, time.Hour, 0, 24*time.Hour), Own: secret.Own(v, id), Voice: secret.Voice(v).Tag, Secret: secret,
	}
	if _, err := s.store.InsertPost(s.t.Context(), p, key); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *site) do(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

func TestOnlyItsAuthorKnowsOfWhatIsHeld(t *testing.T) {
	s := newSite(t)
	author, stranger := s.visitor(), s.visitor()
	p := s.hold(author, "held words")
	if got, err := s.Post(t.Context(), p.ID, author); err != nil || got.Body != p.Body || got.Standing != board.Held {
		t.Errorf("its author reads %+v, %v", got, err)
	}
	if yours, err := s.Yours(t.Context(), author); err != nil || len(yours) != 1 {
		t.Errorf("yours = %d, %v", len(yours), err)
	}
	for name, ask := range map[string]func() error{
		"post":    func() error { _, err := s.Post(t.Context(), p.ID, stranger); return err },
		"nobody":  func() error { _, err := s.Post(t.Context(), p.ID, board.Visitor{}); return err },
		"thread":  func() error { _, _, err := s.Thread(t.Context(), p.ID, stranger); return err },
		"picture": func() error { _, err := s.Picture(t.Context(), p.ID, board.FullPart, stranger); return err },
		"vote":    func() error { _, err := s.Vote(t.Context(), p.ID, stranger, board.Down); return err },
		"open":    func() error { _, err := s.Open(t.Context(), p.ID, stranger); return err },
		"reply": func() error {
			_, _, err := s.Reply(t.Context(), p.ID, stranger, board.Draft{Body: "found it"})
			return err
		},
	} {
		if err := ask(); !isGone(err) {
			t.Errorf("%s of a stranger: %v, want not found", name, err)
		}
	}
	if _, err := s.Vote(t.Context(), p.ID, author, board.Heart); !errors.Is(err, board.ErrHidden) {
		t.Errorf("its author gives it a heart: %v", err)
	}
	s.told()
	s.do("release", s.Release(t.Context(), ruling, p.ID))
	if told := s.told(); !slices.Equal(told, []string{"born " + p.ID.String()}) {
		t.Errorf("told %v, want its birth", told)
	}
	if got, err := s.Post(t.Context(), p.ID, stranger); err != nil || got.Body != p.Body {
		t.Errorf("released, a stranger reads %+v, %v", got, err)
	}
	if err := s.Release(t.Context(), ruling, p.ID); !errors.Is(err, board.ErrDecided) {
		t.Errorf("released again: %v", err)
	}
}

func TestOfWhatIsHiddenEverybodySeesThatItIsThere(t *testing.T) {
	s := newSite(t)
	author, stranger := s.visitor(), s.visitor()
	p := s.post(author, "lemons here")
	r := s.reply(p, stranger, "a reply")
	s.told()
	s.do("hide", s.Hide(t.Context(), ruling, p.ID))
	if told := s.told(); !slices.Equal(told, []string{"died " + p.ID.String() + " hidden"}) {
		t.Errorf("told %v, want that it is out of sight", told)
	}
	got, replies, err := s.Thread(t.Context(), p.ID, stranger)
	if err != nil || !got.Veiled || got.Body != "" || got.Name != (board.Name{}) || got.Own != (board.Tag{}) || len(replies) > 0 {
		t.Errorf("a stranger reads %+v and %d replies, %v", got, len(replies), err)
	}
	if got, err := s.Post(t.Context(), r.ID, author); err != nil || !got.Veiled || got.Body != "" {
		t.Errorf("a reply under it: %+v, %v", got, err)
	}
	if _, err := s.Vote(t.Context(), r.ID, author, board.Heart); !errors.Is(err, board.ErrHidden) {
		t.Errorf("a vote on a reply under it: %v", err)
	}
	if got, replies, err := s.Thread(t.Context(), p.ID, author); err != nil || got.Body != p.Body || len(replies) != 1 || replies[0].Veiled {
		t.Errorf("its author reads %+v and %+v, %v", got, replies, err)
	}
	words := board.Query{Board: board.Home, Narrow: board.Narrow{Words: "lemons"}}
	if found, _, err := s.Feed(t.Context(), words); err != nil || len(found) > 0 {
		t.Errorf("it is found: %d, %v", len(found), err)
	}
	s.do("release", s.Release(t.Context(), ruling, p.ID))
	if found, _, err := s.Feed(t.Context(), words); err != nil || len(found) != 1 {
		t.Errorf("released, %d are found, %v", len(found), err)
	}
}

func TestAHiddenReplyLeavesALineInItsThread(t *testing.T) {
	s := newSite(t)
	author, other := s.visitor(), s.visitor()
	p := s.post(author, "post")
	r := s.reply(p, other, "insult")
	s.do("hide", s.Hide(t.Context(), ruling, r.ID))
	_, replies, err := s.Thread(t.Context(), p.ID, author)
	if err != nil || len(replies) != 1 || !replies[0].Veiled || replies[0].Body != "" {
		t.Errorf("its thread shows %+v, %v; want a wordless line", replies, err)
	}
	if _, replies, err = s.Thread(t.Context(), p.ID, other); err != nil || len(replies) != 1 || replies[0].Body != "insult" {
		t.Errorf("who wrote it reads %+v, %v", replies, err)
	}
	s.told()
	s.do("release", s.Release(t.Context(), ruling, r.ID))
	if told := s.told(); len(told) != 2 || told[0] != "born "+r.ID.String() {
		t.Errorf("told %v, want its birth and its thread", told)
	}
}

// TestSearchFilledAtAStartKnowsOnlyWhatIsInSight: what was held or hidden before it.
func TestSearchFilledAtAStartKnowsOnlyWhatIsInSight(t *testing.T) {
	s := newSite(t)
	s.hold(s.visitor(), "held lemons")
	hidden := s.post(s.visitor(), "hidden lemons")
	s.do("hide", s.Hide(t.Context(), ruling, hidden.ID))
	living, err := s.store.Living(t.Context(), 0, s.now)
	if err != nil || len(living) > 0 {
		t.Errorf("%d are read at a start, %v; want none", len(living), err)
	}
}

func (s *site) logged() []board.Entry {
	s.t.Helper()
	list, err := s.PublicLog(s.t.Context(), "", 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func TestWhatAnAdminRemovesIsGoneAtOnceAndSaysWhy(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p := s.post(v, "post")
	r := s.reply(p, v, "reply")
	s.told()
	n, err := s.Remove(t.Context(), ruling, r.ID, board.NewPostID())
	if err != nil || n != 1 {
		t.Fatalf("Remove = %d, %v; want the one that was there", n, err)
	}
	if told := s.told(); !slices.Equal(told, []string{"died " + r.ID.String() + " admin"}) {
		t.Errorf("told %v", told)
	}
	if _, err := s.Remove(t.Context(), ruling, p.ID); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	if e := s.heard[0]; e.Why != board.ByAdmin || e.Reason != board.Spam {
		t.Errorf("told %+v, want the admin's reason", e)
	}
	s.mu.Unlock()
	for name, read := range s.reads(p, r, v) {
		if got, err := read(); err != nil || got {
			t.Errorf("%s: served %v, %v", name, got, err)
		}
	}
	if _, err := s.Remove(t.Context(), ruling, p.ID); !errors.Is(err, board.ErrDecided) {
		t.Errorf("removed again: %v", err)
	}
	log := s.logged()
	if len(log) != 2 || log[0].Action != board.ActTakeDown || log[0].By != "" || log[0].Subject != "1" || log[0].Reason != "spam" || log[0].At.Second() != 0 {
		t.Errorf("the public log: %+v", log)
	}
}

// TestAThousandPostsAreRemovedAtOnce: a raid ends within ten seconds.
func TestAThousandPostsAreRemovedAtOnce(t *testing.T) {
	s := newSite(t)
	ids := make([]board.PostID, 1000)
	for i := range ids {
		ids[i] = s.post(s.visitor(), "raid").ID
	}
	began := time.Now()
	n, err := s.Remove(t.Context(), ruling, ids...)
	took := time.Since(began)
	if err != nil || n != len(ids) || took > 10*time.Second {
		t.Errorf("%d removed in %v, %v", n, took, err)
	}
	if posts, _, err := s.Feed(t.Context(), board.Query{Board: board.Home}); err != nil || len(posts) > 0 {
		t.Errorf("the feed shows %d, %v", len(posts), err)
	}
	if log := s.logged(); len(log) != 1 || log[0].Subject != "1000" {
		t.Errorf("the public log: %+v", log)
	}
	t.Logf("1,000 posts were removed in %v", took.Round(time.Millisecond))
}

func TestOfTwoAdminsTheSecondHearsThatItIsDecided(t *testing.T) {
	s := newSite(t)
	for name, decide := range map[string]func(id board.PostID) error{
		"remove":  func(id board.PostID) error { _, err := s.Remove(t.Context(), ruling, id); return err },
		"hide":    func(id board.PostID) error { return s.Hide(t.Context(), ruling, id) },
		"release": func(id board.PostID) error { return s.Release(t.Context(), ruling, id) },
		"lock":    func(id board.PostID) error { return s.Lock(t.Context(), ruling, id, true) },
		"shorten": func(id board.PostID) error { return s.Shorten(t.Context(), ruling, id) },
	} {
		p := s.post(s.visitor(), name)
		if name == "release" {
			s.do("hide", s.Hide(t.Context(), ruling, p.ID))
		}
		if err := decide(p.ID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := decide(p.ID); !errors.Is(err, board.ErrDecided) && !isGone(err) {
			t.Errorf("%s by a second admin: %v", name, err)
		}
	}
}

func TestAnAdminAnswersUnderNoName(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p := s.post(v, "post")
	s.do("lock", s.Lock(t.Context(), ruling, p.ID, true))
	if _, _, err := s.Reply(t.Context(), p.ID, v, board.Draft{Body: "more"}); !errors.Is(err, board.ErrLocked) {
		t.Errorf("a visitor replies: %v", err)
	}
	r, err := s.Answer(t.Context(), "ada", p.ID, "please stop")
	if err != nil || !r.Staff || r.Name != (board.Name{}) {
		t.Fatalf("Answer = %+v, %v", r, err)
	}
	if _, replies, err := s.Thread(t.Context(), p.ID, v); err != nil || len(replies) != 1 || !replies[0].Staff {
		t.Errorf("the thread: %+v, %v", replies, err)
	}
	if err := s.Report(t.Context(), r.ID, v, board.Complaint{Reason: board.Spam}); err == nil {
		t.Error("an admin's reply is reported")
	}
	if _, err := s.Answer(t.Context(), "ada", p.ID, " "); err == nil {
		t.Error("an admin says nothing")
	}
	s.do("unlock", s.Lock(t.Context(), ruling, p.ID, false))
	s.reply(p, v, "sorry")
	if log := s.logged(); len(log) != 3 {
		t.Errorf("the public log: %+v", log)
	}
}

func TestAShortenedPostHasAMinute(t *testing.T) {
	s := newSite(t)
	p := s.post(s.visitor(), "troll")
	s.told()
	s.do("shorten", s.Shorten(t.Context(), ruling, p.ID))
	if told := s.told(); !slices.Equal(told, []string{"changed " + p.ID.String()}) {
		t.Errorf("told %v", told)
	}
	got, err := s.Post(t.Context(), p.ID, board.Visitor{})
	if left := got.Life.Left(s.now); err != nil || left < time.Minute || left > 2*time.Minute {
		t.Errorf("it has %v left, %v", left, err)
	}
	r := s.reply(p, s.visitor(), "reply")
	if err := s.Shorten(t.Context(), ruling, r.ID); !isGone(err) {
		t.Errorf("a reply has no clock: %v", err)
	}
}
