package board

import (
	"context"
	"encoding/base32"
	"fmt"
	"strings"
)

// shareEncoding writes share codes: eight lower-case letters and digits.
var shareEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Share is the code in the link to a thread that is passed on (?s=CODE). It is the same
// whoever passes it on, so that it says that somebody did, and never who.
func (s Secret) Share(thread PostID) string {
	t := s.tag("share", thread[:])
	return strings.ToLower(shareEncoding.EncodeToString(t[:5]))
}

// CameBy says whether v came to p by the link that was passed on: its code is the
// thread's, and v is not who wrote p.
func (p Post) CameBy(code string, v Visitor) bool {
	return code == p.Secret.Share(p.Thread) && !p.OwnedBy(v)
}

// Arrived counts an arrival at p's thread.
func (b *Board) Arrived(ctx context.Context, p Post) error {
	if err := b.posts.Arrive(ctx, p.Thread, b.now()); err != nil {
		return fmt.Errorf("count an arrival: %w", err)
	}
	return nil
}

// Came is how many came to p by its link, 0 below k: a few could be told apart.
func (p Post) Came(k int) int {
	if p.Arrivals < k {
		return 0
	}
	return p.Arrivals
}
