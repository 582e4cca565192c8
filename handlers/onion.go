package handlers

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
)

// onionKey marks the requests of an onion service's listener.
type onionKey struct{}

// NewOnionServer is NewHTTPServer for a listener that tor alone reaches. Who comes by
// it has no address, and nothing that they say of one is read.
func NewOnionServer(h http.Handler, log *slog.Logger) *http.Server {
	srv := NewHTTPServer(h, log)
	srv.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.Background(), onionKey{}, true)
	}
	return srv
}

func byOnion(r *http.Request) bool {
	marked, _ := r.Context().Value(onionKey{}).(bool)
	return marked
}

// onionKnown accepts the onion's own name; while nobody has said it, any onion's.
func (s *Server) onionKnown(host string) bool {
	if s.onion != nil {
		return strings.EqualFold(host, s.onion.Host)
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.HasSuffix(strings.ToLower(host), ".onion")
}

// tellOnion names the onion's address of a page that was asked for by another way, so
// that Tor Browser offers it.
func (s *Server) tellOnion(h http.Header, r *http.Request) {
	if s.onion != nil && r.Method == http.MethodGet && !isAPI(r) && !byOnion(r) {
		h.Set("Onion-Location", s.onion.String()+r.URL.RequestURI())
	}
}
