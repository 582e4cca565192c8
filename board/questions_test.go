package board_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// ask asks on a board, and follows.
func (s *site) ask(q board.Question) {
	s.t.Helper()
	if err := board.Ask(s.t.Context(), "cli", s.store, s.store, q, s.now); err != nil {
		s.t.Fatal(err)
	}
	s.follow()
}

func (s *site) prompts(slug string) []board.Post {
	s.t.Helper()
	posts, err := s.Prompts(s.t.Context(), slug)
	if err != nil {
		s.t.Fatal(err)
	}
	return posts
}

func (s *site) questions() []board.Question {
	s.t.Helper()
	list, err := s.store.Questions(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func TestTheHostsQuestionIsAPostOfItsOwnKind(t *testing.T) {
	s := newSite(t)
	s.settings.TTLDefault, s.settings.TTLMax = time.Hour, time.Hour
	s.ask(board.Question{Board: board.Home, Kind: board.Asking, Body: " Why?\r\n", TTL: 10 * 24 * time.Hour})
	p := s.prompts(board.Home)[0]
	if p.Body != "Why?" || p.Prompt != board.Asking || p.Life.EndsAt.Sub(s.now) != 10*24*time.Hour || !p.Life.CapAt.Equal(p.Life.EndsAt) {
		t.Errorf("it reads %+v", p)
	}
	expect(t, "told", s.told(), []string{"born " + p.ID.String()})
	visitor := s.visitor()
	if _, err := s.Vote(t.Context(), p.ID, visitor, board.Down); err == nil {
		t.Error("a down was taken")
	}
	for _, v := range []board.Visitor{visitor, s.visitor()} {
		if got, err := s.Vote(t.Context(), p.ID, v, board.Heart); err != nil || got.Life != p.Life {
			t.Errorf("a heart moved it to %+v, %v", got.Life, err)
		}
	}
	if got, err := s.Vote(t.Context(), p.ID, visitor, board.NoVote); err != nil || got.Hearts != 1 || got.Score != 1 {
		t.Errorf("taken back: %+v, %v", got, err)
	}
	answer := s.reply(p, visitor, "Because.")
	if list, err := s.Yours(t.Context(), visitor); err != nil || len(list) != 1 || list[0].ID != answer.ID {
		t.Errorf("what the visitor wrote: %v, %v; want the answer alone", list, err)
	}
	if err := s.EndAsVisitor(t.Context(), p.ID, visitor); !isGone(err) {
		t.Errorf("a visitor ends it: %v", err)
	}
	s.now = p.Life.EndsAt
	s.sweep()
	s.follow()
	if len(s.questions()) != 0 {
		t.Error("its words are kept after its end")
	}
}

func TestThreePromptsStandAtATime(t *testing.T) {
	s := newSite(t)
	for range board.PromptsMax {
		s.ask(board.Question{Board: board.Home, Kind: board.Asking, Body: "Why?"})
	}
	q := board.Question{Board: board.Home, Kind: board.Asking, Body: "And why not?"}
	if err := board.Ask(t.Context(), "cli", s.store, s.store, q, s.now); err == nil {
		t.Error("a fourth was taken")
	}
	s.add(board.Info{Slug: "attic", Title: "The attic"})
	q.Board = "attic"
	s.ask(q)
	first := s.prompts(board.Home)[2]
	if err := board.EndQuestion(t.Context(), "cli", s.store, 1, s.now); err != nil {
		t.Fatal(err)
	}
	s.told()
	s.follow()
	expect(t, "told", s.told(), []string{"died " + first.ID.String() + " admin"})
	if _, err := s.Post(t.Context(), first.ID, board.Visitor{}); !isGone(err) {
		t.Errorf("it is read after its end: %v", err)
	}
	s.follow()
	if n := len(s.questions()); n != 3 {
		t.Errorf("%d questions are kept, want 3", n)
	}
	q.Board = board.Home
	s.ask(q)
}

func TestWhatNoPromptMayBeIsRefused(t *testing.T) {
	s := newSite(t)
	for name, q := range map[string]board.Question{
		"no board":        {Board: "cellar", Kind: board.Asking, Body: "Why?"},
		"nothing to say":  {Board: board.Home, Kind: board.Asking, Body: " \u200b\n"},
		"too long":        {Board: board.Home, Kind: board.Asking, Body: strings.Repeat("é", 501)},
		"no text":         {Board: board.Home, Kind: board.Asking, Body: "\xff"},
		"too short-lived": {Board: board.Home, Kind: board.Asking, Body: "Why?", TTL: time.Second},
		"too long-lived":  {Board: board.Home, Kind: board.Asking, Body: "Why?", TTL: 31 * 24 * time.Hour},
		"no kind":         {Board: board.Home, Body: "Why?"},
	} {
		if err := board.Ask(t.Context(), "cli", s.store, s.store, q, s.now); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want a refusal in one sentence", name, err)
		}
	}
	if err := board.EndQuestion(t.Context(), "cli", s.store, 7, s.now); err == nil || errors.Is(err, board.ErrNotFound) {
		t.Errorf("the end of none: %v, want a sentence", err)
	}
}

func TestAPromptEndsWithItsBoard(t *testing.T) {
	s := newSite(t)
	s.add(board.Info{Slug: "attic", Title: "The attic", ClosesAt: s.now.Add(2 * time.Hour)})
	s.ask(board.Question{Board: "attic", Kind: board.Asking, Body: "Why?"})
	if p := s.prompts("attic")[0]; !p.Life.CapAt.Equal(s.now.Add(2 * time.Hour)) {
		t.Errorf("its cap is %v", p.Life.CapAt)
	}
	if err := board.Ask(t.Context(), "cli", s.store, s.store, board.Question{Board: "attic", Kind: board.Asking, Body: "Too late?"}, s.now); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(2 * time.Hour)
	s.sweep()
	s.follow()
	if list := s.questions(); len(list) != 0 {
		t.Errorf("kept: %+v", list)
	}
}

var starter = startedWith(board.Greeting{Welcome: "Welcome.", Questions: []string{"One?", "Two?", "Three?"}})

// startedWith is a Starter whose neighbours, in English, say g.
func startedWith(g board.Greeting) board.Starter {
	return board.Starter{Set: "neighbours", Lang: "en", Sets: map[string]map[string]board.Greeting{"en": {"neighbours": g}}}
}

func (s *site) begin(starter board.Starter) {
	s.t.Helper()
	if err := s.Begin(s.t.Context(), starter); err != nil {
		s.t.Fatal(err)
	}
	s.follow()
}

func said(posts []board.Post) []string {
	list := make([]string, len(posts))
	for i, p := range posts {
		list[i] = string(p.Prompt) + ": " + p.Body
	}
	return list
}

func TestANewSiteIsWelcomedOnceAndAskedEachDay(t *testing.T) {
	s := newSite(t)
	s.begin(starter)
	first := said(s.prompts(board.Home))
	if len(first) != 2 || first[1] != "welcome: Welcome." || !strings.HasPrefix(first[0], "question: ") {
		t.Fatalf("prompts = %q", first)
	}
	s.Board = s.on(s.store) // a restart
	s.begin(starter)
	expect(t, "after a restart", said(s.prompts(board.Home)), first)
	seen := []string{first[0]}
	for range 2 {
		s.now = s.now.Add(24*time.Hour + time.Minute)
		s.sweep()
		s.follow() // yesterday's is forgotten
		s.follow()
		seen = append(seen, said(s.prompts(board.Home))[0])
	}
	slices.Sort(seen)
	expect(t, "asked in three days", seen, []string{"question: One?", "question: Three?", "question: Two?"})
	s.now = s.now.Add(8 * 24 * time.Hour)
	s.sweep()
	s.follow()
	s.follow()
	if got := said(s.prompts(board.Home)); len(got) != 1 || strings.HasPrefix(got[0], "welcome") {
		t.Errorf("after the welcome’s time: %q", got)
	}
}

func TestTheQuestionOfTheDayGivesWayToTheHost(t *testing.T) {
	s := newSite(t)
	s.settings.DailyQuestion = false
	s.begin(startedWith(board.Greeting{Questions: []string{"One?", "Two?", "Three?"}}))
	if got := said(s.prompts(board.Home)); len(got) != 0 {
		t.Fatalf("switched off, it asks %q", got)
	}
	s.settings.DailyQuestion = true
	s.ask(board.Question{Board: board.Home, Kind: board.Asking, Body: "The host’s?"})
	s.follow()
	expect(t, "beside the host's", said(s.prompts(board.Home)), []string{"question: The host’s?"})
	s.now = s.now.Add(24*time.Hour + time.Minute)
	s.sweep()
	s.follow()
	s.follow()
	if got := s.prompts(board.Home); len(got) != 1 || got[0].Body == "The host’s?" {
		t.Fatalf("after the host's: %q", said(got))
	}
	if err := board.EndQuestion(t.Context(), "cli", s.store, s.questions()[0].Number, s.now); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.now = s.now.Add(time.Hour)
		s.sweep()
		s.follow()
	}
	if got := said(s.prompts(board.Home)); len(got) != 0 {
		t.Errorf("ended by hand, it came back the same day: %q", got)
	}
}

func TestWhatAdminsAskIsPinnedAtOnceAndLoggedWithoutItsWords(t *testing.T) {
	s := newSite(t)
	if err := s.Ask(t.Context(), "ada", board.Question{Board: board.Home, Kind: board.Asking, Body: "Why?"}); err != nil {
		t.Fatal(err)
	}
	if len(s.prompts(board.Home)) != 1 {
		t.Error("it is not pinned")
	}
	if err := s.EndQuestion(t.Context(), "bob", 1); err != nil {
		t.Fatal(err)
	}
	if len(s.prompts(board.Home)) != 0 {
		t.Error("it is still pinned")
	}
	want := []string{"bob|prompt_end|home|1||", "ada|prompt_ask|home|||"}
	if got := s.lines(); !slices.Equal(got, want) {
		t.Errorf("log: %q, want %q", got, want)
	}
}

func TestTheQuestionOfTheDayComesFromTheSetThatIsChosen(t *testing.T) {
	s := newSite(t)
	s.settings.DailyQuestion, s.settings.QuestionSet = true, "campus"
	sets := startedWith(board.Greeting{Questions: []string{"Started?"}})
	sets.Sets["en"]["campus"] = board.Greeting{Questions: []string{"Where do you study?"}}
	err := s.Begin(t.Context(), sets)
	if err != nil {
		t.Fatal(err)
	}
	s.follow()
	if got := s.prompts(board.Home); len(got) != 1 || got[0].Body != "Where do you study?" {
		t.Errorf("asked: %+v", got)
	}
	s.now = s.now.Add(board.QuestionTime)
	s.settings.QuestionSet = "event" // of which there is none
	s.sweep()
	s.follow()
	s.follow()
	if got := s.prompts(board.Home); len(got) != 0 {
		t.Errorf("of an empty set: %+v", got)
	}
	s.settings.QuestionSet = "started"
	s.follow()
	if got := s.prompts(board.Home); len(got) != 1 || got[0].Body != "Started?" {
		t.Errorf("as it was started: %+v", got)
	}
}
