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

// cluster is what says nearly the same on one board. It holds no pointers: of a million
// the garbage collector looks at none.
type cluster struct {
	head  board.PostID // the first of those that live; zero: nothing is in it
	board uint64       // a hash of its slug
	sign  signature    // of the first that ever was in it
}

// Index holds what lives.
type Index struct {
	mu    sync.Mutex
	of    map[board.PostID]number
	slab  slab
	more  map[number][]board.PostID // those behind the head, the oldest first
	table []number                  // by hash of a band; the latest that has it, and maybe none

	// What ended while births were under way, so that neither brings it back.
	pending int
	gone    map[board.PostID]struct{}
}

// New gives an empty Index.
func New() *Index {
	x := &Index{}
	x.clear(tableLeast)
	return x
}

// clear makes an empty Index of x; x.mu is held.
func (x *Index) clear(table int) {
	x.of, x.more, x.slab = map[board.PostID]number{}, map[number][]board.PostID{}, slab{}
	x.table = make([]number, table)
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
	_, ended := x.gone[p.ID]
	if _, known := x.of[p.ID]; known || ended {
		return board.PostID{}, 0
	}
	slug := slugHash(p.Board)
	in := x.find(slug, &sign)
	if in == none {
		in = x.slab.put(cluster{head: p.ID, board: slug, sign: sign})
		x.of[p.ID] = in
		x.grow()
		x.enter(in, slug, &sign)
		return board.PostID{}, 0
	}
	x.more[in] = append(x.more[in], p.ID)
	x.of[p.ID] = in
	x.enter(in, slug, &sign) // what is like the copy is found, too
	return x.slab.at(in).head, len(x.more[in])
}

// find is the cluster on a board that a text belongs to; x.mu is held. A number in the
// table may be another's by now: what its cluster says decides.
func (x *Index) find(slug uint64, s *signature) number {
	best, most := none, 0
	for band := range bands {
		n := x.table[x.slot(slug, s, band)]
		if n == none || n == best {
			continue
		}
		c := x.slab.at(n)
		if c.board != slug || c.head == (board.PostID{}) {
			continue
		}
		if same := c.sign.common(s); same >= enough && same > most {
			best, most = n, same
		}
	}
	return best
}

func (x *Index) enter(n number, slug uint64, s *signature) {
	for band := range bands {
		x.table[x.slot(slug, s, band)] = n
	}
}

func (x *Index) slot(slug uint64, s *signature, band int) uint32 {
	h := (uint32(slug^slug>>32) ^ uint32(band)) * 16777619 //nolint:gosec // half of a hash, and a small number
	for _, b := range s[band*rows : (band+1)*rows] {
		h = (h ^ uint32(b)) * 16777619
	}
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	return h & uint32(len(x.table)-1) //nolint:gosec // a power of two
}

// slugHash stands for a board, of which there are too few for two to share one (FNV-1a).
func slugHash(slug string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(slug) {
		h = (h ^ uint64(slug[i])) * 1099511628211
	}
	return h
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
	x.table = make([]number, 2*len(x.table))
	for n, c := range x.slab.all {
		x.enter(n, c.board, &c.sign)
	}
}

// shrinkAt is how many times as many posts there may be room for as there are.
const shrinkAt = 16

// shrink gives back the memory of what has ended, where that was nearly all; x.mu is held.
func (x *Index) shrink() {
	if len(x.table) == tableLeast || len(x.of)*shrinkAt > x.slab.room() {
		return
	}
	old, more := x.slab, x.more
	table := tableLeast
	for table < tableMost && table < len(x.of)*bands {
		table *= 2
	}
	x.clear(table)
	for was, c := range old.all {
		n := x.slab.put(*c)
		x.of[c.head] = n
		if ids := more[was]; ids != nil {
			x.more[n] = ids
			for _, id := range ids {
				x.of[id] = n
			}
		}
		x.enter(n, c.board, &c.sign)
	}
}

// Drop forgets posts. The next of a cluster becomes its head, which is noted with the
// one that was; a head that stays is noted once, with the last that was folded under it.
func (x *Index) Drop(ended []board.Ending) {
	x.mu.Lock()
	defer x.mu.Unlock()
	left := map[number]int{} // with the last that left it
	heads := map[int]number{}
	for i, e := range ended {
		if x.gone != nil {
			x.gone[e.ID] = struct{}{}
		}
		n, known := x.of[e.ID]
		if !known {
			continue
		}
		delete(x.of, e.ID)
		if len(x.more[n]) == 0 {
			x.slab.drop(n)
			continue
		}
		if x.slab.at(n).head == e.ID {
			heads[i] = n
		}
		left[n] = i
	}
	for n := range left { // once each: a raid may be one cluster of many thousands
		x.leave(n)
	}
	for i, n := range heads {
		if next := x.slab.at(n).head; next != (board.PostID{}) {
			ended[i].Next, ended[i].Rest = next, 1+len(x.more[n])
			delete(left, n)
		}
	}
	for n, i := range left {
		if head := x.slab.at(n).head; head != (board.PostID{}) {
			ended[i].Under, ended[i].Rest = head, len(x.more[n])
		}
	}
	x.shrink()
}

// leave takes those out of a cluster of several that x.of does not know any more; x.mu
// is held.
func (x *Index) leave(n number) {
	c := x.slab.at(n)
	ids := slices.DeleteFunc(x.more[n], func(id board.PostID) bool { return !x.in(id, n) })
	if !x.in(c.head, n) && len(ids) > 0 {
		c.head = ids[0]
		ids = slices.Delete(ids, 0, 1)
	}
	x.more[n] = ids
	if len(ids) == 0 {
		delete(x.more, n)
	}
	if !x.in(c.head, n) {
		x.slab.drop(n)
	}
}

func (x *Index) in(id board.PostID, n number) bool {
	of, is := x.of[id]
	return is && of == n
}

// Head is the post under which another is folded; zero: it stands by itself.
func (x *Index) Head(id board.PostID) board.PostID {
	x.mu.Lock()
	defer x.mu.Unlock()
	if n, known := x.of[id]; known {
		if head := x.slab.at(n).head; head != id {
			return head
		}
	}
	return board.PostID{}
}

// Like is how many are folded under a post.
func (x *Index) Like(id board.PostID) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if n, known := x.of[id]; known && x.slab.at(n).head == id {
		return len(x.more[n])
	}
	return 0
}

// Cluster names all that are like a post, and the post: the oldest first.
func (x *Index) Cluster(id board.PostID) []board.PostID {
	x.mu.Lock()
	defer x.mu.Unlock()
	if n, known := x.of[id]; known {
		return append([]board.PostID{x.slab.at(n).head}, x.more[n]...)
	}
	return []board.PostID{id}
}
