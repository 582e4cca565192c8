package pictures

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"math"
)

// rows is a picture, read once from top to bottom.
type rows interface {
	size() (w, h int)
	// row writes row y as premultiplied RGBA. It is asked for each, in order.
	row(y int, dst []uint8) error
	// end is asked after the last row: whether the file ended as it should.
	end() error
}

// bitmap is a picture that has been decoded whole, in the colours its decoder
// chose: turning twelve million pixels into RGBA at once would take 48 MB.
type bitmap struct{ img image.Image }

func (b bitmap) size() (w, h int) { return b.img.Bounds().Dx(), b.img.Bounds().Dy() }

func (b bitmap) row(y int, dst []uint8) error {
	at := b.img.Bounds().Min.Add(image.Pt(0, y))
	line := image.RGBA{Pix: dst, Stride: len(dst), Rect: image.Rect(0, 0, len(dst)/4, 1)}
	draw.Draw(&line, line.Rect, b.img, at, draw.Src)
	return nil
}

func (bitmap) end() error { return nil }

// fit returns the size of w × h with no side longer than side; it never enlarges.
func fit(w, h, side int) (int, int) {
	switch {
	case max(w, h) <= side:
		return w, h
	case w > h:
		return side, max(1, (h*side+w/2)/w)
	default:
		return max(1, (w*side+h/2)/h), side
	}
}

// scale returns src upright, with no side longer than side. Each row is read
// once; what is held are the few that the next row of the result is made of.
func scale(ctx context.Context, src rows, side int, o orientation) (*image.RGBA, error) {
	sw, sh := src.size()
	w, h := fit(sw, sh, side)
	across, down := spread(sw, w), spread(sh, h)
	held := make([][]float32, deepest(down)) // row y of src, as wide as the result, is held[y % len(held)]
	for i := range held {
		held[i] = make([]float32, 4*w)
	}
	out := newSheet(w, h, o)
	line, sum := make([]uint8, 4*sw), make([]float32, 4*w)
	read := 0
	for y, t := range down {
		for ; read < t.first+len(t.weights); read++ {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("scale: %w", err)
			}
			if err := src.row(read, line); err != nil {
				return nil, err
			}
			narrow(held[read%len(held)], line, across)
		}
		clear(sum)
		for i, weight := range t.weights {
			for x, v := range held[(t.first+i)%len(held)] {
				sum[x] += weight * v
			}
		}
		out.put(y, sum)
	}
	return out.img, nil
}

// taps says which pixels of the source one of the result is made of.
type taps struct {
	first   int
	weights []float32 // their sum is 1
}

// spread returns the taps that take n pixels to m ≤ n: Catmull and Rom's cubic,
// as wide as the pixels of the result, so that no pixel of the source is left out.
func spread(n, m int) []taps {
	ratio := float64(n) / float64(m)
	all := make([]taps, m)
	for i := range all {
		centre := (float64(i)+0.5)*ratio - 0.5
		first := max(0, int(math.Floor(centre-2*ratio))+1)
		last := min(n-1, int(math.Ceil(centre+2*ratio))-1)
		weights := make([]float32, 0, last-first+1)
		var sum float64
		for j := first; j <= last; j++ {
			sum += catmullRom((float64(j) - centre) / ratio)
		}
		for j := first; j <= last; j++ {
			weights = append(weights, float32(catmullRom((float64(j)-centre)/ratio)/sum))
		}
		all[i] = taps{first: first, weights: weights}
	}
	return all
}

func catmullRom(t float64) float64 {
	t = math.Abs(t)
	switch {
	case t < 1:
		return (1.5*t-2.5)*t*t + 1
	case t < 2:
		return ((-0.5*t+2.5)*t-4)*t + 2
	}
	return 0
}

// deepest is how many rows the neediest of them takes.
func deepest(all []taps) int {
	n := 0
	for _, t := range all {
		n = max(n, len(t.weights))
	}
	return n
}

// narrow scales one row.
func narrow(dst []float32, src []uint8, across []taps) {
	for x, t := range across {
		var r, g, b, a float32
		at := 4 * t.first
		for _, weight := range t.weights {
			p := src[at : at+4 : at+4]
			r += weight * float32(p[0])
			g += weight * float32(p[1])
			b += weight * float32(p[2])
			a += weight * float32(p[3])
			at += 4
		}
		d := dst[4*x : 4*x+4 : 4*x+4]
		d[0], d[1], d[2], d[3] = r, g, b, a
	}
}

// sheet takes the rows of a result and puts each pixel where it stands upright,
// so that no picture is held twice.
type sheet struct {
	img         *image.RGBA
	start, x, y int // of the first pixel in img.Pix, and steps from one to the next
}

// newSheet returns a sheet for w × h pixels, before they are turned.
func newSheet(w, h int, o orientation) *sheet {
	width, height := w, h
	if o.turns() {
		width, height = h, w
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	at := func(x, y int) int { return img.PixOffset(o.place(x, y, w, h)) }
	start := at(0, 0)
	return &sheet{img: img, start: start, x: at(1, 0) - start, y: at(0, 1) - start}
}

// put takes row y. The cubic overshoots at edges: what is beyond a byte is cut,
// and no colour is stronger than its alpha.
func (s *sheet) put(y int, row []float32) {
	at := s.start + y*s.y
	for ; len(row) >= 4; row = row[4:] {
		a := clamp(row[3], 255)
		p := s.img.Pix[at : at+4 : at+4]
		p[0], p[1], p[2], p[3] = uint8(clamp(row[0], a)), uint8(clamp(row[1], a)), uint8(clamp(row[2], a)), uint8(a)
		at += s.x
	}
}

// clamp rounds v to a whole number from 0 to most.
func clamp(v, most float32) float32 {
	return float32(int(min(max(v, 0), most) + 0.5))
}
