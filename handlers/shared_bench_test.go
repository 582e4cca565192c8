package handlers_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"mayfly/board"
)

// BenchmarkFeedPage is a page of fifty posts over a socket, beside a server that knows
// nothing but the same bytes: what differs is what a page costs.
func BenchmarkFeedPage(b *testing.B) {
	s := newSite(b)
	for i := range 50 { // the last is by who has the cookie
		s.client = newBrowser()
		s.publish(rand.Text() + strings.Repeat(" "+rand.Text()[:6], 20) + strconv.Itoa(i))
	}
	s.set("page", "100000/100000")
	s.set("shared_networks", "127.0.0.0/8")
	b.Run("raw", func(b *testing.B) { benchmarkPage(b, rawPage(b, s), "") })
	b.Run("shared", func(b *testing.B) { benchmarkPage(b, s.url, "") })
	b.Run("cookie", func(b *testing.B) { benchmarkPage(b, s.url, "Cookie: mf="+s.cookie()+"\r\n") })
}

// BenchmarkFeedPageAfterABirth is a page of fifty posts that has to be drawn, because
// something has come: with a cookie at each of two hundred births a second, without one at
// the first of the next second.
func BenchmarkFeedPageAfterABirth(b *testing.B) {
	for what, passes := range map[string]time.Duration{"cookie": time.Second / 200, "nobody": board.SharedTime} {
		b.Run(what, func(b *testing.B) {
			s := newSite(b)
			birth := func() { s.publish(rand.Text() + strings.Repeat(" "+rand.Text()[:6], 20)) }
			for range 50 {
				birth()
			}
			headers := []string{"Accept-Encoding", "gzip"}
			if what == "cookie" {
				headers = append(headers, "Cookie", "mf="+s.cookie())
			}
			size := 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				s.client = newBrowser()
				birth()
				s.clock.turn(passes)
				b.StartTimer()
				size = len(s.nobody("/", headers...).body)
			}
			b.ReportMetric(float64(size), "bytes/page")
		})
	}
}

// cookie is the visitor's that the site's browser holds.
func (s *site) cookie() string {
	s.t.Helper()
	req := must(http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url, nil))
	for _, c := range s.client.Jar.Cookies(req.URL) {
		if c.Name == "mf" {
			return c.Value
		}
	}
	s.t.Fatal("no cookie")
	return ""
}

// rawPage serves the same page, compressed beforehand.
func rawPage(b *testing.B, s *site) string {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, s.as(http.DefaultClient, http.MethodGet, "/", "").body)
	_ = w.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"] = []string{"text/html; charset=utf-8"}
		h["Content-Encoding"] = []string{"gzip"}
		h["Content-Length"] = []string{strconv.Itoa(zipped.Len())}
		_, _ = w.Write(zipped.Bytes())
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// benchmarkPage asks a server for its page over connections that stay, and reads no more
// than it has to.
func benchmarkPage(b *testing.B, url, header string) {
	host := strings.TrimPrefix(url, "http://")
	ask := []byte("GET / HTTP/1.1\r\nHost: " + host + "\r\nAccept-Encoding: gzip\r\nAccept-Language: en\r\n" + header + "\r\n")
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		in := bufio.NewReaderSize(conn, 64<<10)
		for pb.Next() {
			if _, err := conn.Write(ask); err != nil {
				b.Error(err)
				return
			}
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				b.Error(err)
				return
			}
			if n, err := io.Copy(io.Discard, res.Body); err != nil || n < 1000 || res.StatusCode != http.StatusOK {
				b.Error(n, err, res.Status)
				return
			}
		}
	})
}
