package handlers

import (
	"errors"
	"net/http"
	"strconv"

	"mayfly/board"
	"mayfly/views"
)

// raidPage is what ends a raid: raid mode, undo, and bans without an address.
func (s *Server) raidPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerRaid(w, r, me, http.StatusOK, views.Defence{Done: r.URL.Query().Get("done"), Ended: int(number(r.URL.Query().Get("n")))})
}

func (s *Server) answerRaid(w http.ResponseWriter, r *http.Request, me board.Admin, status int, at views.Defence) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.RaidPage(views.NewRaid(d, at)))
}

// setRaid turns raid mode on or off, and leads back to where it was asked.
func (s *Server) setRaid(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	slug := r.PostForm.Get("board")
	if err := s.checkBoard(r, slug); err != nil {
		return err
	}
	if err := s.storm(r, me, slug, r.PostForm.Get("for")); err != nil {
		return err
	}
	http.Redirect(w, r, backTo(r)+"#raid", http.StatusSeeOther)
	return nil
}

// storm turns raid mode on for a time such as "30m", or "off".
func (s *Server) storm(r *http.Request, me board.Admin, slug, lasts string) error {
	if lasts == "off" {
		return s.storms.End(r.Context(), me.Name, slug)
	}
	d, err := board.ParseLife(lasts)
	if err != nil || d < board.StormLeast || d > board.StormMost {
		return invalid("for", "error.raid_time", "min", board.StormLeast, "max", board.StormMost)
	}
	return s.storms.Begin(r.Context(), me.Name, slug, d)
}

// undoing is what an admin would end at once: of one board's posts those of the last
// so long, what is like a post, or what came from its network.
type undoing struct {
	Board  string `json:"board"`
	Within string `json:"within"`
	Alike  string `json:"alike"`
	From   string `json:"from"`
	Apply  bool   `json:"apply"` // false: it is only counted
}

// caught names what lives of it: posts, and replies in threads that stay. Who asks hears
// how many, never which.
func (s *Server) caught(r *http.Request, u undoing) (posts, replies []board.PostID, err error) {
	var want board.Undo
	switch {
	case u.Within != "":
		if err = s.checkBoard(r, u.Board); err == nil {
			want.Board = u.Board
			want.Within, err = board.ParseLife(u.Within)
		}
		if err != nil {
			return nil, nil, invalid("within", "error.undo")
		}
		want.Named = s.gate.RepliesWithin(want.Within)
	case u.Alike != "":
		want.Alike, err = board.ParsePostID(idIn(u.Alike))
	case u.From != "":
		var id board.PostID
		id, err = board.ParsePostID(idIn(u.From))
		want.Named = s.gate.Kin(id)
	default:
		return nil, nil, invalid("within", "error.undo")
	}
	if err != nil {
		return nil, nil, err
	}
	posts, replies, err = s.board.Caught(r.Context(), want)
	if err == nil && len(posts)+len(replies) == 0 {
		err = board.ErrNotFound
	}
	return posts, replies, err
}

// undo asks first: it says how many posts would end, and ends them when it is told to.
func (s *Server) undo(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	form := r.PostForm
	u := undoing{Board: form.Get("board"), Within: form.Get("within")}
	switch post := form.Get("post"); form.Get("do") {
	case "alike":
		u.Alike = post
	case "from":
		u.From = post
	case "ban":
		return s.ban(w, r, me, post)
	}
	posts, replies, err := s.caught(r, u)
	if err != nil {
		return s.refuseRaid(w, r, me, err, form.Get("post"))
	}
	if !form.Has("apply") {
		return s.answerRaid(w, r, me, http.StatusOK, views.Defence{Asked: &views.Undoing{
			Board: u.Board, Within: u.Within, Do: form.Get("do"), Post: form.Get("post"), Posts: len(posts), Replies: len(replies),
		}})
	}
	n, err := s.board.Remove(r.Context(), board.Ruling{By: me.Name, Reason: board.Spam}, append(posts, replies...)...)
	if err != nil && !errors.Is(err, board.ErrDecided) {
		return err
	}
	http.Redirect(w, r, raidDone("undo", n), http.StatusSeeOther)
	return nil
}

// ban slows the network down that a post came from, which nobody learns.
func (s *Server) ban(w http.ResponseWriter, r *http.Request, me board.Admin, post string) error {
	id, err := board.ParsePostID(idIn(post))
	if err == nil && !s.gate.Ban(id) {
		err = board.ErrNotFound
	}
	if err != nil {
		return s.refuseRaid(w, r, me, err, post)
	}
	if err := s.board.Banned(r.Context(), me.Name, id); err != nil && !errors.Is(err, board.ErrNotFound) {
		return err
	}
	http.Redirect(w, r, raidDone("ban", 0), http.StatusSeeOther)
	return nil
}

func raidDone(what string, n int) string {
	return "/admin/raid?done=" + what + "&n=" + strconv.Itoa(n)
}

func (s *Server) refuseRaid(w http.ResponseWriter, r *http.Request, me board.Admin, err error, post string) error {
	refused, status, ours := s.adminRefusal(w, r, err)
	if ours != nil {
		return ours
	}
	if status == http.StatusNotFound {
		refused.All = s.printer(r).Say("raid.nothing")
	}
	return s.answerRaid(w, r, me, status, views.Defence{Post: post, Err: refused.Sentence()})
}

// apiStorm is raid mode as programs see it.
type apiStorm struct {
	Board string `json:"board"` // "": all
	Left  int64  `json:"left"`  // seconds
}

func (s *Server) apiRaid(w http.ResponseWriter, _ *http.Request, _ board.Admin) error {
	out := []apiStorm{}
	for _, storm := range s.storms.List() {
		out = append(out, apiStorm{storm.Board, seconds(storm.Until.Sub(s.board.Now()))})
	}
	return answerJSON(w, http.StatusOK, map[string]any{"raid": out})
}

func (s *Server) apiSetRaid(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in struct {
		Board string `json:"board"`
		For   string `json:"for"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := s.checkBoard(r, in.Board); err != nil {
		return err
	}
	if err := s.storm(r, me, in.Board, in.For); err != nil {
		return err
	}
	return s.apiRaid(w, r, me)
}

// apiUndo says how many posts an undo ends, or would end.
func (s *Server) apiUndo(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in undoing
	if err := readJSON(r, &in); err != nil {
		return err
	}
	posts, replies, err := s.caught(r, in)
	if err != nil {
		return err
	}
	n := len(posts) + len(replies)
	if in.Apply {
		if n, err = s.board.Remove(r.Context(), board.Ruling{By: me.Name, Reason: board.Spam}, append(posts, replies...)...); err != nil {
			return err
		}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"ends": n, "replies": len(replies), "applied": in.Apply})
}

func (s *Server) apiBan(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in struct {
		From string `json:"from"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	id, err := board.ParsePostID(idIn(in.From))
	if err != nil {
		return err
	}
	if !s.gate.Ban(id) {
		return board.ErrNotFound
	}
	if err := s.board.Banned(r.Context(), me.Name, id); err != nil && !errors.Is(err, board.ErrNotFound) {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
