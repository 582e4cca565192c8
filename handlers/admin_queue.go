package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"mayfly/board"
	"mayfly/views"
)

// queuePage shows what waits for an admin; ?post= the one post or reply that it names,
// whether it waits or not.
func (s *Server) queuePage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if !r.URL.Query().Has("post") {
		return s.answerQueue(w, r, me, http.StatusOK, views.Line{})
	}
	asked := r.URL.Query().Get("post")
	id, err := board.ParsePostID(idIn(asked))
	if err == nil {
		var c board.Case
		if c, err = s.board.Case(r.Context(), id); err == nil {
			return s.answerLine(w, r, me, http.StatusOK, views.Line{Cases: []board.Case{c}, One: true})
		}
	}
	if refusalOf(err).status != http.StatusNotFound {
		return err
	}
	return s.answerQueue(w, r, me, http.StatusNotFound, views.Line{Look: asked})
}

// idIn is the id at the end of an address, or text as it is.
func idIn(text string) string {
	text = strings.TrimSpace(text)
	if _, after, ok := strings.Cut(text, "#p-"); ok {
		return after
	}
	if _, after, ok := strings.Cut(text, "/p/"); ok {
		after, _, _ = strings.Cut(after, "/")
		after, _, _ = strings.Cut(after, "?")
		return after
	}
	return text
}

// answerQueue shows all that waits.
func (s *Server) answerQueue(w http.ResponseWriter, r *http.Request, me board.Admin, status int, line views.Line) error {
	var err error
	if line.Cases, err = s.board.Queue(r.Context()); err != nil {
		return err
	}
	return s.answerLine(w, r, me, status, line)
}

func (s *Server) answerLine(w http.ResponseWriter, r *http.Request, me board.Admin, status int, line views.Line) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.QueuePage(views.NewQueue(d, line)))
}

// queueCases answers an open queue with what is in it now, or with nothing while that
// is what it shows.
func (s *Server) queueCases(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	cases, err := s.board.Queue(r.Context())
	if err != nil {
		return err
	}
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	q := views.NewQueue(d, views.Line{Cases: cases})
	if r.URL.Query().Get("state") == q.State {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return answerHTML(w, r, http.StatusOK, views.QueuePage(q))
}

// casePicture shows an admin a part of a picture, whoever may see it.
func (s *Server) casePicture(part board.Part) adminHandler {
	show := s.pictureOf(part, func(r *http.Request, id board.PostID) (board.Image, error) {
		return s.board.CasePicture(r.Context(), id, part)
	})
	return func(w http.ResponseWriter, r *http.Request, _ board.Admin) error { return show(w, r) }
}

// decision is what an admin sends about a post or reply.
type decision struct {
	Do     string `json:"do"`
	Reason string `json:"reason"`
	Body   string `json:"body"`  // of an answer
	Waits  bool   `json:"waits"` // it is only to be decided while it waits
}

// decide takes the queue's forms.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	form := r.PostForm
	err := s.rule(r, me, decision{Do: form.Get("do"), Reason: form.Get("reason"), Body: form.Get("body"), Waits: form.Has("waits")})
	if err != nil {
		refused, status, ours := s.adminRefusal(w, r, err)
		if ours != nil {
			return ours
		}
		if status == http.StatusNotFound {
			refused.All = s.printer(r).Say("queue.gone")
		}
		return s.answerQueue(w, r, me, status, views.Line{Refused: refused.Sentence()})
	}
	http.Redirect(w, r, backToQueue(r), http.StatusSeeOther)
	return nil
}

// backToQueue is the queue, or the one post that was looked at.
func backToQueue(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err == nil && from.Host == r.Host && from.Query().Has("post") && r.PostForm.Get("do") != "remove" {
		return adminPath(from.RequestURI())
	}
	return "/admin/queue"
}

// rule carries out what an admin has decided.
func (s *Server) rule(r *http.Request, me board.Admin, d decision) error {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	ruling := board.Ruling{By: me.Name}
	if d.Reason != "" {
		if ruling.Reason, err = board.ParseReason(d.Reason); err != nil {
			return err
		}
	}
	if d.Waits && d.Do != "answer" {
		c, err := s.board.Case(r.Context(), id)
		if err != nil {
			return err
		}
		if !c.Waits {
			return board.ErrDecided
		}
	}
	ctx := r.Context()
	switch d.Do {
	case "keep":
		return s.board.Release(ctx, ruling, id)
	case "remove":
		_, err := s.board.Remove(ctx, ruling, id)
		return err
	case "shorten":
		return s.board.Shorten(ctx, ruling, id)
	case "hide":
		return s.board.Hide(ctx, ruling, id)
	case "lock", "unlock":
		return s.board.Lock(ctx, ruling, id, d.Do == "lock")
	case "answer":
		_, err := s.board.Answer(ctx, me.Name, id, d.Body)
		return err
	}
	return invalid("do", "error.decision")
}

// actsLines is how much of the public log stands on a page.
const actsLines = 50

// actsPage shows everybody what admins have done, on one board or on all.
func (s *Server) actsPage(w http.ResponseWriter, r *http.Request) error {
	slug := r.URL.Query().Get("board")
	entries, next, err := s.acts(r, slug)
	if err != nil {
		return err
	}
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	older := ""
	if next != "" {
		older = "/log?" + url.Values{"board": {slug}, "cursor": {next}}.Encode()
	}
	return answerHTML(w, r, http.StatusOK, views.ActsPage(views.NewActs(v, slug, entries, older)))
}

// acts reads a page of the public log, and the cursor of the next.
func (s *Server) acts(r *http.Request, slug string) ([]board.Entry, string, error) {
	if slug != "" {
		if _, err := s.board.Board(r.Context(), slug); err != nil {
			return nil, "", err
		}
	}
	name := "log/" + slug
	after, err := s.cursors.parse(name, r.URL.Query().Get("cursor"))
	if err != nil {
		return nil, "", err
	}
	list, err := s.board.PublicLog(r.Context(), slug, after.Seq, actsLines+1)
	if err != nil || len(list) <= actsLines {
		return list, "", err
	}
	list = list[:actsLines]
	return list, s.cursors.format(name, board.Cursor{Seq: list[actsLines-1].Seq}), nil
}

// apiAct is a line of the public log.
type apiAct struct {
	Action string `json:"action"`
	Board  string `json:"board"`
	Reason string `json:"reason"`
	Count  string `json:"count"` // of posts and replies, where it may be more than one
	Ago    int64  `json:"ago"`   // seconds, in whole minutes
}

func (s *Server) apiActs(w http.ResponseWriter, r *http.Request) error {
	entries, next, err := s.acts(r, r.URL.Query().Get("board"))
	if err != nil {
		return err
	}
	out := make([]apiAct, len(entries))
	for i, e := range entries {
		out[i] = apiAct{string(e.Action), e.Board, e.Reason, e.Subject, seconds(s.board.Now().Sub(e.At)) / 60 * 60}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"log": out, "cursor": next})
}

// apiCase is something that waits for an admin, as programs see it.
type apiCase struct {
	Post    apiPost              `json:"post"`
	Care    bool                 `json:"care"`
	Waits   bool                 `json:"waits"`
	Reports int                  `json:"reports"` // that no admin has looked at
	Reasons map[board.Reason]int `json:"reasons"`
	Came    int                  `json:"arrivals,omitempty"` // by its link, from k up
}

func (s *Server) drawAPICase(r *http.Request, c board.Case) apiCase {
	p := drawAPIPost(c.Post, s.printer(r), s.settings(c.Post.Board), s.board.Now())
	return apiCase{Post: p, Care: c.Post.Care, Waits: c.Waits, Reports: c.Reports, Reasons: c.Reasons, Came: c.Post.Came(s.settings(c.Post.Board).K)}
}

// apiQueue lists what waits for an admin.
func (s *Server) apiQueue(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	cases, err := s.board.Queue(r.Context())
	if err != nil {
		return err
	}
	waiting, err := s.board.Waiting(r.Context())
	if err != nil {
		return err
	}
	out := make([]apiCase, len(cases))
	for i, c := range cases {
		out[i] = s.drawAPICase(r, c)
	}
	return answerJSON(w, http.StatusOK, map[string]any{"cases": out, "waiting": waiting})
}

// apiCaseOf shows one post or reply as the queue does, whether it waits or not.
func (s *Server) apiCaseOf(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	c, err := s.board.Case(r.Context(), id)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]any{"case": s.drawAPICase(r, c)})
}

func (s *Server) apiDecide(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var d decision
	if err := readJSON(r, &d); err != nil {
		return err
	}
	if err := s.rule(r, me, d); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
