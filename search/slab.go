package search

// slab gives values numbers, from 1 on, and those of dropped ones again. What holds no
// pointers is nothing to the garbage collector there, and neither are the numbers.
type slab[T any] struct {
	list []T
	free []uint32
}

func (s *slab[T]) at(n uint32) *T { return &s.list[n-1] }

func (s *slab[T]) put(v T) uint32 {
	if last := len(s.free) - 1; last >= 0 {
		n := s.free[last]
		s.free = s.free[:last]
		*s.at(n) = v
		return n
	}
	s.list = append(s.list, v)
	return uint32(len(s.list)) //nolint:gosec // there is no room for so many
}

func (s *slab[T]) drop(n uint32) {
	var zero T
	*s.at(n) = zero
	if s.free = append(s.free, n); len(s.free) == len(s.list) {
		*s = slab[T]{}
	}
}
