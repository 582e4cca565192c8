package limit

import "time"

// Ticket is a place in the waiting room, for who has no script to solve a Challenge
// with: sent with the same write once the wait is over, it is as good as a proof.
type Ticket struct {
	Proof string
	Wait  time.Duration
}

const (
	roomMost     = 5 * time.Minute // who would wait longer gets no ticket
	roomWidth    = 2               // rates at which a network's waiting room lets people in
	roomUsual    = 20 * time.Second
	roomBits     = 16 // for which the wait is the usual one
	roomEachBit  = 5 * time.Second
	roomLeast    = 5 * time.Second
	roomEachFree = time.Second // between two where the rate says nothing
)

// roomTime is how long the waiting room takes instead of a proof of so many bits.
func roomTime(work int) time.Duration {
	return max(roomLeast, roomUsual+time.Duration(work-roomBits)*roomEachBit)
}

// Ticket gives who was refused a place in the waiting room, or what is left of the
// wait of one they came with. A network waits in one line, however many tickets it
// takes: to wait twice at once gains nothing. Its error is a *board.Error of kind
// Limited when that line is five minutes long.
func (g *Gate) Ticket(refused *ProofError) (Ticket, error) {
	if refused.early != nil {
		return *refused.early, nil
	}
	w, now := refused.write, g.now()
	g.memory.line.Lock()
	defer g.memory.line.Unlock()
	current, previous := g.memory.epochs()
	ready := now.Add(roomTime(refused.Challenge.Bits))
	for _, e := range []*epoch{current, previous} {
		at, full := e.next(e.queueTag(w))
		if full {
			return Ticket{}, limited(roomMost)
		}
		if at.After(ready) {
			ready = at
		}
	}
	ready = ready.Add(time.Second - 1).Truncate(time.Second) // a token tells whole seconds
	if wait := ready.Sub(now); wait > roomMost {
		return Ticket{}, limited(wait - roomMost)
	}
	for _, e := range []*epoch{current, previous} {
		e.queue(e.queueTag(w), ready.Add(g.roomStep(w)))
	}
	return Ticket{newToken(current, w, 0, ready).String(), ready.Sub(now)}, nil
}

// roomStep is the time between two who leave the waiting room.
func (g *Gate) roomStep(w Write) time.Duration {
	list := g.widths(w.Cost, w.Board)
	if len(list) == 0 {
		return roomEachFree
	}
	wide := roomWidth * g.times(w.Who)
	if w.Who.Addr == Onion {
		wide *= onionRoom
	}
	return time.Minute / time.Duration(wide*list[0].rate.PerMinute)
}

func (e *epoch) queueTag(w Write) tag { return e.key.tag(w.Cost, ofQueue, network(w.Who.Addr)) }
