//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// lets publishes a post about which its author may be asked in private, and gives its id.
func (p *person) lets(body string) (post string) {
	p.t.Helper()
	p.openLive("/")
	see[any](p, `void document.getElementById("asks").click()`)
	p.post(body)
	p.shows(body)
	p.wait("it is theirs", `document.querySelector("article .badge")`)
	return see[string](p, `[...document.querySelectorAll("article.post")].find((a) => a.textContent.includes(`+fmt.Sprintf("%q", body)+`)).id.slice(2)`)
}

// asks asks the author of a post, from its page.
func (p *person) asks(post, words string) {
	p.t.Helper()
	p.open("/p/" + post)
	p.follow(`a[href="/m/` + post + `"]`)
	p.wait("there is a form", `!document.querySelector('[data-view="ask"]')?.hidden`)
	p.types("#m-question", words)
	p.taps("#m-ask .btn")
	p.wait("it is asked", `!document.querySelector('[data-view="talk"]').hidden && document.querySelector(".bubble.mine")`)
}

// hears opens the first chat of one's own post.
func (p *person) hears(post string) {
	p.t.Helper()
	p.open("/m/" + post)
	p.wait("there is a chat", `document.querySelector("#m-list a")`)
	p.taps("#m-list a")
	p.wait("it is open", `!document.querySelector('[data-view="talk"]').hidden`)
}

func (p *person) whispers(words string) {
	p.t.Helper()
	p.types("#m-say textarea", words)
	p.taps("#m-say .btn")
	p.shows(words)
}

func TestTwoTalkInPrivateAndTheServerReadsNothing(t *testing.T) {
	s := newSite(t, "chats=on")
	ada, ben := s.person("ada"), s.person("ben")
	var asked record
	asked.of(ada)
	asked.of(ben)
	post := ada.lets("the scan came back, ask me")
	ben.asks(post, "does it hurt at night")
	ada.hears(post)
	ada.shows("does it hurt at night")
	ben.wait("it is read", `document.querySelector(".bubble.mine[data-read]")`)
	ada.whispers("only when it rains")
	ben.shows("only when it rains")
	ada.wait("it is read", `document.querySelector(".bubble.mine[data-read]")`)
	if a, b := see[string](ada, `document.getElementById("m-phrase").textContent`), see[string](ben, `document.getElementById("m-phrase").textContent`); a != b || len(strings.Fields(a)) != 5 {
		t.Errorf("the phrases are %q and %q", a, b)
	}
	if got := see[bool](ben, `new Promise((done) => { const ask = indexedDB.open("mayfly-chats"); ask.onsuccess = () => { const all = ask.result.transaction("chats").objectStore("chats").getAll(); all.onsuccess = () => done(all.result.length === 1 && all.result.every((e) => e.secret.extractable === false)); }; })`); !got {
		t.Error("a private key can be taken out, or is not there")
	}
	ben.open("/m/" + post) // what was read is gone, on both sides
	ben.wait("it is open", `!document.querySelector('[data-view="talk"]').hidden`)
	if n := see[int](ben, `document.querySelectorAll(".bubble").length`); n != 0 {
		t.Errorf("%d lines are there after all were read", n)
	}
	ben.whispers("good night")
	ada.shows("good night")

	ben.follow(".rail .forget")
	if keys := see[int](ben, `indexedDB.databases().then((all) => all.length)`); keys != 0 {
		t.Error("the keys of chats are there after Forget me")
	}

	all := asked.String()
	for _, words := range []string{"does it hurt", "only when it rains", "good night"} {
		if strings.Contains(all, words) {
			t.Errorf("%q is in a request", words)
		}
		err := filepath.WalkDir(filepath.Dir(s.data), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			if strings.Contains(string(raw), words) {
				t.Errorf("%s holds %q", filepath.Base(path), words)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAChatIsEndedBlockedReportedAndEndsWithItsPost(t *testing.T) {
	s := newSite(t, "chats=on")
	ada, ben, eve := s.person("ada"), s.person("ben"), s.person("eve")
	post := ada.lets("ask me what you like")
	ben.asks(post, "you are a heron")
	ada.hears(post)
	ada.shows("you are a heron")
	ada.click(".bubble summary")
	ada.click(".bubble details .btn")
	ada.shows("nothing else of the chat")
	ada.taps("#m-block")
	ben.wait("it is over", `!document.getElementById("m-over").hidden`)
	ben.taps("#m-anew")
	ben.types("#m-question", "please")
	ben.expects("403")
	ben.taps("#m-ask .btn")
	ben.shows("wants no more questions from you")
	eve.asks(post, "and how was the rain")
	eve.taps("#m-end")
	eve.wait("it is over", `!document.getElementById("m-over").hidden`)
	eve.taps("#m-anew")
	eve.types("#m-question", "once more")
	eve.taps("#m-ask .btn")
	eve.shows("once more")
	rob := s.person("rob")
	rob.asks(post, "you are a heron, and I am off")
	rob.taps("#m-end")
	ada.open("/m/" + post)
	ada.wait("those that have ended are there", `!document.getElementById("m-ended").hidden && document.querySelectorAll("#m-past a").length === 3`)
	ada.click("#m-ended summary")
	ada.shows("blocked")
	ada.taps("#m-past li:last-child a")
	ada.wait("it is over", `!document.getElementById("m-over").hidden && !document.getElementById("m-block").hidden && document.getElementById("m-end").hidden`)
	ada.taps("#m-block")
	ada.shows("can ask nothing more under this post")
	ada.wait("nobody is blocked twice", `document.getElementById("m-block").hidden`)
	rob.taps("#m-anew")
	rob.types("#m-question", "back again")
	rob.expects("403")
	rob.taps("#m-ask .btn")
	rob.shows("wants no more questions from you")
	eve.expects("404")
	ada.expects("404")
	ada.open("/p/" + post)
	ada.click(".remove")
	eve.waitFor(15*time.Second, "it ended with the post", `!document.querySelector('[data-view="gone"]').hidden && !document.querySelector(".bubble")`)
}

// TestAChatWaitsOutsideTheDoor: who is put out of the board sees its door in the place of
// the chat, and goes on with the same keys once let in.
func TestAChatWaitsOutsideTheDoor(t *testing.T) {
	s := newSite(t, "chats=on")
	ada, ben := s.person("ada"), s.person("ben")
	post := ada.lets("the scan came back, ask me")
	ben.asks(post, "does it hurt at night")
	ada.hears(post)
	ada.shows("does it hurt at night")
	for _, p := range []*person{ada, ben} {
		p.expects("status of 403")
		p.expects("status of 404")
	}
	s.setPhrase("home", "warm tin roof")
	for _, p := range []*person{ada, ben} {
		p.wait("the door is shown", `!document.querySelector('[data-view="door"]').hidden && document.querySelector('[data-view="talk"]').hidden && !document.querySelector(".bubble")`)
	}
	ada.meetsNoBarriers("outside the door")
	for _, p := range []*person{ada, ben} {
		p.follow("#m-door")
		p.types("#passphrase", "warm tin roof")
		p.follow("main button.btn")
		p.wait("the chat is there again", `location.pathname === "/m/`+post+`" && !document.querySelector('[data-view="talk"]').hidden`)
	}
	ada.whispers("only when it rains")
	ben.shows("only when it rains")
	ben.open("/m/" + post)
	ben.wait("it opens with the pass", `!document.querySelector('[data-view="talk"]').hidden`)
	ben.whispers("good night")
	ada.shows("good night")
}

func TestAChatSaysWhatItNeeds(t *testing.T) {
	s := newSite(t, "chats=on")
	n := s.publish("no questions, please", "1h")
	p := s.person("somebody")
	p.open("/m/" + n.ID)
	p.shows("Nobody can be asked here.")
	p.open("/m")
	p.shows("There are none.")
	p.withoutScript()
	p.open("/m/" + n.ID)
	p.shows("Without JavaScript there is nothing to show.")
}

func TestPagesOfAChatHaveNoBarriers(t *testing.T) {
	s := newSite(t, "chats=on")
	ada, ben := s.person("ada"), s.person("ben")
	post := ada.lets("about the two plates")
	ben.open("/m/" + post)
	ben.wait("there is a form", `!document.querySelector('[data-view="ask"]')?.hidden`)
	ben.meetsNoBarriers("asking")
	ben.asks(post, "I didn’t want to say it up there. The tea thing made me cry on the bus.")
	ada.open("/m/" + post)
	ada.wait("there is a chat", `document.querySelector("#m-list a")`)
	ada.meetsNoBarriers("the list")
	ada.hears(post)
	ada.whispers("The good kind?")
	ben.shows("The good kind?")
	ben.whispers("The kind where a stranger hands you a tissue and doesn’t ask.")
	ada.shows("hands you a tissue")
	ada.hasRoom("the chat")
	ada.meetsNoBarriers("the chat")
	ada.open("/m")
	ada.wait("it is held", `document.querySelector("#m-held a")`)
	ada.meetsNoBarriers("what is held")
	if dir := os.Getenv("MAYFLY_SHOTS"); dir != "" {
		ben.shoots(dir, "chat")
	}
}

// meetsNoBarriers has axe look at the page that a chat is on.
func (p *person) meetsNoBarriers(name string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](string(must(os.ReadFile("testdata/axe.min.js")))))
	p.checkBarriers(name)
}

// shoots takes pictures of a page on a phone and on a screen, in light and in dark.
func (p *person) shoots(dir, name string) {
	p.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	for _, w := range []int64{390, 1280} {
		for _, theme := range []string{"light", "dark"} {
			p.width(w)
			p.media("prefers-color-scheme", theme)
			ctx, cancel := contextFor(p)
			raw, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			cancel()
			if err != nil {
				p.t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, w, theme)), raw, 0o600); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// chatVectorsHold says what of docs/chats-vectors.json the page's own script does otherwise.
const chatVectorsHold = `async (address, v) => {
	const c = await import(address);
	const wrong = [];
	const same = (name, got, want) => got === want || wrong.push(name + ": " + got);
	const chat = c.decode(v.chat);
	for (const s of v.sealed) {
		const at = { kind: s.kind, epoch: s.epoch, circle: chat, thread: c.decode(s.thread) };
		same(s.name, c.encode(await c.seal(c.decode(s.key), at, c.decode(s.payload), c.decode(s.nonce))), s.envelope);
		same(s.name + " opened", c.encode(await c.open(c.decode(s.key), at, c.decode(s.envelope))), s.payload);
	}
	for (const s of v.refused) {
		const at = { kind: s.kind, epoch: s.epoch, circle: chat, thread: c.decode(s.thread) };
		await c.open(c.decode(s.key), at, c.decode(s.envelope)).then(() => wrong.push(s.name + " opens"), () => {});
	}
	const halves = async (text) => {
		const b = c.decode(text);
		const [d, x, y] = [0, 32, 64].map((i) => c.encode(b.subarray(i, i + 32)));
		return [await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", d, x, y }, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]), c.publicOf(b)];
	};
	const [mine, author] = await halves(v.author), [theirs, asker] = await halves(v.asker);
	const at = { post: c.decode(v.post), chat, author, asker };
	same("the author's key", c.encode(await c.chatKey(mine, asker, at)), v.key);
	same("the asker's key", c.encode(await c.chatKey(theirs, author, at)), v.key);
	return wrong.join("\n");
}`

func TestChatVectorsHoldInTheBrowser(t *testing.T) {
	holdInTheBrowser(t, "chats", chatVectorsHold)
}
