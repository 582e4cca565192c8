package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"mayfly/board"
	"mayfly/live"
	"mayfly/views"
)

// boardsDesk is where admins add, change and end boards, and ask on them.
func (s *Server) boardsDesk(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerBoards(w, r, me, http.StatusOK, views.BoardForm{})
}

func (s *Server) answerBoards(w http.ResponseWriter, r *http.Request, me board.Admin, status int, f views.BoardForm) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	questions, err := s.board.Questions(r.Context())
	if err != nil {
		return err
	}
	list := make([]views.Shop, len(d.Boards))
	for i, b := range d.Boards {
		list[i] = views.Shop{
			Shelf: views.Shelf{Board: b, Here: roundCrowd(s.hub.Count(live.OfBoard(b.Slug)), d.Settings.K)},
			Lasts: s.settings(b.Slug).TTLDefault,
		}
		if list[i].Posts, err = s.board.Count(r.Context(), b.Slug); err != nil {
			return err
		}
		for _, q := range questions {
			if q.Board == b.Slug && !q.Ending {
				list[i].Questions = append(list[i].Questions, q)
			}
		}
	}
	return answerHTML(w, r, status, views.BoardsDeskPage(views.NewBoardsDesk(d, list, f)))
}

// addBoard adds a board.
func (s *Server) addBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.boardForm(w, r, me, views.FormNew, func(ctx context.Context, form url.Values) error {
		b := board.Info{Slug: form.Get("slug")}
		if err := s.fillBoard(&b, form); err != nil {
			return err
		}
		return s.board.AddBoard(ctx, me.Name, b)
	})
}

// changeBoard changes one.
func (s *Server) changeBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.boardForm(w, r, me, views.FormChange, func(ctx context.Context, form url.Values) error {
		return s.board.ChangeBoard(ctx, me.Name, r.PathValue("board"), func(b *board.Info) error { return s.fillBoard(b, form) })
	})
}

// fillBoard sets what a form says of a board.
func (s *Server) fillBoard(b *board.Info, form url.Values) error {
	b.Title, b.Rules = form.Get("title"), form.Get("rules")
	switch closes := form.Get("closes"); closes {
	case "": // as it is
	case "never", "mai":
		b.ClosesAt = time.Time{}
	default:
		in, err := board.ParseLife(closes)
		if err != nil || in == 0 {
			return invalid("closes", "error.admin.closes")
		}
		b.ClosesAt = s.board.Now().Add(in)
	}
	return nil
}

// endBoard ends one with everything on it, once the passphrase has been given again.
func (s *Server) endBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.boardForm(w, r, me, views.FormEnd, func(ctx context.Context, form url.Values) error {
		err := s.again(r, me, func(ctx context.Context) error { return s.door.Confirm(ctx, me, form.Get("passphrase")) })
		if err != nil {
			return err
		}
		return s.board.EndBoard(ctx, me.Name, r.PathValue("board"))
	})
}

// ask has the host ask on a board.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.boardForm(w, r, me, views.FormAsk, func(ctx context.Context, form url.Values) error {
		ttl, err := board.ParseLife(form.Get("ttl"))
		if err != nil || ttl == 0 {
			return invalid("ttl", "error.life")
		}
		q := board.Question{Board: r.PathValue("board"), Kind: board.Asking, Body: form.Get("body"), Sponsored: form.Get("sponsored") != "", TTL: ttl}
		if form.Get("welcome") != "" {
			q.Kind = board.Welcome
		}
		return s.board.Ask(ctx, me.Name, q)
	})
}

// endPrompt ends what the host asked, with all answers.
func (s *Server) endPrompt(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.boardForm(w, r, me, views.FormNew, func(ctx context.Context, _ url.Values) error {
		return s.board.EndQuestion(ctx, me.Name, number(r.PathValue("number")))
	})
}

// boardForm does what a form of the boards' page asks for, or shows the page again
// with what was typed and what was wrong with it.
func (s *Server) boardForm(w http.ResponseWriter, r *http.Request, me board.Admin, kind views.FormKind, do func(context.Context, url.Values) error) error {
	if err := readForm(r); err != nil {
		return err
	}
	err := do(r.Context(), r.PostForm)
	if err == nil {
		http.Redirect(w, r, "/admin/boards", http.StatusSeeOther)
		return nil
	}
	f := views.BoardForm{Kind: kind, Board: r.PathValue("board"), Typed: r.PostForm}
	if u, ok := errors.AsType[*board.UnfitError](err); ok {
		f.Refused = views.NewUnfit(s.printer(r), u)
		return s.answerBoards(w, r, me, http.StatusUnprocessableEntity, f)
	}
	refused, status, ours := s.adminRefusal(w, r, err)
	if ours != nil || status == http.StatusNotFound {
		return err
	}
	f.Refused = refused
	return s.answerBoards(w, r, me, status, f)
}
