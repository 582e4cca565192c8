//go:build e2e

package firstday

import (
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a browser may take for anything.
const patience = 20 * time.Second

// page is a tab of a real browser, in which every name leads to this machine.
type page struct {
	t   *testing.T
	tab context.Context
}

// surf starts a browser with one tab; another shares its cookies.
func surf(t *testing.T) (first page, another func() page) {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if at, err := exec.LookPath(name); err == nil {
			path = at
			break
		}
	}
	if path == "" {
		t.Fatal("this needs Chromium or Google Chrome; make test installs one")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.DisableGPU, chromedp.NoSandbox,
		chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"),
		chromedp.Flag("ignore-certificate-errors", true), // the client beside it checks them
		chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en"))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	browser, _ := chromedp.NewContext(ctx)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(browser), 10*time.Second)
		defer cancel()
		_ = chromedp.Cancel(closing)
	})
	another = func() page {
		tab, _ := chromedp.NewContext(browser)
		if err := chromedp.Do(tab, chromedp.EmulateViewport(1280, 900)); err != nil {
			t.Fatal(err)
		}
		return page{t, tab}
	}
	return another(), another
}

func (p page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.sees())
	}
}

func (p page) open(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
}

// wait waits for a fact, which is an expression of the page's.
func (p page) wait(fact, expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for !is(p, expression) {
		if time.Now().After(deadline) {
			p.t.Fatalf("not within %v: %s\n%s", patience, fact, p.sees())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p page) shows(words string) {
	p.t.Helper()
	p.wait("the page shows "+words, fmt.Sprintf(`document.body.innerText.includes(%q)`, words))
}

func is(p page, expression string) bool {
	v, err := ask[bool](p, "!!("+expression+")")
	return err == nil && v
}

func ask[T any](p page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

func (p page) sees() string {
	text, err := ask[string](p, `(location.href + "\n" + document.body.innerText).slice(0, 1500)`)
	if err != nil {
		return err.Error()
	}
	return text
}

// fill writes words into a field and sends its form, as a person does.
func (p page) fill(field, words string) {
	p.t.Helper()
	p.wait(field+" is there", fmt.Sprintf(`document.querySelector(%q)`, field))
	p.do(chromedp.SendKeys(chromedp.CSS(field), words, chromedp.NodeVisible))
}

func (p page) press(button string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(button), chromedp.NodeVisible))
}
