package views

import (
	"net/url"
	"strconv"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// Shop is what one board of the desk is drawn from.
type Shop struct {
	Shelf
	Lasts     time.Duration // of a post whose author chooses none
	Questions []board.Question
}

// FormKind names a form of the boards' desk.
type FormKind string

// The forms of the boards' desk.
const (
	FormNew    FormKind = "new"
	FormChange FormKind = "change"
	FormEnd    FormKind = "end"
	FormAsk    FormKind = "ask"
)

// BoardForm is a form that was refused; without a kind none was.
type BoardForm struct {
	Kind    FormKind
	Board   string
	Typed   url.Values
	Refused Refused
}

// BoardsDesk is where admins add, change and end boards.
type BoardsDesk struct {
	Admin
	List []BoardDesk
	New  Folded
	Err  string // of what stands in no form
}

// BoardDesk is one board, with what can be done about it.
type BoardDesk struct {
	Title, Href, Line  string
	State              string // "open", or when it closes
	Closing            bool
	Posts, Here, Lasts string
	Limits             string // where its settings are
	Prompts            []PromptRow
	Change, Ask, End   Folded // End without an action: the home board
}

// PromptRow is something that the host asks.
type PromptRow struct{ Text, End, EndText string }

// Folded is a form that opens on a tap.
type Folded struct {
	Title, Action, Button string
	Note, Err             string
	Open                  bool
	Fields                []Input
	Rules                 *Input // a text of several lines
	Ticks                 []Choice
	Harm                  bool
}

// NewUnfit draws up why something can't be had.
func NewUnfit(p *words.Printer, u *board.UnfitError) Refused {
	return Refused{All: capital(unfitText(p, u))}
}

// NewBoardsDesk draws up the boards' desk.
func NewBoardsDesk(d Desk, list []Shop, f BoardForm) BoardsDesk {
	p := d.Words
	out := BoardsDesk{Admin: d.admin("boards", p.Say("admin.boards_lead"))}
	out.New = newBoard(p, f.of(FormNew, ""))
	if f.Kind == FormNew && !f.Typed.Has("slug") {
		out.New, out.Err = newBoard(p, BoardForm{}), f.Refused.All
	}
	for i, s := range list {
		out.List = append(out.List, boardDesk(d, s, f, strconv.Itoa(i)))
	}
	return out
}

// of is the form when it is this one of this board, else an empty one.
func (f BoardForm) of(kind FormKind, slug string) BoardForm {
	if f.Kind == kind && f.Board == slug {
		return f
	}
	return BoardForm{}
}

// typed is what was sent, or what stands there.
func (f BoardForm) typed(name, stands string) string {
	if f.Kind != "" {
		return f.Typed.Get(name)
	}
	return stands
}

func boardDesk(d Desk, s Shop, f BoardForm, n string) BoardDesk {
	p, slug := d.Words, s.Board.Slug
	out := BoardDesk{
		Title: BoardTitle(p, s.Board), Href: boardHref(slug), Line: "/b/" + slug, State: p.Say("admin.board_open"),
		Posts: p.Say("boards.posts", "n", s.Posts), Lasts: p.Say("admin.board_lasts", "life", s.Lasts),
		Limits: "/admin/settings?" + url.Values{"board": {slug}}.Encode(),
		Change: changeBoard(p, s.Board, f.of(FormChange, slug), n), Ask: askForm(p, slug, f.of(FormAsk, slug), n),
	}
	if s.Here != "" {
		out.Here = p.Say("board.here", "n", s.Here)
	}
	if left, closes := s.Board.ClosesIn(d.Now); closes {
		out.State, out.Closing = p.Say("board.closes", "life", untilClosing(left)), true
	}
	if slug != board.Home {
		out.End = endBoard(p, slug, f.of(FormEnd, slug), n)
	}
	for _, q := range s.Questions {
		text := excerpt(q.Body, excerptLetters)
		out.Prompts = append(out.Prompts, PromptRow{text, "/admin/prompts/" + strconv.FormatInt(q.Number, 10) + "/end", p.Say("admin.prompt_end", "words", excerpt(q.Body, 20))})
	}
	return out
}

func newBoard(p *words.Printer, f BoardForm) Folded {
	out := boardFields(p, f, board.Info{}, "new")
	out.Title, out.Action, out.Button = p.Say("admin.board_new"), "/admin/boards", p.Say("admin.board_add")
	slug := Input{ID: "new-slug", Name: "slug", Label: p.Say("admin.board_slug"), Hint: p.Say("admin.board_slug_hint"), Value: f.typed("slug", ""), Auto: "off"}
	out.Fields = append([]Input{slug}, out.Fields...)
	return out
}

func changeBoard(p *words.Printer, b board.Info, f BoardForm, n string) Folded {
	out := boardFields(p, f, b, "change-"+n)
	out.Title, out.Action, out.Button = p.Say("admin.board_change"), "/admin/boards/"+b.Slug, p.Say("form.save")
	return out
}

// boardFields are those that every board has.
func boardFields(p *words.Printer, f BoardForm, b board.Info, id string) Folded {
	home := b.Slug == board.Home
	fields := []Input{{ID: id + "-title", Name: "title", Label: p.Say("admin.board_title"), Value: f.typed("title", b.Title), Auto: "off", Optional: home}}
	if !home {
		fields = append(fields, Input{
			ID: id + "-closes", Name: "closes", Label: p.Say("admin.board_closes"), Hint: p.Say("admin.board_closes_hint"),
			Value: f.typed("closes", ""), Err: f.Refused.Fields["closes"], Auto: "off", Optional: true,
		})
	}
	return Folded{
		Fields: fields, Err: f.Refused.All, Open: f.Kind != "",
		Rules: &Input{ID: id + "-rules", Name: "rules", Label: p.Say("admin.board_rules"), Hint: p.Say("admin.board_rules_hint"), Value: f.typed("rules", b.Rules)},
	}
}

func askForm(p *words.Printer, slug string, f BoardForm, n string) Folded {
	id := "ask-" + n
	return Folded{
		Title: p.Say("admin.ask"), Action: "/admin/boards/" + slug + "/ask", Button: p.Say("admin.ask_do"),
		Note: p.Say("admin.ask_rest"), Err: f.Refused.All, Open: f.Kind != "",
		Rules:  &Input{ID: id + "-body", Name: "body", Label: p.Say("admin.ask_body"), Value: f.typed("body", "")},
		Fields: []Input{{ID: id + "-ttl", Name: "ttl", Label: p.Say("admin.ask_ttl"), Value: f.typed("ttl", "24h"), Err: f.Refused.Fields["ttl"], Auto: "off"}},
		Ticks: []Choice{
			{"welcome", p.Say("admin.ask_welcome"), f.Typed.Get("welcome") != ""},
			{"sponsored", p.Say("admin.ask_sponsored"), f.Typed.Get("sponsored") != ""},
		},
	}
}

func endBoard(p *words.Printer, slug string, f BoardForm, n string) Folded {
	return Folded{
		Title: p.Say("admin.board_end"), Action: "/admin/boards/" + slug + "/end", Button: p.Say("admin.board_end_do"), Harm: true,
		Note: p.Say("admin.board_end_rest"), Err: f.Refused.All, Open: f.Kind != "",
		Fields: []Input{passphrase(p, "end-"+n, f.Refused.Fields["passphrase"])},
	}
}
