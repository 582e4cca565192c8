package alike

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	hashes = 48
	rows   = 3 // bytes of a band
	bands  = hashes / rows

	piece = 4 // letters

	// enough is how many of the hashes two texts must have in common.
	enough = 25
	// lettersLeast is how many letters and digits a text must have to be like another.
	lettersLeast = 32
	// piecesLeast is how many different pieces.
	piecesLeast = 24
)

// signature is the least of each hash over a text's pieces.
type signature [hashes]byte

// common is how many of the hashes are the same.
func (s *signature) common(other *signature) int {
	n := 0
	for i := range s {
		if s[i] == other[i] {
			n++
		}
	}
	return n
}

// sign makes the signature of a text; false: it is too short to be like another.
func sign(text string) (signature, bool) {
	letters := fold(text)
	if len(letters) < lettersLeast {
		return signature{}, false
	}
	var least [hashes]uint32
	for i := range least {
		least[i] = ^uint32(0)
	}
	seen := make(map[uint32]struct{}, len(letters))
	for i := range len(letters) - piece + 1 {
		h := uint32(2166136261)
		for _, r := range letters[i : i+piece] {
			h = (h ^ uint32(r)) * 16777619 //nolint:gosec // a rune
		}
		if _, known := seen[h]; known {
			continue
		}
		seen[h] = struct{}{}
		for j := range least {
			least[j] = min(least[j], mix(h, uint32(j)))
		}
	}
	if len(seen) < piecesLeast {
		return signature{}, false
	}
	var s signature
	for i, l := range least {
		s[i] = byte(mix(l, 7) & 0xff)
	}
	return s, true
}

// mix is a hash of h for each of many n.
func mix(h, n uint32) uint32 {
	h ^= n * 0x9e3779b9
	h ^= h >> 16
	h *= 0x7feb352d
	h ^= h >> 15
	h *= 0x846ca68b
	return h ^ h>>16
}

// fold gives the letters and digits of a text as readers see them: without case,
// accents, spaces and signs, look-alikes of other scripts and signs that stand for
// letters as the letters that they pass for, runs as one.
func fold(text string) []rune {
	letters := make([]rune, 0, len(text))
	var last rune
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if plain, known := passes[r]; known {
			r = plain
		}
		if r >= regionalA && r <= regionalZ {
			r = 'a' + r - regionalA
		}
		if r == last || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		last = r
		letters = append(letters, r)
	}
	return letters
}

const regionalA, regionalZ = '\U0001F1E6', '\U0001F1FF'

// passes are letters and signs that pass for Latin ones.
var passes = func() map[rune]rune {
	table := map[rune]rune{}
	for plain, others := range map[rune]string{
		'a': "а@4αɑ∂", 'b': "ьв8βɓ", 'c': "с¢ϲ", 'd': "ԁɗđ", 'e': "её3єε€", 'f': "ƒ", 'g': "ɡ9ց", 'h': "нһհ", 'i': "і1!|ıιlӏ",
		'j': "ј", 'k': "кκ", 'm': "мϻ", 'n': "пηո", 'o': "о0οσøօ", 'p': "рρ", 'q': "ԛ", 'r': "гɾ", 's': "ѕ5$ꜱ", 't': "т7τ†",
		'u': "υսц", 'v': "ѵν", 'w': "ѡшω", 'x': "хχ×", 'y': "уүγ", 'z': "2ʐᴢ",
	} {
		for _, r := range others {
			table[r] = plain
		}
	}
	return table
}()
