package views

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

// fact is the text of one term on the you page.
func fact(t *testing.T, y You, term string) string {
	t.Helper()
	for _, f := range y.Facts {
		if f.Term == term {
			return strings.TrimSpace(f.Text + " " + f.More)
		}
	}
	t.Fatalf("nothing is said of %q", term)
	return ""
}

func TestWhatIsSaidOfACookieIsWhatItIs(t *testing.T) {
	visitor := func(age time.Duration, session bool) board.Visitor {
		return board.Visitor{ID: [24]byte{1}, Issued: noon.Add(-age).Truncate(10 * time.Minute), Session: session}
	}
	for _, tt := range []struct {
		name    string
		visitor board.Visitor
		want    string
	}{
		{"none", board.Visitor{}, "None. Your first post, reply or vote sets one. Reading never does."},
		{"new", visitor(0, false), "A random number, made 10 minutes ago at most. It ends in 6 days and 23 hours. The server stores nothing for it."},
		{"of an hour", visitor(65*time.Minute, false), "A random number, made 1 hour and 20 minutes ago at most. It ends in 6 days and 22 hours. The server stores nothing for it."},
		{"for the session", visitor(0, true), "A random number, made 10 minutes ago at most. It goes with your browser’s session. The server stores nothing for it."},
		{"too old", visitor(8*day, false), "A random number, too old to write with. It still owns what you wrote, until your next post, reply or vote replaces it. The server stores nothing for it."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := aVisit("en")
			v.Visitor = tt.visitor
			if got := fact(t, NewYou(v, Known{}), "Cookie"); got != tt.want {
				t.Errorf("said %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestTheAgeOfACookieIsNeverFinerThanTheCookie(t *testing.T) {
	for issuedAgo := time.Duration(0); issuedAgo < 3*time.Hour; issuedAgo += 37 * time.Second {
		said := cookieAge(issuedAgo)
		if said%(10*time.Minute) != 0 {
			t.Fatalf("%s is finer than ten minutes", said)
		}
		// issued at the end of its step, or at its beginning
		if said < issuedAgo || said > issuedAgo+10*time.Minute {
			t.Fatalf("a cookie of the step %s ago is said to be of %s", issuedAgo, said)
		}
	}
}

func TestWhatIsSaidOfLanguageAndTheme(t *testing.T) {
	for _, tt := range []struct{ lang, theme, want string }{
		{"", "", "Not chosen. Your browser decides."},
		{"it", "", "A second cookie holds what you chose. It is the same for everybody who chose alike, and names nobody."},
		{"", "dark", "A second cookie holds what you chose. It is the same for everybody who chose alike, and names nobody."},
	} {
		v := aVisit("en")
		v.Theme = tt.theme
		y := NewYou(v, Known{Lang: tt.lang})
		if got := fact(t, y, "Language and theme"); got != tt.want {
			t.Errorf("lang %q, theme %q: said %q", tt.lang, tt.theme, got)
		}
		for name, list := range map[string][]Choice{tt.lang: y.Languages, tt.theme: y.Themes} {
			for _, c := range list {
				if c.Chosen != (c.Value == name) {
					t.Errorf("%q is chosen: %v", c.Value, c.Chosen)
				}
			}
		}
	}
}

func TestYoursListsWhatCanBeRemoved(t *testing.T) {
	v := aVisit("en")
	v.Visitor = me
	post, reply := by(me, aPost()), by(me, aReply())
	post.Body = "first line\nsecond"
	page := tree(t, draw(t, YouPage(NewYou(v, Known{Posts: []board.Post{post, reply}}))))
	items := find(find(page, is("ul"))[0], is("li"))
	if len(items) != 2 {
		t.Fatalf("%d are listed, want 2", len(items))
	}
	for i, want := range []struct{ href, drop, text, key string }{
		{"/p/" + id(1).String(), "/p/" + id(1).String() + "/delete", "first line …", post.Own.String()},
		{"/p/" + id(1).String() + "#p-" + id(2).String(), "/p/" + id(2).String() + "/delete", "Then don’t.", reply.Own.String()},
	} {
		link, form := find(items[i], is("a"))[0], find(items[i], is("form"))[0]
		if attr(link, "href") != want.href || text(link) != want.text || attr(form, "action") != want.drop {
			t.Errorf("item %d leads to %s as %q, removes by %s", i, attr(link, "href"), text(link), attr(form, "action"))
		}
		if !strings.Contains(text(items[i]), want.key) {
			t.Errorf("item %d does not show its key", i)
		}
	}
}

func TestNothingIsOfferedToWhoHasNoCookie(t *testing.T) {
	page := tree(t, draw(t, YouPage(NewYou(aVisit("en"), Known{}))))
	for _, action := range []string{"/new-me", "/you/session"} {
		if n := len(find(page, func(e *html.Node) bool { return attr(e, "action") == action })); n != 0 {
			t.Errorf("%s is offered, with nothing to change", action)
		}
	}
}

func TestTheKnowLineIsTrueOfItsReader(t *testing.T) {
	v := aVisit("en")
	nobody := know(v)
	v.Visitor = me
	known := know(v)
	if !strings.Contains(nobody.Rest, "Reading sets no cookie") || !strings.Contains(known.Bold, "one cookie") {
		t.Errorf("said %q and %q", nobody, known)
	}
	if got := knowWriting(v); !strings.Contains(got.Bold, "nothing new") {
		t.Errorf("to who has a cookie: %q", got)
	}
	v.Visitor.Issued = noon.Add(-8 * day)
	if got := knowWriting(v); !strings.Contains(got.Bold, "sets one cookie") || !strings.Contains(got.Rest, "7 days") {
		t.Errorf("to whose cookie is too old: %q", got)
	}
}

func TestForgottenCountsWhatEnded(t *testing.T) {
	for n, want := range map[int]string{
		0: "nothing you wrote was left to end", 1: "1 post or reply.", 3: "3 posts and replies.",
	} {
		if f := NewForgotten(aVisit("en"), n); !strings.Contains(f.Text, want) {
			t.Errorf("%d: %q", n, f.Text)
		}
	}
}

func TestAboutSaysWhatTheHostSaysOfSnapshots(t *testing.T) {
	for said, want := range map[board.Snapshots]string{
		board.SnapshotsYes:     "The host says that whoever rents out this machine copies its disk",
		board.SnapshotsNo:      "The host says that nobody copies this machine’s disk.",
		board.SnapshotsUnknown: "",
	} {
		v := aVisit("en")
		v.Settings.Snapshots = said
		all := text(tree(t, draw(t, AboutPage(NewAbout(v)))))
		if !strings.Contains(all, want) || want == "" && strings.Contains(all, "The host says that") {
			t.Errorf("%s: it should say %q", said, want)
		}
	}
}

func TestAboutTellsTheLimitsInForce(t *testing.T) {
	v := aVisit("en")
	v.Settings.Vote = board.Rate{}
	v.Settings.LifePerDown = 0
	v.Settings.VanishScore = -9
	all := text(tree(t, draw(t, AboutPage(NewAbout(v)))))
	for _, want := range []string{
		"1 minute to 7 days; 1 day if nothing is chosen", "A heart adds 10 minutes", "A down changes only the score",
		"at −9", "up to 1000 characters", "6 a minute, 3 at once", "12 a minute, 6 at once", "Votes as many as you like",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q", want)
		}
	}
}

func TestEverySettingHasItsHelp(t *testing.T) {
	for _, lang := range words.Languages {
		for _, k := range board.Knobs {
			if !words.In(lang).Has("setting." + k.Name) {
				t.Errorf("%s: nothing explains %s", lang, k.Name)
			}
		}
	}
}
