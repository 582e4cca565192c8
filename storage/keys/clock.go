package keys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Clock tells board time (SPEC 2.8): from the later of the wall clock and what an
// earlier run has saved, it goes on with the time since boot. Steps of the wall
// clock during a run are ignored, and the machine's sleep counts.
type Clock struct {
	start time.Time
	since func() time.Duration // time since boot
	boot  time.Duration        // what since said at start
	log   *slog.Logger

	mu   sync.Mutex // one Save at a time
	file *os.File
	turn int // which of the two records is written next
}

const clockFile = "board.clock"

// SaveEvery is the time between two saves of a running Clock.
const SaveEvery = time.Minute

// Clock opens the board clock of the folder.
func (f Folder) Clock(log *slog.Logger) (*Clock, error) {
	return openClock(f.join(clockFile), time.Now, sinceBoot, log)
}

func openClock(path string, wall func() time.Time, since func() time.Duration, log *slog.Logger) (*Clock, error) {
	file, err := openExclusive(path)
	if err != nil {
		return nil, fmt.Errorf("open clock: %w", err)
	}
	c := &Clock{since: since, boot: since(), log: log, file: file}
	raw, err := readAll(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open clock: %w", err), file.Close())
	}
	c.start = wall().Round(0).UTC() // without its monotonic reading
	if saved := c.latest(raw); saved.After(c.start) {
		c.start = saved
	}
	if err := c.Save(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return c, nil
}

// SavedTime is the board time that is kept in the folder at path, for whoever looks
// beside a running server or without one; zero if none is.
func SavedTime(path string) (time.Time, error) {
	raw, err := os.ReadFile(filepath.Join(path, clockFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, fmt.Errorf("read clock: %w", err)
	}
	return (&Clock{log: slog.New(slog.DiscardHandler)}).latest(raw), nil
}

// Now is board time.
func (c *Clock) Now() time.Time { return c.start.Add(c.since() - c.boot) }

// latest reads the later of the two records, and makes the other one the next to
// be written. A record that was cut off while it was written is passed over.
func (c *Clock) latest(raw []byte) time.Time {
	var latest time.Time
	for i := 0; i*slotSize+slotSize <= len(raw); i++ {
		record := raw[i*slotSize : (i+1)*slotSize]
		if !signed(record) {
			continue
		}
		at := time.UnixMilli(int64(binary.LittleEndian.Uint64(record))).UTC() //nolint:gosec // its bits, written below
		if at.After(latest) {
			latest, c.turn = at, 1-i%2
		}
	}
	if latest.IsZero() && len(raw) > 0 {
		c.log.Error("the saved board time can't be read; the wall clock is believed")
	}
	return latest
}

// Save keeps board time for the next start, in place, so that a full disk can't
// refuse it.
func (c *Clock) Save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	record := make([]byte, slotSize)
	binary.LittleEndian.PutUint64(record, uint64(c.Now().UnixMilli()+1))
	if _, err := c.file.WriteAt(sign(record), int64(c.turn)*slotSize); err != nil {
		return fmt.Errorf("save clock: %w", err)
	}
	c.turn = 1 - c.turn
	if err := dataSync(c.file); err != nil {
		return fmt.Errorf("save clock: %w", err)
	}
	return nil
}

// Run saves each minute until ctx ends.
func (c *Clock) Run(ctx context.Context) {
	tick := time.NewTicker(SaveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := c.Save(); err != nil {
				c.log.ErrorContext(ctx, "board time was not saved", "err", err)
			}
		}
	}
}

// Close saves a last time.
func (c *Clock) Close() error {
	return errors.Join(c.Save(), c.file.Close())
}
