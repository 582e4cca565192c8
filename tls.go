package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mayfly/alert"
	"mayfly/certs"
	"mayfly/doctor"
	"mayfly/handlers"
)

// speaksTLS says whether this server does so itself.
func (c *Config) speaksTLS() bool { return c.TLSDomain != "" || c.TLSCert != "" }

// checkTLS reads what certificates to have and where, and what follows for the address
// and the base URL that nobody gave.
func (c *Config) checkTLS() (err error) {
	if c.Addr == "" {
		c.Addr = ":8080"
		if c.speaksTLS() {
			c.Addr = ":80"
		}
	}
	switch {
	case c.TLSDomain != "" && (c.TLSCert != "" || c.TLSKey != ""):
		return errors.New("--tls-domain has certificates fetched, --tls-cert and --tls-key are your own: give one or the other")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key belong together: the certificate with its chain, and its key")
	case c.TLSDomain == "" && (c.ACMEURL != "" || c.ACMECA != "" || c.ACMEMail != ""):
		return errors.New("--acme-url, --acme-ca and --acme-mail are about the certificate of --tls-domain: give that one as well")
	case !c.speaksTLS() && c.TLSAddr != tlsAddr:
		return errors.New("--tls-addr is where TLS is spoken: give --tls-domain, or --tls-cert and --tls-key, as well")
	case c.TLSCert != "" && (c.base == nil || c.base.Scheme != "https"):
		return errors.New("--tls-cert needs --base-url: say under which name, such as --base-url https://board.example")
	case !c.speaksTLS():
		return nil
	}
	_, port, err := net.SplitHostPort(c.TLSAddr)
	if err != nil || port == "" {
		return fmt.Errorf("--tls-addr=%s: give a host and a port, such as :443 or 192.0.2.7:443", c.TLSAddr)
	}
	if c.TLSDomain == "" {
		c.names = []string{strings.ToLower(c.base.Hostname())}
		return nil
	}
	if c.names, err = certs.Names(c.TLSDomain); err != nil {
		return fmt.Errorf("--tls-domain: %w", err)
	}
	if c.base == nil {
		c.base = &url.URL{Scheme: "https", Host: c.names[0]}
		if port != "443" {
			c.base.Host = net.JoinHostPort(c.names[0], port)
		}
	}
	if c.base.Scheme != "https" || !slices.Contains(c.names, strings.ToLower(c.base.Hostname())) {
		return fmt.Errorf("--base-url=%s: with --tls-domain it is https:// and one of those names, or left out", c.BaseURL)
	}
	return c.checkACME()
}

// checkACME reads which server to ask, and whom to believe that it is the one.
func (c *Config) checkACME() error {
	if c.ACMEURL != "" {
		at, err := url.Parse(c.ACMEURL)
		if err != nil || at.Scheme != "https" || at.Host == "" {
			return fmt.Errorf("--acme-url=%s: give the directory of an ACME server, such as https://ca.example/directory", c.ACMEURL)
		}
	}
	if c.ACMECA == "" {
		return nil
	}
	pem, err := os.ReadFile(c.ACMECA)
	if err != nil {
		return fmt.Errorf("--acme-ca: %w", err)
	}
	if c.roots, err = x509.SystemCertPool(); err != nil {
		c.roots = x509.NewCertPool()
	}
	if !c.roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("--acme-ca=%s: there is no certificate in it; give a file in PEM", c.ACMECA)
	}
	return nil
}

// certificates are those of certs, whoever they come from.
type certificates interface {
	Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	Ready() bool
	Answer(w http.ResponseWriter, r *http.Request) bool
	States() []certs.Status
	Changed() <-chan struct{}
	Retry()
}

// seal is the way by TLS of a running server.
type seal struct {
	certificates
	run   func(context.Context)
	cfg   *Config
	clear atomic.Bool // the listener without TLS is open
}

// newSeal has certificates for what is listened on; nil: TLS is not spoken here.
func newSeal(cfg *Config, d *doors) (*seal, error) {
	s := &seal{cfg: cfg, run: func(context.Context) {}}
	s.clear.Store(d.clear != nil)
	switch {
	case cfg.TLSCert != "":
		own, err := certs.OpenOwn(cfg.names[0], cfg.TLSCert, cfg.TLSKey)
		if err != nil {
			return nil, usageError{fmt.Errorf("--tls-cert, --tls-key: %w", err)}
		}
		s.certificates = own
	case cfg.TLSDomain != "":
		order := certs.Order{
			Names: cfg.names, Folder: filepath.Join(cfg.Data, "tls"),
			Server: cfg.ACMEURL, Roots: cfg.roots, Mail: cfg.ACMEMail, TLS: d.tls.Addr(),
		}
		if d.clear != nil {
			order.HTTP = d.clear.Addr()
		}
		asked, err := certs.NewACME(order)
		if err != nil {
			return nil, err
		}
		s.certificates, s.run = asked, asked.Run
	default:
		return nil, nil //nolint:nilnil // without TLS there is none
	}
	return s, nil
}

// way is what pages know of it.
func (s *seal) way() *handlers.TLS {
	if s == nil {
		return nil
	}
	return &handlers.TLS{Names: s.cfg.names, Ready: s.Ready, Answer: s.Answer, Retry: s.Retry, Found: s.found}
}

// found says how it stands.
func (s *seal) found() []doctor.Finding {
	if s == nil {
		return nil
	}
	var list []doctor.Certificate
	for _, c := range s.States() {
		list = append(list, doctor.Certificate{Name: c.Name, From: c.From, Until: c.Until, Why: string(c.Why)})
	}
	found := doctor.Certificates(list, time.Now())
	if !s.clear.Load() {
		found = append(found, doctor.Taken(s.cfg.Addr))
	}
	return found
}

// watch says in the log how it stands with certificates whenever that changes, and rings
// when somebody should look.
func (s *seal) watch(ctx context.Context, b *alert.Bell, log *slog.Logger) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	was := map[string]certs.Status{}
	for {
		for _, c := range s.States() {
			if c == was[c.Name] {
				continue
			}
			tell(ctx, log, c)
			if c.Trouble(time.Now()) && !was[c.Name].Trouble(time.Now()) {
				b.Notify(alert.Certificate, 1)
			}
			was[c.Name] = c
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.Changed():
		}
	}
}

func tell(ctx context.Context, log *slog.Logger, c certs.Status) {
	switch {
	case c.Why != "" && !c.Had():
		log.WarnContext(ctx, "a certificate can't be had; the board is open in the clear until there is one, and doctor says what would do", "name", c.Name, "why", c.Why)
	case c.Why != "":
		log.WarnContext(ctx, "a certificate can't be renewed; doctor says what would do", "name", c.Name, "why", c.Why, "until", c.Until)
	case c.Had():
		log.InfoContext(ctx, "a certificate is there", "name", c.Name, "until", c.Until)
	}
}
