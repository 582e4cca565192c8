package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What is in every request and may be nowhere afterwards. The attacks come from an address
// of this machine that nothing else has.
const (
	comesFrom = "127.0.0.77"
	claims    = "203.0.113.77"
	browser   = "CanaryBrowser/7"
	marker    = "xyzzymark"
)

// notes is what the server wrote to its log.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

// server is one that runs, in a folder with its data, keys and temporary files.
type server struct {
	dir, host string
	process   *exec.Cmd
	log       notes
	ended     chan struct{} // closed when the process is gone
	client    *http.Client
}

// start builds the server and runs it on an empty folder, with limits only where an
// attack meets them.
func start(ctx context.Context) (*server, error) {
	dir, err := os.MkdirTemp("", "mayfly-attack-")
	if err != nil {
		return nil, err
	}
	binary, temp := filepath.Join(dir, "mayfly"), filepath.Join(dir, "tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".") //nolint:gosec // into our own folder
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the server: %w\n%s", err, out)
	}
	args := []string{"--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--keys", filepath.Join(dir, "keys"), "--starter", "none"}
	for _, set := range []string{
		"contact=host@river.example", "pow=off", "lookalikes=off", "doxx=off", "pictures=on", "post_chars=10000",
		"post=0", "reply=0", "vote=0", "page=0", "search=0", "picture=0", "open=0", "report=2/2", "socket=" + strconv.Itoa(socketsEach),
	} {
		args = append(args, "--set", set)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, ended: make(chan struct{}), client: &http.Client{
		Timeout: 20 * time.Second, Jar: jar, Transport: &http.Transport{DialContext: dialer.DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s.process = exec.Command(binary, args...) //nolint:gosec,noctx // built a moment ago; it is ended by hand
	s.process.Env = append(os.Environ(), "TMPDIR="+temp)
	s.process.Stderr = &s.log
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, port, found := strings.Cut(lines.Text(), "http://127.0.0.1:"); found {
			s.host = "127.0.0.1:" + strings.TrimSpace(port)
			go func() {
				_, _ = io.Copy(io.Discard, out)
				_ = s.process.Wait()
				close(s.ended)
			}()
			return s, nil
		}
	}
	return nil, fmt.Errorf("the server did not start: %w\n%s", s.process.Wait(), &s.log)
}

func (s *server) remove() {
	_ = s.process.Process.Kill()
	<-s.ended
	_ = os.RemoveAll(s.dir)
}

// dialer comes from an address of its own, so that it is known again if it is kept.
var dialer = &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(comesFrom)}}

func (s *server) dial(ctx context.Context) (*net.TCPConn, error) {
	conn, err := dialer.DialContext(ctx, "tcp", s.host)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// answer is what was answered, and after how long.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

func (s *server) ask(ctx context.Context, method, path, kind string, body []byte) (a answer, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.host+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	for name, value := range map[string]string{
		"User-Agent": browser, "X-Forwarded-For": claims, "X-Real-IP": claims, "Forwarded": "for=" + claims, "Content-Type": kind,
	} {
		req.Header.Set(name, value)
	}
	began := time.Now()
	res, err := s.client.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }()
	a.status, a.header = res.StatusCode, res.Header
	a.body, err = io.ReadAll(res.Body)
	a.took = time.Since(began)
	return a, err
}

// told is a post as the API tells of it.
type told struct {
	ID      string `json:"id"`
	Body    string `json:"body"`
	Warning string `json:"warning"`
}

// publish writes a post, or a reply, by API.
func (s *server) publish(ctx context.Context, path string, draft any) (p told, a answer, err error) {
	body, err := json.Marshal(draft)
	if err != nil {
		return p, a, err
	}
	if a, err = s.ask(ctx, http.MethodPost, path, "application/json", body); err != nil || a.status != http.StatusCreated {
		return p, a, err
	}
	var out struct {
		Post told `json:"post"`
	}
	err = json.Unmarshal(a.body, &out)
	return out.Post, a, err
}

const newPost = "/api/v1/boards/home/posts"

// well wants the server up, punctual, and with nothing to complain of.
func (s *server) well(ctx context.Context) error {
	select {
	case <-s.ended:
		return fmt.Errorf("the server is gone:\n%s", &s.log)
	default:
	}
	a, err := s.ask(ctx, http.MethodGet, "/healthz", "", nil)
	if err != nil || a.status != http.StatusOK {
		return fmt.Errorf("/healthz answers %d: %w", a.status, err)
	}
	if a, err = s.ask(ctx, http.MethodGet, "/", "", nil); err != nil || a.status != http.StatusOK {
		return fmt.Errorf("the board answers %d: %w", a.status, err)
	}
	if log := s.log.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "panic") {
		return fmt.Errorf("the log has errors:\n%s", log)
	}
	return nil
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak is the most memory that the server had, since forgetPeak.
func (s *server) peak() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	m := highWater.FindSubmatch(status)
	if err != nil || m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return n << 10
}

func (s *server) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.process.Process.Pid), []byte("5"), 0o600)
}

// remains looks for who asked, and what they sent, in the log and in every file.
func remains(ctx context.Context, s *server) error {
	if _, a, err := s.publish(ctx, newPost, map[string]string{"body": marker + " to be looked for"}); err != nil || a.status != http.StatusCreated {
		return fmt.Errorf("control: a post is answered %d: %w", a.status, err)
	}
	canaries := []string{comesFrom, claims, browser, marker}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.host, nil)
	if err != nil {
		return err
	}
	for _, c := range s.client.Jar.Cookies(req.URL) {
		canaries = append(canaries, c.Value)
	}
	if len(canaries) < 5 {
		return errors.New("control: nobody has a cookie")
	}
	var found []error
	look := func(where string, raw []byte) {
		for _, canary := range canaries {
			if bytes.Contains(raw, []byte(canary)) {
				found = append(found, fmt.Errorf("%s holds %q", where, canary))
			}
		}
	}
	look("the log", []byte(s.log.String()))
	files, size, left := 0, int64(0), 0
	for _, folder := range []string{"data", "keys", "tmp"} {
		err := filepath.WalkDir(filepath.Join(s.dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path) //nolint:gosec // in our own folder
			if err != nil {
				return err
			}
			files, size = files+1, size+int64(len(raw))
			if folder == "tmp" {
				left++
			}
			look(path, raw)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if left > 0 {
		found = append(found, fmt.Errorf("%d temporary files are left", left))
	}
	say("%d files of %d MiB and %d bytes of log: %d of %d things of who asked", files, size>>20, len(s.log.String()), len(found), len(canaries))
	return errors.Join(found...)
}
