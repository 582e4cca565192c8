package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// FuzzReport sends whatever a stranger may make of the form of reports, of a post and of
// one that is view-once: it is taken, refused in a sentence, or asked for a reason, and
// what was sent is never markup.
func FuzzReport(f *testing.F) {
	s := newSite(f)
	id, _ := s.publish("something to report")
	once := s.publishOnce("opened and gone", 0)
	for _, body := range []string{
		"reason=spam", "reason=harm&words=opened+and+gone", "words=%3Cscript%3Ealert(1)%3C/script%3E", "reason=&words=", "reason=none",
		"reason=spam&reason=harm", "words=%FF%00", "a;b=%zz", "reason=spam&words=" + strings.Repeat("x", 2000),
	} {
		f.Add(body, false)
		f.Add(body, true)
	}
	f.Add("words=%22%3E%3Cimg+src%3Dx%3E", true)
	f.Fuzz(func(t *testing.T, body string, viewOnce bool) {
		path := "/p/" + id + "/report"
		if viewOnce {
			path = "/p/" + once + "/report"
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", formType)
		r.Host = strings.TrimPrefix(s.url, "http://")
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK, http.StatusSeeOther, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusConflict:
		default:
			t.Fatalf("%q: %d", body, w.Code)
		}
		tokens := html.NewTokenizer(w.Body)
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			if name, _ := tokens.TagName(); kind == html.StartTagToken && string(name) == "img" {
				t.Fatalf("%q made an element", body)
			}
		}
	})
}
