package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/live"
	"mayfly/views"
)

// visit is what every page needs to know of its request.
func (s *Server) visit(w http.ResponseWriter, r *http.Request, slug string) (views.Visit, error) {
	info, err := s.board.Board(r.Context(), slug)
	if err != nil && (!errors.Is(err, board.ErrShut) && !isOutside(err) || !ofSite(r)) {
		return views.Visit{}, err
	}
	info.Slug = slug // which is all that is said of it outside
	boards, err := s.board.Boards(r.Context())
	if err != nil {
		return views.Visit{}, err
	}
	if on := func(b board.Info) bool { return b.Slug == slug }; !ofSite(r) && !slices.ContainsFunc(boards, on) {
		boards = append(boards, info) // it is in no list, and leads to the others
	}
	now := s.board.Now()
	settings := s.settings(slug).ForNew()
	if left, closes := info.ClosesIn(now); closes {
		settings = settings.Within(left)
	}
	v := views.Visit{
		Words: s.printer(r), Now: now, Settings: settings, Board: info, Boards: boards,
		Visitor: s.visitor(r), Theme: readLook(r).Theme, AgeSeen: readLook(r).Age, Path: r.URL.RequestURI(), Reload: reloadEvery(r), Rising: s.board.Rising(r.Context(), slug),
		Clear: s.uncertified(r),
	}
	if sh := sheetOf(r); sh != nil {
		v.Drawn = s.articles.on(sh)
	}
	v.Notices = s.board.Notices(v.Visitor)
	if v.Reload > 0 {
		w.Header().Set("Refresh", strconv.Itoa(v.Reload))
	}
	return v, nil
}

// standstill is a visit that reads nothing of any board: of a page that leads no further.
func (s *Server) standstill(r *http.Request) views.Visit {
	return views.Visit{
		Words: s.printer(r), Now: s.board.Now(), Settings: s.settings(board.Home),
		Board: board.Info{Slug: board.Home}, Theme: readLook(r).Theme, Path: "/",
		Clear: s.uncertified(r),
	}
}

// ofSite says whether r asks for a page of the site, which answers though its home board
// is closed for now, or behind a door.
func ofSite(r *http.Request) bool {
	switch r.URL.Path {
	case "/you", "/about", "/boards", "/forgotten", "/contact", "/terms", "/privacy", "/notice":
		return true
	}
	return strings.HasPrefix(r.URL.Path, "/notice/") || strings.HasPrefix(r.URL.Path, adminHome+"/")
}

// reloadEvery is how often a page without script loads itself anew, when its
// reader asked for it.
func reloadEvery(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("refresh"))
	if err != nil || n <= 0 {
		return 0
	}
	return min(max(n, 10), 600)
}

func (s *Server) youPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	held := s.holding(r)
	known := views.Known{Lang: readLook(r).Lang, SignedIn: held.Session != "", Device: held.Device != ""}
	if known.Posts, err = s.board.Yours(r.Context(), v.Visitor); err != nil {
		return err
	}
	known.Doors = s.passed(v.Boards)
	return answerHTML(w, r, http.StatusOK, views.YouPage(views.NewYou(v, known)))
}

// heard ends the notices of what was removed: they have been read.
func (s *Server) heard(w http.ResponseWriter, r *http.Request) error {
	if err := s.board.Heard(r.Context(), s.visitor(r)); err != nil {
		return err
	}
	http.Redirect(w, r, "/you", http.StatusSeeOther)
	return nil
}

// boardsPage lists the boards.
func (s *Server) boardsPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	list := make([]views.Shelf, len(v.Boards))
	for i, b := range v.Boards {
		list[i] = views.Shelf{Board: b, Shut: s.settings(b.Slug).State == board.ForNow, Here: roundCrowd(s.hub.Count(live.OfBoard(b.Slug)), v.Settings.K)}
		if list[i].Posts, err = s.board.Count(r.Context(), b.Slug); err != nil {
			return err
		}
	}
	return answerHTML(w, r, http.StatusOK, views.BoardsPage(views.NewBoards(v, list)))
}

func (s *Server) aboutPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.AboutPage(views.NewAbout(v)))
}

// forget ends all that the visitor wrote, drops the cookie, and never asks twice.
func (s *Server) forget(w http.ResponseWriter, r *http.Request) error {
	n, err := s.board.Forget(r.Context(), s.visitor(r))
	if err != nil {
		return err
	}
	s.cookies.dropVisitor(w, s.secure(r))
	http.Redirect(w, r, "/forgotten?ended="+strconv.Itoa(n), http.StatusSeeOther)
	return nil
}

func (s *Server) forgottenPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	ended, err := strconv.Atoi(r.URL.Query().Get("ended"))
	if err != nil || ended < 0 {
		ended = 0
	}
	return answerHTML(w, r, http.StatusOK, views.ForgottenPage(views.NewForgotten(v, ended)))
}

// answerProblemPage shows a refusal to people.
func (s *Server) answerProblemPage(w http.ResponseWriter, r *http.Request, ref refusal) {
	s.answerProblemWith(w, r, ref, nil)
}

// giveBack shows a refusal with the words that were sent, which no form can hold
// any more: their board or thread is gone.
func (s *Server) giveBack(w http.ResponseWriter, r *http.Request, err error, given views.Given) error {
	if strings.TrimSpace(given.Body) == "" || waits(r, err) {
		return err
	}
	action := "/b/" + board.Home + "/posts"
	if isOutside(err) { // who comes in sends them where they were going
		action = r.URL.Path
	}
	s.failWith(w, r, err, &views.Again{
		Action: action, Body: given.Body, Max: s.settings(board.Home).PostChars,
	})
	return nil
}

// offerAgain shows a refusal that time mends, and a button that sends again what
// was refused. Any other refusal it returns.
func (s *Server) offerAgain(w http.ResponseWriter, r *http.Request, err error, again *views.Again) error {
	if refusalOf(err).wait == 0 || fromScript(r) || waits(r, err) {
		return err
	}
	s.failWith(w, r, err, again)
	return nil
}

// failWith is fail, for people, with what they may send again.
func (s *Server) failWith(w http.ResponseWriter, r *http.Request, err error, again *views.Again) {
	ref := refusalOf(err)
	if ref.ours() {
		s.logFailure(r, err)
	}
	ref.headers(w.Header())
	s.answerProblemWith(w, r, ref, again)
}

func (s *Server) answerProblemWith(w http.ResponseWriter, r *http.Request, ref refusal, again *views.Again) {
	page := views.ProblemPage(views.NewProblem(s.standstill(r), ref.status, ref.code, ref.args, ref.fields, ref.wait, again))
	if err := answerHTML(w, r, ref.status, page); err != nil {
		s.log.ErrorContext(r.Context(), "a refusal can't be drawn", "err", err)
		http.Error(w, http.StatusText(ref.status), ref.status)
	}
}

// feedQuery reads which part of which board r asks for.
func (s *Server) feedQuery(r *http.Request) (board.Query, error) {
	slug := r.PathValue("board")
	if slug == "" {
		slug = r.URL.Query().Get("board")
	}
	if slug == "" {
		slug = board.Home
	}
	if _, err := s.board.Board(r.Context(), slug); err != nil {
		return board.Query{}, err
	}
	sort, err := board.ParseSort(r.URL.Query().Get("sort"))
	if err != nil {
		return board.Query{}, err
	}
	q := board.Query{Board: slug, Sort: sort}
	if q.Narrow, err = s.narrow(r, slug); err != nil {
		return board.Query{}, err
	}
	q.After, err = s.cursors.parse(feedName(q), r.URL.Query().Get("cursor"))
	return q, err
}

// feedName binds a cursor to the feed it was given for.
func feedName(q board.Query) string {
	return strings.Join([]string{q.Board, string(q.Sort), q.Tag, q.Place, q.Words}, "/")
}

// origin is where people reach this board.
func (s *Server) origin(r *http.Request) string {
	if s.named(r) {
		return s.base.String()
	}
	scheme := "http"
	if s.secure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

func parseLife(text string) (time.Duration, error) {
	if text == "" || text == "0" {
		return 0, nil
	}
	return board.ParseLife(text)
}
