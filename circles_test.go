package main

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"mayfly/board"
	"mayfly/e2e/circle"
)

// makesCircle makes a circle on a running server, and gives its id and what asks for it.
func (s *site) makesCircle(t *testing.T) (id string, ask func(method, path string, body any) int) {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	circleID, under := board.NewPostID(), circle.Random(32)
	me, once := circle.NewMember(), circle.NewMember()
	ask = func(method, path string, body any) int {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+"/api/v1/circles"+path, strings.NewReader(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Circle "+b64(circle.MemberToken(me)))
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		return a.StatusCode
	}
	seal := func(kind circle.Kind, payload string) string {
		return b64(circle.Seal(under, circle.At{Kind: kind, Epoch: 1, Circle: circleID}, []byte(payload), nil))
	}
	public := func(k *ecdh.PrivateKey) []byte { return k.PublicKey().Bytes() }
	wrap, err := circle.WrapFor(once, public(me), circleID, 1, under, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status := ask(http.MethodPost, "", map[string]any{
		"id": circleID.String(), "cap": 12, "rule": "maker", "gated": false, "ttl_default": "24h", "ttl_max": "24h", "lasts": "30d",
		"meta": seal(circle.Meta, `{"name":"xyzzy"}`), "q": b64(public(me)), "record": seal(circle.Member, "{}"), "once": b64(public(once)), "wrap": b64(wrap),
	}); status != http.StatusCreated {
		t.Fatalf("make: %d", status)
	}
	return circleID.String(), ask
}

func TestACircleIsListedUnreadAndEndedFromTheCommandLine(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	id, ask := site.makesCircle(t)
	if status := ask(http.MethodGet, "/"+id, nil); status != http.StatusOK {
		t.Fatalf("its member is answered %d", status)
	}
	list := command(t, "circle", "list", "--data", site.data)
	if !strings.Contains(list, id+"  1 of 12 members  0 posts  closes in 7") || strings.Count(list, "\n") != 1 {
		t.Errorf("list: %s", list)
	}
	if said := command(t, "circle", "end", id, "--reason", "spam", "--data", site.data); !strings.Contains(said, "It is shut") {
		t.Errorf("end said %q", said)
	}
	if status := ask(http.MethodGet, "/"+id, nil); status != http.StatusNotFound { // before anybody has swept
		t.Errorf("in the next request its member is answered %d", status)
	}
	soon(t, "its id is free again", func() bool { return command(t, "circle", "list", "--data", site.data) == "" })
	if log := site.get(t, "/log"); !strings.Contains(log, "circle") {
		t.Error("the log for all says nothing of it")
	}
	for _, args := range [][]string{{"end", id}, {"end", "none"}, {"end", id, "--reason", "whim"}, {"end"}} {
		err := run(t.Context(), append([]string{"circle", "--data", site.data}, args...), io.Discard)
		if err == nil || exitCode(err) != 2 || strings.Contains(err.Error(), "\n") {
			t.Errorf("circle %q: %v, want one sentence and exit 2", args, err)
		}
	}
}
