package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// playMain has this test's binary be the program, with the arguments it holds.
const playMain = "MAYFLY_TEST_MAIN"

// visitor is somebody with a cookie, on whichever site.
type visitor struct {
	jar []*http.Cookie
}

// calls asks the API, and carries the visitor's cookie from site to site.
func (v *visitor) calls(t *testing.T, s *site, method, path, body string) (status int, answer map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range v.jar {
		req.AddCookie(c)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if set := res.Cookies(); len(set) > 0 {
		v.jar = set
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(raw, &answer) // some answers have no body
	return res.StatusCode, answer
}

// inhabited is a site with all that a move must not change.
type inhabited struct {
	author, voter, reader visitor
	post, once            string // their ids
}

func inhabit(t *testing.T, s *site) *inhabited {
	t.Helper()
	var h inhabited
	born := func(v *visitor, body string) string {
		status, answer := v.calls(t, s, http.MethodPost, "/boards/home/posts", body)
		post, _ := answer["post"].(map[string]any)
		id, _ := post["id"].(string)
		if status != http.StatusCreated || id == "" {
			t.Fatalf("born: %d %v", status, answer)
		}
		return id
	}
	h.post = born(&h.author, `{"body":"the heron is back at the pond","ttl":"2h"}`)
	h.once = born(&h.author, `{"body":"only two of you will ever read that","view_once":true,"readers":2}`)
	for _, step := range []struct {
		who                *visitor
		method, path, body string
	}{
		{&h.voter, http.MethodPost, "/posts/" + h.post + "/replies", `{"body":"and it has company"}`},
		{&h.voter, http.MethodPut, "/posts/" + h.post + "/vote", `{"vote":"heart"}`},
		{&h.voter, http.MethodPost, "/posts/" + h.once + "/open", ``},
	} {
		if status, answer := step.who.calls(t, s, step.method, step.path, step.body); status > 299 {
			t.Fatalf("%s %s: %d %v", step.method, step.path, status, answer)
		}
	}
	return &h
}

// seen is what somebody sees of a post and its replies, and how long they have.
func (h *inhabited) seen(t *testing.T, s *site, who *visitor) (what string, left float64) {
	t.Helper()
	status, answer := who.calls(t, s, http.MethodGet, "/posts/"+h.post, "")
	post, _ := answer["post"].(map[string]any)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	left, _ = post["left"].(float64)
	list, _ := answer["replies"].([]any)
	for _, p := range append(list, post) {
		timed, _ := p.(map[string]any)
		delete(timed, "left")
		delete(timed, "span") // grows shorter with it
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw), left
}

// same wants everything there to be as it was here.
func (h *inhabited) same(t *testing.T, s *site, before [2]string, left float64) {
	t.Helper()
	for i, who := range []*visitor{&h.author, &h.voter} {
		is, leftNow := h.seen(t, s, who)
		if is != before[i] {
			t.Errorf("was\n%s\nis\n%s", before[i], is)
		}
		if leftNow > left || leftNow < left-120 {
			t.Errorf("%v seconds were left, and %v are", left, leftNow)
		}
	}
	_, _ = h.voter.calls(t, s, http.MethodPut, "/posts/"+h.post+"/vote", `{"vote":"heart"}`)
	if is, _ := h.seen(t, s, &h.voter); is != before[1] {
		t.Error("one visitor votes twice")
	}
	for _, step := range []struct {
		what   string
		who    *visitor
		method string
		path   string
		status int
	}{
		{"who has opened it opens it again", &h.voter, http.MethodPost, "/posts/" + h.once + "/open", http.StatusGone},
		{"the second and last reader opens it", &h.reader, http.MethodPost, "/posts/" + h.once + "/open", http.StatusOK},
		{"nobody else does", &visitor{}, http.MethodPost, "/posts/" + h.once + "/open", http.StatusNotFound},
		{"somebody else ends the post", &h.reader, http.MethodDelete, "/posts/" + h.post, http.StatusNotFound},
		{"its author ends it", &h.author, http.MethodDelete, "/posts/" + h.post, http.StatusNoContent},
	} {
		if status, answer := step.who.calls(t, s, step.method, step.path, ""); status != step.status {
			t.Errorf("%s: %d %v, want %d", step.what, status, answer, step.status)
		}
	}
}

func TestASiteMovesToAnotherFolderAsItIs(t *testing.T) {
	for _, way := range []string{"to a folder", "to another server"} {
		t.Run(way, func(t *testing.T) {
			old := start(t, "--addr", "127.0.0.1:0")
			h := inhabit(t, old)
			var before [2]string
			var left float64
			before[0], left = h.seen(t, old, &h.author)
			before[1], _ = h.seen(t, old, &h.voter)
			data := filepath.Join(t.TempDir(), "there")
			args := []string{"move", data, "--data", old.data}
			if way == "to another server" {
				by := fmt.Sprintf("%s='receive --data %s' %s", playMain, data, os.Args[0])
				args = []string{"move", "--by", by, "--data", old.data}
			}
			if got := refusal(t, args...); !strings.Contains(got, "another mayfly is using") {
				t.Errorf("while it is served: %s", got)
			}
			old.stop()
			command(t, args...)
			for _, dir := range []string{old.data, old.data + ".keys"} {
				if got := tree(t, dir); strings.Contains(got, "mayfly.db") || strings.Contains(got, "posts.keys") || strings.Contains(got, "visitor.key") {
					t.Errorf("left in %s: %s", dir, got)
				}
			}
			if got := refusal(t, "--addr", "127.0.0.1:0", "--data", old.data); !strings.Contains(got, "has moved to") || !strings.Contains(got, data) {
				t.Errorf("a start of what is left: %s", got)
			}
			command(t, args...) // once more does no harm
			there := start(t, "--addr", "127.0.0.1:0", "--data", data)
			h.same(t, there, before, left)
		})
	}
}

func TestAMoveSaysWhatIsWrongWithIt(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	s := start(t, "--addr", "127.0.0.1:0", "--data", data)
	h := inhabit(t, s)
	s.stop()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"move"}, "say where to"},
		{[]string{"move", "x", "--by", "ssh x"}, "say where to"},
		{[]string{"move", data}, "it is in"},
		{[]string{"move", filepath.Join(dir, "b"), "--to-keys", filepath.Join(dir, "b", "keys")}, "--keys"},
		{[]string{"move", filepath.Join(dir, "c"), "--data", filepath.Join(dir, "nothing")}, "there is no board"},
		{[]string{"move", "--by", "exit 3"}, "nothing has moved"},
		{[]string{"move", "--by", "echo hello"}, "does not speak as Mayfly does"},
		{[]string{"receive", "--drop", "--finish", "--data", filepath.Join(dir, "d")}, "opposites"},
		{[]string{"receive", "--finish"}, "nothing waits"},
	} {
		args := tt.args
		if !strings.Contains(strings.Join(args, " "), "--data") {
			args = append(args, "--data", data)
		}
		if got := refusal(t, args...); !strings.Contains(got, tt.want) {
			t.Errorf("mayfly %s: %s, want %q", strings.Join(args, " "), got, tt.want)
		}
	}
	s = start(t, "--addr", "127.0.0.1:0", "--data", data)
	if what, _ := h.seen(t, s, &h.author); !strings.Contains(what, "heron") {
		t.Error("a refusal has ended the post")
	}
}
