package handlers

import (
	"net/http"
	"strconv"

	"mayfly/board"
	"mayfly/views"
)

// wordsPage shows what the board does when it meets a word.
func (s *Server) wordsPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerWords(w, r, me, http.StatusOK, views.Lexicon{Done: r.URL.Query().Get("done")})
}

func (s *Server) answerWords(w http.ResponseWriter, r *http.Request, me board.Admin, status int, page views.Lexicon) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page.Settings = s.tuner.Settings("")
	if page.Filters, err = s.board.Filters(r.Context()); err != nil {
		return err
	}
	return answerHTML(w, r, status, views.WordsPage(views.NewLexicon(d, page)))
}

// readFilter is the filter of a form.
func readFilter(r *http.Request) board.Filter {
	f := r.PostForm
	return board.Filter{Board: f.Get("board"), Text: f.Get("text"), Pattern: f.Get("pattern") != "", Action: board.FilterAction(f.Get("action"))}
}

// addFilter adds a filter, in force at once.
func (s *Server) addFilter(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	if err := s.board.AddFilter(r.Context(), me.Name, readFilter(r)); err != nil {
		return s.refuseWords(w, r, me, "add", err)
	}
	http.Redirect(w, r, "/admin/words?done=added", http.StatusSeeOther)
	return nil
}

// tryFilter says what a filter would do, and adds none.
func (s *Server) tryFilter(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	f := readFilter(r)
	trial, err := s.board.TryFilter(r.Context(), f, r.PostForm.Get("sample"))
	if err != nil {
		return s.refuseWords(w, r, me, "add", err)
	}
	page := views.Lexicon{Kept: views.Kept{Given: r.PostForm.Get, Of: "add"}, Trial: &trial, Tried: f}
	return s.answerWords(w, r, me, http.StatusOK, page)
}

// removeFilter removes a filter, out of force at once.
func (s *Server) removeFilter(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	number, err := strconv.ParseInt(r.PostForm.Get("number"), 10, 64)
	if err != nil {
		return errBadRequest
	}
	if err := s.board.RemoveFilter(r.Context(), me.Name, number); err != nil {
		return s.refuseWords(w, r, me, "remove", err)
	}
	http.Redirect(w, r, "/admin/words?done=removed", http.StatusSeeOther)
	return nil
}

func (s *Server) refuseWords(w http.ResponseWriter, r *http.Request, me board.Admin, form string, err error) error {
	kept, status, err := s.keep(w, r, form, err)
	if err != nil {
		return err
	}
	return s.answerWords(w, r, me, status, views.Lexicon{Kept: kept})
}

// heed says what happens to words that give somebody away, and what authors are told.
func (s *Server) heed(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	values := map[string]string{}
	for _, name := range []string{"doxx", "nudge", "care_card"} {
		values[name] = r.PostForm.Get(name)
	}
	err := s.adjust(r, me, values)
	if err == nil {
		http.Redirect(w, r, "/admin/words?done=saved", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keepTuning(w, r, "heed", err)
	if err != nil {
		return err
	}
	return s.answerWords(w, r, me, status, views.Lexicon{Kept: kept})
}
