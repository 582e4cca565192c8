package limit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mayfly/board"
)

func networks(t testing.TB, list string) []netip.Prefix {
	t.Helper()
	n, err := board.ParseNetworks(list)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAddress(t *testing.T) {
	for _, tt := range []struct {
		name, peer, trusted string
		forwarded           []string
		want                string
		misconfigured       bool
	}{
		{name: "the peer", peer: "203.0.113.9:4711", want: "203.0.113.9"},
		{name: "an IPv6 peer", peer: "[2001:db8::1]:4711", want: "2001:db8::1"},
		{name: "4-in-6 is IPv4", peer: "[::ffff:203.0.113.9]:4711", want: "203.0.113.9"},
		{name: "a zone is dropped", peer: "[fe80::1%eth0]:4711", want: "fe80::1"},
		{name: "a Unix socket has no address", peer: "@", want: "invalid IP"},
		{name: "the header of an untrusted peer is not read", peer: "203.0.113.9:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1"}, want: "203.0.113.9"},
		{name: "a private peer with it is a proxy that nobody named", peer: "10.0.0.2:1", forwarded: []string{"198.51.100.1"}, want: "10.0.0.2", misconfigured: true},
		{name: "so is a loopback one", peer: "127.0.0.1:1", forwarded: []string{"198.51.100.1"}, want: "127.0.0.1", misconfigured: true},
		{name: "and one behind a carrier's NAT", peer: "100.100.1.2:1", forwarded: []string{"198.51.100.1"}, want: "100.100.1.2", misconfigured: true},
		{name: "and one of IPv6", peer: "[fd00::2]:1", forwarded: []string{"198.51.100.1"}, want: "fd00::2", misconfigured: true},
		{name: "a private peer without it is a neighbour", peer: "10.0.0.2:1", want: "10.0.0.2"},
		{name: "a trusted peer speaks for its visitor", peer: "10.0.0.2:1", trusted: "10.0.0.2", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "a trusted peer of 4-in-6", peer: "[::ffff:10.0.0.2]:1", trusted: "10.0.0.2", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "a trusted peer without the header", peer: "10.0.0.2:1", trusted: "10.0.0.2", want: "10.0.0.2"},
		{name: "the right-most untrusted hop", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"1.1.1.1, 198.51.100.1, 10.0.0.7"}, want: "198.51.100.1"},
		{name: "over several headers", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"1.1.1.1", "198.51.100.1", "10.0.0.7,10.0.0.8"}, want: "198.51.100.1"},
		{name: "an untrusted loopback hop is a hop", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"1.1.1.1, 127.0.0.1"}, want: "127.0.0.1"},
		{name: "all trusted: the left-most asked", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"10.0.0.9, 10.0.0.7"}, want: "10.0.0.9"},
		{name: "junk ends the walk at its writer", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1, unknown, 10.0.0.7"}, want: "10.0.0.7"},
		{name: "junk from the peer itself", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1, _hidden"}, want: "10.0.0.2"},
		{name: "an empty header", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1", ""}, want: "10.0.0.2"},
		{name: "a hop with a port", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1:5555"}, want: "198.51.100.1"},
		{name: "IPv6 in brackets", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"[2001:db8::1]"}, want: "2001:db8::1"},
		{name: "IPv6 in brackets with a port", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"[2001:db8::1]:443"}, want: "2001:db8::1"},
		{name: "IPv6 bare", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"\t2001:db8::1 "}, want: "2001:db8::1"},
		{name: "an open bracket is junk", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"[2001:db8::1"}, want: "10.0.0.2"},
		{name: "quotes are junk", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{`"198.51.100.1"`}, want: "10.0.0.2"},
		{name: "a huge header", peer: "10.0.0.2:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1," + strings.Repeat("10.0.0.7, ", 100_000) + "10.0.0.7"}, want: "198.51.100.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{
				"X-Real-Ip": {"192.0.2.66"}, "Forwarded": {"for=192.0.2.66"},
			}}
			if tt.forwarded != nil {
				r.Header["X-Forwarded-For"] = tt.forwarded
			}
			addr, misconfigured := Address(r, networks(t, tt.trusted))
			if addr.String() != tt.want || misconfigured != tt.misconfigured {
				t.Errorf("Address = %v, %v; want %v, %v", addr, misconfigured, tt.want, tt.misconfigured)
			}
		})
	}
}

// Whatever is sent, the answer is a plain address that the peer vouches for.
func FuzzAddress(f *testing.F) {
	f.Add("10.0.0.2:1", "198.51.100.1, 10.0.0.7", "10.0.0.9")
	f.Add("203.0.113.9:1", "198.51.100.1", "")
	f.Add("[::ffff:10.0.0.2]:1", "[2001:db8::1]:443", "unknown")
	f.Add("[fe80::1%eth0]:1", ",,,", "::ffff:1.2.3.4%x")
	trusted := networks(f, "10.0.0.0/8 fd00::/8 fe80::/10")
	f.Fuzz(func(t *testing.T, peer, first, second string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {first, second}}}
		addr, misconfigured := Address(r, trusted)
		if addr.Is4In6() || addr.Zone() != "" {
			t.Errorf("%v is not plain", addr)
		}
		direct, _ := Address(&http.Request{RemoteAddr: peer}, trusted)
		believed := contains(trusted, direct)
		if !believed && addr != direct {
			t.Errorf("an untrusted peer %v passed for %v", direct, addr)
		}
		if believed && misconfigured {
			t.Error("a trusted peer is called misconfigured")
		}
		if believed && addr != direct && !slices.ContainsFunc(strings.Split(first+","+second, ","), func(s string) bool { return hop(s) == addr }) {
			t.Errorf("%v is in no header", addr)
		}
		_, _ = address(addr), network(addr)
	})
}
