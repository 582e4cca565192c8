package pictures

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/color"
	"image/jpeg"
)

// maxScans is how often a progressive JPEG may go over the whole picture: real
// ones do so ten times, and libjpeg's own fuzzers stop at some hundreds.
const maxScans = 100

// jpegFacts is what a walk over the segments of a JPEG tells.
type jpegFacts struct {
	orientation orientation
	progressive bool
	samples     int // of all components of 16 × 16 pixels
	components  int
}

// lookJPEG reads the header of a JPEG and walks its segments to the end.
func lookJPEG(file []byte) (header, error) {
	facts, err := walkJPEG(file)
	if err != nil {
		return header{}, err
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return header{}, fmt.Errorf("read JPEG header: %w", err)
	}
	pixels := c.Width * c.Height
	bitmap := pixels / 16 * facts.samples / 16
	if facts.progressive {
		bitmap += 4 * bitmap // its coefficients, as int32, until the last scan is in
	}
	if c.ColorModel == color.RGBAModel || facts.components == 4 {
		bitmap += 4 * pixels // planes become one picture
	}
	return header{
		width: c.Width, height: c.Height, orientation: facts.orientation,
		bitmap: bitmap, open: decodeWith(jpeg.Decode),
	}, nil
}

// walkJPEG passes over the segments of a JPEG, and between them over the pixels.
func walkJPEG(file []byte) (jpegFacts, error) {
	facts := jpegFacts{orientation: asStored}
	scans := 0
	for at := 2; ; {
		next := bytes.IndexByte(file[at:], 0xff)
		if next < 0 || at+next+1 >= len(file) {
			return facts, fmt.Errorf("JPEG: %w", errTruncated)
		}
		at += next + 1
		marker := file[at]
		switch {
		case marker == 0xff: // filling
			continue
		case marker == 0 || 0xd0 <= marker && marker <= 0xd7: // a byte of the pixels, a restart
			at++
			continue
		case marker == 0xd9:
			return facts, nil
		}
		if at+3 > len(file) {
			return facts, fmt.Errorf("JPEG segment: %w", errTruncated)
		}
		size := int(binary.BigEndian.Uint16(file[at+1:]))
		if size < 2 || at+1+size > len(file) {
			return facts, fmt.Errorf("JPEG segment: %w", errTruncated)
		}
		data := file[at+3 : at+1+size]
		switch marker {
		case 0xda:
			if scans++; scans > maxScans {
				return facts, fmt.Errorf("scans of a JPEG: %w", errBomb)
			}
		case 0xc0, 0xc1, 0xc2:
			facts.frame(marker == 0xc2, data)
		case 0xe1:
			if exif, ok := bytes.CutPrefix(data, []byte("Exif\x00\x00")); ok && scans == 0 {
				facts.orientation = exifOrientation(exif)
			}
		case 0xee:
			if scans > 0 {
				return facts, fmt.Errorf("colours change after the pixels: %w", errFormat)
			}
		}
		at += 1 + size
	}
}

// frame reads what takes memory from a frame's header; jpeg.DecodeConfig says
// whether it is one.
func (f *jpegFacts) frame(progressive bool, data []byte) {
	if len(data) < 6 {
		return
	}
	f.progressive, f.samples, f.components = progressive, 0, int(data[5])
	var across, down int
	for c := data[6:]; len(c) >= 3; c = c[3:] {
		across, down = max(across, int(c[1]>>4)), max(down, int(c[1]&15))
	}
	for c := data[6:]; len(c) >= 3; c = c[3:] {
		f.samples += 256 * int(c[1]>>4) * int(c[1]&15) / max(1, across*down)
	}
	if f.components == 1 {
		f.samples = 256
	}
}
