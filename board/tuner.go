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

// Change is one setting that was changed, as the audit log keeps it.
type Change struct {
	Name     string
	Old, New string
	By       string // "start", "cli"
	At       time.Time
}

// AuditTime is how long changes are kept.
const AuditTime = 30 * 24 * time.Hour

// SettingsStore is what a Tuner asks of a store.
type SettingsStore interface {
	// Settings returns those that were ever set.
	Settings(ctx context.Context) (map[string]string, error)
	// SaveSettings stores new values and their audit rows in one step, and drops
	// audit rows older than AuditTime.
	SaveSettings(ctx context.Context, changes []Change) error
}

// Tuner holds the settings of a running board and changes them live.
type Tuner struct {
	store   SettingsStore
	now     Clock
	current atomic.Pointer[Settings]

	mu       sync.Mutex // one change at a time
	values   map[string]string
	watchers []func(ctx context.Context, old, next Settings)
}

// NewTuner loads the settings. Those in initial that were never set before are
// set now; what an admin has set since wins over them.
func NewTuner(ctx context.Context, store SettingsStore, initial map[string]string, now Clock) (*Tuner, error) {
	if _, err := DefaultSettings().With(initial); err != nil {
		return nil, err
	}
	t := &Tuner{store: store, now: now}
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	fresh := maps.Clone(initial)
	maps.DeleteFunc(fresh, func(name, _ string) bool { _, set := t.values[name]; return set })
	return t, t.Apply(ctx, "start", fresh)
}

// Settings are those in force on a board; "" is all of them.
func (t *Tuner) Settings(string) Settings { return *t.current.Load() }

// Watch calls f after every change, in order of registration.
func (t *Tuner) Watch(f func(ctx context.Context, old, next Settings)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watchers = append(t.watchers, f)
}

// Apply changes settings: all of them or, when one can't be had, none. It is in
// force everywhere when Apply returns.
func (t *Tuner) Apply(ctx context.Context, by string, values map[string]string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.Settings("")
	next, err := old.With(values)
	if err != nil {
		return err
	}
	changes := t.changes(by, old, next, values)
	if len(changes) == 0 {
		return nil
	}
	if err := t.store.SaveSettings(ctx, changes); err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	for _, c := range changes {
		t.values[c.Name] = c.New
	}
	t.swap(ctx, old, next)
	return nil
}

// Follow takes over what another process (mayfly settings set) has changed.
func (t *Tuner) Follow(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, before := t.Settings(""), t.values
	if err := t.load(ctx); err != nil {
		return err
	}
	if !maps.Equal(before, t.values) {
		t.swap(ctx, old, t.Settings(""))
	}
	return nil
}

func (t *Tuner) load(ctx context.Context) error {
	values, err := t.store.Settings(ctx)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	s, err := DefaultSettings().With(values)
	if err != nil {
		return fmt.Errorf("stored settings: %w", err)
	}
	t.values = make(map[string]string, len(values))
	maps.Copy(t.values, values)
	t.current.Store(&s)
	return nil
}

// changes lists what differs, and what is set for the first time.
func (t *Tuner) changes(by string, old, next Settings, values map[string]string) []Change {
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(values)) {
		k, _ := FindKnob(name) // With has found it
		if stored, set := t.values[name]; !set || stored != k.Get(next) {
			out = append(out, Change{Name: name, Old: k.Get(old), New: k.Get(next), By: by, At: t.now()})
		}
	}
	return out
}

func (t *Tuner) swap(ctx context.Context, old, next Settings) {
	t.current.Store(&next)
	for _, watch := range t.watchers {
		watch(ctx, old, next)
	}
}
