package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// comesIn shows something at the door of the attic, and says whether the board is read
// then.
func (s *site) comesIn(t *testing.T, who *http.Client, show, value string) bool {
	t.Helper()
	s.asks(t, who, http.MethodPost, "/b/attic/door", url.Values{show: {value}})
	return s.reads(t, who)
}

func (s *site) reads(t *testing.T, who *http.Client) bool {
	t.Helper()
	status, _ := s.asks(t, who, http.MethodGet, "/b/attic", nil)
	return status == http.StatusOK
}

func (s *site) asks(t *testing.T, who *http.Client, method, path string, form url.Values) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := who.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestDoorsAreSetBesideARunningServer(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	phrase := filepath.Join(t.TempDir(), "phrase.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(phrase, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newcomer := func() *http.Client {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Client{Jar: jar}
	}
	command(t, "board", "add", "attic", "--title", "The attic", "--data", site.data)
	write("warm tin roof\n")
	command(t, "board", "door", "set", "attic", "passphrase", "--passphrase-file", phrase, "--data", site.data)
	soon(t, "it has a door", func() bool { return site.status(t, "/b/attic") == http.StatusForbidden })
	member := newcomer()
	if !site.comesIn(t, member, "passphrase", "warm tin roof") {
		t.Fatal("the passphrase lets nobody in")
	}
	write("cold brick wall")
	command(t, "board", "door", "set", "attic", "passphrase", "--passphrase-file", phrase, "--data", site.data)
	soon(t, "everybody is out", func() bool { return !site.reads(t, member) })
	command(t, "board", "door", "set", "attic", "invite", "--data", site.data)
	code, _, _ := strings.Cut(command(t, "board", "door", "invite", "attic", "--uses", "1", "--life", "1h", "--data", site.data), "\n")
	soon(t, "it asks for invitations", func() bool {
		_, door := site.asks(t, member, http.MethodGet, "/b/attic", nil)
		return strings.Contains(door, `name="code"`)
	})
	if !site.comesIn(t, member, "code", code) {
		t.Error("the invitation lets nobody in")
	}
	if site.comesIn(t, newcomer(), "code", code) {
		t.Error("an invitation for one lets two in")
	}
	if list := command(t, "board", "door", "list", "attic", "--data", site.data); !strings.Contains(list, "1  0 left  ends in 1h") {
		t.Errorf("list: %s", list)
	}
	command(t, "board", "door", "revoke", "attic", "1", "--data", site.data)
	if list := command(t, "board", "door", "list", "attic", "--data", site.data); list != "" {
		t.Errorf("list: %s", list)
	}
	command(t, "board", "door", "out", "attic", "--data", site.data)
	soon(t, "everybody is out again", func() bool { return !site.reads(t, member) })
	for _, args := range [][]string{
		{"set", "cellar", "open"},
		{"set", "attic", "ajar"},
		{"set", "home", "passphrase"},
		{"set", "attic", "passphrase", "--passphrase-file", phrase + ".none"},
		{"invite", "attic", "--uses", "0"},
		{"invite", "attic", "--life", "soon"},
		{"revoke", "attic", "7"},
	} {
		args = append(append([]string{"board", "door"}, args...), "--data", site.data)
		if err := run(t.Context(), args, io.Discard); exitCode(err) != 2 || err == nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// A board that asks for a passphrase and has none is shut, and whoever starts it is told.
func TestASiteBehindAPassphraseThatNobodySetIsShut(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0", "--set", "access=passphrase")
	if status := site.status(t, "/"); status != http.StatusForbidden {
		t.Errorf("/ answers %d", status)
	}
	if page := site.get(t, "/"); !strings.Contains(page, "it has none yet") {
		t.Error("it does not say why")
	}
	if said := command(t, "settings", "set", "access=passphrase", "--data", site.data); !strings.Contains(said, "is shut until it has one") {
		t.Errorf("settings set said %q", said)
	}
}
