package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// rawRequest is one that no browser sends. HOST and ID are put in, "\n" is a line's end,
// and a Host is added where there is none.
type rawRequest struct {
	name, head, body string
	want             []int
}

const formHead = "\nContent-Type: application/x-www-form-urlencoded"

var rawRequests = []rawRequest{
	{"another host", "GET / HTTP/1.1\nHost: evil.example", "", []int{421}},
	{"another host in the line", "GET http://evil.example/ HTTP/1.1\nHost: HOST", "", []int{421, 400}},
	{"a host twice", "GET / HTTP/1.1\nHost: HOST\nHost: evil.example", "", []int{400}},
	{"no host", "GET / HTTP/1.1\nHost:", "", []int{400, 421}},
	{"a host with a path", "GET / HTTP/1.1\nHost: evil.example/HOST", "", []int{400, 421}},
	{"another host that a proxy names", "GET / HTTP/1.1\nX-Forwarded-Host: evil.example", "", []int{200}},
	{"two lengths", "POST /b/home/posts HTTP/1.1\nContent-Length: 5\nContent-Length: 6", "body=x", []int{400}},
	{"a length and pieces", "POST /b/home/posts HTTP/1.1\nContent-Length: 5\nTransfer-Encoding: chunked", "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", []int{400, 415, 422}},
	{"two encodings", "POST /b/home/posts HTTP/1.1\nTransfer-Encoding: chunked, identity", "0\r\n\r\n", []int{400, 501}},
	{"an unknown encoding", "POST /b/home/posts HTTP/1.1\nTransfer-Encoding: gzip", "x", []int{501, 400}},
	{"a size of pieces that is a lie", "POST /b/home/posts HTTP/1.1" + formHead + "\nTransfer-Encoding: chunked", "ffffffffffffffffff\r\nbody=x\r\n0\r\n\r\n", []int{400}},
	{"a length that is none", "POST /b/home/posts HTTP/1.1\nContent-Length: -1", "", []int{400}},
	{"a length of a terabyte", "POST /b/home/posts HTTP/1.1" + formHead + "\nContent-Length: 999999999999", "body=x", []int{413}},
	{"a header over two lines", "GET / HTTP/1.1\nX-A: a\n b", "", []int{400, 200}},
	{"a space before the colon", "GET / HTTP/1.1\nContent-Length : 5", "", []int{400}},
	{"a header of 64 KB", "GET / HTTP/1.1\nX-A: " + strings.Repeat("a", 64<<10), "", []int{431}},
	{"5000 headers", "GET / HTTP/1.1" + strings.Repeat("\nX-A: a", 5000), "", []int{431}},
	{"a path of 64 KB", "GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1", "", []int{431, 414}},
	{"a line in the path", "GET /%0d%0aPlanted:%20x HTTP/1.1", "", []int{404}},
	{"a line in where to go back to", "POST /look HTTP/1.1" + formHead, "lang=it&back=/%0d%0aPlanted:%20x", []int{303}},
	{"another site to go back to", "POST /look HTTP/1.1" + formHead, "lang=it&back=//evil.example/", []int{303}},
	{"a file behind a post", "GET /p/ID/nope.css HTTP/1.1", "", []int{404}},
	{"a file beside a post", "GET /p/ID;x.js HTTP/1.1", "", []int{404}},
	{"up and out", "GET /static/../../etc/passwd HTTP/1.1", "", []int{301, 307, 404}},
	{"up and out, encoded", "GET /static/%2e%2e%2f%2e%2e%2fmayfly.db HTTP/1.1", "", []int{301, 307, 404}},
	{"a zero in the path", "GET /p/%00 HTTP/1.1", "", []int{404, 400}},
	{"a broken escape", "GET /p/%zz HTTP/1.1", "", []int{400}},
	{"a path that is not UTF-8", "GET /p/%ff%fe HTTP/1.1", "", []int{404}},
	{"a number for an id", "GET /api/v1/posts/1 HTTP/1.1", "", []int{404}},
	{"2000 ranges of a page", "GET / HTTP/1.1\nRange: bytes=0-0" + strings.Repeat(",1-1", 1500), "", []int{200}},
	{"a form of another site", "POST /b/home/posts HTTP/1.1" + formHead + "\nOrigin: https://evil.example", "body=xyzzymark+forged", []int{403}},
	{"a form of another site, plain", "POST /b/home/posts HTTP/1.1\nContent-Type: text/plain\nOrigin: null", "body=xyzzymark+forged", []int{403}},
	{"a form across sites without an origin", "POST /b/home/posts HTTP/1.1" + formHead + "\nSec-Fetch-Site: cross-site", "body=xyzzymark+forged", []int{403}},
	{"another method in a header", "POST /p/ID/vote HTTP/1.1" + formHead + "\nX-HTTP-Method-Override: DELETE", "vote=none", []int{422, 400, 303}},
	{"a compressed body", "POST /api/v1/boards/home/posts HTTP/1.1\nContent-Type: application/json\nContent-Encoding: gzip", "\x1f\x8b\x08", []int{415}},
	{"100,000 fields", "POST /b/home/posts HTTP/1.1" + formHead, strings.Repeat("a=&", 50_000) + "body=", []int{400, 413, 422}},
	{"10,000 parts", "POST /b/home/posts HTTP/1.1\nContent-Type: multipart/form-data; boundary=x", strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n", 10_000) + "--x--\r\n", []int{400, 413, 422}},
	{"a part with 1 MB of headers", "POST /b/home/posts HTTP/1.1\nContent-Type: multipart/form-data; boundary=x", "--x\r\nX-A: " + strings.Repeat("a", 1<<20) + "\r\n\r\nb\r\n--x--\r\n", []int{400, 413, 422}},
	{"a boundary that is none", "POST /b/home/posts HTTP/1.1\nContent-Type: multipart/form-data", "x", []int{400, 415, 422}},
	{"JSON 100,000 deep", "POST /api/v1/boards/home/posts HTTP/1.1\nContent-Type: application/json", `{"body":` + strings.Repeat("[", 100_000), []int{400}},
	{"JSON with two bodies", "POST /api/v1/boards/home/posts HTTP/1.1\nContent-Type: application/json", `{"body":"a"}{"body":"b"}`, []int{400}},
	{"JSON of another type", "POST /api/v1/boards/home/posts HTTP/1.1\nContent-Type: text/plain", `{"body":"a"}`, []int{415}},
	{"a trace", "TRACE / HTTP/1.1", "", []int{405}},
	{"a tunnel", "CONNECT HOST HTTP/1.1", "", []int{400, 404, 405}},
	{"an unknown method", "BREW / HTTP/1.1", "", []int{405}},
	{"HTTP/2 without TLS", "PRI * HTTP/2.0", "", []int{400, 404, 405, 421, 505}},
	{"no HTTP", "EHLO evil.example", "", []int{400}},
}

// send writes a request by hand and reads all that comes; 0 is no answer.
func (s *server) send(ctx context.Context, raw string) (status int, all string, err error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		return 0, "", err
	}
	go func() { _, _ = io.WriteString(conn, raw) }() // the server need not read it all
	heard, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if len(heard) == 0 {
		return 0, "", err
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(heard)), nil)
	if err != nil {
		return 0, string(heard), err
	}
	return res.StatusCode, string(heard), res.Body.Close()
}

func (r rawRequest) raw(host, id string) string {
	head := strings.NewReplacer("HOST", host, "ID", id, "\n", "\r\n").Replace(r.head)
	if !strings.Contains(head, "\r\nHost:") && strings.Contains(head, "HTTP/") {
		head += "\r\nHost: " + host
	}
	if r.body != "" && !strings.Contains(head, "Content-Length") && !strings.Contains(head, "Transfer-Encoding") {
		head += fmt.Sprintf("\r\nContent-Length: %d", len(r.body))
	}
	return head + "\r\nConnection: close\r\nUser-Agent: " + browser + "\r\n\r\n" + r.body
}

// requests sends each by hand; none is answered with a failure, plants a header, tells of
// another host, or is two requests.
func requests(ctx context.Context, s *server) error {
	thread, a, err := s.publish(ctx, newPost, map[string]string{"body": "a post to be attacked"})
	if err != nil || a.status != http.StatusCreated {
		return fmt.Errorf("control: a post is answered %d: %w", a.status, err)
	}
	var all []error
	slowest := time.Duration(0)
	for _, r := range rawRequests {
		began := time.Now()
		status, text, err := s.send(ctx, r.raw(s.host, thread.ID))
		slowest = max(slowest, time.Since(began))
		head, _, _ := strings.Cut(text, "\r\n\r\n")
		switch {
		case err != nil || !slices.Contains(r.want, status):
			all = append(all, fmt.Errorf("%s: %d instead of %v, %w", r.name, status, r.want, err))
		case strings.Contains(head, "\nPlanted:") || strings.Contains(text, "evil.example"):
			all = append(all, fmt.Errorf("%s: what was planted comes back", r.name))
		case strings.Count(text, "HTTP/1.1 ") > 1:
			all = append(all, fmt.Errorf("%s: was taken for two", r.name))
		case time.Since(began) > 2*time.Second:
			all = append(all, fmt.Errorf("%s: took %s", r.name, time.Since(began)))
		}
	}
	if a, err = s.ask(ctx, http.MethodGet, "/", "", nil); err != nil || bytes.Contains(a.body, []byte("forged")) {
		all = append(all, fmt.Errorf("another site has written a post: %w", err))
	}
	say("%d requests, the slowest answered in %s: %d wrong", len(rawRequests), slowest.Round(time.Millisecond), len(all))
	return errors.Join(append(all, s.disguised(ctx, thread.ID))...)
}

// disguised names another address in each request: it is counted as one.
func (s *server) disguised(ctx context.Context, id string) error {
	taken, told := 0, map[int]int{}
	for i := range 60 {
		r := rawRequest{"", fmt.Sprintf("POST /p/ID/report HTTP/1.1%s\nX-Forwarded-For: 198.18.%d.1\nForwarded: for=198.18.%d.1\nX-Real-IP: 198.18.%d.1", formHead, i, i, i), "reason=spam", nil}
		status, _, err := s.send(ctx, r.raw(s.host, id))
		if err != nil {
			return err
		}
		told[status]++
		if status == http.StatusSeeOther || status == http.StatusOK {
			taken++
		}
	}
	say("60 reports, each from another address as it says: %d taken; answers %v", taken, told)
	if taken == 0 || taken > 6 || taken+told[http.StatusTooManyRequests]+told[http.StatusForbidden] != 60 {
		return errors.New("who names another address is counted anew")
	}
	return nil
}

// bodies are sent a byte a second, and cut half way.
func bodies(ctx context.Context, s *server) error {
	multipart := "--x\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\n" + marker + " half\r\n--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"p.png\"\r\n\r\n" + strings.Repeat("x", 200<<10)
	var all []error
	for _, cut := range []struct{ path, kind, body string }{
		{"/b/home/posts", "application/x-www-form-urlencoded", "body=" + marker + "+half"},
		{newPost, "application/json", `{"body":"` + marker + ` half`},
		{newPost, "application/json", `{"body":"` + marker + ` half"}`},
		{"/b/home/posts", "multipart/form-data; boundary=x", multipart},
		{newPost, "multipart/form-data; boundary=x", multipart},
		{"/notice", "application/x-www-form-urlencoded", "where=" + marker + "+half"},
	} {
		conn, err := s.dial(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", cut.path, s.host, cut.kind, len(cut.body)+1000, cut.body)
		if err != nil {
			return err
		}
		_ = conn.CloseWrite()
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		heard, _ := io.ReadAll(conn)
		if bytes.HasPrefix(heard, []byte("HTTP/1.1 2")) || bytes.HasPrefix(heard, []byte("HTTP/1.1 5")) {
			all = append(all, fmt.Errorf("a cut %s for %s: %s", cut.kind, cut.path, bytes.SplitN(heard, []byte("\r\n"), 2)[0]))
		}
		_ = conn.Close()
	}
	a, err := s.ask(ctx, http.MethodGet, "/search?q=half", "", nil)
	if err != nil || bytes.Contains(a.body, []byte(marker+" half")) {
		all = append(all, fmt.Errorf("half of a post was taken: %w", err))
	}
	say("6 bodies that are cut: %d wrong", len(all))
	return errors.Join(append(all, s.dribbled(ctx))...)
}

// dribbled has 200 peers send a byte a second, in heads and bodies.
func (s *server) dribbled(ctx context.Context) error {
	const peers, most = 200, 18 * time.Second // a body is answered after 8 s, and what is left of it is waited for as long
	var wait sync.WaitGroup
	var shut, last atomic.Int64
	began := time.Now()
	for i := range peers {
		wait.Go(func() {
			conn, err := s.dial(ctx)
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			start := "GET / HTTP/1.1\r\nHost: " + s.host + "\r\nX-A: "
			if i%2 == 1 {
				start = "POST /b/home/posts HTTP/1.1\r\nHost: " + s.host + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nbody="
			}
			ended := make(chan struct{})
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				close(ended)
			}()
			_, _ = io.WriteString(conn, start)
			for time.Since(began) < most {
				select {
				case <-ended:
					shut.Add(1)
					last.Store(time.Since(began).Milliseconds())
					return
				case <-time.After(time.Second):
					_, _ = conn.Write([]byte("a"))
				}
			}
		})
	}
	worst := time.Duration(0)
	for time.Since(began) < most-2*time.Second {
		a, err := s.ask(ctx, http.MethodGet, "/", "", nil)
		if err != nil || a.status != http.StatusOK {
			return fmt.Errorf("meanwhile the board answers %d: %w", a.status, err)
		}
		worst = max(worst, a.took)
		time.Sleep(100 * time.Millisecond)
	}
	wait.Wait()
	say("%d peers of a byte a second: %d shut, the last after %.1f s; the board answered others within %s", peers, shut.Load(), float64(last.Load())/1000, worst.Round(time.Millisecond))
	if shut.Load() != peers {
		return errors.New("slow peers stay")
	}
	return nil
}
