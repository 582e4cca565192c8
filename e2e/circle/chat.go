package circle

import (
	"crypto/ecdh"
	"slices"
)

// The kinds of envelopes of chats (docs/chats.md): an At of theirs has the chat as its
// Circle, the post as its Thread, and as its Epoch the number of the message.
const (
	Ask Kind = iota + 9
	Answer
)

// ChatKey is what both sides of a chat seal with: mine is either's key, and theirs the
// other's public one; author and asker are both public ones.
func ChatKey(mine *ecdh.PrivateKey, theirs []byte, post, chat [16]byte, author, asker []byte) ([]byte, error) {
	other, err := ecdh.P256().NewPublicKey(theirs)
	if err != nil {
		return nil, err
	}
	shared, err := mine.ECDH(other)
	if err != nil {
		return nil, err
	}
	return derive(shared, string(slices.Concat([]byte(part+" chat"), post[:], chat[:], author, asker))), nil
}
