package live

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// errFlood ends a reader who sends too much.
var errFlood = errors.New("flood")

// What a reader may send (R53). None of it is read: pages have nothing to say
// here. Bytes are metered beneath the messages, as a message may be cut into any
// number of empty fragments.
const (
	messageRate, messageBurst = 5, 20 // messages, pings and pongs; a second
	byteRate, byteBurst       = messageRate * readMax, messageBurst * readMax
)

// wire is a reader's connection with meters on it, which only the goroutine that reads
// uses. Once it is mute, what the library would write by itself is left to the reader.
type wire struct {
	net.Conn
	raw             syscall.RawConn // nil: bytes do not go out as they are
	bytes, messages meter
	isMute          bool
}

func newWire(c net.Conn) *wire {
	now := time.Now()
	return &wire{Conn: c, raw: rawOf(c), bytes: meter{byteBurst, now}, messages: meter{messageBurst, now}}
}

func (w *wire) mute() { w.isMute = true }

// Write is the library's: its handshake.
func (w *wire) Write(p []byte) (int, error) {
	if w.isMute {
		return len(p), nil
	}
	return w.Conn.Write(p)
}

// Read fails with errFlood when too many bytes come.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err == nil && !w.bytes.take(float64(n), byteRate, byteBurst) {
		return n, errFlood
	}
	return n, err
}

// heard counts one message.
func (w *wire) heard() error {
	if !w.messages.take(1, messageRate, messageBurst) {
		return errFlood
	}
	return nil
}

// meter is a token bucket.
type meter struct {
	left float64
	at   time.Time
}

func (m *meter) take(n, rate, burst float64) bool {
	now := time.Now()
	m.left = min(burst, m.left+now.Sub(m.at).Seconds()*rate)
	m.at = now
	if m.left < n {
		return false
	}
	m.left -= n
	return true
}
