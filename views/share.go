package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skip2/go-qrcode"

	"mayfly/board"
	"mayfly/static"
)

// Preview is what other programs show of a link to a page. They may keep it for ever,
// so it holds no word of a post and no picture of one (docs/adr/0019).
type Preview struct {
	Site  string
	Title string // "A card · The board"
	Text  string
	URL   string
	Image string // Mayfly's mark, absolute
}

// newPreview draws up the preview of a post at the absolute address url.
func newPreview(v Visit, post board.Post, url string) *Preview {
	p := v.Words
	text := "preview.ends"
	if lends(post.Life, v.Settings.LifePerHeart) > 0 {
		text = "preview.ends_hearts"
	}
	return &Preview{
		Site:  v.site(),
		Title: p.Say(kind(post)) + " · " + BoardTitle(p, v.Board),
		Text:  p.Say(text, "time", coarse(post.Life.Left(v.Now))) + " " + p.Say("preview.words"),
		URL:   url,
		Image: strings.TrimSuffix(url, "/p/"+post.ID.String()) + static.URL("img/share.png"),
	}
}

// kind is the key of what sort of post it is, by what decides first how it is read.
func kind(post board.Post) string {
	switch {
	case post.ViewOnce:
		return "preview.once"
	case post.Warning != "":
		return "preview.warned"
	case post.Unlisted:
		return "preview.unlisted"
	case board.IsBackdrop(post.Backdrop):
		return "preview.card"
	}
	return "preview.post"
}

// coarse rounds what is left up to whole minutes, hours or days, of which there is
// more than one: a preview is old at once.
func coarse(left time.Duration) time.Duration {
	unit := time.Minute
	for _, larger := range []time.Duration{time.Hour, day} {
		if left > 2*larger {
			unit = larger
		}
	}
	return max(unit, (left + unit - 1).Truncate(unit))
}

// Share is the page of a link as a QR code.
type Share struct {
	Page
	Link string // absolute
	Code QR
}

// passedOn is the address of a post or reply with the code that counts who arrives by it.
func passedOn(url string, post board.Post) string {
	return url + "?s=" + post.Secret.Share(post.Thread)
}

// came says how many came to a post by its link, if they are enough to be nobody.
func came(v Visit, post board.Post) string {
	n := post.Came(v.Settings.K)
	if n == 0 {
		return ""
	}
	return v.Words.Say("share.came", "n", n)
}

// NewShare draws up the link to a post or reply, which is at the absolute address url.
func NewShare(v Visit, post board.Post, url string) (Share, error) {
	p := v.Words
	url = passedOn(url, post)
	code, err := newQR(url)
	if err != nil {
		return Share{}, err
	}
	out := Share{Page: v.page("share", p.Say("share.title")), Link: url, Code: code}
	out.Back, out.BarTitle, out.BarSub = "/p/"+post.Thread.String(), p.Say("share.link"), PersonName(p, post.Name)
	if post.IsReply() {
		out.Back += "#p-" + post.ID.String()
	}
	return out, nil
}

// QR is a code as a drawing: Size modules a side, its quiet zone of four among them.
type QR struct {
	Size int
	Path string // the dark modules, for the d of a path
}

// newQR makes the code of a link, of which 15 % may be lost to dirt and glare.
func newQR(link string) (QR, error) {
	code, err := qrcode.New(link, qrcode.Medium)
	if err != nil {
		return QR{}, fmt.Errorf("code a link: %w", err)
	}
	rows := code.Bitmap()
	var d strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from {
				fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return QR{Size: len(rows), Path: d.String()}, nil
}

func (q QR) viewBox() string {
	side := strconv.Itoa(q.Size)
	return "0 0 " + side + " " + side
}
