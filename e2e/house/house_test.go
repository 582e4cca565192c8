package house

import (
	"os"
	"strings"
	"testing"
)

func TestTheEarHearsTheWholeAddressInPieces(t *testing.T) {
	e := &ear{heard: make(chan string, 1)}
	for _, piece := range []string{"Mayfly\n  htt", "p://127.0.0.1:80", "81\n  http://127.0.0.1:1\n", "more\n"} {
		if n, err := e.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("wrote %d of %q: %v", n, piece, err)
		}
	}
	if got := <-e.heard; got != "http://127.0.0.1:8081" {
		t.Errorf("heard %q", got)
	}
}

// shell stands for a server: it runs what the flags of a server would be.
func shell(script string) Setup { return Setup{Program: "sh", Args: []string{"-c", script}} }

func TestAServerIsStartedLookedAtAndEnded(t *testing.T) {
	h := &House{Dir: t.TempDir()}
	t.Cleanup(h.Clear)
	file := h.Dir + "/said"
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	with := shell("trap 'exit 0' TERM; echo a note >&2; echo '  http://127.0.0.1:7'; while :; do sleep 0.01; done")
	with.Said = out
	s, err := h.Start(with)
	if err != nil {
		t.Fatal(err)
	}
	if s.URL != "http://127.0.0.1:7" || s.Resident() == 0 || s.Highest() < s.Resident() {
		t.Errorf("at %q, %d bytes, %d at most", s.URL, s.Resident(), s.Highest())
	}
	if err := s.Stop(); err != nil || s.ExitCode() != 0 {
		t.Errorf("it ended with %d: %v", s.ExitCode(), err)
	}
	said, err := os.ReadFile(file)
	if s.Log.String() != "a note\n" || !strings.Contains(string(said), "http://") || !strings.Contains(string(said), "a note") || err != nil {
		t.Errorf("its log is %q, and it said %q: %v", s.Log, said, err)
	}
	if out.Close() == nil {
		t.Error("the file of what it said is still open")
	}
}

func TestAServerThatDoesNotStartShowsItsLog(t *testing.T) {
	h := &House{Dir: t.TempDir()}
	if _, err := h.Start(shell("echo no such folder >&2; exit 3")); err == nil || !strings.Contains(err.Error(), "no such folder") || !strings.Contains(err.Error(), "3") {
		t.Errorf("the error is %v", err)
	}
}

func TestClosingAHouseEndsWhatRunsAndTakesItsFolder(t *testing.T) {
	h := &House{Dir: t.TempDir() + "/house"}
	if err := os.Mkdir(h.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := h.Start(shell("echo level=ERROR >&2; echo http://127.0.0.1:7; exec sleep 1000"))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(h.Dir); !os.IsNotExist(err) || s.ExitCode() == 0 {
		t.Errorf("the folder: %v; it ended with %d", err, s.ExitCode())
	}
	if s.Complaint() == nil {
		t.Error("its log has an error, and nobody says so")
	}
}
