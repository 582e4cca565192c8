//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/security"
	"github.com/gorilla/websocket"

	"mayfly/certs/certstest"

	"mayfly/e2e/house"
)

// front is a site behind real proxies, as deploy/ ships them, under localhost and a
// certificate of its own.
type front struct {
	t           *testing.T
	site        *site
	backend     string // where Mayfly listens
	base, plain string // by TLS, and without
	cert, key   string
	roots       *x509.CertPool
}

// newFront starts a site that believes trusted, and says that it is behind a proxy.
func newFront(t *testing.T, trusted string, settings ...string) *front {
	t.Helper()
	dir := t.TempDir()
	f := &front{
		t: t, roots: x509.NewCertPool(), base: "https://localhost:" + certstest.Port(t), plain: "http://localhost:" + certstest.Port(t),
		cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"),
	}
	cert, key, err := certstest.Sign("localhost", time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	f.roots.AppendCertsFromPEM(cert)
	for path, text := range map[string][]byte{f.cert: cert, f.key: key} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.site = newSite(t, settings...)
	f.backend = strings.TrimPrefix(f.site.url, "http://")
	f.site.stop()
	f.site.flags = []string{"--base-url", f.base}
	if trusted != "" {
		f.site.flags = append(f.site.flags, "--trusted-proxies", trusted)
	}
	f.site.start(f.backend)
	return f
}

func port(base string) string { return base[strings.LastIndexByte(base, ':')+1:] }

// shipped is a file of deploy/ with pairs of what is found there, and what stands in its
// place in this test.
func shipped(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	text := string(must(os.ReadFile(filepath.Join("..", "deploy", name))))
	for i := 0; i+1 < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("deploy/%s does not say %q", name, pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// runs starts a proxy until the test ends; it may write down nobody's address.
func runs(t *testing.T, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		t.Fatalf("these tests need %s; make tools installs it", name)
	}
	var said house.Notes
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		for _, visitor := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.4"} {
			if strings.Contains(said.String(), visitor) {
				t.Errorf("%s wrote down who came:\n%s", name, said.String())
			}
		}
		if t.Failed() {
			t.Logf("%s:\n%s", name, said.String())
		}
	})
}

// nginx runs with the shipped files, which change as pairs say.
func (f *front) nginx(config string) {
	f.t.Helper()
	dir := f.t.TempDir()
	for _, sub := range []string{"temp", "log"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			f.t.Fatal(err)
		}
	}
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += kind + "_temp_path " + filepath.Join(dir, "temp", kind) + ";\n"
	}
	whole := "user root; daemon off; pid " + dir + "/pid; error_log stderr error; worker_processes 1;\nevents { worker_connections 256; }\n" +
		"http {\naccess_log " + dir + "/log/access.log;\n" + temp + config + "\n}\n"
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { f.leftNothing(dir) })
	runs(f.t, "nginx", "-p", dir, "-c", path)
}

// leftNothing looks at what nginx wrote: nothing of anybody's.
func (f *front) leftNothing(dir string) {
	f.t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if text, _ := os.ReadFile(path); !strings.HasSuffix(path, "nginx.conf") && (bytes.Contains(text, []byte("127.0.0.")) || bytes.Contains(text, []byte("GET /"))) {
			f.t.Errorf("nginx kept %s:\n%s", path, text)
		}
		return nil
	})
	if err != nil {
		f.t.Error(err)
	}
}

// outerNginx is deploy/nginx.conf before to.
func (f *front) outerNginx(to string, more ...string) string {
	pairs := append([]string{
		"server 127.0.0.1:8080", "server " + to,
		"listen 80;", "listen 127.0.0.1:" + port(f.plain) + ";", "listen [::]:80;", "",
		"listen 443 ssl", "listen 127.0.0.1:" + port(f.base) + " ssl", "listen [::]:443 ssl http2;", "",
		"/etc/letsencrypt/live/board.example/fullchain.pem", f.cert, "/etc/letsencrypt/live/board.example/privkey.pem", f.key,
		"https://board.example$request_uri", f.base + "$request_uri",
		"server_name board.example", "server_name localhost",
	}, more...)
	return shipped(f.t, "nginx.conf", pairs...)
}

// innerNginx is deploy/nginx-inner.conf at an address.
func (f *front) innerNginx(at string) string {
	return shipped(f.t, "nginx-inner.conf", "server 127.0.0.1:8080", "server "+f.backend, "listen 8081", "listen "+at, "server_name board.example", "server_name localhost")
}

// caddy runs with a Caddyfile.
func (f *front) caddy(config string) {
	f.t.Helper()
	path := filepath.Join(f.t.TempDir(), "Caddyfile")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		f.t.Fatal(err)
	}
	runs(f.t, "caddy", "run", "--adapter", "caddyfile", "--config", path)
}

// outerCaddy is deploy/Caddyfile before to.
func (f *front) outerCaddy(to string) string {
	return shipped(f.t, "Caddyfile",
		"{\n\t# Caddy keeps", "{\n\tadmin off\n\thttp_port "+port(f.plain)+"\n\thttps_port "+port(f.base)+"\n\tskip_install_trust\n\t# Caddy keeps",
		"\nboard.example {", "\nlocalhost {\n\ttls "+f.cert+" "+f.key+"\n",
		"reverse_proxy 127.0.0.1:8080", "reverse_proxy "+to)
}

// innerCaddy is deploy/Caddyfile.inner at an address.
func (f *front) innerCaddy(at string) string {
	return shipped(f.t, "Caddyfile.inner", "{\n\t# No addresses", "{\n\tadmin off\n\t# No addresses", "http://board.example:8081", "http://localhost:"+port(at),
		"reverse_proxy 127.0.0.1:8080", "reverse_proxy "+f.backend, "trusted_proxies 10.0.0.0/8", "trusted_proxies 127.0.0.1/32")
}

// visitor comes from an address of this machine.
func (f *front) visitor(from string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: f.roots}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, _, at string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", "127.0.0.1:"+port(at))
		},
	}
	f.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Jar: must(cookiejar.New(nil)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (f *front) ask(who *http.Client, method, at string, form url.Values, headers ...string) (*http.Response, string) {
	f.t.Helper()
	req := must(http.NewRequestWithContext(f.t.Context(), method, at, strings.NewReader(form.Encode())))
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := who.Do(req)
	if err != nil {
		return &http.Response{Status: err.Error(), Header: http.Header{}}, ""
	}
	defer res.Body.Close()
	return res, string(must(io.ReadAll(res.Body)))
}

// up waits until the board answers through whatever stands before it.
func (f *front) up() {
	f.t.Helper()
	who := f.visitor("127.0.0.1")
	eventually(f.t, 20*time.Second, "the board answers by its proxy", func() bool {
		res, _ := f.ask(who, http.MethodGet, f.base+"/healthz", nil)
		return res.StatusCode == http.StatusOK
	})
}

// socket opens one from a page at origin.
func (f *front) socket(origin string) (*websocket.Conn, int) {
	f.t.Helper()
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: f.roots}, NetDialContext: func(ctx context.Context, _, at string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port(at))
	}}
	conn, res, err := d.DialContext(f.t.Context(), "wss"+strings.TrimPrefix(f.base, "https")+"/live?format=json", http.Header{"Origin": {origin}})
	status := 0
	if res != nil {
		status = res.StatusCode
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, status
	}
	f.t.Cleanup(func() { _ = conn.Close() })
	return conn, status
}

// doctor is what the command says, with more flags.
func (f *front) doctor(flags ...string) string {
	f.t.Helper()
	cmd := exec.Command(program, append([]string{"doctor", "--data", f.site.data, "--base-url", f.base}, flags...)...)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+f.cert, "LANG=C")
	out, _ := cmd.CombinedOutput() // it exits with 1 where something is bad
	return string(out)
}

func TestBehindRealProxiesAllIsAsWithoutThem(t *testing.T) {
	for name, stand := range map[string]func(f *front){
		"nginx": func(f *front) { f.nginx(f.outerNginx(f.backend)) },
		"Caddy": func(f *front) { f.caddy(f.outerCaddy(f.backend)) },
		"nginx behind nginx": func(f *front) {
			at := "127.0.0.1:" + certstest.Port(f.t)
			f.nginx(f.innerNginx(at))
			f.nginx(f.outerNginx(at))
		},
		"Caddy behind Caddy": func(f *front) {
			at := "localhost:" + certstest.Port(f.t)
			f.caddy(f.innerCaddy(at))
			f.caddy(f.outerCaddy(at))
		},
		"nginx behind Caddy": func(f *front) {
			at := "127.0.0.1:" + certstest.Port(f.t)
			f.nginx(f.innerNginx(at))
			f.caddy(f.outerCaddy(at))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, "127.0.0.1/32,::1/128", "post=1/1", "pow=off")
			stand(f)
			f.up()
			f.isWhole()
		})
	}
}

// isWhole looks at all that a proxy could get wrong.
func (f *front) isWhole() {
	t := f.t
	t.Helper()
	conn, status := f.socket(f.base)
	if conn == nil {
		t.Fatalf("no socket by %s: %d", f.base, status)
	}
	for _, origin := range []string{strings.Replace(f.base, "https", "http", 1), "https://elsewhere.example", "http://" + f.backend} {
		if other, status := f.socket(origin); other != nil || status != http.StatusForbidden {
			t.Errorf("a socket of a page at %s: %d", origin, status)
		}
	}

	// Each address has its own limit, and what a visitor says of theirs is not believed.
	posts := func(who *http.Client, headers ...string) int {
		res, _ := f.ask(who, http.MethodPost, f.base+"/b/home/posts", url.Values{"body": {unlike()}}, append([]string{"Origin", f.base}, headers...)...)
		return res.StatusCode
	}
	first := 0
	for ; posts(f.visitor("127.0.0.2")) == http.StatusSeeOther; first++ {
		if first > 20 {
			t.Fatal("an address has no limit")
		}
	}
	if got := posts(f.visitor("127.0.0.2"), "X-Forwarded-For", "203.0.113.7"); got != http.StatusTooManyRequests {
		t.Errorf("with an address of its own making: %d after %d posts", got, first)
	}
	if got := posts(f.visitor("127.0.0.3")); first == 0 || got != http.StatusSeeOther {
		t.Errorf("another address shares the limit: %d after %d posts", got, first)
	}

	// Live.
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for born := 0; born < first+1; {
		var frame struct{ Type string }
		if err := conn.ReadJSON(&frame); err != nil {
			t.Fatalf("the socket heard of %d of %d posts: %v", born, first+1, err)
		}
		if frame.Type == "born" {
			born++
		}
	}

	who := f.visitor("127.0.0.4")
	res, _ := f.ask(who, http.MethodGet, f.base+"/", nil)
	if got := res.Header.Values("Strict-Transport-Security"); len(got) != 1 || res.ProtoMajor != 2 {
		t.Errorf("HSTS %q by %s", got, res.Proto)
	}
	res, _ = f.ask(who, http.MethodPost, f.base+"/b/home/posts", url.Values{"body": {unlike()}}, "Origin", f.base)
	if c := res.Cookies(); len(c) != 1 || c[0].Name != "__Host-mf" || !c[0].Secure {
		t.Errorf("%s, cookies %v", res.Status, c)
	}
	if res, _ := f.ask(f.visitor("127.0.0.4"), http.MethodPost, f.base+"/b/home/posts", url.Values{"body": {unlike()}}, "Origin", strings.Replace(f.base, "https", "http", 1), "Sec-Fetch-Site", "cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of a page in the clear: %s", res.Status)
	}
	to := []string{f.base + "/about?x=1", "https://localhost/about?x=1"} // Caddy leads to 443 whatever its port
	if res, _ := f.ask(who, http.MethodGet, f.plain+"/about?x=1", nil); res.StatusCode != http.StatusPermanentRedirect || !slices.Contains(to, res.Header.Get("Location")) {
		t.Errorf("in the clear: %s to %q", res.Status, res.Header.Get("Location"))
	}
	if said := f.doctor("--trusted-proxies", "127.0.0.1/32"); !strings.Contains(said, "Live pages get through to "+f.base) || !strings.Contains(said, "The certificate of localhost is good for") || strings.Contains(said, "is not believed") {
		t.Errorf("doctor: %s", said)
	}
}

func TestDoctorFindsWhatIsWrongWithAProxy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		trusted string
		change  []string
		says    string
	}{
		"nobody is believed":                {"", nil, "What stands before https://localhost"},
		"another network is believed":       {"10.0.0.0/8", nil, "What stands before https://localhost"},
		"nginx does not pass sockets on":    {"127.0.0.1/32", []string{"proxy_set_header Upgrade $http_upgrade;", "", "proxy_set_header Connection $mayfly_connection;", ""}, "where a socket should open"},
		"nginx does not say that it is TLS": {"127.0.0.1/32", []string{"proxy_set_header X-Forwarded-Proto $scheme;", ""}, "but nobody says so here"},
		"nginx changes the name":            {"127.0.0.1/32", []string{"proxy_set_header Host $http_host;", "proxy_set_header Host $proxy_host;"}, "the name is lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, tt.trusted)
			f.nginx(f.outerNginx(f.backend, tt.change...))
			f.up()
			var flags []string
			if tt.trusted != "" {
				flags = []string{"--trusted-proxies", tt.trusted}
			}
			if said := f.doctor(flags...); !strings.Contains(said, tt.says) {
				t.Errorf("doctor does not say %q: %s", tt.says, said)
			}
		})
	}
}

// TestAnAdminSeesThatTheirProxyIsNotBelieved has two browsers come by nginx: one sees what
// the other writes, and who runs the board sees what is wrong.
func TestAnAdminSeesThatTheirProxyIsNotBelieved(t *testing.T) {
	t.Parallel()
	f := newFront(t, "")
	f.nginx(f.outerNginx(f.backend))
	f.up()
	p := f.person("the owner")
	f.site.owner(p)
	p.open("/admin/log")
	p.shows("--trusted-proxies")
	p.openLive("/")
	q := f.person("somebody else")
	q.openLive("/")
	q.post("hello by nginx")
	p.shows("hello by nginx")
}

// person is a browser that takes the front's certificate.
func (f *front) person(name string) *person {
	f.t.Helper()
	p := newPerson(f.t, name, f.base)
	tell(p, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	return p
}
