package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"mayfly/board"
)

const (
	risingMax = 8
	risingMin = 2 // posts: what one person says once is no trend
	// coolingTime is the age at which a post counts half as much.
	coolingTime = 3 * time.Hour
	// rankEvery is how old a ranking may be, unless a post of a tag in it has ended.
	rankEvery = 10 * time.Second
)

// trends are the tags of the living, by their boards: how many posts hold each, and how
// hot that makes it. Tags are words that people wrote: one that no post holds any more is
// forgotten.
type trends struct {
	boards   map[string]map[string]uint32 // by slug and tag
	list     slab[trend]                  // by those numbers
	holds    slab[hold]
	rankings map[string]ranking
}

// trend is a tag of a board.
type trend struct {
	board, tag string
	posts      int
	spans      []span // the oldest first
	shown      bool   // in the latest ranking
}

// span is what was born within one coolingTime. A post in the next one counts twice as
// much as if it were in this one: within a span only the rest of its age is weighed, in
// whole numbers, so that an ending takes away exactly what the birth has brought.
type span struct {
	at    int32
	posts uint32
	heat  uint64
}

// hold is one tag of a post, and where the next of its tags stands.
type hold struct{ trend, next uint32 }

// moment is when a post was born, in steps of ten seconds.
type moment int32

const (
	momentTime = 10 * time.Second
	spanSteps  = moment(coolingTime / momentTime)
)

func momentOf(t time.Time) moment { return moment(t.UnixMilli() / momentTime.Milliseconds()) } //nolint:gosec // it lasts for centuries

func (m moment) span() int32 { return int32(math.Floor(float64(m) / float64(spanSteps))) }

// heat is what a post of that moment weighs within its span: from 1 to 2, times 2^32.
func (m moment) heat() uint64 { return heats[m-moment(m.span())*spanSteps] }

var heats = func() (list [spanSteps]uint64) {
	for i := range list {
		list[i] = uint64(math.Exp2(32 + float64(i)/float64(spanSteps)))
	}
	return list
}()

// add counts a post; what it returns forgets it.
func (t *trends) add(slug string, tags []string, born moment) (first uint32) {
	for _, tag := range tags {
		n := t.of(slug, tag)
		t.list.at(n).add(born)
		first = t.holds.put(hold{n, first})
	}
	return first
}

// of is the number of a tag on a board.
func (t *trends) of(slug, tag string) uint32 {
	tags := t.boards[slug]
	if tags == nil {
		tags = map[string]uint32{}
		t.boards[strings.Clone(slug)] = tags
	}
	n, known := tags[tag]
	if !known {
		tag = strings.Clone(tag) // or it would hold on to all that was written
		n = t.list.put(trend{board: strings.Clone(slug), tag: tag})
		tags[tag] = n
	}
	return n
}

// drop counts a post no more.
func (t *trends) drop(first uint32, born moment) {
	for first != 0 {
		h := *t.holds.at(first)
		t.holds.drop(first)
		first = h.next
		tag := t.list.at(h.trend)
		if tag.shown {
			delete(t.rankings, tag.board)
		}
		if tag.drop(born); tag.posts == 0 {
			t.forget(h.trend)
		}
	}
}

func (t *trends) forget(n uint32) {
	tag := t.list.at(n)
	tags := t.boards[tag.board]
	if delete(tags, tag.tag); len(tags) == 0 {
		delete(t.boards, tag.board)
		delete(t.rankings, tag.board)
	}
	t.list.drop(n)
}

func (t *trend) add(born moment) {
	t.posts++
	i, known := t.find(born)
	if !known {
		t.spans = slices.Insert(t.spans, i, span{at: born.span()})
	}
	t.spans[i].posts++
	t.spans[i].heat += born.heat()
}

func (t *trend) drop(born moment) {
	t.posts--
	i, _ := t.find(born)
	t.spans[i].posts--
	t.spans[i].heat -= born.heat()
	if t.spans[i].posts == 0 {
		t.spans = slices.Delete(t.spans, i, i+1)
	}
}

func (t *trend) find(born moment) (i int, known bool) {
	return slices.BinarySearchFunc(t.spans, born.span(), func(s span, at int32) int { return cmp.Compare(s.at, at) })
}

// heat is how hot a tag is, next to others of the same moment.
func (t *trend) heat(now moment) float64 {
	sum := 0.0
	for _, s := range t.spans {
		sum += math.Ldexp(float64(s.heat), int(s.at-now.span()))
	}
	return sum
}

// ranking is a board's tags, as they rose at some moment.
type ranking struct {
	at   time.Time
	tags []board.Rising
}

// Rising returns the tags of a board that rise, the fastest first: those of at
// least two living posts, by the sum of
//
//	2 ^ (−age / 3 h)
//
// over the posts that hold one, births being told apart by ten seconds. Posts is their
// exact number. It costs tags, and not posts.
func (x *Index) Rising(slug string) []board.Rising {
	now := x.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	known, is := x.trends.rankings[slug]
	if !is || now.Sub(known.at) > rankEvery {
		known = ranking{now, x.trends.rank(slug, momentOf(now))}
		x.trends.rankings[slug] = known
	}
	return slices.Clone(known.tags)
}

func (t *trends) rank(slug string, now moment) []board.Rising {
	type hot struct {
		*trend
		heat float64
	}
	var list []hot
	for _, n := range t.boards[slug] {
		tag := t.list.at(n)
		if tag.shown = false; tag.posts >= risingMin {
			list = append(list, hot{tag, tag.heat(now)})
		}
	}
	slices.SortFunc(list, func(a, b hot) int { return cmp.Or(cmp.Compare(b.heat, a.heat), cmp.Compare(a.tag, b.tag)) })
	var tags []board.Rising
	for _, h := range list[:min(len(list), risingMax)] {
		h.shown = true
		tags = append(tags, board.Rising{Tag: h.tag, Posts: h.posts})
	}
	return tags
}
