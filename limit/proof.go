package limit

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
)

// Algorithm is how a key is made of a Challenge and a number.
const Algorithm = "PBKDF2/SHA-256"

// Challenge asks for a number: with it, as four bytes (big-endian), after Nonce for
// a password, and with Salt and Cost, PBKDF2-HMAC-SHA-256 makes a key whose first
// Zeros hex digits are 0. The proof is Token, a point, and the number in decimal.
// The fields are those that a worker of ALTCHA 3 takes.
type Challenge struct {
	Token string
	Bits  int // log2 of the work: 2^Bits times eight rounds, on average
	Nonce []byte
	Salt  []byte
	Cost  int // rounds of PBKDF2 for each number
	Zeros int
	Life  time.Duration // for how long a proof of it is taken
}

// unitBits are the rounds of PBKDF2 that one of the 2^Bits steps stands for, as a
// power of two. At 16 bits that is a second or three on a slow phone (ADR 50).
const unitBits = 3

// costBits bounds from below what a key costs, as a power of two. A hex digit is
// four bits, so the cost takes what is left: 32 to 256 rounds. To check a proof is
// to make one key: 40 µs at most.
const costBits = 5

// shape splits work between digits and rounds.
func shape(work int) (zeros, cost int) {
	zeros = (work + unitBits - costBits) / 4
	return zeros, 1 << (work + unitBits - 4*zeros)
}

// proofLife is how long a proof is taken, and a ticket from when its wait is over.
// Both end sooner when the key they are signed with goes: no sooner than ten minutes
// after they were given.
const proofLife = 10 * time.Minute

// A token is bits ‖ from ‖ random, and its signature under an epoch's key. Who it
// was given to is in the signature alone.
const (
	saidBytes  = 1 + 4 + 11
	tokenBytes = saidBytes + len(tag{})
)

// token is what a server said and will know again: a challenge or, with no bits, a
// ticket of the waiting room.
type token struct {
	said [saidBytes]byte
	sign tag
}

// newToken draws a token that is good from a time on. Nothing of it is kept.
func newToken(e *epoch, w Write, work int, from time.Time) (t token) {
	t.said[0] = byte(work)                                      //nolint:gosec // at most PowBitsMax
	binary.BigEndian.PutUint32(t.said[1:], uint32(from.Unix())) //nolint:gosec // fits until 2106
	_, _ = rand.Read(t.said[5:])                                // never returns an error since Go 1.24
	t.sign = e.sign(w, t.said)
	return t
}

// sign binds what was said to a cost, a board and a network.
func (e *epoch) sign(w Write, said [saidBytes]byte) tag {
	return e.key.tag(w.Cost, ofProof, network(w.Who.Addr), append(said[:], w.Board...)...)
}

func (t token) bits() int { return int(t.said[0]) }

func (t token) from() time.Time {
	return time.Unix(int64(binary.BigEndian.Uint32(t.said[1:])), 0)
}

func (t token) String() string {
	return base64.RawURLEncoding.EncodeToString(append(t.said[:], t.sign[:]...))
}

// challenge is what t asks for.
func (t token) challenge() Challenge {
	zeros, cost := shape(t.bits())
	return Challenge{
		Token: t.String(), Bits: t.bits(), Nonce: t.said[:], Salt: t.sign[:],
		Cost: cost, Zeros: zeros, Life: proofLife,
	}
}

// proof is a token that has come back, with the number that was found.
type proof struct {
	token
	counter uint32
}

// parseProof reads a proof or a ticket, and takes each in one spelling only.
func parseProof(text string) (proof, bool) {
	name, number, worked := strings.Cut(text, ".")
	if len(name) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return proof{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(name)
	if err != nil || len(b) != tokenBytes { // the decoder skips line ends
		return proof{}, false
	}
	p := proof{token: token{[saidBytes]byte(b), tag(b[saidBytes:])}}
	if worked != (p.bits() > 0) || p.bits() > board.PowBitsMax {
		return proof{}, false
	}
	if !worked {
		return p, true
	}
	n, err := strconv.ParseUint(number, 10, 32)
	p.counter = uint32(n)
	return p, err == nil && strconv.FormatUint(n, 10) == number
}

// solved makes the key that p claims: the one thing in a check that costs anything.
func (p proof) solved() bool {
	zeros, cost := shape(p.bits())
	password := binary.BigEndian.AppendUint32(p.said[:], p.counter)
	key, err := pbkdf2.Key(sha256.New, string(password), p.sign[:], cost, sha256.Size)
	return err == nil && bits.LeadingZeros32(binary.BigEndian.Uint32(key)) >= 4*zeros
}

// verdict is what became of a proof.
type verdict uint8

const (
	bad   verdict = iota // forged, of another network, board or cost, ended, spent, or not solved
	early                // a ticket whose wait is not over
	good
)

// judge checks p, the cheap things first, and says under whose key it was signed.
func (g *Gate) judge(w Write, p proof, least int) (verdict, *epoch) {
	current, previous := g.memory.epochs()
	for _, e := range []*epoch{current, previous} {
		if sign := e.sign(w, p.said); !hmac.Equal(sign[:], p.sign[:]) {
			continue
		}
		now, from, worked := g.now(), p.from(), p.bits() > 0
		switch {
		case !now.Before(from.Add(proofLife)), worked && p.bits() < least, e.isSpent(p.sign):
			return bad, nil
		case !worked && now.Before(from):
			return early, e
		case worked && !p.solved():
			return bad, nil
		}
		return good, e
	}
	return bad, nil
}
