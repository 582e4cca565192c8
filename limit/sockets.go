package limit

import (
	"sync"
	"time"

	"mayfly/board"
)

const (
	socketsMax  = 10_000 // open at once, wherever they come from (SPEC 10)
	fdReserve   = 64     // descriptors left to the database, pages and logs
	socketWait  = time.Minute
	socketsBusy = 10 * time.Second
)

// MaxSockets is how many sockets this process should hold: 10,000, or what its
// limit of file descriptors allows with 64 left for everything else.
func MaxSockets() int { return socketsWithin(fdLimit()) }

func socketsWithin(fds uint64) int {
	if fds >= socketsMax+fdReserve {
		return socketsMax
	}
	return max(1, int(fds)-fdReserve)
}

// sockets counts those that are open. Their key does not turn, as a socket may
// outlive many epochs; but a tag is here only while a socket of that address or
// network is open, and says no more than the open connection itself does.
type sockets struct {
	key *key
	max int

	mu   sync.Mutex
	open int
	of   map[tag]int
}

func newSockets(limit int) *sockets {
	return &sockets{key: newKey(), max: limit, of: map[tag]int{}}
}

// OpenSocket counts one more open socket of an address: as many as the setting
// says for an address, ten times as many for its network, fifty times either in
// shared_networks; 0 is unlimited. Those of the onion are counted apart. The caller
// calls release once, when the socket is closed. The error is a *board.Error: Limited
// when the address or network has enough, Busy when the process has; both with
// Args["wait"].
func (g *Gate) OpenSocket(who Caller) (release func(), err error) {
	if who.Addr == Onion {
		return g.openOnionSocket(who.Visitor)
	}
	s := g.settings("")
	each := s.Socket * g.times(who)
	at := g.sockets.key.tag(socket, ofAddress, address(who.Addr))
	in := g.sockets.key.tag(socket, ofNetwork, network(who.Addr))
	return g.sockets.take(holding{at, each}, holding{in, each * networkWidth})
}

// OpenSockets is how many are open.
func (g *Gate) OpenSockets() int {
	g.sockets.mu.Lock()
	defer g.sockets.mu.Unlock()
	return g.sockets.open
}

// holding is whose open sockets are counted, and how many there may be; 0 is
// unlimited.
type holding struct {
	of   tag
	most int
}

func (s *sockets) take(list ...holding) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= s.max {
		return nil, &board.Error{Kind: board.Busy, Code: "error.busy", Args: map[string]any{"wait": socketsBusy}}
	}
	for _, h := range list {
		if h.most > 0 && s.of[h.of] >= h.most {
			return nil, limited(socketWait)
		}
	}
	s.open++
	for _, h := range list {
		s.of[h.of]++
	}
	return sync.OnceFunc(func() { s.give(list) }), nil
}

func (s *sockets) give(list []holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	for _, h := range list {
		if s.of[h.of]--; s.of[h.of] == 0 {
			delete(s.of, h.of)
		}
	}
}
