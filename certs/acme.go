package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3/acme"
	"go.uber.org/zap"
)

// Order is what to ask of an ACME server.
type Order struct {
	Names  []string
	Folder string         // of keys and certificates
	Server string         // its directory; "": Let's Encrypt's
	Roots  *x509.CertPool // whom to believe that it is the server; nil: the machine's
	Mail   string         // whom the server may write to; "": nobody

	HTTP, TLS net.Addr // where we listen; HTTP nil: nowhere

	every time.Duration // how often to look whether one has to be renewed; 0: each ten minutes
}

// giveUp is how long the library goes on trying by itself.
const giveUp = 30 * 24 * time.Hour

// ACME has certificates from an ACME server, renewed in time.
type ACME struct {
	names   []string
	cfg     *certmagic.Config
	cache   *certmagic.Cache
	issuer  *certmagic.ACMEIssuer
	changed chan struct{}
	again   chan struct{}

	mu  sync.Mutex
	why map[string]Cause
}

// NewACME makes the folder. Nobody is asked for anything before Run.
func NewACME(o Order) (*ACME, error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	a := &ACME{
		names: o.Names, why: map[string]Cause{},
		changed: make(chan struct{}, 1), again: make(chan struct{}, 1),
	}
	silent := zap.NewNop() // its lines hold addresses
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return a.cfg, nil },
		RenewCheckInterval: o.every,
		Logger:             silent,
	})
	a.cfg = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: o.Folder},
		OCSP:    certmagic.OCSPConfig{DisableStapling: true}, // nobody but the ACME server is dialled
		OnEvent: a.hear,
		Logger:  silent,
	})
	template := certmagic.ACMEIssuer{
		CA: o.Server, TrustedRoots: o.Roots, Email: o.Mail, Agreed: true,
		DisableDistributedSolvers: true,
		DisableHTTPChallenge:      o.HTTP == nil,
		Logger:                    silent,
	}
	template.ListenHost, template.AltTLSALPNPort = where(o.TLS)
	if o.HTTP != nil {
		_, template.AltHTTPPort = where(o.HTTP)
	}
	a.issuer = certmagic.NewACMEIssuer(a.cfg, template)
	a.cfg.Issuers = []certmagic.Issuer{a.issuer}
	return a, nil
}

// where tells the library what is listened on already, so that it does not try to.
func where(a net.Addr) (host string, port int) {
	host, text, _ := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = ""
	}
	port, _ = strconv.Atoi(text)
	return host, port
}

// Run gets what is missing and renews what ends, until ctx ends. What fails is tried
// again after one minute, then ever later, at most six hours.
func (a *ACME) Run(ctx context.Context) {
	defer a.cache.Stop()
	for ctx.Err() == nil {
		a.try(ctx)
	}
}

// try has all names managed until somebody asks for another try.
func (a *ACME) try(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, name := range a.names {
		if err := a.cfg.ManageAsync(ctx, []string{name}); err != nil {
			a.note(name, Other)
		}
	}
	patience := time.NewTimer(giveUp)
	defer patience.Stop()
	select {
	case <-ctx.Done():
	case <-a.again:
	case <-patience.C:
	}
}

// Retry tries now what would be tried later.
func (a *ACME) Retry() {
	select {
	case a.again <- struct{}{}:
	default:
	}
}

// hear is told by the library what happens.
func (a *ACME) hear(_ context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	switch event {
	case "cert_obtained":
		a.note(name, "")
	case "cached_managed_cert":
		a.tell()
	case "cert_failed":
		err, _ := data["error"].(error)
		if !errors.Is(err, context.Canceled) {
			a.note(name, causeOf(err))
		}
	}
	return nil
}

func (a *ACME) note(name string, why Cause) {
	a.mu.Lock()
	a.why[name] = why
	a.mu.Unlock()
	a.tell()
}

func (a *ACME) tell() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// Changed says that States have.
func (a *ACME) Changed() <-chan struct{} { return a.changed }

// causeOf reads the kind of a problem (RFC 8555, 6.7), and none of its text, which holds
// addresses.
func causeOf(err error) Cause {
	problem, ok := errors.AsType[acme.Problem](err)
	if !ok {
		return Away
	}
	switch problem.Type {
	case acme.ProblemTypeDNS:
		return DNS
	case acme.ProblemTypeConnection, acme.ProblemTypeTLS:
		return Closed
	case acme.ProblemTypeUnauthorized, acme.ProblemTypeIncorrectResponse:
		return Foreign
	case acme.ProblemTypeRateLimited:
		return Often
	case acme.ProblemTypeCAA, acme.ProblemTypeRejectedIdentifier, acme.ProblemTypeUnsupportedIdentifier, acme.ProblemTypeExternalAccountRequired:
		return Barred
	}
	return Other
}

// Certificate is for a tls.Config: it has those of our names, and what an ACME server
// that looks whether a name leads here wants to see.
func (a *ACME) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	if !slices.Contains(a.names, name) {
		return nil, ErrNone
	}
	if !slices.Contains(hello.SupportedProtos, challenge) && len(a.cache.AllMatchingCertificates(name)) == 0 {
		return nil, ErrNone
	}
	return a.cfg.GetCertificate(hello)
}

// Answer answers an ACME server that asks, without TLS, whether a name leads here.
func (a *ACME) Answer(w http.ResponseWriter, r *http.Request) bool {
	return a.issuer.HandleHTTPChallenge(w, r)
}

// Ready says whether there is a certificate for the first name.
func (a *ACME) Ready() bool { return len(a.cache.AllMatchingCertificates(a.names[0])) > 0 }

// States says how it stands with each name.
func (a *ACME) States() []Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []Status
	for _, name := range a.names {
		s := Status{Name: name, Why: a.why[name]}
		for _, c := range a.cache.AllMatchingCertificates(name) {
			if c.Leaf != nil && c.Leaf.NotAfter.After(s.Until) {
				s.From, s.Until = c.Leaf.NotBefore, c.Leaf.NotAfter
			}
		}
		list = append(list, s)
	}
	return list
}
