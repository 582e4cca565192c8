package board

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Stage is how far the first choices of a site have come.
type Stage uint8

// The stages, in their order.
const (
	Untouched Stage = iota // nobody has made any
	Begun                  // the first page of them was taken
	SetUp                  // all were
)

// OutsetStore is what an Outset asks of a store.
type OutsetStore interface {
	// Outset returns how far the first choices have come and, when all were made, when
	// that was.
	Outset(ctx context.Context) (Stage, time.Time, error)
	// BeginOutset stores that the first page of choices was taken. Later it does nothing.
	BeginOutset(ctx context.Context) error
}

// Outset is the first choices of a site and the careful time after them, which it lays
// over the settings of running boards. That ends by the clock, and when careful says so.
type Outset struct {
	store    OutsetStore
	settings func(board string) Settings
	now      Clock
	current  atomic.Pointer[outset]

	mu    sync.Mutex
	told  bool // watchers know that the careful time goes on
	watch []func(ctx context.Context, board string)
}

type outset struct {
	stage Stage
	at    time.Time // when all choices were made
}

// NewOutset loads how far the first choices have come, over settings.
func NewOutset(ctx context.Context, store OutsetStore, settings func(board string) Settings, now Clock) (*Outset, error) {
	o := &Outset{store: store, settings: settings, now: now}
	return o, o.Follow(ctx)
}

// Watch calls f, with no board since it is for all, when the careful time begins or ends.
func (o *Outset) Watch(f func(ctx context.Context, board string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watch = append(o.watch, f)
}

// Stage is how far the first choices have come.
func (o *Outset) Stage() Stage { return o.current.Load().stage }

// Left is how much longer the careful time goes on; 0: it does not.
func (o *Outset) Left() time.Duration { return o.LeftWith(o.settings("").Careful) }

// LeftWith is Left if careful were another.
func (o *Outset) LeftWith(careful time.Duration) time.Duration {
	known := o.current.Load()
	if known.stage != SetUp {
		return 0
	}
	return max(0, known.at.Add(careful).Sub(o.now()))
}

// Settings are those in force on a board, the careful time among them.
func (o *Outset) Settings(board string) Settings {
	s := o.settings(board)
	if o.LeftWith(s.Careful) > 0 { // which no board has of its own
		return s.InCare()
	}
	return s
}

// InCare are the settings as the careful time has them. They are never stored: when it
// is over the settings are what they were, whatever was changed meanwhile.
func (s Settings) InCare() Settings {
	s.Cautious, s.Pow = true, PowAlways
	return s
}

// Begin notes that the first page of choices was taken.
func (o *Outset) Begin(ctx context.Context) error {
	if err := o.store.BeginOutset(ctx); err != nil {
		return fmt.Errorf("begin the first choices: %w", err)
	}
	return o.Follow(ctx)
}

// Follow takes over how far the first choices have come, and lets watchers know when the
// careful time begins and when it is over. Call it every second.
func (o *Outset) Follow(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	stage, at, err := o.store.Outset(ctx)
	if err != nil {
		return fmt.Errorf("load the first choices: %w", err)
	}
	o.current.Store(&outset{stage, at})
	if goesOn := o.Left() > 0; goesOn != o.told {
		o.told = goesOn
		for _, f := range o.watch {
			f(ctx, "")
		}
	}
	return nil
}

// cautious says whether s holds a draft back: in the careful time one with a link or a picture.
func (s Settings) cautious(d Draft) bool {
	return s.Cautious && (d.Picture != nil || HasLink(d.Body) || HasLink(d.Warning) || HasLink(d.Alt))
}

// Caution says whether s is why a post is held: it could have been for this.
func (s Settings) Caution(p Post) bool {
	return s.Cautious && p.Standing == Held && (p.Picture != nil || HasLink(p.Body) || HasLink(p.Warning))
}

// FinishOutset ends the first choices, at the time of its entry in the log: from here on
// the site is careful. What the host says by itself it says from now on as the settings
// have it: with greet it greets and asks as the chosen set does, in the chosen language,
// and else not at all. What stands already and still suits is left; nothing is said twice.
// When it was done before, it is ErrDecided.
func (b *Board) FinishOutset(ctx context.Context, by string, greet bool) error {
	b.following.Lock()
	next, over, err := b.greeting(ctx, greet)
	if err == nil {
		err = b.posts.FinishOutset(ctx, next, over, Entry{At: b.now(), By: by, Action: ActOutset})
	}
	b.following.Unlock()
	if err != nil && !errors.Is(err, ErrDecided) {
		return fmt.Errorf("finish the first choices: %w", err)
	}
	return b.changed(ctx, err)
}

// greeting is what the host is to say, and the numbers of what is over: those of the
// starter sets that are not of the one chosen. b.following is held.
func (b *Board) greeting(ctx context.Context, greet bool) (next []Question, over []int64, err error) {
	list, err := b.posts.Questions(ctx)
	if err != nil {
		return nil, nil, err
	}
	var set Greeting
	if s := b.settings(Home); greet {
		set = b.starter.of(s.QuestionSet, s.HostLanguage)
	}
	now := b.now()
	welcomed, asks, n := false, "", 0
	for _, q := range list {
		switch {
		case q.Board != Home || q.Ending:
			continue
		case !b.starter.says(q) || set.says(q):
			welcomed = welcomed || q.Kind == Welcome
			n++
		default:
			over = append(over, q.Number)
			if q.Kind == Asking && len(set.Questions) > 0 {
				asks = today(set.Questions, now)
			}
		}
	}
	if set.Welcome != "" && !welcomed && n < PromptsMax {
		next = append(next, Question{Board: Home, Kind: Welcome, Body: set.Welcome, TTL: welcomeTime})
		n++
	}
	if asks != "" && n < PromptsMax {
		next = append(next, Question{Board: Home, Kind: Asking, Body: asks, TTL: QuestionTime})
	}
	return next, over, nil
}
