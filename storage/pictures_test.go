package storage

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// postPicture publishes a post with a picture of about so many bytes.
func (n *node) postPicture(t testing.TB, bytes int, ttl time.Duration) board.Post {
	t.Helper()
	p, key := storagetest.NewPost(board.NewVisitor(n.now), "look", n.life(ttl))
	p.Picture = storagetest.NewPicture(bytes, bytes/10)
	if _, err := n.InsertPost(t.Context(), p, key); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDamagedPartCostsThatPictureAlone(t *testing.T) {
	n := newNode(t)
	bad, swapped, moved, good := n.postPicture(t, 1000, time.Hour), n.postPicture(t, 1000, time.Hour), n.postPicture(t, 1000, time.Hour), n.postPicture(t, 1000, time.Hour)
	const of = "(SELECT seq FROM posts WHERE id = $1)"
	for _, spoil := range []struct {
		query string
		args  []any
	}{
		{"UPDATE parts SET box = zeroblob(length(box)) WHERE part = 'full' AND post = " + of, []any{bad.ID[:]}},
		{"UPDATE parts SET box = (SELECT box FROM parts p WHERE p.post = parts.post AND p.part = 'thumb') WHERE part = 'full' AND post = " + of, []any{swapped.ID[:]}},
		{"UPDATE parts SET box = (SELECT box FROM parts WHERE part = 'full' AND post = (SELECT seq FROM posts WHERE id = $2)) WHERE part = 'full' AND post = " + of, []any{good.ID[:], moved.ID[:]}},
	} {
		if _, err := n.writer.ExecContext(t.Context(), spoil.query, spoil.args...); err != nil {
			t.Fatal(err)
		}
	}
	for name, p := range map[string]board.Post{"zeroed": bad, "the other part's": swapped, "another post's": moved} {
		if _, err := n.Picture(t.Context(), p.ID, board.FullPart, n.now); !errors.Is(err, board.ErrNotFound) {
			t.Errorf("%s: %v, want not found", name, err)
		}
		if _, err := n.Picture(t.Context(), p.ID, board.ThumbPart, n.now); err != nil {
			t.Errorf("%s: its other part: %v", name, err)
		}
		if !n.has(t, p.ID) {
			t.Errorf("%s: the words are gone as well", name)
		}
	}
	if _, err := n.Picture(t.Context(), good.ID, board.FullPart, n.now); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// A view-once picture that can't be opened is no reason to spend an opening.
func TestDamagedViewOncePictureSpendsNoOpening(t *testing.T) {
	n := newNode(t)
	p, key := storagetest.NewPost(board.NewVisitor(n.now), "look", n.life(time.Hour))
	p.Picture, p.ViewOnce, p.Readers = storagetest.NewPicture(1000, 100), true, 1
	if _, err := n.InsertPost(t.Context(), p, key); err != nil {
		t.Fatal(err)
	}
	if _, err := n.writer.ExecContext(t.Context(), "UPDATE parts SET box = zeroblob(length(box))"); err != nil {
		t.Fatal(err)
	}
	tag := p.Secret.Opening(board.NewVisitor(n.now), p.ID)
	if _, _, err := n.Open(t.Context(), p.ID, tag, n.now); !errors.Is(err, board.ErrNotFound) {
		t.Errorf("Open = %v, want not found", err)
	}
	if opened, err := n.Opened(t.Context(), map[board.PostID]board.Tag{p.ID: tag}); err != nil || len(opened) > 0 || !n.has(t, p.ID) {
		t.Errorf("opened = %v, %v; the post is there: %v", opened, err, n.has(t, p.ID))
	}
}

func TestNoListReadsPictures(t *testing.T) {
	n := newNode(t)
	n.faults.text = map[string]bool{}
	p := n.postPicture(t, 1000, time.Hour)
	clear(n.faults.text)
	for _, sort := range board.Sorts {
		if _, _, err := n.Feed(t.Context(), board.Query{Board: board.Home, Sort: sort}, n.now); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := n.Thread(t.Context(), p.ID, n.now); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Owned(t.Context(), func(board.Post) bool { return true }, n.now); err != nil {
		t.Fatal(err)
	}
	for query := range n.faults.text {
		if strings.Contains(query, "parts") {
			t.Errorf("it reads pictures:\n%s", query)
		}
	}
	if len(n.faults.text) < 5 {
		t.Errorf("control: only %d queries were recorded", len(n.faults.text))
	}
}

func TestABatchHoldsFewPictures(t *testing.T) {
	s := &Store{queue: make(chan *op, 10)}
	for range 10 {
		s.queue <- &op{bytes: batchBytes / 2}
	}
	if batch := s.gather(<-s.queue); len(batch) != 2 {
		t.Errorf("%d pictures of a half each in one batch, want 2", len(batch))
	}
	if batch := s.gather(&op{bytes: 2 * batchBytes}); len(batch) != 1 {
		t.Errorf("%d in the batch of a very large one, want it alone", len(batch))
	}
}

// R4: pictures leave rows, journal and, in time, the room they took.
func TestR04PicturesLeaveNothingBehind(t *testing.T) {
	n := newNode(t)
	kept := n.postPicture(t, 500_000, time.Hour)
	small := size(t, n)
	plain := map[string]string{}
	for range 40 {
		p := n.postPicture(t, 500_000, time.Minute)
		for name, image := range map[string]*board.Image{"picture": p.Picture.Full, "small picture": p.Picture.Thumb} {
			plain[string(image.Bytes)] = name
		}
		if journal := n.journalSize(); journal > 2*journalFull {
			t.Fatalf("the journal has %d bytes", journal)
		}
	}
	if found := places(t, plain, n.dir); len(found) > 0 {
		t.Errorf("while they live: %v", found)
	}
	n.now = n.now.Add(time.Minute)
	began := time.Now()
	n.sweep(t)
	if took := time.Since(began); took > 5*time.Second || n.journalSize() != 0 {
		t.Errorf("swept in %v, journal of %d bytes; want 5 s, 0 bytes", took, n.journalSize())
	}
	if rows := n.count(t, "SELECT count(*) FROM parts"); rows != 2 {
		t.Errorf("%d parts are left, want the two of the one that lives", rows)
	}
	if found := places(t, plain, n.dir); len(found) > 0 {
		t.Errorf("after they ended: %v", found)
	}
	for range 40 {
		n.sweep(t)
	}
	if now := size(t, n); now > small+manyPages*4096+1<<20 {
		t.Errorf("the database has %d bytes, %d with one picture: the room was not given back", now, small)
	}
	if _, err := n.Picture(t.Context(), kept.ID, board.FullPart, n.now); err != nil {
		t.Error(err)
	}
	n.sound(t, 1)
}

func size(t *testing.T, n *node) int64 {
	t.Helper()
	if err := n.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(n.path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
