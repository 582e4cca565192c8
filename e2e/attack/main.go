// Command attack does to a built server what strangers try: sockets that break the rules
// of WebSockets, requests that no browser sends, bodies that never end, texts that hide or
// fall over others, searches that cost, pictures that are bombs or tell where they were
// taken. After each the server must answer as before, and after all of them nothing of who
// asked may be in its log or files. Everything is on 127.0.0.1.
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
	"time"
)

// attack is one thing that is done to a server; its error says what did not hold.
type attack struct {
	name, what string
	run        func(ctx context.Context, s *server) error
}

var attacks = []attack{
	{"sockets", "sockets that break the rules", sockets},
	{"requests", "requests that no browser sends", requests},
	{"bodies", "bodies that are slow, or cut", bodies},
	{"texts", "texts that hide, stack or are no text", texts},
	{"search", "searches that cost, or speak the database's language", searches},
	{"pictures", "pictures that are bombs, polyglots, or tell where they were taken", pictures},
	{"remains", "what is left of who asked", remains},
}

func main() {
	names := make([]string, 0, len(attacks))
	for _, a := range attacks {
		names = append(names, a.name)
	}
	only := flag.String("only", "", "which, with commas: "+strings.Join(names, ", ")+" (default: all)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := runAll(ctx, strings.FieldsFunc(*only, func(r rune) bool { return r == ',' }))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

func runAll(ctx context.Context, only []string) (err error) {
	for _, name := range only {
		if !slices.ContainsFunc(attacks, func(a attack) bool { return a.name == name }) {
			return fmt.Errorf("no attack is called %q", name)
		}
	}
	s, err := start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.home.Close()) }()
	var failed []string
	for _, a := range attacks {
		if len(only) > 0 && !slices.Contains(only, a.name) {
			continue
		}
		fmt.Println(a.what)
		began := time.Now()
		err := a.run(ctx, s)
		if err == nil {
			err = s.well(ctx)
		}
		if err != nil {
			fmt.Printf("  FAILED: %v\n", err)
			failed = append(failed, a.name)
		}
		fmt.Printf("  in %s, at most %d MiB resident so far\n", time.Since(began).Round(time.Millisecond), s.Highest()>>20)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	}
	fmt.Println("All of it was withstood.")
	return nil
}

func say(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }
