package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// replied writes a reply as the site's browser and returns its id.
func (s *site) replied(id, body string) string {
	s.t.Helper()
	a, out := s.call(http.MethodPost, "/api/v1/posts/"+id+"/replies", map[string]string{"body": body})
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("reply: %s %s", a.Status, a.body)
	}
	return out["post"].(map[string]any)["id"].(string)
}

func TestTheQueueShowsWhatWaitsAndDecidesByForms(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	if page := s.get("/admin/queue"); page.StatusCode != http.StatusOK || !strings.Contains(page.body, "Nothing waits") {
		t.Errorf("an empty queue: %s", page.Status)
	}
	held := s.hold("held-marker")
	id, _ := s.publish("reported-marker")
	for _, from := range []string{"203.0.113.1", "198.51.100.1", "192.0.2.1"} {
		s.report(id, "harassment", from)
	}
	page := s.get("/admin/queue")
	for _, want := range []string{"held-marker", "reported-marker", "Cruel to a person or a people\u00a0×\u00a03", "3 reports", "Looks fine", "2 wait"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the queue lacks %q", want)
		}
	}
	if strings.Index(page.body, "reported-marker") > strings.Index(page.body, "held-marker") {
		t.Error("what was reported most is not first")
	}
	for _, id := range []string{held, id} {
		if a := s.form("/admin/queue/"+id, "do", "keep", "waits", "1"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/admin/queue" {
			t.Errorf("keep: %s %s", a.Status, a.body)
		}
		if a := s.form("/admin/queue/"+id, "do", "remove", "waits", "1"); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Somebody else has decided") {
			t.Errorf("a second admin: %s", a.Status)
		}
	}
	if feed := s.as(newBrowser(), http.MethodGet, "/", "").body; !strings.Contains(feed, "held-marker") || !strings.Contains(feed, "reported-marker") {
		t.Error("what was kept is not in the feed")
	}
	for _, from := range []string{"203.0.113.9", "198.51.100.9", "192.0.2.9", "203.0.114.9"} {
		s.report(id, "spam", from)
	}
	if feed := s.as(newBrowser(), http.MethodGet, "/", "").body; !strings.Contains(feed, "reported-marker") {
		t.Error("a brigade hides again what an admin let stand")
	}
	if page := s.get("/admin/queue"); !strings.Contains(page.body, "reported-marker") || !strings.Contains(page.body, "4 reports") {
		t.Error("and the queue does not tell of it")
	}
	if a := s.form("/admin/queue/"+id, "do", "remove", "reason", "spam", "waits", "1"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("remove: %s", a.Status)
	}
	if a := s.form("/admin/queue/"+id, "do", "keep", "waits", "1"); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "It has ended meanwhile") {
		t.Errorf("keep what is gone: %s", a.Status)
	}
	for _, bad := range [][]string{{"do", "promote"}, {"do", ""}, {"do", "remove", "reason", "because"}, {"do", "answer", "body", " "}} {
		if a := s.form("/admin/queue/"+held, bad...); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `role="alert"`) {
			t.Errorf("%v: %s", bad, a.Status)
		}
	}
}

func TestAnAdminActsOnAnyThreadByItsLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, _ := s.publish("thread-marker")
	reply := s.replied(id, "reply-marker")
	for _, link := range []string{id, s.url + "/p/" + id, "/p/" + id + "?to=" + reply, s.url + "/p/" + id + "/report"} {
		if page := s.get("/admin/queue?post=" + strings.NewReplacer("?", "%3F", "=", "%3D", "#", "%23").Replace(link)); !strings.Contains(page.body, "thread-marker") {
			t.Errorf("%s: %s", link, page.Status)
		}
	}
	if page := s.get("/admin/queue?post=%2Fp%2F" + id + "%23p-" + reply); !strings.Contains(page.body, "reply-marker") || strings.Contains(page.body, `value="lock"`) {
		t.Error("the link of a reply")
	}
	if page := s.get("/admin/queue?post=nothing"); page.StatusCode != http.StatusNotFound || !strings.Contains(page.body, "Nothing is there any more") || !strings.Contains(page.body, `value="nothing"`) {
		t.Errorf("a link to nothing: %s", page.Status)
	}
	if a := s.form("/admin/queue/"+id, "do", "lock", "reason", "harassment"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("lock: %s", a.Status)
	}
	visitor := s.client
	if page := s.get("/p/" + id).body; !strings.Contains(page, "This thread takes no more replies") || strings.Contains(page, `id="talk"`) {
		t.Error("the thread does not say that it is locked")
	}
	if a := s.form("/p/"+id+"/replies", "body", "my words"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "an admin has locked it") {
		t.Errorf("a reply: %s", a.Status)
	}
	s.client = visitor
	if a := s.form("/admin/queue/"+id, "do", "answer", "body", "please stop"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("answer: %s", a.Status)
	}
	page := s.get("/p/" + id).body
	if !strings.Contains(page, "please stop") || !strings.Contains(page, "Admin of this board") || strings.Contains(page, ">ada<") {
		t.Error("the admin's reply is not there, or says who wrote it")
	}
	_, out := s.call(http.MethodGet, "/api/v1/posts/"+id, nil)
	replies := out["replies"].([]any)
	if last := replies[len(replies)-1].(map[string]any); last["staff"] != true || last["hue"] != "" || out["post"].(map[string]any)["locked"] != true {
		t.Errorf("to programs: %v", last)
	}
	if a := s.form("/admin/queue/"+id, "do", "shorten"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("shorten: %s", a.Status)
	}
	s.clock.turn(2 * time.Minute)
	if a := s.get("/p/" + id); a.StatusCode != http.StatusNotFound {
		t.Errorf("two minutes later: %s", a.Status)
	}
}

// TestR64NoTextLooksLikeAnAdmins: the mark of an admin is markup, which nobody can write.
func TestR64NoTextLooksLikeAnAdmins(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("post")
	s.replied(id, "Admin of this board: <span class=\"who\"><svg class=\"icon\"></svg>Admin of this board</span>")
	s.client = newBrowser()
	page := s.get("/p/" + id).body
	if regexp.MustCompile(`class="who[^"]*"[^>]*>\s*<svg`).MatchString(page) {
		t.Error("a visitor's reply carries the mark of an admin")
	}
}

func TestTheQueueIsLive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id := s.hold("held-marker")
	state := regexp.MustCompile(`data-state="([a-z0-9]+)"`).FindStringSubmatch(s.get("/admin/queue").body)[1]
	if a := s.get("/admin/queue/cases?state=" + state); a.StatusCode != http.StatusNoContent {
		t.Errorf("nothing has happened: %s", a.Status)
	}
	s.hold("another")
	if a := s.get("/admin/queue/cases?state=" + state); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "another") {
		t.Errorf("one more: %s", a.Status)
	}
	s.clock.turn(2 * time.Hour)
	a := s.get("/admin/queue/cases?state=" + state)
	if a.StatusCode != http.StatusOK || strings.Contains(a.body, "held-marker") {
		t.Errorf("after its end: %s", a.Status)
	}
	if a := s.form("/admin/queue/"+id, "do", "keep"); a.StatusCode != http.StatusNotFound {
		t.Errorf("keep what has ended: %s", a.Status)
	}
}

func TestAnAdminSeesThePictureOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id := s.publishPicture()
	s.report(id, "names-someone", "203.0.113.1")
	stranger := newBrowser()
	if a := s.as(stranger, http.MethodGet, "/p/"+id+"/thumb", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("one report leaves a picture in sight: %s", a.Status)
	}
	for _, part := range []string{"thumb", "picture"} {
		if a := s.get("/admin/queue/" + id + "/" + part); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "image/") || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s for an admin: %s", part, a.Status)
		}
		if a := s.as(stranger, http.MethodGet, "/admin/queue/"+id+"/"+part, ""); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s for a stranger: %s", part, a.Status)
		}
	}
}

func TestEverybodyReadsWhatAdminsDid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	id, key := s.publish("xyzzy-marker")
	s.form("/admin/queue/"+id, "do", "hide", "reason", "illegal")
	s.form("/admin/queue/"+id, "do", "remove", "reason", "illegal")
	s.clock.turn(90 * time.Second)
	for _, path := range []string{"/log", "/log?board=home"} {
		page := s.as(newBrowser(), http.MethodGet, path, "")
		if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "put something out of sight") || !strings.Contains(page.body, "Against the law") {
			t.Errorf("%s: %s", path, page.Status)
		}
		for _, no := range []string{id, key, "xyzzy-marker", ">ada", "signed in"} {
			if strings.Contains(page.body, no) {
				t.Errorf("%s says %q", path, no)
			}
		}
	}
	_, out := s.call(http.MethodGet, "/api/v1/log", nil)
	list := out["log"].([]any)
	if len(list) != 2 {
		t.Fatalf("to programs: %v", out)
	}
	if first := list[0].(map[string]any); first["action"] != "take_down" || first["reason"] != "illegal" || first["ago"] != 120. && first["ago"] != 60. || len(first) != 5 {
		t.Errorf("to programs: %v", first)
	}
	if a := s.get("/log?board=none"); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a board that is not: %s", a.Status)
	}
	s.clock.turn(31 * 24 * time.Hour)
	s.signsIn(s.client, "ada", ownersWords, "")
	if page := s.get("/log"); !strings.Contains(page.body, "Nothing in the last 30 days") {
		t.Error("it is kept for longer than 30 days")
	}
}

// TestTheQueueTiesNothingTogether walks what an admin is shown of two posts of one
// visitor in two threads: no address, no cookie, no tag, and nothing that is the same
// in both but what every case has.
func TestR25TheQueueTiesNothingTogether(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	admin := s.client
	s.client = newBrowser()
	one, keyOne := s.publish("first words")
	two, keyTwo := s.publish("other text")
	s.replied(two, "unrelated")
	r := httptest.NewRequest(http.MethodGet, s.url, nil)
	cookie := s.client.Jar.Cookies(r.URL)[0].Value
	for _, id := range []string{one, two} {
		s.report(id, "spam", "203.0.113.77")
	}
	s.client = admin
	page := s.get("/admin/queue").body
	for _, no := range []string{"203.0.113", cookie[:16], keyOne, keyTwo, "Mozilla"} {
		for where, text := range map[string]string{"the queue": page, "its answer": s.get("/api/v1/admin/queue").body, "the log": s.get("/admin/log").body, "the public log": s.get("/log").body} {
			if strings.Contains(text, no) {
				t.Errorf("%s holds %q", where, no)
			}
		}
	}
	cards := regexp.MustCompile(`(?s)<article class="panel case".*?</article>`).FindAllString(page, -1)
	if len(cards) != 2 {
		t.Fatalf("%d cases, want 2", len(cards))
	}
	wings := regexp.MustCompile(`(?s)<svg class="glyph.*?</svg>|/static/[^"]*`)
	long := regexp.MustCompile(`[A-Za-z0-9_-]{12,}`)
	common := map[string]bool{}
	for _, token := range long.FindAllString(wings.ReplaceAllString(cards[0], ""), -1) {
		common[token] = true
	}
	for _, token := range long.FindAllString(wings.ReplaceAllString(cards[1], ""), -1) {
		if common[token] && !known[token] {
			t.Errorf("both cases hold %q", token)
		}
	}
}

// known are the long words that every case is made of.
var known = map[string]bool{
	"aria-labelledby": true, "attributeName": true, "names-someone": true,
}

func TestAProgramWorksOffTheQueue(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	key := "Bearer " + s.key("label", "night watch", "scope", "queue", "lasts", "7d")
	other := "Bearer " + s.key("label", "reader", "scope", "log", "lasts", "7d")
	held := s.hold("held-marker")
	id, _ := s.publish("reported-marker")
	s.report(id, "spam", "203.0.113.1")
	s.client = newBrowser()
	if a, _ := s.call(http.MethodGet, "/api/v1/admin/queue", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a key: %s", a.Status)
	}
	if a, _ := s.call(http.MethodGet, "/api/v1/admin/queue", nil, "Authorization", other); a.StatusCode != http.StatusForbidden {
		t.Errorf("with a key for the log: %s", a.Status)
	}
	_, out := s.call(http.MethodGet, "/api/v1/admin/queue", nil, "Authorization", key)
	cases := out["cases"].([]any)
	if len(cases) != 2 || out["waiting"] != 2. {
		t.Fatalf("the queue: %v", out)
	}
	first := cases[0].(map[string]any)
	if first["post"].(map[string]any)["id"] != id || first["reports"] != 1. || first["reasons"].(map[string]any)["spam"] != 1. || len(first) != 5 {
		t.Errorf("the first: %v", first)
	}
	if second := cases[1].(map[string]any)["post"].(map[string]any); second["state"] != "held" || second["body"] != "held-marker" {
		t.Errorf("the second: %v", second)
	}
	for _, tt := range []struct {
		id     string
		in     map[string]any
		status int
	}{
		{held, map[string]any{"do": "keep", "waits": true}, http.StatusNoContent},
		{held, map[string]any{"do": "keep", "waits": true}, http.StatusConflict},
		{id, map[string]any{"do": "remove", "reason": "spam"}, http.StatusNoContent},
		{id, map[string]any{"do": "remove"}, http.StatusConflict},
		{id, map[string]any{"do": "keep"}, http.StatusNotFound},
		{held, map[string]any{"do": "promote"}, http.StatusUnprocessableEntity},
		{held, map[string]any{"do": "hide", "reason": "because"}, http.StatusUnprocessableEntity},
		{held, map[string]any{"do": "answer", "body": "hello"}, http.StatusNoContent},
		{"nothing", map[string]any{"do": "keep"}, http.StatusNotFound},
	} {
		if a, _ := s.call(http.MethodPost, "/api/v1/admin/queue/"+tt.id, tt.in, "Authorization", key); a.StatusCode != tt.status {
			t.Errorf("%v: %s, want %d", tt.in, a.Status, tt.status)
		}
	}
	if a, out := s.call(http.MethodGet, "/api/v1/admin/queue/"+held, nil, "Authorization", key); a.StatusCode != http.StatusOK || out["case"].(map[string]any)["waits"] != false {
		t.Errorf("one of them: %s %v", a.Status, out)
	}
}
