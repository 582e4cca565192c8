package views

import (
	"net/url"

	"mayfly/board"
	"mayfly/words"
)

// tombsShown is how many lines of removed posts stand one by one. More, as after a
// raid, are counted in one.
const tombsShown = 3

// NewFeed draws up one page of a board.
func NewFeed(v Visit, l Listing) Feed {
	p := v.Words
	if l.Sort == "" {
		l.Sort = board.ByBirth
	}
	f := Feed{
		Page:     v.page("feed", BoardTitle(p, v.Board)),
		Aside:    v.aside(),
		Rules:    links(v.Board.Rules),
		Closing:  NewClosing(p, v.Board, v.Now),
		Tabs:     tabs(p, boardHref(v.Board.Slug), l.Sort),
		Composer: NewComposer(v, Given{}, nil),
		Prompts:  articles(v, l.Prompts, l.Votes),
	}
	f.Entry, f.Script = "stream", f.Composer.script()
	f.listing(v, l, func(cursor string) string { return feedHref(f.Home, l.Sort, cursor) })
	f.Tombs, f.Removed = tombs(v, l.Traces)
	return f
}

// growsHere says whether new posts land on this page.
func (f Feed) growsHere() bool { return f.Order == string(board.ByBirth) && !f.Later }

func tabs(p *words.Printer, home string, current board.Sort) []Tab {
	out := make([]Tab, len(board.Sorts))
	for i, s := range board.Sorts {
		out[i] = Tab{p.Say("feed." + string(s)), feedHref(home, s, ""), s == current}
	}
	return out
}

// listing draws up the posts of a feed, narrowed or not, with the way to more.
func (f *Feed) listing(v Visit, l Listing, href func(cursor string) string) {
	f.Order, f.Later = string(l.Sort), l.From != ""
	f.Posts = articles(v, l.Posts, l.Votes)
	f.Live = liveFeed(v.Board.Slug, l)
	f.growsOld(v.Path)
	if l.Next == "" {
		return
	}
	f.Next, f.NextText = href(l.Next), v.Words.Say("feed.older")
	switch l.Sort {
	case board.ByFading:
		f.NextText = v.Words.Say("feed.later")
	case board.ByHot, board.ByTop:
		f.NextText = v.Words.Say("feed.more")
	case board.ByBirth:
	}
}

// feedHref is the address of a feed in an order, after a cursor.
func feedHref(home string, sort board.Sort, cursor string) string {
	q := url.Values{}
	if sort != board.ByBirth {
		q.Set("sort", string(sort))
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return home
	}
	return home + "?" + q.Encode()
}

func tombs(v Visit, traces []board.Trace) (each []Tomb, all string) {
	if len(traces) > tombsShown {
		return nil, v.Words.Say("tomb.many", "n", len(traces))
	}
	return NewTombs(v, traces), ""
}

// NewTombs draws up the lines that stand where posts were which the community or
// their last reader ended.
func NewTombs(v Visit, traces []board.Trace) []Tomb {
	var list []Tomb
	for _, t := range traces {
		list = append(list, NewTomb(v.Words, t.ID, t.Why, t.Until.Sub(v.Now)))
	}
	return list
}

// NewAlike draws up the posts that say nearly the same as one.
func NewAlike(v Visit, posts []board.Post, votes map[board.PostID]board.Vote) Alike {
	heading := v.Words.Say("alike.title", "n", len(posts))
	a := Alike{Page: v.page("alike", heading), Heading: heading, Posts: NewPosts(v, posts, votes)}
	a.Back, a.BarTitle, a.BarSub = a.Home, heading, BoardTitle(v.Words, v.Board)
	return a
}

// NewWrite draws up the page of the composer.
func NewWrite(v Visit, given Given, refused *board.Error) Write {
	p := v.Words
	w := Write{
		Page:     v.page("write", p.Say("write.title")),
		Aside:    v.aside(),
		Composer: NewComposer(v, given, refused),
	}
	w.Entry, w.Script = "write", w.Composer.script()
	w.Back, w.BarTitle = w.Home, p.Say("write.title")
	w.BarSub = w.Board
	return w
}
