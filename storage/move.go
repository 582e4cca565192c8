package storage

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mayfly/storage/keys"
)

// A move takes what lives from one folder, or server, to another. Both sides write down
// how far they have come, so that whenever one is cut off, one of them lives:
//
//	here                                there
//	"moving: leaving" on disk
//	rows, keys, board time, secrets  →  on disk, in arriving/: not served
//	                                 ←  have
//	"moving: gone" on disk                                          from now on it lives there
//	                                 →  go
//	                                    arriving/ takes its place
//	                                 ←  lives
//	keys zeroed, synced; files removed
//
// Before "gone" is on disk a start here calls the move off; after it a start here is
// refused, and destroys what is left. What has arrived is not served before it has heard
// that the other side has gone, or can read so.
const (
	movingFile  = "moving"
	arrivingDir = "arriving"
	arrivedFile = "arrived" // which move brought what is here
	noteFile    = "note"
	moveForm    = 1
	// luggageMax is that of some ten million posts.
	luggageMax = 1 << 30
)

// Move is one of them, as the side that leaves writes it down.
type Move struct {
	ID   string `json:"id"`
	To   string `json:"to"`             // a folder, or the command that leads to another machine
	Keys string `json:"keys,omitempty"` // the keys folder there; "": To is a command
	Gone bool   `json:"gone"`
}

// NewMove is a move to a folder or, without one of keys, by a command.
func NewMove(to, keysThere string) Move { return Move{ID: rand.Text(), To: to, Keys: keysThere} }

// arrival is a move as the other side writes it down.
type arrival struct {
	ID    string `json:"id"`
	From  string `json:"from"`  // the data folder it came from, where that is of this machine
	Board string `json:"board"` // which file of keys it came with
	Ready bool   `json:"ready"`
}

// hello is what the side that leaves says first.
type hello struct {
	Mayfly  string `json:"mayfly"`
	Form    int    `json:"form"`
	ID      string `json:"id"`
	From    string `json:"from"`
	Board   string `json:"board"`
	Tables  int    `json:"tables"`
	Luggage int64  `json:"luggage"` // bytes
	Rows    int64  `json:"rows"`    // bytes of the database
	Resume  bool   `json:"resume"`  // all of it is there, and only wants to live
}

// word is what they say afterwards.
type word struct {
	Say string `json:"say"`
	ID  string `json:"id"`
	Why string `json:"why,omitempty"`
}

const (
	sayHave  = "have"
	sayGo    = "go"
	sayLives = "lives"
	sayNo    = "no"
)

// MovedError is of a folder whose posts have gone elsewhere.
type MovedError struct{ From, To string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("what was in %s has moved to %s, and its keys are destroyed here; start that one, or give another --data folder for a new board", e.From, e.To)
}

// unfinishedError is of a folder that a move has not finished with.
func unfinishedError(dataDir string) error {
	return fmt.Errorf("%s is being moved to, and the other side has not let go; run mayfly move there again, which goes on where it was, "+
		"or mayfly receive here with --drop (it stays there) or --finish (the other side never starts again)", dataDir)
}

// moved says why a folder must not be opened: what was in it has gone, or what comes has
// not arrived.
func moved(dataDir string) error {
	m, err := readMove(dataDir)
	switch {
	case err != nil:
		return err
	case m.Gone:
		return &MovedError{dataDir, m.To}
	case isThere(filepath.Join(dataDir, arrivingDir)) && !isThere(filepath.Join(dataDir, "mayfly.db")):
		return unfinishedError(dataDir)
	}
	return nil
}

func readMove(dataDir string) (m Move, err error) {
	err = readNote(filepath.Join(dataDir, movingFile), &m)
	return m, err
}

// MoveOf is the move that dataDir has been left by; false: it has not.
func MoveOf(dataDir string) (Move, bool, error) {
	m, err := readMove(dataDir)
	return m, m.Gone, err
}

// readNote leaves into as it is when there is no such file.
func readNote(path string, into any) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return fmt.Errorf("%s can't be read: %w", path, err)
	}
	return nil
}

// writeNote puts a small file in the place of the one before, durably.
func writeNote(path string, note any) error {
	raw, err := json.Marshal(note)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return keys.SyncDir(filepath.Dir(path))
}

// Traveller carries what lives in a Store to where rw leads.
type Traveller struct {
	Store  *Store
	Folder keys.Folder // in which its keys are open
	Move   Move
	From   string           // its data folder, for another of this machine; "" for another machine
	Now    func() time.Time // board time
	step   func(string)     // a test's, before each step
}

func (t *Traveller) at(name string) {
	if t.step != nil {
		t.step(name)
	}
}

// Line leads to the other side of a move.
type Line struct {
	In  io.Reader
	Out io.WriteCloser
}

// Go carries it over. When it fails before gone, all is as it was; afterwards it lives
// there, or will as soon as that side hears of it: Finish goes on.
func (t *Traveller) Go(ctx context.Context, l Line) (gone bool, err error) {
	dataDir := filepath.Dir(t.Store.path)
	note := filepath.Join(dataDir, movingFile)
	rows := filepath.Join(dataDir, "leaving.db")
	defer func() { err = errors.Join(err, removeFile(rows)) }()
	t.at("leaving")
	if err := writeNote(note, t.Move); err != nil {
		return false, fmt.Errorf("move: %w", err)
	}
	in := bufio.NewReader(l.In)
	if err := t.send(ctx, l.Out, in, rows); err != nil {
		return false, errors.Join(err, os.Remove(note))
	}
	t.at("sent")
	if err := listen(in, sayHave, t.Move.ID); err != nil {
		return false, errors.Join(err, os.Remove(note))
	}
	t.at("theirs")
	t.Move.Gone = true
	if err := writeNote(note, t.Move); err != nil {
		now, unread := readMove(dataDir)
		if unread != nil || now.Gone { // it may be on the disk
			return true, fmt.Errorf("move: %w", err)
		}
		speak(l.Out, word{Say: sayNo, ID: t.Move.ID})
		return false, errors.Join(fmt.Errorf("move: %w", err), os.Remove(note))
	}
	t.at("gone")
	return true, t.Move.letGo(l.Out, in)
}

// refusal is what the other side has said while it was spoken to, or err when it has
// said nothing.
func refusal(w io.Closer, in *bufio.Reader, err error) error {
	_ = w.Close() // so that it answers
	if why := listen(in, sayHave, ""); !errors.Is(why, io.EOF) {
		return why
	}
	return fmt.Errorf("the other side does not take it: %w", err)
}

// letGo has the other side serve what it has.
func (m Move) letGo(w io.Writer, in *bufio.Reader) error {
	speak(w, word{Say: sayGo, ID: m.ID})
	return listen(in, sayLives, m.ID)
}

// Resume has the other side serve what it was given by a move that was cut off.
func (m Move) Resume(l Line) error {
	raw, err := json.Marshal(hello{Mayfly: "move", Form: moveForm, ID: m.ID, Resume: true})
	if err != nil {
		return err
	}
	if _, err := l.Out.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("the other side does not answer: %w", err)
	}
	return listen(bufio.NewReader(l.In), sayLives, m.ID)
}

// send writes all that goes along. What has ended stays: it is swept first, and the rows
// are written anew, without the gaps of old pages.
func (t *Traveller) send(ctx context.Context, w io.WriteCloser, in *bufio.Reader, rows string) error {
	s, now := t.Store, t.Now()
	if err := s.Destroy(now); err != nil {
		return err
	}
	if _, err := s.Endings(ctx, now); err != nil {
		return err
	}
	if _, err := s.Bury(ctx, now); err != nil {
		return err
	}
	if err := s.copyRows(ctx, rows); err != nil {
		return wrap("copy rows", err)
	}
	t.at("copied")
	luggage, err := t.Folder.Pack(s.keys, now)
	if err != nil {
		return err
	}
	packed, err := json.Marshal(luggage)
	if err != nil {
		return err
	}
	defer clear(packed)
	f, err := os.Open(rows)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	known, err := newest()
	if err != nil {
		return err
	}
	first := hello{
		Mayfly: "move", Form: moveForm, ID: t.Move.ID, From: t.From, Board: fmt.Sprintf("%x", s.keys.ID()),
		Tables: known, Luggage: int64(len(packed)), Rows: info.Size(),
	}
	if err := sendAll(w, first, packed, f, t.at); err != nil {
		return refusal(w, in, err)
	}
	return nil
}

func sendAll(w io.Writer, first hello, packed []byte, rows io.Reader, at func(string)) error {
	raw, err := json.Marshal(first)
	if err != nil {
		return err
	}
	sum := sha256.New()
	both := io.MultiWriter(w, sum)
	if _, err := w.Write(append(raw, '\n')); err != nil {
		return err
	}
	at("keys")
	if _, err := both.Write(packed); err != nil {
		return err
	}
	at("rows")
	if _, err := io.Copy(both, rows); err != nil {
		return err
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// copyRows writes the rows into a new file, in which nothing is that is not a row.
func (s *Store) copyRows(ctx context.Context, path string) error {
	if err := removeFile(path); err != nil { // of a move that was cut short
		return err
	}
	if err := makeFile(path); err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.writer.ExecContext(ctx, "VACUUM INTO $1", path)
	return err
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Finish destroys what is left in a folder whose posts live elsewhere: the keys first.
// Nobody may have it open.
func Finish(dataDir string, folder keys.Folder) error {
	if err := folder.Burn(); err != nil {
		return err
	}
	for _, name := range []string{"mayfly.db", "mayfly.db-wal", "mayfly.db-shm", "leaving.db"} {
		if err := removeFile(filepath.Join(dataDir, name)); err != nil {
			return fmt.Errorf("remove what has moved: %w", err)
		}
	}
	return keys.SyncDir(dataDir)
}

// refusedError is what the other side has said no to.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return "the other side refuses: " + e.why }

func speak(w io.Writer, what word) {
	raw, err := json.Marshal(what)
	if err == nil {
		_, _ = w.Write(append(raw, '\n')) // who does not hear it will not answer
	}
}

// listen waits for a word of the other side; of any move where id is "".
func listen(in *bufio.Reader, want, id string) error {
	var got word
	switch line, err := in.ReadSlice('\n'); {
	case err != nil:
		return fmt.Errorf("the other side has gone silent: %w", err)
	case json.Unmarshal(line, &got) != nil:
		return fmt.Errorf("the other side does not speak as Mayfly does: it says %.60q", line)
	}
	if got.Say == sayNo {
		return &refusedError{got.Why}
	}
	if got.Say != want || got.ID != id {
		return fmt.Errorf("the other side says %.20q where %q is due", got.Say, want)
	}
	return nil
}

// HasBoard says whether there is a board in dataDir.
func HasBoard(dataDir string) bool { return isThere(filepath.Join(dataDir, "mayfly.db")) }
