package board

import (
	"testing"
	"time"
)

// TestCodesAreThoseOfTheStandard: RFC 6238, appendix B, the last six digits.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	seed := Seed([]byte("12345678901234567890"))
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := seed.Code(time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestACodeIsGoodForItsNeighboursAlone(t *testing.T) {
	seed, now := NewSeed(), time.Unix(1_800_000_000, 0)
	for steps, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		at, ok := seed.match(seed.Code(now.Add(time.Duration(steps)*codeStep)), now)
		if ok != want || ok && at != step(now)+int64(steps) {
			t.Errorf("%d steps away: %v at %d", steps, ok, at)
		}
	}
}

func TestASeedIsReadAsItIsWritten(t *testing.T) {
	seed := NewSeed()
	if got, err := ParseSeed(seed.String()); err != nil || got != seed {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "A", "11111111111111111111111111111111", seed.String() + "AAAAAAAA"} {
		if _, err := ParseSeed(bad); err == nil {
			t.Errorf("%q is a seed", bad)
		}
	}
}
