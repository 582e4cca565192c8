package limit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/didip/tollbooth/v7"
	"github.com/didip/tollbooth/v7/limiter"

	"mayfly/board"
)

// scope is whose bucket it is.
type scope uint8

const (
	ofVisitor scope = iota + 1
	ofAddress
	ofNetwork
	ofCrowd // the settled visitors of a network
	ofPost  // the fresh votes of a network on one post
	ofVoter // one fresh vote of those
)

// lane is all buckets of one kind and width.
type lane struct {
	cost  Cost
	scope scope
	rate  board.Rate
}

// bucket is one of a lane's, by whom it belongs to.
type bucket struct {
	lane
	who []byte
}

// tag stands for someone in an epoch, and for nobody once its key is gone.
type tag [16]byte

// epoch is what was counted under one random key. To drop it is to forget.
type epoch struct {
	key [32]byte

	mu    sync.Mutex
	lanes map[lane]*lanes
	votes map[tag][]tag
}

// lanes is a limiter and how many requests it has seen.
type lanes struct {
	*limiter.Limiter
	calls int
}

// bucketTime outlives an epoch's key, so no bucket is refilled by its expiry
// while somebody can still be charged to it; it is in memory no longer than its
// epoch. (The library's default is ten years, and it counts from a bucket's first
// use.)
const bucketTime = 3 * epochTime

// laneCalls bounds the memory of a lane: after so many requests it begins anew,
// with all buckets full. One request makes one bucket at most.
const laneCalls = 1 << 18

func newEpoch() *epoch {
	e := &epoch{lanes: map[lane]*lanes{}, votes: map[tag][]tag{}}
	rand.Read(e.key[:]) //nolint:errcheck // crypto/rand never returns an error since Go 1.24
	return e
}

// allow takes one from b, if there is one.
func (e *epoch) allow(b bucket) bool {
	t := e.tag(b.cost, b.scope, b.who)
	return tollbooth.LimitByKeys(e.limiter(b.lane), []string{string(t[:])}) == nil
}

// limiter returns the limiter of a lane. The library's SetMax does not reach
// buckets that exist, so another rate is another lane; SetMax without SetBurst
// would refuse everything.
func (e *epoch) limiter(l lane) *limiter.Limiter {
	e.mu.Lock()
	defer e.mu.Unlock()
	made, ok := e.lanes[l]
	if !ok || made.calls >= laneCalls {
		made = &lanes{Limiter: limiter.New(&limiter.ExpirableOptions{DefaultExpirationTTL: bucketTime}).
			SetMax(float64(l.rate.PerMinute) / 60).
			SetBurst(l.rate.Burst)}
		e.lanes[l] = made
	}
	made.calls++
	return made.Limiter
}

// tag is HMAC(key, cost ‖ scope ‖ parts)[:16], each part preceded by its length.
func (e *epoch) tag(c Cost, s scope, parts ...[]byte) tag {
	return sum(e.key[:], byte(c), byte(s), parts...)
}

func sum(key []byte, cost, scope byte, parts ...[]byte) tag {
	h := hmac.New(sha256.New, key)
	h.Write([]byte{cost, scope})
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p))) //nolint:gosec // parts are short
		h.Write(n[:])
		h.Write(p)
	}
	return tag(h.Sum(nil)[:16])
}
