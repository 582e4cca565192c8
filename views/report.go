package views

import (
	"net/url"

	"mayfly/board"
	"mayfly/words"
)

// Report is the page on which a reader says what is wrong with a post.
type Report struct {
	Page
	ID      string
	Action  string
	By      Name
	Excerpt string // "": it shows nothing that could be quoted
	Reasons []ReasonChoice
	Saw     string // the words of a view-once post, as they were shown
	Send    string
	Err     string
	Back    string
	Notice  string // where a notice by law is sent
}

// ReasonChoice is one reason to choose.
type ReasonChoice struct {
	Choice
	Hint string
}

// NewReport draws up the page that reports a post or reply, with the words of a
// view-once post that its reader was shown, and what was wrong with an earlier try.
func NewReport(v Visit, post board.Post, chosen, saw string, refused *board.Error) Report {
	p := v.Words
	r := Report{
		Page: v.page("report", p.Say("report.title")),
		ID:   post.ID.String(), Action: "/p/" + post.ID.String() + "/report",
		By: NewName(p, post.Name), Saw: saw, Back: "/p/" + post.Thread.String(),
	}
	r.Notice = "/notice?" + url.Values{"where": {r.Back}}.Encode()
	if post.IsReply() {
		r.Notice = "/notice?" + url.Values{"where": {r.Back + "#p-" + r.ID}}.Encode()
	}
	if !post.ViewOnce {
		r.Excerpt = excerpt(said(p, post), excerptLetters)
	}
	for _, reason := range board.Reasons {
		r.Reasons = append(r.Reasons, ReasonChoice{
			Choice: Choice{Value: string(reason), Text: ReasonText(p, reason), Chosen: string(reason) == chosen},
			Hint:   reasonHint(p, reason),
		})
	}
	if refused != nil {
		r.Err = p.SayWith(refused.Code, refused.Args)
	}
	r.Script = "js/report.js"
	return r
}

// ReasonText is what a reason is called.
func ReasonText(p *words.Printer, r board.Reason) string {
	switch r {
	case board.Harm:
		return p.Say("report.reason.harm")
	case board.Naming:
		return p.Say("report.reason.names")
	case board.Harassment:
		return p.Say("report.reason.cruel")
	case board.Spam:
		return p.Say("report.reason.spam")
	case board.Illegal:
		return p.Say("report.reason.illegal")
	case board.Other:
		return p.Say("report.reason.else")
	}
	return p.Say("report.reason.none")
}

func reasonHint(p *words.Printer, r board.Reason) string {
	switch r {
	case board.Harm:
		return p.Say("report.hint.harm")
	case board.Naming:
		return p.Say("report.hint.names")
	case board.Harassment, board.Spam, board.Illegal, board.Other:
	}
	return ""
}

// Reported is the page after a report.
type Reported struct {
	Page
}

// NewReported draws up the thanks for a report.
func NewReported(v Visit) Reported {
	return Reported{Page: v.page("problem", v.Words.Say("report.sent"))}
}
