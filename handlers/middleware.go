package handlers

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"
)

// headerTime is how long the headers of a request may take.
const headerTime = 3 * time.Second

// answerTime is how long a reader of an answer may take.
const answerTime = 30 * time.Second

// NewHTTPServer bounds what a slow or rude peer can hold (SPEC 6): slow headers
// are shut at 3 s, slow bodies at 8 s (slowBody has the exception), slow readers
// at 30 s.
func NewHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       20 * time.Second,
		MaxHeaderBytes:    8 << 10,
		// net/http writes peers' addresses into its log; ours holds none.
		ErrorLog: slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}
}

// csp lets a page load what this server gives it and nothing else. Nothing is
// inline, so that text which slipped through as markup would still do nothing.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " +
	"connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'"

// alwaysSent are the headers of every answer. Answers share the slices, which nobody
// writes to.
var alwaysSent = []struct {
	name  string
	value []string
}{
	{"Content-Security-Policy", []string{csp}},
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Permissions-Policy", []string{"camera=(), geolocation=(self), microphone=(), payment=(), usb=(), browsing-topics=()"}},
	{"Cache-Control", []string{"no-store"}},
	{"X-Robots-Tag", []string{"noindex"}},
}

var strictTransport = []string{"max-age=31536000"}

// withHeaders sets what every answer carries. Static files replace Cache-Control.
func (s *Server) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, always := range alwaysSent {
			h[always.name] = always.value
		}
		if s.secure(r) {
			h["Strict-Transport-Security"] = strictTransport
		}
		s.tellOnion(h, r)
		next.ServeHTTP(w, r)
	})
}

// withRecover turns a panic into a 500 without a stack for the visitor, and
// without a word of the request in the log.
func (s *Server) withRecover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.answerPanic(w, r)
		next.ServeHTTP(w, r)
	})
}

// answerPanic is deferred.
func (s *Server) answerPanic(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	s.log.ErrorContext(r.Context(), "a handler panicked", "pattern", r.Pattern, "stack", string(debug.Stack()))
	s.fail(w, r, errInternal)
}

// withHost answers only names this board goes by, so that no other site can point
// its name here and read the board with its visitors' browsers.
func (s *Server) withHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && !s.hostKnown(r) {
			s.fail(w, r, errHost)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostKnown accepts the base URL's host; without one, localhost and addresses. An onion
// service goes by its own name.
func (s *Server) hostKnown(r *http.Request) bool {
	host := r.Host
	if byOnion(r) {
		return s.onionKnown(host)
	}
	if s.tls != nil && s.inClear(r) && s.ours(r) {
		return true
	}
	if s.base != nil {
		return strings.EqualFold(host, s.base.Host)
	}
	return bareHost(host)
}

// bareHost says whether no other site could have pointed a name here.
func bareHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// withBody refuses what no form or call of ours sends: compressed bodies, and
// bodies larger than any post can be.
func (s *Server) withBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most := int64(maxBody)
		if r.URL.Path == "/notice" || r.URL.Path == "/api/v1/notices" { // its words come back, however many
			most = maxClaim
		}
		if takesCircle(r.URL.Path) {
			most = maxCircle
		}
		if isMultipart(r) { // only a post with a picture is read as one
			most = maxUpload
		}
		switch {
		case r.Header.Get("Content-Encoding") != "":
			s.fail(w, r, errMedia)
		case r.ContentLength > most:
			s.fail(w, r, errTooLarge)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, most)
			next.ServeHTTP(w, r)
		}
	})
}

// maxBody holds the longest post there can be (10,000 characters of four bytes),
// percent-encoded, with room for the other fields.
const maxBody = 160 << 10

// maxClaim holds a notice that is far too long, percent-encoded.
const maxClaim = 512 << 10

// withOrigin refuses forms that other sites send in a visitor's name.
func (s *Server) withOrigin(next http.Handler) http.Handler {
	protect := http.NewCrossOriginProtection()
	protect.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errOrigin) }))
	return protect.Handler(next)
}

// sameOrigin says whether a socket is asked for by a page of this board. A socket
// without an Origin is refused: CrossOriginProtection does not look at GET.
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if s.named(r) {
		return strings.EqualFold(origin, s.base.String())
	}
	return strings.EqualFold(origin, "http://"+r.Host) || strings.EqualFold(origin, "https://"+r.Host)
}

// secure says whether the visitor came by TLS: directly, or as a trusted proxy says.
func (s *Server) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return s.fromTrustedProxy(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
