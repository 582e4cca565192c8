package views

import (
	"strconv"
	"strings"

	"mayfly/board"
	"mayfly/words"
)

// Lexicon is what the page of words is drawn from.
type Lexicon struct {
	Filters  []board.Filter
	Settings board.Settings
	Trial    *board.Trial // what Tried would do; nil: none was tried
	Tried    board.Filter
	Done     string
	Kept     Kept // of the form "add", "remove" or "heed"
}

// Filters lists the host's filters, adds one, and says what else is done about words.
type Filters struct {
	Admin
	Done            string
	Count           string
	List            []FilterRow
	RemoveErr       string
	Text, Sample    Input
	Pattern         bool
	Actions, Boards []Choice
	AddErr          string
	Trial           []string
	Heed            Heed
}

// FilterRow is one filter of the list.
type FilterRow struct {
	Number, Text, Action string
	Kind                 string // "Pattern", or ""
	Harm                 bool
	Board                string // "": all
	Remove               string
}

// Heed is the form that says what is done about words beside the filters.
type Heed struct {
	Err         string
	Doxx        []Choice
	Nudge, Care Input
	Was         []Hidden
	Now         string
}

// NewLexicon draws up the page of words.
func NewLexicon(d Desk, l Lexicon) Filters {
	p := d.Words
	out := Filters{Admin: d.admin("words", p.Say("filter.lead")), Count: p.Say("filter.none")}
	if n := len(l.Filters); n > 0 {
		out.Count = p.Say("filter.count", "n", n)
	}
	if key := "filter.done." + l.Done; l.Done != "" && p.Has(key) {
		out.Done = p.Say(key)
	}
	for _, f := range l.Filters {
		out.List = append(out.List, filterRow(d, f))
	}
	if l.Kept.Of == "remove" {
		out.RemoveErr = l.Kept.Refused.Sentence()
	}
	out.form(d, l)
	out.Heed = newHeed(p, l)
	return out
}

func filterRow(d Desk, f board.Filter) FilterRow {
	p := d.Words
	row := FilterRow{
		Number: strconv.FormatInt(f.Number, 10), Text: f.Text, Action: p.Say("filter.action." + string(f.Action)),
		Harm: f.Action == board.Block || f.Action == board.Hold, Remove: p.Say("filter.remove", "text", f.Text),
	}
	if f.Pattern {
		row.Kind = p.Say("filter.is_pattern")
	}
	for _, b := range d.Boards {
		if b.Slug == f.Board {
			row.Board = BoardTitle(p, b)
		}
	}
	if row.Board == "" {
		row.Board = f.Board
	}
	return row
}

// form fills in the form that adds a filter, or tries it.
func (out *Filters) form(d Desk, l Lexicon) {
	p, k := d.Words, l.Kept
	out.Text = k.field(p, "add", Input{ID: "text", Name: "text", Label: p.Say("filter.text"), Hint: p.Say("filter.text_hint"), Auto: "off"})
	out.Sample = k.field(p, "add", Input{ID: "sample", Name: "sample", Label: p.Say("filter.sample"), Optional: true})
	out.Pattern = k.ticked("add", "pattern", false)
	action, slug := string(board.Hold), ""
	if k.Given != nil && k.Of == "add" {
		action, slug = k.Given("action"), k.Given("board")
		out.AddErr = k.Refused.All + k.Refused.Fields["action"] + k.Refused.Fields["board"]
	}
	for _, a := range board.FilterActions {
		out.Actions = append(out.Actions, Choice{Value: string(a), Text: p.Say("filter.action." + string(a)), Chosen: string(a) == action})
	}
	out.Boards = []Choice{{Text: p.Say("admin.all_boards"), Chosen: slug == ""}}
	for _, b := range d.Boards {
		out.Boards = append(out.Boards, Choice{Value: b.Slug, Text: BoardTitle(p, b), Chosen: b.Slug == slug})
	}
	if l.Trial != nil {
		out.Trial = trialSays(p, *l.Trial, l.Tried, out.Sample.Value != "")
	}
}

// trialSays says what a filter would do, to a sample if there was one.
func trialSays(p *words.Printer, t board.Trial, f board.Filter, sample bool) []string {
	var list []string
	switch {
	case len(t.Words) > 0:
		list = append(list, p.Say("filter.trial_hits", "action", p.Say("filter.action."+string(f.Action)), "words", excerpt(strings.Join(t.Words, ", "), valueLetters)))
	case sample:
		list = append(list, p.Say("filter.trial_misses"))
	}
	list = append(list, p.Say("filter.trial_living", "hits", t.Hits, "n", t.Of))
	if !t.Whole {
		list = append(list, p.Say("filter.trial_some"))
	}
	return list
}

func newHeed(p *words.Printer, l Lexicon) Heed {
	s, k := l.Settings, l.Kept
	h := Heed{Err: k.err("heed")}
	for _, name := range []string{"doxx", "nudge", "care_card"} {
		h.Was = append(h.Was, Hidden{Name: "was." + name, Value: knobValue(name, s)})
	}
	h.Nudge = k.field(p, "heed", Input{ID: "nudge", Name: "nudge", Label: p.Say("knob.nudge"), Hint: p.Say("filter.nudge_hint", "max", board.NudgeMax), Value: s.Nudge, Optional: true})
	h.Care = k.field(p, "heed", Input{ID: "care_card", Name: "care_card", Label: p.Say("knob.care_card"), Hint: p.Say("filter.care_hint", "max", board.CareMax), Value: s.CareCard, Optional: true})
	chosen := s.Doxx
	if k.Given != nil && k.Of == "heed" {
		chosen = board.Doxx(k.Given("doxx"))
		if _, other := k.Now["doxx"]; other {
			h.Now = p.Say("host.now", "value", p.Say("knob.doxx")+": "+p.Say("choice."+string(s.Doxx)))
		}
	}
	for _, d := range []board.Doxx{board.DoxxOff, board.DoxxAsk, board.DoxxForbid} {
		h.Doxx = append(h.Doxx, Choice{Value: string(d), Text: p.Say("choice." + string(d)), Chosen: d == chosen})
	}
	return h
}
