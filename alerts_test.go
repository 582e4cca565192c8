package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"
)

func TestAReportReachesTheHostWithoutAWordOfIt(t *testing.T) {
	got := make(chan string, 10)
	ntfy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		all := r.URL.String() + " " + string(b)
		for name, values := range r.Header {
			all += " " + name + ": " + strings.Join(values, " ")
		}
		got <- all
	}))
	t.Cleanup(ntfy.Close)
	site := start(t, "--addr", "127.0.0.1:0", "--alert-url", ntfy.URL+"/hosts", "--starter-lang", "it", "--set", "page=0")
	const words = "vermilion heron"
	res := site.post(t, "/b/home/posts", url.Values{"body": {words}})
	id := path.Base(strings.Split(res.Header.Get("Location"), "#")[0])
	if len(id) != 26 {
		page := site.get(t, "/")
		_, rest, _ := strings.Cut(page, "/p/")
		id = rest[:26]
	}
	if res := site.post(t, "/p/"+id+"/report", url.Values{"reason": {"spam"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("report: %s", res.Status)
	}
	select {
	case told := <-got:
		if !strings.HasPrefix(told, "/hosts 1 segnalazione aspetta uno sguardo.") {
			t.Errorf("told: %s", told)
		}
		for _, secret := range []string{"heron", id, "spam", "home", strings.TrimPrefix(site.url, "http://")} {
			if strings.Contains(told, secret) {
				t.Errorf("%q was told: %s", secret, told)
			}
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was told")
	}
}
