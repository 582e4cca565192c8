//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// onslaught is a board that has an attack in each field that strangers and admins fill in.
type onslaught struct {
	*site
	lines  []string
	next   int  // the line that comes next
	single bool // one line for each field, not as many as it takes
	owner  *person
	cookie string
	thread note
	at     string // a place
	pages  []string

	written []string // what some page must show
	shown   strings.Builder
}

// TestNothingInAnyFieldRuns fills every field with lines of testdata/xss.txt, as many as
// it takes, opens every page that shows one, and has every form refuse some and give them
// back: with the policy, and through a proxy that takes it away, where the escaping stands
// alone. With MAYFLY_ATTACK=whole each line has a turn alone in every field.
func TestNothingInAnyFieldRuns(t *testing.T) {
	t.Parallel()
	lines := payloads(t)
	if os.Getenv("MAYFLY_ATTACK") != "whole" {
		(&onslaught{lines: lines}).strike(t)
		return
	}
	for turn, line := range lines {
		t.Run(line, func(t *testing.T) { (&onslaught{lines: lines, next: turn, single: true}).strike(t) })
	}
}

// strike fills a board, and goes through it with the policy and without.
func (o *onslaught) strike(t *testing.T) {
	t.Helper()
	o.site = newSite(t, "post_chars=10000", "doxx=off", "lookalikes=off", "report=0")
	bare := withoutPolicy(t, o.url)
	o.fill()
	for _, base := range []string{o.url, bare} {
		o.owner.base = base
		o.walk()
		o.opens()
		if base == o.url {
			o.wasSeen()
		}
		o.refused()
		o.arrive()
		if has := see[bool](o.owner, `fetch("/about").then(r => r.headers.has("Content-Security-Policy"))`); has != (base == o.url) {
			t.Errorf("at %s there is a policy: %t", base, has)
		}
	}
}

// TestAPageThatEscapesNothingIsFound: what TestNothingInAnyFieldRuns looks with sees each
// line that would make an element, and what runs, opens a dialog or leaves the site.
func TestAPageThatEscapesNothingIsFound(t *testing.T) {
	lines := payloads(t)
	raw := ""
	for _, line := range lines {
		if !strings.Contains(line, "refresh") && !strings.Contains(line, "<base") { // which would lead away from the rest
			raw += "<div>" + line + "</div>\n"
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>raw</title><img src="x" onerror="alert(1)"><img src="http://elsewhere.invalid/">%s`, raw)
	}))
	t.Cleanup(server.Close)
	p := newPerson(t, "who meets them", server.URL)
	p.expects("")
	p.trap()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`void (location.href = %q)`, server.URL)))
	for _, complaint := range []string{"a payload ran", "a dialog opened", "a request left the site"} {
		eventually(t, patience, complaint, func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return slices.ContainsFunc(p.problems, func(s string) bool { return strings.Contains(s, complaint) })
		})
	}
	p.open("/")
	for _, line := range lines {
		for _, in := range []string{"<p>%s</p>", `<p title="%s">`, `<p title='%s'>`} {
			makes := fmt.Sprintf(`new DOMParser().parseFromString(%q, "text/html")`, fmt.Sprintf(in, line))
			if see[bool](p, makes+`.querySelectorAll("body *, head *").length === 1 && `+makes+`.querySelector("p").attributes.length <= 1`) {
				continue
			}
			if len(see[[]string](p, "(("+leads+"), "+harm+"("+makes+"))")) == 0 {
				t.Errorf("nobody sees %s in %s", line, in)
			}
		}
	}
}

// withoutPolicy leads to a site and takes its Content-Security-Policy away, Trusted Types
// with it.
func withoutPolicy(t *testing.T, to string) (base string) {
	t.Helper()
	target := must(url.Parse(to))
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // an Origin is of this address
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Content-Security-Policy")
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// some are the next lines that fit into most characters.
func (o *onslaught) some(most int) string {
	var taken []string
	from, last := o.next, o.next
	for i := from; i < from+len(o.lines); i++ {
		line := strings.TrimSpace(o.lines[i%len(o.lines)])
		n := utf8.RuneCountInString(line)
		if n > most {
			continue
		}
		taken, last = append(taken, line), i
		if most -= n + 1; o.single {
			return line
		}
	}
	o.next = last + 1
	return strings.Join(taken, " ")
}

// said is what a page says was wrong.
var said = regexp.MustCompile(`(?s)(role="alert"|class="[^"]*err).{300}`)

// tells is some that a page must show.
func (o *onslaught) tells(most int) string {
	text := o.some(most)
	o.written = append(o.written, text)
	return text
}

// sends fills in a form as the owner does, without looking at what comes.
func (o *onslaught) sends(path string, pairs ...string) string {
	o.t.Helper()
	status, body := o.do(http.MethodPost, path, form(pairs).Encode(), "Content-Type", "application/x-www-form-urlencoded", "Cookie", o.cookie)
	if status != http.StatusOK {
		o.t.Fatalf("POST %s %q: %d\n%s", path, pairs, status, strings.Join(said.FindAllString(body, -1), "\n"))
	}
	return body
}

func form(pairs []string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values
}

// fill has the owner and strangers write.
func (o *onslaught) fill() {
	o.t.Helper()
	o.enthrone()
	o.furnish()
	o.speak()
	o.complain()
}

// enthrone makes an owner of a name that is an attack.
func (o *onslaught) enthrone() {
	o.t.Helper()
	p := o.person("the owner")
	p.expects("status of 4")
	p.trap()
	_, path, _ := strings.Cut(o.setup, "/admin/")
	p.open("/admin/" + path)
	p.sets("#name", o.tells(40))
	p.sets("#new-passphrase", ownersWords)
	p.follow("main button.btn")
	o.owned, o.owner = true, p
	for _, c := range tell(p, network.GetCookies, network.GetCookiesParams{}).Cookies {
		o.cookie += c.Name + "=" + c.Value + "; "
	}
	if !strings.Contains(o.cookie, "=") {
		o.t.Fatal("the owner has no cookie")
	}
}

// furnish fills in what hosts do.
func (o *onslaught) furnish() {
	o.t.Helper()
	o.sends("/admin/texts", "about_text", o.tells(2000), "contact", "host@river.example "+o.tells(150), "terms", o.tells(2000))
	o.sends("/admin/words/heed", "doxx", "off", "nudge", o.tells(200), "care_card", o.tells(1000))
	o.beside("settings", "set", "site_name="+o.tells(40))
	o.at = o.place("")
	o.sends("/admin/places", "name", o.at, "position", "", "name", o.place("at "), "position", "45.4/9.1")
	for i := range 3 {
		o.sends("/admin/boards", "slug", fmt.Sprintf("storm-%d", i), "title", o.tells(60), "rules", o.tells(5000))
		o.sends("/admin/prompts", "board", "home", "body", o.tells(500), "ttl", "1d")
	}
	o.sends("/admin/boards/home", "title", o.tells(60), "rules", o.tells(5000), "mark", o.mark("/admin/boards/home"))
	o.sends("/admin/boards/storm-2/door", "access", "invite")
	o.sends("/admin/boards/storm-2/door/codes", "uses", "3", "life", "1d")
	o.sends("/admin/keys", "label", o.tells(60), "scope", "queue", "lasts", "1d")
	o.sends("/admin/raid/mode", "board", "storm-0", "for", "1h")
}

// place is a name of a place, which holds no semicolon.
func (o *onslaught) place(before string) string {
	return before + strings.ReplaceAll(o.some(40-len(before)), ";", "")
}

// mark is what a form about a board says it has seen.
func (o *onslaught) mark(path string) string {
	o.t.Helper()
	o.owner.open(path)
	return see[string](o.owner, `document.querySelector("[name=mark]").value`)
}

// speak has strangers write, and the owner with a picture.
func (o *onslaught) speak() {
	o.t.Helper()
	o.thread = o.write("/api/v1/boards/home/posts", map[string]any{"body": o.tells(10_000), "warning": o.tells(120), "place": o.at, "ttl": "2h"})
	o.write("/api/v1/boards/home/posts", map[string]any{"body": o.tells(140), "backdrop": "reeds", "ttl": "2h"})
	answered := o.reply(o.thread.ID, o.tells(10_000))
	o.answerTo(o.thread.ID, o.tells(2000), answered.ID)
	p := o.owner
	p.openLive("/")
	p.chooses(aPhoto(o.t, 320, 200))
	p.wait("it is chosen", `document.querySelector(".photo-chosen img")`)
	p.sets("#alt", o.tells(500))
	p.sets("#composer textarea", o.tells(2000))
	p.click("#composer #send")
	p.wait("it is there", `document.querySelector("article details.photo")`)
	o.pages = append(o.pages, "/p/"+o.thread.ID+"?to="+answered.ID, "/p/"+o.thread.ID+"/report", "/p/"+o.thread.ID+"/qr", "/p/"+o.thread.ID+"/alike")
	o.report(answered, "harassment")
	o.report(o.thread, "spam")
}

// receipt is the number that a notice is found by.
var receipt = regexp.MustCompile(`([A-Z2-7]{4}-){5}[A-Z2-7]{4}`)

// complain has strangers send notices, and the owner decide and add filters.
func (o *onslaught) complain() {
	o.t.Helper()
	for i := range 2 {
		body := o.sends("/notice", "where", o.url+"/p/"+o.thread.ID, "kind", "other", "why", o.tells(5000), "name", o.tells(200), "mail", "ida@river.example", "good_faith", "1")
		o.pages = append(o.pages, "/notice/"+receipt.FindString(body))
		if i == 0 {
			o.sends("/admin/notices/1", "do", "kept", "answer", o.tells(1000))
		}
	}
	o.report(o.write("/api/v1/boards/storm-1/posts", map[string]any{"body": o.tells(3000), "warning": o.tells(120), "ttl": "2h"}), "spam")
	o.sends("/admin/seal", "post", o.thread.ID, "reason", o.tells(200), "lock", "a passphrase for the copy", "passphrase", ownersWords)
	o.sends("/admin/queue/"+o.thread.ID, "do", "answer", "body", o.tells(2000))
	o.sends("/admin/words", "board", "", "text", o.tells(200), "action", "care")
	o.sends("/admin/words", "board", "storm-1", "text", o.tells(200), "action", "short")
	o.pages = append(o.pages, "/", "/?sort=top", "/b/storm-0", "/b/storm-1", "/b/storm-2", "/boards", "/about", "/contact", "/terms", "/privacy", "/notice", "/log", "/you", "/write", "/search",
		"/places/"+url.PathEscape(o.at), "/admin/queue", "/admin/queue?post="+o.thread.ID, "/admin/words", "/admin/log", "/admin/boards", "/admin/boards/home", "/admin/boards/storm-1",
		"/admin/boards/storm-2/door", "/admin/prompts", "/admin/places", "/admin/backdrops", "/admin/texts", "/admin/notices", "/admin/seal", "/admin/raid", "/admin/keys",
		"/admin/admins", "/admin/account", "/admin/settings", "/admin/settings?board=storm-1", "/admin/system")
	for _, path := range []string{
		"/search?q={}", "/search?tag={}", "/search?place={}", "/search?q=%23{}", "/?sort={}", "/?cursor={}", "/?refresh={}", "/p/{}", "/p/" + o.thread.ID + "?to={}", "/p/" + o.thread.ID + "?s={}",
		"/b/{}", "/places/{}", "/write?board={}", "/log?board={}", "/reported?board={}", "/notice?where={}&number={}", "/notice/{}", "/forgotten?ended={}", "/b/storm-2/door?code={}&to={}",
		"/admin/queue?post={}", "/admin/words?done={}", "/admin/boards?done={}", "/admin/prompts?done={}&board={}", "/admin/texts?done={}", "/admin/places?done={}", "/admin/raid?done={}&n={}",
		"/admin/seal?post={}", "/admin/account?done={}", "/admin/settings?board={}", "/admin/system?told={}", "/admin/login?to={}", "/admin/setup?token={}", "/admin/log?before={}", "/{}",
	} {
		for strings.Contains(path, "{}") {
			path = strings.Replace(path, "{}", url.QueryEscape(o.some(200)), 1)
		}
		o.pages = append(o.pages, path)
	}
}

// walk opens every page.
func (o *onslaught) walk() {
	o.t.Helper()
	for _, path := range o.pages {
		o.owner.open(path)
		o.owner.isUnharmed(path)
		o.reads()
	}
}

// reads keeps what the page shows, and what its attributes say.
func (o *onslaught) reads() {
	o.t.Helper()
	o.shown.WriteString(see[string](o.owner, `[document.documentElement.textContent, ...[...document.querySelectorAll("*")].flatMap((e) => [...e.attributes].map((a) => a.value))].join("\n")`))
}

// opens opens a view-once post, sealed and then not.
func (o *onslaught) opens() {
	o.t.Helper()
	once := o.write("/api/v1/boards/home/posts", map[string]any{"body": o.tells(300), "warning": o.tells(120), "view_once": true, "ttl": "2h"})
	o.owner.open("/p/" + once.ID)
	o.owner.isUnharmed("a sealed post")
	o.owner.unseals()
	o.owner.isUnharmed("an opened post")
	o.reads()
}

// wasSeen finds what was written on the pages, or they would have had nothing to escape.
func (o *onslaught) wasSeen() {
	o.t.Helper()
	bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
	shown := bare(o.shown.String())
	for _, text := range o.written {
		if !strings.Contains(shown, bare(text)) {
			o.t.Errorf("no page shows %q", text)
		}
	}
}

// What stands in a form for an attack, and for more of it than any field takes.
const (
	some = "some"
	long = "long"
)

// refused sends what can't be, and looks at what comes back.
func (o *onslaught) refused() {
	o.t.Helper()
	for _, f := range [][]string{
		{"/b/home/posts", "body", long, "warning", some, "ttl", some, "silence", some, "place", some, "backdrop", some, "readers", some, "alt", some},
		{"/p/" + o.thread.ID + "/replies", "body", long, "to", some},
		{"/p/" + o.thread.ID + "/report", "reason", "", "words", some},
		{"/p/" + o.thread.ID + "/report", "reason", some, "words", some},
		{"/p/" + o.thread.ID + "/vote", "vote", some},
		{"/p/" + o.thread.ID + "/delete", "owner_key", some},
		{"/notice", "where", some, "kind", some, "why", "", "name", some, "mail", some},
		{"/b/storm-2/door", "passphrase", some, "code", some, "to", some},
		{"/admin/boards", "slug", some, "title", some, "rules", some, "closes", some, "place", some},
		{"/admin/boards/storm-1", "slug", some, "title", some, "rules", some, "closes", some, "mark", some},
		{"/admin/boards/storm-1/door", "access", some, "passphrase", some},
		{"/admin/boards/storm-2/door/codes", "uses", some, "life", some},
		{"/admin/prompts", "board", "home", "body", some, "ttl", some},
		{"/admin/prompts/daily", "daily_question", "on", "question_set", some},
		{"/admin/places", "name", some, "position", some},
		{"/admin/backdrops", "backdrop", some},
		{"/admin/texts", "about_text", some, "contact", long, "terms", some},
		{"/admin/words", "text", "(" + some, "pattern", "1", "action", some, "sample", some},
		{"/admin/words/try", "text", some, "action", "hold", "sample", some},
		{"/admin/words/heed", "doxx", some, "nudge", some, "care_card", some},
		{"/admin/notices/2", "do", some, "reason", some, "answer", some},
		{"/admin/queue/" + o.thread.ID, "do", some, "reason", some, "body", some},
		{"/admin/seal", "post", some, "reason", long, "lock", "short", "passphrase", some},
		{"/admin/raid/mode", "board", "storm-1", "for", some},
		{"/admin/raid/undo", "board", some, "within", some, "do", some, "post", some},
		{"/admin/raid/undo", "do", "alike", "post", some},
		{"/admin/keys", "label", long, "lasts", some, "scope", some},
		{"/admin/admins/invite", "passphrase", some},
		{"/admin/admins/remove", "passphrase", some, "name", some},
		{"/admin/account/passphrase", "passphrase", some, "next", some},
		{"/admin/settings", "of", "", "do", "preview", "was.ttl_max", some, "ttl_max", some, "was.site_name", some, "site_name", some, "was.post", some, "post", some},
		{"/admin/settings", "of", "", "do", "preview", "was.nudge", some, "nudge", some, "was.site_name", some, "site_name", some},
		{"/admin/login", "name", some, "passphrase", some, "to", some},
		{"/admin/setup", "name", some, "passphrase", some, "token", some, "seed", some},
		{"/look", "lang", some, "theme", some, "back", some},
	} {
		for i, value := range f[1:] {
			switch {
			case value == long:
				f[i+1] = strings.Repeat(o.some(300)+" ", 200)
			case strings.Contains(value, some):
				f[i+1] = strings.ReplaceAll(value, some, o.some(300))
			}
		}
		o.owner.submits(f[0], form(f[1:]))
		o.owner.isUnharmed("POST " + f[0])
	}
}

// submits has a form of the page's own send what no form of ours would let pass.
func (p *person) submits(path string, fields url.Values) {
	p.t.Helper()
	if see[bool](p, `!document.body`) {
		p.open("/about")
	}
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
			const form = Object.assign(document.createElement("form"), {method: "post", action: %q});
			for (const [name, values] of Object.entries(%s)) for (const value of values) {
				form.append(Object.assign(document.createElement("textarea"), {name, value}));
			}
			document.body.append(form);
			HTMLFormElement.prototype.submit.call(form);
		})()`, path, must(json.Marshal(fields))), strictly))(ctx, t)
		return err
	}))
}

// arrive has the attacks come to open pages by socket.
func (o *onslaught) arrive() {
	o.t.Helper()
	p := o.owner
	p.openLive("/")
	n := o.write("/api/v1/boards/home/posts", map[string]any{"body": o.some(5000), "warning": o.some(120), "place": o.at, "ttl": "2h"})
	p.wait("it has come", `document.querySelector("#p-`+n.ID+`")`)
	p.isUnharmed("a feed that a post came to")
	p.openLive("/p/" + n.ID)
	r := o.reply(n.ID, o.some(5000))
	p.wait("it has come", `document.querySelector("#p-`+r.ID+`")`)
	p.isUnharmed("a thread that a reply came to")
	o.sends("/admin/texts", "about_text", o.some(2000), "contact", "host@river.example", "terms", o.some(2000))
	p.open("/admin/queue")
	o.report(r, "spam")
	p.wait("it is in the queue", `[...document.querySelectorAll(".case")].some((c) => c.outerHTML.includes("`+r.ID+`"))`)
	p.isUnharmed("a queue that a case came to")
}

// harm is what of a document no page of ours has: elements that run, embed or redirect
// something, attributes that do, and addresses that lead elsewhere and are no link that
// somebody wrote.
const harm = `((doc) => [...doc.querySelectorAll("*")].filter((e) =>
	e.matches("iframe, frame, object, embed, base, style, video, audio, source, math, mglyph, marquee, image, noscript, template:not([id]), animate:not([fill=freeze]), set, svg script, svg a, body script:not([src^='/static/']), body link, body meta, body title, meta[http-equiv]:not([http-equiv=refresh i]), [name=attributes], [name=cookie], [id=config], [id=defaultView], input[name=csrf], dialog:not(#more), select[autofocus], img:not([src^='/'], [src^='blob:'])")
	|| !/^[a-z][a-z0-9-]*$/i.test(e.localName)
	|| [...e.attributes].some(({name, value}) => /^on|^srcdoc$|^style$|pwned/i.test(name) || !/^[a-z][\w:-]*$/i.test(name)
		|| /^(href|src|action|formaction|data|poster|background|srcset|ping|xlink:href)$/i.test(name) && !leads(e, value))
	).map((e) => e.outerHTML.slice(0, 200)))`

const leads = `globalThis.leads = (e, value) => {
	let to;
	try { to = new URL(value, location.origin + "/x/y"); } catch { return false; }
	return to.origin === location.origin && /^(https?|blob):$/.test(to.protocol)
		|| e.localName === "a" && /\bugc\b/.test(e.rel) && /^https?:$/.test(to.protocol)
		|| e.localName === "a" && to.protocol === "mailto:";
}`

// isUnharmed sees that the page is none that an attack has made.
func (p *person) isUnharmed(name string) {
	p.t.Helper()
	for _, html := range see[[]string](p, "(("+leads+"), "+harm+"(document))") {
		p.t.Errorf("%.80s has become %s", name, html)
	}
}
