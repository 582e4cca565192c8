//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// looking is what is done with a page that stands before a person, in a state of it
// that has a name.
type looking func(p *person, name string)

// speaks has the browser of a person prefer a language.
func (p *person) speaks(lang string) {
	p.t.Helper()
	tell(p, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: see[string](p, `navigator.userAgent`), AcceptLanguage: lang})
}

// sets gives a field a value at once, as a paste does.
func (p *person) sets(selector, value string) {
	p.t.Helper()
	see[any](p, fmt.Sprintf(`void (document.querySelector(%q).value = %q)`, selector, value))
}

// unfolds opens everything on the page that is folded.
func (p *person) unfolds() {
	p.t.Helper()
	see[any](p, `void document.querySelectorAll("main details").forEach((d) => (d.open = true))`)
}

// moderated is a board with something of everything that admins see and decide.
type moderated struct {
	*site
	ada, author            *person
	held, hidden, care     string
	thread, thrice, sealed note
}

// looksOfModeration goes through every page of admins and every page that moderation
// changes for readers, in every state, and looks.
func looksOfModeration(t *testing.T, lang string, look looking) {
	s := newSite(t, "report=0", "place_list=Riverside 45.46/9.19; Old Harbour; The library")
	m := &moderated{site: s, ada: s.person("ada"), author: s.person("the author")}
	for _, p := range []*person{m.ada, m.author} {
		p.speaks(lang)
		p.expects("status of 4", "status of 503", "WebSocket connection", "htmx:ws:error") // what is refused or closed
	}
	m.atTheDoor(look)
	m.onAQuietDay(look)
	m.furnish(look)
	m.inTheQueue(look)
	m.settings(look)
	m.words(look)
	m.cut(look)
	m.host(look)
	m.people(look)
	m.public(look)
	m.raid(look)
}

func (m *moderated) atTheDoor(look looking) {
	p := m.ada
	p.open(strings.TrimPrefix(m.setup, m.url))
	look(p, "admin-setup")
	p.unfolds()
	p.types("#name", "ada")
	p.types("#new-passphrase", "password")
	p.follow("main button.btn")
	p.unfolds()
	look(p, "admin-setup-refused")
	m.owner(p)
	p.open("/admin/log")
	p.follow(".rail-foot button")
	look(p, "admin-login")
	p.types("#name", "ada")
	p.types("#passphrase", "not it at all")
	p.follow("main button.btn")
	look(p, "admin-login-refused")
	p.types("#passphrase", ownersWords)
	p.follow("main button.btn")
}

func (m *moderated) onAQuietDay(look looking) {
	for _, name := range []string{"queue", "words", "prompts", "boards", "raid", "keys", "admins"} {
		m.ada.open("/admin/" + name)
		look(m.ada, "admin-"+name+"-quiet")
	}
	m.ada.open("/log")
	look(m.ada, "log-quiet")
}

// furnish fills the board, and looks at what authors see of it.
func (m *moderated) furnish(look looking) {
	m.beside("filter", "add", "raffle*", "--action", "hold")
	m.beside("filter", "add", "vanish*", "--action", "care")
	m.beside("filter", "add", "casino*", "--action", "short")
	m.beside("filter", "add", "(fr33|free) +money", "--pattern", "--action", "block")
	m.beside("filter", "add", "Mario Rossi", "--action", "ask")
	m.addBoard("night-shift", "Night shift", "--place", "1")
	m.addBoard("harvest", "Harvest festival", "--closes", "in 9d", "--place", "2")
	m.beside("settings", "set", "ttl_max=2d", "--board", "night-shift", "--data", m.data)
	m.beside("settings", "set", "slow_seconds=90", "--board", "night-shift", "--data", m.data)
	p := m.author
	eventually(m.t, patience, "the filters are heard of", func() bool {
		status, _ := m.do("POST", "/api/v1/boards/home/posts", `{"body":"FREE  money"}`, "Content-Type", "application/json")
		return status == 422
	})
	m.held = m.writes("Raffle tickets for the school roof, three for five. Ask at the baker’s.", look, "held")
	m.care = m.writes("Some nights I only want to vanish, and nobody would look up.", look, "care")
	m.writes("A casino night for the roof, too. It pays better than cakes, they say.", look, "short-life")
	m.hidden = m.writes("The man on the second floor of number 9 steals bicycles. Everybody knows his name.", nil, "")
	for range 3 {
		m.report(note{ID: m.hidden}, "names-someone")
	}
	p.openLive("/")
	look(p, "author-hidden-feed")
	p.open("/p/" + m.hidden)
	look(p, "author-hidden")
	m.thread = m.publish("Who else hears the church bell at three? It is not supposed to ring at three.", "20h")
	bad := m.reply(m.thread.ID, "Only idiots live that close to a church.")
	m.reply(m.thread.ID, "I do. I thought it was my dream.")
	m.thrice = bad
	m.report(bad, "harassment")
	m.report(bad, "spam")
	m.report(bad, "harm")
	m.report(m.publish("Buy followers cheap, two hundred for a coffee: https://followers.example/and-a-long-address-that-does-not-end-anywhere-soon", "1m"), "spam")
	m.pictured()
	m.revealed(look)
	for i := range 3 {
		m.publish(fmt.Sprintf("%s %d", pasted, i), "")
	}
	m.ask("Which sound belongs to this place?")
	m.beside("prompt", "ask", "Which baker should bake our harvest bread? The mill pays for it.", "--sponsored", "--ttl", "3d")
}

// writes has the author publish, and looks at the page that comes.
func (m *moderated) writes(body string, look looking, name string) (id string) {
	m.t.Helper()
	p := m.author
	p.open("/write")
	p.types("#body", body)
	p.click("#send")
	p.wait("it is out", `location.pathname !== "/write" && document.querySelector("article .badge")`)
	if look != nil {
		look(p, name)
	}
	return see[string](p, `document.querySelector("article.post:has(.badge)").id.slice(2)`)
}

// pictured posts a picture that somebody reports.
func (m *moderated) pictured() {
	m.t.Helper()
	p := m.author
	p.openLive("/")
	p.chooses(aPhoto(m.t, 1600, 1000))
	p.wait("it is chosen", `document.querySelector(".photo-chosen img")`)
	p.types("#alt", "The sky over the roofs at seven")
	p.post("Proof.")
	p.wait("it is there", `document.querySelector("article details.photo")`)
	m.report(note{ID: see[string](p, `document.querySelector("article:has(details.photo)").id.slice(2)`)}, "illegal")
}

// revealed posts a card that its reader reports with its words.
func (m *moderated) revealed(look looking) {
	m.t.Helper()
	m.sealed = m.write("/api/v1/boards/home/posts", map[string]any{"body": "I know where you park, and when you come back to it.", "view_once": true, "ttl": "2h"})
	p := m.author
	p.open("/p/" + m.sealed.ID)
	p.unseals()
	p.follow(`form[action$="/report"] button`)
	look(p, "report-view-once")
	p.click(`input[value="harm"]`)
	p.follow(".report .btn.harm.js-only")
	look(p, "reported")
}

func (m *moderated) inTheQueue(look looking) {
	p := m.ada
	p.open("/admin/queue")
	p.wait("all of it waits", `document.querySelectorAll(".case").length >= 6`)
	look(p, "admin-queue")
	see[any](p, `void document.querySelectorAll(".case details").forEach((d, i) => (d.open = i < 3))`)
	look(p, "admin-queue-open")
	p.open("/admin/queue?post=" + m.thread.ID)
	p.unfolds()
	look(p, "admin-queue-one")
	p.open("/admin/queue?post=nothing-there")
	look(p, "admin-queue-nothing-there")
}

func (m *moderated) settings(look looking) {
	p := m.ada
	p.open("/admin/settings")
	look(p, "admin-settings")
	p.open("/admin/settings?board=night-shift")
	look(p, "admin-settings-of-a-board")
	p.open("/admin/settings")
	p.sets("#s-ttl_max", "2 winters")
	p.sets("#s-post", "lots")
	p.follow(`button[value="preview"]`)
	look(p, "admin-settings-refused")
	p.open("/admin/settings")
	p.sets("#s-ttl_max", "6h")
	p.sets("#s-ttl_default", "6h")
	p.sets("#s-post", "3/2")
	p.follow(`button[value="preview"]`)
	look(p, "admin-forecast")
	m.set("post=5/5")
	eventually(m.t, patience, "somebody else was quicker", func() bool {
		_, body := m.do("GET", "/about", "")
		return strings.Contains(body, "5 a minute")
	})
	p.follow(`button[value="apply"]`)
	look(p, "admin-settings-overtaken")
	m.set("post=0")
	p.open("/admin/settings")
	p.sets("#s-k", "7")
	p.follow(`button[value="preview"]`)
	p.follow(`button[value="apply"]`)
	look(p, "admin-settings-saved")
	p.open("/admin/log")
	look(p, "admin-log")
	p.follow(`main form[action$="rollback"] button`)
	look(p, "admin-roll-back")
	p.open("/admin/system")
	p.wait("the socket was seen", `document.getElementById("socket-unseen").hidden`)
	look(p, "admin-system")
	p.unfolds()
	look(p, "admin-system-open")
}

func (m *moderated) words(look looking) {
	p := m.ada
	p.open("/admin/words")
	look(p, "admin-words")
	p.types("#text", "bike*")
	p.types("#sample", "Who took my bike? BIKES are for riding.")
	p.click(`input[name="action"][value="hold"]`)
	p.follow(`button[formaction]`)
	look(p, "admin-words-tried")
	p.open("/admin/words")
	p.types("#text", "(never closed")
	p.click(`input[name="pattern"]`)
	p.follow("#add button.btn")
	look(p, "admin-words-refused")
	p.open("/admin/words")
	p.sets("#text", "pots*")
	p.follow("#add button.btn")
	look(p, "admin-words-added")
}

// cut sends forms over a line that stops before all of them is there.
func (m *moderated) cut(look looking) {
	p := newPerson(m.t, "ada, on a bad line", m.stalling(30))
	p.speaks(see[string](m.ada, `document.documentElement.lang`))
	p.expects("status of 400")
	p.open("/admin/login?to=/admin/texts")
	p.types("#name", "ada")
	p.types("#passphrase", ownersWords)
	p.follow("main button.btn")
	p.sets("#about_text", "We are the people of Mill Lane.\n\nWhoever comes on Thursdays brings a chair. Everything else stands on the door of the library.")
	p.follow("main form button")
	p.wait("it has come back", `document.querySelector(".door [role=alert]")`)
	look(p, "admin-texts-cut")
	p.open("/admin/settings")
	p.follow(`button[value="preview"]`)
	p.wait("it has come back", `document.querySelector(".door [role=alert]")`)
	look(p, "admin-settings-cut")
}

// stalling is an address of the site where the last bytes of what is sent never arrive,
// but for who signs in.
func (s *site) stalling(bytes int64) string {
	to := must(url.Parse(s.url))
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		if r.In.Method == http.MethodPost && r.In.URL.Path != "/admin/login" {
			body, w := io.Pipe() // never closed
			go func() { _, _ = io.CopyN(w, r.In.Body, r.In.ContentLength-bytes) }()
			r.Out.Body = body
		}
	}})
	s.t.Cleanup(proxy.Close)
	return proxy.URL
}

func (m *moderated) host(look looking) {
	p := m.ada
	for _, name := range []string{"boards", "prompts", "places", "backdrops", "texts"} {
		p.open("/admin/" + name)
		p.unfolds()
		look(p, "admin-"+name)
	}
	p.open("/admin/boards")
	p.sets("#slug", "Night Shift")
	p.sets("#title", "Another")
	p.sets("#closes", "tomorrow")
	p.follow("#new button")
	look(p, "admin-boards-refused")
	p.open("/admin/boards/night-shift")
	look(p, "admin-board")
	p.unfolds()
	p.types("#end input", "not it at all")
	p.follow("#end button")
	look(p, "admin-board-end-refused")
	p.open("/admin/boards/home")
	look(p, "admin-board-home")
	p.open("/admin/texts")
	p.types("#about_text", "We are the people of Mill Lane. Nobody here is paid.")
	m.set("about_text=We were quicker.")
	eventually(m.t, patience, "somebody else was quicker", func() bool {
		_, body := m.do("GET", "/about", "")
		return strings.Contains(body, "We were quicker.")
	})
	p.follow("main form button")
	look(p, "admin-texts-overtaken")
	p.follow("main form button")
	look(p, "admin-texts-saved")
}

func (m *moderated) people(look looking) {
	p := m.ada
	p.open("/admin/admins")
	p.types("input[name=passphrase]", ownersWords)
	p.follow(`form[action$="/invite"] button`)
	look(p, "admin-invited")
	link := see[string](p, `document.querySelector("#link").value`)
	guest := m.person("grace")
	guest.speaks(see[string](p, `document.documentElement.lang`))
	guest.open(strings.TrimPrefix(link, m.url))
	look(guest, "admin-join")
	guest.types("#name", "grace")
	guest.types("#new-passphrase", "other words that nobody has")
	guest.follow("main button.btn")
	p.open("/admin/admins")
	p.unfolds()
	p.types(`form[action$="/remove"] input`, "not it at all")
	p.follow(`form[action$="/remove"] button`)
	look(p, "admin-remove-refused")
	p.open("/admin/keys")
	p.types("#label", "night watch")
	p.follow(`form[action$="/keys"] button`)
	look(p, "admin-keys-refused")
	p.click(`input[name="scope"]`)
	p.follow(`form[action$="/keys"] button`)
	look(p, "admin-key-made")
	p.open("/admin/keys")
	look(p, "admin-keys")
	p.open("/admin/account")
	look(p, "admin-account")
}

// public looks at what readers see of all this.
func (m *moderated) public(look looking) {
	p := m.author
	p.open("/p/" + m.thread.ID + "/report")
	look(p, "report")
	p.openLive("/")
	look(p, "feed-alike")
	p.follow(".alike")
	look(p, "alike")
	p.openLive("/p/" + m.thread.ID)
	look(p, "thread-hidden-reply")
	m.ada.open("/p/" + m.hidden)
	look(m.ada, "hidden-page")
	m.ada.open("/admin/queue?post=" + m.thread.ID)
	m.ada.unfolds()
	m.ada.click(`button[value="lock"]`)
	m.ada.wait("it is locked", `document.querySelector('button[value="unlock"]')`)
	p.openLive("/p/" + m.thread.ID)
	look(p, "thread-locked")
	removed := m.writes("Two tickets, best seats, half price. Write to me at the kiosk.", nil, "")
	p.openLive("/")
	m.ada.open("/admin/queue?post=" + removed)
	m.ada.sets("select[name=reason]", "spam")
	m.ada.click(`.case [value="remove"]`)
	p.wait("its author hears of it", `document.querySelector(".toast, .ended")`)
	look(p, "removed-with-reason")
	p.open("/log")
	look(p, "log")
	m.set("nudge=Would you say it to their face?")
	eventually(m.t, patience, "the line is there", func() bool {
		_, body := m.do("GET", "/write", "")
		return strings.Contains(body, "to their face")
	})
	p.open("/write")
	p.types("#body", "Ring Mario Rossi on 347 123 4567 about the key.")
	p.click("#send")
	p.wait("it is asked", `document.querySelector('#composer input[name="confirm"]')`)
	look(p, "nudge-and-ask")
	p.open("/write")
	p.sets("#body", "")
	for _, state := range []struct{ name, path, says string }{
		{"slow", "/write", "slow just now"}, {"read-only", "/", "only to be read"}, {"closed", "/", "Its admins will open it"}, {"open", "/", "Say it while it lasts"},
	} {
		m.set("board=" + state.name)
		eventually(m.t, patience, "the board is "+state.name, func() bool {
			_, body := m.do("GET", state.path, "")
			return strings.Contains(body, state.says)
		})
		p.open(state.path)
		look(p, "board-"+state.name)
	}
}

func (m *moderated) raid(look looking) {
	p := m.ada
	p.open("/admin/raid")
	look(p, "admin-raid")
	p.follow(`form[action$="/undo"]:has(#undo-within) button`)
	look(p, "admin-raid-asked")
	p.open("/admin/raid")
	p.types("#undo-post", "nothing-there")
	p.follow(`button[value="alike"]`)
	look(p, "admin-raid-refused")
	p.open("/admin/raid")
	p.follow(`.raid-bar button`)
	look(p, "admin-raid-on")
	p.open("/admin/queue")
	look(p, "admin-queue-raid-on")
	m.author.open("/write")
	look(m.author, "board-raid")
	m.author.open("/p/" + m.thread.ID)
	look(m.author, "thread-raid")
	p.open("/admin/raid")
	p.follow(`.raid-bar button`)
}

// TestModerationHasNoBarriers has axe look at every page of admins, and at what readers
// see of moderation: in both languages, light and dark, and from right to left. Nothing
// scrolls sideways from the narrowest phone to a wide screen, and all that is pressed
// is large enough for a finger. English is looked at twice in each state, Italian once,
// in what English is not.
func TestModerationHasNoBarriers(t *testing.T) {
	t.Parallel()
	axe := string(must(os.ReadFile("testdata/axe.min.js")))
	for lang, turns := range map[string][][]dress{
		"en": {{{390, "light"}, {1280, "dark"}}},
		"it": {{{390, "dark"}}, {{1280, "light"}}},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			turn := 0
			looksOfModeration(t, lang, func(p *person, name string) {
				p.t.Helper()
				tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}) // for axe alone
				p.do(chromedp.Evaluate[chromedp.Void](axe))
				p.hasRoom(name)
				p.checkBarriersAs(name, turns[turn%len(turns)]...)
				turn++
				p.width(1280)
			})
		})
	}
}

// hasRoom sees that nothing scrolls sideways, whichever way one reads, and that fingers
// find what they press.
func (p *person) hasRoom(name string) {
	p.t.Helper()
	for _, w := range []int64{320, 390, 768, 1280, 1920} {
		p.width(w)
		for _, way := range []string{"rtl", "ltr"} {
			if way == "rtl" && w != 320 && w != 1280 {
				continue
			}
			wide := see[string](p, fmt.Sprintf(`(document.documentElement.dir = %q, document.scrollingElement.scrollWidth <= innerWidth ? "" : [...document.querySelectorAll("body *")]
				.filter(e => e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1).slice(0, 4).map(e => e.tagName + "." + e.getAttribute("class")).join(" ") || "it")`, way))
			if wide != "" {
				p.t.Errorf("%s at %d px, %s, is too wide: %s", name, w, way, wide)
			}
		}
		for _, cut := range see[[]string](p, `[...document.querySelectorAll(".btn, .tabs a, .tag, .seg label, .badge")].filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent.trim())`) {
			p.t.Errorf("%s at %d px cuts %q", name, w, cut)
		}
		if w != 390 {
			continue
		}
		for _, small := range see[[]string](p, smallTargets) {
			p.t.Errorf("%s: %s", name, small)
		}
	}
}
