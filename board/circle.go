package board

import (
	"context"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// CircleCaps are how many members a circle may have, as its maker chooses.
var CircleCaps = []int{12, 50, 150}

const (
	// ShortestCircle is how long a circle is there at least.
	ShortestCircle = time.Hour
	// LongestCircle is how long it is at most.
	LongestCircle = 90 * 24 * time.Hour
	// ShortestInvite is how long an invite may be used at least.
	ShortestInvite = 10 * time.Minute
	// LongestInvite is how long it may at most.
	LongestInvite = 24 * time.Hour
	// InvitesMax is how many invites of a circle may be open at a time.
	InvitesMax = 20
	// SeatTime is how long a seat is kept for whoever used an invite and has not sat down.
	SeatTime = 10 * time.Minute
	// CirclePostsMax is how many posts may live in a circle, and how many replies in one
	// of its threads.
	CirclePostsMax = 500
	// CirclePage is how many posts a page of a circle holds.
	CirclePage = 30
	// ReportedChars is how many characters of a circle's post a report may hold.
	ReportedChars = 20_000
)

// CircleRule is who may remove what in a circle, fixed when it is made.
type CircleRule string

// The rules of circles.
const (
	ByMaker    CircleRule = "maker"    // its maker may, alone
	ByMajority CircleRule = "majority" // downs of more than half of its members do
)

// CircleRules are the rules in the order in which they are offered.
var CircleRules = []CircleRule{ByMajority, ByMaker}

// EnvelopeKind is what an envelope holds. The server can't tell, but for its size.
type EnvelopeKind byte

// The kinds of envelopes (docs/circles.md).
const (
	EnvelopePost EnvelopeKind = iota + 1
	EnvelopeReply
	EnvelopePicture
	EnvelopeMember
	EnvelopeMeta
	EnvelopeLink
	EnvelopeInvite
	EnvelopeWrap
	EnvelopeAsk    // of a chat, from who asked
	EnvelopeAnswer // of a chat, from the author of the post
)

const (
	envelopeVersion = 1
	envelopeHead    = 1 + 4 + 12
	envelopeTail    = 16
	// EnvelopeMax is the longest an envelope may be: a picture's.
	EnvelopeMax = envelopeHead + envelopePicture + envelopeTail

	envelopeWord    = 256
	envelopeWords   = 64 << 10
	envelopeThumb   = 16 << 10
	envelopePicture = 1 << 20
)

// Envelope is what the server passes on and can't open.
type Envelope []byte

// Epoch is that of the key which opens it; 0 is none.
func (e Envelope) Epoch() uint32 {
	if len(e) < envelopeHead {
		return 0
	}
	return binary.BigEndian.Uint32(e[1:])
}

// Check refuses what can't be an envelope of a kind: of another version, or of a length
// that is no step. Of another epoch than the one given, it is ErrEpoch.
func (e Envelope) Check(kind EnvelopeKind, epoch uint32) error {
	least, most := envelopeWord, envelopeWords
	switch kind {
	case EnvelopePicture:
		least, most = envelopeThumb, envelopePicture
	case EnvelopeMember, EnvelopeLink, EnvelopeInvite, EnvelopeWrap:
		most = 2 * envelopeWord
	case EnvelopeMeta:
		most = 16 << 10
	case EnvelopeAsk, EnvelopeAnswer:
		most = envelopeChat
	case EnvelopePost, EnvelopeReply:
	}
	padded := len(e) - envelopeHead - envelopeTail
	if padded < least || padded > most || padded&(padded-1) != 0 || e[0] != envelopeVersion || e.Epoch() == 0 {
		return errEnvelope
	}
	if e.Epoch() != epoch {
		return ErrEpoch
	}
	return nil
}

// The refusals of circles.
var (
	errEnvelope = &Error{Kind: Invalid, Code: "error.circle.envelope"}
	// ErrEpoch refuses what was sealed under another key than the one of now.
	ErrEpoch = &Error{Kind: Overtaken, Code: "error.circle.epoch"}
	// ErrCircleTaken refuses an id that is given.
	ErrCircleTaken = &Error{Kind: Overtaken, Code: "error.circle.taken"}
	// ErrCircles refuses one circle more than there may be.
	ErrCircles = &Error{Kind: Shut, Code: "error.circle.most"}
	// ErrCircleFull refuses one member more than there may be.
	ErrCircleFull = &Error{Kind: Shut, Code: "error.circle.full"}
	// ErrInviteUsed, ErrInviteLate and ErrInviteRevoked refuse an invite that was good once.
	ErrInviteUsed    = &Error{Kind: Spent, Code: "error.circle.invite_used"}
	ErrInviteLate    = &Error{Kind: Spent, Code: "error.circle.invite_late"}
	ErrInviteRevoked = &Error{Kind: Spent, Code: "error.circle.invite_revoked"}
	// ErrInvites refuses one open invite more than there may be.
	ErrInvites = &Error{Kind: Shut, Code: "error.circle.invites", Args: map[string]any{"max": InvitesMax}}
	// ErrCircleBusy refuses one post or reply more than there may be.
	ErrCircleBusy = &Error{Kind: Shut, Code: "error.circle.posts", Args: map[string]any{"max": CirclePostsMax}}
	// ErrMembers refuses a turn of the key for members who are not there.
	ErrMembers = &Error{Kind: Overtaken, Code: "error.circle.members"}

	errCirclesOff = &Error{Kind: Shut, Code: "error.circle.off"}
	errNotMaker   = &Error{Kind: Forbidden, Code: "error.circle.maker"}
	errMajority   = &Error{Kind: Forbidden, Code: "error.circle.majority"}
	errProof      = reportError("words", "error.circle.proof")
)

// Circle is a private room, as far as the server knows it.
type Circle struct {
	ID         PostID // its maker drew it
	Epoch      uint32 // of the key of now, from 1
	Cap        int
	Rule       CircleRule
	Gated      bool // its posts are given out once k members have written
	TTLDefault time.Duration
	TTLMax     time.Duration
	ClosesAt   time.Time
	Turn       bool // somebody has left who knows the key of now
	Open       bool // k members have written
	Meta       Envelope
	Members    int // seats that are taken
	Wrote      int // members who have written
}

// topic is where open pages of the circle listen. No board can be called so.
func (c Circle) topic() string { return CircleTopic(c.ID) }

// CircleTopic is where open pages of a circle listen.
func CircleTopic(id PostID) string { return "circle/" + id.String() }

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

// CirclePost is a post or reply of a circle: its Body is in the Envelope.
type CirclePost struct {
	Post
	Circle   PostID
	Epoch    uint32
	Envelope Envelope
	Commit   [32]byte // to its words
	Image    Envelope // on its way in alone
	Pictured bool
}

// CircleReport is a report of a circle's post with words that are proven to be its.
type CircleReport struct {
	Post, Thread PostID
	Circle       PostID
	Reason       Reason
	Words        string
	Left         time.Duration // of the post; they end together
}

// CircleLine is what admins see of a circle.
type CircleLine struct {
	ID       PostID
	Cap      int
	Members  int
	Posts    int
	ClosesAt time.Time
}

// CircleEnding is something of a circle that has ended.
type CircleEnding struct {
	Circle PostID
	ID     PostID // zero: the circle itself
	Thread PostID
	Why    Why
}

// CircleStore is what Circles asks of its store. What has ended at now is not there;
// neither is a circle for whoever has no seat in it.
type CircleStore interface {
	// InsertCircle stores a circle with its maker. Past most it is ErrCircles, with an id
	// that is given ErrCircleTaken.
	InsertCircle(ctx context.Context, c Circle, maker CircleMember, most int, now time.Time) error
	// Seat returns a circle, and the member of it whose token's hash is given.
	Seat(ctx context.Context, id PostID, token [32]byte, now time.Time) (Circle, CircleMember, error)
	// CircleMembers returns the seats that are taken.
	CircleMembers(ctx context.Context, id PostID, now time.Time) ([]CircleMember, error)
	// CircleLinks returns the links to epochs from since on.
	CircleLinks(ctx context.Context, id PostID, since uint32, now time.Time) ([]CircleLink, error)
	// TurnCircle gives a circle a new key if its epoch is still the one before: whoever
	// does not stay is out, and so are all invites and empty seats. With all set, everybody
	// must stay, or it is ErrMembers.
	TurnCircle(ctx context.Context, id PostID, t CircleTurn, all bool, now time.Time) error
	// LeaveCircle takes a member's seat, and says how many are left.
	LeaveCircle(ctx context.Context, id PostID, token [32]byte, now time.Time) (left int, err error)
	// OustMember counts that one member wants another out, who is once more than half of
	// the others do.
	OustMember(ctx context.Context, id PostID, q [65]byte, voter [32]byte, now time.Time) (out bool, err error)
	// InsertInvite stores an invite for a key of the epoch of now.
	InsertInvite(ctx context.Context, id PostID, i CircleInvite, now time.Time) error
	// CircleInvites returns those that can be used.
	CircleInvites(ctx context.Context, id PostID, now time.Time) ([]CircleInvite, error)
	// RevokeInvite ends one at once.
	RevokeInvite(ctx context.Context, id PostID, token [32]byte, now time.Time) error
	// JoinCircle uses an invite once, and keeps a seat for m, in one step: of callers with
	// the last use, or for the last seat, one gets it.
	JoinCircle(ctx context.Context, id PostID, invite [32]byte, m CircleMember, now time.Time) (Envelope, error)
	// SitDown takes a seat that was kept.
	SitDown(ctx context.Context, id PostID, m CircleMember, now time.Time) error
	// InsertCirclePost stores a post or reply with its key, and gives voice its name in
	// the thread. At k members who wrote the circle's posts are given out.
	InsertCirclePost(ctx context.Context, p CirclePost, key Key, v Visitor, token [32]byte, k int, now time.Time) (CirclePost, error)
	// CirclePosts returns posts of a circle that are older than before (0: the newest).
	CirclePosts(ctx context.Context, id PostID, before int64, limit int, now time.Time) ([]CirclePost, error)
	// CircleThread returns a post with its replies, oldest first.
	CircleThread(ctx context.Context, id, post PostID, now time.Time) (CirclePost, []CirclePost, error)
	// CirclePost returns a post or reply.
	CirclePost(ctx context.Context, id, post PostID, now time.Time) (CirclePost, error)
	// CirclePicture returns the picture of a post.
	CirclePicture(ctx context.Context, id, post PostID, now time.Time) (Envelope, error)
	// CircleVote records, changes or takes back one member's vote in one step.
	CircleVote(ctx context.Context, id PostID, b Ballot, now time.Time) (CirclePost, error)
	// CircleVotes returns which of the tags have voted, and how.
	CircleVotes(ctx context.Context, tags map[PostID]Tag) (map[PostID]Vote, error)
	// EndCirclePost destroys a post with its replies, or a reply.
	EndCirclePost(ctx context.Context, id, post PostID, now time.Time) error
	// EndCircle destroys a circle with all that is in it; with an entry, logs it.
	EndCircle(ctx context.Context, id PostID, e *Entry, now time.Time) error
	// ReportCirclePost keeps the one report of a member on a post.
	ReportCirclePost(ctx context.Context, id PostID, r CircleReport, tag Tag, now time.Time) error
	// CircleReports returns what waits for an admin.
	CircleReports(ctx context.Context, now time.Time) ([]CircleReport, error)
	// DropCircleReports lets go of the reports on a post.
	DropCircleReports(ctx context.Context, post PostID) error
	// CircleLines returns what admins see of all circles.
	CircleLines(ctx context.Context, now time.Time) ([]CircleLine, error)
	// TendCircles destroys what time has ended, and returns it.
	TendCircles(ctx context.Context, now time.Time) ([]CircleEnding, error)
}

// Circles is the rules of circles at work: it stores first and tells second.
type Circles struct {
	store    CircleStore
	out      Publisher
	settings func(board string) Settings
	now      Clock
	log      *slog.Logger
	alarm    func(Waiting)
}

// NewCircles puts Circles together.
func NewCircles(store CircleStore, out Publisher, settings func(board string) Settings, now Clock, log *slog.Logger, alarm func(Waiting)) *Circles {
	return &Circles{store: store, out: out, settings: settings, now: now, log: log, alarm: alarm}
}

// CircleDraft is a circle as its maker would like it.
type CircleDraft struct {
	Circle
	Lasts time.Duration
	Maker CircleMember
}

// Make makes a circle with its first member.
func (c *Circles) Make(ctx context.Context, d CircleDraft) (Circle, error) {
	s := c.settings("")
	if !s.Circles || s.State == ForNow || s.State == ReadOnly {
		return Circle{}, errCirclesOff
	}
	if err := d.check(s); err != nil {
		return Circle{}, err
	}
	now := c.now()
	made := d.Circle
	made.Epoch, made.Members = 1, 1
	made.ClosesAt = roundUp(now.Add(d.Lasts), time.Minute)
	d.Maker.Since, d.Maker.Maker, d.Maker.Seated = 1, true, true
	if err := c.store.InsertCircle(ctx, made, d.Maker, s.CirclesMax, now); err != nil {
		return Circle{}, fmt.Errorf("make circle: %w", err)
	}
	return made, nil
}

func (d CircleDraft) check(s Settings) error {
	bad := &Error{Kind: Invalid, Code: "error.draft", Fields: map[string]Problem{}}
	if !slices.Contains(CircleCaps, d.Cap) || d.Cap > s.CircleCap {
		bad.Fields["cap"] = Problem{Code: "error.circle.cap", Args: map[string]any{"max": s.CircleCap}}
	}
	if !slices.Contains(CircleRules, d.Rule) {
		bad.Fields["rule"] = Problem{Code: "error.circle.rule"}
	}
	if d.TTLMax < s.TTLMin || d.TTLMax > s.TTLMax || d.TTLDefault < s.TTLMin || d.TTLDefault > d.TTLMax {
		bad.Fields["ttl_max"] = Problem{Code: "error.ttl", Args: map[string]any{"min": s.TTLMin, "max": s.TTLMax}}
	}
	if d.Lasts < ShortestCircle || d.Lasts > LongestCircle {
		bad.Fields["lasts"] = Problem{Code: "error.circle.lasts", Args: map[string]any{"min": ShortestCircle, "max": LongestCircle}}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := d.Meta.Check(EnvelopeMeta, 1); err != nil {
		return err
	}
	return d.Maker.check(1)
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

// Now is board time.
func (c *Circles) Now() time.Time { return c.now() }

// tellPost tells of a post or reply to all who read the circle; none of it but ids is in
// the event.
func (c *Circles) tellPost(ctx context.Context, kind EventKind, p CirclePost) {
	c.tell(ctx, Event{Kind: kind, Board: CircleTopic(p.Circle), Thread: p.ID, ID: p.ID, Post: Post{ID: p.ID, Thread: p.Thread}})
}

func (c *Circles) tell(ctx context.Context, e Event) {
	if err := c.out.Publish(context.WithoutCancel(ctx), e); err != nil {
		c.log.ErrorContext(ctx, "an event of a circle was not told; open pages catch up at their next return", "err", err)
	}
}
