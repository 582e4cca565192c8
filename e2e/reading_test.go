//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestAReplyIsAnsweredInPlaceAndWhatItShowsEndsWithIt answers a reply in one tab and
// takes the answered one away in another.
func TestAReplyIsAnsweredInPlaceAndWhatItShowsEndsWithIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread := s.publish("who has seen the heron?", "")
	first := s.reply(thread.ID, "I have, at the weir")
	writer, reader := s.person("the writer"), s.person("the reader")
	writer.openLive("/p/" + thread.ID)
	reader.openLive("/p/" + thread.ID)

	writer.click("#p-" + first.ID + " .quote")
	writer.wait("the form says what it answers, and is written in", fmt.Sprintf(
		`!document.getElementById("to").hidden && document.querySelector("#to q").textContent === "I have, at the weir" &&
		document.querySelector("[name=to]").value === %q && document.activeElement.id === "body"`, first.ID))
	writer.click("#to a")
	writer.wait("it answers the post again", `document.getElementById("to").hidden && document.querySelector("[name=to]").value === ""`)
	writer.click("#p-" + first.ID + " .quote")
	writer.answer("so have I")
	for _, p := range []*person{writer, reader} {
		p.wait("the answer leads to what it answers", fmt.Sprintf(`document.querySelector('#replies a.ref[href="#p-%s"] q')?.textContent === "I have, at the weir"`, first.ID))
	}
	writer.wait("the next one answers the post", `document.getElementById("to").hidden`)
	reader.click("#replies a.ref")
	reader.wait("it leads there", fmt.Sprintf(`location.hash === "#p-%s" && document.querySelector(":target").id === "p-%[1]s"`, first.ID))

	writer.click("#p-" + first.ID + " .quote")
	s.end(first)
	for _, p := range []*person{writer, reader} {
		p.loses("at the weir")
		p.wait("the answer says that it is gone", `document.querySelector("#replies .ref").textContent.trim() === "In answer to a reply that is gone"`)
	}
	writer.answer("too late")
	reader.wait("an answer to what is gone says so", `[...document.querySelectorAll("#replies span.ref")].length === 2`)
}

// TestAReplyIsAnsweredWithoutScript by links and a form; device.rest says that nothing
// is kept then.
func TestAReplyIsAnsweredWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread := s.publish("who has seen the heron?", "")
	first := s.reply(thread.ID, "I have, at the weir")
	p := s.person("somebody without script")
	p.withoutScript()
	p.open("/p/" + thread.ID)
	p.follow("#p-" + first.ID + " .quote")
	if got := see[string](p, `document.getElementById("to").innerText`); !strings.Contains(got, "I have, at the weir") {
		t.Errorf("the form says %q", got)
	}
	p.follow("#to a")
	if !see[bool](p, `document.getElementById("to").hidden`) {
		t.Error("it can't be taken back")
	}
	p.follow("#p-" + first.ID + " .quote")
	p.types("#talk textarea", "so have I")
	p.follow("#talk #send")
	p.wait("the answer stands there", fmt.Sprintf(`document.querySelector('#replies a.ref[href="#p-%s"]')`, first.ID))
	for _, dead := range []string{".menu", ".pause", ".draft", "dialog", "#answers", "#kept"} {
		if see[bool](p, fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.checkVisibility())`, dead)) {
			t.Errorf("%s is shown, and would do nothing", dead)
		}
	}
	if n := see[int](p, `localStorage.length + sessionStorage.length`); n != 0 {
		t.Errorf("without a script the browser keeps %d things", n)
	}
}

// TestAnswersToOneselfAreCountedUntilSeen in a thread that is longer than the window.
func TestAnswersToOneselfAreCountedUntilSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread := s.publish("who else is awake?", "")
	p := s.person("the one who is answered")
	p.openLive("/p/" + thread.ID)
	p.answer("I am")
	p.wait("it is marked", `document.querySelector("#replies .badge")`)
	mine := see[string](p, `document.querySelector("#replies article").id.slice(2)`)
	for i := range 12 {
		s.reply(thread.ID, fmt.Sprintf("nobody in particular, %d", i))
	}
	p.shows("nobody in particular, 11")
	see[any](p, `void scrollTo(0, 0)`)
	s.answerTo(thread.ID, "an answer", mine)
	p.wait("one is counted", `answers.innerText.trim() === "1 answer to you"`)
	s.answerTo(thread.ID, "another answer", mine)
	p.wait("two are counted", `answers.innerText.trim() === "2 answers to you"`)
	p.openLive("/p/" + thread.ID)
	p.wait("they are after a return", `answers.innerText.trim() === "2 answers to you"`)
	p.click("#answers")
	p.wait("it leads to the first", `document.querySelector(":target")?.innerText.includes("an answer")`)
	p.wait("what was seen is counted no more", `answers.hidden`)
	p.openLive("/p/" + thread.ID)
	p.wait("nor after a return", `answers.hidden`)
}

// answerTo writes a reply to a reply as somebody whom nobody has seen before.
func (s *site) answerTo(thread, body, to string) note {
	s.t.Helper()
	return s.write("/api/v1/posts/"+thread+"/replies", map[string]any{"body": body, "to": to})
}

// TestDraftsAreKeptUntilSentOrForgotten is what /you says in device.draft.
func TestDraftsAreKeptUntilSentOrForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread := s.publish("something to answer", "")
	p := s.person("the writer")
	p.open("/write")
	p.types("#composer textarea", "half a thought")
	p.wait("it says so", `document.querySelector("#composer .draft").checkVisibility()`)
	p.openLive("/p/" + thread.ID)
	if got := see[string](p, `document.querySelector("#talk textarea").value`); got != "" {
		t.Errorf("the draft of a post is in the form of a reply: %q", got)
	}
	p.types("#talk textarea", "half an answer")
	p.openLive("/")
	p.wait("the draft is there again", `document.querySelector("#composer textarea").value === "half a thought" && document.querySelector("#composer .draft").checkVisibility()`)
	p.open("/you")
	p.shows("2 drafts")
	p.openLive("/")
	p.types("#composer textarea", ", and the rest")
	p.click("#composer #send")
	p.shows("half a thought, and the rest")
	p.wait("the form is empty", `document.querySelector("#composer textarea").value === ""`)
	p.openLive("/")
	p.wait("what was sent is no draft", `document.querySelector("#composer textarea").value === "" && document.querySelector("#composer .draft").hidden`)

	p.open("/p/" + thread.ID)
	p.wait("the answer is there", `document.querySelector("#talk textarea").value === "half an answer"`)
	p.click("#talk .draft button")
	p.wait("it is forgotten", `document.querySelector("#talk textarea").value === "" && document.querySelector("#talk .draft").hidden && localStorage.length === 0`)

	for _, way := range []string{".rail .forget", "form[action='/new-me'] button"} {
		p.open("/p/" + thread.ID)
		p.types("#talk textarea", "never to be seen")
		p.wait("it is kept", `localStorage.length === 1`)
		p.open("/you")
		if way != ".rail .forget" {
			p.openLive("/")
			p.post("as somebody who has a cookie")
			p.wait("it is marked", `document.querySelector("article .remove")`)
			p.open("/you")
		}
		p.follow(way)
		if n := see[int](p, `localStorage.length + sessionStorage.length`); n != 0 {
			t.Errorf("after %s the browser keeps %d things", way, n)
		}
	}
}

// TestADraftIsOverAfterADay, and leaves the disk at the next visit: device.draft,
// device.late.
func TestADraftIsOverAfterADay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the writer")
	p.open("/write")
	p.types("#composer textarea", "half a thought")
	const until = `JSON.parse(localStorage.getItem("mayfly"))[0].until`
	written := see[float64](p, until)
	p.open("/write")
	p.wait("it is put back", `document.querySelector("#composer textarea").value === "half a thought"`)
	if again := see[float64](p, until); again != written {
		t.Error("coming back makes it younger")
	}
	see[any](p, `void localStorage.setItem("mayfly", JSON.stringify(JSON.parse(localStorage.getItem("mayfly")).map(e => ({...e, until: e.until - 86_400_000}))))`)
	p.open("/about")
	if n := see[int](p, `localStorage.length`); n != 0 {
		t.Errorf("a draft of yesterday is still kept: %s", see[string](p, `localStorage.getItem("mayfly")`))
	}
}

// TestPauseHoldsWhatArrives behind the pill, on the board and in a thread, until its
// reader goes on.
func TestPauseHoldsWhatArrives(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread := s.publish("here all along", "")
	p := s.person("the reader")
	p.openLive("/")
	p.click("#pause")
	s.publish("said meanwhile", "")
	p.wait("it waits", `fresh.innerText.trim() === "1 new" && !document.body.innerText.includes("said meanwhile")`)
	p.post("my own")
	p.shows("my own")
	if see[bool](p, `document.body.innerText.includes("said meanwhile")`) {
		t.Error("one's own post brought others along")
	}
	p.openLive("/p/" + thread.ID)
	if got := see[string](p, `pause.ariaPressed`); got != "true" {
		t.Errorf("on the next page pause is pressed: %s", got)
	}
	s.reply(thread.ID, "answered meanwhile")
	p.wait("a reply waits", `fresh.innerText.trim() === "1 new" && !document.body.innerText.includes("answered meanwhile")`)
	p.click("#fresh")
	p.shows("answered meanwhile")
	s.reply(thread.ID, "and once more")
	p.wait("the next one waits again", `!fresh.hidden`)
	p.click("#pause")
	p.shows("and once more")
	p.wait("nothing waits", `fresh.hidden && pause.ariaPressed === "false"`)
	s.end(thread)
	p.loses("here all along") // an ending never waits
}

// TestWhatIsHiddenOrMutedIsKnownToTheBrowserAlone is what /you says in device.rest and
// device.unseen.
func TestWhatIsHiddenOrMutedIsKnownToTheBrowserAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread := s.publish("what do you grow?", "")
	loud := s.reply(thread.ID, "nothing but noise")
	goes := s.publish("not for me", "")
	s.publish("cress on the #balcony", "")
	p := s.person("the reader")
	p.openLive("/")
	sent := 0
	counting := true
	p.mu.Lock()
	p.watching = func(e *network.EventRequestWillBeSent) {
		if counting && e.Type != network.ResourceTypeDocument && !strings.Contains(e.Request.URL, "/static/") {
			sent++
		}
	}
	p.mu.Unlock()
	menu := func(article, row string) {
		t.Helper()
		p.click(article + " .menu")
		p.wait("the menu is open", `more.open`)
		p.click("#more " + row)
		p.wait("the menu is closed", `!more.open`)
	}
	shown := func(text string) string {
		return fmt.Sprintf(`document.getElementById("main").innerText.includes(%q)`, text)
	}

	menu("#p-"+goes.ID, `[data-do="hide"]`)
	p.wait("it is folded, and the line has the focus", `!`+shown("not for me")+` && document.activeElement.matches(".folded button")`)
	menu(`article:has(.post-text):not([data-folded])`, `[data-tag="balcony"]`)
	p.wait("the tag is muted", `!`+shown("cress"))
	p.mu.Lock()
	counting = false
	p.mu.Unlock()
	see[any](p, `void scrollTo(0, 0)`) // where what arrives lands
	s.publish("tomatoes on the #Balcony", "")
	p.wait("what comes with the tag is folded", `[...document.querySelectorAll("[data-folded]")].length === 3 && !`+shown("tomatoes"))
	p.openLive("/")
	p.wait("all of it is after a return", `[...document.querySelectorAll("[data-folded]")].length === 3`)

	p.openLive("/p/" + thread.ID)
	menu("#p-"+loud.ID, `[data-do="name"]`)
	p.wait("the name is muted", `!`+shown("noise"))
	s.answerTo(thread.ID, "quite so", loud.ID)
	p.wait("words of it are shown nowhere else", `document.querySelector("a.ref.mute") && !`+shown("noise"))

	days := see[map[string]float64](p, `Object.fromEntries(JSON.parse(localStorage.getItem("mayfly")).map(e => [e.kind, Math.round((e.until - Date.now()) / 86_400_000)]))`)
	if days["hidden"] != 7 || days["name"] != 7 || days["tag"] != 30 {
		t.Errorf("kept for days: %v", days)
	}
	p.open("/you")
	for _, text := range []string{"1 hidden post or reply", loud.Name + ", muted in a thread", "#balcony"} {
		p.shows(text)
	}
	p.wait("each can be undone", `document.querySelectorAll("#kept button").length === 3`)
	p.click("#kept li:nth-child(2) button")
	p.wait("one is", `document.querySelectorAll("#kept button").length === 2`)
	p.openLive("/p/" + thread.ID)
	p.shows("nothing but noise")
	p.openLive("/")
	p.click("#p-" + goes.ID + " .folded button")
	p.shows("not for me")
	p.open("/you")
	p.wait("what is shown again is hidden no more", `document.querySelectorAll("#kept button").length === 1`)
	p.mu.Lock()
	defer p.mu.Unlock()
	if sent != 0 {
		t.Errorf("hiding and muting sent %d requests", sent)
	}
}

// TestAnAuthorHearsWhyTheirPostEnded at once, or at the next page; once. What it needs
// for that goes with the tab, as device.tab says.
func TestAnAuthorHearsWhyTheirPostEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t, "vanish_score=-1")
	author, other := s.person("the author"), s.person("another one")
	write := func(body string) {
		t.Helper()
		author.post(body)
		author.wait("it is marked", fmt.Sprintf(`[...document.querySelectorAll("article:has(.remove)")].some(a => a.innerText.includes(%q))`, body))
	}
	author.openLive("/")
	other.openLive("/")
	write("an unpopular view")
	other.click("article .down")
	author.wait("the author is told", `document.querySelector(".toast")?.innerText.includes("down to −1") && document.getElementById("status").textContent.includes("down to −1")`)
	if see[bool](other, `document.querySelector(".toast") !== null`) {
		t.Error("somebody else is told as well")
	}
	author.click(".toast button")
	author.wait("the note is closed", `!document.querySelector(".toast")`)

	write("another unpopular view")
	author.open("/about")
	other.wait("it has come", `document.querySelector("article .down")`)
	other.click("article .down")
	other.loses("another unpopular view")
	author.openLive("/")
	author.wait("the author is told at their return", `document.querySelector(".toast")?.innerText.includes("down to −1")`)
	author.openLive("/")
	if see[bool](author, `document.querySelector(".toast") !== null`) {
		t.Error("they are told twice")
	}

	write("I take this back")
	author.click("article .remove")
	author.wait("a removal is confirmed", `document.querySelector(".toast")?.innerText.includes("removed: by you")`)
	write("the last of today")
	if n := see[int](author, `localStorage.length`); n != 0 {
		t.Errorf("%d things outlast the tab", n)
	}
}

// TestAnAuthorHearsOfAnEndByTime that was set when they wrote.
func TestAnAuthorHearsOfAnEndByTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, "ttl_min=1s", "ttl_default=3s")
	author := s.person("the author")
	author.openLive("/")
	author.post("soon over")
	author.wait("it is marked", `document.querySelector("article .badge")`)
	author.wait("they are told", `document.querySelector(".toast")?.innerText.includes("has reached its end")`)
	author.loses("soon over")
}

// TestTheMenuIsOpenedAndLeftByKeyboard and has no barrier.
func TestTheMenuIsOpenedAndLeftByKeyboard(t *testing.T) {
	t.Parallel()
	axe := string(must(os.ReadFile("testdata/axe.min.js")))
	s := newSite(t)
	s.publish("something to read #here", "")
	p := s.person("the reader")
	tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}) // for axe alone
	p.openLive("/")
	see[any](p, `document.querySelector("article .menu").focus()`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.wait("the menu is open, and has the focus", `more.open && more.contains(document.activeElement)`)
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	for _, barrier := range see[[]string](p, `axe.run("#more", {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" ")))`) {
		t.Error(barrier)
	}
	p.do(chromedp.KeyEvent(kb.Escape))
	p.wait("it is closed, and the button has the focus", `!more.open && document.activeElement.matches("article .menu")`)
}

// TestArrivalsLandAtAnAddressWithoutACode, and their author is told how many they are.
func TestArrivalsLandAtAnAddressWithoutACode(t *testing.T) {
	t.Parallel()
	s := newSite(t, "k=2")
	author := s.person("the author")
	author.openLive("/")
	author.post("pass it on")
	author.follow("article .acts a[href^='/p/']")
	link := see[string](author, `document.querySelector("#link").value`)
	for _, name := range []string{"one friend", "another"} {
		p := s.person(name)
		p.open(strings.TrimPrefix(link, s.url))
		p.wait("they land without a code", `location.search === "" && document.querySelector("article").innerText.includes("pass it on")`)
		if cookies := see[string](p, `document.cookie`); cookies != "" {
			t.Errorf("arriving set a cookie: %q", cookies)
		}
	}
	author.open(see[string](author, `location.pathname`))
	author.wait("two came", `document.querySelector("aside.keep").innerText.includes("2 came by this link.")`)
}

// TestALinkIsSharedWithoutAWordOfThePost by copying it and by the system's sheet.
func TestALinkIsSharedWithoutAWordOfThePost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thread := s.publish("not for the sheet", "")
	reply := s.reply(thread.ID, "nor this")
	p := s.person("the reader")
	tell(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `navigator.share = async (what) => { globalThis.shared = JSON.stringify(what); }`,
	})
	expect := func(link string) {
		t.Helper()
		p.wait("it is shared", `globalThis.shared`)
		if got, want := see[string](p, `shared`), fmt.Sprintf(`{"url":%q,"title":"A post, while it lasts"}`, link); got != want {
			t.Errorf("shared %s, want %s", got, want)
		}
	}
	p.openLive("/")
	link := s.url + "/p/" + thread.ID + "?s=" + see[string](p, `document.querySelector("article").dataset.s`)
	p.click("article .menu")
	p.click(`#more [data-do="share"]`)
	expect(link)
	p.openLive("/p/" + thread.ID)
	p.click("#p-" + reply.ID + " .menu")
	p.click(`#more [data-do="share"]`)
	expect(link + "#p-" + reply.ID)
	p.openLive("/p/" + thread.ID)
	p.click("aside [data-share]")
	expect(link)

	p.click("#p-" + reply.ID + " .menu")
	p.click("#more [data-copy]")
	p.wait("it is copied", `document.querySelector("#more [data-copy]").textContent === "Copied"`)
	p.follow(`#more [data-do="qr"]`)
	if got := see[string](p, `location.pathname`); got != "/p/"+reply.ID+"/qr" {
		t.Errorf("the code is at %s", got)
	}
	if see[bool](p, `document.body.innerText.includes("nor this")`) {
		t.Error("the page of the code shows words")
	}
}
