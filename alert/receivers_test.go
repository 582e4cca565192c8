package alert

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const sentence = "2 reports — c’è da vedere"

// received is a request as a receiver gets it.
type received struct {
	method, path, kind, title, token, body string
}

func receiver(t *testing.T, status int) (*url.URL, <-chan received) {
	t.Helper()
	got := make(chan received, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- received{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Title"), r.Header.Get("Authorization"), string(b)}
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL + "/secret-topic")
	if err != nil {
		t.Fatal(err)
	}
	return u, got
}

func TestEachStyleIsToldAsItWantsToBe(t *testing.T) {
	for _, tt := range []struct {
		style Style
		want  received
	}{
		{Ntfy, received{"POST", "^/secret-topic$", "text/plain; charset=utf-8", "Mayfly", "", sentence}},
		{Slack, received{"POST", "^/secret-topic$", "application/json", "", "", `{"text":"` + sentence + `"}`}},
		{Matrix, received{"PUT", "^/secret-topic/[A-Z0-9]{26}$", "application/json", "", "Bearer t0ken", `{"body":"` + sentence + `","msgtype":"m.text"}`}},
	} {
		t.Run(string(tt.style), func(t *testing.T) {
			to, got := receiver(t, http.StatusOK)
			if err := NewHook(tt.style, to, strings.TrimPrefix(tt.want.token, "Bearer ")).Send(t.Context(), sentence); err != nil {
				t.Fatal(err)
			}
			r := <-got
			if !regexp.MustCompile(tt.want.path).MatchString(r.path) {
				t.Errorf("path %q, want %q", r.path, tt.want.path)
			}
			r.path = tt.want.path
			if r != tt.want {
				t.Errorf("received %+v\nwant     %+v", r, tt.want)
			}
		})
	}
}

func TestAReceiverThatRefusesIsAnErrorWithoutItsSecret(t *testing.T) {
	for _, status := range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		to, got := receiver(t, status)
		err := NewHook(Ntfy, to, "t0ken").Send(t.Context(), sentence)
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "t0ken") {
			t.Errorf("%d: %v", status, err)
		}
		if len(got) != 1 {
			t.Errorf("%d: asked %d times", status, len(got))
		}
	}
	to, _ := receiver(t, http.StatusOK)
	to.Host = "127.0.0.1:1"
	if err := NewHook(Ntfy, to, "").Send(t.Context(), sentence); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}

// postOffice is a small SMTP server.
type postOffice struct {
	t    *testing.T
	l    net.Listener
	cert tls.Certificate
	pool *x509.CertPool
	tls  bool // offers STARTTLS
	with bool // asks who we are

	mu      sync.Mutex
	letters []letter
	secure  bool
}

type letter struct{ auth, from, to, text string }

func openPostOffice(t *testing.T, offersTLS, asks bool) *postOffice {
	t.Helper()
	p := &postOffice{t: t, tls: offersTLS, with: asks, pool: x509.NewCertPool()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, &about, &about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	p.pool.AddCert(made)
	p.cert = tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
	if p.l, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.l.Close() })
	go p.open()
	return p
}

func (p *postOffice) open() {
	for {
		conn, err := p.l.Accept()
		if err != nil {
			return
		}
		go p.serve(conn)
	}
}

func (p *postOffice) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in, secure, mail := bufio.NewReader(conn), false, letter{}
	reply := func(s string) { _, _ = io.WriteString(conn, s+"\r\n") }
	reply("220 localhost")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			list := []string{"localhost"}
			if p.tls && !secure {
				list = append(list, "STARTTLS")
			}
			if p.with {
				list = append(list, "AUTH PLAIN")
			}
			for i, s := range list {
				reply(map[bool]string{true: "250 ", false: "250-"}[i == len(list)-1] + s)
			}
		case "STARTTLS":
			reply("220 go on")
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{p.cert}, MinVersion: tls.VersionTLS12})
			in, secure = bufio.NewReader(conn), true
		case "AUTH":
			raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if mail.auth = string(raw); mail.auth != "\x00me@board.example\x00pass word" {
				reply("535 who")
				return
			}
			reply("235 welcome")
		case "MAIL":
			mail.from = rest
			reply("250 ok")
		case "RCPT":
			mail.to += rest
			reply("250 ok")
		case "DATA":
			reply("354 go on")
			for line, err := in.ReadString('\n'); err == nil && line != ".\r\n"; line, err = in.ReadString('\n') {
				mail.text += line
			}
			p.mu.Lock()
			p.letters, p.secure = append(p.letters, mail), secure
			p.mu.Unlock()
			reply("250 taken")
		default:
			reply("221 bye")
			return
		}
	}
}

func (p *postOffice) mail(t *testing.T, host, user string) *Mail {
	t.Helper()
	_, port, _ := net.SplitHostPort(p.l.Addr().String())
	m, err := NewMail("smtp://"+user+net.JoinHostPort(host, port), "", "one@board.example, Two <two@board.example>")
	if err != nil {
		t.Fatal(err)
	}
	m.tls.RootCAs = p.pool
	return m
}

func TestAMailIsWrittenByTLSToEveryAddress(t *testing.T) {
	p := openPostOffice(t, true, true)
	if err := p.mail(t, "127.0.0.1", "me%40board.example:pass%20word@").Send(t.Context(), sentence); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) != 1 || !p.secure {
		t.Fatalf("%d letters, by TLS %v", len(p.letters), p.secure)
	}
	got := p.letters[0]
	if got.from != "FROM:<me@board.example>" || got.to != "TO:<one@board.example>TO:<two@board.example>" {
		t.Errorf("from %s to %s", got.from, got.to)
	}
	m, err := mail.ReadMessage(strings.NewReader(got.text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != sentence {
		t.Errorf("subject %q, %v", subject, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || string(body) != sentence+"\r\n" {
		t.Errorf("body %q, %v", body, err)
	}
}

func TestNoMailGoesInTheClearToAnotherMachine(t *testing.T) {
	p := openPostOffice(t, false, false)
	if err := p.mail(t, "127.0.0.1", "").Send(t.Context(), sentence); err != nil {
		t.Errorf("on this machine: %v", err)
	}
	m := p.mail(t, "127.0.0.1", "")
	m.host = "mail.example" // the same server, by the name of another machine
	if err := m.Send(t.Context(), sentence); err == nil || !strings.Contains(err.Error(), "no TLS") {
		t.Errorf("on another machine: %v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) != 1 {
		t.Errorf("%d letters, want the one", len(p.letters))
	}
}

func TestAWrongCertificateOrPasswordIsRefused(t *testing.T) {
	p := openPostOffice(t, true, true)
	m := p.mail(t, "127.0.0.1", "me%40board.example:pass%20word@")
	m.tls.RootCAs = x509.NewCertPool()
	if err := m.Send(t.Context(), sentence); err == nil {
		t.Error("a stranger's certificate was taken")
	}
	if err := p.mail(t, "127.0.0.1", "me%40board.example:secret@").Send(t.Context(), sentence); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestNewMailSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ server, from, to string }{
		{"mail.example", "", "a@board.example"},
		{"https://mail.example", "", "a@board.example"},
		{"smtp://mail.example/inbox", "", "a@board.example"},
		{"smtp://mail.example", "", ""},
		{"smtp://mail.example", "", "nobody"},
		{"smtp://mail.example", "a@b\r\nBcc: c@d", "a@board.example"},
		{"smtp://mail.example", "", "a@board.example\r\nBcc: c@d"},
	} {
		if m, err := NewMail(tt.server, tt.from, tt.to); err == nil {
			t.Errorf("%+v was taken: %+v", tt, m)
		}
	}
}
