package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestAFormThatStallsIsAnsweredWithItsWords as an upload is, cut wherever it was.
func TestAFormThatStallsIsAnsweredWithItsWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("root")
	for _, tt := range []struct{ name, path, sent, says, leads string }{
		{"a post", "/b/home/posts", "ttl=24h&body=my+own+words%2C+wh", "my own words, wh", "/b/home/posts"},
		{"a reply", "/p/" + id + "/replies", "body=my+own+words%2C+caf%C3%A", "my own words, caf", "/p/" + id + "/replies"},
		{"a reply without words", "/p/" + id + "/replies", "bod", "too slowly", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := strings.TrimPrefix(s.url, "http://")
			conn := must(new(net.Dialer).DialContext(t.Context(), "tcp", host))
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			must(fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", tt.path, host, formType, len(tt.sent)+1000, tt.sent))
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			defer res.Body.Close()
			page := string(must(io.ReadAll(res.Body)))
			if res.StatusCode != http.StatusBadRequest || !res.Close || !strings.Contains(page, "too slowly") || !strings.Contains(page, tt.says) || strings.Contains(page, "\uFFFD") {
				t.Errorf("%s, closed: %v: %s", res.Status, res.Close, page)
			}
			if tt.leads != "" && !strings.Contains(page, `action="`+tt.leads+`"`) {
				t.Error("its words can't be sent again")
			}
		})
	}
}

// TestWithoutAScriptOneConfirmsBehindTheWaitingRoom: without a script, past the waiting room, who is asked
// whether their post gives somebody away says so and is published, by the same ticket or
// another wait, and their words are there all along.
func TestWithoutAScriptOneConfirmsBehindTheWaitingRoom(t *testing.T) {
	s := newSite(t)
	s.set("pow", "always")
	s.set("pow_bits", "8")
	asks := 0
	const words = "write to mary@example.org about the chairs"
	fields := []string{"body", words, "ttl", "24h"}
	a := s.form("/b/home/posts", fields...)
	for range 8 {
		if a.StatusCode == http.StatusSeeOther {
			break
		}
		if !strings.Contains(a.body, words) {
			t.Fatalf("%s: the words are gone: %s", a.Status, a.body)
		}
		next := map[string]string{}
		for _, m := range inputs.FindAllStringSubmatch(a.body, -1) {
			if strings.Contains(m[0], `type="hidden"`) {
				next[m[1]] = m[2]
			}
		}
		next["body"], next["ttl"] = words, "24h"
		if strings.Contains(a.body, `name="confirm"`) {
			asks++
			next["confirm"] = "1"
		}
		sent := url.Values{}
		for name, value := range next {
			sent.Set(name, value)
		}
		s.clock.turn(time.Minute) // as the page asks
		a = s.do(http.MethodPost, "/b/home/posts", sent.Encode(), "Content-Type", formType)
	}
	if a.StatusCode != http.StatusSeeOther || asks == 0 || !strings.Contains(s.get(a.Header.Get("Location")).body, "about the chairs") {
		t.Errorf("never published: %s to %s %s", a.Status, a.Header.Get("Location"), a.body)
	}
}
