package search

import (
	"cmp"
	"math"
	"slices"
	"time"

	"mayfly/board"
)

// tagged is a living post with tags.
type tagged struct {
	board string
	tags  []string
	since time.Time
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
	for _, t := range x.tagged {
		if t.board != slug {
			continue
		}
		heat := math.Exp2(-now.Sub(t.since).Hours() / coolingTime.Hours())
		for _, tag := range t.tags {
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
