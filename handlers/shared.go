package handlers

import (
	"bytes"
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

// sharedTries is how often a page is drawn anew because what was drawn has just become
// wrong. Then it is answered as it would be to one reader.
const sharedTries = 3

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
		for range sharedTries {
			sh, mine := s.sheets.take(k, s.board.Now(), s.board.Turns())
			if mine {
				s.drawSheet(sh, drawn, r)
			}
			select {
			case <-sh.ready:
			case <-r.Context().Done():
				return
			}
			switch {
			case sh.rightAt(s.board.Now(), s.board.Turns()):
				sh.answer(w)
				return
			case mine && sh.until.IsZero():
				sh.answer(w) // a refusal, or what is not to be shared
				return
			case sh.until.IsZero():
				drawn.ServeHTTP(w, r)
				return
			}
		}
		drawn.ServeHTTP(w, r)
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
func (s *Server) drawSheet(sh *sheet, drawn http.Handler, r *http.Request) {
	defer close(sh.ready)
	defer func() { s.sheets.put(sh, s.board.Now()) }()
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

// sheet is a page as it is sent, and the http.ResponseWriter that it is drawn on.
type sheet struct {
	key   sheetKey
	ready chan struct{} // closed once it is drawn
	turns uint64        // Board.Turns before it was
	until time.Time     // from when on it is wrong; zero: it is not to be shared

	header http.Header
	status int
	body   bytes.Buffer
	served uint64 // the count of sheets at its last serving
}

// Header is what its drawing sets.
func (sh *sheet) Header() http.Header { return sh.header }

// WriteHeader keeps the first status.
func (sh *sheet) WriteHeader(status int) {
	if sh.status == 0 {
		sh.status = status
	}
}

// Write keeps what is drawn.
func (sh *sheet) Write(b []byte) (int, error) {
	sh.WriteHeader(http.StatusOK)
	return sh.body.Write(b)
}

func (sh *sheet) rightAt(now time.Time, turns uint64) bool {
	return sh.turns == turns && now.Before(sh.until)
}

func (sh *sheet) answer(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range sh.header {
		h[name] = values
	}
	w.WriteHeader(sh.status)
	_, _ = w.Write(sh.body.Bytes()) // a reader that went away is no failure of ours
}
