package handlers

import (
	"context"
	"net/http"

	"mayfly/board"
	"mayfly/views"
)

// adminsPage lists who runs the board.
func (s *Server) adminsPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerAdmins(w, r, me, http.StatusOK, views.Staff{Removed: r.URL.Query().Has("removed")})
}

func (s *Server) answerAdmins(w http.ResponseWriter, r *http.Request, me board.Admin, status int, staff views.Staff) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	if staff.Admins, err = s.door.Admins(r.Context()); err != nil {
		return err
	}
	return answerHTML(w, r, status, views.AdminsPage(views.NewAdmins(d, staff)))
}

// inviteAdmin shows, once, the link by which somebody becomes an admin.
func (s *Server) inviteAdmin(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	var token board.Token
	err := s.again(r, me, func(ctx context.Context) (err error) {
		token, err = s.door.Invite(ctx, me, r.PostForm.Get("passphrase"))
		return err
	})
	if err != nil {
		return s.refuseAdmins(w, r, me, "", err)
	}
	return s.answerAdmins(w, r, me, http.StatusOK, views.Staff{Link: s.origin(r) + "/admin/setup?token=" + string(token)})
}

// removeAdmin takes an admin away.
func (s *Server) removeAdmin(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	name := r.PostForm.Get("name")
	err := s.again(r, me, func(ctx context.Context) error {
		return s.door.Remove(ctx, me, r.PostForm.Get("passphrase"), name)
	})
	if err != nil {
		return s.refuseAdmins(w, r, me, name, err)
	}
	http.Redirect(w, r, "/admin/admins?removed=1", http.StatusSeeOther)
	return nil
}

// refuseAdmins shows the list again with what is wrong: with the form that removes of,
// or (with "") with the one that invites.
func (s *Server) refuseAdmins(w http.ResponseWriter, r *http.Request, me board.Admin, of string, err error) error {
	refused, status, ours := s.adminRefusal(w, r, err)
	if ours != nil || status == http.StatusForbidden || status == http.StatusNotFound {
		return err
	}
	return s.answerAdmins(w, r, me, status, views.Staff{Refused: refused, Of: of})
}

// accountPage is where admins change what lets them in.
func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerAccount(w, r, me, http.StatusOK, views.Keyring{Seed: board.NewSeed(), Done: r.URL.Query().Get("done")})
}

func (s *Server) answerAccount(w http.ResponseWriter, r *http.Request, me board.Admin, status int, k views.Keyring) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page, err := views.NewAccount(d, k)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.AccountPage(page))
}

func (s *Server) changePassphrase(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	err := s.again(r, me, func(ctx context.Context) error {
		return s.door.ChangePassphrase(ctx, me, r.PostForm.Get("passphrase"), r.PostForm.Get("next"), s.holding(r))
	})
	if err != nil {
		return s.refuseAccount(w, r, me, views.Keyring{Seed: board.NewSeed(), Of: "passphrase"}, err)
	}
	http.Redirect(w, r, "/admin/account?done=passphrase", http.StatusSeeOther)
	return nil
}

// changeCodes turns one-time codes on, with a code of the seed that was shown, or off.
func (s *Server) changeCodes(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	form := r.PostForm
	seed, err := board.ParseSeed(form.Get("seed"))
	if err != nil {
		seed = board.NewSeed() // of which no code is right
	}
	code := form.Get("code")
	if code == "" && form.Get("off") == "" {
		code = "-" // none was given, which is no wish to be asked for none
	}
	err = s.again(r, me, func(ctx context.Context) error {
		return s.door.ChangeCodes(ctx, me, form.Get("passphrase"), seed, code, s.holding(r))
	})
	if err != nil {
		return s.refuseAccount(w, r, me, views.Keyring{Seed: seed, Of: "codes"}, err)
	}
	http.Redirect(w, r, "/admin/account?done=codes", http.StatusSeeOther)
	return nil
}

func (s *Server) refuseAccount(w http.ResponseWriter, r *http.Request, me board.Admin, k views.Keyring, err error) error {
	refused, status, ours := s.adminRefusal(w, r, err)
	if ours != nil {
		return ours
	}
	k.Refused = refused
	return s.answerAccount(w, r, me, status, k)
}
