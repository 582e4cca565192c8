//go:build e2e

package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
)

// TestAPhoneTakesTheBoardAndTheQueueToItsHomeScreen asks the browser whether anything
// stands against it, and where the icon leads.
func TestAPhoneTakesTheBoardAndTheQueueToItsHomeScreen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	s.owner(p)
	p.width(390)
	for path, want := range map[string]struct{ id, start, scope string }{
		"/":            {"/", "/", "/"},
		"/admin/queue": {"/admin", "/admin/queue", "/admin"},
	} {
		p.open(path)
		for _, e := range tell(p, page.GetInstallabilityErrors, cdp.Empty{}).InstallabilityErrors {
			if e.ErrorID != "in-incognito" { // as all people of these tests are
				t.Errorf("%s: %s %v", path, e.ErrorID, e.ErrorArguments)
			}
		}
		m := tell(p, page.GetAppManifest, page.GetAppManifestParams{})
		for _, e := range m.Errors {
			t.Errorf("%s: the manifest: %s", path, e.Message)
		}
		if got := m.Manifest; got == nil || got.ID != s.url+want.id || got.StartURL != s.url+want.start || got.Scope != s.url+want.scope || len(got.Icons) != 4 {
			t.Errorf("%s: the manifest is %+v", path, got)
		}
		if !see[bool](p, `fetch(document.querySelector("link[rel=apple-touch-icon]").href).then((r) => r.ok)`) {
			t.Errorf("%s: an iPhone finds no icon", path)
		}
	}
}
