//go:build e2e

package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// aPhoto is a JPEG of w × h pixels in a file of its own. It says whose camera took it.
func aPhoto(t *testing.T, w, h int) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(40 + 200*x/w), uint8(90 + 100*y/h), 90, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	comment := "the camera of Ada L."
	marked := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, byte(len(comment) + 2)}, comment...)
	path := filepath.Join(t.TempDir(), "IMG_0042.jpg")
	if err := os.WriteFile(path, append(marked, b.Bytes()[2:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// chooses puts a file into the composer.
func (p *person) chooses(path string) {
	p.t.Helper()
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#picture"), []string{path}))
}

// TestAPictureIsVeiledUntilItIsTapped in another tab, once it has been made smaller,
// shown to its author and sent.
func TestAPictureIsVeiledUntilItIsTapped(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0")
	author, reader := s.person("the author"), s.person("a reader")
	author.openLive("/")
	reader.openLive("/")
	author.chooses(aPhoto(t, 2400, 1200))
	author.wait("it is shown with a button that removes it", `document.querySelector(".photo-chosen img")?.naturalWidth === 1600 && document.querySelector(".photo-chosen button")`)
	author.types("#alt", "Lemons on a doorstep")
	author.click("#composer #send")
	reader.wait("it has come, veiled", `document.querySelector("article details.photo:not([open])")?.innerText.includes("Lemons on a doorstep")`)
	if loaded := see[int](reader, `performance.getEntriesByType("resource").filter(e => e.name.endsWith("/thumb")).length`); loaded != 0 {
		t.Error("what is veiled has been fetched")
	}
	reader.click("article .photo summary")
	reader.wait("it is there when it is tapped", `document.querySelector("article .photo img")?.naturalWidth === 640`)
	if alt := see[string](reader, `document.querySelector("article .photo img").alt`); alt != "Lemons on a doorstep" {
		t.Errorf("it is described as %q", alt)
	}
	path := see[string](reader, `new URL(document.querySelector("article .photo img").src).pathname`)
	file := s.fetch(path)
	if bytes.Contains(file, []byte("Ada")) {
		t.Error("it says whose camera took it")
	}
	author.click("article .remove")
	reader.wait("it is gone with its post", `!document.querySelector("article")`)
	if status := s.status(path); status != http.StatusNotFound {
		t.Errorf("its small one answers %d", status)
	}
}

// TestAPostIsSentOnceItsPictureIsReady, though its author could not wait.
func TestAPostIsSentOnceItsPictureIsReady(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0", "pictures=on")
	p := s.person("somebody in a hurry")
	p.openLive("/")
	see[any](p, `void (HTMLCanvasElement.prototype.toBlob = new Proxy(HTMLCanvasElement.prototype.toBlob, { apply(draw, canvas, args) { globalThis.ready = () => draw.apply(canvas, args) } }))`)
	p.chooses(aPhoto(t, 320, 200))
	p.wait("the picture is on its way to the form", `globalThis.ready`)
	p.click("#composer #send")
	if sent := see[bool](p, `document.querySelector("article") !== null || document.querySelector("#composer .upload") !== null`); sent {
		t.Error("it is sent without its picture")
	}
	see[any](p, `void ready()`)
	p.wait("the board shows it", `document.querySelector("article .photo img")?.naturalWidth === 320`)
}

// TestAPictureIsSentWithoutScript, and its thread shows it.
func TestAPictureIsSentWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0", "pictures=on")
	p := s.person("somebody without scripts")
	p.withoutScript()
	p.open("/write")
	p.click("#photo summary")
	p.chooses(aPhoto(t, 900, 600))
	p.types("#composer textarea", "proof")
	p.follow("#composer #send")
	p.wait("the board shows it", `document.querySelector("article .photo img")?.complete`)
	p.follow("article .photo a")
	p.wait("the thread shows all of it", `document.querySelector("article .photo img")?.naturalWidth === 900`)
}

// TestAFileThatIsNoPictureKeepsTheWords, whether or not the page could tell.
func TestAFileThatIsNoPictureKeepsTheWords(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0")
	path := filepath.Join(t.TempDir(), "picture.jpg")
	if err := os.WriteFile(path, []byte("<svg onload=alert(1)>"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.person("somebody with a strange file")
	p.openLive("/")
	p.types("#composer textarea", "my words")
	p.chooses(path)
	p.wait("the page says that it can't be read", `document.querySelector("#photo [role=alert]")`)

	q := s.person("the same without scripts")
	q.withoutScript()
	q.expects("status of 4")
	q.open("/write")
	q.types("#composer textarea", "my words")
	q.click("#photo summary")
	q.chooses(path)
	q.follow("#composer #send")
	q.wait("the words are back, with what was wrong", `document.querySelector("#composer textarea")?.value.includes("my words") && document.getElementById("picture-err")`)
}

// TestAnAVIFLeavesTheBrowserAsAJPEG, for the server reads none.
func TestAnAVIFLeavesTheBrowserAsAJPEG(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0", "pictures=on")
	p := s.person("somebody with a new phone")
	p.openLive("/")
	p.chooses(must(filepath.Abs("testdata/sky.avif")))
	p.wait("it is chosen, as a JPEG", `document.querySelector(".photo-chosen img")?.naturalWidth === 96 && document.querySelector("#picture").files[0].type === "image/jpeg"`)
	if begin := see[[]int](p, `document.querySelector("#picture").files[0].arrayBuffer().then(b => [...new Uint8Array(b, 0, 3)])`); !slices.Equal(begin, []int{0xff, 0xd8, 0xff}) {
		t.Errorf("what would be sent begins with %x", begin)
	}
	p.click("#composer #send")
	p.wait("the board shows it", `document.querySelector("article .photo img")?.naturalWidth === 96`)
}

// TestAChosenPictureCanBeRemoved, and what is sent then is words alone.
func TestAChosenPictureCanBeRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0", "pictures=on")
	p := s.person("somebody who thinks again")
	p.openLive("/")
	p.chooses(aPhoto(t, 400, 300))
	p.wait("it is chosen", `document.querySelector(".photo-chosen img")`)
	p.types("#alt", "something private")
	p.click(".photo-chosen button")
	p.wait("nothing is chosen, and the fold has the focus", `!document.querySelector(".photo-chosen") && picture.files.length === 0 && alt.value === "" && document.activeElement === document.querySelector("#photo > summary")`)
	p.post("words alone")
	p.wait("the post has no picture", `document.querySelector("article")?.innerText.includes("words alone") && !document.querySelector("article .photo")`)
}

// TestAPastedPictureIsChosen, and text that is pasted stays text.
func TestAPastedPictureIsChosen(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0")
	p := s.person("somebody who pastes")
	p.openLive("/")
	paste := func(add string) {
		see[any](p, `new Promise(done => {
			const paper = document.createElement("canvas");
			paper.toBlob(blob => {
				const clipboardData = new DataTransfer();
				clipboardData.items.add(new File([blob], "image.png", {type: "image/png"}));
				`+add+`;
				document.querySelector("#body").dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
				done();
			});
		})`)
	}
	paste(`clipboardData.items.add("a cell", "text/plain")`)
	if see[int](p, `picture.files.length`) != 0 {
		t.Error("what a table is copied as became a picture")
	}
	paste("")
	p.wait("it is chosen", `document.querySelector(".photo-chosen img")?.naturalWidth === 300 && picture.files.length === 1`)
}

// TestAPictureShowsItsWayAndComesBackWhenItIsRefused: a bar fills on a slow line; the
// answer is a refusal, and words, description and picture stand in the form again.
func TestAPictureShowsItsWayAndComesBackWhenItIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, "picture=0", "post_chars=20", "pictures=on")
	p := s.person("somebody on a slow line")
	p.expects("status of 422")
	p.openLive("/")
	p.chooses(aPhoto(t, 1600, 1200))
	p.wait("it is chosen", `document.querySelector(".photo-chosen img")`)
	p.types("#alt", "A wall in the evening")
	p.types("#composer textarea", "these are more than twenty characters")
	see[any](p, `void (globalThis.bars = [], new MutationObserver(() => {
		const bar = document.querySelector("#composer progress");
		if (bar) bars.push(bar.getAttribute("aria-label") + " " + bar.value);
	}).observe(composer.parentElement, {subtree: true, childList: true, attributes: true}))`)
	tell(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: 50_000}},
	})
	p.click("#composer #send")
	p.wait("it is refused", `document.querySelector("#composer [role=alert]")`)
	if bars := see[[]string](p, `bars`); len(bars) < 2 || !strings.HasPrefix(bars[0], "Sending your picture") {
		t.Errorf("on its way the page showed %q", bars)
	}
	p.wait("the bar is gone, and all is back", `!document.querySelector("#composer progress") && document.querySelector(".photo-chosen img")?.naturalWidth === 1600 &&
		picture.files.length === 1 && alt.value === "A wall in the evening" && document.querySelector("#body").value.startsWith("these are more")`)
	see[any](p, `void (document.querySelector("#body").value = "fewer")`)
	p.click("#composer #send")
	p.wait("it is sent the second time", `document.querySelector("article .photo img")?.alt === "A wall in the evening"`)
}

// fetch is what a path answers.
func (s *site) fetch(path string) []byte {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s %v", path, res.Status, err)
	}
	return b
}
