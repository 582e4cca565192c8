package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

// mark begins a word that stands nowhere but in what is written here.
const mark = "soakmarker"

var lots = rand.New(rand.NewPCG(6, 9)) //nolint:gosec // words, the same each time; one goroutine draws

// words are such as nobody has written before.
func words(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%06d", mark, n)
	for range 12 {
		b.WriteByte(' ')
		for range 2 + lots.IntN(3) {
			b.WriteByte("bdfgklmnprstvz"[lots.IntN(14)])
			b.WriteByte("aeiou"[lots.IntN(5)])
		}
	}
	return b.String()
}

// post is what was published.
type post struct{ id, key string }

// publish writes on the home board; the error says what was answered.
func (s *server) publish(ctx context.Context, who int, draft map[string]any, picture []byte) (post, error) {
	kind := "application/json"
	body, err := json.Marshal(draft)
	if picture != nil {
		kind, body, err = form(draft, picture)
	}
	if err != nil {
		return post{}, err
	}
	from := http.Header{"X-Forwarded-For": {fmt.Sprintf("198.18.%d.%d", who/250%250, 1+who%250)}}
	status, answer, err := s.ask(ctx, s.client, http.MethodPost, s.URL+"/api/v1/boards/home/posts", kind, body, from)
	if err != nil {
		return post{}, err
	}
	if status != http.StatusCreated {
		return post{}, refusedError{status, string(answer)}
	}
	var got struct {
		Post     struct{ ID string }
		OwnerKey string `json:"owner_key"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return post{}, err
	}
	return post{id: got.Post.ID, key: got.OwnerKey}, nil
}

// refusedError is an answer that was none of the wished.
type refusedError struct {
	status int
	answer string
}

func (e refusedError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.answer) }

func refusedWith(err error, status int) bool {
	refused, ok := errors.AsType[refusedError](err)
	return ok && refused.status == status
}

func form(draft map[string]any, picture []byte) (kind string, body []byte, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range draft {
		if err := w.WriteField(name, fmt.Sprint(value)); err != nil {
			return "", nil, err
		}
	}
	part, err := w.CreateFormFile("picture", "p.png")
	if err != nil {
		return "", nil, err
	}
	if _, err := part.Write(picture); err != nil {
		return "", nil, err
	}
	err = w.Close() // writes the last line
	return w.FormDataContentType(), b.Bytes(), err
}

func drawPicture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255}) //nolint:gosec // any colour will do
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // into memory
	return b.Bytes()
}

func (s *server) call(ctx context.Context, method, path string, in any, header http.Header) (int, []byte, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	return s.ask(ctx, s.client, method, s.URL+"/api/v1"+path, "application/json", body, header)
}

// there is the status of a post's page.
func (s *server) there(ctx context.Context, id string) int {
	status, _, _ := s.ask(ctx, s.client, http.MethodGet, s.URL+"/p/"+id, "", nil, nil)
	return status
}

func (s *server) listen(ctx context.Context) (*websocket.Conn, error) {
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(s.URL, "http", "ws", 1)+"/api/v1/live?board=home", http.Header{"Origin": {s.URL}})
	if err != nil {
		return nil, err
	}
	return conn, res.Body.Close()
}

// ids are all posts in the feed of the board.
func (s *server) ids(ctx context.Context) (map[string]bool, error) {
	list := map[string]bool{}
	for cursor := ""; ; {
		status, answer, err := s.ask(ctx, s.client, http.MethodGet, s.URL+"/api/v1/boards/home/posts?limit=200&cursor="+cursor, "", nil, nil)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, refusedError{status, string(answer)}
		}
		var page struct {
			Cursor string
			Posts  []struct{ ID string }
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			return nil, err
		}
		for _, p := range page.Posts {
			list[p.ID] = true
		}
		if cursor = page.Cursor; cursor == "" {
			return list, nil
		}
	}
}
