package views

import (
	"time"

	"mayfly/board"
	"mayfly/words"
)

// RaidBar says whether raid mode is on, and turns it on or off with one tap.
type RaidBar struct {
	Words *words.Printer
	Calm  string // where it is off
	On    []RaidOn
	Times []Choice
}

// RaidOn is raid mode on one board, or on all.
type RaidOn struct {
	Board string // "": all
	Text  string // "Raid mode is on, on all boards: 24 min left"
	Off   string
}

// raidTimes are what the bar offers.
var raidTimes = []time.Duration{30 * time.Minute, 2 * time.Hour}

// newRaidBar draws up the bar.
func newRaidBar(d Desk) *RaidBar {
	p := d.Words
	bar := &RaidBar{Words: p, Calm: p.Say("raid.calm")}
	for _, s := range d.Storms {
		left := s.Until.Sub(d.Now)
		on := RaidOn{Board: s.Board, Text: p.Say("raid.on", "left", left), Off: p.Say("raid.off")}
		if s.Board != "" {
			on.Text = p.Say("raid.on_board", "board", s.Board, "left", left)
		}
		bar.On = append(bar.On, on)
	}
	for _, t := range raidTimes {
		bar.Times = append(bar.Times, Choice{Value: board.FormatLife(t), Text: p.Say("raid.start", "time", t)})
	}
	return bar
}

// Defence is what the page of raids is drawn from.
type Defence struct {
	Asked *Undoing // an undo that waits for a yes
	Done  string   // what has been done: undo or ban
	Ended int
	Post  string // as it was typed
	Err   string
}

// Undoing is an undo that was asked for.
type Undoing struct {
	Board, Within string
	Do, Post      string
	Posts         int
	Replies       int // in threads that stay
}

// Raid is the page of raids.
type Raid struct {
	Admin
	Err, Done string
	Does      string // what raid mode is
	Asked     string // "This would end 37 posts …"; "": nothing was asked
	Confirm   string
	Fields    []Hidden
	Boards    []Choice
	Windows   []Choice
	Post      string
}

// undoWindows are the times that may be undone.
var undoWindows = []time.Duration{10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour}

// wouldEnd says how much an undo would end.
func wouldEnd(p *words.Printer, u Undoing) string {
	switch {
	case u.Replies == 0:
		return p.Say("raid.ends", "n", u.Posts)
	case u.Posts == 0:
		return p.Say("raid.ends_replies", "n", u.Replies)
	}
	return p.Say("raid.ends", "n", u.Posts) + " " + p.Say("raid.ends_also", "n", u.Replies)
}

// NewRaid draws up the page of raids.
func NewRaid(d Desk, at Defence) Raid {
	p := d.Words
	out := Raid{Admin: d.admin("raid", p.Say("raid.lead")), Does: p.Say("raid.does", "ttl", board.StormTTL), Err: at.Err, Post: at.Post}
	switch at.Done {
	case "undo":
		out.Done = p.Say("raid.undone", "n", at.Ended)
	case "ban":
		out.Done = p.Say("raid.banned")
	}
	chosen := ""
	if u := at.Asked; u != nil {
		out.Asked, out.Confirm, out.Post = wouldEnd(p, *u), p.Say("raid.confirm", "n", u.Posts+u.Replies), u.Post
		out.Fields = []Hidden{{"board", u.Board}, {"within", u.Within}, {"do", u.Do}, {"post", u.Post}, {"apply", "1"}}
		chosen = u.Board
	}
	for _, b := range d.Boards {
		out.Boards = append(out.Boards, Choice{Value: b.Slug, Text: BoardTitle(p, b), Chosen: b.Slug == chosen})
	}
	for _, w := range undoWindows {
		out.Windows = append(out.Windows, Choice{Value: board.FormatLife(w), Text: p.Say("raid.last", "time", w)})
	}
	return out
}
