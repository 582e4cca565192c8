package filter

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"mayfly/board"
)

// set is the compiled filters of a board.
type set struct {
	words    map[rune][]word // by their first letter
	ascii    [utf8.RuneSelf][]word
	patterns []ruled
	size     int
}

// idle says that no text is ever hit.
func (s *set) idle() bool { return s.size == 0 }

type word struct {
	*literal
	action board.FilterAction
}

type ruled struct {
	*pattern
	action board.FilterAction
}

// hit is what a filter has found, in bytes of the text.
type hit struct {
	from, to int
	action   board.FilterAction
}

// newSet compiles those of list that are for all boards or for slug.
func newSet(list []board.Filter, slug string) (*set, error) {
	s := &set{words: map[rune][]word{}}
	for _, f := range list {
		if f.Board != "" && f.Board != slug {
			continue
		}
		if err := s.add(f); err != nil {
			return nil, err
		}
		s.size++
	}
	return s, nil
}

func (s *set) add(f board.Filter) error {
	if utf8.RuneCountInString(f.Text) > board.FilterMax {
		return board.UnfitFilter("long", "max", board.FilterMax, "n", utf8.RuneCountInString(f.Text))
	}
	if f.Pattern {
		p, err := newPattern(f.Text)
		if err != nil {
			return err
		}
		s.patterns = append(s.patterns, ruled{p, f.Action})
		return nil
	}
	l, err := newLiteral(f.Text)
	if err != nil {
		return err
	}
	first, w := l.needs[0].r, word{l, f.Action}
	if first < utf8.RuneSelf {
		s.ascii[first] = append(s.ascii[first], w)
	} else {
		s.words[first] = append(s.words[first], w)
	}
	return nil
}

// hitsMax is how many places of a text one filter is asked for.
const hitsMax = 100

// hits returns all that the filters find, in the order of the text.
func (s *set) hits(sk *skeleton) []hit {
	var found []hit
	for i := range sk.units {
		u := &sk.units[i]
		found = s.begin(found, sk, i, u.r)
		for _, alt := range u.alt {
			if alt != 0 {
				found = s.begin(found, sk, i, alt)
			}
		}
	}
	for _, p := range s.patterns {
		for _, at := range p.find(sk, hitsMax) {
			found = append(found, sk.hit(sk.unitAt(at[0]), sk.unitAt(at[1]), p.action))
		}
	}
	slices.SortFunc(found, func(a, b hit) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	return found
}

// begin tries the words that begin with r at unit i.
func (s *set) begin(found []hit, sk *skeleton, i int, r rune) []hit {
	var words []word
	if r < utf8.RuneSelf {
		words = s.ascii[r]
	} else if len(s.words) > 0 {
		words = s.words[r]
	}
	for _, w := range words {
		if end := w.at(sk.units, i); end >= 0 && len(found) < hitsMax {
			found = append(found, sk.hit(i, end, w.action))
		}
	}
	return found
}

// hit is the place in the text from one unit to another.
func (sk *skeleton) hit(from, to int, a board.FilterAction) hit {
	return hit{int(sk.units[from].from), int(sk.units[max(from, to-1)].to), a}
}

// unitAt is the unit that stands at a byte of the skeleton.
func (sk *skeleton) unitAt(at int) int {
	return sort.Search(len(sk.units), func(i int) bool { return int(sk.units[i].at) >= at })
}

// read adds to v what the filters find in a text, and returns the text as it may be
// published.
func (s *set) read(sk *skeleton, v *board.Verdict) string {
	var b strings.Builder
	done := 0
	for _, h := range s.hits(sk) {
		switch h.action {
		case board.Block:
			if v.Refused == "" {
				v.Refused = sk.text[h.from:h.to]
			}
		case board.Hold:
			v.Hold = true
		case board.Short:
			v.Short = true
		case board.Doubt:
			v.Private = append(v.Private, board.PrivateName)
		case board.Care:
			v.Care = true
		case board.Mask:
			if h.to > done {
				b.WriteString(sk.text[done:max(done, h.from)])
				b.WriteString(masked(sk.text[max(done, h.from):h.to]))
				done = h.to
			}
		}
	}
	if done == 0 {
		return sk.text
	}
	b.WriteString(sk.text[done:])
	return b.String()
}

// mask stands for a letter that nobody is to read.
const mask = '▇'

func masked(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return r
		case unicode.In(r, unicode.M, unicode.Cf):
			return -1
		}
		return mask
	}, text)
}
