package handlers_test

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// aClaim is a notice by law that can be taken; fields (pairs) take the place of its own.
func aClaim(fields ...string) url.Values {
	v := url.Values{
		"where": {"the third line of the terms"}, "kind": {"illegal"}, "why": {"xyzzy-why it is wrong"},
		"name": {"Xyzzyname Marker"}, "mail": {"xyzzy-mail@example.org"}, "good_faith": {"on"},
	}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	return v
}

func (s *site) claims(who *http.Client, v url.Values) answer {
	s.t.Helper()
	return s.as(who, http.MethodPost, "/notice", v.Encode(), "Content-Type", formType)
}

var claimNumber = regexp.MustCompile(`^/notice/((?:[A-Z2-7]{4}-){5}[A-Z2-7]{4})\?new=1$`)

// claimed sends one and gives its number.
func (s *site) claimed(fields ...string) string {
	s.t.Helper()
	a := s.claims(newBrowser(), aClaim(fields...))
	m := claimNumber.FindStringSubmatch(a.Header.Get("Location"))
	if a.StatusCode != http.StatusSeeOther || m == nil || a.Header.Get("Set-Cookie") != "" {
		s.t.Fatalf("%s to %q, cookie %q", a.Status, a.Header.Get("Location"), a.Header.Get("Set-Cookie"))
	}
	return m[1]
}

func TestANoticeIsTakenWithoutCookieAndDecidedUnderItsNumber(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("a post that names somebody")
	form := s.as(newBrowser(), http.MethodGet, "/notice?where=/p/"+id, "")
	if form.StatusCode != http.StatusOK || !strings.Contains(form.body, s.url+"/p/"+id) || form.Header.Get("Set-Cookie") != "" {
		t.Errorf("the form: %s", form.Status)
	}
	number := s.claimed("where", s.url+"/p/"+id, "kind", "personal-data")
	stranger := func() answer { return s.as(newBrowser(), http.MethodGet, "/notice/"+number, "") }
	if a := stranger(); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Nobody has decided yet") || !strings.Contains(a.body, number) ||
		strings.Contains(a.body, "xyzzy") || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("the receipt: %s", a.Status)
	}
	s.owned()
	page := s.get("/admin/notices").body
	for _, want := range []string{"xyzzy-why", "Xyzzyname Marker", "mailto:xyzzy-mail@example.org", "/admin/queue?post=" + id, `class="count">1<`} {
		if !strings.Contains(page, want) {
			t.Errorf("the admins’ page lacks %s", want)
		}
	}
	if strings.Contains(page, number) {
		t.Error("admins see the number")
	}
	if a := s.form("/admin/notices/1", "do", "removed", "reason", "names-someone", "answer", "Gone <b>now</b>, sorry."); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("decide: %s %s", a.Status, a.body)
	}
	if a := s.get("/p/" + id); a.StatusCode != http.StatusNotFound {
		t.Errorf("the post: %s", a.Status)
	}
	if a := stranger(); !strings.Contains(a.body, "It was removed.") || !strings.Contains(a.body, "Gone &lt;b&gt;now") {
		t.Error("the decision is not told")
	}
	if a := s.form("/admin/notices/1", "do", "kept", "reason", ""); a.StatusCode != http.StatusConflict {
		t.Errorf("a second decision: %s", a.Status)
	}
	if log := s.as(newBrowser(), http.MethodGet, "/log", "").body; !strings.Contains(log, "decided a notice by law: removed") || strings.Contains(log, "xyzzy") || strings.Contains(log, "ada") {
		t.Error("the public log does not count it, or says too much")
	}
	_, out := s.call(http.MethodGet, "/api/v1/notices/"+strings.ToLower(number), nil)
	if out["state"] != "removed" || out["reason"] != "names-someone" || out["kind"] != "personal-data" {
		t.Errorf("the API: %v", out)
	}
}

func TestWhatANoticeSaysLiesReadableNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	number := s.claimed()
	s.form("/admin/notices/1", "do", "answered", "answer", "xyzzy-answer")
	s.sweep()
	for name, held := range map[string][]byte{"a file": s.files(), "the log": s.log.Bytes()} {
		for _, marker := range []string{"xyzzy", "Xyzzyname", "example.org", number, strings.ReplaceAll(number, "-", "")} {
			if bytes.Contains(held, []byte(marker)) {
				t.Errorf("%q lies in %s", marker, name)
			}
		}
	}
}

// TestANoticeIsWipedInItsTime follows the three ways: decided, its post gone, neither.
func TestANoticeIsWipedInItsTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("soon gone")
	decided, gone, waits := s.claimed(), s.claimed("where", s.url+"/p/"+id), s.claimed()
	s.form("/admin/notices/1", "do", "answered")
	s.do(http.MethodDelete, "/api/v1/posts/"+id, "")
	if err := s.board.FollowClaims(t.Context()); err != nil {
		t.Fatal(err)
	}
	there := func(number string) bool {
		return s.as(newBrowser(), http.MethodGet, "/notice/"+number, "").StatusCode == http.StatusOK
	}
	if a := s.get("/notice/" + gone); !strings.Contains(a.body, "has ended meanwhile") {
		t.Error("that its post is gone is not said")
	}
	s.clock.turn(board.ClaimAfter - time.Minute)
	if !there(decided) || !there(gone) || !there(waits) {
		t.Error("one is gone too soon")
	}
	s.clock.turn(2 * time.Minute)
	if there(decided) || there(gone) || !there(waits) {
		t.Errorf("after a week: decided %v, gone %v, waits %v", there(decided), there(gone), there(waits))
	}
	s.clock.turn(board.ClaimTime)
	if there(waits) {
		t.Error("it is there after thirty days")
	}
	s.sweep()
	if list := must(s.board.Claims(t.Context())); len(list) != 0 {
		t.Errorf("%d are listed", len(list))
	}
}

func TestANoticeThatCantBeTakenComesBackWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ended, _ := s.publish("soon gone")
	s.do(http.MethodDelete, "/api/v1/posts/"+ended, "")
	huge := strings.Repeat("é ", 50_000) + "xyzzy-end"
	for _, tt := range []struct{ name, field, value, says string }{
		{"100 KB", "why", huge, "and 5000 is the most"},
		{"no kind", "kind", "", "Choose what it is"},
		{"an unknown kind", "kind", "murder", "Choose what it is"},
		{"nothing where", "where", " ", "Say where it is"},
		{"an ended post", "where", s.url + "/p/" + ended, "it has ended and is gone"},
		{"no reason", "why", "", "Say why."},
		{"no faith", "good_faith", "", "in good faith"},
		{"no name", "name", "", "Say your name"},
		{"no mail", "mail", "", "Give a mail address"},
		{"no mail address", "mail", "xyzzy at home", "Give a mail address"},
		{"controls", "name", "a\x00\xffb", "no plain text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := *s
			s.t = t
			v := aClaim(tt.field, tt.value)
			a := s.claims(newBrowser(), v)
			page := html.UnescapeString(a.body)
			if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, tt.says) || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s, and the page does not say %q", a.Status, tt.says)
			}
			for name, value := range v {
				if name != tt.field && name != "good_faith" && !strings.Contains(page, value[0]) {
					t.Errorf("%s is lost", name)
				}
			}
			if tt.field == "why" && !strings.Contains(page, tt.value) {
				t.Error("the words are lost")
			}
		})
	}
	if n := must(s.board.ClaimsWaiting(t.Context())); n != 0 {
		t.Errorf("%d were taken", n)
	}
}

func TestAbuseOfChildrenIsToldWithoutAName(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	number := s.claimed("kind", "child-abuse", "name", "", "mail", "")
	s.owned()
	if page := s.get("/admin/notices").body; !strings.Contains(page, "Sent without a name") || !strings.Contains(page, "tell the police at once") {
		t.Error("admins are not told what to do")
	}
	if a := s.get("/notice?number=" + url.QueryEscape(strings.ToLower(strings.ReplaceAll(number, "-", " ")))); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/notice/"+number {
		t.Errorf("by its number: %s to %q", a.Status, a.Header.Get("Location"))
	}
	for _, wrong := range []string{"/notice/" + strings.Repeat("A", 24), "/notice/x", "/api/v1/notices/x"} {
		if a := s.get(wrong); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", wrong, a.Status)
		}
	}
	if a := s.get("/notice?number=nope"); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "No notice has this number") {
		t.Errorf("a number that is none: %s", a.Status)
	}
}

func TestNoticesAreMeteredAsReportsAre(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("report", "1/1")
	s.set("pow", "off")
	var last answer
	for range 5 {
		if last = s.claims(newBrowser(), aClaim()); last.StatusCode != http.StatusSeeOther {
			break
		}
	}
	if last.StatusCode != http.StatusTooManyRequests || !strings.Contains(last.body, "xyzzy-why") || last.Header.Get("Retry-After") == "" {
		t.Errorf("past the limit: %s", last.Status)
	}
	s.set("pow", "always")
	if a := s.claims(newBrowser(), aClaim()); a.StatusCode != http.StatusTooManyRequests || !strings.Contains(a.body, `name="why"`) || !strings.Contains(a.body, "xyzzy-why") {
		t.Errorf("the waiting room does not keep it: %s", a.Status)
	}
}

func TestANoticeOutlivesARestartAndLosesItsWordsWithItsKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	number := s.claimed()
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	again := newSiteOn(t, s)
	receipt := must(board.ParseReceipt(number))
	if n := must(again.Claim(t.Context(), receipt.ID(), s.clock.Now())); n.Wordless || n.Why != "xyzzy-why it is wrong" {
		t.Errorf("after a restart: %+v", n)
	}
}

func FuzzClaimForm(f *testing.F) {
	f.Add("https://board.example/p/aaaaaaaaaaaaaaaaaaaaaaaaaa", "illegal", "why", "name", "a@b.example", true)
	f.Add("\x1f", "child-abuse", "\x1f\x00", "", "", true)
	f.Add("\u202e", "other", strings.Repeat("x", 6000), "n", "<a@b>", false)
	f.Fuzz(func(t *testing.T, where, kind, why, name, mail string, faith bool) {
		d, err := board.ClaimDraft{Where: where, Kind: board.ClaimKind(kind), Why: why, Name: name, Mail: mail, GoodFaith: faith}.Check()
		if err != nil {
			return
		}
		for _, text := range []string{d.Where, d.Why, d.Name, d.Mail} {
			if strings.ContainsAny(text, "\x00\x1f\u202e") || len([]rune(text)) > board.ClaimChars {
				t.Errorf("%q was taken", text)
			}
		}
		if d.Kind != board.ClaimChild && (d.Name == "" || d.Mail == "") || d.Where == "" || d.Why == "" || !faith {
			t.Errorf("%+v was taken", d)
		}
	})
}
