package limit

import (
	"net/netip"
	"sync"
	"time"

	"mayfly/board"
)

const (
	banTime    = 24 * time.Hour // how long a ban lasts, and a key of bans is current
	originsMax = 1 << 17        // posts that a turn remembers
)

// origins remembers for a little while which network a post came from, as an HMAC under
// a random key: so that an admin can end what came from there, or slow it down, without
// anybody knowing where that is. Nothing of it leaves the process.
type origins struct {
	now board.Clock

	mu      sync.Mutex
	bans    [2]*bans  // under the current key, and the one before
	turned  time.Time // when the current one began
	births  [2]map[board.PostID]origin
	replies [2]map[board.PostID]time.Time // when each came, in whole minutes
	shifted time.Time                     // when births[0] and replies[0] began
}

// origin is one network under both keys.
type origin [2]tag

// bans are the networks that are banned under one key.
type bans struct {
	key   *key
	until map[tag]time.Time
}

func newBans() *bans { return &bans{newKey(), map[tag]time.Time{}} }

func newOrigins(now board.Clock) *origins {
	return &origins{
		now: now, turned: now(), shifted: now(),
		bans:   [2]*bans{newBans(), newBans()},
		births: [2]map[board.PostID]origin{{}, {}}, replies: [2]map[board.PostID]time.Time{{}, {}},
	}
}

// forget drops what has had its time: births after ten to twenty minutes, a key of
// bans after two days.
func (o *origins) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
}

// turn is forget; o.mu is held.
func (o *origins) turn() {
	now := o.now()
	if age := now.Sub(o.turned); age >= banTime {
		o.bans[1] = o.bans[0]
		if age >= 2*banTime {
			o.bans[1] = newBans()
		}
		o.bans[0], o.turned = newBans(), now
		o.births = [2]map[board.PostID]origin{{}, {}} // they were under keys in another order
	}
	if age := now.Sub(o.shifted); age >= epochTime {
		o.births[1], o.replies[1] = o.births[0], o.replies[0]
		if age >= 2*epochTime {
			o.births[1], o.replies[1] = map[board.PostID]origin{}, map[board.PostID]time.Time{}
		}
		o.births[0], o.replies[0], o.shifted = map[board.PostID]origin{}, map[board.PostID]time.Time{}, now
	}
}

// of is the tag pair of an address's network; o.mu is held.
func (o *origins) of(a netip.Addr) (both origin) {
	for i, b := range o.bans {
		both[i] = b.key.tag(0, ofBanned, network(a))
	}
	return both
}

func (o *origins) isBanned(a netip.Addr) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	now := o.now()
	for i, t := range o.of(a) {
		if until, banned := o.bans[i].until[t]; banned && now.Before(until) {
			return true
		}
	}
	return false
}

// find is where a post came from; o.mu is held.
func (o *origins) find(id board.PostID) (origin, bool) {
	for _, births := range o.births {
		if from, known := births[id]; known {
			return from, true
		}
	}
	return origin{}, false
}

// Remember keeps for ten to twenty minutes from which network a post or reply came,
// under a random key. Of those that no admin could ever mean by it (this machine, its
// private neighbours, shared networks, an onion service) nothing is kept.
func (g *Gate) Remember(id board.PostID, who Caller) {
	if private(who.Addr) || !who.Addr.IsValid() || contains(g.settings("").SharedNetworks, who.Addr) {
		return
	}
	o := g.origins
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	if len(o.births[0]) < originsMax {
		o.births[0][id] = o.of(who.Addr)
	}
}

// replyGrid is what the time of a reply is rounded up to.
const replyGrid = time.Minute

// RememberReply keeps for ten to twenty minutes in which minute a reply came: the store
// knows no time of one, and what a raid leaves in older threads is found by it.
func (g *Gate) RememberReply(id board.PostID) {
	o := g.origins
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	if len(o.replies[0]) < originsMax {
		o.replies[0][id] = o.now().Add(replyGrid - 1).Truncate(replyGrid)
	}
}

// RepliesWithin names the replies of the last while, as far as they are remembered: ten
// minutes at least, twenty at most.
func (g *Gate) RepliesWithin(d time.Duration) []board.PostID {
	o := g.origins
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	since := o.now().Add(-d)
	var list []board.PostID
	for _, replies := range o.replies {
		for id, at := range replies {
			if !at.Before(since) {
				list = append(list, id)
			}
		}
	}
	return list
}

// Kin names what came from the network that a post came from, that post among it;
// none when that is not remembered.
func (g *Gate) Kin(id board.PostID) []board.PostID {
	o := g.origins
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	from, known := o.find(id)
	if !known {
		return nil
	}
	var list []board.PostID
	for _, births := range o.births {
		for other, f := range births {
			if f == from {
				list = append(list, other)
			}
		}
	}
	return list
}

// Ban has the network that a post came from pay a proof of work for each write and
// wait slow_seconds between two, for 24 hours; false: it is not remembered.
func (g *Gate) Ban(id board.PostID) bool {
	o := g.origins
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	from, known := o.find(id)
	if !known {
		return false
	}
	until := o.now().Add(banTime)
	for i, t := range from {
		o.bans[i].until[t] = until
	}
	return true
}
