package storage

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
	"mayfly/storage/storagetest"
)

// R2: row and key are two doors, and each alone is enough: a row that has ended is not read
// though its key lives on, nor is a living row whose key has ended.
func TestR02RowAndKeyAreEachAskedAtEveryRead(t *testing.T) {
	for name, leave := range map[string]func(n *node, p board.Post, ref keys.Ref){
		"the key lives on": func(n *node, _ board.Post, ref keys.Ref) { n.keys.SetEnds(ref, n.now.Add(time.Hour)) },
		"the row lives on": func(n *node, p board.Post, ref keys.Ref) {
			const longer = `
				UPDATE posts
				SET ends_at = $1, until = $1
				WHERE id = $2`
			if _, err := n.writer.ExecContext(t.Context(), longer, p.Life.EndsAt.Add(time.Hour).UnixMilli(), p.ID[:]); err != nil {
				t.Fatal(err)
			}
			n.keys.SetEnds(ref, p.Life.EndsAt)
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			p := n.post(t, "words", time.Minute)
			r, _ := n.replyWithKey(t, p, "an answer")
			row, err := anyByID(t.Context(), n.readers, p.ID, n.now)
			if err != nil {
				t.Fatal(err)
			}
			leave(n, p, row.ref)
			reads := func() (seen []string) {
				say := func(way string, there bool) {
					if there {
						seen = append(seen, way)
					}
				}
				for _, id := range []board.PostID{p.ID, r.ID} {
					_, err := n.Post(t.Context(), id, n.now)
					say("post", err == nil)
					_, err = n.Case(t.Context(), id, n.now)
					say("case", err == nil)
				}
				_, _, err := n.Thread(t.Context(), p.ID, n.now)
				say("thread", err == nil)
				_, err = n.Secret(t.Context(), p.ID, n.now)
				say("secret", err == nil)
				for _, sort := range board.Sorts {
					posts, _, err := n.Feed(t.Context(), board.Query{Board: board.Home, Sort: sort, Limit: 50}, n.now)
					say("feed "+string(sort), err != nil || len(posts) > 0)
				}
				owned, err := n.Owned(t.Context(), func(board.Post) bool { return true }, n.now)
				say("owned", err != nil || len(owned) > 0)
				living, err := n.Living(t.Context(), 0, n.now)
				say("living", err != nil || len(living) > 0)
				named, err := n.PostsByID(t.Context(), []board.PostID{p.ID}, n.now)
				say("by id", err != nil || len(named) > 0)
				_, err = n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now)
				say("vote", err == nil)
				return seen
			}
			if seen := reads(); len(seen) != 14 {
				t.Fatalf("control: a minute before, it is read only by %v", seen)
			}
			leave(n, p, row.ref) // the heart has moved both
			n.now = n.now.Add(time.Hour / 2)
			if seen := reads(); len(seen) > 0 {
				t.Errorf("after its end it is read by %v", seen)
			}
		})
	}
}

// R27: nothing that a row of what people did holds is a time finer than its grid. Every
// number near to now is taken for a time, whatever its column is called.
func TestR27NoRowSaysWhenSomethingWasWritten(t *testing.T) {
	n := newNode(t)
	n.now = n.now.Add(12*time.Hour + 34*time.Minute + 56789*time.Millisecond)
	for _, ttl := range []time.Duration{3 * time.Second, 5 * time.Minute, time.Hour, 24 * time.Hour} {
		n.now = n.now.Add(777 * time.Millisecond)
		p := n.post(t, "words", ttl)
		n.replyWithKey(t, p, "an answer")
		if _, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(n.now), board.Heart), n.now); err != nil {
			t.Fatal(err)
		}
		gone := n.post(t, "voted away", ttl)
		if _, err := n.End(t.Context(), []board.PostID{gone.ID}, board.ByScore, n.now); err != nil {
			t.Fatal(err)
		}
	}
	tables, err := n.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// What the host does has its time, and a notice by law its receipt.
	hosts := []string{"admins", "audit", "boards", "claims", "door_codes", "doors", "filters", "goose_db_version", "key_file", "outset", "passes", "questions", "settings", "storms"}
	times := 0
	for _, table := range slices.DeleteFunc(tables, func(name string) bool { return slices.Contains(hosts, name) }) {
		rows, err := n.readers.QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				at, is := v.(int64)
				if !is || time.UnixMilli(at).Sub(n.now).Abs() > 40*24*time.Hour && time.Unix(at, 0).Sub(n.now).Abs() > 40*24*time.Hour {
					continue
				}
				times++
				if at%1000 != 0 {
					t.Errorf("%s.%s is a time to the millisecond: %d", table, columns[i], at)
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if times < 12 {
		t.Errorf("only %d times were seen", times)
	}
}

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
