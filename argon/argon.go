// Package argon makes of passphrases what may be kept of them, by Argon2id. It knows
// nothing of who they belong to.
package argon

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"mayfly/board"
)

var _ board.Hasher = (*Hasher)(nil)

// What one hash costs (docs/adr/0052): 19 MiB, two passes, one lane.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	lanes   = 1
	saltLen = 16
	keyLen  = 32
)

// Hasher makes and checks hashes, one at a time: two of them would be seen on the
// smallest server.
type Hasher struct{ turn *semaphore.Weighted }

// New returns a Hasher.
func New() *Hasher { return &Hasher{semaphore.NewWeighted(1)} }

// form is how a hash is written, in the manner of PHC strings.
const form = "$argon2id$v=%d$m=%d,t=%d,p=%d$"

// Hash hashes a passphrase under a new salt.
func (h *Hasher) Hash(ctx context.Context, passphrase string) (string, error) {
	salt := make([]byte, saltLen)
	rand.Read(salt)
	key, err := h.key(ctx, passphrase, salt, memory, passes, lanes)
	if err != nil {
		return "", err
	}
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf(form, argon2.Version, memory, passes, lanes) + text(salt) + "$" + text(key), nil
}

// Check says whether hash is of passphrase. The hash "" is nobody's, and takes as
// long.
func (h *Hasher) Check(ctx context.Context, passphrase, hash string) (bool, error) {
	if hash == "" {
		_, err := h.key(ctx, passphrase, make([]byte, saltLen), memory, passes, lanes)
		return false, err
	}
	p, err := parse(hash)
	if err != nil {
		return false, err
	}
	key, err := h.key(ctx, passphrase, p.salt, p.memory, p.passes, p.lanes)
	return err == nil && subtle.ConstantTimeCompare(key, p.key) == 1, err
}

// params are what a stored hash was made with: those of today, or of an earlier day.
type params struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

var errForm = errors.New("argon: this is no hash")

func parse(hash string) (p params, err error) {
	var version int
	var rest string
	if _, err := fmt.Sscanf(hash, form+"%s", &version, &p.memory, &p.passes, &p.lanes, &rest); err != nil || version != argon2.Version {
		return p, errForm
	}
	text := base64.RawStdEncoding
	n := text.EncodedLen(saltLen)
	if len(rest) != n+1+text.EncodedLen(keyLen) || p.memory > 1<<20 || p.passes == 0 || p.lanes == 0 {
		return p, errForm
	}
	if p.salt, err = text.DecodeString(rest[:n]); err != nil {
		return p, errForm
	}
	if p.key, err = text.DecodeString(rest[n+1:]); err != nil {
		return p, errForm
	}
	return p, nil
}

func (h *Hasher) key(ctx context.Context, passphrase string, salt []byte, memory, passes uint32, lanes uint8) ([]byte, error) {
	if err := h.turn.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer h.turn.Release(1)
	return argon2.IDKey([]byte(passphrase), salt, passes, memory, lanes, keyLen), nil
}
