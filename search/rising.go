package search

import (
	"cmp"
	"math"
	"slices"
	"time"
	"unique"

	"mayfly/board"
)

// tagged is what counts of a living post with tags. There may be a hundred thousand,
// with the same few words.
type tagged struct {
	board unique.Handle[string]
	tags  []unique.Handle[string]
	since int64 // ms
}

// tagging is nil for a post without tags.
func tagging(p board.Post) *tagged {
	words := tagsOf(p)
	if len(words) == 0 {
		return nil
	}
	t := &tagged{unique.Make(p.Board), make([]unique.Handle[string], len(words)), p.Life.Since.UnixMilli()}
	for i, w := range words {
		t.tags[i] = unique.Make(w)
	}
	return t
}

// ranking is a board's tags, as they rose at some moment.
type ranking struct {
	at   time.Time
	tags []board.Rising
}

const (
	risingMax = 8
	risingMin = 2 // posts: what one person says once is no trend
	// coolingTime is the age at which a post counts half as much.
	coolingTime = 3 * time.Hour
	// rankEvery is how old a ranking may be, unless a post that it counts has ended.
	rankEvery = 10 * time.Second
)

// Rising returns the tags of a board that rise, the fastest first: those of at
// least two living posts, by the sum of
//
//	2 ^ (−age / 3 h)
//
// over the posts that hold one. Posts is their exact number.
func (x *Index) Rising(slug string) []board.Rising {
	now := x.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	known, is := x.rising[slug]
	if !is || now.Sub(known.at) > rankEvery {
		known = ranking{now, x.rank(slug, now)}
		x.rising[slug] = known
	}
	return slices.Clone(known.tags)
}

func (x *Index) rank(slug string, now time.Time) []board.Rising {
	type sum struct {
		board.Rising
		heat float64
	}
	sums := map[string]sum{}
	home := unique.Make(slug)
	for _, post := range x.alive {
		t := post.tagged
		if t == nil || t.board != home {
			continue
		}
		heat := math.Exp2(-now.Sub(time.UnixMilli(t.since)).Hours() / coolingTime.Hours())
		for _, word := range t.tags {
			tag := word.Value()
			s := sums[tag]
			sums[tag] = sum{board.Rising{Tag: tag, Posts: s.Posts + 1}, s.heat + heat}
		}
	}
	var list []sum
	for _, s := range sums {
		if s.Posts >= risingMin {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b sum) int { return cmp.Or(cmp.Compare(b.heat, a.heat), cmp.Compare(a.Tag, b.Tag)) })
	var tags []board.Rising
	for _, s := range list[:min(len(list), risingMax)] {
		tags = append(tags, s.Rising)
	}
	return tags
}
