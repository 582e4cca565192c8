package argon

import (
	"bytes"
	"errors"
	"testing"
)

func TestASealedFileOpensByItsPassphraseAlone(t *testing.T) {
	h := New()
	file, err := h.Seal(t.Context(), "four words nobody has", []byte("xyzzy"))
	if err != nil || bytes.Contains(file, []byte("xyzzy")) {
		t.Fatalf("%q, %v", file, err)
	}
	if plain, err := h.Unseal(t.Context(), "four words nobody has", file); err != nil || string(plain) != "xyzzy" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := h.Unseal(t.Context(), "four words nobody had", file); !errors.Is(err, ErrSeal) {
		t.Errorf("another passphrase: %v", err)
	}
	for i := len(sealMagic); i < len(file); i += 29 {
		turned := bytes.Clone(file)
		turned[i] ^= 1
		if i < len(sealMagic)+8 {
			turned[i] |= 0x80 // more work than anybody asks for
		}
		if _, err := h.Unseal(t.Context(), "four words nobody has", turned); err == nil {
			t.Errorf("byte %d was turned, and it opens", i)
		}
	}
	for _, short := range [][]byte{nil, []byte(sealMagic), file[:sealHeader-1], []byte("PK\x03\x04 and so on and so on and so on and so on")} {
		if _, err := h.Unseal(t.Context(), "x", short); !errors.Is(err, ErrNotSealed) {
			t.Errorf("%d bytes: %v", len(short), err)
		}
	}
	if _, err := h.Unseal(t.Context(), "x", file[:sealHeader+5]); !errors.Is(err, ErrSeal) {
		t.Errorf("cut short: %v", err)
	}
}
