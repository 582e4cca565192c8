package handlers_test

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// challenge is what a program reads of a refusal, as openapi.json tells it.
type challenge struct {
	Token      string
	Bits, Left int
	Parameters struct {
		Algorithm, Nonce, Salt, KeyPrefix string
		Cost, KeyLength                   int
	}
}

// solve does what openapi.json says that a program should.
func (c challenge) solve(t testing.TB) string {
	t.Helper()
	nonce, salt := must(hex.DecodeString(c.Parameters.Nonce)), must(hex.DecodeString(c.Parameters.Salt))
	if c.Parameters.Algorithm != "PBKDF2/SHA-256" {
		t.Fatalf("challenge = %+v", c)
	}
	for n := range uint32(1 << 24) {
		key := derive(binary.BigEndian.AppendUint32(bytes.Clone(nonce), n), salt, c.Parameters.Cost)
		if strings.HasPrefix(hex.EncodeToString(key[:c.Parameters.KeyLength]), c.Parameters.KeyPrefix) {
			return c.Token + "." + strconv.FormatUint(uint64(n), 10)
		}
	}
	t.Fatal("it can't be solved")
	return ""
}

// derive is the first block of PBKDF2 by HMAC-SHA-256, of a password of 64 bytes at most.
// It is the library's without its layers, each step of which the race detector counts:
// tests solve hundreds of challenges.
func derive(password, salt []byte, cost int) (key [32]byte) {
	var inner, outer [64 + 32]byte
	for i := range 64 {
		inner[i], outer[i] = 0x36, 0x5c
		if i < len(password) {
			inner[i] ^= password[i]
			outer[i] ^= password[i]
		}
	}
	u := sha256.Sum256(slices.Concat(inner[:64], salt, []byte{0, 0, 0, 1}))
	copy(outer[64:], u[:])
	u = sha256.Sum256(outer[:])
	key = u
	for range cost - 1 {
		copy(inner[64:], u[:])
		u = sha256.Sum256(inner[:])
		copy(outer[64:], u[:])
		u = sha256.Sum256(outer[:])
		subtle.XORBytes(key[:], key[:], u[:])
	}
	return key
}

func TestWhatSolvesDerivesAsTheLibraryDoes(t *testing.T) {
	for _, password := range []string{"", "a", strings.Repeat("b", 20), strings.Repeat("c", 64)} {
		for _, cost := range []int{1, 2, 300} {
			got := derive([]byte(password), []byte("of the server"), cost)
			if want := must(pbkdf2.Key(sha256.New, password, []byte("of the server"), cost, 32)); !bytes.Equal(got[:], want) {
				t.Errorf("%q, %d times: %x, want %x", password, cost, got, want)
			}
		}
	}
}

// asked is the challenge that a refusal carries.
func asked(t testing.TB, a answer) (c challenge) {
	t.Helper()
	if a.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("%s %s: %s, want 429\n%s", a.Request.Method, a.Request.URL.Path, a.Status, a.body)
	}
	if err := json.Unmarshal([]byte(a.Header.Get("Mayfly-Challenge")), &c); err != nil {
		t.Fatalf("challenge %q: %v", a.Header.Get("Mayfly-Challenge"), err)
	}
	if a.Header.Get("Set-Cookie") != "" {
		t.Error("a refused write sets a cookie")
	}
	return c
}

func TestTheAPIAsksForAProofAndTakesItOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("pow_bits", "8")
	id, _ := s.publish("a post")
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "sealed", "view_once": true})
	sealed := out["post"].(map[string]any)["id"].(string)
	s.set("pow", "always")
	for _, tt := range []struct{ method, path, body string }{
		{"POST", "/boards/home/posts", `{"body":"costly"}`},
		{"POST", "/posts/" + id + "/replies", `{"body":"costly"}`},
		{"PUT", "/posts/" + id + "/vote", `{"vote":"heart"}`},
		{"POST", "/posts/" + sealed + "/open", ""},
	} {
		t.Run(tt.path, func(t *testing.T) {
			s := *s
			s.t = t
			send := func(headers ...string) answer {
				return s.do(tt.method, "/api/v1"+tt.path, tt.body, append(headers, "Content-Type", "application/json")...)
			}
			a := send()
			c := asked(t, a)
			var problem struct {
				Code, Detail string
				Challenge    challenge
			}
			if err := json.Unmarshal([]byte(a.body), &problem); err != nil || problem.Challenge != c || problem.Code != "error.proof" || problem.Detail == "" {
				t.Errorf("%v: the problem is %s", err, a.body)
			}
			if c.Bits != 8 || c.Left != 600 || a.Header.Get("Retry-After") == "" {
				t.Errorf("challenge = %+v, Retry-After %q", c, a.Header.Get("Retry-After"))
			}
			asked(t, send("Mayfly-Proof", "nonsense"))
			proof := c.solve(t)
			if a := send("Mayfly-Proof", proof); a.StatusCode >= 300 {
				t.Errorf("with a proof: %s %s", a.Status, a.body)
			}
			asked(t, send("Mayfly-Proof", proof))
		})
	}
}

// Test200PhonesBehindOneAddressWriteOnTheDefaults once they solve, which is made
// cheaper here.
func Test200PhonesBehindOneAddressWriteOnTheDefaults(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, value := range map[string]string{"post": "6/3", "page": "600/200", "pow_bits": "8"} {
		s.set(name, value)
	}
	costly := 0
	for phone := range 200 {
		client := newBrowser()
		body := fmt.Sprintf(`{"body":"from phone %d"}`, phone)
		send := func(headers ...string) answer {
			return s.as(client, http.MethodPost, "/api/v1/boards/home/posts", body, append(headers, "Content-Type", "application/json")...)
		}
		a := send()
		if a.StatusCode == http.StatusTooManyRequests {
			costly++
			a = send("Mayfly-Proof", asked(t, a).solve(t))
		}
		if a.StatusCode != http.StatusCreated {
			t.Fatalf("phone %d: %s %s", phone, a.Status, a.body)
		}
		client.CloseIdleConnections()
	}
	if costly < 100 {
		t.Errorf("only %d phones were asked", costly)
	}
}

func TestAFormSentByScriptIsAskedBesideItsWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("pow_bits", "8")
	id, _ := s.publish("a post")
	s.set("pow", "always")
	for _, tt := range []struct{ path, form string }{{"/b/home/posts", `id="composer"`}, {"/p/" + id + "/replies", `id="talk"`}} {
		send := func(proof string) answer {
			return s.do(http.MethodPost, tt.path, encode([]string{"body", "to be kept", "proof", proof}), "Content-Type", formType, "HX-Request", "true")
		}
		a := send("")
		proof := asked(t, a).solve(t)
		if !strings.Contains(a.body, tt.form) || !strings.Contains(a.body, "to be kept</textarea>") {
			t.Errorf("%s: the form does not come back with its words:\n%s", tt.path, a.body)
		}
		if a := send(proof); a.StatusCode != http.StatusOK || a.Header.Get("Mayfly-Post") == "" {
			t.Errorf("%s with a proof: %s", tt.path, a.Status)
		}
	}
	vote := func(proof string) answer {
		return s.do(http.MethodPost, "/p/"+id+"/vote", "vote=heart&proof="+proof, "Content-Type", formType, "HX-Request", "true")
	}
	if a := vote(asked(t, vote("")).solve(t)); a.StatusCode != http.StatusOK {
		t.Errorf("a vote with a proof: %s", a.Status)
	}
}

var field = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// held reads the form of a waiting room as a browser would send it.
func held(t *testing.T, a answer) (action string, fields url.Values) {
	t.Helper()
	asked(t, a)
	_, form, ok := strings.Cut(a.body, `<form class="stack" method="post" action="`)
	if !ok {
		t.Fatalf("no form:\n%s", a.body)
	}
	action, form, _ = strings.Cut(form, `"`)
	form, _, _ = strings.Cut(form, "</form>")
	fields = url.Values{}
	for _, m := range field.FindAllStringSubmatch(form, -1) {
		fields.Add(m[1], m[2])
	}
	if _, text, ok := strings.Cut(form, "<textarea"); ok {
		_, text, _ = strings.Cut(text, ">\n")
		text, _, _ = strings.Cut(text, "</textarea>")
		fields.Set("body", text)
	}
	return action, fields
}

func TestWithoutAScriptTheWaitingRoomLeadsThrough(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("a post")
	_, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "what was sealed", "view_once": true})
	sealed := out["post"].(map[string]any)["id"].(string)
	_, nonce, _ := strings.Cut(s.get("/p/"+sealed).body, `name="nonce" value="`)
	nonce, _, _ = strings.Cut(nonce, `"`)
	s.set("pow", "always")
	for _, tt := range []struct {
		path   string
		fields []string
		status int
	}{
		{"/b/home/posts", []string{"body", "words worth a wait", "ttl", "10m", "warning", "of waiting", "backdrop", "mist", "unlisted", "on"}, 303},
		{"/p/" + id + "/replies", []string{"body", "an answer"}, 303},
		{"/p/" + id + "/vote", []string{"vote", "heart"}, 303},
		{"/p/" + sealed + "/open", []string{"nonce", nonce}, 200},
	} {
		t.Run(tt.path, func(t *testing.T) {
			s := *s
			s.t = t
			sent, _ := url.ParseQuery(encode(tt.fields))
			a := s.form(tt.path, tt.fields...)
			again := func(a answer) url.Values {
				action, fields := held(t, a)
				for name := range sent {
					if action != tt.path || fields.Get(name) != sent.Get(name) {
						t.Errorf("%s: %s comes back as %q, want %q", action, name, fields.Get(name), sent.Get(name))
					}
				}
				return fields
			}
			fields := again(a)
			wait := must(strconv.Atoi(a.Header.Get("Retry-After")))
			if wait < 20 || wait > 21 {
				t.Errorf("Retry-After = %d, want 20 s", wait)
			}
			s.clock.turn(5 * time.Second)
			a = s.do(http.MethodPost, tt.path, fields.Encode(), "Content-Type", formType)
			if same := again(a); same.Get("proof") != fields.Get("proof") {
				t.Error("who came too early begins anew")
			}
			if left := must(strconv.Atoi(a.Header.Get("Retry-After"))); left != wait-5 {
				t.Errorf("after 5 of %d s there are %d left", wait, left)
			}
			s.clock.turn(time.Duration(wait) * time.Second)
			if a = s.do(http.MethodPost, tt.path, fields.Encode(), "Content-Type", formType); a.StatusCode != tt.status {
				t.Fatalf("after the wait: %s\n%s", a.Status, a.body)
			}
			if a = s.do(http.MethodPost, tt.path, fields.Encode(), "Content-Type", formType); a.StatusCode != http.StatusTooManyRequests {
				t.Errorf("a second time with one ticket: %s", a.Status)
			}
		})
	}
	if !strings.Contains(s.get("/p/"+id).body, "an answer") {
		t.Error("the answer is not in its thread")
	}
}

// TestAVoteThatWasSentAgainLeadsToItsPost: the page it came from is the refusal.
func TestAVoteThatWasSentAgainLeadsToItsPost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("a post")
	for from, want := range map[string]string{"/p/" + id + "/vote": "/p/" + id, "/?sort=top": "/?sort=top"} {
		a := s.do(http.MethodPost, "/p/"+id+"/vote", "vote=heart", "Content-Type", formType, "Referer", s.url+from)
		if got := a.Header.Get("Location"); got != want+"#p-"+id {
			t.Errorf("from %s it leads to %s, want %s", from, got, want)
		}
	}
}

// TestAFullWaitingRoomKeepsTheWords, and gives a place later.
func TestAFullWaitingRoomKeepsTheWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("post", "1/1")
	s.set("pow", "always")
	var a answer
	for i := range 20 {
		a = s.as(newBrowser(), http.MethodPost, "/b/home/posts", encode([]string{"body", fmt.Sprint("waiting ", i)}), "Content-Type", formType)
	}
	_, fields := held(t, a)
	if fields.Get("proof") != "" || fields.Get("body") != "waiting 19" || !strings.Contains(a.body, "Many are waiting here already") {
		t.Errorf("the twentieth has %v", fields)
	}
	s.clock.turn(time.Duration(must(strconv.Atoi(a.Header.Get("Retry-After")))) * time.Second)
	if _, fields = held(t, s.do(http.MethodPost, "/b/home/posts", fields.Encode(), "Content-Type", formType)); fields.Get("proof") == "" {
		t.Error("there is no place when there should be")
	}
}

func TestTheWaitingRoomSpeaksBothLanguagesAndEscapesWhatItHolds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("pow", "always")
	const evil = `"></textarea><script>alert(1)</script>`
	for lang, says := range map[string]string{"en": "One moment", "it": "Un momento"} { //nolint:misspell // Italian
		a := s.do(http.MethodPost, "/b/home/posts", encode([]string{"body", evil, "warning", evil, evil, evil}), "Content-Type", formType, "Accept-Language", lang)
		asked(t, a)
		if !strings.Contains(a.body, "<h1>"+says+"</h1>") || strings.Contains(a.body, "<script>alert") {
			t.Errorf("%s:\n%s", lang, a.body)
		}
	}
}

// TestOneProofIsForAPostAndItsPicture, wherever in the form it stands in time.
func TestOneProofIsForAPostAndItsPicture(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("pow_bits", "8")
	s.set("pow", "always")
	form := func(headers ...string) answer {
		body, kind := upload(photo(64, 48), "body", "look", "alt", "a heron")
		return s.do(http.MethodPost, "/api/v1/boards/home/posts", body, append(headers, "Content-Type", kind)...)
	}
	proof := asked(t, form()).solve(t)
	if a := form("Mayfly-Proof", proof); a.StatusCode != http.StatusCreated {
		t.Errorf("the API: %s %s", a.Status, a.body)
	}
	asked(t, form("Mayfly-Proof", proof))
	script := func(proof string) answer {
		body, kind := upload(photo(64, 48), "proof", proof, "body", "look")
		return s.do(http.MethodPost, "/b/home/posts", body, "Content-Type", kind, "HX-Request", "true")
	}
	if a := script(asked(t, script("")).solve(t)); a.Header.Get("Mayfly-Post") == "" {
		t.Errorf("a form: %s", a.Status)
	}
}

// TestAPictureThatHadToWaitIsChosenAgain: the waiting room can't hold it, so the
// composer says so, and holds the ticket beside the words.
func TestAPictureThatHadToWaitIsChosenAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("pow", "always")
	a := s.upload("/b/home/posts", photo(64, 48), "body", "look at this", "alt", "a heron")
	_, ticket, _ := strings.Cut(a.body, `<input type="hidden" name="proof" value="`)
	ticket, _, _ = strings.Cut(ticket, `"`)
	if a.StatusCode != http.StatusTooManyRequests || !strings.Contains(a.body, `id="composer"`) || !strings.Contains(a.body, "look at this</textarea>") || ticket == "" {
		t.Fatalf("%s, ticket %q\n%s", a.Status, ticket, a.body)
	}
	s.clock.turn(time.Duration(must(strconv.Atoi(a.Header.Get("Retry-After")))) * time.Second)
	if a := s.upload("/b/home/posts", photo(64, 48), "proof", ticket, "body", "look at this", "alt", "a heron"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("after the wait: %s", a.Status)
	}
	s.set("post", "1/1")
	for range 20 { // until nobody else may wait
		s.as(newBrowser(), http.MethodPost, "/b/home/posts", "body=waiting", "Content-Type", formType)
	}
	if a = s.upload("/b/home/posts", photo(64, 48), "body", "and this"); a.StatusCode != http.StatusTooManyRequests || !strings.Contains(a.body, "and this</textarea>") {
		t.Errorf("with no room to wait: %s", a.Status)
	}
}
