package views

import "time"

// Held is a form that was sent without a script and asked for a proof of work: what
// it held, and what it can be sent again with.
type Held struct {
	Action    string
	Fields    []Hidden // as they were sent
	Challenge string   // for a script: JSON
	Ticket    string   // for who has none; "": nobody else is let in to wait
	Wait      time.Duration
}

// Room is the page of a waiting room.
type Room struct {
	Page
	Heading string
	Text    string // what to do without a script
	Held    Held
	Body    string // the words of the form, where it had some
	Hidden  []Hidden
	Wait    int // seconds
	WaitIn  string
}

// NewRoom draws up a waiting room.
func NewRoom(v Visit, held Held) Room {
	p := v.Words
	r := Room{Heading: p.Say("room.title"), Held: held, Wait: wholeSeconds(held.Wait), WaitIn: p.Life(held.Wait)}
	r.Page = v.page("problem", r.Heading)
	r.Text = p.Say("room.wait", "wait", held.Wait)
	if held.Ticket == "" {
		r.Text = p.Say("room.full", "wait", held.Wait)
	}
	for _, field := range held.Fields {
		if field.Name == "body" && r.Body == "" {
			r.Body = field.Value
		} else {
			r.Hidden = append(r.Hidden, field)
		}
	}
	return r
}
