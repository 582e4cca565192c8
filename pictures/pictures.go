// Package pictures turns the files that visitors send into pictures that hold
// nothing of them but what they show: decoded, turned upright, scaled and encoded
// anew. It knows nothing of HTTP, of storage, or of whose picture it is.
package pictures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"mayfly/board"
)

// What a file may be (SPEC 3). All of it is checked before anything is decoded.
const (
	MaxBytes  = 8 << 20
	MaxPixels = 12_000_000
	MaxSide   = 8000
)

const (
	// FullSide is the longest side of a pressed picture in pixels.
	FullSide = 1600
	// ThumbSide is the longest side of a thumbnail in pixels. A feed on a phone
	// is about 350 CSS pixels wide, which this fills at nearly two dots for each,
	// for a third of the bytes that the full picture would take.
	ThumbSide = 640
)

const (
	// maxBitmap is how many bytes a decoder may hold for one picture. With the
	// file, the scaled picture and what encoding takes, a picture stays below
	// 64 MB in all.
	maxBitmap = 40_000_000
	// pressTime is how long one picture may be worked on.
	pressTime = 5 * time.Second
	// maxWaiting is how many files may wait for a free core: each is up to
	// MaxBytes in memory.
	maxWaiting = 8
	// largeBitmap is what a decoder holds for a picture of FullSide, as browsers
	// send them. Above it pictures are pressed one after another, and their memory
	// is given back to the system at once: the collector would wait until as much
	// again is used.
	largeBitmap = FullSide * FullSide * 3 / 2
)

// Press makes pictures, one on each core at a time, and of large ones one in all.
type Press struct {
	cores   chan struct{}
	large   chan struct{}
	waiting atomic.Int64
	time    time.Duration
}

// NewPress returns a Press for as many pictures at once as there are cores.
func NewPress() *Press { return newPress(runtime.GOMAXPROCS(0)) }

func newPress(cores int) *Press {
	return &Press{cores: make(chan struct{}, cores), large: make(chan struct{}, 1), time: pressTime}
}

// A picture is what the board keeps of a file.
type (
	// Pressed is a picture in its two sizes.
	Pressed = board.Pressed
	// Image is one of them: image/jpeg or, with transparent parts, image/png.
	Image = board.Image
)

// errLate is why work on a picture was stopped.
var errLate = errors.New("out of time")

// Press makes a picture of file, which it does not keep. A file that can't be
// taken is a *board.Error that says why of the field "picture": Unsupported when
// it is of a kind that we don't read, TooLarge beyond MaxBytes, else Invalid. When
// too many wait already it is Busy. The end of ctx ends the work.
func (p *Press) Press(ctx context.Context, file []byte) (Pressed, error) {
	h, err := look(file)
	if err != nil {
		return Pressed{}, err
	}
	leave, err := p.enter(ctx, h.bitmap > largeBitmap)
	if err != nil {
		return Pressed{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeoutCause(ctx, p.time, errLate)
	defer cancel()
	pressed, err := press(ctx, h, file)
	if h.bitmap > largeBitmap {
		debug.FreeOSMemory()
	}
	switch {
	case err == nil:
		return pressed, nil
	case errors.Is(context.Cause(ctx), errLate):
		return Pressed{}, refuse("error.picture.late", errLate)
	case ctx.Err() != nil:
		return Pressed{}, fmt.Errorf("press picture: %w", ctx.Err())
	default:
		return Pressed{}, refuse("error.picture.broken", err)
	}
}

// enter waits for a core, and for its turn among the large.
func (p *Press) enter(ctx context.Context, large bool) (leave func(), err error) {
	if p.waiting.Add(1) > int64(cap(p.cores))+maxWaiting {
		p.waiting.Add(-1)
		return nil, &board.Error{Kind: board.Busy, Code: "error.busy", Err: errors.New("the queue of pictures is full")}
	}
	gates := []chan struct{}{p.cores}
	if large {
		gates = []chan struct{}{p.large, p.cores} // who waits among the large holds no core
	}
	for i, gate := range gates {
		select {
		case gate <- struct{}{}:
		case <-ctx.Done():
			p.leave(gates[:i])
			return nil, fmt.Errorf("wait for a core: %w", ctx.Err())
		}
	}
	return func() { p.leave(gates) }, nil
}

func (p *Press) leave(gates []chan struct{}) {
	for _, gate := range gates {
		<-gate
	}
	p.waiting.Add(-1)
}

func press(ctx context.Context, h header, file []byte) (Pressed, error) {
	full, err := upright(ctx, h, file)
	if err != nil {
		return Pressed{}, err
	}
	var out Pressed
	bed := bedOf(full)
	if out.Full, err = encode(full, bed, maxFullBytes); err != nil {
		return Pressed{}, err
	}
	thumb, err := scale(ctx, bitmap{full}, ThumbSide, asStored)
	if err != nil {
		return Pressed{}, err
	}
	out.Colour = placeholder(thumb, bed)
	if out.Thumb, err = encode(thumb, bed, maxThumbBytes); err != nil {
		return Pressed{}, err
	}
	return out, nil
}

// upright decodes file and returns it scaled to FullSide, as its maker meant it
// to stand. A decoder that panics has met a broken file, and no more.
func upright(ctx context.Context, h header, file []byte) (_ *image.RGBA, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("decoder panicked: %v", v)
		}
	}()
	r := &reader{ctx: ctx, r: bytes.NewReader(file)}
	src, err := h.open(r)
	if err != nil {
		return nil, err
	}
	img, err := scale(ctx, src, FullSide, h.orientation)
	if err != nil {
		return nil, err
	}
	return img, src.end()
}

// refuse says what is wrong with a file.
func refuse(code string, err error) error {
	kind := board.Invalid
	switch code {
	case "error.picture.type", "error.picture.heic":
		kind = board.Unsupported
	case "error.picture.large":
		kind = board.TooLarge
	}
	return &board.Error{
		Kind: kind, Code: "error.draft", Err: err,
		Fields: map[string]board.Problem{"picture": {Code: code, Args: map[string]any{
			"megabytes": MaxBytes >> 20, "megapixels": MaxPixels / 1_000_000, "side": MaxSide, "seconds": int(pressTime.Seconds()),
		}}},
	}
}

// reader gives a file to a decoder until ctx ends: nothing else stops one.
type reader struct {
	ctx context.Context //nolint:containedctx // a reader has no other way to hear of it
	r   *bytes.Reader
}

// Read fails once the time is up.
func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fmt.Errorf("read picture: %w", err)
	}
	return r.r.Read(p) //nolint:wrapcheck // io.EOF must stay itself
}

var _ io.Reader = (*reader)(nil)
