package handlers

import (
	"net/http"

	"mayfly/board"
)

func (s *Server) apiCircleMembers(w http.ResponseWriter, r *http.Request, in inside) error {
	list, err := s.circles.Members(r.Context(), in.circle.ID)
	if err != nil {
		return err
	}
	out := make([]apiCircleMember, len(list))
	for i, m := range list {
		out[i] = drawCircleMember(m)
	}
	return answerJSON(w, http.StatusOK, map[string]any{"members": out})
}

// apiTurnCircle gives a circle a new key.
func (s *Server) apiTurnCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	var body struct {
		Epoch uint32 `json:"epoch"`
		Once  sealed `json:"once"`
		Meta  sealed `json:"meta"`
		Link  sealed `json:"link"`
		Stay  []struct {
			Q      sealed `json:"q"`
			Record sealed `json:"record"`
			Wrap   sealed `json:"wrap"`
		} `json:"stay"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	t := board.CircleTurn{Epoch: body.Epoch, Once: body.Once, Meta: board.Envelope(body.Meta), Link: board.Envelope(body.Link)}
	for _, m := range body.Stay {
		q, err := m.Q.key65()
		if err != nil {
			return err
		}
		t.Stay = append(t.Stay, board.CircleMember{Q: q, Record: board.Envelope(m.Record), Wrap: board.Envelope(m.Wrap)})
	}
	return nothing(w, s.circles.Turn(r.Context(), in.circle, in.me, t))
}

func (s *Server) apiLeaveCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	return nothing(w, s.circles.Leave(r.Context(), in.circle, in.me))
}

// apiOust says that a member wants another out.
func (s *Server) apiOust(w http.ResponseWriter, r *http.Request, in inside) error {
	var body struct {
		Q sealed `json:"q"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	q, err := body.Q.key65()
	if err != nil {
		return err
	}
	out, err := s.circles.Oust(r.Context(), in.circle, in.me, q)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]bool{"out": out})
}

func (s *Server) apiCircleInvite(w http.ResponseWriter, r *http.Request, in inside) error {
	var body struct {
		Token sealed `json:"token"` // the hash of it
		Box   sealed `json:"box"`
		Uses  int    `json:"uses"`
		Lasts string `json:"lasts"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	token, err := body.Token.hash32()
	if err != nil {
		return err
	}
	lasts, err := parseTTL(body.Lasts, "lasts")
	if err != nil {
		return err
	}
	i := board.CircleInvite{Token: token, Box: board.Envelope(body.Box), Uses: body.Uses}
	if err := s.circles.Invite(r.Context(), in.circle, i, lasts); err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]any{"invite": apiCircleInvite{body.Token, body.Uses, seconds(lasts)}})
}

type apiCircleInvite struct {
	Token sealed `json:"token"` // the hash of it
	Uses  int    `json:"uses"`
	Left  int64  `json:"left"`
}

func (s *Server) apiCircleInvites(w http.ResponseWriter, r *http.Request, in inside) error {
	list, err := s.circles.Invites(r.Context(), in.circle.ID)
	if err != nil {
		return err
	}
	out := make([]apiCircleInvite, len(list))
	for i, v := range list {
		out[i] = apiCircleInvite{v.Token[:], v.Uses, seconds(v.EndsAt.Sub(s.board.Now()))}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"invites": out})
}

func (s *Server) apiRevokeInvite(w http.ResponseWriter, r *http.Request, in inside) error {
	var token sealed
	if err := token.UnmarshalText([]byte(r.PathValue("token"))); err != nil {
		return board.ErrNotFound
	}
	hash, err := token.hash32()
	if err != nil {
		return board.ErrNotFound
	}
	return nothing(w, s.circles.Revoke(r.Context(), in.circle.ID, hash))
}

// apiJoinCircle uses an invite; who comes is nobody's member yet.
func (s *Server) apiJoinCircle(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return err
	}
	var body struct {
		Invite sealed `json:"invite"`
		Q      sealed `json:"q"`
	}
	who, err := s.newcomer(r, &body)
	if err != nil {
		return err
	}
	invite, err := body.Invite.hash32()
	if err != nil {
		return err
	}
	m := board.CircleMember{Token: who.Hash()}
	if m.Q, err = body.Q.key65(); err != nil {
		return err
	}
	box, err := s.circles.Join(r.Context(), id, board.Bearer(invite), m)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]any{"epoch": box.Epoch(), "box": sealed(box)})
}

// apiSitDown takes the seat that was kept for who joined.
func (s *Server) apiSitDown(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return err
	}
	if err := s.meter(r); err != nil {
		return err
	}
	who, err := bearer(r)
	if err != nil {
		return err
	}
	var body struct {
		Record sealed `json:"record"`
		Once   sealed `json:"once"`
		Wrap   sealed `json:"wrap"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	m := board.CircleMember{Record: board.Envelope(body.Record), Once: body.Once, Wrap: board.Envelope(body.Wrap)}
	return nothing(w, s.circles.SitDown(r.Context(), id, who, m))
}
