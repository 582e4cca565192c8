package board

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestVisitorsAgeIsCoarseAndNeverTooOld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments().Draw(t, "now")
		v := NewVisitor(now)
		if v.IsZero() || v.Issued.Unix()%600 != 0 || v.Issued.Nanosecond() != 0 {
			t.Fatalf("a visitor of %v was issued %v, not in whole 10 minutes", now, v.Issued)
		}
		if v.Issued.Before(now) || v.Issued.Sub(now) >= 10*time.Minute {
			t.Fatalf("a visitor of %v was issued %v", now, v.Issued)
		}
	})
}

func TestVisitorSettlesAfterTenMinutesAndNotBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments().Draw(t, "now")
		v := NewVisitor(now)
		if v.Settled(now.Add(10 * time.Minute)) {
			t.Fatal("a cookie of ten minutes already has limits of its own")
		}
		if !v.Settled(now.Add(20*time.Minute + time.Nanosecond)) {
			t.Fatal("a cookie of twenty minutes has no limits of its own")
		}
	})
}

func TestVisitorWritesUntilItsTTLAndNeverWithoutANumber(t *testing.T) {
	v := NewVisitor(noon)
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {day - visitorStep - 1, true}, {day - visitorStep, false}, {day, false}} {
		if got := v.MayWrite(noon.Add(tt.after), day); got != tt.want {
			t.Errorf("MayWrite after %v = %v, want %v", tt.after, got, tt.want)
		}
	}
	nobody := Visitor{Issued: noon}
	if nobody.MayWrite(noon, day) || nobody.Settled(noon.Add(day)) {
		t.Error("nobody may write, and nobody settles")
	}
}

func TestNobodyOwnsNothing(t *testing.T) {
	secret := NewKey().Secret()
	id := NewPostID()
	p := Post{ID: id, Own: secret.Own(Visitor{}, id), Secret: secret}
	if p.OwnedBy(Visitor{}) {
		t.Error("whoever has no cookie owns the posts of whoever had none")
	}
}

func TestOwnerIsKnownInItsThreadAlone(t *testing.T) {
	a, b, v := NewKey().Secret(), NewKey().Secret(), NewVisitor(noon)
	id := NewPostID()
	p := Post{ID: id, Own: a.Own(v, id), Secret: a}
	if !p.OwnedBy(v) {
		t.Error("its author does not own it")
	}
	if p.OwnedBy(NewVisitor(noon)) {
		t.Error("a stranger owns it")
	}
	p.Secret = b
	if p.OwnedBy(v) {
		t.Error("ownership holds under another secret")
	}
}

// TestR25NamesAreUnlinkableAcrossThreads: of one visitor in many threads, names
// and voices are as different as chance makes them.
func TestR25NamesAreUnlinkableAcrossThreads(t *testing.T) {
	const threads = 20_000
	v := NewVisitor(noon)
	voices := map[Tag]bool{}
	names := map[int]int{}
	differ := 0
	var last Tag
	for range threads {
		voice := NewKey().Secret().Voice(v)
		if voices[voice.Tag] {
			t.Fatal("one visitor has one voice in two threads")
		}
		voices[voice.Tag] = true
		names[voice.Draws.Number()]++
		for i := range voice.Tag {
			differ += bits.OnesCount8(voice.Tag[i] ^ last[i])
		}
		last = voice.Tag
	}
	if mean := float64(differ) / threads; mean < 63.5 || mean > 64.5 {
		t.Errorf("voices in two threads differ in %.2f of 128 bits; chance makes it 64", mean)
	}
	if len(names) != Hues*Creatures {
		t.Errorf("%d of %d names were drawn", len(names), Hues*Creatures)
	}
	if n := slices.Max(slices.Collect(mapValues(names))); n > 2*threads/(Hues*Creatures) {
		t.Errorf("one name was drawn %d times of %d: the visitor can be told by it", n, threads)
	}
}

// TestR25NamesAreBeyondReachWithoutTheThreadsKey: whoever holds the cookie, the
// ids and every other key cannot say who spoke once a thread's key is gone.
func TestR25NamesAreBeyondReachWithoutTheThreadsKey(t *testing.T) {
	gone, v, id := NewKey(), NewVisitor(noon), NewPostID()
	was := gone.Secret().Voice(v)
	own, vote := gone.Secret().Own(v, id), gone.Secret().Vote(v, id)
	for range 5_000 {
		guess := NewKey().Secret()
		if guess.Voice(v).Tag == was.Tag || guess.Own(v, id) == own || guess.Vote(v, id) == vote {
			t.Fatal("another key gives the same tags")
		}
	}
	if zeroed := (Key{}).Secret(); zeroed.Voice(v).Tag == was.Tag {
		t.Error("a zeroed slot still names the visitor")
	}
	if gone.Secret().Voice(v) != was {
		t.Error("while the key lives, a visitor keeps its voice")
	}
}

// TestR32VotesOfOneVisitorShareNothing compares the tags that a dump of the
// database holds: no run of eight bytes of one is in another.
func TestR32VotesOfOneVisitorShareNothing(t *testing.T) {
	v := NewVisitor(noon)
	oneThread := NewKey().Secret()
	var tags []Tag
	for range 200 {
		id := NewPostID()
		tags = append(tags, oneThread.Vote(v, id), oneThread.Own(v, id), oneThread.Report(v, id), oneThread.Opening(v, id), NewKey().Secret().Vote(v, id))
	}
	seen := map[[8]byte]int{}
	for i, tag := range tags {
		for at := range len(tag) - 7 {
			run := [8]byte(tag[at : at+8])
			if first, known := seen[run]; known && first != i {
				t.Fatalf("tags %d and %d share %x", first, i, run)
			}
			seen[run] = i
		}
	}
}

func TestTagsOfDifferentPurposesDiffer(t *testing.T) {
	s, v, id := NewKey().Secret(), NewVisitor(noon), NewPostID()
	tags := []Tag{s.Own(v, id), s.Vote(v, id), s.Opening(v, id), s.Report(v, id), s.Voice(v).Tag, s.NameTag(s.Voice(v).Draws)}
	for i, a := range tags {
		for _, b := range tags[:i] {
			if a == b {
				t.Errorf("two purposes share the tag %v", a)
			}
		}
	}
	if s.NameTag(Name{Creature: 1}) == s.NameTag(Name{Creature: 2}) {
		t.Error("two names share a tag")
	}
	if s.NameTag(Name{Upper: 1}) != s.NameTag(Name{Upper: 2}) {
		t.Error("wings make another name of the same words")
	}
}

func TestNoTwoListsOfPartsHashAlike(t *testing.T) {
	k := []byte("key")
	if sum(k, "a", []byte("bc"), []byte("d")) == sum(k, "a", []byte("b"), []byte("cd")) {
		t.Error("parts run into each other")
	}
	if sum(k, "ab") == sum(k, "a", []byte("b")) {
		t.Error("the purpose runs into the parts")
	}
}

func TestReplysKeyNeedsBothKeys(t *testing.T) {
	root, own := NewKey(), NewKey()
	box := own.Under(root)
	for name, other := range map[string]Key{
		"another root": own.Under(NewKey()), "another own": NewKey().Under(root),
		"a zeroed root": own.Under(Key{}), "a zeroed own": Key{}.Under(root), "the two turned round": root.Under(own),
	} {
		if other == box {
			t.Errorf("%s opens the same box", name)
		}
	}
	if own.Under(root) != box {
		t.Error("both keys give another box")
	}
}

func TestOwnerKeyIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := OwnerKey(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))
		s := key.String()
		got, err := ParseOwnerKey(s)
		if err != nil || !got.Equal(key) || len(s) != 22 {
			t.Fatalf("%q was read as %v, %v", s, got, err)
		}
	})
	good := Tag{1, 2, 3}.String()
	for name, bad := range map[string]string{
		"nothing": "", "too short": good[:21], "too long": good + "A", "padded": good + "==",
		"not base64url": strings.Repeat("+", 22), "stray bits": good[:21] + "B", "a line end": good + "\n",
	} {
		if _, err := ParseOwnerKey(bad); kindOf(err) != NotFound {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
}

func TestKeysAndSecretsAreNeverPrinted(t *testing.T) {
	key := NewKey()
	secret := key.Secret()
	post := Post{Secret: secret}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("here", "secret", secret, "key", key, "post", post, "event", Event{Post: post})
	}
	js, err := json.Marshal(map[string]any{"key": key, "secret": secret, "post": post, "p": &post})
	if err != nil {
		t.Fatal(err)
	}
	said := log.String() + string(js)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%t"} {
		said = fmt.Sprintf("%s\n"+strings.Repeat(verb+" ", 4), said, key, secret, &secret, post)
	}
	for name, raw := range map[string][32]byte{"key": key, "secret": secret.key} {
		start := raw[:8]
		for _, form := range []string{
			string(start), hex.EncodeToString(start), fmt.Sprintf("%X", start), fmt.Sprintf("% x", start),
			listed("%d", " ", start), listed("%d", ",", start), listed("%#x", ", ", start), listed("%o", " ", start),
			base64.StdEncoding.EncodeToString(raw[:6]),
		} {
			if strings.Contains(said, form) {
				t.Errorf("a %s was printed: %q", name, form)
			}
		}
	}
	if !strings.Contains(said, hidden) {
		t.Error("nothing stands in its place")
	}
}

// listed is how fmt and json print bytes in a list.
func listed(verb, between string, list []byte) string {
	words := make([]string, len(list))
	for i, b := range list {
		words[i] = fmt.Sprintf(verb, b)
	}
	return strings.Join(words, between)
}

func mapValues[K comparable, V any](m map[K]V) func(func(V) bool) {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}
