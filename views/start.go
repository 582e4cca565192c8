package views

import (
	"cmp"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// StartForm names the forms of first choices in what is Kept of them.
const StartForm = "start"

// RefusingField says why a setting can't be had, beside its field.
func RefusingField(p *words.Printer, u *board.UnfitError) Refused {
	if u.Name == "" {
		return Refusing(p, u)
	}
	return Refused{Fields: map[string]string{u.Name: capital(p.SayWith(u.Code, u.Args)) + "."}}
}

// Start is what surrounds the pages of first choices.
type Start struct {
	Page
	Steps         []Step
	Heading, Lead string
	Err           string
}

// Step is one of the pages on the way to a board.
type Step struct {
	Text, Href string // no Href: it can't be gone to
	Current    bool
}

// start draws up what surrounds the page called step.
func (d Desk) start(step string, kept Kept) Start {
	p := d.Words
	heading := p.Say("start."+step, "site", d.site())
	s := Start{Page: d.page("start", heading), Heading: heading, Lead: p.Say("start." + step + "_lead"), Err: kept.err(StartForm)}
	s.Style, s.Manifest = "css/admin.css", "admin.webmanifest"
	s.Steps = startSteps(p, step)
	return s
}

// startSteps are the pages on the way, of which one is current.
func startSteps(p *words.Printer, current string) []Step {
	var list []Step
	for _, name := range []string{"key", "board", "life"} {
		list = append(list, Step{Text: p.Say("start.step_" + name), Current: name == current})
	}
	if current == "life" {
		list[1].Href = "/admin/start?step=board"
	}
	return list
}

// Option is one of several that are chosen from, with what it means.
type Option struct {
	Value, Text, Hint string
	Chosen            bool
}

// FirstBoard is what the first page of choices is drawn from.
type FirstBoard struct {
	Settings  board.Settings
	Set, Lang string // by which the host speaks
	HasPhrase bool   // something opens the board's door already
	Kept      Kept
}

// StartBoard is the first page of choices: what the board is, and for whom.
type StartBoard struct {
	Start
	Name, Contact Input
	Languages     []Choice
	Sets          []Option
	Access        []Option
	Phrase        Input // of the board's door

	LanguageErr, SetErr, AccessErr string
}

// NewStartBoard draws up the first page of choices.
func NewStartBoard(d Desk, c FirstBoard) StartBoard {
	p := d.Words
	out := StartBoard{Start: d.start("board", c.Kept)}
	out.Name = c.Kept.field(p, StartForm, Input{
		ID: "site_name", Name: "site_name", Label: p.Say("start.name"), Hint: p.Say("start.name_hint", "max", board.SiteNameMax), Value: c.Settings.SiteName, Auto: "off",
	})
	out.Contact = c.Kept.field(p, StartForm, Input{
		ID: "contact", Name: "contact", Label: p.Say("start.contact"), Hint: p.Say("start.contact_hint"), Value: c.Settings.Contact, Auto: "off", Optional: true,
	})
	lang, set := c.Kept.chosen("host_language", c.Lang), c.Kept.chosen("set", c.Set)
	access := c.Kept.chosen("access", string(c.Settings.Access))
	for _, a := range board.Accesses {
		name := string(a)
		out.Access = append(out.Access, Option{name, p.Say("start.access_" + name), p.Say("start.access_" + name + "_hint"), name == access})
	}
	hint := "start.phrase_hint"
	if c.HasPhrase {
		hint = "start.phrase_has"
	}
	out.Phrase = c.Kept.field(p, StartForm, Input{
		ID: "passphrase", Name: "passphrase", Label: p.Say("start.phrase"), Hint: p.Say(hint, "min", board.DoorPhraseMin), Auto: "off", Optional: true,
	})
	for _, name := range board.HostLanguages[1:] {
		out.Languages = append(out.Languages, Choice{Value: name, Text: words.In(name).Say("look.language"), Chosen: name == lang})
	}
	for _, name := range append(board.StarterSets[1:], "none") {
		out.Sets = append(out.Sets, Option{name, p.Say("start.set_" + name), p.Say("start.set_" + name + "_hint"), name == set})
	}
	wrong := c.Kept.Refused.Fields
	out.LanguageErr, out.SetErr, out.AccessErr = wrong["host_language"], wrong["question_set"], wrong["access"]
	return out
}

// chosen is the value of a field of which one of several is chosen.
func (k Kept) chosen(name, stands string) string {
	if k.Given == nil {
		return stands
	}
	return k.Given(name)
}

// Life is how long posts last, as the first choices offer it.
type Life struct {
	Name              string
	Min, Default, Max time.Duration
}

// Lives are those that are offered: the second is what a site has that chooses none.
var Lives = []Life{
	{"evening", time.Minute, 2 * time.Hour, 6 * time.Hour},
	{"days", time.Minute, 24 * time.Hour, 7 * 24 * time.Hour},
	{"weeks", time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour},
}

// FirstLife is what the second page of choices is drawn from.
type FirstLife struct {
	Settings board.Settings
	Set      string            // the starter set by which the host speaks
	Rules    string            // that stand
	Ready    map[string]string // those of the starter sets
	Kept     Kept
}

// StartLife is the second page of choices: how long posts last, and by which rules.
type StartLife struct {
	Start
	Lives     []Option
	Own       []Input // their bounds, in the host's own numbers
	RulesOf   []Option
	Ready     []Ready
	Rules     Input
	Snapshots []Option
	Errs      StartErrs
}

// Ready is a text that can be taken as it is.
type Ready struct {
	Title string
	Text  []Span
}

// StartErrs are what is wrong with fields of which one of several is chosen.
type StartErrs struct{ Rules, Snapshots string }

// NewStartLife draws up the second page of choices.
func NewStartLife(d Desk, c FirstLife) StartLife {
	p := d.Words
	out := StartLife{Start: d.start("life", c.Kept)}
	wrong := c.Kept.Refused.Fields
	life, names := "own", map[string]time.Duration{"ttl_min": c.Settings.TTLMin, "ttl_default": c.Settings.TTLDefault, "ttl_max": c.Settings.TTLMax}
	for _, l := range Lives {
		if (Life{l.Name, names["ttl_min"], names["ttl_default"], names["ttl_max"]}) == l {
			life = l.Name
		}
	}
	life = c.Kept.chosen("life", life)
	for _, l := range Lives {
		hint := p.Say("start.life_"+l.Name+"_hint", "default", capital(p.Spell(l.Default)), "max", p.Spell(l.Max))
		out.Lives = append(out.Lives, Option{l.Name, p.Say("start.life_" + l.Name), hint, l.Name == life})
	}
	out.Lives = append(out.Lives, Option{"own", p.Say("start.life_own"), p.Say("start.life_own_hint"), life == "own"})
	for _, name := range []string{"ttl_min", "ttl_default", "ttl_max"} {
		i := c.Kept.field(p, StartForm, Input{ID: name, Name: name, Label: p.Say("knob." + name), Value: board.FormatLife(names[name]), Auto: "off", Optional: true})
		out.Own = append(out.Own, i)
	}
	rulesOf := c.Kept.chosen("rules_of", rulesOf(c))
	for _, name := range board.StarterSets[1:] {
		out.RulesOf = append(out.RulesOf, Option{name, p.Say("start.rules_" + name), "", name == rulesOf})
		out.Ready = append(out.Ready, Ready{p.Say("start.rules_" + name), links(c.Ready[name])})
	}
	for _, name := range []string{"own", "none"} {
		out.RulesOf = append(out.RulesOf, Option{name, p.Say("start.rules_" + name), p.Say("start.rules_" + name + "_hint"), name == rulesOf})
	}
	own := c.Rules
	if rulesOf != "own" {
		own = ""
	}
	out.Rules = c.Kept.field(p, StartForm, Input{ID: "rules", Name: "rules", Label: p.Say("start.rules_text"), Hint: p.Say("start.rules_text_hint", "max", board.RulesMax), Value: own, Optional: true})
	chosen := c.Kept.chosen("snapshots", string(c.Settings.Snapshots))
	for _, name := range []board.Snapshots{board.SnapshotsNo, board.SnapshotsYes, board.SnapshotsUnknown} {
		out.Snapshots = append(out.Snapshots, Option{string(name), p.Say("start.snapshots_" + string(name)), p.Say("start.snapshots_" + string(name) + "_hint"), string(name) == chosen})
	}
	out.Errs = StartErrs{Rules: cmp.Or(wrong["rules_of"], out.Rules.Err), Snapshots: wrong["snapshots"]}
	return out
}

// rulesOf is where the rules that stand come from; where none stand, those of the set by
// which the host speaks are offered.
func rulesOf(c FirstLife) string {
	if c.Rules == "" {
		return c.Set
	}
	for name, text := range c.Ready {
		if strings.TrimSpace(text) == c.Rules {
			return name
		}
	}
	return "own"
}

// Chosen is what the page after the last choice is drawn from.
type Chosen struct {
	Settings board.Settings
	Lang     string // of the host's words
	Prompts  []board.Post
	Link     string // of the board, absolute
	Unwell   bool   // doctor has something to say
}

// SetOut is the page after the last choice: what there is, and what comes next.
type SetOut struct {
	Start
	Facts  []Fact
	Says   []Said
	Care   *CareBar // nil: the site is not careful
	Link   string
	Code   QR
	Door   string // how people come in; "": there is no door
	Way    string // to what opens it
	Checks string
	Unwell bool
}

// Said is a post of the host's.
type Said struct{ Kind, Text, Href string }

// saidLetters is how much of one is shown.
const saidLetters = 90

// NewSetOut draws up the page after the last choice.
func NewSetOut(d Desk, c Chosen) (SetOut, error) {
	p, s := d.Words, c.Settings
	out := SetOut{Start: d.start("done", Kept{}), Link: c.Link, Care: newCareBar(d), Unwell: c.Unwell}
	out.Steps = nil
	var err error
	if out.Code, err = newQR(c.Link); err != nil {
		return out, err
	}
	rules := p.Say("host.board.no_rules")
	if d.Board.Rules != "" {
		rules = excerpt(d.Board.Rules, saidLetters)
	}
	out.Facts = []Fact{
		{p.Say("knob.site_name"), s.SiteName, ""},
		{p.Say("start.access"), p.Say("start.access_" + string(s.Access)), ""},
		{p.Say("about.limit.life"), p.Say("about.limit.life_is", "min", s.TTLMin, "max", s.TTLMax, "default", s.TTLDefault), ""},
		{p.Say("board.rules"), rules, ""},
		{p.Say("knob.contact"), nothingAs(s.Contact), ""},
		{p.Say("knob.host_language"), words.In(c.Lang).Say("look.language"), ""},
		{p.Say("knob.snapshots"), capital(p.Say("choice." + string(s.Snapshots))), ""},
	}
	for _, post := range c.Prompts {
		kind := "prompt.question"
		if post.Prompt == board.Welcome {
			kind = "prompt.welcome"
		}
		out.Says = append(out.Says, Said{p.Say(kind), excerpt(post.Body, saidLetters), "/p/" + post.ID.String()})
	}
	if s.Access.HasDoor() {
		out.Door, out.Way = p.Say("start.door_"+string(s.Access)), hostBoardHref(board.Home)+"/door"
	}
	out.Checks = p.Say("start.checks_good")
	if c.Unwell {
		out.Checks = p.Say("start.checks_bad")
	}
	return out, nil
}

// CareBar says how long the careful time goes on, and ends it with one tap.
type CareBar struct{ Text, End string }

// newCareBar draws up the bar; nil where the site is not careful.
func newCareBar(d Desk) *CareBar {
	if d.Careful <= 0 {
		return nil
	}
	return &CareBar{d.Words.Say("care_time.on", "left", d.Words.Spell(roughly(d.Careful))), d.Words.Say("care_time.end")}
}

// roughly rounds what is left up to hours while there are many of them, else to minutes.
func roughly(left time.Duration) time.Duration {
	unit := time.Minute
	if left > 2*time.Hour {
		unit = time.Hour
	}
	return (left + unit - 1).Truncate(unit)
}
