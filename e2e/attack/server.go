package main

import (
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
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mayfly/e2e/house"
)

// What is in every request and may be nowhere afterwards. The attacks come from an address
// of this machine that nothing else has.
const (
	comesFrom = "127.0.0.77"
	claims    = "203.0.113.77"
	browser   = "CanaryBrowser/7"
	marker    = "xyzzymark"
)

// server is one that runs, in a folder with its data, keys and temporary files.
type server struct {
	*house.Server
	home   *house.House
	host   string
	client *http.Client
}

// start builds the server and runs it on an empty folder, with limits only where an
// attack meets them.
func start(ctx context.Context) (*server, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	h, err := house.New(ctx, "attack")
	if err != nil {
		return nil, err
	}
	s := &server{home: h, client: &http.Client{
		Timeout: 20 * time.Second, Jar: jar, Transport: &http.Transport{DialContext: dialer.DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	temp := filepath.Join(h.Dir, "tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	s.Server, err = h.Start(house.Setup{
		Args: house.Serve(filepath.Join(h.Dir, "data"), filepath.Join(h.Dir, "keys"),
			"contact=host@river.example", "pow=off", "lookalikes=off", "doxx=off", "pictures=on", "post_chars=10000",
			"post=0", "reply=0", "vote=0", "page=0", "search=0", "picture=0", "open=0", "report=2/2", "socket="+strconv.Itoa(socketsEach)),
		Env: []string{"TMPDIR=" + temp},
	})
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	s.host = strings.TrimPrefix(s.URL, "http://")
	return s, nil
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
	case <-s.Ended:
		return fmt.Errorf("the server is gone:\n%s", s.Log)
	default:
	}
	a, err := s.ask(ctx, http.MethodGet, "/healthz", "", nil)
	if err != nil || a.status != http.StatusOK {
		return fmt.Errorf("/healthz answers %d: %w", a.status, err)
	}
	if a, err = s.ask(ctx, http.MethodGet, "/", "", nil); err != nil || a.status != http.StatusOK {
		return fmt.Errorf("the board answers %d: %w", a.status, err)
	}
	return s.Complaint()
}

// forgetPeak has Highest begin anew.
func (s *server) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.Pid()), []byte("5"), 0o600)
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
	look("the log", []byte(s.Log.String()))
	files, size, left := 0, int64(0), 0
	for _, folder := range []string{"data", "keys", "tmp"} {
		err := filepath.WalkDir(filepath.Join(s.home.Dir, folder), func(path string, d fs.DirEntry, err error) error {
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
	say("%d files of %d MiB and %d bytes of log: %d of %d things of who asked", files, size>>20, len(s.Log.String()), len(found), len(canaries))
	return errors.Join(found...)
}
