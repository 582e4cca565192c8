package board_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mayfly/board"
)

// TestWhateverHappensNoLifePassesItsCapAndNothingEndedIsServed lets visitors write,
// answer, vote, open and remove, lets an admin change the settings, lets time pass
// and the sweeper come, in any order. After each step every way to a post is tried.
func TestWhateverHappensNoLifePassesItsCapAndNothingEndedIsServed(t *testing.T) {
	s := newSite(t)
	rapid.Check(t, func(t *rapid.T) {
		s.now = s.now.Add(8 * 24 * time.Hour) // beyond every life of the round before
		w := &witness{T: t, site: s, born: map[board.PostID]board.Life{}, roots: map[board.PostID]board.PostID{}, gone: map[board.PostID]bool{}}
		for range 3 {
			w.visitors = append(w.visitors, s.visitor())
		}
		s.settings = board.DefaultSettings()
		s.settings.LifePerHeart, s.settings.LifePerDown = 7*time.Minute, 11*time.Minute
		s.settings.VanishScore = -2
		t.Repeat(map[string]func(*rapid.T){
			"publish":  w.publish,
			"reply":    w.reply,
			"vote":     w.vote,
			"open":     w.open,
			"remove":   w.remove,
			"settings": w.change,
			"later": func(t *rapid.T) {
				s.now = s.now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "later")))
			},
			"sweep": func(*rapid.T) { w.must(s.sweeper.Sweep(w.ctx())) },
			"":      w.looks,
		})
	})
}

// witness remembers what every post was promised.
type witness struct {
	*rapid.T
	site     *site
	visitors []board.Visitor
	known    []board.PostID
	born     map[board.PostID]board.Life // lives of threads at their birth, under every ttl_max since
	roots    map[board.PostID]board.PostID
	gone     map[board.PostID]bool // was seen to be gone
}

func (w *witness) ctx() context.Context { return context.Background() }

// must fails on what is no refusal of a rule: a store that did not answer has shown
// nothing, and would be taken for a post that is gone.
func (w *witness) must(err error) {
	refused, is := errors.AsType[*board.Error](err)
	if err != nil && (!is || refused.Kind == board.Busy || refused.Kind == board.Full || refused.Kind == board.Internal) {
		w.Fatal(err)
	}
}

func (w *witness) someone(t *rapid.T) board.Visitor {
	return rapid.SampledFrom(w.visitors).Draw(t, "who")
}

func (w *witness) something(t *rapid.T) board.PostID {
	if len(w.known) == 0 {
		t.Skip("nothing was written yet")
	}
	return rapid.SampledFrom(w.known).Draw(t, "which")
}

func (w *witness) publish(t *rapid.T) {
	d := board.Draft{
		Body:     "words",
		TTL:      rapid.SampledFrom([]time.Duration{time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour}).Draw(t, "ttl"),
		Silence:  rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Minute}).Draw(t, "silence"),
		Readers:  rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "readers"),
		Unlisted: rapid.IntRange(0, 3).Draw(t, "listed") == 0,
	}
	p, _, err := w.site.Create(w.ctx(), board.Home, w.someone(t), d)
	w.must(err)
	if err == nil {
		w.known = append(w.known, p.ID)
		w.born[p.ID], w.roots[p.ID] = p.Life, p.ID
	}
}

func (w *witness) reply(t *rapid.T) {
	to := w.roots[w.something(t)]
	r, _, err := w.site.Reply(w.ctx(), to, w.someone(t), board.Draft{Body: "answer"})
	w.must(err)
	if err == nil {
		w.known = append(w.known, r.ID)
		w.roots[r.ID] = to
	}
}

func (w *witness) vote(t *rapid.T) {
	vote := rapid.SampledFrom([]board.Vote{board.Heart, board.Down, board.NoVote}).Draw(t, "vote")
	_, err := w.site.Vote(w.ctx(), w.something(t), w.someone(t), vote)
	w.must(err)
}

func (w *witness) open(t *rapid.T) {
	p, err := w.site.Open(w.ctx(), w.something(t), w.someone(t))
	w.must(err)
	if err == nil && w.gone[p.ID] {
		w.Fatalf("%v was opened after it was gone", p.ID)
	}
}

func (w *witness) remove(t *rapid.T) {
	id, v := w.something(t), w.someone(t)
	if err := w.site.EndAsVisitor(w.ctx(), id, v); err == nil {
		if _, err := w.site.Post(w.ctx(), id, board.Visitor{}); !isGone(err) {
			w.Fatalf("%v can be read after its author ended it", id)
		}
	}
}

// change is an admin at the knobs. A lower ttl_max lowers caps, a higher one none.
func (w *witness) change(t *rapid.T) {
	old, next := w.site.settings, w.site.settings
	next.TTLMax = rapid.SampledFrom([]time.Duration{24 * time.Hour, 36 * time.Hour, 7 * 24 * time.Hour}).Draw(t, "ttl_max")
	next.LifePerHeart = rapid.SampledFrom([]time.Duration{0, 7 * time.Minute, 24 * time.Hour}).Draw(t, "life_per_heart")
	next.LifePerDown = rapid.SampledFrom([]time.Duration{0, 11 * time.Minute, 24 * time.Hour}).Draw(t, "life_per_down")
	next.VanishScore = rapid.IntRange(-3, -1).Draw(t, "vanish_score")
	for id, l := range w.born {
		if next.TTLMax < old.TTLMax {
			w.born[id] = l.Capped(next.TTLMax)
		}
	}
	w.site.settings = next
	w.site.SettingsChanged(w.ctx(), board.TuningOf(old), board.TuningOf(next))
}

// looks tries every way to every post that was ever written, and holds them to
// what was promised.
func (w *witness) looks(*rapid.T) {
	s := w.site
	listed := map[board.PostID]bool{}
	for _, sort := range board.Sorts {
		posts, _, err := s.Feed(w.ctx(), board.Query{Board: board.Home, Sort: sort, Limit: board.PageMax})
		w.must(err)
		for _, p := range posts {
			w.holds(p, "feed "+string(sort))
			listed[p.ID] = true
		}
	}
	for _, v := range w.visitors {
		posts, err := s.Yours(w.ctx(), v)
		w.must(err)
		for _, p := range posts {
			w.holds(p, "your posts")
		}
	}
	for _, id := range w.known {
		p, err := s.Post(w.ctx(), id, board.Visitor{})
		w.must(err)
		if err == nil {
			w.holds(p, "post")
		}
		w.agrees(id, err == nil, listed[id] || p.Unlisted || p.IsReply())
	}
}

// agrees holds the other ways to a post to what its own address said.
func (w *witness) agrees(id board.PostID, alive, listed bool) {
	root, replies, err := w.site.Thread(w.ctx(), w.roots[id], board.Visitor{})
	w.must(err)
	there := err == nil && (root.ID == id || slices.ContainsFunc(replies, func(r board.Post) bool { return r.ID == id }))
	if there != alive || alive && !listed {
		w.Fatalf("%v by its address: %v, in its thread: %v, in the feed: %v", id, alive, there, listed)
	}
	if alive && w.gone[id] {
		w.Fatalf("%v came back", id)
	}
	w.gone[id] = !alive
}

func (w *witness) holds(p board.Post, where string) {
	switch born := w.born[w.roots[p.ID]]; {
	case p.Life.Ended(w.site.now):
		w.Fatalf("%s shows %v, which ended %v, at %v", where, p.ID, p.Life.EndsAt, w.site.now)
	case p.Life.EndsAt.After(born.CapAt):
		w.Fatalf("%s: %v ends %v, beyond its cap %v", where, p.ID, p.Life.EndsAt, born.CapAt)
	case !p.Life.CapAt.Equal(born.CapAt):
		w.Fatalf("%s: the cap of %v is %v, was promised %v", where, p.ID, p.Life.CapAt, born.CapAt)
	case p.ViewOnce && p.Body != "":
		w.Fatalf("%s shows the words of a view-once post", where)
	case w.gone[p.ID]:
		w.Fatalf("%s shows %v, which was gone", where, p.ID)
	}
}
