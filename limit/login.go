package limit

import (
	"net/netip"
	"sync"
	"time"

	"mayfly/board"
)

// How often somebody may try to sign in (SPEC 8). A device from which an admin has
// signed in before is counted by itself, so that no flood of strangers, from however
// many networks, keeps the rightful admin out. Strangers are counted by network, and
// all together: what they may have hashed is bounded.
const (
	loginTries    = 5
	strangerTries = 60
	loginTime     = 15 * time.Minute
	loginKeyTime  = 24 * time.Hour
)

// logins counts tries under a key that lives for a day, and is in memory alone.
type logins struct {
	now board.Clock

	mu    sync.Mutex
	began time.Time
	key   *key
	tries map[tag]tally
	all   tally // of strangers
}

// tally is how many tries there were since the first of them.
type tally struct {
	from time.Time
	n    int
}

func newLogins(now board.Clock) *logins {
	return &logins{now: now, began: now(), key: newKey(), tries: map[tag]tally{}}
}

// Login charges one try to sign in from addr. device is the token of one from which
// an admin has signed in before, "" where it is none. The error is a *board.Error of
// kind Limited. It comes before anything is looked up or hashed.
func (g *Gate) Login(addr netip.Addr, device string) error {
	return g.logins.charge(addr, device)
}

// LoginWon gives a try back that has let somebody in.
func (g *Gate) LoginWon(addr netip.Addr, device string) {
	g.logins.refund(addr, device)
}

func (l *logins) charge(addr netip.Addr, device string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.forget(now)
	t := l.tag(addr, device)
	mine := l.tries[t]
	if mine.n >= loginTries {
		return limited(mine.from.Add(loginTime).Sub(now))
	}
	if device == "" {
		if l.all.n >= strangerTries {
			return limited(l.all.from.Add(loginTime).Sub(now))
		}
		l.all = l.all.add(now)
	}
	l.tries[t] = mine.add(now)
	return nil
}

func (l *logins) refund(addr netip.Addr, device string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tag(addr, device)
	if mine, ok := l.tries[t]; ok {
		mine.n = max(0, mine.n-1)
		l.tries[t] = mine
	}
	if device == "" {
		l.all.n = max(0, l.all.n-1)
	}
}

func (t tally) add(now time.Time) tally {
	if t.n == 0 {
		t.from = now
	}
	t.n++
	return t
}

// tidy forgets what is due when nobody tries.
func (l *logins) tidy() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.now())
}

// forget drops what is older than loginTime, and all of it with its key.
func (l *logins) forget(now time.Time) {
	if now.Sub(l.began) >= loginKeyTime {
		l.began, l.key, l.tries = now, newKey(), map[tag]tally{}
	}
	for t, mine := range l.tries {
		if now.Sub(mine.from) >= loginTime {
			delete(l.tries, t)
		}
	}
	if now.Sub(l.all.from) >= loginTime {
		l.all = tally{}
	}
}

// tag is of a device, else of a network.
func (l *logins) tag(addr netip.Addr, device string) tag {
	if device != "" {
		return l.key.tag(0, ofDevice, who{}, []byte(device)...)
	}
	return l.key.tag(0, ofLogin, network(addr))
}
