package main

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mayfly/doctor"
	"mayfly/words"
)

// as signs ada in, and gives her pages.
func (s *site) asAda(t *testing.T) func(path string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(u, s.signIn(t).Cookies())
	ada := &http.Client{Jar: jar}
	return func(path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := ada.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var page bytes.Buffer
		if _, err := page.ReadFrom(res.Body); err != nil {
			t.Fatal(err)
		}
		return page.String()
	}
}

func TestABoardWhoseKeysAreLostSaysSoAndGoesOn(t *testing.T) {
	s := owned(t)
	for _, body := range []string{"the heron is back at the pond", "who left a blue umbrella in the hall"} {
		if res := s.post(t, "/b/home/posts", url.Values{"body": {body}}); res.StatusCode != http.StatusSeeOther {
			t.Fatal(res.Status)
		}
	}
	if page := s.asAda(t)("/admin/system"); strings.Contains(page, "the keys of living posts") {
		t.Error("keys that are there are called lost")
	}
	s.stop()
	if err := os.RemoveAll(s.data + ".keys"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := run(t.Context(), []string{"doctor", "--data", s.data}, &out)
	if err == nil || !strings.Contains(out.String(), "no keys for them in "+s.data+".keys") {
		t.Errorf("doctor before the start: %v\n%s", err, out.String())
	}
	said := words.In("en").Say("doctor.keys_lost", "n", 2)
	s = start(t, "--addr", "127.0.0.1:0", "--data", s.data)
	ada := s.asAda(t)
	for _, path := range []string{"/admin/system", "/admin/queue"} {
		if !strings.Contains(ada(path), said) {
			t.Errorf("%s does not say %q", path, said)
		}
	}
	if page := s.get(t, "/"); strings.Contains(page, "heron") {
		t.Error("a post without a key is read")
	}
	if res := s.post(t, "/b/home/posts", url.Values{"body": {"a new beginning"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a post: %s", res.Status)
	}
	if page := s.get(t, "/api/v1/boards/home/posts"); !strings.Contains(page, "a new beginning") {
		t.Error("the board is of no use")
	}
	if log := command(t, "backup", "-", "--data", s.data); !strings.Contains(log, `"ada"`) {
		t.Error("the owner is gone")
	}
	s.stop()
	s = start(t, "--addr", "127.0.0.1:0", "--data", s.data)
	if strings.Contains(s.asAda(t)("/admin/system"), said) {
		t.Error("it is said for ever")
	}
	if !strings.Contains(s.get(t, "/"), "a new beginning") {
		t.Error("the new post is lost as well")
	}
}

func TestDoctorKnowsHowOldTheBackupIs(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	command(t, "settings", "set", "k=9", "--data", data)
	if out := command(t, "doctor", "--data", data); !strings.Contains(out, "No backup of the settings was made for a month.") {
		t.Errorf("without one: %s", out)
	}
	command(t, "backup", filepath.Join(t.TempDir(), "b"), "--data", data)
	if out := command(t, "doctor", "--data", data); !strings.Contains(out, "A backup of the settings was made within two weeks.") {
		t.Errorf("with one: %s", out)
	}
	now := time.Now()
	if f := doctor.Backup(now.Add(-20*24*time.Hour), now); f.Code != "doctor.backup_old" || f.Args["days"] != 20 {
		t.Errorf("an old one: %+v", f)
	}
}

func TestDoctorKnowsAFolderThatWasMovedAway(t *testing.T) {
	s := start(t, "--addr", "127.0.0.1:0")
	s.stop()
	there := filepath.Join(t.TempDir(), "there")
	command(t, "move", there, "--data", s.data)
	var out bytes.Buffer
	if err := run(t.Context(), []string{"doctor", "--data", s.data}, &out); err == nil || !strings.Contains(out.String(), "has moved to "+there) {
		t.Errorf("%v\n%s", err, out.String())
	}
	if out := command(t, "doctor", "--data", there); !strings.Contains(out, "The tables are those of this program") {
		t.Errorf("there: %s", out)
	}
}
