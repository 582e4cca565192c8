//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
)

// TestAnOpenPageRestsWhileNothingHappens counts how often the browser lays out a
// board on which nothing but time goes on. A phone should not grow warm of it.
func TestAnOpenPageRestsWhileNothingHappens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 30 {
		s.publish(fmt.Sprintf("number %d", i), "1h")
	}
	p := s.person("a reader")
	tell(p, performance.Enable, performance.EnableParams{})
	p.openLive("/")
	p.wait("the page has settled", `performance.now() > 2000`)
	before := p.layouts()
	p.wait("three seconds have passed", `performance.now() > 5000`)
	if n := p.layouts() - before; n > 20 {
		t.Errorf("%.0f layouts in three seconds, want at most 20", n)
	}
}

func (p *person) layouts() float64 {
	p.t.Helper()
	for _, metric := range tell(p, performance.GetMetrics, cdp.Empty{}).Metrics {
		if metric.Name == "LayoutCount" {
			return metric.Value
		}
	}
	p.t.Fatal("the browser counts no layouts")
	return 0
}

// TestAWickBurnsDownAndGrowsWithAHeart follows the line under a short post.
func TestAWickBurnsDownAndGrowsWithAHeart(t *testing.T) {
	t.Parallel()
	s := newSite(t, "ttl_min=1s", "life_per_heart=10m")
	post := s.publish("burning", "90s")
	p := s.person("a reader")
	p.openLive("/")
	const length = `parseFloat(document.querySelector(".wick-life").getAttribute("width"))`
	full := see[float64](p, length)
	p.wait("it burns down", fmt.Sprintf(`%s < %f - 2`, length, full))
	if ember := see[float64](p, `parseFloat(document.querySelector(".wick-ember").getAttribute("cx")) - `+length); ember != 0 {
		t.Errorf("the ember is %.2f %% away from the end of the line", ember)
	}
	low := see[float64](p, length)
	s.heart(post)
	p.wait("it has grown", fmt.Sprintf(`%s > %f + 1`, length, low))
}
