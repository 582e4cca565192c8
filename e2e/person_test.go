//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what a person would see at once: this
// machine may be busy. What must be quick is measured, not waited for.
const patience = 20 * time.Second

// person is somebody with a browser of their own: one tab, and their cookies.
type person struct {
	t    *testing.T
	tab  context.Context
	base string // where they reach the site

	mu       sync.Mutex
	problems []string
	expected []*regexp.Regexp
	watching func(*network.EventRequestWillBeSent) // nil: nobody looks at what is asked
}

// person lets somebody come who has never been here, with a window of 1280 × 900.
func (s *site) person(name string) *person {
	s.t.Helper()
	return newPerson(s.t, name, s.url)
}

func newPerson(t *testing.T, name, base string) *person {
	t.Helper()
	p := &person{t: t, base: base}
	tab, leave := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.tab = tab
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s sees:\n%s", name, p.sees())
		}
		leave()
		for _, problem := range p.unexpected() {
			t.Errorf("%s: %s", name, problem)
		}
	})
	p.do(chromedp.EmulateViewport(1280, 900))
	return p
}

// hear collects what the browser complains about. It is called between messages
// of the browser, so it sends none itself.
func (p *person) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError && e.Type != runtime.ConsoleAPICalledTypeWarning && e.Type != runtime.ConsoleAPICalledTypeAssert {
			return
		}
		var words []string
		for _, arg := range e.Args {
			words = append(words, string(arg.Value)+arg.Description)
		}
		p.complain("console.%s: %s", e.Type, strings.Join(words, " "))
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.complain("uncaught: %s", text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.complain("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			p.complain("a request failed: %s %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; strings.HasPrefix(u, "http") && !strings.HasPrefix(u, p.base+"/") {
			p.complain("a request left the site: %s", u)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.watching != nil {
			p.watching(e)
		}
	case *network.EventWebSocketCreated:
		if !strings.HasPrefix(e.URL, "ws"+strings.TrimPrefix(p.base, "http")+"/") {
			p.complain("a socket left the site: %s", e.URL)
		}
	case *page.EventJavascriptDialogOpening:
		p.complain("a dialog opened: %s", e.Message)
		go chromedp.Call(p.tab, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{}) //nolint:errcheck // the test has failed already
	}
}

func (p *person) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// expects names complaints that belong to what the test does.
func (p *person) expects(patterns ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pattern := range patterns {
		p.expected = append(p.expected, regexp.MustCompile(pattern))
	}
}

func (p *person) unexpected() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
next:
	for _, problem := range p.problems {
		for _, pattern := range p.expected {
			if pattern.MatchString(problem) {
				continue next
			}
		}
		list = append(list, problem)
	}
	return list
}

// do runs steps in the tab.
func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.tab); err != nil { // opens the tab: it lives as long as this context
		p.t.Fatal(err)
	}
	ctx, cancel := contextFor(p)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// contextFor is the tab, for one thing that is done in it.
func contextFor(p *person) (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.tab, patience)
}

// tell sends a command of the DevTools protocol to the tab.
func tell[P, R any](p *person, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := contextFor(p)
	defer cancel()
	r, err := chromedp.Call(ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return r
}

// open goes to a page and waits until it is loaded.
func (p *person) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.base + path))
}

// openLive goes to a page and waits until it listens.
func (p *person) openLive(path string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		socket := chromedp.WaitEvent(network.WebSocketFrameReceived, nil, chromedp.Navigate(p.base+path))
		_, err := socket(ctx, t)
		return err
	}))
	p.wait("the hello has been taken", `document.getElementById("incoming").children.length === 0`)
}

// click presses the left button of the mouse on what selector finds first.
func (p *person) click(selector string) {
	p.t.Helper()
	p.wait(selector+" is there", fmt.Sprintf(`document.querySelector(%q)`, selector))
	p.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// taps what selector finds first at that moment, wherever it is by then: where a page
// moves by what it hears, a mouse may come too late.
func (p *person) taps(selector string) {
	p.t.Helper()
	p.wait(selector+" is there", fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, selector))
	see[any](p, fmt.Sprintf(`void setTimeout(() => document.querySelector(%q).click())`, selector))
}

// follow clicks on what leads to another page, and waits until that is loaded.
func (p *person) follow(selector string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))(ctx, t)
		return err
	}))
}

// types writes into a field, key by key.
func (p *person) types(selector, text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

// post writes a post with the form on the page.
func (p *person) post(body string) {
	p.t.Helper()
	p.types("#composer textarea", body)
	p.click("#composer #send")
}

// answer writes a reply with the form on the page.
func (p *person) answer(body string) {
	p.t.Helper()
	p.types("#talk textarea", body)
	p.click("#talk #send")
}

// see evaluates an expression in the page. It may not use eval: a page's policy
// holds for it, and for what it sets off.
func see[T any](p *person, expression string) T {
	p.t.Helper()
	ctx, cancel := contextFor(p)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, strictly))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func strictly(e *runtime.EvaluateParams) {
	no, yes := false, true
	e.AllowUnsafeEvalBlockedByCSP = &no
	e.AwaitPromise = &yes
}

// wait waits for a fact of the page, whatever it navigates to meanwhile.
func (p *person) wait(fact, expression string) {
	p.t.Helper()
	p.waitFor(patience, fact, expression)
}

func (p *person) waitFor(d time.Duration, fact, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, d+time.Second)
	defer cancel()
	eventually(p.t, d, fact+" ("+expression+")", func() bool {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")", strictly))
		return err == nil && holds
	})
}

// shows waits until text can be read on the page.
func (p *person) shows(text string) {
	p.t.Helper()
	p.wait("the page shows "+text, fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// losesAll waits until the page holds no trace of text, seen or unseen.
func (p *person) loses(text string) {
	p.t.Helper()
	p.wait("the page has lost "+text, fmt.Sprintf(`!document.documentElement.outerHTML.includes(%q)`, text))
}

// sees is the text of the page, for the log of a failure.
func (p *person) sees() string {
	ctx, cancel := context.WithTimeout(p.tab, time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(location.href + "\n" + document.body.innerText).slice(0, 1000)`))
	if err != nil {
		return err.Error()
	}
	return text
}

// losesItsLine says that this person's browser will not reach the site for a while.
func (p *person) losesItsLine() {
	p.expects("net::ERR_", "WebSocket connection to .* failed", "htmx:ws:error")
}

// withoutScript has the tab run no script from its next page on.
func (p *person) withoutScript() {
	p.t.Helper()
	p.expects("^a request failed: Script +csp") // the browser’s own words for it
	tell(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// withScript takes withoutScript back.
func (p *person) withScript() {
	p.t.Helper()
	tell(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
}

// media sets what the page may ask of the system: pairs such as
// "prefers-color-scheme", "dark".
func (p *person) media(features ...string) {
	p.t.Helper()
	var params emulation.SetEmulatedMediaParams
	for i := 0; i+1 < len(features); i += 2 {
		params.Features = append(params.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	tell(p, emulation.SetEmulatedMedia, params)
}

// width makes the window so wide, with the screen of a phone where it is narrow.
func (p *person) width(w int64) {
	p.t.Helper()
	if w < 600 {
		p.do(chromedp.EmulateViewport(w, 844, chromedp.EmulateMobile, chromedp.EmulatePortrait))
		return
	}
	p.do(chromedp.EmulateViewport(w, 900))
}
