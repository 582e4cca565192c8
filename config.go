package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"mayfly/alert"
	"mayfly/board"
	"mayfly/words"
)

// tlsAddr is the default of --tls-addr.
const tlsAddr = ":443"

// Config is what an operator decides before the start: flag, else environment,
// else default.
type Config struct {
	Addr           string            `env:"MAYFLY_ADDR" help:"Address to listen on (default: :8080, with TLS :80, where it leads to https)."`
	Data           string            `default:"./data" env:"MAYFLY_DATA" help:"Folder of the database. It holds no key."`
	Keys           string            `env:"MAYFLY_KEYS" help:"Folder of the keys, never inside the data folder (default: the data folder's name and \".keys\")."`
	BaseURL        string            `name:"base-url" env:"MAYFLY_BASE_URL" help:"Where people reach the board, such as https://board.example. Without it only localhost and bare addresses are answered."`
	TrustedProxies string            `name:"trusted-proxies" env:"MAYFLY_TRUSTED_PROXIES" help:"Networks whose X-Forwarded-For is believed, such as 127.0.0.1/32,10.0.0.0/8."`
	TLSDomain      string            `name:"tls-domain" env:"MAYFLY_TLS_DOMAIN" placeholder:"NAME" help:"Speak TLS under this name, with a certificate that is fetched and renewed: board.example, or several with commas, which lead to the first."`
	TLSCert        string            `name:"tls-cert" env:"MAYFLY_TLS_CERT" placeholder:"FILE" help:"Speak TLS with a certificate of your own: PEM, with its chain. Read again when it changes."`
	TLSKey         string            `name:"tls-key" env:"MAYFLY_TLS_KEY" placeholder:"FILE" help:"The key of --tls-cert."`
	TLSAddr        string            `name:"tls-addr" default:":443" env:"MAYFLY_TLS_ADDR" help:"Address to speak TLS on."`
	ACMEURL        string            `name:"acme-url" env:"MAYFLY_ACME_URL" placeholder:"URL" help:"Directory of the ACME server that --tls-domain asks (default: Let's Encrypt)."`
	ACMECA         string            `name:"acme-ca" env:"MAYFLY_ACME_CA" placeholder:"FILE" help:"Certificates in PEM of who vouches for that server, where it is a private one."`
	ACMEMail       string            `name:"acme-mail" env:"MAYFLY_ACME_MAIL" placeholder:"ADDRESS" help:"Whom that server may write to. Nobody need be said."`
	OnionAddr      string            `name:"onion-addr" env:"MAYFLY_ONION_ADDR" placeholder:"ADDR" help:"Where tor alone comes in, such as 127.0.0.1:8081 or unix:/run/mayfly/onion."`
	OnionURL       string            `name:"onion-url" env:"MAYFLY_ONION_URL" placeholder:"URL" help:"The onion service's own address, such as http://….onion. Pages that came another way then offer it."`
	OpsAddr        string            `name:"ops-addr" env:"MAYFLY_OPS_ADDR" placeholder:"ADDR" help:"Where /metrics, /readyz and /debug/pprof/ are, for this machine or a private network alone, such as 127.0.0.1:9090 or unix:/run/mayfly/ops (default: nowhere)."`
	AlertURL       string            `name:"alert-url" env:"MAYFLY_ALERT_URL" placeholder:"URL" help:"Where hosts are told that something waits for them, such as https://ntfy.example/our-board."`
	AlertStyle     string            `name:"alert-style" default:"ntfy" env:"MAYFLY_ALERT_STYLE" help:"How that wants to be told: ntfy, slack or matrix."`
	AlertToken     string            `name:"alert-token" env:"MAYFLY_ALERT_TOKEN" placeholder:"TOKEN" help:"What lets us tell it. Better in the environment than here."`
	AlertMail      string            `name:"alert-mail" env:"MAYFLY_ALERT_MAIL" placeholder:"ADDRESS" help:"Who is told by mail, by way of --smtp."`
	AlertFrom      string            `name:"alert-from" env:"MAYFLY_ALERT_FROM" placeholder:"ADDRESS" help:"Whom that mail is from (default: the account of --smtp)."`
	SMTP           string            `name:"smtp" env:"MAYFLY_SMTP" placeholder:"URL" help:"The mail server, such as smtp://name:password@mail.example:587. Better in the environment than here."`
	Set            map[string]string `env:"MAYFLY_SET" mapsep:"," placeholder:"NAME=VALUE" help:"First value of a setting; what was set since then stays. Repeatable."`
	Starter        string            `default:"neighbours" env:"MAYFLY_STARTER" help:"What a new site says first, and asks each day: neighbours, campus, event or none."`
	StarterLang    string            `name:"starter-lang" default:"en" env:"MAYFLY_STARTER_LANG" help:"In which language: en or it."`
	LogLevel       string            `name:"log-level" default:"info" env:"MAYFLY_LOG_LEVEL" help:"debug, info, warn or error."`
	LogFormat      string            `name:"log-format" default:"text" env:"MAYFLY_LOG_FORMAT" help:"text or json."`

	base    *url.URL       // nil: none
	onion   *url.URL       // nil: none
	trusted []netip.Prefix // of TrustedProxies
	names   []string       // that TLS is spoken under, in small letters
	roots   *x509.CertPool // of ACMECA and this machine; nil: this machine's
	level   slog.Level
	starter board.Starter

	receivers []alert.Receiver
}

// check reads every value, and says in one sentence what is wrong with the first
// that can't be had.
func (c *Config) check() (err error) {
	if c.base, err = parseBase(c.BaseURL); err != nil {
		return err
	}
	if err := c.checkTLS(); err != nil {
		return err
	}
	if _, port, err := net.SplitHostPort(c.Addr); err != nil || port == "" {
		return fmt.Errorf("--addr=%s: give a host and a port, such as :8080 or 127.0.0.1:8080", c.Addr)
	}
	if c.Data == "" {
		return errors.New("--data is empty: give a folder, such as ./data")
	}
	if c.Keys == "" {
		c.Keys = filepath.Clean(c.Data) + ".keys"
	}
	if err := c.checkOnion(); err != nil {
		return err
	}
	if err := c.checkOps(); err != nil {
		return err
	}
	if err := c.checkAlerts(); err != nil {
		return err
	}
	if c.trusted, err = board.ParseNetworks(c.TrustedProxies); err != nil {
		return fmt.Errorf("--trusted-proxies: %w", err)
	}
	if err := c.level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return fmt.Errorf("--log-level=%s: give debug, info, warn or error", c.LogLevel)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return fmt.Errorf("--log-format=%s: give text or json", c.LogFormat)
	}
	if _, err := board.DefaultSettings().With(c.Set); err != nil {
		return fmt.Errorf("--set: %w", err)
	}
	if _, err := words.Starters(c.Starter, c.StarterLang); err != nil {
		return fmt.Errorf("--starter=%s --starter-lang=%s: %w", c.Starter, c.StarterLang, err)
	}
	c.starter, err = starters(c.Starter, c.StarterLang)
	return err
}

// starters is what the host may say by itself, and what the server was started with.
func starters(set, lang string) (board.Starter, error) {
	all := board.Starter{Set: set, Lang: lang, Sets: map[string]map[string]board.Greeting{}}
	for _, lang := range words.Languages {
		all.Sets[lang] = map[string]board.Greeting{}
		for _, name := range board.StarterSets[1:] {
			s, err := words.Starters(name, lang)
			if err != nil {
				return all, err
			}
			all.Sets[lang][name] = board.Greeting{Welcome: s.Welcome, Questions: s.Questions}
		}
	}
	return all, nil
}

func (c *Config) checkOnion() (err error) {
	if _, at := listenerAt(c.OnionAddr); c.OnionAddr != "" && at == "" {
		return fmt.Errorf("--onion-addr=%s: give a host and a port, such as 127.0.0.1:8081, or a socket, such as unix:/run/mayfly/onion", c.OnionAddr)
	}
	if c.onion, err = parseBase(c.OnionURL); err != nil || c.onion != nil && !strings.HasSuffix(c.onion.Hostname(), ".onion") {
		return fmt.Errorf("--onion-url=%s: give http:// and the onion service's name alone, such as http://….onion", c.OnionURL)
	}
	if c.onion != nil && c.OnionAddr == "" {
		return errors.New("--onion-url is the address of a service that comes in by --onion-addr: give that one as well")
	}
	return nil
}

// listenerAt reads a host and port, or unix: and a path, as net.Listen takes them; both
// "" where it is neither.
func listenerAt(addr string) (network, at string) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok && path != "" {
		return "unix", path
	}
	if _, port, err := net.SplitHostPort(addr); err == nil && port != "" {
		return "tcp", addr
	}
	return "", ""
}

// checkOps keeps what is for operators off the internet: no sign-in stands before it.
func (c *Config) checkOps() error {
	network, at := listenerAt(c.OpsAddr)
	if c.OpsAddr == "" || network == "unix" {
		return nil
	}
	host, _, _ := net.SplitHostPort(at)
	ip, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()) {
		return nil
	}
	return fmt.Errorf("--ops-addr=%s: nobody signs in there, so give an address of this machine or of a private network and a port, such as 127.0.0.1:9090, or a socket, such as unix:/run/mayfly/ops", c.OpsAddr)
}

// parseBase accepts scheme and host alone: the board lives at the root.
func parseBase(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // no base URL is a valid configuration
	}
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("--base-url=%s: give http:// or https:// and a host alone, such as https://board.example", s)
	}
	return u, nil
}
