package live

import (
	"encoding/binary"

	"github.com/gorilla/websocket"
)

// frames are frames as they go over the wire, one after the other. They are made
// once and not changed afterwards, whoever they are written to.
type frames struct {
	bytes []byte
	start int   // of the first
	ends  []int // of each
}

// all is the bytes of all.
func (f frames) all() []byte { return f.bytes[f.start:] }

// from leaves out the first n.
func (f frames) from(n int) frames {
	if n == 0 {
		return f
	}
	return frames{f.bytes, f.ends[n-1], f.ends[n:]}
}

// add puts one more at the end, and "" in place of one that could not be drawn.
func (f *frames) add(kind byte, text []byte) {
	if text != nil {
		f.bytes = appendFrame(f.bytes, kind, text)
	}
	f.ends = append(f.ends, len(f.bytes))
}

// frameOf makes a single one.
func frameOf(kind byte, text []byte) frames {
	b := appendFrame(make([]byte, 0, headMax+len(text)), kind, text)
	return frames{bytes: b, ends: []int{len(b)}}
}

// goodbye is the frame that ends a connection. A code that stands for none is not sent.
func goodbye(code int) []byte {
	return appendFrame(nil, websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
}

const headMax = 10 // bytes before a frame's text

// appendFrame is RFC 6455, 5.2: whole, and not masked, as a server's are.
func appendFrame(b []byte, kind byte, text []byte) []byte {
	const whole = 1 << 7
	b = append(b, whole|kind)
	switch n := len(text); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, text...)
}

// queue holds the frames that wait for one reader.
type queue struct {
	frames [][]byte
	begun  bool // of the first, the beginning has been sent
}

// push lets f wait, of whose bytes sent have been sent, unless too many do.
func (q *queue) push(f frames, sent int) bool {
	at, from := f.start+sent, f.start
	for _, end := range f.ends {
		if begins := max(at, from); begins < end {
			if len(q.frames) == queueMax {
				return false
			}
			q.begun = q.begun || begins > from
			q.frames = append(q.frames, f.bytes[begins:end])
		}
		from = end
	}
	return true
}

// take moves the first frames to b: as many as fit a chunk, but one at least.
func (q *queue) take(b []byte) []byte {
	n := 0
	for n < len(q.frames) && (n == 0 || len(b)+len(q.frames[n]) <= chunk) {
		b = append(b, q.frames[n]...)
		n++
	}
	if q.frames = q.frames[n:]; len(q.frames) == 0 {
		q.frames = nil
	}
	q.begun = q.begun && n == 0
	return b
}

// last leaves only the rest of a frame that was begun, and then b.
func (q *queue) last(b []byte) {
	q.frames = q.frames[:min(len(q.frames), 1)]
	if !q.begun {
		q.frames = nil
	}
	q.frames = append(q.frames, b)
}
