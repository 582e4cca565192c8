package limit

import (
	"math"
	"time"

	"mayfly/board"
)

// Write is something that wants to be written, and what came with it.
type Write struct {
	Cost  Cost
	More  []Cost // what else it costs: one proof is for all
	Board string
	Who   Caller
	Proof string // of a Challenge, or a Ticket's; "": neither
}

// ProofError is the refusal of a write that is taken with a proof of work. It wraps
// a *board.Error of kind Limited whose Args["wait"] is how long the waiting room
// takes who is alone in it.
type ProofError struct {
	Challenge Challenge

	write Write
	early *Ticket // it came with one whose wait is not over
	err   *board.Error
}

func (e *ProofError) Error() string { return e.err.Error() }

// Unwrap gives the *board.Error.
func (e *ProofError) Unwrap() error { return e.err }

// Admit charges for one write as Allow does. As the board's setting pow says, it
// asks for a proof of work where Allow would refuse for what others have done, from
// newcomers while the board is loud, or always. The error is a *ProofError, or a
// *board.Error of kind Limited or, when no more proofs can be remembered, Busy.
func (g *Gate) Admit(w Write) error {
	s := g.settings(w.Board)
	banned := g.origins.isBanned(w.Who.Addr)
	if s.Pow == board.PowOff && !banned && (w.Who.Addr != Onion || !g.newcomer(w)) {
		return g.allow(w)
	}
	err := g.admit(w, s, banned)
	for _, cost := range w.costs() {
		g.count(cost, w.Who, g.times(w.Who), err != nil)
	}
	return err
}

func (g *Gate) newcomer(w Write) bool { return !w.Who.Visitor.Settled(g.now()) }

func (g *Gate) admit(w Write, s board.Settings, banned bool) error {
	newcomer, byOnion := g.newcomer(w), w.Who.Addr == Onion
	onBoard, inNetwork := g.loudness(w)
	t := g.toll(w, s.PowBits, max(onBoard, inNetwork))
	if s.Pow == board.PowAlways || banned || newcomer && (byOnion || s.Storm || onBoard >= 1) || byOnion && inNetwork >= onionLoud {
		if err := t.check(); err != nil {
			return err
		}
	}
	past := false
	for _, cost := range w.costs() {
		empty := g.charge(cost, w.Board, w.Who, g.times(w.Who))
		if empty == nil {
			continue
		}
		if empty.of == ofVisitor {
			return limited(empty.wait)
		}
		if err := t.check(); err != nil {
			return err
		}
		if over := g.chargeProven(cost, w.Board, w.Who); over != nil {
			return limited(over.wait)
		}
		past = true
	}
	if err := g.pace(w, s, &t, banned); err != nil {
		return err
	}
	if err := t.pay(); err != nil {
		return err
	}
	switch {
	case newcomer, past:
		g.hear(w)
	case byOnion:
		g.hearNetwork(w)
	}
	return nil
}

func (w Write) costs() []Cost { return append([]Cost{w.Cost}, w.More...) }

func (g *Gate) allow(w Write) error {
	for _, cost := range w.costs() {
		if err := g.Allow(cost, w.Board, w.Who); err != nil {
			return err
		}
	}
	return g.pace(w, g.settings(w.Board), nil, false)
}

// toll is the proof that one write may have to bring.
type toll struct {
	gate  *Gate
	write Write
	work  int // bits that are asked for now
	least int // bits that a proof must be worth

	proof proof
	under *epoch // whose key has signed the proof; nil: none was asked for
}

// slack is how many bits a proof may be short of: what is asked for may rise while
// somebody solves. More would let a farm fetch its challenges on a quiet day.
const slack = 2

func (g *Gate) toll(w Write, usual int, loudness float64) toll {
	work := min(usual+extra(loudness), board.PowBitsMax)
	return toll{gate: g, write: w, work: work, least: max(usual, work-slack)}
}

// check wants a proof that is good. It keeps nothing, neither of asking nor of what
// is not good.
func (t *toll) check() error {
	if t.under != nil {
		return nil
	}
	p, ok := parseProof(t.write.Proof)
	if !ok {
		return t.ask(nil)
	}
	v, e := t.gate.judge(t.write, p, t.least)
	switch v {
	case good:
		t.proof, t.under = p, e
		return nil
	case early:
		return t.ask(&Ticket{Proof: t.write.Proof, Wait: p.from().Sub(t.gate.now())})
	case bad:
	}
	return t.ask(nil)
}

func (t *toll) ask(early *Ticket) *ProofError {
	current, _ := t.gate.memory.epochs()
	return &ProofError{
		Challenge: newToken(current, t.write, t.work, t.gate.now()).challenge(),
		write:     t.write,
		early:     early,
		err:       &board.Error{Kind: board.Limited, Code: "error.proof", Args: map[string]any{"wait": roomTime(t.work)}},
	}
}

// fullWait is what somebody is told whose proof can't be remembered: a key, and all
// that was spent under it, goes within ten minutes.
const fullWait = time.Minute

// pay spends the proof that was asked for, if one was.
func (t *toll) pay() error {
	if t.under == nil {
		return nil
	}
	switch spent, full := t.under.spend(t.proof.sign); {
	case full:
		return &board.Error{Kind: board.Busy, Code: "error.busy", Args: map[string]any{"wait": fullWait}}
	case !spent: // it was good a moment ago, and then good for somebody else
		return t.ask(nil)
	}
	return nil
}

const (
	// Rates at which a board and a network are loud, and from whose double on a proof
	// costs more. A network, which may be a school, is given more room.
	busyBoard   = 10
	busyNetwork = 20

	extraMax = 6 // bits that loudness adds at most
)

// extra is a bit for each doubling.
func extra(loudness float64) int {
	if loudness < 1 {
		return 0
	}
	return min(int(math.Log2(loudness)), extraMax)
}

// loudness is how much w's board, and w's network, write of w's cost, in units of
// 10 and 20 rates. Settled visitors within their limits are not heard, save in the onion.
func (g *Gate) loudness(w Write) (onBoard, inNetwork float64) {
	list := g.widths(w.Cost, w.Board)
	if len(list) == 0 {
		return 0, 0
	}
	rate, now := float64(list[0].rate.PerMinute), g.now()
	current, previous := g.memory.epochs()
	for _, e := range []*epoch{current, previous} {
		b, n := e.loadTags(w)
		onBoard = max(onBoard, e.loudness(b, now, busyBoard*rate))
		inNetwork = max(inNetwork, e.loudness(n, now, busyNetwork*rate*float64(g.times(w.Who))))
	}
	return onBoard, inNetwork
}

func (g *Gate) hear(w Write) {
	now := g.now()
	current, previous := g.memory.epochs()
	for _, e := range []*epoch{current, previous} {
		b, n := e.loadTags(w)
		e.hear(b, now)
		e.hear(n, now)
	}
}

func (g *Gate) hearNetwork(w Write) {
	now := g.now()
	current, previous := g.memory.epochs()
	for _, e := range []*epoch{current, previous} {
		_, n := e.loadTags(w)
		e.hear(n, now)
	}
}

func (e *epoch) loadTags(w Write) (ofBoard, ofNetwork tag) {
	return e.key.tag(w.Cost, boardLoad, who{}, []byte(w.Board)...), e.key.tag(w.Cost, networkLoad, network(w.Who.Addr))
}
