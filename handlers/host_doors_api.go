package handlers

import (
	"net/http"
	"strconv"

	"mayfly/board"
)

// apiThreshold is the door of a board as its host sees it.
type apiThreshold struct {
	Board       string          `json:"board"`
	Access      board.Access    `json:"access"`
	Passphrase  bool            `json:"has_passphrase"`
	Invitations []apiInvitation `json:"invitations"`
}

// apiInvitation is a code, which nobody is told again.
type apiInvitation struct {
	Number int64 `json:"number"`
	Uses   int   `json:"uses"` // how many may still come in by it
	Left   int64 `json:"left"` // seconds
}

// apiHostDoor shows the door of a board.
func (s *Server) apiHostDoor(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	info, err := s.estate(r, r.PathValue("board"))
	if err != nil {
		return err
	}
	codes, err := s.doors.Codes(r.Context(), info.Slug)
	if err != nil {
		return err
	}
	out := apiThreshold{Board: info.Slug, Access: s.settings(info.Slug).Access, Passphrase: s.doors.HasPhrase(info.Slug), Invitations: []apiInvitation{}}
	for _, c := range codes {
		out.Invitations = append(out.Invitations, apiInvitation{c.Number, c.Left, seconds(c.EndsAt.Sub(s.board.Now()))})
	}
	return answerJSON(w, http.StatusOK, map[string]any{"door": out})
}

// apiSetDoor says who may come onto a board, and gives it a passphrase, which puts
// everybody out who came by the one before.
func (s *Server) apiSetDoor(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in struct {
		Access     board.Access `json:"access"`
		Passphrase string       `json:"passphrase"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	info, err := s.estate(r, r.PathValue("board"))
	if err != nil {
		return err
	}
	if in.Access == "" {
		in.Access = s.settings(info.Slug).Access
	}
	if err := s.doors.Set(r.Context(), me.Name, info.Slug, in.Access, in.Passphrase); err != nil {
		return err
	}
	return s.apiHostDoor(w, r, me)
}

// apiTurnOut puts everybody out of a board.
func (s *Server) apiTurnOut(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	info, err := s.estate(r, r.PathValue("board"))
	if err != nil {
		return err
	}
	if err := s.doors.TurnOut(r.Context(), me.Name, info.Slug); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// apiInvite makes a code by which so many people come onto a board, and tells it this
// once.
func (s *Server) apiInvite(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in struct {
		Uses int    `json:"uses"`
		Life string `json:"life"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	info, err := s.estate(r, r.PathValue("board"))
	if err != nil {
		return err
	}
	life, err := board.ParseLife(in.Life)
	if err != nil {
		life = 0 // which is refused
	}
	code, err := s.doors.Invite(r.Context(), me.Name, info.Slug, in.Uses, life)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]any{"code": code, "url": s.origin(r) + doorLink(info.Slug, code)})
}

// apiUninvite takes a code back. Who has come in by it stays.
func (s *Server) apiUninvite(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return board.ErrNotFound
	}
	if err := s.doors.Revoke(r.Context(), me.Name, r.PathValue("board"), number); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
