package board

import (
	"context"
	"fmt"
)

// Marks are what all visitors did with some posts: who voted how, who opened them, by
// their tags.
type Marks struct {
	Votes  map[PostID]map[Tag]Vote
	Opened map[PostID]map[Tag]bool
}

// MarksMax is how many tags are read at once.
const MarksMax = 4000

// Mark is what one visitor has to do with one of some posts.
type Mark struct {
	At     int // of the posts
	Mine   bool
	Vote   Vote
	Opened bool
}

// Of are the marks of visitor v on posts; none where v has nothing to do with one.
func (m Marks) Of(v Visitor, posts []Post) []Mark {
	var list []Mark
	for i, p := range posts {
		mark := Mark{At: i, Mine: p.OwnedBy(v)}
		if votes := m.Votes[p.ID]; len(votes) > 0 {
			mark.Vote = votes[p.Secret.Vote(v, p.ID)]
		}
		if opened := m.Opened[p.ID]; len(opened) > 0 {
			mark.Opened = opened[p.Secret.Opening(v, p.ID)]
		}
		if mark != (Mark{At: i}) {
			list = append(list, mark)
		}
	}
	return list
}

// Marks reads those of posts; false: there are more than MarksMax.
func (b *Board) Marks(ctx context.Context, posts []Post) (Marks, bool, error) {
	ids := make([]PostID, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	m, all, err := b.posts.Marks(ctx, ids, MarksMax)
	if err != nil {
		return Marks{}, false, fmt.Errorf("marks: %w", err)
	}
	return m, all, nil
}
