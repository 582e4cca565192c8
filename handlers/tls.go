package handlers

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"mayfly/board"
	"mayfly/doctor"
	"mayfly/views"
)

// TLS is the way by TLS, where this server speaks it itself.
type TLS struct {
	Names  []string                                          // that lead here, the base URL's among them
	Ready  func() bool                                       // there is a certificate
	Answer func(w http.ResponseWriter, r *http.Request) bool // to an ACME server; false: it was none
	Retry  func()                                            // to get a certificate
	Found  func() []doctor.Finding                           // how it stands
}

// NewTLSServer is NewHTTPServer for a listener that speaks TLS. A handshake is among the
// headers: one that is not done within their time is shut.
func NewTLSServer(h http.Handler, cfg *tls.Config, log *slog.Logger) *http.Server {
	srv := NewHTTPServer(h, log)
	srv.TLSConfig = cfg
	srv.ConnState = (&hurry{waiting: map[net.Conn]*wait{}}).changed
	srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 64, SendPingTimeout: 20 * time.Second, PingTimeout: 10 * time.Second}
	return srv
}

// hurry shuts connections that speak HTTP/2 and ask for nothing at first, or not to the
// end: net/http gives those as long as idle ones.
type hurry struct {
	mu      sync.Mutex
	waiting map[net.Conn]*wait
}

// wait is for the first request of a connection.
type wait struct {
	timer  *time.Timer
	active int // how often it became so: HTTP/2 is once before there is a request
}

// changed is an http.Server's ConnState.
func (h *hurry) changed(c net.Conn, state http.ConnState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.waiting[c]
	switch {
	case state == http.StateNew:
		h.waiting[c] = &wait{timer: time.AfterFunc(2*headerTime, func() { _ = c.Close() })} // a handshake, and headers
		return
	case w == nil || state == http.StateIdle:
		return
	case state == http.StateActive:
		w.active++
		if by, ok := c.(*tls.Conn); ok && by.ConnectionState().NegotiatedProtocol == "h2" && w.active < 2 {
			return
		}
	}
	w.timer.Stop()
	delete(h.waiting, c)
}

// clearKey marks the requests that came in the clear where TLS is spoken as well.
type clearKey struct{}

// NewClearServer is NewHTTPServer for the listener beside one that speaks TLS: it leads
// there and, while there is no certificate, serves.
func NewClearServer(h http.Handler, log *slog.Logger) *http.Server {
	srv := NewHTTPServer(h, log)
	srv.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.Background(), clearKey{}, true)
	}
	return srv
}

// inClear says whether r came by the listener without TLS, and no trusted proxy says that
// its visitor came by TLS.
func (s *Server) inClear(r *http.Request) bool {
	marked, _ := r.Context().Value(clearKey{}).(bool)
	return marked && !s.secure(r)
}

// uncertified says whether r came in the clear because there is no certificate yet.
func (s *Server) uncertified(r *http.Request) bool {
	return s.tls != nil && s.inClear(r) && !s.tls.Ready()
}

// named says whether r has to come by the base URL.
func (s *Server) named(r *http.Request) bool {
	return s.base != nil && !byOnion(r) && !s.inClear(r)
}

// withTLS answers ACME servers, and leads whoever came in the clear, or by another of our
// names, to the base URL.
func (s *Server) withTLS(next http.Handler) http.Handler {
	if s.tls == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open := s.inClear(r)
		switch {
		case byOnion(r), r.URL.Path == "/healthz", !s.ours(r):
			next.ServeHTTP(w, r)
		case open && s.tls.Answer(w, r):
		case s.uncertified(r), !open && strings.EqualFold(r.Host, s.base.Host):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			http.Redirect(w, r, s.base.String()+r.URL.RequestURI(), http.StatusPermanentRedirect)
		default:
			s.refuseClear(w, r)
		}
	})
}

// refuseClear takes nothing that came in the clear. Words are given back to be copied: no
// form of that page may be sent to the other address.
func (s *Server) refuseClear(w http.ResponseWriter, r *http.Request) {
	if isAPI(r) {
		s.fail(w, r, errClear)
		return
	}
	words := typedIn(readRefused(w, r, errClear))
	r, cancel := outlasting(r)
	defer cancel()
	if words == "" {
		s.fail(w, r, errClear)
		return
	}
	s.failWith(w, r, errClear, &views.Again{Action: r.URL.Path, Body: words, Max: s.settings(board.Home).PostChars})
}

// typedIn is all that somebody wrote into a form of visitors, with a line between.
func typedIn(form url.Values) string {
	var list []string
	for _, field := range []string{"warning", "body", "alt", "words", "where", "why"} {
		if words := strings.TrimSpace(form.Get(field)); words != "" {
			list = append(list, words)
		}
	}
	return strings.Join(list, "\n\n")
}

// ours says whether r names one of our names, by whatever port.
func (s *Server) ours(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return slices.Contains(s.tls.Names, strings.ToLower(host))
}

// sightOfCertificate is what every admin should know of it; nil: nothing.
func (s *Server) sightOfCertificate() *views.Sight {
	if s.tls == nil {
		return nil
	}
	for _, f := range s.tls.Found() {
		if f.Level >= doctor.Warning {
			sight := sightOf(f)
			return &sight
		}
	}
	return nil
}

// retryCertificate tries to get a certificate now.
func (s *Server) retryCertificate(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	if s.tls != nil {
		s.tls.Retry()
	}
	http.Redirect(w, r, "/admin/system?told=retry", http.StatusSeeOther)
	return nil
}
