package board

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// ClaimTime is how long a notice waits for its decision, at most.
	ClaimTime = 30 * 24 * time.Hour
	// ClaimAfter is how much longer it is there once it was decided, or once what it is
	// about has ended.
	ClaimAfter = 7 * 24 * time.Hour
	// ClaimsMax is how many there may be at a time.
	ClaimsMax = 5000

	// ClaimChars is how many characters may say why.
	ClaimChars = 5000
	// ClaimWhereChars is how many may say where.
	ClaimWhereChars = 500
	// ClaimWhoChars is how many a name or a mail address may have.
	ClaimWhoChars = 200
	// ClaimAnswerChars is how many the host may answer with.
	ClaimAnswerChars = 1000
)

// ClaimKind is what somebody says is wrong in the eyes of the law.
type ClaimKind string

// The kinds of notices.
const (
	ClaimChild    ClaimKind = "child-abuse"
	ClaimPersonal ClaimKind = "personal-data"
	ClaimIllegal  ClaimKind = "illegal"
	ClaimOther    ClaimKind = "other"
)

// ClaimKinds are the kinds in the order in which they are offered.
var ClaimKinds = []ClaimKind{ClaimChild, ClaimPersonal, ClaimIllegal, ClaimOther}

// ClaimState is what has become of a notice.
type ClaimState string

// The states of a notice.
const (
	ClaimWaits    ClaimState = "waits"
	ClaimRemoved  ClaimState = "removed"  // what it is about was ended for it
	ClaimKept     ClaimState = "kept"     // and this was let stand
	ClaimAnswered ClaimState = "answered" // it was about no one post
	ClaimGone     ClaimState = "gone"     // what it is about ended before anybody decided
)

// claimDecisions are what an admin may decide.
var claimDecisions = []ClaimState{ClaimRemoved, ClaimKept, ClaimAnswered}

// Receipt is the number that whoever sent a notice keeps. Stores know its ID alone.
type Receipt string

var receiptLetters = base32.StdEncoding.WithPadding(base32.NoPadding)

const receiptBytes = 15

// NewReceipt draws a number.
func NewReceipt() Receipt {
	var b [receiptBytes]byte
	rand.Read(b[:])
	return Receipt(receiptLetters.EncodeToString(b[:]))
}

// ParseReceipt reads a number however it was typed.
func ParseReceipt(s string) (Receipt, error) {
	s = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
	if b, err := receiptLetters.DecodeString(s); err != nil || len(b) != receiptBytes {
		return "", ErrNotFound
	}
	return Receipt(s), nil
}

// ID is what is kept of a number: it does not lead back to it.
func (r Receipt) ID() PostID {
	sum := sha256.Sum256([]byte("notice " + r))
	return PostID(sum[:16])
}

// String is the number in groups of four, as people read it out.
func (r Receipt) String() string {
	var groups []string
	for group := range slices.Chunk([]byte(r), 4) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, "-")
}

// ClaimDraft is a notice as it was sent.
type ClaimDraft struct {
	Where     string
	Kind      ClaimKind
	Why       string
	Name      string
	Mail      string
	GoodFaith bool
}

// Claim is a notice by law that was taken: what pages and paths (/notice, /admin/notices)
// call a notice, and the code, where a Notice tells an author, does not. Its words, names and answer lie in a box.
type Claim struct {
	Number   int64 // a store gives it; admins go by it
	ID       PostID
	Kind     ClaimKind
	State    ClaimState
	Post     PostID // zero: it is about no one post
	Board    string // of the post
	Sent     time.Time
	EndsAt   time.Time
	Reason   Reason // of the decision; "": none was given
	Where    string
	Why      string
	Name     string
	Mail     string
	Answer   string // the host's own words to who sent it
	Wordless bool   // its key is lost: the box opens no more
}

// Decision is what an admin says of a notice.
type Decision struct {
	By     string
	State  ClaimState
	Reason Reason
	Answer string
}

// ClaimStore keeps notices by law.
type ClaimStore interface {
	// InsertClaim stores a notice and its key, durably. Past most of them it is ErrClaims.
	InsertClaim(ctx context.Context, n Claim, key Key, most int) error
	// Claim returns one by its ID.
	Claim(ctx context.Context, id PostID, now time.Time) (Claim, error)
	// Claims returns those that are there, those that wait first, at most limit.
	Claims(ctx context.Context, limit int, now time.Time) ([]Claim, error)
	// ClaimsWaiting counts those that nobody has decided.
	ClaimsWaiting(ctx context.Context, now time.Time) (int, error)
	// DecideClaim records a decision, its line in the log and when it all ends, in one
	// step. What was decided is ErrDecided.
	DecideClaim(ctx context.Context, number int64, d Decision, e Entry, endsAt time.Time) error
	// Orphaned shortens what nobody has decided and whose post is gone.
	Orphaned(ctx context.Context, endsAt, now time.Time) error
}

// ErrClaims says that too many notices wait already.
var ErrClaims = &Error{Kind: Busy, Code: "error.claim.full"}

// Check reads a draft as it will be kept, or says field by field what is wrong.
func (d ClaimDraft) Check() (ClaimDraft, error) {
	e := &Error{Kind: Invalid, Code: "error.claim.form", Fields: map[string]Problem{}}
	d.Where = e.line("where", d.Where, ClaimWhereChars)
	d.Name = e.line("name", d.Name, ClaimWhoChars)
	d.Mail = e.line("mail", d.Mail, ClaimWhoChars)
	d.Why = e.text("why", d.Why, ClaimChars)
	require := func(ok bool, field, code string) {
		if _, wrong := e.Fields[field]; !ok && !wrong {
			e.Fields[field] = Problem{Code: code}
		}
	}
	require(slices.Contains(ClaimKinds, d.Kind), "kind", "error.claim.kind")
	require(d.Where != "", "where", "error.claim.where")
	require(d.Why != "", "why", "error.claim.why")
	require(d.GoodFaith, "good_faith", "error.claim.good_faith")
	if d.Kind != ClaimChild {
		require(d.Name != "", "name", "error.claim.name")
		require(d.Mail != "", "mail", "error.claim.mail")
	}
	if d.Mail != "" {
		a, err := mail.ParseAddress(d.Mail)
		require(err == nil && a.Address == d.Mail, "mail", "error.claim.mail")
	}
	if len(e.Fields) > 0 {
		return d, e
	}
	return d, nil
}

// text cleans what a field holds, and notes when it is no text or too long.
func (e *Error) text(field, given string, most int) string {
	text, ok := CleanText(given)
	n := utf8.RuneCountInString(text)
	switch {
	case !ok:
		e.Fields[field] = Problem{Code: "error.claim.text"}
		return given
	case n > most:
		e.Fields[field] = Problem{Code: "error.claim.long", Args: map[string]any{"n": n, "max": most}}
		return given
	}
	return text
}

// line is text of one line.
func (e *Error) line(field, given string, most int) string {
	return strings.Join(strings.Fields(e.text(field, given, most)), " ")
}

// TakeClaim takes a notice that was checked, about post (zero: about no one post), and
// gives the number that it is found by. It is told to nobody what it says.
func (b *Board) TakeClaim(ctx context.Context, d ClaimDraft, post PostID) (Receipt, error) {
	now := b.now().Truncate(time.Minute)
	r := NewReceipt()
	n := Claim{
		ID: r.ID(), Kind: d.Kind, State: ClaimWaits, Post: post, Sent: now, EndsAt: now.Add(ClaimTime),
		Where: d.Where, Why: d.Why, Name: d.Name, Mail: d.Mail,
	}
	if post != (PostID{}) {
		p, err := b.posts.Post(ctx, post, b.now())
		if err != nil {
			return "", err
		}
		n.Board = p.Board
	}
	if err := b.posts.InsertClaim(ctx, n, NewKey(), ClaimsMax); err != nil {
		return "", fmt.Errorf("notice: %w", err)
	}
	b.alarm(Claimed)
	return r, nil
}

// Claim is what has become of a notice, for who holds its number.
func (b *Board) Claim(ctx context.Context, r Receipt) (Claim, error) {
	return b.posts.Claim(ctx, r.ID(), b.now())
}

// Claims are those that are there, for an admin; those that wait come first.
func (b *Board) Claims(ctx context.Context) ([]Claim, error) {
	return b.posts.Claims(ctx, QueueMax, b.now())
}

// ClaimsWaiting counts those that nobody has decided.
func (b *Board) ClaimsWaiting(ctx context.Context) (int, error) {
	return b.posts.ClaimsWaiting(ctx, b.now())
}

// DecideClaim says what becomes of a notice. Removed ends what it is about, as Remove
// does; both stand in the public log, which says nothing of what the notice said.
func (b *Board) DecideClaim(ctx context.Context, n Claim, d Decision) error {
	e := &Error{Kind: Invalid, Code: "error.claim.form", Fields: map[string]Problem{}}
	d.Answer = e.text("answer", d.Answer, ClaimAnswerChars)
	if !slices.Contains(claimDecisions, d.State) || d.State == ClaimRemoved && n.Post == (PostID{}) {
		e.Fields["do"] = Problem{Code: "error.claim.decision"}
	}
	if len(e.Fields) > 0 {
		return e
	}
	if n.State != ClaimWaits {
		return ErrDecided
	}
	if d.State == ClaimRemoved {
		if _, err := b.Remove(ctx, Ruling{By: d.By, Reason: d.Reason}, n.Post); err != nil {
			return err
		}
	}
	now := b.now()
	entry := Ruling{By: d.By, Reason: d.Reason}.entry(ActClaim, n.Board, now)
	entry.Subject = string(d.State)
	if err := b.posts.DecideClaim(ctx, n.Number, d, entry, now.Add(ClaimAfter)); err != nil {
		return fmt.Errorf("decide notice: %w", err)
	}
	return nil
}

// FollowClaims lets go of claims whose posts have ended; call it now and then.
func (b *Board) FollowClaims(ctx context.Context) error {
	now := b.now()
	return b.posts.Orphaned(ctx, now.Add(ClaimAfter), now)
}
