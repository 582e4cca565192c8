package views

import "strings"

// Carried is a form of admins that came when nobody was signed in any more.
type Carried struct {
	Action string
	Fields []Hidden
}

// Waiting are its fields as the door's form carries them.
func (c *Carried) Waiting() []Hidden {
	if c == nil {
		return nil
	}
	list := []Hidden{{"again", c.Action}}
	for _, f := range c.Fields {
		list = append(list, Hidden{"again." + f.Name, f.Value})
	}
	return list
}

// Returned is the page that gives such a form back.
type Returned struct {
	Page
	Carried
	To    string   // where it was sent from
	Typed []Hidden // those fields that somebody may have typed
}

// NewReturned draws up the page.
func NewReturned(v Visit, to string, c Carried) Returned {
	out := Returned{Page: v.page("door", v.Words.Say("carried.title")), Carried: c, To: to}
	out.Style = "css/admin.css"
	for _, f := range c.Fields {
		if f.Value != "" && !strings.HasPrefix(f.Name, "was.") && f.Name != "mark" {
			out.Typed = append(out.Typed, f)
		}
	}
	return out
}
