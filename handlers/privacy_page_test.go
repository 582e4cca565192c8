package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"mayfly/argon"
	"mayfly/board"
	"mayfly/handlers"
	"mayfly/words"
)

func TestEachTableHasItsLineOnThePrivacyPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	tables := must(s.store.Tables(t.Context()))
	if len(tables) < 19 || !slices.Contains(tables, "posts") {
		t.Fatalf("tables: %v", tables)
	}
	for _, lang := range words.Languages {
		page := s.get("/privacy", "Accept-Language", lang).body
		for _, name := range tables {
			for _, part := range []string{"", "_what", "_time"} {
				if !words.In(lang).Has("privacy.kept." + name + part) {
					t.Errorf("%s: nothing says of table %s: privacy.kept.%s%s", lang, name, name, part)
				}
			}
		}
		if n := strings.Count(page, "<dt>"); n < len(tables) || !strings.Contains(page, "host@river.example") {
			t.Errorf("%s: the page has %d facts, or no contact", lang, n)
		}
	}
}

func TestThePrivacyPageFollowsStartAndSettings(t *testing.T) {
	t.Parallel()
	plain := newSite(t)
	page := plain.get("/privacy").body
	for _, want := range []string{"unencrypted (HTTP)", "None that this server believes", "7 days at most", "Whoever rents the machine"} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	plain.set("visitor_ttl", "2h")
	if page = plain.get("/privacy").body; !strings.Contains(page, "It lasts 2 hours at most") {
		t.Error("visitor_ttl is not followed")
	}
	s := newSite(t, withTrusted("127.0.0.0/8"), withOnion, withAlerts("ntfy", "mail"))
	page = s.get("/privacy", "X-Forwarded-Proto", "https").body
	for _, want := range []string{"encrypted (TLS)", "A proxy stands before", "This board has one", "By way of: ntfy, mail."} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	o := s.openOnion()
	if a := o.send(o.browser(), http.MethodGet, "/privacy", ""); !strings.Contains(a.body, "no address of yours reaches this server") {
		t.Error("by the onion it is not said")
	}
	s.set("alerts", "off")
	if page = s.get("/privacy").body; strings.Contains(page, "By way of") {
		t.Error("alerts are off, and told")
	}
}

func TestTheCopiedAdminsPassphraseIsAHash(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	door := board.NewDoor(s.store, argon.New(), s.clock.Now, s.clock.Now) // as it is outside of these tests
	must(door.Enter(t.Context(), must(door.Begin(t.Context())), board.Newcomer{Name: "ada", Passphrase: ownersWords}))
	if held := string(s.files()); strings.Contains(held, ownersWords) || !strings.Contains(held, "$argon2id$") {
		t.Error("a passphrase lies in a file, or no hash of it")
	}
}

func TestEveryPageLeadsToWhatTheLawAsksFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("words")
	for _, path := range []string{"/", "/p/" + id, "/you", "/about", "/search", "/boards", "/log", "/write", "/nowhere", "/p/" + id + "/report", "/contact", "/terms", "/privacy", "/notice"} {
		body := s.get(path).body
		for _, href := range []string{"/contact", "/terms", "/privacy", "/notice"} {
			if !strings.Contains(body, `href="`+href+`"`) {
				t.Errorf("%s does not lead to %s", path, href)
			}
		}
	}
}

func TestTermsAreTheHostsOrFollowFromTheSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.set("ttl_max", "2d")
	s.set("age_notice", "16")
	if page := s.get("/terms").body; !strings.Contains(page, "from 1 minute to 2 days") || !strings.Contains(page, "16 and over") || !strings.Contains(page, "3 reports hide a post") {
		t.Error("they do not follow from the settings")
	}
	s.takes("/admin/texts", "was.terms", "", "terms", "Be kind.\r\n<i>Always</i>", "was.contact", "host@river.example", "contact", "host@river.example")
	page := s.get("/terms").body
	if !strings.Contains(page, "Be kind.") || !strings.Contains(page, "&lt;i&gt;Always") || strings.Contains(page, "3 reports hide") {
		t.Error("the host’s own are not shown, or not alone")
	}
	if page := s.get("/contact").body; !strings.Contains(page, `href="mailto:host@river.example"`) {
		t.Error("the contact is no link")
	}
	s.set("board", "closed")
	for _, path := range []string{"/contact", "/terms", "/privacy", "/notice"} {
		if a := s.as(newBrowser(), http.MethodGet, path, ""); a.StatusCode != http.StatusOK || a.Header.Get("Set-Cookie") != "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s of a board that is closed for now: %s", path, a.Status)
		}
	}
}

func TestTheAgeLineIsPutAwayByACookieThatNamesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const line = "meant for people of 18 and over"
	if strings.Contains(s.get("/").body, "meant for people") {
		t.Fatal("it is there though nobody asked for it")
	}
	s.set("age_notice", "18")
	id, _ := s.publish("words")
	seen := map[string]bool{}
	for range 2 {
		who := newBrowser()
		if page := s.as(who, http.MethodGet, "/p/"+id, ""); !strings.Contains(page.body, line) || page.Header.Get("Set-Cookie") != "" {
			t.Error("a stranger does not see it, or gets a cookie by reading")
		}
		a := s.formAs(who, "/look", "age", "18", "back", "/p/"+id)
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/p/"+id {
			t.Errorf("put away: %s to %q", a.Status, a.Header.Get("Location"))
		}
		seen[a.Header.Get("Set-Cookie")] = true
		if page := s.as(who, http.MethodGet, "/", ""); strings.Contains(page.body, line) {
			t.Error("it comes back")
		}
		s.formAs(who, "/look", "theme", "dark", "back", "/")
		if page := s.as(who, http.MethodGet, "/", ""); strings.Contains(page.body, line) || !strings.Contains(page.body, `data-theme="dark"`) {
			t.Error("a theme brings it back, or is lost")
		}
	}
	if len(seen) != 1 {
		t.Errorf("two visitors have two cookies: %v", seen)
	}
	s.set("age_notice", "13")
	if page := s.get("/"); !strings.Contains(page.body, "13 and over") {
		t.Error("another age is not said")
	}
}

func withAlerts(kinds ...string) option {
	return func(p *handlers.Parts) { p.Alerts = kinds }
}
