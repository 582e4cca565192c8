package main

import (
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var promptID = regexp.MustCompile(`class="post prompt" id="p-([a-z2-7]{26})"`)

func TestARunningServerPlantsAndEndsWhatItsHostAsks(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	if said := command(t, "prompt", "ask", "Why not?", "--data", site.data); !strings.Contains(said, "readable in the data folder") {
		t.Errorf("ask said %q", said)
	}
	soon(t, "it is pinned", func() bool { return strings.Contains(site.get(t, "/"), "Why not?") })
	id := promptID.FindStringSubmatch(site.get(t, "/"))[1]
	site.post(t, "/p/"+id+"/replies", url.Values{"body": {"Because."}})
	if list := command(t, "prompt", "list", "--data", site.data); !strings.Contains(list, "1  home  question  Why not?") {
		t.Errorf("list: %s", list)
	}
	command(t, "prompt", "end", "1", "--data", site.data)
	soon(t, "it is gone, with its answers", func() bool { return site.status(t, "/p/"+id) == http.StatusNotFound })
	soon(t, "it is forgotten", func() bool { return command(t, "prompt", "list", "--data", site.data) == "" })
}

func TestANewSiteGreetsAndAsksAndAnOldOneDoesNotGreetAgain(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	site := start(t, "--addr", "127.0.0.1:0", "--data", data, "--starter", "campus", "--starter-lang", "it")
	page := site.get(t, "/")
	if n := len(promptID.FindAllString(page, -1)); n != 2 || !strings.Contains(page, "per chi studia o lavora qui") {
		t.Errorf("a new site shows %d prompts", n)
	}
	list := command(t, "prompt", "list", "--data", data)
	site.stop()
	site = start(t, "--addr", "127.0.0.1:0", "--data", data, "--starter", "event")
	if again := command(t, "prompt", "list", "--data", data); again != list {
		t.Errorf("after a restart:\n%s\nwant\n%s", again, list)
	}
	if got := promptID.FindAllString(site.get(t, "/"), -1); len(got) != 2 {
		t.Errorf("after a restart it shows %q", got)
	}
}

func TestPromptsThatCanNotBeHadAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"ask"},
		{"ask", " "},
		{"ask", "Why?", "--ttl", "31d"},
		{"ask", "Why?", "--ttl", "soon"},
		{"ask", "Why?", "--board", "attic"},
		{"ask", strings.Repeat("why ", 200) + "?"},
		{"end", "7"},
		{"end", "the first"},
	} {
		err := run(t.Context(), append([]string{"prompt"}, args...), io.Discard)
		if err == nil || exitCode(err) != 2 || strings.Contains(err.Error(), "\n") {
			t.Errorf("prompt %q: %v, want one sentence and exit 2", args, err)
		}
	}
	for range 3 {
		command(t, "prompt", "ask", "Why?")
	}
	if err := run(t.Context(), []string{"prompt", "ask", "Why?"}, io.Discard); err == nil || exitCode(err) != 2 {
		t.Errorf("a fourth: %v", err)
	}
}
