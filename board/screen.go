package board

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Screen reads what visitors write, by the host's filters.
type Screen interface {
	// Normal returns a text in the form it is kept in: clean (CleanText), and with one
	// spelling for each letter. What is no text comes back as it is.
	Normal(text string) string
	// Spell is Normal where a board has hygiene=off: SafeText, with one spelling.
	Spell(text string) string
	// Read says what the filters in force on a board make of a draft. Without guard
	// nothing is looked for that gives somebody away.
	Read(slug string, d Draft, guard bool) Verdict
	// Finder returns what finds the words that a filter hits in a text, or refuses the
	// filter (UnfitFilter).
	Finder(f Filter) (func(text string) []string, error)
	// Follow takes over how the filters have changed, whichever process changed them.
	Follow(ctx context.Context) error
}

// Verdict is what the filters make of a draft.
type Verdict struct {
	Draft   Draft     // as it may be published: what is masked is masked
	Refused string    // the first words of it that are not taken here; "": none
	Hold    bool      // it waits for an admin
	Short   bool      // it may live for ShortTime
	Care    bool      // it calls for care
	Private []Private // what in it gives somebody away, each once and in order
}

// Private is a kind of thing that gives somebody away.
type Private string

// The kinds of things that give somebody away.
const (
	PrivateHandle Private = "handle" // a name elsewhere
	PrivateMail   Private = "mail"
	PrivateName   Private = "name" // of the host's list
	PrivatePhone  Private = "phone"
	PrivateStreet Private = "street"
)

// Doxx says what happens to a draft that gives somebody away.
type Doxx string

// The choices of doxx.
const (
	DoxxOff    Doxx = "off"
	DoxxAsk    Doxx = "ask" // its author is asked to think again
	DoxxForbid Doxx = "forbid"
)

// ShortTime is how long a post lives that a filter cuts short, or ttl_min where that
// is more.
const ShortTime = time.Minute

// FilterAction is what is done with a post that a filter hits.
type FilterAction string

// The actions of filters.
const (
	Block FilterAction = "block" // it is refused
	Hold  FilterAction = "hold"  // it waits for an admin
	Mask  FilterAction = "mask"  // the words are covered at birth
	Short FilterAction = "short" // it lives for ShortTime
	Doubt FilterAction = "ask"   // a name: the author is asked to think again, by the setting doxx
	Care  FilterAction = "care"  // its author is shown the care card
)

// FilterActions are those that the host may choose from.
var FilterActions = []FilterAction{Block, Hold, Mask, Short, Doubt, Care}

const (
	// FiltersMax is how many filters there may be.
	FiltersMax = 200
	// FilterMax is how many characters one may have.
	FilterMax = 200
	// NudgeMax is how many characters the sentence above the send button may have.
	NudgeMax = 200
	// CareMax is how many the care card may have.
	CareMax = 1000
)

// Filter is a word or pattern, and what is done with a post that has it.
type Filter struct {
	Number  int64  // names it to the host
	Board   string // "": all of them
	Text    string // a word such as spam or spam*; of a Pattern, RE2
	Pattern bool
	Action  FilterAction
}

// String is how the audit log and the host see it.
func (f Filter) String() string {
	if f.Pattern {
		return string(f.Action) + " /" + f.Text + "/"
	}
	return string(f.Action) + " " + f.Text
}

// FilterStore is what changing filters asks of a store. The running server follows,
// whichever process changed them.
type FilterStore interface {
	// Filters lists them in the order they were added.
	Filters(ctx context.Context) ([]Filter, error)
	// InsertFilter stores a filter with its entry in the log.
	InsertFilter(ctx context.Context, f Filter, e Entry) error
	// DeleteFilter forgets a filter, with an entry in the log.
	DeleteFilter(ctx context.Context, number int64, e Entry) error
}

// What admins do to filters.
const (
	ActAddFilter    Action = "add_filter"
	ActRemoveFilter Action = "remove_filter"
)

// AddFilter adds a filter; by is who does. It refuses as boards are refused.
func AddFilter(ctx context.Context, by string, store FilterStore, screen Screen, f Filter, now time.Time) error {
	f, err := CheckFilter(screen, f)
	if err != nil {
		return err
	}
	list, err := store.Filters(ctx)
	if err != nil {
		return err
	}
	if len(list) >= FiltersMax {
		return UnfitFilter("crowd", "n", len(list))
	}
	same := func(o Filter) bool {
		o.Number = 0
		return o == f
	}
	if slices.ContainsFunc(list, same) {
		return UnfitFilter("twice")
	}
	err = store.InsertFilter(ctx, f, Entry{At: now, By: by, Action: ActAddFilter, Board: f.Board, Subject: f.String()})
	if errors.Is(err, ErrNotFound) {
		return refused("board", "error.filter.board", "board", f.Board)
	}
	return err
}

// CheckFilter returns a filter as it would be stored, or refuses it.
func CheckFilter(screen Screen, f Filter) (Filter, error) {
	f.Number = 0
	if !f.Pattern { // a pattern may ask for what cleaning takes away
		f.Text = screen.Normal(f.Text)
	}
	switch n := utf8.RuneCountInString(f.Text); {
	case !utf8.ValidString(f.Text):
		return f, UnfitFilter("utf8")
	case n > FilterMax:
		return f, UnfitFilter("long", "max", FilterMax, "n", n)
	case !slices.Contains(FilterActions, f.Action):
		return f, refused("action", "error.filter.action", "actions", actionNames())
	}
	_, err := screen.Finder(f)
	return f, err
}

func actionNames() string {
	names := make([]string, len(FilterActions))
	for i, a := range FilterActions {
		names[i] = string(a)
	}
	return strings.Join(names, ", ")
}

// UnfitFilter says why there can be no such filter; args are pairs of name and value.
func UnfitFilter(why string, args ...any) *Error {
	return refused("text", "error.filter."+why, args...)
}

// RemoveFilter removes a filter; by is who does.
func RemoveFilter(ctx context.Context, by string, store FilterStore, number int64, now time.Time) error {
	list, err := store.Filters(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(f Filter) bool { return f.Number == number })
	if i < 0 {
		return refused("number", "error.filter.none", "n", number)
	}
	return store.DeleteFilter(ctx, number, Entry{At: now, By: by, Action: ActRemoveFilter, Board: list[i].Board, Subject: list[i].String()})
}

// Trial is what a filter would do now.
type Trial struct {
	Words []string // what it hits of the sample
	Hits  int      // living posts it would hit
	Of    int      // that were looked at
	Whole bool     // all of them were
}

// trialTime is how long a trial may read posts.
const trialTime = 500 * time.Millisecond

// TryFilter says what a filter would do to a sample and to the posts in the feeds of
// its board, or of all. It counts them, and shows none.
func (b *Board) TryFilter(ctx context.Context, f Filter, sample string) (Trial, error) {
	f, err := CheckFilter(b.screen, f)
	if err != nil {
		return Trial{}, err
	}
	find, err := b.screen.Finder(f)
	if err != nil {
		return Trial{}, err
	}
	t := Trial{Words: find(b.screen.Normal(sample)), Whole: true}
	until := time.Now().Add(trialTime)
	for after := int64(0); ; {
		posts, err := b.posts.Living(ctx, after, b.now())
		if err != nil {
			return Trial{}, fmt.Errorf("try a filter: %w", err)
		}
		if len(posts) == 0 {
			return t, nil
		}
		for _, p := range posts {
			if after = p.Seq; f.Board != "" && p.Board != f.Board || p.Unlisted || p.Sealed || p.Prompt != NoPrompt {
				continue
			}
			if time.Now().After(until) {
				t.Whole = false
				return t, nil
			}
			if t.Of++; len(find(p.Body)) > 0 || len(find(p.Warning)) > 0 {
				t.Hits++
			}
		}
	}
}

// AddFilter adds a filter, in force when it returns; by is who does.
func (b *Board) AddFilter(ctx context.Context, by string, f Filter) error {
	if err := AddFilter(ctx, by, b.posts, b.screen, f, b.now()); err != nil {
		return err
	}
	return b.screen.Follow(ctx)
}

// RemoveFilter removes a filter, out of force when it returns; by is who does.
func (b *Board) RemoveFilter(ctx context.Context, by string, number int64) error {
	if err := RemoveFilter(ctx, by, b.posts, number, b.now()); err != nil {
		return err
	}
	return b.screen.Follow(ctx)
}

// Filters lists the filters in the order they were added.
func (b *Board) Filters(ctx context.Context) ([]Filter, error) { return b.posts.Filters(ctx) }

// normal brings what a visitor wrote into the form it is kept in.
func (b *Board) normal(d Draft, s Settings) Draft {
	form := b.screen.Spell
	if s.Hygiene {
		form = b.screen.Normal
	}
	d.Body, d.Warning, d.Alt = form(d.Body), form(d.Warning), form(d.Alt)
	return d
}

// screened reads a checked draft by the filters. Its error is of kind Invalid: words
// that are not taken here, or a question that its author has yet to answer.
func (b *Board) screened(slug string, s Settings, d Draft, reply bool) (Verdict, error) {
	v := b.screen.Read(slug, d, s.Doxx != DoxxOff)
	if v.Short && reply && v.Refused == "" { // it has no clock to be shortened
		return v, refusedFor("error.words.short", nil)
	}
	if v.Refused != "" {
		return v, refusedFor("error.words.refused", map[string]any{"words": firstRunes(v.Refused, 40)})
	}
	if len(v.Private) == 0 {
		return v, nil
	}
	switch {
	case s.Doxx == DoxxForbid:
		return v, givesAway("error.private.forbidden", v.Private)
	case s.Doxx == DoxxAsk && !d.Confirm:
		return v, givesAway(AskAgain, v.Private)
	}
	return v, nil
}

// AskAgain is the code of a refusal that a draft's author may confirm away.
const AskAgain = "error.private.ask"

// givesAway says what in a draft gives somebody away.
func givesAway(code string, what []Private) *Error {
	kind := "several"
	if len(what) == 1 {
		kind = string(what[0])
	}
	return &Error{Kind: Invalid, Code: code, Fields: map[string]Problem{"body": {Code: "error.private.found." + kind}}}
}

func refusedFor(code string, args map[string]any) *Error {
	return &Error{Kind: Invalid, Code: "error.draft", Fields: map[string]Problem{"body": {Code: code, Args: args}}}
}

func firstRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// standing is who may read it at first.
func (v Verdict) standing() Standing {
	if v.Hold {
		return Held
	}
	return Shown
}

// life begins the life of a draft as it may be published. Nothing lengthens one that
// a filter cuts short.
func (v Verdict) life(now time.Time, s Settings) Life {
	if v.Short {
		ttl := min(v.Draft.TTL, max(ShortTime, s.TTLMin))
		return NewLife(now, ttl, v.Draft.Silence, ttl)
	}
	return NewLife(now, v.Draft.TTL, v.Draft.Silence, s.TTLMax)
}
