package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/handlers"
)

const onionHost = "mayflymayflymayflymayflymayflymayflymayflymayflymayflyid.onion"

func withOnion(p *handlers.Parts) { p.Onion = &url.URL{Scheme: "http", Host: onionHost} }

// onion is the site's other door: a socket that stands for tor.
type onion struct {
	t    testing.TB
	path string
}

// openOnion opens it for a site that was made with withOnion or without.
func (s *site) openOnion() onion {
	s.t.Helper()
	o := onion{s.t, filepath.Join(s.t.TempDir(), "onion")}
	l := must(new(net.ListenConfig).Listen(s.t.Context(), "unix", o.path))
	srv := handlers.NewOnionServer(s.handler, s.logger)
	go func() { _ = srv.Serve(l) }()
	s.t.Cleanup(func() { _ = srv.Close() })
	return o
}

func (o onion) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", o.path)
}

// browser is one client of the onion, with cookies of its own.
func (o onion) browser() *http.Client {
	transport := &http.Transport{DialContext: o.dial}
	o.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Jar: must(cookiejar.New(nil)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (o onion) send(who *http.Client, method, path, body string, headers ...string) answer {
	o.t.Helper()
	req := must(http.NewRequestWithContext(o.t.Context(), method, "http://"+onionHost+path, strings.NewReader(body)))
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := who.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	return answer{res, string(must(io.ReadAll(res.Body)))}
}

// writes posts, and solves what it is asked for.
func (o onion) writes(who *http.Client, text string) answer {
	o.t.Helper()
	body := string(must(json.Marshal(map[string]string{"body": text})))
	a := o.send(who, http.MethodPost, "/api/v1/boards/home/posts", body, "Content-Type", "application/json")
	if a.Header.Get("Mayfly-Challenge") != "" {
		proof := asked(o.t, a).solve(o.t)
		a = o.send(who, http.MethodPost, "/api/v1/boards/home/posts", body, "Content-Type", "application/json", "Mayfly-Proof", proof)
	}
	return a
}

func TestR28FiftyClientsOfTheOnionAreNotOnePerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, withOnion)
	s.set("pow_bits", "8")
	s.set("post", "1/1")
	o := s.openOnion()
	abuser := o.browser()
	refused := 0
	for range 240 { // more than one network gets with proofs
		if o.writes(abuser, "buy").StatusCode == http.StatusTooManyRequests {
			refused++
		}
		abuser.Jar = must(cookiejar.New(nil)) // and is somebody new each time
	}
	if refused > 0 {
		t.Errorf("%d of its proofs were not taken", refused)
	}
	for range 49 {
		if a := o.writes(o.browser(), "good evening"); a.StatusCode != http.StatusCreated {
			t.Fatalf("one of the others: %s %s", a.Status, a.body)
		}
	}
	next := s.do(http.MethodPost, "/api/v1/boards/home/posts", `{"body":"from next door"}`, "Content-Type", "application/json")
	if next.StatusCode != http.StatusCreated { // newcomers of a loud board are asked, wherever they come from
		next = s.do(http.MethodPost, "/api/v1/boards/home/posts", `{"body":"from next door"}`, "Content-Type", "application/json", "Mayfly-Proof", asked(t, next).solve(t))
	}
	if next.StatusCode != http.StatusCreated {
		t.Errorf("a visitor from elsewhere: %s", next.Status)
	}
}

func TestANewcomerOfTheOnionPaysOnceTheirCookieHasSettledTheyDoNot(t *testing.T) {
	t.Parallel()
	s := newSite(t, withOnion)
	s.set("pow_bits", "8")
	s.set("post", "6/3")
	o := s.openOnion()
	me := o.browser()
	post := func() answer {
		return o.send(me, http.MethodPost, "/api/v1/boards/home/posts", `{"body":"x"}`, "Content-Type", "application/json")
	}
	if a := post(); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Mayfly-Challenge") == "" {
		t.Fatalf("a first write without a proof: %s", a.Status)
	}
	if a := o.writes(me, "hello"); a.StatusCode != http.StatusCreated {
		t.Fatalf("with one: %s", a.Status)
	}
	s.clock.turn(21 * time.Minute)
	for range 3 {
		if a := post(); a.StatusCode != http.StatusCreated {
			t.Fatalf("settled: %s", a.Status)
		}
	}
	if a := post(); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Mayfly-Challenge") != "" {
		t.Errorf("past their own bucket: %s", a.Status)
	}
}

func TestTheOnionGoesByItsNameAndNoOther(t *testing.T) {
	t.Parallel()
	named, unnamed := newSite(t, withOnion).openOnion(), newSite(t).openOnion()
	for _, tt := range []struct {
		host string
		door onion
		want int
	}{
		{onionHost, named, http.StatusOK},
		{strings.ToUpper(onionHost), named, http.StatusOK},
		{"another.onion", named, http.StatusMisdirectedRequest},
		{"another.onion", unnamed, http.StatusOK},
		{"another.onion:80", unnamed, http.StatusOK},
		{"localhost", unnamed, http.StatusMisdirectedRequest},
		{"127.0.0.1", unnamed, http.StatusMisdirectedRequest},
		{"board.example", named, http.StatusMisdirectedRequest},
	} {
		if a := tt.door.send(tt.door.browser(), http.MethodGet, "/", "", "Host", tt.host); a.StatusCode != tt.want {
			t.Errorf("%s: %s, want %d", tt.host, a.Status, tt.want)
		}
	}
	s := newSite(t, withOnion)
	if a := s.get("/", "Host", onionHost); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("the onion's name at the other door: %s", a.Status)
	}
}

func TestWhatTheOnionSaysOfAddressesIsNotRead(t *testing.T) {
	t.Parallel()
	s := newSite(t, withOnion, withTrusted("127.0.0.1/32"))
	o := s.openOnion()
	a := o.send(o.browser(), http.MethodGet, "/", "", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https")
	if a.Header.Get("Strict-Transport-Security") != "" {
		t.Error("an onion was called TLS")
	}
	if strings.Contains(s.log.String(), "X-Forwarded-For") {
		t.Error("it is spoken of in the log")
	}
}

func TestPagesFromElsewhereOfferTheOnion(t *testing.T) {
	t.Parallel()
	s := newSite(t, withOnion)
	if got, want := s.get("/boards?x=1").Header.Get("Onion-Location"), "http://"+onionHost+"/boards?x=1"; got != want {
		t.Errorf("Onion-Location: %q, want %q", got, want)
	}
	o := s.openOnion()
	if got := o.send(o.browser(), http.MethodGet, "/", "").Header.Get("Onion-Location"); got != "" {
		t.Errorf("at the onion itself: %q", got)
	}
	if got := newSite(t).get("/").Header.Get("Onion-Location"); got != "" {
		t.Errorf("without an onion: %q", got)
	}
}

func TestASocketOpensByTheOnion(t *testing.T) {
	t.Parallel()
	s := newSite(t, withBase("https://board.example"), withOnion)
	o := s.openOnion()
	dialer := websocket.Dialer{NetDialContext: o.dial}
	conn, res, err := dialer.DialContext(t.Context(), "ws://"+onionHost+"/live?format=json", http.Header{"Origin": {"http://" + onionHost}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	defer conn.Close()
	if frame := s.next(conn); !strings.Contains(frame, "hello") {
		t.Errorf("first frame: %s", frame)
	}
	_, res, err = dialer.DialContext(t.Context(), "ws://"+onionHost+"/live", http.Header{"Origin": {"https://board.example"}})
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a page from elsewhere: %v", err)
	}
}

func TestLinksToPassOnStayInTheOnion(t *testing.T) {
	t.Parallel()
	s := newSite(t, withBase("http://127.0.0.1"), withOnion)
	o := s.openOnion()
	s.set("pow_bits", "8")
	me := o.browser()
	a := o.writes(me, "pass me on")
	var out struct{ Post struct{ ID string } }
	if err := json.NewDecoder(bytes.NewReader([]byte(a.body))).Decode(&out); err != nil || out.Post.ID == "" {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	page := o.send(me, http.MethodGet, "/p/"+out.Post.ID+"/qr", "").body
	if !strings.Contains(page, "http://"+onionHost+"/p/"+out.Post.ID) {
		t.Error("its code leads out of the onion")
	}
}
