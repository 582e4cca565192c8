//go:build e2e

package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestWhoPrefersItalianReadsItalianLiveToo listens to a language that nobody chose
// by hand.
func TestWhoPrefersItalianReadsItalianLiveToo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("chi preferisce l’italiano")
	tell(p, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: see[string](p, `navigator.userAgent`), AcceptLanguage: "it-IT,it;q=0.9",
	})
	p.openLive("/")
	if got := see[string](p, `document.documentElement.lang`); got != "it" {
		t.Errorf("lang = %q, want it", got)
	}
	p.shows("Dimenticami")
	s.publish("ciao a chi è sveglio", "1h")
	p.shows("ciao a chi è sveglio")
	p.wait("the time that came by socket is in Italian", `document.querySelector("article.post .left time").textContent.startsWith("ancora ")`)
	p.wait("and so are the buttons", `document.querySelector("article.post .heart").ariaLabel.startsWith("Cuore")`)
	for _, path := range []string{"/write", "/you", "/about"} {
		p.open(path)
		if got := see[string](p, `document.documentElement.lang`); got != "it" {
			t.Errorf("%s: lang = %q, want it", path, got)
		}
	}
}
