package handlers_test

import (
	"bytes"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// report files one by API as somebody new, from a network of their own.
func (s *site) report(id, reason, from string) int {
	s.t.Helper()
	return s.as(newBrowser(), http.MethodPost, "/api/v1/posts/"+id+"/reports", `{"reason":"`+reason+`"}`,
		"Content-Type", "application/json", "X-Forwarded-For", from).StatusCode
}

func TestThreeReportsPutAPostOutOfSight(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	id, _ := s.publish("xyzzy-marker")
	conn, program := s.listen("/live?board=home"), s.listen("/live?board=home&format=json")
	s.next(conn)
	s.next(program)
	for i, from := range []string{"203.0.113.1", "198.51.100.1", "192.0.2.1"} {
		if page := s.as(newBrowser(), http.MethodGet, "/", ""); !strings.Contains(page.body, "xyzzy-marker") {
			t.Fatalf("after %d reports it is gone", i)
		}
		if status := s.report(id, "spam", from); status != http.StatusNoContent {
			t.Fatalf("report: %d", status)
		}
	}
	if f := s.next(conn); !strings.Contains(f, `data-why="hidden"`) {
		t.Errorf("frame = %s", f)
	}
	s.next(program)
	s.client = newBrowser()
	for path, body := range s.readings(id) {
		if strings.Contains(body, "xyzzy-marker") {
			t.Errorf("%s shows it", path)
		}
	}
	if status := s.report(id, "spam", "203.0.113.2"); status != http.StatusForbidden {
		t.Errorf("a report of what is out of sight: %d", status)
	}
	s.clock.turn(25 * time.Hour)
	s.sweep()
	if status := s.report(id, "spam", "203.0.113.2"); status != http.StatusNotFound {
		t.Errorf("a report after its end: %d", status)
	}
}

// TestABrigadeOfFreshCookiesHidesNothing: a hundred cookies of two networks are two
// readers, whatever shared networks and rates allow.
func TestABrigadeOfFreshCookiesHidesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.set("shared_networks", "203.0.113.0/24 198.51.100.0/24")
	id, _ := s.publish("xyzzy-marker")
	for range 50 {
		s.report(id, "illegal", "203.0.113.1")
		s.report(id, "spam", "198.51.100.1")
	}
	if page := s.as(newBrowser(), http.MethodGet, "/p/"+id, ""); !strings.Contains(page.body, "xyzzy-marker") {
		t.Error("it is out of sight")
	}
}

func TestAReportIsAForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("xyzzy-marker")
	author := s.client
	s.client = newBrowser()
	if page := s.get("/p/" + id); !strings.Contains(page.body, `href="/p/`+id+`/report"`) {
		t.Error("the thread does not lead to it")
	}
	page := s.get("/p/" + id + "/report")
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "xyzzy-marker") || strings.Count(page.body, `name="reason"`) != len(board.Reasons) {
		t.Errorf("the page: %s", page.Status)
	}
	for _, reason := range []string{"", "because", strings.Repeat("x", 100_000)} {
		if a := s.form("/p/"+id+"/report", "reason", reason); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Say what is wrong") {
			t.Errorf("reason of %d letters: %s", len(reason), a.Status)
		}
	}
	if a := s.form("/p/"+id+"/report", "reason", "spam", "words", strings.Repeat("x", 200_000)); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("200 kB: %s", a.Status)
	}
	a := s.form("/p/"+id+"/report", "reason", "spam")
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/reported?board=home" {
		t.Fatalf("reported: %s to %q", a.Status, a.Header.Get("Location"))
	}
	if page := s.get("/reported?board=home"); page.StatusCode != http.StatusOK || !strings.Contains(page.body, "Thank you") {
		t.Errorf("thanks: %s", page.Status)
	}
	if a := s.form("/p/"+id+"/report", "reason", "harm"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("another reason of the same visitor: %s", a.Status)
	}
	s.client = author
	if a := s.form("/p/"+id+"/report", "reason", "spam"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "This is yours") {
		t.Errorf("of one's own: %s", a.Status)
	}
	for _, unknown := range []string{board.NewPostID().String(), "nothing"} {
		if a := s.form("/p/"+unknown+"/report", "reason", "spam"); a.StatusCode != http.StatusNotFound {
			t.Errorf("of what is not there: %s", a.Status)
		}
	}
}

func TestReportsAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("pow", "off")
	s.set("report", "1/1")
	var ids []string
	for range 4 {
		id, _ := s.publish("post")
		ids = append(ids, id)
	}
	s.client = newBrowser()
	limited := 0
	for _, id := range ids {
		a := s.form("/p/"+id+"/report", "reason", "spam")
		if a.StatusCode == http.StatusTooManyRequests && strings.Contains(a.body, "checked") {
			limited++
		}
	}
	if limited != 2 { // an address is twice as wide
		t.Errorf("%d of 4 are told to wait with their choice kept, want 2", limited)
	}
}

var saw = regexp.MustCompile(`name="words" value="([^"]*)"`)

func TestWhoOpenedAViewOncePostReportsItsWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.publishOnce("what it \"said\"", 0)
	s.client = newBrowser()
	if a, _ := s.call(http.MethodPost, "/api/v1/posts/"+id+"/reports", map[string]string{"reason": "harm", "words": "what it \"said\""}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("words of who has not opened it: %s", a.Status)
	}
	opened := s.form("/p/"+id+"/open", "nonce", nonce.FindStringSubmatch(s.get("/p/" + id).body)[1])
	found := saw.FindStringSubmatch(opened.body)
	if found == nil {
		t.Fatal("the page of an opening does not lead to a report")
	}
	words := html.UnescapeString(found[1])
	if a := s.form("/p/"+id+"/report", "words", words); a.StatusCode != http.StatusOK || !saw.MatchString(a.body) {
		t.Errorf("asked for a reason: %s", a.Status)
	}
	if a := s.form("/p/"+id+"/report", "words", words+"!", "reason", "harm"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("words that it did not show: %s", a.Status)
	}
	if a := s.form("/p/"+id+"/report", "words", words, "reason", "harm"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("reported: %s", a.Status)
	}
	last := s.publishOnce("for one", 1)
	s.client = newBrowser()
	opened = s.form("/p/"+last+"/open", "nonce", nonce.FindStringSubmatch(s.get("/p/" + last).body)[1])
	if saw.MatchString(opened.body) {
		t.Error("the last reader is offered to report what is gone")
	}
	if status := s.report(last, "harm", "203.0.113.1"); status != http.StatusNotFound {
		t.Errorf("a report of what is spent: %d", status)
	}
}

// TestNoFileTiesAReportToItsVisitor: the tags of one visitor on two posts share
// nothing, and go with their posts.
func TestNoFileTiesAReportToItsVisitor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, _ := s.publish("one")
	two, _ := s.publish("two")
	s.client = newBrowser()
	s.form("/p/"+one+"/report", "reason", "spam")
	s.form("/p/"+two+"/report", "reason", "spam")
	r := httptest.NewRequest(http.MethodGet, s.url, nil)
	cookie := s.client.Jar.Cookies(r.URL)[0].Value
	if len(cookie) < 40 {
		t.Fatalf("control: the cookie is %q", cookie)
	}
	if bytes.Contains(s.files(), []byte(cookie[:20])) || bytes.Contains(s.log.Bytes(), []byte(cookie[:20])) || bytes.Contains(s.log.Bytes(), []byte("spam")) {
		t.Error("the cookie, or what was reported, is in a file or log")
	}
}
