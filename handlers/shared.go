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
	"mayfly/limit"
	"mayfly/views"
)

// A page that its readers share is drawn and compressed once a second, however many ask. What it may not outlive is in three places: Board.Turns says what was
// done, until says when the first thing on it ends by itself, and board.SharedTime bounds
// how long births may wait. All three are looked at each time it is served.

// sharedKeyMax bounds what is kept of a request to find its page again.
const sharedKeyMax = 300

// sheetKey is all that the pages of two readers may differ by, as long as neither has
// anything to do with a post on them.
type sheetKey struct {
	host, path           string // as they were asked for
	lang, theme, age     string
	encodings            string // as they were offered
	secure, onion, clear bool

	known, writes bool // by a cookie; one that is young enough to write
}

// sharedPage is page for one that readers without a cookie may share: h says so with
// lastsUntil.
func (s *Server) sharedPage(h handler) http.Handler { return s.share(h, false) }

// sharedFeed is sharedPage for one on which readers with a cookie find nothing of theirs but
// marks on its posts. They share a page without any, with all that had changed when they
// asked, and theirs are put in.
func (s *Server) sharedFeed(h handler) http.Handler { return s.share(h, true) }

func (s *Server) share(h handler, known bool) http.Handler {
	alone := s.page(h)
	drawn := gzhttp.GzipHandler(s.handle(h))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, v, may := s.mayShare(r)
		if !may || k.known && (!known || len(s.board.Notices(v)) > 0) {
			alone.ServeHTTP(w, r)
			return
		}
		if err := s.gate.Allow(limit.Page, "", s.caller(r, v)); err != nil {
			gzhttp.GzipHandler(s.handle(func(http.ResponseWriter, *http.Request) error { return err })).ServeHTTP(w, r)
			return
		}
		sheets, at := s.sheets, func() moment { return moment{turns: s.board.Turns()} }
		if k.known {
			sheets, at = s.marked, func() moment { return moment{s.board.Turns(), s.board.Changes()} }
		}
		sh := sheets.page(r.Context(), k, s.board.Now, at, func(sh *sheet) { drawSheet(sh, drawn, r) })
		switch {
		case r.Context().Err() != nil:
		case sh != nil && !k.known:
			sh.answer(w)
		case sh == nil || !s.answerMarked(w, r, sh, v):
			drawn.ServeHTTP(w, r)
		}
	})
}

// mayShare says whether r's page is one that others get as well, by what it is found, and
// who asks.
func (s *Server) mayShare(r *http.Request) (k sheetKey, v board.Visitor, may bool) {
	if r.Method != http.MethodGet || len(r.Header[passHeader]) > 0 {
		return k, v, false
	}
	k = sheetKey{
		host: r.Host, path: r.RequestURI, lang: s.printer(r).Lang(),
		encodings: r.Header.Get("Accept-Encoding"), secure: s.secure(r), onion: byOnion(r), clear: s.uncertified(r),
	}
	for _, c := range cookiesOf(r) {
		switch {
		case c.Name == lookName:
			chosen := parseLook(c.Value)
			k.theme, k.age = chosen.Theme, chosen.Age
		case c.Name == visitorName(k.secure):
			v = s.cookies.parse(c.Value)
		case ownCookie(c.Name):
			return k, v, false
		}
	}
	if !v.IsZero() {
		k.known, k.writes = true, v.MayWrite(s.board.Now(), s.settings("").VisitorTTL)
		k.encodings = "" // it is put together anew for each
	}
	return k, v, len(k.host)+len(k.path)+len(k.encodings) <= sharedKeyMax
}

// cookiesOf are r's cookies, the first of each name last.
func cookiesOf(r *http.Request) []*http.Cookie {
	if len(r.Header["Cookie"]) == 0 {
		return nil
	}
	list := r.Cookies()
	slices.Reverse(list)
	return list
}

// ownCookie says whether a cookie may make a page another: it names a visitor, or a door
// that was passed.
func ownCookie(name string) bool {
	return strings.HasPrefix(strings.TrimPrefix(name, "__Host-"), "mf")
}

// drawSheet draws r's page as for nobody in particular; r's leaving does not interrupt it.
// A page for readers with a cookie is drawn for one who comes for the first time.
func drawSheet(sh *sheet, drawn http.Handler, r *http.Request) {
	r = r.WithContext(context.WithValue(context.WithoutCancel(r.Context()), sheetInContext{}, sh))
	if sh.key.known {
		r.Header = r.Header.Clone()
		r.Header.Del("Accept-Encoding")
	}
	drawn.ServeHTTP(sh, r)
	if sh.status != http.StatusOK {
		sh.until = time.Time{}
	}
	sh.header["Content-Length"] = []string{strconv.Itoa(sh.body.Len())}
}

type sheetInContext struct{}

// sheetOf is what r's page is drawn on, nil if it is for one reader.
func sheetOf(r *http.Request) *sheet {
	sh, _ := r.Context().Value(sheetInContext{}).(*sheet)
	return sh
}

// lastsUntil lets the page that is drawn for r be shared until something on it ends: one of
// posts, a board, or what goes on in its settings for a time.
func (s *Server) lastsUntil(r *http.Request, v views.Visit, traces []board.Trace, posts ...[]board.Post) {
	sh := sheetOf(r)
	if sh == nil {
		return
	}
	sh.visit, sh.posts = v, slices.Concat(posts...)
	sh.marks = s.marksOf(r.Context(), sh.posts)
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
