package handlers

import (
	"net/http"
	"strconv"

	"mayfly/board"
	"mayfly/views"
)

// hostPrompts shows what the host asks.
func (s *Server) hostPrompts(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerHostPrompts(w, r, me, http.StatusOK, views.Kept{})
}

func (s *Server) answerHostPrompts(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page := views.Podium{Posts: map[board.PostID]board.Post{}, Board: r.URL.Query().Get("board"), Settings: s.tuner.Settings(""), Done: r.URL.Query().Get("done"), Kept: kept}
	if page.Questions, err = s.board.Questions(r.Context()); err != nil {
		return err
	}
	for _, b := range d.Boards {
		posts, err := s.board.Prompts(r.Context(), b.Slug)
		if err != nil {
			return err
		}
		for _, p := range posts {
			page.Posts[p.ID] = p
		}
	}
	return answerHTML(w, r, status, views.HostPromptsPage(views.NewHostPrompts(d, page)))
}

// ask has the host ask on a board.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	q, err := readQuestion(r)
	if err == nil {
		err = s.board.Ask(r.Context(), me.Name, q)
	}
	if err == nil {
		http.Redirect(w, r, "/admin/prompts?done=ask", http.StatusSeeOther)
		return nil
	}
	return s.refusePrompts(w, r, me, "ask", err)
}

func readQuestion(r *http.Request) (board.Question, error) {
	f := r.PostForm
	q := board.Question{Board: f.Get("board"), Kind: board.Asking, Body: f.Get("body"), Sponsored: f.Get("sponsored") != ""}
	if f.Get("welcome") != "" {
		q.Kind = board.Welcome
	}
	var err error
	if q.TTL, err = parseLife(f.Get("ttl")); err != nil {
		return q, invalid("ttl", "error.life")
	}
	return q, nil
}

// endPrompt ends what the host asked, with all answers.
func (s *Server) endPrompt(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return board.ErrNotFound
	}
	if err := s.board.EndQuestion(r.Context(), me.Name, number); err != nil {
		return s.refusePrompts(w, r, me, "end", err)
	}
	http.Redirect(w, r, "/admin/prompts?done=prompt_end", http.StatusSeeOther)
	return nil
}

func (s *Server) refusePrompts(w http.ResponseWriter, r *http.Request, me board.Admin, form string, err error) error {
	kept, status, err := s.keep(w, r, form, err)
	if err != nil {
		return err
	}
	return s.answerHostPrompts(w, r, me, status, kept)
}
