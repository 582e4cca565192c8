package views

import (
	"mayfly/static"
	"mayfly/words"
)

// Sight is one thing that was looked at, as the machine's language has it: how much it
// matters, and the key of its sentence with its arguments. What to do about it stands
// under the key with "_do".
type Sight struct {
	Level string // good, note, warning, bad
	Code  string
	Args  map[string]any
}

// Checkup is what the page of the system is drawn from.
type Checkup struct {
	Sights  []Sight // worst first
	Came    Sight   // where its reader comes from
	Alerts  Sight
	MayTest bool   // somebody would be told
	Told    string // "yes" or "no": a test was sent, and how that went; "retry": a certificate is asked for

	MayRetry bool // a certificate is missing that could be asked for
}

// System is the page of what the board stands on.
type System struct {
	Admin
	Todo    []SystemLine
	Good    []SystemLine
	GoodSum string
	Came    SystemLine
	Alerts  SystemLine
	MayTest bool
	Done    string
	Retried string // a certificate is asked for, and that takes a moment
	Err     string
	Socket  []SystemLine // before a script has looked, when it got through, when it did not
	Scripts []static.Script

	MayRetry bool
}

// SystemLine is a Sight in words.
type SystemLine struct {
	ID, Level, Icon string
	Label           string // its level, in a word
	Text, Do        string
}

// NewSystem draws up the page of the system.
func NewSystem(d Desk, c Checkup) System {
	p := d.Words
	s := System{Admin: d.admin("system", p.Say("admin.system_lead")), Came: NewSystemLine(p, c.Came), Alerts: NewSystemLine(p, c.Alerts), MayTest: c.MayTest, MayRetry: c.MayRetry}
	s.Script = "js/system.js"
	for _, sight := range c.Sights {
		if l := NewSystemLine(p, sight); sight.Level == "good" {
			s.Good = append(s.Good, l)
		} else {
			s.Todo = append(s.Todo, l)
		}
	}
	s.GoodSum = p.Say("admin.system_good", "n", len(s.Good))
	switch c.Told {
	case "yes":
		s.Done = p.Say("admin.system_told")
	case "no":
		s.Err = p.Say("admin.system_untold")
	case "retry":
		s.Retried = p.Say("admin.system_retried")
	}
	unseen := NewSystemLine(p, Sight{Level: "note", Code: "doctor.socket_unseen"})
	open := NewSystemLine(p, Sight{Level: "good", Code: "doctor.socket_here"})
	closed := NewSystemLine(p, Sight{Level: "bad", Code: "doctor.socket_closed"})
	unseen.ID, open.ID, closed.ID = "socket-unseen", "socket-open", "socket-closed"
	s.Socket = []SystemLine{unseen, open, closed}
	s.Scripts = static.Scripts()
	return s
}

// NewSystemLine draws up one thing that doctor found.
func NewSystemLine(p *words.Printer, s Sight) SystemLine {
	l := SystemLine{Level: s.Level, Label: p.Say("doctor.level_" + s.Level), Text: p.SayWith(s.Code, s.Args)}
	switch s.Level {
	case "good":
		l.Icon = "check"
		return l
	case "note":
		l.Icon = "eye"
	default:
		l.Icon = "warn"
	}
	l.Do = p.SayWith(s.Code+"_do", s.Args)
	return l
}
