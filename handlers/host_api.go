package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"mayfly/board"
	"mayfly/doctor"
	"mayfly/views"
)

// keyAPI is adminAPI for what a signed-in page has to give the passphrase for again: only
// a key will do.
func (s *Server) keyAPI(scope board.Scope, h adminHandler) handler {
	return s.adminAPI(scope, func(w http.ResponseWriter, r *http.Request, me board.Admin) error {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			return errKeyOnly
		}
		return h(w, r, me)
	})
}

var errKeyOnly = &board.Error{Kind: board.Denied, Code: "error.admin.key_only"}

// apiFinding is one thing that doctor found.
type apiFinding struct {
	Level string `json:"level"` // good, note, warning or bad
	Code  string `json:"code"`
	Says  string `json:"says"`
	Do    string `json:"do"` // "" where all is well
}

// apiSystem lists what doctor finds, the worst first. Where the caller comes from, which
// the page tells its reader, is not in it.
func (s *Server) apiSystem(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	p := s.printer(r)
	bell := s.bell.State()
	out := []apiFinding{}
	for _, f := range append(s.findings(r.Context()), doctor.Alerts(bell.Receivers, bell.Failing)) {
		l := views.NewSystemLine(p, sightOf(f))
		out = append(out, apiFinding{Level: l.Level, Code: strings.TrimPrefix(f.Code, "doctor."), Says: l.Text, Do: l.Do})
	}
	return answerJSON(w, http.StatusOK, map[string]any{"findings": out})
}

// apiEstate is a board as its host sees it.
type apiEstate struct {
	Slug     string `json:"slug"`
	Title    string `json:"title"`
	Rules    string `json:"rules"`
	ClosesIn *int64 `json:"closes_in"` // seconds; null: never
	Place    int    `json:"place"`     // in the list
	Alive    int    `json:"alive"`     // posts, in a feed or not
	Mark     string `json:"mark"`      // changes with all that may be changed
	URL      string `json:"url"`
}

func (s *Server) drawEstate(r *http.Request, b board.Info) (apiEstate, error) {
	living, err := s.board.Alive(r.Context(), b.Slug)
	out := apiEstate{Slug: b.Slug, Title: b.Title, Rules: b.Rules, Place: b.Place, Alive: living.Posts, Mark: b.Mark(), URL: boardURL(b.Slug)}
	if left, closes := b.ClosesIn(s.board.Now()); closes {
		in := seconds(left)
		out.ClosesIn = &in
	}
	return out, err
}

func (s *Server) apiEstates(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	boards, err := s.board.Boards(r.Context())
	if err != nil {
		return err
	}
	out := make([]apiEstate, len(boards))
	for i, b := range boards {
		if out[i], err = s.drawEstate(r, b); err != nil {
			return err
		}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"boards": out})
}

// deed is what a program says of a board; null stays as it is.
type deed struct {
	Slug   string  `json:"slug"`
	Title  *string `json:"title"`
	Rules  *string `json:"rules"`
	Closes *string `json:"closes"` // as the page takes it: a time of this machine, "in 3d" or "never"
	Place  *int    `json:"place"`
	Mark   string  `json:"mark"` // of what was seen; "": whatever stands there is changed
}

// onto is a board with what the deed says.
func (d deed) onto(b board.Info, s *Server) (board.Info, error) {
	if d.Title != nil {
		b.Title = *d.Title
	}
	if d.Rules != nil {
		b.Rules = *d.Rules
	}
	if d.Place != nil {
		b.Place = *d.Place
	}
	if d.Closes == nil {
		return b, nil
	}
	var err error
	b.ClosesAt, err = board.ParseCloses(*d.Closes, s.board.Now())
	return b, err
}

func (s *Server) apiAddBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in deed
	if err := readJSON(r, &in); err != nil {
		return err
	}
	info, err := in.onto(board.Info{Slug: strings.TrimSpace(in.Slug)}, s)
	if err == nil {
		err = s.board.AddBoard(r.Context(), me.Name, info)
	}
	if err != nil {
		return err
	}
	return s.answerEstate(w, r, info.Slug, http.StatusCreated)
}

func (s *Server) apiChangeBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in deed
	if err := readJSON(r, &in); err != nil {
		return err
	}
	slug := r.PathValue("board")
	info, err := s.estate(r, slug)
	if err != nil {
		return err
	}
	if in.Mark == "" {
		in.Mark = info.Mark()
	}
	if info, err = in.onto(info, s); err != nil {
		return err
	}
	if in.Slug != "" && in.Slug != slug {
		return errBadRequest // it stays
	}
	if err := s.board.ChangeBoard(r.Context(), me.Name, slug, in.Mark, info); err != nil {
		return err
	}
	return s.answerEstate(w, r, slug, http.StatusOK)
}

// estate is a board for those who run it, though it is closed for now.
func (s *Server) estate(r *http.Request, slug string) (board.Info, error) {
	info, err := s.board.Board(r.Context(), slug)
	if err != nil && info.Slug != "" && s.checkBoard(r, slug) == nil {
		return info, nil
	}
	return info, err
}

func (s *Server) answerEstate(w http.ResponseWriter, r *http.Request, slug string, status int) error {
	info, err := s.estate(r, slug)
	if err != nil {
		return err
	}
	out, err := s.drawEstate(r, info)
	if err != nil {
		return err
	}
	return answerJSON(w, status, map[string]any{"board": out})
}

func (s *Server) apiEndBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := s.board.EndBoard(r.Context(), me.Name, r.PathValue("board")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// apiPrompt is something the host asks.
type apiPrompt struct {
	Number    int64  `json:"number"`
	Board     string `json:"board"`
	Kind      string `json:"kind"`
	Body      string `json:"body"`
	Sponsored bool   `json:"sponsored"`
	TTL       int64  `json:"ttl"`  // seconds; 0: until it is ended
	Post      string `json:"post"` // its id; "": it is about to stand
}

func (s *Server) apiPrompts(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	return s.answerPrompts(w, r, http.StatusOK)
}

func (s *Server) answerPrompts(w http.ResponseWriter, r *http.Request, status int) error {
	list, err := s.board.Questions(r.Context())
	if err != nil {
		return err
	}
	out := []apiPrompt{}
	for _, q := range list {
		if q.Ending {
			continue
		}
		p := apiPrompt{Number: q.Number, Board: q.Board, Kind: string(q.Kind), Body: q.Body, Sponsored: q.Sponsored, TTL: seconds(q.TTL)}
		if q.Planted() {
			p.Post = q.Post.String()
		}
		out = append(out, p)
	}
	return answerJSON(w, status, map[string]any{"prompts": out})
}

func (s *Server) apiAsk(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in struct {
		Board     string `json:"board"`
		Body      string `json:"body"`
		TTL       string `json:"ttl"`
		Sponsored bool   `json:"sponsored"`
		Welcome   bool   `json:"welcome"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	q := board.Question{Board: in.Board, Kind: board.Asking, Body: in.Body, Sponsored: in.Sponsored}
	if in.Welcome {
		q.Kind = board.Welcome
	}
	var err error
	if q.TTL, err = parseLife(in.TTL); err != nil {
		return invalid("ttl", "error.life")
	}
	if err := s.board.Ask(r.Context(), me.Name, q); err != nil {
		return err
	}
	return s.answerPrompts(w, r, http.StatusCreated)
}

func (s *Server) apiEndPrompt(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return board.ErrNotFound
	}
	if err := s.board.EndQuestion(r.Context(), me.Name, number); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
