//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// tape is an address of the site where every byte that is asked for is kept.
type tape struct {
	url string
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *site) taped() *tape {
	t, to := &tape{}, must(url.Parse(s.url))
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		whole := must(httputil.DumpRequest(r.In, true))
		t.mu.Lock()
		t.all.Write(whole)
		t.mu.Unlock()
		r.SetURL(to)
		r.Out.Host, r.Out.Body = r.In.Host, r.In.Body
	}})
	s.t.Cleanup(proxy.Close)
	t.url = proxy.URL
	return t
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.String()
}

// TestTheFragmentOfACircleIsInNoRequest while one is made, joined, turned, reported from,
// loaded again and left by a link.
func TestTheFragmentOfACircleIsInNoRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	taped := s.taped()
	ada, ben := newPerson(t, "ada", taped.url), newPerson(t, "ben", taped.url)
	ada.makesCircle("Kitchen table", `#c-make [value="maker"]`)
	link := ada.invites()
	ben.joins(link)
	fragments := []string{ada.fragment(), ben.fragment(), must(url.Parse(link)).Fragment}

	var left sync.Map
	outside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { left.Store(r.URL.Path, r.Header) }))
	defer outside.Close()
	ada.saysInCircle("the scan is at " + outside.URL + "/scan.")
	ben.shows("/scan")
	ben.click(".circle-report summary")
	ben.click("[data-reports] .btn")
	ben.shows("The host was shown these words")
	ada.click(`[data-opens="people"]`)
	ada.click(`[data-view="people"] [data-turn]`)
	ada.wait("the key is turned", `document.getElementById("status").textContent.includes("turned")`)
	ben.saysInCircle("said under the new key")
	ada.click("#c-fresh") // she has scrolled down to the members
	ada.shows("said under the new key")
	ada.do(chromedp.Reload())
	ada.shows("said under the new key")
	ben.expects("a request left the site: " + outside.URL)
	ben.follow(`.post-text a`)
	header, ok := left.Load("/scan")
	if !ok {
		t.Fatal("the link of a post leads nowhere, or not where it says")
	}
	if from := header.(http.Header).Get("Referer"); from != "" {
		t.Errorf("who is outside hears of %s", from)
	}
	ada.follow(`.rail a[href="/about"]`)

	all := taped.String()
	for _, control := range []string{"GET /about", "POST /api/v1/circles HTTP", "/seats HTTP", "/epochs HTTP", "/reports HTTP", "Authorization: Circle ", "the scan is at "} {
		if !strings.Contains(all, control) {
			t.Errorf("control: the tape has no %q", control)
		}
	}
	for _, fragment := range fragments {
		_, key, _ := strings.Cut(fragment, ".")
		if len(key) < 43 {
			t.Fatalf("a key of %d characters", len(key))
		}
		for at := 0; at+16 <= len(key); at += 8 {
			if strings.Contains(all, key[at:at+16]) {
				t.Errorf("a piece of the fragment %.2s is in a request", fragment)
				break
			}
		}
	}
	if strings.Contains(all, "Kitchen table") || strings.Contains(all, "said under the new key") {
		t.Error("the name or words of a circle are in a request")
	}
}

// TestAChangedScriptOfCirclesDoesNotRun: one byte of what encrypts is another on the way.
func TestAChangedScriptOfCirclesDoesNotRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	to, script := must(url.Parse(s.url)), s.script("circle")
	var asked sync.Map
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			asked.Store(r.In.URL.Path, true)
			r.SetURL(to)
			r.Out.Host = r.In.Host
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.URL.Path != script {
				return nil
			}
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("mayfly/1"), []byte("mayfly/2"), 1)))
			return err
		},
	})
	defer proxy.Close()
	p := newPerson(t, "somebody", proxy.URL)
	p.expects("digest", "a request failed: Script")
	for _, path := range []string{"/c", "/c/abcdefghijklmnopqrstuvwxya#m1." + strings.Repeat("A", 128), "/c/abcdefghijklmnopqrstuvwxya/join#i1." + strings.Repeat("A", 43)} {
		p.open("/about")
		p.open(path)
		p.shows("The script that seals is not the one this page was made with")
		if views := see[[]string](p, `[...document.querySelectorAll("[data-view]:not([hidden])")].map((e) => e.dataset.view)`); len(views) != 1 {
			t.Errorf("%s shows %v", path, views)
		}
	}
	if _, ok := asked.Load(script); !ok {
		t.Error("control: the script was not asked for")
	}
	asked.Range(func(path, _ any) bool {
		if strings.HasPrefix(path.(string), "/api/") {
			t.Errorf("something ran: it asked for %s", path)
		}
		return true
	})
}

// TestWithoutWebCryptoThePageOfACircleSaysSo: plain HTTP, and not the machine itself.
func TestWithoutWebCryptoThePageOfACircleSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	to := must(url.Parse(s.url))
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	defer proxy.Close()
	p := newPerson(t, "somebody", fmt.Sprintf("http://board.test:%s", must(url.Parse(proxy.URL)).Port()))
	p.expects("Cross-Origin-Opener-Policy") // the browser’s own remark on such addresses
	for _, path := range []string{"/c", "/c/abcdefghijklmnopqrstuvwxya#m1." + strings.Repeat("A", 128)} {
		p.open("/about")
		p.open(path)
		p.shows("Your browser encrypts only on pages that came encrypted")
		if see[bool](p, `isSecureContext`) {
			t.Error("control: the page is trusted")
		}
	}
}

// TestAPictureOfACircleIsSeenByItsMembers, made anew from its pixels and sealed.
func TestAPictureOfACircleIsSeenByItsMembers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	taped := s.taped()
	ada, ben := newPerson(t, "ada", taped.url), newPerson(t, "ben", taped.url)
	ada.makesCircle("Kitchen table")
	ben.joins(ada.invites())
	ben.do(chromedp.SetUploadFiles(chromedp.CSS("#c-photo"), []string{aPhoto(t, 2000, 1250)}))
	ben.types("#c-alt", "The sky over the roofs")
	ben.saysInCircle("look up")
	const picture = `document.querySelector("#c-posts .circle-photo")`
	for _, p := range []*person{ben, ada} {
		p.wait("the picture is there", picture+`?.complete && `+picture+`.naturalWidth`)
		if got := see[string](p, picture+`.alt + " " + `+picture+`.naturalWidth + "x" + `+picture+`.naturalHeight`); got != "The sky over the roofs 1600x1000" {
			t.Errorf("the picture is %q", got)
		}
	}
	ada.do(chromedp.Reload())
	ada.wait("it is there again", picture+`?.naturalWidth === 1600`)
	for _, clear := range []string{"IMG_", "JFIF", "The sky over"} {
		if strings.Contains(taped.String(), clear) {
			t.Errorf("%q was sent in the clear", clear)
		}
	}
	ben.click(".post [data-removes]")
	ada.wait("it is gone", `!`+picture)
}

// TestACircleNeedsNoMouse to be made, joined, spoken in and answered.
func TestACircleNeedsNoMouse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, ben := s.person("ada"), s.person("ben")
	ada.open("/c")
	ada.wait("the form is there", `!document.querySelector('[data-view="make"]').hidden`)
	ada.fills("#c-make #c-name", "Kitchen table")
	ada.presses("#c-make .btn")
	ada.wait("the circle is open", `document.getElementById("c-name")?.textContent === "Kitchen table"`)
	ada.presses(`.circle-ways [data-opens="invite"]`)
	ada.standsOn("#c-invite-title")
	ada.presses("#c-invites .btn")
	ada.wait("there is an invite", `document.getElementById("c-link").value`)
	link := see[string](ada, `document.getElementById("c-link").value`)
	ada.goesRound()
	see[any](ada, `void document.getElementById("c-invite-title").focus()`)
	ada.presses(`[data-view="invite"] [data-closes]`)
	ada.standsOn(`.circle-ways [data-opens="invite"]`)
	ben.comesBy(link)
	ben.presses("#c-join")
	ben.wait("they are in", `!document.querySelector('[data-view="circle"]').hidden`)
	ben.fills("#c-words", "said without a mouse")
	ben.presses("#c-send")
	ben.shows("said without a mouse")
	ada.shows("said without a mouse")
	ada.presses(".post .replies-link")
	ada.fills(".post .replies textarea", "and answered")
	ada.presses(".post [data-replies] .btn")
	ada.shows("and answered")
	ada.goesRound()
	ada.presses(`.circle-ways [data-opens="people"]`)
	ada.standsOn("#c-people-title")
}

// TestABrowserKeepsNoCircle: neither its key nor its words nor that there is one.
func TestABrowserKeepsNoCircle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.person("ada")
	ada.makesCircle("Kitchen table")
	ada.invites()
	ada.saysInCircle("not to be kept")
	ada.types("#c-words", "what is not yet said")
	nothing := map[string]any{"local": "", "session": "", "more": 0., "cookies": "", "databases": 0., "caches": 0., "workers": 0., "state": "null"}
	for name, got := range see[map[string]any](ada, stores) {
		if got != nothing[name] {
			t.Errorf("of a circle, %s holds %v", name, got)
		}
	}
	ada.shows("This browser keeps no list of them")
}
