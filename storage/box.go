package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"mayfly/board"
)

// A box is AES-256-GCM under a key of its own: a random nonce, then the name's 6
// bytes and the text, bound to id ‖ part so that a box opens in its own place only.
const partText = "text"

var errBox = errors.New("the box does not open")

func seal(key board.Key, p board.Post) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	name := p.Name.Bytes()
	plain := append(name[:], p.Body...)
	defer clear(plain)
	return aead.Seal(nil, nil, plain, aad(p.ID, partText)), nil
}

func unseal(key board.Key, id board.PostID, box []byte) (board.Name, string, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return board.Name{}, "", err
	}
	plain, err := aead.Open(nil, nil, box, aad(id, partText))
	if err != nil || len(plain) < 6 {
		return board.Name{}, "", errBox
	}
	defer clear(plain)
	return board.NameFromBytes([6]byte(plain[:6])), string(plain[6:]), nil
}

func newAEAD(key board.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func aad(id board.PostID, part string) []byte {
	return append(id[:], part...)
}
