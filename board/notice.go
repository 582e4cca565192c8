package board

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"time"
)

// Sign is how whoever wrote something can still be told of it when its thread, and
// with that its secret, is gone. It lies in the post's box; what a Notice keeps of it
// only the author's cookie fits, and no two signs of one visitor have anything in
// common. The zero Sign is nobody's.
type Sign struct{ Salt, Mark Tag }

// NewSign draws the sign of something that v writes.
func NewSign(v Visitor) (s Sign) {
	rand.Read(s.Salt[:])
	s.Mark = s.mark(v)
	return s
}

// mark is one block of SHA-256, as each page of a visitor tries all notices.
func (s Sign) mark(v Visitor) Tag {
	in := append([]byte("signed"), s.Salt[:]...)
	sum := sha256.Sum256(append(in, v.ID[:]...))
	return Tag(sum[:len(Tag{})])
}

// Of says whether it is a sign of v's.
func (s Sign) Of(v Visitor) bool {
	return !v.IsZero() && s != Sign{} && s.Mark.Equal(s.mark(v))
}

// String is 43 characters of base64url.
func (s Sign) String() string {
	return base64.RawURLEncoding.EncodeToString(append(s.Salt[:], s.Mark[:]...))
}

// ParseSign reads what String writes; anything else is nobody's sign.
func ParseSign(text string) Sign {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != 2*len(Tag{}) {
		return Sign{}
	}
	return Sign{Tag(b[:len(Tag{})]), Tag(b[len(Tag{}):])}
}

const (
	// NoticeTime is how long an author can still be told: as long as a cookie usually lasts.
	NoticeTime = 7 * 24 * time.Hour
	// NoticesMax is how many notices there may be; the next takes the place of one that
	// would go first.
	NoticesMax = 4096

	noticeGrid = time.Hour // what their ends are rounded up to
)

// Notice tells an author that an admin removed something of theirs, and why. It says
// neither what that was nor whose. What somebody sends at /notice is a Claim.
type Notice struct {
	Sign   Sign
	Board  string
	Reason Reason // "": none was given
	Until  time.Time
}

// notify keeps for the authors of what an admin removed why that was.
func (b *Board) notify(ctx context.Context, ended []Ending) error {
	until := roundUp(b.now().Add(NoticeTime), noticeGrid)
	var list []Notice
	for _, e := range ended {
		if e.Sign != (Sign{}) {
			list = append(list, Notice{e.Sign, e.Board, e.Reason, until})
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := b.posts.Notify(ctx, list); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// Notices are those for visitor v.
func (b *Board) Notices(v Visitor) []Notice {
	if v.IsZero() {
		return nil
	}
	list := b.posts.Notices(b.now())
	return slices.DeleteFunc(list, func(n Notice) bool { return !n.Sign.Of(v) })
}

// Heard ends the notices for visitor v, who has read them.
func (b *Board) Heard(ctx context.Context, v Visitor) error {
	list := b.Notices(v)
	if len(list) == 0 {
		return nil
	}
	if err := b.posts.EndNotices(ctx, list); err != nil {
		return fmt.Errorf("end notices: %w", err)
	}
	return nil
}
