package docs

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/BurntSushi/toml"
)

// whole are sections of the catalogue that say what is known, kept and gone: there every
// sentence is found, whatever its words.
var whole = []string{"privacy.", "know.", "you.", "device.", "about.endings.", "about.names.", "about.cannot.", "claim.fact.", "ended.", "tomb.", "forgotten."}

// telling are the words by which a sentence is found anywhere else.
var telling = regexp.MustCompile(`(?i)\b(cookies?|kept|keeps|stored|stores|logged|logs?|nobody (learns|can|knows|finds|is asked|else)|names? nobody|never|gone|destroy\w*|surviv\w*|lost|encrypt\w*|forg[eo]t\w*|remember\w*|anonym\w*|identif\w*|box(es)?|hash\w*|nothing is sent|never sent|in memory|(on|to) (a|the|any) disk|(un)?readable|who (wrote|reports|did)|the person|random|ties?|match them|known to|secret|snapshots?)\b`)

// documents are all that we write for others, but the ADRs and the log of changes: those
// tell what was decided when.
var documents = []string{"README.md", "SECURITY.md", "docs/operating.md", "docs/storage.md", "docs/legal.md", "docs/raid.md"}

const (
	pages = "Pages"
	api   = "handlers/openapi.json"
	help  = "mayfly --help"
)

// sentence is something that we say: a key of the catalogue, or a sentence of a document.
type sentence struct {
	key, source string
	en, it      string
	found       bool // the rule holds it for one about privacy or durability
}

// short is how a line of the ledger may name it.
func (s sentence) short() string {
	document, text, ok := strings.Cut(s.key, ": ")
	if !ok {
		return s.key
	}
	fields := strings.Fields(text)
	return document + ": " + strings.Join(fields[:min(8, len(fields))], " ")
}

func sentences(t *testing.T) []sentence {
	t.Helper()
	out := catalogue(t)
	for _, name := range documents {
		out = append(out, document(name, string(file(t, "../"+name)))...)
	}
	return append(append(out, described(t)...), helped(t)...)
}

func file(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func catalogue(t *testing.T) []sentence {
	t.Helper()
	var out []sentence
	it := spoken(t, "it")
	en := spoken(t, "en")
	greets := map[string]map[string]string{"en": {}, "it": {}}
	for lang, said := range greets {
		gather(said, "starters", treeOf(t, "../words/starters/"+lang+".toml"))
	}
	maps.Copy(en, greets["en"])
	maps.Copy(it, greets["it"])
	for _, key := range slices.Sorted(maps.Keys(en)) {
		out = append(out, sentence{key: key, source: pages, en: en[key], it: it[key], found: tells(key, en[key])})
	}
	return out
}

// tells: headings and labels, which have no full stop and few words, tell nothing.
func tells(key, text string) bool {
	if !strings.Contains(text, ".") && len(strings.Fields(text)) < 6 {
		return false
	}
	return slices.ContainsFunc(whole, func(section string) bool { return strings.HasPrefix(key, section) }) || telling.MatchString(text)
}

// spoken is a catalogue by its keys; the forms of a plural are one sentence.
func spoken(t *testing.T, lang string) map[string]string {
	t.Helper()
	out := map[string]string{}
	gather(out, "", treeOf(t, "../words/"+lang+".toml"))
	return out
}

func treeOf(t *testing.T, path string) map[string]any {
	t.Helper()
	var tree map[string]any
	if err := toml.Unmarshal(file(t, path), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func gather(out map[string]string, key string, tree map[string]any) {
	for name, v := range tree {
		under := strings.TrimPrefix(key+"."+name, ".")
		switch v := v.(type) {
		case map[string]any:
			gather(out, under, v)
		case string:
			out[under] = v
		}
	}
	one, other := out[key+".one"], out[key+".other"]
	if other == "" {
		return
	}
	delete(out, key+".one")
	delete(out, key+".other")
	out[key] = other
	if one != "" && one != other {
		out[key] = one + " / " + other
	}
}

// document takes the sentences of a page of Markdown; a row of a table is one.
func document(name, text string) []sentence {
	var out []sentence
	for _, block := range blocks(text) {
		for _, s := range split(plain(block)) {
			out = append(out, sentence{key: name + ": " + s, source: name, en: s, found: telling.MatchString(s)})
		}
	}
	return out
}

var item = regexp.MustCompile(`^(\||[-*] |\d+\. )`)

// blocks are paragraphs, items of lists and rows of tables, without headings and code.
func blocks(text string) []string {
	var out []string
	block, code := "", false
	end := func() {
		if block != "" {
			out = append(out, block)
		}
		block = ""
	}
	for row := range strings.Lines(text) {
		row = strings.TrimSpace(row)
		switch {
		case strings.HasPrefix(row, "```"):
			end()
			code = !code
		case code:
		case row == "" || strings.HasPrefix(row, "#"):
			end()
		case item.MatchString(row):
			end()
			block = row
		default:
			block = strings.TrimSpace(block + " " + row)
		}
	}
	end()
	return out
}

var (
	link = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	list = regexp.MustCompile(`^([-*]|\d+\.) `)
)

// plain is a block without its marks; cells of a row have points between them.
func plain(block string) string {
	block = link.ReplaceAllString(block, "$1")
	if strings.HasPrefix(block, "|") {
		cells := strings.Split(strings.Trim(block, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		return strings.Join(cells, " · ")
	}
	return strings.ReplaceAll(list.ReplaceAllString(block, ""), "**", "")
}

// split cuts a text where a sentence ends and another begins.
func split(text string) []string {
	if strings.Contains(text, " · ") {
		return []string{text}
	}
	var out, words []string
	fields := strings.Fields(text)
	for i, word := range fields {
		words = append(words, word)
		ends := strings.ContainsAny(strings.TrimRight(word, "”)*\"")[max(0, len(strings.TrimRight(word, "”)*\""))-1):], ".!?")
		if i+1 == len(fields) || ends && begins(fields[i+1]) {
			out = append(out, strings.Join(words, " "))
			words = nil
		}
	}
	return out
}

func begins(word string) bool {
	first := []rune(word)[0]
	return unicode.IsUpper(first) || strings.ContainsRune("`“\"*(/", first)
}

// described are the sentences of the API's own description.
func described(t *testing.T) []sentence {
	t.Helper()
	var tree any
	if err := json.Unmarshal(file(t, "../"+api), &tree); err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	descriptions(texts, tree)
	var out []sentence
	for _, text := range slices.Sorted(maps.Keys(texts)) {
		for _, s := range split(text) {
			out = append(out, sentence{key: "openapi.json: " + s, source: api, en: s, found: telling.MatchString(s)})
		}
	}
	return out
}

var flagHelp = regexp.MustCompile(`help:"((?:[^"\\]|\\.)*)"`)

// helped are the sentences of the command line's help.
func helped(t *testing.T) []sentence {
	t.Helper()
	var out []sentence
	for _, name := range []string{"../config.go", "../commands.go"} {
		for _, m := range flagHelp.FindAllStringSubmatch(string(file(t, name)), -1) {
			for _, s := range split(strings.ReplaceAll(m[1], `\"`, `"`)) {
				out = append(out, sentence{key: "--help: " + s, source: help, en: s, found: telling.MatchString(s)})
			}
		}
	}
	return out
}

func descriptions(out map[string]bool, tree any) {
	switch tree := tree.(type) {
	case []any:
		for _, v := range tree {
			descriptions(out, v)
		}
	case map[string]any:
		for name, v := range tree {
			if text, ok := v.(string); ok && (name == "description" || name == "summary") {
				out[text] = true
			}
			descriptions(out, v)
		}
	}
}

func TestSentencesAreFound(t *testing.T) {
	const page = "# Kept\n\nA cookie names nobody.\nIt lasts. `x` is gone!\n\n```\nnever read\n```\n- **Kept** in [memory](m.md), e.g. here.\n1. One.\n\n| a | kept |\n|---|---|\n"
	var got []string
	for _, s := range document("p.md", page) {
		if s.found {
			got = append(got, s.key)
		}
	}
	want := []string{"p.md: A cookie names nobody.", "p.md: `x` is gone!", "p.md: Kept in memory, e.g. here.", "p.md: a · kept"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	for _, tt := range []struct {
		key, text string
		want      bool
	}{
		{"privacy.who", "Who answers for it", false},
		{"privacy.who_is", "They do it.", true},
		{"nav.gone", "Gone", false},
		{"nav.gone_rest", "It is gone.", true},
		{"nav.back", "Back to the board.", false},
	} {
		if got := tells(tt.key, tt.text); got != tt.want {
			t.Errorf("%s %q: found %v", tt.key, tt.text, got)
		}
	}
}

// tested says whether a test or a step of a long run is there: package.TestName, with
// /name for one of a table, or make target: step.
func tested(t *testing.T) func(name string) bool {
	t.Helper()
	tests, literals := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		running := strings.HasPrefix(filepath.ToSlash(path), "../e2e/") || strings.Contains(path, "storagetest")
		if !running && !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		return collect(path, tests, literals)
	})
	if err != nil {
		t.Fatal(err)
	}
	makefile := string(file(t, "../Makefile"))
	return func(name string) bool {
		if run, ok := strings.CutPrefix(name, "make "); ok {
			target, step, _ := strings.Cut(run, ": ")
			return strings.Contains(makefile, "\n"+target+":") && (step == "" || literals[step])
		}
		room, test, _ := strings.Cut(name, ".")
		test, row, table := strings.Cut(test, "/")
		return tests[filepath.Base(room)+"."+test] && (!table || literals[row])
	}
}

// collect reads the names of tests and all strings of a file, whatever tag it is built with.
func collect(path string, tests, literals map[string]bool) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	room := filepath.Base(filepath.Dir(path))
	if room == ".." {
		room = "main"
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && strings.HasSuffix(path, "_test.go") && (strings.HasPrefix(n.Name.Name, "Test") || strings.HasPrefix(n.Name.Name, "Fuzz")) {
				tests[room+"."+n.Name.Name] = true
			}
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				literals[s] = true
			}
		}
		return true
	})
	return nil
}

func TestTestsAreFoundUnderEveryTag(t *testing.T) {
	has := tested(t)
	for name, want := range map[string]bool{
		"main.TestRoomsImportOnlyFloorsBelowThem":                            true,
		"docs.TestTestsAreFoundUnderEveryTag":                                true,
		"keys.TestDamagedSlotCostsItsPostAlone":                              true,
		"storage/keys.TestDamagedSlotCostsItsPostAlone":                      true,
		"e2e.TestABrowserKeepsNothingThatWasRead":                            true,
		"storage.TestSQLiteKeepsTheContractAndSearches/TheNewestPostIsFirst": true,
		"storage.TestSQLiteKeepsTheContractAndSearches/NoSuchFact" + "AtAll": false,
		"handlers.TestRoomsImportOnlyFloorsBelowThem":                        false,
		"main.TestMissing":             false,
		"make raid":                    true,
		"make riot":                    false,
		"make raid: no such " + "step": false,
	} {
		if has(name) != want {
			t.Errorf("%s: there %v, want %v", name, has(name), want)
		}
	}
}
