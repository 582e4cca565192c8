package board

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// State is who may do what on a board at all.
type State string

// The choices of board.
const (
	Open     State = "open"
	Slow     State = "slow"      // one post or reply a visitor each slow_seconds
	ReadOnly State = "read-only" // nobody writes or votes
	ForNow   State = "closed"    // it answers that it is closed for now, and nothing else
)

// Writable says whether anybody may write or vote.
func (s State) Writable() bool { return s == Open || s == Slow }

var (
	// ErrReadOnly refuses what is written where everybody only reads.
	ErrReadOnly = &Error{Kind: Shut, Code: "error.read_only"}
	// ErrShut is the one answer of a board that its admins have closed for now.
	ErrShut = &Error{Kind: Shuttered, Code: "error.shut"}

	errStormReply = &Error{Kind: Shut, Code: "error.raid_reply"}
)

// Storm is raid mode: until a time, on one board or (with none) on all of them.
type Storm struct {
	Board string
	Until time.Time
}

const (
	// StormTTL is the longest that what is written in a raid may live.
	StormTTL = time.Hour
	// StormLeast is the shortest that raid mode may be asked for.
	StormLeast = time.Minute
	// StormMost is the longest.
	StormMost = 24 * time.Hour

	// stormBits are added to what a proof of work costs: eight times as much.
	stormBits = 3
)

// InStorm are the settings as raid mode has them. They are never stored: when it is
// over the settings are what they were, whatever was changed meanwhile.
func (s Settings) InStorm() Settings {
	s.Storm = true
	if s.State == Open {
		s.State = Slow
	}
	if s.Pow == PowOff {
		s.Pow = PowAdaptive
	}
	s.PowBits = min(s.PowBits+stormBits, PowBitsMax)
	return s
}

// ForNew are the settings for what is written now. What lives already is not touched
// by a raid: its end is the end it was promised.
func (s Settings) ForNew() Settings {
	if s.Storm {
		return s.Within(StormTTL)
	}
	return s
}

// StormStore is what Storms ask of a store.
type StormStore interface {
	// Storms returns those that were begun and not ended by hand.
	Storms(ctx context.Context) ([]Storm, error)
	// SaveStorm stores a storm, or forgets it when its Until is zero, with its audit
	// row, in one step. One for a board that is not there is not found.
	SaveStorm(ctx context.Context, s Storm, e Entry) error
}

// Storms lays raid mode over the settings of running boards. It ends by the clock
// alone: whoever asks after its time is answered without it.
type Storms struct {
	store    StormStore
	settings func(board string) Settings
	now      Clock
	current  atomic.Pointer[map[string]time.Time]

	mu     sync.Mutex
	raging map[string]bool // those that watchers were told of
	watch  []func(ctx context.Context, board string)
}

// NewStorms loads what goes on, over settings.
func NewStorms(ctx context.Context, store StormStore, settings func(board string) Settings, now Clock) (*Storms, error) {
	t := &Storms{store: store, settings: settings, now: now, raging: map[string]bool{}}
	return t, t.Follow(ctx)
}

// Watch calls f with the board ("": all) whose raid mode begins or ends.
func (t *Storms) Watch(f func(ctx context.Context, board string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watch = append(t.watch, f)
}

// Settings are those in force on a board, raid mode among them.
func (t *Storms) Settings(board string) Settings {
	s := t.settings(board)
	if t.Left(board) > 0 {
		return s.InStorm()
	}
	return s
}

// Left is how much longer raid mode lasts on a board; 0: it is not on.
func (t *Storms) Left(board string) time.Duration {
	known := *t.current.Load()
	if len(known) == 0 {
		return 0
	}
	now := t.now()
	return max(0, known[board].Sub(now), known[""].Sub(now))
}

// List returns what goes on now, of all boards first.
func (t *Storms) List() []Storm {
	var list []Storm
	known, now := *t.current.Load(), t.now()
	for _, board := range slices.Sorted(maps.Keys(known)) {
		if known[board].After(now) {
			list = append(list, Storm{board, known[board]})
		}
	}
	return list
}

// Begin turns raid mode on for a time from now, on a board or ("") on all. One that
// is on is given the new time.
func (t *Storms) Begin(ctx context.Context, by, board string, d time.Duration) error {
	if d < StormLeast || d > StormMost {
		return fmt.Errorf("raid mode may last from %s to %s, such as 30m or 2h", FormatLife(StormLeast), FormatLife(StormMost))
	}
	return t.save(ctx, Storm{board, t.now().Add(d)}, Entry{By: by, Action: ActRaid, Board: board, Old: t.told(board), New: FormatLife(d)})
}

// End turns raid mode off. Where it is on for all boards it ends for all alone.
func (t *Storms) End(ctx context.Context, by, board string) error {
	return t.save(ctx, Storm{Board: board}, Entry{By: by, Action: ActRaid, Board: board, Old: t.told(board), New: "off"})
}

func (t *Storms) told(board string) string {
	until := (*t.current.Load())[board]
	if left := until.Sub(t.now()); left > 0 {
		return FormatLife(left.Round(time.Second))
	}
	return "off"
}

func (t *Storms) save(ctx context.Context, s Storm, e Entry) error {
	e.At = t.now()
	if err := t.store.SaveStorm(ctx, s, e); err != nil {
		return fmt.Errorf("raid mode: %w", err)
	}
	return t.Follow(ctx)
}

// Follow takes over what another process (mayfly raid) has changed, and lets watchers
// know of what began and what is over. Call it every second.
func (t *Storms) Follow(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	list, err := t.store.Storms(ctx)
	if err != nil {
		return fmt.Errorf("load raid mode: %w", err)
	}
	next, raging, now := map[string]time.Time{}, map[string]bool{}, t.now()
	for _, s := range list {
		next[s.Board], raging[s.Board] = s.Until, s.Until.After(now)
	}
	t.current.Store(&next)
	before := t.raging
	t.raging = raging
	for board := range merged(before, raging) {
		if before[board] != raging[board] {
			for _, f := range t.watch {
				f(ctx, board)
			}
		}
	}
	return nil
}

func merged(a, b map[string]bool) map[string]bool {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// StormChanged tells the open pages of a board, or of all, that raid mode or the careful
// time began or ended. It is a watcher of the Storms and of the Outset.
func (b *Board) StormChanged(ctx context.Context, slug string) {
	boards, err := b.posts.Boards(ctx)
	if err != nil {
		b.log.ErrorContext(ctx, "open pages were not told of raid mode", "err", err)
		return
	}
	for _, info := range boards {
		if slug == "" || info.Slug == slug {
			b.tell(ctx, Event{Kind: SettingsChanged, Board: info.Slug, ClosesAt: info.ClosesAt})
		}
	}
}

// MayWrite says why nobody may write or vote on a board just now, or why who is outside
// may not; nil: they may.
func (b *Board) MayWrite(ctx context.Context, slug string) error {
	if err := b.enter(ctx, slug); err != nil {
		return err
	}
	switch s := b.settings(slug).State; {
	case s == ForNow:
		return ErrShut
	case !s.Writable():
		return ErrReadOnly
	}
	return nil
}

// shut is ErrShut where a board is closed for now.
func (b *Board) shut(slug string) error {
	if b.settings(slug).State == ForNow {
		return ErrShut
	}
	return nil
}
