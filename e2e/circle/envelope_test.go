package circle_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"mayfly/e2e/circle"
)

// places draws where an envelope may stand.
func places(t *rapid.T, name string) circle.At {
	id := func(of string) [16]byte {
		return [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name+of))
	}
	return circle.At{
		Kind:   circle.Kind(rapid.IntRange(int(circle.Post), int(circle.Wrap)).Draw(t, name+"kind")),
		Epoch:  rapid.Uint32Min(1).Draw(t, name+"epoch"),
		Circle: id("circle"), Thread: id("thread"),
	}
}

func keys(t *rapid.T, name string) []byte {
	return rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name)
}

// payloads draws what fits a kind, now and then at the edge of a step.
func payloads(t *rapid.T, kind circle.Kind) []byte {
	most := 64<<10 - 4
	if kind == circle.Picture {
		most = 1<<20 - 4
	}
	length := rapid.OneOf(
		rapid.IntRange(0, 2000), rapid.IntRange(0, most),
		rapid.Map(rapid.IntRange(8, 20), func(n int) int { return min(1<<n-4, most) }),
		rapid.Map(rapid.IntRange(8, 20), func(n int) int { return min(1<<n-3, most) }),
	).Draw(t, "length")
	return bytes.Repeat([]byte{rapid.Byte().Draw(t, "fill")}, length)
}

func TestAnEnvelopeOpensWhereItWasSealedAndNowhereElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, at := keys(t, "key"), places(t, "")
		payload := payloads(t, at.Kind)
		envelope := circle.Seal(key, at, payload, nil)
		if got, err := circle.Open(key, at, envelope); err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("of %d bytes %d come back: %v", len(payload), len(got), err)
		}
		elsewhere, other := places(t, "other "), keys(t, "other key")
		closed := func(what string, key []byte, at circle.At, envelope []byte) {
			if _, err := circle.Open(key, at, envelope); err == nil {
				t.Fatalf("it opens %s", what)
			}
		}
		if !bytes.Equal(other, key) {
			closed("under another key", other, at, envelope)
		}
		for what, moved := range map[string]circle.At{
			"as another kind":   {elsewhere.Kind, at.Epoch, at.Circle, at.Thread},
			"in another epoch":  {at.Kind, elsewhere.Epoch, at.Circle, at.Thread},
			"in another circle": {at.Kind, at.Epoch, elsewhere.Circle, at.Thread},
			"in another thread": {at.Kind, at.Epoch, at.Circle, elsewhere.Thread},
		} {
			if moved != at {
				closed(what, key, moved, envelope)
			}
		}
		place := rapid.IntRange(0, len(envelope)-1).Draw(t, "place")
		bit := byte(1) << rapid.IntRange(0, 7).Draw(t, "bit")
		flipped := bytes.Clone(envelope)
		flipped[place] ^= bit
		closed("with a bit flipped", key, at, flipped)
		closed("cut short", key, at, envelope[:place])
		closed("with something behind it", key, at, append(bytes.Clone(envelope), 0))
	})
}

func TestTheLengthOfAnEnvelopeSaysItsStepAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := places(t, "")
		payload := payloads(t, at.Kind)
		length := len(circle.Seal(keys(t, "key"), at, payload, nil))
		step, least := length-33, 256
		if at.Kind == circle.Picture {
			least = 16 << 10
		}
		if step&(step-1) != 0 || step < least || step < len(payload)+4 || step > least && step/2 >= len(payload)+4 {
			t.Fatalf("%d bytes of kind %d are padded to %d", len(payload), at.Kind, step)
		}
		shorter := rapid.IntRange(0, len(payload)).Draw(t, "shorter")
		if same := step == least || shorter+4 > step/2; same != (length == len(circle.Seal(keys(t, "another key"), at, payload[:shorter], nil))) {
			t.Fatalf("%d and %d bytes: of the same step %v", len(payload), shorter, same)
		}
	})
}
