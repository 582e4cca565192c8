package handlers

import (
	"cmp"
	"net/http"

	"mayfly/board"
)

// apiCircleLine is a circle as its host sees it: never a name or a word.
type apiCircleLine struct {
	ID       string `json:"id"`
	Members  int    `json:"members"`
	Cap      int    `json:"cap"`
	Posts    int    `json:"posts"`
	ClosesIn int64  `json:"closes_in"` // seconds
}

func (s *Server) apiCircleLines(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	list, err := s.circles.Lines(r.Context())
	if err != nil {
		return err
	}
	out := make([]apiCircleLine, len(list))
	for i, l := range list {
		out[i] = apiCircleLine{l.ID.String(), l.Members, l.Cap, l.Posts, seconds(l.ClosesAt.Sub(s.board.Now()))}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"circles": out})
}

// apiRemoveCircle ends a whole circle, unread. Without a reason it is another than those
// that are named.
func (s *Server) apiRemoveCircle(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return err
	}
	why, err := board.ParseReason(cmp.Or(r.URL.Query().Get("reason"), string(board.Other)))
	if err != nil {
		return err
	}
	return nothing(w, s.circles.Remove(r.Context(), me.Name, id, why))
}
