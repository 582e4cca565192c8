package views

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"mayfly/board"
)

// htmxConfig is what htmx is told: hx-ws returns by itself after its own seven
// close codes and after 4008, with which a reader that fell behind is let go. No
// history (pages are pages) and no style sheet of its own.
const htmxConfig = `{"ws":{"reconnectCodes":[1001,1005,1006,1011,1012,1013,1014,4008]},"history":false,"includeIndicatorCSS":false}`

// reloadEvery is how often a page without script loads itself anew, once its
// reader has asked for it.
const reloadEvery = 30

// page draws up what surrounds a page; title names it.
func (v Visit) page(name, title string) Page {
	out := Page{
		Words:   v.Words,
		Name:    name,
		Title:   v.title(title),
		Site:    v.site(),
		Theme:   v.Theme,
		Home:    boardHref(v.Board.Slug),
		Search:  searchHref(v.Board.Slug, board.Narrow{}),
		Write:   writeHref(v.Board.Slug),
		Boards:  v.boards(),
		Chats:   v.Settings.Chats,
		Circles: v.Settings.Circles,
		Reload:  v.Reload,
		Vanish:  v.Settings.VanishScore,
		Crowd:   v.Settings.K,
	}
	if len(v.Notices) > 0 {
		out.Told = v.Words.Say("told.unread")
	}
	if v.Clear {
		out.Clear = v.Words.Say("page.clear")
	}
	if age := v.Settings.AgeNotice; age != board.AgeOff && age != "" && string(age) != v.AgeSeen {
		out.Age, out.AgeFrom, out.Path = v.Words.Say("age.text", "age", string(age)), string(age), v.Path
	}
	return out
}

// site is what the whole site is called.
func (v Visit) site() string { return cmp.Or(v.Settings.SiteName, board.SiteName) }

// title is what a page that something names is called in a list of pages.
func (v Visit) title(name string) string {
	return v.Words.Say("page.title", "title", name, "site", v.site())
}

// named says whether the host has given the site a name of its own.
func (p Page) named() bool { return p.Site != board.SiteName && p.Site != "" }

// seeksAbove says whether the search stands in a phone's bar: where the dock has no room
// for it beside boards and circles.
func (p Page) seeksAbove() bool { return p.Circles && len(p.Boards) > 0 }

// manifest is what a phone's home screen is told of the page: admins put their queue
// there, and readers the board.
func (p Page) manifest() string { return cmp.Or(p.Manifest, "app.webmanifest") }

// growsOld gives the page the line about its age, for readers without a script.
func (p *Page) growsOld(path string) {
	p.ReloadHref = withRefresh(path, p.Reload == 0)
}

// withRefresh is the address of this page as one that reloads itself, or as one
// that does not. It never leads to another host, whatever the path looks like.
func withRefresh(path string, on bool) string {
	u, err := url.Parse(path)
	if err != nil {
		return "/"
	}
	q := u.Query()
	q.Del("refresh")
	if on {
		q.Set("refresh", strconv.Itoa(reloadEvery))
	}
	here := url.URL{Path: "/" + strings.TrimLeft(u.Path, "/"), RawQuery: q.Encode()}
	return here.String()
}

// aside draws up what stands beside a stream.
func (v Visit) aside() Aside {
	p, s := v.Words, v.Settings
	a := Aside{Board: BoardTitle(p, v.Board), Know: know(v)}
	if v.Here != "" {
		a.Here = p.Say("board.here", "n", v.Here)
	}
	if left, closes := v.Board.ClosesIn(v.Now); closes {
		a.Closes = p.Say("board.closes", "life", untilClosing(left))
	}
	if s.TTLDefault == s.TTLMax {
		a.Lasting = p.Say("board.lasting_all", "max", s.TTLMax)
	} else {
		a.Lasting = p.Say("board.lasting", "default", s.TTLDefault, "max", s.TTLMax)
	}
	for _, r := range v.Rising {
		a.Rising = append(a.Rising, tagPill(v.Board.Slug, r))
	}
	return a
}

// know says what is known about the reader while they read.
func know(v Visit) Know {
	p := v.Words
	if v.Visitor.IsZero() {
		return Know{p.Say("know.nothing"), p.Say("know.nothing_rest")}
	}
	return Know{p.Say("know.cookie"), p.Say("know.cookie_rest")}
}

// knowWriting says what writing would add to it.
func knowWriting(v Visit) Know {
	p := v.Words
	if v.Visitor.MayWrite(v.Now, v.Settings.VisitorTTL) {
		return Know{p.Say("know.again"), p.Say("know.again_rest")}
	}
	return Know{p.Say("know.first"), p.Say("know.first_rest", "time", v.Settings.VisitorTTL)}
}
