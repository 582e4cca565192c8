package board

import "context"

// Pictures is whether a board takes pictures, and how it shows them.
type Pictures string

// What a board may do with pictures. Those that are there already stay until
// their posts end, also when no new ones are taken.
const (
	PicturesOn      Pictures = "on"
	PicturesBlurred Pictures = "blurred" // until the reader taps
	PicturesOff     Pictures = "off"     // no new ones
)

// Picture is what a post shows beside its words, or in place of them.
type Picture struct {
	Alt           string // what is to be seen, in words; "": its author did not say
	Colour        string // "#rrggbb": stands in its place until it is there
	Width, Height int    // of the whole picture, in pixels

	ThumbWidth, ThumbHeight int

	// Full and Thumb are the picture itself. A birth carries both, an opening
	// Full; whoever reads a post gets neither, and asks Board.Picture for one.
	Full, Thumb *Image
}

// Part is the picture as a whole, or small.
type Part string

// The parts of a picture; each is a box of its own.
const (
	FullPart  Part = "full"
	ThumbPart Part = "thumb"
)

// Image is an encoded image.
type Image struct {
	Type          string // image/jpeg or image/png
	Width, Height int    // in pixels
	Bytes         []byte
}

// Pressed is a picture made anew from what it shows: nothing else of the file
// that was sent is in it.
type Pressed struct {
	Full, Thumb Image
	Colour      string // "#rrggbb"
}

// Upload is a picture as it was sent.
type Upload interface {
	// Press makes the picture anew. Its error is a *Error that says what is wrong
	// with the field "picture", unless ctx ended.
	Press(ctx context.Context) (Pressed, error)
}

// AltMax is how many characters the words for a picture may have.
const AltMax = 500

// picture presses the draft's picture; nil is none.
func (d Draft) picture(ctx context.Context) (*Picture, error) {
	if d.Picture == nil {
		return nil, nil
	}
	pressed, err := d.Picture.Press(ctx)
	if err != nil {
		return nil, err
	}
	full, thumb := pressed.Full, pressed.Thumb
	return &Picture{
		Alt: d.Alt, Colour: pressed.Colour, Width: full.Width, Height: full.Height,
		ThumbWidth: thumb.Width, ThumbHeight: thumb.Height, Full: &full, Thumb: &thumb,
	}, nil
}

// bare is p without the images, as every reader gets it.
func (p *Picture) bare() *Picture {
	if p == nil {
		return nil
	}
	b := *p
	b.Full, b.Thumb = nil, nil
	return &b
}
