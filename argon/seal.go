package argon

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"

	"golang.org/x/crypto/argon2"
)

// A sealed file is, one behind the other: sealMagic; Argon2id's memory in KiB and its
// passes, 4 bytes each, big-endian, and its lanes, 1 byte; 16 bytes of salt; 12 of nonce;
// and an AES-256-GCM box under the key that those make of the passphrase, with all before
// the nonce as additional data. docs/legal.md tells it to others.
const (
	sealMagic  = "mayfly sealed 1\n"
	sealMemory = 64 << 10
	sealPasses = 3
	sealLanes  = 1
	sealHeader = len(sealMagic) + 4 + 4 + 1 + saltLen
)

var (
	// ErrNotSealed says that a file is none of ours.
	ErrNotSealed = errors.New("this is no sealed file of Mayfly's")
	// ErrSeal says that a sealed file does not open.
	ErrSeal = errors.New("the passphrase is another, or the file is damaged")
)

// Seal locks what is plain with a passphrase.
func (h *Hasher) Seal(ctx context.Context, passphrase string, plain []byte) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(sealMagic)
	for _, n := range []any{uint32(sealMemory), uint32(sealPasses), uint8(sealLanes)} {
		_ = binary.Write(&b, binary.BigEndian, n) // into memory
	}
	_, _ = io.CopyN(&b, rand.Reader, saltLen)
	header := bytes.Clone(b.Bytes())
	aead, err := h.lock(ctx, passphrase, header)
	if err != nil {
		return nil, err
	}
	return aead.Seal(header, nil, plain, header), nil //nolint:gosec // it draws its own nonce
}

// Unseal opens what Seal has locked.
func (h *Hasher) Unseal(ctx context.Context, passphrase string, file []byte) ([]byte, error) {
	if len(file) < sealHeader || !bytes.HasPrefix(file, []byte(sealMagic)) {
		return nil, ErrNotSealed
	}
	header := file[:sealHeader:sealHeader]
	aead, err := h.lock(ctx, passphrase, header)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, file[sealHeader:], header)
	if err != nil {
		return nil, ErrSeal
	}
	return plain, nil
}

// lock makes the key that a header and a passphrase ask for.
func (h *Hasher) lock(ctx context.Context, passphrase string, header []byte) (cipher.AEAD, error) {
	p := header[len(sealMagic):]
	memory, passes, lanes := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:]), p[8]
	if memory > 1<<20 || passes == 0 || passes > 100 || lanes == 0 {
		return nil, ErrNotSealed
	}
	if err := h.turn.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer h.turn.Release(1)
	block, err := aes.NewCipher(argon2.IDKey([]byte(passphrase), p[9:9+saltLen], passes, memory, lanes, keyLen))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
