package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mayfly/board"
	"mayfly/views"
)

// adminHandler is one route's work for an admin who is signed in.
type adminHandler func(w http.ResponseWriter, r *http.Request, me board.Admin) error

// admin lets admins through who are signed in. Others are led to the door, which
// leads back.
func (s *Server) admin(h adminHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		me, err := s.door.Session(r.Context(), adminToken(r, sessionCookie, s.secure(r)))
		if errors.Is(err, board.ErrSignedOut) && !isAPI(r) {
			if c := sentUnsigned(r); c != nil {
				return s.answerLogin(w, r, http.StatusUnauthorized, views.Knock{To: backTo(r), Carried: c})
			}
			http.Redirect(w, r, "/admin/login?to="+url.QueryEscape(backTo(r)), http.StatusSeeOther)
			return nil
		}
		if err != nil {
			return err
		}
		r = asHost(r)
		if r.Method == http.MethodPost && carries(r.URL.Path) {
			if last, slow := readCutForm(w, r); slow != nil {
				return s.answerCut(w, r, last, slow)
			}
		}
		return h(w, r, me)
	}
}

// asHost is r of somebody for whom all boards' doors are open.
func asHost(r *http.Request) *http.Request { return r.WithContext(board.AsHost(r.Context())) }

// backTo is the page of admins that r is, or was sent from.
func backTo(r *http.Request) string {
	if r.Method == http.MethodGet {
		return adminPath(r.URL.RequestURI())
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return adminHome
	}
	return adminPath(from.RequestURI())
}

// adminHome leads to the first page of admins.
const adminHome = "/admin"

// adminPath is path when it is one of the admins' pages, else the first of them. The
// door leads to no other place.
func adminPath(path string) string {
	path = localPath(path)
	for _, door := range []string{"/admin/login", "/admin/logout", "/admin/setup"} {
		if strings.HasPrefix(path, door) {
			return adminHome
		}
	}
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(u.Path, adminHome+"/") || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") {
		return adminHome
	}
	return path
}

// firstAdminPage leads to where admins look first: an owner to the first choices, while
// they wait.
func (s *Server) firstAdminPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if me.Owner && s.outset.Stage() != board.SetUp {
		http.Redirect(w, r, startPath, http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, views.FirstAdminPage, http.StatusSeeOther)
	return nil
}

// desk is what every page of admins needs to know of its request.
func (s *Server) desk(w http.ResponseWriter, r *http.Request, me board.Admin) (views.Desk, error) {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return views.Desk{}, err
	}
	waiting, err := s.board.Waiting(r.Context())
	if err != nil {
		return views.Desk{}, err
	}
	claims, err := s.board.ClaimsWaiting(r.Context())
	return views.Desk{
		Visit: v, Me: me, Waiting: waiting, Claims: claims, Storms: s.storms.List(), Forwarded: s.forwarded(), Certificate: s.sightOfCertificate(),
		Lost: s.lost, Careful: s.outset.Left(), Choices: me.Owner && s.outset.Stage() != board.SetUp,
	}, err
}

// guessing has f try a passphrase, as often as that may be tried, and tells wrong ones
// from the rest. device is who tries: a device that is known, or "" for a stranger.
func (s *Server) guessing(r *http.Request, device string, f func(ctx context.Context) error) error {
	addr := s.address(r)
	if err := s.gate.Login(addr, device); err != nil {
		return err
	}
	err := f(r.Context())
	if !errors.Is(err, board.ErrSignIn) && !errors.Is(err, board.ErrPassphrase) {
		s.gate.LoginWon(addr, device)
	}
	return err
}

// again has f ask an admin for the passphrase again.
func (s *Server) again(r *http.Request, me board.Admin, f func(ctx context.Context) error) error {
	return s.guessing(r, "again "+me.Name, f)
}

// adminRefusal is what a form of admins says of err, with its status; what is our own
// fault is returned.
func (s *Server) adminRefusal(w http.ResponseWriter, r *http.Request, err error) (views.Refused, int, error) {
	ref := refusalOf(err)
	if ref.status >= http.StatusInternalServerError {
		return views.Refused{}, ref.status, err
	}
	ref.headers(w.Header())
	return views.NewRefused(s.printer(r), ref.code, ref.args, ref.fields), ref.status, nil
}

// The cookies of admins: a session, and that somebody has signed in from a device.
const (
	sessionCookie = "mf-admin"
	deviceCookie  = "mf-device"
)

// adminCookieName is __Host- under TLS, so that no neighbouring host can plant one.
func adminCookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

func adminToken(r *http.Request, name string, secure bool) board.Token {
	cookie, err := r.Cookie(adminCookieName(name, secure))
	if err != nil {
		return ""
	}
	return board.Token(cookie.Value)
}

// holding is what r's browser holds of an admin's entrance.
func (s *Server) holding(r *http.Request) board.Entrance {
	secure := s.secure(r)
	return board.Entrance{Session: adminToken(r, sessionCookie, secure), Device: adminToken(r, deviceCookie, secure)}
}
