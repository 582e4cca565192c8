package board

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// What admins do to what others wrote.
const (
	ActTakeDown Action = "take_down"
	ActRelease  Action = "release"
	ActHide     Action = "hide"
	ActLock     Action = "lock"
	ActUnlock   Action = "unlock"
	ActShorten  Action = "shorten"
	ActAnswer   Action = "answer"
	ActClaim    Action = "claim" // a notice by law was decided, as its subject says
	ActSeal     Action = "seal"  // a copy of one post, for who the law lets have it
)

// PublicActs are those that everybody may read of: what was done, where and why, never
// who did it or to what.
var PublicActs = []Action{ActTakeDown, ActRelease, ActHide, ActLock, ActUnlock, ActShorten, ActAnswer, ActClaim, ActSeal, ActCircleEnd, ActCirclePost, ActChatEnd}

// ShortLife is what a post has left when an admin shortens it.
const ShortLife = time.Minute

// Ruling is what an admin decides, and why.
type Ruling struct {
	By     string
	Reason Reason // "": none is given
}

// entry is its line in the log.
func (r Ruling) entry(act Action, slug string, now time.Time) Entry {
	return Entry{At: now, By: r.By, Action: act, Board: slug, Reason: string(r.Reason)}
}

// ErrLocked refuses a reply to a thread that takes none.
var ErrLocked = &Error{Kind: Shut, Code: "error.locked"}

// Remove ends posts and replies for an admin, and says how many were alive. Their
// authors are told why: on their open pages at once, else for NoticeTime.
func (b *Board) Remove(ctx context.Context, r Ruling, ids ...PostID) (int, error) {
	b.deciding.Lock()
	defer b.deciding.Unlock()
	ended, err := b.posts.End(ctx, ids, ByAdmin, b.now())
	if err != nil {
		return 0, fmt.Errorf("remove: %w", err)
	}
	boards := map[string]int{}
	for i := range ended {
		ended[i].Reason = r.Reason
		boards[ended[i].Board]++
	}
	tellEndings(ctx, b.posts, b.now(), b.finder, b.tell, ended)
	if err := b.notify(ctx, ended); err != nil {
		return len(ended), err
	}
	for slug, n := range boards {
		e := r.entry(ActTakeDown, slug, b.now())
		e.Subject = strconv.Itoa(n)
		if err := b.Audit(ctx, e); err != nil {
			return len(ended), err
		}
	}
	if len(ended) == 0 {
		return 0, ErrDecided
	}
	return len(ended), nil
}

// Hide puts a post or reply out of sight until an admin decides otherwise.
func (b *Board) Hide(ctx context.Context, r Ruling, id PostID) error {
	b.deciding.Lock()
	defer b.deciding.Unlock()
	p, err := b.posts.Hide(ctx, id, r.entry(ActHide, "", b.now()))
	if err != nil {
		return fmt.Errorf("hide: %w", err)
	}
	b.tellHidden(ctx, p)
	return nil
}

// tellHidden has everybody let go of what has just been hidden.
func (b *Board) tellHidden(ctx context.Context, p Post) {
	tellEndings(ctx, b.posts, b.now(), b.finder, b.tell, []Ending{{ID: p.ID, Thread: p.Thread, Board: p.Board, Why: OutOfSight, Unlisted: p.Unlisted}})
}

// Release lets a post or reply stand in sight, as one that is born: what was held or
// hidden, or was only reported. Reports alone hide it no more.
func (b *Board) Release(ctx context.Context, r Ruling, id PostID) error {
	b.deciding.Lock()
	defer b.deciding.Unlock()
	p, root, was, err := b.posts.Release(ctx, id, r.entry(ActRelease, "", b.now()))
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

// Lock has the thread of a post take no more replies, or take them again.
func (b *Board) Lock(ctx context.Context, r Ruling, id PostID, locked bool) error {
	b.deciding.Lock()
	defer b.deciding.Unlock()
	act := ActLock
	if !locked {
		act = ActUnlock
	}
	if _, err := b.posts.Lock(ctx, id, locked, r.entry(act, "", b.now())); err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}

// Shorten leaves a post ShortLife, rounded up to its grid; hearts give it nothing any
// more. A reply has no clock.
func (b *Board) Shorten(ctx context.Context, r Ruling, id PostID) error {
	b.deciding.Lock()
	defer b.deciding.Unlock()
	now := b.now()
	p, err := b.posts.Shorten(ctx, id, func(l Life) Life { return l.Shortened(now, ShortLife) }, r.entry(ActShorten, "", now))
	if err != nil {
		return fmt.Errorf("shorten: %w", err)
	}
	if p.InSight() {
		b.tell(ctx, Event{Kind: Changed, Board: p.Board, Thread: p.ID, ID: p.ID, Post: p, Unlisted: p.Unlisted})
	}
	return nil
}

// Answer publishes a reply of an admin's in a thread, locked or not. It carries no name
// but the staff's, which no visitor can have.
func (b *Board) Answer(ctx context.Context, by string, thread PostID, body string) (Post, error) {
	now := b.now()
	root, err := b.posts.Post(ctx, thread, now)
	if err != nil {
		return Post{}, err
	}
	if root.IsReply() {
		return Post{}, ErrNotFound
	}
	d, err := Draft{Body: body}.Check(b.settings(root.Board))
	if err != nil {
		return Post{}, err
	}
	id := NewPostID()
	reply := Post{ID: id, Thread: thread, Body: d.Body, Staff: true, Own: root.Secret.Own(NewVisitor(now), id), Secret: root.Secret}
	reply, root, err = b.posts.InsertReply(ctx, reply, NewKey(), Voice{}, now)
	if err != nil {
		return Post{}, fmt.Errorf("answer: %w", err)
	}
	b.tellReply(ctx, reply, root)
	return reply, b.Audit(ctx, Ruling{By: by}.entry(ActAnswer, root.Board, now))
}

// Case is something that waits for an admin: why, and the words as far as an admin may
// read them.
type Case struct {
	Post    Post
	Waits   bool           // it is in the queue
	Reports int            // that no admin has looked at
	Reasons map[Reason]int // how often each was given
}

// QueueMax is how many cases a page of the queue shows.
const QueueMax = 100

// Queue returns what waits for an admin and lives: where somebody may be in danger
// first, then what was reported most, then the oldest. The words of a view-once post
// are there if one of its readers has sent them.
func (b *Board) Queue(ctx context.Context) ([]Case, error) {
	return b.posts.Queue(ctx, QueueMax, b.now())
}

// Case returns one post or reply as the queue would show it, whether it waits or not.
func (b *Board) Case(ctx context.Context, id PostID) (Case, error) {
	return b.posts.Case(ctx, id, b.now())
}

// CasePicture returns a part of a post's picture for an admin, whoever may see the post.
func (b *Board) CasePicture(ctx context.Context, id PostID, part Part) (Image, error) {
	return b.posts.Picture(ctx, id, part, b.now())
}

// Waiting counts what waits for an admin.
func (b *Board) Waiting(ctx context.Context) (int, error) {
	return b.posts.Waiting(ctx, b.now())
}

// PublicLog returns what admins have done to what others wrote, newest first: on one
// board, or with "" on all that a list of boards names. Its entries name nobody.
func (b *Board) PublicLog(ctx context.Context, slug string, before int64, limit int) ([]Entry, error) {
	list, err := b.acts(ctx, slug, before, limit)
	if err != nil {
		return nil, fmt.Errorf("public log: %w", err)
	}
	for i := range list {
		list[i].By = ""
		list[i].At = list[i].At.Truncate(time.Minute)
	}
	return list, nil
}

// acts reads on past what is not for whoever ctx is of, until there are as many as asked
// for.
func (b *Board) acts(ctx context.Context, slug string, before int64, limit int) ([]Entry, error) {
	if slug != "" {
		if err := b.enter(ctx, slug); err != nil {
			return nil, err
		}
		return b.posts.Acts(ctx, slug, before, limit)
	}
	var seen []Entry
	for {
		list, err := b.posts.Acts(ctx, "", before, limit)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if before = e.Seq; b.listed(ctx, e.Board) {
				seen = append(seen, e)
			}
		}
		if len(list) < limit || len(seen) >= limit {
			return seen[:min(len(seen), limit)], nil
		}
	}
}
