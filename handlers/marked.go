package handlers

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"mayfly/board"
	"mayfly/views"
)

// errManyMarks says that a page has more marks than are looked through.
var errManyMarks = errors.New("too many marks")

// marksOf reads what all visitors did with posts, once somebody asks.
func (s *Server) marksOf(ctx context.Context, posts []board.Post) func() (board.Marks, error) {
	return sync.OnceValues(func() (board.Marks, error) {
		m, all, err := s.board.Marks(ctx, posts)
		if err == nil && !all {
			err = errManyMarks
		}
		return m, err
	})
}

// answerMarked answers with a page that was drawn for nobody in particular, on which posts
// are drawn anew that r's visitor wrote, voted on or opened; false: it has to be drawn for
// them alone.
func (s *Server) answerMarked(w http.ResponseWriter, r *http.Request, sh *sheet, v board.Visitor) bool {
	if sh.until.IsZero() || !takesGzip(r.Header.Get("Accept-Encoding")) {
		return false
	}
	marks, err := sh.marks()
	cut := sh.cut()
	if err != nil || cut == nil {
		return false
	}
	body, err := sh.marked(r.Context(), cut, v, marks.Of(v, sh.posts))
	if err != nil || !sh.rightAt(s.board.Now(), s.board.Turns()) {
		return false
	}
	h := w.Header()
	maps.Copy(h, sh.header)
	h["Content-Encoding"] = gzipEncoding
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body) //nolint:gosec // as it was drawn; a reader that went away is no failure of ours
	return true
}

var gzipEncoding = []string{"gzip"}

// marked is the page for one reader.
func (sh *sheet) marked(ctx context.Context, c *cut, v board.Visitor, list []board.Mark) ([]byte, error) {
	if len(list) == 0 {
		return c.whole(), nil
	}
	theirs := make(map[int][]byte, len(list))
	for _, m := range list {
		p := sh.posts[m.At]
		visit := sh.visit
		visit.Visitor, visit.Opened = v, map[board.PostID]bool{p.ID: m.Opened}
		drawn := views.NewPosts(visit, []board.Post{p}, map[board.PostID]board.Vote{p.ID: m.Vote})
		b, err := render(ctx, views.PostArticle(drawn[0]))
		if err != nil {
			return nil, err
		}
		theirs[m.At] = wholly(b)
	}
	return c.with(theirs), nil
}

// takesGzip says whether a reader who offers encodings can read gzip.
func takesGzip(encodings string) bool {
	for offer := range strings.SplitSeq(encodings, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(offer), ";")
		if strings.TrimSpace(name) != "gzip" {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return weight == "" || err == nil && q > 0
	}
	return false
}
