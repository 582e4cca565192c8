package live

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// told records what a Calm passes on.
type told struct {
	mu     sync.Mutex
	events []board.Event
}

func (r *told) Publish(_ context.Context, e board.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	return nil
}

// hearts are those of the changes told so far, -1 for another event.
func (r *told) hearts() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []int
	for _, e := range r.events {
		if e.Kind != board.Changed {
			list = append(list, -1)
			continue
		}
		list = append(list, e.Post.Hearts)
	}
	return list
}

func TestABurstOfChangesIsToldAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(told)
		calm := NewCalm(out, slog.New(slog.DiscardHandler))
		id := board.NewPostID()
		change := func(hearts int) {
			t.Helper()
			e := board.Event{Kind: board.Changed, ID: id, Thread: id, Post: board.Post{ID: id, Hearts: hearts}}
			if err := calm.Publish(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		want := func(hearts ...int) {
			t.Helper()
			synctest.Wait()
			if got := out.hearts(); !slices.Equal(got, hearts) {
				t.Errorf("told %v, want %v", got, hearts)
			}
		}
		for hearts := range 100 {
			change(hearts)
		}
		want(0) // the first at once
		time.Sleep(CalmTime)
		want(0, 99) // then the latest
		change(100)
		want(0, 99)
		time.Sleep(2 * CalmTime)
		want(0, 99, 100)
		change(101) // the burst was over
		want(0, 99, 100, 101)
		change(102)
		if err := calm.Publish(t.Context(), board.Event{Kind: board.Died, ID: id, Thread: id}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * CalmTime)
		want(0, 99, 100, 101, -1) // what has died changes no more
		if n := len(calm.posts); n != 0 {
			t.Errorf("%d posts are remembered", n)
		}
	})
}

func TestBurstsOfTwoPostsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(told)
		calm := NewCalm(out, slog.New(slog.DiscardHandler))
		for i := range 3 {
			id := board.NewPostID()
			if err := calm.Publish(t.Context(), board.Event{Kind: board.Changed, ID: id, Post: board.Post{Hearts: i}}); err != nil {
				t.Fatal(err)
			}
		}
		if got := out.hearts(); !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("told %v", got)
		}
		time.Sleep(2 * CalmTime)
	})
}
