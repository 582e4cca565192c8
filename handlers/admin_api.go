package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"mayfly/board"
	"mayfly/limit"
)

// adminAPI lets programs through that bring a key which is good for scope, and pages
// whose admin is signed in.
func (s *Server) adminAPI(scope board.Scope, h adminHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.gate.Allow(limit.Page, "", s.caller(r, s.visitor(r))); err != nil {
			return err
		}
		key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			return s.admin(h)(w, r)
		}
		me, err := s.door.ByKey(r.Context(), board.Token(key), scope)
		if err != nil {
			return err
		}
		return h(w, asHost(r), me)
	}
}

// apiSetting is one setting as programs see it.
type apiSetting struct {
	Name    string   `json:"name"`
	Value   string   `json:"value"`
	Default string   `json:"default"`
	Min     string   `json:"min"` // "" where bounds say nothing
	Max     string   `json:"max"`
	Choices []string `json:"choices"` // null: it is not one of a few
	Own     bool     `json:"own"`     // the board differs from all
	Site    bool     `json:"site"`    // one for all boards
	Help    string   `json:"help"`
}

// apiSettings shows the settings of all boards or, with ?board=, of one.
func (s *Server) apiSettings(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	slug := r.URL.Query().Get("board")
	if err := s.checkBoard(r, slug); err != nil {
		return err
	}
	now, own := s.tuner.Settings(slug), s.tuner.Own(slug)
	list := []apiSetting{}
	for _, k := range board.Knobs {
		if k.Site && slug != "" {
			continue
		}
		list = append(list, apiSetting{
			Name: k.Name, Value: k.Get(now), Default: k.Default, Min: k.Min, Max: k.Max, Choices: k.Choices,
			Own: slug != "" && slices.Contains(own, k.Name), Site: k.Site, Help: s.printer(r).Say("setting." + k.Name),
		})
	}
	return answerJSON(w, http.StatusOK, map[string]any{"board": slug, "settings": list})
}

// apiTune changes settings, all or none: {"ttl_max": "6h"}. null has a board follow
// all again.
func (s *Server) apiTune(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	slug := r.URL.Query().Get("board")
	if err := s.checkBoard(r, slug); err != nil {
		return err
	}
	var in map[string]*string
	if err := readJSON(r, &in); err != nil {
		return err
	}
	a := board.Adjustment{Board: slug, Values: map[string]string{}}
	for name, value := range in {
		switch {
		case value != nil:
			a.Values[name] = *value
		case slug == "":
			return invalid(name, "error.setting_null")
		default:
			a.Unset = append(a.Unset, name)
		}
	}
	slices.Sort(a.Unset)
	if r.URL.Query().Get("preview") == "1" {
		return s.apiForecast(w, r, a)
	}
	if err := s.tuner.Adjust(r.Context(), me.Name, a); err != nil {
		return settingError(err)
	}
	return s.apiSettings(w, r, me)
}

// apiWait is how many a rate would have made wait, and of how many: a number below k says
// k − 1, so that nobody is counted out.
type apiWait struct {
	AtMost int `json:"at_most"`
	Of     int `json:"of"`
}

// apiForecast says what a change would do, and changes nothing.
func (s *Server) apiForecast(w http.ResponseWriter, r *http.Request, a board.Adjustment) error {
	now, then, err := s.tuner.Would(a)
	if err != nil {
		return settingError(err)
	}
	lives, err := s.board.Would(r.Context(), now, then)
	if err != nil {
		return err
	}
	waits := map[string]apiWait{}
	k := s.settings("").K
	for name, n := range s.wouldWait(now.Of(a.Board), then.Of(a.Board)) {
		if n.All < k {
			continue
		}
		if n.Waiting > 0 {
			n.Waiting = max(n.Waiting, k-1)
		}
		waits[name] = apiWait{n.Waiting, n.All}
	}
	return answerJSON(w, http.StatusOK, map[string]any{
		"ends": lives.Ends, "sooner": lives.Sooner, "posts": lives.All, "would_wait": waits,
	})
}

// settingError says why a setting can't be had as a form or call does: by its field.
func settingError(err error) error {
	u, ok := errors.AsType[*board.UnfitError](err)
	if !ok {
		return err
	}
	name := u.Name
	if name == "" {
		name = "settings"
	}
	return &board.Error{Kind: board.Invalid, Code: "error.setting", Fields: map[string]board.Problem{name: {Code: u.Code, Args: u.Args}}}
}

// apiEntry is a line of the log as programs see it.
type apiEntry struct {
	ID      int64  `json:"id"`
	Ago     int64  `json:"ago"` // seconds
	By      string `json:"by"`
	Action  string `json:"action"`
	Board   string `json:"board"`
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
	Old     string `json:"old"`
	New     string `json:"new"`
}

// apiLog shows what admins have done, newest first, fifty at a time.
func (s *Server) apiLog(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	entries, err := s.board.Log(r.Context(), number(r.URL.Query().Get("before")), logLines)
	if err != nil {
		return err
	}
	now := s.board.Now()
	out := make([]apiEntry, len(entries))
	for i, e := range entries {
		out[i] = apiEntry{
			ID: e.Seq, Ago: max(0, seconds(now.Sub(e.At))), By: e.By, Action: string(e.Action),
			Board: e.Board, Subject: e.Subject, Reason: e.Reason, Old: e.Old, New: e.New,
		}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"entries": out})
}
