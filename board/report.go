package board

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
)

// Reason is what a reader says is wrong with a post.
type Reason string

// The reasons of a report.
const (
	Harm       Reason = "harm"
	Naming     Reason = "names-someone"
	Harassment Reason = "harassment"
	Spam       Reason = "spam"
	Illegal    Reason = "illegal"
	Other      Reason = "other"
)

// Reasons are the reasons in the order in which they are offered.
var Reasons = []Reason{Harm, Naming, Harassment, Spam, Illegal, Other}

// ParseReason reads the word that forms and the API use.
func ParseReason(s string) (Reason, error) {
	if slices.Contains(Reasons, Reason(s)) {
		return Reason(s), nil
	}
	return "", reportError("reason", "error.reason")
}

func reportError(field, code string) *Error {
	return &Error{Kind: Invalid, Code: code, Fields: map[string]Problem{field: {Code: code}}}
}

// Complaint is what a reader sends about a post or reply.
type Complaint struct {
	Reason Reason
	// Words, of a view-once post, are those that its reader was shown: an admin reads
	// them only if they are, letter for letter, what it holds. "": none are sent.
	Words string
	// Counts says whether it may help to hide: of the fresh cookies of one network one
	// does (SPEC 5).
	Counts bool
}

// Report is a complaint on its way to the store.
type Report struct {
	Post   PostID
	Tag    Tag // of who reports, and of their opening: both say nothing
	Opened Tag
	Complaint
	Enough int // so many that count hide it
}

// Hides says whether so many reports that count put p out of sight: one is enough for
// a picture.
func (r Report) Hides(p Post, counting int) bool {
	return counting >= r.Enough || p.Picture != nil && counting > 0
}

// Proves says whether its words are those of p.
func (r Report) Proves(p Post) bool {
	return subtle.ConstantTimeCompare([]byte(r.Words), []byte(p.Body)) == 1
}

// ErrWords refuses words that the post does not hold, or that were not opened.
var ErrWords = reportError("words", "error.report_words")

// Report tells an admin that visitor v finds something wrong with a post or reply. One
// visitor has one report on each, and a second takes the place of the first. Enough of
// them hide it, unless an admin has let it stand; it ends on time all the same.
func (b *Board) Report(ctx context.Context, id PostID, v Visitor, c Complaint) error {
	p, err := b.inSight(ctx, id, v)
	switch {
	case err != nil:
		return err
	case p.OwnedBy(v):
		return reportError("reason", "error.report_own")
	case p.Prompt != NoPrompt || p.Staff:
		return reportError("reason", "error.report_host")
	}
	b.deciding.Lock()
	defer b.deciding.Unlock()
	r := Report{
		Post: id, Tag: p.Secret.Report(v, id), Opened: p.Secret.Opening(v, id),
		Complaint: c, Enough: b.settings(p.Board).ReportsToHide,
	}
	p, hidden, err := b.posts.Report(ctx, r, b.now())
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if hidden {
		b.tellHidden(ctx, p)
	}
	return nil
}
