package main

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ownersPhrase = "four words nobody else has"

// owned starts a site and makes ada its owner.
func owned(t *testing.T, args ...string) *site {
	t.Helper()
	s := start(t, append([]string{"--addr", "127.0.0.1:0"}, args...)...)
	m := setupAt.FindStringSubmatch(command(t, "admin", "reset", "--data", s.data))
	if m == nil {
		t.Fatal("no link")
	}
	form := url.Values{"token": {m[1][strings.Index(m[1], "=")+1:]}, "name": {"ada"}, "passphrase": {ownersPhrase}}
	if res := s.post(t, "/admin/setup", form); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("setup: %s", res.Status)
	}
	return s
}

func (s *site) signIn(t *testing.T) *http.Response {
	t.Helper()
	return s.post(t, "/admin/login", url.Values{"name": {"ada"}, "passphrase": {ownersPhrase}})
}

// refusal is what a command that must not work says, in one sentence.
func refusal(t *testing.T, args ...string) string {
	t.Helper()
	err := run(t.Context(), args, io.Discard)
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("mayfly %s: %v, want one sentence", strings.Join(args, " "), err)
	}
	return err.Error()
}

func TestABackupBesideARunningServerIsRestoredElsewhereAndItsOwnerSignsIn(t *testing.T) {
	old := owned(t)
	command(t, "settings", "set", "--data", old.data, "k=9")
	command(t, "board", "add", "attic", "--title", "The attic", "--data", old.data)
	command(t, "prompt", "ask", "What next?", "--data", old.data)
	if res := old.post(t, "/b/home/posts", url.Values{"body": {"stays behind"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	file := filepath.Join(t.TempDir(), "board.backup")
	command(t, "backup", file, "--data", old.data)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v; want mode 0600", info.Mode(), err)
	}
	data := filepath.Join(t.TempDir(), "new")
	command(t, "restore", file, "--data", data)
	again := start(t, "--addr", "127.0.0.1:0", "--data", data)
	if res := again.signIn(t); res.Header.Get("Location") != "/admin" {
		t.Errorf("sign in: %s", res.Status)
	}
	page := again.get(t, "/")
	if !strings.Contains(page, "What next?") || !strings.Contains(page, "The attic") || strings.Contains(page, "stays behind") {
		t.Error("the home page is not that of the backup")
	}
	if got := command(t, "settings", "get", "k", "--data", data); got != "9\n" {
		t.Errorf("k = %q", got)
	}
	if got := refusal(t, "restore", file, "--data", data); !strings.Contains(got, "another mayfly is using "+data) {
		t.Errorf("over a running server: %s", got)
	}
}

func TestABackupTakesNoOthersPlace(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "board.backup")
	if got := refusal(t, "backup", file, "--data", data); !strings.Contains(got, "--data") {
		t.Errorf("without a board: %s", got)
	}
	if _, err := os.Stat(file); err == nil {
		t.Fatal("half a file is left")
	}
	command(t, "settings", "set", "k=9", "--data", data)
	if err := os.WriteFile(file, []byte("dear diary"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := refusal(t, "backup", file, "--data", data); !strings.Contains(got, "--force") {
		t.Errorf("over a file: %s", got)
	}
	if raw, err := os.ReadFile(file); err != nil || string(raw) != "dear diary" {
		t.Errorf("it says %q, %v", raw, err)
	}
	if got := refusal(t, "restore", file, "--data", data); !strings.Contains(got, "no backup of Mayfly's") {
		t.Errorf("of a diary: %s", got)
	}
	command(t, "backup", file, "--force", "--data", data)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v; want mode 0600", info.Mode(), err)
	}
	command(t, "restore", file, "--data", filepath.Join(dir, "new"))
}

func TestABackupGoesThroughAPipe(t *testing.T) {
	data, other := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")
	command(t, "settings", "set", "k=9", "--data", data)
	through := command(t, "backup", "-", "--data", data)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = stdin }()
	go func() {
		_, _ = io.Copy(w, strings.NewReader(through))
		_ = w.Close()
	}()
	command(t, "restore", "-", "--data", other)
	if got := command(t, "settings", "get", "k", "--data", other); got != "9\n" {
		t.Errorf("k = %q", got)
	}
	if again := command(t, "backup", "-", "--data", other); !bytes.Contains([]byte(again), []byte(`"action":"restore"`)) {
		t.Error("the log does not say that it was restored")
	}
}

func TestRestoreOverPostsThatLiveIsRefused(t *testing.T) {
	s := owned(t)
	file := filepath.Join(t.TempDir(), "board.backup")
	command(t, "backup", file, "--data", s.data)
	if res := s.post(t, "/b/home/posts", url.Values{"body": {"lives here"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	s.stop()
	if got := refusal(t, "restore", file, "--data", s.data); !strings.Contains(got, "with all replies: 1") {
		t.Errorf("over what lives: %s", got)
	}
	s = start(t, "--addr", "127.0.0.1:0", "--data", s.data)
	if !strings.Contains(s.get(t, "/"), "lives here") {
		t.Error("a refusal ended the post")
	}
	s.stop()
	command(t, "restore", file, "--force", "--data", s.data)
	s = start(t, "--addr", "127.0.0.1:0", "--data", s.data)
	if strings.Contains(s.get(t, "/"), "lives here") {
		t.Error("it is still there")
	}
}
