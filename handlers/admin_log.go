package handlers

import (
	"net/http"
	"strconv"

	"mayfly/board"
	"mayfly/views"
)

// logLines is how much of the log stands on a page.
const logLines = 50

// logPage shows what admins have done.
func (s *Server) logPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	entries, err := s.board.Log(r.Context(), number(r.URL.Query().Get("before")), logLines+1)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.LogPage(views.NewLog(d, entries, logLines)))
}

// number reads the number of an entry; what is none is 0.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return max(0, n)
}
