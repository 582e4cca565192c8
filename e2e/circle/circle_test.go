package circle_test

import (
	"bytes"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"mayfly/e2e/circle"
)

var update = flag.Bool("update", false, "write the vectors anew")

const vectorsFile = "../../docs/circles-vectors.json"

// sealed is one vector: all is base64url.
type sealed struct {
	Name     string `json:"name"`
	Kind     byte   `json:"kind"`
	Epoch    uint32 `json:"epoch"`
	Thread   string `json:"thread"`
	Key      string `json:"key"`
	Nonce    string `json:"nonce"`
	Payload  string `json:"payload"`
	Envelope string `json:"envelope"`
}

type vectors struct {
	Circle  string   `json:"circle"`
	Sealed  []sealed `json:"sealed"`
	Refused []sealed `json:"refused"` // envelopes that must not open at their place
	Member  struct {
		Key    string `json:"key"` // d|x|y
		Public string `json:"public"`
		Token  string `json:"token"`
	} `json:"member"`
	Invite struct {
		Secret string `json:"secret"`
		Token  string `json:"token"`
		Key    string `json:"key"`
	} `json:"invite"`
	Wrap struct {
		Once     string `json:"once"` // d|x|y of the key pair made for it
		Epoch    uint32 `json:"epoch"`
		Key      string `json:"key"`
		Nonce    string `json:"nonce"`
		Envelope string `json:"envelope"`
	} `json:"wrap"`
	Commit struct {
		F     string `json:"f"`
		Words string `json:"words"`
		Sum   string `json:"sum"`
	} `json:"commit"`
	Phrase struct {
		Key   string `json:"key"`
		Words []int  `json:"words"`
	} `json:"phrase"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unb64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// count is n bytes that count up from one.
func count(from byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = from + byte(i)
	}
	return b
}

func memberOf(t *testing.T, d []byte) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.P256().NewPrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func memberBytes(k *ecdh.PrivateKey) []byte {
	return append(k.Bytes(), k.PublicKey().Bytes()[1:]...)
}

func drawUp(t *testing.T) (v vectors) {
	t.Helper()
	id := [16]byte(count(1, 16))
	thread := [16]byte(count(101, 16))
	key := count(33, 32)
	v.Circle = b64(id[:])
	for _, c := range []struct {
		name    string
		kind    circle.Kind
		thread  [16]byte
		payload []byte
	}{
		{"a post", circle.Post, thread, []byte(`{"w":"The scan came back clear.","f":"` + b64(count(65, 32)) + `"}`)},
		{"a reply that just fits the first step", circle.Reply, thread, bytes.Repeat([]byte("x"), 252)},
		{"a reply of one byte more", circle.Reply, thread, bytes.Repeat([]byte("x"), 253)},
		{"what a circle is called", circle.Meta, [16]byte{}, []byte(`{"name":"Tavola \u2615","lang":"it"}`)},
		{"a link to the epoch before", circle.Link, [16]byte{}, count(5, 32)},
		{"nothing at all", circle.Member, [16]byte{}, nil},
	} {
		at := circle.At{Kind: c.kind, Epoch: 7, Circle: id, Thread: c.thread}
		nonce := count(201, 12)
		v.Sealed = append(v.Sealed, sealed{
			c.name, byte(c.kind), 7, b64(c.thread[:]), b64(key), b64(nonce), b64(c.payload),
			b64(circle.Seal(key, at, c.payload, nonce)),
		})
	}
	v.Refused = refused(t, v.Sealed[0])
	me, once := memberOf(t, count(1, 32)), memberOf(t, count(91, 32))
	v.Member.Key, v.Member.Public, v.Member.Token = b64(memberBytes(me)), b64(me.PublicKey().Bytes()), b64(circle.MemberToken(me))
	secret := count(150, 32)
	v.Invite.Secret, v.Invite.Token, v.Invite.Key = b64(secret), b64(circle.InviteToken(secret)), b64(circle.InviteKey(secret))
	box, err := circle.WrapFor(once, me.PublicKey().Bytes(), id, 8, key, count(7, 12))
	if err != nil {
		t.Fatal(err)
	}
	v.Wrap.Once, v.Wrap.Epoch, v.Wrap.Key, v.Wrap.Nonce, v.Wrap.Envelope = b64(memberBytes(once)), 8, b64(key), b64(count(7, 12)), b64(box)
	v.Commit.F, v.Commit.Words, v.Commit.Sum = b64(count(65, 32)), "perché no?", b64(circle.Commit(count(65, 32), "perché no?"))
	v.Phrase.Key = b64(key)
	for _, w := range circle.Phrase(id, key) {
		v.Phrase.Words = append(v.Phrase.Words, int(w))
	}
	return v
}

// refused are the first vector's envelope, each wrong in one way.
func refused(t *testing.T, good sealed) []sealed {
	change := func(name string, f func(*sealed)) sealed {
		bad := good
		bad.Name = name
		f(&bad)
		return bad
	}
	flip := func(text string, at int) string {
		b := unb64(t, text)
		if at < 0 {
			at += len(b)
		}
		b[at] ^= 1
		return b64(b)
	}
	return []sealed{
		change("of another kind", func(s *sealed) { s.Kind = byte(circle.Reply) }),
		change("of another thread", func(s *sealed) { s.Thread = flip(s.Thread, 3) }),
		change("of another epoch", func(s *sealed) { s.Epoch = 8 }),
		change("under another key", func(s *sealed) { s.Key = flip(s.Key, 0) }),
		change("of another version", func(s *sealed) { s.Envelope = flip(s.Envelope, 0) }),
		change("with a bit turned", func(s *sealed) { s.Envelope = flip(s.Envelope, -1) }),
		change("cut short", func(s *sealed) { s.Envelope = b64(unb64(t, s.Envelope)[:40]) }),
	}
}

func TestVectorsHoldInGo(t *testing.T) {
	got, err := json.MarshalIndent(drawUp(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(vectorsFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("the format has changed: what was sealed before would not open; the vectors are in docs/circles-vectors.json")
	}
	var v vectors
	if err := json.Unmarshal(want, &v); err != nil {
		t.Fatal(err)
	}
	id := [16]byte(unb64(t, v.Circle))
	for _, s := range append(v.Sealed, v.Refused...) {
		at := circle.At{Kind: circle.Kind(s.Kind), Epoch: s.Epoch, Circle: id, Thread: [16]byte(unb64(t, s.Thread))}
		payload, err := circle.Open(unb64(t, s.Key), at, unb64(t, s.Envelope))
		bad := len(v.Refused) > 0 && contains(v.Refused, s.Name)
		switch {
		case bad && err == nil:
			t.Errorf("%s: it opens", s.Name)
		case !bad && (err != nil || !bytes.Equal(payload, unb64(t, s.Payload))):
			t.Errorf("%s: %q, %v", s.Name, payload, err)
		}
	}
	me := memberOf(t, unb64(t, v.Member.Key)[:32])
	once := memberOf(t, unb64(t, v.Wrap.Once)[:32])
	key, err := circle.Unwrap(me, once.PublicKey().Bytes(), id, v.Wrap.Epoch, unb64(t, v.Wrap.Envelope))
	if err != nil || b64(key) != v.Wrap.Key {
		t.Errorf("the wrapped key does not open: %v", err)
	}
}

func contains(list []sealed, name string) bool {
	for _, s := range list {
		if s.Name == name {
			return true
		}
	}
	return false
}

func FuzzOpenTakesNothingThatWasNotSealed(f *testing.F) {
	key := count(33, 32)
	at := circle.At{Kind: circle.Post, Epoch: 7}
	good := circle.Seal(key, at, []byte("hello"), count(1, 12)) // the same in each process of the fuzzer
	f.Add(good)
	f.Add(good[:33])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, envelope []byte) {
		if payload, err := circle.Open(key, at, envelope); err == nil && !bytes.Equal(envelope, good) {
			t.Fatalf("%x opens as %q", envelope, payload)
		}
	})
}

func TestPaddedLengthsAreSteps(t *testing.T) {
	key := count(33, 32)
	for _, n := range []int{0, 1, 252, 253, 508, 4000, 65532} {
		got := len(circle.Seal(key, circle.At{Kind: circle.Post}, make([]byte, n), nil)) - 33
		if got&(got-1) != 0 || got < 256 || got < n+4 {
			t.Errorf("%d bytes are padded to %d", n, got)
		}
	}
	if circle.Padded(65533, circle.Post) != 0 || circle.Padded(1<<20, circle.Picture) != 0 {
		t.Error("what is too long has a step")
	}
}
