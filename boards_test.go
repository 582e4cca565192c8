package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// soon waits for a fact, at most two seconds.
func soon(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Second)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not within two seconds: %s", fact)
		case <-look.C:
		}
	}
}

func (s *site) status(t *testing.T, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestARunningServerFollowsItsBoards(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	rules := filepath.Join(t.TempDir(), "rules.txt")
	if err := os.WriteFile(rules, []byte("No shouting.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "board", "add", "attic", "--title", "The attic", "--rules-file", rules, "--closes", "in 3d", "--data", site.data)
	soon(t, "the board is there", func() bool { return site.status(t, "/b/attic") == http.StatusOK })
	if page := site.get(t, "/b/attic"); !strings.Contains(page, "No shouting.") || !strings.Contains(page, "The attic") {
		t.Error("it has not its title and rules")
	}
	command(t, "board", "change", "attic", "--title", "Upstairs", "--closes", "never", "--data", site.data)
	soon(t, "its new title is there", func() bool { return strings.Contains(site.get(t, "/b/attic"), "Upstairs") })
	if list := command(t, "board", "list", "--data", site.data); !strings.Contains(list, "attic  Upstairs") || strings.Contains(list, "closes") {
		t.Errorf("list: %s", list)
	}
	res := site.post(t, "/b/attic/posts", url.Values{"body": {"in the attic"}, "unlisted": {"on"}})
	post := res.Header.Get("Location")
	if said := command(t, "board", "end", "attic", "--data", site.data); !strings.Contains(said, "within two seconds") {
		t.Errorf("end said %q", said)
	}
	soon(t, "the board has closed, and its posts are gone", func() bool {
		return site.status(t, "/b/attic") == http.StatusGone && site.status(t, post) == http.StatusNotFound
	})
	if list := command(t, "board", "list", "--data", site.data); !strings.Contains(list, "has closed") {
		t.Errorf("list: %s", list)
	}
}

func TestABoardEndedWhileNobodyServesIsClosedByTheNextStart(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	command(t, "board", "add", "attic", "--title", "The attic", "--data", data)
	site := start(t, "--addr", "127.0.0.1:0", "--data", data)
	res := site.post(t, "/b/attic/posts", url.Values{"body": {"in the attic"}, "unlisted": {"on"}})
	post := res.Header.Get("Location")
	if site.status(t, post) != http.StatusOK {
		t.Fatalf("no post at %s", post)
	}
	site.stop()
	command(t, "board", "end", "attic", "--data", data)
	site = start(t, "--addr", "127.0.0.1:0", "--data", data)
	if board, thread := site.status(t, "/b/attic"), site.status(t, post); board != http.StatusGone || thread != http.StatusNotFound {
		t.Errorf("the board answers %d, its post %d", board, thread)
	}
}

func TestBoardsThatCanNotBeHadAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	command(t, "board", "add", "attic", "--title", "The attic")
	for _, args := range [][]string{
		{"add", "../x", "--title", "x"},
		{"add", "attic", "--title", "x"},
		{"add", "cellar"},
		{"add", "cellar", "--title", "x", "--closes", "2020-01-01T10:00"},
		{"add", "cellar", "--title", "x", "--closes", "tomorrow"},
		{"add", "cellar", "--title", "x", "--closes", "in a while"},
		{"add", "cellar", "--title", "x", "--rules-file", "nowhere.txt"},
		{"add"},
		{"change", "cellar", "--title", "x"},
		{"change", "attic", "--closes", "in 0s"},
		{"end", "cellar"},
		{"end", "home"},
	} {
		err := run(t.Context(), append([]string{"board"}, args...), io.Discard)
		if err == nil || exitCode(err) != 2 || strings.Contains(err.Error(), "\n") {
			t.Errorf("board %s: %v, want one sentence and exit 2", strings.Join(args, " "), err)
		}
	}
	if list := command(t, "board", "list"); strings.Contains(list, "cellar") || !strings.Contains(list, "attic") {
		t.Errorf("list: %s", list)
	}
}

// TestACommandSaysOfABoardWhatItsPageSays: by the catalogue, and the log says who.
func TestACommandSaysOfABoardWhatItsPageSays(t *testing.T) {
	t.Chdir(t.TempDir())
	command(t, "board", "add", "attic", "--title", "The attic")
	for _, tt := range []struct {
		says string
		args []string
	}{
		{"A board of this name is there. One that has closed gives its name back a day later.", []string{"board", "add", "attic", "--title", "x"}},
		{"A board needs a title.", []string{"board", "change", "attic", "--title", " "}},
		{"This closing date has passed. To close a board at once, end it. A title may have 60 characters, and this one has 61.", []string{"board", "change", "attic", "--title", strings.Repeat("x", 61), "--closes", "2020-01-01T10:00"}},
		{"No board is called “cellar”. There are: home, attic.", []string{"board", "end", "cellar"}},
		{"No board is called “cellar”. There are: home, attic.", []string{"settings", "get", "--board", "cellar"}},
		{"Nothing with the number 7 stands any more.", []string{"prompt", "end", "7"}},
		{"Let it stand from 1 minute to 30 days, such as 24h or 7d.", []string{"prompt", "ask", "Why?", "--ttl", "31d"}},
	} {
		if err := run(t.Context(), tt.args, io.Discard); err == nil || err.Error() != tt.says {
			t.Errorf("%v: %v, want %q", tt.args, err, tt.says)
		}
	}
}

func TestATextOfSeveralLinesIsSetOnOneLine(t *testing.T) {
	t.Chdir(t.TempDir())
	command(t, "settings", "set", `about_text=One, and one more.\nTwo.`)
	if got := command(t, "settings", "get", "about_text"); got != "One, and one more.\nTwo.\n" {
		t.Errorf("alone it is %q", got)
	}
	if got := command(t, "settings", "get"); !strings.Contains(got, "\n"+`about_text=One, and one more.\nTwo.`+"\n") {
		t.Errorf("among all it is not one line: %s", got)
	}
}
