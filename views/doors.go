package views

import (
	"strconv"

	"mayfly/board"
	"mayfly/words"
)

// DoorKnock is what a board's door is drawn from.
type DoorKnock struct {
	Board   string // its name in addresses, which is all that is said of it
	Access  board.Access
	Unset   bool   // nobody can come in yet
	Gone    bool   // what was asked for may be behind it
	To      string // where who comes in is led
	Code    string // of an invitation, as far as it is known
	Refused Refused
}

// Door is the door of a board, as it is seen from outside.
type Door struct {
	Page
	Lead   string
	Gone   string
	Same   string
	Shut   string // why nobody can come in; "": they can
	Action string
	To     string
	Err    string
	Field  Input
}

// NewDoor draws up a door.
func NewDoor(v Visit, k DoorKnock) Door {
	p := v.Words
	out := Door{
		Page: v.page("door", p.Say("door.title")), Same: p.Say("door.same"),
		Action: "/b/" + k.Board + "/door", To: k.To, Err: k.Refused.All,
		Lead: p.Say("door.phrase_lead", "board", doorName(p, k.Board)),
		Field: Input{
			ID: "passphrase", Name: "passphrase", Label: p.Say("door.phrase"), Type: "password", Auto: "current-password", Focus: true,
			Err: k.Refused.Fields["passphrase"],
		},
	}
	if k.Access == board.ByInvite {
		out.Lead = p.Say("door.code_lead", "board", doorName(p, k.Board))
		out.Field = Input{
			ID: "code", Name: "code", Label: p.Say("door.code"), Hint: p.Say("door.code_hint"), Type: "invite", Auto: "off", Focus: true,
			Value: k.Code, Err: k.Refused.Fields["code"],
		}
	}
	if k.Unset {
		out.Shut = p.Say("error.door.unset")
	}
	if k.Gone {
		out.Gone = p.Say("door.gone")
	}
	out.Style = "css/admin.css"
	return out
}

// doorName is what a board is called outside: by its address, and home by nothing else.
func doorName(p *words.Printer, slug string) string {
	if slug == board.Home {
		return p.Say("door.home")
	}
	return "/b/" + slug
}

// Passed is a board whose door the reader has come through.
type Passed struct{ Title, Href, Leave, LeaveText string }

func passed(v Visit, list []board.Info) []Passed {
	out := make([]Passed, len(list))
	for i, b := range list {
		name := BoardTitle(v.Words, b)
		out[i] = Passed{name, boardHref(b.Slug), "/b/" + b.Slug + "/door/leave", v.Words.Say("you.doors_leave_what", "board", name)}
	}
	return out
}

// Threshold is what the page of a board's door is drawn from, for those who run it.
type Threshold struct {
	Board     board.Info
	Access    board.Access
	HasPhrase bool
	Codes     []board.Code
	Link      string // of an invitation that was just made
	Done      string
	Kept      Kept // of the form "door" or "invite"
}

// HostDoor says who may come onto a board, and invites.
type HostDoor struct {
	Host
	Action, Back   string
	Err, AccessErr string
	Accesses       []Choice
	Phrase         Input
	Warn           string // why nobody can come in; "": they can
	HasDoor        bool
	Link           string
	InviteErr      string
	Uses, Life     Input
	Codes          []HostCode
}

// HostCode is one invitation of the list.
type HostCode struct{ Number, Name, What, Revoke string }

// What an invitation is for, unless who makes it says otherwise.
const (
	inviteUses = "10"
	inviteLife = "7d"
)

// NewHostDoor draws up the page of a door.
func NewHostDoor(d Desk, t Threshold) HostDoor {
	p, k := d.Words, t.Kept
	name := BoardTitle(p, t.Board)
	out := HostDoor{
		Host:   d.host("/admin/boards", p.Say("host.door.lead", "board", name), t.Done),
		Action: hostBoardHref(t.Board.Slug) + "/door", Back: hostBoardHref(t.Board.Slug),
		Err: k.err("door"), InviteErr: k.err("invite"), HasDoor: t.Access.HasDoor(), Link: t.Link,
		Phrase: k.field(p, "door", Input{
			ID: "passphrase", Name: "passphrase", Label: p.Say("host.door.phrase"), Hint: p.Say("host.door.phrase_hint", "min", board.DoorPhraseMin),
			Type: "password", Auto: "new-password", Optional: true,
		}),
		Uses: k.field(p, "invite", Input{ID: "uses", Name: "uses", Label: p.Say("host.door.uses"), Value: inviteUses, Auto: "off"}),
		Life: k.field(p, "invite", Input{ID: "life", Name: "life", Label: p.Say("host.door.life"), Hint: p.Say("host.door.life_hint"), Value: inviteLife, Auto: "off"}),
	}
	out.Heading, out.Title = p.Say("host.door.title"), p.Say("page.title", "title", p.Say("host.door.title"))
	out.Phrase.Value = "" // it is in no page
	if t.HasPhrase {
		out.Phrase.Label = p.Say("host.door.phrase_new")
	}
	chosen := t.Access
	if k.Given != nil && k.Of == "door" {
		chosen, out.AccessErr = board.Access(k.Given("access")), k.Refused.Fields["access"]
	}
	for _, a := range board.Accesses {
		out.Accesses = append(out.Accesses, Choice{string(a), p.Say("choice." + string(a)), a == chosen})
	}
	if t.Access == board.ByPassphrase && !t.HasPhrase {
		out.Warn = p.Say("error.door.unset")
	}
	for _, c := range t.Codes {
		out.Codes = append(out.Codes, newHostCode(d, c))
	}
	return out
}

func newHostCode(d Desk, c board.Code) HostCode {
	p := d.Words
	what := p.Say("host.door.code_used", "life", untilClosing(c.EndsAt.Sub(d.Now)))
	if c.Left > 0 {
		what = p.Say("host.door.code_line", "n", c.Left, "life", untilClosing(c.EndsAt.Sub(d.Now)))
	}
	number := strconv.FormatInt(c.Number, 10)
	return HostCode{number, p.Say("host.door.code_name", "number", number), what, p.Say("host.door.revoke_what", "number", number)}
}
