package views

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// Desk is what every page of admins needs of its request.
type Desk struct {
	Visit
	Me      board.Admin
	Waiting int // how many cases are in the queue
	Claims  int // how many claims nobody has decided
	Storms  []board.Storm
	Careful time.Duration // how much longer the site is careful
	Choices bool          // the first choices wait for this admin

	Forwarded bool // a proxy that is not trusted has lately spoken

	Certificate *Sight // what is wrong with it; nil: nothing
	Lost        int    // posts whose keys were not there at the start
}

// Admin is what surrounds every page of admins.
type Admin struct {
	Page
	Heading string
	Lead    string
	Nav     []AdminLink
	Bar     *RaidBar // nil: it is not on this page
	Care    *CareBar // nil: it is not, or the site is not careful
	Choices bool     // the first choices wait for who reads it
	Banner  string   // what is wrong with the way here; ""
}

// AdminLink leads to one of the admins' pages.
type AdminLink struct {
	Name, Href, Icon, Text string
	Count                  string // of what waits there; "": nothing does
	Current                bool
}

// FirstAdminPage is where admins look first.
const FirstAdminPage = "/admin/queue"

// adminPages are the pages of admins, in the order of their navigation: the key of
// their name is admin.nav.NAME.
var adminPages = []AdminLink{
	{Name: "queue", Href: "/admin/queue", Icon: "flag"},
	{Name: "claims", Href: "/admin/notices", Icon: "send"},
	{Name: "raid", Href: "/admin/raid", Icon: "warn"},
	{Name: "settings", Href: "/admin/settings", Icon: "sliders"},
	{Name: "words", Href: "/admin/words", Icon: "filter"},
	{Name: "boards", Href: "/admin/boards", Icon: "boards"},
	{Name: "log", Href: "/admin/log", Icon: "clock"},
	{Name: "system", Href: "/admin/system", Icon: "eye"},
	{Name: "admins", Href: "/admin/admins", Icon: "shield"},
	{Name: "keys", Href: "/admin/keys", Icon: "key"},
	{Name: "account", Href: "/admin/account", Icon: "lock"},
}

// admin draws up what surrounds the page called name, which says in lead what it is
// for.
func (d Desk) admin(name, lead string) Admin {
	title := d.Words.Say("admin.nav." + name)
	a := Admin{Page: d.page("admin", title), Heading: title, Lead: lead, Choices: d.Choices}
	a.Style, a.Manifest = "css/admin.css", "admin.webmanifest"
	switch {
	case name == "system": // says so itself
	case d.Forwarded:
		a.Banner = d.Words.Say("doctor.proxy_seen") + " " + d.Words.Say("doctor.proxy_seen_do")
	case d.Certificate != nil:
		a.Banner = d.Words.SayWith(d.Certificate.Code, d.Certificate.Args) + " " + d.Words.SayWith(d.Certificate.Code+"_do", d.Certificate.Args)
	case d.Lost > 0:
		a.Banner = d.Words.Say("doctor.keys_lost", "n", d.Lost) + " " + d.Words.Say("doctor.keys_lost_do")
	case d.Settings.Contact == "":
		a.Banner = d.Words.Say("doctor.contact_none") + " " + d.Words.Say("doctor.contact_none_do")
	}
	switch name {
	case "queue", "settings", "raid":
		a.Bar, a.Care = newRaidBar(d), newCareBar(d)
	}
	for _, l := range adminPages {
		l.Text, l.Current = d.Words.Say("admin.nav."+l.Name), l.Name == name
		if l.Name == "queue" && d.Waiting > 0 {
			l.Count = strconv.Itoa(d.Waiting)
		}
		if l.Name == "claims" && d.Claims > 0 {
			l.Count = strconv.Itoa(d.Claims)
		}
		a.Nav = append(a.Nav, l)
	}
	return a
}

// Refused is what was wrong with a form: all of it, or its fields by name.
type Refused struct {
	All    string
	Fields map[string]string
}

// NewRefused draws up a refusal.
func NewRefused(p *words.Printer, code string, args map[string]any, fields map[string]board.Problem) Refused {
	r := Refused{Fields: map[string]string{}}
	for name, f := range fields {
		r.Fields[name] = p.SayWith(f.Code, f.Args)
	}
	if len(fields) == 0 {
		r.All = p.SayWith(code, args)
	}
	return r
}

// Sentence is all that is wrong, in one line.
func (r Refused) Sentence() string {
	all := []string{}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		all = append(all, r.Fields[name])
	}
	if r.All != "" {
		all = append(all, r.All)
	}
	return strings.Join(all, " ")
}

// Input is a field of a form of admins.
type Input struct {
	ID, Name, Label, Hint, Err, Value string
	Type                              string // "": text
	Auto                              string // autocomplete
	Optional                          bool
	Focus                             bool   // it is what the page is for
	Now                               string // what stands there by now, when somebody else was quicker
}

func (i Input) describedBy() string {
	var ids []string
	if i.Hint != "" {
		ids = append(ids, i.ID+"-hint")
	}
	if i.Now != "" {
		ids = append(ids, i.ID+"-now")
	}
	if i.Err != "" {
		ids = append(ids, i.ID+"-err")
	}
	return strings.Join(ids, " ")
}

// passphrase is the field that asks an admin for theirs; id tells forms of one page
// apart.
func passphrase(p *words.Printer, id, err string) Input {
	return Input{ID: id, Name: "passphrase", Label: p.Say("admin.passphrase"), Type: "password", Auto: "current-password", Err: err}
}

// Knock is what the door is drawn from.
type Knock struct {
	To, Name string
	Carried  *Carried // a form that was on its way; nil: none
	Refused  Refused
}

// Login is the door.
type Login struct {
	Page
	To     string
	Err    string
	Says   string // what became of a form that was on its way; "": there was none
	Fields []Input
	Hidden []Hidden
}

// NewLogin draws up the door.
func NewLogin(v Visit, k Knock) Login {
	p := v.Words
	l := Login{Page: v.page("door", p.Say("admin.door")), To: k.To, Err: k.Refused.All}
	l.Manifest = "admin.webmanifest"
	l.Style = "css/admin.css"
	if l.Hidden = k.Carried.Waiting(); l.Hidden != nil {
		l.Says = p.Say("carried.waits")
	}
	l.Fields = []Input{
		{ID: "name", Name: "name", Label: p.Say("admin.name"), Value: k.Name, Auto: "username"},
		passphrase(p, "passphrase", ""),
		{ID: "code", Name: "code", Label: p.Say("admin.code"), Hint: p.Say("admin.code_if"), Type: "code", Auto: "one-time-code", Optional: true},
	}
	return l
}

// Arrival is what the page of a setup link is drawn from.
type Arrival struct {
	Owner       bool
	Token, Name string
	Seed        board.Seed
	Refused     Refused
}

// Codes is a seed as a phone takes it.
type Codes struct {
	Seed  string // as a form sends it back
	Shown string // in groups of four
	Link  string // otpauth://
	Code  QR
}

// Setup is the page of a setup link.
type Setup struct {
	Page
	Heading, Lead string
	Steps         []Step // of an owner
	Do            string // the words of its button
	Token, Err    string
	Who           []Input
	Codes         Codes
	Code          Input
}

// NewSetup draws up the page of a setup link.
func NewSetup(v Visit, a Arrival) (Setup, error) {
	p := v.Words
	heading, lead, do := p.Say("admin.join"), p.Say("admin.join_lead"), p.Say("admin.join_do")
	if a.Owner {
		heading, lead, do = p.Say("admin.setup"), p.Say("admin.setup_lead"), p.Say("admin.setup_do")
	}
	codes, err := newCodes(a.Seed, a.Name)
	if err != nil {
		return Setup{}, err
	}
	s := Setup{Page: v.page("door", heading), Heading: heading, Lead: lead, Do: do, Token: a.Token, Err: a.Refused.All, Codes: codes}
	s.Manifest = "admin.webmanifest"
	s.Style = "css/admin.css"
	if a.Owner {
		s.Steps = startSteps(p, "key")
	}
	wrong := a.Refused.Fields
	s.Who = []Input{
		{ID: "name", Name: "name", Label: p.Say("admin.name"), Hint: p.Say("admin.name_hint"), Value: a.Name, Auto: "username", Err: wrong["name"]},
		newPassphrase(p, "passphrase", wrong["passphrase"]),
	}
	s.Code = codeInput(p, wrong["code"])
	s.Code.Optional = true
	return s, nil
}

func newPassphrase(p *words.Printer, name, err string) Input {
	return Input{
		ID: "new-" + name, Name: name, Label: p.Say("admin.new_passphrase"), Hint: p.Say("admin.new_passphrase_hint", "min", board.PassphraseMin),
		Type: "password", Auto: "new-password", Err: err,
	}
}

func codeInput(p *words.Printer, err string) Input {
	return Input{ID: "code", Name: "code", Label: p.Say("admin.code_now"), Type: "code", Auto: "one-time-code", Err: err}
}

func newCodes(seed board.Seed, name string) (Codes, error) {
	text := seed.String()
	label := "Mayfly"
	if name != "" {
		label += ":" + name
	}
	link := "otpauth://totp/" + url.PathEscape(label) + "?secret=" + text + "&issuer=Mayfly"
	code, err := newQR(link)
	if err != nil {
		return Codes{}, err
	}
	var groups []string
	for i := 0; i < len(text); i += 4 {
		groups = append(groups, text[i:min(i+4, len(text))])
	}
	return Codes{Seed: text, Shown: strings.Join(groups, " "), Link: link, Code: code}, nil
}

// Staff is what the list of admins is drawn from.
type Staff struct {
	Admins  []board.Admin
	Link    string // of an invitation that was just made
	Removed bool   // somebody just was
	Refused Refused
	Of      string // the admin whose removal was refused; "": the invitation was
}

// Admins is the list of admins.
type Admins struct {
	Admin
	List   []AdminRow
	Link   string
	Done   string
	Owner  bool // its reader is
	Invite Input
	Err    string
}

// AdminRow is one admin of the list.
type AdminRow struct {
	Name   string
	What   string // owner, one-time codes
	Remove Input  // the passphrase that removing asks for; no ID: nobody may
	Open   bool   // removing was refused
	Err    string
}

// NewAdmins draws up the list of admins.
func NewAdmins(d Desk, s Staff) Admins {
	p := d.Words
	out := Admins{Admin: d.admin("admins", p.Say("admin.admins_lead")), Link: s.Link, Owner: d.Me.Owner}
	if s.Removed {
		out.Done = p.Say("admin.removed")
	}
	wrong := func(of string) (string, string) {
		if s.Of != of {
			return "", ""
		}
		return s.Refused.Fields["passphrase"], s.Refused.All
	}
	var err string
	err, out.Err = wrong("")
	out.Invite = passphrase(p, "invite", err)
	for i, a := range s.Admins {
		what := []string{}
		if a.Owner {
			what = append(what, p.Say("admin.is_owner"))
		}
		if a.Name == d.Me.Name {
			what = append(what, p.Say("admin.is_you"))
		}
		if a.Seed != nil {
			what = append(what, p.Say("admin.has_codes"))
		}
		row := AdminRow{Name: a.Name, What: strings.Join(what, " · ")}
		if d.Me.Owner && !a.Owner {
			err, row.Err = wrong(a.Name)
			row.Remove, row.Open = passphrase(p, fmt.Sprintf("remove-%d", i), err), err+row.Err != ""
		}
		out.List = append(out.List, row)
	}
	return out
}

// Keyring is what an admin's own page is drawn from.
type Keyring struct {
	Seed    board.Seed
	Refused Refused
	Of      string // the form that was refused: passphrase or codes
	Done    string // the one that was taken
}

// Account is an admin's own page.
type Account struct {
	Admin
	Done       string
	Passphrase []Input
	Codes      Codes
	On         bool // codes are asked for
	CodeFields []Input
	Off        Input

	PassphraseErr, CodesErr string
}

// NewAccount draws up an admin's own page.
func NewAccount(d Desk, k Keyring) (Account, error) {
	p := d.Words
	codes, err := newCodes(k.Seed, d.Me.Name)
	if err != nil {
		return Account{}, err
	}
	a := Account{Admin: d.admin("account", p.Say("admin.account_lead", "name", d.Me.Name)), Codes: codes, On: d.Me.Seed != nil}
	of := func(form string) Refused {
		if form == k.Of {
			return k.Refused
		}
		return Refused{}
	}
	first, second := of("passphrase"), of("codes")
	a.PassphraseErr, a.CodesErr = first.All, second.All
	a.Passphrase = []Input{passphrase(p, "was", first.Fields["passphrase"]), newPassphrase(p, "next", first.Fields["next"])}
	a.CodeFields = []Input{codeInput(p, second.Fields["code"]), passphrase(p, "codes-passphrase", second.Fields["passphrase"])}
	a.Off = passphrase(p, "off-passphrase", second.Fields["passphrase"])
	switch k.Done {
	case "passphrase":
		a.Done = p.Say("admin.passphrase_done")
	case "codes":
		a.Done = p.Say("admin.codes_done")
	}
	return a, nil
}

// Log is what admins have done.
type Log struct {
	Admin
	Lines []LogLine
	Older string // the way to what was before; "": nothing
}

// LogLine is one thing that was done.
type LogLine struct {
	Ago, ISO     string
	By, What     string
	Board, Where string // of which board, and the way to it
	Reason       string
	Undo         string // the number of an entry that can be rolled back, or ""
}

// NewLog draws up the log, at most most lines of it.
func NewLog(d Desk, entries []board.Entry, most int) Log {
	p := d.Words
	l := Log{Admin: d.admin("log", p.Say("admin.log_lead"))}
	if len(entries) > most {
		entries = entries[:most]
		l.Older = "/admin/log?before=" + strconv.FormatInt(entries[most-1].Seq, 10)
	}
	for _, e := range entries {
		ago := max(0, d.Now.Sub(e.At))
		line := LogLine{
			Ago: p.Say("admin.ago", "time", ago), ISO: iso(ago),
			By: doneBy(p, e.By), What: whatWasDone(p, e), Reason: reasonSaid(p, e.Reason),
		}
		if _, err := board.FindKnob(e.Subject); err == nil && e.Action == board.ActSetting {
			line.Undo = strconv.FormatInt(e.Seq, 10)
		}
		if e.Board != "" {
			line.Board, line.Where = e.Board, boardHref(e.Board)
		}
		l.Lines = append(l.Lines, line)
	}
	return l
}

// reasonSaid is a reason as people read it: one of those of reports, or free words.
func reasonSaid(p *words.Printer, reason string) string {
	if r, err := board.ParseReason(reason); err == nil {
		return ReasonText(p, r)
	}
	return reason
}

// doneBy is who did it: an admin, or a command.
func doneBy(p *words.Printer, name string) string {
	switch name {
	case "cli":
		return p.Say("admin.by_cli")
	case "start":
		return p.Say("admin.by_start")
	}
	return name
}

// valueLetters is how much of a setting's value stands in the log.
const valueLetters = 60

// whatWasDone says what was done, in the words of audit.ACTION.
func whatWasDone(p *words.Printer, e board.Entry) string {
	key := "audit." + string(e.Action)
	switch {
	case e.Unset:
		key = "audit.unset"
	case e.Action == board.ActClaim:
		key += "." + e.Subject
	}
	if !p.Has(key) {
		return string(e.Action) + " " + e.Subject
	}
	return p.SayWith(key, map[string]any{
		"subject": subjectSaid(p, e), "old": excerpt(nothingAs(e.Old), valueLetters), "new": excerpt(nothingAs(e.New), valueLetters),
	})
}

// subjectSaid is what it was done to: a setting by the name that its page gives it.
func subjectSaid(p *words.Printer, e board.Entry) string {
	if k, err := board.FindKnob(e.Subject); err == nil && e.Action == board.ActSetting {
		return knobLabel(p, k)
	}
	return e.Subject
}

// nothingAs shows an empty value.
func nothingAs(value string) string {
	if value == "" {
		return "–"
	}
	return value
}
