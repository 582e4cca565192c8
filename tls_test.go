package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/certs/certstest"
)

// sealed is a running server that speaks TLS as board.example, and a client that finds
// it on this machine.
type sealed struct {
	base, clear string
	data        string
	ports       [2]string // without TLS, with it
	roots       *x509.CertPool
	client      *http.Client
	out         string // what it has printed, up to its address
	stop        func()
}

const domain = "board.example"

// dial leads every name to this machine.
func dial(ctx context.Context, network, at string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
}

// startTLS runs the whole program at two ports until the test ends.
func startTLS(t *testing.T, roots *x509.CertPool, bare, secure string, args ...string) *sealed {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	s := &sealed{
		base: "https://" + domain + ":" + secure, clear: "http://" + domain + ":" + bare, ports: [2]string{bare, secure},
		data: filepath.Join(t.TempDir(), "data"), roots: roots,
		client: &http.Client{Transport: transport, Jar: jar, CheckRedirect: browser.CheckRedirect},
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"--data", s.data, "--starter", "none", "--addr", "127.0.0.1:" + bare, "--tls-addr", "127.0.0.1:" + secure}, args...), in)
		_ = in.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		done <- nil
	}
	t.Cleanup(s.stop)
	lines := bufio.NewScanner(out)
	for !strings.Contains(s.out, "https://") {
		if !lines.Scan() {
			t.Fatalf("the server did not start: %v", <-done)
		}
		s.out += lines.Text() + "\n"
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return s
}

// ask sends a request to an address, and gives the answer with its body; nil: there was
// none.
func (s *sealed) ask(t *testing.T, method, at string, form url.Values) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// ready waits for a page by HTTPS.
func (s *sealed) ready(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		if res, _ := s.ask(t, http.MethodGet, s.base+"/", nil); res != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("there is no certificate")
		}
	}
}

// listen opens a socket as a page does.
func (s *sealed) listen(t *testing.T, base string) error {
	t.Helper()
	d := websocket.Dialer{NetDialContext: dial, TLSClientConfig: &tls.Config{RootCAs: s.roots}}
	conn, res, err := d.DialContext(t.Context(), strings.Replace(base, "http", "ws", 1)+"/live?format=json", http.Header{"Origin": {base}})
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = res.Body.Close()
	_, _, err = conn.ReadMessage()
	return err
}

// ports are two of this machine's that nobody listens on, as text and as numbers.
func ports(t *testing.T) (bare, secure string, numbers [2]int) {
	t.Helper()
	bare, secure = certstest.Port(t), certstest.Port(t)
	for i, p := range []string{bare, secure} {
		n, err := strconv.Atoi(p)
		if err != nil {
			t.Fatal(err)
		}
		numbers[i] = n
	}
	return bare, secure, numbers
}

func TestABoardIsOpenedByHTTPSWithACertificateThatIsFetched(t *testing.T) {
	bare, secure, n := ports(t)
	ca := certstest.New(t, n[0], n[1], time.Hour, domain, "www."+domain)
	gone := ca.Start()
	s := startTLS(t, ca.Trust, bare, secure, "--tls-domain", domain+",www."+domain, "--acme-url", ca.URL, "--acme-ca", ca.CA, "--acme-mail", "host@board.example")
	if said := s.out; !strings.Contains(said, s.base+"\n") {
		t.Errorf("it says %q, not %s", said, s.base)
	}
	s.ready(t)

	res, _ := s.ask(t, http.MethodGet, s.base+"/", nil)
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("a page by HTTPS: %s %s, %q", res.Proto, res.Status, res.Header.Get("Strict-Transport-Security"))
	}
	res, body := s.ask(t, http.MethodPost, s.base+"/b/home/posts", url.Values{"body": {"hello over TLS"}})
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("a post: %s %s", res.Status, body)
	}
	if c := res.Cookies(); len(c) != 1 || c[0].Name != "__Host-mf" || !c[0].Secure {
		t.Errorf("cookies: %v", c)
	}
	if err := s.listen(t, s.base); err != nil {
		t.Errorf("a socket: %v", err)
	}

	for _, tt := range []struct {
		method, at string
		status     int
		to, says   string
	}{
		{http.MethodGet, s.clear + "/search?q=a%20b", http.StatusPermanentRedirect, s.base + "/search?q=a%20b", ""},
		{http.MethodHead, s.clear + "/", http.StatusPermanentRedirect, s.base + "/", ""},
		{http.MethodGet, s.clear + "//elsewhere.example/", http.StatusPermanentRedirect, s.base + "//elsewhere.example/", ""},
		{http.MethodPost, s.clear + "/b/home/posts", http.StatusForbidden, "", "by HTTPS at its own address alone"},
		{http.MethodGet, s.clear + "/healthz", http.StatusOK, "", "ok"},
		{http.MethodGet, strings.Replace(s.clear, domain, "www."+domain, 1) + "/about", http.StatusPermanentRedirect, s.base + "/about", ""},
		{http.MethodGet, strings.Replace(s.clear, domain, "other.example", 1) + "/", http.StatusMisdirectedRequest, "", ""},
		{http.MethodGet, s.clear + "/.well-known/acme-challenge/..%2fx", http.StatusPermanentRedirect, s.base + "/.well-known/acme-challenge/..%2fx", ""},
	} {
		res, body := s.ask(t, tt.method, tt.at, nil)
		if res == nil || res.StatusCode != tt.status || res.Header.Get("Location") != tt.to || !strings.Contains(body, tt.says) {
			t.Errorf("%s %s: %v %s", tt.method, tt.at, res, body)
		}
		if res != nil && res.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS in the clear", tt.at)
		}
	}
	www := strings.Replace(s.base, domain, "www."+domain, 1)
	for deadline := time.Now().Add(time.Minute); ; {
		if res, _ := s.ask(t, http.MethodGet, www+"/about", nil); res != nil {
			if res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != s.base+"/about" {
				t.Errorf("by another name: %s to %s", res.Status, res.Header.Get("Location"))
			}
			break
		} else if time.Now().After(deadline) {
			t.Fatal("there is no certificate for the second name")
		}
	}
	if info, err := os.Stat(filepath.Join(s.data, "tls")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v %v", info, err)
	}
	explained(t, "--data", s.data)

	s.stop()
	gone()
	again := startTLS(t, ca.Trust, bare, secure, "--data", s.data, "--tls-domain", domain, "--acme-url", ca.URL, "--acme-ca", ca.CA)
	again.ready(t) // with what it kept
}

func TestWithoutACertificateTheBoardIsOpenInTheClearAndSaysSo(t *testing.T) {
	bare, secure, n := ports(t)
	ca := certstest.New(t, n[0], n[1], time.Hour, domain)
	to, heard := ntfy(t)
	s := startTLS(t, ca.Trust, bare, secure, "--tls-domain", domain, "--acme-url", ca.URL, "--acme-ca", ca.CA, "--alert-url", to)
	if told := hears(t, heard); !strings.Contains(told, "A certificate can’t be had") || strings.Contains(told, domain) {
		t.Errorf("told: %s", told)
	}
	if res, body := s.ask(t, http.MethodGet, s.clear+"/", nil); res == nil || res.StatusCode != http.StatusOK || res.Header.Get("Strict-Transport-Security") != "" {
		t.Fatalf("a page in the clear: %v %s", res, body)
	}
	res, _ := s.ask(t, http.MethodPost, s.clear+"/b/home/posts", url.Values{"body": {"hello in the clear"}})
	if c := res.Cookies(); res.StatusCode != http.StatusSeeOther || len(c) != 1 || c[0].Name != "mf" {
		t.Errorf("a post in the clear: %s, %v", res.Status, c)
	}
	if err := s.listen(t, s.clear); err != nil {
		t.Errorf("a socket in the clear: %v", err)
	}
	if res, _ := s.ask(t, http.MethodGet, s.base+"/", nil); res != nil {
		t.Errorf("by HTTPS: %s", res.Status)
	}
	for _, at := range []string{strings.Replace(s.clear, domain, "other.example", 1), "http://127.0.0.1:" + bare} {
		if res, _ := s.ask(t, http.MethodGet, at+"/", nil); res == nil || res.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s is answered: %v", at, res)
		}
	}
}

func TestAnOwnCertificateIsServedAndReadAgain(t *testing.T) {
	bare, secure, _ := ports(t)
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	roots := x509.NewCertPool()
	renew := func(at time.Time) {
		t.Helper()
		cert, key, err := certstest.Sign(domain, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		roots.AppendCertsFromPEM(cert)
		for i, text := range [][]byte{cert, key} {
			if err := errors.Join(os.WriteFile(files[i], text, 0o600), os.Chtimes(files[i], at, at)); err != nil {
				t.Fatal(err)
			}
		}
	}
	renew(time.Now().Add(-time.Hour))
	args := []string{"--tls-cert", files[0], "--tls-key", files[1], "--base-url", "https://" + domain + ":" + secure}
	s := startTLS(t, roots, bare, secure, args...)
	serial := func() string {
		t.Helper()
		conn, err := tls.Dial("tcp", "127.0.0.1:"+secure, &tls.Config{ServerName: domain, RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := serial()
	renew(time.Now())
	if serial() == first {
		t.Error("the new one is not served")
	}
	if res, _ := s.ask(t, http.MethodGet, s.clear+"/about", nil); res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != s.base+"/about" {
		t.Errorf("in the clear: %s to %q", res.Status, res.Header.Get("Location"))
	}
	command(t, "healthcheck", "--addr", "127.0.0.1:"+bare)
	command(t, append([]string{"healthcheck", "--addr", "127.0.0.1:1", "--tls-addr", "127.0.0.1:" + secure}, args...)...)
}

func TestATakenPortBesideHTTPSStopsNobodyAndIsHadLater(t *testing.T) {
	_, secure, n := ports(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, bare, _ := net.SplitHostPort(taken.Addr().String())
	ca := certstest.New(t, 1, n[1], time.Hour, domain)
	ca.Start()
	s := startTLS(t, ca.Trust, bare, secure, "--tls-domain", domain, "--acme-url", ca.URL, "--acme-ca", ca.CA)
	s.ready(t)

	opened := make(chan bool, 1)
	late := &lateListener{at: taken.Addr().String(), every: 10 * time.Millisecond, opened: func() { opened <- true }, shut: make(chan struct{})}
	accepted := make(chan error, 1)
	go func() {
		conn, err := late.Accept()
		if err == nil {
			err = conn.Close()
		}
		accepted <- err
	}()
	_ = taken.Close()
	<-opened
	if _, err := dial(t.Context(), "tcp", taken.Addr().String()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(<-accepted, late.Close()); err != nil {
		t.Error(err)
	}
	waiting := &lateListener{at: "127.0.0.1:" + secure, every: time.Hour, opened: func() {}, shut: make(chan struct{})}
	go func() { _ = waiting.Close() }()
	if _, err := waiting.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a listener that was shut while it waited: %v", err)
	}
}

// TestSlowHandshakesAndHeadersAreShut waits the three seconds that SPEC 6 gives them.
func TestSlowHandshakesAndHeadersAreShut(t *testing.T) {
	bare, secure, _ := ports(t)
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	cert, key, err := certstest.Sign(domain, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	if err := errors.Join(err, os.WriteFile(files[0], cert, 0o600), os.WriteFile(files[1], key, 0o600)); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	s := startTLS(t, roots, bare, secure, "--tls-cert", files[0], "--tls-key", files[1], "--base-url", "https://"+domain)
	s.ask(t, http.MethodGet, s.base+"/about", nil) // by a connection that is kept
	begin := time.Now()
	silent, err := net.Dial("tcp", "127.0.0.1:"+secure)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	slow, err := tls.Dial("tcp", "127.0.0.1:"+secure, &tls.Config{ServerName: domain, RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write([]byte("GET / HTTP/1.1\r\nHost: board.example\r\nX-Slow: ")); err != nil {
		t.Fatal(err)
	}
	second, err := tls.Dial("tcp", "127.0.0.1:"+secure, &tls.Config{ServerName: domain, RootCAs: roots, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	// HTTP/2: the preface, empty settings, and the beginning of a frame of headers.
	if _, err := second.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x64\x01\x04\x00\x00\x00\x01\x82")); err != nil {
		t.Fatal(err)
	}
	for what, conn := range map[string]net.Conn{"a handshake": silent, "headers": slow} {
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("slow: %s is not shut", what)
		}
	}
	if took := time.Since(begin); took < 2*time.Second || took > 6*time.Second {
		t.Errorf("shut after %v, want 3 s", took)
	}
	_ = second.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(second); errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) > 9*time.Second {
		t.Errorf("slow headers of HTTP/2 are shut after %v, want 6 s", time.Since(begin))
	}
	kept := false
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { kept = info.Reused }})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/about", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if !kept || res.ProtoMajor != 2 {
		t.Errorf("one that has asked is not kept: %v, %s", kept, res.Proto)
	}
}
