package views

import "mayfly/board"

// Sealing is what the page that seals is drawn from.
type Sealing struct {
	Post, Reason string
	Refused      Refused
}

// SealCopy asks the owner why a copy of one post is wanted.
type SealCopy struct {
	Admin
	Post   Input
	Fields []Input
	Err    string
}

// NewSealCopy draws the page up.
func NewSealCopy(d Desk, s Sealing) SealCopy {
	p := d.Words
	out := SealCopy{Admin: d.admin("queue", p.Say("seal.lead")), Err: s.Refused.All}
	out.Heading, out.Title, out.Bar = p.Say("seal.title"), p.Say("page.title", "title", p.Say("seal.title")), nil
	out.Post = Input{ID: "post", Name: "post", Label: p.Say("seal.post"), Value: s.Post}
	out.Fields = []Input{
		{ID: "reason", Name: "reason", Label: p.Say("seal.reason"), Hint: p.Say("seal.reason_hint", "max", board.SealReasonChars), Value: s.Reason, Err: s.Refused.Fields["reason"]},
		{ID: "lock", Name: "lock", Type: "password", Auto: "new-password", Label: p.Say("seal.lock"), Hint: p.Say("seal.lock_hint", "min", board.PassphraseMin), Err: s.Refused.Fields["lock"]},
		{ID: "passphrase", Name: "passphrase", Type: "password", Auto: "current-password", Label: p.Say("seal.yours"), Err: s.Refused.Fields["passphrase"]},
	}
	if d.Me.Seed != nil {
		out.Fields = append(out.Fields, Input{ID: "code", Name: "code", Type: "code", Auto: "one-time-code", Label: p.Say("seal.code"), Err: s.Refused.Fields["code"]})
	}
	return out
}
