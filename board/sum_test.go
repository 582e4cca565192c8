package board

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"
)

// TestSumsAreHMACs with lengths before what is summed, as crypto/hmac makes them.
func TestSumsAreHMACs(t *testing.T) {
	for n := range 200 {
		key, part := make([]byte, 32), make([]byte, n)
		_, _ = rand.Read(key)
		_, _ = rand.Read(part)
		h := hmac.New(sha256.New, key)
		for _, p := range [][]byte{[]byte("purpose"), part, nil} {
			h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p)))) //nolint:gosec // short
			h.Write(p)
		}
		if got := sum(key, "purpose", part, nil); !bytes.Equal(got[:], h.Sum(nil)) {
			t.Fatalf("a part of %d bytes has another sum", n)
		}
	}
}

func BenchmarkOwn(b *testing.B) {
	secret, v, id := NewKey().Secret(), NewVisitor(time.Now()), NewPostID()
	for b.Loop() {
		secret.Own(v, id)
	}
}
