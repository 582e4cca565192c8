package handlers

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"mayfly/board"
)

// cursors encrypts the place where a page of a feed ended: it holds positions and
// times, which no page or program is given.
type cursors struct{ box cipher.AEAD }

// newCursors derives its key from the server's, so that links to older posts
// survive a restart.
func newCursors(serverKey [32]byte) cursors {
	h := hmac.New(sha256.New, serverKey[:])
	h.Write([]byte("cursor"))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size GCM wants
	}
	return cursors{box}
}

// format writes a cursor for one feed; the zero cursor is "".
func (c cursors) format(feed string, at board.Cursor) string {
	if at == (board.Cursor{}) {
		return ""
	}
	nonce := make([]byte, c.box.NonceSize(), c.box.NonceSize()+16+c.box.Overhead())
	rand.Read(nonce)                                             // it never fails since Go 1.24
	plain := binary.BigEndian.AppendUint64(nil, uint64(at.Seq))  //nolint:gosec // parse reads it back
	plain = binary.BigEndian.AppendUint64(plain, uint64(at.Key)) //nolint:gosec // parse reads it back
	return base64.RawURLEncoding.EncodeToString(c.box.Seal(nonce, nonce, plain, []byte(feed)))
}

// parse reads a cursor that format wrote for the same feed.
func (c cursors) parse(feed, s string) (board.Cursor, error) {
	if s == "" {
		return board.Cursor{}, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < c.box.NonceSize() {
		return board.Cursor{}, errCursor
	}
	plain, err := c.box.Open(nil, b[:c.box.NonceSize()], b[c.box.NonceSize():], []byte(feed))
	if err != nil || len(plain) != 16 {
		return board.Cursor{}, errCursor
	}
	return board.Cursor{
		Seq: int64(binary.BigEndian.Uint64(plain)),     //nolint:gosec // as format wrote it
		Key: int64(binary.BigEndian.Uint64(plain[8:])), //nolint:gosec // as format wrote it
	}, nil
}
