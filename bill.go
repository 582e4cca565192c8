package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"runtime/debug"
	"strings"
)

// licences is what is built in, a line each, and under which licences, with their whole
// texts. `make licences` writes it of what is really built in.
//
//go:embed licences.txt
var licences string

// builtIn is one line of it: name, version, licence, and where a file of others is built
// in as it is, its SHA-256.
var builtIn = regexp.MustCompile(`(?m)^(\S+) (\S+) (\S+(?: AND \S+)*)(?: sha256:([0-9a-f]{64}))?$`)

// part is a component of a bill of materials (CycloneDX 1.6).
type part struct {
	Type     string       `json:"type"`
	Ref      string       `json:"bom-ref"`
	Name     string       `json:"name"`
	Version  string       `json:"version"`
	Hashes   []partHash   `json:"hashes,omitempty"`
	Licences []partTerms  `json:"licenses"`
	Package  string       `json:"purl,omitempty"`
	More     []partDetail `json:"properties,omitempty"`
}

type (
	partHash struct {
		Alg     string `json:"alg"`
		Content string `json:"content"`
	}
	partTerms struct {
		Expression string `json:"expression"`
	}
	partDetail struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// bill lists what this program is made of: itself, the toolchain and each module as the
// linker has written them into it, and files of others. It has no time and no number of
// its own, so that of the same program there is one bill.
func bill(info *debug.BuildInfo) any {
	ours := part{Type: "application", Ref: "mayfly", Name: "mayfly", Version: version(), Licences: []partTerms{{"MIT"}}}
	var parts []part
	sums := map[string]*debug.Module{}
	for _, m := range info.Deps {
		sums[m.Path] = m
	}
	about, _, _ := strings.Cut(licences, "\n\n----")
	for _, m := range builtIn.FindAllStringSubmatch(about, -1) {
		p := part{Type: "library", Name: m[1], Version: m[2], Licences: []partTerms{{m[3]}}}
		switch linked, ok := sums[m[1]]; {
		case ok:
			p.Version = linked.Version
			p.Package = "pkg:golang/" + linked.Path + "@" + linked.Version
			p.More = []partDetail{{"go:sum", linked.Sum}}
			delete(sums, m[1])
		case m[1] == "std":
			p.Version = strings.TrimPrefix(info.GoVersion, "go")
			p.Package = "pkg:golang/std@" + p.Version
		case m[4] != "":
			p.Hashes = []partHash{{"SHA-256", m[4]}}
		case strings.Contains(m[1], "/"):
			continue // not in this build
		}
		p.Ref = p.Name + "@" + p.Version
		parts = append(parts, p)
	}
	for _, m := range info.Deps {
		if sums[m.Path] != nil { // nobody has read its licence yet
			parts = append(parts, part{
				Type: "library", Ref: m.Path + "@" + m.Version, Name: m.Path, Version: m.Version,
				Licences: []partTerms{{"NOASSERTION"}}, Package: "pkg:golang/" + m.Path + "@" + m.Version, More: []partDetail{{"go:sum", m.Sum}},
			})
		}
	}
	return map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata": map[string]any{"component": ours}, "components": parts,
	}
}

func printBill(out io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program was built without its list of modules")
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(bill(info))
}
