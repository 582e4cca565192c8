package board_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"mayfly/board"
)

// search returns the bodies that a search of the home board finds on its first page.
func (s *site) search(words string) []string {
	s.t.Helper()
	posts, _, err := s.Feed(s.t.Context(), board.Query{Board: board.Home, Narrow: board.Narrow{Words: words}})
	if err != nil {
		s.t.Fatal(err)
	}
	return bodies(posts)
}

// TestWhatHasEndedHidesNoneOfTheLiving looks before the sweeper does: the index
// still names what has ended.
func TestWhatHasEndedHidesNoneOfTheLiving(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	var want []string
	for i := range 40 {
		body := fmt.Sprintf("lemons %d", i)
		s.publish(v, board.Draft{Body: body, TTL: time.Hour})
		want = append([]string{body}, want...)
	}
	for range 60 {
		s.publish(v, board.Draft{Body: "lemons, soon gone", TTL: time.Minute})
	}
	s.now = s.now.Add(2 * time.Minute)
	expect(t, "found", s.search("lemons"), want)
}

// hasty is a store in which a post ends before Create goes on.
type hasty struct {
	board.Posts
	end func(board.PostID)
}

func (h hasty) InsertPost(ctx context.Context, p board.Post, key board.Key) (int64, error) {
	seq, err := h.Posts.InsertPost(ctx, p, key)
	h.end(p.ID)
	return seq, err
}

func TestAnEndingThatOvertakesItsBirthLeavesNothingToFind(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	b := s.on(hasty{s.store, func(board.PostID) {
		if n, err := s.Forget(t.Context(), v); n != 1 || err != nil {
			t.Errorf("%d were forgotten, %v", n, err)
		}
	}})
	if _, _, err := b.Create(t.Context(), board.Home, v, board.Draft{Body: "gone #early"}); err != nil {
		t.Fatal(err)
	}
	n, err := s.Matches(t.Context(), board.Query{Board: board.Home, Narrow: board.Narrow{Tag: "early"}})
	if n != 0 || err != nil {
		t.Errorf("%d posts are counted, %v", n, err)
	}
}
