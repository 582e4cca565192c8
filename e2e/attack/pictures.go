package main

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// picture is a file, and whether it is taken; what it tells may be in nothing that is
// served.
type picture struct {
	name  string
	file  []byte
	taken bool
}

// telling are words of pictures' metadata, and what else rides along.
var telling = []string{
	"MAYFLYCAM", "SERIAL-77", "REALNAME", "2026:01:02", "Exif", "GPS-IN-XMP", "COMMENT-SECRET", "TRAILER-SECRET", "tEXt", "eXIf", "tIME", "iTXt", "<script>", "HIDDEN-ZIP", "PK\x03\x04", "*/=1;", "NETSCAPE",
}

func painted(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255}) //nolint:gosec // any colour will do
		}
	}
	return m
}

// drawn is an ordinary picture.
func drawn() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, painted(64, 48)) // into memory
	return b.Bytes()
}

// exif is a block that names a camera, an author, a time and a place.
func exif(turned uint16) []byte {
	le := binary.LittleEndian
	entries := [][3]any{{uint16(0x10f), uint16(2), "MAYFLYCAM\x00"}, {uint16(0x110), uint16(2), "SERIAL-77 model\x00"}, {uint16(0x132), uint16(2), "2026:01:02 03:04:05\x00"}, {uint16(0x13b), uint16(2), "REALNAME of author\x00"}}
	out := le.AppendUint16([]byte{'I', 'I', 42, 0, 8, 0, 0, 0}, uint16(len(entries)+1)) //nolint:gosec // few
	at, tail := len(out)+12*(len(entries)+1)+4, []byte{}
	for _, e := range entries {
		text := e[2].(string)
		out = le.AppendUint16(le.AppendUint16(out, e[0].(uint16)), e[1].(uint16))
		out = le.AppendUint32(le.AppendUint32(out, uint32(len(text))), uint32(at+len(tail))) //nolint:gosec // short
		tail = append(tail, text...)
	}
	out = le.AppendUint32(le.AppendUint16(le.AppendUint16(out, 0x112), 3), 1)
	out = append(le.AppendUint16(out, turned), 0, 0)
	return append(append(out, 0, 0, 0, 0), tail...)
}

func segment(mark byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, mark}, uint16(len(body)+2)), body...) //nolint:gosec // short
}

func jpegWith(segments ...[]byte) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, painted(320, 200), nil) // into memory
	out := bytes.Clone(b.Bytes()[:2])
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, b.Bytes()[2:]...)
}

func chunk(name string, body []byte) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), name...) //nolint:gosec // short
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// header is a PNG's, of a size and a depth and kind of colour.
func header(w, h uint32, depth, kind byte) []byte {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return chunk("IHDR", append(b, depth, kind, 0, 0, 0))
}

// bomb is a small file of a large picture.
func bomb(w, h int, depth, kind byte, bits int) []byte {
	var z bytes.Buffer
	zw, _ := zlib.NewWriterLevel(&z, zlib.BestSpeed) // a level that there is
	rows := make([]byte, 1<<20)
	for left := h * (1 + (w*bits+7)/8); left > 0; left -= len(rows) {
		_, _ = zw.Write(rows[:min(left, len(rows))]) // into memory
	}
	_ = zw.Close()
	out := append([]byte("\x89PNG\r\n\x1a\n"), header(uint32(w), uint32(h), depth, kind)...) //nolint:gosec // as they are above zero
	return append(append(out, chunk("IDAT", z.Bytes())...), chunk("IEND", nil)...)
}

// album is every picture that is tried.
func album() []picture {
	plain := drawn()
	const cut = 8 + 25 // a PNG's signature and header
	with := func(chunks ...[]byte) []byte {
		return append(append(bytes.Clone(plain[:cut]), bytes.Join(chunks, nil)...), plain[cut:]...)
	}
	camera := segment(0xe1, append([]byte("Exif\x00\x00"), exif(1)...))
	xmp := segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>GPS-IN-XMP 48.8584 REALNAME</x:xmpmeta>"))
	lie := append(append([]byte("\x89PNG\r\n\x1a\n"), header(65535, 65535, 8, 6)...), plain[cut:]...)
	lied := jpegWith()
	if i := bytes.Index(lied, []byte{0xff, 0xc0}); i > 0 {
		binary.BigEndian.PutUint16(lied[i+5:], 65500)
		binary.BigEndian.PutUint16(lied[i+7:], 65500)
	}
	var still, frames, zipped bytes.Buffer
	_ = gif.Encode(&still, painted(16, 16), nil) // into memory, as the next
	flat := image.NewPaletted(image.Rect(0, 0, 2000, 2000), color.Palette{color.Black, color.White})
	many := &gif.GIF{}
	for range 300 {
		many.Image, many.Delay = append(many.Image, flat), append(many.Delay, 1)
	}
	_ = gif.EncodeAll(&frames, many)
	zipped.Write(jpegWith())
	zw := zip.NewWriter(&zipped)
	zw.SetOffset(int64(zipped.Len()))
	if f, err := zw.Create("hidden.txt"); err == nil {
		_, _ = f.Write([]byte("HIDDEN-ZIP"))
	}
	_ = zw.Close()
	script := still.Bytes()
	script = append(bytes.Clone(script[:len(script)-1]), "\x21\xfe\x05*/=1;\x00\x3b"...)
	return []picture{
		{"an ordinary one", plain, true},
		{"camera, author, time", jpegWith(camera), true},
		{"a place in XMP, and a comment", jpegWith(camera, xmp, segment(0xfe, []byte("COMMENT-SECRET"))), true},
		{"one that lies on its side", jpegWith(segment(0xe1, append([]byte("Exif\x00\x00"), exif(6)...))), true},
		{"something behind it", append(jpegWith(camera), "TRAILER-SECRET"...), true},
		{"author, time and camera in a PNG", with(chunk("tEXt", []byte("Author\x00REALNAME")), chunk("eXIf", exif(1)), chunk("tIME", []byte{7, 0xea, 1, 2, 3, 4, 5})), true},
		{"a PNG that is HTML", with(chunk("tEXt", []byte("Comment\x00<script>x</script>"))), true},
		{"a GIF that is a script", script, true},
		{"a JPEG that is a ZIP", zipped.Bytes(), true},
		{"300 frames of 4 megapixels", frames.Bytes(), false},
		{"4 megapixels of one colour", bomb(2000, 2000, 8, 0, 8), true},
		{"20000 by 20000", bomb(20000, 20000, 1, 0, 1), false},
		{"5000 by 5000 of 16 bits", bomb(5000, 5000, 16, 6, 64), false},
		{"1 by 20 million", bomb(1, 20_000_000, 8, 0, 8), false},
		{"30000 by 30000 of one bit", bomb(30000, 30000, 1, 0, 1), false},
		{"a PNG whose size is a lie", lie, false},
		{"a JPEG whose size is a lie", lied, false},
		{"a JPEG cut in half", jpegWith()[:2000], false},
		{"a PNG cut in half", plain[:len(plain)/2], false},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`), false},
		{"HTML", []byte("<!doctype html><script>alert(1)</script>"), false},
		{"nothing but the first bytes", []byte("\x89PNG\r\n\x1a\n"), false},
		{"9 MB", append(bytes.Clone(plain), make([]byte, 9<<20)...), false},
	}
}

// upload is a form with a file; fields are pairs of name and value.
func upload(file []byte, fields ...string) (kind string, body []byte, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			return "", nil, err
		}
	}
	part, err := w.CreateFormFile("picture", `"><img src=x>../../p.png`)
	if err != nil {
		return "", nil, err
	}
	if _, err := part.Write(file); err != nil {
		return "", nil, err
	}
	err = w.Close() // writes the last line
	return w.FormDataContentType(), b.Bytes(), err
}

// pictures sends all; the peak of memory, above what there was, is bounded.
func pictures(ctx context.Context, s *server) error {
	const room = 160 << 20
	if err := s.forgetPeak(); err != nil {
		return err
	}
	before := s.Highest()
	var all []error
	tells, slowest := 0, time.Duration(0)
	list := album()
	for _, p := range list {
		kind, body, err := upload(p.file, "body", "look", "alt", "what is seen")
		if err != nil {
			return err
		}
		a, err := s.ask(ctx, http.MethodPost, newPost, kind, body)
		if slowest = max(slowest, a.took); err != nil {
			all = append(all, fmt.Errorf("%s: %w", p.name, err))
			continue
		}
		if p.taken != (a.status == http.StatusCreated) || a.status >= http.StatusInternalServerError {
			all = append(all, fmt.Errorf("%s: answered %d: %s", p.name, a.status, a.body))
		}
		if a.status != http.StatusCreated {
			continue
		}
		var out struct {
			Post told `json:"post"`
		}
		if err := json.Unmarshal(a.body, &out); err != nil {
			return err
		}
		for _, part := range []string{"/picture", "/thumb"} {
			got, err := s.ask(ctx, http.MethodGet, "/p/"+out.Post.ID+part, "", nil)
			if err != nil || got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "image/") {
				all = append(all, fmt.Errorf("%s%s: answered %d: %w", p.name, part, got.status, err))
			}
			for _, word := range telling {
				if bytes.Contains(got.body, []byte(word)) {
					tells++
					all = append(all, fmt.Errorf("%s%s tells %q", p.name, part, word))
				}
			}
		}
	}
	more := s.Highest() - before
	say("%d pictures, the slowest answered in %s; %d MiB more at the peak; what they tell in what is served: %d", len(list), slowest.Round(time.Millisecond), more>>20, tells)
	if more > room {
		all = append(all, fmt.Errorf("pictures took %d MiB", more>>20))
	}
	return errors.Join(all...)
}
