package views

import (
	"strconv"

	"mayfly/board"
	"mayfly/words"
)

// ClaimForm asks for a notice by law.
type ClaimForm struct {
	Page
	Where, Why, Name, Mail Input
	Kinds                  []ReasonChoice
	KindErr                string
	GoodFaith              bool
	FaithErr               string
	Err                    string
	Find                   string // a number that led nowhere
	FindErr                string
	Facts                  []string // what is kept of it, and for how long
}

// ClaimGiven is what was sent.
type ClaimGiven struct {
	board.ClaimDraft
	Find string // a number that was asked for and is not there
}

// NewClaimForm draws up the form, as it was sent and with what was wrong.
func NewClaimForm(v Visit, g ClaimGiven, refused *board.Error) ClaimForm {
	p := v.Words
	f := ClaimForm{
		Page: v.page("notice", p.Say("claim.title")), GoodFaith: g.GoodFaith, Find: g.Find,
		Facts: []string{p.Say("claim.fact.cookie"), p.Say("claim.fact.box"), p.Say("claim.fact.time", "after", board.ClaimAfter, "most", board.ClaimTime)},
		Where: Input{ID: "where", Name: "where", Label: p.Say("claim.where"), Hint: p.Say("claim.where_hint"), Value: g.Where},
		Why:   Input{ID: "why", Name: "why", Label: p.Say("claim.why"), Hint: p.Say("claim.why_hint", "max", board.ClaimChars), Value: g.Why},
		Name:  Input{ID: "name", Name: "name", Label: p.Say("claim.name"), Value: g.Name, Auto: "name", Optional: true},
		Mail:  Input{ID: "mail", Name: "mail", Label: p.Say("claim.mail"), Hint: p.Say("claim.mail_hint"), Value: g.Mail, Auto: "email", Optional: true},
	}
	for _, kind := range board.ClaimKinds {
		f.Kinds = append(f.Kinds, ReasonChoice{Choice: Choice{Value: string(kind), Text: claimKind(p, kind), Chosen: kind == g.Kind}, Hint: claimKindHint(p, kind)})
	}
	if g.Find != "" {
		f.FindErr = p.Say("claim.find_none")
	}
	if refused != nil {
		f.refuse(p, refused)
	}
	f.Entry = "notice"
	return f
}

// refuse puts what was wrong beside the fields.
func (f *ClaimForm) refuse(p *words.Printer, refused *board.Error) {
	said := NewRefused(p, refused.Code, refused.Args, refused.Fields)
	f.Where.Err, f.Why.Err, f.Name.Err, f.Mail.Err = said.Fields["where"], said.Fields["why"], said.Fields["name"], said.Fields["mail"]
	f.KindErr, f.FaithErr, f.Err = said.Fields["kind"], said.Fields["good_faith"], said.All
	if f.Err == "" {
		f.Err = p.Say("error.claim.form")
	}
}

func claimKind(p *words.Printer, k board.ClaimKind) string {
	switch k {
	case board.ClaimChild:
		return p.Say("claim.kind.child")
	case board.ClaimPersonal:
		return p.Say("claim.kind.personal")
	case board.ClaimIllegal:
		return p.Say("claim.kind.illegal")
	case board.ClaimOther:
	}
	return p.Say("claim.kind.else")
}

func claimKindHint(p *words.Printer, k board.ClaimKind) string {
	switch k {
	case board.ClaimChild:
		return p.Say("claim.hint.child")
	case board.ClaimPersonal:
		return p.Say("claim.hint.personal")
	case board.ClaimIllegal:
		return p.Say("claim.hint.illegal")
	case board.ClaimOther:
	}
	return ""
}

// ClaimReceipt is what has become of a notice, for who holds its number.
type ClaimReceipt struct {
	Page
	Number string
	New    bool
	State  string
	Reason string
	Answer []Span
	Kind   string
	Until  string // how long the page is there
	Sent   string
}

// NewClaimReceipt draws it up.
func NewClaimReceipt(v Visit, r board.Receipt, n board.Claim, fresh bool) ClaimReceipt {
	p := v.Words
	out := ClaimReceipt{
		Page: v.page("notice", p.Say("claim.receipt")), Number: r.String(), New: fresh,
		State: claimState(p, n.State), Answer: links(n.Answer), Kind: claimKind(p, n.Kind),
		Until: p.Say("claim.until", "time", untilClosing(n.EndsAt.Sub(v.Now))),
		Sent:  p.Say("admin.ago", "time", minutesAgo(v.Now.Sub(n.Sent))),
	}
	if n.Reason != "" {
		out.Reason = p.Say("acts.reason", "reason", reasonSaid(p, string(n.Reason)))
	}
	out.Entry = "notice"
	return out
}

func claimState(p *words.Printer, s board.ClaimState) string {
	switch s {
	case board.ClaimRemoved:
		return p.Say("claim.state.removed")
	case board.ClaimKept:
		return p.Say("claim.state.kept")
	case board.ClaimAnswered:
		return p.Say("claim.state.answered")
	case board.ClaimGone:
		return p.Say("claim.state.gone")
	case board.ClaimWaits:
	}
	return p.Say("claim.state.waits")
}

// Tray is what the admins' page of claims is drawn from.
type Tray struct {
	Claims  []board.Claim
	Refused string
	Answer  string // the host's words, when their form was refused
	Of      int64  // which notice's form it was
}

// AdminClaims are the claims, as admins see them.
type AdminClaims struct {
	Admin
	Cards []ClaimCard
	Err   string
}

// ClaimCard is one notice.
type ClaimCard struct {
	ID, Action       string
	Kind, Meta       string
	Where, Why       []Span
	Name, Mail       string
	MailHref         string
	Post             string // where its post is looked at; "": it is about no one post
	State            string // what was decided; "": nothing was
	Answered         []Span
	Wordless         string
	Reasons          []Choice
	Answer           string
	Child            bool
	Words            *Page
	Remove, Kept     string
	Removes          bool
	AnswerID, PickID string
}

// NewAdminClaims draws them up.
func NewAdminClaims(d Desk, t Tray) AdminClaims {
	p := d.Words
	out := AdminClaims{Admin: d.admin("claims", p.Say("claims.lead")), Err: t.Refused}
	for _, n := range t.Claims {
		c := newClaimCard(d, n)
		if n.Number == t.Of {
			c.Answer = t.Answer
		}
		out.Cards = append(out.Cards, c)
	}
	for i := range out.Cards {
		out.Cards[i].Words = &out.Page
	}
	return out
}

func newClaimCard(d Desk, n board.Claim) ClaimCard {
	p, number := d.Words, strconv.FormatInt(n.Number, 10)
	c := ClaimCard{
		ID: "notice-" + number, Action: "/admin/notices/" + number, AnswerID: "a-" + number, PickID: "r-" + number,
		Kind: claimKind(p, n.Kind), Where: links(n.Where), Why: links(n.Why), Name: n.Name, Mail: n.Mail,
		Child: n.Kind == board.ClaimChild, Answered: links(n.Answer), Removes: n.Post != (board.PostID{}), Kept: "kept",
		Meta: p.Say("admin.ago", "time", minutesAgo(d.Now.Sub(n.Sent))) + " · " + p.Say("claim.until", "time", untilClosing(n.EndsAt.Sub(d.Now))),
	}
	if n.Mail != "" {
		c.MailHref = contact(n.Mail)[0].Href
	}
	if c.Removes {
		c.Post = "/admin/queue?post=" + n.Post.String()
	} else {
		c.Kept = "answered"
	}
	if n.Wordless {
		c.Wordless = p.Say("claims.wordless")
	}
	if n.State != board.ClaimWaits {
		c.State = claimState(p, n.State)
		return c
	}
	c.Reasons = append(c.Reasons, Choice{Text: p.Say("report.reason.none"), Chosen: true})
	for _, r := range board.Reasons {
		c.Reasons = append(c.Reasons, Choice{Value: string(r), Text: ReasonText(p, r), Chosen: r == board.Illegal})
	}
	return c
}
