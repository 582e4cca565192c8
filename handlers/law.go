package handlers

import (
	"net/http"

	"mayfly/board"
	"mayfly/views"
)

// contactPage says how the host is reached.
func (s *Server) contactPage(w http.ResponseWriter, r *http.Request) error {
	return s.answerLaw(w, r, views.NewContact)
}

// termsPage shows the terms.
func (s *Server) termsPage(w http.ResponseWriter, r *http.Request) error {
	return s.answerLaw(w, r, views.NewTerms)
}

// privacyPage says what is kept, why and for how long.
func (s *Server) privacyPage(w http.ResponseWriter, r *http.Request) error {
	h := views.Hosting{
		TLS: s.secure(r), Proxied: len(s.trusted) > 0, Onion: s.onion != nil, ByOnion: byOnion(r),
		Alerts: s.alerts, Tables: s.tables,
	}
	return s.answerLaw(w, r, func(v views.Visit) views.LawPage { return views.NewPrivacy(v, h) })
}

func (s *Server) answerLaw(w http.ResponseWriter, r *http.Request, draw func(views.Visit) views.LawPage) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.LawsPage(draw(v)))
}
