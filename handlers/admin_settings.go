package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/views"
)

// settingsPage shows every setting of all boards or, with ?board=, of one.
func (s *Server) settingsPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	slug := r.URL.Query().Get("board")
	if err := s.checkBoard(r, slug); err != nil {
		return err
	}
	return s.answerSettings(w, r, me, http.StatusOK, views.Tuned{Board: slug, Saved: r.URL.Query().Has("saved")})
}

// checkBoard wants a board that is open, or "" for all.
func (s *Server) checkBoard(r *http.Request, slug string) error {
	if slug == "" {
		return nil
	}
	_, err := s.board.Board(r.Context(), slug)
	if errors.Is(err, board.ErrShut) { // here it is opened again
		return nil
	}
	return err
}

func (s *Server) answerSettings(w http.ResponseWriter, r *http.Request, me board.Admin, status int, t views.Tuned) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	t.Settings, t.Own, t.Waits = s.tuner.Settings(t.Board), s.tuner.Own(t.Board), s.waits()
	return answerHTML(w, r, status, views.SettingsPage(views.NewSettings(d, t)))
}

// costs are those that a setting is the rate of.
var costs = map[string]limit.Cost{
	"post": limit.Post, "reply": limit.Reply, "vote": limit.Vote, "open": limit.Open,
	"search": limit.Search, "page": limit.Page, "picture": limit.Picture, "report": limit.Report,
}

// wouldWait is how many the rates that would change would have made wait.
func (s *Server) wouldWait(now, then board.Settings) map[string]views.WouldWait {
	out := map[string]views.WouldWait{}
	for name, cost := range costs {
		if r := cost.Rate(then); r != cost.Rate(now) {
			waiting, all := s.gate.WouldWait(cost, r)
			out[name] = views.WouldWait{Waiting: waiting, All: all}
		}
	}
	return out
}

// waits is how many had to wait lately, by the setting that decides it.
func (s *Server) waits() map[string]views.Waits {
	out := map[string]views.Waits{}
	for name, cost := range costs {
		waited, all := s.gate.Waits(cost)
		out[name] = views.Waits{Waited: waited, All: all}
	}
	return out
}

// tune shows what a change of settings would do or, told to apply it, makes it.
func (s *Server) tune(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	form := r.PostForm
	slug := form.Get("of")
	if err := s.checkBoard(r, slug); err != nil {
		return err
	}
	a, t := s.readAdjustment(form, slug)
	switch {
	case len(t.Errs) > 0:
		return s.answerSettings(w, r, me, http.StatusUnprocessableEntity, t)
	case form.Get("do") == "edit":
		return s.answerSettings(w, r, me, http.StatusOK, t)
	case len(a.Values)+len(a.Unset) == 0:
		t.Unchanged = true
		return s.answerSettings(w, r, me, http.StatusOK, t)
	case form.Get("do") == "apply":
		if err := s.tuner.Adjust(r.Context(), me.Name, a); err != nil {
			return s.refuseTuning(w, r, me, t, err)
		}
		http.Redirect(w, r, settingsPath(slug)+"&saved=1", http.StatusSeeOther)
		return nil
	}
	return s.answerForecast(w, r, me, a, t)
}

// settingsPath is the page of a board's settings.
func settingsPath(slug string) string {
	return "/admin/settings?" + url.Values{"board": {slug}}.Encode()
}

// readAdjustment reads what a form changes: of the settings that it showed ("was.NAME")
// those that were typed otherwise. Of what can't be had, Errs says why.
func (s *Server) readAdjustment(form url.Values, slug string) (board.Adjustment, views.Tuned) {
	a := board.Adjustment{Board: slug, Values: map[string]string{}, Seen: map[string]string{}}
	t := views.Tuned{Board: slug, Typed: map[string]string{}, Was: map[string]string{}, Errs: map[string]*board.UnfitError{}, Unset: form["unset"]}
	now := s.tuner.Settings(slug)
	for _, k := range board.Knobs {
		if !form.Has("was."+k.Name) || k.Site && slug != "" {
			continue
		}
		typed, was := form.Get(k.Name), form.Get("was."+k.Name)
		if k.Kind == board.KnobOnOff && typed == "" { // a box without its tick is not sent
			typed = "off"
		}
		t.Typed[k.Name], t.Was[k.Name] = typed, was
		value, unfit := k.Read(now, typed)
		switch {
		case slices.Contains(t.Unset, k.Name):
			a.Unset, a.Seen[k.Name] = append(a.Unset, k.Name), was
		case unfit != nil:
			t.Errs[k.Name] = unfit
		case value != was:
			a.Values[k.Name], a.Seen[k.Name] = value, was
		}
	}
	return a, t
}

// answerForecast shows what a change would do, before it is made.
func (s *Server) answerForecast(w http.ResponseWriter, r *http.Request, me board.Admin, a board.Adjustment, t views.Tuned) error {
	now, then, err := s.tuner.Would(a)
	if err != nil {
		return s.refuseTuning(w, r, me, t, err)
	}
	p := views.Planned{Adjustment: a, Now: now.Of(a.Board), Then: then.Of(a.Board), Waits: s.waits(), Careful: s.outset.LeftWith(then.Of("").Careful)}
	p.Now.Cautious = s.outset.Left() > 0
	p.WouldWait = s.wouldWait(p.Now, p.Then)
	p.Shortened, err = s.board.Would(r.Context(), now, then)
	if e, ok := errors.AsType[*board.Error](err); ok && e.Kind == board.Busy {
		p.TooMany, err = true, nil
	}
	if err != nil {
		return err
	}
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.ForecastPage(views.NewForecast(d, p)))
}

// refuseTuning shows the form again with what was typed, and with what stands there
// now where somebody else was quicker.
func (s *Server) refuseTuning(w http.ResponseWriter, r *http.Request, me board.Admin, t views.Tuned, err error) error {
	if c, ok := errors.AsType[*board.ConflictError](err); ok {
		t.Conflict = c.Now
		return s.answerSettings(w, r, me, http.StatusConflict, t)
	}
	u, ok := errors.AsType[*board.UnfitError](err)
	if !ok {
		return err
	}
	if u.Name != "" && u.Board == "" {
		t.Errs[u.Name] = u
	} else {
		t.Unfit = u
	}
	return s.answerSettings(w, r, me, http.StatusUnprocessableEntity, t)
}

// rollBack shows what it would do to give a setting the value it had before an entry
// of the log.
func (s *Server) rollBack(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	e, err := s.board.LogEntry(r.Context(), number(r.PostForm.Get("entry")))
	if err != nil {
		return err
	}
	if err := s.checkBoard(r, e.Board); err != nil {
		return err
	}
	a, err := s.tuner.Undo(e)
	if err != nil {
		return err
	}
	if len(a.Values)+len(a.Unset) == 0 {
		return s.answerSettings(w, r, me, http.StatusOK, views.Tuned{Board: e.Board, Unchanged: true})
	}
	t := views.Tuned{Board: e.Board, Typed: a.Values, Was: a.Seen, Unset: a.Unset, Errs: map[string]*board.UnfitError{}}
	return s.answerForecast(w, r, me, a, t)
}
