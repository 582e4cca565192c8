//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"mayfly/certs/certstest"
)

// TestAnAdminIsToldWhyThereIsNoCertificateAndHasItAskedForAgain begins without an ACME
// server. What is open in the clear meanwhile is led to HTTPS afterwards.
func TestAnAdminIsToldWhyThereIsNoCertificateAndHasItAskedForAgain(t *testing.T) {
	bare, secure := certstest.Port(t), certstest.Port(t)
	ca := certstest.New(t, must(strconv.Atoi(bare)), must(strconv.Atoi(secure)), time.Hour, "localhost")
	s := newSite(t)
	s.stop()
	s.flags = []string{"--tls-domain", "localhost", "--tls-addr", "127.0.0.1:" + secure, "--acme-url", ca.URL, "--acme-ca", ca.CA}
	s.start("127.0.0.1:" + bare)
	base, plain := s.url, "http://localhost:"+bare
	if base != "https://localhost:"+secure {
		t.Fatalf("it is open at %q", base)
	}

	p := newPerson(t, "the owner", plain)
	s.owner(p)
	p.open("/admin/log")
	p.shows("A certificate for localhost can’t be had: the ACME server does not answer.")
	p.open("/admin/system")
	p.shows("or now at /admin/system")
	p.shots("system-no-certificate")
	p.openLive("/") // in the clear as well
	p.shows("This page comes without encryption")
	see[any](p, string(must(os.ReadFile("testdata/axe.min.js")))+"; void 0")
	p.checkBarriers("a page in the clear")
	p.shots("in-clear")
	p.open("/admin/system")

	ca.Start()
	p.follow(`form[action="/admin/system/certificate"] button`)
	p.shows("It is being asked for.")
	eventually(t, time.Minute, "the clear leads to HTTPS", func() bool {
		res, err := noFollow.Get(plain + "/about")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusPermanentRedirect && res.Header.Get("Location") == base+"/about"
	})

	r := newPerson(t, "a reader by HTTPS", base)
	tell(r, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	r.openLive("/")
	if see[bool](r, `!!document.querySelector(".in-clear")`) {
		t.Error("a page by HTTPS says that it comes in the clear")
	}
	w := newPerson(t, "a writer by HTTPS", base)
	tell(w, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	w.openLive("/")
	w.post("hello by HTTPS")
	r.shows("hello by HTTPS")
	look := exec.Command(program, append([]string{"doctor", "--data", s.data, "--addr", "127.0.0.1:" + bare}, s.flags...)...)
	look.Env = append(os.Environ(), "SSL_CERT_FILE="+ca.Root, "LANG=C")
	said, err := look.CombinedOutput()
	for _, want := range []string{
		"localhost leads to this machine.", "The way without TLS is open at http://localhost:" + bare,
		"The certificate of localhost is good for", "Live pages get through to " + base,
	} {
		if !strings.Contains(string(said), want) {
			t.Errorf("doctor (%v) does not say %q: %s", err, want, said)
		}
	}
	if strings.Contains(s.log.String(), "127.0.0.1") || !strings.Contains(s.log.String(), "a certificate is there") {
		t.Errorf("the log: %s", s.log)
	}
}

// noFollow is a client that is led nowhere.
var noFollow = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// shots takes pictures of the page on a phone and a desk, light and dark, where
// MAYFLY_SHOTS names a folder.
func (p *person) shots(name string) {
	p.t.Helper()
	dir := os.Getenv("MAYFLY_SHOTS")
	if dir == "" {
		return
	}
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			p.width(width)
			p.media("prefers-color-scheme", scheme)
			ctx, cancel := contextFor(p)
			png := must(chromedp.Run(ctx, chromedp.FullScreenshot(100)))
			cancel()
			path := filepath.Join(dir, name+"-"+strconv.FormatInt(width, 10)+"-"+scheme+".png")
			if err := os.WriteFile(path, png, 0o600); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	p.media("prefers-color-scheme", "")
	p.width(1280)
}
