package pictures

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// sample is a telling or hostile file of our own making.
type sample struct {
	name    string
	why     string
	file    []byte
	refused string   // the code; "": it is taken
	secrets []string // that what we make of it must not hold
}

// told is what the metadata of the samples would tell.
var told = []string{"MAYFLYCAM", "SERIAL-MODEL-77", "REALNAME-OF-AUTHOR", "2026:01:02", "Exif", "GPS-IN-XMP", "COMMENT-SECRET"}

// samples are the files that a picture's way in is held to.
func samples(t testing.TB) []sample {
	exif := segment(0xe1, append([]byte("Exif\x00\x00"), tiff(1)...))
	xmp := segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta><rdf:li>GPS-IN-XMP 48.8584 REALNAME-OF-AUTHOR</rdf:li></x:xmpmeta>"))
	small := encodePNG(t, gradient(64, 64))
	const afterHead = 8 + 25
	return []sample{
		{"gps.jpg", "EXIF: place, camera, author, time", jpegWith(t, exif), "", told},
		{"gps_xmp_comment.jpg", "EXIF, XMP and a comment", jpegWith(t, exif, xmp, segment(0xfe, []byte("COMMENT-SECRET"))), "", told},
		{"rotated6.jpg", "lies on its side", jpegWith(t, segment(0xe1, append([]byte("Exif\x00\x00"), tiff(6)...))), "", told},
		{"tail.jpg", "bytes after the end: another picture, a film", append(jpegWith(t, exif), "TRAILER-SECRET"...), "", append(told, "TRAILER-SECRET")},
		{
			"meta.png", "tEXt, eXIf and tIME", insert(small, afterHead,
				chunk("tEXt", []byte("Author\x00REALNAME-OF-AUTHOR")), chunk("eXIf", tiff(1)), chunk("tIME", []byte{7, 0xea, 1, 2, 3, 4, 5})),
			"",
			[]string{"REALNAME-OF-AUTHOR", "tEXt", "eXIf", "tIME"},
		},
		{"html_polyglot.png", "HTML in a chunk", insert(small, afterHead,
			chunk("tEXt", []byte("Comment\x00<script>alert(document.domain)</script>"))), "", []string{"<script>"}},
		{"js_polyglot.gif", "a comment that reads as JavaScript", scriptGIF(t), "", []string{"alert"}},
		{"zip_polyglot.jpg", "a JPEG and a ZIP at once", zipJPEG(t), "", []string{"HIDDEN-ZIP", "PK\x03\x04"}},
		{"small_ok.png", "an ordinary picture", small, "", nil},
		{"bomb_20000.png", "400 MB of grey", bombPNG(20000, 20000, 8, 0, 8), "error.picture.pixels", nil},
		{"bomb_rgba64.png", "512 MB of 16 bits", bombPNG(8000, 8000, 16, 6, 64), "error.picture.pixels", nil},
		{"bomb_tall.png", "one pixel wide", bombPNG(1, 20_000_000, 8, 0, 8), "error.picture.pixels", nil},
		{"lying_header.png", "65535 × 65535, says the header", lyingPNG(small), "error.picture.pixels", nil},
		{"lying_header.jpg", "65500 × 65500, says the header", lyingJPEG(t), "error.picture.pixels", nil},
		{"bomb_frames.gif", "1.2 GB of frames", bombGIF(t), "error.picture.heavy", nil},
		{"truncated.jpg", "cut in half", jpegWith(t)[:2000], "error.picture.broken", nil},
		{"truncated.png", "cut in half", small[:len(small)/2], "error.picture.broken", nil},
		{"truncated.gif", "cut in half", scriptGIF(t)[:300], "error.picture.broken", nil},
		{"svg_script.svg", "a document with a script", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "error.picture.type", nil},
		{"html_as.jpg", "HTML that is called a JPEG", []byte("<!doctype html><script>alert(1)</script>"), "error.picture.type", nil},
		{"empty.png", "nothing", nil, "error.picture.type", nil},
		{"magic_only.png", "eight bytes", []byte(pngMagic), "error.picture.broken", nil},
		{"magic_only.jpg", "three bytes", []byte("\xff\xd8\xff"), "error.picture.broken", nil},
		{"tiff", "a format we don't read", []byte("II*\x00aaaaaaaaaaaaaaaa"), "error.picture.type", nil},
		{"bmp", "a format we don't read", []byte("BMaaaaaaaaaaaaaaaaaaaa"), "error.picture.type", nil},
		{"phone.heic", "an iPhone's format", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "error.picture.heic", nil},
		{"phone.avif", "an Android's format", []byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif"), "error.picture.heic", nil},
		{"moving.webp", "a film in a format that could be a picture", movingWebP(), "error.picture.type", nil},
		{"film.mp4", "a film", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomiso2"), "error.picture.type", nil},
		{"large.png", "a byte too many", append(bytes.Clone(small), make([]byte, MaxBytes+1-len(small))...), "error.picture.large", nil},
	}
}

func gradient(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), 90, 255})
		}
	}
	return m
}

func encodePNG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatalf("png.Encode: %v", err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatalf("jpeg.Encode: %v", err)
	}
	return b.Bytes()
}

func insert(file []byte, at int, parts ...[]byte) []byte {
	out := bytes.Clone(file[:at])
	for _, p := range parts {
		out = append(out, p...)
	}
	return append(out, file[at:]...)
}

func segment(marker byte, data []byte) []byte {
	return append([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}, data...)
}

func jpegWith(t testing.TB, segments ...[]byte) []byte {
	return insert(encodeJPEG(t, gradient(320, 200)), 2, segments...)
}

func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(b, kind...)
	b = append(b, data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// bombPNG is w × h pixels of zeros: a small file, a large bitmap.
func bombPNG(w, h uint32, depth, kind byte, bits int) []byte {
	z := zeros(int(h) * (1 + (int(w)*bits+7)/8))
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, depth, kind, 0, 0, 0)
	return insert([]byte(pngMagic), len(pngMagic), chunk("IHDR", head), chunk("IDAT", z), chunk("IEND", nil))
}

// zeros is what zlib makes of n of them: a piece is compressed once, and stands there many
// times.
func zeros(n int) []byte {
	const piece = 1 << 20
	shrunk := func(n int, end func(*flate.Writer) error) []byte {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, flate.BestSpeed)
		if _, err := w.Write(make([]byte, n)); err != nil {
			panic(err) // a buffer takes all
		}
		if err := end(w); err != nil {
			panic(err)
		}
		return b.Bytes()
	}
	z := []byte{0x78, 0x01}
	if n >= piece {
		z = append(z, bytes.Repeat(shrunk(piece, (*flate.Writer).Flush), n/piece)...)
	}
	z = append(z, shrunk(n%piece, (*flate.Writer).Close)...)
	const mod = 65521 // of Adler-32
	return binary.BigEndian.AppendUint32(z, uint32(n%mod)<<16|1)
}

func lyingPNG(file []byte) []byte {
	lie := bytes.Clone(file)
	binary.BigEndian.PutUint32(lie[16:], 65535)
	binary.BigEndian.PutUint32(lie[20:], 65535)
	binary.BigEndian.PutUint32(lie[29:], crc32.ChecksumIEEE(lie[12:29]))
	return lie
}

func lyingJPEG(t testing.TB) []byte {
	lie := jpegWith(t)
	at := bytes.Index(lie, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(lie[at+5:], 65500)
	binary.BigEndian.PutUint16(lie[at+7:], 65500)
	return lie
}

func scriptGIF(t testing.TB) []byte {
	var b bytes.Buffer
	if err := gif.Encode(&b, gradient(16, 16), nil); err != nil {
		t.Fatalf("gif.Encode: %v", err)
	}
	return insert(b.Bytes(), b.Len()-1, []byte("\x21\xfe\x0a*/=1;alert\x00"))
}

func bombGIF(t testing.TB) []byte {
	ink := color.Palette{color.Black, color.White}
	film := &gif.GIF{Config: image.Config{Width: 2000, Height: 2000, ColorModel: ink}}
	frame := image.NewPaletted(image.Rect(0, 0, 2000, 2000), ink)
	film.Image, film.Delay = []*image.Paletted{frame}, []int{1}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, film); err != nil {
		t.Fatalf("gif.EncodeAll: %v", err)
	}
	one := b.Bytes()
	at := 13 + tableSize(one[10])
	body := one[at : len(one)-1]
	return append(append(bytes.Clone(one[:at]), bytes.Repeat(body, 300)...), ';')
}

func movingWebP() []byte {
	return []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x3f\x00\x00\x3f\x00\x00")
}

func zipJPEG(t testing.TB) []byte {
	var b bytes.Buffer
	b.Write(jpegWith(t))
	zw := zip.NewWriter(&b)
	zw.SetOffset(int64(b.Len()))
	f, err := zw.Create("hidden.txt")
	if err != nil {
		t.Fatalf("zip: %v", err)
	}
	if _, err := f.Write([]byte("HIDDEN-ZIP")); err != nil {
		t.Fatalf("zip: %v", err)
	}
	zw.Close()
	return b.Bytes()
}

// tiff is an EXIF block with a camera, an author, a time, a place and an
// orientation.
func tiff(orient uint16) []byte {
	le := binary.LittleEndian
	type entry struct {
		tag, kind uint16
		count     uint32
		value     []byte
	}
	text := func(tag uint16, s string) entry { return entry{tag, 2, uint32(len(s) + 1), append([]byte(s), 0)} }
	ratio := func(tag uint16, v ...uint32) entry {
		var b []byte
		for _, x := range v {
			b = le.AppendUint32(b, x)
		}
		return entry{tag, 5, uint32(len(v) / 2), b}
	}
	directory := func(at int, entries []entry) []byte {
		b := le.AppendUint16(nil, uint16(len(entries)))
		var tail []byte
		for _, e := range entries {
			b = le.AppendUint16(b, e.tag)
			b = le.AppendUint16(b, e.kind)
			b = le.AppendUint32(b, e.count)
			if len(e.value) <= 4 {
				b = append(b, append(bytes.Clone(e.value), make([]byte, 4-len(e.value))...)...)
				continue
			}
			b = le.AppendUint32(b, uint32(at+2+len(entries)*12+4+len(tail)))
			tail = append(tail, e.value...)
		}
		return append(append(b, 0, 0, 0, 0), tail...)
	}
	first := []entry{
		text(0x10f, "MAYFLYCAM"), text(0x110, "SERIAL-MODEL-77"),
		{0x112, 3, 1, []byte{byte(orient), byte(orient >> 8)}},
		text(0x132, "2026:01:02 03:04:05"), text(0x13b, "REALNAME-OF-AUTHOR"),
		{0x8825, 4, 1, make([]byte, 4)},
	}
	place := []entry{
		text(1, "N"), ratio(2, 48, 1, 51, 1, 3024, 100), text(3, "E"), ratio(4, 2, 1, 17, 1, 4020, 100), text(29, "2026:01:02"),
	}
	const at = 8
	le.PutUint32(first[5].value, uint32(at+len(directory(at, first))))
	out := append([]byte{'I', 'I', 42, 0, at, 0, 0, 0}, directory(at, first)...)
	return append(out, directory(len(out), place)...)
}
