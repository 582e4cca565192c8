package views

import (
	"strings"

	"mayfly/board"
	"mayfly/words"
)

// LawPage is a page of facts or texts that the law asks for.
type LawPage struct {
	Page
	Heading  string
	Lead     string
	Text     []Span // the host's own; none: Sections
	Sections []Section
	Facts    []Ledger
}

// Ledger is a heading with a list of facts.
type Ledger struct {
	Heading, Lead string
	Facts         []Fact
}

// NewContact draws up how the host is reached.
func NewContact(v Visit) LawPage {
	p := v.Words
	out := v.law(p.Say("law.contact"), "contact")
	out.Lead = p.Say("law.contact_lead")
	if out.Text = contact(v.Settings.Contact); v.Settings.Contact == "" {
		out.Text, out.Sections = nil, []Section{{Paragraphs: []string{p.Say("law.contact_none")}}}
	}
	out.Sections = append(out.Sections, Section{p.Say("law.contact_law"), []string{p.Say("law.contact_notice"), p.Say("law.contact_danger"), p.Say("law.contact_gone")}})
	return out
}

// law draws up what surrounds such a page.
func (v Visit) law(title, entry string) LawPage {
	out := LawPage{Page: v.page("about", title), Heading: title}
	out.Entry = entry
	return out
}

// NewTerms draws up the host's terms or, while there are none, what follows from the
// settings in force.
func NewTerms(v Visit) LawPage {
	p, s := v.Words, v.Settings
	out := v.law(p.Say("law.terms"), "terms")
	if out.Text = links(s.Terms); len(out.Text) > 0 {
		return out
	}
	out.Lead = p.Say("terms.lead")
	who := p.Say("terms.who")
	if s.AgeNotice != board.AgeOff {
		who += " " + p.Say("age.text", "age", string(s.AgeNotice))
	}
	out.Sections = []Section{
		{p.Say("terms.here"), []string{who, p.Say("terms.yours")}},
		{p.Say("terms.lives"), []string{
			p.Say("terms.life", "min", s.TTLMin, "max", s.TTLMax, "default", s.TTLDefault),
			p.Say("terms.vanish", "score", s.VanishScore), p.Say("terms.hide", "n", s.ReportsToHide),
		}},
		{p.Say("terms.not_here"), []string{p.Say("terms.not_list"), p.Say("terms.law")}},
		{p.Say("terms.removed"), []string{p.Say("terms.how"), p.Say("terms.log"), p.Say("terms.redress")}},
		{p.Say("terms.as_is"), []string{p.Say("terms.none"), p.Say("terms.change")}},
	}
	out.Facts = []Ledger{{p.Say("about.limits"), p.Say("about.limits_rest"), limitFacts(p, s)}}
	return out
}

// Hosting is how a server was started, as far as visitors may know it.
type Hosting struct {
	TLS     bool     // this visitor came by TLS
	Proxied bool     // a proxy is believed
	Onion   bool     // there is an onion service
	ByOnion bool     // and this visitor came by it
	Alerts  []string // kinds of receivers: ntfy, slack, matrix, mail
	Tables  []string // of the database
}

// NewPrivacy draws up what is kept, why and for how long, from the settings, the start
// and the tables. Each sentence is a promise: a test of what it says is bound to its key.
func NewPrivacy(v Visit, h Hosting) LawPage {
	p := v.Words
	out := v.law(p.Say("law.privacy"), "privacy")
	out.Lead = p.Say("privacy.lead")
	out.Facts = []Ledger{
		{p.Say("privacy.who"), "", []Fact{hostFact(v)}},
		{p.Say("privacy.tables"), p.Say("privacy.tables_lead"), TableFacts(p, v.Settings, h.Tables)},
		{p.Say("privacy.cookies"), "", []Fact{
			{p.Say("privacy.cookie_you"), p.Say("privacy.cookie_you_is", "time", v.Settings.VisitorTTL), ""},
			{p.Say("privacy.cookie_look"), p.Say("privacy.cookie_look_is"), ""},
			{p.Say("privacy.cookie_admin"), p.Say("privacy.cookie_admin_is"), ""},
		}},
		{p.Say("privacy.address"), "", addressFacts(p, h)},
		{p.Say("privacy.elsewhere"), "", []Fact{
			{p.Say("privacy.alerts"), alertsSaid(p, v.Settings, h), p.Say("privacy.alerts_what")},
			{p.Say("privacy.fetched"), p.Say("privacy.fetched_is"), ""},
			{p.Say("privacy.logs"), p.Say("privacy.logs_is"), ""},
			{p.Say("privacy.backups"), p.Say("privacy.backups_is"), ""},
			{p.Say("privacy.sealed"), p.Say("privacy.sealed_is"), ""},
		}},
	}
	out.Sections = []Section{
		{p.Say("privacy.rights"), []string{p.Say("privacy.rights_yours"), p.Say("privacy.rights_find"), p.Say("privacy.rights_ask")}},
		{p.Say("about.cannot.title"), []string{p.Say("about.cannot.readers"), p.Say("about.cannot.traces"), p.Say("about.cannot.host")}},
	}
	return out
}

func hostFact(v Visit) Fact {
	p := v.Words
	if v.Settings.Contact == "" {
		return Fact{p.Say("privacy.controller"), p.Say("law.contact_none"), ""}
	}
	return Fact{p.Say("privacy.controller"), v.Settings.Contact, p.Say("privacy.why")}
}

// TableFacts has a line for each table of the database: what it holds and why, and how
// long. A table that nobody has written of yet is named.
func TableFacts(p *words.Printer, s board.Settings, tables []string) []Fact {
	args := map[string]any{
		"max": s.TTLMax, "trace": board.TraceTime, "log": board.AuditTime, "notice": board.ClaimTime, "after": board.ClaimAfter, "told": board.NoticeTime,
		"session": board.SessionTime, "device": board.DeviceTime,
	}
	var list []Fact
	for _, name := range tables {
		key := "privacy.kept." + name
		if !p.Has(key) {
			list = append(list, Fact{name, "–", ""})
			continue
		}
		list = append(list, Fact{p.SayWith(key, args), p.SayWith(key+"_what", args), p.SayWith(key+"_time", args)})
	}
	return list
}

func addressFacts(p *words.Printer, h Hosting) []Fact {
	list := []Fact{{p.Say("privacy.address_here"), p.Say("privacy.address_is"), p.Say("privacy.address_bans")}}
	way := p.Say("privacy.way_plain")
	switch {
	case h.ByOnion:
		way = p.Say("privacy.way_onion")
	case h.TLS:
		way = p.Say("privacy.way_tls")
	}
	list = append(list, Fact{p.Say("privacy.way"), way, ""})
	if h.Proxied {
		list = append(list, Fact{p.Say("privacy.proxy"), p.Say("privacy.proxy_is"), ""})
	} else {
		list = append(list, Fact{p.Say("privacy.proxy"), p.Say("privacy.proxy_none"), ""})
	}
	if h.Onion {
		list = append(list, Fact{p.Say("privacy.onion"), p.Say("privacy.onion_is"), ""})
	}
	return append(list, Fact{p.Say("privacy.provider"), p.Say("privacy.provider_is"), ""})
}

func alertsSaid(p *words.Printer, s board.Settings, h Hosting) string {
	if len(h.Alerts) == 0 || !s.Alerts {
		return p.Say("privacy.alerts_none")
	}
	return p.Say("privacy.alerts_to", "kinds", strings.Join(h.Alerts, ", "))
}

// foot leads to what the law asks for, on every page.
func (p Page) foot() []Tab {
	return []Tab{
		{p.Words.Say("nav.about"), "/about", p.Entry == "about"},
		{p.Words.Say("law.contact"), "/contact", p.Entry == "contact"},
		{p.Words.Say("law.terms"), "/terms", p.Entry == "terms"},
		{p.Words.Say("law.privacy"), "/privacy", p.Entry == "privacy"},
		{p.Words.Say("law.notice"), "/notice", p.Entry == "notice"},
	}
}
