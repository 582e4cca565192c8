package handlers_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/alert"
	"mayfly/alike"
	"mayfly/argon"
	"mayfly/board"
	"mayfly/doctor"
	"mayfly/filter"
	"mayfly/handlers"
	"mayfly/limit"
	"mayfly/live"
	"mayfly/pictures"
	"mayfly/search"
	"mayfly/storage"
	"mayfly/storage/keys"
)

// site is a whole board behind a real socket, with a clock that tests turn.
type site struct {
	t       testing.TB
	url     string
	clock   *clock
	board   *board.Board
	hub     *live.Hub
	alikes  *alike.Index
	search  *search.Index
	tuner   *board.Tuner
	outset  *board.Outset
	storms  *board.Storms
	door    *board.Door
	doors   *board.Doors
	circles *board.Circles
	chats   *board.Chats
	sweeper *board.Sweeper
	store   *storage.Store
	slots   *keys.Store
	log     *bytes.Buffer
	dirs    []string // data and keys
	client  *http.Client

	patterns []string // of every route
	handler  http.Handler
	logger   *slog.Logger
}

// tables is the file of a database that nobody has used yet: to bring each site's through
// all migrations takes as long as the rest of it.
var tables = sync.OnceValues(func() (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "mayfly-tables-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	data := filepath.Join(dir, "data")
	folder, err := keys.OpenFolder(filepath.Join(dir, "keys"), data)
	if err != nil {
		return nil, err
	}
	slots, err := folder.Slots(log)
	if err != nil {
		return nil, err
	}
	store, err := storage.OpenSQLite(ctx, data, slots, log)
	if err != nil {
		return nil, errors.Join(err, slots.Close())
	}
	if err := errors.Join(store.Close(), slots.Close()); err != nil {
		return nil, err
	}
	file := filepath.Join(data, "mayfly.db")
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, "DELETE FROM key_file") // each site's has keys of its own
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

type option func(*handlers.Parts)

func withBase(s string) option {
	return func(p *handlers.Parts) { p.Base, _ = url.Parse(s) }
}

func withTrusted(networks ...string) option {
	return func(p *handlers.Parts) {
		for _, n := range networks {
			p.Trusted = append(p.Trusted, netip.MustParsePrefix(n))
		}
	}
}

// newSite opens a board with every rate unlimited; tests of limits set theirs.
func newSite(t testing.TB, options ...option) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, clock: newClock(), log: new(bytes.Buffer), dirs: []string{filepath.Join(dir, "data"), filepath.Join(dir, "keys")}}
	log := slog.New(slog.NewTextHandler(&locked{w: s.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	folder := must(keys.OpenFolder(s.dirs[1], s.dirs[0]))
	slots := must(folder.Slots(log))
	s.slots = slots
	must(0, errors.Join(os.MkdirAll(s.dirs[0], 0o700), os.WriteFile(filepath.Join(s.dirs[0], "mayfly.db"), must(tables()), 0o600)))
	s.store = must(storage.OpenSQLite(t.Context(), s.dirs[0], slots, log))
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
		if err := slots.Close(); err != nil {
			t.Error(err)
		}
	})
	unlimited := map[string]string{"post": "0", "reply": "0", "vote": "0", "page": "0", "search": "0", "picture": "0", "report": "0", "contact": "host@river.example"}
	s.tuner = must(board.NewTuner(t.Context(), s.store, unlimited, s.clock.Now))
	s.outset = must(board.NewOutset(t.Context(), s.store, s.tuner.Settings, s.clock.Now))
	s.storms = must(board.NewStorms(t.Context(), s.store, s.outset.Settings, s.clock.Now))
	draw := handlers.NewDrawer(s.storms.Settings, s.clock.Now, "test")
	s.hub = live.NewHub(draw, log)
	news := live.NewCalm(s.hub, log)
	index := must(search.New(t.Context(), s.clock.Now, log))
	t.Cleanup(func() {
		if err := index.Close(); err != nil {
			t.Error(err)
		}
	})
	s.alikes, s.search = alike.New(), index
	finder := board.Together{Finder: index, Alikes: s.alikes}
	s.doors = must(board.NewDoors(t.Context(), s.store, s.tuner, quick{}, must(folder.Secret("doors.key")), s.clock.Now))
	s.board = board.New(s.store, finder, must(filter.New(t.Context(), s.store)), s.doors, news, s.storms.Settings, s.clock.Now, log)
	s.outset.Watch(s.board.StormChanged)
	s.storms.Watch(s.board.StormChanged)
	s.doors.Watch(s.board.DoorTurned)
	s.tuner.Watch(s.board.SettingsChanged)
	s.sweeper = board.NewSweeper(s.store, finder, news, s.clock.Now, log)
	s.sweep()
	s.door = board.NewDoor(s.store, quick{}, s.clock.Now, s.clock.Now)
	s.circles = board.NewCircles(s.store, news, s.storms.Settings, s.clock.Now, log, func(board.Waiting) {})
	s.chats = board.NewChats(s.store, s.board, news, log, func(board.Waiting) {})
	parts := handlers.Parts{
		Board: s.board, Door: s.door, Doors: s.doors, Circles: s.circles, Chats: s.chats, Hub: s.hub, Gate: limit.NewGate(s.storms.Settings, s.clock.Now, 1000),
		Press: pictures.NewPress(), Sealer: argon.New(),
		Tuner: s.tuner, Outset: s.outset, Storms: s.storms, Well: func() bool { return !s.sweeper.Late() },
		Tables:     must(s.store.Tables(t.Context())),
		VisitorKey: must(folder.Secret("visitor.key")), Log: log,
		Examine: func(context.Context) []doctor.Finding {
			return []doctor.Finding{{Level: doctor.Good, Code: "doctor.clock"}, {Level: doctor.Warning, Code: "doctor.swap_on"}}
		},
		Bell: alert.New(func(k alert.Kind, _ int) string { return string(k) }, func() bool { return true }, log),
	}
	for _, o := range options {
		o(&parts)
	}
	answering := handlers.New(parts)
	s.patterns = answering.Patterns()
	s.handler, s.logger = answering.Handler(), log
	server := httptest.NewUnstartedServer(s.handler)
	server.Config = handlers.NewHTTPServer(server.Config.Handler, log)
	server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		if err := s.hub.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	s.url = server.URL
	s.client = newBrowser()
	return s
}

// quick makes hashes that cost nothing. What those of Argon2id cost is the tests' of that
// package, and each 19 MiB of them cost the race detector four times as much.
type quick struct{}

func (quick) Hash(_ context.Context, passphrase string) (string, error) {
	salt := rand.Text()
	return fmt.Sprintf("%s$%x", salt, sha256.Sum256([]byte(salt+passphrase))), nil
}

func (quick) Check(_ context.Context, passphrase, hash string) (bool, error) {
	salt, sum, ok := strings.Cut(hash, "$")
	return ok && sum == fmt.Sprintf("%x", sha256.Sum256([]byte(salt+passphrase))), nil
}

// plain asks for nothing to be packed: what to pack and unpack a page costs, the race
// detector makes ten times as much.
var plain = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}

// newBrowser keeps cookies and follows nothing.
func newBrowser() *http.Client {
	return &http.Client{
		Transport:     plain,
		Jar:           must(cookiejar.New(nil)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a response that has been read whole.
type answer struct {
	*http.Response
	body string
}

// do sends a request with headers (pairs of name and value) as the site's browser.
func (s *site) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	return s.as(s.client, method, path, body, headers...)
}

func (s *site) as(who *http.Client, method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := who.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res, string(b)}
}

func (s *site) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", headers...)
}

// form posts fields (pairs of name and value) as a page without script does.
func (s *site) form(path string, fields ...string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, path, encode(fields), "Content-Type", "application/x-www-form-urlencoded")
}

func encode(fields []string) string {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return values.Encode()
}

// call sends JSON, and reads the answer's.
func (s *site) call(method, path string, in any, headers ...string) (answer, map[string]any) {
	s.t.Helper()
	body := ""
	if in != nil {
		body = string(must(json.Marshal(in)))
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	a := s.do(method, path, body, headers...)
	out := map[string]any{}
	if a.body != "" {
		if err := json.Unmarshal([]byte(a.body), &out); err != nil {
			s.t.Fatalf("%s %s answered no JSON: %v", method, path, err)
		}
	}
	return a, out
}

// publish writes a post and returns its id and owner key.
func (s *site) publish(body string) (id, key string) {
	s.t.Helper()
	a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": body})
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("publish: %s %s", a.Status, a.body)
	}
	return out["post"].(map[string]any)["id"].(string), out["owner_key"].(string)
}

// listen opens a socket; path is such as "/live?board=home".
func (s *site) listen(path string) *websocket.Conn {
	s.t.Helper()
	conn, res, err := websocket.DefaultDialer.DialContext(s.t.Context(),
		strings.Replace(s.url, "http", "ws", 1)+path, http.Header{"Origin": {s.url}})
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	s.t.Cleanup(func() { conn.Close() })
	return conn
}

// next is the next frame of a socket, within five seconds.
func (s *site) next(conn *websocket.Conn) string {
	s.t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	_, frame, err := conn.ReadMessage()
	if err != nil {
		s.t.Fatal(err)
	}
	return string(frame)
}

func (s *site) set(name, value string) {
	s.t.Helper()
	if err := s.tuner.Apply(s.t.Context(), "cli", "", map[string]string{name: value}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) sweep() {
	s.t.Helper()
	if err := s.sweeper.Sweep(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// clock is board time, turned by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 6, 1, 12, 0, 30, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// locked lets tests read what goroutines write.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// newSiteOn opens the folders of a site whose store was closed.
func newSiteOn(t *testing.T, s *site) *storage.Store {
	t.Helper()
	store := must(storage.OpenSQLite(t.Context(), s.dirs[0], s.slots, s.logger))
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}
