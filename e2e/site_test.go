//go:build e2e

package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/e2e/house"
)

// site is Mayfly as a process of its own, with an empty folder of data.
type site struct {
	t        *testing.T
	url      string
	settings []string
	flags    []string // more of the command line
	data     string
	setup    string // where the link that makes an owner leads
	owned    bool   // it was used
	server   *house.Server
	log      *house.Notes
}

// newSite opens a board with every rate unlimited; settings are such as "post=1/1".
func newSite(t *testing.T, settings ...string) *site {
	t.Helper()
	s := &site{
		t:        t,
		settings: append([]string{"post=0", "reply=0", "vote=0", "page=0", "contact=host@river.example"}, settings...),
		data:     filepath.Join(t.TempDir(), "data"),
		log:      new(house.Notes),
	}
	s.start("127.0.0.1:0")
	t.Cleanup(func() {
		s.stop()
		if strings.Contains(s.log.String(), "level=ERROR") {
			t.Error("the server logged errors")
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log)
		}
	})
	return s
}

// start runs the program on addr until stop, or until the test ends.
func (s *site) start(addr string) {
	s.t.Helper()
	args := append([]string{"--addr", addr, "--data", s.data, "--starter", "none"}, s.flags...)
	for _, setting := range s.settings {
		args = append(args, "--set", setting)
	}
	server, err := built.Start(house.Setup{Args: args, Log: s.log})
	if err != nil {
		s.t.Fatal(err)
	}
	s.server, s.url = server, server.URL
	if !s.owned {
		s.setup = s.link()
	}
}

// link asks for the link that makes an owner, which the server prints into no log.
func (s *site) link() string {
	s.t.Helper()
	out, err := exec.Command(program, "admin", "link", "--data", s.data, "--addr", s.url[strings.Index(s.url, "//")+2:]).Output()
	if err != nil {
		s.t.Fatalf("admin link: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// stop asks the server to end, as a service manager does, and waits until it has.
func (s *site) stop() {
	s.t.Helper()
	if s.server == nil {
		return
	}
	if err := s.server.Stop(); err != nil {
		s.t.Error(err)
	}
	s.server = nil
}

// behindProxy starts the server anew, as one that believes what this machine says
// of where a request comes from.
func (s *site) behindProxy() {
	s.t.Helper()
	s.stop()
	s.flags = append(s.flags, "--trusted-proxies", "127.0.0.0/8")
	s.start("127.0.0.1:0")
}

// set changes a setting from beside the running server.
func (s *site) set(setting string) {
	s.t.Helper()
	cmd := exec.Command(program, "settings", "set", setting, "--data", s.data)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("settings set %s: %v\n%s", setting, err, out)
	}
}

// note is a post or reply as the API told of it, and the key that ends it.
type note struct {
	ID   string `json:"id"`
	Body string `json:"body"`
	Name string `json:"name"`
	key  string
}

// publish writes a post as somebody whom nobody has seen before; life is such as
// "10m", and "" is the board's choice.
func (s *site) publish(body, life string) note {
	s.t.Helper()
	return s.write("/api/v1/boards/home/posts", map[string]any{"body": body, "ttl": life})
}

// reply answers a post as somebody whom nobody has seen before.
func (s *site) reply(id, body string) note {
	s.t.Helper()
	return s.write("/api/v1/posts/"+id+"/replies", map[string]any{"body": body})
}

func (s *site) write(path string, draft map[string]any) note {
	s.t.Helper()
	var out struct {
		Post note   `json:"post"`
		Key  string `json:"owner_key"`
	}
	status, body := s.do(http.MethodPost, path, string(must(json.Marshal(draft))), "Content-Type", "application/json")
	if status != http.StatusCreated {
		s.t.Fatalf("POST %s: %d %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		s.t.Fatal(err)
	}
	out.Post.key = out.Key
	return out.Post
}

// vote casts n votes, each from another network: behindProxy comes first.
func (s *site) vote(on note, vote string, n int) {
	s.t.Helper()
	for i := range n {
		status, body := s.do(http.MethodPut, "/api/v1/posts/"+on.ID+"/vote", fmt.Sprintf(`{"vote":%q}`, vote),
			"Content-Type", "application/json", "X-Forwarded-For", fmt.Sprintf("198.%d.%d.1", 18+i/250, i%250))
		if status != http.StatusOK {
			s.t.Fatalf("a vote: %d %s", status, body)
		}
	}
}

// heart gives a post a heart from somebody whom nobody has seen before.
func (s *site) heart(n note) {
	s.t.Helper()
	status, body := s.do(http.MethodPut, "/api/v1/posts/"+n.ID+"/vote", `{"vote":"heart"}`, "Content-Type", "application/json")
	if status != http.StatusOK {
		s.t.Fatalf("a heart: %d %s", status, body)
	}
}

// end removes what publish or reply wrote.
func (s *site) end(n note) {
	s.t.Helper()
	if status, body := s.do(http.MethodDelete, "/api/v1/posts/"+n.ID, "", "Authorization", "Bearer "+n.key); status != http.StatusNoContent {
		s.t.Fatalf("DELETE: %d %s", status, body)
	}
}

// status is what a page answers.
func (s *site) status(path string) int {
	s.t.Helper()
	status, _ := s.do(http.MethodGet, path, "")
	return status
}

// waitGone waits until the post's page is no more, at most d.
func (s *site) waitGone(n note, d time.Duration) {
	s.t.Helper()
	eventually(s.t, d, "the post's page answers 404", func() bool { return s.status("/p/"+n.ID) == http.StatusNotFound })
}

func (s *site) do(method, path, body string, headers ...string) (status int, answer string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// eventually waits for a fact, at most d.
func eventually(t *testing.T, d time.Duration, fact string, holds func() bool) {
	t.Helper()
	deadline := time.After(d)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", d, fact)
		case <-look.C:
		}
	}
}

// line is the network between a browser and a site, which a test may cut.
type line struct {
	url      string
	to       string
	listener net.Listener
	mu       sync.Mutex
	isCut    bool
	open     map[net.Conn]bool
}

// newLine leads to s by an address of its own.
func newLine(s *site) *line {
	s.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	l := &line{
		url: "http://" + listener.Addr().String(), to: strings.TrimPrefix(s.url, "http://"),
		listener: listener, open: map[net.Conn]bool{},
	}
	var lasting sync.WaitGroup
	lasting.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			lasting.Go(func() { l.carry(conn) })
		}
	})
	s.t.Cleanup(func() {
		listener.Close()
		l.cut()
		lasting.Wait()
	})
	return l
}

// cut breaks every connection without a word, and lets no other one through.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	for conn := range l.open {
		conn.Close()
	}
}

// mend lets connections through again.
func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = false
}

func (l *line) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer far.Close()
	if !l.keep(near, far) {
		return
	}
	defer l.drop(near, far)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(far, near)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
	near.Close()
	<-done
}

func (l *line) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range conns {
		l.open[conn] = true
	}
	return !l.isCut
}

func (l *line) drop(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range conns {
		delete(l.open, conn)
	}
}

// unlike is a line or two that nothing else is like, or the feed would fold it.
func unlike() string { return rand.Text() + " " + rand.Text() + " " + rand.Text() }
