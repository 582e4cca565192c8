package board

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Change is one setting that was changed, as the audit log keeps it.
type Change struct {
	Board    string // "": for all boards
	Name     string
	Old, New string
	Unset    bool   // the board follows all again, and New is what that gives it
	By       string // "start", "cli"
	At       time.Time
}

// AuditTime is how long changes are kept.
const AuditTime = 30 * 24 * time.Hour

// SettingsStore is what a Tuner asks of a store.
type SettingsStore interface {
	// Settings returns those that were ever set: values by name, by board, ""
	// being all boards.
	Settings(ctx context.Context) (map[string]map[string]string, error)
	// SaveSettings stores new values, forgets those that were unset, and keeps
	// audit rows of both, in one step; it drops audit rows older than AuditTime.
	// A change for a board that is not there is refused as not found.
	SaveSettings(ctx context.Context, changes []Change) error
}

// Tuning is every board's settings at one moment.
type Tuning struct {
	all    Settings
	boards map[string]Settings // of those that differ
}

// Of are the settings in force on a board; those of "" are for all that do not
// differ.
func (t Tuning) Of(board string) Settings {
	if s, differs := t.boards[board]; differs {
		return s
	}
	return t.all
}

// tune puts the stored values together: first those for all, then a board's own.
func tune(values map[string]map[string]string) (Tuning, error) {
	all, err := DefaultSettings().With(values[""])
	if err != nil {
		return Tuning{}, err
	}
	t := Tuning{all: all, boards: map[string]Settings{}}
	for _, board := range slices.Sorted(maps.Keys(values)) {
		if board == "" || len(values[board]) == 0 {
			continue
		}
		if t.boards[board], err = all.With(values[board]); err != nil {
			return Tuning{}, onBoard(err, board)
		}
	}
	return t, nil
}

// onBoard says which board a value does not suit.
func onBoard(err error, board string) error {
	u, ok := errors.AsType[*UnfitError](err)
	if !ok {
		return fmt.Errorf("on board %s: %w", board, err)
	}
	there := *u
	there.Board = board
	return &there
}

// Tuner holds the settings of running boards and changes them live. Each is for
// all boards; a board may differ in those that are not of the site as a whole.
type Tuner struct {
	store   SettingsStore
	now     Clock
	current atomic.Pointer[Tuning]

	mu       sync.Mutex // one change at a time
	values   map[string]map[string]string
	watchers []func(ctx context.Context, old, next Tuning)
}

// NewTuner loads the settings. Those in initial, which are for all boards, are
// set now unless they were ever set before; what an admin has set since wins over
// them.
func NewTuner(ctx context.Context, store SettingsStore, initial map[string]string, now Clock) (*Tuner, error) {
	if _, err := DefaultSettings().With(initial); err != nil {
		return nil, err
	}
	t := &Tuner{store: store, now: now}
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	fresh := maps.Clone(initial)
	maps.DeleteFunc(fresh, func(name, _ string) bool { _, set := t.values[""][name]; return set })
	return t, t.Apply(ctx, "start", "", fresh)
}

// Settings are those in force on a board; those of "" are for all that do not
// differ.
func (t *Tuner) Settings(board string) Settings { return t.current.Load().Of(board) }

// Own are the names of the settings in which a board differs from all.
func (t *Tuner) Own(board string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.values[board]))
}

// Watch calls f after every change, in order of registration.
func (t *Tuner) Watch(f func(ctx context.Context, old, next Tuning)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watchers = append(t.watchers, f)
}

// Check says what is wrong with values for a board, "" being all of them; nil: they
// can be had. A change for all must suit every board that differs.
func (t *Tuner) Check(board string, values map[string]string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.with(board, values)
	return err
}

// Apply changes settings of a board, "" being all of them: every value or, when
// one can't be had, none. It is in force everywhere when Apply returns.
func (t *Tuner) Apply(ctx context.Context, by, board string, values map[string]string) error {
	return t.Adjust(ctx, by, Adjustment{Board: board, Values: values})
}

// Unset has a board follow all again in the settings called names. One in which it
// does not differ is left as it is.
func (t *Tuner) Unset(ctx context.Context, by, board string, names []string) error {
	return t.Adjust(ctx, by, Adjustment{Board: board, Unset: names})
}

// Adjustment is a change of one board's settings, or ("") of those for all.
type Adjustment struct {
	Board  string
	Values map[string]string
	Unset  []string          // what a board is to follow all in again
	Seen   map[string]string // what stood there when somebody decided; may be empty
}

// ConflictError says that settings are others than somebody has seen: their values now, by
// name.
type ConflictError struct{ Now map[string]string }

// Error names them.
func (c *ConflictError) Error() string {
	return "changed meanwhile: " + strings.Join(slices.Sorted(maps.Keys(c.Now)), ", ")
}

// Adjust changes settings: all of an Adjustment or nothing. It is in force everywhere
// when Adjust returns. A *ConflictError says that somebody else was quicker.
func (t *Tuner) Adjust(ctx context.Context, by string, a Adjustment) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	changes, _, err := t.plan(by, a)
	if err != nil {
		return err
	}
	return t.save(ctx, changes)
}

// Would returns what is in force, and what would be after an Adjustment. Its error is
// that of Adjust.
func (t *Tuner) Would(a Adjustment) (now, then Tuning, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, then, err = t.plan("", a)
	return *t.current.Load(), then, err
}

// plan lists what an Adjustment changes, and what it would give; t.mu is held.
func (t *Tuner) plan(by string, a Adjustment) ([]Change, Tuning, error) {
	if a.Board == "" && len(a.Unset) > 0 {
		return nil, Tuning{}, errors.New("to follow all again is for one board; name it")
	}
	then, err := t.with(a.Board, a.Values)
	if err != nil {
		return nil, Tuning{}, err
	}
	old := t.current.Load()
	if err := conflict(old.Of(a.Board), a.Seen); err != nil {
		return nil, Tuning{}, err
	}
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(a.Values)) {
		k, _ := FindKnob(name) // with has found it
		stored, set := t.values[a.Board][name]
		if value := k.Get(then.Of(a.Board)); !set || stored != value {
			changes = append(changes, Change{Board: a.Board, Name: name, Old: k.Get(old.Of(a.Board)), New: value, By: by, At: t.now()})
		}
	}
	for _, name := range a.Unset {
		k, err := FindKnob(name)
		if err != nil {
			return nil, Tuning{}, err
		}
		if _, set := t.values[a.Board][name]; set {
			changes = append(changes, Change{Board: a.Board, Name: name, Old: k.Get(old.Of(a.Board)), New: k.Get(old.all), Unset: true, By: by, At: t.now()})
		}
	}
	then, err = tune(t.after(changes))
	return changes, then, err
}

// conflict is what differs from what somebody has seen.
func conflict(s Settings, seen map[string]string) error {
	now := map[string]string{}
	for name, value := range seen {
		value = strings.ReplaceAll(value, "\r\n", "\n") // as forms send lines
		if k, err := FindKnob(name); err == nil && k.Get(s) != value {
			now[name] = k.Get(s)
		}
	}
	if len(now) > 0 {
		return &ConflictError{now}
	}
	return nil
}

// Follow takes over what another process (mayfly settings set) has changed.
func (t *Tuner) Follow(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, before := *t.current.Load(), t.values
	if err := t.load(ctx); err != nil {
		return err
	}
	if !maps.EqualFunc(before, t.values, maps.Equal[map[string]string, map[string]string]) {
		t.tell(ctx, old)
	}
	return nil
}

func (t *Tuner) load(ctx context.Context) error {
	values, err := t.store.Settings(ctx)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	tuning, err := tune(values)
	if err != nil {
		return fmt.Errorf("stored settings: %w", err)
	}
	t.values = copied(values)
	t.current.Store(&tuning)
	return nil
}

// with is what changing values on a board would give; t.mu is held.
func (t *Tuner) with(board string, values map[string]string) (Tuning, error) {
	if board != "" {
		if err := checkOverride(values); err != nil {
			return Tuning{}, err
		}
	}
	s, err := t.Settings(board).With(values)
	if err != nil {
		return Tuning{}, err
	}
	next := copied(t.values)
	if next[board] == nil {
		next[board] = map[string]string{}
	}
	for name := range values {
		k, _ := FindKnob(name) // With has found it
		next[board][name] = k.Get(s)
	}
	return tune(next)
}

// save stores changes and puts them in force; t.mu is held.
func (t *Tuner) save(ctx context.Context, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	values := t.after(changes)
	next, err := tune(values)
	if err != nil {
		return err
	}
	if err := t.store.SaveSettings(ctx, changes); err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	old := *t.current.Load()
	t.values = values
	t.current.Store(&next)
	t.tell(ctx, old)
	return nil
}

// after is what would be set after changes; t.mu is held.
func (t *Tuner) after(changes []Change) map[string]map[string]string {
	values := copied(t.values)
	for _, c := range changes {
		switch {
		case c.Unset:
			delete(values[c.Board], c.Name)
		case values[c.Board] == nil:
			values[c.Board] = map[string]string{c.Name: c.New}
		default:
			values[c.Board][c.Name] = c.New
		}
	}
	return values
}

// tell lets the watchers know what was before what is now; t.mu is held.
func (t *Tuner) tell(ctx context.Context, old Tuning) {
	next := *t.current.Load()
	for _, watch := range t.watchers {
		watch(ctx, old, next)
	}
}

func copied(values map[string]map[string]string) map[string]map[string]string {
	out := make(map[string]map[string]string, len(values))
	for board, own := range values {
		if len(own) > 0 {
			out[board] = maps.Clone(own)
		}
	}
	return out
}

// Undo is the Adjustment that gives a setting the value it had before an entry of the
// log. A board that would then be as all are follows them again.
func (t *Tuner) Undo(e Entry) (Adjustment, error) {
	k, err := FindKnob(e.Subject)
	if err != nil || e.Action != ActSetting {
		return Adjustment{}, ErrNotFound
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := k.Get(t.current.Load().Of(e.Board))
	a := Adjustment{Board: e.Board, Values: map[string]string{}, Seen: map[string]string{e.Subject: now}}
	_, own := t.values[e.Board][e.Subject]
	switch {
	case e.Board != "" && own && e.Old == k.Get(t.current.Load().all):
		a.Unset = []string{e.Subject}
	case e.Old != now:
		a.Values[e.Subject] = e.Old
	}
	return a, nil
}
