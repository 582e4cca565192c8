package handlers

import (
	"net/http"
	"strconv"

	"mayfly/board"
)

// apiFilter is a filter as programs see it.
type apiFilter struct {
	Number  int64  `json:"number"`
	Board   string `json:"board"` // "": all of them
	Text    string `json:"text"`
	Pattern bool   `json:"pattern"`
	Action  string `json:"action"`
}

// filtering is a filter as a program sends it, to be added or tried.
type filtering struct {
	Board   string `json:"board"`
	Text    string `json:"text"`
	Pattern bool   `json:"pattern"`
	Action  string `json:"action"`
	Sample  string `json:"sample"` // to be tried on
}

func (f filtering) filter() board.Filter {
	return board.Filter{Board: f.Board, Text: f.Text, Pattern: f.Pattern, Action: board.FilterAction(f.Action)}
}

func (s *Server) apiFilters(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	return s.answerFilters(w, r, http.StatusOK)
}

func (s *Server) answerFilters(w http.ResponseWriter, r *http.Request, status int) error {
	list, err := s.board.Filters(r.Context())
	if err != nil {
		return err
	}
	out := make([]apiFilter, len(list))
	for i, f := range list {
		out[i] = apiFilter{f.Number, f.Board, f.Text, f.Pattern, string(f.Action)}
	}
	return answerJSON(w, status, map[string]any{"filters": out})
}

func (s *Server) apiAddFilter(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in filtering
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := s.board.AddFilter(r.Context(), me.Name, in.filter()); err != nil {
		return err
	}
	return s.answerFilters(w, r, http.StatusCreated)
}

// apiTryFilter says what a filter would do, and adds none. What is done with what it hits
// need not be said for it.
func (s *Server) apiTryFilter(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	var in filtering
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.Action == "" {
		in.Action = string(board.Block)
	}
	t, err := s.board.TryFilter(r.Context(), in.filter(), in.Sample)
	if err != nil {
		return err
	}
	words := append([]string{}, t.Words...)
	return answerJSON(w, http.StatusOK, map[string]any{"words": words, "hits": t.Hits, "of": t.Of, "whole": t.Whole})
}

func (s *Server) apiRemoveFilter(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return board.ErrNotFound
	}
	if err := s.board.RemoveFilter(r.Context(), me.Name, number); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
