// Package filter reads what visitors write by the rules of the host: words that are
// refused, held, masked or cut short, names and numbers that give somebody away, and
// words that call for care. It sees a text as readers do, whatever letters it is
// dressed in. It knows nothing of who wrote it, and keeps none of it.
package filter

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mayfly/board"
)

var _ board.Screen = (*Screen)(nil)

// Store is where the host's filters are.
type Store interface {
	// Filters lists the host's filters in the order they were added.
	Filters(ctx context.Context) ([]board.Filter, error)
}

// Screen reads texts by the filters in a store. It is safe for concurrent use.
type Screen struct {
	store Store
	rules atomic.Pointer[rules]
}

// rules are the filters at one moment, compiled once.
type rules struct {
	list  []board.Filter
	sets  map[string]*set // of boards that have filters of their own
	every *set            // of all other boards
}

// New reads the filters.
func New(ctx context.Context, store Store) (*Screen, error) {
	s := &Screen{store: store}
	return s, s.Follow(ctx)
}

// Follow takes over how the filters have changed, whichever process changed them.
func (s *Screen) Follow(ctx context.Context) error {
	list, err := s.store.Filters(ctx)
	if err != nil {
		return fmt.Errorf("follow filters: %w", err)
	}
	if was := s.rules.Load(); was != nil && slices.Equal(was.list, list) {
		return nil
	}
	next := &rules{list: list, sets: map[string]*set{}}
	if next.every, err = newSet(list, ""); err != nil {
		return fmt.Errorf("follow filters: %w", err)
	}
	for _, f := range list {
		if f.Board == "" || next.sets[f.Board] != nil {
			continue
		}
		if next.sets[f.Board], err = newSet(list, f.Board); err != nil {
			return fmt.Errorf("follow filters: %w", err)
		}
	}
	s.rules.Store(next)
	return nil
}

// Normal returns a text in the form it is kept in: clean, and with one spelling (NFC)
// for each letter. What is no text comes back as it is.
func (s *Screen) Normal(text string) string { return normal(text, board.CleanText) }

// Spell is Normal without what is a matter of taste.
func (s *Screen) Spell(text string) string { return normal(text, board.SafeText) }

func normal(text string, clean func(string) (string, bool)) string {
	if !utf8.ValidString(text) {
		return text
	}
	for range 4 { // what leaves may bring together what composes
		tidy, _ := clean(text)
		next := spelt(tidy)
		if next == text {
			break
		}
		text = next
	}
	return text
}

// spelt writes each letter in the one way of NFC. What is plain is written in no other.
func spelt(text string) string {
	for _, r := range text {
		if r != '\n' && !board.Plain(r) {
			return norm.NFC.String(text)
		}
	}
	return text
}

// Read says what the filters in force on a board make of a draft. Without guard nothing
// is looked for that gives somebody away.
func (s *Screen) Read(slug string, d board.Draft, guard bool) board.Verdict {
	r := s.rules.Load()
	set := r.every
	if own, ok := r.sets[slug]; ok {
		set = own
	}
	v := board.Verdict{Draft: d}
	for _, text := range []*string{&v.Draft.Body, &v.Draft.Warning, &v.Draft.Alt} {
		if *text == "" {
			continue
		}
		if guard {
			v.Private = append(v.Private, private(*text)...)
		}
		if set.idle() {
			continue
		}
		sk := newSkeleton(*text)
		*text = set.read(&sk, &v)
	}
	if !guard { // the names of the host's list were read with its words
		v.Private = nil
	}
	slices.Sort(v.Private)
	v.Private = slices.Compact(v.Private)
	return v
}

// Finder returns what finds the words that a filter hits in a text. It refuses
// what can be no filter.
func (s *Screen) Finder(f board.Filter) (func(text string) []string, error) {
	one, err := newSet([]board.Filter{f}, f.Board)
	if err != nil {
		return nil, err
	}
	return func(text string) []string {
		sk := newSkeleton(text)
		var words []string
		for _, h := range one.hits(&sk) {
			words = append(words, text[h.from:h.to])
		}
		return words
	}, nil
}
