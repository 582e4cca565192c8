package board

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238, as every app that shows codes has it
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Seed is what an admin's device makes one-time codes of (RFC 6238: SHA-1, six
// digits, a step of 30 seconds).
type Seed [20]byte

const codeStep = 30 * time.Second

// NewSeed draws a seed.
func NewSeed() (s Seed) {
	rand.Read(s[:])
	return s
}

// ParseSeed reads what String writes.
func ParseSeed(text string) (Seed, error) {
	b, err := base32.StdEncoding.DecodeString(strings.ToUpper(strings.ReplaceAll(text, " ", "")))
	if err != nil || len(b) != len(Seed{}) {
		return Seed{}, ErrNotFound
	}
	return Seed(b), nil
}

// String is a seed as apps take it.
func (s Seed) String() string { return base32.StdEncoding.EncodeToString(s[:]) }

// step is the number of a moment's code.
func step(now time.Time) int64 { return now.Unix() / int64(codeStep/time.Second) }

// Code is what a device with this seed shows at now.
func (s Seed) Code(now time.Time) string { return s.code(step(now)) }

func (s Seed) code(step int64) string {
	mac := hmac.New(sha1.New, s[:])
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// match finds the step of which code is, one before or after now at most; the clocks
// of phones differ.
func (s Seed) match(code string, now time.Time) (int64, bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	here := step(now)
	for _, at := range []int64{here, here - 1, here + 1} {
		if subtle.ConstantTimeCompare([]byte(s.code(at)), []byte(code)) == 1 {
			return at, true
		}
	}
	return 0, false
}
