package board

import (
	"context"
	"fmt"
)

// Hide puts a post or reply out of sight until an admin has looked.
func (b *Board) Hide(ctx context.Context, id PostID) error {
	b.deciding.Lock()
	defer b.deciding.Unlock()
	p, err := b.posts.Hide(ctx, id, b.now())
	if err != nil {
		return fmt.Errorf("hide: %w", err)
	}
	b.tellHidden(ctx, p)
	return nil
}

// tellHidden has everybody let go of what has just been hidden.
func (b *Board) tellHidden(ctx context.Context, p Post) {
	tellEndings(ctx, b.finder, b.tell, []Ending{{ID: p.ID, Thread: p.Thread, Board: p.Board, Why: OutOfSight, Unlisted: p.Unlisted}})
}

// Release lets a post or reply stand in sight, as one that is born: what was held or
// hidden, or was only reported.
func (b *Board) Release(ctx context.Context, id PostID) error {
	b.deciding.Lock()
	defer b.deciding.Unlock()
	p, root, was, err := b.posts.Release(ctx, id, b.now())
	switch {
	case err != nil:
		return fmt.Errorf("release: %w", err)
	case was == Shown:
		return nil
	case p.IsReply():
		b.tellReply(ctx, p, root)
	default:
		b.appear(ctx, p)
	}
	return nil
}
