package certs

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// Own is an operator's certificate. Its files are looked at with each handshake, and
// read again when they have changed; while they are no pair, the last one that was is
// good.
type Own struct {
	name, cert, key string

	mu   sync.Mutex
	seen [2]stamp
	pair *tls.Certificate
	why  Cause
}

// stamp is what tells one version of a file from the next.
type stamp struct {
	size int64
	time time.Time
}

// OpenOwn reads the certificate for a name, and its key.
func OpenOwn(name, cert, key string) (*Own, error) {
	o := &Own{name: name, cert: cert, key: key}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	if err := pair.Leaf.VerifyHostname(name); err != nil {
		return nil, fmt.Errorf("%s is not for %s: %w", cert, name, err)
	}
	o.pair, o.seen = &pair, o.stamps()
	return o, nil
}

func (o *Own) stamps() (both [2]stamp) {
	for i, path := range []string{o.cert, o.key} {
		if info, err := os.Stat(path); err == nil {
			both[i] = stamp{info.Size(), info.ModTime()}
		}
	}
	return both
}

// look reads the files again if they have changed; o.mu is held.
func (o *Own) look() {
	now := o.stamps()
	if now == o.seen {
		return
	}
	o.seen = now
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		o.why = Files
		return
	}
	o.pair, o.why = &pair, ""
}

// Certificate is for a tls.Config. There is one, whatever the name that was asked for.
func (o *Own) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.look()
	return o.pair, nil
}

// Ready says that there is a certificate.
func (o *Own) Ready() bool { return true }

// Answer answers nothing: nobody is asked for a certificate.
func (o *Own) Answer(http.ResponseWriter, *http.Request) bool { return false }

// States says how it stands.
func (o *Own) States() []Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.look()
	return []Status{{Name: o.name, From: o.pair.Leaf.NotBefore, Until: o.pair.Leaf.NotAfter, Why: o.why}}
}

// Changed never says anything: whoever wants to know looks.
func (o *Own) Changed() <-chan struct{} { return nil }

// Retry has the files read again with the next look.
func (o *Own) Retry() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = [2]stamp{}
}
