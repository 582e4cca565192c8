package storage

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mayfly/storage/storagetest"
)

var (
	statement = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b`)
	byPairs   = regexp.MustCompile(`\([\w.]+, [\w.]+\) [<>]`)
	scan      = regexp.MustCompile(`^SCAN (\w+)`)
)

// bounded are the tables that hold as much as a host decides, or a fixed number of rows,
// and what stands in a query for a list of its own.
var bounded = map[string]bool{
	"boards": true, "b": true, "settings": true, "settings_by_board": true, "admins": true, "passes": true, "filters": true, "storms": true,
	"doors": true, "door_codes": true, "d": true, "outset": true, "notices": true, "key_file": true, "questions": true, "claims": true, "n": true,
	"json_each": true, "pair": true, "one": true, "CONSTANT": true, "sqlite_schema": true, "sqlite_master": true, "t": true, "pragma_table_info": true, "c": true,
}

// whole are the functions that read a whole table, and why they may.
var whole = map[string]string{
	"comparePosts":       "the start meets every row with its key",
	"compareReplies":     "the start",
	"compareClaims":      "the start",
	"compareCirclePosts": "the start",
	"compareMessages":    "the start",
	"compareChats":       "the start",
	"Lost":               "once, at a start whose keys are not those of its rows",
	"Inspect":            "a command beside the server",
	"Schema":             "tables by name, not rows",
	"Tables":             "tables by name, not rows",
	"CircleReports":      "what was reported and not decided, 200 at most",
	"ChatReports":        "what was reported and not decided, 200 at most",
	"CountChats":         "an admin's page; by an index of the chats that go on, 10,000 posts at most",
	"tidyCircles":        "what circles hold beside posts, which grows with their members and with no post",
}

// The engine keeps the contract, and answers every question by a search: none reads all
// posts, replies or votes, or sorts what it read. Asked are the statements in the source,
// and those that were put together while the contract was tried.
func TestSQLiteKeepsTheContractAndSearches(t *testing.T) {
	recorded := map[string]bool{}
	t.Run("contract", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Engine {
			n := newNode(t)
			n.faults.mu.Lock()
			defer n.faults.mu.Unlock()
			n.faults.text = recorded
			return n.Store
		})
	})
	queries := written(t)
	if len(recorded) < 20 || len(queries) < 100 {
		t.Errorf("control: only %d queries were recorded, and %d found in the source", len(recorded), len(queries))
	}
	for query := range recorded {
		if _, known := queries[query]; !known {
			queries[query] = "put together"
		}
	}
	n := newNode(t)
	used := map[string]bool{}
	for query := range queries {
		if !statement.MatchString(query) {
			continue
		}
		in := queries[query]
		if byPairs.MatchString(query) {
			t.Errorf("%s compares pairs, which are searched by their first alone, in\n%s", in, query)
		}
		for _, step := range plan(t, n, query) {
			used[in] = used[in] || whole[in] != ""
			if table := scan.FindStringSubmatch(step); table != nil && !bounded[table[1]] && whole[in] == "" {
				t.Errorf("%s: %s in\n%s", in, step, query)
			}
			if strings.Contains(step, "TEMP B-TREE") && whole[in] == "" {
				t.Errorf("%s sorts: %s in\n%s", in, step, query)
			}
		}
	}
	for in := range whole {
		if !used[in] {
			t.Errorf("control: %s reads nothing, and need not be excused", in)
		}
	}
}

// written are the statements in the source of this package, each whole, and the functions
// that they are in.
func written(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	known := constants{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		for _, d := range file.Decls {
			known.take(d)
		}
	}
	texts := map[string]string{}
	for _, file := range files {
		for _, d := range file.Decls {
			local := maps.Clone(known)
			in := "the constants"
			if f, is := d.(*ast.FuncDecl); is {
				in = f.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if d, is := n.(*ast.DeclStmt); is {
					local.take(d.Decl)
				}
				e, is := n.(ast.Expr)
				if !is {
					return true
				}
				text, whole := local.text(e)
				if whole && statement.MatchString(text) {
					texts[text] = in
				}
				return !whole
			})
		}
	}
	return texts
}

// constants are expressions by name.
type constants map[string]ast.Expr

func (c constants) take(d ast.Decl) {
	list, is := d.(*ast.GenDecl)
	if !is || list.Tok != token.CONST {
		return
	}
	for _, spec := range list.Specs {
		value := spec.(*ast.ValueSpec)
		for i, name := range value.Names {
			if i < len(value.Values) {
				c[name.Name] = value.Values[i]
			}
		}
	}
}

// text is what an expression of constant strings says.
func (c constants) text(e ast.Expr) (text string, is bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		if value, known := c[e.Name]; known {
			return c.text(value)
		}
	case *ast.BinaryExpr:
		x, isX := c.text(e.X)
		y, isY := c.text(e.Y)
		return x + y, isX && isY && e.Op == token.ADD
	}
	return "", false
}

// plan is what SQLite would do to answer.
func plan(t *testing.T, n *node, query string) []string {
	t.Helper()
	params := map[string]bool{}
	for _, param := range regexp.MustCompile(`\$\d+`).FindAllString(query, -1) {
		params[param] = true
	}
	steps, err := all(t.Context(), n.writer, func(scan scanner) (detail string, err error) {
		var id, parent, unused int
		err = scan(&id, &parent, &unused, &detail)
		return detail, err
	}, "EXPLAIN QUERY PLAN "+query, make([]any, len(params))...)
	if err != nil && !strings.Contains(err.Error(), "incomplete input") { // which is a part of others
		t.Errorf("%v: %s", err, query)
	}
	return steps
}
