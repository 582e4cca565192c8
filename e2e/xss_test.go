//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// TestNothingThatPeopleWriteRuns writes each line of testdata/xss.txt as a post and
// as a reply, and reads them wherever they appear: as they come by socket, on the
// pages, and given back in a form. It holds without the policy too, which is the
// second wall and not the first.
func TestNothingThatPeopleWriteRuns(t *testing.T) {
	t.Parallel()
	for _, wall := range []struct {
		name   string
		bypass bool
	}{
		{"behind the policy", false},
		{"without the policy", true},
	} {
		t.Run(wall.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "post_chars=300")
			thread := s.publish("the thread", "")
			writer, reader, inThread := s.person("the writer"), s.person("a reader"), s.person("a reader of the thread")
			for _, p := range []*person{writer, reader, inThread} {
				tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: wall.bypass})
				p.trap()
			}
			writer.open("/about")
			reader.openLive("/")
			inThread.openLive("/p/" + thread.ID)
			lines := payloads(t)
			posts := writer.writeAll("/api/v1/boards/home/posts", lines)
			replies := writer.writeAll("/api/v1/posts/"+thread.ID+"/replies", lines)

			reader.holdsAsText(posts)
			inThread.holdsAsText(replies)
			inThread.open("/p/" + thread.ID)
			inThread.holdsAsText(replies)
			reader.open("/")
			reader.holdsAsText(posts[len(posts)-49:])
			reader.follow("#older")
			reader.holdsAsText(posts[:len(posts)-49])
			writer.open("/you")
			writer.holdsNoMarkup()

			s.set("post_chars=1") // from here on every text is too long, and comes back
			for _, line := range []string{lines[0], lines[4], lines[10]} {
				writer.expects("status of 422")
				writer.openLive("/")
				writer.types("#composer textarea", line)
				writer.click("#composer #send")
				writer.wait("the words are back", fmt.Sprintf(`document.querySelector("#composer .err") && document.querySelector("#composer textarea").value === %q`, line))
				writer.holdsNoMarkup()
			}
		})
	}
}

// payloads are the lines of testdata/xss.txt.
func payloads(t *testing.T) []string {
	t.Helper()
	file, err := os.ReadFile("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(file)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "# ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// trap has the console say so when a payload has run.
func (p *person) trap() {
	p.t.Helper()
	tell(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `Object.defineProperty(globalThis, "__pwned", {set() { console.error("a payload ran") }, get() { return undefined }})`,
	})
}

// writeAll sends lines as this person, one after the other, and returns what the
// API says of them.
func (p *person) writeAll(path string, lines []string) []note {
	p.t.Helper()
	return see[[]note](p, fmt.Sprintf(`(async () => {
		const notes = [];
		for (const body of %s) {
			const answer = await fetch(%q, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({body})});
			if (answer.status !== 201) throw new Error(answer.status + " " + body);
			notes.push((await answer.json()).post);
		}
		return notes;
	})()`, must(json.Marshal(lines)), path))
}

// holdsAsText waits until the page has all the notes, and compares what it shows.
func (p *person) holdsAsText(notes []note) {
	p.t.Helper()
	p.wait("all are there", fmt.Sprintf(`document.getElementById("p-%s") && document.getElementById("p-%s")`, notes[0].ID, notes[len(notes)-1].ID))
	shown := see[map[string]string](p, `Object.fromEntries([...document.querySelectorAll("article")].map(a =>
		[a.id.slice(2), a.querySelector("p[dir=auto]").textContent.trim()]))`)
	for _, n := range notes {
		if got := shown[n.ID]; got != strings.TrimSpace(n.Body) {
			p.t.Errorf("%s is shown as %q", n.Body, got)
		}
	}
	p.holdsNoMarkup()
}

// holdsNoMarkup looks for elements that no page of ours has, and for attributes
// that run something.
func (p *person) holdsNoMarkup() {
	p.t.Helper()
	foreign := see[[]string](p, `[...document.querySelectorAll("*")].filter(e =>
		e.matches("img, image, iframe, object, embed, base, style, video, audio, math, marquee, dialog, mglyph, noscript, meta[http-equiv], body script, article :is(input, textarea, template, details)") ||
		e.closest("article p[dir=auto]") && !e.matches("p, br, a[href^='http://'], a[href^='https://']") ||
		[...e.attributes].some(a => a.name.startsWith("on") || a.name === "srcdoc" || /^\s*(javascript|data|vbscript):/i.test(a.value) && a.name !== "value"),
	).map(e => e.outerHTML.slice(0, 200))`)
	for _, html := range foreign {
		p.t.Errorf("the page has become %s", html)
	}
}
