// Package certs has the certificates that a board is opened under: an operator's own,
// or those of an ACME server. It knows nothing of the board and its visitors, and
// writes nobody's address anywhere.
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// Cause is why a certificate can't be had.
type Cause string

// The causes there are; "" is none.
const (
	Away    Cause = "away"    // the ACME server does not answer
	DNS     Cause = "dns"     // the name leads nowhere
	Closed  Cause = "closed"  // the ACME server can't reach this one by the name
	Foreign Cause = "foreign" // it reaches somebody else by it
	Often   Cause = "often"   // it was asked too often
	Barred  Cause = "barred"  // it may not, or will not, for this name
	Other   Cause = "other"
	Files   Cause = "files" // an operator's own can't be read, or don't belong together
)

// Status is how it stands with the certificate of one name.
type Status struct {
	Name        string
	From, Until time.Time // zero: there is none
	Why         Cause     // of the last try, if it failed
}

// Had says whether there is a certificate, good or not.
func (s Status) Had() bool { return !s.Until.IsZero() }

// Late says whether a certificate has less than a quarter of its time left: renewal
// begins when a third is.
func (s Status) Late(now time.Time) bool {
	return s.Had() && s.Until.Sub(now) < s.Until.Sub(s.From)/4
}

// Trouble says whether somebody should look: there is none, it has ended or will soon.
func (s Status) Trouble(now time.Time) bool {
	return s.Why != "" || s.Late(now)
}

// ErrNone is what a handshake ends with that no certificate is there for.
var ErrNone = errors.New("no certificate for this name")

// challenge is the protocol by which an ACME server looks whether a name leads here
// (RFC 8737).
const challenge = "acme-tls/1"

// Config is how TLS is spoken here, with the certificates that get finds.
func Config(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1", challenge},
		GetCertificate: get,
	}
}

// Names reads a list of domain names with commas, as they are in a certificate. Names in
// other scripts become their ASCII form.
func Names(list string) ([]string, error) {
	var names []string
	for word := range strings.SplitSeq(list, ",") {
		name, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimSpace(word)))
		if err != nil || !plain(name) {
			return nil, fmt.Errorf("%q is no name that a certificate can be had for: give such as board.example", strings.TrimSpace(word))
		}
		names = append(names, name)
	}
	return names, nil
}

// plain says whether name is a host's, without a port, a star or an address.
func plain(name string) bool {
	if name == "" || len(name) > 253 || net.ParseIP(name) != nil {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}
