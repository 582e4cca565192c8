package views

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

// noon is when everything in these tests happens.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// me is a visitor of 35 minutes.
var me = board.Visitor{ID: [24]byte{1}, Issued: noon.Add(-30 * time.Minute)}

var (
	heron = board.Name{Hue: 0, Creature: 0, Upper: 5, Lower: 5, Body: 1}
	crane = board.Name{Hue: 9, Creature: 8, Upper: 1, Lower: 6, Body: 2}
)

func id(n byte) board.PostID { return board.PostID{0: n} }

// aPost is a post of 6 h, 3 h 12 min before its end.
func aPost() board.Post {
	born := noon.Add(-(6*time.Hour - 3*time.Hour - 12*time.Minute))
	return board.Post{
		ID: id(1), Board: board.Home, Thread: id(1), Body: "Someone left a bag of lemons.", Name: heron,
		Life:   board.NewLife(born, 6*time.Hour, 0, 7*24*time.Hour),
		Hearts: 64, Score: 62, Replies: 12,
		Own: board.Tag{9}, Secret: board.Key{1}.Secret(),
	}
}

func aReply() board.Post {
	r := aPost()
	r.ID, r.Body, r.Name, r.Hearts, r.Score, r.Replies = id(2), "Then don’t.", crane, 3, 2, 0
	return r
}

// answerTo is a reply that answers another one.
func answerTo(to board.PostID) board.Post {
	r := aReply()
	r.ID, r.Name, r.Body, r.To = board.PostID{0: 13, 1: to[0]}, heron, "Nor would I.", to
	return r
}

// by makes p v's own.
func by(v board.Visitor, p board.Post) board.Post {
	p.Own = p.Secret.Own(v, p.ID)
	return p
}

// ending brings p's end to so long after noon.
func ending(p board.Post, left time.Duration) board.Post {
	p.Life.Until, p.Life.EndsAt, p.Life.Grid = noon.Add(left), noon.Add(left), time.Second
	return p
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func aVisit(lang string) Visit {
	return Visit{
		Words: words.In(lang), Now: noon, Settings: board.DefaultSettings(),
		Board: board.Info{Slug: board.Home}, Path: "/",
	}
}

func draw(t testing.TB, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// tree parses a page, or a fragment as it stands in a body.
func tree(t testing.TB, markup string) *html.Node {
	t.Helper()
	n, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// elements are those under n, the contents of templates too, in order.
func elements(n *html.Node) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode {
			out = append(out, d)
		}
	}
	return out
}

// find returns the elements for which is is true.
func find(n *html.Node, is func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	for _, e := range elements(n) {
		if is(e) {
			out = append(out, e)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// text is what an element says, with single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func byID(t testing.TB, n *html.Node, name string) *html.Node {
	t.Helper()
	found := find(n, func(e *html.Node) bool { return attr(e, "id") == name })
	if len(found) != 1 {
		t.Fatalf("%d elements are called %q", len(found), name)
	}
	return found[0]
}

// everyPage is each page in the states it may be in, by name, in one language.
// outOfSight is what reports have hidden.
func outOfSight(p board.Post) board.Post {
	p.Standing = board.Hidden
	return p
}

func everyPage(lang string) map[string]templ.Component {
	v := aVisit(lang)
	mine := v
	mine.Visitor, mine.Theme, mine.Here, mine.Path = me, "dark", "20", "/?sort=fading"
	reloading := v
	reloading.Reload, reloading.Path = 30, "/?refresh=30"
	old := mine
	old.Visitor.Issued = noon.Add(-30 * 24 * time.Hour)
	session := mine
	session.Visitor.Session = true

	post, reply := aPost(), aReply()
	quiet := post
	quiet.ID, quiet.Thread, quiet.Body = id(3), id(3), strings.Repeat("long ", 60)+"\n\nhttps://example.com/a?b=c&d"
	quiet.Life = board.NewLife(noon, 6*time.Hour, time.Hour, 7*24*time.Hour)
	last := ending(post, 41*time.Second)
	last.ID, last.Thread, last.Score = id(4), id(4), -3
	own := by(me, post)
	card, warned := aCard(), aCard()
	card.ID, card.Thread = id(20), id(20)
	warned.ID, warned.Thread, warned.Warning, warned.Unlisted, warned.Body = id(21), id(21), "spiders", true, "Stay."
	rising, tagged := v, aPost()
	rising.Rising = []board.Rising{{Tag: "bikes", Posts: 3}, {Tag: "東京", Posts: 2}}
	rising.Settings.PlaceList, _ = board.ParsePlaces("Library 45.4642/9.19; Old Harbour")
	tagged.Body, tagged.Place = "stolen again #bikes, near https://example.com/#part", "Library"
	votes := map[board.PostID]board.Vote{post.ID: board.Heart, quiet.ID: board.Down}
	traces := []board.Trace{{ID: id(5), Board: board.Home, Why: board.ByScore, Until: noon.Add(4 * time.Minute)}}
	raid := []board.Trace{traces[0], {ID: id(6)}, {ID: id(7)}, {ID: id(8)}}
	refused := &board.Error{Kind: board.Invalid, Code: "error.draft", Fields: map[string]board.Problem{
		"body":    {Code: "error.body.long", Args: map[string]any{"max": 1000, "over": 3}},
		"ttl":     {Code: "error.ttl", Args: map[string]any{"min": time.Minute, "max": time.Hour}},
		"silence": {Code: "error.silence", Args: map[string]any{"min": time.Minute, "max": time.Hour}},

		"backdrop": {Code: "error.backdrop"},
		"warning":  {Code: "error.warning", Args: map[string]any{"max": 120}},
		"unlisted": {Code: "error.unlisted"},
		"place":    {Code: "error.place", Args: map[string]any{"places": "Library"}},
	}}
	limited := &board.Error{Kind: board.Limited, Code: "error.limited", Args: map[string]any{"wait": 24 * time.Second}}
	given := Given{Body: "words\nof mine", TTL: "1h", Silence: "10m", Warning: "spiders", Backdrop: "moth", Unlisted: true}
	again := &Again{Action: "/b/home/posts", Body: "words", Max: 1000, Hidden: []Hidden{{"ttl", "1h"}}}

	problem := func(status int, code string, wait time.Duration, again *Again) templ.Component {
		return ProblemPage(NewProblem(v, status, code, map[string]any{"wait": wait}, nil, wait, again))
	}
	pages := map[string]templ.Component{
		"feed":               FeedPage(NewFeed(v, Listing{Posts: []board.Post{post, quiet, last, card}, Traces: traces, Next: "abc", At: 7})),
		"feed of a visitor":  FeedPage(NewFeed(mine, Listing{Sort: board.ByFading, Posts: []board.Post{own, quiet}, Votes: votes, Traces: raid, From: "x", Next: "y"})),
		"feed, empty":        FeedPage(NewFeed(reloading, Listing{})),
		"search":             FoundPage(NewFound(rising, Listing{})),
		"search, found":      FoundPage(NewFound(rising, Listing{Sort: board.ByBirth, Posts: []board.Post{tagged}, Narrow: board.Narrow{Words: "#bikes"}, Count: 1, Next: "abc"})),
		"search, nothing":    FoundPage(NewFound(v, Listing{Sort: board.ByTop, Narrow: board.Narrow{Words: "<b>\"x", Tag: "bikes"}})),
		"search, limited":    FoundPage(NewFound(mine, Listing{Narrow: board.Narrow{Words: "bikes"}}).Refused(mine, limited)),
		"place":              FoundPage(NewFound(rising, Listing{Posts: []board.Post{tagged}, Narrow: board.Narrow{Place: "library"}, Count: board.CountMax + 1})),
		"write, with places": WritePage(NewWrite(rising, Given{Place: "library"}, nil)),
		"write":              WritePage(NewWrite(v, Given{}, nil)),
		"write, refused":     WritePage(NewWrite(mine, given, refused)),
		"write, limited":     WritePage(NewWrite(mine, given, limited)),
		"thread":             ThreadPage(NewThread(v, Talk{Post: post, Replies: []board.Post{reply}, URL: "https://board.example/p/x", At: 3})),
		"thread, unlisted":   ThreadPage(NewThread(v, Talk{Post: warned})),
		"thread, answering": ThreadPage(NewThread(v, Talk{
			Post: post, Replies: []board.Post{reply, answerTo(reply.ID), answerTo(id(99))}, Given: Given{To: reply.ID.String()},
		})),
		"thread of its author": ThreadPage(NewThread(mine, Talk{
			Post: own, Replies: []board.Post{by(me, reply), func() board.Post { r := reply; r.ID, r.Name = id(12), heron; return r }()}, Votes: votes, Given: given, Err: refused,
		})),
		"thread of who replied": ThreadPage(NewThread(mine, Talk{Post: post, Replies: []board.Post{by(me, reply)}, Given: given, Err: limited})),
		"you, nobody":           YouPage(NewYou(v, Known{})),
		"you":                   YouPage(NewYou(mine, Known{Posts: []board.Post{own, by(me, reply)}, Lang: lang})),
		"you, old cookie":       YouPage(NewYou(old, Known{})),
		"you, session":          YouPage(NewYou(session, Known{})),
		"thread, out of sight":  ThreadPage(NewThread(mine, Talk{Post: outOfSight(own), Replies: []board.Post{outOfSight(by(me, reply)), {ID: id(30), Thread: id(1), Standing: board.Hidden, Veiled: true}}})),
		"you, out of sight":     YouPage(NewYou(mine, Known{Posts: []board.Post{outOfSight(own)}})),
		"report":                ReportPage(NewReport(v, post, "", "", nil)),
		"report, refused":       ReportPage(NewReport(mine, reply, "spam", "what it said", &board.Error{Kind: board.Invalid, Code: "error.report_words"})),
		"reported":              ReportedPage(NewReported(v)),
		"share":                 SharePage(must(NewShare(v, reply, "https://board.example/p/x"))),
		"about":                 AboutPage(NewAbout(v)),
		"forgotten":             ForgottenPage(NewForgotten(v, 2)),
		"forgotten, nothing":    ForgottenPage(NewForgotten(v, 0)),
		"400":                   problem(400, "error.bad_request", 0, nil),
		"403":                   problem(403, "error.origin", 0, nil),
		"404":                   problem(404, "error.gone", 0, nil),
		"404 with words":        problem(404, "error.gone", 0, again),
		"405":                   problem(405, "error.method", 0, nil),
		"413":                   problem(413, "error.too_large", 0, nil),
		"415":                   problem(415, "error.media", 0, nil),
		"421":                   problem(421, "error.host", 0, nil),
		"422":                   ProblemPage(NewProblem(v, 422, "error.draft", nil, refused.Fields, 0, nil)),
		"429":                   problem(429, "error.limited", 24*time.Second, again),
		"500":                   problem(500, "error.internal", 0, nil),
		"503":                   problem(503, "error.busy", 2*time.Second, again),
		"507":                   problem(507, "error.full", 0, again),
	}
	maps.Copy(pages, startPages(lang))
	return pages
}
