// Package circle is the format of circles (docs/circles.md) as a client that is no
// browser would write it: the tests speak with it, and the vectors beside the document
// come from it. The server has none of it, for it opens nothing.
package circle

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
)

// Kind is what an envelope holds.
type Kind byte

// The kinds of envelopes.
const (
	Post Kind = iota + 1
	Reply
	Picture
	Member
	Meta
	Link
	Invite
	Wrap
)

const part = "mayfly/1"

// At is where an envelope stands; no thread is zeros.
type At struct {
	Kind   Kind
	Epoch  uint32
	Circle [16]byte
	Thread [16]byte
}

func (a At) aad() []byte {
	aad := slices.Concat([]byte(part), []byte{byte(a.Kind)}, a.Circle[:], a.Thread[:])
	if a.Kind >= Ask { // one key is for all messages of a chat
		aad = binary.BigEndian.AppendUint32(aad, a.Epoch)
	}
	return aad
}

// ErrEnvelope is of what does not open.
var ErrEnvelope = errors.New("the envelope does not open here")

// Random draws n bytes.
func Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Padded is the step that so many bytes are padded to, 0 when there is none.
func Padded(length int, kind Kind) int {
	step, last := 256, 64<<10
	if kind == Picture {
		step, last = 16<<10, 1<<20
	}
	for step < length+4 {
		step *= 2
	}
	if step > last {
		return 0
	}
	return step
}

// Seal makes an envelope; without a nonce it draws one.
func Seal(key []byte, at At, payload, nonce []byte) []byte {
	plain := make([]byte, Padded(len(payload), at.Kind))
	binary.BigEndian.PutUint32(plain, uint32(len(payload))) //nolint:gosec // a step is no longer
	copy(plain[4:], payload)
	if nonce == nil {
		nonce = Random(12)
	}
	head := binary.BigEndian.AppendUint32([]byte{1}, at.Epoch)
	return gcm(key).Seal(append(head, nonce...), nonce, plain, at.aad())
}

// Open gives what Seal has sealed for this very place.
func Open(key []byte, at At, envelope []byte) ([]byte, error) {
	if len(envelope) < 33 || envelope[0] != 1 || binary.BigEndian.Uint32(envelope[1:]) != at.Epoch {
		return nil, ErrEnvelope
	}
	plain, err := gcm(key).Open(nil, envelope[5:17], envelope[17:], at.aad())
	if err != nil || len(plain) < 4 {
		return nil, ErrEnvelope
	}
	length := int64(binary.BigEndian.Uint32(plain))
	if length > int64(len(plain)-4) || len(plain) != Padded(int(length), at.Kind) {
		return nil, ErrEnvelope
	}
	return plain[4 : 4+length], nil
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func derive(secret []byte, info string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	if err != nil {
		panic(err)
	}
	return key
}

// NewMember draws a member's key.
func NewMember() *ecdh.PrivateKey {
	k, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// MemberToken is what a member shows the server.
func MemberToken(k *ecdh.PrivateKey) []byte { return derive(k.Bytes(), part+" member token") }

// InviteToken is what whoever was invited shows the server, once.
func InviteToken(secret []byte) []byte { return derive(secret, part+" invite token") }

// InviteKey seals the epoch and its key for whoever was invited.
func InviteKey(secret []byte) []byte { return derive(secret, part+" invite wrap") }

func wrapInfo(circle [16]byte, epoch uint32, q []byte) string {
	return string(slices.Concat([]byte(part+" wrap"), circle[:], binary.BigEndian.AppendUint32(nil, epoch), q))
}

// WrapFor seals an epoch's key for the member with public key q.
func WrapFor(once *ecdh.PrivateKey, q []byte, circle [16]byte, epoch uint32, key, nonce []byte) ([]byte, error) {
	theirs, err := ecdh.P256().NewPublicKey(q)
	if err != nil {
		return nil, err
	}
	shared, err := once.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	return Seal(derive(shared, wrapInfo(circle, epoch, q)), At{Kind: Wrap, Epoch: epoch, Circle: circle}, key, nonce), nil
}

// Unwrap opens what WrapFor has sealed.
func Unwrap(mine *ecdh.PrivateKey, once []byte, circle [16]byte, epoch uint32, envelope []byte) ([]byte, error) {
	theirs, err := ecdh.P256().NewPublicKey(once)
	if err != nil {
		return nil, err
	}
	shared, err := mine.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	info := wrapInfo(circle, epoch, mine.PublicKey().Bytes())
	return Open(derive(shared, info), At{Kind: Wrap, Epoch: epoch, Circle: circle}, envelope)
}

// Commit is the commitment to a post's words.
func Commit(f []byte, words string) []byte {
	h := hmac.New(sha256.New, f)
	h.Write([]byte(words))
	return h.Sum(nil)
}

// Phrase is which five of 256 words both sides of an invite compare.
func Phrase(circle [16]byte, key []byte) []byte {
	sum := sha256.Sum256(slices.Concat([]byte(part+" words"), circle[:], key))
	return sum[:5]
}
