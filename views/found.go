package views

import (
	"net/url"
	"strconv"
	"strings"

	"mayfly/board"
)

// NewFound draws up what a board holds of what was asked for, or what one may ask.
func NewFound(v Visit, l Listing) Found {
	p, slug := v.Words, v.Board.Slug
	f := Found{
		Feed:  Feed{Page: v.page("search", p.Say("search.title")), Aside: v.aside()},
		Words: l.Narrow.Words, Slug: slug, Asked: l.Narrow != board.Narrow{},
	}
	f.Entry = "search"
	if l.Narrow.Tag != "" {
		f.Words = strings.TrimSpace("#" + l.Narrow.Tag + " " + f.Words)
	}
	f.Tags, f.Rising = f.Rising, nil
	for i, tag := range f.Tags {
		f.Tags[i].Current = f.Words == tag.Text
	}
	if v.Settings.Places {
		f.Places = placePills(slug, v.Settings.PlaceList, l.Narrow.Place)
	}
	if place, is := board.FindPlace(v.Settings.PlaceList, l.Narrow.Place); is {
		f.Title = place.Name
		f.Page.Title = v.title(place.Name)
	}
	if !f.Asked {
		return f
	}
	f.listing(v, l, func(cursor string) string { return withCursor(searchHref(slug, l.Narrow), cursor) })
	if l.Reading {
		f.Reading = p.Say("search.reading")
	}
	f.Terms = f.terms()
	f.Count = p.Say("search.count", "n", l.Count)
	if l.Count > board.CountMax {
		f.Count = p.Say("search.over", "n", board.CountMax)
	}
	return f
}

// Refused is f with why nothing was looked for.
func (f Found) Refused(v Visit, why *board.Error) Found {
	f.Err, f.Asked = Sentence(v.Words, why), false
	return f
}

// terms are the words that an article must hold to be worth asking again.
func (f Found) terms() string {
	text := strings.NewReplacer(`"`, " ", "*", " ").Replace(f.Words + " " + f.Title)
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

func tagPill(slug string, r board.Rising) Pill {
	return Pill{Text: "#" + r.Tag, Href: tagHref(slug, r.Tag), N: strconv.Itoa(r.Posts)}
}

func placePills(slug string, places []board.Place, current string) []Pill {
	var list []Pill
	for _, p := range places {
		list = append(list, Pill{Text: p.Name, Href: placeHref(slug, p.Slug), Current: p.Slug == current})
	}
	return list
}

func tagHref(slug, tag string) string { return searchHref(slug, board.Narrow{Words: "#" + tag}) }

func placeHref(slug, place string) string {
	return withBoard("/places/"+url.PathEscape(place), slug, url.Values{})
}

// searchHref is where a board is searched.
func searchHref(slug string, n board.Narrow) string {
	if n.Place != "" && n.Words == "" && n.Tag == "" {
		return placeHref(slug, n.Place)
	}
	return withBoard("/search", slug, narrowed(n))
}

// narrowed is what a feed is narrowed to, as an address holds it.
func narrowed(n board.Narrow) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"q": n.Words, "tag": n.Tag, "place": n.Place} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func withBoard(path, slug string, q url.Values) string {
	if slug != board.Home {
		q.Set("board", slug)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func withCursor(href, cursor string) string {
	join := "?"
	if strings.Contains(href, "?") {
		join = "&"
	}
	return href + join + "cursor=" + url.QueryEscape(cursor)
}
