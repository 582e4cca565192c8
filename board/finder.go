package board

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Narrow is what a feed is narrowed to: posts that hold all of it. The zero Narrow
// is all of a board.
type Narrow struct {
	Words string // as somebody typed them: words, "phrases", begin*, #tags
	Tag   string // without its "#"
	Place string // the slug of a place
}

// WordsMax is how many characters of a search count.
const WordsMax = 200

// Search asks a Finder for posts of a board, newest first.
type Search struct {
	Board string
	Narrow
	Before int64 // posts whose Seq is lower; 0: from the top
	Limit  int
}

// Rising is a tag that is much used of late, and by how many living posts.
type Rising struct {
	Tag   string
	Posts int
}

// Finder knows which of the living hold what. It lives in memory alone, holds
// listed posts that are not view-once, and may be behind: who asks reads the posts
// that it names from the store, which knows what has ended.
type Finder interface {
	// Add takes in a post that was born.
	Add(p Post)
	// Drop forgets posts, before anybody is told that they ended.
	Drop(ended []Ending)
	// Find names posts, newest first.
	Find(ctx context.Context, s Search) ([]PostID, error)
	// Rising returns the tags of a board that rise, the fastest first.
	Rising(board string) []Rising
}

// sortedMax is how many matches, the newest, are put into an order that is not
// that of their birth.
const sortedMax = 1000

// CountMax is where Matches stops counting.
const CountMax = 1000

// Matches is how many posts a narrowed feed holds, at most CountMax + 1. It may be a
// second behind what ends by time.
func (b *Board) Matches(ctx context.Context, q Query) (int, error) {
	ids, err := b.finder.Find(ctx, Search{Board: q.Board, Narrow: q.Narrow, Limit: CountMax + 1})
	if err != nil {
		return 0, fmt.Errorf("count matches: %w", err)
	}
	return len(ids), nil
}

// Rising returns the tags of a board that rise, the fastest first.
func (b *Board) Rising(slug string) []Rising { return b.finder.Rising(slug) }

// found returns a page of a narrowed feed, and whether more follow.
func (b *Board) found(ctx context.Context, q Query) ([]Post, bool, error) {
	if q.Sort != ByBirth {
		return b.foundSorted(ctx, q)
	}
	var posts []Post
	before := q.After.Seq
	for {
		want := q.Limit + 1 - len(posts)
		ids, err := b.finder.Find(ctx, Search{Board: q.Board, Narrow: q.Narrow, Before: before, Limit: want})
		if err != nil {
			return nil, false, err
		}
		page, err := b.posts.PostsByID(ctx, ids, b.now())
		if err != nil {
			return nil, false, err
		}
		posts = append(posts, page...)
		if len(ids) < want || len(posts) > q.Limit || len(page) == 0 { // what has just ended is passed over
			return posts[:min(q.Limit, len(posts))], len(posts) > q.Limit, nil
		}
		before = posts[len(posts)-1].Seq
	}
}

// foundSorted puts the newest matches into another order.
func (b *Board) foundSorted(ctx context.Context, q Query) ([]Post, bool, error) {
	ids, err := b.finder.Find(ctx, Search{Board: q.Board, Narrow: q.Narrow, Limit: sortedMax})
	if err != nil {
		return nil, false, err
	}
	posts, err := b.posts.PostsByID(ctx, ids, b.now())
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(posts, func(x, y Post) int { return q.compare(q.after(x), q.after(y)) })
	if q.After != (Cursor{}) {
		posts = slices.DeleteFunc(posts, func(p Post) bool { return q.compare(q.after(p), q.After) <= 0 })
	}
	return posts[:min(q.Limit, len(posts))], len(posts) > q.Limit, nil
}

// compare says which of two places comes first in q's order.
func (q Query) compare(x, y Cursor) int {
	order := cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Seq, y.Seq))
	if q.Sort == ByFading {
		return order
	}
	return -order
}
