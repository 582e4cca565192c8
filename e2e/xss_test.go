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
			s := newSite(t, "post_chars=300", "doxx=off") // some of it looks like a mail address
			thread := s.publish("the thread", "")
			writer, reader := newPerson(t, "the writer", s.url), newPerson(t, "the reader", s.url)
			for _, p := range []*person{writer, reader} {
				tell(p, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: wall.bypass})
				p.trap()
			}
			lines := payloads(t)
			all := len(lines)
			writer.open("/about")
			reader.openLive("/")
			posts := writer.writeAll("/api/v1/boards/home/posts", lines)
			reader.holdsAsText(posts, all)
			reader.open("/")
			reader.holdsAsText(posts, pageSize)
			reader.follow("#older")
			reader.holdsAsText(posts, all-pageSize)

			reader.openLive("/p/" + thread.ID)
			replies := writer.writeAll("/api/v1/posts/"+thread.ID+"/replies", lines)
			reader.holdsAsText(replies, all)
			reader.open("/p/" + thread.ID)
			reader.holdsAsText(replies, all)
			writer.open("/you")
			writer.holdsNoMarkup()

			writer.expects("status of 422")
			writer.openLive("/")
			s.set("post_chars=1") // from here on every text is too long, and comes back
			for _, line := range []string{lines[0], lines[4], lines[10]} {
				writer.wait("the page knows", `document.getElementById("limits").dataset.max === "1"`)
				writer.types("#composer textarea", line)
				writer.click("#composer #send")
				writer.wait("the words are back", fmt.Sprintf(`document.querySelector("#composer .err") && document.querySelector("#composer textarea").value === %q`, line))
				writer.holdsNoMarkup()
				writer.click("#composer .draft button") // or the next line would be written behind it
				writer.open("/")
			}
		})
	}
}

// pageSize is how many posts a page of a board has.
const pageSize = 50

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

// writeAll sends lines as this person and returns what the API says of them.
func (p *person) writeAll(path string, lines []string) []note {
	p.t.Helper()
	return see[[]note](p, fmt.Sprintf(`Promise.all(%s.map(async body => {
		const answer = await fetch(%q, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({body})});
		return (await answer.json()).post;
	}))`, must(json.Marshal(lines)), path))
}

// holdsAsText waits until the page has n of the notes, and compares what it shows.
func (p *person) holdsAsText(notes []note, n int) {
	p.t.Helper()
	bodies := map[string]string{}
	for _, n := range notes {
		bodies[n.ID] = n.Body
	}
	const shown = `Object.fromEntries([...document.querySelectorAll("article")].map(a => [a.id.slice(2), a.querySelector("p[dir=auto]").textContent.trim()]))`
	here := 0
	eventually(p.t, patience, fmt.Sprintf("%d of what was written is here", n), func() bool {
		here = 0
		for id := range see[map[string]string](p, shown) {
			if bodies[id] != "" {
				here++
			}
		}
		return here == n
	})
	for id, text := range see[map[string]string](p, shown) {
		if body := bodies[id]; body != "" && text != strings.TrimSpace(body) {
			p.t.Errorf("%s is shown as %q", body, text)
		}
	}
	p.holdsNoMarkup()
}

// holdsNoMarkup looks for elements that no page of ours has, and for attributes
// that run something.
func (p *person) holdsNoMarkup() {
	p.t.Helper()
	foreign := see[[]string](p, `[...document.querySelectorAll("*")].filter(e =>
		e.matches("img, image, iframe, object, embed, base, style, video, audio, math, marquee, dialog:not(#more), mglyph, noscript, meta[http-equiv], body script, article :is(input, textarea, template, details)") ||
		e.closest("article p[dir=auto]") && !e.matches("p, br, a[href^='http://'], a[href^='https://'], a.hashtag[href^='/search?q=%23']") ||
		[...e.attributes].some(a => a.name.startsWith("on") || a.name === "srcdoc" || /^\s*(javascript|data|vbscript):/i.test(a.value) && a.name !== "value"),
	).map(e => e.outerHTML.slice(0, 200))`)
	for _, html := range foreign {
		p.t.Errorf("the page has become %s", html)
	}
}
