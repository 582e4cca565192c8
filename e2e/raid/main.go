// Command raid lets a raid loose on Mayfly and counts what readers see of it. It builds
// the server, starts it with an empty folder, and talks to it over real sockets: people
// who write, read, vote and report, and bots with fresh cookies from rotating networks
// that paste near copies in Unicode disguise, stuff votes and report in brigades, and
// solve proofs of work with the cores they are given. It goes on for about five
// minutes, and draws everything it does from a seed.
//
// A reader keeps the board open and listens. Exposure is how many seconds a troll's
// post stands in that feed, added up over posts; its cut is against the same raid on the
// same board with no defence at all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// scenario is one board under one raid.
type scenario struct {
	name    string
	set     []string // settings
	filters []string // words that the host has blocked by now
	near    bool     // the raid comes from one address: what limits are for
	posts   int      // that the bots try a second, where it is not the plan's: what people can keep up with
	storm   bool     // raid mode is on
	whole   bool     // it is watched for longer, after the raid as well
}

// bare is a board without any defence.
var bare = []string{
	"post=0", "reply=0", "vote=0", "report=0", "pow=off", "lookalikes=off", "vanish_score=-1000", "life_per_down=0s", "reports_to_hide=100",
}

// scenarios are the board without defence, each layer with the others off, and all.
var scenarios = []scenario{
	{name: "no defence", set: bare, whole: true},
	{name: "limits alone, a raid from one address", set: with("post=6/3", "reply=12/6", "vote=30/15"), near: true},
	{name: "proof of work alone", set: with("pow=always")},
	{name: "look-alikes alone", set: with("lookalikes=on")},
	{name: "votes alone, a raid of a post a second", set: with("vote=30/15", "vanish_score=-5", "life_per_down=10m"), whole: true, posts: 1},
	{name: "reports alone, a raid of a post a second", set: with("report=6/3", "reports_to_hide=3"), whole: true, posts: 1},
	{name: "filters alone", set: with(), filters: slogans},
	{name: "slow mode alone, a raid from one address", set: with("board=slow"), near: true},
	{name: "default settings", whole: true},
	{name: "raid mode", storm: true, whole: true},
}

func with(more ...string) []string { return append(slices.Clone(bare), more...) }

// plan is how much of everything there is.
type plan struct {
	seed      uint64
	short     time.Duration // of a scenario with one layer
	long      time.Duration // of the others: the raid for half of it
	botPosts  int           // a second
	botVotes  int
	botReport int
	cores     int // of the bots, for proofs
	networks  int // /24s they come from
	people    int // posts of people, a second
	readers   int // who vote and report
}

func main() {
	p := plan{networks: 1000, people: 5, readers: 60}
	var only string
	flag.Uint64Var(&p.seed, "seed", 1, "what everything is drawn from")
	flag.DurationVar(&p.short, "short", 10*time.Second, "how long one layer alone is looked at")
	flag.DurationVar(&p.long, "long", 40*time.Second, "how long the whole is looked at")
	flag.IntVar(&p.botPosts, "posts", 20, "posts that the bots try a second")
	flag.IntVar(&p.botVotes, "votes", 20, "votes")
	flag.IntVar(&p.botReport, "reports", 5, "reports")
	flag.IntVar(&p.cores, "cores", 1, "cores that the bots solve proofs with")
	flag.StringVar(&only, "only", "", "scenarios whose name holds this, beside that without defence")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, p, only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "raid:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p plan, only string) (err error) {
	began := time.Now()
	t, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	fmt.Printf("A raid of %d posts, %d votes and %d reports a second from %d networks, with %d core(s) for proofs of work,\n"+
		"on a board where %d people write a post each second and %d read along, vote and report. Seed %d.\n\n",
		p.botPosts, p.botVotes, p.botReport, p.networks, p.cores, p.people, p.readers, p.seed)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\ttroll posts\tseen\tpost-seconds\tcut\tof the first page\tpeople's posts\taccepted at once\twith a proof\tremoved by bots\tfolded")
	var base *outcome
	for i, s := range scenarios {
		if i > 0 && !strings.Contains(s.name, only) {
			continue
		}
		o, err := t.play(ctx, p, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if base == nil {
			base = o
		}
		o.print(table, base)
		fmt.Fprint(os.Stderr, ".")
	}
	fmt.Fprintln(os.Stderr)
	if err := table.Flush(); err != nil {
		return err
	}
	if only == "" || only == "phones" {
		if err := t.phones(ctx, p); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s in all.\n", time.Since(began).Round(time.Second))
	return ctx.Err()
}
