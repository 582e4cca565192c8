package board

import (
	"context"
	"fmt"
)

// EndPost ends a post or reply: its author may, and the maker where the maker rules.
func (c *Circles) EndPost(ctx context.Context, circle Circle, me CircleMember, b Bearer, post PostID) error {
	p, err := c.store.CirclePost(ctx, circle.ID, post, c.now())
	if err != nil {
		return err
	}
	switch {
	case p.OwnedBy(b.Visitor()):
		return c.endPost(ctx, p, ByAuthor)
	case circle.Rule != ByMaker:
		return errMajority
	case !me.Maker:
		return errNotMaker
	}
	return c.endPost(ctx, p, ByScore)
}

func (c *Circles) endPost(ctx context.Context, p CirclePost, why Why) error {
	if err := c.store.EndCirclePost(ctx, p.Circle, p.ID, c.now()); err != nil {
		return fmt.Errorf("end in circle: %w", err)
	}
	c.tell(ctx, Event{Kind: Died, Board: CircleTopic(p.Circle), Thread: p.ID, ID: p.ID, Post: Post{ID: p.ID, Thread: p.Thread}, Why: why})
	return nil
}

// End ends a circle for its maker, where the maker rules.
func (c *Circles) End(ctx context.Context, circle Circle, me CircleMember) error {
	if circle.Rule != ByMaker || !me.Maker {
		return errNotMaker
	}
	return c.end(ctx, circle.ID, nil)
}

func (c *Circles) end(ctx context.Context, id PostID, e *Entry) error {
	if err := c.store.EndCircle(ctx, id, e, c.now()); err != nil {
		return fmt.Errorf("end circle: %w", err)
	}
	c.tell(ctx, Event{Kind: TurnedOut, Board: CircleTopic(id)})
	return nil
}

// Remove has an admin end a whole circle. It is in the log for all.
func (c *Circles) Remove(ctx context.Context, by string, id PostID, why Reason) error {
	return c.end(ctx, id, &Entry{At: c.now(), By: by, Action: ActCircleEnd, Reason: string(why)})
}

// TakeDown has an admin end one post that was reported with its words. It is in the log
// for all.
func (c *Circles) TakeDown(ctx context.Context, log *Board, by string, r CircleReport) error {
	p, err := c.store.CirclePost(ctx, r.Circle, r.Post, c.now())
	if err != nil {
		return err
	}
	if err := c.endPost(ctx, p, ByAdmin); err != nil {
		return err
	}
	return log.Audit(ctx, Entry{By: by, Action: ActCirclePost, Reason: string(r.Reason)})
}

// LetStand has an admin let go of the reports on a post.
func (c *Circles) LetStand(ctx context.Context, post PostID) error {
	return c.store.DropCircleReports(ctx, post)
}

// Reports returns what waits for an admin.
func (c *Circles) Reports(ctx context.Context) ([]CircleReport, error) {
	return c.store.CircleReports(ctx, c.now())
}

// Lines returns what admins see of all circles: never a name or a word.
func (c *Circles) Lines(ctx context.Context) ([]CircleLine, error) {
	return c.store.CircleLines(ctx, c.now())
}

// Tend destroys what time has ended: posts, circles, invites, seats that nobody took.
func (c *Circles) Tend(ctx context.Context) error {
	ended, err := c.store.TendCircles(ctx, c.now())
	for _, e := range ended {
		if e.ID == (PostID{}) {
			c.tell(ctx, Event{Kind: TurnedOut, Board: CircleTopic(e.Circle)})
			continue
		}
		c.tell(ctx, Event{Kind: Died, Board: CircleTopic(e.Circle), Thread: e.ID, ID: e.ID, Post: Post{ID: e.ID, Thread: e.Thread}, Why: e.Why})
	}
	return err
}
