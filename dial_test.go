package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// dialling are the files that may open a connection, or run what does, and to whom.
var dialling = map[string]string{
	"alert/hook.go": "the webhook that --alert-url names",
	"alert/mail.go": "the mail server that --smtp names",
	"commands.go":   "healthcheck: the server on this machine",
	"doctor/way.go": "doctor: --base-url, the resolver and the onion's listener",
	"doctor/tls.go": "doctor: port 80 of --base-url's name",
	"move.go":       "move: the command that --by names",
	"watchdog.go":   "the socket of the systemd that started it, on this machine",
	"certs/acme.go": "certmagic: the ACME server that --tls-domain asks",
}

// dials are the ways that lead out of a process.
var dials = regexp.MustCompile(`^(net\.(Dial\w*|Dialer|Resolver|Lookup\w+)|tls\.(Dial\w*|Dialer)|http\.(Get|Head|Post|PostForm|Client|DefaultClient|Transport|DefaultTransport)|smtp\.\w+|websocket\.(Dialer|DefaultDialer)|exec\.Command\w*|httputil\.\w*Proxy\w*|certmagic\.\w+|acmez\.\w+)$`)

// TestR30NobodyIsDialledButByThoseWhoMay reads the whole program: who may dial stands
// above, with whom. Nothing else may.
func TestR30NobodyIsDialledButByThoseWhoMay(t *testing.T) {
	found := map[string]bool{}
	eachUse(t, dials, func(path, use string) {
		if !found[path] && dialling[path] == "" {
			t.Errorf("%s has %s: say in dialling whom it dials, and in /privacy and docs/operating.md", path, use)
		}
		found[path] = true
	})
	for path := range dialling {
		if !found[path] {
			t.Errorf("%s dials nobody", path)
		}
	}
}

// eachUse reads the whole program, tests left out, and tells of each name of another
// package that a pattern fits, with its file.
func eachUse(t *testing.T, pattern *regexp.Regexp, tell func(path, use string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == "e2e" || path == "bench" || path == "board/boardtest" || path == "certs/certstest" || path == "storage/storagetest") {
			return fs.SkipDir // tests, and what measures
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pattern.MatchString(pkg.Name+"."+sel.Sel.Name) {
				tell(path, pkg.Name+"."+sel.Sel.Name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
