package views

import (
	"time"

	"mayfly/board"
	"mayfly/words"
)

// NewYou draws up what is known about the reader. Each sentence is a promise: a
// test of what it says is bound to its key.
func NewYou(v Visit, k Known) You {
	p := v.Words
	y := You{
		Page:      v.page("you", p.Say("you.title")),
		Lead:      p.Say("you.lead.nothing"),
		Facts:     facts(v, k),
		Cookie:    !v.Visitor.IsZero(),
		Session:   v.Visitor.Session,
		Posts:     yours(v, k.Posts),
		Removed:   removed(v),
		Languages: languages(p, k.Lang),
		Themes:    themes(p, v.Theme),
		Back:      "/you",
		Doors:     passed(v, k.Doors),
		Promises:  []string{p.Say("you.promise"), p.Say("you.promise_host")},
		Device:    []string{p.Say("device.draft"), p.Say("device.unseen"), p.Say("device.tab"), p.Say("device.late")},
	}
	y.Script = "js/device.js"
	if y.Cookie {
		y.Lead = p.Say("you.lead.cookie")
	}
	if k.SignedIn || k.Device {
		y.Lead = p.Say("you.lead.admin")
	}
	y.Entry = "you"
	return y
}

func facts(v Visit, k Known) []Fact {
	p := v.Words
	list := []Fact{
		cookieFact(v),
		{p.Say("you.term.posts"), p.Say("you.posts", "n", len(k.Posts)), p.Say("you.posts_how")},
		{p.Say("you.term.votes"), p.Say("you.votes"), p.Say("you.votes_end")},
		{p.Say("you.term.name"), p.Say("you.name"), ""},
		{p.Say("you.term.address"), p.Say("you.address"), p.Say("you.address_limits")},
		lookFact(v, k),
	}
	if k.SignedIn {
		list = append(list, Fact{p.Say("you.term.admin"), p.Say("you.admin.session", "time", board.SessionTime), p.Say("you.admin.session_kept")})
	}
	if k.Device {
		list = append(list, Fact{p.Say("you.term.device"), p.Say("you.admin.device", "time", board.DeviceTime), p.Say("you.admin.device_kept")})
	}
	return list
}

func cookieFact(v Visit) Fact {
	p, c := v.Words, v.Visitor
	term := p.Say("you.term.cookie")
	if c.IsZero() {
		return Fact{term, p.Say("you.cookie.none"), p.Say("you.cookie.none_rest")}
	}
	if !c.MayWrite(v.Now, v.Settings.VisitorTTL) {
		return Fact{term, p.Say("you.cookie.old"), p.Say("you.cookie.unlinked")}
	}
	text := p.Say("you.cookie.age", "age", cookieAge(c.Age(v.Now)))
	if c.Session {
		text += " " + p.Say("you.cookie.session")
	} else {
		text += " " + p.Say("you.cookie.until", "time", c.Until(v.Settings.VisitorTTL).Sub(v.Now).Truncate(time.Minute))
	}
	return Fact{term, text, p.Say("you.cookie.unlinked")}
}

// cookieAge is as coarse as the cookie is: a whole number of ten minutes, rounded up.
func cookieAge(d time.Duration) time.Duration {
	const step = 10 * time.Minute
	return max(step, (d + step - 1).Truncate(step))
}

// removed says of each notice what it is about; which post it was, nobody knows.
func removed(v Visit) []string {
	p := v.Words
	out := make([]string, len(v.Notices))
	for i, n := range v.Notices {
		why := p.Say("told.no_reason")
		if n.Reason != "" {
			why = p.Say("acts.reason", "reason", ReasonText(p, n.Reason))
		}
		out[i] = p.Say("told.line", "board", boardNamed(v, n.Board), "why", why, "time", n.Until.Sub(v.Now).Truncate(time.Hour))
	}
	return out
}

func lookFact(v Visit, k Known) Fact {
	p := v.Words
	if k.Lang == "" && v.Theme == "" {
		return Fact{p.Say("you.term.look"), p.Say("you.look.none"), ""}
	}
	return Fact{p.Say("you.term.look"), p.Say("you.look.cookie"), p.Say("you.look.names_nobody")}
}

func yours(v Visit, posts []board.Post) []Yours {
	p := v.Words
	out := make([]Yours, len(posts))
	for i, post := range posts {
		left := post.Life.Left(v.Now)
		href := "/p/" + post.Thread.String()
		if post.IsReply() {
			href += "#p-" + post.ID.String()
		}
		out[i] = Yours{
			By:       NewName(p, post.Name),
			Board:    v.boardName(post.Board),
			Unlisted: unlisted(p, post),
			Apart:    apart(p, post, v.Settings),
			Excerpt:  excerpt(said(p, post), excerptLetters),
			Href:     href,
			Left:     p.Say("post.left", "life", left),
			ISO:      iso(left),
			Drop:     "/p/" + post.ID.String() + "/delete",
			DropText: p.Say("you.remove", "words", excerpt(said(p, post), 20)),
			Key:      post.Own.String(),
		}
	}
	return out
}

// said is what a post says, or that it shows a picture.
func said(p *words.Printer, post board.Post) string {
	if post.Body == "" && post.Picture != nil {
		return p.Say("picture.excerpt")
	}
	return post.Body
}

// excerptLetters is how much of a post stands in a list.
const excerptLetters = 80

func languages(p *words.Printer, chosen string) []Choice {
	out := []Choice{{"", p.Say("look.browser"), chosen == ""}}
	for _, lang := range words.Languages {
		out = append(out, Choice{lang, words.In(lang).Say("look.language"), lang == chosen})
	}
	return out
}

func themes(p *words.Printer, chosen string) []Choice {
	return []Choice{
		{"", p.Say("look.browser"), chosen == ""},
		{"light", p.Say("look.light"), chosen == "light"},
		{"dark", p.Say("look.dark"), chosen == "dark"},
	}
}

// NewForgotten draws up what is left after Forget me, which ended so many posts
// and replies.
func NewForgotten(v Visit, ended int) Forgotten {
	p := v.Words
	text := p.Say("forgotten.nothing")
	if ended > 0 {
		text = p.Say("forgotten.ended", "n", ended)
	}
	return Forgotten{Page: v.page("problem", p.Say("forgotten.title")), Text: text}
}
