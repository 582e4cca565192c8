package board_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// add adds a board and follows.
func (s *site) add(b board.Info) {
	s.t.Helper()
	if err := board.AddBoard(s.t.Context(), "cli", s.store, b, s.now); err != nil {
		s.t.Fatal(err)
	}
	s.follow()
}

func (s *site) follow() {
	s.t.Helper()
	if err := s.Follow(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// closeAt moves a board's closing date, and follows.
func (s *site) closeAt(slug string, at time.Time) {
	s.t.Helper()
	move := func(b *board.Info) error { b.ClosesAt = at; return nil }
	if err := board.ChangeBoard(s.t.Context(), "cli", s.store, slug, move, s.now); err != nil {
		s.t.Fatal(err)
	}
	s.follow()
}

func (s *site) postOn(slug string, ttl time.Duration) board.Post {
	s.t.Helper()
	p, _, err := s.Create(s.t.Context(), slug, s.visitor(), board.Draft{Body: "on " + slug, TTL: ttl})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func TestWhatNoBoardMayBeIsRefusedWithOneSentence(t *testing.T) {
	s := newSite(t)
	s.add(board.Info{Slug: "attic", Title: "The attic"})
	s.add(board.Info{Slug: "gone", Title: "Gone"})
	if err := board.EndBoard(t.Context(), "cli", s.store, "gone", s.now); err != nil {
		t.Fatal(err)
	}
	s.follow()
	add := func(b board.Info) func() error {
		return func() error { return board.AddBoard(t.Context(), "cli", s.store, b, s.now) }
	}
	change := func(slug string, f func(*board.Info)) func() error {
		return func() error {
			return board.ChangeBoard(t.Context(), "cli", s.store, slug, func(b *board.Info) error { f(b); return nil }, s.now)
		}
	}
	before, _ := s.store.Boards(t.Context())
	for name, try := range map[string]func() error{
		"no slug":                   add(board.Info{Title: "x"}),
		"a slug with capitals":      add(board.Info{Slug: "Attic", Title: "x"}),
		"a slug with a slash":       add(board.Info{Slug: "a/b", Title: "x"}),
		"a slug of dots":            add(board.Info{Slug: "..", Title: "x"}),
		"a slug with an end hyphen": add(board.Info{Slug: "a-", Title: "x"}),
		"a slug in another script":  add(board.Info{Slug: "bachecà", Title: "x"}),
		"a slug too long":           add(board.Info{Slug: strings.Repeat("a", 41), Title: "x"}),
		"a slug that is there":      add(board.Info{Slug: "attic", Title: "x"}),
		"a slug that has closed":    add(board.Info{Slug: "gone", Title: "x"}),
		"home again":                add(board.Info{Slug: "home", Title: "x"}),
		"no title":                  add(board.Info{Slug: "a", Title: " \n "}),
		"a title too long":          add(board.Info{Slug: "a", Title: strings.Repeat("é", 61)}),
		"a title that is no text":   add(board.Info{Slug: "a", Title: "\xff"}),
		"rules too long":            add(board.Info{Slug: "a", Title: "x", Rules: strings.Repeat("é", 5001)}),
		"a date that has passed":    add(board.Info{Slug: "a", Title: "x", ClosesAt: s.now.Add(-time.Minute)}),
		"a board that is not there": change("cellar", func(*board.Info) {}),
		"a board that has closed":   change("gone", func(b *board.Info) { b.ClosesAt = time.Time{} }),
		"a change to the past":      change("attic", func(b *board.Info) { b.ClosesAt = s.now.Add(-time.Hour) }),
		"a change to no title":      change("attic", func(b *board.Info) { b.Title = "" }),
		"home with a closing date":  change("home", func(b *board.Info) { b.ClosesAt = s.now.Add(time.Hour) }),
		"the end of home":           func() error { return board.EndBoard(t.Context(), "cli", s.store, "home", s.now) },
		"the end of none":           func() error { return board.EndBoard(t.Context(), "cli", s.store, "cellar", s.now) },
		"the end of an ended one":   func() error { return board.EndBoard(t.Context(), "cli", s.store, "gone", s.now) },
	} {
		if err := try(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want a refusal in one sentence", name, err)
		}
	}
	s.follow()
	if after, _ := s.store.Boards(t.Context()); !slices.Equal(after, before) {
		t.Errorf("a refusal changed something: %+v", after)
	}
}

func TestABoardsTextIsCleanedAndItsDateLiesOnAMinute(t *testing.T) {
	s := newSite(t)
	s.now = s.now.Add(13 * time.Second)
	s.add(board.Info{Slug: "attic", Title: " The\u202e\nattic ", Rules: "One.\r\nTwo. ", ClosesAt: s.now.Add(time.Hour)})
	got, err := s.Board.Board(t.Context(), "attic")
	want := board.Info{Slug: "attic", Title: "The attic", Rules: "One.\nTwo.", ClosesAt: s.now.Add(time.Hour + 47*time.Second)}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestThereAreOnlySoManyBoards(t *testing.T) {
	s := newSite(t)
	for i := range board.BoardsMax - 1 {
		if err := s.store.InsertBoard(t.Context(), board.Info{Slug: fmt.Sprint("b", i), Title: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	s.follow()
	if err := board.AddBoard(t.Context(), "cli", s.store, board.Info{Slug: "one-more", Title: "x"}, s.now); err == nil {
		t.Error("one more was added")
	}
}

func TestNothingOutlivesItsBoard(t *testing.T) {
	s := newSite(t)
	s.add(board.Info{Slug: "attic", Title: "The attic"})
	home, before := s.postOn(board.Home, 48*time.Hour), s.postOn("attic", 48*time.Hour)
	s.told()
	closes := s.now.Add(3 * time.Hour)
	s.closeAt("attic", closes)
	none := board.PostID{}.String()
	expect(t, "told of the date", s.told(), []string{"reload " + none, "settings " + none})
	after := s.postOn("attic", 48*time.Hour)
	if !after.Life.EndsAt.Equal(closes) || !after.Life.CapAt.Equal(closes) {
		t.Errorf("born under the date, it ends %v at most %v; want %v", after.Life.EndsAt, after.Life.CapAt, closes)
	}
	for range 5 {
		s.vote(before.ID, s.visitor(), board.Heart)
	}
	s.closeAt("attic", closes.Add(time.Hour)) // changes nothing for the living
	for _, id := range []board.PostID{before.ID, after.ID} {
		if p, err := s.Post(t.Context(), id, board.Visitor{}); err != nil || !p.Life.EndsAt.Equal(closes) || !p.Life.CapAt.Equal(closes) {
			t.Errorf("after the date was put off: %+v, %v; want an end at %v", p.Life, err, closes)
		}
	}
	if p, err := s.Post(t.Context(), home.ID, board.Visitor{}); err != nil || p.Life != home.Life {
		t.Errorf("at home: %+v, %v", p.Life, err)
	}
	s.closeAt("attic", closes)
	s.now = closes.Add(-board.Countdown)
	s.told()
	s.follow()
	s.follow()
	expect(t, "told as its last hour began", s.told(), []string{"settings " + none})
	s.now = closes
	for _, id := range []board.PostID{before.ID, after.ID} {
		if _, err := s.Post(t.Context(), id, board.Visitor{}); !isGone(err) {
			t.Errorf("it is read after its board: %v", err)
		}
	}
	s.follow()
	s.follow()
	s.sweep()
	told := s.told()
	want := []string{"reload " + none, "died " + before.ID.String() + " board", "died " + after.ID.String() + " board"}
	slices.Sort(told)
	slices.Sort(want)
	expect(t, "told as it closed", told, want)
}

func TestAClosedBoardTakesNothingAndIsForgottenADayLater(t *testing.T) {
	s := newSite(t)
	s.add(board.Info{Slug: "attic", Title: "The attic", ClosesAt: s.now.Add(time.Hour)})
	if boards, err := s.Boards(t.Context()); err != nil || len(boards) != 2 {
		t.Errorf("boards = %v, %v", boards, err)
	}
	s.now = s.now.Add(time.Hour)
	_, _, err := s.Create(t.Context(), "attic", s.visitor(), board.Draft{Body: "too late"})
	if !errors.Is(err, board.ErrClosed) {
		t.Errorf("a post there: %v", err)
	}
	if _, err := s.Board.Board(t.Context(), "attic"); !errors.Is(err, board.ErrClosed) {
		t.Errorf("the board: %v", err)
	}
	if boards, err := s.Boards(t.Context()); err != nil || len(boards) != 1 {
		t.Errorf("boards = %v, %v; want home alone", boards, err)
	}
	s.now = s.now.Add(board.ClosedTime)
	s.follow()
	if _, err := s.Board.Board(t.Context(), "attic"); !isGone(err) {
		t.Errorf("a day later: %v", err)
	}
}

func TestEndingABoardEndsWhatIsOnItForGood(t *testing.T) {
	s := newSite(t)
	s.add(board.Info{Slug: "attic", Title: "The attic"})
	p := s.postOn("attic", 48*time.Hour)
	s.reply(p, s.visitor(), "under it")
	if err := board.EndBoard(t.Context(), "cli", s.store, "attic", s.now); err != nil {
		t.Fatal(err)
	}
	s.follow()
	if _, err := s.Post(t.Context(), p.ID, board.Visitor{}); !isGone(err) {
		t.Errorf("it is read after its board: %v", err)
	}
	s.told()
	s.sweep()
	expect(t, "told", s.told(), []string{"died " + p.ID.String() + " board"})
}

// TestWhatCouldNotBeShortenedIsTriedAgain: a disk that says no once does not leave
// posts that outlive their board.
func TestWhatCouldNotBeShortenedIsTriedAgain(t *testing.T) {
	s := newSite(t)
	s.add(board.Info{Slug: "attic", Title: "The attic"})
	p := s.postOn("attic", 48*time.Hour)
	flaky := &failsOnce{Posts: s.store}
	b := s.on(flaky)
	closes := s.now.Add(time.Hour)
	move := func(b *board.Info) error { b.ClosesAt = closes; return nil }
	if err := board.ChangeBoard(t.Context(), "cli", s.store, "attic", move, s.now); err != nil {
		t.Fatal(err)
	}
	if err := b.Follow(t.Context()); err == nil {
		t.Error("the failure was not told")
	}
	if err := b.Follow(t.Context()); err != nil {
		t.Error(err)
	}
	if p, err := s.Post(t.Context(), p.ID, board.Visitor{}); err != nil || !p.Life.EndsAt.Equal(closes) {
		t.Errorf("%+v, %v; want an end at %v", p.Life, err, closes)
	}
}

// failsOnce is a store whose first Cap fails.
type failsOnce struct {
	board.Posts
	failed bool
}

func (f *failsOnce) Cap(ctx context.Context, bounds []board.Bound) (int, error) {
	if !f.failed {
		f.failed = true
		return 0, errors.New("the disk says no")
	}
	return f.Posts.Cap(ctx, bounds)
}

func TestSettingsOfOneBoardReachItsLivesAndPagesAlone(t *testing.T) {
	s := newSite(t)
	tuner, err := board.NewTuner(t.Context(), s.store, nil, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	b := board.New(s.store, s.index, s.screen, nil, s, tuner.Settings, s.clock, slog.New(slog.DiscardHandler))
	tuner.Watch(b.SettingsChanged)
	s.add(board.Info{Slug: "attic", Title: "The attic"})
	home, there := s.postOn(board.Home, 48*time.Hour), s.postOn("attic", 48*time.Hour)
	apply := func(slug, ttlMax string) []string {
		t.Helper()
		s.told()
		if err := tuner.Apply(t.Context(), "cli", slug, map[string]string{"ttl_default": "1h", "ttl_max": ttlMax}); err != nil {
			t.Fatal(err)
		}
		var boards []string
		for _, e := range s.heard {
			boards = append(boards, kinds[e.Kind]+" "+e.Board)
		}
		return boards
	}
	ends := func(p board.Post) time.Duration {
		t.Helper()
		p, err := s.Post(t.Context(), p.ID, board.Visitor{})
		if err != nil {
			t.Fatal(err)
		}
		return p.Life.EndsAt.Sub(s.now)
	}
	expect(t, "told of the attic's", apply("attic", "2h"), []string{"reload attic", "settings attic"})
	if ends(there) != 2*time.Hour || ends(home) != 48*time.Hour {
		t.Errorf("there it ends in %v, at home in %v", ends(there), ends(home))
	}
	expect(t, "told of what is for all", apply("", "3h"), []string{"reload home", "settings home"})
	if ends(there) != 2*time.Hour || ends(home) != 3*time.Hour {
		t.Errorf("there it ends in %v, at home in %v", ends(there), ends(home))
	}
	if err := b.Cap(t.Context()); err != nil || ends(there) != 2*time.Hour {
		t.Errorf("Cap: %v, and there it ends in %v", err, ends(there))
	}
}

func TestAClosingDateIsReadInThisMachinesTime(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"never":            {},
		" ":                {},
		"in 3d":            now.Add(72 * time.Hour),
		"in  90m":          now.Add(90 * time.Minute),
		"2026-12-01T18:00": time.Date(2026, 12, 1, 18, 0, 0, 0, time.Local).UTC(),
	} {
		if got, err := board.ParseCloses(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"in", "in ", "in -1h", "2026-12-01", "2026-13-01T18:00", "18:00", "Never"} {
		if got, err := board.ParseCloses(text, now); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func FuzzAddBoard(f *testing.F) {
	for _, seed := range [][3]string{{"attic", "The attic", "One.\nTwo."}, {"../x", "\u202e", "\xff"}, {"home", "", ""}, {"a-b", "👋", strings.Repeat("x", 5001)}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, slug, title, rules string) {
		kept := &drawer{}
		if board.AddBoard(t.Context(), "cli", kept, board.Info{Slug: slug, Title: title, Rules: rules}, time.Now()) != nil {
			return
		}
		b := kept.boards[0]
		if strings.Trim(b.Slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.ContainsAny(b.Title, "\n\u202e\x1f") || b.Title == "" {
			t.Errorf("taken: %q, %q", b.Slug, b.Title)
		}
	})
}

// drawer keeps boards without looking at them.
type drawer struct {
	board.Ledger
	boards []board.Info
}

func (d *drawer) Boards(context.Context) ([]board.Info, error) { return d.boards, nil }
func (d *drawer) InsertBoard(_ context.Context, b board.Info) error {
	d.boards = append(d.boards, b)
	return nil
}
func (d *drawer) UpdateBoard(_ context.Context, _, _ board.Info) error { return nil }
func (d *drawer) EndBoard(context.Context, string) error               { return nil }
func (d *drawer) Record(context.Context, board.Entry) error            { return nil }

// lines are what the log says, newest first.
func (s *site) lines() []string {
	s.t.Helper()
	entries, err := s.store.Entries(s.t.Context(), 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, strings.Join([]string{e.By, string(e.Action), e.Board, e.Subject, e.Old, e.New}, "|"))
	}
	return list
}

func TestWhatAdminsDoToBoardsIsLoggedAndInForceAtOnce(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	if err := s.AddBoard(ctx, "ada", board.Info{Slug: "attic", Title: "The attic"}); err != nil {
		t.Fatal(err)
	}
	seen, err := s.Board.Board(ctx, "attic")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeBoard(ctx, "bob", "attic", seen.Mark(), board.Info{Title: "Upstairs", Rules: "No shouting.", Place: 2}); err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeBoard(ctx, "ada", "attic", seen.Mark(), board.Info{Title: "Loft"}); !errors.Is(err, board.ErrOvertaken) {
		t.Errorf("who has not seen bob's change: %v", err)
	}
	if got, _ := s.Board.Board(ctx, "attic"); got.Title != "Upstairs" || got.Rules != "No shouting." || got.Place != 2 {
		t.Errorf("it is %+v", got)
	}
	p := s.postOn("attic", time.Hour)
	if l, err := s.Alive(ctx, "attic"); err != nil || l.Posts != 1 || !l.Median.Equal(p.Life.EndsAt) {
		t.Errorf("alive on it: %+v, %v", l, err)
	}
	if err := s.EndBoard(ctx, "ada", "attic"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Board.Board(ctx, "attic"); !errors.Is(err, board.ErrClosed) {
		t.Errorf("after its end: %v", err)
	}
	want := []string{
		"ada|board_end|attic|||", "bob|board_place|attic||0|2", "bob|board_rules|attic|||", "bob|board_title|attic||The attic|Upstairs",
		"ada|board_add|attic|The attic||",
	}
	if got := s.lines(); !slices.Equal(got, want) {
		t.Errorf("log:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
