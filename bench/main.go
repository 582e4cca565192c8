// Command bench measures Mayfly: it starts the built server and, beside it, a raw
// baseline that does the least of the same (bench/raw), each pinned to one processor and
// the load to another, lets them work in turn, and prints each figure that is to be held
// as the median of what same rounds gave. It fails when a delivery or a row is missing,
// or something came twice, never because a figure is low. Everything is on 127.0.0.1.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mayfly/e2e/house"
)

// plan is what is asked for.
type plan struct {
	only   []string // keys of rows; none: all
	rounds int
	write  bool
	scale  int           // divides how many there are of everything
	lead   time.Duration // that a server has to read a million posts
}

func main() {
	var p plan
	var only string
	flag.StringVar(&only, "only", "", "which rows, with commas: "+keysOf(table)+" (default: all)")
	flag.IntVar(&p.rounds, "rounds", 5, "rounds of each comparison")
	flag.IntVar(&p.scale, "scale", 1, "divides readers, stored posts and what is done a second, to try the bench itself; its figures say nothing")
	flag.DurationVar(&p.lead, "lead", 155*time.Second, "how long a server may take to read a million posts before 100,000 of them end")
	flag.BoolVar(&p.write, "write", false, "write docs/performance.md")
	flag.Parse()
	p.only = strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, p)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// longest is how long all of it may take.
const longest = 10 * time.Minute

// bench is one run.
type bench struct {
	plan
	house      *house.House
	rawProgram string
	open       []*server
	results    results
	wrong      []string // what was lost or doubled, and what failed
}

// scene measures one row or several.
type scene struct {
	rows []string
	run  func(b *bench, ctx context.Context) error
}

var scenes = []scene{
	{[]string{"feed", "feedposts", "cookie"}, (*bench).pages},
	{[]string{"posts", "postp99"}, (*bench).writes},
	{[]string{"fan1k", "delivery", "burst"}, (*bench).thousand},
	{[]string{"fan10k", "delivery", "memory"}, (*bench).tenThousand},
	{[]string{"stalled"}, (*bench).stalled},
	{[]string{"start"}, (*bench).starts},
	{[]string{"visit"}, (*bench).visit},
	{[]string{"sweep", "growth"}, (*bench).million},
	{[]string{"host"}, (*bench).host},
	{[]string{"strain"}, (*bench).strain},
}

func run(ctx context.Context, p plan) error {
	if p.write && (len(p.only) > 0 || p.scale > 1) {
		return errors.New("-write keeps all rows, whole: leave out -only and -scale")
	}
	for _, key := range p.only {
		if rowOf(key) == nil {
			return fmt.Errorf("no row is called %q; there are %s", key, keysOf(table))
		}
	}
	if len(p.only) == 0 {
		for _, r := range table {
			p.only = append(p.only, r.key)
		}
	}
	b := &bench{plan: p, results: results{}}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := b.build(ctx); err != nil {
		return err
	}
	defer func() { _ = b.house.Close() }()
	if err := pin(loadCPU); err != nil {
		return err
	}
	for _, s := range scenes {
		if !slices.ContainsFunc(s.rows, b.wants) {
			continue
		}
		fmt.Printf("%s\n", strings.Join(s.rows, ", "))
		sceneBegan := time.Now()
		err := s.run(b, ctx)
		for _, s := range b.open {
			err = errors.Join(err, s.alive())
		}
		if err != nil {
			b.wrong = append(b.wrong, fmt.Sprintf("%s: %v", s.rows[0], err))
			fmt.Printf("  FAILED: %v\n", err)
		}
		b.closeAll()
		if ctx.Err() != nil {
			b.wrong = append(b.wrong, fmt.Sprintf("it was cut off: %v", ctx.Err()))
			break
		}
		b.say("%s", time.Since(sceneBegan).Round(100*time.Millisecond))
	}
	return b.finish(time.Since(began))
}

// build makes both programs.
func (b *bench) build(ctx context.Context) (err error) {
	if b.house, err = house.New(ctx, "bench"); err != nil {
		return err
	}
	b.rawProgram = filepath.Join(b.house.Dir, "raw")
	if err := house.Build(ctx, ".", "./bench/raw", b.rawProgram); err != nil {
		return errors.Join(err, b.house.Close())
	}
	return nil
}

func (b *bench) wants(key string) bool { return slices.Contains(b.only, key) }

// few are the rounds of what takes long.
func (b *bench) few() int { return min(b.rounds, 3) }

// small is n, or less of it where the bench is only tried.
func (b *bench) small(n int) int { return max(1, n/b.scale) }

// rate is n a second, or fewer where the bench is only tried.
func (b *bench) rate(n int) int { return max(5, n/b.scale) }

func (b *bench) say(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }

// check takes down what was lost or doubled.
func (b *bench) check(where string, c count) {
	if err := c.wrong(); err != nil {
		b.wrong = append(b.wrong, fmt.Sprintf("%s: %v", where, err))
		b.say("WRONG: %s: %v", where, err)
	}
}

func (b *bench) closeAll() {
	for _, s := range b.open {
		if s.stopped || s.alive() != nil { // which was said
			continue
		}
		if err := s.stop(); err != nil {
			b.wrong = append(b.wrong, err.Error())
		}
	}
	b.open = nil
}

// finish prints the table, and says what was not as it should be.
func (b *bench) finish(took time.Duration) error {
	printTable(os.Stdout, b.results)
	fmt.Printf("\nIt took %s.\n", took.Round(time.Second))
	var errs []error
	for _, w := range b.wrong {
		errs = append(errs, errors.New(w))
	}
	if missing := b.results.missing(b.only); len(missing) > 0 {
		errs = append(errs, fmt.Errorf("figures are missing: %s", strings.Join(missing, "; ")))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return b.keep()
}

// keep writes the paper, if it was asked for.
func (b *bench) keep() error {
	if !b.write {
		return nil
	}
	var text bytes.Buffer
	writePaper(&text, b.results, thisMachine(), reasons(why))
	return os.WriteFile(paper, text.Bytes(), 0o644) //nolint:gosec // a page for everybody
}
