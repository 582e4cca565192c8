package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mayfly/board"
	"mayfly/storage"
	"mayfly/views"
	"mayfly/words"
)

// dataFiles and keyFiles are all that the program writes into its two folders, by name
// (a folder ends in a slash and stands for all below it), and under which words the
// catalogue speaks of it.
var (
	dataFiles = map[string]string{
		"mayfly.db": "database", "mayfly.db-wal": "journal", "mayfly.db-shm": "index", "tls/": "tls",
		"restoring/": "restoring", "moving": "moving", "moving.new": "moving",
		"leaving.db": "leaving", "leaving.db-journal": "leaving", "arriving/": "arriving", "arrived": "arrived", "arrived.new": "arrived",
	}
	keyFiles = map[string]string{"posts.keys": "slots", "board.clock": "clock", "visitor.key": "visitor", "doors.key": "doors"}
)

// onDisk prints what is on the disk, in one language.
type onDisk struct {
	strings.Builder
	say *words.Printer
}

// printOnDisk prints every file there is, and every table and column of the database,
// as they are now: what nobody has written of is named as unknown.
func printOnDisk(ctx context.Context, cfg *Config, out io.Writer) error {
	o := &onDisk{say: words.In(languageOf(os.Getenv))}
	fmt.Fprintf(o, "%s\n", o.say.Say("ondisk.lead"))
	if err := o.folder("ondisk.data", cfg.Data, dataFiles); err != nil {
		return err
	}
	if err := o.folder("ondisk.keys", cfg.Keys, keyFiles); err != nil {
		return err
	}
	if err := o.database(ctx, cfg); err != nil {
		return err
	}
	o.elsewhere(cfg)
	_, err := io.WriteString(out, o.String())
	return err
}

func (o *onDisk) folder(title, path string, known map[string]string) error {
	fmt.Fprintf(o, "\n%s\n", o.say.Say(title, "path", path))
	before := o.Len()
	err := filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // never there, or gone meanwhile
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(path, at)
		if err != nil {
			return err
		}
		o.file(name, d, fileWords(name, known))
		return nil
	})
	if err == nil && o.Len() == before {
		fmt.Fprintf(o, "  %s\n", o.say.Say("ondisk.none"))
	}
	return err
}

func fileWords(name string, known map[string]string) string {
	if key, ok := known[name]; ok {
		return key
	}
	top, _, below := strings.Cut(filepath.ToSlash(name), "/")
	if key, ok := known[top+"/"]; ok && below {
		return key
	}
	return "unknown"
}

func (o *onDisk) file(name string, d fs.DirEntry, key string) {
	size := int64(0)
	if info, err := d.Info(); err == nil {
		size = info.Size()
	}
	key = "ondisk.file." + key
	fmt.Fprintf(o, "  %s  %d B\n", name, size)
	fmt.Fprintf(o, "    %s\n", o.say.Say(key))
	fmt.Fprintf(o, "    %s\n", o.say.Say("ondisk.time", "text", o.say.Say(key+"_time")))
	fmt.Fprintf(o, "    %s\n", o.say.Say("ondisk.copy", "text", o.say.Say(key+"_copy")))
}

func (o *onDisk) database(ctx context.Context, cfg *Config) error {
	tables, err := storage.Schema(ctx, cfg.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	fmt.Fprintf(o, "\n%s\n", o.say.Say("ondisk.tables"))
	if err != nil {
		fmt.Fprintf(o, "  %s\n", o.say.Say("ondisk.unread", "why", err.Error()))
		return nil
	}
	settings, err := settingsOf(ctx, cfg)
	if err != nil {
		return err
	}
	for _, t := range tables {
		o.table(t, settings)
	}
	return nil
}

func (o *onDisk) table(t storage.Table, settings board.Settings) {
	if o.say.Has("privacy.kept." + t.Name) {
		about := views.TableFacts(o.say, settings, []string{t.Name})[0]
		fmt.Fprintf(o, "  %s: %s\n    %s\n", t.Name, about.Term, about.Text)
		fmt.Fprintf(o, "    %s\n", o.say.Say("ondisk.time", "text", about.More))
	} else {
		fmt.Fprintf(o, "  %s: %s\n", t.Name, o.say.Say("ondisk.table_unknown"))
	}
	for _, column := range t.Columns {
		fmt.Fprintf(o, "      %-11s %s\n", column, o.say.Say(o.columnWords(t.Name, column)))
	}
}

// columnWords prefers what is said of a column of this table.
func (o *onDisk) columnWords(table, column string) string {
	for _, key := range []string{"ondisk.column." + table + "_" + column + "_is", "ondisk.column." + column + "_is"} {
		if o.say.Has(key) && o.say.Has("privacy.kept."+table) {
			return key
		}
	}
	return "ondisk.column_unknown"
}

func (o *onDisk) elsewhere(cfg *Config) {
	fmt.Fprintf(o, "\n%s\n", o.say.Say("ondisk.elsewhere"))
	lines := []string{o.say.Say("ondisk.log"), o.say.Say("ondisk.backup"), o.say.Say("ondisk.sealed")}
	for _, addr := range []string{cfg.OnionAddr, cfg.OpsAddr} {
		if network, at := listenerAt(addr); network == "unix" {
			lines = append(lines, o.say.Say("ondisk.socket", "path", at))
		}
	}
	for _, path := range []string{cfg.TLSCert, cfg.TLSKey} {
		if path != "" {
			lines = append(lines, o.say.Say("ondisk.certificate", "path", path))
		}
	}
	for _, line := range append(lines, o.say.Say("ondisk.memory"), o.say.Say("ondisk.rest")) {
		fmt.Fprintf(o, "  %s\n", line)
	}
}

// settingsOf are those of the site; the first ones where the tables are not of this
// version, for it changes nothing.
func settingsOf(ctx context.Context, cfg *Config) (s board.Settings, err error) {
	if h, err := storage.Inspect(ctx, cfg.Data); err != nil || h.Version != h.Newest {
		return board.DefaultSettings(), err
	}
	err = withSettings(ctx, cfg, "", func(_ *storage.SettingsFile, t *board.Tuner) error {
		s = t.Settings("")
		return nil
	})
	return s, err
}
