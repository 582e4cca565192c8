package board

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Visitor is whoever sends a request: a random number in one cookie, and nothing
// on our side. The zero Visitor is someone who has none.
type Visitor struct {
	ID      [24]byte
	Issued  time.Time // in whole 10 minutes, rounded up
	Session bool      // the cookie goes with the browser's session
}

// visitorStep is how coarse a cookie's age is.
const visitorStep = 10 * time.Minute

// NewVisitor draws a visitor.
func NewVisitor(now time.Time) Visitor {
	v := Visitor{Issued: roundUp(now, visitorStep)}
	rand.Read(v.ID[:])
	return v
}

// IsZero says that there is no visitor.
func (v Visitor) IsZero() bool { return v.ID == [24]byte{} }

// MayWrite says whether v is young enough to write and vote. An older one still
// owns what it wrote.
func (v Visitor) MayWrite(now time.Time, ttl time.Duration) bool {
	return !v.IsZero() && now.Before(v.Until(ttl))
}

// Until is when v stops writing: ttl after the cookie was issued at the latest,
// and up to ten minutes sooner, as nobody knows when exactly that was.
func (v Visitor) Until(ttl time.Duration) time.Time { return v.Issued.Add(ttl - visitorStep) }

// Age is how old v is at most.
func (v Visitor) Age(now time.Time) time.Duration { return now.Sub(v.Issued) + visitorStep }

// Settled says whether v is surely old enough (10 minutes) for limits of its own.
func (v Visitor) Settled(now time.Time) bool {
	return !v.IsZero() && now.Sub(v.Issued) > visitorStep
}

// Key opens one post. It lives in the key store and is destroyed with the post.
type Key [32]byte

// NewKey draws a key.
func NewKey() (k Key) {
	rand.Read(k[:])
	return k
}

// Format hides the key from every verb of fmt.
func (Key) Format(f fmt.State, _ rune) { hide(f) }

// MarshalText hides the key from encoders.
func (Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Secret of the thread whose post has key k. It is stored nowhere: who has no key
// has no secret, so names, owners and votes of an ended thread are beyond anyone.
func (k Key) Secret() Secret { return Secret{sum(k[:], "thread")} }

// Under returns the key that boxes a reply whose own key is k in a thread whose
// post has key root: to destroy either is to destroy the reply.
func (k Key) Under(root Key) Key { return Key(sum(root[:], "reply", k[:])) }

// Secret is what a thread's names, owner rights and vote tags are derived from.
// It can not be printed by accident.
type Secret struct{ key [32]byte }

// Format hides the secret from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { hide(f) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// hidden stands where a key or secret would have been printed.
const hidden = "[secret]"

func hide(f fmt.State) { _, _ = io.WriteString(f, hidden) }

// Own is the tag that shows v wrote id: HMAC(secret, "own" ‖ visitor ‖ id)[:16].
func (s Secret) Own(v Visitor, id PostID) Tag { return s.tag("own", v.ID[:], id[:]) }

// Vote is the tag of v's one vote on id. Tags of one visitor on two posts share
// nothing.
func (s Secret) Vote(v Visitor, id PostID) Tag { return s.tag("vote", v.ID[:], id[:]) }

// Opening is the tag of v's one opening of a view-once post.
func (s Secret) Opening(v Visitor, id PostID) Tag { return s.tag("open", v.ID[:], id[:]) }

// Report is the tag of v's one report on id.
func (s Secret) Report(v Visitor, id PostID) Tag { return s.tag("report", v.ID[:], id[:]) }

// Nonce is what the form that opens id must send: whoever only follows links (a
// preview, a scanner) has none. It is the same for every reader.
func (s Secret) Nonce(id PostID) Tag { return s.tag("nonce", id[:]) }

// Voice is who v is in this thread.
func (s Secret) Voice(v Visitor) Voice {
	return Voice{Tag: s.tag("voice", v.ID[:]), Draws: nameFrom(sum(s.key[:], "name", v.ID[:]))}
}

// NameTag hides a name in a column that must be unique in the thread.
func (s Secret) NameTag(n Name) Tag {
	return s.tag("taken", binary.BigEndian.AppendUint32(nil, uint32(n.Number()))) //nolint:gosec // a number of names
}

func (s Secret) tag(purpose string, parts ...[]byte) Tag {
	h := sum(s.key[:], purpose, parts...)
	return Tag(h[:16])
}

// Voice is one visitor in one thread, before a name is settled.
type Voice struct {
	Tag   Tag
	Draws Name // the first choice; a clash takes the next (Name.Next)
}

// Tag is 16 bytes of an HMAC: it can be compared and says nothing.
type Tag [16]byte

// OwnerKey is the tag of authorship, as its author holds it.
type OwnerKey = Tag

// Equal compares in constant time.
func (t Tag) Equal(other Tag) bool { return subtle.ConstantTimeCompare(t[:], other[:]) == 1 }

// String is 22 characters of base64url.
func (t Tag) String() string { return base64.RawURLEncoding.EncodeToString(t[:]) }

// ParseOwnerKey reads what String writes.
func ParseOwnerKey(s string) (OwnerKey, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(s) != 22 || len(b) != 16 { // the decoder skips line ends
		return OwnerKey{}, ErrNotFound
	}
	return OwnerKey(b), nil
}

// sum is HMAC-SHA256 over a purpose and parts, each preceded by its length, so
// that no two lists of parts hash alike. A feed asks for a hundred of them, so it is
// written out: crypto/hmac makes thirteen things for each. Keys are 32 bytes.
func sum(key []byte, purpose string, parts ...[]byte) [32]byte {
	var room [2 * sumBlock]byte
	in := binary.BigEndian.AppendUint32(padded(room[:0], key, 0x36), uint32(len(purpose))) //nolint:gosec // short
	in = append(in, purpose...)
	for _, p := range parts {
		in = append(binary.BigEndian.AppendUint32(in, uint32(len(p))), p...) //nolint:gosec // parts are short
	}
	inner := sha256.Sum256(in)
	return sha256.Sum256(append(padded(room[:0], key, 0x5c), inner[:]...))
}

const sumBlock = sha256.BlockSize

// padded is a key, filled up to a block, with all bits of pad turned.
func padded(b, key []byte, pad byte) []byte {
	for i := range sumBlock {
		if i < len(key) {
			b = append(b, key[i]^pad)
		} else {
			b = append(b, pad)
		}
	}
	return b
}
