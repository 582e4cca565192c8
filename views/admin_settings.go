package views

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mayfly/board"
	"mayfly/words"
)

// Tuned is what the page of settings is drawn from.
type Tuned struct {
	Board     string // "": all
	Settings  board.Settings
	Own       []string // in which the board differs
	Waits     map[string]Waits
	Saved     bool
	Unchanged bool

	// What a form was sent with, and why it was refused.
	Typed, Was map[string]string
	Unset      []string
	Errs       map[string]*board.UnfitError
	Unfit      *board.UnfitError // of several settings together
	Conflict   map[string]string // what another admin has set meanwhile
}

// Waits is how many asked for something within about an hour, and how many of them
// had to wait.
type Waits struct{ Waited, All int }

// WouldWait is how many would have waited at a planned rate in the busiest ten minutes of
// the last hour, and of how many.
type WouldWait struct{ Waiting, All int }

// Settings is the page of settings.
type Settings struct {
	Admin
	Boards    []Tab
	Board     string
	Note, Err string
	Groups    []KnobGroup
}

// KnobGroup is a panel of settings that belong together.
type KnobGroup struct {
	Title string
	Wide  bool
	Knobs []KnobField
}

// KnobField is one setting of the form.
type KnobField struct {
	Input
	Knob     string // its name
	Kind     board.KnobKind
	Was      string
	Low, Top string
	Choices  []Choice
	On       bool
	Means    string // what the value means just now
	Own      string // "this board alone", "" where it is as all
	Unset    bool   // it is to follow all again
	MayUnset bool
}

// The groups of settings, by what they are about. One that stands in no list is put by
// its kind.
var knobGroups = []struct {
	name  string
	wide  bool
	kinds []board.KnobKind
	knobs []string
}{
	{"life", true, []board.KnobKind{board.KnobLife}, []string{"vanish_score"}},
	{"pace", false, []board.KnobKind{board.KnobRate}, []string{"access", "board", "slow_seconds", "socket", "pow", "pow_bits", "careful", "shared_networks"}},
	{"may", false, []board.KnobKind{board.KnobOnOff, board.KnobChoice}, []string{"place_list", "backdrops"}},
	{"rest", false, []board.KnobKind{board.KnobWhole, board.KnobText}, []string{"alerts"}},
}

// groupOf is the number of a setting's group.
func groupOf(k board.Knob) int {
	for i, g := range knobGroups {
		if slices.Contains(g.knobs, k.Name) {
			return i
		}
	}
	return slices.IndexFunc(knobGroups, func(g struct {
		name  string
		wide  bool
		kinds []board.KnobKind
		knobs []string
	},
	) bool {
		return slices.Contains(g.kinds, k.Kind)
	})
}

// NewSettings draws up the page of settings.
func NewSettings(d Desk, t Tuned) Settings {
	p := d.Words
	out := Settings{Admin: d.admin("settings", p.Say("admin.settings_lead")), Board: t.Board, Boards: d.pick(t.Board, "/admin/settings")}
	switch {
	case t.Saved:
		out.Note = p.Say("admin.settings_saved")
	case t.Unchanged:
		out.Note = p.Say("admin.settings_unchanged")
	}
	if t.Unfit != nil {
		out.Err = unfitText(p, t.Unfit)
	}
	for _, g := range knobGroups {
		out.Groups = append(out.Groups, KnobGroup{Title: p.Say("admin.group." + g.name), Wide: g.wide})
	}
	for _, k := range board.Knobs {
		if k.Site && t.Board != "" || k.Kind == board.KnobLines {
			continue
		}
		g := &out.Groups[groupOf(k)]
		g.Knobs = append(g.Knobs, knobField(p, k, t))
	}
	out.Groups = slices.DeleteFunc(out.Groups, func(g KnobGroup) bool { return len(g.Knobs) == 0 })
	return out
}

// pick leads from one board's page of admins to another's, and to that of all.
func (d Desk) pick(slug, path string) []Tab {
	if len(d.Boards) < 2 && slug == "" {
		return nil
	}
	list := []Tab{{d.Words.Say("admin.all_boards"), path, slug == ""}}
	for _, b := range d.Boards {
		list = append(list, Tab{BoardTitle(d.Words, b), path + "?" + url.Values{"board": {b.Slug}}.Encode(), b.Slug == slug})
	}
	return list
}

func knobField(p *words.Printer, k board.Knob, t Tuned) KnobField {
	now := k.Get(t.Settings)
	f := KnobField{Knob: k.Name, Kind: k.Kind, Was: now, Low: bound(p, k, k.Min), Top: bound(p, k, k.Max)}
	f.ID, f.Name, f.Value = "s-"+k.Name, k.Name, now
	f.Label, f.Hint = knobLabel(p, k), knobHint(p, k)
	if typed, ok := t.Typed[k.Name]; ok {
		f.Value = typed
		if t.Conflict == nil {
			f.Was = t.Was[k.Name]
		}
	}
	if u := t.Errs[k.Name]; u != nil {
		f.Err = capital(unfitText(p, u))
	}
	if theirs, ok := t.Conflict[k.Name]; ok {
		f.Err = p.Say("admin.conflict", "theirs", asRead(p, k, theirs), "yours", asRead(p, k, f.Value))
	}
	f.On = f.Value == "on"
	for _, c := range k.Choices {
		f.Choices = append(f.Choices, Choice{c, p.Say("choice." + c), c == f.Value})
	}
	if t.Board != "" && slices.Contains(t.Own, k.Name) {
		f.Own, f.MayUnset, f.Unset = p.Say("admin.own"), true, slices.Contains(t.Unset, k.Name)
	}
	f.Means = means(p, k, t)
	return f
}

// unfitText is why a setting can't be had, in the reader's language: the same that
// commands print in English.
func unfitText(p *words.Printer, u *board.UnfitError) string {
	text := p.SayWith(u.Code, u.Args)
	if u.Name != "" {
		text = p.Say("unfit.setting", "name", u.Name, "value", u.Value, "text", text)
	}
	if u.Board != "" {
		text = p.Say("unfit.board", "board", u.Board, "text", text)
	}
	return text
}

// knobLabel is a setting's short name; one without is called as commands call it.
func knobLabel(p *words.Printer, k board.Knob) string {
	if key := "knob." + k.Name; p.Has(key) {
		return p.Say(key)
	}
	return k.Name
}

// knobHint says what a setting is about.
func knobHint(p *words.Printer, k board.Knob) string {
	if key := "hint." + k.Name; p.Has(key) {
		return p.Say(key)
	}
	return capital(p.Say("setting." + k.Name))
}

func bound(p *words.Printer, k board.Knob, value string) string {
	if d, err := board.ParseLife(value); k.Kind == board.KnobLife && err == nil {
		return p.Life(d)
	}
	if k.Kind == board.KnobWhole {
		return strings.Replace(value, "-", "−", 1)
	}
	return ""
}

// asRead is a value as people read it.
func asRead(p *words.Printer, k board.Knob, value string) string {
	switch d, err := board.ParseLife(value); {
	case k.Kind == board.KnobLife && err == nil:
		return p.Life(d)
	case (k.Kind == board.KnobOnOff || k.Kind == board.KnobChoice) && p.Has("choice."+value):
		return p.Say("choice." + value)
	case k.Kind == board.KnobRate && value == "0":
		return p.Say("admin.no_limit")
	}
	return excerpt(nothingAs(strings.Replace(value, "-", "−", 1)), valueLetters)
}

// hearts are how many the example of a life is given.
const hearts = 15

// means says what a value does, where that is not plain.
func means(p *words.Printer, k board.Knob, t Tuned) string {
	s := t.Settings
	switch k.Name {
	case "ttl_default":
		return p.Say("means.ttl_default", "life", s.TTLDefault)
	case "life_per_heart":
		return p.Say("means.life_per_heart", "n", hearts, "from", s.TTLDefault, "to", min(s.TTLMax, s.TTLDefault+hearts*s.LifePerHeart))
	case "vanish_score":
		return p.Say("means.vanish_score", "n", -s.VanishScore)
	}
	if w := t.Waits[k.Name]; w.All > 0 {
		return p.Say("means.waits", "waited", w.Waited, "all", w.All)
	}
	return ""
}

// careEffect is what another careful time would do now: nothing where a site has had none.
func careEffect(p *words.Printer, pl Planned) []string {
	switch {
	case pl.Careful > 0:
		return []string{p.Say("care_time.effect_on", "left", p.Spell(roughly(pl.Careful)))}
	case pl.Now.Cautious:
		return []string{p.Say("care_time.effect_over")}
	}
	return nil
}

func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// Planned is what a preview is drawn from.
type Planned struct {
	board.Adjustment
	Now, Then board.Settings
	Shortened board.Shortened
	TooMany   bool          // there is more than could be counted in time
	Careful   time.Duration // how long the site would be careful yet
	Waits     map[string]Waits
	WouldWait map[string]WouldWait // of the rates that would change
}

// Forecast is what a change of settings would do.
type Forecast struct {
	Admin
	Where   string
	Changes []PlannedChange
	Fields  []Hidden
}

// PlannedChange is one setting that would change.
type PlannedChange struct {
	Label, Old, New string
	Effects         []string
}

// NewForecast draws up what a change of settings would do.
func NewForecast(d Desk, pl Planned) Forecast {
	p := d.Words
	out := Forecast{Admin: d.admin("settings", p.Say("admin.preview_lead")), Where: p.Say("admin.all_boards")}
	if name := d.boardName(pl.Board); pl.Board != "" {
		out.Where = name
	}
	out.Fields = []Hidden{{"of", pl.Board}}
	for _, k := range board.Knobs {
		_, changes := pl.Values[k.Name]
		if !changes && !slices.Contains(pl.Unset, k.Name) {
			continue
		}
		c := PlannedChange{Label: knobLabel(p, k), Old: asRead(p, k, k.Get(pl.Now)), New: asRead(p, k, k.Get(pl.Then)), Effects: effects(p, k, pl)}
		out.Fields = append(out.Fields, Hidden{"was." + k.Name, pl.Seen[k.Name]}, Hidden{k.Name, k.Get(pl.Then)})
		if !changes {
			c.Effects = append(c.Effects, p.Say("admin.follows_all"))
			out.Fields = append(out.Fields, Hidden{"unset", k.Name})
		}
		out.Changes = append(out.Changes, c)
	}
	return out
}

// wouldWait says how many a rate would have made wait; below k nobody is counted out.
func wouldWait(p *words.Printer, w WouldWait, k int) string {
	switch {
	case w.All < k:
		return p.Say("effect.wait.unknown", "k", k)
	case w.Waiting == 0:
		return p.Say("effect.wait.nobody", "all", w.All)
	case w.Waiting < k:
		return p.Say("effect.wait.under", "k", k, "all", w.All)
	}
	return p.Say("effect.wait.some", "n", w.Waiting, "all", w.All)
}

// OnLives is what another ttl_max would do to what lives.
func (pl Planned) OnLives(p *words.Printer) []string {
	switch n := pl.Shortened; {
	case pl.TooMany:
		return []string{p.Say("effect.too_many")}
	case pl.Then.TTLMax > pl.Now.TTLMax:
		return []string{p.Say("effect.longer")}
	case n.Sooner > 0:
		return []string{ends(p, pl), p.Say("effect.sooner", "n", n.Sooner)}
	default:
		return []string{ends(p, pl)}
	}
}

func ends(p *words.Printer, pl Planned) string {
	return p.Say("effect.ends", "life", pl.Then.TTLMax, "ends", pl.Shortened.Ends, "all", strconv.Itoa(pl.Shortened.All))
}

// effects is what a change of one setting would do now.
func effects(p *words.Printer, k board.Knob, pl Planned) []string {
	var list []string
	switch k.Name {
	case "careful":
		list = careEffect(p, pl)
	case "ttl_max":
		list = pl.OnLives(p)
	}
	if w, asked := pl.WouldWait[k.Name]; asked {
		list = append(list, wouldWait(p, w, pl.Now.K))
	}
	if w := pl.Waits[k.Name]; w.All > 0 {
		list = append(list, p.Say("means.waits", "waited", w.Waited, "all", w.All))
	}
	return list
}
