package board

import (
	"context"
	"time"
)

// EventKind is what happened.
type EventKind uint8

// What open pages hear of.
const (
	Born            EventKind = iota + 1 // Post is the new post or reply
	Changed                              // Post has a new life, score, or number of replies
	Died                                 // ID ended, Why
	SettingsChanged                      // the rules of writing changed
	Reload                               // too much happened to tell: look again
	TurnedOut                            // who reads the board is outside its door
)

// Event is something that happened on a board. Only Born and Changed carry
// a Post.
type Event struct {
	Kind   EventKind
	Board  string // "": every board
	Thread PostID // the thread it belongs to
	ID     PostID
	Post   Post
	Opener Name // of a reply: the name of who wrote the thread's post
	Hosted bool // of a reply: the thread's post is the host's, so nobody wrote it
	To     Post // of a reply: the living reply it answers; zero: none
	Why    Why
	Reason Reason // of what an admin removed; "": none was given
	Next   PostID // of Died: what stands for those that were folded under it; zero: there are none
	Rest   int    // how many those are, with Next
	// ClosesAt, of SettingsChanged alone, is when the board closes; zero: never.
	ClosesAt time.Time
	// Unlisted keeps an event from those who read the board: it is for the thread alone.
	Unlisted bool
}

// IsReply says whether the event is about a reply rather than a post.
func (e Event) IsReply() bool { return e.ID != e.Thread }

// Why is what ended a post.
type Why string

// First wins.
const (
	ByTime    Why = "time"
	BySilence Why = "silence"
	ByScore   Why = "score"
	ByReaders Why = "readers"
	ByAuthor  Why = "author"
	ByAdmin   Why = "admin"
	ByBoard   Why = "board" // its board has closed

	// OutOfSight is why open pages let go of what lives on: reports hid it.
	OutOfSight Why = "hidden"
)

// LeavesTrace says whether the community or the last reader ended it, so that a
// wordless line stands in its place for TraceTime.
func (w Why) LeavesTrace() bool { return w == ByScore || w == ByReaders }

// TraceTime is how long a trace stands.
const TraceTime = 10 * time.Minute

// Ending is something that was alive and is not any more.
type Ending struct {
	ID     PostID
	Thread PostID
	Board  string
	Why    Why
	Reason Reason // an admin's

	Sign     Sign   // of what an admin ended: how its author can be told
	Next     PostID // what was folded under it is folded under this one now; zero: nothing was
	Under    PostID // what the last of them to end was folded under, which lives on; zero: nothing
	Rest     int    // how many are folded there, with Next or Under
	Unlisted bool
}

// Trace is the line left by a post that the community ended: no words, no key.
type Trace struct {
	ID    PostID
	Board string
	Why   Why
	Until time.Time
}

// tooManyToTell is how many endings of one tick on one board are told one by one;
// beyond it, the pages of that board are asked to look again, and no others.
const tooManyToTell = 500

// heads reads what stands for posts that are folded.
type heads interface {
	Post(ctx context.Context, id PostID, now time.Time) (Post, error)
}

// tellEndings has the finder forget what ended, and then tells of it, and of what has
// fewer folded under it since.
func tellEndings(ctx context.Context, from heads, now time.Time, finder Finder, tell func(context.Context, Event), ended []Ending) {
	finder.Drop(ended)
	many := crowded(ended)
	for slug := range many {
		tell(ctx, Event{Kind: Reload, Board: slug})
	}
	for _, e := range ended {
		if many[e.Board] {
			continue
		}
		tell(ctx, Event{Kind: Died, Board: e.Board, Thread: e.Thread, ID: e.ID, Why: e.Why, Reason: e.Reason, Next: e.Next, Rest: e.Rest, Unlisted: e.Unlisted})
		if e.Under == (PostID{}) {
			continue
		}
		if over, err := from.Post(ctx, e.Under, now); err == nil && over.InSight() {
			over.Alike = e.Rest
			tell(ctx, Event{Kind: Changed, Board: over.Board, Thread: over.ID, ID: over.ID, Post: over, Unlisted: over.Unlisted})
		}
	}
}

// crowded are the boards on which more has ended than is told one by one.
func crowded(ended []Ending) map[string]bool {
	many := map[string]bool{}
	if len(ended) <= tooManyToTell {
		return many
	}
	counts := map[string]int{}
	for _, e := range ended {
		if counts[e.Board]++; counts[e.Board] > tooManyToTell {
			many[e.Board] = true
		}
	}
	return many
}
