package handlers

import (
	"context"
	"net/http"

	"mayfly/board"
	"mayfly/views"
)

// loginPage is the door.
func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) error {
	to := adminPath(r.URL.Query().Get("to"))
	if _, err := s.door.Session(r.Context(), s.holding(r).Session); err == nil {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	return s.answerLogin(w, r, http.StatusOK, views.Knock{To: to})
}

func (s *Server) answerLogin(w http.ResponseWriter, r *http.Request, status int, k views.Knock) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.LoginPage(views.NewLogin(v, k)))
}

// login lets an admin in, with a new session whatever the browser held before.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	form, held := r.PostForm, s.holding(r)
	known, err := s.door.Known(r.Context(), held.Device)
	if err != nil {
		return err
	}
	device := ""
	if known != "" {
		device = string(held.Device)
	}
	var in board.Entrance
	err = s.guessing(r, device, func(ctx context.Context) (err error) {
		in, err = s.door.SignIn(ctx, form.Get("name"), form.Get("passphrase"), form.Get("code"), held.Device)
		return err
	})
	to, again := adminPath(form.Get("to")), sentAgain(form)
	if err != nil {
		refused, status, err := s.adminRefusal(w, r, err)
		if err != nil {
			return err
		}
		return s.answerLogin(w, r, status, views.Knock{To: to, Name: form.Get("name"), Carried: again, Refused: refused})
	}
	if held.Session != "" { // it was of this browser: nobody else holds it now
		if err := s.door.SignOut(r.Context(), held.Session); err != nil {
			return err
		}
	}
	setEntrance(w, in, s.secure(r))
	if again != nil {
		return s.answerCarried(w, r, to, *again)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// logout ends the session, here and on the server.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	if t := s.holding(r).Session; t != "" {
		if err := s.door.SignOut(r.Context(), t); err != nil {
			return err
		}
	}
	dropSession(w, s.secure(r))
	http.Redirect(w, r, "/admin/login", http.StatusSeeOther)
	return nil
}

// setupPage is where a link leads that makes an owner or an admin, once.
func (s *Server) setupPage(w http.ResponseWriter, r *http.Request) error {
	token := board.Token(r.URL.Query().Get("token"))
	return s.answerSetup(w, r, http.StatusOK, views.Arrival{Token: string(token), Seed: board.NewSeed()})
}

func (s *Server) answerSetup(w http.ResponseWriter, r *http.Request, status int, a views.Arrival) error {
	kind, err := s.door.Link(r.Context(), board.Token(a.Token))
	if err != nil {
		return err
	}
	a.Owner = kind == board.PassSetup
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	page, err := views.NewSetup(v, a)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.SetupPage(page))
}

// setup makes an owner or admin of who has the link, and signs them in.
func (s *Server) setup(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	form := r.PostForm
	n := board.Newcomer{Name: form.Get("name"), Passphrase: form.Get("passphrase"), Code: form.Get("code")}
	var err error
	if n.Seed, err = board.ParseSeed(form.Get("seed")); err != nil {
		n.Seed = board.NewSeed() // of which no code is right
	}
	token := board.Token(form.Get("token"))
	in, err := s.door.Enter(r.Context(), token, n)
	if err != nil {
		refused, status, ours := s.adminRefusal(w, r, err)
		if ours != nil || status != http.StatusUnprocessableEntity {
			return err
		}
		return s.answerSetup(w, r, status, views.Arrival{Token: string(token), Seed: n.Seed, Name: n.Name, Refused: refused})
	}
	setEntrance(w, in, s.secure(r))
	http.Redirect(w, r, adminHome, http.StatusSeeOther)
	return nil
}
