package storagetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"mayfly/board"
)

func aPostIsReadBack(s *site) {
	p := s.post("Ciao, 世界 👋\nsecond line", s.life(time.Hour))
	s.same("Post", s.get(p.ID), p)
	root, replies, err := s.Thread(s.Context(), p.ID, s.now)
	if err != nil || len(replies) != 0 {
		s.Fatalf("Thread = %d replies, %v", len(replies), err)
	}
	s.same("Thread", root, p)
	for _, sort := range board.Sorts {
		posts, more := s.feed(board.Query{Sort: sort, Limit: 10})
		if len(posts) != 1 || more {
			s.Fatalf("Feed (%s) = %d posts, more %v; want the one", sort, len(posts), more)
		}
		s.same("Feed", posts[0], p)
	}
	secret, err := s.Secret(s.Context(), p.ID, s.now)
	if err != nil || secret != p.Secret {
		s.Errorf("Secret is not the one of the key; %v", err)
	}
}

func aReplyTakesAfterItsThread(s *site) {
	author, other := s.visitor(), s.visitor()
	p := s.postBy(author, "a question", s.life(time.Hour))
	first, root := s.reply(p, other, "an answer")
	if root.Replies != 1 || root.ID != p.ID || root.Body != p.Body {
		s.Errorf("root = %+v, want the post with 1 reply", root)
	}
	second, _ := s.reply(p, author, "thanks")
	if second.Name != p.Name {
		s.Errorf("the author's name = %+v in a reply, %+v in the post", second.Name, p.Name)
	}
	third, root := s.reply(p, other, "welcome")
	if third.Name != first.Name || first.Name == p.Name {
		s.Errorf("names of one voice = %+v, then %+v; of the author %+v", first.Name, third.Name, p.Name)
	}
	for _, r := range []board.Post{first, second, third} {
		if r.Board != p.Board || r.Life != p.Life || !r.IsReply() || r.Secret != p.Secret {
			s.Errorf("reply = %+v; want the board, life and secret of its thread", r)
		}
		s.same("Post of a reply", s.get(r.ID), r)
	}
	got, replies, err := s.Thread(s.Context(), p.ID, s.now)
	if err != nil || len(replies) != 3 {
		s.Fatalf("Thread = %d replies, %v; want 3", len(replies), err)
	}
	s.same("Thread", got, root)
	for i, want := range []board.Post{first, second, third} {
		s.same("replies, oldest first", replies[i], want)
	}
}

func aReplyKeepsWhatItAnswers(s *site) {
	p := s.post("a question", s.life(time.Hour))
	first, _ := s.reply(p, s.visitor(), "an answer")
	r, key, voice := NewReply(p, s.visitor(), "I thought so too")
	r.To = first.ID
	r, _, err := s.InsertReply(s.Context(), r, key, voice, s.now)
	if err != nil || r.To != first.ID {
		s.Fatalf("InsertReply = %+v, %v; want it to answer %s", r, err, first.ID)
	}
	s.end(board.ByAuthor, first.ID)
	s.same("the answer to what is gone", s.get(r.ID), r)
}

func unknownAndEndedAreTheSame(s *site) {
	never, _ := NewPost(s.visitor(), "never stored", s.life(time.Hour))
	s.isGone(never)
	byHand := s.post("ended by hand", s.life(time.Hour))
	s.look(byHand)
	s.end(board.ByAuthor, byHand.ID)
	s.isGone(byHand)
	timed := s.post("ended by time", s.life(2*time.Minute))
	living := s.post("goes on", s.life(time.Hour))
	reply, _ := s.reply(living, s.visitor(), "no thread of its own")
	s.look(timed)
	s.now = timed.Life.EndsAt
	s.isGone(timed)
	s.sweep()
	s.isGone(byHand)
	s.isGone(timed)

	ctx := s.Context()
	_, _, err := s.Thread(ctx, reply.ID, s.now)
	s.notFound("Thread of a reply", err)
	_, err = s.Secret(ctx, reply.ID, s.now)
	s.notFound("Secret of a reply", err)
	r, key, voice := NewReply(board.Post{ID: reply.ID, Secret: living.Secret}, s.visitor(), "under a reply")
	_, _, err = s.InsertReply(ctx, r, key, voice, s.now)
	s.notFound("InsertReply under a reply", err)
}

func theNewestPostIsFirst(s *site) {
	var want []board.PostID
	for i := range 7 {
		want = append(want, s.post(fmt.Sprint("post ", i), s.life(time.Hour)).ID)
	}
	slices.Reverse(want)
	posts, more := s.feed(board.Query{Sort: board.ByBirth, Limit: 5})
	if !slices.Equal(ids(posts), want[:5]) || !more {
		s.Errorf("first page: %v, more %v; want %v and more", ids(posts), more, want[:5])
	}
	posts, more = s.feed(board.Query{Sort: board.ByBirth, Limit: 5, After: board.Cursor{Seq: posts[4].Seq}})
	if !slices.Equal(ids(posts), want[5:]) || more {
		s.Errorf("second page: %v, more %v; want %v and no more", ids(posts), more, want[5:])
	}
	if posts, _, err := s.Feed(s.Context(), board.Query{Board: "elsewhere", Sort: board.ByBirth, Limit: 5}, s.now); err != nil || len(posts) > 0 {
		s.Errorf("another board has %d posts, %v", len(posts), err)
	}
}

func leastLifeIsFirst(s *site) {
	long := s.post("long", s.life(3*time.Hour))
	short := s.post("short", s.life(time.Hour))
	twin := s.post("as short", s.life(time.Hour))
	posts, more := s.feed(board.Query{Sort: board.ByFading, Limit: 2})
	if !slices.Equal(ids(posts), []board.PostID{short.ID, twin.ID}) || !more {
		s.Errorf("first page = %v, more %v; want the two short ones in order of birth", ids(posts), more)
	}
	s.vote(short, s.visitor(), board.Heart)
	posts, _ = s.feed(board.Query{Sort: board.ByFading, Limit: 3})
	if !slices.Equal(ids(posts), []board.PostID{twin.ID, short.ID, long.ID}) {
		s.Errorf("after a heart = %v; want the twin first", ids(posts))
	}
}

func interestHeatsAndScoresRank(s *site) {
	old := s.post("old", s.life(5*time.Hour))
	talked := s.post("talked about", s.life(5*time.Hour))
	liked := s.post("liked", s.life(5*time.Hour))
	s.vote(liked, s.visitor(), board.Heart)
	for range 3 {
		s.reply(talked, s.visitor(), "a reply")
	}
	s.vote(old, s.visitor(), board.Down)
	for by, want := range map[board.Sort][]board.PostID{
		board.ByHot: {talked.ID, liked.ID, old.ID},
		board.ByTop: {liked.ID, talked.ID, old.ID},
	} {
		if posts, _ := s.feed(board.Query{Sort: by, Limit: 3}); !slices.Equal(ids(posts), want) {
			s.Errorf("%s = %v, want %v", by, ids(posts), want)
		}
	}
	s.now = s.now.Add(4 * time.Hour) // an age of four hours weighs more than one heart
	young := s.post("young", s.life(time.Hour))
	if posts, _ := s.feed(board.Query{Sort: board.ByHot, Limit: 3}); !slices.Equal(ids(posts), []board.PostID{talked.ID, young.ID, liked.ID}) {
		s.Errorf("hot after four hours = %v", ids(posts))
	}
}

func postsAreReadByTheirIDsAndInTheirOrder(s *site) {
	one, two, three := s.post("one", s.life(time.Hour)), s.post("two", s.life(time.Minute)), s.post("three", s.life(time.Hour))
	four := s.post("four", s.life(time.Hour))
	asked := []board.PostID{three.ID, board.NewPostID(), one.ID, two.ID, four.ID}
	s.end(board.ByAuthor, four.ID)
	for _, want := range [][]board.PostID{{three.ID, one.ID, two.ID}, {three.ID, one.ID}} {
		posts, err := s.PostsByID(s.Context(), asked, s.now)
		if err != nil || !slices.Equal(ids(posts), want) {
			s.Errorf("by id: %v, %v; want %v", ids(posts), err, want)
		}
		s.now = s.now.Add(2 * time.Minute)
	}
	if posts, err := s.PostsByID(s.Context(), nil, s.now); err != nil || len(posts) > 0 {
		s.Errorf("of no ids: %v, %v", posts, err)
	}
}

func theUnlistedStandInNoFeed(s *site) {
	p, key := NewPost(s.visitor(), "by its link alone", s.life(time.Hour))
	p.Unlisted = true
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatal(err)
	}
	for _, by := range board.Sorts {
		if posts, _ := s.feed(board.Query{Sort: by, Limit: 5}); len(posts) > 0 {
			s.Errorf("%s shows it", by)
		}
	}
	if got := s.get(p.ID); !got.Unlisted || got.Body != p.Body {
		s.Errorf("by its link: %+v", got)
	}
	reply, _ := s.reply(p, s.visitor(), "a reply")
	if !reply.Unlisted {
		s.Error("its replies are listed")
	}
	for _, e := range s.end(board.ByScore, p.ID) {
		if !e.Unlisted {
			s.Error("its end is told to the board")
		}
	}
	if traces, err := s.Traces(s.Context(), board.Home, s.now); err != nil || len(traces) > 0 {
		s.Errorf("it leaves %d traces in the feed, %v", len(traces), err)
	}
}

func aBoxHoldsAllThatItsAuthorMade(s *site) {
	p, key := NewPost(s.visitor(), "words\nin lines", s.life(time.Hour))
	p.Warning, p.Backdrop, p.Place = "about loss", "longwater", "Old Harbour"
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatal(err)
	}
	if got := s.get(p.ID); got.Body != p.Body || got.Warning != p.Warning || got.Backdrop != p.Backdrop || got.Name != p.Name {
		s.Errorf("it came back as %+v", got)
	}
}

func (s *site) viewOnce(body string, readers int) board.Post {
	s.Helper()
	p, key := NewPost(s.visitor(), body, s.life(time.Hour))
	p.ViewOnce, p.Readers = true, readers
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatal(err)
	}
	return p
}

func eachVisitorOpensOnce(s *site) {
	p := s.viewOnce("once for each", 0)
	if got := s.get(p.ID); got.Body != "" || !got.Sealed {
		s.Errorf("it is read without opening: %+v", got)
	}
	for range 3 {
		tag := p.Secret.Opening(s.visitor(), p.ID)
		got, ended, err := s.Open(s.Context(), p.ID, tag, s.now)
		if err != nil || got.Body != p.Body || len(ended) > 0 {
			s.Errorf("opening: %q, ended %v, %v", got.Body, ended, err)
		}
		if _, _, err := s.Open(s.Context(), p.ID, tag, s.now); !errors.Is(err, board.ErrOpened) {
			s.Errorf("a second opening: %v", err)
		}
		opened, err := s.Opened(s.Context(), map[board.PostID]board.Tag{p.ID: tag})
		if err != nil || !opened[p.ID] {
			s.Errorf("Opened = %v, %v", opened, err)
		}
	}
	plain := s.post("no secret", s.life(time.Hour))
	_, _, err := s.Open(s.Context(), plain.ID, plain.Secret.Opening(s.visitor(), plain.ID), s.now)
	s.notFound("Open of a plain post", err)
}

func theLastReaderEndsIt(s *site) {
	p := s.viewOnce("for two", 2)
	reply, _ := s.reply(p, s.visitor(), "under it")
	var ended []board.Ending
	for range 2 {
		_, e, err := s.Open(s.Context(), p.ID, p.Secret.Opening(s.visitor(), p.ID), s.now)
		if err != nil {
			s.Fatal(err)
		}
		ended = append(ended, e...)
	}
	if len(ended) != 1 || ended[0].ID != p.ID || ended[0].Why != board.ByReaders {
		s.Errorf("ended = %v", ended)
	}
	s.isGone(p)
	_, err := s.Post(s.Context(), reply.ID, s.now)
	s.notFound("a reply under it", err)
	if traces, err := s.Traces(s.Context(), board.Home, s.now); err != nil || len(traces) != 1 || traces[0].Why != board.ByReaders {
		s.Errorf("traces = %v, %v", traces, err)
	}
}

func ofAHundredAtOnceOneReads(s *site) {
	for range 50 {
		p := s.viewOnce("for the first", 1)
		var bodies atomic.Int32
		s.atOnce(100, func(ctx context.Context, _ int) error {
			got, _, err := s.Open(ctx, p.ID, p.Secret.Opening(s.visitor(), p.ID), s.now)
			switch {
			case err == nil && got.Body == p.Body:
				bodies.Add(1)
			case !errors.Is(err, board.ErrNotFound):
				return fmt.Errorf("body %q, error %w", got.Body, err)
			}
			return nil
		})
		if n := bodies.Load(); n != 1 {
			s.Errorf("%d bodies were given, want 1", n)
		}
	}
}

func cursorsNeitherRepeatNorSkip(s *site) {
	for _, sort := range board.Sorts {
		lasting := map[board.PostID]bool{}
		for i := range 30 {
			ttl := time.Hour + time.Duration(i%4)*time.Minute
			lasting[s.post(fmt.Sprint("lasting ", i), s.life(ttl)).ID] = true
		}
		seen := map[board.PostID]int{}
		q := board.Query{Sort: sort, Limit: 4}
		for page := 0; ; page++ {
			posts, more := s.feed(q)
			for _, p := range posts {
				seen[p.ID]++
			}
			if !more {
				break
			}
			last := posts[len(posts)-1]
			q.After = board.Cursor{Seq: last.Seq, Key: last.Key(sort)}
			// Between two pages one is born and two end, one of them just shown.
			s.end(board.ByAuthor, s.post("passing", s.life(time.Hour)).ID, posts[0].ID)
			delete(lasting, posts[0].ID)
			s.post("new", s.life(time.Hour))
			if page%2 == 0 {
				s.sweep()
			}
		}
		for id := range lasting {
			if seen[id] != 1 {
				s.Errorf("%s: a post that lived through all pages was seen %d times", sort, seen[id])
			}
		}
		posts, _ := s.feed(board.Query{Sort: sort, Limit: board.PageMax})
		s.end(board.ByAuthor, ids(posts)...)
		s.sweep()
	}
}

func aPageIsFull(s *site) {
	var gone []board.PostID
	first := s.post("the last to be shown", s.life(time.Hour))
	for i := range 20 {
		p := s.post(strconv.Itoa(i), s.life(time.Hour))
		if i%10 != 9 {
			gone = append(gone, p.ID)
		}
	}
	s.end(board.ByAuthor, gone...)
	for _, sort := range board.Sorts {
		posts, more := s.feed(board.Query{Sort: sort, Limit: 3})
		if len(posts) != 3 || more || !contains(posts, first.ID) {
			s.Errorf("%s: %d posts, more %v; want all 3 that live", sort, len(posts), more)
		}
	}
}

func aTakenNameGivesTheNext(s *site) {
	p := s.post("who is who", s.life(time.Hour))
	draws := p.Name
	var voice uint16
	claim := func() board.Name {
		s.Helper()
		r, key, _ := NewReply(p, s.visitor(), "me")
		voice++
		var tag board.Tag
		binary.BigEndian.PutUint16(tag[:], voice)
		r, _, err := s.InsertReply(s.Context(), r, key, board.Voice{Tag: tag, Draws: draws}, s.now)
		if err != nil {
			s.Fatal(err)
		}
		return r.Name
	}
	first, second := claim(), claim()
	if want := draws.Next(); first != want {
		s.Errorf("first to clash with the author = %+v, want %+v", first, want)
	}
	if want := draws.Next().Next(); second != want {
		s.Errorf("second = %+v, want %+v", second, want)
	}
	voice = 0 // the first voice speaks again
	if again := claim(); again != first {
		s.Errorf("the same voice = %+v, then %+v", first, again)
	}
	for range board.Hues * board.Creatures {
		claim()
	}
	if last := claim(); last.Round == 0 {
		s.Errorf("after all names were taken: %+v, want a later round", last)
	}
}

func fiftyVisitorsHaveFiftyNames(s *site) {
	p := s.post("come in", s.life(time.Hour))
	names := make([]int, 50)
	s.atOnce(len(names), func(ctx context.Context, i int) error {
		r, key, voice := NewReply(p, s.visitor(), fmt.Sprint("visitor ", i))
		r, _, err := s.InsertReply(ctx, r, key, voice, s.now)
		names[i] = r.Name.Number()
		return err
	})
	slices.Sort(names)
	if distinct := len(slices.Compact(names)); distinct != 50 {
		s.Errorf("%d names for 50 visitors", distinct)
	}
	if root := s.get(p.ID); root.Replies != 50 {
		s.Errorf("replies = %d, want 50", root.Replies)
	}
}

// atOnce calls f n times at the same time.
func (s *site) atOnce(n int, f func(ctx context.Context, i int) error) {
	s.Helper()
	var all sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-ready
			if err := f(s.Context(), i); err != nil {
				s.Error(err)
			}
		})
	}
	close(ready)
	all.Wait()
}

func aVoteCanBeTurned(s *site) {
	v := s.visitor()
	p := s.get(s.post("what do you think", s.life(time.Hour)).ID)
	was := board.NoVote
	for _, vote := range []board.Vote{board.Heart, board.Heart, board.Down, board.NoVote, board.NoVote, board.Down, board.Heart} {
		want := Ballot(p, v, vote).Cast(p, was, s.now)
		s.same(fmt.Sprint(was, " turned to ", vote), s.vote(p, v, vote), want)
		s.same("read again", s.get(p.ID), want)
		p, was = want, vote
		votes, err := s.Votes(s.Context(), map[board.PostID]board.Tag{p.ID: p.Secret.Vote(v, p.ID), {1}: {1}})
		if err != nil || votes[p.ID] != vote || len(votes) != min(1, int(vote)*int(vote)) {
			s.Errorf("Votes = %v, %v; want %v alone", votes, err, vote)
		}
	}
	for range 2000 { // no number of hearts goes beyond the cap
		if p.Life.EndsAt.Equal(p.Life.CapAt) {
			break
		}
		ballot := Ballot(p, s.visitor(), board.Heart)
		ballot.Heart = 24 * time.Hour
		var err error
		if p, err = s.Vote(s.Context(), ballot, s.now); err != nil {
			s.Fatal(err)
		}
	}
	if got := s.vote(p, s.visitor(), board.Heart); !got.Life.EndsAt.Equal(p.Life.CapAt) || got.Life.CapAt != p.Life.CapAt {
		s.Errorf("life = %+v after one heart more, want its cap", got.Life)
	}
	if votes, err := s.Votes(s.Context(), nil); err != nil || len(votes) > 0 {
		s.Errorf("Votes of none = %v, %v", votes, err)
	}
}

func aVoteOnAReply(s *site) {
	v := s.visitor()
	p := s.post("a post", s.life(time.Hour))
	r, _ := s.reply(p, v, "a reply")
	voted := s.vote(r, v, board.Heart)
	if voted.Hearts != 1 || voted.Score != 1 || voted.Life != p.Life || voted.Body != "a reply" {
		s.Errorf("reply after a heart = %+v", voted)
	}
	if root := s.get(p.ID); root.Life != p.Life || root.Score != 0 {
		s.Errorf("a vote on a reply changed its thread: %+v", root)
	}
	if voted = s.vote(r, v, board.Down); voted.Hearts != 0 || voted.Score != -1 {
		s.Errorf("reply after a down = %+v", voted)
	}
	s.same("read again", s.get(r.ID), voted)
}

func votesAtOnceAllCountOnce(s *site) {
	p := s.post("vote, all of you", s.life(time.Hour))
	s.atOnce(50, func(ctx context.Context, _ int) error {
		_, err := s.Vote(ctx, Ballot(p, s.visitor(), board.Heart), s.now)
		return err
	})
	eager := s.visitor()
	s.atOnce(20, func(ctx context.Context, _ int) error {
		_, err := s.Vote(ctx, Ballot(p, eager, board.Heart), s.now)
		return err
	})
	got := s.get(p.ID)
	if got.Hearts != 51 || got.Score != 51 {
		s.Errorf("hearts = %d, score = %d; want 51 of each", got.Hearts, got.Score)
	}
	if want := p.Life.Moved(51 * 10 * time.Minute); got.Life != want {
		s.Errorf("life = %+v, want %+v", got.Life, want)
	}
	other := s.post("nobody votes on this", s.life(time.Hour))
	for most, want := range map[int]bool{50: false, 51: true} {
		marks, all, err := s.Marks(s.Context(), []board.PostID{p.ID, other.ID}, most)
		if err != nil || all != want || all && (len(marks.Votes) != 1 || len(marks.Votes[p.ID]) != 51 || marks.Votes[p.ID][p.Secret.Vote(eager, p.ID)] != board.Heart) {
			s.Errorf("marks, %d at most: %d, all: %t, %v", most, len(marks.Votes[p.ID]), all, err)
		}
	}
}

func endingAPostEndsItsReplies(s *site) {
	v := s.visitor()
	p := s.post("a thread", s.life(time.Hour))
	first, _ := s.reply(p, v, "one")
	second, _ := s.reply(p, s.visitor(), "two")
	s.vote(first, v, board.Heart)
	other := s.post("another", s.life(time.Hour))
	s.look(p)
	ended := s.end(board.ByAuthor, p.ID, board.NewPostID())
	if want := []board.Ending{{ID: p.ID, Thread: p.ID, Board: board.Home, Why: board.ByAuthor}}; !slices.Equal(ended, want) {
		s.Errorf("ended = %+v, want %+v", ended, want)
	}
	for _, gone := range []board.Post{p, first, second} {
		s.isGone(gone)
	}
	s.sweep()
	for _, gone := range []board.Post{p, first, second} {
		s.isGone(gone)
	}
	votes, err := s.Votes(s.Context(), map[board.PostID]board.Tag{first.ID: first.Secret.Vote(v, first.ID)})
	if err != nil || len(votes) > 0 {
		s.Errorf("votes on what is gone = %v, %v", votes, err)
	}
	s.same("the other", s.get(other.ID), other)
	s.now = p.Life.EndsAt
	if ended := s.sweep(); len(ended) != 1 || ended[0].ID != other.ID {
		s.Errorf("time ended %v, want the other alone", ended)
	}
}

func endingAReplyLeavesItsThread(s *site) {
	v := s.visitor()
	p := s.post("a thread", s.life(time.Hour))
	first, _ := s.reply(p, v, "one")
	second, _ := s.reply(p, s.visitor(), "two")
	s.look(p)
	ended := s.end(board.ByAuthor, first.ID)
	if want := []board.Ending{{ID: first.ID, Thread: p.ID, Board: board.Home, Why: board.ByAuthor}}; !slices.Equal(ended, want) {
		s.Errorf("ended = %+v, want %+v", ended, want)
	}
	s.isGone(first)
	root, replies, err := s.Thread(s.Context(), p.ID, s.now)
	if err != nil || root.Replies != 1 || !slices.Equal(ids(replies), []board.PostID{second.ID}) {
		s.Errorf("thread = %d (%v), %v; want the second reply alone", root.Replies, ids(replies), err)
	}
	s.sweep()
	if root := s.get(p.ID); root.Replies != 1 {
		s.Errorf("replies = %d after the burial, want 1", root.Replies)
	}
	third, root := s.reply(p, v, "three")
	if third.Name != first.Name || root.Replies != 2 {
		s.Errorf("after an ended reply: name %+v, replies %d; want the same name, 2", third.Name, root.Replies)
	}
	both := s.end(board.ByAuthor, p.ID, third.ID)
	if len(both) != 2 {
		s.Errorf("a post and a reply in it ended together: %v, want both", both)
	}
}

func ofAHundredEndsOneIsTold(s *site) {
	posts := []board.PostID{s.post("one", s.life(time.Hour)).ID, s.post("two", s.life(time.Hour)).ID}
	var mu sync.Mutex
	told := map[board.PostID]int{}
	s.atOnce(100, func(ctx context.Context, _ int) error {
		ended, err := s.End(ctx, posts, board.ByAuthor, s.now)
		mu.Lock()
		defer mu.Unlock()
		for _, e := range ended {
			told[e.ID]++
		}
		return err
	})
	for _, id := range posts {
		if told[id] != 1 {
			s.Errorf("told %d times, want once", told[id])
		}
	}
}

func timeEndsAPostAtItsMillisecond(s *site) {
	p := s.post("short", s.life(3*time.Second))
	r, _ := s.reply(p, s.visitor(), "as short")
	long := s.post("long", s.life(time.Hour))
	s.now = p.Life.EndsAt.Add(-time.Millisecond)
	if ended := s.sweep(); len(ended) > 0 {
		s.Fatalf("a millisecond early: %v ended", ended)
	}
	s.look(p)
	s.get(r.ID)
	s.now = p.Life.EndsAt.Add(-time.Nanosecond)
	s.look(p)
	s.now = p.Life.EndsAt
	s.isGone(p)
	s.isGone(r)
	want := []board.Ending{{ID: p.ID, Thread: p.ID, Board: board.Home, Why: board.ByTime}}
	if ended := s.sweep(); !slices.Equal(ended, want) {
		s.Errorf("at its end: %+v, want %+v", ended, want)
	}
	s.now = p.Life.EndsAt.Add(time.Millisecond)
	s.isGone(p)
	s.isGone(r)
	if ended := s.sweep(); len(ended) > 0 {
		s.Errorf("it ended twice: %v", ended)
	}
	s.same("the long one", s.get(long.ID), long)
}

func silenceEndsAPost(s *site) {
	quiet := s.post("nobody answers", board.NewLife(s.now, time.Hour, 10*time.Minute, 24*time.Hour))
	answered := s.post("somebody answers", board.NewLife(s.now, time.Hour, 10*time.Minute, 24*time.Hour))
	loved := s.post("somebody cares", board.NewLife(s.now, time.Hour, 10*time.Minute, 24*time.Hour))
	s.now = s.now.Add(5 * time.Minute)
	_, root := s.reply(answered, s.visitor(), "here")
	if want := answered.Life.Heard(s.now); root.Life != want || !want.EndsAt.After(quiet.Life.EndsAt) {
		s.Errorf("life after a reply = %+v, want %+v", root.Life, want)
	}
	s.vote(loved, s.visitor(), board.Heart)
	s.now = quiet.Life.EndsAt
	want := []board.Ending{{ID: quiet.ID, Thread: quiet.ID, Board: board.Home, Why: board.BySilence}}
	if ended := s.sweep(); !slices.Equal(ended, want) {
		s.Errorf("the quiet ended %+v, want %+v", ended, want)
	}
	s.isGone(quiet)
	s.get(answered.ID)
	s.get(loved.ID)
	s.now = root.Life.EndsAt
	s.isGone(answered)
}

func aLowerCapShortensLives(s *site) {
	short := s.post("short", s.life(2*time.Minute))
	long := s.post("long", s.life(48*time.Hour))
	r, _ := s.reply(long, s.visitor(), "goes along")
	moved, err := s.Cap(s.Context(), []board.Bound{{Board: "elsewhere", TTLMax: time.Hour}, {Board: board.Home, TTLMax: 6 * time.Hour}})
	if err != nil || moved != 1 {
		s.Errorf("Cap moved %d, %v; want the long one", moved, err)
	}
	for _, p := range []board.Post{short, long} {
		if got, want := s.get(p.ID).Life, p.Life.Capped(6*time.Hour); got != want {
			s.Errorf("life = %+v, want %+v", got, want)
		}
	}
	if moved, err := s.Cap(s.Context(), []board.Bound{{Board: board.Home, TTLMax: 24 * time.Hour}}); err != nil || moved != 0 {
		s.Errorf("a higher cap moved %d, %v", moved, err)
	}
	long = s.get(long.ID)
	if got := s.vote(long, s.visitor(), board.Heart); got.Life != long.Life {
		s.Errorf("a heart went beyond the new cap: %+v", got.Life)
	}
	s.now = long.Life.CapAt
	s.isGone(long)
	s.isGone(r)
	if ended := s.sweep(); len(ended) != 2 {
		s.Errorf("ended %v, want both", ended)
	}
}

func theCommunityLeavesATrace(s *site) {
	voted, removed := s.post("unloved", s.life(time.Hour)), s.post("regretted", s.life(time.Hour))
	r, _ := s.reply(removed, s.visitor(), "unloved too")
	s.end(board.ByScore, voted.ID, r.ID)
	s.end(board.ByAuthor, removed.ID)
	traces, err := s.Traces(s.Context(), board.Home, s.now)
	if err != nil || len(traces) != 1 {
		s.Fatalf("Traces = %v, %v; want one", traces, err)
	}
	trace := traces[0]
	if trace.ID != voted.ID || trace.Board != board.Home || trace.Why != board.ByScore {
		s.Errorf("trace = %+v", trace)
	}
	if stands := trace.Until.Sub(s.now); stands < board.TraceTime || stands > board.TraceTime+time.Minute {
		s.Errorf("it stands for %v, want %v", stands, board.TraceTime)
	}
	s.sweep()
	s.isGone(voted)
	s.now = trace.Until.Add(-time.Millisecond)
	if traces, err := s.Traces(s.Context(), board.Home, s.now); err != nil || len(traces) != 1 {
		s.Errorf("a millisecond before its end: %v, %v", traces, err)
	}
	s.now = trace.Until
	if traces, err := s.Traces(s.Context(), board.Home, s.now); err != nil || len(traces) != 0 {
		s.Errorf("at its end: %v, %v", traces, err)
	}
	s.sweep()
}

func ownedFindsAllThatLives(s *site) {
	v := s.visitor()
	mine := s.postBy(v, "mine", s.life(2*time.Hour))
	theirs := s.post("theirs", s.life(2*time.Hour))
	reply, _ := s.reply(theirs, v, "mine too")
	short := s.postBy(v, "mine, briefly", s.life(2*time.Minute))
	gone := s.postBy(v, "mine no more", s.life(2*time.Hour))
	s.end(board.ByAuthor, gone.ID)
	owns := func(p board.Post) bool { return p.OwnedBy(v) }
	found := func() []board.PostID {
		s.Helper()
		posts, err := s.Owned(s.Context(), owns, s.now)
		if err != nil {
			s.Fatal(err)
		}
		return ids(posts)
	}
	if got := found(); !slices.Equal(got, []board.PostID{short.ID, mine.ID, reply.ID}) {
		s.Errorf("owned = %v, want the posts, newest first, and the reply", got)
	}
	s.now = short.Life.EndsAt
	if got := found(); !slices.Equal(got, []board.PostID{mine.ID, reply.ID}) {
		s.Errorf("owned = %v, want what still lives", got)
	}
	s.end(board.ByAuthor, theirs.ID)
	if got := found(); !slices.Equal(got, []board.PostID{mine.ID}) {
		s.Errorf("owned = %v, want the post alone", got)
	}
}

func aBurialLeavesTheLiving(s *site) {
	var ending, living []board.Post
	for i := range 200 {
		ttl := 2 * time.Minute
		if i%2 == 0 {
			ttl = time.Hour
		}
		p := s.post(strconv.Itoa(i), s.life(ttl))
		for range i % 5 {
			s.reply(p, s.visitor(), "re")
		}
		if i%2 == 0 {
			living = append(living, s.get(p.ID))
		} else {
			ending = append(ending, p)
		}
	}
	s.now = ending[0].Life.EndsAt
	if ended := s.sweep(); len(ended) != len(ending) {
		s.Errorf("%d ended, want %d", len(ended), len(ending))
	}
	if rows, err := s.Bury(s.Context(), s.now); err != nil || rows != 0 {
		s.Errorf("a second Bury = %d, %v; want nothing left", rows, err)
	}
	for _, p := range living {
		got, replies, err := s.Thread(s.Context(), p.ID, s.now)
		if err != nil || len(replies) != p.Replies {
			s.Fatalf("thread has %d replies, %v; want %d", len(replies), err, p.Replies)
		}
		s.same("living", got, p)
	}
}

func settingsAreKeptAndAudited(s *site) {
	ctx := s.Context()
	change := func(name, old, value string) {
		s.Helper()
		if err := s.SaveSettings(ctx, []board.Change{{Name: name, Old: old, New: value, By: "cli", At: s.now}}); err != nil {
			s.Fatal(err)
		}
	}
	if values, err := s.Settings(ctx); err != nil || len(values) != 0 {
		s.Errorf("a new board has settings %v, %v", values, err)
	}
	change("ttl_max", "7d", "1d")
	change("ttl_max", "1d", "2d")
	if err := s.SaveSettings(ctx, []board.Change{
		{Name: "post", Old: "6/3", New: "0", By: "start", At: s.now},
		{Name: "k", Old: "5", New: "7", By: "start", At: s.now},
	}); err != nil {
		s.Fatal(err)
	}
	byBoard, err := s.Settings(ctx)
	values := byBoard[""]
	if err != nil || len(byBoard) != 1 || len(values) != 3 || values["ttl_max"] != "2d" || values["post"] != "0" || values["k"] != "7" {
		s.Errorf("settings = %v, %v", values, err)
	}
	audit, err := s.Entries(ctx, 0, 3)
	if err != nil || len(audit) != 3 {
		s.Fatalf("audit = %v, %v; want the last 3", audit, err)
	}
	if want := (board.Entry{Seq: audit[0].Seq, Action: board.ActSetting, Subject: "k", Old: "5", New: "7", By: "start", At: s.now}); audit[0] != want {
		s.Errorf("latest = %+v, want %+v", audit[0], want)
	}
	s.now = s.now.Add(board.AuditTime)
	change("k", "7", "8")
	if audit, err := s.Entries(ctx, 0, 10); err != nil || len(audit) != 5 {
		s.Errorf("after 30 days: %d rows, %v; want all 5", len(audit), err)
	}
	s.now = s.now.Add(time.Millisecond)
	change("k", "8", "9")
	if audit, err := s.Entries(ctx, 0, 10); err != nil || len(audit) != 2 {
		s.Errorf("after more than 30 days: %d rows, %v; want 2", len(audit), err)
	}
}

func homeIsTheFirstBoard(s *site) {
	boards, err := s.Boards(s.Context())
	if err != nil || len(boards) == 0 || boards[0].Slug != board.Home {
		s.Errorf("boards = %v, %v; want home first", boards, err)
	}
}

// attic is a second board.
func (s *site) attic(closesAt time.Time) {
	s.Helper()
	b := board.Info{Slug: "attic", Title: "The attic", Rules: "No shouting.", ClosesAt: closesAt, Place: 2}
	if err := s.InsertBoard(s.Context(), b); err != nil {
		s.Fatal(err)
	}
	s.follow()
}

func (s *site) follow() []board.Info {
	s.Helper()
	boards, err := s.FollowBoards(s.Context(), s.now)
	if err != nil {
		s.Fatal(err)
	}
	return boards
}

// postOn stores a post on a board.
func (s *site) postOn(slug, body string, life board.Life) (board.Post, error) {
	p, key := NewPost(s.visitor(), body, life)
	p.Board = slug
	_, err := s.InsertPost(s.Context(), p, key)
	return p, err
}

func aBoardIsAddedAndChanged(s *site) {
	ctx := s.Context()
	b := board.Info{Slug: "attic", Title: "The attic", Rules: "No shouting.", ClosesAt: s.now.Truncate(time.Minute).Add(time.Hour), Place: 2}
	if err := s.InsertBoard(ctx, b); err != nil {
		s.Fatal(err)
	}
	if err := s.InsertBoard(ctx, b); !errors.Is(err, board.ErrTaken) {
		s.Errorf("the same name again: %v", err)
	}
	if err := s.InsertBoard(ctx, board.Info{Slug: "zoo", Title: "Zoo", Place: 1}); err != nil {
		s.Fatal(err)
	}
	home, err := s.Boards(ctx)
	if err != nil || len(home) != 1 {
		s.Errorf("before anybody followed: %v, %v", home, err)
	}
	want := []board.Info{home[0], {Slug: "zoo", Title: "Zoo", Place: 1}, b}
	if got := s.follow(); !slices.Equal(got, want) {
		s.Errorf("boards = %+v, want %+v", got, want)
	}
	if got, err := s.Boards(ctx); err != nil || !slices.Equal(got, want) {
		s.Errorf("from memory: %+v, %v", got, err)
	}
	was := b
	b.Title, b.Rules, b.ClosesAt, b.Place = "Upstairs", "", time.Time{}, 0
	if err := s.UpdateBoard(ctx, was, b); err != nil {
		s.Fatal(err)
	}
	for name, change := range map[string]func(*board.Info){
		"title":        func(i *board.Info) { i.Title = "The attic" },
		"rules":        func(i *board.Info) { i.Rules = "One." },
		"closing date": func(i *board.Info) { i.ClosesAt = s.now.Truncate(time.Minute).Add(time.Hour) },
		"place":        func(i *board.Info) { i.Place = 3 },
	} {
		stale := b
		change(&stale)
		if err := s.UpdateBoard(ctx, stale, was); !errors.Is(err, board.ErrOvertaken) {
			s.Errorf("who has seen another %s: %v, want ErrOvertaken", name, err)
		}
	}
	if got := s.follow(); got[1] != b {
		s.Errorf("changed: %+v, want %+v", got[1], b)
	}
	s.notFound("UpdateBoard of none", s.UpdateBoard(ctx, board.Info{Slug: "cellar"}, board.Info{Slug: "cellar", Title: "x"}))
	s.notFound("EndBoard of none", s.EndBoard(ctx, "cellar"))
}

func allOfABoardIsCounted(s *site) {
	s.attic(time.Time{})
	alive := func(posts int, median time.Duration) {
		s.Helper()
		want := board.Living{Posts: posts}
		if posts > 0 {
			want.Median = s.life(median).EndsAt
		}
		if got, err := s.Alive(s.Context(), "attic", s.now); err != nil || got.Posts != want.Posts || !got.Median.Equal(want.Median) {
			s.Errorf("alive: %+v, %v; want %+v", got, err, want)
		}
	}
	alive(0, 0)
	s.post("on another board", s.life(5*time.Hour))
	for _, ttl := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour} {
		if _, err := s.postOn("attic", "up here", s.life(ttl)); err != nil {
			s.Fatal(err)
		}
	}
	alive(3, 2*time.Hour)
	hidden, key := NewPost(s.visitor(), "by its link alone", s.life(4*time.Hour))
	hidden.Board, hidden.Unlisted = "attic", true
	if _, err := s.InsertPost(s.Context(), hidden, key); err != nil {
		s.Fatal(err)
	}
	alive(4, 3*time.Hour)
	last := s.now
	s.now = s.now.Add(2 * time.Hour)
	if got, err := s.Alive(s.Context(), "attic", s.now); err != nil || got.Posts != 2 || !got.Median.Equal(hidden.Life.EndsAt) {
		s.Errorf("%v later: %+v, %v", s.now.Sub(last), got, err)
	}
}

func aBoardDiffersInItsSettings(s *site) {
	ctx := s.Context()
	change := board.Change{Board: "attic", Name: "post_chars", Old: "1000", New: "9", By: "cli", At: s.now}
	s.notFound("settings of no board", s.SaveSettings(ctx, []board.Change{change}))
	s.attic(time.Time{})
	for _, c := range []board.Change{change, {Name: "post_chars", Old: "1000", New: "8", By: "cli", At: s.now}} {
		if err := s.SaveSettings(ctx, []board.Change{c}); err != nil {
			s.Fatal(err)
		}
	}
	values, err := s.Settings(ctx)
	if err != nil || values[""]["post_chars"] != "8" || values["attic"]["post_chars"] != "9" {
		s.Errorf("settings = %v, %v", values, err)
	}
	unset := board.Change{Board: "attic", Name: "post_chars", Old: "9", New: "8", Unset: true, By: "cli", At: s.now}
	if err := s.SaveSettings(ctx, []board.Change{unset}); err != nil {
		s.Fatal(err)
	}
	if values, err := s.Settings(ctx); err != nil || len(values["attic"]) != 0 || values[""]["post_chars"] != "8" {
		s.Errorf("after it was unset: %v, %v", values, err)
	}
	want := board.Entry{Action: board.ActSetting, Board: "attic", Subject: "post_chars", Old: "9", New: "8", Unset: true, By: "cli", At: s.now}
	if audit, err := s.Entries(ctx, 0, 1); err != nil || len(audit) != 1 || unnumbered(audit[0]) != want {
		s.Errorf("audit = %+v, %v", audit, err)
	}
}

func aClosingDateEndsABoardsPosts(s *site) {
	s.attic(time.Time{})
	here := s.post("at home", s.life(48*time.Hour))
	there, err := s.postOn("attic", "in the attic", s.life(48*time.Hour))
	if err != nil {
		s.Fatal(err)
	}
	brief, err := s.postOn("attic", "briefly in the attic", s.life(2*time.Minute))
	if err != nil {
		s.Fatal(err)
	}
	reply, _ := s.reply(there, s.visitor(), "under it")
	closes := s.now.Truncate(time.Minute).Add(time.Hour)
	b := board.Info{Slug: "attic", Title: "The attic", ClosesAt: closes}
	was, _ := s.Boards(s.Context())
	if err := s.UpdateBoard(s.Context(), was[1], b); err != nil {
		s.Fatal(err)
	}
	s.follow()
	moved, err := s.Cap(s.Context(), []board.Bound{{Board: "attic", TTLMax: 30 * 24 * time.Hour, ClosesAt: closes}})
	if err != nil || moved != 1 {
		s.Errorf("Cap moved %d, %v; want the long one there", moved, err)
	}
	for p, want := range map[board.Post]board.Life{here: here.Life, there: there.Life.ClosedAt(closes), brief: brief.Life.ClosedAt(closes)} {
		if got := s.get(p.ID).Life; got != want {
			s.Errorf("%s: life = %+v, want %+v", p.Body, got, want)
		}
	}
	if got := s.vote(s.get(there.ID), s.visitor(), board.Heart); got.Life.EndsAt.After(closes) {
		s.Errorf("a heart went beyond the closing date: %+v", got.Life)
	}
	s.now = brief.Life.EndsAt
	if ended := s.sweep(); len(ended) != 1 || ended[0].Why != board.ByTime {
		s.Errorf("before it closes: %+v", ended)
	}
	s.now = closes
	s.isGone(there)
	_, err = s.Post(s.Context(), reply.ID, s.now)
	s.notFound("a reply under it", err)
	want := board.Ending{ID: there.ID, Thread: there.ID, Board: "attic", Why: board.ByBoard}
	if ended := s.sweep(); len(ended) != 1 || ended[0] != want {
		s.Errorf("ended %+v, want %+v", ended, want)
	}
	s.get(here.ID)
}

func aBoardThatIsToEndHasClosed(s *site) {
	s.attic(time.Time{})
	s.now = s.now.Add(90 * time.Second)
	if _, err := s.postOn("attic", "in the attic", s.life(time.Hour)); err != nil {
		s.Fatal(err)
	}
	if err := s.EndBoard(s.Context(), "attic"); err != nil {
		s.Fatal(err)
	}
	b := s.follow()[1]
	if !b.Closed(s.now) || b.ClosedFor(s.now) >= time.Minute {
		s.Errorf("it closes at %v, and it is %v", b.ClosesAt, s.now)
	}
	if again := s.follow(); again[1] != b {
		s.Errorf("followed again: %+v", again[1])
	}
	if _, err := s.Cap(s.Context(), []board.Bound{{Board: "attic", TTLMax: time.Hour, ClosesAt: b.ClosesAt}}); err != nil {
		s.Fatal(err)
	}
	if ended := s.sweep(); len(ended) != 1 || ended[0].Why != board.ByBoard {
		s.Errorf("ended %+v", ended)
	}
	if err := s.SaveSettings(s.Context(), []board.Change{{Board: "attic", Name: "post_chars", New: "9", By: "cli", At: s.now}}); err != nil {
		s.Fatal(err)
	}
	s.now = b.ClosesAt.Add(board.ClosedTime)
	if boards := s.follow(); len(boards) != 1 {
		s.Errorf("a day later: %+v", boards)
	}
	if values, err := s.Settings(s.Context()); err != nil || len(values) != 0 {
		s.Errorf("its settings are %v, %v", values, err)
	}
	s.attic(time.Time{}) // its name is free again
}

func aPostThatDoesNotFitIsRefused(s *site) {
	_, err := s.postOn("cellar", "on no board", s.life(time.Hour))
	s.notFound("InsertPost", err)
	s.attic(s.now.Truncate(time.Minute).Add(time.Hour))
	_, err = s.postOn("attic", "too long", s.life(2*time.Hour))
	if e, ok := errors.AsType[*board.Error](err); !ok || e.Kind != board.Busy {
		s.Errorf("a post beyond the closing date: %v", err)
	}
}

func whatLivesOnABoardIsCounted(s *site) {
	s.attic(time.Time{})
	count := func(slug string, want int) {
		s.Helper()
		if n, err := s.Count(s.Context(), slug, s.now); err != nil || n != want {
			s.Errorf("%d on %s, %v; want %d", n, slug, err, want)
		}
	}
	p := s.post("at home", s.life(2*time.Minute))
	s.post("longer", s.life(time.Hour))
	hidden, key := NewPost(s.visitor(), "unlisted", s.life(time.Hour))
	hidden.Unlisted = true
	if _, err := s.InsertPost(s.Context(), hidden, key); err != nil {
		s.Fatal(err)
	}
	count(board.Home, 2)
	count("attic", 0)
	s.now = p.Life.EndsAt
	count(board.Home, 1)
}

func aQuestionIsPlantedOnce(s *site) {
	ctx := s.Context()
	s.notFound("a question on no board", s.InsertQuestion(ctx, board.Question{Board: "cellar", Kind: board.Asking, Body: "Why?", TTL: time.Hour}))
	want := board.Question{Number: 1, Board: board.Home, Kind: board.Asking, Body: "Why?", Sponsored: true, TTL: 10 * 24 * time.Hour}
	if err := s.InsertQuestion(ctx, want); err != nil {
		s.Fatal(err)
	}
	if list, err := s.Questions(ctx); err != nil || len(list) != 1 || list[0] != want {
		s.Errorf("questions = %+v, %v; want %+v", list, err, want)
	}
	p, key := NewPost(s.visitor(), want.Body, s.life(want.TTL))
	p.Prompt, p.Sponsored, p.Name = board.Asking, true, board.Name{}
	if err := s.Plant(ctx, p, key, want.Number); err != nil {
		s.Fatal(err)
	}
	again, key := NewPost(s.visitor(), want.Body, s.life(want.TTL))
	again.Prompt = board.Asking
	if err := s.Plant(ctx, again, key, want.Number); err == nil {
		s.Error("it was planted twice")
	}
	want.Post = p.ID
	if list, err := s.Questions(ctx); err != nil || len(list) != 1 || list[0] != want {
		s.Errorf("planted: %+v, %v; want %+v", list, err, want)
	}
	if got := s.get(p.ID); got.Prompt != board.Asking || !got.Sponsored || got.Body != want.Body {
		s.Errorf("it reads %+v", got)
	}
	for _, by := range board.Sorts {
		if posts, _ := s.feed(board.Query{Sort: by, Limit: 5}); len(posts) > 0 {
			s.Errorf("%s shows it", by)
		}
	}
	if n, err := s.Count(ctx, board.Home, s.now); err != nil || n != 0 {
		s.Errorf("it is counted: %d, %v", n, err)
	}
	if posts, err := s.Prompts(ctx, board.Home, s.now); err != nil || !slices.Equal(ids(posts), []board.PostID{p.ID}) {
		s.Errorf("prompts = %v, %v", ids(posts), err)
	}
	answer, _ := s.reply(p, s.visitor(), "Because.")
	if answer.Prompt != board.NoPrompt {
		s.Error("an answer is a prompt itself")
	}
	bound := []board.Bound{{Board: board.Home, TTLMax: time.Hour}}
	if moved, err := s.Cap(ctx, bound); err != nil || moved != 0 {
		s.Errorf("a ttl_max moved %d, %v", moved, err)
	}
	bound[0].ClosesAt = s.now.Truncate(time.Minute).Add(2 * time.Hour)
	if moved, err := s.Cap(ctx, bound); err != nil || moved != 1 {
		s.Errorf("a closing date moved %d, %v", moved, err)
	}
	s.now = bound[0].ClosesAt
	if posts, err := s.Prompts(ctx, board.Home, s.now); err != nil || len(posts) != 0 {
		s.Errorf("after its end: %v, %v", ids(posts), err)
	}
	if err := s.EndQuestion(ctx, 1); err != nil {
		s.Error(err)
	}
	if list, err := s.Questions(ctx); err != nil || len(list) != 1 || !list[0].Ending {
		s.Errorf("to end: %+v, %v", list, err)
	}
	if err := s.DeleteQuestion(ctx, 1); err != nil {
		s.Error(err)
	}
	s.notFound("EndQuestion of none", s.EndQuestion(ctx, 1))
}

func aNewSiteIsGreetedOnce(s *site) {
	ctx := s.Context()
	welcome := board.Question{Board: board.Home, Kind: board.Welcome, Body: "Welcome.", TTL: time.Hour}
	for range 2 {
		if err := s.Greet(ctx, []board.Question{welcome}); err != nil {
			s.Fatal(err)
		}
	}
	daily := board.Question{Board: board.Home, Kind: board.Asking, Body: "Why?", TTL: board.QuestionTime}
	first := s.now
	for _, tt := range []struct {
		after time.Duration
		asked time.Time
	}{{0, first}, {time.Hour, first}, {board.QuestionTime, first.Add(board.QuestionTime)}} {
		s.now = first.Add(tt.after)
		if asked, err := s.AskDaily(ctx, daily, s.now); err != nil || !asked.Equal(tt.asked) {
			s.Errorf("after %v it was last asked %v, %v; want %v", tt.after, asked, err, tt.asked)
		}
	}
	if list, err := s.Questions(ctx); err != nil || len(list) != 3 {
		s.Errorf("%d questions, %v; want the welcome and two", len(list), err)
	}
}

// unnumbered is an entry without the number that its store gave it.
func unnumbered(e board.Entry) board.Entry {
	e.Seq = 0
	return e
}
