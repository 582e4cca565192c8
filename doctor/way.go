package doctor

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it, and nothing is kept secret by it
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Way is how visitors come here, as the operator has said.
type Way struct {
	Base    *url.URL // nil: none
	Trusted bool     // a proxy is believed
	Onion   string   // network and address of the onion's listener, as Listen takes them; "": none
	OnionAt string

	Direct    bool           // this server speaks TLS itself
	Domains   []string       // that certificates are asked for
	ClearPort string         // where it listens without TLS beside; "": it does not speak TLS
	Roots     *x509.CertPool // who signs certificates; nil: whom the machine believes

	resolver *net.Resolver // nil: the machine's
}

// Ways looks at what was said, without asking anybody.
func (w Way) Ways() []Finding {
	switch {
	case w.Base == nil:
		return []Finding{note("doctor.base_none")}
	case w.Base.Scheme != "https" && !local(w.Base.Hostname()):
		return []Finding{warn("doctor.base_plain", "base", w.Base.String())}
	case w.Base.Scheme == "https" && !w.Trusted && !w.Direct:
		return []Finding{warn("doctor.proxy_none", "base", w.Base.String())}
	}
	return []Finding{good("doctor.base", "base", w.Base.String())}
}

// Came says that a request comes from its peer.
func Came(addr string) Finding { return good("doctor.came", "address", addr) }

// CameByProxy is for an address that a trusted proxy names.
func CameByProxy(addr string) Finding { return good("doctor.came_proxy", "address", addr) }

// CameByOnion is for who has no address.
func CameByOnion() Finding { return good("doctor.came_onion") }

// Contact says whether the board may be answered to everybody, by how its host is reached.
func Contact(contact string) Finding {
	if contact == "" {
		return warn("doctor.contact_none")
	}
	return good("doctor.contact")
}

// Forwarded is what there is to say when a private peer that nobody trusts has lately
// sent X-Forwarded-For.
func Forwarded() Finding { return bad("doctor.proxy_seen") }

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsPrivate()) || strings.HasSuffix(host, ".onion")
}

// knockTime is how long an answer may take.
const knockTime = 5 * time.Second

// Listener knocks at the onion's listener, which tor alone should reach.
func (w Way) Listener(ctx context.Context) []Finding {
	if w.Onion == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	at := w.OnionAt
	host, port, err := net.SplitHostPort(at)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		at = net.JoinHostPort("127.0.0.1", port)
	}
	conn, err := new(net.Dialer).DialContext(ctx, w.Onion, at)
	if err != nil {
		return []Finding{bad("doctor.onion_closed", "at", w.OnionAt)}
	}
	_ = conn.Close()
	if at != w.OnionAt {
		return []Finding{warn("doctor.onion_wide", "at", w.OnionAt)}
	}
	return []Finding{good("doctor.onion", "at", w.OnionAt)}
}

// Socket opens a live socket as a page does, by the base URL and so through whatever
// stands before this server. It is the only place that is ever asked.
func (w Way) Socket(ctx context.Context) []Finding {
	if w.Base == nil {
		return nil
	}
	return []Finding{w.socket(ctx)}
}

func (w Way) socket(ctx context.Context) Finding {
	base := w.Base
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never returns an error since Go 1.24
	hello := base64.StdEncoding.EncodeToString(key)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.String()+"/live?format=json", http.NoBody)
	if err != nil {
		return bad("doctor.socket_away", "base", base.String())
	}
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Origin": base.String(),
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": hello,
	} {
		req.Header.Set(name, value)
	}
	res, err := w.knocker().Do(req)
	if err != nil {
		return bad("doctor.socket_away", "base", base.String())
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols && res.Header.Get("Sec-WebSocket-Accept") == accept(hello):
		return good("doctor.socket", "base", base.String())
	case res.StatusCode == http.StatusMisdirectedRequest:
		return bad("doctor.socket_host", "base", base.String())
	case res.StatusCode == http.StatusForbidden:
		return bad("doctor.socket_origin", "base", base.String())
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable:
		return note("doctor.socket_busy", "base", base.String())
	}
	_, _ = io.CopyN(io.Discard, res.Body, 1<<10)
	return bad("doctor.socket_stripped", "base", base.String(), "status", res.StatusCode)
}

// knocker speaks HTTP/1.1, as an upgrade needs, to the host it is given and no other.
func (w Way) knocker() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true, TLSHandshakeTimeout: knockTime,
			TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
			TLSClientConfig: &tls.Config{RootCAs: w.Roots, MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// accept is what a server that understood an upgrade answers to its key (RFC 6455, 1.3).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see above
	return base64.StdEncoding.EncodeToString(sum[:])
}
