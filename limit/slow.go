package limit

import (
	"time"

	"mayfly/board"
)

// pace holds posts and replies to one each slow_seconds where a board is slow, and
// those of a banned network wherever they are: a settled visitor has a bucket of their
// own, newcomers share their address's. Past what is shared a proof of work opens one
// more, as everywhere, unless there is no toll.
func (g *Gate) pace(w Write, s board.Settings, t *toll, banned bool) error {
	if w.Cost != Post && w.Cost != Reply {
		return nil
	}
	every := time.Duration(s.SlowSeconds) * time.Second
	in := func(of scope, n int) lane {
		return lane{cost: slow, scope: of, slug: w.Board, every: every, burst: n}
	}
	if banned {
		all := in(ofBanned, 1)
		if all.slug = ""; !g.take(bucket{all, network(w.Who.Addr)}) {
			return tooFast(every)
		}
	}
	if s.State != board.Slow {
		return nil
	}
	if w.Who.Visitor.Settled(g.now()) {
		if !g.take(bucket{in(ofVisitor, 1), visitor(w.Who.Visitor)}) {
			return tooFast(every)
		}
		return nil
	}
	times := g.times(w.Who)
	if g.take(bucket{in(ofAddress, times), address(w.Who.Addr)}) {
		return nil
	}
	if t == nil {
		return tooFast(every)
	}
	if err := t.check(); err != nil {
		return err
	}
	if !g.take(bucket{in(ofProven, crowdWidth*times), network(w.Who.Addr)}) {
		return tooFast(every)
	}
	return nil
}

func tooFast(every time.Duration) error {
	return &board.Error{Kind: board.Limited, Code: "error.slow", Args: map[string]any{"each": every, "wait": every}}
}
