package handlers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/semaphore"

	"mayfly/board"
	"mayfly/pictures"
)

// pipes is a listener whose connections are in memory, so that a synctest clock
// turns their deadlines.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// arrival is how a body of a hundred kilobytes came in, and was answered.
type arrival struct {
	bytes  int
	err    error // of reading it
	called error // why the request was called off meanwhile
	status string
}

// pressing is longer than a body may take, and shorter than an answer may.
const pressing = 20 * time.Second

// send sends the body in pieces of so many bytes, with a pause before each, to a
// server whose handler works for a while on what it has read.
func send(t *testing.T, piece int, pause time.Duration) (a arrival) {
	t.Helper()
	p := &pipes{make(chan net.Conn), make(chan struct{})}
	srv := NewHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := newSlowBody(w, r.Body)
		b, err := io.ReadAll(body)
		a.bytes, a.err = len(b), err
		body.ended()
		time.Sleep(pressing)
		a.called = r.Context().Err()
	}), slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- srv.Serve(p) }()
	client, server := net.Pipe()
	p.conns <- server
	go func() {
		_, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
		for left := 100_000; left > 0 && err == nil; left -= piece {
			time.Sleep(pause)
			_, err = client.Write(make([]byte, min(piece, left)))
		}
	}()
	answer := make([]byte, 64)
	n, _ := client.Read(answer)
	a.status, _, _ = strings.Cut(string(answer[:n]), "\r\n")
	if err := errors.Join(client.Close(), srv.Close()); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	return a
}

func TestABodyMayBeSlowWhileItComes(t *testing.T) {
	for name, tt := range map[string]struct {
		piece int
		pause time.Duration
		whole bool
	}{
		"at once":                        {100_000, 0, true},
		"20 kB a second":                 {2_000, 100 * time.Millisecond, true},
		"12 kB a second, within a grace": {6_000, 500 * time.Millisecond, true},
		"1 kB a second":                  {1_000, time.Second, false},
		"a breath every five seconds":    {60_000, 5 * time.Second, true},
		"a silence of nine":              {60_000, 9 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := send(t, tt.piece, tt.pause)
				if !tt.whole {
					if got := uploadError(a.err); !errors.Is(got, errSlow) || a.bytes > 30_000+60_000 {
						t.Errorf("%d bytes came, then %v", a.bytes, a.err)
					}
					return
				}
				if a.err != nil || a.bytes != 100_000 {
					t.Errorf("%d bytes came, then %v", a.bytes, a.err)
				}
				if a.called != nil || a.status != "HTTP/1.1 200 OK" {
					t.Errorf("after pressing: %v; answered %q", a.called, a.status)
				}
			})
		})
	}
}

// newIntake takes pictures into a room, at nobody's expense.
func newIntake(ctx context.Context, room *semaphore.Weighted) *intake {
	body := newSlowBody(httptest.NewRecorder(), http.NoBody)
	return &intake{room: room, charge: func() error { return nil }, body: body, ctx: ctx, size: -1}
}

func kindOf(err error) board.Kind {
	e, _ := errors.AsType[*board.Error](err)
	if e == nil {
		return board.Internal
	}
	return e.Kind
}

func TestPicturesWaitForRoomAndAreRefusedWithoutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		room := semaphore.NewWeighted(8 * roomPiece)
		first, second := newIntake(t.Context(), room), newIntake(t.Context(), room)
		five := make([]byte, 5*roomPiece)
		if _, err := first.Write(five); err != nil || first.refused != nil {
			t.Fatal(err, first.refused)
		}
		began := time.Now()
		time.AfterFunc(2*time.Second, first.release)
		if _, err := second.Write(five); err != nil || second.refused != nil || time.Since(began) != 2*time.Second {
			t.Errorf("after %v: %v; want it to wait for the first", time.Since(began), second.refused)
		}
		if left := second.body.until.Sub(began); left != bodyTime+2*time.Second {
			t.Errorf("its body has %v, want the time it waited on top", left)
		}
		third := newIntake(t.Context(), room)
		began = time.Now()
		if _, err := third.Write(five); err != nil {
			t.Fatal(err)
		}
		if kindOf(third.refused) != board.Busy || time.Since(began) != roomTime || third.file != nil {
			t.Errorf("after %v: %v; want it refused as busy", time.Since(began), third.refused)
		}
		second.release()
		second.release()
		third.release()
		if !room.TryAcquire(8 * roomPiece) {
			t.Error("some room was not given back")
		}
	})
}

func TestAPictureTooLargeLetsGoOfItsRoom(t *testing.T) {
	room := semaphore.NewWeighted(uploadRoom)
	in := newIntake(t.Context(), room)
	piece := make([]byte, roomPiece)
	for range pictures.MaxBytes / roomPiece {
		if _, err := in.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if in.refused != nil || len(in.file) != pictures.MaxBytes || cap(in.file) != pictures.MaxBytes {
		t.Fatalf("%d bytes in %d, %v; want as much as may be", len(in.file), cap(in.file), in.refused)
	}
	if _, err := in.Write(piece[:1]); err != nil {
		t.Fatal(err)
	}
	if kindOf(in.refused) != board.TooLarge || in.file != nil || !room.TryAcquire(uploadRoom) {
		t.Errorf("a byte more: %v, and %d bytes are kept", in.refused, len(in.file))
	}
}

// FuzzReadParts: whatever is sent, no more is kept than may be, and nothing panics.
func FuzzReadParts(f *testing.F) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("x")
	_ = w.WriteField("body", "hello")
	_ = w.WriteField("alt", "a heron")
	part, _ := w.CreateFormFile("picture", "a.jpg")
	_, _ = part.Write([]byte("\xff\xd8\xff"))
	_ = w.Close()
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:b.Len()/2])
	f.Add(bytes.ReplaceAll(b.Bytes(), []byte("form-data"), []byte("form-data; name=picture")))
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=\"picture\"\r\n\r\n\r\n--x--\r\n"))
	f.Add([]byte("--x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n--x--"))
	f.Fuzz(func(t *testing.T, sentBytes []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(sentBytes))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		room := semaphore.NewWeighted(uploadRoom)
		form := &sent{Values: url.Values{}, picture: *newIntake(t.Context(), room)}
		body := newSlowBody(deadlines{httptest.NewRecorder()}, r.Body)
		form.picture.body, r.Body = body, body
		err := form.read(r)
		if err != nil && refusalOf(err).status >= http.StatusInternalServerError {
			t.Fatalf("refused as our own fault: %v", err)
		}
		kept := len(form.picture.file)
		for name, values := range form.Values {
			for _, v := range values {
				kept += len(name) + len(v)
			}
		}
		if kept > len(sentBytes) || len(form.Values) > maxParts {
			t.Fatalf("%d bytes are kept of %d", kept, len(sentBytes))
		}
		form.release()
		if !room.TryAcquire(uploadRoom) {
			t.Fatal("some room was not given back")
		}
	})
}

// deadlines is a recorder of a connection that takes deadlines.
type deadlines struct{ *httptest.ResponseRecorder }

func (deadlines) SetReadDeadline(time.Time) error  { return nil }
func (deadlines) SetWriteDeadline(time.Time) error { return nil }
