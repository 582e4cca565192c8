package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"mayfly/doctor"
	"mayfly/storage"
	"mayfly/storage/keys"
)

type (
	moveCommand struct {
		Dest   string `arg:"" optional:"" help:"The data folder that it moves to: a new one, or an empty one."`
		ToKeys string `name:"to-keys" placeholder:"FOLDER" help:"The keys folder that it moves to (default: DEST and \".keys\")."`
		By     string `placeholder:"COMMAND" help:"Instead of DEST, what leads to another server, such as \"ssh new.example mayfly receive --data /var/lib/mayfly\"."`
	}
	receiveCommand struct {
		Drop   bool `help:"Destroy what has arrived and was not served: it stays where it was."`
		Finish bool `help:"Serve what has arrived although the other side never said that it has gone. Only if that one never starts again."`
	}
)

// check says where the move goes.
func (c *moveCommand) check(cfg *Config) error {
	if (c.Dest == "") == (c.By == "") {
		return errors.New("say where to: mayfly move FOLDER, or mayfly move --by COMMAND, such as --by \"ssh new.example mayfly receive --data /var/lib/mayfly\"")
	}
	if c.By != "" {
		return nil
	}
	for _, path := range []*string{&c.Dest, &cfg.Data} {
		full, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = full
	}
	if c.Dest == cfg.Data {
		return fmt.Errorf("it is in %s already; give another folder", c.Dest)
	}
	if c.ToKeys == "" {
		c.ToKeys = c.Dest + ".keys"
	}
	full, err := filepath.Abs(c.ToKeys)
	c.ToKeys = full
	return err
}

func (c *moveCommand) move() storage.Move {
	if c.By != "" {
		return storage.NewMove(c.By, "")
	}
	return storage.NewMove(c.Dest, c.ToKeys)
}

// Run carries what lives to another folder or server. Nobody may serve either.
func (c moveCommand) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	if err := c.check(cfg); err != nil {
		return usageError{err}
	}
	if err := doctor.ForbidDumps(); err != nil { // before there is a key in memory
		return err
	}
	folder, err := keys.OpenFolder(cfg.Keys, cfg.Data)
	if err != nil {
		return usageError{err}
	}
	there, err := c.receiver()
	if err != nil {
		return usageError{err}
	}
	was, gone, err := storage.MoveOf(cfg.Data)
	if err != nil {
		return err
	}
	to := c.move()
	switch {
	case gone && was.To != to.To:
		return usageError{&storage.MovedError{From: cfg.Data, To: was.To}}
	case gone:
		err = c.goOn(ctx, was, there)
	default:
		gone, err = c.carry(ctx, cfg, folder, to, there)
	}
	if err != nil && gone {
		return fmt.Errorf("everything is there, and only waits to be told so: run the same command again (%w)", err)
	}
	if err != nil {
		return fmt.Errorf("nothing has moved: %w", err)
	}
	if err := storage.Finish(cfg.Data, folder); err != nil {
		return fmt.Errorf("it lives there now, and not all of it is destroyed here: run the same command again (%w)", err)
	}
	_, err = fmt.Fprintf(out, "What lived in %s has moved: posts, lives, votes, cookies, settings. Its keys are destroyed here, and this folder does not start again.\n%s\n",
		cfg.Data, c.next())
	return err
}

func (c *moveCommand) next() string {
	if c.By != "" {
		return "Start Mayfly there."
	}
	return fmt.Sprintf("Start it there: mayfly --data %s --keys %s", c.Dest, c.ToKeys)
}

// receiver is the other side, where that is a folder of this machine.
func (c *moveCommand) receiver() (*storage.Receiver, error) {
	if c.By != "" {
		return nil, nil //nolint:nilnil // another machine has it
	}
	folder, err := keys.OpenFolder(c.ToKeys, c.Dest)
	return &storage.Receiver{Data: c.Dest, Folder: folder}, err
}

// goOn has the other side serve what a move that was cut off has brought it.
func (c *moveCommand) goOn(ctx context.Context, was storage.Move, there *storage.Receiver) error {
	line, end, err := c.lead(ctx, there)
	if err != nil {
		return err
	}
	return errors.Join(was.Resume(line), end())
}

// carry opens what is here, and has it carried over.
func (c *moveCommand) carry(ctx context.Context, cfg *Config, folder keys.Folder, to storage.Move, there *storage.Receiver) (gone bool, err error) {
	log := newLogger(cfg)
	if err := storage.SettleMove(cfg.Data, folder, log); err != nil {
		return false, err
	}
	if !storage.HasBoard(cfg.Data) {
		return false, fmt.Errorf("there is no board in %s; give its folder as --data", cfg.Data)
	}
	clock, err := folder.Clock(log)
	if err != nil {
		return false, fmt.Errorf("%w; stop it first", err)
	}
	defer closing(&err, clock.Close)
	slots, err := folder.Slots(log)
	if err != nil {
		return false, err
	}
	defer closing(&err, slots.Close)
	store, err := storage.OpenSQLite(ctx, cfg.Data, slots, log)
	if err != nil {
		return false, err
	}
	defer closing(&err, store.Close)
	line, end, err := c.lead(ctx, there)
	if err != nil {
		return false, err
	}
	t := storage.Traveller{Store: store, Folder: folder, Move: to, Now: clock.Now}
	if there != nil {
		t.From = cfg.Data
	}
	gone, err = t.Go(ctx, line)
	return gone, errors.Join(err, end())
}

// lead opens the line to the other side; end waits until that side is done.
func (c *moveCommand) lead(ctx context.Context, there *storage.Receiver) (l storage.Line, end func() error, err error) {
	if there == nil {
		return c.byCommand(ctx)
	}
	from, out, err := os.Pipe()
	if err != nil {
		return l, nil, err
	}
	in, to, err := os.Pipe()
	if err != nil {
		return l, nil, err
	}
	hang := func() { _, _, _, _ = out.Close(), in.Close(), from.Close(), to.Close() }
	stop := context.AfterFunc(ctx, hang)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = there.Receive(ctx, storage.Line{In: from, Out: to}) // it has told this side what is wrong
		_, _ = from.Close(), to.Close()
	}()
	return storage.Line{In: in, Out: out}, func() error {
		_ = out.Close()
		<-done
		stop()
		hang()
		return nil
	}, nil
}

// byCommand runs what leads to another machine, and talks with its two ends.
func (c *moveCommand) byCommand(ctx context.Context) (l storage.Line, end func() error, err error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", c.By) //nolint:gosec // the operator's own command, as they typed it
	cmd.Stderr = os.Stderr
	if l.Out, err = cmd.StdinPipe(); err != nil {
		return l, nil, err
	}
	if l.In, err = cmd.StdoutPipe(); err != nil {
		return l, nil, err
	}
	if err := cmd.Start(); err != nil {
		return l, nil, err
	}
	return l, func() error {
		_ = l.Out.Close()
		_ = cmd.Wait() // what it did, it has said
		return nil
	}, nil
}

// Run takes in what mayfly move brings, by standard input and output.
func (c receiveCommand) Run(ctx context.Context, cfg *Config, out io.Writer) error {
	if err := doctor.ForbidDumps(); err != nil { // before there is a key in memory
		return err
	}
	folder, err := keys.OpenFolder(cfg.Keys, cfg.Data)
	if err != nil {
		return usageError{err}
	}
	r := storage.Receiver{Data: cfg.Data, Folder: folder}
	switch {
	case c.Drop && c.Finish:
		return usageError{errors.New("--drop and --finish are opposites; give one")}
	case c.Drop:
		err = r.Drop()
	case c.Finish:
		err = r.Finish()
	default:
		return r.Receive(ctx, storage.Line{In: os.Stdin, Out: open{out}})
	}
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Fprintln(out, map[bool]string{true: "Destroyed. It lives where it was.", false: "It lives here now. Start Mayfly."}[c.Drop])
	return err
}

// open is a writer that stays open.
type open struct{ io.Writer }

func (open) Close() error { return nil }
