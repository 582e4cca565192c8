package views

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// NewProblem draws up a refusal: a status, what was wrong (a key of the catalogue
// with its args, and one for each field), how long to wait (0: no use in it), and
// what was sent, to be sent again (nil: nothing).
func NewProblem(v Visit, status int, code string, args map[string]any, fields map[string]board.Problem, wait time.Duration, again *Again) Problem {
	p := v.Words
	out := Problem{
		Heading: problemTitle(p, status, code),
		Code:    strconv.Itoa(status),
		Text:    p.SayWith(code, args),
		Help:    problemHelp(p, status, code, again),
		Wait:    wholeSeconds(wait),
		Again:   again,
	}
	out.Page = v.page("problem", out.Heading)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		out.Fields = append(out.Fields, p.SayWith(fields[name].Code, fields[name].Args))
	}
	if out.Wait > 0 {
		out.WaitIn = p.Life(wait)
	}
	if status != http.StatusMisdirectedRequest && code != "error.unfinished" { // every address of this host is refused
		out.Link, out.LinkText = out.Home, p.Say("problem.home")
	}
	out.Footless = out.Link == ""
	return out
}

func problemTitle(p *words.Printer, status int, code string) string {
	if code == board.ErrClosed.Code {
		return p.Say("problem.closed.title")
	}
	switch code {
	case "error.outside":
		return p.Say("door.title")
	case board.ErrShut.Code:
		return p.Say("problem.shut.title")
	case "error.unfinished":
		return p.Say("problem.unfinished.title")
	case board.ErrReadOnly.Code, "error.raid_reply":
		return p.Say("problem.barred.title")
	case board.ErrHidden.Code:
		return p.Say("problem.hidden.title")
	}
	if code == board.ErrNotOwner.Code {
		return p.Say("problem.owner.title")
	}
	switch status {
	case http.StatusNotFound:
		return p.Say("problem.gone.title")
	case http.StatusTooManyRequests:
		return p.Say("problem.limited.title")
	case http.StatusServiceUnavailable:
		return p.Say("problem.busy.title")
	case http.StatusInsufficientStorage:
		return p.Say("problem.full.title")
	case http.StatusMisdirectedRequest:
		return p.Say("problem.host.title")
	case http.StatusForbidden:
		return p.Say("problem.origin.title")
	case http.StatusRequestEntityTooLarge:
		return p.Say("problem.too_large.title")
	}
	if status >= http.StatusInternalServerError {
		return p.Say("problem.internal.title")
	}
	return p.Say("problem.refused.title")
}

// problemHelp is what would do, where the sentence of the refusal does not say so.
func problemHelp(p *words.Printer, status int, code string, again *Again) string {
	if code == board.ErrShut.Code {
		return p.Say("problem.shut.help")
	}
	if code == "error.unfinished" {
		return ""
	}
	if again != nil && again.Body != "" {
		return p.Say("problem.words_kept")
	}
	switch status {
	case http.StatusServiceUnavailable:
		return p.Say("problem.busy.help")
	case http.StatusInsufficientStorage:
		return p.Say("problem.full.help")
	}
	return ""
}
