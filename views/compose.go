package views

import (
	"slices"
	"strconv"
	"time"

	"mayfly/board"
	"mayfly/words"
)

const day = 24 * time.Hour

// lives are those a composer offers, as far as the board allows them.
var lives = []time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour, day, 3 * day, 7 * day, 30 * day}

// quiets are the silences a composer offers.
var quiets = []time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour, day}

// fewChoices is how many lives are so few that the bounds are offered as well.
const fewChoices = 3

// ttlChoices offers lives between the board's bounds, its default among them, and
// the one that was asked for.
func ttlChoices(p *words.Printer, s board.Settings, asked string) []Choice {
	offer := []time.Duration{s.TTLDefault}
	for _, d := range lives {
		if d >= s.TTLMin && d <= s.TTLMax {
			offer = append(offer, d)
		}
	}
	if len(unique(offer)) < fewChoices {
		offer = append(offer, s.TTLMin, s.TTLMax)
	}
	chosen, err := board.ParseLife(asked)
	if asked == "" || err != nil || chosen < s.TTLMin || chosen > s.TTLMax {
		chosen = s.TTLDefault
	}
	return choices(p, append(offer, chosen), chosen)
}

// quietChoices offers silences that end a post early; the first is none at all.
// Where posts are too short-lived for any, there is nothing to choose.
func quietChoices(p *words.Printer, s board.Settings, asked string) []Choice {
	var offer []time.Duration
	for _, d := range quiets {
		if d < s.TTLMax {
			offer = append(offer, d)
		}
	}
	if len(offer) == 0 {
		return nil
	}
	chosen, err := board.ParseLife(asked)
	if asked == "" || err != nil || chosen > s.TTLMax {
		chosen = 0
	}
	if chosen > 0 {
		offer = append(offer, chosen)
	}
	none := Choice{Value: "", Text: p.Say("compose.quiet.never"), Chosen: chosen == 0}
	return append([]Choice{none}, choices(p, offer, chosen)...)
}

// moods offers the backdrops of a board, where it has cards.
func moods(p *words.Printer, s board.Settings, chosen string) []Mood {
	if !s.Cards {
		return nil
	}
	var out []Mood
	for _, m := range board.Moods {
		mood := Mood{Text: p.Say("mood." + m.Name)}
		for _, name := range m.Backdrops {
			if s.Offers(name) {
				mood.Backdrops = append(mood.Backdrops, Choice{Value: name, Text: p.Say("backdrop." + name), Chosen: name == chosen})
			}
		}
		if len(mood.Backdrops) > 0 {
			out = append(out, mood)
		}
	}
	return out
}

// script is what a page with this composer loads for it.
func (c Composer) script() string {
	if slices.ContainsFunc(c.Places, func(p Place) bool { return p.At != "" }) {
		return "js/place.js"
	}
	return ""
}

// placeChoices offers the host's places, and nowhere first.
func placeChoices(p *words.Printer, s board.Settings, asked string) []Place {
	if !s.Places || len(s.PlaceList) == 0 {
		return nil
	}
	chosen, _ := board.FindPlace(s.PlaceList, asked)
	list := []Place{{Choice: Choice{Text: p.Say("compose.place.none"), Chosen: chosen.Slug == ""}}}
	for _, place := range s.PlaceList {
		c := Place{Choice: Choice{Value: place.Slug, Text: place.Name, Chosen: place.Slug == chosen.Slug}}
		if place.Placed {
			c.At = strconv.FormatFloat(place.Lat, 'f', -1, 64) + "," + strconv.FormatFloat(place.Lon, 'f', -1, 64)
		}
		list = append(list, c)
	}
	return list
}

func choices(p *words.Printer, offer []time.Duration, chosen time.Duration) []Choice {
	var out []Choice
	for _, d := range unique(offer) {
		text := p.Life(d)
		if d >= day && d%day == 0 {
			text = p.Spell(d)
		}
		out = append(out, Choice{Value: board.FormatLife(d), Text: text, Chosen: d == chosen})
	}
	return out
}

func unique(times []time.Duration) []time.Duration {
	times = slices.Clone(times)
	slices.Sort(times)
	return slices.Compact(times)
}

// votesSay is what hearts and downs do to a life on this board; "" when nothing.
func votesSay(p *words.Printer, s board.Settings) string {
	heart, down := s.LifePerHeart, s.LifePerDown
	switch {
	case heart > 0 && down > 0:
		return p.Say("compose.votes.both", "heart", heart, "down", down, "max", s.TTLMax)
	case heart > 0:
		return p.Say("compose.votes.hearts", "heart", heart, "max", s.TTLMax)
	case down > 0:
		return p.Say("compose.votes.downs", "down", down)
	}
	return ""
}

// NewLimits draws up the rules of writing.
func NewLimits(p *words.Printer, s board.Settings) Limits {
	return Limits{Words: p, Max: s.PostChars, TTLs: ttlChoices(p, s, ""), Votes: votesSay(p, s)}
}

// NewOffers draws up what the host offers, of which nothing is chosen.
func NewOffers(p *words.Printer, s board.Settings) Composer {
	return Composer{
		Words: p, Photo: newPhoto(p, s, Given{}, nil), Moods: moods(p, s, ""), Plain: true, Places: placeChoices(p, s, ""),
		MayOnce: s.ViewOnce, MayHide: s.Unlisted, MayAsk: s.Chats, Nudge: s.Nudge,
	}
}

// NewPace says how writing is not as usual on a board.
func NewPace(p *words.Printer, s board.Settings) Pace {
	each := time.Duration(s.SlowSeconds) * time.Second
	switch {
	case !s.State.Writable():
		return Pace{Text: p.Say("pace.read_only"), ReadOnly: true}
	case s.Storm:
		return Pace{Text: p.Say("pace.raid", "each", each, "ttl", s.TTLMax)}
	case s.State == board.Slow:
		return Pace{Text: p.Say("pace.slow", "each", each)}
	case s.Cautious:
		return Pace{Text: p.Say("pace.careful")}
	}
	return Pace{}
}

// NewComposer draws up the form that publishes a post: empty, or with the words
// that were sent and what was wrong with them.
func NewComposer(v Visit, given Given, refused *board.Error) Composer {
	p := v.Words
	limits := NewLimits(p, v.Settings)
	limits.TTLs = ttlChoices(p, v.Settings, given.TTL)
	limits.TTLErr = fieldSays(p, refused, "ttl")
	return Composer{
		Words:    p,
		Action:   boardAction(v.Board.Slug),
		Body:     given.Body,
		Size:     cardSize(given.Body),
		Limits:   limits,
		Pace:     NewPace(p, v.Settings),
		Photo:    newPhoto(p, v.Settings, given, refused),
		Moods:    moods(p, v.Settings, given.Backdrop),
		Plain:    !v.Settings.Offers(given.Backdrop),
		Warning:  given.Warning,
		Places:   placeChoices(p, v.Settings, given.Place),
		MayHide:  v.Settings.Unlisted,
		Unlisted: given.Unlisted,
		MayAsk:   v.Settings.Chats,
		Asks:     given.ChatKey != "",
		MayOnce:  v.Settings.ViewOnce,
		ViewOnce: given.ViewOnce || given.Readers != 0,
		Readers:  readersText(given.Readers),
		Silences: quietChoices(p, v.Settings, given.Silence),
		Know:     knowWriting(v),
		Wait:     waitSeconds(refused),
		Ticket:   given.Ticket,
		Err:      formSays(p, refused),
		Nudge:    v.Settings.Nudge,
		Rules:    slices.ContainsFunc(v.Boards, func(b board.Info) bool { return b.Rules != "" }),
		Sure:     newSure(given, refused),

		BodyErr:     fieldSays(p, refused, "body"),
		PictureErr:  fieldSays(p, refused, "picture"),
		BackdropErr: fieldSays(p, refused, "backdrop"),
		QuietErr:    fieldSays(p, refused, "silence"),
		WarningErr:  fieldSays(p, refused, "warning"),
		PlaceErr:    fieldSays(p, refused, "place"),
		UnlistedErr: fieldSays(p, refused, "unlisted"),
		AsksErr:     fieldSays(p, refused, "chat_key"),
		OnceErr:     fieldSays(p, refused, "view_once"),
		ReadersErr:  fieldSays(p, refused, "readers"),
	}
}

// readersText gives back how many may open a post; what was no number is dropped.
func readersText(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// NewReplyForm draws up the form that answers in a thread: its post or, where
// t.Given says so, one of its replies. As is who the reader is there, nil for
// somebody who has not spoken yet.
func NewReplyForm(v Visit, t Talk, as *board.Name) ReplyForm {
	p, thread := v.Words, "/p/"+t.Post.ID.String()
	f := ReplyForm{
		Words:   p,
		Action:  thread + "/replies",
		Back:    thread + "#body",
		Body:    t.Given.Body,
		Max:     v.Settings.PostChars,
		Pace:    NewPace(p, v.Settings),
		Label:   p.Say("reply.label"),
		Wait:    waitSeconds(t.Err),
		Err:     formSays(p, t.Err),
		BodyErr: fieldSays(p, t.Err, "body"),
		ToErr:   fieldSays(p, t.Err, "to"),
		Nudge:   v.Settings.Nudge,
		Sure:    newSure(t.Given, t.Err),
	}
	if id, err := board.ParsePostID(t.Given.To); err == nil {
		if i := slices.IndexFunc(t.Replies, func(r board.Post) bool { return r.ID == id }); i >= 0 {
			f.To = newAnswer(p, t.Replies[i])
		}
	}
	if as != nil {
		name := NewName(p, *as)
		f.As, f.Label = &name, p.Say("reply.as", "name", name.Text)
	}
	return f
}

// newSure asks again whoever was asked before: their answer must not get lost.
func newSure(given Given, refused *board.Error) Sure {
	return Sure{Asked: given.Confirm || refused != nil && refused.Code == board.AskAgain, Meant: given.Confirm}
}

func boardAction(slug string) string { return "/b/" + slug + "/posts" }

// Sentence is a refusal in the reader's words.
func Sentence(p *words.Printer, refused *board.Error) string {
	return p.SayWith(refused.Code, refused.Args)
}

func formSays(p *words.Printer, refused *board.Error) string {
	if refused == nil {
		return ""
	}
	return Sentence(p, refused)
}

func fieldSays(p *words.Printer, refused *board.Error, field string) string {
	if refused == nil {
		return ""
	}
	problem, wrong := refused.Fields[field]
	if !wrong {
		return ""
	}
	return p.SayWith(problem.Code, problem.Args)
}

// waitSeconds is how long a refusal asks to wait, in begun seconds.
func waitSeconds(refused *board.Error) int {
	if refused == nil {
		return 0
	}
	wait, _ := refused.Args["wait"].(time.Duration)
	return wholeSeconds(wait)
}

func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// room is how many characters are left of those a text may have; below zero it is
// too long.
func room(body string, most int) int { return most - len([]rune(body)) }

func roomSays(p *words.Printer, body string, most int) string {
	if n := room(body, most); n < 0 {
		return p.Say("compose.over", "n", -n)
	}
	return p.Say("compose.room", "n", room(body, most))
}

// described lists the elements that describe a field, for aria-describedby; ids of
// those that are not drawn are "".
func described(ids ...string) string {
	out := ""
	for _, id := range ids {
		if id != "" && out != "" {
			out += " "
		}
		out += id
	}
	return out
}

// when is id if there is a text for it, else "".
func when(text, id string) string {
	if text == "" {
		return ""
	}
	return id
}
