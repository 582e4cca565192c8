package handlers

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
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
	srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 64, SendPingTimeout: 20 * time.Second, PingTimeout: 10 * time.Second}
	return srv
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
		case open && !s.tls.Ready(), !open && strings.EqualFold(r.Host, s.base.Host):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			http.Redirect(w, r, s.base.String()+r.URL.RequestURI(), http.StatusPermanentRedirect)
		default:
			s.fail(w, r, errClear)
		}
	})
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
