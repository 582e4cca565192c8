//go:build e2e

package e2e

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// TestTheSystemsPageSeesWhetherLivePagesGetThrough looks directly, then through a proxy
// that does not pass sockets on.
func TestTheSystemsPageSeesWhetherLivePagesGetThrough(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	s.owner(p)
	p.open("/admin/system")
	p.wait("a socket has opened", `!document.getElementById("socket-open").hidden && document.getElementById("socket-unseen").hidden`)

	to := must(url.Parse(s.url))
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header.Del("Upgrade")
		r.Out.Header.Del("Connection")
	}})
	t.Cleanup(proxy.Close)
	q := newPerson(t, "the owner, by way of a proxy", proxy.URL)
	q.expects("WebSocket", "status of 400")
	q.open("/admin/login?to=/admin/system")
	q.types("#name", "ada")
	q.types("#passphrase", ownersWords)
	q.follow("main button.btn")
	q.wait("it was closed on the way", `!document.getElementById("socket-closed").hidden && document.getElementById("socket-open").hidden`)
}
