package board

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// noon is a moment that lies on every grid.
var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func TestLifeGridFollowsTheTTL(t *testing.T) {
	for _, tt := range []struct{ ttl, grid time.Duration }{
		{time.Second, time.Second},
		{2*time.Minute - 1, time.Second},
		{2 * time.Minute, 10 * time.Second},
		{time.Hour - 1, 10 * time.Second},
		{time.Hour, time.Minute},
		{30 * day, time.Minute},
	} {
		if got := NewLife(noon, tt.ttl, 0, 30*day).Grid; got != tt.grid {
			t.Errorf("grid of a ttl of %v = %v, want %v", tt.ttl, got, tt.grid)
		}
	}
}

func TestLifeRoundsEveryTimeUp(t *testing.T) {
	born := noon.Add(61*time.Second + 1) // one nanosecond past 12:01:01
	l := NewLife(born, time.Hour, 30*time.Minute, 7*day)
	for name, pair := range map[string][2]time.Time{
		"Since":  {l.Since, noon.Add(2 * time.Minute)},
		"Until":  {l.Until, noon.Add(time.Hour + 2*time.Minute)},
		"EndsAt": {l.EndsAt, noon.Add(32 * time.Minute)},
		"CapAt":  {l.CapAt, noon.Add(7*day + 2*time.Minute)},
	} {
		if got, want := pair[0], pair[1]; !got.Equal(want) {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
}

func TestLifeOfThreeSecondsLastsThreeToFour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments().Draw(t, "now")
		l := NewLife(now, 3*time.Second, 0, 7*day)
		if left := l.Left(now); left < 3*time.Second || left >= 4*time.Second {
			t.Fatalf("a post of 3 s lives %v", left)
		}
	})
}

func TestLifeNeverOutlastsTTLAndGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments().Draw(t, "now")
		ttl := lengths(time.Second, 30*day).Draw(t, "ttl")
		l := NewLife(now, ttl, 0, 30*day)
		if left := l.Left(now); left < ttl || left >= ttl+l.Grid {
			t.Fatalf("a ttl of %v gives %v, on a grid of %v", ttl, left, l.Grid)
		}
	})
}

func TestLifeEndsAtItsMillisecond(t *testing.T) {
	l := NewLife(noon, 10*time.Second, 0, day)
	for _, tt := range []struct {
		now   time.Time
		ended bool
		left  time.Duration
	}{
		{l.EndsAt.Add(-time.Millisecond), false, time.Millisecond},
		{l.EndsAt, true, 0},
		{l.EndsAt.Add(time.Millisecond), true, 0},
	} {
		if got := l.Ended(tt.now); got != tt.ended {
			t.Errorf("Ended(%v) = %v, want %v", tt.now, got, tt.ended)
		}
		if got := l.Left(tt.now); got != tt.left {
			t.Errorf("Left(%v) = %v, want %v", tt.now, got, tt.left)
		}
	}
}

func TestLifeSpanIsNeverShorterThanWhatIsLeft(t *testing.T) {
	l := NewLife(noon, time.Hour, 0, day)
	if got := l.Span(noon); got != time.Hour {
		t.Errorf("Span at birth = %v, want an hour", got)
	}
	lent := l.Moved(10 * time.Minute)
	if got := lent.Span(noon); got != 70*time.Minute {
		t.Errorf("Span after a heart = %v, want 70 minutes", got)
	}
	burnt := l.Moved(-2 * time.Hour)
	if got := burnt.Span(noon); got != l.Grid {
		t.Errorf("Span of a life burnt to nothing = %v, want one grid of %v", got, l.Grid)
	}
	late := NewLife(noon.Add(time.Second), 3*time.Hour, 0, day)
	if got, least := late.Span(noon.Add(time.Second)), late.Left(noon.Add(time.Second)); got < least {
		t.Errorf("Span %v is shorter than what is left, %v", got, least)
	}
}

func TestSilenceEndsALifeThatNobodyAnswers(t *testing.T) {
	l := NewLife(noon, 10*time.Minute, 2*time.Minute, day)
	if want := noon.Add(2 * time.Minute); !l.EndsAt.Equal(want) {
		t.Fatalf("EndsAt = %v, want %v", l.EndsAt, want)
	}
	l = l.Heard(noon.Add(time.Minute))
	if want := noon.Add(3 * time.Minute); !l.EndsAt.Equal(want) {
		t.Errorf("EndsAt after a reply = %v, want %v", l.EndsAt, want)
	}
	l = l.Heard(noon.Add(9 * time.Minute))
	if !l.EndsAt.Equal(l.Until) || !l.Until.Equal(noon.Add(10*time.Minute)) {
		t.Errorf("a late reply moved the end to %v; a reply lengthens the quiet alone", l.EndsAt)
	}
}

func TestADownLeavesARunningQuietAlone(t *testing.T) {
	l := NewLife(noon, time.Hour, 5*time.Minute, day)
	quiet := l.EndsAt
	if got := l.Moved(-10 * time.Minute).EndsAt; !got.Equal(quiet) {
		t.Errorf("EndsAt = %v, want the end of the quiet, %v", got, quiet)
	}
	if got := l.Moved(10 * time.Minute).EndsAt; !got.Equal(quiet) {
		t.Errorf("EndsAt = %v, want the end of the quiet, %v", got, quiet)
	}
	if got, want := l.Moved(-57*time.Minute).EndsAt, noon.Add(3*time.Minute); !got.Equal(want) {
		t.Errorf("EndsAt = %v, want %v: first wins", got, want)
	}
}

func TestCapFollowsALowerTTLMaxAndNoHigherOne(t *testing.T) {
	l := NewLife(noon, 2*time.Hour, 0, day)
	if got := l.Capped(7 * day); got != l {
		t.Errorf("a higher ttl_max changed the living: %+v, want %+v", got, l)
	}
	low := l.Capped(time.Hour)
	if want := noon.Add(time.Hour); !low.EndsAt.Equal(want) || !low.CapAt.Equal(want) || !low.Until.Equal(want) {
		t.Errorf("capped to an hour: ends %v, until %v, cap %v; want all %v", low.EndsAt, low.Until, low.CapAt, want)
	}
	if got := low.Capped(time.Hour); got != low {
		t.Errorf("capping twice changed it: %+v, want %+v", got, low)
	}
	if got := low.Moved(time.Hour).EndsAt; !got.Equal(low.CapAt) {
		t.Errorf("a heart brought it to %v, beyond its cap %v", got, low.CapAt)
	}
}

// TestLifeKeepsItsPromisesWhateverHappens casts, hears and caps at random. After
// each step every time lies on the grid, and none lies beyond the cap, which
// never rises.
func TestLifeKeepsItsPromisesWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments().Draw(t, "now")
		ttlMax := lengths(time.Second, 30*day).Draw(t, "ttl_max")
		silence := rapid.OneOf(rapid.Just(time.Duration(0)), lengths(shortestSilence, 30*day)).Draw(t, "silence")
		l := NewLife(now, lengths(time.Second, ttlMax).Draw(t, "ttl"), silence, ttlMax)
		lives(t, l, l)
		step := func(next Life) {
			lives(t, l, next)
			l = next
		}
		t.Repeat(map[string]func(*rapid.T){
			"moved":  func(t *rapid.T) { step(l.Moved(lengths(-day, day).Draw(t, "by"))) },
			"heard":  func(*rapid.T) { step(l.Heard(now)) },
			"capped": func(t *rapid.T) { step(l.Capped(lengths(time.Second, 30*day).Draw(t, "ttl_max"))) },
			"later":  func(t *rapid.T) { now = now.Add(lengths(0, day).Draw(t, "later")) },
		})
	})
}

func lives(t *rapid.T, was, is Life) {
	t.Helper()
	for name, at := range map[string]time.Time{"Since": is.Since, "Until": is.Until, "EndsAt": is.EndsAt, "CapAt": is.CapAt} {
		if at.UnixNano()%int64(is.Grid) != 0 {
			t.Fatalf("%s = %v lies off the grid of %v", name, at, is.Grid)
		}
	}
	switch {
	case is.EndsAt.After(is.Until):
		t.Fatalf("ends %v after its time is up, %v", is.EndsAt, is.Until)
	case is.Until.After(is.CapAt):
		t.Fatalf("lasts until %v, beyond its cap %v", is.Until, is.CapAt)
	case is.CapAt.After(was.CapAt):
		t.Fatalf("the cap rose from %v to %v", was.CapAt, is.CapAt)
	case is.Grid != was.Grid || !is.Since.Equal(was.Since) || is.Silence != was.Silence:
		t.Fatalf("%+v changed what is fixed at birth: %+v", was, is)
	}
}

// moments draws points in time of this century, to the nanosecond.
func moments() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
}

// lengths draws times from low to high, often in whole seconds or minutes.
func lengths(low, high time.Duration) *rapid.Generator[time.Duration] {
	return rapid.Custom(func(t *rapid.T) time.Duration {
		d := time.Duration(rapid.Int64Range(int64(low), int64(high)).Draw(t, "d"))
		unit := rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, time.Minute}).Draw(t, "unit")
		return min(max(d.Truncate(unit), low), high)
	})
}
