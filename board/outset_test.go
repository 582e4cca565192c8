package board_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

func (s *site) outset() *board.Outset {
	s.t.Helper()
	o, err := board.NewOutset(s.t.Context(), s.store, func(string) board.Settings { return s.settings }, s.clock)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// setUp makes the first choices, and returns what lays the careful time over settings.
func (s *site) setUp(greet bool) *board.Outset {
	s.t.Helper()
	o := s.outset()
	if err := errors.Join(o.Begin(s.t.Context()), s.FinishOutset(s.t.Context(), "ada", greet), o.Follow(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
	return o
}

func TestASiteIsCarefulFromItsFirstChoicesOnAndNoLongerThanItShould(t *testing.T) {
	s := newSite(t)
	o := s.outset()
	if got := o.Settings(board.Home); o.Stage() != board.Untouched || got.Cautious || got.Pow != board.PowAdaptive {
		t.Errorf("a site that nobody set up: %+v", got)
	}
	if err := o.Begin(t.Context()); err != nil || o.Stage() != board.Begun || o.Left() != 0 {
		t.Errorf("half way: stage %d, %v left, %v", o.Stage(), o.Left(), err)
	}
	s.settings.Pow = board.PowOff
	o = s.setUp(true)
	if got := o.Settings("attic"); o.Stage() != board.SetUp || o.Left() != 72*time.Hour || !got.Cautious || got.Pow != board.PowAlways {
		t.Errorf("set up: %v left, %+v", o.Left(), got)
	}
	s.now = s.now.Add(72*time.Hour - time.Millisecond)
	if !s.outset().Settings(board.Home).Cautious {
		t.Error("it is over too early, or a restart ended it")
	}
	s.now = s.now.Add(time.Millisecond)
	if got := o.Settings(board.Home); got.Cautious || got.Pow != board.PowOff {
		t.Errorf("when it is over: %+v", got)
	}
	s.settings.Careful = 96 * time.Hour
	if o.Left() != 24*time.Hour {
		t.Errorf("with a day more %v are left", o.Left())
	}
	s.settings.Careful = 0
	if o.Settings(board.Home).Cautious {
		t.Error("careful=0 does not end it")
	}
}

func TestWatchersHearWhenTheCarefulTimeBeginsAndEnds(t *testing.T) {
	s := newSite(t)
	o := s.outset()
	heard := 0
	o.Watch(func(_ context.Context, _ string) { heard++ })
	for i, step := range []func() error{
		func() error { return o.Begin(t.Context()) },
		func() error { return s.FinishOutset(t.Context(), "ada", true) },
		func() error { return o.Follow(t.Context()) },
		func() error { s.now = s.now.Add(72 * time.Hour); return o.Follow(t.Context()) },
		func() error { return o.Follow(t.Context()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 0, 1, 2, 2}[i]; heard != want {
			t.Errorf("after step %d they heard %d times, want %d", i, heard, want)
		}
	}
}

func TestInTheCarefulTimeLinksAndPicturesWaitForAnAdmin(t *testing.T) {
	s := newSite(t)
	rang := 0
	s.Alarm(func(board.Waiting) { rang++ })
	v := board.NewVisitor(s.now)
	s.settings.Cautious = true
	for _, tt := range []struct {
		name  string
		draft board.Draft
		want  board.Standing
	}{
		{"words", board.Draft{Body: "The fountain is on again."}, board.Shown},
		{"a link", board.Draft{Body: "Look: https://example.org/a"}, board.Held},
		{"a link in a warning", board.Draft{Body: "Look at this one", Warning: "www.example.org"}, board.Held},
		{"a picture", board.Draft{Picture: &upload{}, Alt: "a gate"}, board.Held},
	} {
		before := rang
		p, _, err := s.Create(t.Context(), board.Home, v, tt.draft)
		if err != nil || p.Standing != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, p.Standing, err, tt.want)
			continue
		}
		if (rang > before) != (tt.want == board.Held) {
			t.Errorf("%s: the bell rang %d times", tt.name, rang-before)
		}
		seen, err := s.Post(t.Context(), p.ID, v)
		if err != nil || s.settings.Caution(seen) != (tt.want == board.Held) {
			t.Errorf("%s: its author is not told rightly why, %v", tt.name, err)
		}
	}
	root, _, err := s.Create(t.Context(), board.Home, v, board.Draft{Body: "Who has a ladder?"})
	if err != nil {
		t.Fatal(err)
	}
	if r, _, err := s.Reply(t.Context(), root.ID, v, board.Draft{Body: "Here: www.ladder.example"}); err != nil || r.Standing != board.Held {
		t.Errorf("a reply with a link: %q, %v", r.Standing, err)
	}
	list, err := s.Queue(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("%d wait, %v", len(list), err)
	}
	if err := s.Release(t.Context(), board.Ruling{By: "ada"}, list[0].Post.ID); err != nil {
		t.Error(err)
	}
	s.settings.Cautious = false
	if p, _, err := s.Create(t.Context(), board.Home, v, board.Draft{Body: "Another: https://example.org/b"}); err != nil || p.Standing != board.Shown {
		t.Errorf("when it is over: %q, %v", p.Standing, err)
	}
}

func TestWhatLeadsElsewhereIsALink(t *testing.T) {
	for text, want := range map[string]bool{
		"see https://example.org":             true,
		"HTTP://EXAMPLE.ORG/x":                true,
		"gemini://somewhere":                  true,
		"www.example.org":                     true,
		"on t.me/x tonight":                   true,
		"bücher.example:8080/neu":             true,
		"at eight/nine":                       false,
		"It ended.It was good":                false,
		"1/2 cup, 3.5 kg, and/or":             false,
		"e.g. a link: none":                   false,
		"meet me at 20:30":                    false,
		"see the note://":                     false,
		"mayfly.example has no way behind it": false,
		"":                                    false,
	} {
		if got := board.HasLink(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzHasLinkFindsEverySchemeThatPagesWouldLink(f *testing.F) {
	f.Add("a", "b")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before, "/") {
			return
		}
		if text := before + " https://x" + after; !board.HasLink(text) {
			t.Errorf("%q has none", text)
		}
	})
}

// greetings are a set in two languages and another in one.
var greetings = board.Starter{Set: "neighbours", Lang: "en", Sets: map[string]map[string]board.Greeting{
	"en": {"neighbours": {Welcome: "Welcome.", Questions: []string{"One?", "Two?"}}, "campus": {Welcome: "Hello.", Questions: []string{"Where?"}}},
	"it": {"neighbours": {Welcome: "Benvenuti.", Questions: []string{"Uno?"}}},
}}

func TestTheHostSpeaksAsWasChosenAndSaysNothingTwice(t *testing.T) {
	for _, tt := range []struct {
		name, set, lang string
		greet           bool
		want            []string
	}{
		{"as it was started", "started", "started", true, []string{"question: %", "welcome: Welcome."}},
		{"the same by name", "neighbours", "en", true, []string{"question: %", "welcome: Welcome."}},
		{"another language", "neighbours", "it", true, []string{"question: Uno?", "welcome: Benvenuti."}},
		{"another set", "campus", "started", true, []string{"question: Where?", "welcome: Hello."}},
		{"a set that is not there", "event", "it", true, nil},
		{"nothing", "campus", "en", false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.begin(greetings)
			first := said(s.prompts(board.Home))
			s.settings.QuestionSet, s.settings.HostLanguage, s.settings.DailyQuestion = tt.set, tt.lang, tt.greet
			s.setUp(tt.greet)
			want := slices.Clone(tt.want)
			for i := range want {
				if want[i] == "question: %" {
					want[i] = first[0]
				}
			}
			got := said(s.prompts(board.Home))
			slices.Sort(got)
			expect(t, "the host says", got, want)
			if err := s.FinishOutset(t.Context(), "ada", tt.greet); !errors.Is(err, board.ErrDecided) {
				t.Errorf("finished again: %v", err)
			}
			s.follow()
			again := said(s.prompts(board.Home))
			slices.Sort(again)
			expect(t, "and later", again, want)
		})
	}
}

func TestWhatTheHostHasWrittenStaysWhenTheSetChanges(t *testing.T) {
	s := newSite(t)
	s.begin(greetings)
	s.ask(board.Question{Board: board.Home, Kind: board.Welcome, Body: "Ours."})
	s.settings.QuestionSet = "campus"
	s.setUp(true)
	got := said(s.prompts(board.Home))
	slices.Sort(got)
	expect(t, "the host says", got, []string{"question: Where?", "welcome: Ours."})
}
