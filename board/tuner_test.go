package board

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// shelf is a SettingsStore in memory that can fail.
type shelf struct {
	values  map[string]string            // for all boards
	boards  map[string]map[string]string // of those that differ
	audit   []Change
	err     error
	saveErr error
}

func (s *shelf) Settings(context.Context) (map[string]map[string]string, error) {
	all := maps.Clone(s.boards)
	if all == nil {
		all = map[string]map[string]string{}
	}
	all[""] = s.values
	return all, s.err
}

func (s *shelf) SaveSettings(_ context.Context, changes []Change) error {
	if s.saveErr != nil {
		return s.saveErr
	}
	s.values = maps.Clone(s.values)
	if s.values == nil {
		s.values = map[string]string{}
	}
	for _, c := range changes {
		switch {
		case c.Board == "":
			s.values[c.Name] = c.New
		case c.Unset:
			delete(s.boards[c.Board], c.Name)
		case s.boards[c.Board] == nil:
			s.boards = map[string]map[string]string{c.Board: {c.Name: c.New}}
		default:
			s.boards[c.Board][c.Name] = c.New
		}
	}
	s.audit = append(s.audit, changes...)
	return nil
}

func clock() time.Time { return noon }

func newTuner(t *testing.T, store *shelf, initial map[string]string) *Tuner {
	t.Helper()
	tuner, err := NewTuner(t.Context(), store, initial, clock)
	if err != nil {
		t.Fatal(err)
	}
	return tuner
}

func TestTunerSetsInitialValuesOnceOnly(t *testing.T) {
	store := &shelf{}
	initial := map[string]string{"k": "7", "post": "0"}
	if got := newTuner(t, store, initial).Settings(""); got.K != 7 || !got.Post.Unlimited() {
		t.Errorf("%+v, want the initial values", got)
	}
	want := []Change{
		{Name: "k", Old: "5", New: "7", By: "start", At: noon},
		{Name: "post", Old: "6/3", New: "0", By: "start", At: noon},
	}
	if !slices.Equal(store.audit, want) {
		t.Errorf("audit %+v, want %+v", store.audit, want)
	}
	store.values["k"] = "9" // an admin has set it since
	if got := newTuner(t, store, map[string]string{"k": "7", "vote": "1/1"}).Settings(""); got.K != 9 || got.Vote != (Rate{1, 1}) {
		t.Errorf("k = %d, vote = %v; want the admin's 9, and the new 1/1", got.K, got.Vote)
	}
	if got := newTuner(t, store, nil).Settings(""); got.K != 9 || got.Vote != (Rate{1, 1}) {
		t.Errorf("k = %d, vote = %v without flags; want 9 and 1/1 as stored", got.K, got.Vote)
	}
}

func TestTunerKeepsAnInitialValueThatIsTheDefault(t *testing.T) {
	store := &shelf{}
	newTuner(t, store, map[string]string{"k": "5"})
	if got := store.values["k"]; got != "5" {
		t.Errorf("stored %q, want 5: it was set", got)
	}
	newTuner(t, store, map[string]string{"k": "5"})
	if len(store.audit) != 1 {
		t.Errorf("%d changes in the audit, want 1", len(store.audit))
	}
}

func TestTunerDoesNotStartOnWrongValues(t *testing.T) {
	for name, tt := range map[string]struct {
		store   *shelf
		initial map[string]string
	}{
		"a wrong initial value":           {&shelf{}, map[string]string{"k": "x"}},
		"initial values out of order":     {&shelf{}, map[string]string{"ttl_max": "1h"}},
		"a wrong stored value":            {&shelf{values: map[string]string{"k": "x"}}, nil},
		"a store that can't be read":      {&shelf{err: errDisk}, nil},
		"a store that can't be written":   {&shelf{saveErr: errDisk}, map[string]string{"k": "7"}},
		"initial values against the rest": {&shelf{values: map[string]string{"ttl_max": "1h", "ttl_default": "1h"}}, map[string]string{"ttl_min": "2h"}},
	} {
		if _, err := NewTuner(t.Context(), tt.store, tt.initial, clock); err == nil {
			t.Errorf("%s: it starts", name)
		}
	}
}

func TestApplyIsInForceForEveryWatcherInOrder(t *testing.T) {
	store := &shelf{}
	tuner := newTuner(t, store, nil)
	var seen []string
	for _, name := range []string{"first", "second"} {
		tuner.Watch(func(_ context.Context, was, is Tuning) {
			old, next := was.Of(""), is.Of("")
			if old.K != 5 || next.K != 7 || tuner.Settings("").K != 7 || store.values["k"] != "7" {
				t.Errorf("%s watcher: from %d to %d, in force %d, stored %s", name, old.K, next.K, tuner.Settings("").K, store.values["k"])
			}
			seen = append(seen, name)
		})
	}
	if err := tuner.Apply(t.Context(), "cli", "", map[string]string{"k": "7"}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "second"}; !slices.Equal(seen, want) {
		t.Errorf("watchers %v, want %v", seen, want)
	}
	if want := []Change{{Name: "k", Old: "5", New: "7", By: "cli", At: noon}}; !slices.Equal(store.audit, want) {
		t.Errorf("audit %+v, want %+v", store.audit, want)
	}
}

func TestApplyRefusedChangesNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		values map[string]string
		err    error
	}{
		"a bad value among good ones": {map[string]string{"k": "7", "vote": "x"}, nil},
		"an unknown setting":          {map[string]string{"k": "7", "kk": "1"}, nil},
		"out of order":                {map[string]string{"k": "7", "ttl_max": "1h"}, nil},
		"a full disk":                 {map[string]string{"k": "7"}, errDisk},
	} {
		t.Run(name, func(t *testing.T) {
			store := &shelf{saveErr: tt.err}
			tuner := newTuner(t, store, nil)
			tuner.Watch(func(context.Context, Tuning, Tuning) { t.Error("a watcher heard of it") })
			if err := tuner.Apply(t.Context(), "cli", "", tt.values); err == nil {
				t.Error("it was applied")
			}
			if tuner.Settings("").K != 5 || len(store.values) != 0 || len(store.audit) != 0 {
				t.Errorf("k = %d, stored %v, audit %v", tuner.Settings("").K, store.values, store.audit)
			}
			store.saveErr = nil
			if err := tuner.Follow(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestApplyOfWhatIsAlreadySetTellsNobody(t *testing.T) {
	store := &shelf{values: map[string]string{"ttl_max": "7d"}}
	tuner := newTuner(t, store, nil)
	tuner.Watch(func(context.Context, Tuning, Tuning) { t.Error("a watcher heard of it") })
	for _, same := range []string{"7d", "168h", " 7d"} {
		if err := tuner.Apply(t.Context(), "cli", "", map[string]string{"ttl_max": same}); err != nil {
			t.Error(err)
		}
	}
	if len(store.audit) != 0 {
		t.Errorf("audit %+v, want none", store.audit)
	}
}

func TestFollowTakesOverWhatAnotherProcessSet(t *testing.T) {
	store := &shelf{}
	tuner := newTuner(t, store, nil)
	heard := 0
	tuner.Watch(func(_ context.Context, was, is Tuning) {
		old, next := was.Of(""), is.Of("")
		heard++
		if old.K != 5 || next.K != 8 || tuner.Settings("").K != 8 {
			t.Errorf("from %d to %d, in force %d", old.K, next.K, tuner.Settings("").K)
		}
	})
	for _, values := range []map[string]string{nil, {"k": "8"}, {"k": "8"}} {
		store.values = values
		if err := tuner.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if heard != 1 {
		t.Errorf("watchers heard %d times, want once", heard)
	}
}

func TestFollowKeepsWhatIsInForceWhenItCannotRead(t *testing.T) {
	store := &shelf{values: map[string]string{"k": "8"}}
	tuner := newTuner(t, store, nil)
	tuner.Watch(func(context.Context, Tuning, Tuning) { t.Error("a watcher heard of it") })
	store.err = errDisk
	if err := tuner.Follow(t.Context()); err == nil {
		t.Error("the failure was not told")
	}
	store.err, store.values = nil, map[string]string{"k": "nonsense"}
	if err := tuner.Follow(t.Context()); err == nil {
		t.Error("nonsense was followed")
	}
	if got := tuner.Settings("").K; got != 8 {
		t.Errorf("k = %d, want 8", got)
	}
	store.values = map[string]string{"k": "8"}
	if err := tuner.Follow(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTunerLeavesTheStoresOwnMapAlone(t *testing.T) {
	handed := map[string]string{"k": "8"}
	tuner := newTuner(t, &shelf{values: handed}, nil)
	if err := tuner.Apply(t.Context(), "cli", "", map[string]string{"vote": "0"}); err != nil {
		t.Fatal(err)
	}
	if len(handed) != 1 {
		t.Errorf("the map that the store gave now reads %v", handed)
	}
}

func TestABoardDiffersInWhatItSetsAndFollowsTheRest(t *testing.T) {
	store := &shelf{}
	tuner := newTuner(t, store, nil)
	apply := func(board string, values map[string]string) {
		t.Helper()
		if err := tuner.Apply(t.Context(), "cli", board, values); err != nil {
			t.Fatal(err)
		}
	}
	apply("school", map[string]string{"post_chars": "200", "post": "2/1"})
	apply("", map[string]string{"post_chars": "300", "k": "9"})
	school, other := tuner.Settings("school"), tuner.Settings("other")
	if school.PostChars != 200 || school.Post != (Rate{2, 1}) || school.K != 9 {
		t.Errorf("school has %d characters, %v, k %d", school.PostChars, school.Post, school.K)
	}
	if other.PostChars != 300 || !other.Equal(tuner.Settings("")) {
		t.Errorf("another board has %d characters", other.PostChars)
	}
	if want := []string{"post", "post_chars"}; !slices.Equal(tuner.Own("school"), want) {
		t.Errorf("it differs in %v, want %v", tuner.Own("school"), want)
	}
	if again := newTuner(t, store, nil); !again.Settings("school").Equal(school) {
		t.Error("after a restart it has other settings")
	}
	if err := tuner.Unset(t.Context(), "cli", "school", []string{"post_chars", "reply"}); err != nil {
		t.Fatal(err)
	}
	if got := tuner.Settings("school"); got.PostChars != 300 || got.Post != (Rate{2, 1}) {
		t.Errorf("after Unset: %d characters, %v", got.PostChars, got.Post)
	}
	last := store.audit[len(store.audit)-1]
	if want := (Change{Board: "school", Name: "post_chars", Old: "200", New: "300", Unset: true, By: "cli", At: noon}); last != want {
		t.Errorf("audit %+v, want %+v", last, want)
	}
}

func TestNoBoardDiffersInWhatIsOneForAll(t *testing.T) {
	tuner := newTuner(t, &shelf{}, nil)
	for _, k := range Knobs {
		err := tuner.Apply(t.Context(), "cli", "school", map[string]string{k.Name: k.Default})
		if refused := err != nil; refused != k.Site {
			t.Errorf("%s on one board: %v", k.Name, err)
		}
	}
	if err := tuner.Unset(t.Context(), "cli", "", []string{"post"}); err == nil {
		t.Error("all boards were to follow all boards")
	}
	if err := tuner.Unset(t.Context(), "cli", "school", []string{"colour"}); err == nil {
		t.Error("an unknown setting was unset")
	}
}

func TestAChangeForAllMustSuitEveryBoard(t *testing.T) {
	store := &shelf{}
	tuner := newTuner(t, store, nil)
	if err := tuner.Apply(t.Context(), "cli", "school", map[string]string{"ttl_default": "2h", "ttl_max": "6h"}); err != nil {
		t.Fatal(err)
	}
	for board, values := range map[string]map[string]string{
		"":       {"ttl_min": "3h"},
		"school": {"ttl_default": "7h"},
	} {
		err := tuner.Apply(t.Context(), "cli", board, values)
		if err == nil || board == "" && !strings.Contains(err.Error(), "board school") {
			t.Errorf("%q: %v; want a refusal that names the board", board, err)
		}
		if tuner.Check(board, values) == nil {
			t.Errorf("%q: Check finds nothing wrong", board)
		}
	}
	if err := tuner.Unset(t.Context(), "cli", "school", []string{"ttl_default"}); err == nil {
		t.Error("a default of 24h over a ttl_max of 6h was taken")
	}
	if got := tuner.Settings("school"); got.TTLDefault != 2*time.Hour || got.TTLMin != time.Minute {
		t.Errorf("a refusal changed something: %+v", got)
	}
}

func TestFollowTakesOverWhatABoardChanged(t *testing.T) {
	store := &shelf{}
	tuner := newTuner(t, store, nil)
	var told []int
	tuner.Watch(func(_ context.Context, old, next Tuning) {
		told = append(told, old.Of("school").PostChars, next.Of("school").PostChars)
		if !old.Of("").Equal(next.Of("")) {
			t.Error("what is for all has changed")
		}
	})
	store.boards = map[string]map[string]string{"school": {"post_chars": "7"}}
	for range 2 {
		if err := tuner.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := []int{1000, 7}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v once", told, want)
	}
}
