//go:build e2e

package firstday

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/certs/certstest"
)

const (
	body       = "Who has a ladder to lend on Saturday morning?"
	answer     = "I do, it is in the yard behind the bakery"
	afterwards = "The lights are on again in the whole street"
	passphrase = "four words nobody else has"
	origin     = "https://board.example"
)

var linkIn = regexp.MustCompile(origin + `/admin/setup\?token=([A-Z2-7]+)`)

// TestTheFirstDayOfAHost goes from a bare machine to a board that is used, upgraded on a
// full disk and on one with room, switched off and taken away again. Each step takes up where the one before has ended.
func TestTheFirstDayOfAHost(t *testing.T) {
	dir := os.Getenv(workshop)
	began := time.Now()
	step := func(what string) {
		done(what, began)
		began = time.Now()
	}

	m := boot(t, filepath.Join(dir, "debian"))
	step("the machine has booted its systemd")
	untouched := m.files()
	m.bring(filepath.Join(dir, "before"), "/root/before")
	m.bring(filepath.Join(dir, "now"), "/root/now")
	step("its files are written down")

	m.run("sh", "-c", `cp -r /root/now /tmp/now && mkdir /tmp/other && printf '#!/bin/sh\necho riscv64\n' >/tmp/other/uname && chmod +x /tmp/other/uname`)
	m.refused("root alone", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/tmp/now/install.sh")
	m.refused("no systemd running", "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /run/systemd && /root/now/install.sh")
	m.refused("no program for riscv64", "env", "PATH=/tmp/other:/usr/sbin:/usr/bin", "/root/now/install.sh")
	m.refused("--colour is no flag", "/root/now/install.sh", "--colour")
	m.refused("--base-url=board.example", "/root/now/install.sh", "--base-url", "board.example")
	m.run("rm", "-r", "/tmp/now", "/tmp/other", "/root/now", "/root/before")
	m.same(untouched)
	m.bring(filepath.Join(dir, "before"), "/root/before")
	m.bring(filepath.Join(dir, "now"), "/root/now")
	step("what it refuses leaves nothing")

	acme := certstest.New(t, 80, 443, 90*24*time.Hour, "board.example")
	acme.Start()
	ca, err := os.ReadFile(acme.CA)
	if err == nil {
		err = os.WriteFile(filepath.Join(m.root, "etc/acme-ca.pem"), ca, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	step("an ACME server is there, and its name leads to this machine")

	said := m.run("/root/before/install.sh", "--domain", "board.example", "--env", "MAYFLY_STARTER=none",
		"--env", "MAYFLY_ACME_URL="+acme.URL, "--env", "MAYFLY_ACME_CA=/etc/acme-ca.pem")
	if !strings.HasPrefix(said, "Installed: mayfly ") {
		t.Fatalf("install.sh said:\n%s", said)
	}
	step("installed: " + strings.TrimPrefix(m.run("mayfly", "version"), "mayfly "))

	client := here(acme.Trust)
	eventually(t, time.Minute, "the board answers over HTTPS, with a certificate for its name", func() bool {
		status, _ := client.get(t, origin+"/healthz")
		return status == http.StatusOK
	})
	if status, to := client.get(t, "http://board.example/about"); status/100 != 3 || to != origin+"/about" {
		t.Errorf("by HTTP it answers %d to %q", status, to)
	}
	if got := m.run("stat", "--format", "%U", "/proc/"+m.run("systemctl", "show", "--property=MainPID", "--value", "mayfly.service")); got != "mayfly" {
		t.Errorf("it runs as: %s", got)
	}
	step("it answers over HTTPS, and HTTP leads there")

	link := linkIn.FindString(m.run("mayflyctl", "admin", "link"))
	if link == "" {
		t.Fatal("mayflyctl admin link prints no link")
	}
	reader, another := surf(t)
	reader.open(link)
	reader.fill("#name", "ada")
	reader.fill("#new-passphrase", passphrase)
	reader.press("main button.btn")
	reader.wait("the owner is in", `location.pathname.startsWith("/admin/") && !document.querySelector("#new-passphrase")`)
	reader.chooses()
	step("somebody has been through the setup link")

	write := func(p page, url, words string) {
		p.open(url)
		p.fill(`main form textarea[name="body"]`, words)
		if !is(p, `(document.querySelector('main form textarea[name="body"]').form.requestSubmit(), true)`) {
			t.Fatal("the form can't be sent")
		}
		p.shows(words)
	}
	write(reader, origin+"/", body)
	reader.wait("the post has its page", `document.querySelector('main a[href^="/p/"]')`)
	at, err := ask[string](reader, `document.querySelector('main a[href^="/p/"]').getAttribute("href")`)
	if err != nil {
		t.Fatal(err)
	}
	reader.open(origin + at)
	reader.shows(body)
	loaded, err := ask[float64](reader, `performance.timeOrigin`)
	if err != nil {
		t.Fatal(err)
	}
	step("a post is written, and its page stays open")

	keys := m.run("sha256sum", "/run/mayfly/visitor.key")
	m.run("systemctl", "restart", "mayfly.service")
	eventually(t, patience, "it is well after a restart", func() bool { _, err := m.try("mayflyctl", "healthcheck"); return err == nil })
	if now := m.run("sha256sum", "/run/mayfly/visitor.key"); now != keys {
		t.Errorf("a restart has lost the keys: %s, then %s", keys, now)
	}
	step("a restart keeps the keys")

	before := m.run("mayfly", "version")
	m.hasSmallDisk()
	m.run("sh", "-c", "head -c 64M /dev/zero >/var/lib/mayfly/ballast || true")
	m.refused("nothing in it is lost: free some room and start again", "/root/now/install.sh")
	if got := m.run("mayfly", "version"); got != before {
		t.Errorf("after it was refused it is %s, not %s", got, before)
	}
	m.run("rm", "/var/lib/mayfly/ballast")
	step("a full disk holds the upgrade up, and says what would do")

	said = m.run("/root/now/install.sh")
	now := m.run("mayfly", "version")
	if before == now || !strings.HasPrefix(said, "Upgraded: "+before+" before, "+now+" now.") {
		t.Fatalf("from %s to %s, install.sh said:\n%s", before, now, said)
	}
	if out, _ := m.try("mayflyctl", "doctor"); !strings.Contains(out, strings.TrimPrefix(now, "mayfly ")) {
		t.Errorf("the doctor does not say which version runs:\n%s", out)
	}
	writer := another()
	write(writer, origin+at, answer)
	writer.shows(body)
	reader.shows(answer)
	if again, err := ask[float64](reader, `performance.timeOrigin`); err != nil || again != loaded {
		t.Logf("the open page was loaded anew: %v", err)
	}
	m.hasLargeDisk()
	step("upgraded to " + strings.TrimPrefix(now, "mayfly ") + ": the post is there, and its open page goes on by itself")

	said = m.run("/root/now/install.sh")
	if !strings.HasPrefix(said, "Restarted: "+now+", as before.") {
		t.Errorf("a second time, install.sh said:\n%s", said)
	}
	step("installed again: nothing changes")

	m.run("sh", "-c", `printf '#!/bin/sh\n[ "$1" = version ] && echo mayfly v99\n' >/root/broken && chmod +x /root/broken`)
	m.refused(now+" runs again", "/root/now/install.sh", "--binary", "/root/broken")
	m.refused("--log-level=loud", "/root/now/install.sh", "--env", "MAYFLY_LOG_LEVEL=loud")
	m.run("sh", "-c", "mkdir /root/damaged && cp /root/now/* /root/damaged && echo >>/root/damaged/mayfly-linux-$(dpkg --print-architecture)")
	m.refused("SHA256SUMS", "/root/damaged/install.sh")
	m.run("mayflyctl", "healthcheck")
	if got := m.run("mayfly", "version"); got != now {
		t.Errorf("after refusals it is %s", got)
	}
	step("a broken program, a wrong setting and a damaged release change nothing")

	m.run("journalctl", "--sync")
	if len(m.grep("Mayfly is open")) == 0 {
		t.Error("what the service says is in no file: this looks in the wrong place")
	}
	for _, secret := range []string{link[strings.Index(link, "=")+1:], passphrase, body, answer} {
		if files := m.grep(secret); len(files) > 0 {
			t.Errorf("%q can be read in %s", secret, files)
		}
	}
	step("neither link, passphrase nor words can be read in any file or log")

	m.switchOff()
	m.switchOn()
	eventually(t, time.Minute, "the board is back after the power was", func() bool {
		status, _ := client.get(t, origin+"/healthz")
		return status == http.StatusOK
	})
	if status, _ := client.get(t, origin+at); status != http.StatusNotFound {
		t.Errorf("a post whose key was in memory answers %d", status)
	}
	reader.open(origin + "/admin/queue")
	reader.shows("the keys of living posts were not there")
	write(another(), origin+"/", afterwards)
	step("switched off and on: the posts are gone, the board says so and goes on")

	m.run("systemctl", "stop", "mayfly.service")
	m.tell(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	m.refused("newer", "/root/now/install.sh")
	m.tell(t, "DELETE FROM goose_db_version WHERE version_id = 9999")
	m.run("/root/now/install.sh")
	writer.open(origin + "/")
	writer.shows(afterwards)
	step("the file of a newer version is refused with a sentence, and nothing of it is touched")

	m.refused("--yes", "/root/now/install.sh", "--uninstall")
	m.run("mayflyctl", "healthcheck")
	m.run("/root/now/install.sh", "--uninstall", "--yes")
	m.run("sh", "-c", "rm -r /root/before /root/now /root/broken /root/damaged /etc/acme-ca.pem")
	m.same(untouched)
	if out, err := m.try("sh", "-c", "id mayfly || systemctl cat mayfly.service"); err == nil {
		t.Errorf("left behind: %s", out)
	}
	step("uninstalled: every file of the machine is as it was")
}

// choices are the pages of first choices that an owner is led through.
const choices = `form[action^="/admin/start/"]:has(.btn.wide)`

// chooses takes what each page of first choices suggests, and says who answers for the
// board.
func (p page) chooses() {
	p.t.Helper()
	for range 5 {
		if !is(p, fmt.Sprintf(`document.querySelector(%q)`, choices)) {
			return
		}
		at, err := ask[float64](p, `(() => {
			const form = document.querySelector('`+choices+`');
			form.querySelectorAll('[name="contact"]').forEach((field) => { field.value = "host@board.example" });
			form.querySelectorAll('[type="radio"]').forEach((one) => { form[one.name].value || (one.checked = true) });
			return performance.timeOrigin;
		})()`)
		if err != nil {
			p.t.Fatal(err)
		}
		p.press(choices + " .btn.wide")
		p.wait("the next page", fmt.Sprintf(`performance.timeOrigin !== %f && document.readyState === "complete"`, at))
	}
	p.t.Fatalf("the first choices have no end:\n%s", p.sees())
}

// visitor is somebody for whom every name leads to this machine, and who believes one CA.
type visitor struct{ *http.Client }

func here(trust *x509.CertPool) visitor {
	return visitor{&http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, at string) (net.Conn, error) {
				_, port, _ := net.SplitHostPort(at)
				return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
			},
		},
	}}
}

// get says how a page is answered, and where it leads; 0 while nobody answers.
func (v visitor) get(t *testing.T, url string) (status int, to string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.Do(req)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}
