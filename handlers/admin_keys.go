package handlers

import (
	"net/http"

	"mayfly/board"
	"mayfly/views"
)

// keysPage lists the keys of the API.
func (s *Server) keysPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerKeys(w, r, me, http.StatusOK, views.KeyList{Revoked: r.URL.Query().Has("revoked")})
}

func (s *Server) answerKeys(w http.ResponseWriter, r *http.Request, me board.Admin, status int, k views.KeyList) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	if k.Keys, err = s.door.Keys(r.Context(), me); err != nil {
		return err
	}
	return answerHTML(w, r, status, views.KeysPage(views.NewKeys(d, k)))
}

// addKey makes a key, and shows it this once.
func (s *Server) addKey(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	form := r.PostForm
	k := views.KeyList{Label: form.Get("label"), Lasts: form.Get("lasts"), Scopes: form["scope"]}
	var scopes []board.Scope
	for _, name := range k.Scopes {
		scopes = append(scopes, board.Scope(name))
	}
	lasts, err := board.ParseLife(k.Lasts)
	if err != nil {
		lasts = 0 // which is refused
	}
	token, err := s.door.AddKey(r.Context(), me, k.Label, scopes, lasts)
	if err != nil {
		refused, status, ours := s.adminRefusal(w, r, err)
		if ours != nil {
			return ours
		}
		k.Refused = refused
		return s.answerKeys(w, r, me, status, k)
	}
	return s.answerKeys(w, r, me, http.StatusOK, views.KeyList{Made: string(token)})
}

func (s *Server) revokeKey(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	if err := s.door.RevokeKey(r.Context(), me, r.PostForm.Get("key")); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/keys?revoked=1", http.StatusSeeOther)
	return nil
}
