package board

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"
)

// CirclePostDraft is a post or reply as a member would like it.
type CirclePostDraft struct {
	ID       PostID // drawn by its author, bound into the envelope
	Thread   PostID // zero: it is a post
	Envelope Envelope
	Image    Envelope // nil: none
	Commit   [32]byte
	TTL      time.Duration // 0: the circle's
	Silence  time.Duration // 0: silence never ends it
}

// Write publishes a post or reply.
func (c *Circles) Write(ctx context.Context, circle Circle, b Bearer, d CirclePostDraft) (CirclePost, error) {
	s := c.settings("")
	if s.State == ForNow || s.State == ReadOnly {
		return CirclePost{}, errCirclesOff
	}
	reply := d.Thread != PostID{}
	if err := d.check(circle, s, reply); err != nil {
		return CirclePost{}, err
	}
	now := c.now()
	p := CirclePost{Circle: circle.ID, Epoch: circle.Epoch, Envelope: d.Envelope, Commit: d.Commit, Image: d.Image, Pictured: d.Image != nil}
	p.ID, p.Thread, p.Board = d.ID, d.Thread, circle.topic()
	if !reply {
		p.Thread = d.ID
		p.Life = NewLife(now, d.TTL, d.Silence, circle.TTLMax).ClosedAt(circle.ClosesAt)
	}
	p, err := c.store.InsertCirclePost(ctx, p, NewKey(), b.Visitor(), b.Hash(), s.K, now)
	if err != nil {
		return CirclePost{}, fmt.Errorf("write in circle: %w", err)
	}
	c.tellPost(ctx, Born, p)
	return p, nil
}

func (d *CirclePostDraft) check(circle Circle, s Settings, reply bool) error {
	kind := EnvelopePost
	if reply {
		kind = EnvelopeReply
		d.TTL, d.Silence, d.Image = 0, 0, nil
	}
	if err := d.Envelope.Check(kind, circle.Epoch); err != nil {
		return err
	}
	if d.Image != nil {
		if s.Pictures == PicturesOff {
			return &Error{Kind: Invalid, Code: "error.picture.off", Fields: map[string]Problem{"picture": {Code: "error.picture.off"}}}
		}
		if err := d.Image.Check(EnvelopePicture, circle.Epoch); err != nil {
			return err
		}
	}
	if d.TTL == 0 {
		d.TTL = circle.TTLDefault
	}
	if !reply && (d.TTL < min(s.TTLMin, circle.TTLMax) || d.TTL > circle.TTLMax) {
		return &Error{Kind: Invalid, Code: "error.draft", Fields: map[string]Problem{"ttl": {Code: "error.ttl", Args: map[string]any{"min": s.TTLMin, "max": circle.TTLMax}}}}
	}
	if d.Silence != 0 && (d.Silence < shortestSilence || d.Silence > circle.TTLMax) {
		return &Error{Kind: Invalid, Code: "error.draft", Fields: map[string]Problem{"silence": {Code: "error.silence", Args: map[string]any{"min": shortestSilence, "max": circle.TTLMax}}}}
	}
	return nil
}

// shows says whether the circle's posts are given out.
func (c Circle) shows() bool { return !c.Gated || c.Open }

// Posts returns posts of a circle, the newest first, before a place in its order (0: from
// the newest on), and whether more follow. Until k members have written, a circle that
// wants it so shows none.
func (c *Circles) Posts(ctx context.Context, circle Circle, before int64) ([]CirclePost, bool, error) {
	if !circle.shows() {
		return nil, false, nil
	}
	posts, err := c.store.CirclePosts(ctx, circle.ID, before, CirclePage+1, c.now())
	if err != nil {
		return nil, false, err
	}
	return posts[:min(CirclePage, len(posts))], len(posts) > CirclePage, nil
}

// Thread returns a post of a circle with its replies, oldest first.
func (c *Circles) Thread(ctx context.Context, circle Circle, post PostID) (CirclePost, []CirclePost, error) {
	if !circle.shows() {
		return CirclePost{}, nil, ErrNotFound
	}
	return c.store.CircleThread(ctx, circle.ID, post, c.now())
}

// Picture returns the picture of a post of a circle.
func (c *Circles) Picture(ctx context.Context, circle Circle, post PostID) (Envelope, error) {
	if !circle.shows() {
		return nil, ErrNotFound
	}
	return c.store.CirclePicture(ctx, circle.ID, post, c.now())
}

// Votes returns how a member voted on each of posts.
func (c *Circles) Votes(ctx context.Context, b Bearer, posts []CirclePost) (map[PostID]Vote, error) {
	if len(posts) == 0 {
		return nil, nil
	}
	tags := make(map[PostID]Tag, len(posts))
	for _, p := range posts {
		tags[p.ID] = p.Secret.Vote(b.Visitor(), p.ID)
	}
	return c.store.CircleVotes(ctx, tags)
}

// Vote sets a member's vote. Where the majority rules, downs of more than half of the
// members end it.
func (c *Circles) Vote(ctx context.Context, circle Circle, b Bearer, post PostID, vote Vote) (CirclePost, error) {
	now := c.now()
	p, err := c.store.CirclePost(ctx, circle.ID, post, now)
	if err != nil {
		return CirclePost{}, err
	}
	s := c.settings("")
	ballot := Ballot{Post: post, Tag: p.Secret.Vote(b.Visitor(), post), Vote: vote, Heart: s.LifePerHeart, Down: s.LifePerDown}
	if p, err = c.store.CircleVote(ctx, circle.ID, ballot, now); err != nil {
		return CirclePost{}, fmt.Errorf("vote in circle: %w", err)
	}
	if downs := p.Hearts - p.Score; circle.Rule == ByMajority && 2*downs > circle.Members {
		return p, c.endPost(ctx, p, ByScore)
	}
	if !p.Life.Ended(c.now()) {
		c.tellPost(ctx, Changed, p)
	}
	return p, nil
}

// Report tells an admin about a post, with its words: f proves that they are.
func (c *Circles) Report(ctx context.Context, circle Circle, b Bearer, r CircleReport, f []byte) error {
	p, err := c.store.CirclePost(ctx, circle.ID, r.Post, c.now())
	if err != nil {
		return err
	}
	if p.OwnedBy(b.Visitor()) {
		return reportError("reason", "error.report_own")
	}
	mac := hmac.New(sha256.New, f)
	mac.Write([]byte(r.Words))
	if len(f) != 32 || len(r.Words) > 4*ReportedChars || !hmac.Equal(mac.Sum(nil), p.Commit[:]) {
		return errProof
	}
	r.Circle, r.Thread = circle.ID, p.Thread
	if err := c.store.ReportCirclePost(ctx, circle.ID, r, p.Secret.Report(b.Visitor(), p.ID), c.now()); err != nil {
		return fmt.Errorf("report in circle: %w", err)
	}
	c.alarm(Reported)
	return nil
}
