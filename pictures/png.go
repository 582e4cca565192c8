package pictures

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/png"
	"io"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

// The colour types of a PNG.
const (
	pngGray      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGrayAlpha = 4
	pngRGBA      = 6
)

// pngHead is what stands before the pixels of a PNG.
type pngHead struct {
	width, height int
	depth, colour int
	interlaced    bool
	palette       [256][4]uint8 // premultiplied
	key           [3]uint16     // the colour that is transparent
	hasKey        bool
}

// channels is how many samples a pixel has.
func (h *pngHead) channels() int {
	switch h.colour {
	case pngGrayAlpha:
		return 2
	case pngRGB:
		return 3
	case pngRGBA:
		return 4
	}
	return 1
}

// lookPNG reads what stands before the pixels of a PNG, and checks that every
// chunk is whole.
//
// A PNG is read row by row, whatever its depth: image/png would hold 96 MB for
// twelve million pixels of 16 bits. An interlaced one has to be held whole, so
// image/png does it.
func lookPNG(file []byte) (header, error) {
	c, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return header{}, fmt.Errorf("read PNG header: %w", err)
	}
	head, orientation, err := walkPNG(file)
	if err != nil {
		return header{}, err
	}
	h := header{width: c.Width, height: c.Height, orientation: orientation}
	if head.interlaced {
		// One pass after another, and each is merged into the whole.
		h.bitmap = 2 * c.Width * c.Height * head.decodedPixel()
		h.open = decodeWith(png.Decode)
		return h, nil
	}
	h.open = head.open
	return h, nil
}

// decodedPixel is how many bytes image/png holds of one pixel.
func (h *pngHead) decodedPixel() int {
	n := 1
	if h.colour != pngPalette && (h.colour != pngGray || h.hasKey) {
		n = 4
	}
	return n * max(1, h.depth/8)
}

// walkPNG passes over the chunks of a PNG whose first has been read.
func walkPNG(file []byte) (*pngHead, orientation, error) {
	head, o := &pngHead{}, asStored
	for i := range head.palette {
		head.palette[i] = [4]uint8{3: 255} // what a palette lacks is black, as in libpng
	}
	pixels := false
	for at := len(pngMagic); ; {
		kind, data, err := pngChunk(file[at:])
		if err != nil {
			return nil, o, err
		}
		at += 12 + len(data)
		switch kind {
		case "IHDR":
			be := binary.BigEndian
			head.width, head.height = int(be.Uint32(data)), int(be.Uint32(data[4:]))
			head.depth, head.colour, head.interlaced = int(data[8]), int(data[9]), data[12] == 1
		case "PLTE":
			head.setPalette(data)
		case "tRNS":
			head.setTransparent(data)
		case "eXIf":
			o = exifOrientation(data)
		case "IDAT":
			pixels = true
		case "IEND":
			if !pixels {
				return nil, o, fmt.Errorf("PNG without pixels: %w", errFormat)
			}
			return head, o, nil
		}
	}
}

// pngChunk returns the chunk that rest begins with.
func pngChunk(rest []byte) (kind string, data []byte, err error) {
	if len(rest) < 12 {
		return "", nil, fmt.Errorf("PNG chunk: %w", errTruncated)
	}
	size := binary.BigEndian.Uint32(rest)
	if uint64(size)+12 > uint64(len(rest)) {
		return "", nil, fmt.Errorf("PNG chunk: %w", errTruncated)
	}
	end := 8 + int(size)
	if crc32.ChecksumIEEE(rest[4:end]) != binary.BigEndian.Uint32(rest[end:]) {
		return "", nil, fmt.Errorf("sum of a PNG chunk: %w", errFormat)
	}
	return string(rest[4:8]), rest[8:end], nil
}

// setPalette takes the colours of a PLTE chunk.
func (h *pngHead) setPalette(data []byte) {
	for i := range min(len(data)/3, len(h.palette)) {
		h.palette[i] = [4]uint8{data[3*i], data[3*i+1], data[3*i+2], 255}
	}
}

// setTransparent takes a tRNS chunk: how opaque each colour of the palette is, or
// the one colour that is not there.
func (h *pngHead) setTransparent(data []byte) {
	if h.colour == pngPalette {
		for i := range min(len(data), len(h.palette)) {
			c := h.palette[i]
			h.palette[i] = premultiplied(c[0], c[1], c[2], data[i])
		}
		return
	}
	if len(data) < 2*h.channels() || h.channels()%2 == 0 {
		return
	}
	h.hasKey = true
	for i := range h.channels() {
		h.key[i] = binary.BigEndian.Uint16(data[2*i:]) & uint16(1<<h.depth-1)
	}
}

func premultiplied(r, g, b, a uint8) [4]uint8 {
	mul := func(c uint8) uint8 { return uint8((int(c)*int(a) + 127) / 255 & 255) }
	return [4]uint8{mul(r), mul(g), mul(b), a}
}

// pngRows reads a PNG that is not interlaced.
type pngRows struct {
	*pngHead
	pixels    io.ReadCloser // the inflated rows, a byte for the filter before each
	line, old []byte        // this row and the one above, filter undone
	samples   []uint16
}

// open starts to read the rows of the PNG that r holds.
func (h *pngHead) open(r io.Reader) (rows, error) {
	if _, err := io.CopyN(io.Discard, r, int64(len(pngMagic))); err != nil {
		return nil, fmt.Errorf("read PNG: %w", err)
	}
	z, err := zlib.NewReader(&idat{r: r})
	if err != nil {
		return nil, fmt.Errorf("inflate PNG: %w", err)
	}
	bytes := (h.width*h.channels()*h.depth + 7) / 8
	return &pngRows{
		pngHead: h, pixels: z, line: make([]byte, bytes), old: make([]byte, bytes),
		samples: make([]uint16, h.width*h.channels()),
	}, nil
}

func (p *pngRows) size() (w, h int) { return p.width, p.height }

func (p *pngRows) row(_ int, dst []uint8) error {
	p.line, p.old = p.old, p.line
	var filter [1]byte
	if _, err := io.ReadFull(p.pixels, filter[:]); err != nil {
		return fmt.Errorf("read a row of a PNG: %w", err)
	}
	if _, err := io.ReadFull(p.pixels, p.line); err != nil {
		return fmt.Errorf("read a row of a PNG: %w", err)
	}
	if err := unfilter(filter[0], p.line, p.old, max(1, p.channels()*p.depth/8)); err != nil {
		return err
	}
	p.unpack()
	p.paint(dst)
	return nil
}

// end reads to the end of the pixels, where their checksum is.
func (p *pngRows) end() error {
	var more [1]byte
	if n, err := p.pixels.Read(more[:]); n > 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("end of a PNG: %w", errors.Join(errFormat, err))
	}
	return p.pixels.Close() //nolint:wrapcheck // says it all
}

// unfilter turns the differences in line back into bytes; old is the row above,
// and bpp says how far left the pixel before is.
func unfilter(filter byte, line, old []byte, bpp int) error {
	switch filter {
	case 0:
	case 1:
		for i := bpp; i < len(line); i++ {
			line[i] += line[i-bpp]
		}
	case 2:
		for i := range line {
			line[i] += old[i]
		}
	case 3:
		for i := range line {
			left := 0
			if i >= bpp {
				left = int(line[i-bpp])
			}
			line[i] += uint8((left + int(old[i])) / 2 & 255)
		}
	case 4:
		for i := range line {
			var left, corner uint8
			if i >= bpp {
				left, corner = line[i-bpp], old[i-bpp]
			}
			line[i] += paeth(left, old[i], corner)
		}
	default:
		return fmt.Errorf("filter %d of a PNG: %w", filter, errFormat)
	}
	return nil
}

// paeth is whichever of left, above and corner is nearest to left + above - corner.
func paeth(left, above, corner uint8) uint8 {
	l, a := int(above)-int(corner), int(left)-int(corner)
	c := abs(l + a)
	l, a = abs(l), abs(a)
	switch {
	case l <= a && l <= c:
		return left
	case a <= c:
		return above
	}
	return corner
}

func abs(n int) int { return max(n, -n) }

// unpack spreads the row into samples, whatever their depth.
func (p *pngRows) unpack() {
	switch p.depth {
	case 8:
		for i := range p.samples {
			p.samples[i] = uint16(p.line[i])
		}
	case 16:
		for i := range p.samples {
			p.samples[i] = binary.BigEndian.Uint16(p.line[2*i:])
		}
	default:
		most := byte(1<<p.depth - 1)
		for i := range p.samples {
			bit := i * p.depth
			p.samples[i] = uint16(p.line[bit/8] >> (8 - p.depth - bit%8) & most)
		}
	}
}

// paint writes the samples as premultiplied RGBA.
func (p *pngRows) paint(dst []uint8) {
	n := p.channels()
	for s := p.samples; len(s) >= n && len(dst) >= 4; s, dst = s[n:], dst[4:] {
		var c [4]uint8
		switch {
		case p.colour == pngPalette:
			c = p.palette[s[0]&255]
		case p.hasKey && p.isKey(s):
		case n < 3:
			grey, a := p.to8(s[0]), uint8(255)
			if n == 2 {
				a = p.to8(s[1])
			}
			c = premultiplied(grey, grey, grey, a)
		default:
			a := uint8(255)
			if n == 4 {
				a = p.to8(s[3])
			}
			c = premultiplied(p.to8(s[0]), p.to8(s[1]), p.to8(s[2]), a)
		}
		copy(dst, c[:])
	}
}

func (p *pngRows) isKey(s []uint16) bool {
	for i := range p.channels() {
		if s[i] != p.key[i] {
			return false
		}
	}
	return true
}

// to8 scales a sample to eight bits.
func (p *pngRows) to8(v uint16) uint8 {
	switch p.depth {
	case 8:
		return uint8(v & 255)
	case 16:
		return uint8(v >> 8)
	}
	return uint8(int(v) * 255 / (1<<p.depth - 1) & 255)
}

// idat joins the payloads of a PNG's IDAT chunks, which stand one after another.
// walkPNG has checked that they are whole.
type idat struct {
	r    io.Reader
	sum  int64 // bytes of a chunk's checksum that are still to be skipped
	left int64 // bytes of the payload that are still to be read
	any  bool
}

// Read ends where the last of them does.
func (d *idat) Read(p []byte) (int, error) {
	for d.left == 0 {
		if err := d.next(); err != nil {
			return 0, err
		}
	}
	n, err := d.r.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	return n, err //nolint:wrapcheck // a Reader's own
}

// next goes to the next chunk. Those before the first IDAT are passed over.
func (d *idat) next() error {
	var head [8]byte
	if _, err := io.CopyN(io.Discard, d.r, d.sum); err != nil {
		return fmt.Errorf("read PNG: %w", err)
	}
	if _, err := io.ReadFull(d.r, head[:]); err != nil {
		return fmt.Errorf("read PNG: %w", err)
	}
	size := int64(binary.BigEndian.Uint32(head[:]))
	switch {
	case string(head[4:]) == "IDAT":
		d.any, d.left, d.sum = true, size, 4
	case d.any:
		return io.EOF
	default:
		d.sum = size + 4
	}
	return nil
}
