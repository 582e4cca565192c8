//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
)

func TestZZIdle(t *testing.T) {
	s := newSite(t)
	for i := range 50 {
		s.publish(fmt.Sprintf("number %d", i), "")
	}
	p := s.person("x")
	tell(p, performance.Enable, performance.EnableParams{})
	p.openLive("/")
	get := func() map[string]float64 {
		m := map[string]float64{}
		for _, x := range tell(p, performance.GetMetrics, cdp.Empty{}).Metrics {
			m[x.Name] = x.Value
		}
		return m
	}
	time.Sleep(3 * time.Second)
	a := get()
	time.Sleep(5 * time.Second)
	b := get()
	for _, k := range []string{"Timestamp", "TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "LayoutCount", "RecalcStyleCount", "ProcessTime"} {
		t.Logf("%s %.3f", k, b[k]-a[k])
	}
	see[any](p, `void document.querySelectorAll(".wick animate").forEach(a => a.remove())`)
	time.Sleep(time.Second)
	a = get()
	time.Sleep(5 * time.Second)
	b = get()
	t.Log("without animate")
	for _, k := range []string{"Timestamp", "TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "LayoutCount", "RecalcStyleCount", "ProcessTime"} {
		t.Logf("%s %.3f", k, b[k]-a[k])
	}
}
