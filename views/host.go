package views

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// Host is what surrounds the pages of what the host decides: one entry of the
// navigation, and tabs of its own.
type Host struct {
	Admin
	Tabs []Tab
	Done string // what was done by the form before; "": nothing
	Err  string // what was wrong with all of a form
}

// hostPages are the tabs, with the keys of their names.
var hostPages = []struct{ href, key string }{
	{"/admin/boards", "host.boards"},
	{"/admin/prompts", "host.prompts"},
	{"/admin/places", "host.places"},
	{"/admin/backdrops", "host.backdrops"},
	{"/admin/texts", "host.texts"},
	{"/admin/circles", "circle.admin.title"},
	{"/admin/chats", "chat.admin.title"},
}

// host draws up what surrounds the page at href, which says in lead what it is for.
// done is the key of what was done before.
func (d Desk) host(href, lead, done string) Host {
	h := Host{Admin: d.admin("boards", lead)}
	for _, page := range hostPages {
		text := d.Words.Say(page.key)
		h.Tabs = append(h.Tabs, Tab{text, page.href, page.href == href})
		if page.href == href {
			h.Heading, h.Title = text, d.title(text)
		}
	}
	if key := "host.done." + done; done != "" && d.Words.Has(key) {
		h.Done = d.Words.Say(key)
	}
	return h
}

// Kept is what is drawn of a form that was refused: what was typed, what was wrong, and
// of a form that somebody else was quicker with, what stands there now.
type Kept struct {
	Given   func(name string) string // nil: no form was refused
	Refused Refused
	Of      string            // which of the page's forms it was
	Now     map[string]string // by field
}

// field is an input of the form called of: as it was typed, or with what stands there.
func (k Kept) field(p *words.Printer, of string, i Input) Input {
	if k.Given == nil || k.Of != of {
		return i
	}
	i.Value, i.Err = k.Given(i.Name), k.Refused.Fields[i.Name]
	if now, known := k.Now[i.Name]; known && now != strings.ReplaceAll(i.Value, "\r\n", "\n") {
		i.Now = p.Say("host.now", "value", nothingAs(now))
	}
	return i
}

// ticked says whether a box of the form called of has its tick.
func (k Kept) ticked(of, name string, stands bool) bool {
	if k.Given == nil || k.Of != of {
		return stands
	}
	return k.Given(name) != ""
}

func (k Kept) err(of string) string {
	if k.Of != of {
		return ""
	}
	return k.Refused.All
}

// Estates is what the list of boards is drawn from.
type Estates struct {
	List []Estate
	Done string
	Kept Kept // of the form that adds one
}

// Estate is one board of the list.
type Estate struct {
	Board  board.Info
	Living board.Living
	Here   string // about how many read it; "" when that is not to be told
	Life   time.Duration
}

// HostBoards lists the boards, and adds one.
type HostBoards struct {
	Host
	List []HostBoard
	Slug Input
	Form BoardForm
	Open bool // the form that adds one was refused
}

// HostBoard is one board of the list.
type HostBoard struct {
	Title, Slug, Href string
	Line              string // the first of its rules
	State             string // "Open", "Closes in 3 days"
	Closing           bool
	Here              string
	Posts, PostsText  string
	Life              string // "A post lasts 6 hours. Half of them end within 2 h:"
	Left, Percent     string // of the median post
	Settings, Ask     string
	Door              string // the page of its door
}

// BoardForm are the fields of a board.
type BoardForm struct {
	Title, Closes, Place Input
	Rules                Input
}

// NewHostBoards draws up the list of boards.
func NewHostBoards(d Desk, e Estates) HostBoards {
	p := d.Words
	out := HostBoards{Host: d.host("/admin/boards", p.Say("host.boards_lead"), e.Done)}
	for _, b := range e.List {
		line, _, _ := strings.Cut(b.Board.Rules, "\n")
		card := HostBoard{
			Title: BoardTitle(p, b.Board), Slug: b.Board.Slug, Href: hostBoardHref(b.Board.Slug),
			Line: excerpt(line, lineLetters), State: p.Say("host.board.open"), Here: b.Here,
			Posts: strconv.Itoa(b.Living.Posts), PostsText: p.Say("host.board.posts", "n", b.Living.Posts),
			Life:     p.Say("host.board.life", "life", b.Life),
			Settings: "/admin/settings?board=" + b.Board.Slug, Ask: "/admin/prompts?board=" + b.Board.Slug, Door: hostBoardHref(b.Board.Slug) + "/door",
		}
		if left, closes := b.Board.ClosesIn(d.Now); closes {
			card.State, card.Closing = p.Say("board.closes", "life", untilClosing(left)), left < day
		}
		if left := b.Living.Median.Sub(d.Now); b.Living.Posts > 0 {
			card.Life = p.Say("host.board.median", "life", b.Life, "left", untilClosing(left))
			card.Left, card.Percent = seconds(left), percent(left, b.Life)
		}
		out.List = append(out.List, card)
	}
	out.Err, out.Open = e.Kept.err("add"), e.Kept.Given != nil
	out.Slug = e.Kept.field(p, "add", Input{ID: "slug", Name: "slug", Label: p.Say("host.board.slug"), Hint: p.Say("host.board.slug_hint")})
	out.Form = newBoardForm(d, "add", board.Info{Slug: "-"}, e.Kept)
	return out
}

func hostBoardHref(slug string) string { return "/admin/boards/" + slug }

func newBoardForm(d Desk, of string, b board.Info, k Kept) BoardForm {
	p := d.Words
	zone := d.Now.Local().Format("MST")
	f := BoardForm{
		Title: Input{ID: "title", Name: "title", Label: p.Say("host.board.title"), Value: b.Title},
		Rules: Input{ID: "rules", Name: "rules", Label: p.Say("board.rules"), Hint: p.Say("host.board.rules_hint", "max", board.RulesMax), Value: b.Rules, Optional: true},
		Closes: Input{
			ID: "closes", Name: "closes", Label: p.Say("host.board.closes"), Hint: p.Say("host.board.closes_hint", "zone", zone),
			Value: b.Closes(), Optional: true,
		},
		Place: Input{ID: "place", Name: "place", Label: p.Say("host.board.place"), Hint: p.Say("host.board.place_hint"), Value: strconv.Itoa(b.Place), Optional: true},
	}
	if b.Slug == board.Home {
		f.Title.Hint, f.Title.Optional = p.Say("host.board.home_title", "name", p.Say("board.home")), true
	}
	f.Title, f.Rules = k.field(p, of, f.Title), k.field(p, of, f.Rules)
	f.Closes, f.Place = k.field(p, of, f.Closes), k.field(p, of, f.Place)
	return f
}

// Deed is what the page of one board is drawn from.
type Deed struct {
	Board  board.Info
	Living board.Living
	Done   string
	Kept   Kept // of the form "change" or "end"
}

// HostDeed changes a board, or ends it.
type HostDeed struct {
	Host
	Name   string
	Action string
	Mark   string
	Form   BoardForm
	Home   bool   // it is where people arrive: it has no end
	Ends   string // "It ends 12 posts now"
	EndErr string
	Pass   Input
	Open   bool // ending it was refused
}

// NewHostDeed draws up the page of one board.
func NewHostDeed(d Desk, e Deed) HostDeed {
	p := d.Words
	name := BoardTitle(p, e.Board)
	out := HostDeed{
		Host: d.host("/admin/boards", p.Say("host.board.lead", "slug", e.Board.Slug), e.Done), Name: name,
		Action: hostBoardHref(e.Board.Slug), Mark: e.Board.Mark(), Home: e.Board.Slug == board.Home,
		Ends: p.Say("host.board.ends", "n", e.Living.Posts), EndErr: e.Kept.err("end"),
	}
	out.Heading, out.Title = name, d.title(name)
	out.Err = e.Kept.err("change")
	out.Form = newBoardForm(d, "change", e.Board, e.Kept)
	out.Pass = passphrase(p, "end-passphrase", "")
	if e.Kept.Of == "end" {
		out.Pass.Err, out.Open = e.Kept.Refused.Fields["passphrase"], true
	}
	return out
}

// Podium is what the page of the host's questions is drawn from.
type Podium struct {
	Questions []board.Question
	Posts     map[board.PostID]board.Post // of those that are planted
	Board     string                      // the one that is to be asked on
	Settings  board.Settings
	Done      string
	Kept      Kept // of the form "ask", "end" or "daily"
}

// HostPrompts asks on a board, and ends what was asked.
type HostPrompts struct {
	Host
	Body, TTL          Input
	Boards             []Choice
	Sponsored, Welcome bool
	List               []HostPrompt
	EndErr, AskErr     string
	Daily              Daily
}

// Daily is the form that says whether and what the host asks each day.
type Daily struct {
	Err         string
	On          bool
	Sets        []Choice
	Was, WasSet string // as this page has seen them
	Now         string
}

// HostPrompt is something that stands, or is about to.
type HostPrompt struct {
	Number, Body string
	Kind         string
	Board, Left  string
	Href         string // its thread, "" while it has none
	End          string // "End it with 3 answers"
}

// NewHostPrompts draws up the page of the host's questions.
func NewHostPrompts(d Desk, s Podium) HostPrompts {
	p := d.Words
	out := HostPrompts{Host: d.host("/admin/prompts", p.Say("host.prompts_lead", "most", board.PromptsMax), s.Done)}
	out.AskErr, out.EndErr = s.Kept.err("ask"), s.Kept.err("end")
	out.Body = s.Kept.field(p, "ask", Input{ID: "ask-body", Name: "body", Label: p.Say("host.prompt.body"), Hint: p.Say("host.prompt.body_hint", "max", board.QuestionMax)})
	out.TTL = s.Kept.field(p, "ask", Input{ID: "ask-ttl", Name: "ttl", Label: p.Say("host.prompt.ttl"), Hint: p.Say("host.prompt.ttl_hint"), Value: board.FormatLife(board.QuestionTime)})
	slug := cmp.Or(s.Board, board.Home)
	if s.Kept.Given != nil && s.Kept.Of == "ask" {
		slug = s.Kept.Given("board")
	}
	for _, b := range d.Boards {
		out.Boards = append(out.Boards, Choice{Value: b.Slug, Text: BoardTitle(p, b), Chosen: b.Slug == slug})
	}
	out.Sponsored, out.Welcome = s.Kept.ticked("ask", "sponsored", false), s.Kept.ticked("ask", "welcome", false)
	out.Daily = newDaily(p, s)
	for _, q := range s.Questions {
		if !q.Ending {
			out.List = append(out.List, newHostPrompt(d, q, s.Posts))
		}
	}
	return out
}

func newDaily(p *words.Printer, s Podium) Daily {
	f := Daily{Err: s.Kept.err("daily"), On: s.Kept.ticked("daily", "daily_question", s.Settings.DailyQuestion)}
	f.Was, f.WasSet = knobValue("daily_question", s.Settings), s.Settings.QuestionSet
	chosen := f.WasSet
	if s.Kept.Given != nil && s.Kept.Of == "daily" {
		chosen = s.Kept.Given("question_set")
	}
	for _, name := range board.StarterSets {
		f.Sets = append(f.Sets, Choice{Value: name, Text: p.Say("choice." + name), Chosen: name == chosen})
	}
	if len(s.Kept.Now) > 0 && s.Kept.Of == "daily" {
		f.Now = p.Say("host.now", "value", p.Say("choice."+f.Was)+" · "+p.Say("choice."+f.WasSet))
	}
	return f
}

func newHostPrompt(d Desk, q board.Question, posts map[board.PostID]board.Post) HostPrompt {
	p := d.Words
	h := HostPrompt{
		Number: strconv.FormatInt(q.Number, 10), Body: q.Body, Board: q.Board,
		Left: p.Say("host.prompt.waits"), End: p.Say("host.prompt.end"), Kind: p.Say("prompt.question"),
	}
	switch {
	case q.Kind == board.Welcome:
		h.Kind = p.Say("prompt.welcome")
	case q.Sponsored:
		h.Kind = p.Say("prompt.sponsored")
	}
	for _, b := range d.Boards {
		if b.Slug == q.Board {
			h.Board = BoardTitle(p, b)
		}
	}
	if post, there := posts[q.Post]; there && q.Planted() {
		h.Left, h.Href = p.Say("post.left", "life", post.Life.EndsAt.Sub(d.Now)), "/p/"+post.ID.String()
		h.End = p.Say("host.prompt.end_with", "n", post.Replies)
	}
	return h
}

// Refusing is what of a form of the host's pages was refused by the settings: it is said
// above the form.
func Refusing(p *words.Printer, u *board.UnfitError) Refused {
	return Refused{All: capital(p.SayWith(u.Code, u.Args)) + "."}
}

// Gazetteer is what the page of places is drawn from.
type Gazetteer struct {
	Settings         board.Settings
	Names, Positions []string // as they were typed; none: those that stand
	Differ           []board.Info
	Done             string
	Kept             Kept
}

// HostPlaces is the list of places.
type HostPlaces struct {
	Host
	Was    string // place_list as this page has seen it
	Rows   []PlaceRow
	Off    bool // posts say no place whatever stands here
	Now    string
	Differ []AdminLink
}

// PlaceRow is one line of the list of places.
type PlaceRow struct{ N, Name, Position, NameLabel, PositionLabel string }

// spareRows are as many empty lines as wait for another place.
const spareRows = 3

// NewHostPlaces draws up the list of places.
func NewHostPlaces(d Desk, g Gazetteer) HostPlaces {
	p := d.Words
	out := HostPlaces{Host: d.host("/admin/places", p.Say("host.places_lead"), g.Done), Was: knobValue("place_list", g.Settings), Off: !g.Settings.Places}
	out.Err = g.Kept.err("places")
	names, positions := g.Names, g.Positions
	if g.Kept.Given == nil {
		for _, place := range g.Settings.PlaceList {
			names, positions = append(names, place.Name), append(positions, place.Position())
		}
	}
	for range spareRows {
		names, positions = append(names, ""), append(positions, "")
	}
	for i, name := range names {
		n := strconv.Itoa(i + 1)
		row := PlaceRow{N: n, Name: name, NameLabel: p.Say("host.place.name_n", "n", n), PositionLabel: p.Say("host.place.position_n", "n", n)}
		if i < len(positions) {
			row.Position = positions[i]
		}
		out.Rows = append(out.Rows, row)
	}
	if now, other := g.Kept.Now["place_list"]; other {
		out.Now = p.Say("host.now", "value", nothingAs(now))
	}
	for _, b := range g.Differ {
		out.Differ = append(out.Differ, AdminLink{Href: "/admin/settings?board=" + b.Slug + "#s-place_list", Text: BoardTitle(p, b)})
	}
	return out
}

func knobValue(name string, s board.Settings) string {
	k, err := board.FindKnob(name)
	if err != nil {
		return ""
	}
	return k.Get(s)
}

// Wardrobe is what the page of backdrops is drawn from.
type Wardrobe struct {
	Settings board.Settings
	Ticked   []string // as a form that was refused was sent
	Done     string
	Kept     Kept
}

// HostBackdrops chooses among the backdrops.
type HostBackdrops struct {
	Host
	Was   string // the setting as this page has seen it
	Moods []Mood
	Off   bool // there are no cards, whatever is ticked
	Now   string
}

// NewHostBackdrops draws up the page of backdrops.
func NewHostBackdrops(d Desk, w Wardrobe) HostBackdrops {
	p := d.Words
	out := HostBackdrops{Host: d.host("/admin/backdrops", p.Say("host.backdrops_lead"), w.Done), Was: knobValue("backdrops", w.Settings), Off: !w.Settings.Cards}
	out.Err = w.Kept.err("backdrops")
	w.Settings.Cards = true // what is ticked is told apart from whether there are cards
	for _, m := range board.Moods {
		mood := Mood{Text: p.Say("mood." + m.Name)}
		for _, name := range m.Backdrops {
			on := w.Settings.Offers(name)
			if w.Kept.Given != nil {
				on = slices.Contains(w.Ticked, name)
			}
			mood.Backdrops = append(mood.Backdrops, Choice{Value: name, Text: p.Say("backdrop." + name), Chosen: on})
		}
		out.Moods = append(out.Moods, mood)
	}
	if now, other := w.Kept.Now["backdrops"]; other {
		out.Now = p.Say("host.now", "value", now)
	}
	return out
}

// Notices is what the page of texts is drawn from.
type Notices struct {
	Settings board.Settings
	Done     string
	Kept     Kept
}

// HostTexts edits what the host says in its own words.
type HostTexts struct {
	Host
	About, Contact, Terms          Input
	WasAbout, WasContact, WasTerms string
	Boards                         []HostRules
}

// HostRules are the rules of one board, and the way to change them.
type HostRules struct {
	Title, Href, Label string
	Rules              []Span
}

// NewHostTexts draws up the page of texts.
func NewHostTexts(d Desk, n Notices) HostTexts {
	p := d.Words
	out := HostTexts{
		Host:     d.host("/admin/texts", p.Say("host.texts_lead"), n.Done),
		WasAbout: knobValue("about_text", n.Settings), WasContact: knobValue("contact", n.Settings), WasTerms: knobValue("terms", n.Settings),
	}
	out.Err = n.Kept.err("texts")
	out.About = n.Kept.field(p, "texts", Input{
		ID: "about_text", Name: "about_text", Label: p.Say("host.text.about"), Hint: p.Say("host.text.about_hint", "max", board.AboutMax),
		Value: out.WasAbout, Optional: true,
	})
	out.Contact = n.Kept.field(p, "texts", Input{
		ID: "contact", Name: "contact", Label: p.Say("host.text.contact"), Hint: p.Say("host.text.contact_hint", "max", board.ContactMax),
		Value: out.WasContact, Optional: true,
	})
	out.Terms = n.Kept.field(p, "texts", Input{
		ID: "terms", Name: "terms", Label: p.Say("host.text.terms"), Hint: p.Say("host.text.terms_hint", "max", board.TermsMax),
		Value: out.WasTerms, Optional: true,
	})
	for _, b := range d.Boards {
		name := BoardTitle(p, b)
		out.Boards = append(out.Boards, HostRules{Title: name, Href: hostBoardHref(b.Slug) + "#rules", Label: p.Say("host.text.rules_what", "name", name), Rules: links(b.Rules)})
	}
	return out
}
