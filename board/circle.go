package board

import (
	"context"
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
