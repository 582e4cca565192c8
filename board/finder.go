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
	Among  []PostID // only of these; nil: of all
	Before int64    // posts whose Seq is lower; 0: from the top
	Limit  int
}

// Rising is a tag that is much used of late, and by how many living posts.
type Rising struct {
	Tag   string
	Posts int
}

// Found is what a Finder names, newest first.
type Found struct {
	IDs  []PostID
	Next int64 // Search.Before of what follows
	More bool  // something may follow
}

// Finder knows which of the living hold what. It lives in memory alone, holds
// listed posts that are not view-once, and may be behind: who asks reads the posts
// that it names from the store, which knows what has ended.
type Finder interface {
	// Expect announces a post that is about to be stored, so that an ending which
	// overtakes Add is not lost. Call settled once it was added or refused.
	Expect(id PostID) (settled func())
	// Add takes in a post that was born.
	Add(p Post)
	// Drop forgets posts, before anybody is told that they ended.
	Drop(ended []Ending)
	// Find names posts that hold all that s asks for.
	Find(ctx context.Context, s Search) (Found, error)
	// Rising returns the tags of a board that rise, the fastest first.
	Rising(board string) []Rising
	// Reading says whether it still reads what was alive before the start.
	Reading() bool
}

// sortedMax is how many matches, the newest, are put into an order that is not
// that of their birth.
const sortedMax = 1000

// CountMax is where Matches stops counting.
const CountMax = 1000

// Matches is how many posts a narrowed feed holds, at most CountMax + 1. It may be a
// second behind what ends by time.
func (b *Board) Matches(ctx context.Context, q Query) (int, error) {
	if err := b.enter(ctx, q.Board); err != nil {
		return 0, err
	}
	f, err := b.finder.Find(ctx, Search{Board: q.Board, Narrow: q.Narrow, Limit: CountMax + 1})
	if err != nil {
		return 0, fmt.Errorf("count matches: %w", err)
	}
	return len(f.IDs), nil
}

// Rising returns the tags of a board that rise, the fastest first.
func (b *Board) Rising(ctx context.Context, slug string) []Rising {
	if b.enter(ctx, slug) != nil {
		return nil
	}
	return b.finder.Rising(slug)
}

// Reading says whether what is found may be less than there is: what was alive before
// the start is still being read.
func (b *Board) Reading() bool { return b.finder.Reading() }

// foundRounds is how often one page asks on where what it was named has just ended.
const foundRounds = 10

// found returns a page of a narrowed feed, and the cursor of the next. What has
// ended and is not swept yet is passed over; where there is very much of it a page
// may hold less than it could, and its cursor goes on from there.
func (b *Board) found(ctx context.Context, q Query) ([]Post, Cursor, error) {
	if q.Sort != ByBirth {
		return b.foundSorted(ctx, q)
	}
	var posts []Post
	s := Search{Board: q.Board, Narrow: q.Narrow, Before: q.After.Seq, Limit: q.Limit + 1}
	for range foundRounds {
		f, err := b.finder.Find(ctx, s)
		if err != nil {
			return nil, Cursor{}, err
		}
		page, err := b.posts.PostsByID(ctx, f.IDs, b.now())
		if err == nil {
			page, err = b.foldedFound(ctx, q, page)
		}
		if err != nil {
			return nil, Cursor{}, err
		}
		if posts = append(posts, page...); len(posts) > q.Limit || !f.More {
			return q.page(posts)
		}
		s.Before, s.Limit = f.Next, PageMax
	}
	return posts, Cursor{Seq: s.Before}, nil
}

// page cuts posts to q's limit; what is cut off makes a cursor.
func (q Query) page(posts []Post) ([]Post, Cursor, error) {
	if len(posts) <= q.Limit {
		return posts, Cursor{}, nil
	}
	posts = posts[:q.Limit]
	return posts, q.after(posts[q.Limit-1]), nil
}

// foundSorted puts the newest matches into another order.
func (b *Board) foundSorted(ctx context.Context, q Query) ([]Post, Cursor, error) {
	f, err := b.finder.Find(ctx, Search{Board: q.Board, Narrow: q.Narrow, Limit: sortedMax})
	if err != nil {
		return nil, Cursor{}, err
	}
	posts, err := b.posts.PostsByID(ctx, f.IDs, b.now())
	if err == nil {
		posts, err = b.foldedFound(ctx, q, posts)
	}
	if err != nil {
		return nil, Cursor{}, err
	}
	slices.SortFunc(posts, func(x, y Post) int { return q.compare(q.after(x), q.after(y)) })
	if q.After != (Cursor{}) {
		posts = slices.DeleteFunc(posts, func(p Post) bool { return q.compare(q.after(p), q.After) <= 0 })
	}
	return q.page(posts)
}

// compare says which of two places comes first in q's order.
func (q Query) compare(x, y Cursor) int {
	order := cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Seq, y.Seq))
	if q.Sort == ByFading {
		return order
	}
	return -order
}
