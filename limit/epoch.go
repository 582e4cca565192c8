package limit

import (
	"sync"
	"time"

	"github.com/didip/tollbooth/v7/limiter"

	"mayfly/board"
)

// lane is all buckets of one kind and width, of one board or (with no slug) of all.
type lane struct {
	cost  Cost
	scope scope
	slug  string
	rate  board.Rate

	every time.Duration // of a slow lane, whose rate it takes the place of: one each so often
	burst int           // and so many at once
}

// perSecond is how many a second the lane lets through.
func (l lane) perSecond() (rate float64, burst int) {
	if l.every > 0 {
		return float64(l.burst) / l.every.Seconds(), l.burst
	}
	return float64(l.rate.PerMinute) / 60, l.rate.Burst
}

// bucket is one of a lane's, by whom it belongs to.
type bucket struct {
	lane
	who who
}

// epoch is what was counted under one random key. To drop it is to forget.
type epoch struct {
	key *key

	mu     sync.Mutex
	lanes  map[lane]*counted
	votes  map[tag][]tag
	spent  map[tag]struct{} // the signatures of proofs
	loads  map[tag]load
	queues map[tag]time.Time // when the waiting room lets the next one in
}

// counted is a limiter and how many requests it has seen.
type counted struct {
	*limiter.Limiter
	calls int
}

// bucketTime outlives an epoch's key, so no bucket is refilled by its expiry
// while somebody can still be charged to it. (The library counts from a bucket's
// first use, and its default is ten years.) Nothing waits for it: an epoch is
// dropped whole.
const bucketTime = 3 * epochTime

// laneCalls bounds the memory of a lane: after so many requests it begins anew,
// with all buckets full. One request makes one bucket at most.
const laneCalls = 1 << 18

func newEpoch() *epoch {
	return &epoch{
		key: newKey(), lanes: map[lane]*counted{}, votes: map[tag][]tag{},
		spent: map[tag]struct{}{}, loads: map[tag]load{}, queues: map[tag]time.Time{},
	}
}

// allow takes one from b, if there is one.
func (e *epoch) allow(b bucket) bool {
	t := e.key.tag(b.cost, b.scope, b.who)
	return !e.limiter(b.lane).LimitReached(string(t[:]))
}

// limiter returns the limiter of a lane. The library's SetMax does not reach
// buckets that exist, so another rate is another lane; SetMax without SetBurst
// would refuse everything.
func (e *epoch) limiter(l lane) *limiter.Limiter {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, ok := e.lanes[l]
	if !ok || c.calls >= laneCalls {
		rate, burst := l.perSecond()
		c = &counted{Limiter: limiter.New(&limiter.ExpirableOptions{DefaultExpirationTTL: bucketTime}).SetMax(rate).SetBurst(burst)}
		e.lanes[l] = c
	}
	c.calls++
	return c.Limiter
}
