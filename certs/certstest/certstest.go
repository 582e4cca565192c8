// Package certstest has an ACME server of its own for tests, on this machine alone:
// pebble, which Let's Encrypt tests clients with. It validates for real, by HTTP and by
// TLS, at the ports it is told.
package certstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// ACME is an ACME server that does not answer before Start.
type ACME struct {
	URL   string         // of its directory
	CA    string         // a file that says who vouches for the server
	Root  string         // a file that says who signs what it gives
	Trust *x509.CertPool // both

	t       testing.TB
	at      string
	pair    tls.Certificate
	handler http.Handler

	mu    sync.Mutex
	known []string // names that lead to this machine
}

// New makes one that looks whether a name leads here at two ports, and gives
// certificates for lasts.
func New(t testing.TB, httpPort, tlsPort int, lasts time.Duration, names ...string) *ACME {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	a := &ACME{t: t, known: names}
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	profiles := map[string]ca.Profile{"default": {ValidityPeriod: uint64(lasts / time.Second)}} //nolint:gosec // a test's, and positive
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, profiles)
	validator := va.New(quiet, httpPort, tlsPort, true, a.resolver(), store)
	front := wfe.New(quiet, store, validator, authority, []string{"ca.example"}, true, false, 0, 0)
	a.handler = front.Handler()
	a.Trust = x509.NewCertPool()
	a.Trust.AddCert(authority.GetRootCert(0).Cert)
	a.Root = filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(a.Root, authority.GetRootCert(0).PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	a.vouch()
	a.at = "127.0.0.1:" + Port(t)
	a.URL = "https://" + a.at + wfe.DirectoryPath
	return a
}

// Start has it answer until stop is called, or the test ends.
func (a *ACME) Start() (stop func()) {
	a.t.Helper()
	l, err := new(net.ListenConfig).Listen(a.t.Context(), "tcp", a.at)
	if err != nil {
		a.t.Fatal(err)
	}
	srv := &http.Server{Handler: a.handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{a.pair}, MinVersion: tls.VersionTLS12}
	go func() { _ = srv.ServeTLS(l, "", "") }()
	stop = func() { _ = srv.Close() }
	a.t.Cleanup(stop)
	return stop
}

// Know has a name lead to this machine.
func (a *ACME) Know(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = append(a.known, name)
}

// vouch signs the server's own certificate by itself.
func (a *ACME) vouch() {
	a.t.Helper()
	cert, key, err := Sign("127.0.0.1", time.Now(), time.Now().Add(time.Hour))
	if err == nil {
		a.pair, err = tls.X509KeyPair(cert, key)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	a.Trust.AddCert(a.pair.Leaf)
	a.CA = filepath.Join(a.t.TempDir(), "acme-ca.pem")
	if err := os.WriteFile(a.CA, cert, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// Sign makes a certificate for a name or address that vouches for itself, and its key,
// in PEM.
func Sign(name string, from, until time.Time) (cert, key []byte, err error) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		return nil, nil, err
	}
	own, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: own}), nil
}

// resolver starts a name server that knows a.known alone, and returns its address.
func (a *ACME) resolver() string {
	a.t.Helper()
	l, err := new(net.ListenConfig).Listen(a.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		a.t.Fatal(err)
	}
	srv := &dns.Server{Listener: l, Net: "tcp", Handler: dns.HandlerFunc(a.resolve)}
	go func() { _ = srv.ActivateAndServe() }()
	a.t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func (a *ACME) resolve(w dns.ResponseWriter, q *dns.Msg) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := new(dns.Msg).SetReply(q)
	for _, one := range q.Question {
		if !slices.Contains(a.known, dns.Fqdn(one.Name)[:len(dns.Fqdn(one.Name))-1]) {
			m.Rcode = dns.RcodeNameError
		} else if one.Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: one.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)})
		}
	}
	_ = w.WriteMsg(m)
}

// Port is one of this machine's that nobody listens on.
func Port(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
