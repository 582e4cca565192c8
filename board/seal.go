package board

import (
	"context"
	"fmt"
	"unicode/utf8"
)

// SealReasonChars is how many characters may say, for all to read, why a copy was made.
const SealReasonChars = 200

// Copy is one living post or reply as it is given to who the law lets have it.
type Copy struct {
	Post    Post
	Picture Image // without bytes: none
}

// ErrUnopened refuses a copy of a view-once post whose words no reader has sent: not even
// an admin reads it.
var ErrUnopened = &Error{Kind: Invalid, Code: "error.seal.unopened"}

// CheckSeal reads why a copy is made, and what it is to be locked with.
func CheckSeal(reason, passphrase string) (string, error) {
	e := refusal()
	text, ok := CleanText(reason)
	if n := utf8.RuneCountInString(text); !ok || n == 0 || n > SealReasonChars {
		e.Fields["reason"] = Problem{Code: "error.seal.reason", Args: map[string]any{"max": SealReasonChars}}
	}
	if n := utf8.RuneCountInString(passphrase); n < PassphraseMin || n > passphraseMax {
		e.Fields["lock"] = Problem{Code: "error.seal.lock", Args: map[string]any{"min": PassphraseMin}}
	}
	if len(e.Fields) > 0 {
		return "", e
	}
	return text, nil
}

// Copied gives one living post or reply, in sight or not, for the owner to seal, and counts
// it in the public log with its reason. It changes nothing of the post.
func (b *Board) Copied(ctx context.Context, owner Admin, id PostID, reason string) (Copy, error) {
	if !owner.Owner {
		return Copy{}, ErrNotOwner
	}
	c, err := b.Case(ctx, id)
	if err != nil {
		return Copy{}, err
	}
	if c.Post.ViewOnce && c.Post.Body == "" {
		return Copy{}, ErrUnopened
	}
	out := Copy{Post: c.Post}
	if c.Post.Picture != nil && !c.Post.ViewOnce { // a view-once one is its readers’ alone
		if out.Picture, err = b.CasePicture(ctx, id, FullPart); err != nil {
			return Copy{}, fmt.Errorf("copy: %w", err)
		}
	}
	return out, b.Audit(ctx, Entry{By: owner.Name, Action: ActSeal, Board: c.Post.Board, Reason: reason})
}

// ConfirmOwner asks the owner, who is signed in, for the passphrase and, where codes are
// on, for one that was not used.
func (d *Door) ConfirmOwner(ctx context.Context, a Admin, passphrase, code string) error {
	if !a.Owner {
		return ErrNotOwner
	}
	if err := d.Confirm(ctx, a, passphrase); err != nil {
		return err
	}
	if err := d.takeCode(ctx, a, code); err != nil {
		return refused("code", "error.admin.code")
	}
	return nil
}
