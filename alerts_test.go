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

// ntfy is a receiver, and what it was told.
func ntfy(t *testing.T) (address string, heard <-chan string) {
	t.Helper()
	got := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
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
	t.Cleanup(s.Close)
	return s.URL + "/hosts", got
}

func hears(t *testing.T, heard <-chan string) string {
	t.Helper()
	select {
	case told := <-heard:
		return told
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was told")
		return ""
	}
}

func TestRaidModeReachesTheHost(t *testing.T) {
	to, heard := ntfy(t)
	site := start(t, "--addr", "127.0.0.1:0", "--alert-url", to)
	command(t, "raid", "on", "--data", site.data)
	if told := hears(t, heard); !strings.HasPrefix(told, "/hosts Raid mode has begun.") {
		t.Errorf("told: %s", told)
	}
}

func TestAReportReachesTheHostWithoutAWordOfIt(t *testing.T) {
	to, heard := ntfy(t)
	site := start(t, "--addr", "127.0.0.1:0", "--alert-url", to, "--starter-lang", "it", "--set", "page=0")
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
	told := hears(t, heard)
	if !strings.HasPrefix(told, "/hosts 1 segnalazione aspetta uno sguardo.") {
		t.Errorf("told: %s", told)
	}
	for _, secret := range []string{"heron", id, "spam", "home", strings.TrimPrefix(site.url, "http://")} {
		if strings.Contains(told, secret) {
			t.Errorf("%q was told: %s", secret, told)
		}
	}
}
