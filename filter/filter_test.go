package filter_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"mayfly/board"
	"mayfly/filter"
)

// list is a Store of what stands in it.
type list []board.Filter

func (l *list) Filters(context.Context) ([]board.Filter, error) { return slices.Clone(*l), nil }

func screen(t testing.TB, filters ...board.Filter) *filter.Screen {
	t.Helper()
	l := list(filters)
	s, err := filter.New(t.Context(), &l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hits is what a filter finds in a text.
func hits(t testing.TB, f board.Filter, text string) []string {
	t.Helper()
	var s filter.Screen
	find, err := s.Finder(f)
	if err != nil {
		t.Fatalf("%q: %v", f.Text, err)
	}
	return find(text)
}

func TestALiteralFindsItsWordInEveryDress(t *testing.T) {
	for _, tt := range []struct{ text, in string }{
		{"badword", "badword"},
		{"badword", "such a BadWord!"},
		{"badword", "b\u200ba\u200bd\u200bw\u200bo\u200br\u200bd"},
		{"badword", "bad\u00adword"},
		{"badword", "b\u0430dw\u043erd"},
		{"badword", "\uff42\uff41\uff44\uff57\uff4f\uff52\uff44"},
		{"badword", "\U0001d41b\U0001d41a\U0001d41d\U0001d430\U0001d428\U0001d42b\U0001d41d"},
		{"badword", "b4dw0rd"},
		{"badword", "b\u00e0dw\u00f6rd"},
		{"badword", "b\u0336a\u0336d\u0336w\u0336o\u0336r\u0336d\u0336"},
		{"badword", "b a d w o r d"},
		{"badword", "b.a.d.w.o.r.d"},
		{"badword", "b - a - d - w - o - r - d"},
		{"badword", "b\na\nd\nw\no\nr\nd"},
		{"badword", "bad.word"},
		{"badword", "bad-word"},
		{"badword", "baaaadwoooord"},
		{"badword", "bbaaddwwoorrdd"},
		{"badword", "b" + strings.Repeat("a", 60) + "dword"},
		{"badword", "b " + strings.Repeat("a", 60) + " d w o r d"},
		{"badword", "b*dw*rd"},
		{"badword", "\u24d1\u24d0\u24d3\u24e6\u24de\u24e1\u24d3"},
		{"badword", "\U0001f171\U0001f170\U0001f173\U0001f186\U0001f17e\U0001f181\U0001f173"},
		{"badword", "\U0001f1e7\U0001f1e6\U0001f1e9\U0001f1fc\U0001f1f4\U0001f1f7\U0001f1e9"},
		{"badword", "\u0299\u1d00\u1d05\u1d21\u1d0f\u0280\u1d05"},
		{"badword", "badword99"},
		{"badword", "#badword_now"},
		{"badword", "\u201cbadword\u201d"},
		{"b\u00e0dword", "badword"},
		{"kill yourself", "Kill   yourself"},
		{"kill yourself", "killyourself"},
		{"kill yourself", "k1ll y0urself"},
		{"illegal", "\u0406LLEGAL"},
		{"spam*", "spammers"},
		{"*spam", "antispam"},
		{"*spam*", "antispammers"},
		{"t.me/*", "join t.me/abc"},
		{"\u0437\u043b\u043e", "\u0417\u041b\u041e!"},
		{"\u5927\u9e7f", "\u7684\u5927\u9e7f\u5728"},
		{"ass", "@ss"},
		{"ass", "a$$"},
		{"shit", "sh!t"},
		{"book", "book"},
		{"class", "class"},
		{"stra\u00dfe", "STRASSE"},
	} {
		if got := hits(t, board.Filter{Text: tt.text}, tt.in); len(got) != 1 {
			t.Errorf("%q finds %q in %+q", tt.text, got, tt.in)
		}
	}
}

func TestALiteralLeavesOtherWordsAlone(t *testing.T) {
	for _, tt := range []struct{ text, in string }{
		{"cunt", "Scunthorpe"},
		{"ass", "class, assess, as soon, a55, grass"},
		{"ass", "as s"},
		{"con", "coon"},
		{"god", "good, g00d"},
		{"lose", "loose"},
		{"nono", "nonno"},
		{"ano", "a no, sano, anno"},
		{"hell", "he'll, shell"},
		{"spam", "spammers"},
		{"bad", "badge, b ad, sandbad"},
		{"boob", "8008"},
		{"fatali", "fatal!"},
		{"\u0437\u043b\u043e", "\u0437\u043b\u043e\u0439"},
		{"t.me/*", "don't mention"},
		{"tit", "title, ti t'amo, constitution"},
		{"kill yourself", "kill yourselves"},
	} {
		if got := hits(t, board.Filter{Text: tt.text}, tt.in); len(got) != 0 {
			t.Errorf("%q finds %q in %q", tt.text, got, tt.in)
		}
	}
}

func TestAPatternReadsTheSkeleton(t *testing.T) {
	for _, tt := range []struct {
		text, in string
		want     []string
	}{
		{`buy\s+now`, "BUY  N\u043ew", []string{"BUY  N\u043ew"}},
		{`Citt[àa]\d+`, "citta12", []string{"citta12"}},
		{`[A-Z]{4}-\d{2}`, "\u00e0bcd-\u0663\u0664", []string{"\u00e0bcd-\u0663\u0664"}},
		{`\bcasino\b`, "cas\u200bin\u00f2, casinos", []string{"cas\u200bin\u00f2"}},
		{`(foo|bar)baz`, "a barbaz and foobaz", []string{"barbaz", "foobaz"}},
		{`x{2,}y?`, "axxxb", []string{"xxx"}},
		{`straße`, "STRASSE", []string{"STRASSE"}},
	} {
		if got := hits(t, board.Filter{Text: tt.text, Pattern: true}, tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("/%s/ finds %q in %q, want %q", tt.text, got, tt.in, tt.want)
		}
	}
}

func TestWhatCanBeNoFilterIsRefusedInASentence(t *testing.T) {
	var s filter.Screen
	for _, tt := range []struct {
		f    board.Filter
		says string
	}{
		{board.Filter{Text: `(abc`, Pattern: true}, "error.filter.unread"},
		{board.Filter{Text: `a**`, Pattern: true}, "error.filter.unread"},
		{board.Filter{Text: `(?=a)`, Pattern: true}, "error.filter.unread"},
		{board.Filter{Text: "\xff", Pattern: true}, "error.filter.unread"},
		{board.Filter{Text: ``, Pattern: true}, "error.filter.every"},
		{board.Filter{Text: `x*`, Pattern: true}, "error.filter.every"},
		{board.Filter{Text: `\b`, Pattern: true}, "error.filter.every"},
		{board.Filter{Text: `^|$`, Pattern: true}, "error.filter.every"},
		{board.Filter{Text: `a|b?`, Pattern: true}, "error.filter.every"},
		{board.Filter{Text: `(ab|cd|ef){400}`, Pattern: true}, "error.filter.large"},
		{board.Filter{Text: `*`}, "error.filter.nothing"},
		{board.Filter{Text: ` `}, "error.filter.nothing"},
		{board.Filter{Text: "\u200b\u0301"}, "error.filter.nothing"},
		{board.Filter{Text: strings.Repeat("a", 201)}, "error.filter.long"},
	} {
		_, err := s.Finder(tt.f)
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want a sentence with %q", tt.f.Text, err, tt.says)
		}
	}
}

func TestAVerdictTellsEachActionAndMasksAtBirth(t *testing.T) {
	s := screen(
		t,
		board.Filter{Text: "refused", Action: board.Block},
		board.Filter{Text: "brief", Action: board.Short},
		board.Filter{Text: "mary rossi", Action: board.Doubt},
		board.Filter{Text: "sad", Action: board.Care},
		board.Filter{Text: "blot", Action: board.Mask},
		board.Filter{Text: "blot there", Action: board.Mask},
		board.Filter{Text: "attic", Board: "attic", Action: board.Block},
	)
	v := s.Read("home", board.Draft{Body: "a B\u200blo\u0301t there and blot, attic", Warning: "blots: b.l.o.t"}, true)
	if got := v.Draft.Body; got != "a ▇▇▇▇ ▇▇▇▇▇ and ▇▇▇▇, attic" {
		t.Errorf("the body is %q", got)
	}
	if got := v.Draft.Warning; got != "blots: ▇▇▇▇▇▇▇" {
		t.Errorf("the warning is %q", got)
	}
	if v.Refused != "" || v.Short || v.Care || v.Private != nil {
		t.Errorf("a masked draft is %+v", v)
	}
	v = s.Read("attic", board.Draft{Body: "Brief and sad, Mary  ROSSI. Refused in the Attic."}, true)
	if v.Refused != "Refused" || !v.Short || !v.Care || !slices.Equal(v.Private, []board.Private{board.PrivateName}) {
		t.Errorf("verdict %+v", v)
	}
	if v = s.Read("attic", board.Draft{Alt: "attic"}, true); v.Refused != "attic" {
		t.Errorf("the words for a picture are not read: %+v", v)
	}
}

// TestAStarHitsAllOfTheWord, so that a mask leaves no end of it to be read.
func TestAStarHitsAllOfTheWord(t *testing.T) {
	for _, tt := range []struct{ filter, text, want string }{
		{"blot*", "Blòts and a b.l.o.tter, blot", "▇▇▇▇▇ and a ▇▇▇▇▇▇▇▇▇▇, ▇▇▇▇"},
		{"blot*", "blotting-paper", "▇▇▇▇▇▇▇▇-paper"},
		{"ink blot*", "an ink blotter too", "an ▇▇▇ ▇▇▇▇▇▇▇ too"},
		{"blot", "blots, blot", "blots, ▇▇▇▇"},
		{"大鹿*", "大鹿公園", "▇▇公園"},
	} {
		s := screen(t, board.Filter{Text: tt.filter, Action: board.Mask})
		if got := s.Read("home", board.Draft{Body: tt.text}, true).Draft.Body; got != tt.want {
			t.Errorf("%s in %q leaves %q, want %q", tt.filter, tt.text, got, tt.want)
		}
	}
}

func TestFiltersFollowTheirStore(t *testing.T) {
	var l list
	s, err := filter.New(t.Context(), &l)
	if err != nil {
		t.Fatal(err)
	}
	refused := func() string { return s.Read("home", board.Draft{Body: "spam"}, true).Refused }
	if refused() != "" {
		t.Error("no filter refuses something")
	}
	l = list{{Number: 1, Text: "spam", Action: board.Block}}
	if err := s.Follow(t.Context()); err != nil || refused() != "spam" {
		t.Errorf("a filter was not followed (%v)", err)
	}
	l = nil
	if err := s.Follow(t.Context()); err != nil || refused() != "" {
		t.Errorf("a filter that went was not followed (%v)", err)
	}
	l = list{{Text: "(", Pattern: true}}
	if err := s.Follow(t.Context()); err == nil {
		t.Error("a filter that can't be compiled says nothing")
	}
}
