package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/live"
	"mayfly/views"
)

// hostBoards lists the boards for those who run them.
func (s *Server) hostBoards(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerHostBoards(w, r, me, http.StatusOK, views.Kept{})
}

func (s *Server) answerHostBoards(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page := views.Estates{Done: r.URL.Query().Get("done"), Kept: kept}
	for _, b := range d.Boards {
		living, err := s.board.Alive(r.Context(), b.Slug)
		if err != nil {
			return err
		}
		here := roundCrowd(s.hub.Count(live.OfBoard(b.Slug)), d.Settings.K)
		page.List = append(page.List, views.Estate{Board: b, Living: living, Here: here, Life: s.settings(b.Slug).TTLDefault})
	}
	return answerHTML(w, r, status, views.HostBoardsPage(views.NewHostBoards(d, page)))
}

// addBoard adds a board.
func (s *Server) addBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	info, err := readBoard(r.PostForm, s.board.Now())
	if err == nil {
		err = s.board.AddBoard(r.Context(), me.Name, info)
	}
	if err == nil {
		http.Redirect(w, r, "/admin/boards?done=board_add", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keep(w, r, "add", err)
	if err != nil {
		return err
	}
	return s.answerHostBoards(w, r, me, status, kept)
}

// readBoard reads the fields of a board.
func readBoard(f url.Values, now time.Time) (board.Info, error) {
	b := board.Info{Slug: strings.TrimSpace(f.Get("slug")), Title: f.Get("title"), Rules: f.Get("rules")}
	var err error
	if b.ClosesAt, err = board.ParseCloses(f.Get("closes"), now); err != nil {
		return b, err
	}
	if place := strings.TrimSpace(f.Get("place")); place != "" {
		if b.Place, err = strconv.Atoi(place); err != nil {
			return b, invalid("place", "error.board.place")
		}
	}
	return b, nil
}

// keep is what a form of the host's pages shows of its refusal: what was typed, and what
// was wrong with it. What is our own fault is returned.
func (s *Server) keep(w http.ResponseWriter, r *http.Request, form string, err error) (views.Kept, int, error) {
	refused, status, err := s.adminRefusal(w, r, err)
	return views.Kept{Given: r.PostForm.Get, Refused: refused, Of: form}, status, err
}

// hostBoard is the page of one board for those who run it.
func (s *Server) hostBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerHostBoard(w, r, me, http.StatusOK, views.Kept{})
}

func (s *Server) answerHostBoard(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	info, err := s.board.Board(r.Context(), r.PathValue("board"))
	if err != nil && (kept.Given == nil || !errors.Is(err, board.ErrClosed)) { // what was typed of one that has closed comes back
		return err
	}
	living, err := s.board.Alive(r.Context(), info.Slug)
	if err != nil {
		return err
	}
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	if status == http.StatusConflict {
		kept.Now = map[string]string{"title": info.Title, "rules": info.Rules, "closes": info.Closes(), "place": strconv.Itoa(info.Place)}
	}
	page := views.Deed{Board: info, Living: living, Done: r.URL.Query().Get("done"), Kept: kept}
	return answerHTML(w, r, status, views.HostBoardPage(views.NewHostDeed(d, page)))
}

// changeBoard changes a board.
func (s *Server) changeBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	slug := r.PathValue("board")
	info, err := readBoard(r.PostForm, s.board.Now())
	if err == nil {
		err = s.board.ChangeBoard(r.Context(), me.Name, slug, r.PostForm.Get("mark"), info)
	}
	if err == nil {
		http.Redirect(w, r, "/admin/boards/"+url.PathEscape(slug)+"?done=board_change", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keep(w, r, "change", err)
	if err != nil {
		return err
	}
	return s.answerHostBoard(w, r, me, status, kept)
}

// endBoard ends a board and everything on it, for who gives their passphrase again.
func (s *Server) endBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	err := s.again(r, me, func(ctx context.Context) error {
		return s.door.Confirm(ctx, me, r.PostForm.Get("passphrase"))
	})
	if err == nil {
		err = s.board.EndBoard(r.Context(), me.Name, r.PathValue("board"))
	}
	if err == nil {
		http.Redirect(w, r, "/admin/boards?done=board_end", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keep(w, r, "end", err)
	if err != nil {
		return err
	}
	return s.answerHostBoard(w, r, me, status, kept)
}
