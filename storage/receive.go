package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"mayfly/storage/keys"
)

// Receiver takes in what another side carries over.
type Receiver struct {
	Data   string // its data folder, in which no board may be
	Folder keys.Folder
	step   func(string) // a test's, before each step
}

func (r *Receiver) at(name string) {
	if r.step != nil {
		r.step(name)
	}
}

func (r *Receiver) path(names ...string) string {
	return filepath.Join(append([]string{r.Data}, names...)...)
}

// Receive takes in one move, and tells the other side how far it has come. What fails
// before all of it is on the disk leaves nothing here.
func (r *Receiver) Receive(ctx context.Context, l Line) (err error) {
	if err := os.MkdirAll(r.Data, 0o700); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	in := bufio.NewReader(l.In)
	id, err := r.take(ctx, l.Out, in)
	if err != nil {
		speak(l.Out, word{Say: sayNo, ID: id, Why: err.Error()})
		return errors.Join(err, l.Out.Close())
	}
	return nil
}

func (r *Receiver) take(ctx context.Context, out io.Writer, in *bufio.Reader) (id string, err error) {
	held, err := lock(r.Data)
	if err != nil {
		return "", stopFirst(err)
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	var h hello
	line, err := in.ReadSlice('\n')
	if err != nil || json.Unmarshal(line, &h) != nil || h.Mayfly != "move" || h.ID == "" {
		return "", errors.New("what comes is no move of Mayfly's; it is the other end of mayfly move --by")
	}
	if h.Resume {
		return h.ID, r.resume(h.ID, out)
	}
	if err := r.ready(h); err != nil {
		return h.ID, err
	}
	if err := r.store(ctx, h, in); err != nil {
		return h.ID, errors.Join(err, r.drop())
	}
	r.at("have")
	speak(out, word{Say: sayHave, ID: h.ID})
	return h.ID, r.await(h.ID, out, in)
}

// ready says why a move can't be taken in, and clears away one that was cut off.
func (r *Receiver) ready(h hello) error {
	known, err := newest()
	switch {
	case err != nil:
		return err
	case h.Form != moveForm || h.Tables > known:
		return fmt.Errorf("it comes from a newer Mayfly (tables of version %d; here they are %d); bring this side up to date", h.Tables, known)
	case h.Luggage < 0 || h.Luggage > luggageMax || h.Rows < 0:
		return errors.New("it is larger than can be taken in")
	case isThere(r.path("mayfly.db")) || isThere(r.path(movingFile)):
		return fmt.Errorf("there is, or was, a board in %s; give a new or empty folder", r.Data)
	}
	a, waits, err := r.waits()
	if err != nil {
		return err
	}
	if !waits {
		return r.Folder.Vacant()
	}
	if a.Ready && a.Board != h.Board {
		return fmt.Errorf("another board waits in %s; there, run mayfly receive with --finish or --drop first", r.Data)
	}
	return r.drop() // the other side is alive, so it has not gone
}

// store brings all of it to disk, where nobody serves it yet.
func (r *Receiver) store(ctx context.Context, h hello, in io.Reader) error {
	if err := os.MkdirAll(r.path(arrivingDir), 0o700); err != nil {
		return err
	}
	note := arrival{ID: h.ID, From: h.From, Board: h.Board}
	if err := writeNote(r.path(arrivingDir, noteFile), note); err != nil {
		return err
	}
	r.at("arriving")
	luggage, err := r.storeRows(ctx, h, in)
	if err != nil {
		return err
	}
	r.at("rows are there")
	if err := r.Folder.Unpack(luggage); err != nil {
		return err
	}
	r.at("keys are there")
	note.Ready = true
	return errors.Join(writeNote(r.path(arrivingDir, noteFile), note), keys.SyncDir(r.Data))
}

// storeRows reads all there is to read; keys stay in memory until it was found whole.
func (r *Receiver) storeRows(ctx context.Context, h hello, in io.Reader) (l keys.Luggage, err error) {
	sum := sha256.New()
	var packed bytes.Buffer
	defer func() { clear(packed.Bytes()) }()
	if _, err := io.CopyN(io.MultiWriter(&packed, sum), in, h.Luggage); err != nil {
		return l, cutOff(err)
	}
	path := r.path(arrivingDir, "mayfly.db")
	if err := copyFile(path, io.LimitReader(in, h.Rows), sum); err != nil {
		return l, err
	}
	var want [sha256.Size]byte
	if _, err := io.ReadFull(in, want[:]); err != nil {
		return l, cutOff(err)
	}
	if !bytes.Equal(want[:], sum.Sum(nil)) || json.Unmarshal(packed.Bytes(), &l) != nil {
		return l, errors.New("it was damaged on the way; try again")
	}
	return l, openable(ctx, path)
}

func cutOff(err error) error { return fmt.Errorf("it was cut off on the way: %w", err) }

func copyFile(path string, in io.Reader, sum hash.Hash) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.MultiWriter(f, sum), in)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// openable says whether rows can be read and belong to a board, and sets the file up as
// one of ours.
func openable(ctx context.Context, path string) (err error) {
	if err := recognise(ctx, path); err != nil {
		return err
	}
	db := openPool(1, writes(path, busyTime), nil)
	defer func() { err = errors.Join(err, db.Close()) }()
	var ok string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&ok); err != nil || ok != "ok" {
		return fmt.Errorf("its rows can't be read (%s, %w)", ok, err)
	}
	_, err = tablesVersion(ctx, db)
	return err
}

// await hears what the other side decides. Whoever hears nothing leaves all as it is.
func (r *Receiver) await(id string, out io.Writer, in *bufio.Reader) error {
	err := listen(in, sayGo, id)
	if errors.As(err, new(*refusedError)) {
		return errors.Join(errors.New("the other side has called it off"), r.drop())
	}
	if err != nil {
		return fmt.Errorf("%w: %w", unfinishedError(r.Data), err)
	}
	if err := r.settle(); err != nil {
		return err
	}
	speak(out, word{Say: sayLives, ID: id})
	return nil
}

// settle has what has arrived take its place, from which it is served: one rename.
func (r *Receiver) settle() error {
	r.at("settling")
	if !isThere(r.path("mayfly.db")) {
		if err := os.Rename(r.path(arrivingDir, "mayfly.db"), r.path("mayfly.db")); err != nil {
			return err
		}
	}
	if err := keys.SyncDir(r.Data); err != nil {
		return err
	}
	r.at("settled")
	if err := os.Rename(r.path(arrivingDir, noteFile), r.path(arrivedFile)); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(r.path(arrivingDir)), keys.SyncDir(r.Data))
}

// resume serves a move that the other side is through with.
func (r *Receiver) resume(id string, out io.Writer) error {
	var here, done arrival
	if err := errors.Join(readNote(r.path(arrivingDir, noteFile), &here), readNote(r.path(arrivedFile), &done)); err != nil {
		return err
	}
	switch {
	case done.ID == id:
	case here.ID == id && here.Ready:
		if err := r.settle(); err != nil {
			return err
		}
	default:
		return fmt.Errorf("nothing of this move is in %s; give the folder that it went to", r.Data)
	}
	speak(out, word{Say: sayLives, ID: id})
	return nil
}

// drop destroys what has arrived and never lived here, its keys first.
func (r *Receiver) drop() error {
	if !isThere(r.path(arrivingDir)) {
		return nil
	}
	if err := r.Folder.Burn(); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(r.path(arrivingDir)), keys.SyncDir(r.Data))
}

// waits says whether something has arrived here and is not served yet.
func (r *Receiver) waits() (a arrival, waits bool, err error) {
	if !isThere(r.path(arrivingDir)) {
		return a, false, nil
	}
	return a, true, readNote(r.path(arrivingDir, noteFile), &a)
}

var errNothingWaits = errors.New("nothing waits there to be served")

// Drop destroys what has arrived and was not served, for it stays where it was.
func (r *Receiver) Drop() error {
	return r.alone(func(_ arrival) error {
		if isThere(r.path("mayfly.db")) {
			return errNothingWaits
		}
		return r.drop()
	})
}

// Finish serves what has arrived although the other side never said that it has gone.
func (r *Receiver) Finish() error {
	return r.alone(func(a arrival) error {
		if !a.Ready {
			return errors.New("not all of it has arrived, so it lives where it came from; run mayfly move there again")
		}
		return r.settle()
	})
}

// alone does something with what waits, while nobody else can.
func (r *Receiver) alone(do func(arrival) error) (err error) {
	held, err := lock(r.Data)
	if err != nil {
		return stopFirst(err)
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	a, waits, err := r.waits()
	if err != nil || !waits {
		return errors.Join(err, errNothingWaits)
	}
	return do(a)
}

// SettleMove brings a move to its end that was cut off, as far as this machine can know
// how it stands: before a start, and before another move.
func SettleMove(dataDir string, folder keys.Folder, log *slog.Logger) (err error) {
	r := &Receiver{Data: dataDir, Folder: folder}
	if !isThere(r.path(movingFile)) && !isThere(r.path(arrivingDir)) {
		return nil
	}
	held, err := lock(dataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	m, err := readMove(dataDir)
	if err != nil {
		return err
	}
	switch {
	case m.Gone:
		return errors.Join(&MovedError{dataDir, m.To}, Finish(dataDir, folder))
	case m.ID != "":
		if err := m.callOff(log); err != nil {
			return err
		}
		return errors.Join(removeFile(r.path("leaving.db")), os.Remove(r.path(movingFile)), keys.SyncDir(dataDir))
	}
	return r.learn(log)
}

// callOff destroys what a move that was cut off has left where it went. It lives here.
func (m Move) callOff(log *slog.Logger) (err error) {
	if m.Keys == "" {
		log.Warn("a move was cut off, and the posts live here; if anything of it is on the other side, run mayfly receive --drop there", "to", m.To)
		return nil
	}
	there := &Receiver{Data: m.To}
	a, waits, err := there.waits()
	if err != nil || !waits || a.ID != m.ID && a.ID != "" {
		return err
	}
	held, err := lock(m.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	if there.Folder, err = keys.OpenFolder(m.Keys, m.To); err != nil {
		return err
	}
	log.Warn("a move was cut off; the posts live here, and what had arrived there is destroyed", "to", m.To)
	return there.drop()
}

// learn serves what has arrived if the folder it came from says that it has gone.
func (r *Receiver) learn(log *slog.Logger) error {
	a, _, err := r.waits()
	if err != nil {
		return err
	}
	if isThere(r.path("mayfly.db")) && a.ID == "" { // all but the last step was done
		return os.RemoveAll(r.path(arrivingDir))
	}
	var there Move
	if a.From != "" {
		if there, err = readMove(a.From); err != nil {
			return err
		}
	}
	if isThere(r.path("mayfly.db")) || a.Ready && there.Gone && there.ID == a.ID {
		log.Info("a move has come to its end", "from", a.From)
		return r.settle()
	}
	return unfinishedError(r.Data)
}
