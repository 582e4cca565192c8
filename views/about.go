package views

import (
	"net/mail"
	"net/url"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// NewAbout draws up what this place is, and the limits in force.
func NewAbout(v Visit) About {
	p := v.Words
	a := About{
		Page:  v.page("about", p.Say("about.title")),
		Aside: v.aside(),
		Sections: []Section{
			{p.Say("about.endings.title"), []string{p.Say("about.endings.clock"), p.Say("about.endings.ways"), p.Say("about.endings.gone")}},
			{p.Say("about.names.title"), []string{p.Say("about.names.text"), p.Say("about.names.owner")}},
			{p.Say("about.cannot.title"), []string{p.Say("about.cannot.readers"), p.Say("about.cannot.traces"), p.Say("about.cannot.host")}},
		},
		Limits: limitFacts(p, v.Settings),
	}
	cannot := &a.Sections[len(a.Sections)-1]
	switch v.Settings.Snapshots {
	case board.SnapshotsYes:
		cannot.Paragraphs = append(cannot.Paragraphs, p.Say("about.cannot.snapshots_yes"))
	case board.SnapshotsNo:
		cannot.Paragraphs = append(cannot.Paragraphs, p.Say("about.cannot.snapshots_no"))
	case board.SnapshotsUnknown: // of copies in general it says already what can be said
	}
	a.Note, a.Contact = links(v.Settings.AboutText), contact(v.Settings.Contact)
	for _, b := range v.Boards {
		if b.Rules != "" {
			a.Rules = append(a.Rules, Rules{BoardTitle(p, b), links(b.Rules)})
		}
	}
	a.Entry = "about"
	return a
}

// contact makes a link of a mail address too.
func contact(text string) []Span {
	if addr, err := mail.ParseAddress(text); err == nil && addr.Address == text {
		return []Span{{Text: text, Href: "mailto:" + url.PathEscape(text)}}
	}
	return links(text)
}

func limitFacts(p *words.Printer, s board.Settings) []Fact {
	return []Fact{
		{p.Say("about.limit.life"), p.Say("about.limit.life_is", "min", s.TTLMin, "max", s.TTLMax, "default", s.TTLDefault), ""},
		{p.Say("about.limit.heart"), amount(p, "about.limit.heart_is", s.LifePerHeart), ""},
		{p.Say("about.limit.down"), amount(p, "about.limit.down_is", s.LifePerDown), ""},
		{p.Say("about.limit.vanish"), p.Say("about.limit.vanish_is", "score", s.VanishScore), ""},
		{p.Say("about.limit.chars"), p.Say("about.limit.chars_is", "n", s.PostChars), ""},
		{p.Say("about.limit.cookie"), p.Say("about.limit.cookie_is", "time", s.VisitorTTL), ""},
		{p.Say("about.limit.posts"), pace(p, s.Post), ""},
		{p.Say("about.limit.replies"), pace(p, s.Reply), ""},
		{p.Say("about.limit.votes"), pace(p, s.Vote), ""},
	}
}

func amount(p *words.Printer, key string, d time.Duration) string {
	if d == 0 {
		return p.Say("about.limit.nothing")
	}
	return p.Say(key, "time", d)
}

func pace(p *words.Printer, r board.Rate) string {
	if r.Unlimited() {
		return p.Say("about.limit.unlimited")
	}
	return p.Say("about.limit.pace", "n", r.PerMinute, "burst", r.Burst)
}
