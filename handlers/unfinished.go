package handlers

import (
	"net/http"
	"strings"

	"mayfly/board"
	"mayfly/limit"
)

// errUnfinished is all that is told from afar of a board whose host has not said how
// they are reached.
var errUnfinished = &httpError{status: http.StatusServiceUnavailable, code: "error.unfinished"}

// withContact answers this machine and private networks alone, until the host has said
// how they are reached (SPEC 8). Who holds a setup link or has signed in as an admin is
// let through, to say it.
func (s *Server) withContact(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.settings("").Contact == "" && !s.near(r) && !plumbing(r) && !s.hosts(r) {
			s.fail(w, r, errUnfinished)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plumbing says whether r asks for what is the same on every board.
func plumbing(r *http.Request) bool {
	return r.URL.Path == "/healthz" || strings.HasPrefix(r.URL.Path, "/static/")
}

// near says whether r comes from this machine or a private network. What a proxy has
// passed on that nobody trusts may come from anywhere.
func (s *Server) near(r *http.Request) bool {
	if byOnion(r) {
		return false
	}
	addr, untrusted := limit.Address(r, s.trusted)
	return !untrusted && limit.Private(addr)
}

// hosts says whether r is of somebody who runs this board, or is about to.
func (s *Server) hosts(r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, adminHome) {
		return false
	}
	if r.URL.Path == adminHome+"/setup" {
		token := r.URL.Query().Get("token")
		if r.Method == http.MethodPost && readForm(r) == nil {
			token = r.PostForm.Get("token")
		}
		_, err := s.door.Link(r.Context(), board.Token(token))
		return err == nil
	}
	_, err := s.door.Session(r.Context(), s.holding(r).Session)
	return err == nil
}
