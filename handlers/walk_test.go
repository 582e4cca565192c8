package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mayfly/board"
)

// traces are what two threads of one visitor left behind, and what must be nowhere.
type traces struct {
	posts, replies []string // ids
	canaries       []string
	number         string // of a question
}

// isWalked says whether a route is for admins: a page, or a call of the API.
func isWalked(path string) bool {
	return strings.HasPrefix(path, "/admin") || strings.HasPrefix(path, "/api/v1/admin")
}

// fills gives for each parameter of a route all that it may be. A route with another
// parameter fails the walk: somebody has to say what it is.
func (t traces) fills(path string) ([]string, bool) {
	values := map[string][]string{"{id}": slices.Concat(t.posts, t.replies), "{board}": {"home", "cellar"}, "{number}": {t.number}, "{circle}": {board.PostID{}.String()}}
	all := []string{path}
	for _, param := range regexp.MustCompile(`\{[^}]+\}`).FindAllString(path, -1) {
		var filled []string
		for _, p := range all {
			for _, v := range values[param] {
				filled = append(filled, strings.ReplaceAll(p, param, v))
			}
		}
		all = filled
	}
	return all, len(all) > 0
}

// sent are the bodies that calls and forms which change something are walked with, each
// with its answer's body looked at and, of a form, the page that it leads to. "OWN" is
// each post and reply; a route that is not here fails the walk.
var sent = map[string][]string{
	"POST /admin/setup":              {"token=AAAA&name=eve&passphrase=nothing+at+all"},
	"POST /admin/login":              {"name=ada&passphrase=not+it+at+all"},
	"POST /admin/logout":             nil, // last, by hand
	"POST /admin/admins/invite":      {"passphrase=wrong+one+here"},
	"POST /admin/admins/remove":      {"name=nobody&passphrase=wrong+one+here"},
	"POST /admin/account/passphrase": {"old=wrong+one+here&new=" + "another+long+one"},
	"POST /admin/account/codes":      {"passphrase=wrong+one+here"},
	"POST /admin/settings":           {"of=&was.post=0&post=6/3", "of=home&was.post=0&post=6/3", "of=&was.post=0&post=x"},
	"POST /admin/keys":               {"label=walk&scope=log&lasts=7d", "label=walk"},
	"POST /admin/keys/revoke":        {"key=none"},
	"POST /admin/log/rollback":       {"entry=1", "entry=999"},
	"POST /admin/queue/{id}":         {"do=lock", "do=unlock", "do=hide&reason=spam", "do=keep", "do=answer&body=looked+at", "do=nothing"},
	"POST /admin/system/alert":       {""},
	"POST /admin/raid/mode":          {"board=home&for=30m", "board=home&for=off"},
	"POST /admin/raid/undo":          {"board=home&within=10m", "post=OWN&do=alike", "post=OWN&do=from", "post=OWN&do=ban"},
	"POST /admin/words":              {"text=spam&action=hold", "text=&action=hold"},
	"POST /admin/words/try":          {"text=xyzzy&action=hold&sample=xyzzy"},
	"POST /admin/words/remove":       {"number=1"},
	"POST /admin/words/heed":         {"doxx=ask&nudge=&care_card=&was.doxx=ask&was.nudge=&was.care_card="},
	"POST /admin/circles/end":        {"circle=none&reason=spam"},
	"POST /admin/circles/report":     {"post=none&do=keep"},
	"POST /admin/chats/report":       {"chat=none&do=keep"},
	"POST /admin/boards":             {"slug=attic&title=Attic", "slug=attic&title="},
	"POST /admin/boards/{board}":     {"title=Home&mark=old"},
	"POST /admin/boards/{board}/end": {"passphrase=wrong+one+here"},
	"POST /admin/prompts":            {"board=home&body=How+are+you", "board=home&body="},
	"POST /admin/prompts/{number}/end": {
		"",
	},
	"POST /admin/prompts/daily":  {"daily_question=on&was.daily_question=on&question_set=started&was.question_set=started"},
	"POST /admin/start/board":    {"site_name=River&access=open&host_language=en&set=none&contact=us@river.example", "site_name="},
	"POST /admin/start/life":     {"life=own&ttl_min=x", "life=day&rules_of=none&snapshots=no"},
	"POST /admin/start/careless": {""},
	"POST /admin/notices/{number}": {
		"do=none&answer=looked+at",
	},
	"POST /admin/seal":                             {"post=OWN&reason=an+order&lock=a+long+enough+lock&passphrase=wrong+one+here", "post=&reason="},
	"POST /admin/system/certificate":               {""},
	"POST /admin/boards/{board}/door":              {"access=open", "access=passphrase&passphrase="},
	"POST /admin/boards/{board}/door/out":          {""},
	"POST /admin/boards/{board}/door/enter":        {""},
	"POST /admin/boards/{board}/door/codes":        {"uses=3&life=1d", "uses=x&life=1d"},
	"POST /admin/boards/{board}/door/codes/revoke": {"number=1", "number=99"},
	"POST /admin/places":                           {"place_list=Library&places=on&was.place_list=&was.places=on"},
	"POST /admin/backdrops":                        {"backdrops=all&was.backdrops=all"},
	"POST /admin/texts":                            {"about_text=&contact=&was.about_text=&was.contact="},

	"PATCH /api/v1/admin/settings":                             {`{"post":"0"}`, `{"post":"x"}`},
	"POST /api/v1/admin/queue/{id}":                            {`{"do":"lock"}`, `{"do":"unlock"}`, `{"do":"hide"}`, `{"do":"keep"}`, `{"do":"nothing"}`},
	"PUT /api/v1/admin/raid":                                   {`{"for":"30m"}`, `{"for":"off"}`},
	"POST /api/v1/admin/undo":                                  {`{"board":"home","within":"10m"}`, `{"alike":"OWN"}`, `{"from":"OWN"}`},
	"POST /api/v1/admin/bans":                                  {`{"from":"OWN"}`},
	"POST /api/v1/admin/boards":                                {`{"slug":"loft","title":"Loft"}`},
	"PATCH /api/v1/admin/boards/{board}":                       {`{"rules":"Be kind."}`},
	"DELETE /api/v1/admin/boards/{board}":                      {""},
	"POST /api/v1/admin/notices/{number}":                      {`{"do":"answered","answer":"looked at"}`, `{"do":"gone"}`},
	"PATCH /api/v1/admin/boards/{board}/door":                  {`{"access":"unlisted"}`, `{"access":"passphrase","passphrase":"short"}`},
	"POST /api/v1/admin/boards/{board}/door/out":               {""},
	"POST /api/v1/admin/boards/{board}/invitations":            {`{"uses":3,"life":"1d"}`, `{"uses":0,"life":"x"}`},
	"DELETE /api/v1/admin/boards/{board}/invitations/{number}": {""},
	"DELETE /api/v1/admin/circles/{circle}":                    {""},
	"POST /api/v1/admin/prompts":                               {`{"board":"home","body":"And now?"}`},
	"DELETE /api/v1/admin/prompts/{number}":                    {""},
	"POST /api/v1/admin/filters":                               {`{"text":"casino*","action":"hold"}`, `{"text":"(","pattern":true,"action":"hold"}`},
	"POST /api/v1/admin/filters/try":                           {`{"text":"e","sample":"some words"}`},
	"DELETE /api/v1/admin/filters/{number}":                    {""},
}

// TestNoAdminPageTiesAnybodyToAnything walks every page, form and call of admins, with
// each parameter filled in: none answers with an address, a browser, a cookie, an
// author's key or a position; and nothing is the same in what is told of two posts of one
// person but what is the same of everybody's (F2, R21 to R32, R36, R43, R44, R60 to R69).
func TestNoAdminPageTiesAnybodyToAnything(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	s.addBoard(board.Info{Slug: "cellar", Title: "Cellar"})
	s.ask(board.Question{Board: board.Home, Kind: board.Asking, Body: "What is new?"})
	had := s.tracesOfOne()
	s.signsIn(newBrowser(), "ada", "not it at all", "", "X-Forwarded-For", "203.0.113.77", "User-Agent", "CanaryBrowser/1.0")
	had.canaries = append(had.canaries, ownersWords, "$argon2id$", s.hashOf("ada"))
	look := func(what, body string) {
		t.Helper()
		body = strings.ReplaceAll(body, s.url, "")
		body = strings.ReplaceAll(body, "45.4642/9.19", "")                                    // of no visitor: how a place of the host's is written
		if strings.Contains(body, "198.51.100") && !strings.Contains(what, " /admin/system") { // which tells its reader, and nobody else
			t.Errorf("%s holds the address of who asks", what)
		}
		for _, canary := range had.canaries {
			if canary != "" && strings.Contains(body, canary) {
				t.Errorf("%s holds %q", what, canary)
			}
		}
		if found := regexp.MustCompile(`\b\d{1,2}\.\d{4,}/|"(lat|lon|latitude|longitude|coords?)"`).FindString(body); found != "" {
			t.Errorf("%s holds a position: %q", what, found)
		}
	}
	bodies := map[string]string{} // of what is about one post, by path
	walk := func(method string) (seen int) {
		for _, pattern := range s.patterns {
			m, path, _ := strings.Cut(pattern, " ")
			if m != method && (method == http.MethodGet || m == http.MethodGet) || !isWalked(path) {
				continue
			}
			paths, known := had.fills(path)
			sends, written := sent[pattern]
			if !known || m != http.MethodGet && !written {
				t.Errorf("%s: the walk does not know how to fill it", pattern)
				continue
			}
			if m == http.MethodGet {
				sends = []string{""}
			}
			for _, p := range paths {
				for _, body := range had.bodies(sends) {
					seen++
					a := s.do(m, p, body, "Content-Type", mediaOf(p), "X-Forwarded-For", "198.51.100.9")
					look(fmt.Sprintf("%s %s %s", m, p, body), a.body+a.Header.Get("Location"))
					if m == http.MethodGet && a.StatusCode == http.StatusOK {
						bodies[p] = a.body
					}
					if to := a.Header.Get("Location"); m != http.MethodGet && strings.HasPrefix(to, "/admin/") {
						look("where "+pattern+" leads", s.get(to, "X-Forwarded-For", "198.51.100.9").body)
					}
				}
			}
		}
		return seen
	}
	if n := walk(http.MethodGet); n < 25 {
		t.Errorf("only %d pages and calls were walked", n)
	}
	for _, where := range []string{"/api/v1/admin/queue/"} {
		had.nothingInCommon(t, bodies[where+had.posts[0]], bodies[where+had.posts[1]])
		had.nothingInCommon(t, bodies[where+had.replies[0]], bodies[where+had.replies[1]])
	}
	if n := walk(http.MethodPost); n < 60 {
		t.Errorf("only %d forms and calls were walked", n)
	}
	if a := s.get("/admin/log"); a.StatusCode != http.StatusOK {
		t.Errorf("control: the walk has lost its session: %s", a.Status)
	}
	for _, path := range []string{"/admin/log", "/api/v1/admin/log", "/log", "/api/v1/log", "/about"} { // what is told of all that
		look(path, s.get(path, "X-Forwarded-For", "198.51.100.9").body)
	}
}

// mediaOf is what a path takes.
func mediaOf(path string) string {
	if strings.HasPrefix(path, "/api/") {
		return "application/json"
	}
	return formType
}

// bodies has each post and reply stand where one is asked for.
func (t traces) bodies(sends []string) []string {
	var all []string
	for _, body := range sends {
		if !strings.Contains(body, "OWN") {
			all = append(all, body)
			continue
		}
		for _, id := range slices.Concat(t.posts, t.replies) {
			all = append(all, strings.ReplaceAll(body, "OWN", id))
		}
	}
	return all
}

// tracesOfOne has one visitor write in threads of their own and others', from one address
// with one browser, be reported, and be looked at.
func (s *site) tracesOfOne() traces {
	s.t.Helper()
	from := []string{"X-Forwarded-For", "203.0.113.77", "User-Agent", "CanaryBrowser/1.0"}
	one, other := *s, *s
	one.client, other.client = newBrowser(), newBrowser()
	t := traces{number: "1", canaries: []string{"203.0.113", "CanaryBrowser", "127.0.0.1"}}
	write := func(path, body string) string {
		a, out := one.call(http.MethodPost, path, map[string]string{"body": body}, from...)
		if a.StatusCode != http.StatusCreated {
			s.t.Fatal(a.Status, a.body)
		}
		t.canaries = append(t.canaries, out["owner_key"].(string))
		return out["post"].(map[string]any)["id"].(string)
	}
	for _, body := range []string{"xyzzy-first", "plugh-second"} {
		t.posts = append(t.posts, write("/api/v1/boards/home/posts", body))
		theirs, _ := other.publish("a thread in which one replies: " + body)
		t.replies = append(t.replies, write("/api/v1/posts/"+theirs+"/replies", "in reply: "+body))
	}
	for _, id := range slices.Concat(t.posts, t.replies) {
		s.report(id, "spam", "198.51.100.3")
	}
	request := httptest.NewRequest(http.MethodGet, s.url, nil)
	for _, c := range one.client.Jar.Cookies(request.URL) {
		t.canaries = append(t.canaries, c.Value)
	}
	return t
}

// nothingInCommon wants what a program is told of two posts of one person to share no
// value but those that any two posts share.
func (t traces) nothingInCommon(test *testing.T, first, second string) {
	test.Helper()
	if first == "" || second == "" {
		test.Fatal("control: nothing is told of one's own")
	}
	long := regexp.MustCompile(`[A-Za-z0-9_-]{12,}`)
	common := map[string]bool{}
	for _, word := range long.FindAllString(first, -1) {
		common[word] = true
	}
	for _, word := range long.FindAllString(second, -1) {
		if common[word] && word != "names-someone" && word != "readers_left" {
			test.Errorf("both of one person's hold %q", word)
		}
	}
}
