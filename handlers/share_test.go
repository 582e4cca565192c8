package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestEveryPostAndReplyHasItsCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	listed, _ := s.publish("xyzzy-marker")
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "xyzzy-marker", "unlisted": true})
	unlisted := out["post"].(map[string]any)["id"].(string)
	reply := s.respond(listed, "xyzzy-marker", "")
	for name, id := range map[string]string{"a post": listed, "an unlisted post": unlisted, "a reply": reply} {
		a := s.as(newBrowser(), http.MethodGet, "/p/"+id+"/qr", "")
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, `class="qr"`) || !strings.Contains(a.body, `value="`+s.url+"/p/"+id+`?s=`) {
			t.Errorf("%s: %s, or no code of its link", name, a.Status)
		}
		if strings.Contains(a.body, "xyzzy-marker") || a.Header.Get("Set-Cookie") != "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: its words, a cookie, or a copy to be kept came along", name)
		}
	}
	s.form("/p/" + listed + "/delete")
	nothing := s.get("/p/" + strings.Repeat("a", 26) + "/qr")
	for _, id := range []string{listed, reply} {
		if a := s.get("/p/" + id + "/qr"); a.StatusCode != http.StatusNotFound || a.body != nothing.body {
			t.Errorf("what has ended answers %s, and not as what never was", a.Status)
		}
	}
}

func TestCodesAreMeteredAsPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("hello")
	s.set("page", "1/2")
	passed := 0
	for range 20 {
		if s.get("/p/"+id+"/qr").StatusCode == http.StatusOK {
			passed++
		}
	}
	if passed > 6 {
		t.Errorf("%d of 20 passed a limit of 2", passed)
	}
}

func TestAPreviewOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "xyzzy-marker", "readers": 1})
	id := out["post"].(map[string]any)["id"].(string)
	for _, path := range []string{"/p/" + id, "/p/" + id + "?to=" + id, "/p/" + id + "/qr"} {
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			a := s.as(newBrowser(), method, path, "", "User-Agent", "WhatsApp/2.23")
			if a.StatusCode != http.StatusOK || strings.Contains(a.body, "xyzzy-marker") {
				t.Errorf("%s %s: %s, or its words", method, path, a.Status)
			}
		}
	}
	if _, out := s.call(http.MethodPost, "/api/v1/posts/"+id+"/open", nil); out["post"].(map[string]any)["body"] != "xyzzy-marker" {
		t.Errorf("its one reader finds %v", out)
	}
}
