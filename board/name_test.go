package board

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNextPassesThroughAllNamesBeforeOneComesBack(t *testing.T) {
	type look struct{ hue, creature uint8 }
	for _, start := range []Name{{}, {Hue: 3, Creature: 7}, {Hue: Hues - 1, Creature: Creatures - 1, Upper: 5}} {
		seen := map[look]bool{}
		n := start
		for range Hues * Creatures {
			if seen[look{n.Hue, n.Creature}] {
				t.Fatalf("from %+v: %+v came back after %d names", start, n, len(seen))
			}
			seen[look{n.Hue, n.Creature}] = true
			n = n.Next()
		}
		if n.Hue != start.Hue || n.Creature != start.Creature || n.Round != start.Round+1 {
			t.Errorf("from %+v: after all names comes %+v, want the same in the next round", start, n)
		}
	}
}

func TestNextTakesTheNextCreatureAndKeepsTheWings(t *testing.T) {
	n := Name{Hue: 2, Creature: 4, Upper: 1, Lower: 6, Body: 3}
	if got, want := n.Next(), (Name{Hue: 2, Creature: 5, Upper: 1, Lower: 6, Body: 3}); got != want {
		t.Errorf("Next = %+v, want %+v", got, want)
	}
	n.Creature = Creatures - 1
	if got, want := n.Next(), (Name{Hue: 3, Upper: 1, Lower: 6, Body: 3}); got != want {
		t.Errorf("Next = %+v, want %+v", got, want)
	}
}

func TestNextRepeatsNoNameInAllItsRounds(t *testing.T) {
	seen := map[Name]bool{}
	n := Name{}
	for range 256 * Hues * Creatures {
		if seen[n] {
			t.Fatalf("%+v came back after %d names", n, len(seen))
		}
		seen[n] = true
		n = n.Next()
	}
	if n != (Name{}) {
		t.Errorf("after all rounds comes %+v, want the first name", n)
	}
}

func TestNamesComeBackFromTheirBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := nameFrom([32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")))
		n.Round = rapid.Byte().Draw(t, "round")
		if got := NameFromBytes(n.Bytes()); got != n {
			t.Fatalf("%+v came back as %+v", n, got)
		}
	})
}

func TestNamesFromAnyBytesAreInTheCatalogue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := NameFromBytes([6]byte(rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(t, "bytes")))
		if n.Hue >= Hues || n.Creature >= Creatures || n.Upper >= upperWings || n.Lower >= lowerWings || n.Body >= bodies {
			t.Fatalf("%+v has no words or no wings", n)
		}
	})
}
