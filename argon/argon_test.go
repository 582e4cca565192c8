package argon

import (
	"strings"
	"testing"
)

func TestAHashIsOfOnePassphraseAlone(t *testing.T) {
	h := New()
	hash, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, "horse") {
		t.Errorf("hash = %q", hash)
	}
	for passphrase, want := range map[string]bool{"correct horse battery": true, "correct horse batterz": false, "": false} {
		if ok, err := h.Check(t.Context(), passphrase, hash); ok != want || err != nil {
			t.Errorf("Check(%q) = %v, %v", passphrase, ok, err)
		}
	}
	if again, _ := h.Hash(t.Context(), "correct horse battery"); again == hash {
		t.Error("two hashes of one passphrase are equal: there is no salt")
	}
}

func TestNobodysHashAndWhatIsNoneMatchNothing(t *testing.T) {
	h := New()
	if ok, err := h.Check(t.Context(), "", ""); ok || err != nil {
		t.Errorf("nobody's: %v, %v", ok, err)
	}
	for _, bad := range []string{"x", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=99999999,t=2,p=1$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 43), "$argon2id$v=16$m=19456,t=2,p=1$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 43)} {
		if ok, err := h.Check(t.Context(), "passphrase", bad); ok || err == nil {
			t.Errorf("Check against %q = %v, %v", bad, ok, err)
		}
	}
}
