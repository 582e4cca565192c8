package board

import (
	"context"
	"fmt"
	"time"
)

// Undo names what an admin would end at once. The network a post came from is known to
// the gate alone, and for minutes: who asks for it brings what it named.
type Undo struct {
	Board  string        // with Within
	Within time.Duration // all posts of a board that are no older, with their threads
	Alike  PostID        // all that is like a post
	Named  []PostID      // these; with Within, replies that are no older and may stand in older threads there
}

// UndoMost is how far back in time an undo may reach.
const UndoMost = 24 * time.Hour

// ErrUndo says that an undo names nothing, or too much.
var ErrUndo = &Error{Kind: Invalid, Code: "error.draft", Fields: map[string]Problem{"within": {Code: "error.undo"}}}

// Caught names what lives of what an undo would end: posts, and replies that do not end
// with one of those.
func (b *Board) Caught(ctx context.Context, u Undo) (posts, replies []PostID, err error) {
	ids := u.Named
	switch {
	case u.Within < 0 || u.Within > UndoMost:
		return nil, nil, ErrUndo
	case u.Within > 0:
		if ids, err = b.posts.Since(ctx, u.Board, b.now().Add(-u.Within), b.now()); err != nil {
			return nil, nil, fmt.Errorf("undo: %w", err)
		}
		ids = append(ids, u.Named...)
	case u.Alike != PostID{}:
		ids = b.alikes.Cluster(u.Alike)
	}
	threads := map[PostID]bool{}
	var under []Post
	for _, id := range ids {
		switch p, err := b.posts.Post(ctx, id, b.now()); {
		case err != nil, u.Within > 0 && p.Board != u.Board, p.Staff:
		case p.IsReply():
			under = append(under, p)
		default:
			threads[id], posts = true, append(posts, id)
		}
	}
	for _, r := range under {
		if !threads[r.Thread] {
			replies = append(replies, r.ID)
		}
	}
	return posts, replies, nil
}

// Banned keeps in the log that a network was slowed down, on account of a post.
func (b *Board) Banned(ctx context.Context, by string, id PostID) error {
	p, err := b.Any(ctx, id)
	if err != nil {
		return err
	}
	return b.Audit(ctx, Entry{By: by, Action: ActBan, Board: p.Board})
}
