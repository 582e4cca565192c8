package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// TestRisingIsTheFormula adds and ends posts of a week, and sums up 2^(−age / 3 h) of
// those that are left. Tags that differ by less than births are told apart may swap.
func TestRisingIsTheFormula(t *testing.T) {
	s := newShelf(t)
	random := rand.New(rand.NewPCG(1, 2))
	now := s.now
	type one struct {
		post board.Post
		tags []string
	}
	var living []one
	for round := range 20 {
		for range 200 {
			s.now = now.Add(-time.Duration(float64(7*24*time.Hour) * math.Pow(random.Float64(), 3)))
			var tags []string
			for _, i := range random.Perm(30)[:random.IntN(4)] {
				tags = append(tags, fmt.Sprint("tag", i))
			}
			living = append(living, one{s.say("#" + strings.Join(tags, " #")), tags})
		}
		random.Shuffle(len(living), func(i, j int) { living[i], living[j] = living[j], living[i] })
		for range 150 {
			s.drop(living[0].post)
			living = living[1:]
		}
		now = now.Add(time.Hour)
		s.now = now
		heat, posts := map[string]float64{}, map[string]int{}
		for _, l := range living {
			for _, tag := range l.tags {
				posts[tag]++
				heat[tag] += math.Exp2(-now.Sub(l.post.Life.Since).Hours() / 3)
			}
		}
		shown := s.Rising(board.Home)
		least := math.Inf(1)
		for i, r := range shown {
			if r.Posts != posts[r.Tag] {
				t.Fatalf("round %d: %s has %d posts, want %d", round, r.Tag, r.Posts, posts[r.Tag])
			}
			if heat[r.Tag] > least*1.001 {
				t.Fatalf("round %d: %s stands %d., behind a colder one", round, r.Tag, i+1)
			}
			least = heat[r.Tag]
			delete(heat, r.Tag)
		}
		for tag, h := range heat {
			if len(shown) != risingMax || h > least*1.001 && posts[tag] >= risingMin {
				t.Fatalf("round %d: %s (%v) is not shown, the last that is has %v", round, tag, h, least)
			}
		}
	}
}

func TestARankingLosesWhatEndedAtOnce(t *testing.T) {
	s := newShelf(t)
	var shown []board.Post
	for i := range risingMax {
		for range 3 {
			shown = append(shown, s.say(fmt.Sprint("#shown", i)))
		}
	}
	cold := []board.Post{s.say("#cold"), s.say("#cold")}
	if got := s.Rising(board.Home); len(got) != risingMax || got[0] != (board.Rising{Tag: "shown0", Posts: 3}) {
		t.Fatalf("rising %v", got)
	}
	s.say("#shown7 #shown0") // is counted within ten seconds
	if got := s.Rising(board.Home)[7]; got != (board.Rising{Tag: "shown7", Posts: 3}) {
		t.Errorf("ranked anew: %v", got)
	}
	s.drop(cold[0])
	if got := s.Rising(board.Home)[7]; got != (board.Rising{Tag: "shown7", Posts: 3}) {
		t.Errorf("ranked anew for a tag that is not shown: %v", got)
	}
	s.drop(shown[1])
	if got := s.Rising(board.Home); !slices.Contains(got, board.Rising{Tag: "shown7", Posts: 4}) || !slices.Contains(got, board.Rising{Tag: "shown0", Posts: 3}) {
		t.Errorf("afterwards %v", got)
	}
	for _, p := range shown {
		s.drop(p)
	}
	if got := s.Rising(board.Home); got != nil {
		t.Errorf("in the end %v", got)
	}
}

// TestATagThatNobodyHoldsIsForgotten looks at all that tags are kept in.
func TestATagThatNobodyHoldsIsForgotten(t *testing.T) {
	s := newShelf(t)
	kept := s.say("#stays #shared")
	gone := []board.Post{s.say("#goes #shared"), s.say("#goes"), s.add(board.Post{Body: "#elsewhere", Board: "attic"})}
	s.Rising(board.Home)
	s.Rising("attic")
	for _, p := range gone {
		s.drop(p)
		s.drop(p)
	}
	if got := fmt.Sprintf("%+v", s.trends); strings.Contains(got, "goes") || strings.Contains(got, "elsewhere") || strings.Contains(got, "attic") || !strings.Contains(got, "stays") {
		t.Errorf("tags are kept: %s", got)
	}
	s.say("#new") // in the place of another
	s.drop(kept)
	if len(s.trends.boards) != 1 || len(s.trends.boards[board.Home]) != 1 || len(s.trends.list.list)-len(s.trends.list.free) != 1 || len(s.trends.holds.list)-len(s.trends.holds.free) != 1 {
		t.Errorf("one tag lives: %+v", s.trends)
	}
}

// TestATagHoldsNoTextInMemory: a tag is a part of what was written, and may outlive it.
func TestATagHoldsNoTextInMemory(t *testing.T) {
	s := newShelf(t)
	before := heap()
	id := board.NewPostID()
	s.Add(board.Post{ID: id, Thread: id, Seq: 1, Board: board.Home, Body: strings.Repeat("word ", 1<<20) + "#tag"})
	s.waiting = nil // without its words
	if used := heap() - before; used > 1<<20 {
		t.Errorf("%d MB are held", used>>20)
	}
	if got := len(s.trends.boards[board.Home]); got != 1 {
		t.Errorf("%d tags", got)
	}
}
