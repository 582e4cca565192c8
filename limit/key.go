package limit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"net/netip"
	"sync"

	"mayfly/board"
)

// scope is whose a tag is.
type scope uint8

const (
	ofVisitor scope = iota + 1
	ofAddress
	ofNetwork
	ofCrowd // the settled visitors of a network
	ofPost  // the fresh votes of a network on one post
	ofVoter // one of those

	ofHearts  // the fresh hearts of all networks on one post
	ofDowns   // downs
	ofReports // reports

	ofBanned // the writes of a network that is banned

	ofProven // the writes of a network that came with a proof
	ofProof  // a challenge or ticket
	ofQueue  // the waiting room of a network

	networkLoad // how much a network writes
	boardLoad   // how much is written on a board
	siegeLoad   // how much fresh cookies vote down there, or report

	ofLogin  // the tries of a network to sign in
	ofDevice // those of a device that has before
)

// who is a visitor, or the address or network of one, in the clear. It lives as
// long as a call.
type who [24]byte

func visitor(v board.Visitor) who { return v.ID }

// address is what the hosts of one line share: /32 or /64.
func address(a netip.Addr) who { return prefix(a, 32, 64) }

// network is what one household, school or company shares: /24 or /56.
func network(a netip.Addr) who { return prefix(a, 24, 56) }

func prefix(a netip.Addr, v4, v6 int) (w who) {
	if a == Onion {
		return everybody
	}
	a = plain(a)
	bits := v6
	if a.Is4() {
		bits = v4
	}
	p, _ := a.Prefix(bits) // fits; the zero Addr's is the zero Prefix, and all who have none are one
	b := p.Addr().As16()
	copy(w[:], b[:])
	return w
}

// tag stands for someone under a key, and for nobody once the key is gone.
type tag [16]byte

// key makes tags. It is random and in memory alone.
type key struct {
	macs sync.Pool // of *mac, made with the key that only its New holds
}

// roomFor holds what a tag may be made of beside who, save a long board's name.
const roomFor = 64

// mac is HMAC-SHA256 with room for what goes in and comes out.
type mac struct {
	hash.Hash
	in  [2 + len(who{}) + roomFor]byte
	out [sha256.Size]byte
}

func newKey() *key {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never returns an error since Go 1.24
	return &key{macs: sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, secret[:])} }}}
}

// tag is HMAC(key, cost ‖ scope ‖ who ‖ more)[:16]. A scope always has more, or
// never, so no two lists hash alike.
func (k *key) tag(c Cost, s scope, w who, more ...byte) tag {
	m := k.macs.Get().(*mac) // nothing else is in there
	defer k.macs.Put(m)
	in := append(m.in[:0], byte(c), byte(s))
	in = append(append(in, w[:]...), more...)
	m.Reset()
	m.Write(in)
	return tag(m.Sum(m.out[:0])[:len(tag{})])
}
