package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"mayfly/board"
	"mayfly/views"
)

// hostDoor is the page of one board's door for those who run it.
func (s *Server) hostDoor(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerHostDoor(w, r, me, http.StatusOK, views.Kept{}, "")
}

// answerHostDoor shows the page of a door, and a link that was just made: it can't be
// shown again.
func (s *Server) answerHostDoor(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept, link string) error {
	info, err := s.board.Board(r.Context(), r.PathValue("board"))
	if err != nil && !errors.Is(err, board.ErrShut) {
		return err
	}
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page := views.Threshold{
		Board: info, Access: s.settings(info.Slug).Access, HasPhrase: s.doors.HasPhrase(info.Slug),
		Link: link, Done: r.URL.Query().Get("done"), Kept: kept,
	}
	if page.Codes, err = s.doors.Codes(r.Context(), info.Slug); err != nil {
		return err
	}
	return answerHTML(w, r, status, views.HostDoorPage(views.NewHostDoor(d, page)))
}

// doneAtDoor leads back to the page of a door with what was done, or shows why nothing
// was.
func (s *Server) doneAtDoor(w http.ResponseWriter, r *http.Request, me board.Admin, done, form string, err error) error {
	if err == nil {
		http.Redirect(w, r, "/admin/boards/"+url.PathEscape(r.PathValue("board"))+"/door?done="+done, http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keep(w, r, form, err)
	if err != nil {
		return err
	}
	return s.answerHostDoor(w, r, me, status, kept, "")
}

// setDoor says who may come onto a board, and gives it a passphrase.
func (s *Server) setDoor(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	f := r.PostForm
	err := s.doors.Set(r.Context(), me.Name, r.PathValue("board"), board.Access(f.Get("access")), f.Get("passphrase"))
	return s.doneAtDoor(w, r, me, "door", "door", err)
}

// turnOut puts everybody out of a board.
func (s *Server) turnOut(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	err := s.doors.TurnOut(r.Context(), me.Name, r.PathValue("board"))
	return s.doneAtDoor(w, r, me, "door_out", "out", err)
}

// invite shows, once, the link by which so many people come onto a board.
func (s *Server) invite(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	slug, f := r.PathValue("board"), r.PostForm
	uses, err := strconv.Atoi(strings.TrimSpace(f.Get("uses")))
	if err != nil {
		uses = 0 // which is refused
	}
	life, err := board.ParseLife(strings.TrimSpace(f.Get("life")))
	if err != nil {
		life = 0 // the same
	}
	code, err := s.doors.Invite(r.Context(), me.Name, slug, uses, life)
	if err != nil {
		return s.doneAtDoor(w, r, me, "", "invite", err)
	}
	return s.answerHostDoor(w, r, me, http.StatusOK, views.Kept{}, s.origin(r)+doorLink(slug, code))
}

// doorLink leads to a door with a code in hand.
func doorLink(slug string, code board.InviteCode) string {
	return doorHref(slug) + "?" + codeParam + "=" + string(code)
}

// uninvite takes an invitation back.
func (s *Server) uninvite(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	number, err := strconv.ParseInt(r.PostForm.Get("number"), 10, 64)
	if err != nil {
		return board.ErrNotFound
	}
	err = s.doors.Revoke(r.Context(), me.Name, r.PathValue("board"), number)
	if errors.Is(err, board.ErrNotFound) { // it has ended, or somebody else was quicker
		err = nil
	}
	return s.doneAtDoor(w, r, me, "door_revoke", "revoke", err)
}

// goIn gives an admin the pass of a board, and leads there.
func (s *Server) goIn(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	slug := r.PathValue("board")
	if _, err := s.board.Board(r.Context(), slug); err != nil && !errors.Is(err, board.ErrShut) {
		return err
	}
	if pass := s.doors.HostStamp(slug); pass != "" {
		setPass(w, slug, pass, s.secure(r))
	}
	http.Redirect(w, r, boardURL(slug), http.StatusSeeOther)
	return nil
}
