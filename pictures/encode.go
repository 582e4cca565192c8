package pictures

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

// How many bytes an encoded picture should have: a row of the database holds it.
const (
	maxFullBytes  = 512 << 10
	maxThumbBytes = 96 << 10
)

// qualities are tried in turn until a picture is small enough; the last is taken
// as it is. At 82 no eye finds what is missing on a phone.
var qualities = []int{82, 70, 55, 40}

// encode writes img as a JPEG, or as a PNG when parts of it are transparent and
// it stays small as one. A large transparent picture is laid on white, in img.
func encode(img *image.RGBA, most int) (Image, error) {
	b := img.Bounds()
	out := Image{Width: b.Dx(), Height: b.Dy()}
	var buf bytes.Buffer
	if !img.Opaque() {
		if err := png.Encode(&buf, img); err != nil {
			return Image{}, fmt.Errorf("encode PNG: %w", err)
		}
		if buf.Len() <= most {
			out.Type, out.Bytes = "image/png", bytes.Clone(buf.Bytes())
			return out, nil
		}
		layOnWhite(img)
	}
	for _, quality := range qualities {
		buf.Reset()
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}); err != nil {
			return Image{}, fmt.Errorf("encode JPEG: %w", err)
		}
		if buf.Len() <= most {
			break
		}
	}
	out.Type, out.Bytes = "image/jpeg", bytes.Clone(buf.Bytes())
	return out, nil
}

// layOnWhite puts white behind every transparent pixel.
func layOnWhite(img *image.RGBA) {
	for p := img.Pix; len(p) >= 4; p = p[4:] {
		white := 255 - p[3]
		p[0] += white
		p[1] += white
		p[2] += white
		p[3] = 255
	}
}

// average is the mean colour of img on white, as CSS writes it.
func average(img *image.RGBA) string {
	var sum [3]int
	for p := img.Pix; len(p) >= 4; p = p[4:] {
		for i := range sum {
			sum[i] += int(p[i]) + 255 - int(p[3])
		}
	}
	n := max(1, len(img.Pix)/4)
	return fmt.Sprintf("#%02x%02x%02x", sum[0]/n, sum[1]/n, sum[2]/n)
}
