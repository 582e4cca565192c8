// Package board holds what Mayfly is about: posts that end, and the rules they
// obey while they last. It knows nothing of HTTP, SQL or sockets.
package board

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Clock tells board time (SPEC 2.8): it never steps back during a run, and never
// starts behind an earlier run.
type Clock func() time.Time

// Bound is what no life on a board may exceed.
type Bound struct {
	Board    string
	TTLMax   time.Duration // from birth
	ClosesAt time.Time     // zero: never
}

// Posts is what a Board asks of its store. Every method that reads takes now:
// what has ended at now is not there, whatever the store still holds.
// Unknown, ended and destroyed are the same error of kind NotFound.
type Posts interface {
	Registry
	Questions
	// Turns counts the changes that a page which many share must not outlive: all but
	// those that add something, or lengthen a life.
	Turns() uint64
	// Changes counts all of them.
	Changes() uint64
	// Marks returns the tags of those who voted on posts or opened them; false: there are
	// more than most.
	Marks(ctx context.Context, ids []PostID, most int) (Marks, bool, error)
	// InsertPost stores a post and its key, durably, before it returns its Seq.
	InsertPost(ctx context.Context, p Post, key Key) (seq int64, err error)
	// InsertReply stores a reply with its key, gives voice its name in the
	// thread, and counts the reply; it returns both as they are then.
	InsertReply(ctx context.Context, r Post, key Key, voice Voice, now time.Time) (reply, root Post, err error)
	// Post returns a post or reply.
	Post(ctx context.Context, id PostID, now time.Time) (Post, error)
	// Thread returns a post with its replies, oldest first.
	Thread(ctx context.Context, id PostID, now time.Time) (Post, []Post, error)
	// PostsByID returns those of ids that are there for everybody, in the order of ids.
	PostsByID(ctx context.Context, ids []PostID, now time.Time) ([]Post, error)
	// Feed returns a page of all of a board's posts in sight, and whether more follow.
	Feed(ctx context.Context, q Query, now time.Time) ([]Post, bool, error)
	// Picture returns a part of a post's picture. A view-once post's is not found:
	// Open gives it.
	Picture(ctx context.Context, id PostID, part Part, now time.Time) (Image, error)
	// Secret returns the secret of a living thread.
	Secret(ctx context.Context, thread PostID, now time.Time) (Secret, error)
	// Vote records, changes or takes back one visitor's vote in one step.
	Vote(ctx context.Context, b Ballot, now time.Time) (Post, error)
	// Arrive counts one arrival at a post.
	Arrive(ctx context.Context, id PostID, now time.Time) error
	// Votes returns which of the tags have voted, and how.
	Votes(ctx context.Context, tags map[PostID]Tag) (map[PostID]Vote, error)
	// Open gives the body and picture of a view-once post to the visitor behind tag, in one
	// step: of callers with one tag, one gets it. With the last opening the post
	// and its thread end, which is the Ending it returns. A tag that has opened it
	// before is refused with ErrOpened, a post that is not view-once not found.
	Open(ctx context.Context, id PostID, tag Tag, now time.Time) (Post, []Ending, error)
	// Opened returns which of the tags have opened their post.
	Opened(ctx context.Context, tags map[PostID]Tag) (map[PostID]bool, error)
	// Owned returns every living post and reply for which owns is true.
	Owned(ctx context.Context, owns func(Post) bool, now time.Time) ([]Post, error)
	// End destroys the keys of ids, and of the replies under them, in one
	// durable step. It returns those that were alive. Rows wait for Bury.
	End(ctx context.Context, ids []PostID, why Why, now time.Time) ([]Ending, error)
	// Report records one visitor's report in one step, and says whether it hid the post.
	// Words that the post does not hold, or that were not opened, are ErrWords.
	Report(ctx context.Context, r Report, now time.Time) (p Post, hidden bool, err error)
	// Hide puts a post or reply out of sight, at the time of its entry in the log, as all
	// that follow do. What is out of sight is ErrDecided.
	Hide(ctx context.Context, id PostID, e Entry) (Post, error)
	// Release lets a post or reply stand in sight, and returns its thread and how it
	// stood before. What nobody waits for is ErrDecided.
	Release(ctx context.Context, id PostID, e Entry) (p, root Post, was Standing, err error)
	// Lock has a post's thread take no replies, or take them. As it is: ErrDecided.
	Lock(ctx context.Context, id PostID, locked bool, e Entry) (Post, error)
	// Shorten gives a post another life, which is no longer.
	Shorten(ctx context.Context, id PostID, to func(Life) Life, e Entry) (Post, error)
	// Queue returns what waits for an admin, at most limit.
	Queue(ctx context.Context, limit int, now time.Time) ([]Case, error)
	// Case returns one post or reply as Queue does, whether it waits or not.
	Case(ctx context.Context, id PostID, now time.Time) (Case, error)
	// Waiting counts what waits for an admin.
	Waiting(ctx context.Context, now time.Time) (int, error)
	// Acts returns those entries of the log that are PublicActs, before seq (0: all), on
	// a board ("": on all), newest first, at most limit.
	Acts(ctx context.Context, slug string, before int64, limit int) ([]Entry, error)
	// Cap brings every life under the bounds of its board, and says how many it
	// moved. Lives on boards without a bound are as they were.
	Cap(ctx context.Context, bounds []Bound) (int, error)
	// Shortened counts what Cap would do to the posts of a board.
	Shortened(ctx context.Context, b Bound, now time.Time) (Shortened, error)
	// Traces returns the wordless lines that stand in a board's feed.
	Traces(ctx context.Context, slug string, now time.Time) ([]Trace, error)
	// Notify keeps notices for authors, NoticesMax at most in all.
	Notify(ctx context.Context, list []Notice) error
	// Notices returns those whose time is not over. Every page of a visitor asks.
	Notices(now time.Time) []Notice
	// EndNotices deletes notices.
	EndNotices(ctx context.Context, list []Notice) error
	// Prompts returns the host's posts that live on a board, the newest first.
	Prompts(ctx context.Context, slug string, now time.Time) ([]Post, error)
	// Plant stores the post of a question, and that it is planted, in one step.
	Plant(ctx context.Context, p Post, key Key, number int64) error
	// DeleteQuestion forgets a question whose post is over.
	DeleteQuestion(ctx context.Context, number int64) error
	// Greet stores what the host of a new site says first, at its first start only.
	Greet(ctx context.Context, list []Question) error
	// FinishOutset stores that all first choices were made, with what the host is to say
	// from then on, and ends the questions whose numbers are over, in one step. When it
	// was done before, it is ErrDecided.
	FinishOutset(ctx context.Context, next []Question, over []int64, e Entry) error
	// AskDaily stores the question of the day unless one was asked less than
	// QuestionTime ago, and returns when the latest was: now, if it is this one.
	AskDaily(ctx context.Context, q Question, now time.Time) (time.Time, error)
	// FollowBoards reads the boards anew. One that was to end has closed when it
	// returns; one that closed ClosedTime ago and holds nothing is not there.
	FollowBoards(ctx context.Context, now time.Time) ([]Info, error)
	// Since returns the posts of a board that were born at a time or later, the newest
	// first.
	Since(ctx context.Context, slug string, at, now time.Time) ([]PostID, error)
	// Living returns some of the posts whose Seq is higher than after, in their order;
	// none when there are no more.
	Living(ctx context.Context, after int64, now time.Time) ([]Post, error)
	// Count returns how many posts live in a board's feed.
	Count(ctx context.Context, slug string, now time.Time) (int, error)
	FilterStore
	ClaimStore
	// Alive counts what lives on a board.
	Alive(ctx context.Context, slug string, now time.Time) (Living, error)
}

// Publisher carries events to whoever reads live.
type Publisher interface {
	Publish(ctx context.Context, e Event) error
}

// Board is the rules at work: it stores first and tells second.
type Board struct {
	posts    Posts
	finder   Finder
	alikes   Alikes
	screen   Screen
	doors    *Doors
	out      Publisher
	settings func(board string) Settings
	now      Clock
	log      *slog.Logger
	alarm    func(Waiting)

	turns atomic.Uint64 // of what is told: see Turns

	deciding sync.Mutex // so that what is told last is what was stored last

	following sync.Mutex
	followed  time.Time            // when boards were last followed
	bounded   map[string]time.Time // the closing date that lives were brought under, by board
	starter   Starter
	asked     time.Time // when the latest question of the day was, as far as is known
}

// New puts a Board together. The finder has the alikes keep step with it.
func New(posts Posts, finder Together, screen Screen, doors *Doors, out Publisher, settings func(board string) Settings, now Clock, log *slog.Logger) *Board {
	return &Board{posts: posts, finder: finder, alikes: finder.Alikes, screen: screen, doors: doors, out: out, settings: settings, now: now, log: log, alarm: func(Waiting) {}, bounded: map[string]time.Time{}}
}

// Now is board time.
func (b *Board) Now() time.Time { return b.now() }

// Create publishes a post of visitor v on a board. The answer is durable: it is
// on disk before Create returns. The key proves authorship to EndWithKey. A
// picture is pressed last, when all else about the draft is right.
func (b *Board) Create(ctx context.Context, slug string, v Visitor, d Draft) (Post, OwnerKey, error) {
	s := b.settings(slug).ForNew()
	d, err := b.normal(d, s).Check(s)
	if err != nil {
		return Post{}, OwnerKey{}, err
	}
	info, err := b.Board(ctx, slug)
	if err == nil {
		err = b.MayWrite(ctx, slug)
	}
	if err != nil {
		return Post{}, OwnerKey{}, err
	}
	found, err := b.screened(slug, s, d, false)
	if err != nil {
		return Post{}, OwnerKey{}, err
	}
	d = found.Draft
	picture, err := d.picture(ctx)
	if err != nil {
		return Post{}, OwnerKey{}, fmt.Errorf("press picture: %w", err)
	}
	key, id := NewKey(), NewPostID()
	secret := key.Secret()
	p := Post{
		ID:      id,
		Board:   slug,
		Thread:  id,
		Body:    d.Body,
		Warning: d.Warning, Backdrop: d.Backdrop, Place: d.Place, Picture: picture, Unlisted: d.Unlisted, Asks: d.Asks,
		ViewOnce: d.ViewOnce, Readers: d.Readers, Care: found.Care, Short: found.Short, Standing: found.standing(),
		Name:   secret.Voice(v).Draws,
		Life:   found.life(b.now(), s).ClosedAt(info.ClosesAt),
		Own:    secret.Own(v, id),
		Sign:   NewSign(v),
		Voice:  secret.Voice(v).Tag,
		Secret: secret,
	}
	if s.Storm && picture != nil || s.cautious(d) {
		p.Standing = Held
	}
	defer b.finder.Expect(id)()
	if p.Seq, err = b.posts.InsertPost(ctx, p, key); err != nil {
		return Post{}, OwnerKey{}, fmt.Errorf("create post: %w", err)
	}
	p.Picture = picture.bare()
	p = b.appear(ctx, p)
	return p, p.Own, nil
}

// Reply publishes a reply of visitor v in a thread. It ends with the thread.
func (b *Board) Reply(ctx context.Context, thread PostID, v Visitor, d Draft) (Post, OwnerKey, error) {
	now := b.now()
	root, err := b.inSight(ctx, thread, v)
	if err != nil {
		return Post{}, OwnerKey{}, err
	}
	if root.IsReply() {
		return Post{}, OwnerKey{}, ErrNotFound
	}
	if err := b.MayReply(ctx, root.Board, v); err != nil {
		return Post{}, OwnerKey{}, err
	}
	if root.Locked {
		return Post{}, OwnerKey{}, ErrLocked
	}
	d = Draft{Body: d.Body, To: d.To, Confirm: d.Confirm} // a reply has no clock and no place of its own
	s := b.settings(root.Board)
	if d, err = b.normal(d, s).Check(s); err != nil {
		return Post{}, OwnerKey{}, err
	}
	found, err := b.screened(root.Board, s, d, true)
	if err != nil {
		return Post{}, OwnerKey{}, err
	}
	d = found.Draft
	secret := root.Secret
	id := NewPostID()
	r := Post{ID: id, Thread: thread, Body: d.Body, Care: found.Care, Standing: found.standing(), Sign: NewSign(v), Own: secret.Own(v, id), Secret: secret}
	if s.cautious(d) {
		r.Standing = Held
	}
	if d.To != thread { // every reply answers its post
		r.To = d.To
	}
	r, root, err = b.posts.InsertReply(ctx, r, NewKey(), secret.Voice(v), now)
	if err != nil {
		return Post{}, OwnerKey{}, fmt.Errorf("reply: %w", err)
	}
	b.tellReply(ctx, r, root)
	return r, r.Own, nil
}

// MayReply says why v may not reply on a board just now; nil: they may. In a raid
// threads are for those who were here before it.
func (b *Board) MayReply(ctx context.Context, slug string, v Visitor) error {
	if err := b.MayWrite(ctx, slug); err != nil {
		return err
	}
	if b.settings(slug).Storm && !v.Settled(b.now()) {
		return errStormReply
	}
	return nil
}

// tellBirth tells of a post that everybody may read, or rings for one that is held.
func (b *Board) tellBirth(ctx context.Context, p Post) {
	switch p.Standing {
	case Held:
		b.alarm(HeldBack)
	case Hidden:
	case Shown:
		b.tell(ctx, Event{Kind: Born, Board: p.Board, Thread: p.ID, ID: p.ID, Post: p, Unlisted: p.Unlisted})
	}
}

// tellReply tells of a reply that everybody may read, and of its thread, or rings for
// one that is held.
func (b *Board) tellReply(ctx context.Context, r, root Post) {
	if r.Standing == Held {
		b.alarm(HeldBack)
	}
	if r.Standing != Shown || !root.InSight() {
		return
	}
	b.tell(ctx, Event{Kind: Born, Board: r.Board, Thread: root.ID, ID: r.ID, Post: r, Opener: root.Name, To: b.answered(ctx, r), Hosted: root.Prompt != NoPrompt, Unlisted: root.Unlisted})
	b.tell(ctx, Event{Kind: Changed, Board: root.Board, Thread: root.ID, ID: root.ID, Post: root, Unlisted: root.Unlisted})
}

// answered is the living reply that r answers, zero if it is gone or never stood in
// r's thread. One that can't be read just now is drawn as gone until pages look again.
func (b *Board) answered(ctx context.Context, r Post) Post {
	if r.To == (PostID{}) {
		return Post{}
	}
	p, err := b.posts.Post(ctx, r.To, b.now())
	if err != nil || !p.IsReply() || p.Thread != r.Thread || !p.InSight() {
		return Post{}
	}
	return p
}

// Vote sets visitor v's vote on a post or reply; NoVote takes it back. A post
// whose score falls to the board's vanish_score ends before Vote returns; one that
// calls for care does not end by votes.
func (b *Board) Vote(ctx context.Context, id PostID, v Visitor, vote Vote) (Post, error) {
	now := b.now()
	p, err := b.inSight(ctx, id, v)
	if err != nil {
		return Post{}, err
	}
	if err := b.MayWrite(ctx, p.Board); err != nil {
		return Post{}, err
	}
	s := b.settings(p.Board)
	ballot := Ballot{Post: id, Tag: p.Secret.Vote(v, id), Vote: vote, Heart: s.LifePerHeart, Down: s.LifePerDown}
	if p.Prompt != NoPrompt { // hearts are counted, and move nothing
		if vote == Down {
			return Post{}, errPromptDown
		}
		ballot.Heart, ballot.Down = 0, 0
	}
	if p.Care { // downs are counted, and take nothing
		ballot.Down = 0
	}
	p, err = b.posts.Vote(ctx, ballot, now)
	if err != nil {
		return Post{}, fmt.Errorf("vote: %w", err)
	}
	switch {
	case p.Score <= s.VanishScore && !p.Care:
		if err := b.end(ctx, []PostID{id}, ByScore); err != nil {
			return Post{}, err
		}
	case p.Life.Ended(b.now()): // downs burnt what was left; the sweeper tells
		return p, nil
	default:
		b.tell(ctx, Event{Kind: Changed, Board: p.Board, Thread: p.Thread, ID: id, Post: p, Unlisted: p.Unlisted})
	}
	return p, nil
}

// Votes returns how visitor v voted on each of posts; those without a vote are
// not in the map.
func (b *Board) Votes(ctx context.Context, v Visitor, posts []Post) (map[PostID]Vote, error) {
	if v.IsZero() || len(posts) == 0 {
		return nil, nil
	}
	tags := make(map[PostID]Tag, len(posts))
	for _, p := range posts {
		tags[p.ID] = p.Secret.Vote(v, p.ID)
	}
	return b.posts.Votes(ctx, tags)
}

// Open gives visitor v the body and picture of a view-once post, once. The last opening ends
// the post before Open returns.
func (b *Board) Open(ctx context.Context, id PostID, v Visitor) (Post, error) {
	sealed, err := b.inSight(ctx, id, v)
	if err != nil {
		return Post{}, err
	}
	p, ended, err := b.posts.Open(ctx, id, sealed.Secret.Opening(v, id), b.now())
	if err != nil {
		return Post{}, fmt.Errorf("open: %w", err)
	}
	tellEndings(ctx, b.posts, b.now(), b.finder, b.tell, ended)
	if len(ended) == 0 && p.Readers > 0 {
		b.tell(ctx, Event{Kind: Changed, Board: p.Board, Thread: id, ID: id, Post: p.Seal(), Unlisted: p.Unlisted})
	}
	return p, nil
}

// Opened returns which of the view-once posts visitor v has opened.
func (b *Board) Opened(ctx context.Context, v Visitor, posts []Post) (map[PostID]bool, error) {
	tags := map[PostID]Tag{}
	for _, p := range posts {
		if p.ViewOnce && !v.IsZero() {
			tags[p.ID] = p.Secret.Opening(v, p.ID)
		}
	}
	if len(tags) == 0 {
		return nil, nil
	}
	return b.posts.Opened(ctx, tags)
}

// Feed returns one page of a board, and the cursor of the next; a zero cursor
// ends the list.
func (b *Board) Feed(ctx context.Context, q Query) ([]Post, Cursor, error) {
	if err := b.enter(ctx, q.Board); err != nil {
		return nil, Cursor{}, err
	}
	q = q.bounded()
	if q.Narrow != (Narrow{}) {
		posts, next, err := b.found(ctx, q)
		if err != nil {
			return nil, Cursor{}, fmt.Errorf("search: %w", err)
		}
		return posts, next, nil
	}
	return b.unfolded(ctx, q)
}

// Thread returns a post with its replies, oldest first, as visitor v may see them.
// Under a post that is hidden from them there is nothing.
func (b *Board) Thread(ctx context.Context, id PostID, v Visitor) (Post, []Post, error) {
	root, replies, err := b.posts.Thread(ctx, id, b.now())
	if err != nil {
		return Post{}, nil, err
	}
	if b.enter(ctx, root.Board) != nil { // as if it were not there
		return Post{}, nil, ErrNotFound
	}
	if err := b.shut(root.Board); err != nil {
		return Post{}, nil, err
	}
	if root, err = b.folded(root).For(v); err != nil || root.Veiled {
		return root, nil, err
	}
	return root, repliesFor(v, replies), nil
}

// Post returns one post or reply as visitor v may see it.
func (b *Board) Post(ctx context.Context, id PostID, v Visitor) (Post, error) {
	p, err := b.Any(ctx, id)
	if err != nil {
		return Post{}, err
	}
	if err := b.shut(p.Board); err != nil {
		return Post{}, err
	}
	return b.folded(p).For(v)
}

// Any returns a post or reply whoever on its board may read it: for who decides or
// proves, and never to be shown. Outside the board's door it is not there.
func (b *Board) Any(ctx context.Context, id PostID) (Post, error) {
	p, err := b.posts.Post(ctx, id, b.now())
	if err == nil && b.enter(ctx, p.Board) != nil {
		return Post{}, ErrNotFound
	}
	return p, err
}

// inSight returns a post or reply with which visitor v may do something: what is held
// or hidden takes no vote, answer or opening, not even its author's.
func (b *Board) inSight(ctx context.Context, id PostID, v Visitor) (Post, error) {
	p, err := b.Post(ctx, id, v)
	if err == nil && !p.InSight() {
		return Post{}, ErrHidden
	}
	return p, err
}

// Picture returns a part of a post's picture, if visitor v may see the post. A post
// without one, and one that is view-once, is not found.
func (b *Board) Picture(ctx context.Context, id PostID, part Part, v Visitor) (Image, error) {
	p, err := b.Post(ctx, id, v)
	if err != nil {
		return Image{}, err
	}
	if p.Veiled {
		return Image{}, ErrNotFound
	}
	return b.posts.Picture(ctx, id, part, b.now())
}

// Traces returns the wordless lines that stand in a board's feed.
func (b *Board) Traces(ctx context.Context, slug string) ([]Trace, error) {
	if err := b.enter(ctx, slug); err != nil {
		return nil, err
	}
	return b.posts.Traces(ctx, slug, b.now())
}

// EndAsVisitor ends a post or reply that visitor v wrote. A foreign post is not
// found, exactly like one that is not there.
func (b *Board) EndAsVisitor(ctx context.Context, id PostID, v Visitor) error {
	p, err := b.posts.Post(ctx, id, b.now())
	if err != nil {
		return err
	}
	if !p.OwnedBy(v) {
		return ErrNotFound
	}
	return b.end(ctx, []PostID{id}, ByAuthor)
}

// EndWithKey ends a post or reply for whoever holds its owner key. A thread takes
// the keys of its replies as well: its page has the one field for them all.
func (b *Board) EndWithKey(ctx context.Context, id PostID, key OwnerKey) error {
	p, err := b.posts.Post(ctx, id, b.now())
	if err != nil {
		return err
	}
	if p.Own.Equal(key) {
		return b.end(ctx, []PostID{id}, ByAuthor)
	}
	if p.IsReply() {
		return ErrNotFound
	}
	_, replies, err := b.posts.Thread(ctx, id, b.now())
	if err != nil {
		return err
	}
	for _, r := range replies {
		if r.Own.Equal(key) {
			return b.end(ctx, []PostID{r.ID}, ByAuthor)
		}
	}
	return ErrNotFound
}

// Yours returns everything alive that visitor v wrote, by trying v on each: no
// list of it exists anywhere.
func (b *Board) Yours(ctx context.Context, v Visitor) ([]Post, error) {
	if v.IsZero() {
		return nil, nil
	}
	return b.posts.Owned(ctx, func(p Post) bool { return p.OwnedBy(v) }, b.now())
}

// Forget ends everything that visitor v wrote, and the notices for them, and says how
// much v wrote that was.
func (b *Board) Forget(ctx context.Context, v Visitor) (int, error) {
	if err := b.Heard(ctx, v); err != nil {
		return 0, err
	}
	posts, err := b.Yours(ctx, v)
	if err != nil || len(posts) == 0 {
		return 0, err
	}
	ids := make([]PostID, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	if err := b.end(ctx, ids, ByAuthor); err != nil {
		return 0, err
	}
	return len(ids), nil
}

// end destroys, then tells. Rows are the sweeper's to bury.
func (b *Board) end(ctx context.Context, ids []PostID, why Why) error {
	ended, err := b.posts.End(ctx, ids, why, b.now())
	if err != nil {
		return fmt.Errorf("end: %w", err)
	}
	tellEndings(ctx, b.posts, b.now(), b.finder, b.tell, ended)
	return nil
}

func (b *Board) tell(ctx context.Context, e Event) {
	switch e.Kind {
	case Changed:
		e.Post = b.folded(e.Post)
	case Born:
	case Died, SettingsChanged, Reload, TurnedOut:
		b.turns.Add(1)
	}
	if err := b.out.Publish(context.WithoutCancel(ctx), e); err != nil {
		b.log.ErrorContext(ctx, "an event was not told; open pages catch up at their next return", "err", err)
	}
}
