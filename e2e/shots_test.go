//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestShots takes no test: with MAYFLY_SHOTS=folder it photographs every page, on a
// phone and on a screen, in light and in dark. feed.png is the README's picture.
func TestShots(t *testing.T) {
	folder := os.Getenv("MAYFLY_SHOTS")
	if folder == "" {
		t.Skip("MAYFLY_SHOTS names no folder")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	p := s.person("the photographer")
	p.expects("status of 4")
	shots := photographer{p, folder}
	p.openLive("/")
	shots.take("empty")
	p.do(chromedp.Navigate("about:blank"))
	thread := s.live()
	p.base = s.url

	once := s.write("/api/v1/boards/home/posts", map[string]any{"body": "The name I would have given her.", "view_once": true, "ttl": "1h"})
	s.publish("Third night on call. The vending machine and I are on first-name terms.", "1m")
	s.write("/api/v1/boards/home/posts", map[string]any{"body": "I still set the table for two. I don’t want to stop.", "backdrop": "nightlight", "ttl": "6h"})
	neighbour := s.publish("To the neighbour who sings on the stairs at six: F sharp. The note you are looking for is F sharp.", "3h")
	s.vote(neighbour, "heart", 21)
	p.openLive("/")
	p.post("Somebody across the courtyard is practising the cello. Same four bars, for an hour. Please never stop.")
	p.wait("it is marked", `document.querySelector("article .badge")`)
	p.click("article:nth-of-type(2) .heart")
	p.wait("the heart is given", `document.querySelector("article:nth-of-type(2) .gift")`)
	shots.take("feed")
	shots.compose()
	p.openLive("/p/" + thread.ID)
	p.answer("I hope she cries at lunch, and that you do too.")
	p.shows("and that you do too")
	p.openLive("/p/" + thread.ID)
	first := see[string](p, `document.querySelector("#replies article").id.slice(2)`)
	s.answerTo(thread.ID, "She will want seconds, then.", first)
	p.wait("it is there", `document.querySelector("#replies .ref")`)
	p.click("#p-" + first + " .quote")
	p.types("#talk textarea", "After the soup, I think")
	shots.take("thread")
	p.click("#p-" + first + " .menu")
	p.wait("the menu is open", `more.open`)
	shots.takeInView("menu")
	p.click(`#more [data-do="hide"]`)
	p.wait("it is folded", `document.querySelector(".folded")`)
	p.open("/p/" + thread.ID + "/qr")
	shots.take("share")
	p.open("/p/" + once.ID)
	shots.take("view-once")
	p.unseals()
	shots.take("view-once-opened")
	for _, name := range []string{"write", "you", "about"} {
		p.open("/" + name)
		shots.take(name)
	}
	p.openLive("/")
	p.chooses(aPhoto(t, 1600, 1000))
	p.wait("it is chosen", `document.querySelector(".photo-chosen img")`)
	p.types("#alt", "The sky over the roofs at seven")
	shots.take("picture-chosen")
	p.post("Proof.")
	p.wait("it is there", `document.querySelector("article details.photo")`)
	shots.take("picture-veiled")
	p.click("article .photo summary")
	p.wait("it is shown", `document.querySelector("article .photo img")?.complete`)
	shots.take("picture")
	p.open("/?sort=fading")
	shots.take("fading")
	s.set("place_list=Riverside; Old Harbour; The library")
	eventually(t, patience, "the places are there", func() bool { return s.status("/places/riverside") == http.StatusOK })
	for _, body := range []string{"Two lemons, one egg, no plan. #lemons", "Someone left a bag of #lemons on every doorstep this morning. No note.", "Who took the bell off my bike? #bikes #lost", "Found: one bell. #bikes"} {
		s.write("/api/v1/boards/home/posts", map[string]any{"body": body, "place": "riverside", "ttl": "6h"})
	}
	for name, path := range map[string]string{"search": "/search?q=%23lemons", "search-empty": "/search?q=nothing+like+it", "places": "/places/riverside"} {
		p.open(path)
		shots.take(name)
	}
	p.open("/p/none")
	shots.take("error-404")
	p.openLive("/")
	see[any](p, `void scrollTo(0, 300)`)
	p.click("#pause")
	for _, text := range []string{"one more", "and another"} {
		s.publish(text, "")
	}
	p.wait("the pill counts", `!fresh.hidden`)
	p.post("I should not have said this")
	p.wait("it is marked", `document.querySelector("article:has(.remove)").innerText.includes("should not have")`)
	p.click("article .remove")
	p.wait("its author hears of it", `document.querySelector(".toast")`)
	shots.takeInView("removed")
	see[any](p, `void scrollTo(0, 300)`)
	p.offline(true)
	p.wait("the strip is there", `document.querySelector(".net")`)
	shots.takeInView("offline")
	p.offline(false)

	s.set("pow=off")
	s.set("post=1/1")
	eventually(t, patience, "writing is limited", func() bool {
		status, _ := s.do(http.MethodPost, "/api/v1/boards/home/posts", `{"body":"more"}`, "Content-Type", "application/json")
		return status == http.StatusTooManyRequests
	})
	p.open("/write")
	p.types("#composer textarea", "What I meant to say before you stopped me.")
	p.click("#composer #send")
	p.wait("it is refused", `document.querySelector("#composer [role=alert]")`)
	shots.take("write-refused")
	p.follow(".rail .forget")
	shots.take("forgotten")
	shots.proof(s)
	s.set("page=1/1")
	eventually(t, patience, "reading is limited", func() bool { return s.status("/about") == http.StatusTooManyRequests })
	p.open("/")
	shots.take("error-429")
}

// proof shows what a proof of work looks like where it takes long, and the wait in
// its place.
func (p photographer) proof(s *site) {
	p.t.Helper()
	s.set("pow_bits=24")
	s.set("pow=always")
	eventually(p.t, patience, "writing costs", func() bool {
		_, body := s.do(http.MethodPost, "/api/v1/boards/home/posts", `{"body":"free"}`, "Content-Type", "application/json")
		return strings.Contains(body, "challenge")
	})
	p.open("/write")
	p.types("#composer textarea", "Worth a moment of work.")
	p.click("#composer #send")
	p.wait("it is worked for", `document.querySelector(".checking")`)
	p.take("write-checking")
	p.withoutScript()
	p.open("/write")
	p.types("#composer textarea", "Worth a wait.")
	p.follow("#composer #send")
	p.take("waiting-room")
	p.withScript()
}

// TestShotsOfModeration takes no test: see TestShots.
func TestShotsOfModeration(t *testing.T) {
	folder := os.Getenv("MAYFLY_SHOTS")
	if folder == "" {
		t.Skip("MAYFLY_SHOTS names no folder")
	}
	for _, lang := range []string{"en", "it"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			in := filepath.Join(folder, lang)
			if err := os.MkdirAll(in, 0o755); err != nil {
				t.Fatal(err)
			}
			looksOfModeration(t, lang, func(p *person, name string) { photographer{p, in}.take(name) })
		})
	}
}

// live fills the board as a day and a night would, and returns its longest thread.
func (s *site) live() (thread note) {
	s.t.Helper()
	s.behindProxy()
	thread = s.publish("I finished the degree my mother never got to start. She doesn’t know yet. Tomorrow, at lunch.", "3d")
	s.vote(thread, "heart", 64)
	s.reply(thread.ID, "Tell her before dessert. Some news deserves an appetite.")
	s.reply(thread.ID, "My father framed mine upside down. He was so happy that nobody said a word for a year.")
	s.pass(7 * time.Hour)
	umbrella := s.publish("To whoever left an umbrella on the 14 with a note saying “keep it”: I’m keeping it. In March I’ll pass it on.", "24h")
	s.vote(umbrella, "heart", 31)
	s.reply(umbrella.ID, "It was mine. It was somebody else’s before that.")
	low := s.publish("People who clap when the plane lands should have to fly it next time.", "24h")
	s.pass(5 * time.Hour)
	s.vote(low, "down", 3)
	late := s.publish("هل ما زال أحدكم مستيقظًا؟", "6h")
	s.vote(late, "heart", 5)
	library := s.publish("The reading room stays open until midnight all week. Bring a blanket: https://library.example/night", "12h")
	s.vote(library, "heart", 9)
	s.pass(3 * time.Hour)
	job := s.publish("Is it normal to miss a job you hated?", "6h")
	s.vote(job, "heart", 12)
	for _, answer := range []string{"You miss who you were at lunch.", "Yes. I miss the printer.", "Every autumn.", "No. But I miss the tram I took to it."} {
		s.reply(job.ID, answer)
	}
	s.reply(thread.ID, "What did you study?")
	s.pass(80 * time.Minute)
	removed := s.publish("BUY FOLLOWERS CHEAP", "24h")
	s.vote(removed, "down", 5)
	return thread
}

// pass lets time go by: board time goes on from what the last run has saved.
func (s *site) pass(d time.Duration) {
	s.t.Helper()
	s.stop()
	path := filepath.Join(s.data+".keys", "board.clock")
	saved := must(os.ReadFile(path))
	for record := range len(saved) / 64 {
		b := saved[record*64 : record*64+64]
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)+uint64(d.Milliseconds()))
		binary.LittleEndian.PutUint32(b[60:], crc32.ChecksumIEEE(b[:60]))
	}
	if err := os.WriteFile(path, saved, 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.start("127.0.0.1:0")
}

// photographer takes pictures of what a person sees.
type photographer struct {
	*person
	folder string
}

// take photographs the whole page at every width and in both schemes.
func (p photographer) take(name string) { p.shoot(name, true) }

// takeInView photographs what is in the window.
func (p photographer) takeInView(name string) { p.shoot(name, false) }

func (p photographer) shoot(name string, whole bool) {
	p.t.Helper()
	for _, w := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			p.dress(w, scheme)
			if whole {
				p.do(p.viewport(w, min(5000, max(p.height(w), see[int64](p.person, `document.documentElement.scrollHeight`)))))
			}
			p.save(fmt.Sprintf("%s-%d-%s", name, w, scheme), p.picture())
		}
	}
	p.media()
	p.width(1280)
}

func (p photographer) height(w int64) int64 {
	if w < 600 {
		return 844
	}
	return 900
}

func (p photographer) viewport(w, h int64) chromedp.Action[chromedp.Void] {
	if w < 600 {
		return chromedp.EmulateViewport(w, h, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulatePortrait)
	}
	return chromedp.EmulateViewport(w, h)
}

// dress makes the window so wide, and the system light or dark.
func (p photographer) dress(w int64, scheme string) {
	p.t.Helper()
	p.do(p.viewport(w, p.height(w)))
	p.media("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
	p.wait("fonts are there, and colours have changed", `document.fonts.status === "loaded" && document.getAnimations().length === 0`)
}

func (p photographer) picture() []byte {
	p.t.Helper()
	ctx, cancel := contextFor(p.person)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	return png
}

func (p photographer) save(name string, png []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.folder, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// compose lays a phone in the dark over a screen in the light.
func (p photographer) compose() {
	p.t.Helper()
	var pictures []any
	for _, as := range []struct {
		width, height int64
		scheme        string
	}{{1280, 1240, "light"}, {390, 844, "dark"}} {
		p.dress(as.width, as.scheme)
		p.do(p.viewport(as.width, as.height))
		pictures = append(pictures, base64.StdEncoding.EncodeToString(p.picture()))
	}
	sheet := newPerson(p.t, "the composer of the picture", p.base)
	html := fmt.Sprintf(`<!doctype html><style>
		body { margin: 0; background: #dfeae8; }
		div { position: absolute; overflow: hidden; } img { display: block; width: 100%%; }
		.screen { left: 40px; top: 40px; width: 1080px; border-radius: 14px; box-shadow: 0 12px 40px #0a141830; }
		.phone { right: 40px; top: 390px; width: 300px; border-radius: 40px; border: 9px solid #0a1418; background: #0a1418; box-shadow: 0 18px 50px #0a141860; }
		.phone img { border-radius: 31px; }
	</style><div class="screen"><img src="data:image/png;base64,%s"></div><div class="phone"><img src="data:image/png;base64,%s"></div>`, pictures...)
	sheet.do(chromedp.EmulateViewport(1280, 1126))
	frame := tell(sheet, page.GetFrameTree, cdp.Empty{}).FrameTree.Frame.ID
	tell(sheet, page.SetDocumentContent, page.SetDocumentContentParams{FrameID: frame, HTML: html})
	sheet.wait("both are drawn", `[...document.images].every(i => i.complete && i.naturalWidth > 0)`)
	p.save("feed", photographer{sheet, p.folder}.picture())
	p.media()
	p.width(1280)
}
