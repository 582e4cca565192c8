package board_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mayfly/board"
)

// plain is a Hasher that hides nothing, and counts what it was asked.
type plain struct{ checks atomic.Int32 }

func (*plain) Hash(_ context.Context, phrase string) (string, error) { return "of " + phrase, nil }

func (p *plain) Check(_ context.Context, phrase, hash string) (bool, error) {
	p.checks.Add(1)
	return hash == "of "+phrase, nil
}

// house is a site with doors, and a board called attic.
type house struct {
	*site
	doors  *board.Doors
	tuner  *board.Tuner
	hasher *plain
	out    []string // the boards whose lock was turned
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{site: newSite(t), hasher: &plain{}}
	var err error
	if h.tuner, err = board.NewTuner(t.Context(), h.store, nil, h.clock); err != nil {
		t.Fatal(err)
	}
	h.doors = h.again()
	h.doors.Watch(func(_ context.Context, slug string) { h.out = append(h.out, slug) })
	h.Board = board.New(h.store, h.index, h.screen, h.doors, h, h.tuner.Settings, h.clock, slog.New(slog.DiscardHandler))
	h.doors.Watch(h.DoorTurned)
	h.tuner.Watch(h.SettingsChanged)
	h.add(board.Info{Slug: "attic", Title: "The attic"})
	return h
}

// again are the doors as another process has them.
func (h *house) again() *board.Doors {
	h.t.Helper()
	doors, err := board.NewDoors(h.t.Context(), h.store, h.tuner, h.hasher, [32]byte{1, 2, 3}, h.clock)
	if err != nil {
		h.t.Fatal(err)
	}
	return doors
}

func (h *house) set(slug string, a board.Access, phrase string) {
	h.t.Helper()
	if err := h.doors.Set(h.t.Context(), "ada", slug, a, phrase); err != nil {
		h.t.Fatal(err)
	}
}

// enter shows something at a door, and returns a context that holds what it gave.
func (h *house) enter(slug string, s board.Show) (context.Context, error) {
	stamp, err := h.doors.Enter(h.t.Context(), slug, s)
	return board.Holding(h.t.Context(), func(string) []string { return []string{stamp} }), err
}

func (h *house) in(slug, phrase string) context.Context {
	h.t.Helper()
	ctx, err := h.enter(slug, board.Show{Passphrase: phrase})
	if err != nil {
		h.t.Fatal(err)
	}
	return ctx
}

// reads says whether whoever ctx is of reads a board.
func (h *house) reads(ctx context.Context, slug string) bool {
	_, _, err := h.Feed(ctx, board.Query{Board: slug})
	return err == nil
}

// turnedOut says whether those who read a board live were told that they are outside.
func (h *house) turnedOut(slug string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.heard, func(e board.Event) bool { return e.Kind == board.TurnedOut && e.Board == slug })
}

const (
	firstPhrase  = "warm tin roof"
	secondPhrase = "cold brick wall"
)

func TestAPassphraseLetsInAndAnotherPutsOut(t *testing.T) {
	h := newHouse(t)
	h.set("attic", board.ByPassphrase, firstPhrase)
	if h.reads(t.Context(), "attic") || !h.reads(t.Context(), board.Home) {
		t.Fatal("the attic is read from outside, or home is not")
	}
	in := h.in("attic", "  warm  tin roof ")
	if !h.reads(in, "attic") {
		t.Fatal("the passphrase lets nobody in")
	}
	h.told()
	h.set("attic", board.ByPassphrase, secondPhrase)
	if h.reads(in, "attic") {
		t.Error("who came by the passphrase before reads on")
	}
	if !h.turnedOut("attic") {
		t.Error("open pages were not told")
	}
	if _, err := h.enter("attic", board.Show{Passphrase: firstPhrase}); err == nil {
		t.Error("the passphrase before lets in")
	}
	if !h.reads(h.in("attic", secondPhrase), "attic") {
		t.Error("the new passphrase lets nobody in")
	}
}

// A stamp is of a board and its epoch alone: all who came in hold the same, and it opens
// no other board.
func TestAllWhoComeInHoldTheSameStamp(t *testing.T) {
	h := newHouse(t)
	h.set("attic", board.ByPassphrase, firstPhrase)
	h.set(board.Home, board.ByPassphrase, firstPhrase)
	stamps := map[string]bool{}
	for range 3 {
		h.now = h.now.Add(time.Hour)
		stamp, err := h.again().Enter(t.Context(), "attic", board.Show{Passphrase: firstPhrase})
		if err != nil {
			t.Fatal(err)
		}
		stamps[stamp] = true
	}
	if len(stamps) != 1 {
		t.Errorf("three people hold %d stamps", len(stamps))
	}
	if h.reads(h.in("attic", firstPhrase), board.Home) {
		t.Error("the stamp of one board opens another")
	}
	if h.doors.HostStamp("attic") == h.doors.HostStamp(board.Home) {
		t.Error("two boards have one stamp")
	}
}

func TestABoardWithoutItsPassphraseIsShut(t *testing.T) {
	h := newHouse(t)
	err := h.doors.Set(t.Context(), "ada", "attic", board.ByPassphrase, "")
	if e, is := errors.AsType[*board.Error](err); !is || e.Fields["passphrase"].Code != "error.door.first" {
		t.Errorf("set without a passphrase: %v", err)
	}
	if err := h.tuner.Apply(t.Context(), "start", "", map[string]string{"access": "passphrase"}); err != nil {
		t.Fatal(err)
	}
	for _, phrase := range []string{"", "x", firstPhrase} {
		if _, err := h.enter(board.Home, board.Show{Passphrase: phrase}); !errors.Is(err, board.ErrDoorUnset) {
			t.Errorf("%q at a door without a passphrase: %v", phrase, err)
		}
	}
	held := board.Holding(t.Context(), func(string) []string { return []string{"", h.doors.HostStamp(board.Home)} })
	if h.reads(held, board.Home) {
		t.Error("it is read")
	}
	for phrase, code := range map[string]string{"short": "error.admin.short", "aaaaaaaaaa": "error.door.easy", strings.Repeat("abcd ", 50): "error.admin.long", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8": "error.body.utf8"} {
		err := h.doors.Set(t.Context(), "ada", "attic", board.ByPassphrase, phrase)
		if e, is := errors.AsType[*board.Error](err); !is || e.Fields["passphrase"].Code != code {
			t.Errorf("set %q: %v, want %s", phrase, err, code)
		}
	}
}

func TestACodeLetsExactlyAsManyInAtOnce(t *testing.T) {
	h := newHouse(t)
	h.set("attic", board.ByInvite, "")
	code, err := h.doors.Invite(t.Context(), "ada", "attic", 7, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var in, refused atomic.Int32
	for range 100 {
		all.Go(func() {
			ctx, err := h.enter("attic", board.Show{Code: strings.ToUpper(strings.ReplaceAll(string(code), "-", " "))})
			if err == nil && h.reads(ctx, "attic") {
				in.Add(1)
			}
			if e, is := errors.AsType[*board.Error](err); is && e.Fields["code"].Code == "error.door.code" {
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 7 || refused.Load() != 93 {
		t.Errorf("%d came in and %d were refused, want 7 and 93", in.Load(), refused.Load())
	}
}

func TestACodeIsRevokedAndEnds(t *testing.T) {
	h := newHouse(t)
	h.set("attic", board.ByInvite, "")
	code, err := h.doors.Invite(t.Context(), "ada", "attic", 9, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	in, err := h.enter("attic", board.Show{Code: string(code)})
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.doors.Codes(t.Context(), "attic")
	if err != nil || len(list) != 1 || list[0].Left != 8 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := h.doors.Revoke(t.Context(), "ada", "attic", list[0].Number); err != nil {
		t.Fatal(err)
	}
	if _, err := h.enter("attic", board.Show{Code: string(code)}); err == nil {
		t.Error("a revoked code lets in")
	}
	if !h.reads(in, "attic") {
		t.Error("who came in by it was put out")
	}
	if err := h.doors.TurnOut(t.Context(), "ada", "attic"); err != nil {
		t.Fatal(err)
	}
	if h.reads(in, "attic") {
		t.Error("who was put out reads on")
	}
	code, err = h.doors.Invite(t.Context(), "ada", "attic", 9, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	if _, err := h.enter("attic", board.Show{Code: string(code)}); err == nil {
		t.Error("a code lets in past its end")
	}
	for _, bad := range []struct {
		uses int
		life time.Duration
	}{{0, time.Hour}, {-1, time.Hour}, {board.DoorUsesMax + 1, time.Hour}, {1, 0}, {1, 366 * 24 * time.Hour}} {
		if _, err := h.doors.Invite(t.Context(), "ada", "attic", bad.uses, bad.life); err == nil {
			t.Errorf("an invitation for %d, for %v, was made", bad.uses, bad.life)
		}
	}
}

// Each kind of door has its own stamp: who came by a passphrase needs an invitation once
// the board asks for those.
func TestAnotherKindOfDoorPutsOut(t *testing.T) {
	h := newHouse(t)
	h.set("attic", board.ByPassphrase, firstPhrase)
	in := h.in("attic", firstPhrase)
	h.told()
	h.set("attic", board.ByInvite, "")
	if h.reads(in, "attic") || !h.turnedOut("attic") {
		t.Error("who came by the passphrase reads on, or open pages were not told")
	}
	h.set("attic", board.ForAll, "")
	if !h.reads(t.Context(), "attic") {
		t.Error("an open board is read by nobody")
	}
}

func TestADoorIsFollowedThatAnotherProcessTurned(t *testing.T) {
	h := newHouse(t)
	h.set("attic", board.ByPassphrase, firstPhrase)
	in := h.in("attic", firstPhrase)
	if err := h.again().Set(t.Context(), "cli", "attic", board.ByPassphrase, secondPhrase); err != nil {
		t.Fatal(err)
	}
	h.told()
	h.out = nil
	if err := h.doors.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.reads(in, "attic") || !slices.Equal(h.out, []string{"attic"}) {
		t.Errorf("who was inside reads on; turned were %v", h.out)
	}
	if err := h.doors.Follow(t.Context()); err != nil || len(h.out) != 1 {
		t.Errorf("nothing new turned %v, %v", h.out, err)
	}
}

// Once the right passphrase was given, a wrong one costs no hash and nobody waits for
// the hashes of others.
func TestWrongPassphrasesKeepNobodyWaiting(t *testing.T) {
	h := newHouse(t)
	h.set("attic", board.ByPassphrase, firstPhrase)
	h.doors = h.again() // it knows the hash alone
	h.in("attic", firstPhrase)
	checks := h.hasher.checks.Load()
	for range 1000 {
		if _, err := h.enter("attic", board.Show{Passphrase: "wrong wrong wrong"}); err == nil {
			t.Fatal("a wrong passphrase lets in")
		}
	}
	h.in("attic", firstPhrase)
	if n := h.hasher.checks.Load() - checks; n != 0 {
		t.Errorf("a thousand wrong ones cost %d hashes", n)
	}
}

func TestBoardsAreListedForThoseWhoMayKnowOfThem(t *testing.T) {
	h := newHouse(t)
	h.add(board.Info{Slug: "den", Title: "The den"})
	h.set("attic", board.ByPassphrase, firstPhrase)
	h.set("den", board.ByLink, "")
	slugs := func(ctx context.Context) string {
		boards, err := h.Boards(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, b := range boards {
			list = append(list, b.Slug)
		}
		return strings.Join(list, " ")
	}
	for who, want := range map[string][2]any{
		"somebody outside": {t.Context(), "home"},
		"somebody inside":  {h.in("attic", firstPhrase), "home attic"},
		"the host":         {board.AsHost(t.Context()), "home attic den"},
	} {
		if got := slugs(want[0].(context.Context)); got != want[1] {
			t.Errorf("%s sees %q, want %q", who, got, want[1])
		}
	}
	if !h.reads(t.Context(), "den") {
		t.Error("an unlisted board is not read by its link")
	}
}

func FuzzParseInviteCode(f *testing.F) {
	for _, text := range []string{"", "abcd-efgh-ijkl-mnop", "ABCD EFGH IJKL MNOP", "0000111188882222", "abcd-efgh-ijkl-mnopq", "àbcd-efgh-ijkl-mnop", strings.Repeat("-", 100), "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := board.ParseInviteCode(text)
		if !ok {
			if code != "" {
				t.Errorf("refused, and %q", code)
			}
			return
		}
		again, ok := board.ParseInviteCode(string(code))
		if !ok || again != code || len(code) != 19 {
			t.Errorf("%q is read as %q, which is read as %q", text, code, again)
		}
	})
}

func TestEveryInviteCodeIsReadBack(t *testing.T) {
	seen := map[board.InviteCode]bool{}
	for range 1000 {
		code := board.NewInviteCode()
		again, ok := board.ParseInviteCode(string(code))
		if !ok || again != code || seen[code] {
			t.Fatalf("%q is read as %q", code, again)
		}
		seen[code] = true
	}
}

// oneLock is a store of one lock.
type oneLock struct{ board.DoorStore }

func (oneLock) Locks(context.Context) ([]board.Lock, error) {
	return []board.Lock{{Board: "attic", Epoch: [16]byte{1}, Phrase: "of " + firstPhrase}}, nil
}

// byPhrase is the setting of a board with a passphrase.
type byPhrase struct{ board.AccessSetting }

func (byPhrase) Settings(string) board.Settings { return board.Settings{Access: board.ByPassphrase} }

// Whatever somebody sends for a stamp or a passphrase, the right one alone opens.
func FuzzStamp(f *testing.F) {
	doors, err := board.NewDoors(f.Context(), oneLock{}, byPhrase{}, &plain{}, [32]byte{1}, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	right := doors.HostStamp("attic")
	for _, text := range []string{"", "x", right, right + " ", strings.ToUpper(right), strings.Repeat("A", 22), "\x00", "é", strings.Repeat("=", 4000), firstPhrase, " warm\ttin  roof\n", "warm tin roof\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ctx := board.Holding(t.Context(), func(string) []string { return []string{"", text} })
		for _, a := range []board.Access{board.ByPassphrase, board.ByInvite} {
			if got, want := doors.Open(ctx, "attic", a), text == right && a == board.ByPassphrase; got != want {
				t.Errorf("%q opens %s: %v, want %v", text, a, got, want)
			}
		}
		stamp, err := doors.Enter(t.Context(), "attic", board.Show{Passphrase: text})
		if got, want := err == nil, strings.Join(strings.Fields(text), " ") == firstPhrase; got != want || (stamp == right) != want {
			t.Errorf("the passphrase %q lets in: %v, %v", text, got, err)
		}
	})
}

// TestEveryWayToABoardAsksItsDoor: each way asks for itself, whatever others asked before.
func TestEveryWayToABoardAsksItsDoor(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	author, asker := board.Bearer{1}, board.Bearer{2}
	if err := h.tuner.Apply(t.Context(), "ada", "attic", map[string]string{"chats": "on"}); err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	asks := &board.Askable{Key: [65]byte(key.PublicKey().Bytes()), Token: author.Hash()}
	p, _, err := h.Create(t.Context(), "attic", v, board.Draft{Body: "words of the attic", Asks: asks})
	if err != nil {
		t.Fatal(err)
	}
	chats := board.NewChats(h.store, h.Board, h, slog.New(slog.DiscardHandler), func(board.Waiting) {})
	m := board.ChatMessage{From: board.AskerSide, N: 1, Envelope: board.Envelope("sealed")}
	chat, err := h.store.InsertChat(t.Context(), board.Chat{ID: board.NewPostID(), Post: p.ID, Token: asker.Hash()}, m, board.NewKey(), 1, h.clock())
	if err != nil {
		t.Fatal(err)
	}
	r := h.reply(p, v, "an answer")
	h.set("attic", board.ByPassphrase, firstPhrase)
	ways := map[string]func(ctx context.Context) error{
		"the board": func(ctx context.Context) error { _, err := h.Board.Board(ctx, "attic"); return err },
		"a feed":    func(ctx context.Context) error { _, _, err := h.Feed(ctx, board.Query{Board: "attic"}); return err },
		"a search": func(ctx context.Context) error {
			_, _, err := h.Feed(ctx, board.Query{Board: "attic", Narrow: board.Narrow{Words: "words"}})
			return err
		},
		"how many match": func(ctx context.Context) error { _, err := h.Matches(ctx, board.Query{Board: "attic"}); return err },
		"a count":        func(ctx context.Context) error { _, err := h.Count(ctx, "attic"); return err },
		"its lines":      func(ctx context.Context) error { _, err := h.Traces(ctx, "attic"); return err },
		"its questions":  func(ctx context.Context) error { _, err := h.Prompts(ctx, "attic"); return err },
		"its log":        func(ctx context.Context) error { _, err := h.PublicLog(ctx, "attic", 0, 10); return err },
		"a thread":       func(ctx context.Context) error { _, _, err := h.Thread(ctx, p.ID, v); return err },
		"a post":         func(ctx context.Context) error { _, err := h.Post(ctx, p.ID, v); return err },
		"any post":       func(ctx context.Context) error { _, err := h.Any(ctx, p.ID); return err },
		"a reply":        func(ctx context.Context) error { _, err := h.Post(ctx, r.ID, v); return err },
		"its look-alikes": func(ctx context.Context) error {
			_, err := h.Alike(ctx, p.ID, v)
			return err
		},
		"to write": func(ctx context.Context) error {
			_, _, err := h.Create(ctx, "attic", v, board.Draft{Body: "more words"})
			return err
		},
		"to answer": func(ctx context.Context) error {
			_, _, err := h.Reply(ctx, p.ID, v, board.Draft{Body: "more words"})
			return err
		},
		"to vote": func(ctx context.Context) error { _, err := h.Vote(ctx, p.ID, h.visitor(), board.Heart); return err },
		"to report": func(ctx context.Context) error {
			return h.Report(ctx, p.ID, h.visitor(), board.Complaint{Reason: "spam"})
		},
		"the chats under a post": func(ctx context.Context) error { _, err := chats.List(ctx, p.ID, author); return err },
		"who may be asked":       func(ctx context.Context) error { _, err := chats.Asked(ctx, p.ID, author); return err },
		"a chat, to its author":  func(ctx context.Context) error { _, _, err := chats.Chat(ctx, p.ID, chat.ID, author); return err },
		"a chat, to its asker":   func(ctx context.Context) error { _, _, err := chats.Chat(ctx, p.ID, chat.ID, asker); return err },
	}
	in := h.in("attic", firstPhrase)
	for name, way := range ways {
		if err := way(t.Context()); err == nil {
			t.Errorf("%s is open from outside", name)
		}
		if err := way(in); err != nil {
			t.Errorf("control: %s is shut to who came in: %v", name, err)
		}
	}
	if tags := h.Rising(t.Context(), "attic"); len(tags) != 0 {
		t.Errorf("its tags are told outside: %v", tags)
	}
}
