package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

var counterAt = regexp.MustCompile(` data-at="[0-9]+"`)

// TestReadersWithACookieFindTheirMarksOnASharedFeed: it is the page that is drawn for them
// alone, byte by byte.
func TestReadersWithACookieFindTheirMarksOnASharedFeed(t *testing.T) {
	s := newSite(t)
	s.ask(board.Question{Body: "What now?"})
	author := newBrowser()
	s.client = author
	first, _ := s.publish("one <b>of</b> mine </article> & more")
	s.client = newBrowser()
	ids := []string{first}
	for range 20 {
		id, _ := s.publish("something else " + board.NewPostID().String())
		ids = append(ids, id)
	}
	once := s.publishOnce("a secret", 5)
	others := s.client
	voter, opener, newcomer := newBrowser(), newBrowser(), newBrowser()
	s.formAs(voter, "/p/"+ids[3]+"/vote", "vote", "heart")
	s.formAs(voter, "/p/"+first+"/vote", "vote", "down")
	s.formAs(newcomer, "/p/"+ids[0]+"/vote", "vote", "heart")
	s.formAs(newcomer, "/p/"+ids[0]+"/vote", "vote", "none")
	s.as(opener, http.MethodPost, "/api/v1/posts/"+once+"/open", "")
	look := func(who string, c *http.Client, path string) {
		t.Helper()
		packing := *c
		packing.Transport = http.DefaultTransport // which asks for gzip
		for range 2 {
			alone := s.as(c, http.MethodGet, path, "", "Accept-Encoding", "identity")
			shared := s.as(&packing, http.MethodGet, path, "")
			if !shared.Uncompressed {
				t.Fatalf("%s: it was not compressed", who)
			}
			// a burst of votes is told later than it is shown, and moves the counter alone
			alone.body, shared.body = counterAt.ReplaceAllString(alone.body, ""), counterAt.ReplaceAllString(shared.body, "")
			if alone.body != shared.body {
				t.Errorf("%s: the page at %s is another: %s", who, path, difference(alone.body, shared.body))
			}
		}
	}
	everybody := map[string]*http.Client{"an author": author, "a voter": voter, "an opener": opener, "the author of nearly all": others, "a newcomer": newcomer}
	for who, c := range everybody {
		for _, path := range []string{"/", "/?sort=hot", "/?sort=fading", "/?sort=top", "/?refresh=30", "/b/home"} {
			look(who, c, path)
		}
	}
	s.formAs(author, "/p/"+ids[5]+"/vote", "vote", "heart") // a page that is shared already
	look("an author who votes now", author, "/?sort=top")
	if !strings.Contains(s.as(author, http.MethodGet, "/?sort=top", "").body, `aria-pressed="true"`) {
		t.Error("control: no vote is shown")
	}
	s.formAs(author, "/p/"+ids[5]+"/vote", "vote", "none")
	look("one who takes it back", author, "/?sort=top")
	s.clock.turn(s.tuner.Settings("").VisitorTTL + time.Hour)
	s.client = newBrowser()
	s.publish("for the feed")
	for who, c := range everybody {
		look(who+" whose cookie is old", c, "/")
	}
}

// TestArticlesAreDrawnAnewWhenTheyChange: after whatever happens to one post of a page, the
// page that is put together is the one that is drawn for a reader alone, byte by byte.
func TestArticlesAreDrawnAnewWhenTheyChange(t *testing.T) {
	s := newSite(t)
	reader := newBrowser()
	ids := make([]string, 5)
	for i := range ids {
		s.client = newBrowser()
		ids[i], _ = s.publish("something " + board.NewPostID().String())
	}
	s.formAs(reader, "/p/"+ids[0]+"/vote", "vote", "heart") // who has a cookie from here on
	packing := *reader
	packing.Transport = http.DefaultTransport // which asks for gzip
	before := ""
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"nothing", func() {}},
		{"a birth", func() { s.publish("something " + board.NewPostID().String()) }},
		{"a heart", func() { s.formAs(newBrowser(), "/p/"+ids[1]+"/vote", "vote", "heart") }},
		{"downs", func() {
			for range 3 {
				s.formAs(newBrowser(), "/p/"+ids[2]+"/vote", "vote", "down")
			}
		}},
		{"a reply", func() { s.formAs(newBrowser(), "/p/"+ids[3]+"/replies", "body", "so it is") }},
		{"a second", func() { s.clock.turn(board.SharedTime) }},
		{"an hour", func() { s.clock.turn(time.Hour) }},
		{"a setting", func() { s.set("life_per_heart", "30m") }},
		{"an ending", func() { s.formAs(s.client, "/p/"+ids[4]+"/delete") }},
	} {
		step.do()
		alone := s.as(reader, http.MethodGet, "/", "", "Accept-Encoding", "identity").body
		shared := s.as(&packing, http.MethodGet, "/", "").body
		alone, shared = counterAt.ReplaceAllString(alone, ""), counterAt.ReplaceAllString(shared, "")
		if alone != shared {
			t.Errorf("after %s the page is another: %s", step.what, difference(alone, shared))
		}
		if shared == before {
			t.Errorf("control: %s changes nothing", step.what)
		}
		before = shared
	}
}

// TestNoMarksAreOnAnothersPage: what one reader did is on no page but theirs.
func TestNoMarksAreOnAnothersPage(t *testing.T) {
	s := newSite(t)
	id, _ := s.publish("mine")
	other := newBrowser()
	s.formAs(other, "/p/"+id+"/vote", "vote", "heart")
	s.formAs(other, "/p/"+id+"/vote", "vote", "none")
	for range 2 {
		if mine := s.get("/").body; !strings.Contains(mine, `formaction="/p/`+id+`/delete"`) {
			t.Fatal("control: its author can not remove it")
		}
		for who, page := range map[string]string{"a visitor": s.as(other, http.MethodGet, "/", "").body, "nobody": s.nobody("/").body} {
			if strings.Contains(page, `formaction="/p/`+id+`/delete"`) || strings.Contains(page, `aria-pressed="true"`) {
				t.Errorf("%s is shown what its author is", who)
			}
		}
	}
}
