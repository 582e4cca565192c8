package storage

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
	"mayfly/storage/storagetest"
)

// childFolder names the folder that a child process of the test fills.
const childFolder = "MAYFLY_TEST_CHILD"

// R6, R70, R75: a process that bears, ends and sweeps under load is killed with -9
// again and again. No answered post is lost, none that ended comes back, no text
// and no key of an ended post is on the disk once the next start has swept.
func TestR06KillNineLosesAndRaisesNothing(t *testing.T) {
	if dir := os.Getenv(childFolder); dir != "" {
		child(t, dir)
		return
	}
	dir := t.TempDir()
	j := journal{born: map[string]life{}, ending: map[string]bool{}, ended: map[string]bool{}}
	for round := range 8 {
		j.runChild(t, dir, time.Duration(250+40*round)*time.Millisecond)
		j.check(t, dir, round)
	}
	if len(j.born) < 100 || len(j.ended) < 10 {
		t.Errorf("control: only %d births and %d endings were answered", len(j.born), len(j.ended))
	}
}

// life is what the child has said of one post.
type life struct {
	marker string
	key    string
	endsAt time.Time
}

// journal is what the child was answered.
type journal struct {
	born   map[string]life
	ending map[string]bool // End was called
	ended  map[string]bool // and has answered
}

// runChild lets the test's own binary write for a while, and kills it.
func (j *journal) runChild(t *testing.T, dir string, runs time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestR06KillNineLosesAndRaisesNothing$")
	cmd.Env = append(os.Environ(), childFolder+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if kill == nil { // the clock runs from the first answer on
			kill = time.AfterFunc(runs, func() { _ = cmd.Process.Kill() })
		}
		j.take(t, lines.Text())
	}
	if kill == nil {
		t.Error("the child answered nothing")
	}
	_ = cmd.Wait() // it was killed
}

func (j *journal) take(t *testing.T, line string) {
	t.Helper()
	what, rest, _ := strings.Cut(line, " ")
	switch what {
	case "born":
		var id, marker, key string
		var endsAt int64
		if _, err := fmt.Sscanf(rest, "%s %s %x %d", &id, &marker, &key, &endsAt); err != nil {
			return // the last line was cut off
		}
		j.born[id] = life{marker, key, millis(endsAt)}
	case "ending":
		j.ending[rest] = true
	case "ended":
		j.ended[rest] = true
	default:
		t.Logf("child: %s", line)
	}
}

// check starts on what the child has left.
func (j *journal) check(t *testing.T, dir string, round int) {
	t.Helper()
	n := &node{dir: dir, now: time.Now(), faults: &faults{}}
	n.start(t)
	defer n.stop(t)
	n.sweep(t)
	texts, endedKeys := map[string]string{}, map[string]string{}
	lost, raised := 0, 0
	for name, b := range j.born {
		id, err := board.ParsePostID(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.Post(t.Context(), id, n.now)
		there := err == nil && strings.Contains(p.Body, b.marker)
		lives := b.endsAt.After(n.now) && !j.ended[name]
		switch {
		case there && !lives:
			raised++
		case !there && lives && !j.ending[name]:
			lost++
		}
		texts[b.marker] = "text"
		if !there {
			endedKeys[b.key] = "key of an ended post"
		}
	}
	if lost+raised > 0 {
		t.Errorf("round %d: of %d answered posts %d were lost, %d raised", round, len(j.born), lost, raised)
	}
	for _, needles := range []map[string]string{texts, endedKeys} {
		if found := places(t, needles, dir); len(found) > 0 {
			t.Errorf("round %d: %v", round, found)
		}
	}
	if ok := n.integrity(t); ok != "ok" {
		t.Errorf("round %d: integrity_check: %s", round, ok)
	}
}

// child bears, ends and sweeps until it is killed, and says what it was answered.
func child(t *testing.T, dir string) {
	folder, err := keys.OpenFolder(filepath.Join(dir, "data.keys"), filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	slots, err := folder.Slots(slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenSQLite(t.Context(), filepath.Join(dir, "data"), slots, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	say := &speaker{out: os.Stdout}
	for i := range 8 {
		go func() {
			for j := 0; ; j++ {
				childPost(t, s, say, i+j)
			}
		}()
	}
	for {
		n := &node{Store: s, now: time.Now()}
		n.sweep(t)
	}
}

func childPost(t *testing.T, s *Store, say *speaker, i int) {
	ttl := time.Minute
	if i%2 == 0 {
		ttl = time.Second
	}
	marker := newMarker()
	life := board.NewLife(time.Now(), ttl, 0, time.Hour)
	p, key := storagetest.NewPost(board.NewVisitor(time.Now()), strings.Repeat(marker+" ", 10), life)
	if _, err := s.InsertPost(t.Context(), p, key); err != nil {
		t.Error(err)
		return
	}
	say.line(fmt.Sprintf("born %s %s %x %d", p.ID, marker, [32]byte(key), life.EndsAt.UnixMilli()))
	if i%3 > 0 {
		return
	}
	say.line("ending " + p.ID.String())
	if _, err := s.End(t.Context(), []board.PostID{p.ID}, board.ByAuthor, time.Now()); err != nil {
		t.Error(err)
		return
	}
	say.line("ended " + p.ID.String())
}

// speaker writes whole lines.
type speaker struct {
	mu  sync.Mutex
	out io.Writer
}

func (s *speaker) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.out, text+"\n")
}
