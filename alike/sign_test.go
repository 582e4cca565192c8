package alike

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"mayfly/board/boardtest"
)

func BenchmarkSign(b *testing.B) {
	for name, text := range boardtest.Writing(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sign(text)
			}
		})
	}
}

// signSlowly is the signature as ADR 54 tuned it: step by step, and each hash for each piece.
func signSlowly(text string) (signature, bool) {
	letters := foldSlowly(text)
	if len(letters) < lettersLeast {
		return signature{}, false
	}
	least := [hashes]uint32{}
	for i := range least {
		least[i] = ^uint32(0)
	}
	seen := map[uint32]bool{}
	for i := range len(letters) - piece + 1 {
		h := uint32(2166136261)
		for _, r := range letters[i : i+piece] {
			h = (h ^ uint32(r)) * 16777619
		}
		seen[h] = true
	}
	for h := range seen {
		for j := range least {
			least[j] = min(least[j], mixSlowly(h, uint32(j)))
		}
	}
	var s signature
	for i, l := range least {
		s[i] = byte(mixSlowly(l, 7) & 0xff)
	}
	if len(seen) < piecesLeast {
		return signature{}, false
	}
	return s, true
}

func mixSlowly(h, n uint32) uint32 {
	h ^= n * 0x9e3779b9
	h ^= h >> 16
	h *= 0x7feb352d
	h ^= h >> 15
	h *= 0x846ca68b
	return h ^ h>>16
}

func foldSlowly(text string) []rune {
	var letters []rune
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if plain, known := passes[r]; known {
			r = plain
		}
		if r >= '\U0001F1E6' && r <= '\U0001F1FF' {
			r = 'a' + r - '\U0001F1E6'
		}
		if len(letters) > 0 && r == letters[len(letters)-1] || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		letters = append(letters, r)
	}
	return letters
}

func checkSign(t testing.TB, text string) {
	t.Helper()
	if got, want := fold(text), foldSlowly(text); !slices.Equal(got, want) {
		t.Fatalf("%+q is folded to %q, want %q", text, string(got), string(want))
	}
	got, ok := sign(text)
	want, wantOK := signSlowly(text)
	if got != want || ok != wantOK {
		t.Fatalf("%+q is signed %x, %v, want %x, %v", text, got, ok, want, wantOK)
	}
}

// TestSignaturesAreAsTheyWereTuned for what people write, for raids in every dress, for
// every character, and for noise.
func TestSignaturesAreAsTheyWereTuned(t *testing.T) {
	for _, text := range boardtest.Writing(t) {
		checkSign(t, text)
	}
	r := rand.New(rand.NewPCG(5, 4))
	for _, text := range append(honest(t), campaigns...) {
		for _, dress := range disguises {
			checkSign(t, dress(r, text))
		}
	}
	for c := rune(0); c <= 0x2FFFF; c += 61 {
		row := make([]rune, 0, 61)
		for i := range rune(61) {
			row = append(row, c+i)
		}
		checkSign(t, string(row))
	}
	for range 200 {
		noise := make([]byte, r.IntN(3000))
		for i := range noise {
			noise[i] = byte(r.IntN(1 << r.IntN(9)))
		}
		checkSign(t, string(noise))
	}
}

func FuzzSign(f *testing.F) {
	for _, text := range boardtest.Writing(f) {
		f.Add(text[:140])
	}
	for _, text := range append(campaigns, "\xff\xfe", strings.Repeat("ab", 100), "🇮🇹🇬🇧", "İSTANBUL ΣΑΣ ﬃ ½ ①", strings.Repeat("e\u0301", 60)) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkSign(t, text) })
}
