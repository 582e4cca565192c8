package main

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// person is whoever sends requests: an address, and a cookie once there is one.
type person struct {
	addr   string
	cookie string
}

// result is what became of a write.
type result int

const (
	refused  result = iota
	accepted        // at once
	proven          // after a proof of work
)

// challenge is what a 429 asks for.
type challenge struct {
	Token      string
	Bits       int
	Parameters struct {
		Nonce, Salt, KeyPrefix string
		Cost, KeyLength        int
	}
}

// solve works until it is done, or ctx is.
func (c challenge) solve(ctx context.Context) (string, bool) {
	nonce, err := hex.DecodeString(c.Parameters.Nonce)
	salt, err2 := hex.DecodeString(c.Parameters.Salt)
	if err != nil || err2 != nil {
		return "", false
	}
	for n := uint32(0); ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return "", false
		}
		key, err := pbkdf2.Key(sha256.New, string(binary.BigEndian.AppendUint32(slices.Clip(nonce), n)), salt, c.Parameters.Cost, c.Parameters.KeyLength)
		if err != nil {
			return "", false
		}
		if strings.HasPrefix(hex.EncodeToString(key[:8]), c.Parameters.KeyPrefix) {
			return c.Token + "." + strconv.FormatUint(uint64(n), 10), true
		}
	}
}

// solver solves challenges, one of them at a time for each core.
type solver chan struct{}

func (s solver) solve(ctx context.Context, c challenge) (string, bool) {
	select {
	case s <- struct{}{}:
		defer func() { <-s }()
		return c.solve(ctx)
	case <-ctx.Done():
		return "", false
	}
}

// send asks the API; a challenge that comes back is solved where there is a solver.
func (s *server) send(ctx context.Context, who *person, method, path string, body any, work solver) (out []byte, r result) {
	proof := ""
	for r = accepted; ; r = proven {
		status, answer, asked := s.once(ctx, who, method, path, body, proof)
		switch {
		case status >= 200 && status < 300:
			return answer, r
		case status != http.StatusTooManyRequests || asked == nil || work == nil || proof != "":
			return nil, refused
		}
		var ok bool
		if proof, ok = work.solve(ctx, *asked); !ok {
			return nil, refused
		}
	}
}

func (s *server) once(ctx context.Context, who *person, method, path string, body any, proof string) (status int, answer []byte, asked *challenge) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, nil
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, nil
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", who.addr)
	if who.cookie != "" {
		req.Header.Set("Cookie", who.cookie)
	}
	if proof != "" {
		req.Header.Set("Mayfly-Proof", proof)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil, nil
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		return 0, nil, nil
	}
	for _, c := range res.Cookies() {
		if who.cookie == "" {
			who.cookie = c.Name + "=" + c.Value
		}
	}
	if text := res.Header.Get("Mayfly-Challenge"); text != "" {
		asked = new(challenge)
		if json.Unmarshal([]byte(text), asked) != nil {
			asked = nil
		}
	}
	return res.StatusCode, answer, asked
}

// post publishes on the home board, and returns the post's id.
func (s *server) post(ctx context.Context, who *person, text string, work solver) (id string, r result) {
	out, r := s.send(ctx, who, http.MethodPost, "/boards/home/posts", map[string]string{"body": text}, work)
	var answer struct{ Post struct{ ID string } }
	if r == refused || json.Unmarshal(out, &answer) != nil {
		return "", refused
	}
	return answer.Post.ID, r
}

func (s *server) vote(ctx context.Context, who *person, id, vote string, work solver) {
	s.send(ctx, who, http.MethodPut, "/posts/"+id+"/vote", map[string]string{"vote": vote}, work)
}

func (s *server) report(ctx context.Context, who *person, id string, work solver) {
	s.send(ctx, who, http.MethodPost, "/posts/"+id+"/reports", map[string]string{"reason": "spam"}, work)
}

// firstPage is what a reader who opens the board finds.
func (s *server) firstPage(ctx context.Context, who *person) (bodies []string) {
	out, r := s.send(ctx, who, http.MethodGet, "/boards/home/posts", nil, nil)
	var page struct {
		Posts []struct{ Body string }
	}
	if r == refused || json.Unmarshal(out, &page) != nil {
		return nil
	}
	for _, p := range page.Posts {
		bodies = append(bodies, p.Body)
	}
	return bodies
}

// feed is all that stands on the home board, by id; false: it could not be read whole.
func (s *server) feed(ctx context.Context, who *person) (bodies map[string]string, whole bool) {
	bodies = map[string]string{}
	for cursor := ""; ; {
		out, r := s.send(ctx, who, http.MethodGet, "/boards/home/posts?limit=200&cursor="+url.QueryEscape(cursor), nil, nil)
		var page struct {
			Cursor string
			Posts  []struct{ ID, Body string }
		}
		if r == refused || json.Unmarshal(out, &page) != nil {
			return bodies, false
		}
		for _, p := range page.Posts {
			bodies[p.ID] = p.Body
		}
		if cursor = page.Cursor; cursor == "" {
			return bodies, true
		}
	}
}

// stranger is a new person from the n-th of a bot's networks.
func stranger(network, host int) *person {
	return &person{addr: fmt.Sprintf("100.%d.%d.%d", 128+network/250, network%250, 1+host%250)}
}
