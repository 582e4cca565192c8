package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var nonce = regexp.MustCompile(`name="nonce" value="([^"]+)"`)

// publishOnce writes a view-once post for so many readers, 0 for all.
func (s *site) publishOnce(body string, readers int) (id string) {
	s.t.Helper()
	a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": body, "view_once": true, "readers": readers})
	if a.StatusCode != http.StatusCreated || strings.Contains(a.body, body) {
		s.t.Fatalf("publish: %s %s", a.Status, a.body)
	}
	return out["post"].(map[string]any)["id"].(string)
}

func TestAViewOncePostOpensOnceForEach(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn := s.listen("/live?board=home")
	s.next(conn)
	id := s.publishOnce("xyzzy-marker", 0)
	heard := s.next(conn)
	if strings.Contains(heard, "xyzzy-marker") || !nonce.MatchString(heard) {
		t.Errorf("the socket carries %s", heard)
	}
	for _, reader := range []*http.Client{s.client, newBrowser()} {
		s.client = reader
		for path, body := range s.readings(id) {
			if strings.Contains(body, "xyzzy-marker") {
				t.Errorf("%s shows it unopened", path)
			}
		}
		for _, form := range []string{"", "nonce=wrong"} {
			if a := s.do(http.MethodPost, "/p/"+id+"/open", form, "Content-Type", formType); a.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("opened with %q: %s", form, a.Status)
			}
		}
		proof := nonce.FindStringSubmatch(s.get("/p/" + id).body)[1]
		a := s.form("/p/"+id+"/open", "nonce", proof)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "xyzzy-marker") {
			t.Fatalf("opening: %s", a.Status)
		}
		if a.Header.Get("Refresh") != "10; url=/" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("it stays: Refresh %q", a.Header.Get("Refresh"))
		}
		if b := s.form("/p/"+id+"/open", "nonce", proof); b.StatusCode != http.StatusGone || strings.Contains(b.body, "xyzzy-marker") {
			t.Errorf("a second opening: %s", b.Status)
		}
		if page := s.get("/").body; !strings.Contains(page, "You have opened it") || nonce.MatchString(page) {
			t.Error("the feed offers it again")
		}
	}
}

func TestTheLastReaderEndsAViewOncePost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.publishOnce("xyzzy-marker", 2)
	conn := s.listen("/live?format=json")
	s.nextJSON(conn)
	for i := range 3 {
		s.client = newBrowser()
		a, out := s.call(http.MethodPost, "/api/v1/posts/"+id+"/open", nil)
		if i == 2 {
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("a third reader: %s", a.Status)
			}
			continue
		}
		if a.StatusCode != http.StatusOK || out["post"].(map[string]any)["body"] != "xyzzy-marker" {
			t.Errorf("reader %d: %s %s", i, a.Status, a.body)
		}
	}
	if f := s.nextJSON(conn); f.Type != "changed" {
		t.Errorf("heard %+v", f)
	}
	if f := s.nextJSON(conn); f.Type != "died" || f.Why != "readers" || f.ID != id {
		t.Errorf("heard %+v", f)
	}
	if page := s.get("/").body; !strings.Contains(page, "Opened by its last reader") {
		t.Error("no line stands in its place")
	}
}

func TestReadingNeverOpens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.publishOnce("xyzzy-marker", 1)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		s.do(method, "/p/"+id+"/open", "")
		s.do(method, "/api/v1/posts/"+id+"/open", "")
		s.do(method, "/p/"+id, "")
	}
	if _, out := s.call(http.MethodGet, "/api/v1/posts/"+id, nil); out["post"].(map[string]any)["readers_left"] != 1.0 {
		t.Errorf("after previews: %v", out)
	}
}
