package board_test

import (
	"encoding/binary"
	"testing"

	"mayfly/board"
)

// envelope is of a version, an epoch and so many padded bytes.
func envelope(version byte, epoch uint32, padded int) board.Envelope {
	e := binary.BigEndian.AppendUint32([]byte{version}, epoch)
	return append(e, make([]byte, 12+padded+16)...)
}

func TestAnEnvelopeIsOfAVersionAnEpochAndAStep(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    board.Envelope
		kind board.EnvelopeKind
		good bool
	}{
		{"the first step", envelope(1, 7, 256), board.EnvelopePost, true},
		{"the last step", envelope(1, 7, 64<<10), board.EnvelopeReply, true},
		{"a picture", envelope(1, 7, 1<<20), board.EnvelopePicture, true},
		{"beyond the last step", envelope(1, 7, 128<<10), board.EnvelopePost, false},
		{"beyond a picture's", envelope(1, 7, 2<<20), board.EnvelopePicture, false},
		{"a picture as short as words", envelope(1, 7, 256), board.EnvelopePicture, false},
		{"between two steps", envelope(1, 7, 300), board.EnvelopePost, false},
		{"a member's record as long as a post", envelope(1, 7, 4096), board.EnvelopeMember, false},
		{"of another version", envelope(2, 7, 256), board.EnvelopePost, false},
		{"of the epoch before", envelope(1, 6, 256), board.EnvelopePost, false},
		{"of the epoch after", envelope(1, 8, 256), board.EnvelopePost, false},
		{"cut short", envelope(1, 7, 256)[:20], board.EnvelopePost, false},
		{"nothing", nil, board.EnvelopePost, false},
	} {
		if err := tt.e.Check(tt.kind, 7); (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func FuzzEnvelopeCheck(f *testing.F) {
	f.Add([]byte(envelope(1, 7, 256)), byte(1), uint32(7))
	f.Add([]byte{}, byte(0), uint32(0))
	f.Add([]byte{1, 0, 0, 0, 7}, byte(3), uint32(7))
	f.Fuzz(func(t *testing.T, e []byte, kind byte, epoch uint32) {
		if board.Envelope(e).Check(board.EnvelopeKind(kind), epoch) != nil {
			return
		}
		padded := len(e) - 33
		if e[0] != 1 || padded < 256 || padded > 1<<20 || padded&(padded-1) != 0 || board.Envelope(e).Epoch() != epoch || epoch == 0 {
			t.Fatalf("%d bytes of kind %d at epoch %d are taken", len(e), kind, epoch)
		}
	})
}
