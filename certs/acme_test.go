package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"mayfly/certs/certstest"
)

const name = "board.example"

// house is what stands at the two ports that an ACME server looks at.
type house struct {
	*ACME
	tls    string // address
	folder string
}

// open listens with certificates from an ACME server; clear: at the port without TLS too.
func open(t *testing.T, ca *certstest.ACME, httpPort, tlsPort string, every time.Duration, folder string) *house {
	t.Helper()
	listener := func(port string) net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	secure := listener(tlsPort)
	order := Order{Names: []string{name}, Folder: folder, Server: ca.URL, Roots: ca.Trust, TLS: secure.Addr(), every: every}
	var bare net.Listener
	if httpPort != "" {
		bare = listener(httpPort)
		order.HTTP = bare.Addr()
	}
	a, err := NewACME(order)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	front := &http.Server{Handler: http.NotFoundHandler(), TLSConfig: Config(a.Certificate), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	servers := []*http.Server{front}
	all.Go(func() { _ = front.ServeTLS(secure, "", "") })
	if bare != nil {
		beside := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !a.Answer(w, r) {
				http.NotFound(w, r)
			}
		})}
		servers = append(servers, beside)
		all.Go(func() { _ = beside.Serve(bare) })
	}
	all.Go(func() { a.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		for _, s := range servers {
			_ = s.Close()
		}
		all.Wait()
	})
	return &house{a, secure.Addr().String(), folder}
}

// leaf is the certificate that a client sees who believes roots (nil: anybody); nil:
// there is none.
func (h *house) leaf(t *testing.T, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", h.tls, &tls.Config{ServerName: name, RootCAs: roots, InsecureSkipVerify: roots == nil})
	if err != nil {
		return nil
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

func soon(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatal(fact)
		case <-tick.C:
		}
	}
}

func number(t *testing.T, port string) int {
	t.Helper()
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestACertificateIsHadAndOnlyTheAccountReadsItsKey(t *testing.T) {
	bare, secure := certstest.Port(t), certstest.Port(t)
	ca := certstest.New(t, number(t, bare), number(t, secure), time.Hour, name)
	ca.Start()
	h := open(t, ca, bare, secure, time.Hour, filepath.Join(t.TempDir(), "tls"))
	soon(t, "there is no certificate", func() bool { return h.leaf(t, ca.Trust) != nil })
	if s := h.States()[0]; !h.Ready() || !s.Had() || s.Why != "" || s.Trouble(time.Now()) {
		t.Errorf("states: %+v", s)
	}
	err := filepath.WalkDir(h.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && filepath.Dir(path) != h.folder {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(h.folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info, err)
	}
	for _, other := range []string{"other.example", ""} {
		if _, err := tls.Dial("tcp", h.tls, &tls.Config{ServerName: other, InsecureSkipVerify: true}); err == nil {
			t.Errorf("%q has a certificate", other)
		}
	}
	if conn, err := tls.Dial("tcp", h.tls, &tls.Config{ServerName: name, RootCAs: ca.Trust, MaxVersion: tls.VersionTLS11}); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

func TestPort443AloneWillDo(t *testing.T) {
	secure := certstest.Port(t)
	ca := certstest.New(t, 1, number(t, secure), time.Hour, name)
	ca.Start()
	h := open(t, ca, "", secure, time.Hour, t.TempDir())
	soon(t, "there is no certificate", func() bool { return h.leaf(t, ca.Trust) != nil })
}

func TestACertificateIsRenewedWhileItIsServed(t *testing.T) {
	bare, secure := certstest.Port(t), certstest.Port(t)
	ca := certstest.New(t, number(t, bare), number(t, secure), 4*time.Second, name)
	ca.Start()
	h := open(t, ca, bare, secure, 50*time.Millisecond, t.TempDir())
	var first *x509.Certificate
	soon(t, "there is no certificate", func() bool { first = h.leaf(t, nil); return first != nil })
	soon(t, "it is not renewed", func() bool {
		next := h.leaf(t, nil)
		return next != nil && next.SerialNumber.Cmp(first.SerialNumber) != 0
	})
}

func TestWhatCanNotBeHadIsNamedAndHadLater(t *testing.T) {
	bare, secure := certstest.Port(t), certstest.Port(t)
	ca := certstest.New(t, number(t, bare), number(t, secure), time.Hour)
	h := open(t, ca, bare, secure, time.Hour, t.TempDir())
	failed := func(away bool) func() bool {
		return func() bool {
			s := h.States()[0]
			return s.Why != "" && (s.Why == Away) == away && s.Trouble(time.Now()) && !h.Ready()
		}
	}
	soon(t, "no server answers, and nobody says so", failed(true))
	ca.Start()
	h.Retry()
	soon(t, "the name leads nowhere, and nobody says so", failed(false)) // which kind depends on how it looks
	ca.Know(name)
	h.Retry()
	soon(t, "it is not had later", func() bool { return h.leaf(t, ca.Trust) != nil && h.States()[0].Why == "" })
}

func TestAProblemIsReadByItsKindAndNotByItsText(t *testing.T) {
	for kind, want := range map[string]Cause{
		"dns": DNS, "connection": Closed, "tls": Closed, "unauthorized": Foreign, "incorrectResponse": Foreign, "rateLimited": Often,
		"caa": Barred, "rejectedIdentifier": Barred, "serverInternal": Other, "": Other,
	} {
		err := fmt.Errorf("[%s] solving: %w", name, acme.Problem{Type: acme.ProblemTypeNamespace + kind, Detail: "203.0.113.7: no"})
		if got := causeOf(err); got != want {
			t.Errorf("%s is %q, want %q", kind, got, want)
		}
	}
	if got := causeOf(errors.New("dial tcp 203.0.113.7:443: connection refused")); got != Away {
		t.Errorf("no answer is %q", got)
	}
}

func TestSomebodyElseBehindTheNameIsFound(t *testing.T) {
	bare, secure := certstest.Port(t), certstest.Port(t)
	l, err := net.Listen("tcp", "127.0.0.1:"+bare)
	if err != nil {
		t.Fatal(err)
	}
	other := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = other.Serve(l) }()
	t.Cleanup(func() { _ = other.Close() })
	ca := certstest.New(t, number(t, bare), 1, time.Hour, name)
	ca.Start()
	h := open(t, ca, "", secure, time.Hour, t.TempDir())
	soon(t, "nobody says that somebody else answers", func() bool { return h.States()[0].Why == Foreign })
}
