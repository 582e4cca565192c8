package handlers

import (
	"net/http"
	"slices"

	"mayfly/board"
	"mayfly/views"
)

// circlesPage is where a circle is made.
func (s *Server) circlesPage(w http.ResponseWriter, r *http.Request) error {
	return s.answerCircle(w, r, "", false)
}

// circlePage is the frame of a circle. It is drawn for any id alike, and opens nothing:
// whoever merely follows a link learns nothing and uses nothing up.
func (s *Server) circlePage(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return err
	}
	return s.answerCircle(w, r, id.String(), false)
}

// circleJoinPage is the same for an invite.
func (s *Server) circleJoinPage(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return err
	}
	return s.answerCircle(w, r, id.String(), true)
}

func (s *Server) answerCircle(w http.ResponseWriter, r *http.Request, id string, joining bool) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	v.Settings = s.settings("")
	return answerHTML(w, r, http.StatusOK, views.CircleFrame(views.NewCirclePage(v, id, joining)))
}

// hostCircles lists circles for those who run the board: never a name or a word, but
// those that a member reported.
func (s *Server) hostCircles(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	lines, err := s.circles.Lines(r.Context())
	if err != nil {
		return err
	}
	reports, err := s.circles.Reports(r.Context())
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.AdminCirclesPage(views.NewAdminCircles(d, lines, reports, r.URL.Query().Get("done"))))
}

// endCircle ends a whole circle, unread.
func (s *Server) endCircle(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	id, err := board.ParsePostID(r.PostForm.Get("circle"))
	if err != nil {
		return err
	}
	why, err := board.ParseReason(r.PostForm.Get("reason"))
	if err != nil {
		return err
	}
	if err := s.circles.Remove(r.Context(), me.Name, id, why); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/circles?done=circle_end", http.StatusSeeOther)
	return nil
}

// decideCircleReport ends a post that was reported with its words, or lets it stand.
func (s *Server) decideCircleReport(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	reports, err := s.circles.Reports(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(reports, func(c board.CircleReport) bool { return c.Post.String() == r.PostForm.Get("post") })
	if i < 0 {
		return board.ErrNotFound
	}
	done := r.PostForm.Get("do")
	switch done {
	case "remove":
		err = s.circles.TakeDown(r.Context(), s.board, me.Name, reports[i])
	case "keep":
		err = s.circles.LetStand(r.Context(), reports[i].Post)
	default:
		return errBadRequest
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/circles?done=circle_"+done, http.StatusSeeOther)
	return nil
}
