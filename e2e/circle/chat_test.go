package circle_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"mayfly/e2e/circle"
)

const chatVectorsFile = "../../docs/chats-vectors.json"

type chatVectors struct {
	Post    string   `json:"post"`
	Chat    string   `json:"chat"`
	Author  string   `json:"author"` // d|x|y
	Asker   string   `json:"asker"`  // d|x|y
	Key     string   `json:"key"`    // of the chat
	Sealed  []sealed `json:"sealed"` // the number of a message is its epoch, the post its thread
	Refused []sealed `json:"refused"`
}

func drawUpChat(t *testing.T) (v chatVectors) {
	t.Helper()
	post, chat := [16]byte(count(101, 16)), [16]byte(count(1, 16))
	author, asker := memberOf(t, count(1, 32)), memberOf(t, count(91, 32))
	key, err := circle.ChatKey(asker, author.PublicKey().Bytes(), post, chat, author.PublicKey().Bytes(), asker.PublicKey().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	v.Post, v.Chat, v.Key = b64(post[:]), b64(chat[:]), b64(key)
	v.Author, v.Asker = b64(memberBytes(author)), b64(memberBytes(asker))
	for _, c := range []struct {
		name    string
		kind    circle.Kind
		n       uint32
		payload []byte
	}{
		{"a question", circle.Ask, 1, []byte(`{"w":"Does it hurt?","f":"` + b64(count(65, 32)) + `"}`)},
		{"an answer", circle.Answer, 1, []byte(`{"w":"Solo di notte \u2615","f":"` + b64(count(65, 32)) + `"}`)},
		{"the five hundredth", circle.Ask, 500, bytes.Repeat([]byte("x"), 252)},
		{"the longest", circle.Answer, 2, bytes.Repeat([]byte("x"), 8188)},
	} {
		at := circle.At{Kind: c.kind, Epoch: c.n, Circle: chat, Thread: post}
		nonce := count(201, 12)
		v.Sealed = append(v.Sealed, sealed{c.name, byte(c.kind), c.n, b64(post[:]), b64(key), b64(nonce), b64(c.payload), b64(circle.Seal(key, at, c.payload, nonce))})
	}
	v.Refused = refused(t, v.Sealed[0])[1:]
	turned := v.Sealed[0]
	turned.Name, turned.Kind = "sent back from the other side", byte(circle.Answer)
	old := v.Sealed[0]
	raw := unb64(t, old.Envelope)
	raw[4] = 2
	old.Name, old.Epoch, old.Envelope = "an old one under a new number", 2, b64(raw)
	v.Refused = append(v.Refused, turned, old)
	return v
}

func TestVectorsOfChatsHoldInGo(t *testing.T) {
	got, err := json.MarshalIndent(drawUpChat(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(chatVectorsFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(chatVectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("the format has changed; the vectors are in docs/chats-vectors.json")
	}
	var v chatVectors
	if err := json.Unmarshal(want, &v); err != nil {
		t.Fatal(err)
	}
	opens := func(s sealed) ([]byte, error) {
		at := circle.At{Kind: circle.Kind(s.Kind), Epoch: s.Epoch, Circle: [16]byte(unb64(t, v.Chat)), Thread: [16]byte(unb64(t, s.Thread))}
		return circle.Open(unb64(t, s.Key), at, unb64(t, s.Envelope))
	}
	for _, s := range v.Sealed {
		if payload, err := opens(s); err != nil || !bytes.Equal(payload, unb64(t, s.Payload)) {
			t.Errorf("%s: %q, %v", s.Name, payload, err)
		}
	}
	for _, s := range v.Refused {
		if _, err := opens(s); err == nil {
			t.Errorf("%s: it opens", s.Name)
		}
	}
	author, asker := memberOf(t, unb64(t, v.Author)[:32]), memberOf(t, unb64(t, v.Asker)[:32])
	key, err := circle.ChatKey(author, asker.PublicKey().Bytes(), [16]byte(unb64(t, v.Post)), [16]byte(unb64(t, v.Chat)), author.PublicKey().Bytes(), asker.PublicKey().Bytes())
	if err != nil || b64(key) != v.Key {
		t.Errorf("the author has another key: %v", err)
	}
}

func FuzzNoMessageOfAChatOpensInAnotherPlace(f *testing.F) {
	key := count(33, 32)
	here := circle.At{Kind: circle.Ask, Epoch: 7, Circle: [16]byte(count(1, 16)), Thread: [16]byte(count(101, 16))}
	good := circle.Seal(key, here, []byte("hello"), nil)
	f.Add(byte(circle.Ask), uint32(7), here.Circle[:], here.Thread[:], good)
	f.Add(byte(circle.Answer), uint32(7), here.Circle[:], here.Thread[:], good)
	f.Add(byte(circle.Ask), uint32(8), here.Circle[:], here.Thread[:], append([]byte{1, 0, 0, 0, 8}, good[5:]...))
	f.Fuzz(func(t *testing.T, kind byte, n uint32, chat, post, envelope []byte) {
		at := circle.At{Kind: circle.Kind(kind), Epoch: n}
		copy(at.Circle[:], chat)
		copy(at.Thread[:], post)
		if payload, err := circle.Open(key, at, envelope); err == nil && (at != here || !bytes.Equal(envelope, good)) {
			t.Fatalf("%x opens as %q at %+v", envelope, payload, at)
		}
	})
}
