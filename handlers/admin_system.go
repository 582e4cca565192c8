package handlers

import (
	"context"
	"net/http"
	"slices"
	"time"

	"mayfly/board"
	"mayfly/doctor"
	"mayfly/views"
)

// systemPage shows what the board stands on. Where its reader comes from is told to
// them alone, and kept nowhere.
func (s *Server) systemPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	found := s.findings(r.Context())
	c := views.Checkup{Came: sightOf(s.came(r)), Told: r.URL.Query().Get("told"), MayRetry: s.sightOfCertificate() != nil}
	for _, f := range found {
		c.Sights = append(c.Sights, sightOf(f))
	}
	bell := s.bell.State()
	c.Alerts, c.MayTest = sightOf(doctor.Alerts(bell.Receivers, bell.Failing)), bell.Receivers > 0
	return answerHTML(w, r, http.StatusOK, views.SystemPage(views.NewSystem(d, c)))
}

// findings is what the board stands on, the worst first.
func (s *Server) findings(ctx context.Context) []doctor.Finding {
	found := s.examine(ctx)
	if s.forwarded() {
		found = append(found, doctor.Forwarded())
	}
	slices.SortStableFunc(found, func(a, b doctor.Finding) int { return int(b.Level) - int(a.Level) })
	return found
}

func sightOf(f doctor.Finding) views.Sight {
	return views.Sight{Level: f.Level.String(), Code: f.Code, Args: f.Args}
}

// came says where r comes from, and by which rule.
func (s *Server) came(r *http.Request) doctor.Finding {
	if byOnion(r) {
		return doctor.CameByOnion()
	}
	addr := s.address(r).String()
	if s.fromTrustedProxy(r) && r.Header.Get("X-Forwarded-For") != "" {
		return doctor.CameByProxy(addr)
	}
	return doctor.Came(addr)
}

// forwardedTime is for how long a header that nobody believed is spoken of.
const forwardedTime = time.Hour

// forwarded says whether a private peer that nobody trusts has sent X-Forwarded-For
// within the hour.
func (s *Server) forwarded() bool {
	return time.Now().UnixMilli()-s.warned.Load() < forwardedTime.Milliseconds()
}

// tryAlert sends every receiver a test.
func (s *Server) tryAlert(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	told := "yes"
	if err := s.bell.Try(r.Context()); err != nil {
		told = "no" // the log says why
	}
	http.Redirect(w, r, "/admin/system?told="+told, http.StatusSeeOther)
	return nil
}
