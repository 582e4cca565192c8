package views

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/static"
	"mayfly/words"
)

// aCard is a card of the reeds.
func aCard() board.Post {
	p := aPost()
	p.Backdrop = "reeds"
	return p
}

func TestACardIsSetByItsLength(t *testing.T) {
	v := aVisit("en")
	for _, tt := range []struct {
		letters       int
		article, text string
	}{
		{1, "post tile bd-reeds short", "tile-text brief"},
		{briefCard, "post tile bd-reeds short", "tile-text brief"},
		{briefCard + 1, "post tile bd-reeds", "tile-text"},
		{lengthyCard, "post tile bd-reeds", "tile-text"},
		{lengthyCard + 1, "post tile bd-reeds", "tile-text lengthy"},
		{longText + 1, "post tile bd-reeds", "tile-text lengthy"},
	} {
		post := aCard()
		post.Body = strings.Repeat("è", tt.letters)
		page := tree(t, draw(t, PostArticle(NewPost(v.Words, post, v.Settings, v.Now))))
		if got := attr(find(page, is("article"))[0], "class"); got != tt.article {
			t.Errorf("%d letters: the card is %q, want %q", tt.letters, got, tt.article)
		}
		if got := attr(find(page, is("p"))[0], "class"); got != tt.text {
			t.Errorf("%d letters: the words are %q, want %q", tt.letters, got, tt.text)
		}
	}
}

func TestACardIsTextWithItsLinesAndLinks(t *testing.T) {
	v, post := aVisit("en"), aCard()
	post.Body = "one\ntwo https://example.com/a"
	article := draw(t, PostArticle(NewPost(v.Words, post, v.Settings, v.Now)))
	want := `<p class="tile-text" dir="auto">one<br>two <a href="https://example.com/a" rel="noopener noreferrer nofollow ugc" dir="ltr">https://example.com/a</a></p>`
	if !strings.Contains(article, want) {
		t.Errorf("drawn as\n%s\nwant\n%s", article, want)
	}
}

func TestOnlyAPostOnABackdropOfOursIsACard(t *testing.T) {
	v, unknown, reply := aVisit("en"), aCard(), aReply()
	unknown.Backdrop = `nowhere" onload="x`
	reply.Backdrop, reply.Warning = "reeds", "spiders"
	for name, post := range map[string]board.Post{"unknown backdrop": unknown, "reply": reply, "plain": aPost()} {
		drawn := NewPost(v.Words, post, v.Settings, v.Now)
		if markup := draw(t, article(drawn)); strings.Contains(markup, "tile") || strings.Contains(markup, "bd-") || strings.Contains(markup, "onload") || strings.Contains(markup, "spiders") {
			t.Errorf("%s is drawn as a card: %s", name, markup)
		}
	}
}

func TestEveryBackdropHasAPictureAClassAndWords(t *testing.T) {
	for _, m := range board.Moods {
		for _, name := range m.Backdrops {
			static.URL("img/backdrops/" + name + ".svg") // panics for one that is not there
			for _, lang := range words.Languages {
				if p := words.In(lang); !p.Has("backdrop."+name) || !p.Has("mood."+m.Name) {
					t.Errorf("%s: %s of %s has no words", lang, name, m.Name)
				}
			}
		}
	}
}

func TestAWarningStandsBeforeTheWords(t *testing.T) {
	v := aVisit("en")
	for name, post := range map[string]board.Post{"text": aPost(), "card": aCard()} {
		post.Warning = "Spiders <b>& more"
		page := tree(t, draw(t, PostArticle(NewPost(v.Words, post, v.Settings, v.Now))))
		veil := find(page, is("details"))
		if len(veil) != 1 || attr(veil[0], "class") != "veiled" || has(veil[0], "open") {
			t.Fatalf("%s: the words are not folded away", name)
		}
		if got := text(find(veil[0], is("summary"))[0]); got != "Warning: Spiders <b>& more Show Hide" {
			t.Errorf("%s: shown first is %q", name, got)
		}
		words := find(page, func(e *html.Node) bool { return strings.Contains(attr(e, "class"), "-text") })
		if len(words) != 1 || words[0].Parent != veil[0] || raw(words[0]) != post.Body {
			t.Errorf("%s: the words stand outside of it", name)
		}
	}
}

func TestAnUnlistedPostSaysSo(t *testing.T) {
	v, post := aVisit("en"), by(me, aPost())
	v.Visitor, post.Unlisted = me, true
	post.Life = board.NewLife(noon, time.Hour, 10*time.Minute, day)
	page := tree(t, draw(t, ThreadPage(NewThread(v, Talk{Post: post}))))
	if got := text(find(page, func(e *html.Node) bool { return attr(e, "class") == "meta" })[0]); got != "Unlisted · Ends after 10 min of quiet" {
		t.Errorf("it says %q of itself", got)
	}
	if !strings.Contains(text(page), "Unlisted. Only those with its link find it.") {
		t.Error("its page does not say so")
	}
	if you := draw(t, YouPage(NewYou(v, Known{Posts: []board.Post{post}}))); !strings.Contains(you, " · Unlisted") {
		t.Error("its author's list does not say so")
	}
	post.Unlisted = false
	for name, c := range map[string]string{
		"thread": draw(t, ThreadPage(NewThread(v, Talk{Post: post}))), "you": draw(t, YouPage(NewYou(v, Known{Posts: []board.Post{post}}))),
	} {
		if strings.Contains(c, "Unlisted") {
			t.Errorf("%s calls a post unlisted that is not", name)
		}
	}
}

// fields are the names of what a composer sends, with the values that are chosen.
func fields(form *html.Node) map[string]string {
	out := map[string]string{}
	for _, e := range find(form, func(e *html.Node) bool { return has(e, "name") }) {
		if t := attr(e, "type"); t != "radio" && t != "checkbox" || has(e, "checked") {
			out[attr(e, "name")] += attr(e, "value")
		} else if _, ok := out[attr(e, "name")]; !ok {
			out[attr(e, "name")] = ""
		}
	}
	return out
}

func TestAComposerOffersWhatTheBoardAllows(t *testing.T) {
	for _, tt := range []struct {
		cards, unlisted, once bool
		pictures              board.Pictures
		want                  string
	}{
		{true, true, true, board.PicturesOn, "alt backdrop body picture readers silence ttl unlisted view_once warning"},
		{true, true, true, board.PicturesBlurred, "alt backdrop body picture readers silence ttl unlisted view_once warning"},
		{false, true, false, board.PicturesOff, "body silence ttl unlisted warning"},
		{true, false, false, board.PicturesOff, "backdrop body silence ttl warning"},
		{false, false, true, board.PicturesOff, "body readers silence ttl view_once warning"},
		{false, false, false, board.PicturesOff, "body silence ttl warning"},
	} {
		v := aVisit("en")
		v.Settings.Cards, v.Settings.Unlisted, v.Settings.ViewOnce, v.Settings.Pictures = tt.cards, tt.unlisted, tt.once, tt.pictures
		form := tree(t, draw(t, ComposerForm(NewComposer(v, Given{}, nil))))
		if got := strings.Join(slices.Sorted(maps.Keys(fields(form))), " "); got != tt.want {
			t.Errorf("cards %v, unlisted %v, once %v, pictures %s: it sends %q, want %q", tt.cards, tt.unlisted, tt.once, tt.pictures, got, tt.want)
		}
	}
}

func TestAComposerOffersEveryBackdropAndNoneFirst(t *testing.T) {
	form := tree(t, draw(t, ComposerForm(NewComposer(aVisit("it"), Given{}, nil))))
	radios := find(form, func(e *html.Node) bool { return attr(e, "name") == "backdrop" })
	want := []string{""}
	for _, m := range board.Moods {
		want = append(want, m.Backdrops...)
	}
	var got []string
	for _, r := range radios {
		got = append(got, attr(r, "value"))
		if has(r, "checked") != (attr(r, "value") == "") {
			t.Errorf("%q is chosen by itself, or nothing is", attr(r, "value"))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("offers %q, want %q", got, want)
	}
	for _, e := range find(form, is("details")) {
		if has(e, "open") {
			t.Error("something is unfolded before anybody asked: its pictures would load")
		}
	}
}

func TestACardThatWasRefusedComesBackWhole(t *testing.T) {
	v := aVisit("en")
	given := Given{Body: strings.Repeat("x", lengthyCard+1), Warning: "spiders", Backdrop: "moth", Unlisted: true}
	refused := &board.Error{Kind: board.Invalid, Code: "error.draft", Fields: map[string]board.Problem{
		"warning":  {Code: "error.warning", Args: map[string]any{"max": 120}},
		"backdrop": {Code: "error.backdrop"},
		"unlisted": {Code: "error.unlisted"},
	}}
	form := tree(t, draw(t, ComposerForm(NewComposer(v, given, refused))))
	got := fields(form)
	if got["warning"] != "spiders" || got["backdrop"] != "moth" || got["unlisted"] != "on" {
		t.Errorf("given back are %v", got)
	}
	if class := attr(byID(t, form, "body"), "class"); class != "lengthy" {
		t.Errorf("its words are %q, want lengthy", class)
	}
	for _, name := range []string{"warning", "backdrop", "unlisted"} {
		if sentence := text(byID(t, form, name+"-err")); sentence == "" {
			t.Errorf("nothing is said of %s", name)
		}
		described := find(form, func(e *html.Node) bool { return strings.Contains(attr(e, "aria-describedby"), name+"-err") })
		if len(described) != 1 {
			t.Errorf("%d fields are described by what is wrong with %s", len(described), name)
		}
	}
	v.Settings.Cards, v.Settings.Unlisted = false, false
	if says := text(tree(t, draw(t, ComposerForm(NewComposer(v, given, refused))))); !strings.Contains(says, "doesn’t offer that backdrop") || !strings.Contains(says, "Nothing can be unlisted here") {
		t.Errorf("where they are offered no more, nothing is said of them: %s", says)
	}
}

func TestAFeedHasATabForEachOrderAndListensInIt(t *testing.T) {
	v := aVisit("it")
	for _, s := range board.Sorts {
		f := NewFeed(v, Listing{Sort: s, Next: "c"})
		var got []string
		for _, tab := range f.Tabs {
			text := tab.Text
			if tab.Current {
				text = "[" + text + "]"
			}
			got = append(got, text+" "+tab.Href)
		}
		want := []string{"Nuovi /", "Vivaci /?sort=hot", "In scadenza /?sort=fading", "Più votati /?sort=top"}
		i := slices.Index(board.Sorts, s)
		name, href, _ := strings.Cut(want[i], " /")
		want[i] = "[" + name + "] /" + href
		if !slices.Equal(got, want) {
			t.Errorf("%s: tabs are %q, want %q", s, got, want)
		}
		if listens := strings.Contains(f.Live.Again, "sort="+string(s)); listens != (s != board.ByBirth) {
			t.Errorf("%s: a page that comes back asks %s", s, f.Live.Again)
		}
		if f.Order != string(s) || f.NextText == "" {
			t.Errorf("%s: order %q, %q leads on", s, f.Order, f.NextText)
		}
	}
}
