package storagetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"mayfly/board"
)

// standing publishes a post that is born with a standing.
func (s *site) standing(body string, standing board.Standing) board.Post {
	s.Helper()
	p, key := NewPost(s.visitor(), body, s.life(time.Hour))
	p.Standing = standing
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatalf("InsertPost: %v", err)
	}
	return p
}

func (s *site) heldReply(root board.Post, body string) (reply, after board.Post) {
	s.Helper()
	r, key, voice := NewReply(root, s.visitor(), body)
	r.Standing = board.Held
	reply, after, err := s.InsertReply(s.Context(), r, key, voice, s.now)
	if err != nil {
		s.Fatalf("InsertReply: %v", err)
	}
	return reply, after
}

// act is the line in the log of what an admin does now.
func (s *site) act(a board.Action) board.Entry {
	return board.Entry{At: s.now, By: "ada", Action: a, Reason: string(board.Spam)}
}

func (s *site) hide(p board.Post) board.Post {
	s.Helper()
	hidden, err := s.Hide(s.Context(), p.ID, s.act(board.ActHide))
	if err != nil {
		s.Fatalf("Hide: %v", err)
	}
	return hidden
}

func (s *site) release(p board.Post) (post, root board.Post, was board.Standing) {
	s.Helper()
	post, root, was, err := s.Release(s.Context(), p.ID, s.act(board.ActRelease))
	if err != nil {
		s.Fatalf("Release: %v", err)
	}
	return post, root, was
}

// listed says whether p stands in every list of its board, or in none.
func (s *site) listed(p board.Post, want bool) {
	s.Helper()
	for _, by := range board.Sorts {
		if posts, _ := s.feed(board.Query{Sort: by, Limit: board.PageMax}); contains(posts, p.ID) != want {
			s.Errorf("the feed (%s) shows it: %v, want %v", by, !want, want)
		}
	}
	if posts, err := s.PostsByID(s.Context(), []board.PostID{p.ID}, s.now); err != nil || contains(posts, p.ID) != want {
		s.Errorf("by its id among others: %v, %v; want %v", !want, err, want)
	}
	n, err := s.Count(s.Context(), p.Board, s.now)
	if err != nil || (n == 1) != want {
		s.Errorf("%d are counted, %v; want it counted: %v", n, err, want)
	}
}

func whatIsHeldOrHiddenStandsInNoList(s *site) {
	for _, standing := range []board.Standing{board.Held, board.Hidden} {
		p := s.standing("out of sight", standing)
		s.listed(p, false)
		if got := s.get(p.ID); got.Standing != standing || got.Body != p.Body {
			s.Errorf("it is read as %q, %q; want it whole, and %q", got.Standing, got.Body, standing)
		}
		owned, err := s.Owned(s.Context(), func(o board.Post) bool { return o.ID == p.ID }, s.now)
		if err != nil || len(owned) != 1 {
			s.Errorf("its author finds %d, %v; want it", len(owned), err)
		}
		s.end(board.ByAuthor, p.ID)
		s.isGone(p)
	}
}

func whatIsReleasedStandsWhereItWas(s *site) {
	p := s.post("seen by all", s.life(time.Hour))
	s.look(p)
	if got := s.hide(p); got.Standing != board.Hidden || got.Body != p.Body {
		s.Errorf("hidden it is %q, %q", got.Standing, got.Body)
	}
	s.listed(p, false)
	if root, _, err := s.Thread(s.Context(), p.ID, s.now); err != nil || root.Standing != board.Hidden {
		s.Errorf("its thread says %q, %v; want hidden", root.Standing, err)
	}
	got, root, was := s.release(p)
	if got.Standing != board.Shown || root.ID != p.ID || was != board.Hidden || got.Life != p.Life {
		s.Errorf("released it is %q and was %q, of thread %s, and lives %+v", got.Standing, was, root.ID, got.Life)
	}
	s.listed(p, true)
	s.look(p)

	r, _ := s.reply(p, s.visitor(), "a reply")
	s.hide(r)
	if got := s.get(r.ID); got.Standing != board.Hidden || got.Under != board.Shown {
		s.Errorf("a hidden reply is %q under %q", got.Standing, got.Under)
	}
	if got := s.get(p.ID); got.Replies != 1 {
		s.Errorf("its thread counts %d replies, want the line that stands there too", got.Replies)
	}
	s.hide(p)
	if got, _, _ := s.release(r); got.Standing != board.Shown || got.Under != board.Hidden {
		s.Errorf("a reply released under what is hidden is %q under %q", got.Standing, got.Under)
	}
}

func aHeldReplyIsNotHeard(s *site) {
	p := s.post("quiet", board.NewLife(s.now, time.Hour, 10*time.Minute, 30*24*time.Hour))
	s.now = s.now.Add(5 * time.Minute)
	r, after := s.heldReply(p, "held")
	if after.Replies != 0 || after.Life != p.Life {
		s.Errorf("its thread has %d replies and lives %+v; want none, and as it did", after.Replies, after.Life)
	}
	if _, replies, err := s.Thread(s.Context(), p.ID, s.now); err != nil || len(replies) != 1 || replies[0].Standing != board.Held {
		s.Errorf("Thread = %+v, %v; want the held one", replies, err)
	}
	_, root, was := s.release(r)
	if was != board.Held || root.Replies != 1 || !root.Life.EndsAt.After(p.Life.EndsAt) || root.Life.CapAt != p.Life.CapAt {
		s.Errorf("released, it was %q; its thread counts %d and ends %v", was, root.Replies, root.Life.EndsAt)
	}
	second, _ := s.heldReply(p, "held, and removed")
	s.end(board.ByAdmin, second.ID)
	if got := s.get(p.ID); got.Replies != 1 {
		s.Errorf("after a held one was removed it counts %d, want 1", got.Replies)
	}
	third, _ := s.heldReply(p, "ends with its thread")
	s.end(board.ByAuthor, p.ID)
	s.isGone(p)
	_, err := s.Post(s.Context(), third.ID, s.now)
	s.notFound("a held reply of an ended thread", err)
	s.sweep()
}

func standingLengthensNoLife(s *site) {
	p := s.post("reported", s.life(10*time.Minute))
	held := s.standing("held", board.Held)
	s.hide(p)
	s.now = p.Life.EndsAt
	_, err := s.Hide(s.Context(), p.ID, s.act(board.ActHide))
	s.notFound("Hide", err)
	_, _, _, err = s.Release(s.Context(), p.ID, s.act(board.ActRelease))
	s.notFound("Release", err)
	s.isGone(p)
	s.now = held.Life.EndsAt
	s.isGone(held)
	if ended := s.sweep(); len(ended) != 2 {
		s.Errorf("%d endings are told, want both", len(ended))
	}
}

func ofManyDecisionsOneIsMade(s *site) {
	p := s.standing("waits", board.Held)
	var made atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, _, _, err := s.Release(s.Context(), p.ID, s.act(board.ActRelease))
			switch {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, board.ErrDecided):
				s.Errorf("Release: %v", err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		s.Errorf("%d of 20 released it, want 1", made.Load())
	}
	s.hide(p)
	if _, err := s.Hide(s.Context(), p.ID, s.act(board.ActHide)); !errors.Is(err, board.ErrDecided) {
		s.Errorf("to hide it again: %v, want %v", err, board.ErrDecided)
	}
}

// report is v's complaint about p, of which three hide it.
func (s *site) report(p board.Post, v board.Visitor, c board.Complaint) (hidden bool) {
	s.Helper()
	hidden, err := s.tryReport(p, v, c)
	if err != nil {
		s.Fatalf("Report: %v", err)
	}
	return hidden
}

func (s *site) tryReport(p board.Post, v board.Visitor, c board.Complaint) (hidden bool, err error) {
	_, hidden, err = s.Report(s.Context(), board.Report{
		Post: p.ID, Tag: p.Secret.Report(v, p.ID), Opened: p.Secret.Opening(v, p.ID), Complaint: c, Enough: 3,
	}, s.now)
	return hidden, err
}

var spam = board.Complaint{Reason: board.Spam, Counts: true}

func enoughReportsHideAPost(s *site) {
	p := s.post("reported", s.life(time.Hour))
	r, _ := s.reply(p, s.visitor(), "reported, too")
	for _, target := range []board.Post{p, r} {
		s.report(target, s.visitor(), board.Complaint{Reason: board.Other}) // does not count
		for i, want := range []bool{false, false, true, false} {
			if hidden := s.report(target, s.visitor(), spam); hidden != want {
				s.Errorf("report %d hides it: %v, want %v", i+1, hidden, want)
			}
		}
		if got := s.get(target.ID); got.Standing != board.Hidden {
			s.Errorf("it is %q", got.Standing)
		}
		s.release(target)
		for range 5 {
			if s.report(target, s.visitor(), spam) {
				s.Error("reports hide what an admin let stand")
			}
		}
	}
	picture, key := NewPost(s.visitor(), "", s.life(time.Hour))
	picture.Picture = NewPicture(10, 10)
	if _, err := s.InsertPost(s.Context(), picture, key); err != nil {
		s.Fatal(err)
	}
	if s.report(picture, s.visitor(), board.Complaint{Reason: board.Naming}) {
		s.Error("a report that does not count hides a picture")
	}
	if !s.report(picture, s.visitor(), board.Complaint{Reason: board.Naming, Counts: true}) {
		s.Error("one report does not hide a picture")
	}
	s.now = p.Life.EndsAt
	_, err := s.tryReport(p, s.visitor(), spam)
	s.notFound("Report of what has ended", err)
	s.isGone(p)
}

func aVisitorHasOneReport(s *site) {
	p, v := s.post("reported", s.life(time.Hour)), s.visitor()
	for range 5 {
		if s.report(p, v, spam) {
			s.Error("one visitor hides it")
		}
	}
	s.report(p, s.visitor(), spam)
	s.release(p)
	if s.report(p, v, spam) {
		s.Error("a report that was looked at counts again")
	}
	if _, _, _, err := s.Release(s.Context(), p.ID, s.act(board.ActRelease)); !errors.Is(err, board.ErrDecided) {
		s.Errorf("it waits for an admin again: %v", err)
	}
}

func wordsOfAReportAreProved(s *site) {
	p, key := NewPost(s.visitor(), "shown once", s.life(time.Hour))
	p.ViewOnce = true
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatal(err)
	}
	v := s.visitor()
	saw := board.Complaint{Reason: board.Harm, Words: "shown once", Counts: true}
	if _, err := s.tryReport(p, v, saw); !errors.Is(err, board.ErrWords) {
		s.Errorf("words of who has not opened it: %v", err)
	}
	if _, _, err := s.Open(s.Context(), p.ID, p.Secret.Opening(v, p.ID), s.now); err != nil {
		s.Fatal(err)
	}
	made := saw
	made.Words = "shown twice"
	if _, err := s.tryReport(p, v, made); !errors.Is(err, board.ErrWords) {
		s.Errorf("words that it does not hold: %v", err)
	}
	s.report(p, v, saw)
	s.report(p, s.visitor(), board.Complaint{Reason: board.Spam})
}

func (s *site) queue() []board.Case {
	s.Helper()
	list, err := s.Queue(s.Context(), 10, s.now)
	if err != nil {
		s.Fatalf("Queue: %v", err)
	}
	if n, err := s.Waiting(s.Context(), s.now); err != nil || n != len(list) {
		s.Errorf("%d wait, %v; the queue shows %d", n, err, len(list))
	}
	return list
}

func theQueueIsInItsOrder(s *site) {
	s.post("nothing is wrong with it", s.life(time.Hour))
	held := s.standing("held", board.Held)
	once, twice := s.post("reported once", s.life(time.Hour)), s.post("reported twice", s.life(time.Hour))
	s.report(once, s.visitor(), board.Complaint{Reason: board.Harm})
	s.report(twice, s.visitor(), spam)
	s.report(twice, s.visitor(), board.Complaint{Reason: board.Harm})
	reply, _ := s.reply(once, s.visitor(), "a reply")
	for _, r := range []board.Reason{board.Spam, board.Spam, board.Naming} {
		s.report(reply, s.visitor(), board.Complaint{Reason: r})
	}
	care, key := NewPost(s.visitor(), "care", s.life(time.Hour))
	care.Care = true
	if _, err := s.InsertPost(s.Context(), care, key); err != nil {
		s.Fatal(err)
	}
	list := s.queue()
	want := []board.Post{care, reply, twice, once, held}
	if len(list) != len(want) {
		s.Fatalf("%d wait, want %d", len(list), len(want))
	}
	for i, c := range list {
		if c.Post.ID != want[i].ID || c.Post.Body != want[i].Body {
			s.Errorf("%d: %q, want %q", i, c.Post.Body, want[i].Body)
		}
	}
	if c := list[1]; c.Reports != 3 || len(c.Reasons) != 2 || c.Reasons[board.Spam] != 2 || c.Reasons[board.Naming] != 1 {
		s.Errorf("what was said about it: %d, %v", c.Reports, c.Reasons)
	}
	one, err := s.Case(s.Context(), reply.ID, s.now)
	if err != nil || one.Post.ID != reply.ID || one.Reports != 3 {
		s.Errorf("Case = %+v, %v", one, err)
	}
	s.release(reply)
	s.end(board.ByAdmin, twice.ID)
	s.sweep()
	if list := s.queue(); len(list) != 3 {
		s.Errorf("after two decisions %d wait, want 3", len(list))
	}
	_, err = s.Case(s.Context(), twice.ID, s.now)
	s.notFound("Case of what was removed", err)
}

func whatWaitsEndsOnTime(s *site) {
	p := s.standing("held", board.Held)
	q := s.post("reported", s.life(time.Hour))
	reply, _ := s.reply(q, s.visitor(), "reported, too")
	s.report(q, s.visitor(), spam)
	s.report(reply, s.visitor(), spam)
	s.now = p.Life.EndsAt.Add(-time.Millisecond)
	if n := len(s.queue()); n != 3 {
		s.Errorf("a millisecond before their end %d wait, want 3", n)
	}
	s.now = p.Life.EndsAt
	if n := len(s.queue()); n != 0 {
		s.Errorf("at their end %d wait", n)
	}
	_, err := s.Case(s.Context(), reply.ID, s.now)
	s.notFound("Case", err)
	s.sweep()
}

func anAdminReadsAViewOncePost(s *site) {
	p, key := NewPost(s.visitor(), "shown once", s.life(time.Hour))
	p.ViewOnce = true
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatal(err)
	}
	s.report(p, s.visitor(), spam)
	if c := s.queue()[0]; !c.Post.Sealed || c.Post.Body != "" {
		s.Errorf("unopened, an admin reads %q", c.Post.Body)
	}
	v := s.visitor()
	if _, _, err := s.Open(s.Context(), p.ID, p.Secret.Opening(v, p.ID), s.now); err != nil {
		s.Fatal(err)
	}
	s.report(p, v, board.Complaint{Reason: board.Harm, Words: "shown once"})
	if c := s.queue()[0]; c.Post.Sealed || c.Post.Body != "shown once" {
		s.Errorf("with a reader's report an admin reads %q", c.Post.Body)
	}
}

func aLockedThreadTakesNoReplies(s *site) {
	p := s.post("calm down", s.life(time.Hour))
	if _, err := s.Lock(s.Context(), p.ID, true, s.act(board.ActLock)); err != nil {
		s.Fatal(err)
	}
	if _, err := s.Lock(s.Context(), p.ID, true, s.act(board.ActLock)); !errors.Is(err, board.ErrDecided) {
		s.Errorf("locked again: %v", err)
	}
	r, key, voice := NewReply(p, s.visitor(), "and another thing")
	if _, _, err := s.InsertReply(s.Context(), r, key, voice, s.now); !errors.Is(err, board.ErrLocked) {
		s.Errorf("a reply: %v", err)
	}
	r.Staff = true
	answer, _, err := s.InsertReply(s.Context(), r, key, board.Voice{}, s.now)
	if err != nil || answer.Name != (board.Name{}) || !s.get(answer.ID).Staff {
		s.Errorf("an admin's reply: %+v, %v", answer, err)
	}
	if got := s.get(p.ID); !got.Locked {
		s.Error("it does not say that it is locked")
	}
	if _, err := s.Lock(s.Context(), p.ID, false, s.act(board.ActUnlock)); err != nil {
		s.Fatal(err)
	}
	s.reply(p, s.visitor(), "sorry")
}

func aShorterLifeIsNoLonger(s *site) {
	p := s.post("troll", s.life(time.Hour))
	to := func(l board.Life) board.Life { return l.Shortened(s.now, time.Minute) }
	got, err := s.Shorten(s.Context(), p.ID, to, s.act(board.ActShorten))
	if err != nil || got.Life.EndsAt.After(s.now.Add(2*time.Minute)) || got.Life.CapAt != got.Life.EndsAt || s.get(p.ID).Life != got.Life {
		s.Errorf("Shorten = %+v, %v", got.Life, err)
	}
	if after := s.vote(p, s.visitor(), board.Heart); after.Life.EndsAt != got.Life.EndsAt {
		s.Errorf("a heart gives it %v", after.Life.EndsAt.Sub(got.Life.EndsAt))
	}
	if _, err := s.Shorten(s.Context(), p.ID, to, s.act(board.ActShorten)); !errors.Is(err, board.ErrDecided) {
		s.Errorf("shortened again: %v", err)
	}
	s.now = got.Life.EndsAt
	s.isGone(p)
	if ended := s.sweep(); len(ended) != 1 {
		s.Errorf("%d ended, want it", len(ended))
	}
}

func whatAdminsDoIsLogged(s *site) {
	p := s.post("reported", s.life(time.Hour))
	s.hide(p)
	s.release(p)
	if err := s.Record(s.Context(), board.Entry{At: s.now, By: "ada", Action: board.ActSignIn}); err != nil {
		s.Fatal(err)
	}
	list, err := s.Acts(s.Context(), "", 0, 10)
	if err != nil || len(list) != 2 || list[0].Action != board.ActRelease || list[1].Action != board.ActHide {
		s.Fatalf("Acts = %+v, %v; want the two, newest first", list, err)
	}
	if e := list[1]; e.Board != board.Home || e.Reason != string(board.Spam) || e.By != "ada" || !e.At.Equal(s.now) {
		s.Errorf("the entry: %+v", e)
	}
	if list, err := s.Acts(s.Context(), board.Home, list[0].Seq, 10); err != nil || len(list) != 1 {
		s.Errorf("before it: %d, %v", len(list), err)
	}
	if list, err := s.Acts(s.Context(), "elsewhere", 0, 10); err != nil || len(list) != 0 {
		s.Errorf("of another board: %d, %v", len(list), err)
	}
	s.now = s.now.Add(board.AuditTime + time.Hour)
	if err := s.Record(s.Context(), board.Entry{At: s.now, By: "ada", Action: board.ActSignIn}); err != nil {
		s.Fatal(err)
	}
	if list, err := s.Acts(s.Context(), "", 0, 10); err != nil || len(list) != 0 {
		s.Errorf("after 30 days: %d, %v", len(list), err)
	}
}
