package limit

import (
	"fmt"
	"net/netip"
	"testing"
)

// BenchmarkCrowd charges one request of each of many addresses, and lets each open and
// close a socket: a crowd must not make it dear.
func BenchmarkCrowd(b *testing.B) {
	for _, people := range []int{1, 10_000} {
		s := newStreet("page=100000/100000")
		callers := make([]Caller, people)
		for i := range callers {
			callers[i] = Caller{Addr: netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)})}
		}
		next := 0
		caller := func() Caller {
			next++
			return callers[next%people]
		}
		b.Run(fmt.Sprintf("page/people=%d", people), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = s.Allow(Page, "home", caller()) // or not: that costs as much
			}
		})
		b.Run(fmt.Sprintf("socket/people=%d", people), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				release, err := s.OpenSocket(caller())
				if err != nil {
					b.Fatal(err)
				}
				release()
			}
		})
	}
}
