package board

import (
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// Bearer is what a member shows: 32 bytes of their key, of which the hash is kept.
type Bearer [32]byte

// Hash is what is kept of a bearer.
func (b Bearer) Hash() [32]byte { return sha256.Sum256(b[:]) }

// Visitor is who a member is to names, votes and owner rights.
func (b Bearer) Visitor() Visitor { return Visitor{ID: [24]byte(b[:24])} }

// Format hides it from every verb of fmt.
func (Bearer) Format(f fmt.State, _ rune) { hide(f) }

// CircleMember is one seat of a circle.
type CircleMember struct {
	Token  [32]byte // the hash of a Bearer
	Q      [65]byte // their public key
	Record Envelope // Q sealed by whoever let them in, so that no server can add a key of its own
	Once   []byte   // the public key of the pair that Wrap was made with
	Wrap   Envelope // the key of now
	Since  uint32   // the epoch they came in
	Maker  bool
	Wrote  bool
	Seated bool // Record and Wrap are there
	Downs  int  // members who want them out
}

// CheckKey refuses what is no public key of P-256.
func CheckKey(q []byte) error {
	if _, err := ecdh.P256().NewPublicKey(q); err != nil || len(q) != 65 {
		return &Error{Kind: Invalid, Code: "error.circle.key"}
	}
	return nil
}

// check looks at what is sealed for a member under an epoch.
func (m CircleMember) check(epoch uint32) error {
	if err := CheckKey(m.Q[:]); err != nil {
		return err
	}
	if err := CheckKey(m.Once); err != nil {
		return err
	}
	if err := m.Record.Check(EnvelopeMember, epoch); err != nil {
		return err
	}
	return m.Wrap.Check(EnvelopeWrap, epoch)
}

// CircleLink is the key of the epoch before, sealed under the one of Epoch.
type CircleLink struct {
	Epoch uint32
	Box   Envelope
}

// CircleInvite lets somebody in.
type CircleInvite struct {
	Token  [32]byte // the hash of what its secret gives
	Box    Envelope // the key of now, sealed under the secret
	Uses   int      // that are left
	EndsAt time.Time
}

// CircleTurn is a new key for those who stay.
type CircleTurn struct {
	Epoch uint32 // the new one
	Once  []byte
	Meta  Envelope
	Link  Envelope
	Stay  []CircleMember // Q, Record and Wrap of each
}

// Enter returns a circle and the member of it who shows a bearer. For everybody else it
// is not there. A seat that was kept and not taken is none yet.
func (c *Circles) Enter(ctx context.Context, id PostID, b Bearer) (Circle, CircleMember, error) {
	circle, m, err := c.store.Seat(ctx, id, b.Hash(), c.now())
	if err == nil && !m.Seated {
		return Circle{}, CircleMember{}, ErrNotFound
	}
	return circle, m, err
}

// Members returns the seats that are taken, as a member may see them.
func (c *Circles) Members(ctx context.Context, id PostID) ([]CircleMember, error) {
	return c.store.CircleMembers(ctx, id, c.now())
}

// Links returns the way back from the key of now to those that a member knew before.
func (c *Circles) Links(ctx context.Context, id PostID, m CircleMember) ([]CircleLink, error) {
	return c.store.CircleLinks(ctx, id, m.Since, c.now())
}

// Turn gives the circle a new key for those who stay. Where the maker rules, they alone
// may leave somebody out.
func (c *Circles) Turn(ctx context.Context, circle Circle, me CircleMember, t CircleTurn) error {
	if t.Epoch != circle.Epoch+1 {
		return ErrEpoch
	}
	if !slices.ContainsFunc(t.Stay, func(m CircleMember) bool { return m.Q == me.Q }) || len(t.Stay) > circle.Cap {
		return ErrMembers
	}
	if err := CheckKey(t.Once); err != nil {
		return err
	}
	if err := t.Meta.Check(EnvelopeMeta, t.Epoch); err != nil {
		return err
	}
	if err := t.Link.Check(EnvelopeLink, t.Epoch); err != nil {
		return err
	}
	for i := range t.Stay {
		t.Stay[i].Once = t.Once
		if err := t.Stay[i].check(t.Epoch); err != nil {
			return err
		}
	}
	all := circle.Rule != ByMaker || !me.Maker
	if err := c.store.TurnCircle(ctx, circle.ID, t, all, c.now()); err != nil {
		return fmt.Errorf("turn the key: %w", err)
	}
	c.tell(ctx, Event{Kind: SettingsChanged, Board: circle.topic()})
	if !all {
		c.tell(ctx, Event{Kind: TurnedOut, Board: circle.topic()}) // who stays comes back with a new ticket
	}
	return nil
}

// Leave gives up a seat. With the last one the circle ends.
func (c *Circles) Leave(ctx context.Context, circle Circle, me CircleMember) error {
	left, err := c.store.LeaveCircle(ctx, circle.ID, me.Token, c.now())
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	if left == 0 {
		return c.end(ctx, circle.ID, nil)
	}
	c.changed(ctx, circle)
	return nil
}

// Oust says that a member wants another out. Once more than half of the others do, that
// one is.
func (c *Circles) Oust(ctx context.Context, circle Circle, me CircleMember, q [65]byte) (bool, error) {
	if circle.Rule != ByMajority {
		return false, errNotMaker
	}
	out, err := c.store.OustMember(ctx, circle.ID, q, me.Token, c.now())
	if err != nil {
		return false, fmt.Errorf("oust: %w", err)
	}
	c.changed(ctx, circle)
	return out, nil
}

// changed tells open pages that somebody came, left or wants something, and has those
// leave who are out.
func (c *Circles) changed(ctx context.Context, circle Circle) {
	c.tell(ctx, Event{Kind: SettingsChanged, Board: circle.topic()})
	c.tell(ctx, Event{Kind: TurnedOut, Board: circle.topic()})
}

// Invite lets whoever holds an invite's secret in.
func (c *Circles) Invite(ctx context.Context, circle Circle, i CircleInvite, lasts time.Duration) error {
	if err := i.Box.Check(EnvelopeInvite, circle.Epoch); err != nil {
		return err
	}
	if i.Uses < 1 || i.Uses > circle.Cap || lasts < ShortestInvite || lasts > LongestInvite {
		return &Error{Kind: Invalid, Code: "error.circle.invite", Args: map[string]any{"max": circle.Cap}}
	}
	now := c.now()
	i.EndsAt = roundUp(now.Add(lasts), time.Second)
	return c.store.InsertInvite(ctx, circle.ID, i, now)
}

// Invites returns those that can be used.
func (c *Circles) Invites(ctx context.Context, id PostID) ([]CircleInvite, error) {
	return c.store.CircleInvites(ctx, id, c.now())
}

// Revoke ends an invite at once.
func (c *Circles) Revoke(ctx context.Context, id PostID, token [32]byte) error {
	return c.store.RevokeInvite(ctx, id, token, c.now())
}

// Join uses an invite, keeps a seat for SeatTime, and returns what the invite seals.
func (c *Circles) Join(ctx context.Context, id PostID, invite Bearer, m CircleMember) (Envelope, error) {
	if err := CheckKey(m.Q[:]); err != nil {
		return nil, err
	}
	return c.store.JoinCircle(ctx, id, invite.Hash(), m, c.now())
}

// SitDown takes the seat that Join has kept.
func (c *Circles) SitDown(ctx context.Context, id PostID, b Bearer, m CircleMember) error {
	circle, seat, err := c.store.Seat(ctx, id, b.Hash(), c.now())
	if err != nil {
		return err
	}
	m.Q, m.Token = seat.Q, seat.Token
	if err := m.check(circle.Epoch); err != nil {
		return err
	}
	if err := c.store.SitDown(ctx, id, m, c.now()); err != nil {
		return fmt.Errorf("sit down: %w", err)
	}
	c.tell(ctx, Event{Kind: SettingsChanged, Board: circle.topic()})
	return nil
}
