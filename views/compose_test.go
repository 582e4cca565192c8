package views

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

func TestAComposerOffersLivesWithinTheBoardsBounds(t *testing.T) {
	p := words.In("en")
	for _, tt := range []struct {
		name          string
		min, def, max time.Duration
		asked, want   string
	}{
		{"as it comes", time.Minute, day, 7 * day, "", "10 min, 1 h, 6 h, [1 day], 3 days, 7 days"},
		{"seconds", time.Second, 3 * time.Second, 5 * time.Second, "", "1 s, [3 s], 5 s"},
		{"one second only", time.Second, time.Second, time.Second, "", "[1 s]"},
		{"up to a month", time.Second, day, 30 * day, "", "10 min, 1 h, 6 h, [1 day], 3 days, 7 days, 30 days"},
		{"a default of its own", time.Minute, 90 * time.Minute, 7 * day, "", "10 min, 1 h, [1 h 30 min], 6 h, 1 day, 3 days, 7 days"},
		{"between two of ours", 2 * time.Hour, 3 * time.Hour, 5 * time.Hour, "", "2 h, [3 h], 5 h"},
		{"one of ours", time.Minute, 10 * time.Minute, 30 * time.Minute, "", "1 min, [10 min], 30 min"},
		{"given back", time.Minute, day, 7 * day, "6h", "10 min, 1 h, [6 h], 1 day, 3 days, 7 days"},
		{"given back, none of ours", time.Minute, day, 7 * day, "2h", "10 min, 1 h, [2 h], 6 h, 1 day, 3 days, 7 days"},
		{"given back, out of bounds", time.Minute, day, 7 * day, "30d", "10 min, 1 h, 6 h, [1 day], 3 days, 7 days"},
		{"given back, no time", time.Minute, day, 7 * day, "soon", "10 min, 1 h, 6 h, [1 day], 3 days, 7 days"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := board.Settings{TTLMin: tt.min, TTLDefault: tt.def, TTLMax: tt.max}
			offered := ttlChoices(p, s, tt.asked)
			if got := listed(offered); got != tt.want {
				t.Errorf("offers %s\nwant   %s", got, tt.want)
			}
			for _, c := range offered {
				if d, err := board.ParseLife(c.Value); err != nil || d < tt.min || d > tt.max {
					t.Errorf("offers %q, which the board refuses", c.Value)
				}
			}
		})
	}
}

func TestAComposerOffersSilencesThatCanEndAPost(t *testing.T) {
	p := words.In("en")
	for _, tt := range []struct {
		max         time.Duration
		asked, want string
	}{
		{7 * day, "", "[Never], 10 min, 1 h, 6 h, 1 day"},
		{7 * day, "0", "[Never], 10 min, 1 h, 6 h, 1 day"},
		{7 * day, "1h", "Never, 10 min, [1 h], 6 h, 1 day"},
		{7 * day, "5m", "Never, [5 min], 10 min, 1 h, 6 h, 1 day"},
		{7 * day, "9d", "[Never], 10 min, 1 h, 6 h, 1 day"},
		{6 * time.Hour, "", "[Never], 10 min, 1 h"},
		{5 * time.Second, "", ""},
	} {
		if got := listed(quietChoices(p, board.Settings{TTLMax: tt.max}, tt.asked)); got != tt.want {
			t.Errorf("ttl_max %s, asked %q: offers %s, want %s", tt.max, tt.asked, got, tt.want)
		}
	}
}

func listed(list []Choice) string {
	var out []string
	for _, c := range list {
		if c.Chosen {
			c.Text = "[" + c.Text + "]"
		}
		out = append(out, c.Text)
	}
	return strings.Join(out, ", ")
}

func TestARefusedPostComesBackWithItsWordsAndWhatWasWrong(t *testing.T) {
	v := aVisit("en")
	refused := &board.Error{Kind: board.Invalid, Code: "error.draft", Fields: map[string]board.Problem{
		"body":    {Code: "error.body.long", Args: map[string]any{"max": 1000, "over": 3}},
		"ttl":     {Code: "error.ttl", Args: map[string]any{"min": time.Minute, "max": time.Hour}},
		"silence": {Code: "error.silence", Args: map[string]any{"min": time.Minute, "max": time.Hour}},
	}}
	form := tree(t, draw(t, ComposerForm(NewComposer(v, Given{Body: "\nmy words", TTL: "1h", Silence: "10m"}, refused))))
	body := byID(t, form, "body")
	if got := raw(body); got != "\nmy words" {
		t.Errorf("the words came back as %q", got)
	}
	if attr(body, "aria-invalid") != "true" || !strings.Contains(attr(body, "aria-describedby"), "body-err") {
		t.Error("the field does not say that it is wrong")
	}
	for id, want := range map[string]string{
		"body-err":    "It may have 1000 characters, and it has 3 too many.",
		"ttl-err":     "Choose a time from 1 minute to 1 hour.",
		"silence-err": "Choose a time from 1 minute to 1 hour, or none.",
	} {
		if got := text(byID(t, form, id)); got != want {
			t.Errorf("%s says %q, want %q", id, got, want)
		}
	}
	for _, fold := range find(form, is("details")) {
		wrong := len(find(fold, func(e *html.Node) bool { return attr(e, "id") == "silence-err" })) > 0
		if wrong != has(fold, "open") {
			t.Errorf("what is wrong is folded away, or what is not stands open: %s", text(fold))
		}
	}
	checked := map[string]string{}
	for _, e := range find(form, func(e *html.Node) bool { return has(e, "checked") }) {
		checked[attr(e, "name")] += attr(e, "value")
	}
	if checked["ttl"] != "1h" || checked["silence"] != "10m" {
		t.Errorf("chosen are %v", checked)
	}
}

func TestALimitedFormWaits(t *testing.T) {
	v := aVisit("en")
	limited := &board.Error{Kind: board.Limited, Code: "error.limited", Args: map[string]any{"wait": 23200 * time.Millisecond}}
	for name, markup := range map[string]string{
		"composer": draw(t, ComposerForm(NewComposer(v, Given{Body: "x"}, limited))),
		"reply":    draw(t, TalkForm(NewReplyForm(v, Talk{Post: aPost(), Given: Given{Body: "x"}, Err: limited}, nil))),
	} {
		form := tree(t, markup)
		send := byID(t, form, "send")
		if got := attr(send, "data-wait"); got != "24" {
			t.Errorf("%s waits %q s, want 24", name, got)
		}
		if has(send, "disabled") || has(send, "aria-disabled") {
			t.Errorf("%s can't be sent without a script", name)
		}
		if alerts := find(form, func(e *html.Node) bool { return attr(e, "role") == "alert" }); len(alerts) != 1 || !strings.Contains(text(alerts[0]), "23 seconds") {
			t.Errorf("%s does not say how long", name)
		}
	}
}

func TestFormsSendWhatTheContractNames(t *testing.T) {
	v := aVisit("en")
	mine := v
	mine.Visitor = me
	for name, tt := range map[string]struct {
		page   string
		action string
		fields string
	}{
		"composer": {draw(t, WritePage(NewWrite(v, Given{}, nil))), "/b/home/posts", "alt backdrop body picture readers silence ttl unlisted view_once warning"},
		"reply":    {draw(t, ThreadPage(NewThread(v, Talk{Post: aPost()}))), "/p/" + id(1).String() + "/replies", "body to"},
		"vote":     {draw(t, ThreadPage(NewThread(v, Talk{Post: aPost()}))), "/p/" + id(1).String() + "/vote", "vote"},
		"key":      {draw(t, ThreadPage(NewThread(v, Talk{Post: aPost()}))), "/p/" + id(1).String() + "/delete", "owner_key"},
		"session":  {draw(t, YouPage(NewYou(mine, Known{}))), "/you/session", "session"},
		"new me":   {draw(t, YouPage(NewYou(mine, Known{}))), "/new-me", ""},
		"forget":   {draw(t, YouPage(NewYou(mine, Known{}))), "/forget", ""},
		"look":     {draw(t, YouPage(NewYou(v, Known{}))), "/look", "back lang theme"},
	} {
		forms := find(tree(t, tt.page), func(e *html.Node) bool { return e.Data == "form" && attr(e, "action") == tt.action })
		if len(forms) == 0 {
			t.Errorf("%s: no form leads to %s", name, tt.action)
			continue
		}
		fields := map[string]bool{}
		for _, e := range elements(forms[0]) {
			if n := attr(e, "name"); n != "" {
				fields[n] = true
			}
		}
		if got := strings.Join(slices.Sorted(maps.Keys(fields)), " "); got != tt.fields || attr(forms[0], "method") != "post" {
			t.Errorf("%s sends %q by %s, want %q", name, got, attr(forms[0], "method"), tt.fields)
		}
	}
}

func TestScriptedFormsTakeTheirAnswersPlace(t *testing.T) {
	v := aVisit("en")
	for name, markup := range map[string]string{
		"composer": draw(t, ComposerForm(NewComposer(v, Given{}, nil))),
		"talk":     draw(t, TalkForm(NewReplyForm(v, Talk{Post: aPost()}, nil))),
	} {
		form := byID(t, tree(t, markup), name)
		if attr(form, "hx-post") != attr(form, "action") || attr(form, "hx-target") != "this" || attr(form, "hx-swap") != "outerHTML" || attr(form, "hx-sync") != "drop" {
			t.Errorf("%s is sent otherwise than its plain form", show(form))
		}
	}
}

func TestAReplyFormKnowsWhoYouAreHere(t *testing.T) {
	v := aVisit("en")
	if f := NewReplyForm(v, Talk{Post: aPost()}, nil); f.As != nil || f.Label != "Reply" {
		t.Errorf("somebody new is called %q", f.Label)
	}
	if f := NewReplyForm(v, Talk{Post: aPost()}, &crane); f.Label != "Reply as Olive Crane" {
		t.Errorf("Olive Crane is called %q", f.Label)
	}
	v.Visitor = me
	post, reply := aPost(), by(me, aReply())
	th := NewThread(v, Talk{Post: post, Replies: []board.Post{reply}})
	if th.You == nil || th.You.Text != "Olive Crane" || th.Form.Label != "Reply as Olive Crane" || th.Key != "" {
		t.Errorf("in the thread they are %v, and hold %q", th.You, th.Key)
	}
	own := by(me, post)
	th = NewThread(v, Talk{Post: own})
	if th.You == nil || th.You.Text != "Teal Heron" || th.Key != own.Own.String() {
		t.Errorf("the author is %v, and holds %q", th.You, th.Key)
	}
	v.Visitor = board.Visitor{}
	if th = NewThread(v, Talk{Post: own, Replies: []board.Post{reply}}); th.You != nil || th.Key != "" {
		t.Errorf("a stranger is %v, and holds %q", th.You, th.Key)
	}
}

func TestRoomCountsLettersAsTheBoardDoes(t *testing.T) {
	p := words.In("en")
	for body, want := range map[string]string{
		"": "10 characters left", "è😀x": "7 characters left", "123456789": "1 character left", "1234567890": "0 characters left", "12345678901": "1 character too many",
	} {
		if got := roomSays(p, body, 10); got != want {
			t.Errorf("roomSays(%q) = %q, want %q", body, got, want)
		}
	}
}

func TestWhatVotesDoIsSaidAsTheSettingsHaveIt(t *testing.T) {
	p := words.In("en")
	for _, tt := range []struct {
		heart, down time.Duration
		want        string
	}{
		{10 * time.Minute, time.Hour, "A heart adds 10 minutes, a down takes 1 hour away. It never lasts beyond 7 days."},
		{10 * time.Minute, 0, "A heart adds 10 minutes. It never lasts beyond 7 days."},
		{0, 90 * time.Second, "A down takes 1 minute and 30 seconds away."},
		{0, 0, ""},
	} {
		if got := votesSay(p, board.Settings{LifePerHeart: tt.heart, LifePerDown: tt.down, TTLMax: 7 * day}); got != tt.want {
			t.Errorf("said %q, want %q", got, tt.want)
		}
	}
}

// raw is the text of an element as a browser would send it.
func raw(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
