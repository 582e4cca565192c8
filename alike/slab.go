package alike

import "mayfly/board"

// number is that of a cluster; none stands for no cluster.
type number uint32

const none = number(0)

// slab holds clusters by their numbers, in pages, so that none is moved when there are
// more. The number of one that was dropped is given again.
type slab struct {
	pages []*[pageSize]cluster
	last  number
	free  []number
}

const pageSize = 1024

func (s *slab) at(n number) *cluster { return &s.pages[n/pageSize][n%pageSize] }

func (s *slab) put(c cluster) number {
	n := s.last + 1
	if last := len(s.free) - 1; last >= 0 {
		n, s.free = s.free[last], s.free[:last]
	} else if s.last = n; int(n/pageSize) == len(s.pages) {
		s.pages = append(s.pages, new([pageSize]cluster))
	}
	*s.at(n) = c
	return n
}

// drop forgets a cluster and what it said.
func (s *slab) drop(n number) {
	*s.at(n) = cluster{}
	s.free = append(s.free, n)
}

// room is how many clusters there are pages for.
func (s *slab) room() int { return len(s.pages) * pageSize }

// all goes through those that something is in.
func (s *slab) all(yield func(number, *cluster) bool) {
	for n := number(1); n <= s.last; n++ {
		if c := s.at(n); c.head != (board.PostID{}) && !yield(n, c) {
			return
		}
	}
}
