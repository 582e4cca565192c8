// Package keys holds what a copy of the data folder must not hold: the key of
// each living post, in a file of fixed slots that are zeroed in place; the board
// clock's high-water mark; and a few secrets of the server. It knows neither rows
// nor words.
package keys

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"mayfly/board"
)

// ErrGone says that a key is not there: it has ended, was destroyed, or never was.
var ErrGone = errors.New("keys: gone")

// Ref is where a key is. Gen is random, so that a row which names a slot that
// has been used again opens nothing.
type Ref struct {
	Slot uint32
	Gen  uint64
}

// Dropped is a key that was there until now, and when it was to end.
type Dropped struct {
	Ref
	EndsAt time.Time
}

// Store is the file of key slots, and a copy of it in memory. Reads never touch
// the file. It is safe for concurrent use.
type Store struct {
	id  [16]byte
	dir string
	log *slog.Logger

	file    File
	erasing sync.Mutex // one Erase at a time

	syncing sync.Mutex // one at a time: a disk tells of a failure once
	failed  uint64     // syncs; what was written before such a one may never get to the disk
	birth   uint64     // failed, when the first key was put that is not synced yet
	unborn  bool       // there are such keys

	mu      sync.RWMutex
	entries []entry
	until   []int64 // by slot: the earlier of end and cap, in ms; none where no key is
	free    []uint32
	dropped []uint32 // out of memory, not yet zeroed on disk
	closed  bool
}

// entry is what memory holds of a slot beside until.
type entry struct {
	gen   uint64
	capAt int64 // ms
	key   board.Key
}

const (
	none      = math.MaxInt64
	slotsFile = "posts.keys"
	// grow is how many slots the file gains at a time.
	grow = 4096
)

// Slots opens the slot file of the folder, or begins one, and locks it against a
// second process. Slots that were damaged are zeroed and counted in the log.
func (f Folder) Slots(log *slog.Logger) (*Store, error) {
	opened, err := openFile(f.join(slotsFile))
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	s, err := New(opened, log)
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	s.dir = f.path
	return s, nil
}

// New reads every slot of a file into a Store, which closes it in the end.
func New(f File, log *slog.Logger) (*Store, error) {
	s := &Store{file: f, log: log}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return s, nil
}

func (s *Store) load() error {
	raw, err := readAll(s.file)
	if err != nil {
		return err
	}
	defer clear(raw)
	if len(raw) < slotSize || allZero(raw[:slotSize]) {
		err = s.begin()
	} else {
		s.id, err = decodeHeader(raw[:slotSize])
	}
	if err != nil {
		return err
	}
	s.fill(raw)
	if damaged := len(s.dropped); damaged > 0 {
		s.log.Error("key slots were damaged; their posts are gone", "slots", damaged)
	}
	return s.Erase()
}

// begin writes the header of a new file.
func (s *Store) begin() error {
	rand.Read(s.id[:])
	if _, err := s.file.WriteAt(encodeHeader(s.id), 0); err != nil {
		return fmt.Errorf("begin the file: %w", err)
	}
	return s.trySync(s.file.Sync)
}

// fill takes the slots of a file into memory.
func (s *Store) fill(raw []byte) {
	s.extendTo(max(1, len(raw)/slotSize))
	for i := len(s.entries) - 1; i > 0; i-- {
		slot := raw[i*slotSize : (i+1)*slotSize]
		if allZero(slot) {
			s.free = append(s.free, uint32(i)) //nolint:gosec // slots are counted in 32 bits
			continue
		}
		e, ok := decodeSlot(slot)
		if !ok {
			s.dropped = append(s.dropped, uint32(i)) //nolint:gosec // as above
			continue
		}
		s.entries[i], s.until[i] = e, e.capAt
	}
}

// extendTo makes room in memory for n slots, all without a key.
func (s *Store) extendTo(n int) {
	for len(s.entries) < n {
		s.entries = append(s.entries, entry{})
		s.until = append(s.until, none)
	}
}

// ID tells this file from any other, so that rows can be matched with their keys.
func (s *Store) ID() [16]byte { return s.id }

// Dir is the folder that the file is in.
func (s *Store) Dir() string { return s.dir }

// Put writes a key into a free slot. It is on disk once Sync has returned.
func (s *Store) Put(capAt, endsAt time.Time, key board.Key) (Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Ref{}, os.ErrClosed
	}
	if len(s.free) == 0 {
		if err := s.grow(); err != nil {
			return Ref{}, fmt.Errorf("grow the key file: %w", err)
		}
	}
	slot := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	e := entry{gen: randomGen(), capAt: capAt.UnixMilli(), key: key}
	s.begun()
	if _, err := s.file.WriteAt(e.encode(), offset(slot)); err != nil {
		s.dropped = append(s.dropped, slot) // some of it may be there
		return Ref{}, fmt.Errorf("write a key: %w", err)
	}
	s.entries[slot], s.until[slot] = e, min(e.capAt, endsAt.UnixMilli())
	return Ref{Slot: slot, Gen: e.gen}, nil
}

// grow appends zeroed slots and syncs: the size must be on disk before a key is.
func (s *Store) grow() error {
	n := len(s.entries)
	if n+grow > math.MaxUint32 {
		return errors.New("no slot is left")
	}
	if _, err := s.file.WriteAt(make([]byte, grow*slotSize), int64(n)*slotSize); err != nil {
		return err
	}
	if err := s.trySync(s.file.SyncSize); err != nil {
		return err
	}
	s.extendTo(n + grow)
	for i := n + grow - 1; i >= n; i-- {
		s.free = append(s.free, uint32(i))
	}
	return nil
}

// Sync makes every Put before it durable.
func (s *Store) Sync() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	err := s.sync(s.file.Sync)
	if err == nil && s.unborn && s.birth != s.failed {
		err = errOther
	}
	s.unborn = false
	if err != nil {
		return fmt.Errorf("sync keys: %w", err)
	}
	return nil
}

// errOther is for whoever wrote before a sync that failed, and was told to another.
var errOther = errors.New("the disk failed a moment ago")

// begun notes that a key is about to be put.
func (s *Store) begun() {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if !s.unborn {
		s.unborn, s.birth = true, s.failed
	}
}

// failures is how many syncs have failed.
func (s *Store) failures() uint64 {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	return s.failed
}

func (s *Store) trySync(call func() error) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	return s.sync(call)
}

// sync counts failures. The caller holds syncing.
func (s *Store) sync(call func() error) error {
	err := call()
	if err != nil {
		s.failed++
	}
	return err
}

// Key gives a key, unless it has ended at now.
func (s *Store) Key(r Ref, now time.Time) (board.Key, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.holds(r) || s.until[r.Slot] <= now.UnixMilli() {
		return board.Key{}, ErrGone
	}
	return s.entries[r.Slot].key, nil
}

// Has says whether a key is there, whatever the time.
func (s *Store) Has(r Ref) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.holds(r)
}

// Count is how many keys there are.
func (s *Store) Count() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, until := range s.until {
		if until != none {
			n++
		}
	}
	return n
}

// SetEnds gives a key a new end, never later than its cap, and says whether that
// is another one than before. Nothing of it is written.
func (s *Store) SetEnds(r Ref, endsAt time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.holds(r) {
		return false
	}
	was := s.until[r.Slot]
	s.until[r.Slot] = min(endsAt.UnixMilli(), s.entries[r.Slot].capAt)
	return s.until[r.Slot] != was
}

// Refs lists every key that is there.
func (s *Store) Refs() []Ref {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var refs []Ref
	for i, until := range s.until {
		if until != none {
			refs = append(refs, s.ref(i))
		}
	}
	return refs
}

// Drop closes the door on keys at once: nobody gets them from here any more, us
// included. It returns those that were there; of callers that drop the same key
// at once, one gets it. Erase takes them off the disk.
func (s *Store) Drop(refs ...Ref) []Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	var there []Ref
	for _, r := range refs {
		if s.holds(r) {
			s.drop(r.Slot)
			there = append(there, r)
		}
	}
	return there
}

// DropExpired is Drop for the keys whose end or cap has come at now, at most some.
func (s *Store) DropExpired(now time.Time, most int) []Dropped {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ended []Dropped
	ms := now.UnixMilli()
	for i, until := range s.until {
		if len(ended) == most {
			break
		}
		if until <= ms {
			ended = append(ended, Dropped{Ref: s.ref(i), EndsAt: time.UnixMilli(until)})
			s.drop(uint32(i))
		}
	}
	return ended
}

// drop forgets the key in a slot.
func (s *Store) drop(slot uint32) {
	s.entries[slot], s.until[slot] = entry{}, none
	s.dropped = append(s.dropped, slot)
}

// Erase zeroes the slots of all that was dropped, in place, and syncs once. It
// needs no room on the disk. What could not be zeroed waits for the next Erase.
func (s *Store) Erase() error {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	slots := s.takeDropped()
	if len(slots) == 0 {
		return nil
	}
	err := s.overwrite(slots)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.dropped = append(s.dropped, slots...)
		return fmt.Errorf("erase keys: %w", err)
	}
	s.free = append(s.free, slots...)
	return nil
}

// overwrite zeroes slots and makes that durable.
func (s *Store) overwrite(slots []uint32) error {
	before := s.failures()
	if err := s.zero(slots); err != nil {
		return err
	}
	if err := s.trySync(s.file.Sync); err != nil {
		return err
	}
	if s.failures() != before {
		return errOther
	}
	return nil
}

func (s *Store) takeDropped() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	slots := s.dropped
	s.dropped = nil
	return slots
}

// zero overwrites slots; neighbours go in one write. It goes on after a failure,
// so that one bad sector keeps no other key alive.
func (s *Store) zero(slots []uint32) error {
	slices.Sort(slots)
	var failed error
	for len(slots) > 0 {
		n := 1
		for n < len(slots) && n < grow && slots[n] == slots[n-1]+1 {
			n++
		}
		if _, err := s.file.WriteAt(zeroes[:n*slotSize], offset(slots[0])); err != nil {
			failed = errors.Join(failed, err)
		}
		slots = slots[n:]
	}
	return failed
}

// Close erases what was dropped and lets go of the file. Keys that live stay in
// it. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	err := s.Erase()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.entries)
	for i := range s.until {
		s.until[i] = none
	}
	return errors.Join(err, s.file.Close())
}

func (s *Store) holds(r Ref) bool {
	return int64(r.Slot) < int64(len(s.entries)) && s.until[r.Slot] != none && s.entries[r.Slot].gen == r.Gen
}

func (s *Store) ref(i int) Ref {
	return Ref{Slot: uint32(i), Gen: s.entries[i].gen} //nolint:gosec // slots are counted in 32 bits
}

func randomGen() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}
