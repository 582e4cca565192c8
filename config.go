package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"mayfly/board"
	"mayfly/words"
)

// Config is what an operator decides before the start: flag, else environment,
// else default.
type Config struct {
	Addr           string            `default:":8080" env:"MAYFLY_ADDR" help:"Address to listen on."`
	Data           string            `default:"./data" env:"MAYFLY_DATA" help:"Folder of the database. It holds no key."`
	Keys           string            `env:"MAYFLY_KEYS" help:"Folder of the keys, never inside the data folder (default: the data folder's name and \".keys\")."`
	BaseURL        string            `name:"base-url" env:"MAYFLY_BASE_URL" help:"Where people reach the board, such as https://board.example. Without it only localhost and bare addresses are answered."`
	TrustedProxies string            `name:"trusted-proxies" env:"MAYFLY_TRUSTED_PROXIES" help:"Networks whose X-Forwarded-For is believed, such as 127.0.0.1/32,10.0.0.0/8."`
	Set            map[string]string `env:"MAYFLY_SET" mapsep:"," placeholder:"NAME=VALUE" help:"First value of a setting; what was set since then stays. Repeatable."`
	Starter        string            `default:"neighbours" env:"MAYFLY_STARTER" help:"What a new site says first, and asks each day: neighbours, campus, event or none."`
	StarterLang    string            `name:"starter-lang" default:"en" env:"MAYFLY_STARTER_LANG" help:"In which language: en or it."`
	LogLevel       string            `name:"log-level" default:"info" env:"MAYFLY_LOG_LEVEL" help:"debug, info, warn or error."`
	LogFormat      string            `name:"log-format" default:"text" env:"MAYFLY_LOG_FORMAT" help:"text or json."`

	base    *url.URL       // nil: none
	trusted []netip.Prefix // of TrustedProxies
	level   slog.Level
	starter board.Starter
}

// check reads every value, and says in one sentence what is wrong with the first
// that can't be had.
func (c *Config) check() (err error) {
	if _, port, err := net.SplitHostPort(c.Addr); err != nil || port == "" {
		return fmt.Errorf("--addr=%s: give a host and a port, such as :8080 or 127.0.0.1:8080", c.Addr)
	}
	if c.Data == "" {
		return errors.New("--data is empty: give a folder, such as ./data")
	}
	if c.Keys == "" {
		c.Keys = filepath.Clean(c.Data) + ".keys"
	}
	if c.base, err = parseBase(c.BaseURL); err != nil {
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
	set, err := words.Starters(c.Starter, c.StarterLang)
	if err != nil {
		return fmt.Errorf("--starter=%s --starter-lang=%s: %w", c.Starter, c.StarterLang, err)
	}
	c.starter = board.Starter{Welcome: set.Welcome, Questions: set.Questions, Sets: map[string][]string{}}
	for _, name := range board.StarterSets[1:] {
		if set, err = words.Starters(name, c.StarterLang); err != nil {
			return err
		}
		c.starter.Sets[name] = set.Questions
	}
	return nil
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
