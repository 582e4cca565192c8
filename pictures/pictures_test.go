package pictures

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// patient is a Press for a machine that is busy with other tests. The time that one
// picture may take has a test of its own.
func patient() *Press {
	p := NewPress()
	p.time = time.Minute
	return p
}

// codeOf is what an error says of the field "picture".
func codeOf(err error) string {
	if e, ok := errors.AsType[*board.Error](err); ok {
		return e.Fields["picture"].Code
	}
	return ""
}

func pressed(t testing.TB, file []byte) Pressed {
	t.Helper()
	p, err := patient().Press(t.Context(), file)
	if err != nil {
		t.Fatalf("Press: %v", err)
	}
	return p
}

func decoded(t testing.TB, i Image) image.Image {
	t.Helper()
	m, kind, err := image.Decode(bytes.NewReader(i.Bytes))
	if err != nil {
		t.Fatalf("what we made can't be read: %v", err)
	}
	if "image/"+kind != i.Type || m.Bounds().Dx() != i.Width || m.Bounds().Dy() != i.Height {
		t.Errorf("%s %v is said to be %s %d × %d", kind, m.Bounds(), i.Type, i.Width, i.Height)
	}
	return m
}

func TestR29SamplesAreRefusedOrHoldNothingOfTheirFile(t *testing.T) {
	press := patient()
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			p, err := press.Press(t.Context(), s.file)
			if got := codeOf(err); got != s.refused {
				t.Fatalf("%s: refused with %q (%v), want %q", s.why, got, err, s.refused)
			}
			if s.refused != "" {
				return
			}
			for _, i := range []Image{p.Full, p.Thumb} {
				decoded(t, i)
				onlyPixels(t, i)
				for _, secret := range s.secrets {
					if bytes.Contains(i.Bytes, []byte(secret)) {
						t.Errorf("%s: %q is still there", s.why, secret)
					}
				}
			}
		})
	}
}

// onlyPixels walks a file to its last byte: nothing but what a decoder needs may
// be in it.
func onlyPixels(t *testing.T, i Image) {
	t.Helper()
	if i.Type == "image/png" {
		for at := len(pngMagic); at < len(i.Bytes); {
			kind, data, err := pngChunk(i.Bytes[at:])
			if err != nil || !slices.Contains([]string{"IHDR", "IDAT", "IEND"}, kind) {
				t.Fatalf("chunk %q (%v) in what we made", kind, err)
			}
			at += 12 + len(data)
		}
		return
	}
	const soi, eoi, sof, dht, dqt, sos = 0xd8, 0xd9, 0xc0, 0xc4, 0xdb, 0xda
	for at := 0; ; {
		if i.Bytes[at] != 0xff {
			t.Fatalf("byte %d of the JPEG that we made begins no segment", at)
		}
		marker := i.Bytes[at+1]
		at += 2
		switch marker {
		case soi:
			continue
		case eoi:
			if at != len(i.Bytes) {
				t.Fatalf("%d bytes after the end", len(i.Bytes)-at)
			}
			return
		case sof, dht, dqt, sos:
		default:
			t.Fatalf("segment %#x in what we made", marker)
		}
		at += int(binary.BigEndian.Uint16(i.Bytes[at:]))
		for marker == sos && (i.Bytes[at] != 0xff || i.Bytes[at+1] == 0) {
			at++
		}
	}
}

func TestWhatIsNotAPictureOfOursIsUnsupportedAndTheRestInvalid(t *testing.T) {
	for file, want := range map[string]board.Kind{
		"<svg/>": board.Unsupported,
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic": board.Unsupported,
		pngMagic:                          board.Invalid,
		strings.Repeat("x", MaxBytes+1):   board.TooLarge,
		string(bombPNG(9000, 2, 8, 0, 8)): board.Invalid,
	} {
		_, err := patient().Press(t.Context(), []byte(file))
		if e, ok := errors.AsType[*board.Error](err); !ok || e.Kind != want {
			t.Errorf("%.20q: %v, want kind %d", file, err, want)
		}
	}
}

func TestPicturesAreScaledAndNeverEnlarged(t *testing.T) {
	for _, tt := range []struct{ w, h, fullW, fullH, thumbW, thumbH int }{
		{2400, 1800, 1600, 1200, 640, 480},
		{1800, 2400, 1200, 1600, 480, 640},
		{1600, 1600, 1600, 1600, 640, 640},
		{1700, 100, 1600, 94, 640, 38},
		{320, 200, 320, 200, 320, 200},
		{1, 1, 1, 1, 1, 1},
		{8000, 1, 1600, 1, 640, 1},
		{1, 8000, 1, 1600, 1, 640},
	} {
		p := pressed(t, bombPNG(uint32(tt.w), uint32(tt.h), 8, pngGray, 8))
		decoded(t, p.Full)
		decoded(t, p.Thumb)
		if got := [4]int{p.Full.Width, p.Full.Height, p.Thumb.Width, p.Thumb.Height}; got != [4]int{tt.fullW, tt.fullH, tt.thumbW, tt.thumbH} {
			t.Errorf("%d × %d became %v, want %v", tt.w, tt.h, got, tt)
		}
	}
}

// corners paints each corner of a picture in its own colour.
func corners(w, h int, inks [4]color.RGBA) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			i := 0
			if x >= w/2 {
				i++
			}
			if y >= h/2 {
				i += 2
			}
			m.SetRGBA(x, y, inks[i])
		}
	}
	return m
}

// nearest names the colour of a pixel.
func nearest(c color.Color) string {
	r, g, b, _ := c.RGBA()
	name := ""
	for _, ink := range []struct {
		letter string
		v      uint32
	}{{"r", r}, {"g", g}, {"b", b}} {
		if ink.v > 0x8000 {
			name += ink.letter
		}
	}
	return name
}

func TestOrientationIsAppliedBeforeItGoes(t *testing.T) {
	red, green, blue, white := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.RGBA{255, 255, 255, 255}
	stored := corners(96, 64, [4]color.RGBA{red, green, blue, white}) // r g / b rgb
	exif := func(o uint16) []byte { return append([]byte("Exif\x00\x00"), tiff(o)...) }
	asJPEG, asPNG := encodeJPEG(t, stored), encodePNG(t, stored)
	for o, want := range map[uint16]string{
		0: "r g b rgb", 1: "r g b rgb", 2: "g r rgb b", 3: "rgb b g r", 4: "b rgb r g",
		5: "r b g rgb", 6: "b r rgb g", 7: "rgb g b r", 8: "g rgb r b", 9: "r g b rgb",
	} {
		for name, file := range map[string][]byte{
			"JPEG": insert(asJPEG, 2, segment(0xe1, exif(o))),
			"PNG":  insert(asPNG, 8+25, chunk("eXIf", tiff(o))),
		} {
			p := pressed(t, file)
			m := decoded(t, p.Full)
			w, h := p.Full.Width, p.Full.Height
			if turned := o >= 5 && o <= 8; turned != (w == 64 && h == 96) {
				t.Errorf("%s, orientation %d: %d × %d", name, o, w, h)
			}
			got := strings.Join([]string{
				nearest(m.At(w/4, h/4)), nearest(m.At(3*w/4, h/4)), nearest(m.At(w/4, 3*h/4)), nearest(m.At(3*w/4, 3*h/4)),
			}, " ")
			if got != want {
				t.Errorf("%s, orientation %d: corners %s, want %s", name, o, got, want)
			}
		}
	}
}

// TestEveryKindOfFileIsRead: testdata holds one picture in the ways that Go can't
// write, largest the largest of each that is taken.
func TestEveryKindOfFileIsRead(t *testing.T) {
	for name, file := range filesIn(t, "testdata") {
		p := pressed(t, file)
		m := decoded(t, p.Full)
		if got := strings.Contains(name, "transparent"); got != (p.Full.Type == "image/png") {
			t.Errorf("%s became %s", name, p.Full.Type)
		}
		w, h := 96, 64
		if strings.HasPrefix(name, "oriented") {
			w, h = h, w
		}
		if p.Full.Width != w || p.Full.Height != h {
			t.Errorf("%s became %d × %d", name, p.Full.Width, p.Full.Height)
		}
		if strings.Contains(name, "transparent") || strings.HasPrefix(name, "grey") || strings.HasPrefix(name, "oriented") {
			continue
		}
		r, g, b, _ := m.At(72, 16).RGBA()
		for i, pair := range [][2]int{{int(r >> 8), 191}, {int(g >> 8), 63}, {int(b >> 8), 90}} {
			if abs(pair[0]-pair[1]) > 45 {
				t.Errorf("%s: channel %d is %d, want about %d", name, i, pair[0], pair[1])
			}
		}
	}
}

func filesIn(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		file, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = file
	}
	return files
}

func TestWhatWouldTakeTooMuchMemoryIsRefusedUnread(t *testing.T) {
	jpeg := filesIn(t, "testdata/largest")["progressive.jpg"]
	at := bytes.Index(jpeg, []byte{0xff, 0xc2})
	binary.BigEndian.PutUint16(jpeg[at+5:], 3000)
	interlaced := bombPNG(3400, 3400, 8, 6, 32)
	interlaced[28] = 1
	binary.BigEndian.PutUint32(interlaced[29:], crc32.ChecksumIEEE(interlaced[12:29]))
	scans := jpegWith(t)
	sos := bytes.Index(scans, []byte{0xff, 0xda})
	for name, file := range map[string][]byte{
		"progressive JPEG":       jpeg,
		"interlaced PNG":         interlaced,
		"JPEG of too many scans": insert(scans, sos, bytes.Repeat(segment(0xda, make([]byte, 8)), maxScans)),
	} {
		if _, err := look(file); codeOf(err) != "error.picture.heavy" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOddFilesAreRefusedAsBroken(t *testing.T) {
	small := encodePNG(t, gradient(8, 8))
	file := func(name string) []byte { return bytes.Clone(filesIn(t, "testdata")[name]) }
	webp := file("lossy.webp")
	webp[4] += 200
	long := file("lossy.webp")
	long[17] = 0xff
	late := insert(jpegWith(t), len(jpegWith(t))-2, segment(0xee, []byte("Adobe\x00\x00\x00\x00\x00\x00\x00")))
	for name, file := range map[string][]byte{
		"a WebP that is shorter than it says": webp,
		"a WebP's chunk that is longer":       long,
		"a WebP of nothing":                   []byte("RIFF\x04\x00\x00\x00WEBP"),
		"a PNG with a wrong sum":              bytes.Replace(small, []byte("IEND"), []byte("IENE"), 1),
		"a PNG without pixels":                insert(small[:33], 33, chunk("IEND", nil)),
		"a PNG with pixels left over":         insert(bombPNG(4, 4, 8, 0, 8)[:33], 33, bombPNG(4, 9, 8, 0, 8)[33:]),
		"a PNG with pixels missing":           insert(bombPNG(4, 9, 8, 0, 8)[:33], 33, bombPNG(4, 4, 8, 0, 8)[33:]),
		"a PNG in an unknown depth":           bombPNG(4, 4, 5, 0, 8),
		"a GIF with an unknown block":         bytes.Replace(scriptGIF(t), []byte("\x21\xfe"), []byte("\x22\xfe"), 1),
		"a JPEG whose colours change":         late,
		"a JPEG without a frame":              insert(segment(0xd8, nil)[:2], 2, segment(0xe0, nil), []byte{0xff, 0xd9}),
	} {
		if _, err := patient().Press(t.Context(), file); codeOf(err) != "error.picture.broken" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTransparencyStaysWhileItIsSmallAndElseIsLaidOnItsBed(t *testing.T) {
	glass := image.NewNRGBA(image.Rect(0, 0, 300, 300))
	for i := range 300 * 150 {
		copy(glass.Pix[4*i:], []uint8{200, 30, 30, 128})
	}
	p := pressed(t, encodePNG(t, glass))
	if m := decoded(t, p.Full); p.Full.Type != "image/png" || alphaOf(m.At(10, 10)) != 128 || alphaOf(m.At(10, 290)) != 0 {
		t.Errorf("%s, alpha %d and %d", p.Full.Type, alphaOf(m.At(10, 10)), alphaOf(m.At(10, 290)))
	}

	loud := image.NewNRGBA(image.Rect(0, 0, 600, 600))
	noise(loud.Pix)
	for y := range 100 {
		for x := range 600 {
			loud.SetNRGBA(x, y, color.NRGBA{})
		}
	}
	for i := range loud.Pix {
		if i%4 < 3 {
			loud.Pix[i] /= 2 // a dark picture
		}
	}
	p = pressed(t, encodePNG(t, loud))
	if m := decoded(t, p.Full); p.Full.Type != "image/jpeg" || nearest(m.At(300, 50)) != "rgb" {
		t.Errorf("a loud transparent picture became %s, %v where nothing was", p.Full.Type, m.At(300, 50))
	}
	if p.Thumb.Type != "image/jpeg" {
		t.Errorf("its thumbnail became %s", p.Thumb.Type)
	}
}

// TestALightSignOnNothingIsLaidOnTheDark, for on white it could not be seen.
func TestALightSignOnNothingIsLaidOnTheDark(t *testing.T) {
	sign := image.NewNRGBA(image.Rect(0, 0, 600, 600))
	noise(sign.Pix)
	for i := range 600 * 600 {
		p := sign.Pix[4*i : 4*i+4]
		p[0], p[1], p[2] = 255-p[0]/4, 255-p[1]/4, 255-p[2]/4
		if i < 600*100 {
			p[3] = 0
		}
	}
	p := pressed(t, encodePNG(t, sign))
	if r, g, b, _ := decoded(t, p.Full).At(300, 50).RGBA(); p.Full.Type != "image/jpeg" || r>>8 > 40 || g>>8 > 40 || b>>8 > 60 {
		t.Errorf("it became %s, on %d %d %d", p.Full.Type, r>>8, g>>8, b>>8)
	}
}

func noise(pix []uint8) {
	state := uint32(1)
	for i := range pix {
		state = state*1664525 + 1013904223
		pix[i] = uint8(state >> 24)
	}
}

func alphaOf(c color.Color) uint8 { return color.NRGBAModel.Convert(c).(color.NRGBA).A }

func TestAPictureFitsIntoARow(t *testing.T) {
	loud := image.NewRGBA(image.Rect(0, 0, 1600, 1600))
	noise(loud.Pix)
	p := pressed(t, encodeJPEG(t, loud))
	if n := len(p.Full.Bytes); n > 2*maxFullBytes {
		t.Errorf("the loudest picture there can be takes %d bytes", n)
	}
}

func TestColourIsTheAverageOrWhatTransparencyIsSeenOn(t *testing.T) {
	for ink, want := range map[color.NRGBA]string{
		{10, 20, 30, 255}:    "#0a141e",
		{9, 9, 9, 0}:         "#ffffff",
		{20, 20, 20, 200}:    "#ffffff",
		{255, 255, 255, 200}: "#101820",
		{250, 230, 90, 60}:   "#101820",
	} {
		m := image.NewNRGBA(image.Rect(0, 0, 30, 20))
		for i := range 600 {
			m.SetNRGBA(i%30, i/30, ink)
		}
		if got := pressed(t, encodePNG(t, m)).Colour; got != want {
			t.Errorf("colour of %v = %s, want %s", ink, got, want)
		}
	}
}

func TestScalingKeepsEvenColoursAndSmoothRamps(t *testing.T) {
	ramp := image.NewGray(image.Rect(0, 0, 3001, 17))
	for i := range ramp.Pix {
		ramp.Pix[i] = uint8(i % 3001 * 255 / 3000)
	}
	out, err := scale(t.Context(), bitmap{ramp}, 500, asStored)
	if err != nil {
		t.Fatal(err)
	}
	for x := range 500 {
		if got, want := int(out.RGBAAt(x, 1).R), x*255/499; abs(got-want) > 2 {
			t.Fatalf("at %d the ramp is %d, want %d", x, got, want)
		}
	}
}

func TestAPictureThatTakesTooLongIsRefused(t *testing.T) {
	p := patient()
	p.time = 1
	if _, err := p.Press(t.Context(), jpegWith(t)); codeOf(err) != "error.picture.late" {
		t.Errorf("out of time: %v", err)
	}
}

func TestTheEndOfARequestEndsTheWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := patient().Press(ctx, jpegWith(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("after its request was gone: %v", err)
	}
	r := &reader{ctx: ctx, r: bytes.NewReader(jpegWith(t))}
	if _, err := jpeg.Decode(r); !errors.Is(err, context.Canceled) {
		t.Errorf("a decoder went on after the end: %v", err)
	}
}

func TestCallersWaitForACoreAndLeaveWithTheirRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPress(1)
		leave, err := p.enter(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		gone := make(chan error, maxWaiting)
		for range maxWaiting {
			waiting.Go(func() {
				_, err := p.Press(ctx, jpegWith(t))
				gone <- err
			})
		}
		synctest.Wait()
		if _, err := p.Press(ctx, jpegWith(t)); !isBusy(err) {
			t.Errorf("one too many: %v", err)
		}
		cancel()
		waiting.Wait()
		for range maxWaiting {
			if err := <-gone; !errors.Is(err, context.Canceled) {
				t.Errorf("left the queue with %v", err)
			}
		}
		leave()
		if _, err := p.Press(t.Context(), jpegWith(t)); err != nil {
			t.Errorf("when all had gone: %v", err)
		}
	})
}

func isBusy(err error) bool {
	e, ok := errors.AsType[*board.Error](err)
	return ok && e.Kind == board.Busy
}

func TestManyCallersGetTheSamePicture(t *testing.T) {
	p, file := patient(), jpegWith(t)
	want := pressed(t, file)
	var all sync.WaitGroup
	for range min(2*runtime.GOMAXPROCS(0)+1, maxWaiting) {
		all.Go(func() {
			got, err := p.Press(t.Context(), file)
			if err != nil || !bytes.Equal(got.Full.Bytes, want.Full.Bytes) {
				t.Errorf("one of many: %v", err)
			}
		})
	}
	all.Wait()
}

// TestR59APictureTakesLessThan64MB presses the largest that is taken of each
// kind, each in a process of its own, and reads how much that needed at its peak.
func TestR59APictureTakesLessThan64MB(t *testing.T) {
	if runtime.GOOS != "linux" || raced {
		t.Skip("the peak is read from /proc, and the race detector's own memory is in it")
	}
	const env = "MAYFLY_PRESS"
	if name := os.Getenv(env); name != "" {
		fmt.Println("peak", peakOf(t, name))
		return
	}
	for _, tt := range largest(t) {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(name, tt.file, 0o600); err != nil {
				t.Fatal(err)
			}
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+strings.Split(t.Name(), "/")[0]+"$", "-test.v")
			child.Env = append(os.Environ(), env+"="+name)
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, line, _ := strings.Cut(string(out), "peak ")
			kB, err := strconv.Atoi(strings.Fields(line)[0])
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d kB of file, %d MB above rest", len(tt.file)>>10, kB>>10)
			if kB > 64<<10 {
				t.Errorf("%d kB above rest", kB)
			}
		})
	}
}

// peakOf presses a file twice and returns by how many kB the process grew.
func peakOf(t *testing.T, name string) int {
	debug.FreeOSMemory()
	rest := status(t, "VmRSS:")
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := patient()
	for range 2 {
		if _, err := p.Press(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	}
	return status(t, "VmHWM:") - rest
}

func status(t *testing.T, field string) int {
	all, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(all), field)
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kB
}

// largest are the pictures that are just small enough.
func largest(t testing.TB) []sample {
	padded := func(file []byte) []byte { return append(file, make([]byte, MaxBytes-len(file))...) }
	rgba := image.NewNRGBA(image.Rect(0, 0, 4000, 3000))
	for i := range rgba.Pix {
		rgba.Pix[i] = uint8(i >> 9)
	}
	all := []sample{
		{name: "420.jpg", file: padded(encodeJPEG(t, gradient(4000, 3000)))},
		{name: "16 bits.png", file: padded(bombPNG(3464, 3464, 16, 6, 64))},
		{name: "transparent.png", file: padded(encodePNG(t, rgba))},
	}
	for name, file := range filesIn(t, "testdata/largest") {
		all = append(all, sample{name: name, file: padded(file)})
	}
	slices.SortFunc(all, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	return all
}

func BenchmarkPress(b *testing.B) {
	for _, s := range append(largest(b), sample{name: "from a browser", file: encodeJPEG(b, gradient(1600, 1200))}) {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			p := patient()
			for b.Loop() {
				if _, err := p.Press(b.Context(), s.file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzPress: whatever is sent, it is refused in words or becomes pixels.
func FuzzPress(f *testing.F) {
	for _, file := range filesIn(f, "testdata") {
		f.Add(file)
	}
	f.Add(jpegWith(f, segment(0xe1, append([]byte("Exif\x00\x00"), tiff(6)...))))
	f.Add(scriptGIF(f))
	f.Add(movingWebP())
	press := patient()
	f.Fuzz(func(t *testing.T, file []byte) {
		if h, err := look(file); err == nil && h.width*h.height > 100_000 {
			return // as right as a small one, and too slow to learn from
		}
		p, err := press.Press(t.Context(), file)
		if err != nil {
			if codeOf(err) == "" {
				t.Fatalf("refused without a word: %v", err)
			}
			return
		}
		decoded(t, p.Full)
		onlyPixels(t, p.Full)
		onlyPixels(t, p.Thumb)
	})
}

// everyPNG is a small picture in each colour type and depth, some with parts that
// are not there.
func everyPNG(t testing.TB) [][]byte {
	r := image.Rect(0, 0, 13, 5)
	var files [][]byte
	add := func(m draw.Image) {
		draw.Draw(m, r, gradient(13, 5), image.Point{}, draw.Src)
		file := encodePNG(t, m)
		const afterHead = 8 + 25
		files = append(files, file, insert(file, afterHead, chunk("tRNS", []byte{0, 90})),
			insert(file, afterHead, chunk("tRNS", []byte{0, 19, 0, 0, 0, 90})))
	}
	for _, colours := range []int{2, 4, 16, 256} {
		m := image.NewPaletted(r, palette.Plan9[:colours])
		add(m)
		m.Palette = slices.Clone(m.Palette)
		m.Palette[1] = color.NRGBA{9, 99, 200, 128}
		add(m)
	}
	add(image.NewGray(r))
	add(image.NewGray16(r))
	add(image.NewRGBA(r))
	add(image.NewRGBA64(r))
	half := image.NewNRGBA(r)
	add(half)
	noise(half.Pix)
	files = append(files, encodePNG(t, half))
	wide := image.NewNRGBA64(r)
	noise(wide.Pix)
	files = append(files, encodePNG(t, wide))
	for depth := byte(1); depth <= 16; depth *= 2 {
		grey := bombPNG(13, 5, depth, pngGray, int(depth))
		files = append(files, grey, insert(grey, 8+25, chunk("tRNS", []byte{0, 0})), bombPNG(13, 5, depth, pngGrayAlpha, 2*int(depth)))
	}
	return files
}

// FuzzPNGRows: where image/png reads a picture, we read the same.
func FuzzPNGRows(f *testing.F) {
	for _, file := range everyPNG(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		head, err := lookPNG(file)
		if err != nil || head.width*head.height > 100_000 || head.bitmap > 0 {
			return
		}
		want, wantErr := png.Decode(bytes.NewReader(file))
		got, err := head.open(bytes.NewReader(file))
		line := make([]uint8, 4*head.width)
		for y := 0; err == nil && y < head.height; y++ {
			err = got.row(y, line)
			for x := 0; err == nil && wantErr == nil && x < head.width; x++ {
				r, g, b, a := want.At(x, y).RGBA()
				for i, v := range []uint32{r, g, b, a} {
					if abs(int(line[4*x+i])-int(v>>8)) > 1 {
						t.Fatalf("at %d, %d: %v, image/png says %v", x, y, line[4*x:4*x+4], want.At(x, y))
					}
				}
			}
		}
		if err == nil {
			err = got.end()
		}
		if wantErr == nil && err != nil {
			t.Fatalf("image/png reads it, we: %v", err)
		}
	})
}

// FuzzEXIFOrientation: no block of EXIF turns a picture into what isn't one of
// the eight.
func FuzzEXIFOrientation(f *testing.F) {
	for o := range uint16(10) {
		f.Add(tiff(o))
	}
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"))
	f.Fuzz(func(t *testing.T, block []byte) {
		if o := exifOrientation(block); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
	})
}
