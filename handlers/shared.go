package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"mayfly/board"
	"mayfly/views"
)

// A page that its readers without a cookie share is drawn and compressed once a second,
// however many ask. What it may not outlive is in three places: Board.Turns says what was
// done, until says when the first thing on it ends by itself, and board.SharedTime bounds
// how long births may wait. All three are looked at each time it is served.

// sharedKeyMax bounds what is kept of a request to find its page again.
const sharedKeyMax = 300

// sheetKey is all that the pages of two readers without a cookie may differ by.
type sheetKey struct {
	host, path           string // as they were asked for
	lang, theme, age     string
	encodings            string // as they were offered
	secure, onion, clear bool
}

// sharedPage is page for one that may be shared: h says so with lastsUntil.
func (s *Server) sharedPage(h handler) http.Handler {
	alone := s.page(h)
	drawn := gzhttp.GzipHandler(s.handle(h))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, may := s.mayShare(r)
		if !may {
			alone.ServeHTTP(w, r)
			return
		}
		if err := s.meter(r); err != nil {
			gzhttp.GzipHandler(s.handle(func(http.ResponseWriter, *http.Request) error { return err })).ServeHTTP(w, r)
			return
		}
		sh := s.sheets.page(r.Context(), k, s.board.Now, s.board.Turns, func(sh *sheet) { drawSheet(sh, drawn, r) })
		switch {
		case sh != nil:
			sh.answer(w)
		case r.Context().Err() == nil:
			drawn.ServeHTTP(w, r)
		}
	})
}

// mayShare says whether r's page is one that others get as well, and by what it is found.
func (s *Server) mayShare(r *http.Request) (sheetKey, bool) {
	if r.Method != http.MethodGet || len(r.Header[passHeader]) > 0 {
		return sheetKey{}, false
	}
	var chosen look
	if len(r.Header["Cookie"]) > 0 {
		for _, c := range r.Cookies() {
			if ownCookie(c.Name) {
				return sheetKey{}, false
			}
		}
		chosen = readLook(r)
	}
	k := sheetKey{
		host: r.Host, path: r.RequestURI, lang: s.printer(r).Lang(), theme: chosen.Theme, age: chosen.Age,
		encodings: r.Header.Get("Accept-Encoding"), secure: s.secure(r), onion: byOnion(r), clear: s.uncertified(r),
	}
	return k, len(k.host)+len(k.path)+len(k.encodings) <= sharedKeyMax
}

// ownCookie says whether a cookie may make a page another: it names a visitor, or a door
// that was passed.
func ownCookie(name string) bool {
	return strings.HasPrefix(strings.TrimPrefix(name, "__Host-"), "mf")
}

// drawSheet draws r's page as for nobody in particular; r's leaving does not interrupt it.
func drawSheet(sh *sheet, drawn http.Handler, r *http.Request) {
	ctx := context.WithValue(context.WithoutCancel(r.Context()), sheetInContext{}, sh)
	drawn.ServeHTTP(sh, r.WithContext(ctx))
	if sh.status != http.StatusOK {
		sh.until = time.Time{}
	}
	sh.header["Content-Length"] = []string{strconv.Itoa(sh.body.Len())}
}

type sheetInContext struct{}

// lastsUntil lets the page that is drawn for r be shared until something on it ends: one of
// posts, a board, or what goes on in its settings for a time.
func (s *Server) lastsUntil(r *http.Request, v views.Visit, traces []board.Trace, posts ...[]board.Post) {
	sh, is := r.Context().Value(sheetInContext{}).(*sheet)
	if !is {
		return
	}
	sh.until = v.Now.Add(board.SharedTime)
	turns := func(at time.Time) {
		if at.After(v.Now) && at.Before(sh.until) {
			sh.until = at
		}
	}
	turns(v.Now.Add(s.storms.Left(v.Board.Slug)))
	turns(v.Now.Add(s.outset.Left()))
	for _, b := range slices.Concat(v.Boards, []board.Info{v.Board}) {
		turns(b.ClosesAt)
		turns(b.ClosesAt.Add(-board.Countdown))
	}
	for _, t := range traces {
		turns(t.Until)
	}
	for _, list := range posts {
		for _, p := range list { // one that has ended since it was read makes the page wrong at once
			if p.Life.EndsAt.Before(sh.until) {
				sh.until = p.Life.EndsAt
			}
		}
	}
}
