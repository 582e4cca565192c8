package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var setupAt = regexp.MustCompile(`https?://[^/\s]+(/admin/setup\?token=[A-Z2-7]+)`)

func TestTheFirstStartPrintsASetupLinkOnce(t *testing.T) {
	var out bytes.Buffer
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 81}
	announce(&out, &Config{}, addr, beginning{link: "ABC"}, true)
	if !strings.Contains(out.String(), "http://127.0.0.1:81/admin/setup?token=ABC\n") {
		t.Errorf("announced: %s", out.String())
	}
	out.Reset()
	announce(&out, &Config{}, addr, beginning{owned: true}, true)
	if strings.Contains(out.String(), "admin") {
		t.Errorf("with an owner: %s", out.String())
	}
}

func TestTheTerminalSaysHowToOpenABoardWithoutAContact(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 81}
	for _, reached := range []bool{false, true} {
		var out bytes.Buffer
		announce(&out, &Config{Data: "/srv/data"}, addr, beginning{owned: true}, reached)
		if said := strings.Contains(out.String(), "mayfly settings set --data=/srv/data contact="); said == reached {
			t.Errorf("reached %v, announced: %s", reached, out.String())
		}
	}
}

func TestDoctorSaysThatNobodyCanReachTheHost(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	const none = "answers this machine and private networks alone"
	if out := command(t, "doctor", "--data", site.data); !strings.Contains(out, none) || !strings.Contains(out, "mayfly settings set contact=") {
		t.Errorf("without a contact: %s", out)
	}
	command(t, "settings", "set", "--data", site.data, "contact=host@river.example")
	if out := command(t, "doctor", "--data", site.data); strings.Contains(out, none) || !strings.Contains(out, "answers everybody") {
		t.Errorf("with a contact: %s", out)
	}
}

func TestAResetWorksBesideARunningServer(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	m := setupAt.FindStringSubmatch(command(t, "admin", "reset", "--data", site.data, "--base-url", "https://board.example"))
	if m == nil || !strings.HasPrefix(m[0], "https://board.example/") {
		t.Fatalf("no link: %v", m)
	}
	if page := site.get(t, m[1]); !strings.Contains(page, "Start your board") {
		t.Error("the link opens nothing")
	}
	form := url.Values{"token": {m[1][strings.Index(m[1], "=")+1:]}, "name": {"ada"}, "passphrase": {"four words nobody else has"}}
	if res := site.post(t, "/admin/setup", form); res.Header.Get("Location") != "/admin" {
		t.Errorf("setup: %s", res.Status)
	}
	if page := site.get(t, m[1]); !strings.Contains(page, "has been used") {
		t.Error("the link works twice")
	}
	site.stop()
	again := start(t, "--addr", "127.0.0.1:0", "--data", site.data)
	if res := again.post(t, "/admin/login", url.Values{"name": {"ada"}, "passphrase": {"four words nobody else has"}}); res.Header.Get("Location") != "/admin" {
		t.Errorf("sign in after a restart: %s", res.Status)
	}
}

// TestTheSetupLinkIsInNoLog runs the server with a file and a pipe for its terminal: such
// are a journal, a container's log, a redirection.
func TestTheSetupLinkIsInNoLog(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	start(t, "--addr", "127.0.0.1:0", "--data", data).stop()
	link := setupAt.FindStringSubmatch(command(t, "admin", "link", "--data", data, "--base-url", "https://board.example"))
	if link == nil || !strings.HasPrefix(link[0], "https://board.example/") {
		t.Fatalf("admin link printed %q", link)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- errors.Join(run(ctx, []string{"--addr", "127.0.0.1:0", "--data", data, "--starter", "none"}, out), out.Close())
	}()
	lines := bufio.NewScanner(in)
	var said, at string
	for lines.Scan() {
		said += lines.Text() + "\n"
		at = cmp.Or(opened.FindString(lines.Text()), at)
		if strings.Contains(lines.Text(), "owner") {
			break
		}
	}
	site := &site{url: at}
	if page := site.get(t, link[1]); !strings.Contains(page, "Start your board") {
		t.Error("the link that was printed before the start opens nothing")
	}
	form := url.Values{"token": {link[1][strings.Index(link[1], "=")+1:]}, "name": {"ada"}, "passphrase": {"four words nobody else has"}}
	if res := site.post(t, "/admin/setup", form); res.Header.Get("Location") != "/admin" {
		t.Errorf("setup: %s", res.Status)
	}
	if err := run(t.Context(), []string{"admin", "link", "--data", data}, io.Discard); err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), "admin reset") {
		t.Errorf("admin link beside an owner: %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for lines.Scan() {
		said += lines.Text() + "\n"
	}
	if strings.Contains(said, "token") || !strings.Contains(said, "mayfly admin link") {
		t.Errorf("into a log went: %s", said)
	}
}
