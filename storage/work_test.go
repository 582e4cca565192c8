package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

func TestFullQueueIsBusy(t *testing.T) {
	n := newNode(t)
	n.writing.Lock() // nothing is committed meanwhile
	ran := 0
	var waiting []*op
	var refused error
	for len(waiting) <= 2*500 { // as many under way, as many behind them
		o := &op{ctx: t.Context(), done: make(chan error, 1), run: func(context.Context, *sql.Tx) error { ran++; return nil }}
		if refused = n.enqueue(o); refused != nil {
			break
		}
		waiting = append(waiting, o)
	}
	n.writing.Unlock()
	if err := isRefusal(refused, board.Busy); err != nil {
		t.Error(err)
	}
	for _, o := range waiting {
		if err := <-o.done; err != nil {
			t.Error(err)
		}
	}
	if ran != len(waiting) || ran < 500 {
		t.Errorf("%d of %d queued changes were made", ran, len(waiting))
	}
	n.post(t, "there is room again", time.Hour)
}

func TestChangeWhoseCallerHasLeftIsNotMade(t *testing.T) {
	n := newNode(t)
	ctx, leave := context.WithCancel(t.Context())
	p, key := storagetest.NewPost(board.NewVisitor(n.now), "too late", n.life(time.Hour))
	n.writing.Lock()
	answer := make(chan error)
	go func() {
		_, err := n.InsertPost(ctx, p, key)
		answer <- err
	}()
	leave()
	n.writing.Unlock()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
	if n.has(t, p.ID) {
		t.Error("it was made all the same")
	}
	n.sound(t, 0)
}

// endless is a question whose answer never comes.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

// longRead asks it inside the gate, and answers how it ended.
func longRead(t *testing.T, n *node) <-chan error {
	t.Helper()
	inside, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- n.read(t.Context(), func(ctx context.Context, q querier) error {
			close(inside)
			var i int
			return q.QueryRowContext(ctx, endless).Scan(&i)
		})
	}()
	<-inside
	return ended
}

func TestReaderIsInterruptedAfterASecond(t *testing.T) {
	n := newNode(t)
	began := time.Now()
	err := <-longRead(t, n)
	if took := time.Since(began); took < readTime || took > 3*readTime {
		t.Errorf("after %v, want %v", took, readTime)
	}
	if err := isRefusal(wrap("read", err), board.Busy); err != nil {
		t.Error(err)
	}
}

func TestScrubInterruptsALongReader(t *testing.T) {
	n := newNode(t)
	n.post(t, "in the journal", time.Hour)
	ended := longRead(t, n)
	began := time.Now()
	if err := n.Scrub(t.Context()); err != nil || n.journalSize() != 0 {
		t.Errorf("Scrub: %v, journal of %d bytes", err, n.journalSize())
	}
	if took := time.Since(began); took > readTime {
		t.Errorf("it waited %v", took)
	}
	if err := <-ended; !errors.Is(err, errHurried) {
		t.Errorf("the reader: %v, want %v", err, errHurried)
	}
	if !n.has(t, n.post(t, "readers are let in again", time.Hour).ID) {
		t.Error("no")
	}
}

func TestScrubSaysWhenAnotherProcessReads(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "read elsewhere", time.Hour)
	other, err := sql.Open("sqlite3", "file:"+n.path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM posts").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	n.end(t, p.ID)
	if rows, err := n.Bury(t.Context(), n.now); err != nil || rows != 1 {
		t.Errorf("Bury = %d, %v", rows, err)
	}
	if err := n.Scrub(t.Context()); !errors.Is(err, errJournal) {
		t.Errorf("Scrub: %v, want %v", err, errJournal)
	}
	n.post(t, "posts go on", time.Hour)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := n.Scrub(t.Context()); err != nil || n.journalSize() != 0 {
		t.Errorf("Scrub: %v, journal of %d bytes", err, n.journalSize())
	}
}

func TestJournalStaysBoundedUnderLoad(t *testing.T) {
	n := newNode(t)
	long := strings.Repeat("a long day ", 2000)
	largest := int64(0)
	for range 20 {
		atOnce(t, 100, func(int) error {
			p, key := storagetest.NewPost(board.NewVisitor(n.now), long, n.life(time.Hour))
			_, err := n.InsertPost(t.Context(), p, key)
			return err
		})
		largest = max(largest, n.journalSize())
	}
	if largest > 2*journalFull || largest == 0 {
		t.Errorf("journal of %d bytes after 44 MB of posts, want at most %d", largest, 2*journalFull)
	}
}

// A burial and the committer both find the journal full.
func TestAFullJournalIsEmptiedOnce(t *testing.T) {
	n := newNode(t)
	for _, q := range []string{"CREATE TABLE ballast (x BLOB)", fmt.Sprintf("INSERT INTO ballast VALUES (zeroblob(%d))", journalFull)} {
		if _, err := n.writer.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	var emptied atomic.Int64
	n.faults.set(func(what string) error {
		if strings.Contains(what, "wal_checkpoint(TRUNCATE)") {
			emptied.Add(1)
		}
		return nil
	})
	atOnce(t, 8, func(int) error { return n.boundJournal(t.Context()) })
	if n.journalSize() != 0 || emptied.Load() != 1 {
		t.Errorf("the journal has %d bytes, and was emptied %d times; want once", n.journalSize(), emptied.Load())
	}
}

func TestLargeThreadIsBuriedWhole(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "a crowd", 2*time.Minute)
	var voter board.Visitor
	atOnce(t, 2*digRows+1, func(i int) error {
		v := board.NewVisitor(n.now)
		r, key, voice := storagetest.NewReply(p, v, "one of them")
		r, _, err := n.InsertReply(t.Context(), r, key, voice, n.now)
		if err != nil || i%10 > 0 {
			return err
		}
		_, err = n.Vote(t.Context(), storagetest.Ballot(r, voter, board.Heart), n.now)
		return err
	})
	n.now = p.Life.EndsAt
	n.sound(t, 0)
	for _, table := range []string{"replies", "votes", "voices"} {
		if rows := n.count(t, "SELECT count(*) FROM "+table); rows > 0 {
			t.Errorf("%s: %d rows are left", table, rows)
		}
	}
}

// A post that a vote has ended between Destroy and Bury keeps its row until the
// next Destroy has told of it.
func TestBuryLeavesWhatDestroyHasNotTold(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "burns away", time.Hour)
	if _, err := n.destroy(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	down := storagetest.Ballot(p, board.NewVisitor(n.now), board.Down)
	down.Down = 2 * time.Hour
	if _, err := n.Vote(t.Context(), down, n.now); err != nil {
		t.Fatal(err)
	}
	if n.has(t, p.ID) {
		t.Error("it is read though nothing is left of its life")
	}
	if rows, err := n.Bury(t.Context(), n.now); err != nil || rows != 0 {
		t.Errorf("Bury = %d, %v; want to wait", rows, err)
	}
	if ended := n.sweep(t); len(ended) != 1 || ended[0].ID != p.ID {
		t.Errorf("ended = %v, want the post", ended)
	}
	n.sound(t, 0)
}

// Bury may run beside Destroy, between the dropping of keys and the finding of
// their posts.
func TestBuryLeavesWhatDestroyHasNotNamed(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "short", time.Minute)
	n.now = n.now.Add(time.Minute)
	n.dropExpired(n.now)
	if rows, err := n.Bury(t.Context(), n.now); err != nil || rows != 0 {
		t.Errorf("Bury = %d, %v; want to wait", rows, err)
	}
	if ended := n.sweep(t); len(ended) != 1 || ended[0].ID != p.ID {
		t.Errorf("ended = %v, want the post", ended)
	}
	n.sound(t, 0)
}

func TestManyEndingsAreAllNamed(t *testing.T) {
	n := newNode(t)
	bearMany(t, n, namePage+700, time.Minute)
	late := n.post(t, "later", time.Hour)
	n.now = n.now.Add(time.Minute)
	ended, err := n.destroy(t.Context(), n.now)
	if err != nil || len(ended) != namePage+700 {
		t.Errorf("%d ended, %v", len(ended), err)
	}
	if again, err := n.destroy(t.Context(), n.now); err != nil || len(again) > 0 {
		t.Errorf("again: %v, %v", again, err)
	}
	if !n.has(t, late.ID) {
		t.Error("the later one is gone")
	}
	if rows, err := n.Bury(t.Context(), n.now); err != nil || rows != namePage+700 {
		t.Errorf("Bury = %d, %v", rows, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n.now = late.Life.EndsAt
	if _, err := n.destroy(ctx, n.now); err == nil {
		t.Error("a Destroy that was called off found its posts")
	}
	if ended := n.sweep(t); len(ended) != 1 {
		t.Errorf("after it was called off: %v", ended)
	}
}

// Keys go on ending while the posts of others are looked for: they are told by the next
// look, and their rows stay until then.
func TestWhatEndsWhileEndingsAreNamedIsToldNext(t *testing.T) {
	n := newNode(t)
	first, second := n.post(t, "short", time.Minute), n.post(t, "not so short", 2*time.Minute)
	n.now = n.now.Add(time.Minute)
	if err := n.Destroy(n.now); err != nil {
		t.Fatal(err)
	}
	n.unnamed.begin(n.now) // what Endings begins with
	n.now = n.now.Add(time.Minute)
	if err := n.Destroy(n.now); err != nil { // before it is through
		t.Fatal(err)
	}
	n.unnamed.finish()
	if rows, err := n.Bury(t.Context(), n.now); err != nil || rows != 1 || n.count(t, "SELECT count(*) FROM posts") != 1 {
		t.Errorf("Bury = %d, %v; want the row of what was looked for", rows, err)
	}
	if ended := n.sweep(t); len(ended) != 1 || ended[0].ID != second.ID {
		t.Errorf("ended = %v, want the second", ended)
	}
	if n.has(t, first.ID) {
		t.Error("the first is read")
	}
	n.sound(t, 0)
}

func TestOwnedGoesThroughAllPages(t *testing.T) {
	n := newNode(t)
	v := board.NewVisitor(n.now)
	first, key := storagetest.NewPost(v, "the first of all", n.life(2*time.Hour))
	if _, err := n.InsertPost(t.Context(), first, key); err != nil {
		t.Fatal(err)
	}
	bearMany(t, n, ownedPage+10, time.Hour)
	owned, err := n.Owned(t.Context(), func(p board.Post) bool { return p.OwnedBy(v) }, n.now)
	if err != nil || len(owned) != 1 || owned[0].Body != first.Body {
		t.Errorf("owned = %d posts, %v; want the first of all", len(owned), err)
	}
}

func TestRememberedAnswersAreTheCallersToChange(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "as it is", time.Hour)
	r, _ := n.replyWithKey(t, p, "as it is")
	for range 2 {
		posts, _, err := n.Feed(t.Context(), board.Query{Board: board.Home, Limit: 5}, n.now)
		if err != nil || len(posts) != 1 || posts[0].Body != "as it is" {
			t.Fatalf("feed = %v, %v", posts, err)
		}
		_, replies, err := n.Thread(t.Context(), p.ID, n.now)
		if err != nil || len(replies) != 1 || replies[0].ID != r.ID || replies[0].Body != "as it is" {
			t.Fatalf("replies = %v, %v", replies, err)
		}
		posts[0].Body, replies[0].Body = "changed", "changed"
	}
	for range 3 * cacheSize { // more pages than are remembered
		if _, _, err := n.Feed(t.Context(), board.Query{Board: board.Home, Limit: 1 + len(n.feeds.answers)}, n.now); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.feeds.answers) > cacheSize {
		t.Errorf("%d pages are remembered", len(n.feeds.answers))
	}
	n.changed()
	if len(n.feeds.answers)+len(n.threads.answers) > 0 {
		t.Error("pages outlive a change")
	}
}

func TestRefusalsNameNoText(t *testing.T) {
	n := newNode(t)
	m := newMarker()
	p, key := storagetest.NewPost(board.NewVisitor(n.now), m, n.life(time.Hour))
	p.Board = "nowhere"
	_, err := n.InsertPost(t.Context(), p, key)
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), m) {
		t.Errorf("err = %v", err)
	}
	p.Board, p.Life.Grid = board.Home, 0
	if _, err := n.InsertPost(t.Context(), p, key); err == nil || strings.Contains(err.Error(), m) {
		t.Errorf("err = %v", err)
	}
	n.sound(t, 0)
}

// However long the disk takes to begin, each transaction of Bury gets something done.
func TestBuryGetsOnWithASlowDisk(t *testing.T) {
	n := newNode(t)
	n.post(t, "to be buried", time.Minute)
	n.now = n.now.Add(time.Minute)
	if _, err := n.destroy(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	begun := 0
	n.faults.set(func(what string) error {
		if what != "BEGIN" {
			return nil
		}
		if begun++; begun > 20 {
			return errDisk
		}
		time.Sleep(2 * digTime) // what the disk takes
		return nil
	})
	if rows, err := n.Bury(t.Context(), n.now); err != nil || rows != 1 {
		t.Errorf("%d rows in %d transactions, %v; want the one", rows, begun, err)
	}
}
