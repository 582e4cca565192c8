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
	var checks []func()
	for _, tt := range []struct{ name, path, sent, says, leads string }{
		{"a post", "/b/home/posts", "ttl=24h&body=my+own+words%2C+wh", "my own words, wh", "/b/home/posts"},
		{"a reply", "/p/" + id + "/replies", "body=my+own+words%2C+caf%C3%A", "my own words, caf", "/p/" + id + "/replies"},
		{"a reply without words", "/p/" + id + "/replies", "bod", "too slowly", ""},
		{"a report", "/p/" + id + "/report", "reason=harassment&words=what+I+sa", `value="harassment" checked`, "/p/" + id + "/report"},
		{"a notice", "/notice", "where=on+the+home+board&why=it+names+my+sis", "it names my sis", "/notice"},
	} {
		answered := s.stalls(t, tt.path, tt.sent)
		checks = append(checks, func() {
			res, page := answered()
			if res.StatusCode != http.StatusBadRequest || !res.Close || !strings.Contains(page, "too slowly") || !strings.Contains(page, tt.says) || strings.Contains(page, "\uFFFD") {
				t.Errorf("%s: %s, closed: %v: %s", tt.name, res.Status, res.Close, page)
			}
			if tt.leads != "" && !strings.Contains(page, `action="`+tt.leads+`"`) {
				t.Errorf("%s: its words can't be sent again", tt.name)
			}
		})
	}
	for _, check := range checks {
		check()
	}
}

// stalls sends a part of a form, and no more; headers are lines. The answer is read later,
// so that several may stall at once.
func (s *site) stalls(t *testing.T, path, sent string, headers ...string) (answered func() (*http.Response, string)) {
	t.Helper()
	host := strings.TrimPrefix(s.url, "http://")
	conn := must(new(net.Dialer).DialContext(t.Context(), "tcp", host))
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	head := strings.Join(append(headers, "Host: "+host, "Content-Type: "+formType, fmt.Sprintf("Content-Length: %d", len(sent)+1000)), "\r\n")
	must(fmt.Fprintf(conn, "POST %s HTTP/1.1\r\n%s\r\n\r\n%s", path, head, sent))
	return func() (*http.Response, string) {
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer res.Body.Close()
		return res, string(must(io.ReadAll(res.Body)))
	}
}

// TestAFormOfAdminsThatStallsComesBack: its last field to be finished, the others to be sent
// again, nothing done, and no secret in it.
func TestAFormOfAdminsThatStallsComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("root")
	u := must(url.Parse(s.url))
	var cookies []string
	for _, c := range s.client.Jar.Cookies(&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/admin"}) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	var checks []func()
	cookie := "Cookie: " + strings.Join(cookies, "; ")
	for _, tt := range []struct {
		name, path, sent string
		says             []string
		last             string
	}{
		{"a filter", "/admin/words", "action=hold&text=casi", []string{`name="action" value="hold"`, "\ncasi</textarea>"}, "text"},
		{"an answer to a report", "/admin/queue/" + id, "do=answer&body=we+looked+at+it+an", []string{`name="do" value="answer"`, "we looked at it an</textarea>"}, "body"},
		{"a question", "/admin/prompts", "board=home&body=What+gr%C3", []string{`name="board" value="home"`, "What gr</textarea>"}, "body"},
		{"the texts of the host", "/admin/texts", "was.about_text=&about_text=We+are+a+ch", []string{`name="was.about_text" value=""`, "We are a ch</textarea>"}, "about_text"},
		{"an answer to a notice", "/admin/notices/1", "answer=It+was+ta", []string{"It was ta</textarea>"}, "answer"},
		{"one that breaks off between fields", "/admin/words", "text=casino*&act", []string{`name="text" value="casino*"`}, ""},
		{"one with a secret", "/admin/words", "passphrase=hidden+words&text=cas", []string{"\ncas</textarea>"}, "text"},
	} {
		answered := s.stalls(t, tt.path, tt.sent, cookie)
		checks = append(checks, func() {
			res, page := answered()
			if res.StatusCode != http.StatusBadRequest || !res.Close || !strings.Contains(page, "too slowly") || !strings.Contains(page, `action="`+tt.path+`"`) || strings.Contains(page, "hidden words") || strings.Contains(page, "\uFFFD") {
				t.Errorf("%s: %s, closed: %v: %s", tt.name, res.Status, res.Close, page)
			}
			for _, says := range tt.says {
				if !strings.Contains(page, says) {
					t.Errorf("%s lacks %q: %s", tt.name, says, page)
				}
			}
			if strings.Contains(page, "<textarea") != (tt.last != "") || tt.last != "" && !strings.Contains(page, `name="`+tt.last+`" rows`) {
				t.Errorf("%s: to be finished is not %q: %s", tt.name, tt.last, page)
			}
		})
	}
	for _, check := range checks {
		check()
	}
	if a := s.get("/admin/log"); strings.Contains(a.body, "casi") || strings.Contains(a.body, "We are a ch") {
		t.Error("something was done")
	}
}

// TestWithoutAScriptOneConfirmsBehindTheWaitingRoom: without a script, past the waiting room, who is asked
// whether their post gives somebody away says so and is published, by the same ticket or
// another wait, and their words are there all along.
func TestWithoutAScriptOneConfirmsBehindTheWaitingRoom(t *testing.T) {
	t.Parallel()
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
