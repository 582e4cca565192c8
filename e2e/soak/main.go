// Command soak keeps a built server up: a day of births, endings, readers that come and
// go, pictures, votes and changes by admins, compressed into fifteen minutes, with ninety
// looks at its memory, descriptors and files; and trials in which it is starved, slowed
// down, stopped, filled up and stuck. Everything is on 127.0.0.1.
package main

import (
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

// plan is how much of everything there is.
type plan struct {
	long    time.Duration // of the day
	looks   int
	posts   int // a second
	readers int // of the day, at once
	slow    int // slow peers
	sockets int // idle ones
	starts  int // again
}

// trial is something that the server has to stand.
type trial struct {
	name, what string
	run        func(ctx context.Context, r *run) error
}

var trials = []trial{
	{"day", "a day: births, endings, readers, pictures, votes, changes", day},
	{"slowloris", "slow peers, and somebody who is not", slowloris},
	{"sockets", "idle sockets", idleSockets},
	{"descriptors", "no file descriptor left", descriptors},
	{"clocks", "a clock that jumps", clocks},
	{"restarts", "restarts under readers", restarts},
	{"disk", "a full disk, and room again", fullDisk},
	{"stuck", "a sweeper that is stuck", stuck},
}

func main() {
	var p plan
	var only string
	var names []string
	for _, t := range trials {
		names = append(names, t.name)
	}
	flag.StringVar(&only, "only", "", "which trials, with commas: "+strings.Join(names, ", ")+" (default: all)")
	flag.DurationVar(&p.long, "long", 15*time.Minute, "how long the day is")
	flag.IntVar(&p.looks, "looks", 90, "looks in the day")
	flag.IntVar(&p.posts, "posts", 20, "posts a second, in the day")
	flag.IntVar(&p.readers, "readers", 200, "readers at once, in the day and over restarts")
	flag.IntVar(&p.slow, "slow", 1000, "slow peers")
	flag.IntVar(&p.sockets, "sockets", 10_000, "idle sockets")
	flag.IntVar(&p.starts, "restarts", 20, "restarts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	failed := runAll(ctx, p, strings.FieldsFunc(only, func(r rune) bool { return r == ',' }))
	stop()
	if failed != nil {
		fmt.Fprintln(os.Stderr, "soak:", failed)
		os.Exit(1)
	}
}

func runAll(ctx context.Context, p plan, only []string) (err error) {
	for _, name := range only {
		if !slices.ContainsFunc(trials, func(t trial) bool { return t.name == name }) {
			return fmt.Errorf("no trial is called %q", name)
		}
	}
	h, err := house.New(ctx, "soak")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	var failed []string
	for _, t := range trials {
		if len(only) > 0 && !slices.Contains(only, t.name) {
			continue
		}
		fmt.Printf("%s\n", t.what)
		r := &run{house: h, plan: p, dir: filepath.Join(h.Dir, t.name)}
		err := t.run(ctx, r)
		h.Clear()
		if err != nil {
			fmt.Printf("  FAILED: %v\n", err)
			failed = append(failed, t.name)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	}
	fmt.Println("All of it held.")
	return nil
}

// run is one trial under way.
type run struct {
	house *house.House
	plan  plan
	dir   string // of its own
}

func (r *run) say(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }
