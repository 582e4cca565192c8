package views

import (
	"strconv"
	"time"

	"mayfly/board"
	"mayfly/static"
)

// CirclePage is the frame of a circle's page. It is the same for every circle, and for
// none: js/circle-page.js, which js/circle-start.js starts, fills it with what it opens.
type CirclePage struct {
	Page
	Circle  string // its id; "": one is made here
	Joining bool
	Off     bool // no new ones
	Caps    []int
	Lasts   []Pick
	Longest []Pick
	Gated   string
	Reasons []Pick
	Moods   []Pick
	Module  static.Script // what encrypts
	Ends    []Pick
}

// Pick is one choice of a list.
type Pick struct {
	Value, Text string
	Chosen      bool
}

// NewCirclePage draws the frame up.
func NewCirclePage(v Visit, id string, joining bool) CirclePage {
	p, s := v.Words, v.Settings
	out := CirclePage{Page: v.page("circle", p.Say("circle.title")), Circle: id, Joining: joining, Off: !s.Circles, Gated: p.Say("circle.gated", "k", s.K)}
	out.Entry, out.Script, out.Style = "circles", "js/circle-start.js", "css/circle.css"
	out.Proven = "js/circle.js"
	out.Module, out.Proof = static.Integrity(out.Proven)
	for _, d := range []time.Duration{board.ShortestInvite, time.Hour, board.LongestInvite} {
		out.Ends = append(out.Ends, Pick{board.FormatLife(d), p.Life(d), false})
	}
	for _, n := range board.CircleCaps {
		if n <= s.CircleCap {
			out.Caps = append(out.Caps, n)
		}
	}
	const day = 24 * time.Hour
	for _, d := range []time.Duration{day, 7 * day, 30 * day, board.LongestCircle} {
		out.Lasts = append(out.Lasts, Pick{board.FormatLife(d), p.Life(d), d == 30*day})
	}
	for _, d := range []time.Duration{time.Hour, 6 * time.Hour, day, 3 * day, 7 * day, 30 * day} {
		if d >= s.TTLMin && d < s.TTLMax {
			out.Longest = append(out.Longest, Pick{board.FormatLife(d), p.Life(d), false})
		}
	}
	out.Longest = append(out.Longest, Pick{board.FormatLife(s.TTLMax), p.Life(s.TTLMax), true})
	for _, r := range board.Reasons {
		out.Reasons = append(out.Reasons, Pick{string(r), ReasonText(p, r), r == board.Other})
	}
	out.Moods = []Pick{{"", p.Say("circle.no_backdrop"), true}}
	for _, m := range board.Moods {
		for _, name := range m.Backdrops {
			if s.Offers(name) {
				out.Moods = append(out.Moods, Pick{name, p.Say("backdrop." + name), false})
			}
		}
	}
	return out
}

// AdminCircles is what admins see of circles.
type AdminCircles struct {
	Host
	List    []AdminCircle
	Reports []AdminCircleReport
	Reasons []Pick
}

// AdminCircle is a circle without a name or a word.
type AdminCircle struct{ ID, Line, Closes string }

// AdminCircleReport is what a member showed of a post.
type AdminCircleReport struct{ Post, Words, Reason, Says string }

// NewAdminCircles draws them up.
func NewAdminCircles(d Desk, lines []board.CircleLine, reports []board.CircleReport, done string) AdminCircles {
	p := d.Words
	out := AdminCircles{Host: d.host("/admin/circles", p.Say("circle.admin.rest"), done)}
	for _, l := range lines {
		out.List = append(out.List, AdminCircle{
			ID: l.ID.String(), Closes: p.Say("circle.admin.closes", "life", l.ClosesAt.Sub(d.Now)),
			Line: p.Say("circle.admin.line", "members", strconv.Itoa(l.Members), "cap", strconv.Itoa(l.Cap), "posts", strconv.Itoa(l.Posts)),
		})
	}
	for _, r := range reports {
		out.Reports = append(out.Reports, AdminCircleReport{
			Post: r.Post.String(), Words: r.Words, Reason: ReasonText(p, r.Reason), Says: p.Say("circle.admin.report", "life", r.Left),
		})
	}
	for _, r := range board.Reasons {
		out.Reasons = append(out.Reasons, Pick{string(r), ReasonText(p, r), r == board.Illegal})
	}
	return out
}
