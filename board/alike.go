package board

import (
	"context"
	"fmt"
	"slices"
)

// Alikes knows which of the living posts say nearly the same. It lives in memory
// alone, and holds posts that stand in a feed.
type Alikes interface {
	// Expect announces a post that is about to be stored, so that an ending which
	// overtakes Add is not lost. Call settled once it was added or refused.
	Expect() (settled func())
	// Add takes in a post, and says under which it is folded and how many are folded
	// there now; none: it stands by itself.
	Add(p Post) (head PostID, n int)
	// Drop forgets posts, before anybody is told that they ended, and notes with each
	// under which others were folded which of those stands for them now.
	Drop(ended []Ending)
	// Head is the post under which another is folded; zero: it stands by itself.
	Head(id PostID) PostID
	// Like is how many are folded under a post.
	Like(id PostID) int
	// Cluster names all that are like a post, and the post, the oldest first.
	Cluster(id PostID) []PostID
}

// Together is a Finder with which Alikes keep step.
type Together struct {
	Finder
	Alikes Alikes
}

// Expect announces a post to both.
func (t Together) Expect(id PostID) func() {
	found, folded := t.Finder.Expect(id), t.Alikes.Expect()
	return func() {
		found()
		folded()
	}
}

// Drop has both forget.
func (t Together) Drop(ended []Ending) {
	t.Finder.Drop(ended)
	t.Alikes.Drop(ended)
}

// appear takes a post in that has come into sight, and tells of it: of one that is
// like another, that the other has one more like it.
func (b *Board) appear(ctx context.Context, p Post) Post {
	if p.Standing != Shown {
		b.tellBirth(ctx, p)
		return p.Seal()
	}
	b.finder.Add(p)
	head, n := b.alikes.Add(p)
	p = p.Seal()
	if n == 0 || !b.settings(p.Board).LookAlikes {
		b.tellBirth(ctx, p)
		return p
	}
	p.Folded = head
	b.tell(ctx, Event{Kind: Born, Board: p.Board, Thread: p.ID, ID: p.ID, Post: p, Unlisted: true}) // its own page hears of it
	if over, err := b.posts.Post(ctx, head, b.now()); err == nil && over.InSight() {
		b.tell(ctx, Event{Kind: Changed, Board: over.Board, Thread: over.ID, ID: over.ID, Post: over, Unlisted: over.Unlisted})
	}
	return p
}

// folded is where a post is folded just now, and how many are under it.
func (b *Board) folded(p Post) Post {
	if p.IsReply() || !b.settings(p.Board).LookAlikes {
		return p
	}
	p.Folded, p.Alike = b.alikes.Head(p.ID), b.alikes.Like(p.ID)
	return p
}

// foldRounds is how often one page reads on where what it read is folded.
const foldRounds = 10

// unfolded returns a page of all of a board's posts, without those that are folded
// under another, and the cursor of the next. In a great raid a page may hold less
// than it could, and its cursor goes on from there.
func (b *Board) unfolded(ctx context.Context, q Query) ([]Post, Cursor, error) {
	var page []Post
	at := q
	for range foldRounds {
		posts, more, err := b.posts.Feed(ctx, at, b.now())
		if err != nil {
			return nil, Cursor{}, fmt.Errorf("feed: %w", err)
		}
		for i, p := range posts {
			if p = b.folded(p); p.Folded != (PostID{}) {
				continue
			}
			if page = append(page, p); len(page) == q.Limit && (more || i+1 < len(posts)) {
				return page, q.after(p), nil
			}
		}
		if !more || len(posts) == 0 {
			return page, Cursor{}, nil
		}
		at.After, at.Limit = q.after(posts[len(posts)-1]), PageMax
	}
	return page, at.After, nil
}

// foldedMost is how many of a cluster, the oldest, are asked whether they belong to a
// narrowed feed.
const foldedMost = 500

// foldedFound leaves of posts of a narrowed feed one for each cluster: the oldest that
// belongs to that feed, as what stands for all on the board may not.
func (b *Board) foldedFound(ctx context.Context, q Query, posts []Post) ([]Post, error) {
	if !b.settings(q.Board).LookAlikes {
		return posts, nil
	}
	clusters := make(map[PostID][]PostID, len(posts))
	asked := map[PostID]bool{} // by the head of a cluster
	var among []PostID
	for _, p := range posts {
		c := b.alikes.Cluster(p.ID)
		if len(c) == 1 {
			continue
		}
		clusters[p.ID] = c
		if !asked[c[0]] {
			asked[c[0]] = true
			among = append(among, c[:min(len(c), foldedMost)]...)
		}
	}
	if len(among) == 0 {
		return posts, nil
	}
	f, err := b.finder.Find(ctx, Search{Board: q.Board, Narrow: q.Narrow, Among: among, Limit: len(among)})
	if err != nil {
		return nil, fmt.Errorf("fold what was found: %w", err)
	}
	belongs := make(map[PostID]bool, len(f.IDs))
	for _, id := range f.IDs {
		belongs[id] = true
	}
	left := posts[:0:0]
	for _, p := range posts {
		c := clusters[p.ID]
		if first := slices.IndexFunc(c, func(id PostID) bool { return belongs[id] }); first >= 0 && c[first] != p.ID {
			continue
		}
		p.Alike = max(0, len(c)-1)
		left = append(left, p)
	}
	return left, nil
}

// Alike returns the posts that are like one, and that one, the oldest first, as
// visitor v may see them: PageMax at most.
func (b *Board) Alike(ctx context.Context, id PostID, v Visitor) ([]Post, error) {
	p, err := b.Post(ctx, id, v)
	if err != nil {
		return nil, err
	}
	if p.IsReply() || p.Veiled {
		return nil, ErrNotFound
	}
	ids := b.alikes.Cluster(id)
	posts, err := b.posts.PostsByID(ctx, ids[:min(len(ids), PageMax)], b.now())
	if err != nil {
		return nil, fmt.Errorf("read look-alikes: %w", err)
	}
	seen := posts[:0]
	for _, p := range posts {
		if p, err := p.For(v); err == nil && !p.Veiled {
			seen = append(seen, p)
		}
	}
	return seen, nil
}
