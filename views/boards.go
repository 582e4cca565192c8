package views

import (
	"strings"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// Boards is the page that lists the boards.
type Boards struct {
	Page
	List []BoardCard
}

// BoardCard is one board of the list.
type BoardCard struct {
	Title, Href string
	Line        string // the first of its rules
	Posts       string // "12 posts"
	Here        string // "About 20 here", or ""
	Closes      string // when it closes, "" for never
}

// Shelf is what one board of the list is drawn from.
type Shelf struct {
	Board board.Info
	Posts int    // that live in its feed
	Here  string // about how many read it; "" when that is not to be told
	Shut  bool   // it is closed for now
}

// NewBoards draws up the list of boards.
func NewBoards(v Visit, list []Shelf) Boards {
	p := v.Words
	out := Boards{Page: v.page("boards", p.Say("boards.title"))}
	out.Entry = "boards"
	for _, s := range list {
		line, _, _ := strings.Cut(s.Board.Rules, "\n")
		card := BoardCard{
			Title: BoardTitle(p, s.Board),
			Href:  boardHref(s.Board.Slug),
			Line:  excerpt(line, lineLetters),
			Posts: p.Say("boards.posts", "n", s.Posts),
		}
		if s.Here != "" {
			card.Here = p.Say("board.here", "n", s.Here)
		}
		if left, closes := s.Board.ClosesIn(v.Now); closes {
			card.Closes = p.Say("board.closes", "life", untilClosing(left))
		}
		if s.Shut {
			card.Closes = p.Say("boards.shut")
		}
		out.List = append(out.List, card)
	}
	return out
}

// lineLetters is how much of a board's first rule stands in the list.
const lineLetters = 120

// boards leads to all boards, where there are several.
func (v Visit) boards() []Tab {
	if len(v.Boards) < 2 {
		return nil
	}
	list := make([]Tab, len(v.Boards))
	for i, b := range v.Boards {
		list[i] = Tab{BoardTitle(v.Words, b), boardHref(b.Slug), b.Slug == v.Board.Slug}
	}
	return list
}

// boardName is what a board is called, "" where there is one alone.
func (v Visit) boardName(slug string) string {
	for _, b := range v.Boards {
		if b.Slug == slug && len(v.Boards) > 1 {
			return BoardTitle(v.Words, b)
		}
	}
	return ""
}

// untilClosing rounds a closing date's distance up: nobody waits for its seconds, nor days
// ahead for its minutes.
func untilClosing(left time.Duration) time.Duration {
	step := time.Second
	switch {
	case left > 2*day:
		step = time.Hour
	case left > time.Minute:
		step = time.Minute
	}
	return (left + step - 1).Truncate(step)
}

// Closing is the last hour of a board, counted down.
type Closing struct {
	Left, Span string // seconds
	LeftText   string // "47 min left"
	ISO        string
	Percent    string // of the hour that is left
	Dying      bool   // its last minute
	Rest       string // what will happen
}

// NewClosing counts a board down in its last hour; nil before.
func NewClosing(p *words.Printer, b board.Info, now time.Time) *Closing {
	left, closes := b.ClosesIn(now)
	if !closes || left > board.Countdown {
		return nil
	}
	return &Closing{
		Left: seconds(left), Span: seconds(board.Countdown),
		LeftText: p.Say("post.left", "life", left), ISO: iso(left),
		Percent: percent(left, board.Countdown),
		Dying:   left < dyingUnder,
		Rest:    p.Say("board.closing"),
	}
}
