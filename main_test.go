package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestAWrongValueStopsTheStartWithOneSentence(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"an address without a port", []string{"--addr", "localhost"}, "--addr=localhost"},
		{"a base URL without a scheme", []string{"--base-url", "board.example"}, "--base-url=board.example"},
		{"a base URL with a path", []string{"--base-url", "https://board.example/board"}, "--base-url="},
		{"a proxy that is no network", []string{"--trusted-proxies", "nginx"}, "--trusted-proxies"},
		{"a certificate without a key", []string{"--tls-cert", "c.pem"}, "--tls-cert and --tls-key belong together"},
		{"a key without a certificate", []string{"--tls-key", "k.pem"}, "--tls-cert and --tls-key belong together"},
		{"a certificate of one's own and another", []string{"--tls-domain", "board.example", "--tls-cert", "c.pem", "--tls-key", "k.pem"}, "give one or the other"},
		{"a certificate for no name", []string{"--tls-cert", "c.pem", "--tls-key", "k.pem"}, "--tls-cert needs --base-url"},
		{"a certificate for a name without TLS", []string{"--tls-cert", "c.pem", "--tls-key", "k.pem", "--base-url", "http://board.example"}, "--tls-cert needs --base-url"},
		{"a certificate that is not there", []string{"--addr", "127.0.0.1:0", "--tls-addr", "127.0.0.1:0", "--tls-cert", "c.pem", "--tls-key", "k.pem", "--base-url", "https://board.example"}, "--tls-cert, --tls-key: open c.pem"},
		{"a domain that is an address", []string{"--tls-domain", "192.0.2.7"}, "--tls-domain: \"192.0.2.7\" is no name"},
		{"a domain with a star", []string{"--tls-domain", "*.board.example"}, "--tls-domain"},
		{"a domain and another base", []string{"--tls-domain", "board.example", "--base-url", "https://other.example"}, "--base-url=https://other.example"},
		{"a domain and a base without TLS", []string{"--tls-domain", "board.example", "--base-url", "http://board.example"}, "--base-url=http://board.example"},
		{"TLS nowhere", []string{"--tls-domain", "board.example", "--tls-addr", "443"}, "--tls-addr=443"},
		{"TLS somewhere, but for nobody", []string{"--tls-addr", ":8443"}, "--tls-addr is where TLS is spoken"},
		{"an ACME server for nothing", []string{"--acme-url", "https://ca.example/dir"}, "--tls-domain"},
		{"an ACME server without TLS", []string{"--tls-domain", "board.example", "--acme-url", "http://ca.example/dir"}, "--acme-url=http://ca.example/dir"},
		{"nobody who vouches for it", []string{"--tls-domain", "board.example", "--acme-ca", "ca.pem"}, "--acme-ca: open ca.pem"},
		{"an onion's door without a port", []string{"--onion-addr", "localhost"}, "--onion-addr=localhost"},
		{"an onion's name that is none", []string{"--onion-addr", "127.0.0.1:0", "--onion-url", "http://board.example"}, "--onion-url=http://board.example"},
		{"an onion's name without a door", []string{"--onion-url", "http://mayfly.onion"}, "--onion-addr"},
		{"an ops address that is public", []string{"--ops-addr", ":9090"}, "--ops-addr=:9090"},
		{"alerts to no address", []string{"--alert-url", "ntfy"}, "--alert-url"},
		{"alerts of no style", []string{"--alert-url", "https://ntfy.example/t", "--alert-style", "irc"}, "--alert-style=irc"},
		{"alerts by mail without a server", []string{"--alert-mail", "a@board.example"}, "--smtp"},
		{"alerts by no server", []string{"--alert-mail", "a@board.example", "--smtp", "mail"}, "--smtp"},
		{"an unknown log level", []string{"--log-level", "loud"}, "--log-level=loud"},
		{"an unknown starter set", []string{"--starter", "school"}, "--starter=school"},
		{"a starter set in no language of ours", []string{"--starter-lang", "fr"}, "--starter-lang=fr"},
		{"an unknown log format", []string{"--log-format", "xml"}, "--log-format=xml"},
		{"an unknown setting", []string{"--set", "colour=red"}, "no setting is called “colour”"},
		{"a setting out of bounds", []string{"--set", "ttl_max=31d"}, "setting ttl_max=31d"},
		{"bounds that cross", []string{"--set", "ttl_min=2d", "--set", "ttl_max=1d"}, "must hold"},
		{"an unknown flag", []string{"--colour"}, "unknown flag --colour"},
		{"keys inside the data", []string{"--addr", "127.0.0.1:0", "--data", "d", "--keys", "d/keys"}, "keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), tt.args, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error = %q, want one sentence with %q", err, tt.want)
			}
			if got := exitCode(err); got != 2 {
				t.Errorf("exit code = %d, want 2", got)
			}
		})
	}
}

func TestTheEnvironmentStandsBehindTheFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MAYFLY_SET", "ttl_min=1s,post=0")
	t.Setenv("MAYFLY_ADDR", "nonsense")
	if err := run(t.Context(), []string{"version"}, io.Discard); err == nil || !strings.Contains(err.Error(), "--addr=nonsense") {
		t.Errorf("MAYFLY_ADDR was not read: %v", err)
	}
	site := start(t, "--addr", "127.0.0.1:0")
	if got := command(t, "settings", "get", "ttl_min", "--addr", ":0", "--data", site.data); got != "1s\n" {
		t.Errorf("ttl_min = %q, want 1s", got)
	}
	if got := command(t, "settings", "get", "post", "--addr", ":0", "--data", site.data); got != "0\n" {
		t.Errorf("post = %q, want 0", got)
	}
}

func TestARunningServerFollowsSettingsSet(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	socket := site.listen(t)
	command(t, "settings", "set", "post_chars=7", "--data", site.data)
	deadline := time.Now().Add(2 * time.Second)
	for event := ""; event != "settings"; {
		if err := socket.SetReadDeadline(deadline); err != nil {
			t.Fatal(err)
		}
		var frame struct{ Type string }
		if err := socket.ReadJSON(&frame); err != nil {
			t.Fatalf("open pages did not hear of it within two seconds: %v", err)
		}
		event = frame.Type
	}
	if res := site.post(t, "/b/home/posts", url.Values{"body": {"eight ch"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("eight characters: %s, want 422", res.Status)
	}
}

// TestSettingsSetSaysFirstWhatItEnds in the words of the page; told --dry-run it does no more.
func TestSettingsSetSaysFirstWhatItEnds(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	site.post(t, "/b/home/posts", url.Values{"body": {"a thing of three days"}, "ttl": {"3d"}})
	site.post(t, "/b/home/posts", url.Values{"body": {"quite another one, of a day and no more"}, "ttl": {"1d"}})
	const tells = "2 d ends 0 of 2 posts now.\n1 more ends sooner than it would have.\n"
	said := command(t, "settings", "set", "--dry-run", "ttl_max=2d", "--data", site.data)
	if said != tells+"Nothing is changed: this was --dry-run.\n" {
		t.Errorf("--dry-run said %q", said)
	}
	if got := command(t, "settings", "get", "ttl_max", "--data", site.data); got != "7d\n" {
		t.Errorf("--dry-run left ttl_max = %q", got)
	}
	if said := command(t, "settings", "set", "ttl_max=2d", "--data", site.data); said != tells+"Set. A running server follows within two seconds.\n" {
		t.Errorf("set said %q", said)
	}
	if said := command(t, "settings", "set", "--dry-run", "ttl_max=5d", "--board", "home", "--data", site.data); !strings.HasPrefix(said, "What lives already keeps the longest life it was given.\n") {
		t.Errorf("a longer one said %q", said)
	}
	if said := command(t, "settings", "set", "post_chars=700", "--data", site.data); said != "Set. A running server follows within two seconds.\n" {
		t.Errorf("what ends nothing said %q", said)
	}
}

func TestSettingsSetRefusesWhatCanNotBeHad(t *testing.T) {
	t.Chdir(t.TempDir())
	err := run(t.Context(), []string{"settings", "set", "post_chars=0"}, io.Discard)
	if err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), "post_chars=0: give a whole number from 1 to 10000") {
		t.Errorf("error = %v", err)
	}
	if got := command(t, "settings", "get", "post_chars"); got != "1000\n" {
		t.Errorf("post_chars = %q, want it unchanged", got)
	}
}

func TestHealthcheckAsksTheServer(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	addr := strings.TrimPrefix(site.url, "http://")
	command(t, "healthcheck", "--addr", addr)
	site.stop()
	if err := run(t.Context(), []string{"healthcheck", "--addr", addr}, io.Discard); err == nil || exitCode(err) != 1 {
		t.Errorf("a stopped server is called well: %v", err)
	}
}

func TestPostsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	site := start(t, "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	if res := site.post(t, "/b/home/posts", url.Values{"body": {"still here tomorrow"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("status = %s", res.Status)
	}
	site.stop()
	site = start(t, "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	if !strings.Contains(site.get(t, "/"), "still here tomorrow") {
		t.Error("the post is gone after a restart")
	}
}

// TestBothIndexesAreFilledAfterARestart asks until they are: that goes on behind the
// pages.
func TestBothIndexesAreFilledAfterARestart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	site := start(t, "--addr", "127.0.0.1:0", "--data", data)
	for _, end := range []string{"today", "tonight"} {
		if res := site.post(t, "/b/home/posts", url.Values{"body": {"Somebody has left a basket of lemons on the stairs, take as many as you like " + end}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("status = %s", res.Status)
		}
	}
	site.stop()
	site = start(t, "--addr", "127.0.0.1:0", "--data", data)
	for path, want := range map[string]string{"/": "and 1 like it", "/search?q=lemons": "basket of lemons"} {
		for until := time.Now().Add(10 * time.Second); !strings.Contains(site.get(t, path), want); {
			if time.Now().After(until) {
				t.Fatalf("%s does not say %q", path, want)
			}
		}
	}
}

func TestTheAddressesToOpenAreNamed(t *testing.T) {
	everywhere := &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}
	list := addresses(&Config{}, everywhere)
	if list[0] != "http://localhost:8080" {
		t.Errorf("addresses = %q, want this machine's first", list)
	}
	for _, a := range list[1:] {
		u, err := url.Parse(a)
		if err != nil || net.ParseIP(u.Hostname()) == nil || u.Port() != "8080" {
			t.Errorf("%q is no address of the network", a)
		}
	}
	if got := addresses(&Config{}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 81}); !slices.Equal(got, []string{"http://127.0.0.1:81"}) {
		t.Errorf("one address alone: %q", got)
	}
	base := &Config{base: &url.URL{Scheme: "https", Host: "board.example"}}
	if got := addresses(base, everywhere); !slices.Equal(got, []string{"https://board.example"}) {
		t.Errorf("under a name: %q", got)
	}
}

func TestTwoServersDoNotShareOneFolder(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	err := run(t.Context(), []string{"--addr", "127.0.0.1:0", "--data", site.data}, io.Discard)
	if err == nil {
		t.Error("a second server opened the same keys")
	}
}

func TestTheOnionHasADoorOfItsOwnAndASocketLeftBehindIsNoHindrance(t *testing.T) {
	path := filepath.Join(t.TempDir(), "onion")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	site := start(t, "--addr", "127.0.0.1:0", "--onion-addr", "unix:"+path, "--set", "contact=host@river.example")
	through := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://anything.onion/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := through.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("by the onion: %s", res.Status)
	}
	if out := command(t, "doctor", "--data", site.data, "--onion-addr", "unix:"+path); !strings.Contains(out, "listener "+path+" is open") {
		t.Errorf("doctor: %s", out)
	}
	site.stop()
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is left behind")
	}
}

// site is a running server.
type site struct {
	url, data string
	stop      func()
}

var opened = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start runs the whole program until the test ends or stop is called.
func start(t *testing.T, args ...string) *site {
	t.Helper()
	s := &site{data: filepath.Join(t.TempDir(), "data")}
	for i, arg := range args {
		if arg == "--data" {
			s.data = args[i+1]
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"--data", s.data, "--starter", "none"}, args...), in)
		_ = in.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	}
	t.Cleanup(s.stop)
	said := new(bytes.Buffer)
	buf := make([]byte, 512)
	for s.url == "" {
		n, err := out.Read(buf)
		said.Write(buf[:n])
		s.url = opened.FindString(said.String())
		if err != nil {
			t.Fatalf("the server did not start: %v", err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return s
}

var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (s *site) post(t *testing.T, path string, form url.Values) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res
}

func (s *site) get(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// listen opens a socket as a program does.
func (s *site) listen(t *testing.T) *websocket.Conn {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(),
		strings.Replace(s.url, "http", "ws", 1)+"/api/v1/live", http.Header{"Origin": {s.url}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	t.Cleanup(func() { conn.Close() })
	return conn
}

func command(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatalf("mayfly %s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

func TestMain(m *testing.M) {
	if os.Getenv(playMain) != "" { // a test runs this binary as the program
		os.Args = append(os.Args[:1], strings.Fields(os.Getenv(playMain))...)
		os.Unsetenv(playMain)
		main()
		os.Exit(0)
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "MAYFLY_") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

func TestSettingsOfOneBoardAreRefusedWhereThereIsNone(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"settings", "get", "--board", "attic"},
		{"settings", "set", "--board", "attic", "post_chars=9"},
		{"settings", "unset", "--board", "attic", "post_chars"},
		{"settings", "set", "--board", "home", "k=9"},
		{"settings", "unset", "--board", "home", "colour"},
	} {
		err := run(t.Context(), args, io.Discard)
		if err == nil || exitCode(err) != 2 || strings.Contains(err.Error(), "\n") {
			t.Errorf("mayfly %s: %v, want one sentence and exit 2", strings.Join(args, " "), err)
		}
	}
	command(t, "settings", "set", "--board", "home", "post_chars=9")
	if got := command(t, "settings", "get", "--board", "home", "post_chars") + command(t, "settings", "get", "post_chars"); got != "9\n1000\n" {
		t.Errorf("on the board and for all: %q", got)
	}
	command(t, "settings", "unset", "--board", "home", "post_chars")
	if got := command(t, "settings", "get", "--board", "home"); !strings.Contains(got, "post_chars=1000\n") || strings.Contains(got, "visitor_ttl") {
		t.Errorf("after unset: %s", got)
	}
}
