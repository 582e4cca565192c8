package alike

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"

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
	all := pieces(letters)
	if len(all) < piecesLeast {
		return signature{}, false
	}
	var s signature
	for n := range s {
		s[n] = byte(half(stir(half(least(all, uint32(n)))^nth(7))) & 0xff)
	}
	return s, true
}

// pieces are the halves of the hashes of a text's pieces, each once.
func pieces(letters []rune) []uint32 {
	list := make([]uint32, 0, len(letters))
	places := make([]int32, 1<<bits.Len(uint(2*len(letters)))) // in list, from 1, by hash; 0: none
	for i := range len(letters) - piece + 1 {
		h := uint32(2166136261)
		for _, r := range letters[i : i+piece] {
			h = (h ^ uint32(r)) * 16777619 //nolint:gosec // a rune
		}
		h = half(h)
		at := int(h) & (len(places) - 1)
		for places[at] != 0 && list[places[at]-1] != h {
			at = (at + 1) & (len(places) - 1)
		}
		if places[at] == 0 {
			list = append(list, h)
			places[at] = int32(len(list)) //nolint:gosec // a text is short
		}
	}
	return list
}

// least is the least of hash n over all pieces.
func least(pieces []uint32, n uint32) uint32 {
	n = nth(n)
	low, near := ^uint32(0), ^uint32(0)
	for _, h := range pieces {
		if h = stir(h ^ n); h <= near { // half leaves the upper bits alone
			low = min(low, half(h))
			near = low | 0xffff
		}
	}
	return low
}

// Hash n of h is half(stir(half(h ^ n*0x9e3779b9))). To halve both together is to halve each
// apart, once.
func nth(n uint32) uint32  { return half(n * 0x9e3779b9) }
func half(h uint32) uint32 { return h ^ h>>16 }

func stir(h uint32) uint32 {
	h *= 0x7feb352d
	h ^= h >> 15
	return h * 0x846ca68b
}

// fold gives the letters and digits of a text as readers see them: without case,
// accents, spaces and signs, look-alikes of other scripts and signs that stand for
// letters as the letters that they pass for, runs as one.
func fold(text string) []rune {
	letters := make([]rune, 0, len(text))
	var last rune
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if r < utf8.RuneSelf {
			r = ascii[r]
		} else {
			r = seen(r)
		}
		if r == last || r == 0 {
			continue
		}
		last = r
		letters = append(letters, r)
	}
	return letters
}

// seen is what letter or digit readers see in r; 0: none.
func seen(r rune) rune {
	if plain, known := passes[r]; known {
		return plain
	}
	switch {
	case r >= regionalA && r <= regionalZ:
		return 'a' + r - regionalA
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return r
	}
	return 0
}

// ascii is what is seen in each of ASCII.
var ascii = func() (table [utf8.RuneSelf]rune) {
	for r := range table {
		table[r] = seen(rune(r))
	}
	return table
}()

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
