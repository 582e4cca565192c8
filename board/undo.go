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
	Named  []PostID      // these
}

// UndoMost is how far back in time an undo may reach.
const UndoMost = 24 * time.Hour

// ErrUndo says that an undo names nothing, or too much.
var ErrUndo = &Error{Kind: Invalid, Code: "error.draft", Fields: map[string]Problem{"within": {Code: "error.undo"}}}

// Caught names what lives of what an undo would end.
func (b *Board) Caught(ctx context.Context, u Undo) ([]PostID, error) {
	ids := u.Named
	switch {
	case u.Within < 0 || u.Within > UndoMost:
		return nil, ErrUndo
	case u.Within > 0:
		var err error
		if ids, err = b.posts.Since(ctx, u.Board, b.now().Add(-u.Within), b.now()); err != nil {
			return nil, fmt.Errorf("undo: %w", err)
		}
	case u.Alike != PostID{}:
		ids = b.alikes.Cluster(u.Alike)
	}
	alive := ids[:0:0]
	for _, id := range ids {
		if _, err := b.posts.Post(ctx, id, b.now()); err == nil {
			alive = append(alive, id)
		}
	}
	return alive, nil
}

// Banned keeps in the log that a network was slowed down, on account of a post.
func (b *Board) Banned(ctx context.Context, by string, id PostID) error {
	p, err := b.Any(ctx, id)
	if err != nil {
		return err
	}
	return b.Audit(ctx, Entry{By: by, Action: ActBan, Board: p.Board})
}
