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

// Cut is the page that gives a form of admins back which broke off on its way.
type Cut struct {
	Returned
	Why  string
	Last Hidden // where it broke off, to be finished; no name: between two fields
}

// NewCut draws up the page.
func NewCut(v Visit, to string, c Carried, last, why string) Cut {
	out := Cut{Why: why}
	fields := c.Fields
	c.Fields = nil
	for _, f := range fields {
		if f.Name == last {
			out.Last = f
			continue
		}
		c.Fields = append(c.Fields, f)
	}
	out.Returned = NewReturned(v, to, c)
	out.Title = v.Words.Say("carried.cut")
	return out
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
