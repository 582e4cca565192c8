// Package alike knows which of the living posts say nearly the same, so that a raid of
// copies takes one line of a feed. It holds no words: of each post a few hashes, in
// memory alone, which go with it. It knows nothing of who wrote what.
//
// # How
//
// A text is brought into the form that readers see (fold), cut into pieces of four
// letters, and of each of 48 hashes of the pieces the least is kept (MinHash, a byte
// each): the share of bytes that two texts have in common is about the share of pieces
// that they have in common. A table of groups of three bytes names candidates; the share
// decides. What is short, and what readers say to each other all day, is never alike.
// The thresholds were measured (ADR 54).
package alike

import (
	"slices"
	"sync"

	"mayfly/board"
)

var _ board.Alikes = (*Index)(nil)

// cluster is what says nearly the same on one board. The first is its head.
type cluster struct {
	board string
	sign  signature // of the first that ever was in it
	posts []board.PostID
}

// Index holds what lives.
type Index struct {
	mu    sync.Mutex
	of    map[board.PostID]*cluster
	table []*cluster // by hash of a band; the latest that has it, and maybe none

	// What ended while births were under way, so that neither brings it back.
	pending int
	gone    map[board.PostID]struct{}
}

// New gives an empty Index.
func New() *Index {
	return &Index{of: map[board.PostID]*cluster{}, table: make([]*cluster, tableLeast)}
}

// Expect announces a post that is about to be stored; call settled once it was added or
// refused. An ending that overtakes Add is not lost.
func (x *Index) Expect() (settled func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.pending == 0 {
		x.gone = map[board.PostID]struct{}{}
	}
	x.pending++
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.pending--; x.pending == 0 {
			x.gone = nil
		}
	}
}

// Add takes in a post that stands in a feed, and says under which it is folded and how
// many are folded there now; none: it stands by itself.
func (x *Index) Add(p board.Post) (head board.PostID, n int) {
	if p.ViewOnce || p.Unlisted || p.Prompt != board.NoPrompt || p.Standing != board.Shown {
		return board.PostID{}, 0
	}
	sign, ok := sign(p.Body)
	if !ok {
		return board.PostID{}, 0
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ended := x.gone[p.ID]; ended || x.of[p.ID] != nil {
		return board.PostID{}, 0
	}
	c := x.find(p.Board, &sign)
	if c == nil {
		c = &cluster{board: p.Board, sign: sign, posts: []board.PostID{p.ID}}
		x.of[p.ID] = c
		x.grow()
		x.enter(c, &sign)
		return board.PostID{}, 0
	}
	c.posts = append(c.posts, p.ID)
	x.of[p.ID] = c
	x.enter(c, &sign) // what is like the copy is found, too
	return c.posts[0], len(c.posts) - 1
}

// find is the cluster on a board that a text belongs to; x.mu is held.
func (x *Index) find(slug string, s *signature) *cluster {
	var best *cluster
	most := 0
	for band := range bands {
		c := x.table[x.slot(slug, s, band)]
		if c == nil || c == best || c.board != slug || len(c.posts) == 0 {
			continue
		}
		if n := c.sign.common(s); n >= enough && n > most {
			best, most = c, n
		}
	}
	return best
}

func (x *Index) enter(c *cluster, s *signature) {
	for band := range bands {
		x.table[x.slot(c.board, s, band)] = c
	}
}

func (x *Index) slot(slug string, s *signature, band int) uint32 {
	h := uint32(2166136261) + uint32(band) //nolint:gosec // a small number
	for i := range len(slug) {
		h = (h ^ uint32(slug[i])) * 16777619
	}
	for _, b := range s[band*rows : (band+1)*rows] {
		h = (h ^ uint32(b)) * 16777619
	}
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	return h & uint32(len(x.table)-1) //nolint:gosec // a power of two
}

const (
	tableLeast = 1 << 12
	tableMost  = 1 << 20 // a quarter of what 100,000 posts enter: the newest copies are what matters
)

// grow doubles the table where there is much in it; x.mu is held. Entries that meet
// replace each other, and a text is entered several times.
func (x *Index) grow() {
	if len(x.of)*bands <= len(x.table) || len(x.table) >= tableMost {
		return
	}
	x.table = make([]*cluster, 2*len(x.table))
	for _, c := range x.of {
		x.enter(c, &c.sign)
	}
}

// Drop forgets posts. The next of a cluster becomes its head, which is noted with the
// one that was; a head that stays is noted once, with the last that was folded under it.
func (x *Index) Drop(ended []board.Ending) {
	x.mu.Lock()
	defer x.mu.Unlock()
	left := map[*cluster]int{} // with the last that left it
	heads := map[int]*cluster{}
	for i, e := range ended {
		if x.gone != nil {
			x.gone[e.ID] = struct{}{}
		}
		c := x.of[e.ID]
		if c == nil {
			continue
		}
		if c.posts[0] == e.ID {
			heads[i] = c
		}
		delete(x.of, e.ID)
		left[c] = i
	}
	for c := range left { // once each: a raid may be one cluster of many thousands
		c.posts = slices.DeleteFunc(c.posts, func(id board.PostID) bool { return x.of[id] != c })
	}
	for i, c := range heads {
		if len(c.posts) > 0 {
			ended[i].Next, ended[i].Rest = c.posts[0], len(c.posts)
			delete(left, c)
		}
	}
	for c, i := range left {
		if len(c.posts) > 0 {
			ended[i].Under, ended[i].Rest = c.posts[0], len(c.posts)-1
		}
	}
	if len(x.of) == 0 && len(x.table) > tableLeast {
		x.table = make([]*cluster, tableLeast)
	}
}

// Head is the post under which another is folded; zero: it stands by itself.
func (x *Index) Head(id board.PostID) board.PostID {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.of[id]; c != nil && c.posts[0] != id {
		return c.posts[0]
	}
	return board.PostID{}
}

// Like is how many are folded under a post.
func (x *Index) Like(id board.PostID) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.of[id]; c != nil && c.posts[0] == id {
		return len(c.posts) - 1
	}
	return 0
}

// Cluster names all that are like a post, and the post: the oldest first.
func (x *Index) Cluster(id board.PostID) []board.PostID {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.of[id]; c != nil {
		return slices.Clone(c.posts)
	}
	return []board.PostID{id}
}
