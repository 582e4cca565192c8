package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write licences.txt anew")

// component is something built in that others have made.
type component struct {
	name, version, sum string
	licence, text      string // its SPDX name, and all of it
}

// grants are licences that let a program be given on with it, by words that only they
// have; takes are words of those that ask for more.
var (
	grants = []struct {
		name    string
		words   []string
		without string
	}{
		{"MIT", []string{"Permission is hereby granted, free of charge, to any person obtaining a copy of this software"}, ""},
		{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "Neither the name"}, ""},
		{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms"}, "Neither the name"},
		{"Apache-2.0", []string{"Apache License Version 2.0, January 2004"}, ""},
		{"CC0-1.0", []string{"public domain with CC0 1.0"}, ""},
		{"0BSD", []string{"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted. THE SOFTWARE"}, ""},
		{"OFL-1.1", []string{"SIL OPEN FONT LICENSE Version 1.1"}, ""},
		{"blessing", []string{"May you share freely, never taking more than you give."}, ""},
	}
	takes = regexp.MustCompile(`(?i)GNU (Affero |Lesser |Library )?General Public|Mozilla Public|Eclipse Public|Server Side Public|Business Source|Commons Clause|Creative Commons Attribution`)
)

// termsOf names the licence of a text; none where it has no words that we know, or
// others.
func termsOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if takes.MatchString(text) {
		return ""
	}
	var names []string
	for _, g := range grants {
		lacks := slices.ContainsFunc(g.words, func(w string) bool { return !strings.Contains(text, w) })
		if !lacks && (g.without == "" || !strings.Contains(text, g.without)) {
			names = append(names, g.name)
		}
	}
	return strings.Join(names, " AND ")
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=1", "GOFLAGS=-buildvcs=false")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

// modules are those of which a package is built in, on every machine that there is a
// release for.
func modules(t *testing.T) []component {
	t.Helper()
	tags := one(t, "deploy/release.sh", `-buildvcs=false -tags (\S+) `)
	list := map[string]component{}
	for _, arch := range []string{"amd64", "arm64"} {
		t.Setenv("GOARCH", arch)
		out := output(t, "go", "list", "-deps", "-tags", tags, "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", ".")
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); len(f) == 3 {
				list[f[0]] = component{name: f[0], version: f[1], text: textsIn(t, f[2])}
			}
		}
	}
	return slices.SortedFunc(maps.Values(list), func(a, b component) int { return cmp.Compare(a.name, b.name) })
}

// textsIn reads the licences and notices at the top of a module.
func textsIn(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, e := range entries {
		if regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice)(\.(txt|md))?$`).MatchString(e.Name()) {
			text.WriteString(strings.TrimRight(shipped(t, filepath.Join(dir, e.Name())), " \n") + "\n")
		}
	}
	return text.String()
}

// components are the modules, what is in Go itself, SQLite, and what VENDORED.md lists.
func components(t *testing.T) []component {
	t.Helper()
	list := modules(t)
	list = append(list, component{name: "std", version: "of-Go", text: shipped(t, filepath.Join(strings.TrimSpace(output(t, "go", "env", "GOROOT")), "LICENSE"))})
	header := shipped(t, filepath.Join(strings.TrimSpace(output(t, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/mattn/go-sqlite3")), "sqlite3-binding.h"))
	list = append(list, component{
		name: "sqlite", version: regexp.MustCompile(`SQLITE_VERSION +"(.*)"`).FindStringSubmatch(header)[1],
		text: "The authors disclaim copyright to this source code. In place of a legal notice, here is a blessing:\n\n" +
			"    May you do good and not evil.\n    May you find forgiveness for yourself and forgive others.\n    May you share freely, never taking more than you give.\n",
	})
	file := ""
	for _, m := range regexp.MustCompile("(?m)^\\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\| [^|]+ \\| `([a-z0-9/._-]+)` `([0-9a-f]{64})` \\|$").FindAllStringSubmatch(shipped(t, "static/VENDORED.md"), -1) {
		if of := regexp.MustCompile("`(.*)`").FindStringSubmatch(m[3]); of != nil { // otherwise "the same"
			file = of[1]
		}
		version, _, _ := strings.Cut(m[2], ",")
		list = append(list, component{name: filepath.Base(m[4]), version: version, sum: m[5], text: shipped(t, filepath.Join("static", file))})
	}
	for i := range list {
		list[i].licence = termsOf(list[i].text)
	}
	return list
}

// TestEverythingBuiltInHasALicenceThatLetsItBeGivenOn reads the licence of each module
// that is linked, and compares what is shipped.
func TestEverythingBuiltInHasALicenceThatLetsItBeGivenOn(t *testing.T) {
	list := components(t)
	if len(list) < 30 {
		t.Errorf("%d components only", len(list))
	}
	var head, texts strings.Builder
	head.WriteString("What Mayfly is built of beside its own code (MIT, LICENSE): name, version and licence (SPDX), then each licence in full.\n\n")
	under := map[string][]string{}
	var order []string
	for _, c := range list {
		if c.licence == "" {
			t.Errorf("%s %s: its licence is unknown, or asks for more than to be named; read it, and add its words to grants if it lets a program be given on", c.name, c.version)
			continue
		}
		line := c.name + " " + c.version + " " + c.licence
		if c.sum != "" {
			line += " sha256:" + c.sum
		}
		fmt.Fprintln(&head, line)
		if under[c.text] == nil {
			order = append(order, c.text)
		}
		under[c.text] = append(under[c.text], c.name)
	}
	for _, text := range order {
		fmt.Fprintf(&texts, "\n---- %s\n\n%s", strings.Join(under[text], ", "), strings.TrimRight(text, "\n")+"\n")
	}
	want := head.String() + texts.String()
	if *update {
		if err := os.WriteFile("licences.txt", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if want != licences {
		t.Error("licences.txt is not of what is built in: make licences")
	}
}

func TestALicenceIsKnownByItsWordsAndNoOtherIsTaken(t *testing.T) {
	mit := shipped(t, "LICENSE")
	for name, tt := range map[string]struct{ text, want string }{
		"MIT":                  {mit, "MIT"},
		"two in one file":      {mit + "\nApache License\n  Version 2.0, January 2004", "MIT AND Apache-2.0"},
		"BSD of two clauses":   {"Redistribution and use in source and binary forms", "BSD-2-Clause"},
		"none":                 {"", ""},
		"all rights reserved":  {"Copyright 2026. All rights reserved.", ""},
		"copyleft":             {"GNU GENERAL PUBLIC LICENSE Version 3", ""},
		"copyleft beside MIT":  {mit + "\nGNU Affero General Public License", ""},
		"weak copyleft":        {"Mozilla Public License Version 2.0", ""},
		"free of charge alone": {"You may use this free of charge.", ""},
	} {
		if got := termsOf(tt.text); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestTheBillNamesAllThatIsBuiltIn holds the bill against what the linker has written,
// of a build that stands for a release's.
func TestTheBillNamesAllThatIsBuiltIn(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8"}
	for _, m := range modules(t) {
		info.Deps = append(info.Deps, &debug.Module{Path: m.name, Version: m.version, Sum: "h1:" + m.name})
	}
	info.Deps = append(info.Deps, &debug.Module{Path: "example.org/new", Version: "v1.0.0", Sum: "h1:new"})
	raw, err := json.Marshal(bill(info))
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		BomFormat, SpecVersion string
		Components             []part
	}
	if err := json.Unmarshal(raw, &b); err != nil || b.BomFormat != "CycloneDX" || b.SpecVersion != "1.6" {
		t.Fatalf("%v: %.200s", err, raw)
	}
	terms := map[string]string{}
	for _, p := range b.Components {
		if terms[p.Ref] != "" {
			t.Errorf("%s stands twice", p.Ref)
		}
		terms[p.Ref] = p.Licences[0].Expression
		if _, module := strings.CutPrefix(p.Package, "pkg:golang/"); module && p.Name != "std" && (len(p.More) != 1 || p.More[0].Value != "h1:"+p.Name && p.Name != "example.org/new") {
			t.Errorf("%s has no sum of its own: %+v", p.Name, p.More)
		}
		if strings.Contains(p.Name, ".js") && len(p.Hashes) != 1 {
			t.Errorf("%s has no hash", p.Name)
		}
	}
	for _, m := range info.Deps {
		switch got := terms[m.Path+"@"+m.Version]; {
		case m.Path == "example.org/new" && got != "NOASSERTION":
			t.Errorf("of a module whose licence nobody has read it says %q", got)
		case got == "":
			t.Errorf("%s is not named", m.Path)
		}
	}
	for _, ref := range []string{"std@1.26.8", "htmx.min.js@4.0.1", "hx-ws.min.js@4.0.1", "ysabeau-office-latin.woff2@2023"} {
		if terms[ref] == "" {
			t.Errorf("%s is not named", ref)
		}
	}
	again, _ := json.Marshal(bill(info))
	if !bytes.Equal(raw, again) {
		t.Error("the bill of one program comes out otherwise the second time")
	}
	if got := command(t, "version", "--bill"); !strings.Contains(got, `"bomFormat": "CycloneDX"`) || !strings.Contains(got, `"name": "sqlite"`) {
		t.Errorf("the command prints %.300s", got)
	}
	if got := command(t, "version", "--licences"); got != licences || !strings.Contains(got, "Permission is hereby granted") {
		t.Errorf("the command prints %.300s", got)
	}
}
