// Command forensics looks for what should be gone. It builds the server, lets posts,
// replies, hearts, pictures and endings come and go on it over real sockets, and searches
// the disk under it: every file of data, keys and the folder of temporary files, files that
// are open though no folder names them, the server's log, and a raw disk image where one
// may be mounted. Each step prints its figures; one that finds something ends it with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// plan is how much of everything there is.
type plan struct {
	churn    time.Duration
	kills    int
	timed    time.Duration
	rate     int // posts a second where endings are timed
	slow     time.Duration
	upgrades int // kills in the middle of an upgrade
	raw      int // posts on the raw disk
}

var (
	long  = plan{churn: 10 * time.Minute, kills: 200, timed: 2 * time.Minute, rate: 200, slow: time.Minute, upgrades: 20, raw: 2000}
	short = plan{churn: 40 * time.Second, kills: 10, timed: 25 * time.Second, rate: 200, slow: 20 * time.Second, upgrades: 5, raw: 300}
)

// step is one question. errSkipped with a sentence is no failure.
type step struct {
	name string
	does string
	run  func(ctx context.Context, h *lab, p plan) error
}

var errSkipped = errors.New("skipped")

var steps = []step{
	{"churn", "lives come and go; nothing of any text or picture, and no key of what has ended, is anywhere", churn},
	{"kill", "kill -9 under load, again and again: nothing answered is lost, nothing ended is back", kill},
	{"time", "each ending is timed under load: its key by 2 s, its row by 5 s", timed},
	{"full", "posts end on a full disk: keys by 2 s all the same, rows once there is room", full},
	{"readers", "endings are timed while readers take a page at 1 KB/s, and another program runs VACUUM", readers},
	{"upgrade", "an older program's posts live on through an upgrade that is killed again and again", upgrade},
	{"copy", "a copy of the data folder of while a post lived, with the keys of after its end, shows nothing", copies},
	{"raw", "the raw disk under it all holds no text, and no key of what has ended", raw},
}

func main() {
	var only string
	var isShort bool
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.name
	}
	flag.StringVar(&only, "steps", strings.Join(names, ","), "which steps")
	flag.BoolVar(&isShort, "short", false, "each in a short form")
	flag.Parse()
	p := long
	if isShort {
		p = short
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, p, ","+only+",")
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "forensics:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p plan, only string) (err error) {
	h, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	var failed []string
	for _, s := range steps {
		if !strings.Contains(only, ","+s.name+",") {
			continue
		}
		began := time.Now()
		fmt.Printf("%s: %s.\n", s.name, s.does)
		err := s.run(ctx, h, p)
		h.Clear()
		switch {
		case errors.Is(err, errSkipped):
			fmt.Printf("  %v\n", err)
		case err != nil:
			fmt.Printf("  FAILED after %s: %v\n", time.Since(began).Round(time.Second), err)
			failed = append(failed, s.name)
		default:
			fmt.Printf("  well, after %s\n", time.Since(began).Round(time.Second))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("not as promised: %s", strings.Join(failed, ", "))
	}
	return nil
}
