package keys

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mayfly/board"
)

var (
	quiet = slog.New(slog.DiscardHandler)
	noon  = time.Date(2030, time.May, 4, 12, 0, 0, 0, time.UTC)
)

func newFolder(t testing.TB) Folder {
	t.Helper()
	dir := t.TempDir()
	f, err := OpenFolder(filepath.Join(dir, "data.keys"), filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func openSlots(t testing.TB, f Folder) *Store {
	t.Helper()
	s, err := f.Slots(quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t testing.TB, s *Store, lives time.Duration) (Ref, board.Key) {
	t.Helper()
	key := board.NewKey()
	r, err := s.Put(noon.Add(24*time.Hour), noon.Add(lives), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	return r, key
}

func slotFileBytes(t testing.TB, f Folder) []byte {
	t.Helper()
	raw, err := os.ReadFile(f.join("posts.keys"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestKeyIsGivenUntilItsEnd(t *testing.T) {
	s := openSlots(t, newFolder(t))
	r, key := put(t, s, time.Hour)
	for _, tt := range []struct {
		after time.Duration
		want  error
	}{
		{0, nil},
		{time.Hour - time.Millisecond, nil},
		{time.Hour, ErrGone},
		{time.Hour + time.Millisecond, ErrGone},
	} {
		got, err := s.Key(r, noon.Add(tt.after))
		if !errors.Is(err, tt.want) || err == nil && got != key {
			t.Errorf("after %v: %v, want %v", tt.after, err, tt.want)
		}
	}
	if !s.SetEnds(r, noon.Add(48*time.Hour)) {
		t.Error("a new end is no change")
	}
	if _, err := s.Key(r, noon.Add(23*time.Hour)); err != nil {
		t.Errorf("before its cap: %v", err)
	}
	if _, err := s.Key(r, noon.Add(24*time.Hour)); !errors.Is(err, ErrGone) {
		t.Errorf("at its cap: %v, want gone", err)
	}
	if s.SetEnds(r, noon.Add(72*time.Hour)) {
		t.Error("an end beyond the cap is a change")
	}
}

func TestDroppedKeyIsGoneAtOnceAndOffTheDiskAfterErase(t *testing.T) {
	f := newFolder(t)
	s := openSlots(t, f)
	r, key := put(t, s, time.Hour)
	kept, other := put(t, s, time.Hour)
	if !bytes.Contains(slotFileBytes(t, f), key[:]) {
		t.Fatal("control: the key is not in the file while it lives")
	}
	if there := s.Drop(r, r, Ref{Slot: 9, Gen: 9}, Ref{Slot: 1 << 30}); !slices.Equal(there, []Ref{r}) {
		t.Errorf("Drop = %v, want the one that was there, once", there)
	}
	if _, err := s.Key(r, noon); !errors.Is(err, ErrGone) {
		t.Errorf("a dropped key: %v, want gone", err)
	}
	if s.SetEnds(r, noon.Add(time.Hour)) || s.Has(r) {
		t.Error("a dropped key can be given a new end")
	}
	if err := s.Erase(); err != nil {
		t.Fatal(err)
	}
	raw := slotFileBytes(t, f)
	if bytes.Contains(raw, key[:]) || !bytes.Contains(raw, other[:]) {
		t.Error("want the dropped key off the disk, and the other one on it")
	}
	if got, err := s.Key(kept, noon); err != nil || got != other {
		t.Errorf("the other key: %v", err)
	}
}

func TestUsedAgainSlotDoesNotOpenTheOldRow(t *testing.T) {
	s := openSlots(t, newFolder(t))
	old, _ := put(t, s, time.Hour)
	s.Drop(old)
	if err := s.Erase(); err != nil {
		t.Fatal(err)
	}
	again, _ := put(t, s, time.Hour)
	if again.Slot != old.Slot {
		t.Fatalf("slot %d, want the free one, %d", again.Slot, old.Slot)
	}
	if _, err := s.Key(old, noon); !errors.Is(err, ErrGone) {
		t.Errorf("the old reference: %v, want gone", err)
	}
	if there := s.Drop(old); len(there) > 0 || !s.Has(again) {
		t.Error("the old reference drops the new key")
	}
}

func TestKeysOutliveTheProcess(t *testing.T) {
	f := newFolder(t)
	s := openSlots(t, f)
	var refs []Ref
	var held []board.Key
	for range grow + 100 { // more than one growth of the file
		key := board.NewKey()
		r, err := s.Put(noon.Add(24*time.Hour), noon.Add(time.Hour), key)
		if err != nil {
			t.Fatal(err)
		}
		refs, held = append(refs, r), append(held, key)
	}
	s.Drop(refs[1], refs[grow])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openSlots(t, f)
	if got := len(s.Refs()); got != grow+98 {
		t.Errorf("%d keys after a restart, want %d", got, grow+98)
	}
	for i, r := range refs {
		got, err := s.Key(r, noon)
		if i == 1 || i == grow {
			if !errors.Is(err, ErrGone) {
				t.Errorf("a dropped key came back: %v", err)
			}
		} else if err != nil || got != held[i] {
			t.Fatalf("key %d: %v", i, err)
		}
	}
	if _, err := s.Key(refs[0], noon.Add(24*time.Hour)); !errors.Is(err, ErrGone) {
		t.Errorf("at the cap that the file holds: %v, want gone", err)
	}
}

func TestExpiredKeysAreDroppedWithTheirEnds(t *testing.T) {
	s := openSlots(t, newFolder(t))
	first, _ := put(t, s, time.Minute)
	second, _ := put(t, s, time.Hour)
	third, _ := put(t, s, 48*time.Hour) // its cap comes before
	if got := s.DropExpired(noon.Add(time.Minute-time.Millisecond), 20_000); len(got) > 0 {
		t.Errorf("a millisecond early: %v", got)
	}
	if got, want := s.DropExpired(noon.Add(time.Minute), 20_000), (Dropped{first, noon.Add(time.Minute)}); len(got) != 1 || got[0].Ref != want.Ref || !got[0].EndsAt.Equal(want.EndsAt) {
		t.Errorf("at its end: %v, want %v", got, want)
	}
	if got := s.DropExpired(noon.Add(24*time.Hour), 20_000); len(got) != 2 || got[0].Ref != second || got[1].Ref != third {
		t.Errorf("at the cap: %v, want both others", got)
	}
}

func TestDamagedSlotCostsItsPostAlone(t *testing.T) {
	f := newFolder(t)
	s := openSlots(t, f)
	bad, badKey := put(t, s, time.Hour)
	good, goodKey := put(t, s, time.Hour)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(f.join("posts.keys"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	damaged := make([]byte, 1)
	if _, err := file.ReadAt(damaged, offset(bad.Slot)+60); err != nil {
		t.Fatal(err)
	}
	damaged[0] ^= 0xff // whatever stood there
	if _, err := file.WriteAt(damaged, offset(bad.Slot)+60); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s, err = f.Slots(slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Key(bad, noon); !errors.Is(err, ErrGone) {
		t.Errorf("damaged key: %v, want gone", err)
	}
	if got, err := s.Key(good, noon); err != nil || got != goodKey {
		t.Errorf("its neighbour: %v", err)
	}
	if bytes.Contains(slotFileBytes(t, f), badKey[:]) {
		t.Error("what was left of the damaged key is still on the disk")
	}
	if !strings.Contains(log.String(), "slots=1") {
		t.Errorf("log = %q, want a count", log.String())
	}
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	f := newFolder(t)
	foreign := bytes.Repeat([]byte("not keys at all "), 100)
	if err := os.WriteFile(f.join("posts.keys"), foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Slots(quiet); !errors.Is(err, errForeign) {
		t.Errorf("err = %v, want %v", err, errForeign)
	}
	if !bytes.Equal(slotFileBytes(t, f), foreign) {
		t.Error("it was changed")
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	f := newFolder(t)
	openSlots(t, f)
	if _, err := f.Slots(quiet); err == nil || !strings.Contains(err.Error(), "another mayfly") {
		t.Errorf("err = %v, want a sentence", err)
	}
}

func TestSlotFileIsPrivateAndNeverStraddlesASector(t *testing.T) {
	f := newFolder(t)
	s := openSlots(t, f)
	put(t, s, time.Hour)
	info, err := os.Stat(f.join("posts.keys"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || info.Size()%512 != slotSize || 512%slotSize != 0 {
		t.Errorf("mode %v, %d bytes; want 0600, a header and whole sectors of slots", info.Mode().Perm(), info.Size())
	}
}

// faulty is a file that fails when fail says so.
type faulty struct {
	File
	fail func(what string) error
}

func (f *faulty) WriteAt(b []byte, at int64) (int, error) {
	if err := f.fail("write"); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], at) // half of it got there
		return n, err
	}
	return f.File.WriteAt(b, at)
}

func (f *faulty) Sync() error {
	if err := f.fail("sync"); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faulty) SyncSize() error {
	if err := f.fail("size"); err != nil {
		return err
	}
	return f.File.SyncSize()
}

var errDisk = errors.New("the disk says no")

// newFaulty opens a store whose file fails each kind of call in broken.
func newFaulty(t *testing.T, f Folder, broken map[string]bool) *Store {
	t.Helper()
	opened, err := openFile(f.join("posts.keys"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(&faulty{opened, func(what string) error {
		if broken[what] {
			return errDisk
		}
		return nil
	}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clear(broken); _ = s.Close() })
	return s
}

func TestKeyThatCouldNotBeZeroedIsGoneAndZeroedLater(t *testing.T) {
	for _, what := range []string{"write", "sync"} {
		t.Run(what, func(t *testing.T) {
			f, broken := newFolder(t), map[string]bool{}
			s := newFaulty(t, f, broken)
			r, key := put(t, s, time.Hour)
			broken[what] = true
			s.Drop(r)
			if err := s.Erase(); !errors.Is(err, errDisk) {
				t.Errorf("Erase: %v, want the disk's error", err)
			}
			if _, err := s.Key(r, noon); !errors.Is(err, ErrGone) {
				t.Errorf("in memory: %v, want gone", err)
			}
			again, _ := s.Put(noon.Add(time.Hour), noon.Add(time.Hour), board.NewKey())
			if again.Slot == r.Slot {
				t.Error("the slot was given away before it was zeroed")
			}
			clear(broken)
			if err := s.Erase(); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(slotFileBytes(t, f), key[:]) {
				t.Error("still on the disk after an Erase that worked")
			}
		})
	}
}

func TestPutThatFailsLeavesNothing(t *testing.T) {
	for _, what := range []string{"write", "size"} {
		t.Run(what, func(t *testing.T) {
			f, broken := newFolder(t), map[string]bool{}
			s := newFaulty(t, f, broken)
			if what == "write" {
				put(t, s, time.Hour) // the file has grown
			}
			before := s.Refs()
			broken[what] = true
			key := board.NewKey()
			if _, err := s.Put(noon.Add(time.Hour), noon.Add(time.Hour), key); !errors.Is(err, errDisk) {
				t.Errorf("Put: %v, want the disk's error", err)
			}
			clear(broken)
			if err := s.Erase(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.Refs(), before) || bytes.Contains(slotFileBytes(t, f), key[:8]) {
				t.Error("a key that was refused is there")
			}
			r, _ := put(t, s, time.Hour)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if again := openSlots(t, f); !again.Has(r) || len(again.Refs()) != len(before)+1 {
				t.Errorf("after a restart: %v", again.Refs())
			}
		})
	}
}

func TestStoreIsSafeForConcurrentUse(t *testing.T) {
	s := openSlots(t, newFolder(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				r, err := s.Put(noon.Add(time.Hour), noon.Add(time.Hour), board.NewKey())
				if err != nil {
					t.Error(err)
					return
				}
				s.SetEnds(r, noon.Add(time.Minute))
				if _, err := s.Key(r, noon); err != nil {
					t.Error(err)
				}
				s.Drop(r)
				if err := s.Erase(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if refs := s.Refs(); len(refs) > 0 {
		t.Errorf("%d keys are left", len(refs))
	}
}

func TestClosedStoreRefusesKeys(t *testing.T) {
	f := newFolder(t)
	s := openSlots(t, f)
	r, _ := put(t, s, time.Hour)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := s.Put(noon, noon, board.NewKey()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Put: %v, want closed", err)
	}
	if _, err := s.Key(r, noon); !errors.Is(err, ErrGone) {
		t.Errorf("Key: %v, want gone", err)
	}
	if s.Dir() != f.Path() {
		t.Errorf("Dir = %q, want %q", s.Dir(), f.Path())
	}
}

func BenchmarkPutSync(b *testing.B) {
	s := openSlots(b, newFolder(b))
	key := board.NewKey()
	for b.Loop() {
		if _, err := s.Put(noon, noon, key); err != nil {
			b.Fatal(err)
		}
		if err := s.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkErase10k(b *testing.B) {
	s := openSlots(b, newFolder(b))
	key := board.NewKey()
	for b.Loop() {
		b.StopTimer()
		for range 10_000 {
			if _, err := s.Put(noon, noon, key); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if got := s.DropExpired(noon, 20_000); len(got) != 10_000 {
			b.Fatal(len(got))
		}
		if err := s.Erase(); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzSlots: whatever the file holds, it is loaded or refused, and what is loaded
// was signed.
func FuzzSlots(f *testing.F) {
	e := entry{gen: 7, capAt: 9, key: board.Key{1}}
	f.Add(slices.Concat(encodeHeader([16]byte{1}), e.encode(), zeroes[:slotSize]))
	f.Add([]byte{})
	f.Add(zeroes[:slotSize])
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(t.TempDir(), "posts.keys")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := openFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(opened, quiet)
		if err != nil {
			_ = opened.Close()
			return
		}
		defer s.Close()
		for _, r := range s.Refs() {
			if !signed(raw[offset(r.Slot) : offset(r.Slot)+slotSize]) {
				t.Errorf("slot %d was taken without a signature", r.Slot)
			}
		}
	})
}
