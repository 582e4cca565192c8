package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"mayfly/board"
	"mayfly/views"
)

// adjust sets settings of all boards, unless one of them is another than the form
// says it has seen.
func (s *Server) adjust(r *http.Request, me board.Admin, values map[string]string) error {
	a := board.Adjustment{Values: values, Seen: map[string]string{}}
	for name := range values {
		if was := "was." + name; r.PostForm.Has(was) {
			a.Seen[name] = r.PostForm.Get(was)
		}
	}
	return s.tuner.Adjust(r.Context(), me.Name, a)
}

// keepTuning is what a form of settings of the host's shows of its refusal.
func (s *Server) keepTuning(w http.ResponseWriter, r *http.Request, form string, err error) (views.Kept, int, error) {
	kept := views.Kept{Given: r.PostForm.Get, Of: form}
	if c, ok := errors.AsType[*board.ConflictError](err); ok {
		kept, status, err := s.keep(w, r, form, board.ErrOvertaken)
		kept.Now = c.Now
		return kept, status, err
	}
	if u, ok := errors.AsType[*board.UnfitError](err); ok {
		kept.Refused = views.Refusing(s.printer(r), u)
		return kept, http.StatusUnprocessableEntity, nil
	}
	return s.keep(w, r, form, err)
}

// daily says whether and what the host asks each day.
func (s *Server) daily(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	on := map[bool]string{true: "on", false: "off"}[r.PostForm.Get("daily_question") != ""]
	err := s.adjust(r, me, map[string]string{"daily_question": on, "question_set": r.PostForm.Get("question_set")})
	if err == nil {
		http.Redirect(w, r, "/admin/prompts?done=daily", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keepTuning(w, r, "daily", err)
	if err != nil {
		return err
	}
	return s.answerHostPrompts(w, r, me, status, kept)
}

// hostPlaces is the list of places.
func (s *Server) hostPlaces(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerHostPlaces(w, r, me, http.StatusOK, views.Kept{})
}

func (s *Server) answerHostPlaces(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page := views.Gazetteer{Settings: s.tuner.Settings(""), Done: r.URL.Query().Get("done"), Kept: kept}
	if kept.Given != nil {
		page.Names, page.Positions = r.PostForm["name"], r.PostForm["position"]
	}
	for _, b := range d.Boards {
		if slices.Contains(s.tuner.Own(b.Slug), "place_list") {
			page.Differ = append(page.Differ, b)
		}
	}
	return answerHTML(w, r, status, views.HostPlacesPage(views.NewHostPlaces(d, page)))
}

// placesMost is how many lines of a form of places are looked at.
const placesMost = 200

// changePlaces changes the list of places.
func (s *Server) changePlaces(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	if len(r.PostForm["name"]) > placesMost {
		return errTooLarge
	}
	list, err := board.JoinPlaces(r.PostForm["name"], r.PostForm["position"])
	if err == nil {
		err = s.adjust(r, me, map[string]string{"place_list": list})
	}
	if err == nil {
		http.Redirect(w, r, "/admin/places?done=saved", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keepTuning(w, r, "places", err)
	if err != nil {
		return err
	}
	return s.answerHostPlaces(w, r, me, status, kept)
}

// hostBackdrops shows which backdrops are offered.
func (s *Server) hostBackdrops(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerHostBackdrops(w, r, me, http.StatusOK, views.Kept{})
}

func (s *Server) answerHostBackdrops(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page := views.Wardrobe{Settings: s.tuner.Settings(""), Ticked: r.PostForm["backdrop"], Done: r.URL.Query().Get("done"), Kept: kept}
	return answerHTML(w, r, status, views.HostBackdropsPage(views.NewHostBackdrops(d, page)))
}

// changeBackdrops changes which backdrops are offered.
func (s *Server) changeBackdrops(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	ticked := cmp.Or(strings.Join(r.PostForm["backdrop"], " "), "none")
	err := s.adjust(r, me, map[string]string{"backdrops": ticked})
	if err == nil {
		http.Redirect(w, r, "/admin/backdrops?done=saved", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keepTuning(w, r, "backdrops", err)
	if err != nil {
		return err
	}
	return s.answerHostBackdrops(w, r, me, status, kept)
}

// hostTexts shows what the host says in its own words.
func (s *Server) hostTexts(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerHostTexts(w, r, me, http.StatusOK, views.Kept{})
}

func (s *Server) answerHostTexts(w http.ResponseWriter, r *http.Request, me board.Admin, status int, kept views.Kept) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	page := views.Notices{Settings: s.tuner.Settings(""), Done: r.URL.Query().Get("done"), Kept: kept}
	return answerHTML(w, r, status, views.HostTextsPage(views.NewHostTexts(d, page)))
}

// changeTexts changes what the host says in its own words.
func (s *Server) changeTexts(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	err := s.adjust(r, me, map[string]string{"about_text": r.PostForm.Get("about_text"), "contact": r.PostForm.Get("contact"), "terms": r.PostForm.Get("terms")})
	if err == nil {
		http.Redirect(w, r, "/admin/texts?done=saved", http.StatusSeeOther)
		return nil
	}
	kept, status, err := s.keepTuning(w, r, "texts", err)
	if err != nil {
		return err
	}
	return s.answerHostTexts(w, r, me, status, kept)
}
