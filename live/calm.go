package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"mayfly/board"
)

// CalmTime is how often at most a page hears that one post has changed.
const CalmTime = 250 * time.Millisecond

// Calm stands before a Publisher and tells a burst of changes to one post as one:
// the first at once, then the latest every CalmTime. Everything else passes
// straight through.
type Calm struct {
	next board.Publisher
	log  *slog.Logger

	mu    sync.Mutex
	posts map[board.PostID]*burst
}

// burst is a post whose change was told less than CalmTime ago.
type burst struct {
	waits *board.Event // the latest change since; nil: none
	timer *time.Timer
}

var _ board.Publisher = (*Calm)(nil)

// NewCalm puts a Calm before next. Its log gets what a late telling could not do.
func NewCalm(next board.Publisher, log *slog.Logger) *Calm {
	return &Calm{next: next, log: log, posts: map[board.PostID]*burst{}}
}

// Publish tells e now, or keeps it for the end of its post's burst. What has died
// changes no more.
func (c *Calm) Publish(ctx context.Context, e board.Event) error {
	switch e.Kind {
	case board.Changed:
		if c.keep(ctx, e) {
			return nil
		}
	case board.Died:
		c.forget(e.ID)
	case board.Born, board.SettingsChanged, board.Reload, board.TurnedOut:
	}
	return c.next.Publish(ctx, e)
}

// keep says whether e waits. If not, a burst begins with it.
func (c *Calm) keep(ctx context.Context, e board.Event) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, under := c.posts[e.ID]; under {
		b.waits = &e
		return true
	}
	b := new(burst)
	ctx = context.WithoutCancel(ctx) // who voted may have left
	b.timer = time.AfterFunc(CalmTime, func() { c.tell(ctx, e.ID, b) })
	c.posts[e.ID] = b
	return false
}

// tell is the end of CalmTime: what waits is told and another CalmTime begins, or
// the burst is over.
func (c *Calm) tell(ctx context.Context, id board.PostID, b *burst) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.posts[id] != b { // it has died
		return
	}
	if b.waits == nil {
		delete(c.posts, id)
		return
	}
	e := *b.waits
	b.waits = nil
	b.timer.Reset(CalmTime)
	// Under the lock, so that nothing newer of this post can be told before it.
	if err := c.next.Publish(ctx, e); err != nil {
		c.log.ErrorContext(ctx, "a change was not told; pages catch up at their next return", "err", err)
	}
}

func (c *Calm) forget(id board.PostID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, under := c.posts[id]; under {
		b.timer.Stop()
		delete(c.posts, id)
	}
}
