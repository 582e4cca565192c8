package handlers

import (
	"cmp"
	"net/http"
	"net/url"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/views"
)

// reportPage asks what is wrong with a post or reply.
func (s *Server) reportPage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.reported(r)
	if err != nil {
		return err
	}
	return s.answerReport(w, r, p, http.StatusOK, complaint{}, nil)
}

// complaint is a report as it was sent.
type complaint struct {
	Reason string `json:"reason"`
	Words  string `json:"words"` // of a view-once post: those that were shown
}

// report takes the form. One that brings words and no reason comes from the page that
// has shown them, and is asked for the reason.
func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	slow := readWordsForm(w, r)
	sent := complaint{Reason: r.PostForm.Get("reason"), Words: r.PostForm.Get("words")}
	if slow != nil {
		return s.refuseCutReport(w, r, sent, slow)
	}
	p, err := s.reported(r)
	if err != nil {
		return err
	}
	if sent.Reason == "" && sent.Words != "" {
		return s.answerReport(w, r, p, http.StatusOK, sent, nil)
	}
	if err := s.fileReport(w, r, p, sent); err != nil {
		refused, status, ok := s.refuse(w, r, err)
		if !ok {
			return err
		}
		return s.answerReport(w, r, p, status, sent, refused)
	}
	http.Redirect(w, r, "/reported?board="+url.QueryEscape(p.Board), http.StatusSeeOther)
	return nil
}

// refuseCutReport gives back what came of a report that broke off.
func (s *Server) refuseCutReport(w http.ResponseWriter, r *http.Request, sent complaint, slow error) error {
	r, cancel := outlasting(r)
	defer cancel()
	p, err := s.reported(r)
	refused, status, ok := s.refuse(w, r, slow)
	if err == nil && ok {
		return s.answerReport(w, r, p, status, sent, refused)
	}
	s.fail(w, r, cmp.Or(err, slow))
	return nil
}

func (s *Server) apiReport(w http.ResponseWriter, r *http.Request) error {
	var sent complaint
	if err := readJSON(r, &sent); err != nil {
		return err
	}
	p, err := s.reported(r)
	if err != nil {
		return err
	}
	if err := s.fileReport(w, r, p, sent); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// reported is what r is about.
func (s *Server) reported(r *http.Request) (board.Post, error) {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return board.Post{}, err
	}
	return s.readable(r, id)
}

// fileReport meters and files one report.
func (s *Server) fileReport(w http.ResponseWriter, r *http.Request, p board.Post, sent complaint) error {
	reason, err := board.ParseReason(sent.Reason)
	if err != nil {
		return err
	}
	v, err := s.writer(r, p.Board, limit.Report)
	if err != nil {
		return err
	}
	counts, err := s.gate.FreshReport(s.caller(r, v), p.Board, p.ID)
	if err != nil {
		return err
	}
	err = s.board.Report(r.Context(), p.ID, v, board.Complaint{Reason: reason, Words: sent.Words, Counts: counts})
	if err == nil {
		s.keepVisitor(w, r, v)
	}
	return err
}

func (s *Server) answerReport(w http.ResponseWriter, r *http.Request, p board.Post, status int, sent complaint, refused *board.Error) error {
	v, err := s.visit(w, r, p.Board)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.ReportPage(views.NewReport(v, p, sent.Reason, sent.Words, refused)))
}

// reportedPage thanks for a report. It names no post.
func (s *Server) reportedPage(w http.ResponseWriter, r *http.Request) error {
	slug := r.URL.Query().Get("board")
	if slug == "" {
		slug = board.Home
	}
	v, err := s.visit(w, r, slug)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.ReportedPage(views.NewReported(v)))
}
