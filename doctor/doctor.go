// Package doctor looks at the machine Mayfly runs on, and at the way to it, for what
// would break a promise: keys on a disk that keeps copies, swap, a proxy that does not
// pass sockets on. It opens no key and no post, and knows nothing of either.
package doctor

import (
	"strconv"
	"time"
)

// Level is how much a Finding matters.
type Level uint8

// The levels, least first.
const (
	Good    Level = iota
	Note          // good to know
	Warning       // something that is promised may not hold
	Bad           // something does not work
)

func (l Level) String() string { return [...]string{"good", "note", "warning", "bad"}[l] }

// Finding is one thing that was looked at. What is and, unless all is good, what to
// do are sentences in the catalogue: Code, and Code with "_do".
type Finding struct {
	Level Level
	Code  string
	Args  map[string]any
}

// Worst is the highest level among the findings.
func Worst(list []Finding) Level {
	worst := Good
	for _, f := range list {
		worst = max(worst, f.Level)
	}
	return worst
}

func good(code string, args ...any) Finding { return finding(Good, code, args) }
func note(code string, args ...any) Finding { return finding(Note, code, args) }
func warn(code string, args ...any) Finding { return finding(Warning, code, args) }
func bad(code string, args ...any) Finding  { return finding(Bad, code, args) }

// finding takes pairs of name and value.
func finding(l Level, code string, args []any) Finding {
	f := Finding{Level: l, Code: code, Args: make(map[string]any, len(args)/2)}
	for i := 0; i+1 < len(args); i += 2 {
		name, _ := args[i].(string)
		f.Args[name] = args[i+1]
	}
	return f
}

// clockSlack is how far two clocks of one machine may be apart: one is adjusted while
// the other runs on.
const clockSlack = time.Minute

// Clock compares the wall clock with board time: the latest that was saved or, where a
// server runs, its own.
func Clock(wall, board time.Time, running bool) Finding {
	switch apart := wall.Sub(board); {
	case board.IsZero():
		return note("doctor.clock_new")
	case apart < -clockSlack:
		return warn("doctor.clock_behind", "apart", -apart)
	case running && apart > clockSlack:
		return warn("doctor.clock_stepped", "apart", apart)
	}
	return good("doctor.clock")
}

// Alerts says whether hosts are told that something waits for them, from how many
// places they are told by, and how many of those did not take the last one.
func Alerts(receivers, failing int) Finding {
	switch {
	case receivers == 0:
		return note("doctor.alerts_none")
	case failing > 0:
		return bad("doctor.alerts_fail")
	}
	return good("doctor.alerts")
}

// size writes bytes in whole units.
func size(n uint64) string {
	const kb = 1 << 10
	switch {
	case n >= 10*kb*kb*kb:
		return strconv.FormatUint(n/(kb*kb*kb), 10) + " GB"
	case n >= kb*kb:
		return strconv.FormatUint(n/(kb*kb), 10) + " MB"
	}
	return strconv.FormatUint(n/kb, 10) + " kB"
}
