package board

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Home is the slug of the board that is always there; its page is "/".
const Home = "home"

const (
	// BoardsMax is how many boards there may be, those that have closed among them.
	BoardsMax = 100
	// TitleMax is how many characters a board's title may have.
	TitleMax = 60
	// RulesMax is how many its rules may have.
	RulesMax = 5000
	// ClosedTime is how long a board that has closed still says so.
	ClosedTime = 24 * time.Hour
	// Countdown is how long before a board closes its pages begin to count down.
	Countdown = time.Hour

	slugMax = 40
)

// Info describes one board.
type Info struct {
	Slug     string
	Title    string    // empty: the interface names it in the reader's language
	Rules    string    // plain text; "": none
	ClosesAt time.Time // when everything on it ends, on a minute; zero: never
	Place    int       // boards are listed by it, home first
}

// Closed says whether the board is over at now.
func (i Info) Closed(now time.Time) bool { return !i.ClosesAt.IsZero() && !now.Before(i.ClosesAt) }

// ClosedFor is how long the board has been over at now, 0 when it is not.
func (i Info) ClosedFor(now time.Time) time.Duration {
	if !i.Closed(now) {
		return 0
	}
	return now.Sub(i.ClosesAt)
}

// ClosesIn is what remains of the board at now; false: it has no closing date.
func (i Info) ClosesIn(now time.Time) (time.Duration, bool) {
	return max(0, i.ClosesAt.Sub(now)), !i.ClosesAt.IsZero()
}

// ErrClosed says that a board is over.
var ErrClosed = &Error{Kind: Closed, Code: "error.closed"}

// ErrTaken says that a board of this name is there.
var ErrTaken = errors.New("a board of this name is there; one that has closed gives its name back a day later")

// Registry is what changing boards asks of a store. The running server follows,
// whichever process changed them.
type Registry interface {
	// Boards lists the boards, home first and those that have closed among them.
	Boards(ctx context.Context) ([]Info, error)
	// InsertBoard stores a new board; a taken slug is ErrTaken.
	InsertBoard(ctx context.Context, b Info) error
	// UpdateBoard changes the board called b.Slug.
	UpdateBoard(ctx context.Context, b Info) error
	// EndBoard has a board closed as soon as whoever holds the keys looks.
	EndBoard(ctx context.Context, slug string) error
}

var slugShape = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// AddBoard adds a board. Its error is one sentence that says what would do.
func AddBoard(ctx context.Context, store Registry, b Info, now time.Time) error {
	if !slugShape.MatchString(b.Slug) || len(b.Slug) > slugMax {
		return fmt.Errorf("%q is no name for a board; give up to %d of a-z, 0-9 and single hyphens, such as night-shift", b.Slug, slugMax)
	}
	if b.Slug == Home {
		return fmt.Errorf("board %s: %w", Home, ErrTaken)
	}
	b, err := b.check(Info{}, now)
	if err != nil {
		return err
	}
	boards, err := store.Boards(ctx)
	if err != nil {
		return err
	}
	if len(boards) >= BoardsMax {
		return fmt.Errorf("there are %d boards, and no more may be; end one first", len(boards))
	}
	err = store.InsertBoard(ctx, b)
	if errors.Is(err, ErrTaken) {
		return fmt.Errorf("board %s: %w", b.Slug, ErrTaken)
	}
	return err
}

// ChangeBoard has change alter a board, or refuse to. A closing date may be moved either way while
// the board is open; what lives on it is never lengthened. Its error is one sentence
// that says what would do.
func ChangeBoard(ctx context.Context, store Registry, slug string, change func(*Info) error, now time.Time) error {
	was, err := openBoard(ctx, store, slug, now)
	if err != nil {
		return err
	}
	b := was
	if err := change(&b); err != nil {
		return err
	}
	b.Slug = slug
	if b, err = b.check(was, now); err != nil {
		return err
	}
	return store.UpdateBoard(ctx, b)
}

// EndBoard ends a board and everything on it, as final as its closing date.
func EndBoard(ctx context.Context, store Registry, slug string, now time.Time) error {
	if slug == Home {
		return errors.New("the home board is where people arrive, and can't be ended")
	}
	if _, err := openBoard(ctx, store, slug, now); err != nil {
		return err
	}
	return store.EndBoard(ctx, slug)
}

// openBoard finds a board that has not closed; the error names those there are.
func openBoard(ctx context.Context, store Registry, slug string, now time.Time) (Info, error) {
	boards, err := store.Boards(ctx)
	if err != nil {
		return Info{}, err
	}
	var names []string
	for _, b := range boards {
		if b.Slug == slug && b.Closed(now) {
			return b, fmt.Errorf("board %s has closed, and nothing brings it back", slug)
		}
		if b.Slug == slug {
			return b, nil
		}
		names = append(names, b.Slug)
	}
	return Info{}, fmt.Errorf("no board is called %q; there are %s", slug, strings.Join(names, ", "))
}

// check returns the board as it will be stored; was is what it is now.
func (i Info) check(was Info, now time.Time) (Info, error) {
	title, ok := CleanText(i.Title)
	i.Title = strings.Join(strings.Fields(title), " ")
	rules, clean := CleanText(i.Rules)
	i.Rules = rules
	if !i.ClosesAt.IsZero() {
		i.ClosesAt = roundUp(i.ClosesAt, time.Minute)
	}
	switch n := utf8.RuneCountInString(i.Title); {
	case !ok || !clean:
		return i, errors.New("title and rules must be text in UTF-8")
	case i.Title == "" && i.Slug != Home:
		return i, errors.New("a board needs a title")
	case n > TitleMax:
		return i, fmt.Errorf("a title may have %d characters, and this one has %d", TitleMax, n)
	}
	if n := utf8.RuneCountInString(i.Rules); n > RulesMax {
		return i, fmt.Errorf("rules may have %d characters, and these have %d", RulesMax, n)
	}
	switch {
	case i.ClosesAt.IsZero() || i.ClosesAt.Equal(was.ClosesAt):
	case i.Slug == Home:
		return i, errors.New("the home board is where people arrive, and has no closing date")
	case i.Closed(now):
		return i, errors.New("this closing date has passed; to close a board at once, end it")
	}
	return i, nil
}

// Boards lists the boards that are open, home first.
func (b *Board) Boards(ctx context.Context) ([]Info, error) {
	boards, err := b.posts.Boards(ctx)
	if err != nil {
		return nil, fmt.Errorf("list boards: %w", err)
	}
	now := b.now()
	return slices.DeleteFunc(boards, func(i Info) bool { return i.Closed(now) }), nil
}

// Board returns the board called slug; ErrClosed says that it is over, for as long
// as that is remembered.
func (b *Board) Board(ctx context.Context, slug string) (Info, error) {
	boards, err := b.posts.Boards(ctx)
	if err != nil {
		return Info{}, fmt.Errorf("find board: %w", err)
	}
	i := slices.IndexFunc(boards, func(i Info) bool { return i.Slug == slug })
	switch {
	case i < 0:
		return Info{}, ErrNotFound
	case boards[i].Closed(b.now()):
		return boards[i], ErrClosed
	}
	return boards[i], nil
}

// Count returns how many posts live in a board's feed.
func (b *Board) Count(ctx context.Context, slug string) (int, error) {
	return b.posts.Count(ctx, slug, b.now())
}

// Follow takes over how another process (mayfly board) has changed the boards, and
// tells open pages what the passing of time has changed: the last hour of a board,
// and its end. Call it every second.
func (b *Board) Follow(ctx context.Context) error {
	b.following.Lock()
	defer b.following.Unlock()
	before, err := b.posts.Boards(ctx)
	if err != nil {
		return fmt.Errorf("follow boards: %w", err)
	}
	now := b.now()
	boards, err := b.posts.FollowBoards(ctx, now)
	if err != nil {
		return fmt.Errorf("follow boards: %w", err)
	}
	var errs []error
	for _, info := range boards {
		errs = append(errs, b.bound(ctx, info))
		b.tellBoard(ctx, before, info, now)
	}
	b.followed = now
	return errors.Join(append(errs, b.followQuestions(ctx, now))...)
}

// bound brings what lives on a board under its closing date, once for each date.
func (b *Board) bound(ctx context.Context, info Info) error {
	if info.ClosesAt.Equal(b.bounded[info.Slug]) {
		return nil
	}
	if err := b.cap(ctx, Bound{info.Slug, b.settings(info.Slug).TTLMax, info.ClosesAt}); err != nil {
		return err // tried again by the next Follow
	}
	b.bounded[info.Slug] = info.ClosesAt
	return nil
}

// tellBoard tells the pages of a board what is new about it.
func (b *Board) tellBoard(ctx context.Context, before []Info, info Info, now time.Time) {
	reached := func(at time.Time) bool { return !info.ClosesAt.IsZero() && at.After(b.followed) && !at.After(now) }
	switch {
	case reached(info.ClosesAt), info.Closed(now) && !slices.Contains(before, info):
		b.tell(ctx, Event{Kind: Reload, Board: info.Slug})
	case reached(info.ClosesAt.Add(-Countdown)), !slices.Contains(before, info):
		b.tell(ctx, Event{Kind: SettingsChanged, Board: info.Slug, ClosesAt: info.ClosesAt})
	}
}

// SettingsChanged brings the living under new settings and tells the open pages of
// those boards whose settings are others now. It is a watcher of the Tuner.
func (b *Board) SettingsChanged(ctx context.Context, old, next Tuning) {
	boards, err := b.posts.Boards(ctx)
	if err != nil {
		b.log.ErrorContext(ctx, "lives were not brought under ttl_max; the next start does it", "err", err)
		return
	}
	for _, info := range boards {
		was, is := old.Of(info.Slug), next.Of(info.Slug)
		if is.TTLMax < was.TTLMax {
			if err := b.cap(ctx, Bound{info.Slug, is.TTLMax, info.ClosesAt}); err != nil {
				b.log.ErrorContext(ctx, "lives were not brought under ttl_max; the next start does it", "err", err)
			}
		}
		if !is.Equal(was) {
			b.tell(ctx, Event{Kind: SettingsChanged, Board: info.Slug, ClosesAt: info.ClosesAt})
		}
	}
}

// Shortened is what new settings would do to what lives.
type Shortened struct{ Ends, Sooner, All int }

// Would counts what next would end at once, or sooner than old.
func (b *Board) Would(ctx context.Context, old, next Tuning) (Shortened, error) {
	boards, err := b.Boards(ctx)
	if err != nil {
		return Shortened{}, err
	}
	var sum Shortened
	for _, info := range boards {
		limit := next.Of(info.Slug).TTLMax
		if limit >= old.Of(info.Slug).TTLMax {
			continue
		}
		n, err := b.posts.Shortened(ctx, Bound{info.Slug, limit, info.ClosesAt}, b.now())
		if err != nil {
			return Shortened{}, fmt.Errorf("count what would end: %w", err)
		}
		sum.Ends, sum.Sooner, sum.All = sum.Ends+n.Ends, sum.Sooner+n.Sooner, sum.All+n.All
	}
	return sum, nil
}

// Cap brings everything that lives under the settings and closing dates in force:
// what was changed while nobody served. It tells nobody.
func (b *Board) Cap(ctx context.Context) error {
	boards, err := b.posts.Boards(ctx)
	if err != nil {
		return fmt.Errorf("bring lives under their bounds: %w", err)
	}
	bounds := make([]Bound, len(boards))
	for i, info := range boards {
		bounds[i] = Bound{info.Slug, b.settings(info.Slug).TTLMax, info.ClosesAt}
	}
	if _, err := b.posts.Cap(ctx, bounds); err != nil {
		return fmt.Errorf("bring lives under their bounds: %w", err)
	}
	return nil
}

// cap brings the living of one board under a bound; their pages look again.
func (b *Board) cap(ctx context.Context, bound Bound) error {
	moved, err := b.posts.Cap(ctx, []Bound{bound})
	if moved > 0 {
		b.tell(ctx, Event{Kind: Reload, Board: bound.Board})
	}
	if err != nil {
		return fmt.Errorf("shorten lives: %w", err)
	}
	return nil
}
