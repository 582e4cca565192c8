package keys

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLuggageIsUnpackedAsItWasPacked(t *testing.T) {
	f := newFolder(t)
	s := openSlots(t, f)
	gone, goneKey := put(t, s, time.Hour)
	r, key := put(t, s, time.Hour)
	s.Drop(gone) // and not yet off the disk
	secret, err := f.Secret("visitor.key")
	if err != nil {
		t.Fatal(err)
	}
	l, err := f.Pack(s, noon)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(l.Slots, goneKey[:]) {
		t.Error("a key that was dropped is packed")
	}
	there := newFolder(t)
	if err := there.Unpack(l); err != nil {
		t.Fatal(err)
	}
	again := openSlots(t, there)
	if got, err := again.Key(r, noon); err != nil || got != key || again.ID() != s.ID() || len(again.Refs()) != 1 {
		t.Errorf("there: %v, %d keys", err, len(again.Refs()))
	}
	if got, err := there.Secret("visitor.key"); err != nil || got != secret {
		t.Errorf("the secret is another: %v", err)
	}
	if at, err := SavedTime(there.Path()); err != nil || at.Before(noon) {
		t.Errorf("board time: %v, %v", at, err)
	}
	if err := there.Vacant(); err == nil {
		t.Error("a folder that is open is called vacant")
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{there.Vacant(), there.Unpack(l)} {
		if err == nil || !strings.Contains(err.Error(), "other posts have their keys there") {
			t.Errorf("over the keys of posts: %v", err)
		}
	}
}

func TestLuggageThatIsNoneIsRefused(t *testing.T) {
	f := newFolder(t)
	l, err := f.Pack(openSlots(t, f), noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(l *Luggage){
		"no slots":        func(l *Luggage) { l.Slots = nil },
		"half a slot":     func(l *Luggage) { l.Slots = l.Slots[:10] },
		"another header":  func(l *Luggage) { l.Slots = make([]byte, slotSize) },
		"a path":          func(l *Luggage) { l.Secrets = map[string][]byte{"../x.key": make([]byte, 32)} },
		"another file":    func(l *Luggage) { l.Secrets = map[string][]byte{"board.clock": make([]byte, 32)} },
		"a short secret":  func(l *Luggage) { l.Secrets = map[string][]byte{"visitor.key": make([]byte, 31)} },
		"a nameless file": func(l *Luggage) { l.Secrets = map[string][]byte{"": make([]byte, 32)} },
	} {
		changed := l
		change(&changed)
		there := newFolder(t)
		if err := there.Unpack(changed); err == nil {
			t.Errorf("%s: taken", name)
		}
		if _, err := os.Stat(filepath.Join(there.Path(), "..", "x.key")); err == nil {
			t.Errorf("%s: written elsewhere", name)
		}
	}
}

// What was a key is overwritten where it lay, before its file goes: a second name of the
// file sees it.
func TestKeysAreOverwrittenBeforeTheirFilesGo(t *testing.T) {
	f := newFolder(t)
	s := openSlots(t, f)
	for range 3 { // the file grows to more than is overwritten at once
		put(t, s, time.Hour)
	}
	if _, err := f.Secret("visitor.key"); err != nil {
		t.Fatal(err)
	}
	if err := f.Burn(); err == nil {
		t.Error("keys that somebody has open were destroyed")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	kept := t.TempDir()
	for _, name := range []string{slotsFile, "visitor.key"} {
		if err := os.Link(f.join(name), filepath.Join(kept, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Burn(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{slotsFile, "visitor.key"} {
		raw, err := os.ReadFile(filepath.Join(kept, name))
		if err != nil || len(raw) == 0 || !allZeroes(raw) {
			t.Errorf("%s: %d bytes, %v; want zeroes", name, len(raw), err)
		}
	}
	if left, err := os.ReadDir(f.Path()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := f.Burn(); err != nil {
		t.Errorf("once more: %v", err)
	}
}
