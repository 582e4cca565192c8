package handlers

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"mayfly/board"
	"mayfly/doctor"
	"mayfly/views"
	"mayfly/words"
)

// startPath is where an owner makes the first choices, comes back to them, and sees at
// the end what was chosen.
const startPath = "/admin/start"

// startPage shows the first choices that are next, or those of ?step=board; when all are
// made, what there is now.
func (s *Server) startPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if !me.Owner {
		return board.ErrNotOwner
	}
	switch stage := s.outset.Stage(); {
	case stage == board.SetUp:
		return s.answerSetOut(w, r, me)
	case stage == board.Begun && r.URL.Query().Get("step") != "board":
		return s.answerStartLife(w, r, me, http.StatusOK, views.Kept{})
	}
	return s.answerStartBoard(w, r, me, http.StatusOK, views.Kept{})
}

// choosing has f make choices of an owner's, while there are any to make.
func (s *Server) choosing(f adminHandler, while ...board.Stage) adminHandler {
	return func(w http.ResponseWriter, r *http.Request, me board.Admin) error {
		if !me.Owner {
			return board.ErrNotOwner
		}
		for _, stage := range while {
			if s.outset.Stage() == stage {
				return f(w, r, me)
			}
		}
		http.Redirect(w, r, startPath, http.StatusSeeOther)
		return nil
	}
}

// speaking is the starter set that the host speaks by, "none" for none, and its language.
func (s *Server) speaking() (set, lang string) {
	started, startedLang := s.board.Started()
	now := s.tuner.Settings("")
	set, lang = now.QuestionSet, now.HostLanguage
	if set == board.StarterSets[0] {
		set = started
	}
	if lang == board.HostLanguages[0] {
		lang = startedLang
	}
	if !now.DailyQuestion {
		set = noStarter
	}
	return set, lang
}

// noStarter is the starter set of a host who says nothing by itself.
const noStarter = "none"

func (s *Server) answerStartBoard(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	c := views.FirstBoard{Settings: s.tuner.Settings(board.Home), HasPhrase: s.doors.HasPhrase(board.Home), Kept: kept}
	c.Set, c.Lang = s.speaking()
	if s.outset.Stage() == board.Untouched && c.Settings.HostLanguage == board.HostLanguages[0] {
		c.Lang = d.Words.Lang() // of who sets it up
	}
	return answerHTML(w, r, status, views.StartBoardPage(views.NewStartBoard(d, c)))
}

// chooseBoard takes the first page of choices: what the board is, and for whom.
func (s *Server) chooseBoard(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	form := r.PostForm
	values := map[string]string{
		"site_name": form.Get("site_name"), "contact": form.Get("contact"), "host_language": form.Get("host_language"),
		"daily_question": "off",
	}
	if set := form.Get("set"); set != noStarter {
		values["daily_question"], values["question_set"] = "on", set
	}
	access := board.Access(form.Get("access"))
	err := s.tuner.Check("", values)
	if err == nil && !access.HasDoor() && strings.TrimSpace(values["contact"]) == "" {
		err = invalid("contact", "error.start_contact")
	}
	if err == nil {
		err = s.doors.Set(r.Context(), me.Name, board.Home, access, form.Get("passphrase"))
	}
	if err == nil {
		err = s.tuner.Apply(r.Context(), me.Name, "", values)
	}
	if err == nil {
		err = s.outset.Begin(r.Context())
	}
	if err == nil {
		http.Redirect(w, r, startPath, http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keepStart(w, r, err)
	if err != nil {
		return err
	}
	return s.answerStartBoard(w, r, me, status, kept)
}

// keepStart is what a page of first choices shows of its refusal.
func (s *Server) keepStart(w http.ResponseWriter, r *http.Request, err error) (views.Kept, int, error) {
	if u, ok := errors.AsType[*board.UnfitError](err); ok {
		return views.Kept{Given: r.PostForm.Get, Of: views.StartForm, Refused: views.RefusingField(s.printer(r), u)}, http.StatusUnprocessableEntity, nil
	}
	return s.keep(w, r, views.StartForm, err)
}

func (s *Server) answerStartLife(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	c := views.FirstLife{Settings: s.tuner.Settings(""), Rules: d.Board.Rules, Kept: kept}
	var lang string
	c.Set, lang = s.speaking()
	if c.Ready, err = readyRules(lang); err != nil {
		return err
	}
	return answerHTML(w, r, status, views.StartLifePage(views.NewStartLife(d, c)))
}

// readyRules are the rules of the starter sets, by set.
func readyRules(lang string) (map[string]string, error) {
	ready := map[string]string{}
	for _, set := range board.StarterSets[1:] {
		starter, err := words.Starters(set, lang)
		if err != nil {
			return nil, err
		}
		ready[set] = starter.Rules
	}
	return ready, nil
}

// chooseLife takes the second page of choices: how long posts last, by which rules, and
// what is known of the machine. With it the site is set up.
func (s *Server) chooseLife(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readChoices(r); err != nil {
		return err
	}
	form := r.PostForm
	values := lifeChosen(form)
	values["snapshots"] = form.Get("snapshots")
	rules, err := s.rulesChosen(form)
	if err == nil {
		err = s.tuner.Check("", values)
	}
	if err == nil {
		err = s.setRules(r, me, rules)
	}
	if err == nil {
		err = s.tuner.Apply(r.Context(), me.Name, "", values)
	}
	if err == nil {
		err = s.finishOutset(r, me)
	}
	if err == nil {
		http.Redirect(w, r, startPath, http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keepStart(w, r, err)
	if err != nil {
		return err
	}
	return s.answerStartLife(w, r, me, status, kept)
}

// setRules gives the home board its rules.
func (s *Server) setRules(r *http.Request, me board.Admin, rules string) error {
	home, err := s.board.Board(r.Context(), board.Home)
	if err != nil && !errors.Is(err, board.ErrShut) {
		return err
	}
	next := home
	next.Rules = rules
	return s.board.ChangeBoard(r.Context(), me.Name, board.Home, home.Mark(), next)
}

func (s *Server) finishOutset(r *http.Request, me board.Admin) error {
	set, _ := s.speaking()
	err := s.board.FinishOutset(r.Context(), me.Name, set != noStarter)
	if errors.Is(err, board.ErrDecided) { // by another tab: what it leads to is the same
		err = nil
	}
	return errors.Join(err, s.outset.Follow(r.Context()))
}

// lifeChosen is what a form says of lives: one of those that are offered, or its own.
func lifeChosen(form url.Values) map[string]string {
	for _, life := range views.Lives {
		if life.Name == form.Get("life") {
			return map[string]string{"ttl_min": board.FormatLife(life.Min), "ttl_default": board.FormatLife(life.Default), "ttl_max": board.FormatLife(life.Max)}
		}
	}
	return map[string]string{"ttl_min": form.Get("ttl_min"), "ttl_default": form.Get("ttl_default"), "ttl_max": form.Get("ttl_max")}
}

// rulesChosen are the rules that a form chooses: those of a starter set, none, or what
// was typed or sent as a file.
func (s *Server) rulesChosen(form url.Values) (string, error) {
	switch chosen := form.Get("rules_of"); chosen {
	case "own":
		return form.Get("rules"), nil
	case noStarter:
		return "", nil
	default:
		_, lang := s.speaking()
		ready, err := readyRules(lang)
		if err != nil {
			return "", err
		}
		text, known := ready[chosen]
		if !known {
			return "", invalid("rules", "error.start_rules")
		}
		return text, nil
	}
}

// rulesFileMost is how much of a file with rules is read: more than rules may have, so
// that one which is too long is refused with a sentence.
const rulesFileMost = 16 * board.RulesMax

// readChoices reads a form that may carry a file of rules. What is in the file takes the
// place of what was typed.
func readChoices(r *http.Request) error {
	if !isMultipart(r) {
		return readForm(r)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return errBadRequest
	}
	form, file := url.Values{}, ""
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			if strings.TrimSpace(file) != "" {
				form.Set("rules_of", "own")
				form.Set("rules", file)
			}
			r.PostForm = form
			return nil
		}
		if err != nil {
			return bodyError(err)
		}
		text, err := io.ReadAll(io.LimitReader(part, rulesFileMost))
		if err != nil {
			return bodyError(err)
		}
		if part.FormName() == "file" {
			file = strings.TrimPrefix(string(text), "\uFEFF")
		} else {
			form.Add(part.FormName(), string(text))
		}
	}
	return errBadRequest
}

// answerSetOut shows what was chosen, and what comes next.
func (s *Server) answerSetOut(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	prompts, err := s.board.Prompts(r.Context(), board.Home)
	if err != nil {
		return err
	}
	_, lang := s.speaking()
	page, err := views.NewSetOut(d, views.Chosen{
		Settings: s.tuner.Settings(board.Home), Lang: lang, Prompts: prompts, Link: s.origin(r) + "/",
		Unwell: doctor.Worst(s.examine(r.Context())) >= doctor.Warning,
	})
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.SetOutPage(page))
}

// endCare ends the careful time, as setting careful to nothing does.
func (s *Server) endCare(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := s.tuner.Apply(r.Context(), me.Name, "", map[string]string{"careful": "0s"}); err != nil {
		return err
	}
	http.Redirect(w, r, backTo(r), http.StatusSeeOther)
	return nil
}
