package limit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address is where a request comes from: the peer or, when the peer is a trusted
// proxy, the right-most hop of X-Forwarded-For that is not one. Hops to the left
// of that, Forwarded and X-Real-IP are anybody's claim and not read. 4-in-6
// addresses are IPv4, zones are dropped. The zero Addr is a peer without an
// address, such as a Unix socket's.
//
// It is misconfigured when a private peer that is not trusted sends
// X-Forwarded-For: most likely a proxy of the operator's, behind which all
// visitors are one address. The flag that would trust it is --trusted-proxies.
func Address(r *http.Request, trusted []netip.Prefix) (addr netip.Addr, misconfigured bool) {
	peer := hop(r.RemoteAddr)
	lines := r.Header["X-Forwarded-For"]
	if !contains(trusted, peer) {
		return peer, len(lines) > 0 && private(peer)
	}
	return forwarded(peer, lines, trusted), false
}

// forwarded walks from the peer to the left, for as long as it trusts who wrote
// what it reads. A hop that is no address ends the walk at its writer. When all
// are trusted the left-most is the one who asked.
func forwarded(peer netip.Addr, lines []string, trusted []netip.Prefix) netip.Addr {
	writer := peer
	for _, line := range slices.Backward(lines) {
		for rest, more := line, true; more; {
			var word string
			rest, word, more = cutLast(rest)
			a := hop(word)
			if !a.IsValid() {
				return writer
			}
			writer = a
			if !contains(trusted, a) {
				return a
			}
		}
	}
	return writer
}

// cutLast takes the last word off a list with commas.
func cutLast(list string) (rest, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// hop reads an address, with or without a port or the brackets of IPv6. What is
// none is the zero Addr.
func hop(s string) netip.Addr {
	s = strings.Trim(s, " \t")
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr())
	}
	if bare, ok := strings.CutPrefix(s, "["); ok {
		if s, ok = strings.CutSuffix(bare, "]"); !ok {
			return netip.Addr{}
		}
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return plain(a)
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// carrier is the shared address space behind a carrier's NAT (RFC 6598); overlay
// networks live there too.
var carrier = netip.MustParsePrefix("100.64.0.0/10")

// Private says whether a is of this machine or of a private network. An onion is neither.
func Private(a netip.Addr) bool { return a.IsValid() && a != Onion && private(a) }

// private says whether a cannot be a visitor from the internet.
func private(a netip.Addr) bool {
	return a == Onion || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || carrier.Contains(a)
}

func contains(networks []netip.Prefix, a netip.Addr) bool {
	a = plain(a)
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
