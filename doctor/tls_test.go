package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"mayfly/certs/certstest"
)

func TestCertificatesAreLookedAt(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	until := from.Add(90 * 24 * time.Hour)
	for _, tt := range []struct {
		name string
		days int
		had  bool
		why  string
		want []string
	}{
		{"good", 10, true, "", []string{"good doctor.tls"}},
		{"being asked for", 10, false, "", []string{"note doctor.tls_asked"}},
		{"none, no server", 10, false, "away", []string{"bad doctor.tls_away"}},
		{"none, no address", 10, false, "dns", []string{"bad doctor.tls_dns"}},
		{"none, shut off", 10, false, "closed", []string{"bad doctor.tls_closed"}},
		{"none, somebody else", 10, false, "foreign", []string{"bad doctor.tls_foreign"}},
		{"none, asked too often", 10, false, "often", []string{"bad doctor.tls_often"}},
		{"none, not for this name", 10, false, "barred", []string{"bad doctor.tls_barred"}},
		{"none, and nobody knows why", 10, false, "other", []string{"bad doctor.tls_failed"}},
		{"a renewal that failed", 61, true, "closed", []string{"warning doctor.tls_closed", "good doctor.tls"}},
		{"renewals that fail for long", 80, true, "closed", []string{"warning doctor.tls_closed", "warning doctor.tls_late"}},
		{"not renewed", 80, true, "", []string{"warning doctor.tls_late"}},
		{"over", 91, true, "", []string{"bad doctor.tls_over"}},
		{"over, as renewals failed", 91, true, "away", []string{"bad doctor.tls_away", "bad doctor.tls_over"}},
		{"files that are no pair", 10, true, "files", []string{"warning doctor.tls_files", "good doctor.tls"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Certificate{Name: "board.example", Why: tt.why}
			if tt.had {
				c.From, c.Until = from, until
			}
			if got := codes(Certificates([]Certificate{c}, from.Add(time.Duration(tt.days)*24*time.Hour))); !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// speaks answers by TLS as this machine, with a certificate for a name.
func speaks(t *testing.T, name string, until time.Time, h http.HandlerFunc) (base *url.URL, roots *x509.CertPool) {
	t.Helper()
	cert, key, err := certstest.Sign(name, until.Add(-90*24*time.Hour), until)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	return parse(t, s.URL), roots
}

func TestTheCertificateThatVisitorsSeeIsLookedAt(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name, of string
		until    time.Time
		known    bool
		want     string
	}{
		{"good", "127.0.0.1", now.Add(80 * 24 * time.Hour), true, "good doctor.tls"},
		{"of another name", "other.example", now.Add(80 * 24 * time.Hour), true, "bad doctor.tls_name"},
		{"signed by nobody that is known", "127.0.0.1", now.Add(80 * 24 * time.Hour), false, "warning doctor.tls_unknown"},
		{"not renewed", "127.0.0.1", now.Add(10 * 24 * time.Hour), true, "warning doctor.tls_late"},
		{"over", "127.0.0.1", now.Add(-time.Hour), true, "bad doctor.tls_over"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, roots := speaks(t, tt.of, tt.until, http.NotFound)
			if !tt.known {
				roots = x509.NewCertPool()
			}
			if got := codes(Way{Base: base, Roots: roots}.Handshake(t.Context(), now)); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	plain.Config.ErrorLog = quiet()
	t.Cleanup(plain.Close)
	base := parse(t, strings.Replace(plain.URL, "http", "https", 1))
	if got := codes(Way{Base: base}.Handshake(t.Context(), now)); !slices.Equal(got, []string{"bad doctor.tls_silent"}) {
		t.Errorf("nobody speaks TLS there: %q", got)
	}
	plain.Close()
	if got := (Way{Base: base}).Handshake(t.Context(), now); got != nil {
		t.Errorf("nobody is there: %q", codes(got))
	}
	if got := (Way{Base: parse(t, "http://127.0.0.1")}).Handshake(t.Context(), now); got != nil {
		t.Errorf("a board without TLS: %q", codes(got))
	}
}

func TestWhetherAProxyIsBelievedIsSeenFromOutside(t *testing.T) {
	for _, tt := range []struct {
		name    string
		headers map[string]string
		trusted bool
		direct  bool
		want    string
	}{
		{"all is well", map[string]string{"Strict-Transport-Security": "max-age=1"}, true, false, ""},
		{"it is not believed", map[string]string{"Mayfly-Way": "untrusted proxy"}, false, false, "bad doctor.proxy_unbelieved"},
		{"another is", map[string]string{"Mayfly-Way": "untrusted proxy"}, true, false, "bad doctor.proxy_unbelieved"},
		{"it does not say that it speaks TLS", nil, true, false, "bad doctor.proto_lost"},
		{"nobody is said to be believed", nil, false, false, ""}, // Ways says so
		{"there is none", nil, false, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, roots := speaks(t, "127.0.0.1", time.Now().Add(80*24*time.Hour), func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/healthz" {
					t.Errorf("asked for %s", r.URL)
				}
				for name, value := range tt.headers {
					w.Header().Set(name, value)
				}
			})
			got := codes(Way{Base: base, Roots: roots, Trusted: tt.trusted, Direct: tt.direct}.Believed(t.Context()))
			if strings.Join(got, " ") != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTheWayWithoutTLSIsTried(t *testing.T) {
	for answer, want := range map[string]string{
		"ok\n": "good doctor.clear", "endings are late\n": "good doctor.clear", "<h1>Welcome to nginx!</h1>": "warning doctor.clear_other",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		t.Cleanup(s.Close)
		w := Way{Base: parse(t, "https://127.0.0.1"), ClearPort: parse(t, s.URL).Port()}
		if got := codes(w.Clear(t.Context())); !slices.Equal(got, []string{want}) {
			t.Errorf("%q: found %q", answer, got)
		}
		s.Close()
		if got := codes(w.Clear(t.Context())); !slices.Equal(got, []string{"warning doctor.clear_closed"}) {
			t.Errorf("nobody there: found %q", got)
		}
	}
	if got := (Way{Base: parse(t, "https://127.0.0.1")}).Clear(t.Context()); got != nil {
		t.Errorf("without TLS of our own: %q", codes(got))
	}
}

func TestNamesAreFollowed(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]net.IP{"here.example.": net.IPv4(127, 0, 0, 1), "away.example.": net.IPv4(203, 0, 113, 7)}
	srv := &dns.Server{Listener: l, Net: "tcp", Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		one := q.Question[0]
		ip, is := known[one.Name]
		switch {
		case one.Name == "broken.example.":
			m.Rcode = dns.RcodeServerFailure
		case !is:
			m.Rcode = dns.RcodeNameError
		case one.Qtype == dns.TypeA:
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: one.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: ip})
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = srv.ActivateAndServe() }()
	t.Cleanup(func() { _ = l.Close() })
	w := Way{
		Domains: []string{"here.example", "away.example", "nowhere.example", "broken.example"},
		resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
		}},
	}
	want := []string{"good doctor.domain", "note doctor.domain_elsewhere", "bad doctor.domain_none", "note doctor.domain_unknown"}
	if got := codes(w.Names(t.Context())); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	if got := (Way{}).Names(t.Context()); got != nil {
		t.Errorf("no names: %q", codes(got))
	}
}

// quiet is a log of servers that are spoken to wrongly.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
