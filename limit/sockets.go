package limit

import (
	"net/netip"
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
// shared_networks; 0 is unlimited. The caller calls release once, when the socket
// is closed. The error is a *board.Error: Limited when the address or network has
// enough, Busy when the process has; both with Args["wait"].
func (g *Gate) OpenSocket(addr netip.Addr) (release func(), err error) {
	s := g.settings("")
	each := s.Socket
	if contains(s.SharedNetworks, addr) {
		each *= sharedWidth
	}
	at := g.sockets.key.tag(socket, ofAddress, address(addr))
	in := g.sockets.key.tag(socket, ofNetwork, network(addr))
	return g.sockets.take(at, in, each)
}

func (s *sockets) take(at, in tag, each int) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= s.max {
		return nil, &board.Error{Kind: board.Busy, Code: "error.busy", Args: map[string]any{"wait": socketsBusy}}
	}
	if each > 0 && (s.of[at] >= each || s.of[in] >= each*networkWidth) {
		return nil, limited(socketWait)
	}
	s.open++
	s.of[at]++
	s.of[in]++
	return sync.OnceFunc(func() { s.give(at, in) }), nil
}

func (s *sockets) give(at, in tag) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	for _, t := range []tag{at, in} {
		if s.of[t]--; s.of[t] == 0 {
			delete(s.of, t)
		}
	}
}
