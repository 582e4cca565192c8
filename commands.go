package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/storage"
)

// commands is the whole command line.
type commands struct {
	Config

	Serve    serveCommand `cmd:"" default:"1" help:"Serve the board."`
	Settings struct {
		Get   settingsGet   `cmd:"" help:"Print settings, or one of them."`
		Set   settingsSet   `cmd:"" help:"Change settings, of all boards or of one; a running server follows within two seconds."`
		Unset settingsUnset `cmd:"" help:"Have a board follow all boards again."`
	} `cmd:"" help:"Read or change settings in the data folder."`
	Board       boardCommand   `cmd:"" help:"List, add, change or end boards in the data folder."`
	Prompt      promptCommand  `cmd:"" help:"Ask on a board as its host, list what stands, end it."`
	Circle      circleCommand  `cmd:"" help:"List circles, unread, or end one."`
	Doctor      doctorCommand  `cmd:"" help:"Look at folders, database, machine and proxy, say what to do, and print the hash of every script."`
	Backup      backupCommand  `cmd:"" help:"Write settings, boards, filters, admins and their log into one file, and no post."`
	Restore     restoreCommand `cmd:"" help:"Make the data folder of a backup; nobody may be serving it."`
	Move        moveCommand    `cmd:"" help:"Carry what lives, with its keys, to another folder or server, and destroy it here."`
	Receive     receiveCommand `cmd:"" help:"The other end of mayfly move --by, on another server."`
	Raid        raidCommand    `cmd:"" help:"Turn raid mode on or off, or say where it is on."`
	Filter      filterCommand  `cmd:"" help:"List, add, remove or try the filters of words."`
	Admin       adminCommand   `cmd:"" help:"Let the owner in, first or anew."`
	Unseal      unsealCommand  `cmd:"" help:"Open a sealed copy of a post."`
	Healthcheck healthCommand  `cmd:"" help:"Exit with 0 when the server on --addr is well."`
	Version     versionCommand `cmd:"" help:"Print the version, what this program is made of (--bill), or its licences (--licences)."`
}

type (
	serveCommand struct{}
	settingsGet  struct {
		Name  string `arg:"" optional:"" help:"A setting's name."`
		Board string `placeholder:"SLUG" help:"As they are on one board."`
	}
	settingsSet struct {
		Board  string            `placeholder:"SLUG" help:"For one board, which differs from then on."`
		DryRun bool              `help:"Only say what it would do to what lives."`
		Values map[string]string `arg:"" placeholder:"NAME=VALUE" help:"New values."`
	}
	settingsUnset struct {
		Board  string   `required:"" placeholder:"SLUG" help:"The board that differed."`
		DryRun bool     `help:"Only say what it would do to what lives."`
		Names  []string `arg:"" placeholder:"NAME" help:"The settings to follow again."`
	}
	healthCommand  struct{}
	versionCommand struct {
		Bill     bool `help:"Print instead what this program is made of: a bill of materials (CycloneDX, JSON)."`
		Licences bool `help:"Print instead under which licences that is, with their texts."`
	}
)

// Run prints settings as NAME=VALUE, one a line, as "settings set" takes them.
func (c settingsGet) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withSettings(ctx, cfg, c.Board, func(_ *storage.SettingsFile, t *board.Tuner) error {
		s := t.Settings(c.Board)
		if c.Name != "" {
			k, err := board.FindKnob(c.Name)
			if err != nil {
				return usageError{err}
			}
			_, err = fmt.Fprintln(out, k.Get(s))
			return err
		}
		for _, k := range board.Knobs {
			if k.Site && c.Board != "" {
				continue
			}
			if _, err := fmt.Fprintf(out, "%s=%s\n", k.Name, strings.ReplaceAll(k.Get(s), "\n", `\n`)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Run changes settings, all or none, and says first what that does to what lives.
func (c settingsSet) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withSettings(ctx, cfg, c.Board, func(store *storage.SettingsFile, t *board.Tuner) error {
		done := "Set. A running server follows within two seconds."
		if c.Values["access"] == string(board.ByPassphrase) {
			done = "A board that has no passphrase is shut until it has one: mayfly board door set SLUG passphrase --passphrase-file FILE\n" + done
		}
		return adjust(ctx, store, t, board.Adjustment{Board: c.Board, Values: c.Values}, c.DryRun, out, done)
	})
}

// Run has a board follow all boards again.
func (c settingsUnset) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	return withSettings(ctx, cfg, c.Board, func(store *storage.SettingsFile, t *board.Tuner) error {
		for _, name := range c.Names {
			if _, err := board.FindKnob(name); err != nil {
				return usageError{err}
			}
		}
		return adjust(ctx, store, t, board.Adjustment{Board: c.Board, Unset: c.Names}, c.DryRun, out,
			"Unset: the board follows all again. A running server does so within two seconds.")
	})
}

// withSettings opens the settings in the data folder, beside a running server or
// without one, for a board ("" for all). It touches no key.
func withSettings(ctx context.Context, cfg *Config, slug string, use func(*storage.SettingsFile, *board.Tuner) error) error {
	store, err := storage.OpenSettings(ctx, cfg.Data, newLogger(cfg))
	if err != nil {
		return err
	}
	defer store.Close() // what was written has been committed
	if slug != "" {
		if err := findBoard(ctx, store, slug); err != nil {
			return err
		}
	}
	t, err := board.NewTuner(ctx, store, nil, time.Now)
	if err != nil {
		return err
	}
	return use(store, t)
}

// findBoard names the boards there are when none of them is called slug.
func findBoard(ctx context.Context, store *storage.SettingsFile, slug string) error {
	if err := board.FindBoard(ctx, store, slug); err != nil {
		return usageError{err}
	}
	return nil
}

// Run asks the server on this machine how it is: by TLS where it speaks that, else and
// while it has no certificate in the clear.
func (healthCommand) Run(ctx context.Context, cfg *Config) error {
	if cfg.speaksTLS() && askHealth(ctx, "https", cfg.TLSAddr, cfg.base.Hostname()) == nil {
		return nil
	}
	return askHealth(ctx, "http", cfg.Addr, "")
}

// askHealth asks at an address of this machine; name is whom it has to be by TLS.
func askHealth(ctx context.Context, scheme, at, name string) error {
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := scheme + "://" + net.JoinHostPort(host, port) + "/healthz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{ServerName: name, InsecureSkipVerify: true}, //nolint:gosec // it is this machine, whoever signs for it
	}}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no server answers: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not well: it answers %s", res.Status)
	}
	return nil
}

// Run prints the version.
func (c versionCommand) Run(out io.Writer) (err error) {
	switch {
	case c.Bill:
		return printBill(out)
	case c.Licences:
		_, err = io.WriteString(out, licences)
	default:
		_, err = fmt.Fprintln(out, "mayfly", version())
	}
	return err
}

// built is the tag or commit of a release (-ldflags "-X main.built=v1.2.3").
var built string

// version names this build: the release, else the module's version, or the commit it
// was made of.
func version() string {
	if built != "" {
		return built
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value[:min(12, len(s.Value))]
		}
	}
	return strings.TrimSpace(v)
}
