package handlers_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"mayfly/pictures"
)

// photo is a JPEG of so many pixels, whose comment and trailer hold a marker.
func photo(width, height int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	plain := b.Bytes()
	comment := append([]byte{0xff, 0xfe, 0, byte(len(marker) + 2)}, marker...)
	return bytes.Join([][]byte{plain[:2], comment, plain[2:], []byte(marker)}, nil)
}

const (
	marker   = "xyzzy-camera-marker"
	fileName = "holiday-of-somebody.jpg"
)

// upload is a form with a picture, fields (pairs of name and value) before it.
func upload(file []byte, fields ...string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			panic(err)
		}
	}
	addFile(w, file)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String(), w.FormDataContentType()
}

func addFile(w *multipart.Writer, file []byte) {
	name := fileName
	if file == nil { // as browsers send a field where nothing was chosen
		name = ""
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="picture"; filename="` + name + `"`}, "Content-Type": {"image/png"}, // a lie
	})
	if err != nil {
		panic(err)
	}
	if _, err := part.Write(file); err != nil {
		panic(err)
	}
}

func (s *site) upload(path string, file []byte, fields ...string) answer {
	s.t.Helper()
	body, contentType := upload(file, fields...)
	return s.do(http.MethodPost, path, body, "Content-Type", contentType)
}

// publishPicture posts a picture through the API, and gives the post's id.
func (s *site) publishPicture(fields ...string) string {
	s.t.Helper()
	a := s.upload("/api/v1/boards/home/posts", photo(64, 48), fields...)
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("publish: %s %s", a.Status, a.body)
	}
	return strings.TrimPrefix(a.Header.Get("Location"), "/api/v1/posts/")
}

func TestAPictureIsPostedByFormAndServedAsWhatWeMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.upload("/b/home/posts", photo(2000, 500), "body", "look", "alt", "a heron", "backdrop", "pond", "ttl", "1h")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("a form with a picture: %s", a.Status)
	}
	id := a.Header.Get("Location")[len("/#p-"):]
	for part, longest := range map[string]int{"picture": pictures.FullSide, "thumb": pictures.ThumbSide} {
		got := s.get("/p/" + id + "/" + part)
		if got.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", part, got.Status)
		}
		shape, kind, err := image.DecodeConfig(strings.NewReader(got.body))
		if err != nil || kind != "jpeg" || shape.Width != longest {
			t.Errorf("%s: %s of %d, %v", part, kind, shape.Width, err)
		}
		if strings.Contains(got.body, marker) {
			t.Errorf("%s holds what the camera wrote", part)
		}
		head := s.do(http.MethodHead, "/p/"+id+"/"+part, "")
		for _, a := range []answer{got, head} {
			for name, want := range map[string]string{
				"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
				"Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "same-origin",
				"Content-Disposition": "inline", "Content-Length": fmt.Sprint(len(got.body)),
				"Etag": "", "Last-Modified": "", "Content-Encoding": "", "Set-Cookie": "", "Accept-Ranges": "",
			} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s %s: %s = %q, want %q", a.Request.Method, part, name, got, want)
				}
			}
		}
	}
	if strings.Contains(s.log.String(), fileName) || strings.Contains(s.log.String(), marker) || strings.Contains(s.log.String(), "heron") {
		t.Error("the log knows the file")
	}
}

func TestProgramsPostAndReadPictures(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	live := s.listen("/api/v1/live")
	s.next(live)
	a := s.upload("/api/v1/boards/home/posts", photo(64, 48), "alt", "a heron\n standing", "unlisted", "", "ttl", "10m")
	if a.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s", a.Status, a.body)
	}
	id := strings.TrimPrefix(a.Header.Get("Location"), "/api/v1/posts/")
	want := fmt.Sprintf(`"picture":{"url":"/p/%s/picture","thumb":"/p/%s/thumb","alt":"a heron standing","width":64,"height":48,"colour":"#`, id, id)
	for what, got := range map[string]string{
		"the answer": a.body, "the feed": s.get("/api/v1/boards/home/posts").body, "the post": s.get("/api/v1/posts/" + id).body, "the socket": s.next(live),
	} {
		if !strings.Contains(got, want) || !strings.Contains(got, `"blurred":true}`) {
			t.Errorf("%s: %s\nwant …%s…", what, got, want)
		}
	}
	s.set("pictures", "on")
	if got := s.get("/api/v1/posts/" + id).body; !strings.Contains(got, `"blurred":false`) {
		t.Errorf("pictures=on: %s", got)
	}
	plain, _ := s.publish("words alone")
	if got := s.get("/api/v1/posts/" + plain).body; !strings.Contains(got, `"picture":null`) {
		t.Errorf("a post without one: %s", got)
	}
	if a := s.upload("/b/home/posts", []byte{}, "body", "an empty file"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "an empty file") {
		t.Errorf("a file without bytes: %s", a.Status)
	}
	body, contentType := upload(nil, "body", "no file was chosen")
	if a := s.do(http.MethodPost, "/api/v1/boards/home/posts", body, "Content-Type", contentType); a.StatusCode != http.StatusCreated || !strings.Contains(a.body, `"picture":null`) {
		t.Errorf("an empty file field: %s %s", a.Status, a.body)
	}
}

// TestABadUploadIsRefusedAndTheWordsComeBack: the browser's form is not lost.
func TestABadUploadIsRefusedAndTheWordsComeBack(t *testing.T) {
	t.Parallel()
	good := photo(64, 48)
	form := func(file []byte, fields ...string) func() (string, string) {
		return func() (string, string) { return upload(file, append([]string{"body", "my own words"}, fields...)...) }
	}
	cut := func(at int) func() (string, string) {
		return func() (string, string) {
			body, contentType := upload(good, "body", "my own words")
			return body[:len(body)-at], contentType
		}
	}
	for _, tt := range []struct {
		name   string
		set    []string
		body   func() (body, contentType string)
		status int
		says   string
	}{
		{"a text that is called a picture", nil, form([]byte("<svg onload=alert(1)>")), 415, ""},
		{"an iPhone's picture", nil, form([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")), 415, ""},
		{"half a picture", nil, form(good[:len(good)/2]), 422, ""},
		{"a byte more than may be", nil, form(make([]byte, pictures.MaxBytes+1)), 413, "8 MB"},
		{"three times what may be", nil, form(make([]byte, 3*pictures.MaxBytes)), 413, "8 MB"},
		{"more than is read", nil, form(make([]byte, 5*pictures.MaxBytes)), 413, ""},
		{"an upload that broke off in its end", nil, cut(3), 400, "Send it again"},
		{"an upload that broke off in its picture", nil, cut(500), 400, "Send it again"},
		{"no pictures here", []string{"pictures", "off"}, form(good), 422, "takes no pictures"},
		{"no view-once pictures", nil, form(good, "view_once", "on"), 422, "viewed once"},
		{"a description too long", nil, form(good, "alt", strings.Repeat("x", 501)), 422, "500"},
		{"a ttl that is no time", nil, form(good, "ttl", "soon"), 422, ""},
		{"words too long", nil, form(good, "body", "", "warning", strings.Repeat("x", 200)), 422, "120"},
		{"two pictures", nil, func() (string, string) {
			var b bytes.Buffer
			w := multipart.NewWriter(&b)
			_ = w.WriteField("body", "my own words")
			addFile(w, good)
			addFile(w, good)
			_ = w.Close()
			return b.String(), w.FormDataContentType()
		}, 400, ""},
		{"a hundred fields", nil, func() (string, string) {
			return upload(good, append([]string{"body", "my own words"}, strings.Split(strings.Repeat("a,b,", 100), ",")...)...)
		}, 400, ""},
		{"a megabyte of words", nil, form(good, "warning", strings.Repeat("x", 1<<20)), 413, ""},
		{"a megabyte of header", nil, func() (string, string) {
			body, contentType := upload(good, "body", "my own words")
			return strings.Replace(body, fileName, strings.Repeat("x", 1<<20), 1), contentType
		}, 413, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			if tt.set != nil {
				s.set(tt.set[0], tt.set[1])
			}
			body, contentType := tt.body()
			for name, headers := range map[string][]string{"page": nil, "script": {"HX-Request", "true"}} {
				a := s.do(http.MethodPost, "/b/home/posts", body, append(headers, "Content-Type", contentType)...)
				if a.StatusCode != tt.status || !strings.Contains(a.body, tt.says) {
					t.Errorf("%s: %s, want %d and %q", name, a.Status, tt.status, tt.says)
				}
				if len(body) < maxRead && !strings.Contains(a.body, "my own words") {
					t.Errorf("%s: the words did not come back", name)
				}
			}
			a := s.do(http.MethodPost, "/api/v1/boards/home/posts", body, "Content-Type", contentType)
			if a.StatusCode != tt.status || a.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("API: %s as %s", a.Status, a.Header.Get("Content-Type"))
			}
			if _, out := s.call(http.MethodGet, "/api/v1/boards/home/posts", nil); len(out["posts"].([]any)) != 0 {
				t.Error("something was written")
			}
			if strings.Contains(s.log.String(), "words") || strings.Contains(s.log.String(), fileName) {
				t.Errorf("the log tells of it:\n%s", s.log)
			}
		})
	}
}

// TestAnUploadThatStallsIsAnsweredWithItsWords: net/http calls a request off whose time
// to read is over, but somebody waits for its answer.
func TestAnUploadThatStallsIsAnsweredWithItsWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	whole, contentType := upload(photo(640, 480), "body", "my own words")
	wordy, wordyType := upload(nil, "body", "my own words", "warning", strings.Repeat("x", 1<<20))
	for _, tt := range []struct {
		name, path, headers string
		sent, contentType   string
		status              int
		says                []string
	}{
		{"in its picture", "/b/home/posts", "", whole[:len(whole)-500], contentType, 400, []string{"too slowly", "my own words"}},
		{"sent by script", "/b/home/posts", "HX-Request: true\r\n", whole[:len(whole)-500], contentType, 400, []string{"too slowly", "my own words"}},
		{"sent by a program", "/api/v1/boards/home/posts", "", whole[:len(whole)-500], contentType, 400, []string{"too slowly"}},
		{"after its end", "/b/home/posts", "", whole, contentType, 400, []string{"too slowly", "my own words"}},
		{"in more words than are read", "/b/home/posts", "", wordy[:len(wordy)-1000], wordyType, 413, []string{"my own words"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := strings.TrimPrefix(s.url, "http://")
			conn := must(new(net.Dialer).DialContext(t.Context(), "tcp", host))
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			must(fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n%s",
				tt.path, host, tt.contentType, tt.headers, len(tt.sent)+1000, tt.sent))
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			defer res.Body.Close()
			page := string(must(io.ReadAll(res.Body)))
			if res.StatusCode != tt.status || !res.Close {
				t.Errorf("%s, closed: %v", res.Status, res.Close)
			}
			for _, part := range tt.says {
				if !strings.Contains(page, part) {
					t.Errorf("nothing says %q: %s", part, page)
				}
			}
			if n, err := io.Copy(io.Discard, conn); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the connection stays open after the answer: %d bytes, %v", n, err)
			}
		})
	}
}

// maxRead is how much of an upload is read.
const maxRead = 4 * pictures.MaxBytes

func TestOtherFormsTakeNoUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("root")
	body, contentType := upload(photo(64, 48), "body", "a reply", "vote", "heart")
	for _, path := range []string{"/p/" + id + "/replies", "/p/" + id + "/vote", "/look", "/api/v1/posts/" + id + "/replies"} {
		if a := s.do(http.MethodPost, path, body, "Content-Type", contentType); a.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%s: %s, want 415", path, a.Status)
		}
	}
}

func TestPicturesAreChargedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("picture", "3/1") // an address's bucket is twice as wide
	var last answer
	for range 3 {
		last = s.upload("/b/home/posts", photo(64, 48), "body", "my own words")
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") != "20" || !strings.Contains(last.body, "my own words") {
		t.Errorf("the third of two: %s, Retry-After %s", last.Status, last.Header.Get("Retry-After"))
	}
	if a := s.upload("/b/home/posts", nil, "body", "words go on"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("words alone, after too many pictures: %s", a.Status)
	}
	s.set("picture", "0")
	s.set("post", "6/1")
	for range 3 {
		last = s.upload("/b/home/posts", photo(64, 48), "body", "my own words")
	}
	if last.StatusCode != http.StatusTooManyRequests || !strings.Contains(last.body, "my own words") {
		t.Errorf("a picture is a post too: %s", last.Status)
	}
}

func TestLookingAtPicturesIsMeteredApartFromPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.publishPicture()
	s.set("page", "1/1")
	passed := 0
	for range 40 {
		if s.get("/p/"+id+"/thumb").StatusCode == http.StatusOK {
			passed++
		}
	}
	if passed < 20 || passed > 22 {
		t.Errorf("%d pictures for two pages, want ten each", passed)
	}
	if a := s.get("/"); a.StatusCode != http.StatusOK {
		t.Errorf("a page after many pictures: %s", a.Status)
	}
}

func TestR02AnEndedPictureIsTheNotFoundOfAllOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	never := s.get("/p/aaaaaaaaaaaaaaaaaaaaaaaaaa/picture")
	plain, _ := s.publish("no picture")
	timed, byHand, lasting := s.publishPicture("ttl", "10m"), s.publishPicture(), s.publishPicture("unlisted", "on")
	s.set("view_once_pictures", "on")
	once := s.publishPicture("view_once", "on")
	if a := s.do(http.MethodDelete, "/api/v1/posts/"+byHand, ""); a.StatusCode != http.StatusNoContent {
		t.Fatal(a.Status)
	}
	_, out := s.call(http.MethodGet, "/api/v1/posts/"+timed, nil)
	left := time.Duration(out["post"].(map[string]any)["left"].(float64)) * time.Second
	s.clock.turn(left - time.Millisecond)
	if a := s.get("/p/" + timed + "/picture"); a.StatusCode != http.StatusOK {
		t.Errorf("a millisecond before its end: %s", a.Status)
	}
	s.clock.turn(time.Millisecond)
	for what, id := range map[string]string{"by time": timed, "by hand": byHand, "without one": plain, "view-once": once, "no id": "x"} {
		for _, part := range []string{"picture", "thumb"} {
			a := s.get("/p/" + id + "/" + part)
			if a.StatusCode != http.StatusNotFound || a.body != never.body {
				t.Errorf("%s: %s, or another page than for an id that never was", what, a.Status)
			}
		}
	}
	if a := s.get("/p/" + lasting + "/thumb"); a.StatusCode != http.StatusOK {
		t.Errorf("an unlisted one, by its link: %s", a.Status)
	}
	if a := s.get("/p/" + lasting + "/original"); a.StatusCode != http.StatusNotFound {
		t.Errorf("another part: %s", a.Status)
	}
}

func TestAViewOncePictureComesWithItsOpening(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("view_once_pictures", "on")
	id := s.publishPicture("readers", "1", "alt", "a heron")
	if got := s.get("/api/v1/posts/" + id).body; !strings.Contains(got, `"picture":null`) || strings.Contains(got, "heron") {
		t.Errorf("before it is opened: %s", got)
	}
	reader := newBrowser()
	a := s.as(reader, http.MethodPost, "/api/v1/posts/"+id+"/open", "")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, `"alt":"a heron"`) || !strings.Contains(a.body, `"url":"","thumb":""`) {
		t.Fatalf("opening: %s %s", a.Status, a.body)
	}
	_, data, _ := strings.Cut(a.body, `"data":"`)
	data, _, _ = strings.Cut(data, `"`)
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil || !bytes.HasPrefix(raw, []byte{0xff, 0xd8}) || !strings.Contains(a.body, `"type":"image/jpeg"`) {
		t.Errorf("the picture of the opening: %d bytes, %v", len(raw), err)
	}
	for _, path := range []string{"/p/" + id + "/picture", "/p/" + id + "/thumb", "/p/" + id} {
		if a := s.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s after its last reader: %s", path, a.Status)
		}
	}
}

// TestR10AnUploadTouchesNoDisk: not while it is under way, cut off or done.
func TestR10AnUploadTouchesNoDisk(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := newSite(t)
	file := bytes.Repeat([]byte(marker), pictures.MaxBytes/len(marker))
	body, contentType := upload(file, "body", "plainly-written-marker")
	untouched := func(when string) {
		t.Helper()
		if entries, err := os.ReadDir(temp); err != nil || len(entries) > 0 {
			t.Errorf("%s: temporary files %v, %v", when, entries, err)
		}
		for _, name := range openFiles(t) {
			if strings.HasSuffix(name, " (deleted)") {
				t.Errorf("%s: %s is open", when, name)
			}
		}
		if all := s.files(); bytes.Contains(all, []byte(marker)) || bytes.Contains(all, []byte("plainly-written")) {
			t.Errorf("%s: plaintext lies in a file", when)
		}
	}
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /b/home/posts HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", contentType, len(body))
	if _, err := io.WriteString(conn, body[:len(body)-100]); err != nil {
		t.Fatal(err)
	}
	untouched("under way")
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	untouched("cut off")
	if a := s.upload("/b/home/posts", photo(1000, 1000), "body", "plainly-written-marker"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.Status)
	}
	untouched("done")
	if bytes.Contains(s.files(), []byte("\xff\xd8\xff")) && bytes.Contains(s.files(), []byte("JFIF")) {
		t.Error("a JPEG lies in a file")
	}
	if strings.Contains(s.log.String(), "marker") {
		t.Error("the log holds words")
	}
}

// openFiles are those this process has open.
func openFiles(t *testing.T) []string {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	var names []string
	for _, fd := range fds {
		if name, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil {
			names = append(names, name)
		}
	}
	return names
}
