package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// shared is the link that a thread's page gives to be passed on, without its origin.
func (s *site) shared(id string) string {
	s.t.Helper()
	link := regexp.MustCompile(`id="link" readonly value="[^"]*(/p/[^"]+\?s=[a-z2-7]{8})"`).FindStringSubmatch(s.get("/p/" + id).body)
	if link == nil {
		s.t.Fatal("a thread's page gives no link with a code")
	}
	return link[1]
}

// anotherBrowser is the same site as somebody else sees it.
func (s *site) anotherBrowser() *site {
	other := *s
	other.client = newBrowser()
	return &other
}

// TestArrivalsAreANumberAndBelowKNone: who comes by a link that was passed on gets no
// cookie and lands at an address without a code; its author is told from k on, nobody
// else ever.
func TestArrivalsAreANumberAndBelowKNone(t *testing.T) {
	t.Parallel()
	author := newSite(t)
	s := author.anotherBrowser()
	id, _ := author.publish("pass it on")
	link := s.shared(id)
	if other := author.shared(id); other != link {
		t.Errorf("the author passes on %q, a reader %q: a link tells who did", other, link)
	}
	told := regexp.MustCompile(`\d+ came by this link`)
	for n := 1; n <= 7; n++ {
		a := s.anotherBrowser().get(link)
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/p/"+id || a.Header.Get("Set-Cookie") != "" {
			t.Fatalf("an arrival gets %d to %q with cookie %q", a.StatusCode, a.Header.Get("Location"), a.Header.Get("Set-Cookie"))
		}
		want := ""
		if n >= 5 {
			want = string(rune('0'+n)) + " came by this link"
		}
		if got := told.FindString(author.get("/p/" + id).body); got != want {
			t.Errorf("after %d arrivals the author reads %q, want %q", n, got, want)
		}
	}
	_, out := author.call(http.MethodGet, "/api/v1/posts/"+id, nil)
	if out["arrivals"] != 7. {
		t.Errorf("the author's program reads %v arrivals, want 7", out["arrivals"])
	}
	if got := told.FindString(s.get("/p/" + id).body); got != "" {
		t.Errorf("a reader is told: %q", got)
	}
	if _, out := s.call(http.MethodGet, "/api/v1/posts/"+id, nil); out["arrivals"] != nil {
		t.Errorf("a reader's program is told: %v", out["arrivals"])
	}
}

// TestWhatIsNoArrivalIsNotCounted: a program that draws previews, a code of another
// thread, a look at the headers, the author, and the eleventh of one network.
func TestWhatIsNoArrivalIsNotCounted(t *testing.T) {
	t.Parallel()
	author := newSite(t)
	s := author.anotherBrowser()
	id, _ := author.publish("pass it on")
	other, _ := author.publish("and another one, about something else")
	link := s.shared(id)
	_, code, _ := strings.Cut(s.shared(other), "?")
	came := func() any {
		_, out := author.call(http.MethodGet, "/api/v1/posts/"+id, nil)
		return out["arrivals"]
	}
	for range 6 {
		s.get(link, "Sec-Fetch-Dest", "empty")
		s.do(http.MethodHead, link, "")
		s.get("/p/" + id + "?" + code)
		s.get("/p/" + id + "?s=aaaaaaaa")
		author.get(link)
	}
	if got := came(); got != nil {
		t.Errorf("%v arrivals, want none", got)
	}
	for range 20 {
		s.get(link, "Sec-Fetch-Dest", "document")
	}
	if got := came(); got != 10. {
		t.Errorf("one network arrives %v times, want 10", got)
	}
	if a := s.get(link + "x"); a.StatusCode != http.StatusSeeOther || strings.Contains(a.Header.Get("Location"), "s=") {
		t.Errorf("a wrong code leads to %q", a.Header.Get("Location"))
	}
}
