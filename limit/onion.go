package limit

import (
	"net/netip"

	"mayfly/board"
)

// Onion is the Addr of everybody who came by an onion service. They have none: what
// the listener sees is tor, on this machine. No request from elsewhere has it, as
// Address drops zones.
//
// Whoever shares it is not one person, so nobody is refused there for what others
// write, and no ban is of it. A settled cookie has a bucket of its own, as everywhere.
// Each write of a newcomer costs a proof of work, whatever the setting pow says, or a
// wait; past what 200 people write at their full rate, settled visitors are asked for
// one too. The louder the onion is, the more a proof costs, and that alone bounds what
// comes in: there is no bucket of proofs that one could empty for all. Reading without
// a cookie has a bucket of the onion's, 200 wide.
var Onion = netip.IPv6Unspecified().WithZone("onion")

const (
	onionRoom   = 5                        // networks that the onion's waiting room is as wide as
	onionLoud   = crowdWidth / busyNetwork // how loud it is when settled visitors are asked, too
	onionTabs   = 16                       // sockets that one settled visitor of the onion may have open
	onionPart   = 2                        // at most one socket in so many is the onion's
	onionNobody = 4                        // at most one in so many is of the onion's newcomers
)

// everybody stands for all who came by the onion service. It is longer than any address.
var everybody = who{23: 1}

// openOnionSocket counts one more open socket of the onion. Half of all are left to
// others, and half of the onion's to those whose cookie has settled.
func (g *Gate) openOnionSocket(v board.Visitor) (release func(), err error) {
	all := holding{g.sockets.key.tag(socket, ofNetwork, everybody), max(1, g.sockets.max/onionPart)}
	own := holding{g.sockets.key.tag(socket, ofAddress, everybody), max(1, g.sockets.max/onionNobody)}
	if v.Settled(g.now()) {
		own = holding{g.sockets.key.tag(socket, ofVisitor, visitor(v)), onionTabs}
	}
	return g.sockets.take(own, all)
}
