package main

import (
	"context"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// slotSize and what is in a slot: docs/storage.md.
const slotSize = 64

// slot is where a row says that its key is.
type slot struct {
	number int64
	gen    uint64
}

// keysIn is every key of a slot file, as the disk has it now.
func keysIn(path string) (map[slot]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys := map[slot]string{}
	for i := slotSize; i+slotSize <= len(raw); i += slotSize {
		if s := raw[i : i+slotSize]; s[0] == 1 {
			keys[slot{int64(i / slotSize), binary.LittleEndian.Uint64(s[8:])}] = string(s[24:56])
		}
	}
	return keys, nil
}

// row is what the database holds of a post.
type row struct {
	id   string
	at   slot
	ends time.Time
}

// rows reads the posts beside the server, in one short read.
func rows(ctx context.Context, db *sql.DB) (map[string]row, error) {
	found, err := db.QueryContext(ctx, "SELECT id, slot, gen, ends_at FROM posts")
	if err != nil {
		return nil, err
	}
	defer found.Close()
	all := map[string]row{}
	for found.Next() {
		var id []byte
		var number, gen, ends int64
		if err := found.Scan(&id, &number, &gen, &ends); err != nil {
			return nil, err
		}
		r := row{string(id), slot{number, uint64(gen)}, time.UnixMilli(ends)} //nolint:gosec // its bits
		all[r.id] = r
	}
	return all, found.Err()
}

func openBeside(at place) (*sql.DB, error) {
	return sql.Open("sqlite3", "file:"+at.data+"/mayfly.db?mode=ro&_query_only=1&_busy_timeout=1000")
}

// tracked is a row whose end is waited for.
type tracked struct {
	row
	keyGone time.Time // when its slot was first seen to be zero
	rowGone bool
}

// watcher times endings: it looks at the slot file and at the rows again and again. What
// it says of a time is too long by at most the gap between two looks.
type watcher struct {
	at place

	mu      sync.Mutex
	known   map[string]*tracked
	keys    map[slot]string // of what lives, replies too
	ended   map[string]bool // keys of what has ended, which are nowhere any more
	lateKey times           // after each end by time
	lateRow times           // after each end, also by hand
	byHand  int             // ended by hand, whose slot was looked at when that was answered
	kept    int             // and was not zero
	looks   int
	gap     time.Duration // the longest between two looks
}

func newWatcher(at place) *watcher {
	return &watcher{at: at, known: map[string]*tracked{}, keys: map[slot]string{}, ended: map[string]bool{}}
}

// watch looks until ctx is over.
func (w *watcher) watch(ctx context.Context) error {
	db, err := openBeside(w.at)
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for last := time.Now(); ; last = time.Now() {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := w.look(context.WithoutCancel(ctx), db); err != nil {
			return err
		}
		w.mu.Lock()
		w.looks++
		w.gap = max(w.gap, time.Since(last))
		w.mu.Unlock()
	}
}

func (w *watcher) look(ctx context.Context, db *sql.DB) error {
	onDisk, err := keysIn(w.at.slots())
	if err != nil {
		return err
	}
	sawKeys := time.Now()
	there, err := rows(ctx, db)
	if err != nil {
		return fmt.Errorf("rows: %w", err)
	}
	sawRows := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for s, key := range w.keys {
		if _, still := onDisk[s]; !still {
			w.ended[key] = true
			delete(w.keys, s)
		}
	}
	maps.Copy(w.keys, onDisk)
	for id, t := range w.known {
		now, still := there[id]
		if still {
			t.ends = now.ends // a heart may have moved it
		}
		if _, key := onDisk[t.at]; !key && t.keyGone.IsZero() {
			t.keyGone = sawKeys
			if late := sawKeys.Sub(t.ends); late >= 0 {
				w.lateKey = append(w.lateKey, late)
			}
		}
		if !still && !t.rowGone {
			t.rowGone = true
			w.lateRow = append(w.lateRow, sawRows.Sub(t.over(sawRows)))
		}
		if t.rowGone && !t.keyGone.IsZero() {
			delete(w.known, id)
		}
	}
	for id, r := range there {
		if _, has := onDisk[r.at]; has && w.known[id] == nil {
			w.known[id] = &tracked{row: r}
		}
	}
	return nil
}

// over is when it ended: by its time, or by hand a little before its slot was seen zero.
func (t *tracked) over(now time.Time) time.Time {
	switch {
	case !t.keyGone.IsZero() && t.keyGone.Before(t.ends):
		return t.keyGone
	case t.ends.After(now):
		return now
	}
	return t.ends
}

// endedByHand looks at a slot at the moment that an ending by hand was answered.
func (w *watcher) endedByHand(id string) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(id))
	if err != nil {
		return
	}
	onDisk, err := keysIn(w.at.slots())
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.known[string(raw)]
	if t == nil {
		return
	}
	w.byHand++
	if _, still := onDisk[t.at]; still {
		w.kept++
	}
}

// overdue is how long the oldest key and the oldest row are over their time.
func (w *watcher) overdue() (key, row time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	for _, t := range w.known {
		late := now.Sub(t.ends)
		if t.keyGone.IsZero() {
			key = max(key, late)
		}
		if !t.rowGone {
			row = max(row, late)
		}
	}
	return key, row
}

const (
	keyBound = 2 * time.Second
	rowBound = 5 * time.Second
)

// judge prints what was timed, and says what took too long.
func (w *watcher) judge() error {
	key, row := w.overdue()
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Printf("  %d ends by time: key zero on the disk after %s\n", len(w.lateKey), w.lateKey)
	fmt.Printf("  %d rows: gone after %s\n", len(w.lateRow), w.lateRow)
	fmt.Printf("  %d ends by hand whose slot was read when that was answered: %d not zero\n", w.byHand, w.kept)
	fmt.Printf("  %d looks, at most %s apart\n", w.looks, w.gap.Round(time.Millisecond))
	switch {
	case len(w.lateKey) == 0 || len(w.lateRow) == 0:
		return errors.New("control: nothing was timed")
	case max(key, slices.Max(w.lateKey)) > keyBound:
		return fmt.Errorf("a key was on the disk %s after its end", max(key, slices.Max(w.lateKey)))
	case max(row, slices.Max(w.lateRow)) > rowBound:
		return fmt.Errorf("a row was there %s after its end", max(row, slices.Max(w.lateRow)))
	case w.kept > 0:
		return errors.New("an ending by hand was answered before its slot was zero")
	}
	return nil
}

// keysOfEnded are needles of every key that was seen and has gone.
func (w *watcher) keysOfEnded() *needles {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := newNeedles()
	for key := range w.ended {
		n.add(key, fmt.Sprintf("key %x", key[:4]))
	}
	return n
}

// times are how long something took, each time.
type times []time.Duration

func (t times) longest() time.Duration {
	if len(t) == 0 {
		return 0
	}
	return slices.Max(t)
}

func (t times) String() string {
	if len(t) == 0 {
		return "never"
	}
	slices.Sort(t)
	at := func(share float64) time.Duration {
		return t[int(share*float64(len(t)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("%s (p50), %s (p99), %s (p100)", at(0.5), at(0.99), at(1))
}

func openWritable(at place) (*sql.DB, error) {
	return sql.Open("sqlite3", "file:"+at.data+"/mayfly.db?mode=rw&_secure_delete=1&_busy_timeout=2000")
}
