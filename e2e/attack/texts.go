package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// What must become of a text.
const (
	stays  = "stays"   // as it was written
	empty  = "refused" // nothing would be seen
	either = "either"  // taken, cleaned, or refused; never a failure
)

var hostileTexts = []struct{ name, text, want string }{
	{"plain", "hello board", stays},
	{"Thai", "กำลังเรื่อง", stays},
	{"Hindi", "नमस्ते", stays},
	{"Persian, with a joiner", "می\u200cخواهم", stays},
	{"a family", "👨\u200d👩\u200d👧\u200d👦", stays},
	{"flags", "🇫🇷🇩🇪", stays},
	{"Hebrew", "שלום עולם", stays},
	{"Arabic", "مرحبا", stays},
	{"quotes", "ʼ’＇'--\"<>&", stays},
	{"nothing but zero width", "\u200b\u200c\u200d\u2060\ufeff", empty},
	{"blank braille", strings.Repeat("\u2800", 10), empty},
	{"Hangul fillers", "\u3164\u115f\u1160\uffa0", empty},
	{"spaces of all kinds", "\u00a0\u2003\u3000\u1680", empty},
	{"a tower", "z" + strings.Repeat("\u0300\u0315\u031b\u0321\u035c", 40) + "algo", either},
	{"enclosing marks", strings.Repeat("a\u20dd\u20de\u20df\u20e0", 50), either},
	{"a Thai tower", "\u0e01" + strings.Repeat("\u0e49", 60), either},
	{"one letter of 4999 marks", "a" + strings.Repeat("\u0301", 4999), either},
	{"a chain of people", strings.Repeat("👨\u200d", 200), either},
	{"hidden tags", "hi\U000e0061\U000e0062\U000e0063\U000e007f", either},
	{"turned round", "invoice\u202egpj.exe", either},
	{"embeddings that stay open", strings.Repeat("\u202a", 120) + "x", either},
	{"isolates that stay open", "\u2066\u2067\u2068 open", either},
	{"a word of 4000 letters", strings.Repeat("W", 4000), either},
	{"no break", strings.Repeat("a\u2060", 2000), either},
	{"3000 empty lines", strings.Repeat("\n", 3000) + "x", either},
	{"returns", "a\rb\r\rc", either},
	{"lines of Unicode", "a\u2028b\u2029c", either},
	{"a zero", "a\x00b", either},
	{"control characters", "a\x01\x08\x1b[31mred\x7f\u0085\u009b31m", either},
	{"no characters", "a\ufffe\uffff\U0001fffe", either},
	{"unassigned", "\u0378\U000e0fff", either},
	{"between the lines", "a\ufff9b\ufffac\ufffb", either},
	{"300 selectors", "a" + strings.Repeat("\ufe0f", 300), either},
	{"selectors that hide", "x\U000e0100\U000e0101\U000e01ef", either},
	{"a ligature as wide as a line", strings.Repeat("\ufdfd", 50), either},
	{"Turkish", "I\u0307\u0131\u0130", either},
	{"another site in letters that look so", "http://xn--80ak6aa92e.com http://\u0430\u0440\u0440\u04cf\u0435.com", either},
	{"5000 butterflies", strings.Repeat("🦋", 5000), either},
	{"nesting", strings.Repeat(">", 5000) + strings.Repeat("[", 2000) + strings.Repeat("](", 1000), either},
	{"hash after hash", strings.Repeat("#a", 4000), either},
	{"links without end", strings.Repeat("http://", 1400), either},
	{"too long by far", strings.Repeat("a", 150<<10), either},
	{"overlong", "\xc0\xaf\xe0\x80\xaf", either},
	{"half a pair", "\xed\xa0\x80\xed\xb0\x80", either},
	{"cut", "abc\xe2\x82", either},
	{"no UTF-8", "\xff\xfea\x80", either},
}

// hidden says what of an answer nobody may see or is no text.
func hidden(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are no UTF-8"
	}
	for _, r := range text {
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0xe0000 && r <= 0xe01ef || r >= 0xfff9 && r <= 0xfffb {
			return fmt.Sprintf("%U", r)
		}
	}
	return ""
}

// texts sends each as a post, a reply, a warning, and the words of a picture, by form and
// by API.
func texts(ctx context.Context, s *server) error {
	thread, a, err := s.publish(ctx, newPost, map[string]string{"body": "a thread for texts"})
	if err != nil || a.status != http.StatusCreated {
		return fmt.Errorf("control: a post is answered %d: %w", a.status, err)
	}
	var all []error
	slowest, sent := time.Duration(0), 0
	note := func(a answer, err error, what string, taken int, want string) {
		sent++
		slowest = max(slowest, a.took)
		ok := a.status == taken || a.status == http.StatusUnprocessableEntity || a.status == http.StatusBadRequest || a.status == http.StatusRequestEntityTooLarge
		switch want {
		case stays:
			ok = a.status == taken
		case empty:
			ok = a.status == http.StatusUnprocessableEntity
		}
		if err != nil || !ok || a.took > time.Second {
			all = append(all, fmt.Errorf("%s: answered %d in %s, %w", what, a.status, a.took, err))
		}
	}
	for _, text := range hostileTexts {
		for _, field := range []string{"body", "warning", "reply"} {
			path, draft := newPost, map[string]string{"body": text.text}
			switch field {
			case "warning":
				draft = map[string]string{"body": "behind a warning", "warning": text.text}
			case "reply":
				path = "/api/v1/posts/" + thread.ID + "/replies"
			}
			want := text.want
			if field == "warning" && want == empty {
				want = either // a warning may be left out
			}
			p, a, err := s.publish(ctx, path, draft)
			note(a, err, text.name+", "+field+" by API", http.StatusCreated, want)
			got := p.Body + p.Warning
			if h := hidden(got); h != "" {
				all = append(all, fmt.Errorf("%s, %s: %s comes back", text.name, field, h))
			}
			if want == stays && !strings.Contains(got, text.text) {
				all = append(all, fmt.Errorf("%s, %s: %+q became %+q", text.name, field, text.text, got))
			}
			form := url.Values{}
			for name, value := range draft {
				form.Set(name, value)
			}
			a, err = s.ask(ctx, http.MethodPost, strings.NewReplacer("/api/v1/boards", "/b", "/api/v1/posts", "/p").Replace(path), "application/x-www-form-urlencoded", []byte(form.Encode()))
			note(a, err, text.name+", "+field+" by form", http.StatusSeeOther, want)
		}
		kind, body, err := upload(drawn(), "body", "with a picture", "alt", text.text)
		if err != nil {
			return err
		}
		a, err := s.ask(ctx, http.MethodPost, newPost, kind, body)
		note(a, err, text.name+", of a picture", http.StatusCreated, either)
	}
	for _, path := range []string{"/", "/p/" + thread.ID, "/api/v1/boards/home/posts?limit=200"} {
		a, err := s.ask(ctx, http.MethodGet, path, "", nil)
		if err != nil || a.status != http.StatusOK || !utf8.Valid(a.body) || strings.HasPrefix(path, "/api") && !json.Valid(a.body) {
			all = append(all, fmt.Errorf("afterwards %s is answered %d: %w", path, a.status, err))
		}
	}
	say("%d texts in %d fields, the slowest answered in %s: %d wrong", len(hostileTexts), sent, slowest.Round(time.Millisecond), len(all))
	return errors.Join(all...)
}

//go:embed searches.txt
var searchLines string

// searches asks for each line, on the page and by API: found, nothing found, or refused,
// and soon.
func searches(ctx context.Context, s *server) error {
	const most = 200 * time.Millisecond
	for i := range 300 {
		if _, a, err := s.publish(ctx, newPost, map[string]string{"body": fmt.Sprintf("a%d b c d lantern number %d of the secret #tag%d", i, i, i%7)}); err != nil || a.status != http.StatusCreated {
			return fmt.Errorf("control: a post is answered %d: %w", a.status, err)
		}
	}
	var all []error
	slowest, asked := time.Duration(0), 0
	for line := range strings.Lines(searchLines) {
		line = strings.TrimSuffix(line, "\n")
		for _, path := range []string{"/search?q=", newPost + "?q="} {
			asked++
			a, err := s.ask(ctx, http.MethodGet, path+url.QueryEscape(line), "", nil)
			slowest = max(slowest, a.took)
			said := bytes.ToLower(a.body)
			if err != nil || a.status >= 500 || a.took > most || bytes.Contains(said, []byte("fts4")) || bytes.Contains(said, []byte("sqlite error")) || bytes.Contains(said, []byte("syntax error")) {
				all = append(all, fmt.Errorf("%q: answered %d in %s, %w", line, a.status, a.took, err))
			}
		}
	}
	a, err := s.ask(ctx, http.MethodGet, "/search?q=lantern", "", nil)
	if err != nil || a.status != http.StatusOK || !bytes.Contains(a.body, []byte("lantern number")) || a.took > most {
		all = append(all, fmt.Errorf("control: an ordinary search is answered %d in %s: %w", a.status, a.took, err))
	}
	say("%d searches, the slowest answered in %s; an ordinary one after them in %s: %d wrong", asked, slowest.Round(time.Millisecond), a.took.Round(time.Millisecond), len(all))
	return errors.Join(all...)
}
