package live

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

const (
	queueMax  = 64               // frames that may wait for a reader
	chunk     = 16 << 10         // bytes written at once of those that wait: a record of TLS
	pingEvery = 20 * time.Second // SPEC 6
	pongWait  = 30 * time.Second // the same; since the last pong
	writeWait = 10 * time.Second // for one chunk
	closeWait = 3 * time.Second  // for a goodbye and its answer
	readMax   = 4 << 10          // bytes of a message, over all its fragments
)

// upgrader leaves Origin and Host to the caller of Serve, answers nothing itself,
// and never compresses: the read limit counts compressed bytes. Its buffers fit
// the control frames that readers send; what we send is prepared.
var upgrader = websocket.Upgrader{
	HandshakeTimeout: 5 * time.Second,
	ReadBufferSize:   256,
	WriteBufferSize:  256,
	WriteBufferPool:  &sync.Pool{},
	CheckOrigin:      func(*http.Request) bool { return true },
	Error:            func(http.ResponseWriter, *http.Request, int, error) {},
}

// ping is one frame for everybody.
var ping = frameOf(websocket.PingMessage, nil)

// Serve makes r's connection a socket that reads t, and returns: the socket lives
// on without net/http's goroutine and buffers. It calls closed once, when the
// socket is gone or was not made. It asks once, when nothing of the topic can be missed
// any more, whether the reader stays: a door may have been turned since the caller looked.
//
// The caller has checked Origin and Host (both present and exact, SPEC 6), limits,
// and that t is there. The error can still be answered: a *board.Error, Invalid
// when r asks for no socket, Busy after Close.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, t Topic, format string, stays func() bool, closed func()) error {
	if h.isShut() {
		closed()
		return &board.Error{Kind: board.Busy, Code: "error.busy", Args: map[string]any{"wait": closeWait}}
	}
	door := &hijacker{ResponseWriter: w}
	conn, err := upgrader.Upgrade(door, r, nil)
	if err != nil {
		closed()
		if door.wire != nil {
			return nil // it hung up during the handshake; there is nobody to answer
		}
		return &board.Error{Kind: board.Invalid, Code: "error.socket", Err: err}
	}
	in := newReader(conn, door.wire, format)
	if err := in.enter(h, t, stays); err != nil {
		h.log.ErrorContext(r.Context(), "a reader was turned away", "err", err)
	}
	go in.stay(h, closed)
	return nil
}

// hijacker takes the connection over, meters it, and keeps it.
type hijacker struct {
	http.ResponseWriter
	wire *wire
}

// Hijack finds the connection under whatever wraps the ResponseWriter.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.wire = newWire(conn)
	return h.wire, rw, nil
}

// reader is one socket. One goroutine waits for what it sends; another is there
// only while frames wait for it.
type reader struct {
	conn   *websocket.Conn
	wire   *wire
	format string
	topic  *topic      // nil: never came in
	door   string      // of a board, as its topic's
	from   uint64      // its topic's counter when it came in
	seat   int         // in the topic's room; the topic's lock holds it
	pulse  *time.Timer // sends the next ping

	mu      sync.Mutex // taken after a topic's, never before
	queue   queue
	writing bool // a goroutine is at the queue, or nobody writes any more
	code    int  // not 0: leaving, with this close code
	writers sync.WaitGroup
}

func newReader(conn *websocket.Conn, wire *wire, format string) *reader {
	r := &reader{conn: conn, wire: wire, format: format}
	wire.mute() // from here on all is written by r, in order
	r.pulse = time.AfterFunc(pingEvery, func() { r.send(newCourier(), ping) })
	r.alive()
	conn.SetReadLimit(readMax)
	conn.SetPingHandler(func(data string) error {
		if err := wire.heard(); err != nil {
			return err
		}
		r.send(newCourier(), frameOf(websocket.PongMessage, []byte(data)))
		return nil
	})
	conn.SetPongHandler(func(string) error {
		if err := wire.heard(); err != nil {
			return err
		}
		r.pulse.Reset(pingEvery)
		r.alive()
		return nil
	})
	conn.SetCloseHandler(func(code int, _ string) error {
		r.leave(code)
		return nil
	})
	return r
}

// enter brings r into a topic, or on its way out again when there is no entry.
func (r *reader) enter(h *Hub, t Topic, stays func() bool) error {
	err := h.join(r, t)
	switch {
	case err != nil:
		r.leave(websocket.CloseInternalServerErr)
	case h.isShut(): // asked after joining, so that Close sees r or r sees Close
		r.leave(websocket.CloseServiceRestart)
	case !stays():
		r.leave(CloseDoor)
	}
	return err
}

// stay reads until the connection ends.
func (r *reader) stay(h *Hub, closed func()) {
	defer closed()
	defer h.left(r)
	defer r.hangUp()
	defer r.pulse.Stop()
	err := r.listen()
	if code := breach(err); code != 0 {
		r.leave(code)
		// What is on its way must be read, or the kernel resets the connection
		// and our goodbye with it.
		_, _ = io.Copy(io.Discard, r.wire.Conn)
	} else if websocket.IsUnexpectedCloseError(err, websocket.CloseAbnormalClosure) { // the library's word for none
		r.writers.Wait() // until its goodbye is answered; closeWait at most
	}
}

// errNotText ends a reader whose text is not UTF-8.
var errNotText = errors.New("text is not UTF-8")

// listen takes what a reader sends, and has no use for it.
func (r *reader) listen() error {
	for {
		kind, body, err := r.conn.NextReader()
		if err != nil {
			return err
		}
		if err := r.wire.heard(); err != nil {
			return err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if kind == websocket.TextMessage && !utf8.Valid(text) {
			return errNotText
		}
	}
}

// breach is the close code for what a reader did, and 0 when the connection ended
// or the reader took its leave.
func breach(err error) int {
	var goodbye *websocket.CloseError
	var broken net.Error
	switch {
	case errors.Is(err, errFlood):
		return websocket.ClosePolicyViolation
	case errors.Is(err, errNotText):
		return websocket.CloseInvalidFramePayloadData
	case errors.Is(err, websocket.ErrReadLimit):
		return websocket.CloseMessageTooBig // the library has said so
	case errors.As(err, &goodbye), errors.As(err, &broken), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return 0
	}
	return websocket.CloseProtocolError // the same
}

// alive gives the reader until the next pong is due.
func (r *reader) alive() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code == 0 {
		_ = r.wire.SetReadDeadline(time.Now().Add(pongWait)) // a broken connection fails at the next read
	}
}

// send writes f now or, as far as the connection does not take it, queues it. It never
// waits: a reader whose queue is full leaves.
func (r *reader) send(c *courier, f frames) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code != 0 {
		return
	}
	sent, err := r.try(c, f.all())
	switch {
	case err != nil:
		r.fail()
	case sent == len(f.all()):
	case r.queue.push(f, sent):
		r.wake()
	default:
		r.quit(CloseSlow)
	}
}

// try writes of b what can be written now; r.mu is held.
func (r *reader) try(c *courier, b []byte) (int, error) {
	if r.writing || r.wire.raw == nil {
		return 0, nil
	}
	return c.try(r.wire.raw, b)
}

// leave says goodbye with a close code, if nothing has before. What waits is not
// sent any more. Neither a write that is stuck nor a reader who does not answer
// lasts longer than closeWait.
func (r *reader) leave(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code == 0 {
		r.quit(code)
	}
}

// quit is leave; r.mu is held.
func (r *reader) quit(code int) {
	r.code = code
	r.queue.last(goodbye(code))
	_ = r.wire.SetDeadline(time.Now().Add(closeWait)) // a broken connection fails at the next read
	r.wake()
}

// wake sees to it that somebody writes; r.mu is held.
func (r *reader) wake() {
	if !r.writing {
		r.writing = true
		r.writers.Go(r.write)
	}
}

// fail ends a connection that is broken; nobody writes to it again. r.mu is held.
func (r *reader) fail() {
	r.writing = true
	r.queue = queue{}
	r.hangUp()
}

// write writes what waits, then ends.
func (r *reader) write() {
	for b := r.next(nil); len(b) > 0; b = r.next(b[:0]) {
		if _, err := r.wire.Conn.Write(b); err != nil {
			r.mu.Lock()
			r.fail()
			r.mu.Unlock()
			return
		}
	}
}

// next puts what is to be written next into b: nothing when there is nothing to do.
func (r *reader) next(b []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	b = r.queue.take(b)
	r.writing = len(b) > 0
	var until time.Time // whoever writes without waiting must not find an old one
	if r.writing {
		until = time.Now().Add(writeWait)
	}
	if r.code == 0 {
		_ = r.wire.SetWriteDeadline(until) // a broken connection fails at the write
	}
	return b
}

func (r *reader) hangUp() { _ = r.conn.Close() } // twice does no harm
