package circle_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"mayfly/board"
	"mayfly/e2e/circle"
)

// aPlace draws where an envelope may stand.
func aPlace() *rapid.Generator[circle.At] {
	return rapid.Custom(func(t *rapid.T) circle.At {
		id := rapid.SliceOfN(rapid.Byte(), 16, 16)
		return circle.At{
			Kind:   circle.Kind(rapid.ByteRange(byte(circle.Post), byte(circle.Wrap)).Draw(t, "kind")),
			Epoch:  rapid.Uint32Range(1, 1<<32-1).Draw(t, "epoch"),
			Circle: [16]byte(id.Draw(t, "circle")),
			Thread: [16]byte(id.Draw(t, "thread")),
		}
	})
}

var aKey = rapid.SliceOfN(rapid.Byte(), 32, 32)

// aPayload is what an envelope of any kind has room for.
var aPayload = rapid.SliceOfN(rapid.Byte(), 0, 508)

func TestWhatIsSealedOpensWhereItWasSealedAndNowhereElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, key, payload := aPlace().Draw(t, "at"), aKey.Draw(t, "key"), aPayload.Draw(t, "payload")
		e := circle.Seal(key, at, payload, nil)
		if got, err := circle.Open(key, at, e); err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("it does not open where it was sealed: %v", err)
		}
		other, theirs := aPlace().Draw(t, "another place"), aKey.Draw(t, "another key")
		for name, bad := range map[string]struct {
			differs bool
			at      circle.At
			key     []byte
		}{
			"as another kind":   {other.Kind != at.Kind, circle.At{Kind: other.Kind, Epoch: at.Epoch, Circle: at.Circle, Thread: at.Thread}, key},
			"in another epoch":  {other.Epoch != at.Epoch, circle.At{Kind: at.Kind, Epoch: other.Epoch, Circle: at.Circle, Thread: at.Thread}, key},
			"in another circle": {other.Circle != at.Circle, circle.At{Kind: at.Kind, Epoch: at.Epoch, Circle: other.Circle, Thread: at.Thread}, key},
			"in another thread": {other.Thread != at.Thread, circle.At{Kind: at.Kind, Epoch: at.Epoch, Circle: at.Circle, Thread: other.Thread}, key},
			"under another key": {!bytes.Equal(theirs, key), at, theirs},
		} {
			if _, err := circle.Open(bad.key, bad.at, e); bad.differs && err == nil {
				t.Fatalf("it opens %s", name)
			}
		}
	})
}

func TestNoByteOfAnEnvelopeCanBeChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, key := aPlace().Draw(t, "at"), aKey.Draw(t, "key")
		e := circle.Seal(key, at, aPayload.Draw(t, "payload"), nil)
		place, mask := rapid.IntRange(0, len(e)-1).Draw(t, "place"), rapid.ByteRange(1, 255).Draw(t, "mask")
		bad := bytes.Clone(e)
		bad[place] ^= mask
		if _, err := circle.Open(key, at, bad); err == nil {
			t.Fatalf("with byte %d changed it opens", place)
		}
		if _, err := circle.Open(key, at, e[:place]); err == nil {
			t.Fatalf("cut to %d bytes it opens", place)
		}
		if _, err := circle.Open(key, at, append(bytes.Clone(e), mask)); err == nil {
			t.Fatal("with a byte more it opens")
		}
	})
}

// TestAnEnvelopeTellsTheStepAlone has the client that seals and the server that checks
// agree on every step.
func TestAnEnvelopeTellsTheStepAlone(t *testing.T) {
	lengths := map[circle.Kind]int{circle.Post: 64<<10 - 4, circle.Reply: 64<<10 - 4, circle.Picture: 1<<20 - 4, circle.Meta: 16<<10 - 4, circle.Member: 508, circle.Link: 508, circle.Invite: 508, circle.Wrap: 508}
	rapid.Check(t, func(t *rapid.T) {
		at, key := aPlace().Draw(t, "at"), aKey.Draw(t, "key")
		n := rapid.IntRange(0, lengths[at.Kind]).Draw(t, "length")
		e := board.Envelope(circle.Seal(key, at, make([]byte, n), nil))
		if err := e.Check(board.EnvelopeKind(at.Kind), at.Epoch); err != nil {
			t.Fatalf("the server refuses %d bytes of kind %d: %v", n, at.Kind, err)
		}
		step := len(e) - 33
		least := 256
		if at.Kind == circle.Picture {
			least = 16 << 10
		}
		if step&(step-1) != 0 || step < n+4 || step > least && step/2 >= n+4 {
			t.Fatalf("%d bytes of kind %d are padded to %d", n, at.Kind, step)
		}
		for name, bad := range map[string]board.Envelope{
			"a byte less": e[:len(e)-1], "a byte more": append(bytes.Clone(e), 0), "the half": e[:33+step/2+1],
		} {
			if bad.Check(board.EnvelopeKind(at.Kind), at.Epoch) == nil {
				t.Fatalf("the server takes %s", name)
			}
		}
		if at.Epoch > 1 && e.Check(board.EnvelopeKind(at.Kind), at.Epoch-1) == nil {
			t.Fatal("the server takes it in another epoch")
		}
	})
}

func TestAWrappedKeyOpensForOneMemberInOneEpoch(t *testing.T) {
	me, other, once := circle.NewMember(), circle.NewMember(), circle.NewMember()
	rapid.Check(t, func(t *rapid.T) {
		at, key := aPlace().Draw(t, "at"), aKey.Draw(t, "key")
		e, err := circle.WrapFor(once, me.PublicKey().Bytes(), at.Circle, at.Epoch, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		q := once.PublicKey().Bytes()
		if got, err := circle.Unwrap(me, q, at.Circle, at.Epoch, e); err != nil || !bytes.Equal(got, key) {
			t.Fatalf("it does not open for its member: %v", err)
		}
		if _, err := circle.Unwrap(other, q, at.Circle, at.Epoch, e); err == nil {
			t.Fatal("it opens for another member")
		}
		if _, err := circle.Unwrap(me, other.PublicKey().Bytes(), at.Circle, at.Epoch, e); err == nil {
			t.Fatal("it opens with another key pair")
		}
		if _, err := circle.Unwrap(me, q, at.Circle, at.Epoch+1, e); err == nil {
			t.Fatal("it opens in another epoch")
		}
	})
}

func TestVectorsCoverEachKind(t *testing.T) {
	seen := map[byte]bool{byte(circle.Wrap): true} // which has a vector of its own
	for _, s := range drawUp(t).Sealed {
		seen[s.Kind] = true
	}
	for kind := circle.Post; kind <= circle.Wrap; kind++ {
		if !seen[byte(kind)] {
			t.Errorf("kind %d has no vector", kind)
		}
	}
}
