// Mayfly is a board where a community speaks without names and every post ends.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"mayfly/alike"
	"mayfly/argon"
	"mayfly/board"
	"mayfly/doctor"
	"mayfly/filter"
	"mayfly/handlers"
	"mayfly/limit"
	"mayfly/live"
	"mayfly/pictures"
	"mayfly/search"
	"mayfly/storage"
	"mayfly/storage/keys"
	"mayfly/words"
)

func main() {
	stdlog.SetOutput(io.Discard) // what libraries write there by themselves holds addresses
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mayfly:", err)
		os.Exit(exitCode(err))
	}
}

// usageError is what an operator can mend by typing something else; it exits 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Error says it as a page would, in English, where the board refused.
func (e usageError) Error() string {
	refused, ok := errors.AsType[*board.Error](e.error)
	if !ok {
		return e.error.Error()
	}
	say := words.In("en")
	if len(refused.Fields) == 0 {
		return say.SayWith(refused.Code, refused.Args)
	}
	var list []string
	for _, field := range slices.Sorted(maps.Keys(refused.Fields)) {
		list = append(list, say.SayWith(refused.Fields[field].Code, refused.Fields[field].Args))
	}
	return strings.Join(list, " ")
}

func exitCode(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

// run reads the command line and the environment and does what they say, until
// it is done or ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	var cmd commands
	var done bool
	parser, err := kong.New(&cmd,
		kong.Name("mayfly"),
		kong.Description("A board where a community speaks without names and every post ends."),
		kong.Writers(out, os.Stderr),
		kong.Exit(func(int) { done = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
		kong.Bind(&cmd.Config),
	)
	if err != nil {
		return fmt.Errorf("command line: %w", err)
	}
	k, err := parser.Parse(args)
	if done { // --help has been printed
		return nil
	}
	if err == nil {
		err = cmd.check()
	}
	if err != nil {
		return usageError{err}
	}
	return k.Run()
}

// Run wires the rooms from top to bottom, serves until ctx ends, and closes them
// from bottom to top.
func (serveCommand) Run(ctx context.Context, cfg *Config, out io.Writer) (err error) {
	log := newLogger(cfg)
	if err := doctor.ForbidDumps(); err != nil { // before there is a key in memory
		log.WarnContext(ctx, "a crash may write memory to a disk", "err", err)
	}
	ground, err := openGround(ctx, cfg, log)
	defer closing(&err, ground.close)
	if err != nil {
		return err
	}
	folder, store, now := ground.folder, ground.store, board.Clock(ground.clock.Now)
	rules, err := openRules(ctx, cfg, store, now)
	if err != nil {
		return err
	}
	settings := rules.storms.Settings

	draw := handlers.NewDrawer(settings, now, version())
	hub := live.NewHub(draw, log)
	news := live.NewCalm(hub, log)
	index, err := search.New(ctx, now, log)
	if err != nil {
		return err
	}
	defer closing(&err, index.Close)
	alikes := alike.New()
	finder := board.Together{Finder: index, Alikes: alikes}
	screen, err := filter.New(ctx, store)
	if err != nil {
		return err
	}
	stampKey, err := folder.Secret("doors.key")
	if err != nil {
		return err
	}
	hasher := argon.New()
	doors, err := board.NewDoors(ctx, store, rules.tuner, hasher, stampKey, now)
	if err != nil {
		return err
	}
	b := board.New(store, finder, screen, doors, news, settings, now, log)
	if err := b.Begin(ctx, cfg.starter); err != nil {
		return err
	}
	if err := errors.Join(b.Follow(ctx), b.Cap(ctx)); err != nil { // what was changed while nobody served
		return err
	}
	rules.watch(b)
	doors.Watch(b.DoorTurned)
	warnShut(ctx, log, b, doors, settings)
	lost, err := countLost(ctx, log, ground)
	if err != nil {
		return err
	}
	sweeper := board.NewSweeper(store, finder, news, now, log)
	if err := sweeper.Sweep(ctx); err != nil { // before the port opens
		log.ErrorContext(ctx, "sweep at start", "err", err)
	}
	visitorKey, err := folder.Secret("visitor.key")
	if err != nil {
		return err
	}
	door := board.NewDoor(store, hasher, now, time.Now)
	first, err := begin(ctx, door, out)
	if err != nil {
		return err
	}
	gate := limit.NewGate(settings, now, limit.MaxSockets())
	bell := newBell(cfg, settings, log)
	opened, err := listen(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer opened.close()
	sealed, err := newSeal(cfg, opened)
	if err != nil {
		return err
	}
	b.Alarm(ring(bell))
	circles := board.NewCircles(store, news, settings, now, log, ring(bell))
	if err := circles.Tend(ctx); err != nil { // before the port opens, as the sweep is
		log.ErrorContext(ctx, "sweep of circles at start", "err", err)
	}
	chats := board.NewChats(store, b, news, log, ring(bell))
	if err := chats.Tend(ctx); err != nil {
		log.ErrorContext(ctx, "sweep of chats at start", "err", err)
	}
	rules.storms.Watch(ringForRaids(bell, rules.storms.Left))
	tables, err := store.Tables(ctx)
	if err != nil {
		return err
	}
	site := handlers.New(handlers.Parts{
		Board:      b,
		Door:       door,
		Doors:      doors,
		Circles:    circles,
		Chats:      chats,
		Hub:        hub,
		Gate:       gate,
		Press:      pictures.NewPress(),
		Sealer:     hasher,
		Tuner:      rules.tuner,
		Outset:     rules.outset,
		Storms:     rules.storms,
		Well:       func() bool { return !sweeper.Late() },
		VisitorKey: visitorKey,
		Base:       cfg.base,
		Onion:      cfg.onion,
		TLS:        sealed.way(),
		Trusted:    cfg.trusted,
		Examine: func(ctx context.Context) []doctor.Finding {
			return examineRunning(ctx, cfg, sealed, now(), settings("").Contact, lost)
		},
		Lost:   lost,
		Bell:   bell,
		Alerts: cfg.alertKinds(),
		Tables: tables,
		Log:    log,
	})

	front := site.Handler()

	ctx, cancel := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait() // before the store closes
	defer cancel()
	background.Go(func() { sweeper.Run(ctx) })
	background.Go(func() { gate.Run(ctx) })
	background.Go(func() { bell.Run(ctx) })
	background.Go(func() { watchDisks(ctx, cfg, bell) })
	background.Go(func() { ground.clock.Run(ctx) })
	background.Go(func() { index.Run(ctx) })
	background.Go(func() { fill(ctx, log, store, index, alikes) })
	background.Go(func() {
		follow(ctx, log, rules.tuner.Follow, rules.outset.Follow, rules.storms.Follow, screen.Follow, doors.Follow, b.Follow, b.FollowClaims, circles.Tend, chats.Tend)
	})
	if sealed != nil {
		background.Go(func() { sealed.run(ctx) })
		background.Go(func() { sealed.watch(ctx, bell, log) })
	}
	background.Go(func() { watch(ctx, sweeper, log, os.Exit) })
	ops := site.Ops(handlers.Vitals{Keys: ground.slots.Count, Sweeps: sweeper.Sweeps})
	announce(out, cfg, opened.addr(), first, settings("").Contact != "")
	return serve(ctx, opened.servers(cfg, sealed, front, ops, log), hub)
}

// ground is what everything stands on: the two folders, and the time that is kept there.
type ground struct {
	folder keys.Folder
	clock  *keys.Clock
	slots  *keys.Store
	store  *storage.Store
}

// openGround returns what it has opened, to be closed, even with an error.
func openGround(ctx context.Context, cfg *Config, log *slog.Logger) (g *ground, err error) {
	g = new(ground)
	if g.folder, err = keys.OpenFolder(cfg.Keys, cfg.Data); err != nil {
		return g, usageError{err}
	}
	if err := storage.SettleMove(cfg.Data, g.folder, log); err != nil {
		return g, usageError{err}
	}
	if g.clock, err = g.folder.Clock(log); err != nil {
		return g, err
	}
	if g.slots, err = g.folder.Slots(log); err != nil {
		return g, err
	}
	g.store, err = storage.OpenSQLite(ctx, cfg.Data, g.slots, log)
	return g, err
}

// close closes what was opened, the last first.
func (g *ground) close() (err error) {
	if g.store != nil {
		err = g.store.Close()
	}
	if g.slots != nil {
		err = errors.Join(err, g.slots.Close())
	}
	if g.clock != nil {
		err = errors.Join(err, g.clock.Close())
	}
	return err
}

// countLost says in the log how many posts there were whose keys are gone.
func countLost(ctx context.Context, log *slog.Logger, g *ground) (int, error) {
	lost, err := g.store.Lost(ctx, g.clock.Now())
	if lost > 0 {
		log.WarnContext(ctx, "living posts are gone, for their keys were not there: so it is after keys in memory were switched off; "+
			"otherwise see whether --keys names the right folder, or the folder was lost", "posts", lost, "keys", g.folder.Path())
	}
	return lost, err
}

// rules are the settings in force: those that admins chose, narrowed while the site is new
// and while raid mode is on.
type rules struct {
	tuner  *board.Tuner
	outset *board.Outset
	storms *board.Storms
}

func openRules(ctx context.Context, cfg *Config, store *storage.Store, now board.Clock) (r rules, err error) {
	if r.tuner, err = board.NewTuner(ctx, store, cfg.Set, now); err != nil {
		return r, err
	}
	if r.outset, err = board.NewOutset(ctx, store, r.tuner.Settings, now); err != nil {
		return r, err
	}
	r.storms, err = board.NewStorms(ctx, store, r.outset.Settings, now)
	return r, err
}

// watch has b follow them.
func (r rules) watch(b *board.Board) {
	r.tuner.Watch(b.SettingsChanged)
	r.outset.Watch(b.StormChanged)
	r.storms.Watch(b.StormChanged)
}

// fill reads what is alive into the indexes, once, while pages are served. Then memory that
// only the start needed goes back to the system.
func fill(ctx context.Context, log *slog.Logger, store *storage.Store, index *search.Index, alikes *alike.Index) {
	defer debug.FreeOSMemory()
	defer alikes.Expect()() // what ends meanwhile stays ended
	if err := index.Fill(ctx, both{store, alikes}); err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "search and look-alikes know only some of what was born before", "err", err)
	}
}

// both has the look-alikes take in what search reads.
type both struct {
	store  *storage.Store
	alikes *alike.Index
}

// Living returns some of the living posts, as a search.Source does.
func (b both) Living(ctx context.Context, after int64, now time.Time) ([]board.Post, error) {
	posts, err := b.store.Living(ctx, after, now)
	for _, p := range posts {
		b.alikes.Add(p)
	}
	return posts, err
}

// followEvery is how often settings and boards are looked at, which another process
// may have changed.
const followEvery = time.Second

// follow takes such changes over, until ctx ends.
func follow(ctx context.Context, log *slog.Logger, each ...func(context.Context) error) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, f := range each {
				if err := f(ctx); err != nil && ctx.Err() == nil {
					log.ErrorContext(ctx, "follow", "err", err)
				}
			}
		}
	}
}

// shutdownTime is how long requests that are under way may take to end.
const shutdownTime = 10 * time.Second

func serve(ctx context.Context, doors []door, hub *live.Hub) (err error) {
	failed := make(chan error, len(doors))
	for _, d := range doors {
		go func() { failed <- d.serve() }()
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	left := make(chan error, 1+len(doors))
	go func() { left <- hub.Close(ctx) }()
	for _, d := range doors {
		go func() { left <- d.Shutdown(ctx) }()
	}
	for range cap(left) {
		err = errors.Join(err, <-left)
	}
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// beginning is how a board without an owner gets one: by a link that is printed, or,
// where what is printed is kept, by one that is asked for.
type beginning struct {
	owned bool
	link  board.Token
}

func begin(ctx context.Context, door *board.Door, out io.Writer) (first beginning, err error) {
	if first.owned, err = door.HasOwner(ctx); err != nil || first.owned || isLog(out) {
		return first, err // a link that "admin link" printed still holds
	}
	first.link, err = door.Begin(ctx)
	return first, err
}

// isLog says whether what is printed lands in a journal, a container's log or a file.
func isLog(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err != nil || info.Mode()&os.ModeCharDevice == 0
}

// announce prints where the board can be opened and, while it has no owner, where
// somebody becomes that, and how to open it to all. The link is on a terminal alone, and
// in no log.
func announce(out io.Writer, cfg *Config, addr net.Addr, first beginning, reached bool) {
	list := addresses(cfg, addr)
	fmt.Fprintln(out, "Mayfly is open:")
	for _, a := range list {
		fmt.Fprintln(out, "  "+a)
	}
	if cfg.onion != nil {
		fmt.Fprintln(out, "  "+cfg.onion.String())
	}
	switch {
	case first.owned:
	case first.link != "" && len(list) > 0:
		fmt.Fprintln(out, "It has no owner yet. This link makes one, once:")
		fmt.Fprintln(out, "  "+setupLink(list[0], first.link))
	default:
		fmt.Fprintln(out, "It has no owner yet. The link that makes one is not for a log: \"mayfly admin link\" prints it, with the flags or environment of this server.")
	}
	if !reached {
		fmt.Fprintln(out, "Nobody has said how its host is reached, so it answers this machine and private networks alone. Say it there, or with:")
		fmt.Fprintf(out, "  mayfly settings set --data=%s contact=…\n", cfg.Data)
	}
}

func setupLink(base string, t board.Token) string { return base + "/admin/setup?token=" + string(t) }

// addresses lists this machine's and the network's ways to a listener.
func addresses(cfg *Config, addr net.Addr) []string {
	if cfg.base != nil {
		return []string{cfg.base.String()}
	}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return nil
	}
	port := strconv.Itoa(tcp.Port)
	if !tcp.IP.IsUnspecified() {
		return []string{"http://" + net.JoinHostPort(tcp.IP.String(), port)}
	}
	list := []string{"http://" + net.JoinHostPort("localhost", port)}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return list
	}
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			list = append(list, "http://"+net.JoinHostPort(n.IP.String(), port))
		}
	}
	return list
}

func newLogger(cfg *Config) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}

// closing keeps the first error of a function and of what it closes at its end.
func closing(err *error, end func() error) {
	if e := end(); e != nil && *err == nil {
		*err = e
	}
}
