package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/pictures"
)

const (
	// maxUpload is how much of a form with a picture is read. No picture of more
	// than pictures.MaxBytes is kept; the rest is read past, so that a browser which
	// sends too much hears why, and gets its words back.
	maxUpload = 4 * pictures.MaxBytes
	// maxParts is far more than any form of ours has.
	maxParts = 40
)

// sent is a form as it came. It must be released when its post is stored or refused.
type sent struct {
	url.Values
	picture intake
	author  *board.Visitor // who was charged when the picture came; nil: it has not
}

// readSent reads a form of either kind. What it read before an error is in what it
// returns, never nil: words are given back.
func (s *Server) readSent(w http.ResponseWriter, r *http.Request) (*sent, error) {
	f := &sent{Values: url.Values{}}
	if !isMultipart(r) {
		err := readWordsForm(w, r)
		f.Values = r.PostForm
		return f, err
	}
	r.PostForm = f.Values // as it fills
	f.picture = intake{
		room: s.uploads,
		charge: func() error {
			v, err := s.writer(r, r.PathValue("board"), limit.Post, limit.Picture)
			f.author = &v
			return err
		},
		ctx:  r.Context(),
		size: r.ContentLength,
	}
	return f, f.readAll(w, r)
}

// readRefused reads what words there are in a form that is refused with why: its picture
// is read past.
func readRefused(w http.ResponseWriter, r *http.Request, why error) url.Values {
	if !isMultipart(r) {
		_ = readWordsForm(w, r) // it is refused already
		return r.PostForm
	}
	f := &sent{Values: url.Values{}, picture: intake{refused: why}}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	_ = f.readAll(w, r) // the same
	return f.Values
}

// readAll reads a form with a picture to its end, or past what nobody wants of it.
func (f *sent) readAll(w http.ResponseWriter, r *http.Request) error {
	body := newSlowBody(w, r.Body)
	defer body.ended()
	r.Body, f.picture.body = body, body
	err := f.read(r)
	if !body.whole && !errors.Is(err, errSlow) { // a browser hears nothing before all is sent
		body.allow(maxUpload)
		_ = readPast(body) // what it is told is err
	}
	if !body.whole {
		w.Header().Set("Connection", "close")
	}
	return err
}

// readWordsForm is readForm for what somebody may have written long at: of a form that came
// too slowly, or broke off, it reads what came, never nil.
func readWordsForm(w http.ResponseWriter, r *http.Request) error {
	_, err := readCutForm(w, r)
	return err
}

// readCutForm is readWordsForm that names the field in which a form broke off; "": it broke
// off in the name of one.
func readCutForm(w http.ResponseWriter, r *http.Request) (last string, err error) {
	r.PostForm = url.Values{}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); t != formType && (err == nil || r.ContentLength != 0) {
		return "", errMedia
	}
	body := newSlowBody(w, r.Body)
	defer body.ended()
	body.allow(maxClaim) // withBody says how much of which form is read
	b, err := io.ReadAll(body)
	if err == nil {
		if r.PostForm, err = url.ParseQuery(string(b)); err != nil {
			return "", errBadRequest
		}
		return "", nil
	}
	w.Header().Set("Connection", "close")
	r.PostForm, _ = url.ParseQuery(beforeCut(string(b))) // what can't be read of it is left out
	for _, values := range r.PostForm {
		for i := range values {
			values[i] = strings.ToValidUTF8(values[i], "")
		}
	}
	name, _, whole := strings.Cut(string(b[bytes.LastIndexByte(b, '&')+1:]), "=")
	if last, _ = url.QueryUnescape(name); !whole {
		delete(r.PostForm, last)
		last = ""
	}
	if err = uploadError(err); errors.Is(err, errSlow) {
		return last, errSlowWords
	}
	return last, err
}

// beforeCut takes half an escape from the end of a form that broke off.
func beforeCut(form string) string {
	if i := strings.LastIndexByte(form, '%'); i >= 0 && i > len(form)-3 {
		return form[:i]
	}
	return form
}

// outlasting is r for the answer to a form that could not be read to its end: net/http
// calls a request off whose body breaks, but whoever was too slow waits for an answer.
func outlasting(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerTime)
	return r.WithContext(ctx), cancel
}

// read reads a form part by part into memory: http.Request.ParseMultipartForm would
// write plaintext to the disk.
func (f *sent) read(r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return errBadRequest
	}
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			if err := readPast(r.Body); err != nil {
				return err
			}
			return f.picture.refused
		}
		if err != nil {
			return uploadError(err)
		}
		if part.FormName() == "picture" {
			err = f.picture.read(part, part.FileName() != "")
		} else {
			err = f.readWords(part.FormName(), part)
		}
		if err != nil {
			return uploadError(err)
		}
	}
	return errBadRequest
}

// readPast reads what follows the last part, which is nothing: whoever promised more
// must not have the answer wait for it.
func readPast(body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return uploadError(err)
	}
	return nil
}

// readWords reads a field; the body gives no more than words can be.
func (f *sent) readWords(name string, from io.Reader) error {
	b, err := io.ReadAll(from)
	if err == nil {
		f.Add(name, string(b))
	}
	return err
}

// draft is what fields say, with the picture that came with them.
func (f *sent) draft(s *Server, fields draftFields) (board.Draft, error) {
	d, err := fields.parse()
	if len(f.picture.file) > 0 {
		d.Picture = &upload{s.press, &f.picture}
	}
	d.Alt = f.Get("alt")
	return d, err
}

// writer is who writes the post, charged for it.
func (f *sent) writer(s *Server, r *http.Request, slug string) (board.Visitor, error) {
	if f.author != nil {
		return *f.author, nil
	}
	return s.writer(r, slug, limit.Post)
}

func (f *sent) release() { f.picture.release() }

func isMultipart(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "multipart/form-data"
}

// upload is a picture that waits to be pressed.
type upload struct {
	press *pictures.Press
	from  *intake
}

// Press presses the file once, and lets go of it.
func (u *upload) Press(ctx context.Context) (board.Pressed, error) {
	file := u.from.file
	u.from.file = nil
	return u.press.Press(ctx, file)
}

const (
	// uploadRoom is how many bytes of pictures are in memory at a time, from their
	// arrival until their posts are stored. It is held a piece at a time; who finds
	// none waits for roomTime.
	uploadRoom = 16 << 20
	roomPiece  = 1 << 20
	roomTime   = 5 * time.Second
)

// intake takes in the picture of a form as it arrives. One that is refused is read
// past.
type intake struct {
	room   *semaphore.Weighted
	charge func() error // to whoever sent it, before it is kept
	body   *slowBody
	ctx    context.Context //nolint:containedctx // an io.Writer has no other way to hear of it
	size   int64           // of the whole form; -1: not said

	file    []byte
	held    int64 // of the room
	came    bool
	refused error
}

// read reads the part of the form; its error is that of the body. A part without
// bytes is a field where nothing was chosen, unless it is named as a file.
func (in *intake) read(part io.Reader, named bool) error {
	if in.came { // a second one
		return errBadRequest
	}
	_, err := io.Copy(in, part)
	if !in.came && named && err == nil {
		in.came, in.refused = true, pictureError(board.Invalid, "error.picture.broken")
	}
	return err
}

// Write never fails.
func (in *intake) Write(p []byte) (int, error) {
	in.body.allow(len(p))
	if in.refused == nil {
		in.refused = in.take(p)
	}
	if in.refused != nil {
		in.release()
	}
	return len(p), nil
}

func (in *intake) take(p []byte) error {
	if !in.came {
		in.came = true
		if err := in.charge(); err != nil {
			return err
		}
		// All at once, for what grows leaves as much behind. Memory that nothing has
		// been written to is not used yet.
		size := int64(pictures.MaxBytes)
		if in.size >= 0 {
			size = min(size, in.size)
		}
		in.file = make([]byte, 0, size)
	}
	if len(in.file)+len(p) > pictures.MaxBytes {
		return pictureError(board.TooLarge, "error.picture.large", "megabytes", pictures.MaxBytes>>20)
	}
	for int64(len(in.file)+len(p)) > in.held {
		if err := in.hold(); err != nil {
			return err
		}
	}
	in.file = append(in.file, p...)
	return nil
}

// hold waits for another piece of the room.
func (in *intake) hold() error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(in.ctx, roomTime)
	defer cancel()
	if err := in.room.Acquire(ctx, roomPiece); err != nil {
		return &board.Error{Kind: board.Busy, Code: "error.picture.busy", Err: err}
	}
	in.held += roomPiece
	in.body.waited(time.Since(began))
	return nil
}

func (in *intake) release() {
	in.file = nil
	if in.held > 0 {
		in.room.Release(in.held)
		in.held = 0
	}
}

func pictureError(kind board.Kind, code string, args ...any) error {
	err := invalid("picture", code, args...)
	err.Kind = kind
	return err
}

// uploadError is why a form could not be read to its end. Slowness is no 408:
// after that browsers send the same again by themselves.
func uploadError(err error) error {
	if _, ok := errors.AsType[*httpError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return errCut
}

const (
	// A form with a picture may take bodyTime as every body does, and then longer
	// as long as bodyRate bytes a second have arrived of it; never silent for longer
	// than bodyTime.
	bodyTime = 8 * time.Second
	bodyRate = 16 << 10
	// bodySpare is how much of it may be read that is neither words nor picture.
	bodySpare = 64 << 10
)

// slowBody is a body that may be as slow as a phone's, and as large as a picture
// makes it.
type slowBody struct {
	io.ReadCloser
	control *http.ResponseController
	until   time.Time // when so much of it must have arrived as has
	allowed int       // bytes of it that may still be read
	whole   bool      // it has come to its end
}

func newSlowBody(w http.ResponseWriter, body io.ReadCloser) *slowBody {
	return &slowBody{ReadCloser: body, control: http.NewResponseController(w), until: time.Now().Add(bodyTime), allowed: maxBody + bodySpare}
}

// Read reads what is allowed, as long as it comes quickly enough.
func (b *slowBody) Read(p []byte) (int, error) {
	if b.allowed <= 0 {
		return 0, errTooLarge
	}
	deadline := time.Now().Add(bodyTime)
	if b.until.Before(deadline) {
		deadline = b.until
	}
	if err := b.control.SetReadDeadline(deadline); err != nil {
		return 0, fmt.Errorf("read form: %w", err)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.allowed)])
	b.whole = errors.Is(err, io.EOF)
	b.allowed -= n
	b.waited(time.Duration(n) * time.Second / bodyRate)
	return n, err
}

// allow lets n bytes more be read: those of the picture.
func (b *slowBody) allow(n int) { b.allowed += n }

// waited gives the body as much time more.
func (b *slowBody) waited(d time.Duration) { b.until = b.until.Add(d) }

// ended gives the answer the time that an answer has: the server counts it from the
// request's beginning, and calls a request off when its time to read is over. What
// is left of a body is not waited for longer than that of any other.
func (b *slowBody) ended() {
	now := time.Now()
	var reading time.Time
	if !b.whole {
		reading = now.Add(bodyTime)
	}
	_ = b.control.SetReadDeadline(reading)              // both fail only where
	_ = b.control.SetWriteDeadline(now.Add(answerTime)) // there is no connection any more
}
