package views

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

func TestThePageDrawsAPostExactlyAsTheSocketDoes(t *testing.T) {
	for _, lang := range words.Languages {
		v := aVisit(lang)
		for _, post := range []board.Post{aPost(), ending(aPost(), 41*time.Second), func() board.Post {
			p := aPost()
			p.Life, p.Score = board.NewLife(noon, time.Hour, 10*time.Minute, 2*time.Hour), -4
			return p
		}(), aCard(), func() board.Post {
			p := aCard()
			p.Warning, p.Body, p.Unlisted = "spiders", "Stay.", true
			return p
		}()} {
			article := draw(t, PostArticle(NewPost(v.Words, post, v.Settings, v.Now)))
			places := map[string]string{
				"frame":  draw(t, Came(NewPost(v.Words, post, v.Settings, v.Now), 1)),
				"feed":   draw(t, FeedPage(NewFeed(v, Listing{Posts: []board.Post{post}}))),
				"thread": draw(t, ThreadPage(NewThread(v, Talk{Post: post}))),
				"resync": draw(t, State(NewPosts(v, []board.Post{post}, nil), 1)),
			}
			for place, markup := range places {
				if !strings.Contains(markup, article) {
					t.Errorf("%s: the %s draws another post", lang, place)
				}
			}
		}
	}
}

func TestThePageDrawsAReplyExactlyAsTheSocketDoes(t *testing.T) {
	v, post, reply := aVisit("en"), aPost(), aReply()
	reply.Name = post.Name
	drawn := NewPost(v.Words, reply, v.Settings, v.Now).WroteThread(v.Words, post.Name)
	article := draw(t, ReplyArticle(drawn))
	for place, markup := range map[string]string{
		"frame":  draw(t, Came(drawn, 1)),
		"thread": draw(t, ThreadPage(NewThread(v, Talk{Post: post, Replies: []board.Post{reply}}))),
		"resync": draw(t, State(NewReplies(v, post, []board.Post{reply}, nil), 1)),
	} {
		if !strings.Contains(markup, article) {
			t.Errorf("the %s draws another reply", place)
		}
	}
	if !strings.Contains(article, "wrote this") {
		t.Error("the author of the post is not marked")
	}
	if other := draw(t, ReplyArticle(NewPost(v.Words, aReply(), v.Settings, v.Now).WroteThread(v.Words, post.Name))); strings.Contains(other, "wrote this") {
		t.Error("somebody else is marked as the author of the post")
	}
}

func TestAnArticleIsAsTheContractHasIt(t *testing.T) {
	v := aVisit("en")
	page := tree(t, draw(t, PostArticle(NewPost(v.Words, aPost(), v.Settings, v.Now))))
	article := byID(t, page, "p-"+id(1).String())
	for name, want := range map[string]string{
		"class": "post", "data-left": "11520", "data-span": "21600", "aria-labelledby": "n-" + id(1).String(), "data-state": "",
	} {
		if got := attr(article, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	var got []string
	for _, e := range elements(article) {
		if e.Data == "animate" {
			got = append(got, attr(e.Parent, "class")+" "+attr(e, "attributeName")+" "+attr(e, "from")+" "+attr(e, "to")+" "+attr(e, "dur")+" "+attr(e, "fill"))
		}
	}
	want := []string{
		"wick-life width 53.33% 0% 11520s freeze",
		"wick-glow cx 53.33% 0% 11520s freeze",
		"wick-ember cx 53.33% 0% 11520s freeze",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the wick is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if time := find(article, is("time"))[0]; attr(time, "datetime") != "PT3H12M" || text(time) != "3 h 12 min left" {
		t.Errorf("the time is %s %q", attr(time, "datetime"), text(time))
	}
	if n := len(find(page, func(e *html.Node) bool { return e.Data == "use" && strings.Contains(attr(e, "href"), "wings") })); n != 3 {
		t.Errorf("%d parts of wings, want 3", n)
	}
}

func TestPercentIsWhatIsLeftOfTheSpan(t *testing.T) {
	for _, tt := range []struct {
		left, span time.Duration
		want       string
	}{
		{11520 * time.Second, 21600 * time.Second, "53.33%"},
		{7560 * time.Second, 21600 * time.Second, "35%"},
		{41 * time.Second, 21600 * time.Second, "0.19%"},
		{0, time.Hour, "0%"},
		{time.Hour, time.Hour, "100%"},
		{2 * time.Hour, time.Hour, "100%"},
		{0, 0, "0%"},
	} {
		if got := percent(tt.left, tt.span); got != tt.want {
			t.Errorf("percent(%s, %s) = %s, want %s", tt.left, tt.span, got, tt.want)
		}
	}
}

func TestATimeIsWrittenAsADuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "PT0S", -time.Second: "PT0S", time.Millisecond: "PT1S", 41 * time.Second: "PT41S", 9 * time.Minute: "PT9M",
		3*time.Hour + 12*time.Minute: "PT3H12M", 51 * time.Hour: "P2DT3H", 7 * 24 * time.Hour: "P7D", 24*time.Hour + time.Second: "P1DT1S",
	} {
		if got := iso(d); got != want {
			t.Errorf("iso(%s) = %s, want %s", d, got, want)
		}
	}
}

func TestSecondsLeaveNothingBeforeItsEnd(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", -time.Second: "0", time.Millisecond: "0.1", 1500 * time.Millisecond: "1.5", 1501 * time.Millisecond: "1.6",
		11520 * time.Second: "11520", 30 * 24 * time.Hour: "2592000",
	} {
		if got := seconds(d); got != want {
			t.Errorf("seconds(%s) = %s, want %s", d, got, want)
		}
	}
}

func TestTheLastMinuteShows(t *testing.T) {
	v := aVisit("en")
	shown := func(p board.Post) string { return draw(t, PostArticle(NewPost(v.Words, p, v.Settings, v.Now))) }
	if got := shown(ending(aPost(), time.Minute)); strings.Contains(got, "dying") || strings.Contains(got, "still saves it") {
		t.Error("a minute before its end it looks like its last")
	}
	if got := shown(ending(aPost(), 59*time.Second)); !strings.Contains(got, `data-state="dying"`) || !strings.Contains(got, "A heart still saves it") {
		t.Error("its last minute does not show")
	}
	capped := ending(aPost(), 30*time.Second)
	capped.Life.CapAt = capped.Life.EndsAt
	if got := shown(capped); strings.Contains(got, "still saves it") || strings.Contains(got, "data-saves") || strings.Contains(got, "more") || strings.Contains(got, "data-gift") {
		t.Error("a heart is said to lengthen a life that has reached its cap")
	}
	v.Settings.LifePerHeart = 0
	if got := shown(ending(aPost(), 30*time.Second)); strings.Contains(got, "still saves it") {
		t.Error("a heart that lends nothing is said to save it")
	}
}

func TestAVotesWorthIsWhatItWillReallyDo(t *testing.T) {
	v := aVisit("en")
	near := aPost()
	near.Life.CapAt = near.Life.Until.Add(3 * time.Minute)
	quiet := aPost()
	quiet.Life = board.NewLife(noon, 6*time.Hour, time.Hour, 24*time.Hour)
	free := board.DefaultSettings()
	free.LifePerHeart, free.LifePerDown = 0, 0
	for _, tt := range []struct {
		name              string
		post              board.Post
		settings          board.Settings
		heart, down, gift string
	}{
		{"a post", aPost(), v.Settings, "Heart, 64 so far. Gives it 10 minutes more", "Vote down. Takes 10 minutes away", "+10 min"},
		{"near its cap", near, v.Settings, "Heart, 64 so far. Gives it 3 minutes more", "Vote down. Takes 10 minutes away", "+3 min"},
		{"ending of silence", quiet, v.Settings, "Heart, 64 so far. The wait for a reply or heart begins anew", "Vote down", ""},
		{"votes that move no life", aPost(), free, "Heart, 64 so far", "Vote down", ""},
		{"a reply", aReply(), v.Settings, "Heart, 3 so far", "Vote down", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := NewPost(v.Words, tt.post, tt.settings, noon)
			if p.HeartLabel != tt.heart || p.DownLabel != tt.down || p.Gift != tt.gift {
				t.Errorf("said %q, %q, %q", p.HeartLabel, p.DownLabel, p.Gift)
			}
		})
	}
}

func TestALowScoreWarnsBeforeThePostGoes(t *testing.T) {
	p := words.In("en")
	for _, tt := range []struct {
		score, vanish int
		want          string
	}{
		{0, -5, ""},
		{-2, -5, ""},
		{-3, -5, "At −3. Two more and it goes."},
		{-4, -5, "At −4. One more and it goes."},
		{0, -1, ""},
		{-1, -2, "At −1. One more and it goes."},
		{-1, -3, "At −1. Two more and it goes."},
		{-97, -1000, ""},
	} {
		if got := low(p, tt.score, tt.vanish); got != tt.want {
			t.Errorf("low(%d, %d) = %q, want %q", tt.score, tt.vanish, got, tt.want)
		}
	}
}

func TestWhatDependsOnTheReaderIsAddedToTheSameArticle(t *testing.T) {
	v := aVisit("en")
	plain := NewPost(v.Words, aPost(), v.Settings, v.Now)
	for _, tt := range []struct {
		vote        board.Vote
		heart, down string // what pressing sends, and whether it is pressed
	}{
		{board.NoVote, "heart false", "down false"},
		{board.Heart, "none true", "down false"},
		{board.Down, "heart false", "none true"},
	} {
		page := tree(t, draw(t, PostArticle(plain.For(true, tt.vote))))
		var got []string
		for _, b := range find(page, is("button")) {
			if attr(b, "name") == "vote" {
				got = append(got, attr(b, "value")+" "+attr(b, "aria-pressed"))
			}
		}
		if len(got) != 2 || got[0] != tt.heart || got[1] != tt.down {
			t.Errorf("vote %s: buttons are %v", tt.vote, got)
		}
	}
	mine, others := draw(t, PostArticle(plain.For(true, 0))), draw(t, PostArticle(plain.For(false, 0)))
	if !strings.Contains(mine, `formaction="/p/`+id(1).String()+`/delete"`) || !strings.Contains(mine, `<span class="badge">you</span>`) {
		t.Error("its author can't remove it, or is not told it is theirs")
	}
	if strings.Contains(others, "delete") || strings.Contains(others, "badge") {
		t.Error("another reader is offered to remove it")
	}
}

func TestNamesAreDifferentInEachLanguage(t *testing.T) {
	for _, tt := range []struct {
		name   board.Name
		en, it string
	}{
		{heron, "Teal Heron", "Airone Ottanio"},
		{crane, "Olive Crane", "Gru Oliva"},
		{board.Name{Hue: 11, Creature: 23, Round: 1}, "Slate Linnet 2", "Fanello Ardesia 2"},
	} {
		if got := PersonName(words.In("en"), tt.name); got != tt.en {
			t.Errorf("en: %q, want %q", got, tt.en)
		}
		if got := PersonName(words.In("it"), tt.name); got != tt.it {
			t.Errorf("it: %q, want %q", got, tt.it)
		}
	}
	for _, lang := range words.Languages {
		seen := map[string]bool{}
		for hue := range uint8(board.Hues) {
			for creature := range uint8(board.Creatures) {
				seen[PersonName(words.In(lang), board.Name{Hue: hue, Creature: creature})] = true
			}
		}
		if len(seen) != board.Hues*board.Creatures {
			t.Errorf("%s: %d names, want %d", lang, len(seen), board.Hues*board.Creatures)
		}
	}
}

func TestWritingKeepsItsDirectionAndItsLines(t *testing.T) {
	v, post := aVisit("en"), aPost()
	post.Body = "שלום עולם\n\nhttps://example.com/a"
	article := draw(t, PostArticle(NewPost(v.Words, post, v.Settings, v.Now)))
	want := `<p class="post-text" dir="auto">שלום עולם<br><br><a href="https://example.com/a" rel="noopener noreferrer nofollow ugc" dir="ltr">https://example.com/a</a></p>`
	if !strings.Contains(article, want) {
		t.Errorf("drawn as\n%s\nwant\n%s", article, want)
	}
}

func TestALongPostIsSetSmaller(t *testing.T) {
	v, post := aVisit("en"), aPost()
	for letters, long := range map[int]bool{longText: false, longText + 1: true} {
		post.Body = strings.Repeat("è", letters)
		if got := NewPost(v.Words, post, v.Settings, v.Now).Long; got != long {
			t.Errorf("%d letters: long = %v", letters, got)
		}
	}
}
