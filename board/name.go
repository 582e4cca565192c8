package board

// Hues and Creatures count the colours and creatures that names are made of; the
// words for them are in the catalogue (hue.N, creature.N).
const (
	Hues      = 12
	Creatures = 24

	upperWings, lowerWings, bodies = 8, 8, 4
)

// Name is a pseudonym: "Teal Heron" with a pair of wings, in one thread only.
// Colour and creature are the name and unique in the thread; the wings help the
// eye. Round tells later bearers apart once all 288 names are taken ("Teal Heron 2").
type Name struct {
	Hue, Creature, Round uint8
	Upper, Lower, Body   uint8
}

func nameFrom(h [32]byte) Name {
	return Name{
		Hue: h[0] % Hues, Creature: h[1] % Creatures,
		Upper: h[2] % upperWings, Lower: h[3] % lowerWings, Body: h[4] % bodies,
	}
}

// Next is the name to try when n is taken: the next creature, then the next
// colour, then the next round. It passes through all names before any repeats.
func (n Name) Next() Name {
	number := n.Number() + 1
	n.Creature = uint8(number % Creatures)             //nolint:gosec // below 24
	n.Hue = uint8(number / Creatures % Hues)           //nolint:gosec // below 12
	n.Round = uint8(number / (Creatures * Hues) % 256) //nolint:gosec // below 256
	return n
}

// Number counts names: 0 is the first creature in the first colour.
func (n Name) Number() int {
	return (int(n.Round)*Hues+int(n.Hue))*Creatures + int(n.Creature)
}

// Bytes is the name as a box holds it.
func (n Name) Bytes() [6]byte {
	return [6]byte{n.Hue, n.Creature, n.Round, n.Upper, n.Lower, n.Body}
}

// NameFromBytes reads what Bytes wrote.
func NameFromBytes(b [6]byte) Name {
	return Name{
		Hue: b[0] % Hues, Creature: b[1] % Creatures, Round: b[2],
		Upper: b[3] % upperWings, Lower: b[4] % lowerWings, Body: b[5] % bodies,
	}
}
