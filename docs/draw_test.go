package docs

import (
	"fmt"
	"slices"
	"strings"
)

const promisesHead = `# What is promised, and what proves it

Written by ` + "`make promises`" + ` from [promises.txt](promises.txt), the catalogues and the documents; a test fails while this page is not what would be written now. So whoever changes a word
that stands here is made to look whether the test beside it still proves it.

**What stands here.** Of the catalogue and the starter sets (both languages): every sentence of the sections %s, and every other one that has a word of a list, such as *cookie*, *kept*, *never*, *gone*, *log*,
*nobody can*, *in memory*. Of %s, the API's description and the command line's help: every sentence with such a word (a row of a table is one sentence). Headings and labels of less than six words are none. The
list is in ` + "`docs/find_test.go`" + `. A sentence that is found and has no line in promises.txt fails a test, and so does a line whose test is not there. What the list can't see is a promise in
other words: whoever writes one gives it a line by hand, and it stands here too. ADRs and the log of changes tell what was decided when, and are not looked through.

**What a line proves.** That a test of this name is in the tree, under whatever build tag, or a step of a long run (` + "`make …`" + `). Whether that test would fail no
program can say: whoever writes a line breaks the code once and sees it red. What was found and is no promise stands below, with the reason.
`

func promisesPage(l ledger, said []sentence) string {
	var b strings.Builder
	fmt.Fprintf(&b, promisesHead, strings.Join(sections(), ", "), strings.Join(documents, ", "))
	b.WriteString("\n## What the specification promises\n\nThe [requirements](requirements.md) R1 to R75 have a page of their own.\n\n| | Promise | Proved by |\n|---|---|---|\n")
	for _, s := range l.statements {
		if !strings.HasPrefix(s.subject, "R") {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", s.subject, cell(s.clause), proof(l.of(s.subject)))
		}
	}
	source := ""
	for _, s := range said {
		rows := l.of(s.key)
		if only(rows, noPromise) || !s.found && !named(rows, s.key) {
			continue
		}
		if s.source != source {
			source = s.source
			fmt.Fprintf(&b, "\n## %s\n\n| Says | Proved by |\n|---|---|\n", source)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", words(s), proof(rows))
	}
	b.WriteString("\n## Found, and no promise\n\n| Says | Why it is none |\n|---|---|\n")
	for _, s := range said {
		if rows := l.of(s.key); s.found && len(rows) > 0 && only(rows, noPromise) {
			fmt.Fprintf(&b, "| %s | %s |\n", words(s), cell(rows[0].clause))
		}
	}
	return b.String()
}

// named: a line is of this sentence alone, or of a document's.
func named(rows []line, key string) bool {
	return slices.ContainsFunc(rows, func(row line) bool { return row.subject == key || !strings.HasSuffix(row.subject, "*") })
}

func sections() []string {
	var out []string
	for _, s := range whole {
		out = append(out, strings.TrimSuffix(s, "."))
	}
	return out
}

// words shows a sentence of the catalogue in both languages, with its key.
func words(s sentence) string {
	if s.source != pages {
		return cell(s.en)
	}
	return "`" + s.key + "` " + cell(s.en) + "<br>*" + cell(s.it) + "*"
}

var cells = strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ")

func cell(text string) string { return cells.Replace(text) }

// proof lists tests with what each shows; what is said of the specification comes last.
func proof(rows []line) string {
	var out, last []string
	for _, row := range rows {
		switch row.by {
		case noPromise: // of many by a star; another line says more of this one
		case spec:
			last = append(last, "**The specification holds**: "+cell(row.clause))
		case later:
			last = append(last, "*Not built yet*: "+cell(row.clause))
		default:
			names := "`" + strings.Join(row.proofs(), "`, `") + "`"
			if row.clause != "" {
				names += " (" + cell(row.clause) + ")"
			}
			out = append(out, names)
		}
	}
	return strings.Join(append(out, last...), "; ")
}

const requirementsHead = `# Requirements

What Mayfly has to hold, R1 to R75, each in a line, and what proves it: a test that fails without it, or a step of a long run (` + "`make …`" + `). Where the specification and an older requirement differ,
the specification holds, and the line says so. Written by ` + "`make promises`" + ` from [promises.txt](promises.txt), as [promises.md](promises.md) is.
`

// requirementsTail is of the notes that the requirements came with, where no number stands.
const requirementsTail = `
## Where notes beside the requirements said otherwise

The requirements came with notes on how to hold them. Of those the specification, or a decision here, has replaced:

| They said | It is |
|---|---|
| a full-text index of SQLite's fifth kind, with a check for it | the fourth kind, in memory ([16](adr/0016-search-in-memory.md)) |
| many births share a sync within 5 ms | within 1 ms ([3](adr/0003-group-commit.md)) |
| secrets of threads lie in the key store | they follow from the post's key and are stored nowhere ([storage.md](storage.md)) |
| times are rounded to ten seconds, and none of birth is kept | the grid of the ttl, and two times on it (the specification, 2.1) |
| Referrer-Policy no-referrer | same-origin, as otherwise forms lose their Origin (9) |
| cookies are Strict, without Max-Age, in steps of six hours | Lax, for visitor_ttl, in steps of ten minutes (4) |
| frames are padded | they are not, and [SECURITY.md](../SECURITY.md) says so |

Their long forms (ten minutes of churn, hundreds of kills, mounted images) are the long runs; the suite has a short one of each.
`

var chapters = map[string]string{
	"R1": "Gone", "R21": "Nobody is named", "R33": "The web", "R49": "Abuse and floods", "R70": "Durability and restarts",
}

func requirementsPage(l ledger) string {
	var b strings.Builder
	b.WriteString(requirementsHead)
	for _, s := range l.statements {
		if !strings.HasPrefix(s.subject, "R") {
			continue
		}
		if title := chapters[s.subject]; title != "" {
			fmt.Fprintf(&b, "\n## %s\n\n| | Requirement | Proved by |\n|---|---|---|\n", title)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s.subject, cell(s.clause), proof(l.of(s.subject)))
	}
	b.WriteString(requirementsTail)
	return b.String()
}
