package board

// Sort is the order of a feed.
type Sort string

// The orders of a feed.
const (
	ByBirth  Sort = "new"    // newest first
	ByFading Sort = "fading" // least life first
)

// PageSize is how many posts a page of a feed holds, and PageMax the most that a
// program or a returning page may ask for.
const (
	PageSize = 50
	PageMax  = 200
)

// Query asks for one page of a board's feed.
type Query struct {
	Board string
	Sort  Sort   // "" is ByBirth
	After Cursor // zero: from the top
	Limit int    // 0 is PageSize
}

// ParseSort reads a feed's order; "" is ByBirth.
func ParseSort(s string) (Sort, error) {
	switch Sort(s) {
	case "", ByBirth:
		return ByBirth, nil
	case ByFading:
		return ByFading, nil
	}
	return ByBirth, &Error{Kind: Invalid, Code: "error.sort", Fields: map[string]Problem{"sort": {Code: "error.sort"}}}
}

// Cursor is the place in a feed after which a page begins. Births and endings
// between two pages neither repeat nor skip a post that lives through both. It
// holds positions and times, so it leaves the process encrypted only.
type Cursor struct {
	Seq    int64 // the last post shown
	EndsAt int64 // ByFading: its end, in ms
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
	c := Cursor{Seq: last.Seq}
	if q.Sort == ByFading {
		c.EndsAt = last.Life.EndsAt.UnixMilli()
	}
	return c
}
