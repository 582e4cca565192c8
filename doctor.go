package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/doctor"
	"mayfly/static"
	"mayfly/storage"
	"mayfly/storage/keys"
	"mayfly/words"
)

type doctorCommand struct {
	Privacy bool `help:"Print instead all that is on the disk: what each file, table and column holds, for how long, and what a copy of it would show."`
}

// errUnwell is what doctor ends with when something does not work.
var errUnwell = errors.New("something does not work; the lines marked bad say what to do")

// Run prints what was found and what to do about it, in the language of the
// environment, then the hash of every script.
func (c doctorCommand) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	if c.Privacy {
		return printOnDisk(ctx, cfg, out)
	}
	list := []doctor.Finding{{Level: doctor.Good, Code: "doctor.version", Args: map[string]any{"version": version()}}}
	if err := doctor.ForbidDumps(); err != nil { // as serve does
		list = append(list, doctor.Finding{Level: doctor.Warning, Code: "doctor.dumps_on"})
	}
	saved, err := keys.SavedTime(cfg.Keys)
	if err != nil {
		return err
	}
	list = append(list, doctor.Clock(time.Now(), saved, false))
	list = append(list, examine(ctx, cfg)...)
	list = append(list, contact(ctx, cfg)...)
	list = append(list, cfg.way().Listener(ctx)...)
	list = append(list, cfg.seen(ctx)...)
	if err := printFindings(out, words.In(languageOf(os.Getenv)), list); err != nil {
		return err
	}
	if doctor.Worst(list) == doctor.Bad {
		return errUnwell
	}
	return nil
}

// examineRunning is what a running server finds of itself, at board time; lost is how
// many posts had no key at its start.
func examineRunning(ctx context.Context, cfg *Config, sealed *seal, at time.Time, contact string, lost int) []doctor.Finding {
	list := []doctor.Finding{{Level: doctor.Good, Code: "doctor.version", Args: map[string]any{"version": version()}}, doctor.Clock(time.Now(), at, true), doctor.Contact(contact)}
	return slices.Concat(list, doctor.KeysLost(lost), examine(ctx, cfg), cfg.way().Listener(ctx), sealed.found())
}

// seen is what somebody sees who comes by the base URL, as pages do.
func (c *Config) seen(ctx context.Context) []doctor.Finding {
	way := c.way()
	return slices.Concat(way.Names(ctx), way.Clear(ctx), way.Handshake(ctx, time.Now()), way.Believed(ctx), way.Socket(ctx))
}

// examine looks at what the page and the command both look at.
func examine(ctx context.Context, cfg *Config) []doctor.Finding {
	return slices.Concat(
		doctor.Folders(cfg.Data, cfg.Keys),
		database(ctx, cfg),
		doctor.Machine(),
		cfg.way().Ways(),
	)
}

// contact says whether the settings name a host who can be reached; nothing where there
// are none yet, or none that this program can read.
func contact(ctx context.Context, cfg *Config) (list []doctor.Finding) {
	if h, err := storage.Inspect(ctx, cfg.Data); err != nil || h.Version != h.Newest {
		return nil
	}
	err := withSettings(ctx, cfg, "", func(_ *storage.SettingsFile, t *board.Tuner) error {
		list = append(list, doctor.Contact(t.Settings("").Contact))
		return nil
	})
	if err != nil {
		return []doctor.Finding{{Level: doctor.Bad, Code: "doctor.database_unread", Args: map[string]any{"why": err.Error()}}}
	}
	return list
}

func (c *Config) way() doctor.Way {
	network, at := listenerAt(c.OnionAddr)
	w := doctor.Way{Base: c.base, Trusted: len(c.trusted) > 0, Onion: network, OnionAt: at, Direct: c.speaksTLS(), Roots: c.roots}
	if c.TLSDomain != "" {
		w.Domains = c.names
	}
	if c.speaksTLS() {
		_, w.ClearPort, _ = net.SplitHostPort(c.Addr)
	}
	return w
}

// database says how the database stands; nothing of one that is not there yet.
func database(ctx context.Context, cfg *Config) []doctor.Finding {
	if m, gone, err := storage.MoveOf(cfg.Data); err == nil && gone {
		return []doctor.Finding{{Level: doctor.Bad, Code: "doctor.moved", Args: map[string]any{"path": cfg.Data, "to": m.To}}}
	}
	h, err := storage.Inspect(ctx, cfg.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return []doctor.Finding{{Level: doctor.Bad, Code: "doctor.database_unread", Args: map[string]any{"why": err.Error()}}}
	}
	var list []doctor.Finding
	for _, p := range h.Astray {
		args := map[string]any{"name": p.Name, "is": p.Is, "should": p.Should}
		list = append(list, doctor.Finding{Level: doctor.Bad, Code: "doctor.pragma", Args: args})
	}
	if len(list) == 0 {
		list = append(list, doctor.Finding{Level: doctor.Good, Code: "doctor.pragmas"})
	}
	tables := doctor.Finding{Level: doctor.Good, Code: "doctor.tables", Args: map[string]any{"n": h.Version, "newest": h.Newest}}
	switch {
	case h.Version < h.Newest:
		tables.Level, tables.Code = doctor.Note, "doctor.tables_older"
	case h.Version > h.Newest:
		tables.Level, tables.Code = doctor.Bad, "doctor.tables_newer"
	}
	list = append(list, tables, doctor.Snapshots(h.Snapshots, cfg.Keys))
	if h.Version == h.Newest {
		list = append(list, doctor.Backup(h.Backup, time.Now()))
		list = append(list, doctor.KeysGone(cfg.Keys, h.Posts)...)
	}
	return list
}

// printFindings writes a line for what is and, where something is to be done, one for
// that.
func printFindings(out io.Writer, say *words.Printer, list []doctor.Finding) error {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%-12s %s\n", say.Say("doctor.level_"+f.Level.String()), say.SayWith(f.Code, f.Args))
		if f.Level != doctor.Good {
			fmt.Fprintf(&b, "%-12s %s\n", "", say.SayWith(f.Code+"_do", f.Args))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", say.Say("doctor.scripts"))
	for _, s := range static.Scripts() {
		fmt.Fprintf(&b, "%s  %s\n", s.SHA256, s.URL)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// languageOf reads the language a terminal is set to: it_IT.UTF-8 is Italian.
func languageOf(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			lang, _, _ := strings.Cut(v, "_")
			return lang
		}
	}
	return ""
}
