package doctor

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWaysAreLookedAt(t *testing.T) {
	for _, tt := range []struct {
		name, base string
		trusted    bool
		want       string
	}{
		{"no name", "", false, "note doctor.base_none"},
		{"plain, on the internet", "http://board.example", true, "warning doctor.base_plain"},
		{"plain, in the house", "http://192.168.1.7:8080", false, "good doctor.base"},
		{"plain, an onion", "http://" + onionName, false, "good doctor.base"},
		{"TLS without a trusted proxy", "https://board.example", false, "warning doctor.proxy_none"},
		{"TLS", "https://board.example", true, "good doctor.base"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := Way{Trusted: tt.trusted}
			if tt.base != "" {
				w.Base = parse(t, tt.base)
			}
			if got := codes(w.Ways())[0]; got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

const onionName = "mayflymayflymayflymayflymayflymayflymayflymayflymayflyid.onion"

// board answers /live as Mayfly does: an upgrade, or a refusal that says why.
func board(t *testing.T) *url.URL {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/live":
			http.NotFound(w, r)
		case r.Header.Get("X-Real-Host") != "" && r.Host != r.Header.Get("X-Real-Host"):
			w.WriteHeader(http.StatusMisdirectedRequest)
		case r.Header.Get("Origin") == "":
			w.WriteHeader(http.StatusForbidden)
		case r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade":
			w.WriteHeader(http.StatusBadRequest)
		default:
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Sec-WebSocket-Accept", accept(r.Header.Get("Sec-WebSocket-Key")))
			w.WriteHeader(http.StatusSwitchingProtocols)
		}
	}))
	t.Cleanup(s.Close)
	return parse(t, s.URL)
}

// proxied stands before a board, and changes what passes.
func proxied(t *testing.T, to *url.URL, change func(*httputil.ProxyRequest)) *url.URL {
	t.Helper()
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("X-Real-Host", r.In.Host)
		change(r)
	}})
	t.Cleanup(s.Close)
	return parse(t, s.URL)
}

func TestASocketIsOpenedThroughWhateverStandsBefore(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*httputil.ProxyRequest)
		want   string
	}{
		{"a proxy that passes all on", func(*httputil.ProxyRequest) {}, "good doctor.socket"},
		{"one that strips Upgrade", func(r *httputil.ProxyRequest) {
			r.Out.Header.Del("Upgrade")
			r.Out.Header.Del("Connection")
		}, "bad doctor.socket_stripped"},
		{"one that changes the host", func(r *httputil.ProxyRequest) { r.Out.Host = "backend:8080" }, "bad doctor.socket_host"},
		{"one that drops the origin", func(r *httputil.ProxyRequest) { r.Out.Header.Del("Origin") }, "bad doctor.socket_origin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := codes([]Finding{Way{Base: proxied(t, board(t), tt.change)}.socket(t.Context())})[0]; got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
	if got := (Way{Base: board(t)}).socket(t.Context()); got.Code != "doctor.socket" {
		t.Errorf("without a proxy: %q", got.Code)
	}
}

func TestNobodyButTheBaseIsAsked(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed")
	}))
	t.Cleanup(elsewhere.Close)
	away := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(away.Close)
	if got := (Way{Base: parse(t, away.URL)}).socket(t.Context()); got.Code != "doctor.socket_stripped" {
		t.Errorf("found %q", got.Code)
	}
	away.Close()
	if got := (Way{Base: parse(t, away.URL)}).socket(t.Context()); got.Code != "doctor.socket_away" {
		t.Errorf("with nobody there: %q", got.Code)
	}
}

func TestTheOnionsListenerIsKnockedAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "onion")
	for _, tt := range []struct{ network, at, want string }{
		{"unix", path, "good doctor.onion"},
		{"tcp", "127.0.0.1:0", "good doctor.onion"},
		{"tcp", "0.0.0.0:0", "warning doctor.onion_wide"},
	} {
		l, err := new(net.ListenConfig).Listen(t.Context(), tt.network, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		at := l.Addr().String()
		if tt.at == "0.0.0.0:0" {
			_, port, _ := net.SplitHostPort(at)
			at = "0.0.0.0:" + port
		}
		w := Way{Onion: tt.network, OnionAt: at}
		if got := codes(w.Listener(t.Context())); got[0] != tt.want {
			t.Errorf("%s: found %q, want %q", tt.at, got, tt.want)
		}
		_ = l.Close()
		if got := codes(w.Listener(t.Context())); got[0] != "bad doctor.onion_closed" {
			t.Errorf("%s, closed: found %q", tt.at, got)
		}
	}
	if got := (Way{}).Listener(t.Context()); got != nil {
		t.Errorf("without an onion: %q", codes(got))
	}
}
