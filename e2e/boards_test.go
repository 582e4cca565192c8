//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// board runs mayfly board beside the running server.
func (s *site) board(args ...string) {
	s.t.Helper()
	s.beside(append([]string{"board"}, args...)...)
}

// ask runs mayfly prompt ask, and waits until the question is pinned on the home board.
func (s *site) ask(text string, more ...string) {
	s.t.Helper()
	s.beside(append([]string{"prompt", "ask", text}, more...)...)
	eventually(s.t, patience, "it is pinned", func() bool {
		_, body := s.do(http.MethodGet, "/", "")
		return strings.Contains(body, text)
	})
}

// beside runs a command in the data folder of the running server.
func (s *site) beside(args ...string) {
	s.t.Helper()
	cmd := exec.Command(program, append(args, "--data", s.data)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("mayfly %v: %v\n%s", args, err, out)
	}
}

// addBoard adds a board, and waits until it is there.
func (s *site) addBoard(slug, title string, more ...string) {
	s.t.Helper()
	s.board(append([]string{"add", slug, "--title", title}, more...)...)
	eventually(s.t, patience, "the board is there", func() bool { return s.status("/b/"+slug) == http.StatusOK })
}

// TestTwoBoardsKeepTheirPostsApart: in open pages, in lists and when one writes.
func TestTwoBoardsKeepTheirPostsApart(t *testing.T) {
	s := newSite(t)
	s.addBoard("attic", "The attic")
	home, attic := s.person("who reads home"), s.person("who reads the attic")
	home.openLive("/")
	attic.openLive("/b/attic")
	attic.post("only upstairs")
	attic.shows("only upstairs")
	home.post("only downstairs")
	home.shows("only downstairs")
	for p, other := range map[*person]string{home: "only upstairs", attic: "only downstairs"} {
		if strings.Contains(p.sees(), other) {
			t.Errorf("%q came to the other board", other)
		}
	}
	attic.follow(`.rail a[href="/boards"]`)
	attic.shows("The attic")
	attic.follow(`.boards a[href="/"]`)
	attic.shows("only downstairs")
	attic.follow(`.switch-boards a[href="/b/attic"]`)
	attic.shows("only upstairs")
	attic.follow(`.rail a[href="/write?board=attic"]`)
	attic.types("#composer textarea", "from its own page")
	attic.follow("#composer #send")
	attic.shows("from its own page")
}

// TestABoardsLastHourIsCountedDownInOpenPages: the strip comes by socket, ticks, and
// the page says when the board has closed.
func TestABoardsLastHourIsCountedDownInOpenPages(t *testing.T) {
	s := newSite(t)
	s.addBoard("attic", "The attic")
	reader := s.person("the reader")
	reader.expects("status of 410")
	reader.openLive("/b/attic")
	reader.wait("nothing is counted", `!document.getElementById("closing")`)
	s.board("change", "attic", "--closes", "in 1s") // on the next minute
	reader.wait("it counts down", `/\d+ s left/.test(document.querySelector("#closing [role=timer]")?.textContent)`)
	was := see[string](reader, `document.querySelector("#closing time").textContent`)
	reader.wait("it ticks", `document.querySelector("#closing time").textContent !== "`+was+`"`)
	reader.wait("no life is offered that goes beyond it", `[...document.querySelectorAll("#limits input[name=ttl]")].every(i => !i.value.includes("h") && !i.value.includes("d"))`)
	s.board("end", "attic")
	reader.shows("This board has closed")
}

// TestTheHostsQuestionIsAnswered: it comes to open pages pinned and labelled, takes
// answers and hearts, and goes when its host ends it.
func TestTheHostsQuestionIsAnswered(t *testing.T) {
	s := newSite(t)
	reader, writer := s.person("the reader"), s.person("the writer")
	s.publish("somebody’s words", "")
	reader.openLive("/")
	s.ask("What grows on your windowsill?")
	reader.wait("it is pinned above the posts", `document.querySelector("#prompts article.prompt")?.textContent.includes("Question of the host")`)
	reader.wait("and stands on no other place", `document.querySelectorAll("article.prompt").length === 1 && !document.querySelector("#posts .prompt")`)
	writer.openLive("/")
	writer.follow("#prompts .btn")
	writer.wait("it is the thread", `document.body.dataset.page === "thread"`)
	writer.answer("Basil, against all odds.")
	writer.shows("against all odds")
	writer.click("article.prompt .heart")
	reader.wait("answers and hearts are counted", `document.querySelector("#prompts .replies-link span").textContent === "1" && document.querySelector("#prompts .heart span").textContent === "1"`)
	reader.openLive("/?sort=top")
	reader.shows("windowsill")
	s.beside("prompt", "end", "1")
	reader.loses("windowsill")
	writer.shows("This post is gone")
}

// TestShotsOfBoards takes no test: see TestShots.
func TestShotsOfBoards(t *testing.T) {
	folder := os.Getenv("MAYFLY_SHOTS")
	if folder == "" {
		t.Skip("MAYFLY_SHOTS names no folder")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	rules := filepath.Join(t.TempDir(), "rules.txt")
	if err := os.WriteFile(rules, []byte("For people awake between 22 and 6.\nNo names, no rooms, no shifts. What is said on the ward stays on the ward.\nhttps://riverside.example/night"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.addBoard("night-shift", "Night shift", "--rules-file", rules)
	s.addBoard("harvest", "Harvest festival", "--closes", "in 47m", "--place", "1")
	s.addBoard("year-5", "Liceo, quinta C", "--closes", "in 9d", "--place", "2")
	thread := s.write("/api/v1/boards/harvest/posts", map[string]any{"body": "Whoever is at the gate: the brass band starts in ten minutes, not at eight.", "ttl": "24h"})
	s.write("/api/v1/boards/harvest/posts", map[string]any{"body": "Lost: one small yellow boot. Found: its owner.", "ttl": "24h"})
	s.write("/api/v1/boards/night-shift/posts", map[string]any{"body": "Third night on call. The vending machine and I are on first-name terms.", "ttl": "6h"})
	p := s.person("the photographer")
	p.expects("status of 410")
	shots := photographer{p, folder}
	s.ask("What could we borrow from each other instead of buying it?", "--ttl", "20h")
	p.openLive("/")
	shots.take("prompt-alone")
	s.ask("Which baker in town should bake our harvest bread? The mill pays for it, and bakes whatever you say.", "--sponsored", "--ttl", "3d")
	s.publish("A ladder, two days a year. I have four of them.", "")
	p.openLive("/")
	shots.take("prompts")
	p.follow("#prompts .btn")
	p.answer("The one on Mill Lane. Ask for the rye.")
	p.shows("Ask for the rye")
	shots.take("prompt-thread")
	p.openLive("/b/harvest")
	shots.take("board-closing")
	p.openLive("/p/" + thread.ID)
	shots.take("thread-closing")
	p.open("/boards")
	shots.take("boards")
	p.openLive("/b/night-shift")
	see[any](p, `void document.querySelector(".rules").setAttribute("open", "")`)
	shots.take("board-rules")
	p.open("/about")
	shots.take("about-rules")
	s.board("end", "harvest")
	eventually(t, patience, "it has closed", func() bool { return s.status("/b/harvest") == http.StatusGone })
	p.open("/b/harvest")
	shots.take("error-410")
}
