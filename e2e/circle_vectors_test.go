//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// vectorsHold says what of docs/circles-vectors.json the page's own script does otherwise.
const vectorsHold = `async (address, v) => {
	const c = await import(address);
	const wrong = [];
	const bytes = (text) => c.decode(text);
	const same = (name, got, want) => got === want || wrong.push(name + ": " + got);
	const circle = bytes(v.circle);
	for (const s of v.sealed) {
		const at = { kind: s.kind, epoch: s.epoch, circle, thread: bytes(s.thread) };
		same(s.name, c.encode(await c.seal(bytes(s.key), at, bytes(s.payload), bytes(s.nonce))), s.envelope);
		same(s.name + " opened", c.encode(await c.open(bytes(s.key), at, bytes(s.envelope))), s.payload);
	}
	for (const s of v.refused) {
		const at = { kind: s.kind, epoch: s.epoch, circle, thread: bytes(s.thread) };
		await c.open(bytes(s.key), at, bytes(s.envelope)).then(() => wrong.push(s.name + " opens"), () => {});
	}
	const me = bytes(v.member.key), once = bytes(v.wrap.once);
	same("public key", c.encode(c.publicOf(me)), v.member.public);
	same("member token", c.encode(await c.memberToken(me)), v.member.token);
	same("invite token", c.encode(await c.inviteToken(bytes(v.invite.secret))), v.invite.token);
	same("invite key", c.encode(await c.inviteKey(bytes(v.invite.secret))), v.invite.key);
	same("wrap", c.encode(await c.wrap(once, c.publicOf(me), circle, v.wrap.epoch, bytes(v.wrap.key), bytes(v.wrap.nonce))), v.wrap.envelope);
	same("unwrap", c.encode(await c.unwrap(me, c.publicOf(once), circle, v.wrap.epoch, bytes(v.wrap.envelope))), v.wrap.key);
	same("commit", c.encode(await c.commit(bytes(v.commit.f), v.commit.words)), v.commit.sum);
	same("phrase", String(await c.phrase(circle, bytes(v.phrase.key))), String(v.phrase.words));
	const fresh = await c.newMember();
	same("a fresh key", fresh.length, 96);
	const key = c.random(32), pair = await c.newMember();
	const box = await c.wrap(pair, c.publicOf(fresh), circle, 1, key);
	same("a fresh key unwraps", c.encode(await c.unwrap(fresh, c.publicOf(pair), circle, 1, box)), c.encode(key));
	same("ids", c.encode(c.idBytes(c.idText(circle))), v.circle);
	return wrong.join("\n");
}`

func TestCircleVectorsHoldInTheBrowser(t *testing.T) {
	holdInTheBrowser(t, "circles", vectorsHold)
}

// holdInTheBrowser has the script that encrypts go through the vectors of a document, as
// a function in a page does that returns what is wrong.
func holdInTheBrowser(t *testing.T, of, check string) {
	t.Helper()
	raw, err := os.ReadFile("../docs/" + of + "-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	p := s.person("somebody")
	p.open("/about")
	address := string(must(json.Marshal(s.script("circle"))))
	if wrong := see[string](p, "("+check+")("+address+", "+strings.TrimSpace(string(raw))+")"); wrong != "" {
		t.Error(wrong)
	}
}

// script is where a script of the site lies, as doctor lists it with its hash.
func (s *site) script(name string) string {
	s.t.Helper()
	out, _ := exec.Command(program, "doctor", "--data", s.data, "--addr", "127.0.0.1:0").Output() // that the machine has faults is no matter
	found := regexp.MustCompile(`[0-9a-f]{64}  (/static/js/` + name + `\.[A-Za-z0-9_-]+\.js)`).FindSubmatch(out)
	if found == nil {
		s.t.Fatalf("doctor does not list the script %s:\n%s", name, out)
	}
	return string(found[1])
}
