package board

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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
var ErrTaken = refused("slug", "error.board.taken")

// ErrOvertaken says that somebody else has changed meanwhile what was to be changed.
var ErrOvertaken = &Error{Kind: Overtaken, Code: "error.overtaken"}

// Registry is what changing boards asks of a store. The running server follows,
// whichever process changed them.
type Registry interface {
	Ledger
	// Boards lists the boards, home first and those that have closed among them.
	Boards(ctx context.Context) ([]Info, error)
	// InsertBoard stores a new board; a taken slug is ErrTaken.
	InsertBoard(ctx context.Context, b Info) error
	// UpdateBoard makes next of the board that is was; one that is not is ErrOvertaken.
	UpdateBoard(ctx context.Context, was, next Info) error
	// EndBoard has a board closed as soon as whoever holds the keys looks.
	EndBoard(ctx context.Context, slug string) error
}

var slugShape = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// AddBoard adds a board; by is who does it, for the log. Its error says what would do.
func AddBoard(ctx context.Context, by string, store Registry, b Info, now time.Time) error {
	if !slugShape.MatchString(b.Slug) || len(b.Slug) > slugMax {
		return refused("slug", "error.board.slug", "max", slugMax)
	}
	if b.Slug == Home {
		return ErrTaken
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
		return &Error{Kind: Invalid, Code: "error.board.crowd", Args: map[string]any{"n": len(boards)}}
	}
	if err := store.InsertBoard(ctx, b); err != nil {
		return err
	}
	return audit(ctx, store, at(now), Entry{By: by, Action: ActBoardAdd, Board: b.Slug, Subject: b.Title})
}

// ChangeBoard has change alter a board, or refuse to. A closing date may be moved either way while
// the board is open; what lives on it is never lengthened. Its error says what would do.
func ChangeBoard(ctx context.Context, by string, store Registry, slug string, change func(*Info) error, now time.Time) error {
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
	if err := store.UpdateBoard(ctx, was, b); err != nil {
		return err
	}
	for _, e := range was.changes(b) {
		e.By = by
		if err := audit(ctx, store, at(now), e); err != nil {
			return err
		}
	}
	return nil
}

// changes are what the log says of the way from i to next: of the rules, which are a
// text, only that they changed.
func (i Info) changes(next Info) []Entry {
	var list []Entry
	add := func(action Action, old, value string) {
		list = append(list, Entry{Action: action, Board: i.Slug, Old: old, New: value})
	}
	if next.Title != i.Title {
		add(ActBoardTitle, i.Title, next.Title)
	}
	if next.Rules != i.Rules {
		add(ActBoardRules, "", "")
	}
	if !next.ClosesAt.Equal(i.ClosesAt) {
		add(ActBoardCloses, i.Closes(), next.Closes())
	}
	if next.Place != i.Place {
		add(ActBoardPlace, strconv.Itoa(i.Place), strconv.Itoa(next.Place))
	}
	return list
}

// EndBoard ends a board and everything on it, as final as its closing date.
func EndBoard(ctx context.Context, by string, store Registry, slug string, now time.Time) error {
	if slug == Home {
		return &Error{Kind: Invalid, Code: "error.board.home_end"}
	}
	if _, err := openBoard(ctx, store, slug, now); err != nil {
		return err
	}
	if err := store.EndBoard(ctx, slug); err != nil {
		return err
	}
	return audit(ctx, store, at(now), Entry{By: by, Action: ActBoardEnd, Board: slug})
}

// FindBoard wants a board that is there, open or closed; the error names those there are.
func FindBoard(ctx context.Context, store Registry, slug string) error {
	_, err := findBoard(ctx, store, slug)
	return err
}

// openBoard finds a board that has not closed.
func openBoard(ctx context.Context, store Registry, slug string, now time.Time) (Info, error) {
	b, err := findBoard(ctx, store, slug)
	if err == nil && b.Closed(now) {
		err = &Error{Kind: Closed, Code: "error.board.closed", Args: map[string]any{"board": slug}}
	}
	return b, err
}

func findBoard(ctx context.Context, store Registry, slug string) (Info, error) {
	boards, err := store.Boards(ctx)
	if err != nil {
		return Info{}, err
	}
	names := make([]string, len(boards))
	for i, b := range boards {
		if b.Slug == slug {
			return b, nil
		}
		names[i] = b.Slug
	}
	return Info{}, &Error{Kind: NotFound, Code: "error.board.none", Args: map[string]any{"board": slug, "boards": strings.Join(names, ", ")}}
}

// check returns the board as it will be stored; was is what it is now.
func (i Info) check(was Info, now time.Time) (Info, error) {
	bad := refusal()
	title, ok := CleanText(i.Title)
	i.Title = strings.Join(strings.Fields(title), " ")
	switch n := utf8.RuneCountInString(i.Title); {
	case !ok:
		bad.Fields["title"] = Problem{Code: "error.body.utf8"}
	case looksEmpty(i.Title) && i.Slug != Home:
		bad.Fields["title"] = Problem{Code: "error.board.title"}
	case n > TitleMax:
		bad.Fields["title"] = Problem{Code: "error.board.title_long", Args: map[string]any{"max": TitleMax, "n": n}}
	}
	i.Rules, ok = CleanText(i.Rules)
	switch n := utf8.RuneCountInString(i.Rules); {
	case !ok:
		bad.Fields["rules"] = Problem{Code: "error.body.utf8"}
	case n > RulesMax:
		bad.Fields["rules"] = Problem{Code: "error.board.rules_long", Args: map[string]any{"max": RulesMax, "n": n}}
	}
	if !i.ClosesAt.IsZero() {
		i.ClosesAt = roundUp(i.ClosesAt, time.Minute)
	}
	switch {
	case i.ClosesAt.IsZero() || i.ClosesAt.Equal(was.ClosesAt):
	case i.Slug == Home:
		bad.Fields["closes"] = Problem{Code: "error.board.home_closes"}
	case i.Closed(now):
		bad.Fields["closes"] = Problem{Code: "error.board.past"}
	}
	if len(bad.Fields) > 0 {
		return i, bad
	}
	return i, nil
}

// ClosesForm is how a closing date is written, in this machine's time.
const ClosesForm = "2006-01-02T15:04"

// Closes is the board's closing date as ParseCloses reads it; "" for never.
func (i Info) Closes() string {
	if i.ClosesAt.IsZero() {
		return ""
	}
	return i.ClosesAt.Local().Format(ClosesForm)
}

// ParseCloses reads a closing date: a time of this machine, "in 3d", "never" or nothing,
// which is the zero time.
func ParseCloses(text string, now time.Time) (time.Time, error) {
	wrong := refused("closes", "error.board.closes")
	if text = strings.TrimSpace(text); text == "" || text == "never" {
		return time.Time{}, nil
	}
	if left, ok := strings.CutPrefix(text, "in "); ok {
		d, err := ParseLife(strings.TrimSpace(left))
		if err != nil || d == 0 {
			return time.Time{}, wrong
		}
		return now.Add(d).UTC(), nil
	}
	at, err := time.ParseInLocation(ClosesForm, text, time.Local)
	if err != nil {
		return time.Time{}, wrong
	}
	return at.UTC(), nil
}

// Mark changes with whatever of a board somebody may change. A form carries it, and so
// finds out that somebody else was quicker.
func (i Info) Mark() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %d", i.Title, i.Rules, i.ClosesAt.Unix(), i.Place))
	return hex.EncodeToString(sum[:8])
}

// AddBoard adds a board, which is there when AddBoard returns.
func (b *Board) AddBoard(ctx context.Context, by string, info Info) error {
	return b.changed(ctx, AddBoard(ctx, by, b.posts, info, b.now()))
}

// ChangeBoard changes the board called slug to next, unless it is another than the one
// that mark is of.
func (b *Board) ChangeBoard(ctx context.Context, by, slug, mark string, next Info) error {
	change := func(i *Info) error {
		if i.Mark() != mark {
			return ErrOvertaken
		}
		*i = next
		return nil
	}
	return b.changed(ctx, ChangeBoard(ctx, by, b.posts, slug, change, b.now()))
}

// EndBoard ends a board and everything on it.
func (b *Board) EndBoard(ctx context.Context, by, slug string) error {
	return b.changed(ctx, EndBoard(ctx, by, b.posts, slug, b.now()))
}

// changed follows a change that was made, or that somebody else was quicker with. What
// can't be followed now is a second later.
func (b *Board) changed(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, ErrOvertaken) {
		return err
	}
	if e := b.Follow(ctx); e != nil {
		b.log.ErrorContext(ctx, "a change is followed later", "err", e)
	}
	return err
}

// Living is what lives on a board, in no feed or in one.
type Living struct {
	Posts  int
	Median time.Time // when half of them have ended; zero: there are none
}

// Alive counts what lives on a board.
func (b *Board) Alive(ctx context.Context, slug string) (Living, error) {
	return b.posts.Alive(ctx, slug, b.now())
}

// Boards lists the boards that are open, home first, without those that are reached by
// their link alone and those outside whose door ctx is.
func (b *Board) Boards(ctx context.Context) ([]Info, error) {
	boards, err := b.posts.Boards(ctx)
	if err != nil {
		return nil, fmt.Errorf("list boards: %w", err)
	}
	now := b.now()
	return slices.DeleteFunc(boards, func(i Info) bool { return i.Closed(now) || !b.listed(ctx, i.Slug) }), nil
}

// Board returns the board called slug; ErrClosed says that it is over, for as long
// as that is remembered. Whoever is outside its door learns nothing of it.
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
	if err := b.enter(ctx, slug); err != nil {
		return Info{}, err
	}
	return boards[i], b.shut(slug)
}

// Count returns how many posts live in a board's feed.
func (b *Board) Count(ctx context.Context, slug string) (int, error) {
	if err := b.enter(ctx, slug); err != nil {
		return 0, err
	}
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
		if (is.State == ForNow) != (was.State == ForNow) {
			b.tell(ctx, Event{Kind: Reload, Board: info.Slug})
		}
		if is.Access != was.Access {
			b.DoorTurned(ctx, info.Slug)
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
	return Foresee(ctx, b.posts, old, next, b.now())
}

// Lives is what Foresee asks of a store.
type Lives interface {
	Boards(ctx context.Context) ([]Info, error)
	// Shortened counts what Cap would do to what lives on a board.
	Shortened(ctx context.Context, b Bound, now time.Time) (Shortened, error)
}

// Foresee counts what next would end at once, or sooner than old, on all boards.
func Foresee(ctx context.Context, store Lives, old, next Tuning, now time.Time) (Shortened, error) {
	boards, err := store.Boards(ctx)
	if err != nil {
		return Shortened{}, err
	}
	var sum Shortened
	for _, info := range boards {
		limit := next.Of(info.Slug).TTLMax
		if limit >= old.Of(info.Slug).TTLMax {
			continue
		}
		n, err := store.Shortened(ctx, Bound{info.Slug, limit, info.ClosesAt}, now)
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
