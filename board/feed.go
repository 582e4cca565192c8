package board

import (
	"math"
	"slices"
	"time"
)

// Sort is the order of a feed.
type Sort string

// The orders of a feed.
const (
	ByBirth  Sort = "new"    // newest first
	ByHot    Sort = "hot"    // most talked about of late first: see Heat
	ByFading Sort = "fading" // least life first
	ByTop    Sort = "top"    // highest score first
)

// Sorts are the orders of a feed, as a board shows them.
var Sorts = []Sort{ByBirth, ByHot, ByFading, ByTop}

// PageSize is how many posts a page of a feed holds, and PageMax the most that a
// program or a returning page may ask for.
const (
	PageSize = 50
	PageMax  = 200
)

// Query asks for one page of a board's feed.
type Query struct {
	Board string
	Narrow
	Sort  Sort   // "" is ByBirth
	After Cursor // zero: from the top
	Limit int    // 0 is PageSize
}

// ParseSort reads a feed's order; "" is ByBirth.
func ParseSort(s string) (Sort, error) {
	if s == "" {
		return ByBirth, nil
	}
	if slices.Contains(Sorts, Sort(s)) {
		return Sort(s), nil
	}
	return ByBirth, &Error{Kind: Invalid, Code: "error.sort", Fields: map[string]Problem{"sort": {Code: "error.sort"}}}
}

// Cursor is the place in a feed after which a page begins. Births and endings
// between two pages neither repeat nor skip a post that lives through both. It
// holds positions and times, so it leaves the process encrypted only.
type Cursor struct {
	Seq int64 // the last post shown
	Key int64 // what the order goes by: see Post.Key; unused for ByBirth
}

func (q Query) bounded() Query {
	if q.Sort == "" {
		q.Sort = ByBirth
	}
	if q.Limit <= 0 {
		q.Limit = PageSize
	}
	q.Limit = min(q.Limit, PageMax)
	return q
}

func (q Query) after(last Post) Cursor {
	return Cursor{Seq: last.Seq, Key: last.Key(q.Sort)}
}

// Key is what a feed's order goes by, beside Seq.
func (p Post) Key(by Sort) int64 {
	switch by {
	case ByHot:
		return p.Heat()
	case ByFading:
		return p.Life.EndsAt.UnixMilli()
	case ByTop:
		return int64(p.Score)
	case ByBirth:
	}
	return 0
}

// coolingTime is the age that weighs as much as twice the interest.
const coolingTime = 3 * time.Hour

// Heat is how hot a post is, in millionths:
//
//	log2(1 + max(0, score) + 2 × replies) + birth / 3 h
//
// A reply counts as two hearts, and a post that is three hours younger needs half
// as many to stand as high. It changes with votes and replies alone, never by
// itself, so that an index can hold the order (as Reddit's does).
func (p Post) Heat() int64 {
	interest := math.Log2(1 + float64(max(0, p.Score)) + 2*float64(p.Replies))
	age := float64(p.Life.Since.UnixMilli()) / float64(coolingTime.Milliseconds())
	return int64((interest + age) * 1e6)
}
