package board

import "time"

// Life is when a post ends. All its times lie on its grid and nothing finer is
// kept anywhere (SPEC 2.1), so that a moment of writing cannot be read back.
type Life struct {
	Since   time.Time     // birth, rounded up
	Until   time.Time     // when its time is up: ttl, hearts and downs
	EndsAt  time.Time     // the earlier of Until and, with Silence, the end of the quiet
	CapAt   time.Time     // nothing and nobody lengthens a life beyond it
	Grid    time.Duration // what times are rounded up to, fixed at birth
	Silence time.Duration // 0: silence never ends it
}

// NewLife begins a life at now. The grid follows the ttl: a minute from 1 h on,
// ten seconds from 2 min on, else a second. So a 3 s post lives 3 to 4 s.
func NewLife(now time.Time, ttl, silence, ttlMax time.Duration) Life {
	grid := time.Second
	switch {
	case ttl >= time.Hour:
		grid = time.Minute
	case ttl >= 2*time.Minute:
		grid = 10 * time.Second
	}
	since := roundUp(now, grid)
	l := Life{Since: since, CapAt: roundUp(since.Add(ttlMax), grid), Grid: grid, Silence: silence}
	l.Until = earlier(roundUp(now.Add(ttl), grid), l.CapAt)
	return l.Heard(now)
}

// Ended says whether it is over at now.
func (l Life) Ended(now time.Time) bool { return !l.EndsAt.After(now) }

// Left is what remains at now, never negative.
func (l Life) Left(now time.Time) time.Duration { return max(0, l.EndsAt.Sub(now)) }

// Span is the whole that Left is a part of: from birth to the end as it stands.
func (l Life) Span(now time.Time) time.Duration {
	return max(l.EndsAt.Sub(l.Since), l.Left(now), l.Grid)
}

// Heard begins the quiet anew: a post with a Silence ends that long after the
// last reply or heart.
func (l Life) Heard(now time.Time) Life {
	l.EndsAt = l.Until
	if l.Silence > 0 {
		l.EndsAt = earlier(l.Until, roundUp(now.Add(l.Silence), l.Grid))
	}
	return l
}

// Moved lends (or, when by is negative, burns) time; the cap never moves. A quiet
// that was running goes on running.
func (l Life) Moved(by time.Duration) Life {
	quiet, end := l.inQuiet(), l.EndsAt
	l.Until = earlier(roundUp(l.Until.Add(by), l.Grid), l.CapAt)
	l.EndsAt = l.Until
	if quiet {
		l.EndsAt = earlier(l.Until, end)
	}
	return l
}

// inQuiet says whether silence is what would end it.
func (l Life) inQuiet() bool { return l.Silence > 0 && l.EndsAt.Before(l.Until) }

// whole rounds a length of time up to the grid, so that what is added and what
// is taken back are the same: -7 s on a grid of ten is nothing, +7 s is ten.
func (l Life) whole(by time.Duration) time.Duration {
	rest := by % l.Grid
	if rest > 0 {
		by += l.Grid
	}
	return by - rest
}

// Capped brings a life under a lower ttl_max. A higher one changes nothing for
// the living.
func (l Life) Capped(ttlMax time.Duration) Life {
	l.CapAt = earlier(l.CapAt, roundUp(l.Since.Add(ttlMax), l.Grid))
	l.Until = earlier(l.Until, l.CapAt)
	l.EndsAt = earlier(l.EndsAt, l.CapAt)
	return l
}

// Shortened leaves a life so much at most, rounded up to its grid, and nothing to gain.
func (l Life) Shortened(now time.Time, left time.Duration) Life {
	l.CapAt = earlier(l.CapAt, roundUp(now.Add(left), l.Grid))
	l.Until = earlier(l.Until, l.CapAt)
	l.EndsAt = earlier(l.EndsAt, l.CapAt)
	return l
}

// ClosedAt brings a life under the closing date of its board, which lies on a minute
// and so on every grid; the zero time is no such date.
func (l Life) ClosedAt(at time.Time) Life {
	if at.IsZero() {
		return l
	}
	l.CapAt = earlier(l.CapAt, at)
	l.Until = earlier(l.Until, l.CapAt)
	l.EndsAt = earlier(l.EndsAt, l.CapAt)
	return l
}

// roundUp moves t to the next whole grid since the Unix epoch.
func roundUp(t time.Time, grid time.Duration) time.Time {
	ms, g := t.UnixMilli(), grid.Milliseconds()
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		ms++
	}
	if r := ms % g; r != 0 {
		ms += g - r
	}
	return time.UnixMilli(ms).UTC()
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
