package views

import (
	"time"
	"unicode/utf8"

	"mayfly/board"
	"mayfly/words"
)

// Seal stands in a post that is viewed once, in place of its words. It suits every
// reader; Spent is what one of them alone sees who has opened it.
type Seal struct {
	Action, Nonce string
	Title, Rest   string
	Open          string // the label of the button
	Spent         bool
}

// OpenTime is how long an opened post is shown.
const OpenTime = 10 * time.Second

// newSeal draws up the seal of a view-once post.
func newSeal(p *words.Printer, post board.Post) *Seal {
	if !post.Sealed {
		return nil
	}
	s := &Seal{
		Action: "/p/" + post.ID.String() + "/open",
		Nonce:  post.Secret.Nonce(post.ID).String(),
		Title:  p.Say("once.title", "time", OpenTime),
		Rest:   p.Say("once.rest"),
		Open:   p.Say("once.open"),
	}
	if post.Readers > 0 {
		s.Rest = p.Say("once.readers", "n", post.Readers)
	}
	return s
}

// Opened shows the seal to somebody who has opened it.
func (out Post) Opened(p *words.Printer) Post {
	if out.Seal != nil {
		s := *out.Seal
		s.Spent, s.Title, s.Rest = true, p.Say("once.opened"), p.Say("once.opened_rest")
		out.Seal = &s
	}
	return out
}

// Opening is the page of a view-once post that its reader has just opened.
type Opening struct {
	Page
	Heading string
	Left    string // "10 s"
	Seconds string // of the ring
	By      Name
	Warning string
	Text    []Span
	Long    bool
	Picture *Picture
	Say     string
	Back    string
	Close   string
	Report  string // where it can be reported with these words, Saw; "": it is gone
	Saw     string
}

// NewOpening draws up the one look at a view-once post, which leads back by itself. The
// last reader has nothing left to report.
func NewOpening(v Visit, post board.Post, back string, last bool) Opening {
	p := v.Words
	o := Opening{
		Page:    v.page("opened", p.Say("once.page")),
		Heading: p.Say("once.page"),
		Left:    p.Life(OpenTime),
		Seconds: seconds(OpenTime),
		By:      NewName(p, post.Name),
		Warning: post.Warning,
		Text:    spans(post.Board, post.Body),
		Long:    utf8.RuneCountInString(post.Body) > longText,
		Picture: openedPicture(p, post.Picture),
		Say:     p.Say("once.showing", "name", PersonName(p, post.Name)),
		Back:    back,
		Close:   p.Say("once.close"),
		Saw:     post.Body,
	}
	if !last {
		o.Report = "/p/" + post.ID.String() + "/report"
	}
	return o
}
