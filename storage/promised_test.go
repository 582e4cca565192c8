package storage

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// R67: when there is no more room new posts are refused, and nothing that lives makes way.
func TestR67NothingIsEndedForWantOfRoom(t *testing.T) {
	n := newNode(t)
	if _, err := n.writer.ExecContext(t.Context(), "PRAGMA max_page_count=1"); err != nil { // as many as there are
		t.Fatal(err)
	}
	var living []board.PostID
	var refused error
	for range 500 {
		p, key := storagetest.NewPost(board.NewVisitor(n.now), strings.Repeat("words ", 500), n.life(time.Hour))
		if _, refused = n.InsertPost(t.Context(), p, key); refused != nil {
			break
		}
		living = append(living, p.ID)
	}
	if err := isRefusal(refused, board.Full); err != nil {
		t.Fatal(err)
	}
	if len(living) == 0 {
		t.Fatal("nothing lives, so nothing could make way")
	}
	if ended := n.sweep(t); len(ended) != 0 {
		t.Errorf("%d posts ended for want of room", len(ended))
	}
	for _, id := range living {
		if !n.has(t, id) {
			t.Errorf("%v has made way", id)
		}
	}
}

// R41: a query is made of what stands in the code. Of the few that are put together
// otherwise, none knows a value that anybody sent.
func TestR41NoQueryIsMadeOfValues(t *testing.T) {
	ours := map[string]string{
		"backup.go":  "names of tables and columns, from the list of what is carried",
		"restore.go": "the same; a file that names others is refused",
		"health.go":  "names and values of pragmas, from the list of pragmas",
		"sqlite.go":  "the same",
		"search.go":  "numbers of rows of its own",
	}
	used := map[string]bool{}
	sql := regexp.MustCompile(`\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA|WHERE|FROM|VALUES|ORDER BY|MATCH)\b`)
	queries := 0
	for _, room := range []string{".", "../search"} {
		constants, files := parsed(t, room)
		for name, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				leaves := parts(node)
				if leaves == nil || !sql.MatchString(literal(leaves)) {
					return true
				}
				queries++
				for _, leaf := range leaves {
					id, isName := leaf.(*ast.Ident)
					if _, isText := leaf.(*ast.BasicLit); isText || isName && constants[id.Name] {
						continue
					}
					if used[name] = true; ours[name] == "" {
						t.Errorf("%s: a query is put together with something that is no constant", name)
					}
				}
				return false
			})
		}
	}
	if queries < 15 {
		t.Errorf("only %d queries of several parts were seen", queries)
	}
	for name := range ours {
		if !used[name] {
			t.Errorf("%s is excused and needs not be", name)
		}
	}
}

// parsed are the files of a room, without tests, and the names of its constants.
func parsed(t *testing.T, room string) (constants map[string]bool, files map[string]*ast.File) {
	t.Helper()
	constants, files = map[string]bool{}, map[string]*ast.File{}
	names, err := filepath.Glob(filepath.Join(room, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = file
		ast.Inspect(file, func(node ast.Node) bool {
			if decl, ok := node.(*ast.GenDecl); ok && decl.Tok == token.CONST {
				for _, s := range decl.Specs {
					for _, id := range s.(*ast.ValueSpec).Names {
						constants[id.Name] = true
					}
				}
			}
			return true
		})
	}
	return constants, files
}

// parts are the parts of a sum, or what a Sprintf puts together; nil of anything else.
func parts(node ast.Node) []ast.Expr {
	switch node := node.(type) {
	case *ast.BinaryExpr:
		if node.Op != token.ADD {
			return nil
		}
		return append(leaves(node.X), leaves(node.Y)...)
	case *ast.CallExpr:
		if f, ok := node.Fun.(*ast.SelectorExpr); ok && strings.Contains(f.Sel.Name, "rintf") {
			return node.Args
		}
	case *ast.AssignStmt:
		if node.Tok == token.ADD_ASSIGN {
			return leaves(node.Rhs[0])
		}
	}
	return nil
}

func leaves(e ast.Expr) []ast.Expr {
	if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		return append(leaves(sum.X), leaves(sum.Y)...)
	}
	return []ast.Expr{e}
}

func literal(list []ast.Expr) string {
	var b strings.Builder
	for _, e := range list {
		if text, ok := e.(*ast.BasicLit); ok {
			b.WriteString(text.Value)
		}
	}
	return b.String()
}
