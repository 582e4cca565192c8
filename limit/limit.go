// Package limit decides how often something may be done, and by whom, without
// knowing anybody. It knows addresses and visitors for as long as a call lasts;
// what stays in memory are HMACs of them under random keys, and counts. It knows
// nothing of routes and pages.
//
// # Who is charged
//
// A school, a café, a carrier is one address (SPEC 4). So:
//
//   - A visitor whose cookie has settled (is older than 10 minutes) has a bucket
//     of their own, as wide as the setting says.
//   - Everybody else shares the bucket of their address (/32, /64), twice as
//     wide, and the bucket of their network (/24, /56), ten times as wide.
//   - In shared_networks the shared buckets are fifty times as wide again.
//
// A settled visitor is not charged to the address or the network that they share
// with newcomers. Were they, then ten of the 200 people behind one school's
// address would use up the network's bucket, and the other 190 could write
// nothing, however old their cookies are; and they in turn would leave nothing to
// a newcomer. What keeps somebody from hoarding cookies is that each is won by a
// write that was charged to the shared buckets, and that all settled visitors of
// one network together have a bucket too, wide enough for 200 of them at their
// full rate (the crowd of SPEC 4).
//
// # Several boards
//
// A board may have rates of its own (SPEC 8), and boards must not multiply what one
// troll may do. So a request on a board that follows all is charged to the buckets
// that all boards share, and no other: whoever has used up a burst on one board has
// used it up on twenty. A board that asks for less has buckets of its own before
// those, and a request there is charged to both. Only a board that its host makes
// wider than the rest (more a minute, more at once, or no limit) has buckets of its
// own instead: shared ones would refuse what the host has allowed, and what is
// written there would use up what is left for the others.
//
// Past a bucket is refusal. The narrowest is asked first, and who is refused by
// it takes nothing from the wider ones.
//
// # Proof of work
//
// Past a bucket that others have emptied, a write is not refused but asked for a
// proof of work (Admit): a challenge of a second or three on a slow phone, or a
// ticket of the waiting room. It opens one write more, from a bucket of the network
// that is as wide as the crowd's: 200 phones behind one address, each with a fresh
// cookie, write at the full rate. Who has emptied their own bucket is refused: no
// work makes one person louder than another.
//
// A farm can solve, too. What it gets is bounded twice. From one network come at most
// 200 rates with proofs (1,200 posts a minute at 6/3), and by waiting no more than
// two (12 a minute), however many wait at once. And proofs cost more the louder
// a network or board is, counted in what newcomers write within about a minute: one bit
// more at each doubling, six at most, on a board from 20 rates on (120 posts), in a
// network from 40. So what a farm
// gets onto a board grows as the root of what it has: at 16 bits and 6/3, with a
// tenth of a core's second for a proof, some 270 posts a minute with two cores and
// 760 with sixteen. Beyond is for the host: pow_bits, pow=always. From 10 rates on
// (60 posts a minute) newcomers on a board are asked from their first write.
//
// # What is remembered
//
// Bucket keys are HMACs under a random key that turns every ten minutes. The one
// before is kept for one turn more, and each request is charged under both, so
// that a turn empties no bucket's memory. The older one is dropped with every
// bucket under it: from then on nothing ties what was counted to anyone. The
// price: a bucket begins full under each new key, so who never rests gets, above
// the rate, one burst an epoch. Open sockets outlive epochs and have a key of their
// own; of them only those are remembered that are open.
//
// Challenges and tickets are signed with the same turning keys, for one network, cost
// and board, and nothing is remembered of them until they come back. A proof that
// was taken is remembered for as long as its key, and so is never taken twice. With
// 262,144 remembered no more are taken until a key turns: refused rather than taken
// twice. Of a network's waiting room one time is kept, when it lets the next one in.
package limit

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"mayfly/board"
)

// Cost is what a request asks for. It is all that a bucket's key holds of the
// request: never its path or method.
type Cost uint8

// The costs of SPEC 8 that are rates.
const (
	Post Cost = iota + 1
	Reply
	Vote
	Open
	Search
	Page
	Picture // a post with one is a Post too
	Report
	Image // one that a page shows; the last

	slow  // a post or reply where the board is slow
	knock // a try at a board's door

	socket Cost = 0 // is no rate: OpenSocket
)

// imagesPerPage is how many pictures may be looked at for each page, in a bucket
// of their own: a page shows up to fifty of them, most shows none.
const imagesPerPage = 10

// Rate is the setting behind a cost.
func (c Cost) Rate(s board.Settings) board.Rate {
	switch c {
	case Post:
		return s.Post
	case Reply:
		return s.Reply
	case Vote:
		return s.Vote
	case Open:
		return s.Open
	case Search:
		return s.Search
	case Page:
		return s.Page
	case Picture:
		return s.Picture
	case Image:
		return s.Page.Times(imagesPerPage)
	case Report:
		return s.Report
	case socket, slow, knock:
	}
	return board.Rate{}
}

// Caller is who asks.
type Caller struct {
	Addr    netip.Addr    // from Address, or Onion; the zero Addr is an address like any other
	Visitor board.Visitor // whose cookie the caller has checked; zero: none
}

// Widths of the shared buckets, in rates of the setting (SPEC 4).
const (
	addressWidth = 2
	networkWidth = 10
	crowdWidth   = 200
	sharedWidth  = 50 // times any of them, in shared_networks
)

// Gate holds the limits of one process. Its methods may be called from any
// goroutine.
type Gate struct {
	settings func(slug string) board.Settings
	now      board.Clock
	memory   *memory
	sockets  *sockets
	origins  *origins
	logins   *logins
	knocks   *logins // at boards' doors
	waits    *waits
	peaks    *peaks
}

// NewGate puts a Gate together. It follows the settings of each board, and those of
// "" for what all share: a changed rate is in
// force for the next request, in fresh buckets. At most maxSockets sockets are
// open at once (see MaxSockets).
func NewGate(settings func(slug string) board.Settings, now board.Clock, maxSockets int) *Gate {
	return &Gate{
		settings: settings,
		now:      now,
		memory:   newMemory(now),
		sockets:  newSockets(maxSockets),
		origins:  newOrigins(now),
		logins:   newLogins(now),
		knocks:   newLogins(now),
		waits:    &waits{now: now},
		peaks:    newPeaks(now),
	}
}

// forgetEvery is how often Run looks whether a key has had its time.
const forgetEvery = time.Minute

// Run forgets what is due when nobody calls, until ctx ends. Without it an idle
// process would keep its last keys.
func (g *Gate) Run(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.memory.epochs()
			g.origins.forget()
			g.logins.tidy()
			g.knocks.tidy()
			g.peaks.forget()
		}
	}
}

// Allow charges who for one request on a board, "" where it is on none. Its error
// is a *board.Error of kind Limited, whose Args["wait"] is how long one more takes
// at the rate that was passed.
func (g *Gate) Allow(cost Cost, slug string, who Caller) error {
	times := g.times(who)
	past := g.charge(cost, slug, who, times)
	g.count(cost, who, times, past != nil)
	if past != nil {
		return limited(past.wait)
	}
	return nil
}

// empty is a bucket that had nothing left.
type empty struct {
	of   scope
	wait time.Duration // until there is one more
}

func (g *Gate) charge(cost Cost, slug string, who Caller, times int) *empty {
	for _, of := range g.widths(cost, slug) {
		for _, b := range g.buckets(cost, of, who, times) {
			if !g.take(b) {
				return &empty{b.scope, wait(of.rate)}
			}
		}
	}
	return nil
}

// chargeProven charges a write that came with a proof to what its network has for
// those.
func (g *Gate) chargeProven(cost Cost, slug string, who Caller) *empty {
	if who.Addr == Onion { // what has been paid bounds it
		return nil
	}
	for _, of := range g.widths(cost, slug) {
		most := of.rate.Times(crowdWidth * g.times(who))
		if !g.take(bucket{lane{cost: cost, scope: ofProven, slug: of.slug, rate: most}, network(who.Addr)}) {
			return &empty{ofProven, wait(of.rate)}
		}
	}
	return nil
}

// take takes one from a bucket, if there is one, or there is no bucket. The previous key's knows more, so
// it refuses first and the current one is charged for what passes only.
func (g *Gate) take(b bucket) bool {
	if b == (bucket{}) {
		return true
	}
	current, previous := g.memory.epochs()
	return previous.allow(b) && current.allow(b)
}

// width is a rate, and the board whose buckets have it; "": those of all boards.
type width struct {
	slug string
	rate board.Rate
}

// widths lists which buckets of a cost count on a board.
func (g *Gate) widths(cost Cost, slug string) []width {
	all := cost.Rate(g.settings(""))
	own := all
	if slug != "" {
		own = cost.Rate(g.settings(slug))
	}
	return widths(slug, all, own)
}

// widths lists which buckets count on a board, narrowest first: those that all
// boards share unless the board's rate is wider, and its own where it differs.
func widths(slug string, all, own board.Rate) []width {
	var list []width
	if own != all && !own.Unlimited() {
		list = append(list, width{slug, own})
	}
	if !all.Unlimited() && !wider(own, all) {
		list = append(list, width{"", all})
	}
	return list
}

// wider says whether a allows anything that b does not.
func wider(a, b board.Rate) bool {
	return a.Unlimited() || a.PerMinute > b.PerMinute || a.Burst > b.Burst
}

// buckets lists what a request is charged to, narrowest first; times is who's.
func (g *Gate) buckets(cost Cost, of width, who Caller, times int) [2]bucket {
	in := func(s scope, n int) lane { return lane{cost: cost, scope: s, slug: of.slug, rate: of.rate.Times(n)} }
	net := network(who.Addr)
	settled, byOnion := who.Visitor.Settled(g.now()), who.Addr == Onion
	switch {
	case settled && byOnion:
		return [2]bucket{{in(ofVisitor, 1), visitor(who.Visitor)}}
	case settled:
		return [2]bucket{
			{in(ofVisitor, 1), visitor(who.Visitor)},
			{in(ofCrowd, crowdWidth*times), net},
		}
	case byOnion:
		return [2]bucket{{in(ofNetwork, crowdWidth), net}}
	}
	return [2]bucket{
		{in(ofAddress, addressWidth*times), address(who.Addr)},
		{in(ofNetwork, networkWidth*times), net},
	}
}

// times is how many people's worth of shared buckets who's network has.
func (g *Gate) times(who Caller) int {
	if who.Addr != Onion && contains(g.settings("").SharedNetworks, who.Addr) {
		return sharedWidth
	}
	return 1
}

func limited(wait time.Duration) error {
	return &board.Error{Kind: board.Limited, Code: "error.limited", Args: map[string]any{"wait": wait}}
}

// wait is how long one more request takes: ceil(60/rate) seconds (SPEC 4).
func wait(r board.Rate) time.Duration {
	return time.Duration((60+r.PerMinute-1)/r.PerMinute) * time.Second
}

// memory is the current and the previous epoch.
type memory struct {
	now board.Clock

	line sync.Mutex // one at a time joins the waiting room

	mu                sync.Mutex
	began             time.Time // when current did
	current, previous *epoch
}

// epochTime is how long a key is current (SPEC 4).
const epochTime = 10 * time.Minute

func newMemory(now board.Clock) *memory {
	return &memory{now: now, began: now(), current: newEpoch(), previous: newEpoch()}
}

// epochs returns what is to be charged now, having forgotten what is due.
func (m *memory) epochs() (current, previous *epoch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	age := m.now().Sub(m.began)
	if age < epochTime {
		return m.current, m.previous
	}
	m.previous = m.current
	if age >= 2*epochTime {
		m.previous = newEpoch()
	}
	m.current = newEpoch()
	m.began = m.began.Add(age.Truncate(epochTime))
	return m.current, m.previous
}
