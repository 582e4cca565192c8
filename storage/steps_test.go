package storage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
	"mayfly/storage/storagetest"
)

// account is what has been answered of posts and replies so far.
type account struct {
	mu     sync.Mutex
	living map[board.PostID]string    // text of what was answered
	ending map[board.PostID]bool      // asked to end, or its time has come
	ended  map[board.PostID]board.Key // and that was answered
	tried  map[board.PostID]string    // text of what was sent, answered or not
	keys   map[board.PostID]board.Key
}

func newAccount() *account {
	return &account{
		living: map[board.PostID]string{}, ending: map[board.PostID]bool{}, ended: map[board.PostID]board.Key{},
		tried: map[board.PostID]string{}, keys: map[board.PostID]board.Key{},
	}
}

func (a *account) sent(p board.Post, key board.Key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tried[p.ID], a.keys[p.ID] = p.Body, key
}

func (a *account) answered(p board.Post) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.living[p.ID] = p.Body
}

func (a *account) ends(ids ...board.PostID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		a.ending[id] = true
	}
}

func (a *account) gone(ids ...board.PostID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		a.ended[id] = a.keys[id]
	}
}

// look opens what a kill at this moment would leave, and holds it against the account:
// before its first sweep no key of what has ended is on the disk, after it no living
// post is lost, none that ended is there, and what was not answered is whole or absent.
func (a *account) look(t *testing.T, n *node, what string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	dir := t.TempDir()
	n.copyTo(t, dir)
	again := &node{dir: dir, now: n.now, faults: &faults{}}
	for id, key := range a.ended {
		if keyOnDisk(t, again, key) {
			t.Errorf("%s: the key of %v, which has ended, is on the disk", what, id)
		}
	}
	again.start(t)
	again.sweep(t)
	for id, text := range a.tried {
		p, err := again.Post(t.Context(), id, again.now)
		there, answered := err == nil, a.living[id] != ""
		switch _, ended := a.ended[id]; {
		case there && ended:
			t.Errorf("%s: %v is back", what, id)
		case !there && answered && !a.ending[id]:
			t.Errorf("%s: %v is lost: %v", what, id, err)
		case there && p.Body != text:
			t.Errorf("%s: %v is not whole", what, id)
		}
		if !there && keyOnDisk(t, again, a.keys[id]) {
			t.Errorf("%s: after the sweep the key of %v (%s), which is not there, is on the disk", what, id, text)
		}
	}
	again.sound(t, again.count(t, "SELECT count(*) FROM posts"))
	again.stop(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

// copyTo is the files as they are this moment.
func (n *node) copyTo(t testing.TB, dir string) {
	t.Helper()
	for _, name := range []string{"data", "data.keys"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(n.dir, name))); err != nil {
			t.Fatal(err)
		}
	}
}

// watch looks before the calls to the disk from now on, at one of every so many, and
// counts the calls.
func (a *account) watch(t *testing.T, n *node, every int) (calls func() int) {
	t.Helper()
	var mu sync.Mutex
	count := 0
	n.faults.set(func(what string) error {
		mu.Lock()
		defer mu.Unlock()
		if count++; count%every > 0 {
			return nil
		}
		what, _, _ = strings.Cut(strings.TrimSpace(what), "\n")
		a.look(t, n, what)
		return nil
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

// bear sends a post and notes what was answered.
func (a *account) bear(t *testing.T, n *node, ttl time.Duration) board.Post {
	t.Helper()
	p, key := storagetest.NewPost(board.NewVisitor(n.now), newMarker(), n.life(ttl))
	a.sent(p, key)
	if _, err := n.InsertPost(t.Context(), p, key); err != nil {
		t.Fatal(err)
	}
	a.answered(p)
	return p
}

func (a *account) reply(t *testing.T, n *node, to board.Post) board.Post {
	t.Helper()
	r, key, voice := storagetest.NewReply(to, board.NewVisitor(n.now), newMarker())
	a.sent(r, key)
	if _, _, err := n.InsertReply(t.Context(), r, key, voice, n.now); err != nil {
		t.Fatal(err)
	}
	a.answered(r)
	return r
}

func (a *account) end(t *testing.T, n *node, ids ...board.PostID) {
	t.Helper()
	a.ends(ids...)
	n.end(t, ids...)
	a.gone(ids...)
}

// R6, R70, R71: a process that ends between any two calls to the disk, of slots, rows,
// commits, sweeps, zeroes and checkpoints, leaves what the next start makes good.
func TestR71EachStepOfBirthAndDeathMayBeTheLast(t *testing.T) {
	n, a := newNode(t), newAccount()
	stays := a.bear(t, n, time.Hour)
	calls := a.watch(t, n, 1)
	short := a.bear(t, n, time.Minute)
	below := a.reply(t, n, short)
	byHand := a.bear(t, n, time.Hour)
	beside := a.reply(t, n, byHand)
	alone := a.reply(t, n, stays)
	if _, err := n.Vote(t.Context(), storagetest.Ballot(stays, board.NewVisitor(n.now), board.Heart), n.now); err != nil {
		t.Fatal(err)
	}
	a.ends(beside.ID)
	a.end(t, n, byHand.ID)
	a.gone(beside.ID)
	a.end(t, n, alone.ID)
	a.bear(t, n, time.Hour) // into a slot that was used
	a.ends(short.ID, below.ID)
	n.now = n.now.Add(time.Minute)
	if _, err := n.destroy(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	a.gone(short.ID, below.ID)
	if _, err := n.Bury(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	if err := n.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := calls(); got < 60 {
		t.Errorf("control: only %d steps", got)
	}
}

// R6: nor does it matter how far the start after it has come.
func TestR06EachStepOfAStartMayBeTheLast(t *testing.T) {
	n, a := newNode(t), newAccount()
	a.bear(t, n, time.Hour)
	short, byHand := a.bear(t, n, time.Minute), a.bear(t, n, time.Hour)
	below := a.reply(t, n, short)
	a.end(t, n, byHand.ID)
	a.ends(short.ID, below.ID)
	p, key := storagetest.NewPost(board.NewVisitor(n.now), newMarker(), n.life(time.Hour))
	a.sent(p, key)
	killed := &node{dir: t.TempDir(), now: n.now.Add(time.Minute), faults: &faults{}}
	n.faults.set(func(what string) error { // a birth whose key alone gets to the disk
		if what == "BEGIN" {
			n.copyTo(t, killed.dir)
			return errDisk
		}
		return nil
	})
	if _, err := n.InsertPost(t.Context(), p, key); err == nil || !keyOnDisk(t, killed, key) {
		t.Fatalf("control: %v; the key is to be on the disk without its row", err)
	}
	calls := a.watch(t, killed, 1)
	killed.start(t)
	killed.sweep(t)
	a.gone(short.ID, below.ID)
	if got := calls(); got < 20 {
		t.Errorf("control: only %d steps", got)
	}
	a.look(t, killed, "after it")
	killed.stop(t)
}

// R19: nor how far an upgrade has come, with posts that live and some that have ended.
func TestR19EachStepOfAnUpgradeMayBeTheLast(t *testing.T) {
	n, a := &node{dir: t.TempDir(), now: storagetest.Start, faults: &faults{}}, newAccount()
	n.ofVersion5(t, a, time.Hour, time.Minute, time.Minute, time.Hour)
	n.now = n.now.Add(time.Minute)
	calls := a.watch(t, n, 3)
	n.start(t)
	n.sweep(t)
	for id := range a.ending {
		a.gone(id)
	}
	if got := calls(); got < 30 {
		t.Errorf("control: only %d steps", got)
	}
	a.look(t, n, "after it")
	n.stop(t)
}

// ofVersion5 makes the database of an earlier program in which posts live. Those that
// live no longer than a minute end before it is opened.
func (n *node) ofVersion5(t *testing.T, a *account, lives ...time.Duration) {
	t.Helper()
	folder, err := keys.OpenFolder(n.folder(), n.data())
	if err != nil {
		t.Fatal(err)
	}
	slots, err := folder.Slots(quiet)
	if err != nil {
		t.Fatal(err)
	}
	s, err := connect(t.Context(), n.data(), quiet, nil)
	if err != nil {
		t.Fatal(err)
	}
	upTo(t, s, 5)
	id := slots.ID()
	if _, err := s.writer.ExecContext(t.Context(), "INSERT INTO key_file (one, id) VALUES (1, $1)", id[:]); err != nil {
		t.Fatal(err)
	}
	for _, ttl := range lives {
		p, key := storagetest.NewPost(board.NewVisitor(n.now), newMarker(), n.life(ttl))
		box, err := seal(key, p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := slots.Put(p.Life.CapAt, p.Life.EndsAt, key)
		if err != nil {
			t.Fatal(err)
		}
		const insert = `
			INSERT INTO posts (id, board, since, until, ends_at, cap_at, grid, silence, slot, gen, own, box)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
		slot, gen := refArgs(r)
		l := p.Life
		if _, err := s.writer.ExecContext(t.Context(), insert, p.ID[:], p.Board, l.Since.UnixMilli(), l.Until.UnixMilli(), l.EndsAt.UnixMilli(),
			l.CapAt.UnixMilli(), l.Grid.Milliseconds(), l.Silence.Milliseconds(), slot, gen, p.Own[:], box); err != nil {
			t.Fatal(err)
		}
		a.sent(p, key)
		a.answered(p)
		if ttl <= time.Minute {
			a.ends(p.ID)
		}
	}
	if err := errors.Join(slots.Sync(), s.emptyJournal(t.Context()), s.closeFiles(), slots.Close()); err != nil {
		t.Fatal(err)
	}
}
