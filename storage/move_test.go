package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
	"mayfly/storage/storagetest"
)

// side is a folder that a move starts from or leads to.
type side struct{ data, keys string }

func sideIn(dir string) side {
	return side{filepath.Join(dir, "data"), filepath.Join(dir, "data.keys")}
}

func (s side) folder(t testing.TB) keys.Folder {
	t.Helper()
	f, err := keys.OpenFolder(s.keys, s.data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// mover carries what is in one folder to another, over pipes, as mayfly move does.
type mover struct {
	from, to side
	local    bool // both are on one machine
	now      time.Time
	step     func(string)
	torn     func(string) // where the other side is cut off
}

func (m mover) run(t testing.TB) (gone bool, err error) {
	t.Helper()
	folder := m.from.folder(t)
	if err := SettleMove(m.from.data, folder, quiet); err != nil {
		return false, err
	}
	slots, err := folder.Slots(quiet)
	if err != nil {
		return false, err
	}
	s, err := OpenSQLite(t.Context(), m.from.data, slots, quiet)
	if err != nil {
		return false, errors.Join(err, slots.Close())
	}
	there := &Receiver{Data: m.to.data, Folder: m.to.folder(t), step: m.torn}
	move, from := NewMove("ssh somewhere", ""), ""
	if m.local {
		move, from = NewMove(m.to.data, m.to.keys), m.from.data
	}
	traveller := &Traveller{Store: s, Folder: folder, Move: move, From: from, Now: func() time.Time { return m.now }, step: m.step}
	ours, end := lead(t, there)
	gone, err = traveller.Go(t.Context(), ours)
	end()
	err = errors.Join(err, s.Close(), slots.Close())
	if gone && err == nil {
		m.at("finishing")
		err = Finish(m.from.data, folder)
	}
	return gone, err
}

func (m mover) at(name string) {
	if m.step != nil {
		m.step(name)
	}
}

// lead has a receiver listen at the other end of two pipes.
func lead(t testing.TB, there *Receiver) (ours Line, end func()) {
	t.Helper()
	from, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = there.Receive(t.Context(), Line{from, to})
		_, _ = from.Close(), to.Close()
	}()
	return Line{in, out}, func() {
		_ = out.Close()
		<-done
		_ = in.Close()
	}
}

// furnished is a node with a post of each kind that a move must not change.
func furnished(t *testing.T) (n *node, p board.Post, key board.Key, r board.Post) {
	t.Helper()
	n = newNode(t)
	n.decided(t)
	p, key = n.postWithKey(t, newMarker()+" lives on", time.Hour)
	r, _ = n.replyWithKey(t, p, newMarker()+" as does this")
	if _, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now); err != nil {
		t.Fatal(err)
	}
	if _, err := n.folderOf(t).Secret("visitor.key"); err != nil {
		t.Fatal(err)
	}
	return n, p, key, r
}

func (n *node) folderOf(t testing.TB) keys.Folder { return side{n.data(), n.folder()}.folder(t) }

// lives wants a post and its reply to be in a folder as they were.
func lives(t *testing.T, dir string, now time.Time, p, r board.Post) {
	t.Helper()
	n := &node{dir: dir, now: now, faults: &faults{}}
	n.start(t)
	defer n.stop(t)
	n.sweep(t)
	got, replies, err := n.Thread(t.Context(), p.ID, now)
	if err != nil || got.Body != p.Body || len(replies) != 1 || replies[0].Body != r.Body || got.Hearts != 1 || !got.Life.CapAt.Equal(p.Life.CapAt) {
		t.Errorf("there: %+v, %d replies, %v", got, len(replies), err)
	}
	n.sound(t, 1)
}

func TestWhatLivesMovesAndNothingElseDoes(t *testing.T) {
	n, p, key, r := furnished(t)
	ended, endedKey := n.postWithKey(t, newMarker(), time.Minute)
	byHand, handKey := n.postWithKey(t, newMarker(), time.Hour)
	n.end(t, byHand.ID)
	secret, err := n.folderOf(t).Secret("visitor.key")
	if err != nil {
		t.Fatal(err)
	}
	n.now = n.now.Add(2 * time.Minute)
	n.stop(t)
	to := t.TempDir()
	m := mover{from: side{n.data(), n.folder()}, to: sideIn(to), local: true, now: n.now}
	if gone, err := m.run(t); !gone || err != nil {
		t.Fatal(gone, err)
	}
	lives(t, to, n.now, p, r)
	if there, err := m.to.folder(t).Secret("visitor.key"); err != nil || there != secret {
		t.Errorf("cookies are not good there: %v", err)
	}
	if at, err := keys.SavedTime(m.to.keys); err != nil || at.Before(n.now) {
		t.Errorf("board time there is %v, %v; want no less than %v", at, err, n.now)
	}
	texts := map[string]string{p.Body[:20]: "body", r.Body[:20]: "reply", ended.Body: "ended", byHand.Body: "ended by hand", string(endedKey[:]): "its key", string(handKey[:]): "its key by hand"}
	if found := places(t, texts, to, n.dir); len(found) > 0 {
		t.Errorf("readable: %v", found)
	}
	left := map[string]string{string(key[:]): "key", string(secret[:]): "secret", string(p.ID[:]): "id", string(p.Own[:]): "owner"}
	if found := places(t, left, n.dir); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
	if found := places(t, map[string]string{string(ended.ID[:]): "row of what ended", string(byHand.ID[:]): "row of what ended by hand"}, to); len(found) > 0 {
		t.Errorf("went along: %v", found)
	}
	names, err := filepath.Glob(filepath.Join(n.dir, "*", "*"))
	if err != nil || len(names) != 1 || filepath.Base(names[0]) != movingFile {
		t.Errorf("files left: %v, %v", names, err)
	}
	startRefused(t, n, newSlots(t), "has moved to "+m.to.data)
	if _, err := OpenSettings(t.Context(), n.data(), quiet); !errors.As(err, new(*MovedError)) {
		t.Errorf("settings there: %v", err)
	}
	if err := restoreInto(t, n.dir, backup(t, m.to.data), true, n.now); !errors.As(err, new(*MovedError)) {
		t.Errorf("restore there: %v", err)
	}
}

// child names what a process of the test does, and where it is cut off.
const movingChild = "MAYFLY_TEST_MOVE"

type movingJob struct {
	From, To side
	Local    bool
	Now      time.Time
	Ours     string // the step at which the side that leaves dies
	Theirs   string // the step at which the other side dies
}

func (s side) MarshalText() ([]byte, error) { return []byte(s.data + "\n" + s.keys), nil }

func (s *side) UnmarshalText(raw []byte) error {
	s.data, s.keys, _ = strings.Cut(string(raw), "\n")
	return nil
}

// dieAt is a step at which this process is gone, as by kill -9: nothing is tidied up.
func dieAt(name string) func(string) {
	return func(at string) {
		if at == name {
			os.Exit(9)
		}
	}
}

// steps of both sides, in the order in which they come.
var (
	ourSteps   = []string{"leaving", "copied", "keys", "rows", "sent", "theirs", "gone", "finishing"}
	theirSteps = []string{"arriving", "rows are there", "keys are there", "have", "settling", "settled"}
)

// A move is killed at each step of either side. Whatever is left, exactly one of the two
// folders starts, all that lived lives in it, and the other holds no key.
func TestAMoveThatIsCutOffAtAnyStepLeavesOneThatLives(t *testing.T) {
	if job := os.Getenv(movingChild); job != "" {
		var j movingJob
		if err := json.Unmarshal([]byte(job), &j); err != nil {
			t.Fatal(err)
		}
		_, err := mover{j.From, j.To, j.Local, j.Now, dieAt(j.Ours), dieAt(j.Theirs)}.run(t)
		t.Fatalf("it was not cut off: %v", err)
	}
	n, p, key, r := furnished(t)
	n.stop(t)
	for _, ours := range []bool{true, false} {
		for _, step := range map[bool][]string{true: ourSteps, false: theirSteps}[ours] {
			t.Run(step, func(t *testing.T) {
				from, to := t.TempDir(), t.TempDir()
				if err := os.CopyFS(from, os.DirFS(n.dir)); err != nil {
					t.Fatal(err)
				}
				j := movingJob{From: sideIn(from), To: sideIn(to), Local: true, Now: n.now}
				if ours {
					j.Ours = step
				} else {
					j.Theirs = step
				}
				killed(t, j)
				oneLives(t, from, to, n.now, p, r, key)
			})
		}
	}
}

func killed(t *testing.T, j movingJob) {
	t.Helper()
	raw, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAMoveThatIsCutOffAtAnyStepLeavesOneThatLives$")
	cmd.Env = append(os.Environ(), movingChild+"="+string(raw))
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 9 {
		t.Fatalf("%v\n%s", err, out)
	}
}

// oneLives starts both folders, the new one first or last, as an operator may.
func oneLives(t *testing.T, from, to string, now time.Time, p, r board.Post, key board.Key) {
	t.Helper()
	a, b := sideIn(from), sideIn(to)
	var started []string
	for _, s := range []side{b, a, b} {
		if !HasBoard(s.data) && !isThere(filepath.Join(s.data, movingFile)) && !isThere(filepath.Join(s.data, arrivingDir)) {
			continue // nothing has ever been there: a start would begin a board
		}
		if err := SettleMove(s.data, s.folder(t), quiet); err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("not one sentence: %v", err)
			}
			continue
		}
		if HasBoard(s.data) && !slices.Contains(started, s.data) {
			started = append(started, s.data)
		}
	}
	if len(started) != 1 {
		t.Fatalf("%d folders start: %v", len(started), started)
	}
	lives(t, filepath.Dir(started[0]), now, p, r)
	other := map[bool]string{true: to, false: from}[started[0] == a.data]
	if found := places(t, map[string]string{string(key[:]): "key"}, other); len(found) > 0 {
		t.Errorf("the folder that does not live holds keys: %v", found)
	}
}

// Between two machines a side that is cut off in the moment of deciding can't know what
// the other knows. Then neither serves until somebody looks, and both can be told.
func TestAMoveBetweenServersThatIsCutOffGoesOnWhereItWas(t *testing.T) {
	n, p, key, r := furnished(t)
	n.stop(t)
	for _, step := range ourSteps[:7] {
		t.Run(step, func(t *testing.T) {
			from, to := t.TempDir(), t.TempDir()
			if err := os.CopyFS(from, os.DirFS(n.dir)); err != nil {
				t.Fatal(err)
			}
			j := movingJob{From: sideIn(from), To: sideIn(to), Now: n.now, Ours: step}
			killed(t, j)
			there := &Receiver{Data: j.To.data, Folder: j.To.folder(t)}
			was, gone, err := MoveOf(j.From.data)
			if err != nil || gone != (step == "gone") {
				t.Fatal(gone, err)
			}
			if err := SettleMove(j.To.data, there.Folder, quiet); err == nil && HasBoard(j.To.data) {
				t.Error("it is served there before this side has let go")
			}
			if gone { // the same command again
				ours, end := lead(t, there)
				err = was.Resume(ours)
				end()
				err = errors.Join(err, Finish(j.From.data, j.From.folder(t)))
			} else {
				_, err = mover{from: j.From, to: j.To, now: n.now}.run(t)
			}
			if err != nil {
				t.Fatal(err)
			}
			lives(t, to, n.now, p, r)
			if found := places(t, map[string]string{string(key[:]): "key"}, from); len(found) > 0 {
				t.Errorf("left behind: %v", found)
			}
		})
	}
}

func TestWhatHasArrivedIsDroppedOrServedAsItsHostSays(t *testing.T) {
	n, p, key, r := furnished(t)
	n.stop(t)
	for _, serve := range []bool{true, false} {
		from, to := t.TempDir(), t.TempDir()
		if err := os.CopyFS(from, os.DirFS(n.dir)); err != nil {
			t.Fatal(err)
		}
		j := movingJob{From: sideIn(from), To: sideIn(to), Now: n.now, Ours: "theirs"}
		killed(t, j)
		there := &Receiver{Data: j.To.data, Folder: j.To.folder(t)}
		if serve {
			if err := there.Finish(); err != nil {
				t.Fatal(err)
			}
			lives(t, to, n.now, p, r)
			if err := there.Drop(); !errors.Is(err, errNothingWaits) {
				t.Errorf("what is served was dropped: %v", err)
			}
			continue
		}
		if err := there.Drop(); err != nil {
			t.Fatal(err)
		}
		if found := places(t, map[string]string{string(key[:]): "key", string(p.ID[:]): "id"}, to); len(found) > 0 {
			t.Errorf("dropped, and there: %v", found)
		}
		if err := SettleMove(j.From.data, j.From.folder(t), quiet); err != nil {
			t.Fatal(err)
		}
		lives(t, from, n.now, p, r)
	}
}

func TestAMoveIsRefusedWhereItWouldCostSomething(t *testing.T) {
	n, p, _, r := furnished(t)
	n.stop(t)
	other := newNode(t)
	theirs := other.post(t, "theirs", time.Hour)
	for name, tt := range map[string]struct {
		arrange func(t *testing.T, to side)
		want    string
	}{
		"somebody serves there": {func(t *testing.T, to side) {
			held, err := lock(to.data)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = held.Close() })
		}, "another mayfly"},
		"a board is there": {func(t *testing.T, to side) {
			f, err := OpenSettings(t.Context(), to.data, quiet)
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
		}, "give a new or empty folder"},
		"keys of others are there": {func(t *testing.T, to side) {
			if err := os.CopyFS(to.keys, os.DirFS(other.folder())); err != nil {
				t.Fatal(err)
			}
		}, "other posts have their keys there"},
	} {
		t.Run(name, func(t *testing.T) {
			to := sideIn(t.TempDir())
			if err := os.MkdirAll(to.data, 0o700); err != nil {
				t.Fatal(err)
			}
			tt.arrange(t, to)
			before, _ := os.ReadFile(filepath.Join(to.keys, "posts.keys"))
			gone, err := mover{from: side{n.data(), n.folder()}, to: to, local: true, now: n.now}.run(t)
			if gone || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("gone %v, %v; want a refusal with %q", gone, err, tt.want)
			}
			if after, _ := os.ReadFile(filepath.Join(to.keys, "posts.keys")); !bytes.Equal(before, after) {
				t.Error("keys of others were touched")
			}
			lives(t, n.dir, n.now, p, r)
		})
	}
	if !other.has(t, theirs.ID) {
		t.Error("the other board has lost its post")
	}
}

// What comes from the other side is whole or nothing.
func TestWhatIsCutOffOrChangedOnTheWayLeavesNothing(t *testing.T) {
	n, _, _, _ := furnished(t)
	folder := n.folderOf(t)
	var sent bytes.Buffer
	traveller := &Traveller{Store: n.Store, Folder: folder, Move: NewMove("x", ""), Now: func() time.Time { return n.now }}
	rows := filepath.Join(n.data(), "leaving.db")
	if err := traveller.send(t.Context(), unclosed{&sent}, nil, rows); err != nil {
		t.Fatal(err)
	}
	whole := sent.Bytes()
	refused := func(what string, raw []byte) {
		t.Helper()
		to := sideIn(t.TempDir())
		there := &Receiver{Data: to.data, Folder: to.folder(t)}
		var out bytes.Buffer
		if err := there.Receive(t.Context(), Line{bytes.NewReader(raw), unclosed{&out}}); err == nil || !strings.Contains(out.String(), `"say":"no"`) {
			t.Errorf("%s: %v, %s", what, err, out.String())
		}
		left := 0
		_ = filepath.WalkDir(filepath.Dir(to.data), func(_ string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				left++
			}
			return nil
		})
		if left > 0 {
			t.Errorf("%s: %d files are left", what, left)
		}
	}
	line := bytes.IndexByte(whole, '\n') + 1
	for _, at := range []int{0, 5, line, line + 100, len(whole) / 2, len(whole) - 1} {
		refused(fmt.Sprintf("cut at %d", at), whole[:at])
	}
	for _, at := range []int{line + 40, line + 300, len(whole) / 2, len(whole) - 50, len(whole) - 1} {
		raw := slices.Clone(whole)
		raw[at] ^= 1
		refused(fmt.Sprintf("changed at %d", at), raw)
	}
	refused("newer tables", bytes.Replace(whole, []byte(`"tables":`), []byte(`"tables":99`), 1))
	refused("somebody else", []byte("SSH-2.0-OpenSSH_9.2\r\n"))
}

// unclosed is a buffer that stays open.
type unclosed struct{ *bytes.Buffer }

func (unclosed) Close() error { return nil }
