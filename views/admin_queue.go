package views

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
)

// Line is what the queue is drawn from.
type Line struct {
	Cases   []board.Case
	One     bool // only what somebody asked for
	Refused string
	Look    string // an address that leads to nothing
}

// Queue is what waits for an admin.
type Queue struct {
	Admin
	Cases   []CaseCard
	One     bool
	Seal    string // where the owner seals a copy of the one post; "": nowhere
	Err     string
	Look    string
	LookErr string
	State   string // what is shown, in short: an answer is only asked for when it differs
	Keys    string
}

// CaseCard is one case as an admin sees it.
type CaseCard struct {
	ID, Action, Href string
	By               Name
	Meta             string // "Riverside · a reply · held"
	Left, Span       string // seconds
	LeftText, ISO    string
	Percent          string
	Care             string // "Somebody may be in danger"
	Came             string // how many came by its link; "": too few to say
	Said             []string
	Reports          string // "4 reports"
	Warning          string
	Text             []Span
	Sealed           string // stands for words that an admin may not read
	Picture          *Picture
	Waits            bool // it is in the queue
	Keep             string
	Hides, Shortens  bool
	Locks            string // lock or unlock; "": it has no thread
	LockText         string
	Reasons          []Choice
	Words            *Page
}

// NewQueue draws up what waits for an admin.
func NewQueue(d Desk, l Line) Queue {
	p := d.Words
	lead := p.Say("queue.quiet")
	if d.Waiting > 0 {
		lead = p.Say("queue.lead", "n", d.Waiting)
	}
	q := Queue{Admin: d.admin("queue", lead), One: l.One, Err: l.Refused, Look: l.Look, State: stateOf(l.Cases)}
	if l.Look != "" {
		q.LookErr = p.Say("queue.look_nothing")
	}
	q.Script = "js/queue.js"
	for _, c := range l.Cases {
		q.Cases = append(q.Cases, newCase(d, c))
	}
	if l.One && d.Me.Owner && len(l.Cases) == 1 {
		q.Seal = "/admin/seal?post=" + l.Cases[0].Post.ID.String()
	}
	return q
}

// stateOf changes whenever something is decided, reported, born or gone in the queue.
func stateOf(cases []board.Case) string {
	h := fnv.New64a()
	for _, c := range cases {
		fmt.Fprint(h, c.Post.ID, c.Reports, c.Post.Standing, c.Post.Locked, c.Post.Sealed, c.Post.Life.EndsAt.Unix())
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

func newCase(d Desk, c board.Case) CaseCard {
	p, post := d.Words, c.Post
	id := post.ID.String()
	left, span := post.Life.Left(d.Now), post.Life.Span(d.Now)
	card := CaseCard{
		ID: id, Action: "/admin/queue/" + id, Href: caseHref(post), By: NewName(p, post.Name), Meta: caseMeta(d, post),
		Left: seconds(left), Span: seconds(span), LeftText: p.Say("post.left", "life", left), ISO: iso(left), Percent: percent(left, span),
		Warning: post.Warning, Text: spans(post.Board, post.Body), Waits: c.Waits,
		Keep: p.Say("queue.keep"), Hides: post.Standing == board.Shown, Shortens: !post.IsReply(), Words: &Page{Words: p},
	}
	switch {
	case post.Staff:
		card.By = Name{Text: p.Say("post.staff")}
	case post.Prompt != board.NoPrompt:
		card.By = Name{Text: p.Say("prompt.host")}
	}
	if post.Standing == board.Held {
		card.Keep = p.Say("queue.let_through")
	}
	if n := post.Came(d.Settings.K); n > 0 {
		card.Came = p.Say("share.came", "n", n)
	}
	if post.Care {
		card.Care = p.Say("queue.care")
	}
	if post.Sealed {
		card.Sealed = p.Say("queue.sealed")
	}
	if post.Picture != nil {
		card.Picture = casePicture(d, post)
	}
	if !post.IsReply() {
		card.Locks, card.LockText = "lock", p.Say("queue.lock")
		if post.Locked {
			card.Locks, card.LockText = "unlock", p.Say("queue.unlock")
		}
	}
	if c.Reports > 0 {
		card.Reports = p.Say("queue.reports", "n", c.Reports)
	}
	most := mostGiven(c.Reasons)
	card.Reasons = []Choice{{Value: "", Text: ReasonText(p, ""), Chosen: most == ""}}
	for _, reason := range board.Reasons {
		if n := c.Reasons[reason]; n > 0 {
			card.Said = append(card.Said, ReasonText(p, reason)+"\u00a0×\u00a0"+strconv.Itoa(n))
		}
		card.Reasons = append(card.Reasons, Choice{Value: string(reason), Text: ReasonText(p, reason), Chosen: reason == most})
	}
	return card
}

// mostGiven is the reason that was given most often, "" if none was.
func mostGiven(said map[board.Reason]int) board.Reason {
	var most board.Reason
	for _, r := range board.Reasons {
		if said[r] > said[most] {
			most = r
		}
	}
	return most
}

func caseHref(post board.Post) string {
	if post.IsReply() {
		return "/p/" + post.Thread.String() + "#p-" + post.ID.String()
	}
	return "/p/" + post.ID.String()
}

// caseMeta is where it stands, and how.
func caseMeta(d Desk, post board.Post) string {
	p := d.Words
	parts := []string{boardNamed(d.Visit, post.Board)}
	if post.IsReply() {
		parts = append(parts, p.Say("queue.reply"))
	}
	if post.Unlisted {
		parts = append(parts, p.Say("post.unlisted"))
	}
	switch post.Standing {
	case board.Held:
		parts = append(parts, p.Say("queue.held"))
		if d.Settings.Caution(post) {
			parts = append(parts, p.Say("queue.careful"))
		}
	case board.Hidden:
		parts = append(parts, p.Say("queue.hidden"))
	case board.Shown:
	}
	if post.Locked {
		parts = append(parts, p.Say("queue.locked"))
	}
	return strings.Join(parts, " · ")
}

// boardNamed is what a board is called.
func boardNamed(v Visit, slug string) string {
	if i := slices.IndexFunc(v.Boards, func(b board.Info) bool { return b.Slug == slug }); i >= 0 {
		return BoardTitle(v.Words, v.Boards[i])
	}
	return slug
}

// casePicture shows a picture on tap: an admin has seen enough of them.
func casePicture(d Desk, post board.Post) *Picture {
	s := d.Settings
	s.Pictures = board.PicturesBlurred
	pic := newPicture(d.Words, post, s)
	if pic == nil {
		return nil
	}
	src := "/admin/queue/" + post.ID.String()
	pic.Src, pic.Href = src+"/thumb", src+"/picture"
	return pic
}

// Acts is what admins have done, as everybody may read it.
type Acts struct {
	Page
	Aside
	Lines []LogLine
	Tabs  []Tab
	Older string
}

// minutesAgo is a time in whole minutes, of which one has begun.
func minutesAgo(d time.Duration) time.Duration {
	return max(0, d).Truncate(time.Minute) + time.Minute
}

// NewActs draws up the public log of one board, or of all ("").
func NewActs(v Visit, slug string, entries []board.Entry, older string) Acts {
	p := v.Words
	a := Acts{Page: v.page("about", p.Say("acts.title")), Aside: v.aside(), Older: older}
	a.Entry = "about"
	for _, e := range entries {
		line := LogLine{Ago: p.Say("admin.ago", "time", minutesAgo(v.Now.Sub(e.At))), What: whatWasDone(p, e), Board: boardNamed(v, e.Board)}
		if e.Reason != "" {
			line.Reason = p.Say("acts.reason", "reason", reasonSaid(p, e.Reason))
		}
		a.Lines = append(a.Lines, line)
	}
	if len(v.Boards) > 1 {
		a.Tabs = append(a.Tabs, Tab{p.Say("acts.all"), "/log", slug == ""})
		for _, b := range v.Boards {
			a.Tabs = append(a.Tabs, Tab{BoardTitle(p, b), "/log?board=" + b.Slug, slug == b.Slug})
		}
	}
	return a
}
