// Command small holds Mayfly to a small machine, one core and 512 MB, and says how it
// does there: how soon it is up, how late its readers hear of a post, how long a post and
// a page take, and how much memory it had at most. Readers, writers and itself run on the
// other cores; everything is on 127.0.0.1.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// plan is what the small machine is asked to do.
type plan struct {
	readers int
	posts   int // a second
	pages   int // a second, read by people without a cookie
	long    time.Duration
	memory  int64 // MiB
}

func main() {
	var p plan
	flag.IntVar(&p.readers, "readers", 200, "open pages that listen")
	flag.IntVar(&p.posts, "posts", 20, "posts a second")
	flag.IntVar(&p.pages, "pages", 20, "pages a second that are loaded meanwhile")
	flag.DurationVar(&p.long, "long", 30*time.Second, "how long it goes on")
	flag.Int64Var(&p.memory, "memory", 512, "MiB that the server may have, swap included")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, p)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "small:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p plan) (err error) {
	m, err := newMachine(ctx, p.memory)
	if err != nil {
		return err
	}
	defer func() {
		if e := m.stop(); err == nil {
			err = e
		}
	}()
	up, err := m.start()
	if err != nil {
		return err
	}
	idle := m.server.Resident()
	c := newCrowd(m.server.URL)
	if err := c.listen(ctx, p.readers); err != nil {
		return err
	}
	c.play(ctx, p)
	fmt.Printf("One core, %s; %d open pages, %d posts and %d pages a second for %s:\n", m.limit(), p.readers, p.posts, p.pages, p.long)
	fmt.Printf("  up after              %s, with %d MiB\n", up.Round(time.Millisecond), idle>>20)
	fmt.Printf("  posts answered        %d of %d, in %s\n", len(c.answered), len(c.sent), c.answered)
	fmt.Printf("  readers heard of them %d of %d times, after %s\n", len(c.heard), len(c.answered)*p.readers, c.heard)
	fmt.Printf("  pages loaded          %d, in %s\n", len(c.loaded), c.loaded)
	fmt.Printf("  memory at most        %d MiB resident, %s\n", m.server.Highest()>>20, m.peak())
	fmt.Printf("  its core was busy     %.0f %% of the time\n", 100*m.busy().Seconds()/p.long.Seconds())
	return c.failed()
}
