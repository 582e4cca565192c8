package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// why holds a paragraph for each row that has been under what it is to hold: what limits
// it, and what was tried. It is written by hand, each under the key of its row, and goes
// into the paper whenever the row stands there again.
//
//go:embed why.md
var why string

const paper = "docs/performance.md"

// entry is one figure as it is shown.
type entry struct {
	row    row
	part   part
	value  float64
	rounds []float64
}

// name is what the figure is of.
func (e entry) name() string { return strings.TrimSuffix(e.row.measure+": "+e.part.name, ": ") }

// entries are the figures there are, in the table's order.
func (r results) entries() (all []entry) {
	for _, row := range table {
		for i, p := range row.parts {
			if rounds := r[row.key]; rounds != nil && len(rounds[i]) > 0 {
				all = append(all, entry{row, p, median(rounds[i]), rounds[i]})
			}
		}
	}
	return all
}

// printTable prints them for whoever waits.
func printTable(w io.Writer, r results) {
	fmt.Fprintln(w)
	for _, l := range r.entries() {
		fmt.Fprintf(w, "%-5s  %-14s hold %-12s aim %-12s %s [%s]\n", l.part.stand(l.value), l.part.figure(l.value), l.part.bound(l.part.hold), l.part.bound(l.part.aim), l.name(), list(l.rounds))
	}
}

func list(rounds []float64) string {
	var b []string
	for _, v := range rounds {
		b = append(b, short(v))
	}
	return strings.Join(b, " ")
}

// reasons are the paragraphs of why, by key.
func reasons(text string) map[string]string {
	by := map[string]string{}
	_, text, _ = strings.Cut("\n"+text, "\n## ")
	for chapter := range strings.SplitSeq(text, "\n## ") {
		if key, paragraph, found := strings.Cut(chapter, "\n"); found {
			by[strings.TrimSpace(key)] = strings.TrimSpace(paragraph)
		}
	}
	return by
}

const head = `# How fast it is

Written by ` + "`make bench ARGS=-write`" + `: the built server beside a raw one that does the least of the same with the same libraries (bench/raw), the server on one
processor and the load on another, in turn, everything on: limits, checks, boxes, synchronous=FULL. A ratio is the median of what same rounds gave, so that it says the
same on another machine; the rounds stand beside it. Nothing was lost and nothing came twice, or this page would not have been written.

`

// writePaper writes docs/performance.md.
func writePaper(w io.Writer, r results, m machine, reasons map[string]string) {
	fmt.Fprint(w, head)
	fmt.Fprintf(w, "%s, Mayfly %s, %s.\n\n", m.date, m.version, m.what)
	fmt.Fprintln(w, "| Measure | Figure | Hold | Aim | | Rounds |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, l := range r.entries() {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", l.name(), l.part.figure(l.value), l.part.bound(l.part.hold), l.part.bound(l.part.aim), l.part.stand(l.value), list(l.rounds))
	}
	low := r.under()
	if len(low) == 0 {
		fmt.Fprint(w, "\nEvery row is held.\n")
		return
	}
	fmt.Fprint(w, "\n## What is not held, and why\n")
	for _, row := range low {
		reason := reasons[row.key]
		if reason == "" {
			reason = "Nobody has looked into it yet."
		}
		fmt.Fprintf(w, "\n**%s.** %s\n", upper(row.measure), reason)
	}
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// under are the rows with a part under what it is to hold.
func (r results) under() (rows []row) {
	for _, l := range r.entries() {
		if l.part.stand(l.value) == under && (len(rows) == 0 || rows[len(rows)-1].key != l.row.key) {
			rows = append(rows, l.row)
		}
	}
	return rows
}

// machine is where it was measured.
type machine struct{ date, version, what string }

func thisMachine() machine {
	m := machine{date: time.Now().UTC().Format("2006-01-02"), version: "of no known version"}
	if out, err := exec.Command("git", "describe", "--tags", "--always", "--dirty", "--abbrev=12").Output(); err == nil { //nolint:noctx // a moment
		m.version = strings.TrimSpace(string(out))
	}
	processor := "an unknown processor"
	content, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(content)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			processor = strings.TrimSpace(value)
			break
		}
	}
	content, _ = os.ReadFile("/proc/meminfo")
	var kernel unix.Utsname
	_ = unix.Uname(&kernel) // it may stay unnamed
	m.what = fmt.Sprintf("%d processors (%s), %d GiB, Linux %s, %s", runtime.NumCPU(), processor, statusBytes(string(content), "MemTotal")>>30,
		unix.ByteSliceToString(kernel.Release[:]), runtime.Version())
	return m
}
