package keys

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// turned is a wall clock and a machine that a test turns.
type turned struct {
	wall time.Time
	boot time.Duration
}

func (m *turned) pass(d time.Duration) {
	m.wall = m.wall.Add(d)
	m.boot += d
}

func (m *turned) open(t *testing.T, path string) *Clock {
	t.Helper()
	c, err := openClock(path, func() time.Time { return m.wall }, func() time.Duration { return m.boot }, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClockGoesOnWithTheTimeSinceBoot(t *testing.T) {
	m := &turned{wall: noon, boot: 3 * time.Hour}
	c := m.open(t, filepath.Join(t.TempDir(), "clock"))
	defer c.Close()
	if !c.Now().Equal(noon) {
		t.Errorf("at start: %v, want %v", c.Now(), noon)
	}
	m.pass(time.Minute)
	for _, step := range []time.Duration{0, -time.Hour, 2 * time.Hour, 10 * 365 * 24 * time.Hour} {
		m.wall = m.wall.Add(step)
		if want := noon.Add(time.Minute); !c.Now().Equal(want) {
			t.Errorf("after a step of the wall clock by %v: %v, want %v", step, c.Now(), want)
		}
	}
}

func TestClockNeverStartsBehindAnEarlierRun(t *testing.T) {
	for _, tt := range []struct {
		name  string
		step  time.Duration
		ahead bool // whether the wall clock is believed
	}{
		{"an hour back", -time.Hour, false},
		{"to 1970", noon.Sub(time.Unix(0, 0)) * -1, false},
		{"an hour on", time.Hour, true},
		{"ten years on", 10 * 365 * 24 * time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clock")
			m := &turned{wall: noon}
			c := m.open(t, path)
			m.pass(10 * time.Minute)
			last := c.Now()
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			m.wall, m.boot = m.wall.Add(tt.step), 0
			c = m.open(t, path)
			defer c.Close()
			want := last
			if tt.ahead {
				want = m.wall
			}
			if got := c.Now(); got.Before(want) || got.Sub(want) > time.Millisecond {
				t.Errorf("starts at %v, want %v", got, want)
			}
		})
	}
}

func TestClockPassesOverADamagedRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock")
	m := &turned{wall: noon}
	c := m.open(t, path) // writes one record
	m.pass(time.Minute)
	if err := c.Close(); err != nil { // and the other
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{1, 2, 3}, slotSize); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	m.wall = time.Unix(0, 0)
	c = m.open(t, path)
	defer c.Close()
	if got := c.Now(); got.Before(noon) || !got.Before(noon.Add(time.Minute)) {
		t.Errorf("starts at %v, want what the whole record says, %v", got, noon)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, 2*slotSize), 0o600); err != nil {
		t.Fatal(err)
	}
	if c = m.open(t, path); !c.Now().Equal(m.wall) {
		t.Errorf("with nothing whole: %v, want the wall clock", c.Now())
	}
}

func TestClockIsSavedEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "clock")
		started := time.Now()
		since := func() time.Duration { return time.Since(started) }
		c, err := openClock(path, time.Now, since, quiet)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go c.Run(ctx)
		time.Sleep(3*SaveEvery + time.Second)
		synctest.Wait()
		cancel()
		synctest.Wait()
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.latest(raw), started.Add(3*SaveEvery); got.Before(want) || got.Sub(want) > time.Second {
			t.Errorf("saved %v, want %v", got, want)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTimeSinceBootGoesOn(t *testing.T) {
	f := newFolder(t)
	c, err := f.Clock(quiet)
	if err != nil {
		t.Fatal(err)
	}
	first := c.Now()
	if off := time.Since(first).Abs(); off > time.Minute {
		t.Errorf("board time is %v off the wall clock", off)
	}
	if again := c.Now(); again.Before(first) {
		t.Errorf("%v, then %v", first, again)
	}
	if _, err := f.Clock(quiet); err == nil {
		t.Error("two clocks of one folder")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheSavedTimeIsReadBesideARunningClock(t *testing.T) {
	dir := t.TempDir()
	if at, err := SavedTime(dir); err != nil || !at.IsZero() {
		t.Errorf("before the first start: %v, %v", at, err)
	}
	m := &turned{wall: noon}
	c := m.open(t, filepath.Join(dir, clockFile))
	defer c.Close()
	m.pass(time.Minute)
	if err := c.Save(); err != nil {
		t.Fatal(err)
	}
	if at, err := SavedTime(dir); err != nil || at.Sub(c.Now()).Abs() > time.Millisecond {
		t.Errorf("saved: %v, %v; want %v", at, err, c.Now())
	}
}
