package handlers

import (
	"net/http"
	"slices"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/words"
)

// visitor is whom r's cookie names; reading never gives one.
func (s *Server) visitor(r *http.Request) board.Visitor {
	if sh := sheetOf(r); sh != nil {
		return sh.reader
	}
	return s.cookies.visitor(r, s.secure(r))
}

// printer speaks the language that r's visitor chose or whose browser prefers.
func (s *Server) printer(r *http.Request) *words.Printer {
	return words.Match(r.Header.Get("Accept-Language"), readLook(r).Lang)
}

func knownLanguage(lang string) bool {
	return slices.Contains(words.Languages, lang)
}

// caller is whom a limit counts.
func (s *Server) caller(r *http.Request, v board.Visitor) limit.Caller {
	return limit.Caller{Addr: s.address(r), Visitor: v}
}

// meter charges r as the reading of a page.
func (s *Server) meter(r *http.Request) error {
	return s.gate.Allow(limit.Page, "", s.caller(r, s.visitor(r)))
}

// writer is the visitor who writes in r, charged with what it costs on a board: whom the
// cookie names or, when there is none or it is too old to write, somebody new. keepVisitor
// gives them their cookie once the write is done.
func (s *Server) writer(r *http.Request, slug string, cost limit.Cost, more ...limit.Cost) (board.Visitor, error) {
	now := s.board.Now()
	v := s.visitor(r)
	if !v.MayWrite(now, s.settings("").VisitorTTL) {
		v = board.NewVisitor(now)
	}
	if err := s.mayWrite(r, slug, cost, v); err != nil { // before anybody works for it
		return v, err
	}
	return v, s.gate.Admit(limit.Write{Cost: cost, More: more, Board: slug, Who: s.caller(r, v), Proof: proofOf(r)})
}

// boardOf is the board a post or reply stands on, whose limits count; "" when it is
// not there: then those of all boards do.
func (s *Server) boardOf(r *http.Request, id board.PostID) string {
	p, err := s.board.Any(r.Context(), id)
	if err != nil {
		return ""
	}
	return p.Board
}

// mayWrite says why v may not do on a board what a cost is of; nil: they may.
func (s *Server) mayWrite(r *http.Request, slug string, cost limit.Cost, v board.Visitor) error {
	switch cost {
	case limit.Open:
		return nil
	case limit.Reply:
		return s.board.MayReply(r.Context(), slug, v)
	default:
		return s.board.MayWrite(r.Context(), slug)
	}
}

// written is what follows a post or reply of v's: the gate remembers for a while where
// it came from, and v is given a cookie.
func (s *Server) written(w http.ResponseWriter, r *http.Request, v board.Visitor, p board.Post) {
	s.gate.Remember(p.ID, s.caller(r, v))
	if p.IsReply() {
		s.gate.RememberReply(p.ID)
	}
	s.keepVisitor(w, r, v)
}

// keepVisitor sets v's cookie unless r came with it.
func (s *Server) keepVisitor(w http.ResponseWriter, r *http.Request, v board.Visitor) {
	if s.visitor(r) != v {
		s.cookies.setVisitor(w, v, s.secure(r), s.board.Now(), s.settings("").VisitorTTL)
	}
}

// newMe drops the cookie: the next write begins as somebody else.
func (s *Server) newMe(w http.ResponseWriter, r *http.Request) error {
	s.cookies.dropVisitor(w, s.secure(r))
	http.Redirect(w, r, "/you", http.StatusSeeOther)
	return nil
}

// keepForSession has the browser keep the cookie for this session only, or for
// visitor_ttl again.
func (s *Server) keepForSession(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	if v := s.visitor(r); !v.IsZero() {
		v.Session = r.PostForm.Get("session") != ""
		s.cookies.setVisitor(w, v, s.secure(r), s.board.Now(), s.settings("").VisitorTTL)
	}
	http.Redirect(w, r, "/you", http.StatusSeeOther)
	return nil
}

// chooseLook keeps a language, a theme, and that the age notice was read, in a cookie that
// names nobody.
func (s *Server) chooseLook(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	chosen := readLook(r)
	if r.PostForm.Has("lang") {
		chosen.Lang = r.PostForm.Get("lang")
	}
	if r.PostForm.Has("theme") {
		chosen.Theme = r.PostForm.Get("theme")
	}
	if r.PostForm.Has("age") {
		chosen.Age = r.PostForm.Get("age")
	}
	setLook(w, parseLook(chosen.String()), s.secure(r))
	http.Redirect(w, r, localPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}
