package docs

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write promises.md and requirements.md anew")

// line is one of promises.txt: subject = statement, or subject | by | clause.
type line struct {
	n                   int
	subject, by, clause string
}

// What by says where it names no test.
const (
	noPromise = "-"     // found by the rule, and no promise: the clause says why
	spec      = "SPEC"  // the specification says otherwise, and holds
	later     = "later" // of something that is not built yet
)

// ledger is promises.txt, read.
type ledger struct {
	statements []line // in their order: what is required or promised, in one line
	lines      []line
}

func read(text string) (ledger, error) {
	var l ledger
	n := 0
	for row := range strings.Lines(text) {
		n++
		row = strings.TrimSpace(row)
		if row == "" || strings.HasPrefix(row, "#") {
			continue
		}
		if subject, rest, ok := strings.Cut(row, " | "); ok {
			by, clause, _ := strings.Cut(rest, " | ")
			l.lines = append(l.lines, line{n, strings.TrimSpace(subject), strings.TrimSpace(by), strings.TrimSpace(clause)})
			continue
		}
		subject, statement, ok := strings.Cut(row, " = ")
		if !ok {
			return l, fmt.Errorf("line %d is neither “subject = statement” nor “subject | tests | clause”", n)
		}
		l.statements = append(l.statements, line{n: n, subject: subject, clause: statement})
	}
	return l, nil
}

// of are the lines of a subject. One that ends with * is of all that begin so.
func (l ledger) of(subject string) []line {
	var out []line
	for _, row := range l.lines {
		if covers(row.subject, subject) {
			out = append(out, row)
		}
	}
	return out
}

// covers: a line names a requirement and a key as they are, a sentence of a document by
// its beginning, and many keys by a star.
func covers(named, subject string) bool {
	if named == subject {
		return true
	}
	if strings.Contains(named, ": ") {
		return strings.HasPrefix(subject, named)
	}
	stem, many := strings.CutSuffix(named, "*")
	return many && strings.HasPrefix(subject, stem)
}

// faults says all that is wrong with a ledger, given what is said and what is tested.
func (l ledger) faults(said []sentence, has func(name string) bool) []string {
	var out []string
	fault := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	subjects := map[string]bool{}
	for _, s := range l.statements {
		if subjects[s.subject] {
			fault("promises.txt:%d: %s stands there twice", s.n, s.subject)
		}
		subjects[s.subject] = true
		if len(l.of(s.subject)) == 0 || only(l.of(s.subject), spec) {
			fault("%s (%s) is proved by nothing", s.subject, s.clause)
		}
	}
	for _, s := range said {
		subjects[s.key] = true
		if s.found && len(l.of(s.key)) == 0 {
			fault("a sentence about privacy or durability has no test: give promises.txt a line\n\t%s | package.TestName\n\tIt says: %s", s.short(), s.en)
		}
	}
	for _, row := range l.lines {
		if !anyCovered(row.subject, subjects) {
			fault("promises.txt:%d: nothing says %q any more", row.n, row.subject)
		}
		if row.by == noPromise || row.by == spec || row.by == later {
			if row.clause == "" {
				fault("promises.txt:%d: say why", row.n)
			}
			continue
		}
		for _, name := range row.proofs() {
			if !has(name) {
				fault("promises.txt:%d: there is no %s", row.n, name)
			}
		}
	}
	return out
}

func only(rows []line, by string) bool {
	return !slices.ContainsFunc(rows, func(row line) bool { return row.by != by })
}

func anyCovered(named string, subjects map[string]bool) bool {
	for s := range subjects {
		if covers(named, s) {
			return true
		}
	}
	return false
}

// proofs are the tests and steps of long runs that a line names, with commas between
// them. A step may hold commas, so it stands alone.
func (row line) proofs() []string {
	if strings.HasPrefix(row.by, "make ") {
		return []string{row.by}
	}
	var out []string
	for name := range strings.SplitSeq(row.by, ",") {
		out = append(out, strings.TrimSpace(name))
	}
	return out
}

func load(t *testing.T) (ledger, []sentence) {
	t.Helper()
	text, err := os.ReadFile("promises.txt")
	if err != nil {
		t.Fatal(err)
	}
	l, err := read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	said := sentences(t)
	slices.SortStableFunc(said, func(a, b sentence) int { return cmp.Compare(a.source, b.source) })
	return l, said
}

func TestEverySentenceAboutPrivacyOrDurabilityHasItsTest(t *testing.T) {
	l, said := load(t)
	found := 0
	for _, s := range said {
		if s.found {
			found++
		}
	}
	if found < 250 || len(l.statements) < 75 {
		t.Fatalf("only %d sentences were found, and %d requirements: the rule finds too little", found, len(l.statements))
	}
	for _, fault := range l.faults(said, tested(t)) {
		t.Error(fault)
	}
}

func TestAllRequirementsAreThere(t *testing.T) {
	l, _ := load(t)
	for n := range 75 {
		id := fmt.Sprint("R", n+1)
		if !slices.ContainsFunc(l.statements, func(s line) bool { return s.subject == id }) {
			t.Errorf("%s is not there", id)
		}
	}
}

// TestPagesAreAsTheLedgerHasThem fails when words that are bound to a test have changed,
// so that somebody looks whether the test still proves them.
func TestPagesAreAsTheLedgerHasThem(t *testing.T) {
	l, said := load(t)
	for name, want := range map[string]string{"promises.md": promisesPage(l, said), "requirements.md": requirementsPage(l)} {
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		is, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if was, now := firstDifference(string(is), want); was != now {
			t.Errorf("docs/%s is not as it would be written now. Look whether the tests still prove what is said, then: make promises\n\twas: %s\n\tnow: %s", name, was, now)
		}
	}
}

func firstDifference(a, b string) (is, want string) {
	is, want = a, b
	for is != "" && want != "" {
		var left, right string
		left, is, _ = strings.Cut(is, "\n")
		right, want, _ = strings.Cut(want, "\n")
		if left != right {
			return left, right
		}
	}
	return is, want
}

// TestTheLedgerKnowsRightFromWrong: a ledger that takes everything proves nothing.
func TestTheLedgerKnowsRightFromWrong(t *testing.T) {
	said := []sentence{
		{key: "you.name", en: "Never asked.", found: true},
		{key: "README.md: No address is kept.", en: "No address is kept.", found: true},
		{key: "nav.back", en: "Back"},
	}
	has := func(name string) bool { return name == "a.TestIt" || name == "make soak: slope, and noise" }
	const good = "R1 = It is gone.\nR1 | a.TestIt | all of it\nyou.* | a.TestIt\nREADME.md: No addr | a.TestIt, a.TestIt\n"
	for _, tt := range []struct{ name, text, want string }{
		{"all is bound", good, ""},
		{"a sentence has no test", strings.Replace(good, "you.*", "nav.back", 1), "has no test"},
		{"a test is not there", strings.Replace(good, "a.TestIt | all", "a.TestThat | all", 1), "no a.TestThat"},
		{"a step of a long run", good + "R1 | make soak: slope, and noise", ""},
		{"a step is not there", good + "R1 | make soak: other", "no make soak: other"},
		{"a requirement is proved by nothing", good + "R2 = It is quick.", "proved by nothing"},
		{"that another page differs is no proof", good + "R2 = It is quick.\nR2 | SPEC | it is slow", "proved by nothing"},
		{"of what is not built", good + "R2 = It is quick.\nR2 | later | it is not built", ""},
		{"no promise, and why", strings.Replace(good, "you.* | a.TestIt", "you.* | - | a heading", 1), ""},
		{"no promise, and not why", strings.Replace(good, "you.* | a.TestIt", "you.* | -", 1), "say why"},
		{"words that nobody says any more", good + "README.md: All is kept | a.TestIt", "any more"},
		{"a requirement stands there twice", good + "R1 = It is gone again.", "twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := read(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(l.faults(said, has), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("faults: %q, want %q", got, tt.want)
			}
		})
	}
	if _, err := read("half a line"); err == nil {
		t.Error("half a line is taken")
	}
}

func TestChangedWordsChangeThePage(t *testing.T) {
	l, err := read("you.name | a.TestIt")
	if err != nil {
		t.Fatal(err)
	}
	page := func(en, it string) string {
		return promisesPage(l, []sentence{{key: "you.name", source: pages, en: en, it: it, found: true}})
	}
	if page("Never asked.", "Mai.") == page("Never asked", "Mai.") || page("Never.", "Mai.") == page("Never.", "Quasi mai.") {
		t.Error("other words are the same page")
	}
}
