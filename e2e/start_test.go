//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// becomesOwner goes from the printed link to the first choices.
func (p *person) becomesOwner(s *site) {
	p.t.Helper()
	_, path, _ := strings.Cut(s.setup, "/admin/") // of whichever address it names
	p.open("/admin/" + path)
	p.types("#name", "ada")
	p.types("#new-passphrase", ownersWords)
	p.follow("main button.btn")
	p.wait("the first choices are there", `location.pathname === "/admin/start" && document.getElementById("site_name")`)
	s.owned = true
}

// choosesBoard fills in the first page of choices.
func (p *person) choosesBoard() {
	p.t.Helper()
	see[any](p, `void (document.getElementById("site_name").value = "")`)
	p.types("#site_name", "Riverside")
	p.click(`[name="set"][value="campus"]`)
	p.types("#contact", "host@river.example")
}

// choosesLife fills in the second.
func (p *person) choosesLife() {
	p.t.Helper()
	p.click(`[name="life"][value="own"]`)
	see[any](p, `void ["ttl_min", "ttl_default", "ttl_max"].forEach(id => document.getElementById(id).value = "")`)
	p.types("#ttl_min", "1m")
	p.types("#ttl_default", "12h")
	p.types("#ttl_max", "20d")
	p.click(`[name="rules_of"][value="own"]`)
	p.types("#rules", "No shouting.")
	p.click(`[name="snapshots"][value="no"]`)
}

// TestAHostsFirstDay goes the whole way from the printed link on a phone: the first
// choices, a first post, one with a link that waits, one tap that publishes it, and three
// days later one that waits no more.
func TestAHostsFirstDay(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run(map[bool]string{true: "with script", false: "without script"}[script], func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "pow_bits=8", "contact=")
			host, author := s.person("the host"), s.person("an author")
			author.expects("status of 429")
			host.expects("status of 422")
			for _, p := range []*person{host, author} {
				p.width(390)
				if !script {
					p.withoutScript()
				}
			}
			host.becomesOwner(s)
			host.follow("main form .btn.wide")
			host.shows("open to strangers needs a way")
			host.choosesBoard()
			host.follow("main form .btn.wide")
			host.wait("the second page is there", `document.querySelector("[name=life]")`)
			host.open("/admin/queue") // something else comes first
			host.follow("main .choices a")
			host.choosesLife()
			host.follow("main form .btn.wide")
			host.shows("Riverside is open")
			host.shows("careful for another 3 d")

			sends := func(body string) {
				t.Helper()
				author.open("/write")
				author.types("#composer textarea", body)
				if script {
					author.click("#composer #send")
					author.wait("it is sent", `location.pathname !== "/write"`)
				} else {
					author.follow("#composer #send")
					author.shows("One moment")
					author.wait("the ring says that it is time", `getComputedStyle(document.querySelector(".dial-end path")).visibility === "visible"`)
					author.follow("#send")
				}
			}
			feed := func() string { _, body := s.do(http.MethodGet, "/api/v1/boards/home/posts", ""); return body }
			sends("The first words here.")
			eventually(t, patience, "the first post is seen", func() bool { return strings.Contains(feed(), "The first words") })
			author.open("/write")
			author.shows("New board: a post with a link")
			sends("Where to read on: https://library.example/night")
			host.open("/admin/queue")
			host.shows("https://library.example/night")
			author.open("/you")
			author.shows("This board is new: in its first days posts with a link")
			if strings.Contains(feed(), "library.example") {
				t.Error("it is in the feed before anybody has looked")
			}
			if script {
				host.click(`.case .choose .btn:first-child`)
			} else {
				host.follow(`.case .choose .btn:first-child`)
			}
			eventually(t, patience, "one tap has published it", func() bool { return strings.Contains(feed(), "library.example") })

			for _, p := range []*person{host, author} {
				p.do(chromedp.Navigate("about:blank"))
			}
			s.pass(72 * time.Hour)
			s.write("/api/v1/boards/home/posts", map[string]any{"body": "Three days later: https://library.example/day"})
			if !strings.Contains(feed(), "library.example/day") {
				t.Error("after 72 hours a link still waits")
			}
			about := func() string { _, body := s.do(http.MethodGet, "/about", ""); return body }()
			for _, want := range []string{"· Riverside</title>", "No shouting.", "host@river.example", "nobody copies this machine"} {
				if !strings.Contains(about, want) {
					t.Errorf("the page About lacks %q", want)
				}
			}
		})
	}
}

// TestTheFirstChoicesHaveNoBarriers in either language, refused and taken, and fit the
// narrowest phone. With MAYFLY_SHOTS they are photographed.
func TestTheFirstChoicesHaveNoBarriers(t *testing.T) {
	t.Parallel()
	axe := string(must(os.ReadFile("testdata/axe.min.js")))
	for _, lang := range []string{"en", "it"} {
		s := newSite(t, "contact=")
		p := s.person("a host in " + lang)
		p.expects("status of 422")
		tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}) // for axe alone
		tell(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
		look := func(name string) {
			t.Helper()
			if folder := os.Getenv("MAYFLY_SHOTS"); folder != "" {
				photographer{p, folder}.take("start-" + lang + "-" + name)
			}
			p.do(chromedp.Evaluate[chromedp.Void](axe))
			p.checkBarriers(name + " in " + lang)
			p.width(320)
			if wide := see[int](p, `document.scrollingElement.scrollWidth - innerWidth`); wide > 0 {
				t.Errorf("%s in %s is %d px too wide", name, lang, wide)
			}
			p.width(1280)
		}
		p.open(strings.TrimPrefix(s.setup, s.url))
		look("key")
		p.becomesOwner(s)
		look("board")
		p.follow("main form .btn.wide")
		look("board-refused")
		p.choosesBoard()
		p.follow("main form .btn.wide")
		look("life")
		p.choosesLife()
		see[any](p, `void (document.querySelector("main details").open = true, document.getElementById("ttl_min").value = "soon")`)
		p.follow("main form .btn.wide")
		look("life-refused")
		see[any](p, `void (document.getElementById("ttl_min").value = "1m")`)
		p.follow("main form .btn.wide")
		p.wait("it is done", `document.querySelector("main .qr")`)
		look("done")
		p.open("/admin/queue")
		look("queue")
		p.open("/")
		look("feed")
		p.open("/write")
		look("write")
	}
}
