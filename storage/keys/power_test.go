package keys

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"mayfly/board"
)

// platter is a disk under the slot file: what was written is read back at once, and is
// there after a power cut once a Sync has returned. A Sync that fails says so once, and
// what it should have written stays behind for good, as Linux does it.
type platter struct {
	cached  []byte
	safe    []byte
	waiting []span
	calls   int
	fail    func(call int, what string) error
	wrote   func() // after each write
}

// span is bytes that were written at a place.
type span struct {
	at    int64
	bytes []byte
}

func (p *platter) call(what string) error {
	p.calls++
	if p.fail == nil {
		return nil
	}
	return p.fail(p.calls, what)
}

func (p *platter) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(p.cached).ReadAt(b, at)
}

func (p *platter) WriteAt(b []byte, at int64) (int, error) {
	err := p.call("write")
	if err != nil {
		b = b[:len(b)/2] // half of it got there
	}
	p.waiting = append(p.waiting, span{at, slices.Clone(b)})
	p.cached = overwrite(p.cached, p.waiting[len(p.waiting)-1])
	if p.wrote != nil {
		p.wrote()
	}
	return len(b), err
}

func (p *platter) Sync() error {
	spans, err := p.waiting, p.call("sync")
	p.waiting = nil
	if err == nil {
		p.safe = overwrite(p.safe, spans...)
	}
	return err
}

func (p *platter) SyncSize() error { return p.Sync() }
func (p *platter) Close() error    { return nil }

func overwrite(file []byte, spans ...span) []byte {
	for _, s := range spans {
		if end := int(s.at) + len(s.bytes); len(file) < end {
			file = append(file, make([]byte, end-len(file))...)
		}
		copy(file[s.at:], s.bytes)
	}
	return file
}

// afterThePowerCut is every file that a start may find: none of what waits was written,
// all of it, each alone, and each torn in the middle.
func (p *platter) afterThePowerCut() [][]byte {
	files := [][]byte{slices.Clone(p.safe), overwrite(slices.Clone(p.safe), p.waiting...)}
	for _, s := range p.waiting {
		half := span{s.at, s.bytes[:len(s.bytes)/2]}
		files = append(files, overwrite(slices.Clone(p.safe), s), overwrite(slices.Clone(p.safe), half))
	}
	return files
}

// promises are what a Store has answered so far.
type promises struct {
	kept   map[Ref]board.Key // Put and Sync were answered
	ended  map[Ref]board.Key // dropped
	erased map[Ref]board.Key // and Erase was answered
}

// storeLife puts, drops and erases keys, slots used again among them, and notes what it
// was answered. What is refused is withdrawn, as storage does it.
func storeLife(s *Store, log *promises) {
	bear := func(n int, endsAt time.Time) {
		born := map[Ref]board.Key{}
		for range n {
			key := board.NewKey()
			if r, err := s.Put(endsAt, endsAt, key); err == nil {
				born[r] = key
			}
		}
		if err := s.Sync(); err != nil {
			for r := range born {
				s.Drop(r)
			}
			_ = s.Erase()
			return
		}
		maps.Copy(log.kept, born)
	}
	erase := func() {
		if s.Erase() != nil {
			return
		}
		maps.Copy(log.erased, log.ended)
	}
	bear(3, noon.Add(time.Hour))
	bear(2, noon.Add(time.Minute))
	for _, r := range s.Refs() { // one by hand
		if key, ok := log.kept[r]; ok {
			s.Drop(r)
			log.ended[r] = key
			delete(log.kept, r)
			break
		}
	}
	erase()
	bear(1, noon.Add(time.Hour)) // into a slot that was used
	for _, d := range s.DropExpired(noon.Add(time.Minute), 20_000) {
		if key, ok := log.kept[d.Ref]; ok {
			log.ended[d.Ref] = key
			delete(log.kept, d.Ref)
		}
	}
	bear(1, noon.Add(time.Hour)) // between a drop and its Erase
	erase()
	bear(2, noon.Add(time.Hour))
}

func newPromises() *promises {
	return &promises{kept: map[Ref]board.Key{}, ended: map[Ref]board.Key{}, erased: map[Ref]board.Key{}}
}

// wrong says which promise a file breaks that a start may find.
func (log *promises) wrong(file []byte) error {
	for _, key := range log.erased {
		if bytes.Contains(file, key[:8]) || bytes.Contains(file, key[24:]) {
			return errors.New("a key that was erased is on the disk")
		}
	}
	s, err := New(&platter{cached: slices.Clone(file), safe: file}, quiet)
	if err != nil {
		return err
	}
	for r, key := range log.kept {
		if got, err := s.Key(r, noon); err != nil || got != key {
			return fmt.Errorf("a key that was answered is lost: %w", err)
		}
	}
	for r := range log.erased {
		if s.Has(r) {
			return errors.New("a key that was erased came back")
		}
	}
	return nil
}

// R3, R70, R71, R74: whichever write or sync of the slots fails, alone or with all that
// follow, and whatever a power cut then leaves of what was not synced: a key that was
// answered is there, one that was erased is not, and the next Erase takes off what could
// not be.
func TestR71WhicheverWriteOrSyncOfTheSlotsFails(t *testing.T) {
	for _, onlyThat := range []bool{true, false} {
		for n := 1; ; n++ {
			disk, hit := &platter{}, false
			disk.fail = func(call int, _ string) error {
				if call == n || call > n && !onlyThat {
					hit = true
					return errDisk
				}
				return nil
			}
			log := newPromises()
			s, err := New(disk, quiet)
			if err == nil {
				storeLife(s, log)
			}
			for i, file := range disk.afterThePowerCut() {
				if err := log.wrong(file); err != nil {
					t.Errorf("call %d fails, alone: %v; file %d: %v", n, onlyThat, i, err)
				}
			}
			if !hit {
				if n < 15 || len(log.kept) != 6 || len(log.erased) != 3 {
					t.Errorf("control: %d calls, %d keys live, %d were erased", n-1, len(log.kept), len(log.erased))
				}
				break
			}
			if s == nil {
				continue // refused to begin: nothing was promised
			}
			disk.fail = nil
			if err := s.Erase(); err != nil {
				t.Fatal(err)
			}
			log.erased = log.ended
			if err := log.wrong(disk.safe); err != nil {
				t.Errorf("call %d failed, alone: %v; after an Erase that worked: %v", n, onlyThat, err)
			}
		}
	}
}

// R70, R71: between any two calls to the disk the power may go.
func TestR71ThePowerMayGoBetweenAnyTwoWritesOfTheSlots(t *testing.T) {
	disk, log := &platter{}, newPromises()
	looks := 0
	disk.fail = func(call int, what string) error {
		for i, file := range disk.afterThePowerCut() {
			looks++
			if err := log.wrong(file); err != nil {
				t.Errorf("before call %d, a %s; file %d: %v", call, what, i, err)
			}
		}
		return nil
	}
	s, err := New(disk, quiet)
	if err != nil {
		t.Fatal(err)
	}
	storeLife(s, log)
	if looks < 40 {
		t.Errorf("control: only %d files were looked at", looks)
	}
}

// A sync that fails speaks for all that was written before it, of births and of endings,
// and the disk tells only one of them.
func TestASyncThatFailsIsToldToAllWhoWroteBeforeIt(t *testing.T) {
	t.Run("a birth's key, the sweeper's sync", func(t *testing.T) {
		disk, log := &platter{}, newPromises()
		s, err := New(disk, quiet)
		if err != nil {
			t.Fatal(err)
		}
		old, _ := put(t, s, time.Hour)
		key := board.NewKey()
		r, err := s.Put(noon.Add(time.Hour), noon.Add(time.Hour), key)
		if err != nil {
			t.Fatal(err)
		}
		s.Drop(old)
		failOnce(disk)
		if s.Erase() == nil {
			t.Fatal("control: the sweeper's sync was to fail")
		}
		if s.Sync() == nil {
			log.kept[r] = key
		}
		if err := log.wrong(disk.safe); err != nil {
			t.Error(err)
		}
		put(t, s, time.Hour) // and the next birth goes well
	})
	t.Run("the sweeper's zeroes, a birth's sync", func(t *testing.T) {
		disk, log := &platter{}, newPromises()
		s, err := New(disk, quiet)
		if err != nil {
			t.Fatal(err)
		}
		old, key := put(t, s, time.Hour)
		s.Drop(old)
		failOnce(disk)
		disk.wrote = func() {
			if s.Sync() == nil { // a birth's, before the sweeper's own
				t.Fatal("control: the birth's sync was to fail")
			}
		}
		if s.Erase() == nil {
			log.erased[old] = key
		}
		if err := log.wrong(disk.safe); err != nil {
			t.Error(err)
		}
		disk.wrote = nil
		if err := s.Erase(); err != nil {
			t.Fatal(err)
		}
		log.erased[old] = key
		if err := log.wrong(disk.safe); err != nil {
			t.Errorf("after an Erase that worked: %v", err)
		}
	})
}

// failOnce lets the next sync fail.
func failOnce(disk *platter) {
	disk.fail = func(_ int, what string) error {
		if what != "sync" {
			return nil
		}
		disk.fail = nil
		return errDisk
	}
}
