package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mayfly/e2e/house"
)

// lab is a built server, and a folder for all that it does.
type lab struct{ *house.House }

func prepare(ctx context.Context) (*lab, error) {
	h, err := house.New(ctx, "forensics")
	return &lab{h}, err
}

// place is where one server keeps all that it keeps.
type place struct{ data, keys, temp, log string }

func placeIn(dir string) (place, error) {
	at := place{filepath.Join(dir, "data"), filepath.Join(dir, "data.keys"), filepath.Join(dir, "temp"), filepath.Join(dir, "log")}
	return at, errors.Join(os.MkdirAll(at.temp, 0o700), os.MkdirAll(at.log, 0o700))
}

// all is every folder of it.
func (at place) all() []string { return []string{at.data, at.keys, at.temp, at.log} }

func (at place) slots() string { return filepath.Join(at.keys, "posts.keys") }

// server is one that runs.
type server struct {
	*house.Server
	at     place
	client *http.Client
}

// settings let one address write as it likes, and posts live for seconds.
var settings = []string{
	"post=0", "reply=0", "vote=0", "page=0", "picture=0", "socket=0", "pow=off", "lookalikes=off", "ttl_min=1s", "life_per_heart=2s", "contact=host@river.example",
}

// start runs a server in a place, and returns once it answers.
func (h *lab) start(program string, at place) (*server, error) {
	log, err := os.OpenFile(filepath.Join(at.log, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	up, err := h.Start(house.Setup{
		Program: program,
		Args:    house.Serve(at.data, at.keys, settings...),
		Env:     []string{"TMPDIR=" + at.temp, "SQLITE_TMPDIR=" + at.temp},
		Said:    log,
	})
	if err != nil {
		return nil, err
	}
	return &server{Server: up, at: at, client: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64},
	}}, nil
}

func (s *server) stop() error {
	s.client.CloseIdleConnections()
	return s.Stop()
}

// person has a cookie once there is one.
type person struct {
	mu     sync.Mutex
	cookie string
}

// send asks the API, and returns the status (0: nothing came back) and the answer.
func (s *server) send(ctx context.Context, who *person, method, path, bearer string, body any) (status int, answer []byte) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil
	}
	return s.sendAs(ctx, who, method, path, bearer, "application/json", text)
}

func (s *server) sendAs(ctx context.Context, who *person, method, path, bearer, kind string, body []byte) (status int, answer []byte) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", kind)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	who.mu.Lock()
	if who.cookie != "" {
		req.Header.Set("Cookie", who.cookie)
	}
	who.mu.Unlock()
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		return 0, nil
	}
	for _, c := range res.Cookies() {
		who.mu.Lock()
		who.cookie = c.Name + "=" + c.Value
		who.mu.Unlock()
	}
	return res.StatusCode, answer
}

// bytesAt reads a path of the site whole.
func (s *server) bytesAt(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}
