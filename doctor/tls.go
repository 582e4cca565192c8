package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Certificate is how it stands with one that this server has, or should have.
type Certificate struct {
	Name        string
	From, Until time.Time // zero: there is none
	Why         string    // the last try failed: away, dns, closed, foreign, often, barred, files, other; "": it did not
}

// findings say it: what failed is bad where no good certificate is there.
func (c Certificate) findings(now time.Time) []Finding {
	left := c.Until.Sub(now)
	var list []Finding
	if c.Why != "" {
		f := c.failed()
		if left <= 0 {
			f.Level = Bad
		}
		list = append(list, f)
	}
	switch {
	case c.Until.IsZero() && c.Why == "":
		return []Finding{note("doctor.tls_asked", "name", c.Name)}
	case c.Until.IsZero():
		return list
	case late(left, c.Until.Sub(c.From)):
		return append(list, ending(c.Name, left))
	}
	return append(list, good("doctor.tls", "name", c.Name, "left", left))
}

func (c Certificate) failed() Finding {
	switch c.Why {
	case "away":
		return warn("doctor.tls_away", "name", c.Name)
	case "dns":
		return warn("doctor.tls_dns", "name", c.Name)
	case "closed":
		return warn("doctor.tls_closed", "name", c.Name)
	case "foreign":
		return warn("doctor.tls_foreign", "name", c.Name)
	case "often":
		return warn("doctor.tls_often", "name", c.Name)
	case "barred":
		return warn("doctor.tls_barred", "name", c.Name)
	case "files":
		return warn("doctor.tls_files", "name", c.Name)
	}
	return warn("doctor.tls_failed", "name", c.Name)
}

// late says whether a certificate has less than a quarter of its time left: renewal
// begins when a third is.
func late(left, all time.Duration) bool { return left < all/4 }

// ending is for a certificate that should have been renewed.
func ending(name string, left time.Duration) Finding {
	if left <= 0 {
		return bad("doctor.tls_over", "name", name)
	}
	return warn("doctor.tls_late", "name", name, "left", left)
}

// Certificates says how it stands with each.
func Certificates(list []Certificate, now time.Time) []Finding {
	var found []Finding
	for _, c := range list {
		found = append(found, c.findings(now)...)
	}
	return found
}

// Taken is for a port beside the one of TLS that could not be had.
func Taken(at string) Finding { return warn("doctor.clear_taken", "at", at) }

// Handshake looks at the certificate that visitors see at the base URL: whoever speaks
// TLS there. roots are whom to believe beside the machine's own; nil: nobody.
func (w Way) Handshake(ctx context.Context, now time.Time) []Finding {
	if w.Base == nil || w.Base.Scheme != "https" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	host, at := w.Base.Hostname(), w.Base.Host
	if w.Base.Port() == "" {
		at = net.JoinHostPort(host, "443")
	}
	plain, err := new(net.Dialer).DialContext(ctx, "tcp", at)
	if err != nil {
		return nil // Socket says that nobody answers
	}
	conn := tls.Client(plain, &tls.Config{ServerName: host, InsecureSkipVerify: true}) //nolint:gosec // it is looked at below, one thing at a time
	defer conn.Close()
	if err := conn.HandshakeContext(ctx); err != nil {
		return []Finding{bad("doctor.tls_silent", "base", w.Base.String())}
	}
	chain := conn.ConnectionState().PeerCertificates
	leaf := chain[0]
	left := leaf.NotAfter.Sub(now)
	if err := leaf.VerifyHostname(host); err != nil {
		return []Finding{bad("doctor.tls_name", "base", w.Base.String(), "names", strings.Join(leaf.DNSNames, ", "))}
	}
	if late(left, leaf.NotAfter.Sub(leaf.NotBefore)) {
		return []Finding{ending(host, left)}
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Intermediates: between, Roots: w.Roots, CurrentTime: now}); err != nil {
		return []Finding{warn("doctor.tls_unknown", "base", w.Base.String())}
	}
	return []Finding{good("doctor.tls", "name", host, "left", left)}
}

// Names looks whether the names that certificates are asked for lead to this machine.
func (w Way) Names(ctx context.Context) []Finding {
	if len(w.Domains) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var found []Finding
	for _, name := range w.Domains {
		addrs, err := net.DefaultResolver.LookupIPAddr(ctx, name)
		missing, _ := errors.AsType[*net.DNSError](err)
		switch {
		case missing != nil && missing.IsNotFound:
			found = append(found, bad("doctor.domain_none", "name", name))
		case err != nil:
			found = append(found, note("doctor.domain_unknown", "name", name))
		case slices.ContainsFunc(addrs, func(a net.IPAddr) bool { return has(own, a.IP) }):
			found = append(found, good("doctor.domain", "name", name))
		default:
			found = append(found, note("doctor.domain_elsewhere", "name", name, "at", addrs[0].String()))
		}
	}
	return found
}

func has(own []net.Addr, ip net.IP) bool {
	return slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// Clear asks, by the name and without TLS, whether the way is open by which an ACME
// server and visitors who type no https come.
func (w Way) Clear(ctx context.Context) []Finding {
	if w.ClearPort == "" || w.Base == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	at := url.URL{Scheme: "http", Host: w.Base.Hostname(), Path: "/healthz"}
	if w.ClearPort != "80" {
		at.Host = net.JoinHostPort(at.Host, w.ClearPort)
	}
	shown := "http://" + at.Host
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return []Finding{warn("doctor.clear_closed", "at", shown)}
	}
	res, err := w.knocker().Do(req)
	if err != nil {
		return []Finding{warn("doctor.clear_closed", "at", shown)}
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, 64))
	if text := string(body); text != "ok\n" && text != "endings are late\n" {
		return []Finding{warn("doctor.clear_other", "at", shown)}
	}
	return []Finding{good("doctor.clear", "at", shown)}
}
