package pictures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
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
// it stays small as one. A large transparent picture is laid on its bed, in img.
func encode(img *image.RGBA, bed color.RGBA, most int) (Image, error) {
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
		lay(img, bed)
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

// A bed is what stands behind the transparent parts of a picture.
var (
	light = color.RGBA{255, 255, 255, 255}
	dark  = color.RGBA{16, 24, 32, 255}
)

// bedOf is the bed on which what img shows can be seen: a white sign on white could not.
func bedOf(img *image.RGBA) color.RGBA {
	var shine, shown int
	for p := img.Pix; len(p) >= 4; p = p[4:] {
		shine += 299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])
		shown += int(p[3])
	}
	if shine > 500*shown {
		return dark
	}
	return light
}

// lay puts bed behind every transparent pixel.
func lay(img *image.RGBA, bed color.RGBA) {
	for p := img.Pix; len(p) >= 4; p = p[4:] {
		p[0] += part(bed.R, 255-p[3])
		p[1] += part(bed.G, 255-p[3])
		p[2] += part(bed.B, 255-p[3])
		p[3] = 255
	}
}

// part is so many parts in 255 of c.
func part(c, of uint8) uint8 {
	return uint8(int(c) * int(of) / 255) //nolint:gosec // no more than c
}

// placeholder is what stands in the place of img, and behind it, as CSS writes it: its
// mean colour or, when parts of it are transparent, its bed.
func placeholder(img *image.RGBA, bed color.RGBA) string {
	if !img.Opaque() {
		return css(int(bed.R), int(bed.G), int(bed.B))
	}
	var r, g, b int
	for p := img.Pix; len(p) >= 4; p = p[4:] {
		r, g, b = r+int(p[0]), g+int(p[1]), b+int(p[2])
	}
	n := max(1, len(img.Pix)/4)
	return css(r/n, g/n, b/n)
}

func css(r, g, b int) string { return fmt.Sprintf("#%02x%02x%02x", r, g, b) }
