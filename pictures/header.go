package pictures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"io"
	"slices"

	"golang.org/x/image/webp"
)

// header is what a file says of itself before anything of it is decoded.
type header struct {
	width, height int
	orientation   orientation
	bitmap        int // bytes that its decoder will hold, files aside
	open          func(io.Reader) (rows, error)
}

var (
	errFormat    = errors.New("not as its format asks")
	errTruncated = errors.New("ends too soon")
	errBomb      = errors.New("more than its size would let one think")
)

// look reads the header of file and refuses what is too large to be decoded. A
// format is known by what a file begins with; what its sender calls it is not
// asked.
func look(file []byte) (header, error) {
	if len(file) > MaxBytes {
		return header{}, refuse("error.picture.large", fmt.Errorf("%d bytes", len(file)))
	}
	read := readerOf(file)
	if read == nil {
		code := "error.picture.type"
		if isPhoneFormat(file) {
			code = "error.picture.heic"
		}
		return header{}, refuse(code, errors.New("not a format we read"))
	}
	h, err := read(file)
	switch {
	case errors.Is(err, errMoving):
		return header{}, refuse("error.picture.type", err)
	case errors.Is(err, errBomb):
		return header{}, refuse("error.picture.heavy", err)
	case err != nil:
		return header{}, refuse("error.picture.broken", err)
	case h.width < 1 || h.height < 1:
		return header{}, refuse("error.picture.broken", errFormat)
	case h.width > MaxSide || h.height > MaxSide || h.width*h.height > MaxPixels:
		return header{}, refuse("error.picture.pixels", fmt.Errorf("%d × %d", h.width, h.height))
	case h.bitmap > maxBitmap:
		return header{}, refuse("error.picture.heavy", fmt.Errorf("%d bytes to decode", h.bitmap))
	}
	return h, nil
}

// readerOf returns what reads the header of such a file; nil: nothing does.
func readerOf(file []byte) func([]byte) (header, error) {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		return lookJPEG
	case bytes.HasPrefix(file, []byte(pngMagic)):
		return lookPNG
	case bytes.HasPrefix(file, []byte("GIF87a")), bytes.HasPrefix(file, []byte("GIF89a")):
		return lookGIF
	case len(file) >= 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		return lookWebP
	}
	return nil
}

// isPhoneFormat says whether file is HEIC or AVIF, which phones make, browsers
// turn into JPEG, and Go can't read.
func isPhoneFormat(file []byte) bool {
	if len(file) < 12 || string(file[4:8]) != "ftyp" {
		return false
	}
	return slices.Contains([]string{
		"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "mif2", "msf1", "avif", "avis",
	}, string(file[8:12]))
}

// lookGIF reads a GIF's header and walks its frames, of which the first alone
// will be decoded.
func lookGIF(file []byte) (header, error) {
	c, err := gif.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return header{}, fmt.Errorf("read GIF header: %w", err)
	}
	return header{
		width: c.Width, height: c.Height, orientation: asStored,
		bitmap: c.Width * c.Height, open: decodeWith(gif.Decode),
	}, walkGIF(file)
}

// maxGIFPixels is how many pixels all frames of a GIF may have together: a
// minute of a video that fills a phone. Beyond it is a bomb for whoever would
// decode them all, and we have no wish to keep it company.
const maxGIFPixels = 20 * MaxPixels

// walkGIF passes over the blocks of a GIF whose header has been read.
func walkGIF(file []byte) error {
	at := 13 + tableSize(file[10])
	for pixels := 0; ; {
		if at >= len(file) {
			return fmt.Errorf("GIF: %w", errTruncated)
		}
		switch kind := file[at]; kind {
		case ';':
			return nil
		case '!':
			at += 2
		case ',':
			if at+11 > len(file) {
				return fmt.Errorf("GIF frame: %w", errTruncated)
			}
			le := binary.LittleEndian
			pixels += int(le.Uint16(file[at+5:])) * int(le.Uint16(file[at+7:]))
			if pixels > maxGIFPixels {
				return fmt.Errorf("frames of a GIF: %w", errBomb)
			}
			at += 10 + tableSize(file[at+9]) + 1
		default:
			return fmt.Errorf("GIF block %#x: %w", kind, errFormat)
		}
		for at < len(file) && file[at] != 0 {
			at += 1 + int(file[at])
		}
		at++
	}
}

// tableSize is how many bytes of colours follow such flags.
func tableSize(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// errMoving is for animated WebP, which x/image does not read.
var errMoving = errors.New("an animated WebP")

// lookWebP reads the header of a WebP and walks its chunks.
func lookWebP(file []byte) (header, error) {
	end := 8 + int(binary.LittleEndian.Uint32(file[4:]))
	if end > len(file) {
		return header{}, fmt.Errorf("WebP: %w", errTruncated)
	}
	h := header{orientation: asStored}
	perPixel := 0 // in quarters of a byte
	for at := 12; at+8 <= end; {
		kind, size := string(file[at:at+4]), int(binary.LittleEndian.Uint32(file[at+4:]))
		at += 8
		if size > end-at {
			return header{}, fmt.Errorf("WebP chunk: %w", errTruncated)
		}
		data := file[at : at+size]
		switch kind {
		case "VP8X":
			if size > 0 && data[0]&2 != 0 {
				return header{}, errMoving
			}
		case "VP8 ":
			perPixel += 6
		case "VP8L":
			perPixel += vp8lQuarters
		case "ALPH":
			perPixel += 4
			if size > 0 && data[0]&3 != 0 {
				perPixel += vp8lQuarters
			}
		case "EXIF":
			h.orientation = exifOrientation(bytes.TrimPrefix(data, []byte("Exif\x00\x00")))
		}
		at += size + size&1
	}
	c, err := webp.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return header{}, fmt.Errorf("read WebP header: %w", err)
	}
	h.width, h.height, h.bitmap = c.Width, c.Height, c.Width*c.Height*perPixel/4
	h.open = decodeWith(webp.Decode)
	return h, nil
}

// vp8lQuarters is what the lossless half of WebP holds of one pixel: RGBA, and as
// much as half of that again when its palette is unfolded or its predictors are
// many. Its code tables come on top, which x/image bounds by 2,600: some 10 MB in
// a picture that somebody drew, 140 MB in one that was made to hurt.
const vp8lQuarters = 24

// decodeWith opens a picture by decoding it whole.
func decodeWith(decode func(io.Reader) (image.Image, error)) func(io.Reader) (rows, error) {
	return func(r io.Reader) (rows, error) {
		img, err := decode(r)
		if err != nil {
			return nil, fmt.Errorf("decode: %w", err)
		}
		return bitmap{img}, nil
	}
}
