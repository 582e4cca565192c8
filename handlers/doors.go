package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/views"
)

const (
	// passHeader is where programs send a pass; browsers keep it in a cookie.
	passHeader = "Mayfly-Pass"
	passPrefix = "mf-door-"
	// passTime is how long a browser keeps a pass: an invitation can't be used again.
	passTime = 365 * 24 * time.Hour
	// codeParam holds a code in the link of an invitation. To follow it uses nothing up.
	codeParam = "code"
	// codeShown is how much of it is shown in the form.
	codeShown = 64
)

// passName is the cookie of one board's pass: __Host- under TLS, so that no neighbouring
// host can plant one.
func passName(slug string, secure bool) string {
	if secure {
		return "__Host-" + passPrefix + slug
	}
	return passPrefix + slug
}

// withPasses lets the board see which doors the sender of a request has come through.
func (s *Server) withPasses(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(board.Holding(r.Context(), s.passes(r))))
	})
}

func (s *Server) passes(r *http.Request) board.Stamps {
	return func(slug string) []string {
		held := slices.Clone(r.Header.Values(passHeader))
		for _, c := range r.CookiesNamed(passName(slug, s.secure(r))) {
			held = append(held, c.Value)
		}
		return held
	}
}

// isOutside says whether err is of a door that was not passed.
func isOutside(err error) bool {
	e, is := errors.AsType[*board.Error](err)
	return is && e.Kind == board.Outside
}

// doorHref is the page of a board's door.
func doorHref(slug string) string { return "/b/" + url.PathEscape(slug) + "/door" }

// doorBefore is the board at whose door r stands with err, and the status that says so.
// What a post's address leads to is there for those inside alone; outside it is as one
// that never was. So whoever is outside the home board, or holds a pass that opens
// nothing any more, finds the door at every such address that leads to nothing.
func (s *Server) doorBefore(r *http.Request, err error) (slug string, status int, found bool) {
	e, is := errors.AsType[*board.Error](err)
	switch {
	case !is || isAPI(r) || fromScript(r):
	case e.Kind == board.Outside:
		slug, _ = e.Args["board"].(string)
		return slug, http.StatusForbidden, true
	case e == board.ErrNotFound && slices.Contains(postPages, r.Pattern):
		for _, slug := range s.maybeOutside(r) {
			if _, err := s.board.Board(r.Context(), slug); isOutside(err) {
				return slug, http.StatusNotFound, true
			}
		}
	}
	return "", 0, false
}

// postPages are those whose address is a post's.
var postPages = []string{"GET /p/{id}", "GET /p/{id}/alike", "GET /p/{id}/qr", "GET /p/{id}/report"}

// maybeOutside are home, and the boards that r brings a pass for.
func (s *Server) maybeOutside(r *http.Request) []string {
	list := []string{board.Home}
	for _, c := range r.Cookies() {
		if slug, is := strings.CutPrefix(c.Name, passName("", s.secure(r))); is {
			list = append(list, slug)
		}
	}
	return list
}

// answerDoor shows the door of a board.
func (s *Server) answerDoor(w http.ResponseWriter, r *http.Request, status int, k views.DoorKnock) error {
	settings := s.settings(k.Board)
	k.Access, k.Unset = settings.Access, settings.Access == board.ByPassphrase && !s.doors.HasPhrase(k.Board)
	return answerHTML(w, r, status, views.DoorPage(views.NewDoor(s.standstill(r), k)))
}

// refuseAtDoor is answerDoor in the place of what r asked for.
func (s *Server) refuseAtDoor(w http.ResponseWriter, r *http.Request, slug string, status int) {
	k := views.DoorKnock{Board: slug, To: boardURL(slug), Gone: status == http.StatusNotFound}
	if r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/live") {
		k.To = localPath(r.URL.RequestURI())
	}
	if err := s.answerDoor(w, r, status, k); err != nil {
		s.log.ErrorContext(r.Context(), "a door can't be drawn", "err", err)
		http.Error(w, http.StatusText(status), status)
	}
}

// atDoor says whether r's sender stands outside a board; where it has no door, or they are
// inside, there is nothing to do here.
func (s *Server) atDoor(r *http.Request, slug string) (bool, error) {
	_, err := s.board.Board(r.Context(), slug)
	switch {
	case isOutside(err):
		return true, nil
	case errors.Is(err, board.ErrShut):
		return false, nil
	}
	return false, err
}

// doorPage is the door by itself, as an invitation's link leads to it.
func (s *Server) doorPage(w http.ResponseWriter, r *http.Request) error {
	slug, q := r.PathValue("board"), r.URL.Query()
	k := views.DoorKnock{Board: slug, To: boardURL(slug), Code: q.Get(codeParam)}
	if to := q.Get("to"); to != "" {
		k.To = localPath(to)
	}
	outside, err := s.atDoor(r, slug)
	if err != nil {
		return err
	}
	if !outside {
		http.Redirect(w, r, k.To, http.StatusSeeOther)
		return nil
	}
	k.Code = k.Code[:min(len(k.Code), codeShown)]
	if code, ok := board.ParseInviteCode(k.Code); ok {
		k.Code = string(code)
	}
	return s.answerDoor(w, r, http.StatusOK, k)
}

// enterBoard lets somebody in who shows what opens the door, and leads them to where they
// were going.
func (s *Server) enterBoard(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	slug, form := r.PathValue("board"), r.PostForm
	to := boardURL(slug)
	if form.Get("to") != "" {
		to = localPath(form.Get("to"))
	}
	pass, err := s.knock(r, slug, board.Show{Passphrase: form.Get("passphrase"), Code: form.Get(codeParam)})
	if e, is := errors.AsType[*board.Error](err); is && e.Kind == board.Forbidden {
		refused, status, err := s.adminRefusal(w, r, err)
		if err != nil {
			return err
		}
		code := form.Get(codeParam)
		return s.answerDoor(w, r, status, views.DoorKnock{Board: slug, To: to, Code: code[:min(len(code), codeShown)], Refused: refused})
	}
	if err != nil {
		return err
	}
	if pass != "" {
		setPass(w, slug, pass, s.secure(r))
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// knock returns the pass for what somebody shows, as often as that may be tried; "" where
// there is nothing to open.
func (s *Server) knock(r *http.Request, slug string, show board.Show) (string, error) {
	outside, err := s.atDoor(r, slug)
	if err != nil || !outside {
		return "", err
	}
	won, err := s.gate.Knock(slug, s.caller(r, s.visitor(r)), proofOf(r))
	if err != nil {
		return "", err
	}
	pass, err := s.doors.Enter(r.Context(), slug, show)
	if err == nil {
		won()
	}
	return pass, err
}

// leaveBoard has the browser drop its pass.
func (s *Server) leaveBoard(w http.ResponseWriter, r *http.Request) error {
	setPass(w, r.PathValue("board"), "", s.secure(r))
	http.Redirect(w, r, "/you", http.StatusSeeOther)
	return nil
}

// apiEnterBoard gives a program the pass that it sends from then on, in its cookie or in
// a header.
func (s *Server) apiEnterBoard(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Passphrase string `json:"passphrase"`
		Code       string `json:"code"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	slug := r.PathValue("board")
	pass, err := s.knock(r, slug, board.Show(in))
	if err != nil {
		return err
	}
	if pass != "" {
		setPass(w, slug, pass, s.secure(r))
	}
	return answerJSON(w, http.StatusOK, map[string]any{"pass": pass})
}

// passed are the boards with a door that r's visitor has come through.
func (s *Server) passed(boards []board.Info) []board.Info {
	return slices.DeleteFunc(slices.Clone(boards), func(b board.Info) bool { return !s.settings(b.Slug).Access.HasDoor() })
}
