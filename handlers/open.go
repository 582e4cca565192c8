package handlers

import (
	"crypto/subtle"
	"net/http"
	"strconv"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/views"
)

// openPost shows a view-once post on a page of its own, which leaves by itself.
// It needs no script, and nothing of it stays in a list, a socket or a cache.
func (s *Server) openPost(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	sealed, err := s.readable(r, id)
	if err != nil {
		return err
	}
	if nonce := sealed.Secret.Nonce(id).String(); subtle.ConstantTimeCompare([]byte(nonce), []byte(r.PostForm.Get("nonce"))) != 1 {
		return invalid("nonce", "error.nonce")
	}
	p, err := s.open(w, r)
	if err != nil {
		nonce := views.Hidden{Name: "nonce", Value: r.PostForm.Get("nonce")}
		return s.offerAgain(w, r, err, &views.Again{Action: r.URL.Path, Hidden: []views.Hidden{nonce}})
	}
	v, err := s.visit(w, r, p.Board)
	if err != nil {
		return err
	}
	back := boardURL(p.Board)
	w.Header().Set("Refresh", strconv.Itoa(int(views.OpenTime.Seconds()))+"; url="+back)
	return answerHTML(w, r, http.StatusOK, views.OpeningPage(views.NewOpening(v, p, back, sealed.Readers == 1)))
}

// open meters and claims one opening for whoever asks.
func (s *Server) open(w http.ResponseWriter, r *http.Request) (board.Post, error) {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return board.Post{}, err
	}
	v, err := s.writer(r, s.boardOf(r, id), limit.Open)
	if err != nil {
		return board.Post{}, err
	}
	p, err := s.board.Open(r.Context(), id, v)
	if err == nil {
		s.keepVisitor(w, r, v)
	}
	return p, err
}
