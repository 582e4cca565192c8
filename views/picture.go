package views

import (
	"encoding/base64"
	"strconv"

	"mayfly/board"
	"mayfly/words"
)

// newPicture draws up the picture of a post as it stands in a feed; nil is none.
func newPicture(p *words.Printer, post board.Post, s board.Settings) *Picture {
	if post.Picture == nil {
		return nil
	}
	href := "/p/" + post.ID.String()
	out := sizedPicture(p, *post.Picture)
	out.Src, out.Href = href+"/thumb", href
	if s.Pictures != board.PicturesOn && post.Warning == "" { // a warning is a veil already
		out.Show, out.Hide = p.Say("picture.show"), p.Say("picture.hide")
	}
	return &out
}

// openedPicture draws up the picture of a view-once post, which has no address: it
// is in the page that shows it.
func openedPicture(p *words.Printer, picture *board.Picture) *Picture {
	if picture == nil || picture.Full == nil {
		return nil
	}
	out := sizedPicture(p, *picture)
	out.Src = "data:" + picture.Full.Type + ";base64," + base64.StdEncoding.EncodeToString(picture.Full.Bytes)
	return &out
}

func sizedPicture(p *words.Printer, picture board.Picture) Picture {
	out := Picture{
		Alt: picture.Alt, Colour: picture.Colour,
		Width: strconv.Itoa(picture.Width), Height: strconv.Itoa(picture.Height),
	}
	if out.Alt == "" {
		out.Alt = p.Say("picture.wordless")
	}
	return out
}

// Whole shows the picture of a post as large as it is, as its thread does.
func (out Post) Whole() Post {
	if out.Picture != nil {
		whole := *out.Picture
		whole.Src = out.path("picture")
		whole.Href = whole.Src
		out.Picture = &whole
	}
	return out
}

// newPhoto draws up the part of a composer that takes a picture; nil where none
// are taken.
func newPhoto(p *words.Printer, s board.Settings, given Given, refused *board.Error) *Photo {
	if s.Pictures == board.PicturesOff {
		return nil
	}
	return &Photo{
		Alt: given.Alt, Lost: given.HadPicture,
		Err: fieldSays(p, refused, "picture"), AltErr: fieldSays(p, refused, "alt"),
	}
}

// open says whether there is something to see in a Photo that is folded otherwise.
func (f Photo) open() bool { return f.Lost || f.Alt != "" || f.Err != "" || f.AltErr != "" }

// pictureTypes are the files a composer asks for. The last two are made by phones;
// js/picture.js turns them into JPEG, as far as the browser can read them.
const pictureTypes = "image/jpeg,image/png,image/webp,image/gif,image/heic,image/heif,image/avif"
