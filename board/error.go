package board

import (
	"slices"
	"strings"
)

// Kind says what sort of refusal an Error is; handlers turn it into a status.
type Kind uint8

// The kinds of refusal.
const (
	Internal    Kind = iota // our fault
	Invalid                 // what was sent can't be taken as it is
	NotFound                // unknown, ended or not yours: never told apart
	Spent                   // was there for you once, and you have had it
	Closed                  // a board that is over
	Limited                 // too quick; Args["wait"] is a time.Duration
	Busy                    // more is waiting than we can write just now
	Full                    // no room on the disk
	Unsupported             // a kind of file that we don't take
	TooLarge                // more bytes than we take
	Shut                    // not now: out of sight, or locked
	Decided                 // somebody else was quicker
	Shuttered               // a board that its admins have closed for now
	Outside                 // behind a door that was not passed; Args["board"] says whose
	Denied                  // for who is signed in alone
	Forbidden               // for somebody else who is
	Overtaken               // somebody else was quicker
)

// Error is a refusal that a person or program will read. Code is a key of the
// catalogue; the sentence is written there, in the reader's language.
type Error struct {
	Kind   Kind
	Code   string
	Args   map[string]any
	Fields map[string]Problem // what is wrong, by the name of the form's field
	Err    error              // for the log, never shown
}

// Problem is what is wrong with one field.
type Problem struct {
	Code string
	Args map[string]any
}

// refusal is of a form whose fields say what is wrong.
func refusal() *Error {
	return &Error{Kind: Invalid, Code: "error.admin.form", Fields: map[string]Problem{}}
}

// refused says what is wrong with one field; args are pairs of name and value.
func refused(field, code string, args ...any) *Error {
	p := Problem{Code: code, Args: map[string]any{}}
	for i := 0; i+1 < len(args); i += 2 {
		p.Args[args[i].(string)] = args[i+1]
	}
	e := refusal()
	e.Fields[field] = p
	return e
}

// ErrNotFound is the one answer for unknown, ended and foreign.
var ErrNotFound = &Error{Kind: NotFound, Code: "error.gone"}

// ErrOpened says that a view-once post has been opened by this visitor.
var ErrOpened = &Error{Kind: Spent, Code: "error.opened"}

// Error is for logs: it names the code and the fields, never what was sent.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	fields := make([]string, 0, len(e.Fields))
	for name, p := range e.Fields {
		fields = append(fields, name+" "+p.Code)
	}
	slices.Sort(fields)
	if len(fields) > 0 {
		b.WriteString(" (" + strings.Join(fields, ", ") + ")")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
