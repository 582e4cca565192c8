package board_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/alike"
	"mayfly/board"
	"mayfly/filter"
	"mayfly/search"
	"mayfly/storage"
	"mayfly/storage/keys"
)

// site is a Board on a real store, with a clock to turn and an ear for events.
type site struct {
	*board.Board
	t        *testing.T
	store    *storage.Store
	index    board.Together
	screen   board.Screen
	sweeper  *board.Sweeper
	settings board.Settings
	now      time.Time
	log      bytes.Buffer

	mu     sync.Mutex
	heard  []board.Event
	onTell func(board.Event) error
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, settings: board.DefaultSettings(), now: time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)}
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	data := filepath.Join(t.TempDir(), "data")
	folder, err := keys.OpenFolder(data+".keys", data)
	if err != nil {
		t.Fatal(err)
	}
	slots, err := folder.Slots(log)
	if err != nil {
		t.Fatal(err)
	}
	s.store, err = storage.OpenSQLite(t.Context(), data, slots, log)
	if err != nil {
		t.Fatal(err)
	}
	index, err := search.New(t.Context(), s.clock, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(index.Close(), s.store.Close(), slots.Close()); err != nil {
			t.Error(err)
		}
	})
	s.index = board.Together{Finder: index, Alikes: alike.New()}
	if s.screen, err = filter.New(t.Context(), s.store); err != nil {
		t.Fatal(err)
	}
	s.Board = s.on(s.store)
	s.sweeper = board.NewSweeper(s.store, s.index, s, s.clock, log)
	return s
}

// on is a Board of the same settings, clock and ear over another store.
func (s *site) on(posts board.Posts) *board.Board {
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	return board.New(posts, s.index, s.screen, nil, s, func(string) board.Settings { return s.settings }, s.clock, log)
}

func (s *site) clock() time.Time { return s.now }

// Publish makes a site a board.Publisher.
func (s *site) Publish(_ context.Context, e board.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, e)
	if s.onTell != nil {
		return s.onTell(e)
	}
	return nil
}

// told returns what was told since the last call, each as "kind id why".
func (s *site) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, e := range s.heard {
		list = append(list, strings.TrimSpace(fmt.Sprint(kinds[e.Kind], " ", e.ID, " ", e.Why)))
	}
	s.heard = nil
	return list
}

var kinds = map[board.EventKind]string{
	board.Born: "born", board.Changed: "changed", board.Died: "died", board.SettingsChanged: "settings", board.Reload: "reload",
}

func (s *site) visitor() board.Visitor { return board.NewVisitor(s.now) }

// post publishes a post that lives an hour, on the grid of a minute.
func (s *site) post(v board.Visitor, body string) board.Post {
	s.t.Helper()
	return s.publish(v, board.Draft{Body: body, TTL: time.Hour})
}

func (s *site) publish(v board.Visitor, d board.Draft) board.Post {
	s.t.Helper()
	p, _, err := s.Create(s.t.Context(), board.Home, v, d)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *site) reply(to board.Post, v board.Visitor, body string) board.Post {
	s.t.Helper()
	r, _, err := s.Reply(s.t.Context(), to.ID, v, board.Draft{Body: body})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *site) vote(id board.PostID, v board.Visitor, vote board.Vote) board.Post {
	s.t.Helper()
	p, err := s.Vote(s.t.Context(), id, v, vote)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// feed returns the bodies on the first page of the home board.
func (s *site) feed(sort board.Sort) []string {
	s.t.Helper()
	posts, _, err := s.Feed(s.t.Context(), board.Query{Board: board.Home, Sort: sort})
	if err != nil {
		s.t.Fatal(err)
	}
	return bodies(posts)
}

func bodies(posts []board.Post) []string {
	list := make([]string, len(posts))
	for i, p := range posts {
		list[i] = p.Body
	}
	return list
}

func (s *site) sweep() {
	s.t.Helper()
	if err := s.sweeper.Sweep(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func expect[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func isGone(err error) bool {
	e, ok := errors.AsType[*board.Error](err)
	return ok && e == board.ErrNotFound
}

func TestCreateAnswersWithWhatIsStored(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p, key, err := s.Create(t.Context(), board.Home, v, board.Draft{Body: "  hello ", Silence: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if p.Body != "hello" || p.Board != board.Home || p.IsReply() || !p.OwnedBy(v) || !p.Own.Equal(key) {
		t.Errorf("created %+v with key %v", p, key)
	}
	stored, err := s.Post(t.Context(), p.ID, board.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	p.Seq, p.Voice = stored.Seq, stored.Voice
	if stored != p {
		t.Errorf("stored %+v, answered %+v", stored, p)
	}
	if want := s.now.Add(time.Hour); !stored.Life.EndsAt.Equal(want) || !stored.Life.Until.Equal(s.now.Add(24*time.Hour)) {
		t.Errorf("it ends %v, want %v by silence", stored.Life.EndsAt, want)
	}
}

func TestCreateRefusesABadDraftAndAnUnknownBoard(t *testing.T) {
	s := newSite(t)
	_, _, err := s.Create(t.Context(), board.Home, s.visitor(), board.Draft{})
	if e, ok := errors.AsType[*board.Error](err); !ok || e.Kind != board.Invalid {
		t.Errorf("an empty draft: %v, want a refusal of kind Invalid", err)
	}
	if _, _, err := s.Create(t.Context(), "nowhere", s.visitor(), board.Draft{Body: "a"}); !isGone(err) {
		t.Errorf("an unknown board: %v, want not found", err)
	}
	if _, _, err := s.Reply(t.Context(), s.post(s.visitor(), "root").ID, s.visitor(), board.Draft{Body: "\u200b"}); err == nil || isGone(err) {
		t.Errorf("an empty reply: %v, want a refusal", err)
	}
	expect(t, "feed", s.feed(board.ByBirth), []string{"root"})
}

func TestReplySpeaksInTheThreadAndBreaksTheSilence(t *testing.T) {
	s := newSite(t)
	author, guest := s.visitor(), s.visitor()
	p := s.publish(author, board.Draft{Body: "root", TTL: time.Hour, Silence: 10 * time.Minute})
	s.now = s.now.Add(5 * time.Minute)
	s.told()
	first := s.reply(p, guest, "first")
	expect(t, "told", s.told(), []string{"born " + first.ID.String(), "changed " + p.ID.String()})
	second, third := s.reply(p, author, "second"), s.reply(p, guest, "third")

	root, replies, err := s.Thread(t.Context(), p.ID, board.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "replies", bodies(replies), []string{"first", "second", "third"})
	if root.Replies != 3 {
		t.Errorf("%d replies are counted, want 3", root.Replies)
	}
	if want := s.now.Add(10 * time.Minute); !root.Life.EndsAt.Equal(want) {
		t.Errorf("the thread ends %v, want %v", root.Life.EndsAt, want)
	}
	if first.Name != third.Name || second.Name != p.Name || first.Name == p.Name {
		t.Errorf("names: post %+v, replies %+v, %+v, %+v", p.Name, first.Name, second.Name, third.Name)
	}
	if !replies[0].OwnedBy(guest) || replies[0].OwnedBy(author) || replies[0].Thread != p.ID || replies[0].Board != board.Home {
		t.Errorf("the first reply is %+v", replies[0])
	}
}

func TestAReplyTellsWhoOpenedTheThread(t *testing.T) {
	s := newSite(t)
	p := s.post(s.visitor(), "root")
	s.reply(p, s.visitor(), "reply")
	for _, e := range s.heard {
		if e.IsReply() && e.Opener != p.Name {
			t.Errorf("the opener is told as %+v, want %+v", e.Opener, p.Name)
		}
	}
}

func TestAReplyTellsOfTheReplyItAnswers(t *testing.T) {
	s := newSite(t)
	p, other := s.post(s.visitor(), "root"), s.post(s.visitor(), "another root")
	first, elsewhere, gone := s.reply(p, s.visitor(), "first"), s.reply(other, s.visitor(), "elsewhere"), s.reply(p, s.visitor(), "gone")
	if err := s.EndWithKey(t.Context(), gone.ID, gone.Own); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name           string
		to, kept, told board.PostID
	}{
		{"none", board.PostID{}, board.PostID{}, board.PostID{}},
		{"a reply of the thread", first.ID, first.ID, first.ID},
		{"the post itself", p.ID, board.PostID{}, board.PostID{}},
		{"a reply that is gone", gone.ID, gone.ID, board.PostID{}},
		{"a reply of another thread", elsewhere.ID, elsewhere.ID, board.PostID{}},
		{"another post", other.ID, other.ID, board.PostID{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.told()
			r, _, err := s.Reply(t.Context(), p.ID, s.visitor(), board.Draft{Body: "an answer", To: tt.to})
			if err != nil || r.To != tt.kept {
				t.Fatalf("it answers %s, want %s; %v", r.To, tt.kept, err)
			}
			if born := s.heard[0]; born.Kind != board.Born || born.To.ID != tt.told {
				t.Errorf("told as an answer to %s, want %s", born.To.ID, tt.told)
			}
		})
	}
}

// TestNamesAreUniqueInAThread fills a thread until names must clash.
func TestNamesAreUniqueInAThread(t *testing.T) {
	s := newSite(t)
	p := s.post(s.visitor(), "root")
	type name struct{ hue, creature, round uint8 }
	seen := map[name]bool{{p.Name.Hue, p.Name.Creature, p.Name.Round}: true}
	for range 60 {
		n := s.reply(p, s.visitor(), "hello").Name
		if seen[name{n.Hue, n.Creature, n.Round}] {
			t.Fatalf("two visitors are called %+v", n)
		}
		seen[name{n.Hue, n.Creature, n.Round}] = true
	}
}

func TestNothingIsToldBeforeItIsStored(t *testing.T) {
	s := newSite(t)
	stored := 0
	s.onTell = func(e board.Event) error {
		p, err := s.store.Post(context.Background(), e.ID, s.now)
		switch e.Kind {
		case board.Born, board.Changed:
			if err != nil || p.Body != e.Post.Body || p.Score != e.Post.Score || p.Replies != e.Post.Replies || p.Life != e.Post.Life {
				t.Errorf("told %+v, but stored is %+v, %v", e.Post, p, err)
			}
		case board.SettingsChanged, board.Reload, board.TurnedOut:
		case board.Died:
			if !isGone(err) {
				t.Errorf("an ending was told of a post that can be read: %+v, %v", p, err)
			}
		}
		stored++
		return nil
	}
	v := s.visitor()
	p := s.post(v, "post")
	r := s.reply(p, v, "reply")
	s.vote(p.ID, v, board.Heart)
	s.vote(r.ID, v, board.Down)
	if err := s.EndAsVisitor(t.Context(), r.ID, v); err != nil {
		t.Fatal(err)
	}
	s.now = p.Life.CapAt
	s.sweep()
	if stored != 7 {
		t.Errorf("%d events were told, want 7", stored)
	}
}

// broken is a store that reads, and fails to write.
type broken struct {
	board.Posts
	err error
}

func (b broken) InsertPost(context.Context, board.Post, board.Key) (int64, error) { return 0, b.err }

func (b broken) InsertReply(context.Context, board.Post, board.Key, board.Voice, time.Time) (reply, root board.Post, err error) {
	return reply, root, b.err
}

func (b broken) Vote(context.Context, board.Ballot, time.Time) (board.Post, error) {
	return board.Post{}, b.err
}

func (b broken) End(context.Context, []board.PostID, board.Why, time.Time) ([]board.Ending, error) {
	return nil, b.err
}

func (b broken) Cap(context.Context, []board.Bound) (int, error) { return 0, b.err }

func TestNothingIsToldWhenTheStoreFails(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p := s.post(v, "post")
	s.told()
	disk := errors.New("the disk says no")
	b := s.on(broken{s.store, disk})
	for name, try := range map[string]func() error{
		"create": func() error {
			_, _, err := b.Create(t.Context(), board.Home, v, board.Draft{Body: "a"})
			return err
		},
		"reply": func() error {
			_, _, err := b.Reply(t.Context(), p.ID, v, board.Draft{Body: "a"})
			return err
		},
		"vote": func() error {
			_, err := b.Vote(t.Context(), p.ID, v, board.Heart)
			return err
		},
		"end as visitor": func() error { return b.EndAsVisitor(t.Context(), p.ID, v) },
		"end with key":   func() error { return b.EndWithKey(t.Context(), p.ID, p.Own) },
		"forget": func() error {
			n, err := b.Forget(t.Context(), v)
			if n != 0 {
				t.Errorf("it forgot %d posts that are still there", n)
			}
			return err
		},
	} {
		if err := try(); !errors.Is(err, disk) {
			t.Errorf("%s: %v, want that of the disk", name, err)
		}
		expect(t, name+" told", s.told(), nil)
	}
	expect(t, "feed", s.feed(board.ByBirth), []string{"post"})
}

func TestWhatIsStoredIsAnsweredThoughNobodyHearsIt(t *testing.T) {
	s := newSite(t)
	s.onTell = func(board.Event) error { return errors.New("nobody listens") }
	s.post(s.visitor(), "post")
	expect(t, "feed", s.feed(board.ByBirth), []string{"post"})
	if !strings.Contains(s.log.String(), "nobody listens") {
		t.Error("that it was not told is not in the log")
	}
}

func TestOneVisitorHasOneVoteAPost(t *testing.T) {
	s := newSite(t)
	v, other := s.visitor(), s.visitor()
	p := s.post(s.visitor(), "post")
	s.told()
	heart := func() board.Post { return s.vote(p.ID, v, board.Heart) }
	if got := heart(); got.Score != 1 || got.Hearts != 1 || !got.Life.EndsAt.Equal(p.Life.EndsAt.Add(10*time.Minute)) {
		t.Errorf("after a heart: %+v", got)
	}
	if got := heart(); got.Score != 1 || got.Hearts != 1 {
		t.Errorf("after the same heart again: %+v", got)
	}
	if got := s.vote(p.ID, other, board.Down); got.Score != 0 || got.Hearts != 1 || !got.Life.EndsAt.Equal(p.Life.EndsAt) {
		t.Errorf("after another's down: %+v", got)
	}
	votes, err := s.Votes(t.Context(), v, []board.Post{p})
	if err != nil || len(votes) != 1 || votes[p.ID] != board.Heart {
		t.Errorf("votes %v, %v; want the heart", votes, err)
	}
	if got := s.vote(p.ID, v, board.NoVote); got.Score != -1 || got.Hearts != 0 {
		t.Errorf("after taking it back: %+v", got)
	}
	if votes, err := s.Votes(t.Context(), v, []board.Post{p}); err != nil || len(votes) != 0 {
		t.Errorf("votes %v, %v; want none", votes, err)
	}
	for _, nobodys := range []func() (map[board.PostID]board.Vote, error){
		func() (map[board.PostID]board.Vote, error) {
			return s.Votes(t.Context(), board.Visitor{}, []board.Post{p})
		},
		func() (map[board.PostID]board.Vote, error) { return s.Votes(t.Context(), v, nil) },
	} {
		if votes, err := nobodys(); err != nil || len(votes) != 0 {
			t.Errorf("votes %v, %v; want none", votes, err)
		}
	}
}

func TestTheCommunityVotesAPostAway(t *testing.T) {
	for _, tt := range []struct {
		name    string
		isReply bool
		traces  int
	}{{"a post", false, 1}, {"a reply", true, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			root := s.publish(s.visitor(), board.Draft{Body: "root", TTL: 24 * time.Hour})
			p := root
			if tt.isReply {
				p = s.reply(root, s.visitor(), "reply")
			}
			for range 4 {
				s.vote(p.ID, s.visitor(), board.Down)
			}
			if _, err := s.Post(t.Context(), p.ID, board.Visitor{}); err != nil {
				t.Fatalf("at -4 it is gone: %v", err)
			}
			s.told()
			s.vote(p.ID, s.visitor(), board.Down)
			expect(t, "told", s.told(), []string{"died " + p.ID.String() + " score"})
			if _, err := s.Post(t.Context(), p.ID, board.Visitor{}); !isGone(err) {
				t.Errorf("at -5 it is there: %v", err)
			}
			traces, err := s.Traces(t.Context(), board.Home)
			if err != nil || len(traces) != tt.traces && !tt.isReply {
				t.Errorf("traces %v, %v; want %d", traces, err, tt.traces)
			}
			if tt.isReply {
				if _, _, err := s.Thread(t.Context(), root.ID, board.Visitor{}); err != nil {
					t.Errorf("the thread went with its reply: %v", err)
				}
			}
		})
	}
}

func TestTracesSayNothingAndStandForTenMinutes(t *testing.T) {
	s := newSite(t)
	s.settings.VanishScore = -1
	p := s.post(s.visitor(), "post")
	s.vote(p.ID, s.visitor(), board.Down)
	traces, err := s.Traces(t.Context(), board.Home)
	if err != nil || len(traces) != 1 {
		t.Fatalf("traces %v, %v; want one", traces, err)
	}
	tr := traces[0]
	if tr.ID != p.ID || tr.Board != board.Home || tr.Why != board.ByScore {
		t.Errorf("the trace reads %+v", tr)
	}
	if stands := tr.Until.Sub(s.now); stands < board.TraceTime || stands >= board.TraceTime+time.Minute {
		t.Errorf("it stands for %v, want about %v", stands, board.TraceTime)
	}
	s.now = tr.Until
	if traces, err := s.Traces(t.Context(), board.Home); err != nil || len(traces) != 0 {
		t.Errorf("at its end: traces %v, %v; want none", traces, err)
	}
}

func TestDownsBurnALifeToItsEnd(t *testing.T) {
	s := newSite(t)
	s.settings.LifePerDown = time.Hour
	p := s.post(s.visitor(), "post")
	s.told()
	if _, err := s.Vote(t.Context(), p.ID, s.visitor(), board.Down); err != nil {
		t.Fatal(err)
	}
	expect(t, "told by the vote", s.told(), nil)
	if _, err := s.Post(t.Context(), p.ID, board.Visitor{}); !isGone(err) {
		t.Errorf("it is still there: %v", err)
	}
	s.sweep()
	expect(t, "told by the sweeper", s.told(), []string{"died " + p.ID.String() + " time"})
	if traces, err := s.Traces(t.Context(), board.Home); err != nil || len(traces) != 0 {
		t.Errorf("traces %v, %v; want none: its time was up", traces, err)
	}
}

func TestAuthorsEndWhatTheyWrote(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	first, second := s.post(v, "first"), s.post(v, "second")
	r := s.reply(second, v, "reply")
	s.told()
	for _, end := range []func() error{
		func() error { return s.EndAsVisitor(t.Context(), first.ID, v) },
		func() error { return s.EndWithKey(t.Context(), r.ID, r.Own) },
	} {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	expect(t, "told", s.told(), []string{"died " + first.ID.String() + " author", "died " + r.ID.String() + " author"})
	expect(t, "feed", s.feed(board.ByBirth), []string{"second"})
	root, replies, err := s.Thread(t.Context(), second.ID, board.Visitor{})
	if err != nil || len(replies) != 0 || root.Replies != 0 {
		t.Errorf("the thread counts %d and holds %v, %v; want none", root.Replies, bodies(replies), err)
	}
	if traces, err := s.Traces(t.Context(), board.Home); err != nil || len(traces) != 0 {
		t.Errorf("traces %v, %v; want none: nobody but the author ended it", traces, err)
	}
}

func TestForgetEndsEverythingOfOneVisitor(t *testing.T) {
	s := newSite(t)
	me, other := s.visitor(), s.visitor()
	mine, theirs := s.post(me, "mine"), s.post(other, "theirs")
	s.reply(theirs, me, "my reply")
	s.reply(mine, other, "their reply")
	s.reply(mine, me, "my own reply")
	yours, err := s.Yours(t.Context(), me)
	if err != nil {
		t.Fatal(err)
	}
	got := bodies(yours)
	slices.Sort(got)
	expect(t, "mine", got, []string{"mine", "my own reply", "my reply"})

	n, err := s.Forget(t.Context(), me)
	if err != nil || n != 3 {
		t.Errorf("forgot %d, %v; want 3", n, err)
	}
	if yours, err := s.Yours(t.Context(), me); err != nil || len(yours) != 0 {
		t.Errorf("still mine: %v, %v", bodies(yours), err)
	}
	if yours, err := s.Yours(t.Context(), other); err != nil || len(yours) != 1 {
		t.Errorf("theirs: %v, %v; want the post alone, their reply went with my thread", bodies(yours), err)
	}
	if n, err := s.Forget(t.Context(), me); err != nil || n != 0 {
		t.Errorf("the second time it forgot %d, %v", n, err)
	}
	if yours, err := s.Yours(t.Context(), board.Visitor{}); err != nil || len(yours) != 0 {
		t.Errorf("nobody owns %v, %v", bodies(yours), err)
	}
}

func TestBoardsAreFoundByTheirSlug(t *testing.T) {
	s := newSite(t)
	boards, err := s.Boards(t.Context())
	if err != nil || len(boards) == 0 || boards[0].Slug != board.Home {
		t.Errorf("boards %v, %v; want home first", boards, err)
	}
	if b, err := s.Board.Board(t.Context(), board.Home); err != nil || b.Slug != board.Home {
		t.Errorf("home is %v, %v", b, err)
	}
	if _, err := s.Board.Board(t.Context(), "Home"); !isGone(err) {
		t.Errorf("an unknown board: %v, want not found", err)
	}
	if got := s.Now(); !got.Equal(s.now) {
		t.Errorf("board time is %v, want %v", got, s.now)
	}
}

// TestFeedPagesNeitherRepeatNorSkip posts and ends between the pages.
func TestFeedPagesNeitherRepeatNorSkip(t *testing.T) {
	for _, sort := range []board.Sort{board.ByBirth, board.ByFading} {
		t.Run(string(sort), func(t *testing.T) {
			s := newSite(t)
			v := s.visitor()
			var posts []board.Post
			for i := range 23 {
				ttl := time.Hour + time.Duration(i*7%23)*time.Minute // another order than that of birth, with a few alike
				posts = append(posts, s.publish(v, board.Draft{Body: strconv.Itoa(i), TTL: ttl.Truncate(2 * time.Minute)}))
			}
			gone := map[string]bool{"3": true, "11": true, "20": true}
			seen := map[string]int{}
			q := board.Query{Board: board.Home, Sort: sort, Limit: 5}
			for pages := 1; ; pages++ {
				page, next, err := s.Feed(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page {
					seen[p.Body]++
				}
				if next == (board.Cursor{}) {
					break
				}
				if len(page) != q.Limit {
					t.Errorf("page %d holds %d posts though more follow, want %d", pages, len(page), q.Limit)
				}
				if pages == 1 {
					for body := range gone {
						i := slices.IndexFunc(posts, func(p board.Post) bool { return p.Body == body })
						if err := s.EndAsVisitor(t.Context(), posts[i].ID, v); err != nil {
							t.Fatal(err)
						}
					}
				}
				s.publish(v, board.Draft{Body: "late", TTL: time.Minute})
				q.After = next
			}
			for _, p := range posts {
				if n := seen[p.Body]; n != 1 && !gone[p.Body] || n > 1 {
					t.Errorf("post %s was seen %d times", p.Body, n)
				}
			}
		})
	}
}

func TestFeedIsInTheOrderAskedFor(t *testing.T) {
	s := newSite(t)
	for i, ttl := range []time.Duration{2 * time.Hour, time.Hour, 3 * time.Hour} {
		s.publish(s.visitor(), board.Draft{Body: strconv.Itoa(i), TTL: ttl})
	}
	expect(t, "new", s.feed(board.ByBirth), []string{"2", "1", "0"})
	expect(t, "fading", s.feed(board.ByFading), []string{"1", "0", "2"})
	expect(t, "no order", s.feed(""), []string{"2", "1", "0"})
}

// reads is every way to see a post; each says whether it is seen.
func (s *site) reads(p, r board.Post, v board.Visitor) map[string]func() (bool, error) {
	ctx := s.t.Context()
	gone := func(err error) (bool, error) {
		if isGone(err) {
			return false, nil
		}
		return err == nil, err
	}
	feed := func(sort board.Sort) func() (bool, error) {
		return func() (bool, error) {
			posts, _, err := s.Feed(ctx, board.Query{Board: board.Home, Sort: sort})
			return len(posts) > 0, err
		}
	}
	return map[string]func() (bool, error){
		"post":   func() (bool, error) { _, err := s.Post(ctx, p.ID, board.Visitor{}); return gone(err) },
		"reply":  func() (bool, error) { _, err := s.Post(ctx, r.ID, board.Visitor{}); return gone(err) },
		"thread": func() (bool, error) { _, _, err := s.Thread(ctx, p.ID, board.Visitor{}); return gone(err) },
		"new":    feed(board.ByBirth),
		"fading": feed(board.ByFading),
		"yours": func() (bool, error) {
			posts, err := s.Yours(ctx, v)
			return len(posts) > 0, err
		},
		"vote": func() (bool, error) { _, err := s.Vote(ctx, p.ID, v, board.NoVote); return gone(err) },
		"vote on a reply": func() (bool, error) {
			_, err := s.Vote(ctx, r.ID, v, board.NoVote)
			return gone(err)
		},
		"secret": func() (bool, error) { _, err := s.store.Secret(ctx, p.ID, s.now); return gone(err) },
	}
}

// TestR02AnEndedPostIsNeverServed turns the clock to a millisecond before the end,
// to it, and past it; no sweeper has run.
func TestR02AnEndedPostIsNeverServed(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p := s.publish(v, board.Draft{Body: "post", TTL: time.Hour})
	r := s.reply(p, v, "reply")
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{-time.Millisecond, true}, {0, false}, {time.Millisecond, false}} {
		s.now = p.Life.EndsAt.Add(tt.after)
		for name, read := range s.reads(p, r, v) {
			if got, err := read(); err != nil || got != tt.want {
				t.Errorf("%v after its end, %s: served %v, %v; want %v", tt.after, name, got, err, tt.want)
			}
		}
	}
	for name, write := range map[string]func() error{
		"reply":          func() error { _, _, err := s.Reply(t.Context(), p.ID, v, board.Draft{Body: "late"}); return err },
		"heart":          func() error { _, err := s.Vote(t.Context(), p.ID, v, board.Heart); return err },
		"end as visitor": func() error { return s.EndAsVisitor(t.Context(), p.ID, v) },
		"end with key":   func() error { return s.EndWithKey(t.Context(), p.ID, p.Own) },
		"end a reply":    func() error { return s.EndAsVisitor(t.Context(), r.ID, v) },
	} {
		if err := write(); !isGone(err) {
			t.Errorf("%s after its end: %v, want not found", name, err)
		}
	}
}

// TestR02AnEndingByHandIsAsFinal looks at the same moment, and after the sweep.
func TestR02AnEndingByHandIsAsFinal(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p := s.post(v, "post")
	r := s.reply(p, v, "reply")
	if err := s.EndAsVisitor(t.Context(), p.ID, v); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at once", "after the sweep"} {
		for name, read := range s.reads(p, r, v) {
			if got, err := read(); err != nil || got {
				t.Errorf("%s, %s: served %v, %v", when, name, got, err)
			}
		}
		s.sweep()
	}
}

// TestR08AStepBackRevivesNothing: what was seen to be gone stays gone, whatever
// the clock says.
func TestR08AStepBackRevivesNothing(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	p := s.post(v, "post")
	r := s.reply(p, v, "reply")
	s.now = p.Life.EndsAt
	if _, err := s.Post(t.Context(), p.ID, board.Visitor{}); !isGone(err) {
		t.Fatalf("at its end: %v", err)
	}
	for _, back := range []time.Duration{time.Millisecond, time.Hour, 24 * time.Hour} {
		s.now = p.Life.EndsAt.Add(-back)
		for name, read := range s.reads(p, r, v) {
			if got, err := read(); err != nil || got {
				t.Errorf("%v back, %s: served %v, %v", back, name, got, err)
			}
		}
	}
}

// TestR42UnknownEndedAndForeignAreTheSameAnswer: it is the very same Error, not
// only one of the same kind.
func TestR42UnknownEndedAndForeignAreTheSameAnswer(t *testing.T) {
	s := newSite(t)
	author, stranger := s.visitor(), s.visitor()
	foreign := s.post(author, "foreign")
	ended := s.post(author, "ended")
	if err := s.EndAsVisitor(t.Context(), ended.ID, author); err != nil {
		t.Fatal(err)
	}
	expired := s.publish(author, board.Draft{Body: "expired", TTL: time.Minute})
	s.now = expired.Life.EndsAt
	unknown := board.NewPostID()
	for name, ask := range map[string]func(board.PostID) error{
		"post":   func(id board.PostID) error { _, err := s.Post(t.Context(), id, stranger); return err },
		"thread": func(id board.PostID) error { _, _, err := s.Thread(t.Context(), id, stranger); return err },
		"reply": func(id board.PostID) error {
			_, _, err := s.Reply(t.Context(), id, stranger, board.Draft{Body: "a"})
			return err
		},
		"vote":           func(id board.PostID) error { _, err := s.Vote(t.Context(), id, stranger, board.Heart); return err },
		"end as visitor": func(id board.PostID) error { return s.EndAsVisitor(t.Context(), id, stranger) },
		"end with key":   func(id board.PostID) error { return s.EndWithKey(t.Context(), id, board.OwnerKey{1}) },
	} {
		want := ask(unknown)
		if !isGone(want) {
			t.Errorf("%s of an unknown id: %v, want not found", name, want)
			continue
		}
		others := map[string]board.PostID{"ended": ended.ID, "expired": expired.ID}
		if strings.HasPrefix(name, "end") {
			others["foreign"] = foreign.ID
		}
		for kind, id := range others {
			if got := ask(id); !isGone(got) {
				t.Errorf("%s: %s gives %q, unknown gives %q", name, kind, got, want)
			}
		}
	}
	if _, err := s.Post(t.Context(), foreign.ID, board.Visitor{}); err != nil {
		t.Errorf("a stranger ended it: %v", err)
	}
}

func TestAReplyIsNoThreadOfItsOwn(t *testing.T) {
	s := newSite(t)
	r := s.reply(s.post(s.visitor(), "root"), s.visitor(), "reply")
	if _, _, err := s.Reply(t.Context(), r.ID, s.visitor(), board.Draft{Body: "a"}); !isGone(err) {
		t.Errorf("a reply to a reply: %v, want not found", err)
	}
	if _, _, err := s.Thread(t.Context(), r.ID, board.Visitor{}); !isGone(err) {
		t.Errorf("the thread of a reply: %v, want not found", err)
	}
}

func TestALowerTTLMaxReachesTheLiving(t *testing.T) {
	s := newSite(t)
	long := s.publish(s.visitor(), board.Draft{Body: "long", TTL: 24 * time.Hour})
	short := s.post(s.visitor(), "short")
	s.told()
	old := s.settings
	s.settings.TTLDefault, s.settings.TTLMax = time.Hour, 2*time.Hour
	s.SettingsChanged(t.Context(), board.TuningOf(old), board.TuningOf(s.settings))
	none := board.PostID{}.String()
	expect(t, "told", s.told(), []string{"reload " + none, "settings " + none})
	for id, want := range map[board.PostID]time.Time{long.ID: s.now.Add(2 * time.Hour), short.ID: s.now.Add(time.Hour)} {
		p, err := s.Post(t.Context(), id, board.Visitor{})
		if err != nil || !p.Life.EndsAt.Equal(want) {
			t.Errorf("%s ends %v, %v; want %v", p.Body, p.Life.EndsAt, err, want)
		}
		if !p.Life.CapAt.Equal(s.now.Add(2 * time.Hour)) {
			t.Errorf("the cap of %s is %v, want two hours from birth", p.Body, p.Life.CapAt)
		}
	}
	s.SettingsChanged(t.Context(), board.TuningOf(s.settings), board.TuningOf(old))
	expect(t, "told of a higher one", s.told(), []string{"settings " + none})
	if p, err := s.Post(t.Context(), long.ID, board.Visitor{}); err != nil || !p.Life.EndsAt.Equal(s.now.Add(2*time.Hour)) {
		t.Errorf("a higher ttl_max moved the end to %v, %v", p.Life.EndsAt, err)
	}
}

func TestSettingsAreToldThoughLivesCouldNotBeShortened(t *testing.T) {
	s := newSite(t)
	b := s.on(broken{s.store, errors.New("the disk says no")})
	next := s.settings
	next.TTLMax = time.Hour
	b.SettingsChanged(t.Context(), board.TuningOf(s.settings), board.TuningOf(next))
	expect(t, "told", s.told(), []string{"settings " + board.PostID{}.String()})
	if !strings.Contains(s.log.String(), "the disk says no") {
		t.Error("the failure is not in the log")
	}
}

func TestTheSweeperTellsWhichClockRanOut(t *testing.T) {
	s := newSite(t)
	silent := s.publish(s.visitor(), board.Draft{Body: "silent", TTL: 24 * time.Hour, Silence: 30 * time.Minute})
	timed := s.post(s.visitor(), "timed")
	s.reply(timed, s.visitor(), "reply")
	s.sweep()
	s.told()
	s.now = s.now.Add(30 * time.Minute)
	s.sweep()
	expect(t, "after the silence", s.told(), []string{"died " + silent.ID.String() + " silence"})
	s.now = s.now.Add(30 * time.Minute)
	s.sweep()
	expect(t, "after its time", s.told(), []string{"died " + timed.ID.String() + " time"})
	s.sweep()
	expect(t, "once more", s.told(), nil)
	if s.sweeper.Late() {
		t.Error("the sweeper calls itself late")
	}
}

func TestATunerOnTheRealStoreComesBackAsItWas(t *testing.T) {
	s := newSite(t)
	first, err := board.NewTuner(t.Context(), s.store, map[string]string{"k": "7", "shared_networks": "10.0.0.0/8"}, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Apply(t.Context(), "cli", "", map[string]string{"ttl_max": "2d", "post": "0"}); err != nil {
		t.Fatal(err)
	}
	second, err := board.NewTuner(t.Context(), s.store, map[string]string{"k": "9"}, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	got := second.Settings("")
	if got.K != 7 || got.TTLMax != 48*time.Hour || !got.Post.Unlimited() || len(got.SharedNetworks) != 1 {
		t.Errorf("%+v; want k 7, ttl_max 2d, post unlimited, one shared network", got)
	}
	if err := second.Apply(t.Context(), "cli", "", map[string]string{"k": "11"}); err != nil {
		t.Fatal(err)
	}
	if err := first.Follow(t.Context()); err != nil || first.Settings("").K != 11 {
		t.Errorf("k = %d, %v after another process set 11", first.Settings("").K, err)
	}
}
