package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAChangedSettingReachesEveryOpenPageAndEveryLimit as soon as the form that changed
// it is answered: the page that is open hears of it, and the next request meets it.
func TestAChangedSettingReachesEveryOpenPageAndEveryLimit(t *testing.T) {
	s := newSite(t)
	s.owned()
	thread, _ := s.publish("a thread")
	page := s.listen("/live?board=home")
	s.next(page) // hello
	posts := func(fields ...string) func() int {
		return func() int {
			return s.formAs(newBrowser(), "/b/home/posts", fields...).StatusCode
		}
	}
	for _, tt := range []struct {
		change        string
		path          string   // "": the page of settings
		fields        []string // that change
		hears, misses string   // in what comes to an open page; "none": nothing comes
		asks          func() int
		was, is       int // what asks is answered before and after
	}{
		{"a life", "", []string{"ttl_max", "2d", "ttl_default", "1h"}, `value="1h" checked`, `value="7d"`, posts("body", "lasting", "ttl", "7d"), http.StatusSeeOther, http.StatusUnprocessableEntity},
		{"a length", "", []string{"post_chars", "80"}, `data-max="80"`, "", posts("body", strings.Repeat("word ", 30)), http.StatusSeeOther, http.StatusUnprocessableEntity},
		{"a switch", "", []string{"unlisted", "off"}, "", `name="unlisted"`, posts("body", "by its link", "unlisted", "on"), http.StatusSeeOther, http.StatusUnprocessableEntity},
		{"pictures", "", []string{"pictures", "off"}, "", `name="picture"`, func() int {
			return s.upload("/api/v1/boards/home/posts", photo(64, 48), "body", "look", "alt", "a heron").StatusCode
		}, http.StatusCreated, http.StatusUnprocessableEntity},
		{"a filter", "/admin/words", []string{"text", "raffle*", "action", "block", "board", ""}, "none", "", posts("body", "a raffle"), http.StatusSeeOther, http.StatusUnprocessableEntity},
		{"what gives somebody away", "/admin/words/heed", []string{"doxx", "forbid", "nudge", "Be kind.", "care_card", "", "was.doxx", "ask", "was.nudge", "", "was.care_card", ""}, "Be kind.", "", posts("body", "ring 347 123 4567", "confirm", "on"), http.StatusSeeOther, http.StatusUnprocessableEntity},
		{"places", "/admin/places", []string{"name", "Old Harbour", "position", "", "was.place_list", ""}, "Old Harbour", "", func() int { return s.get("/places/old-harbour").StatusCode }, http.StatusNotFound, http.StatusOK},
		{"a text", "/admin/texts", []string{"about_text", "Ours.", "contact", "host@river.example", "terms", "", "was.about_text", "", "was.contact", "host@river.example", "was.terms", ""}, "", "", func() int {
			if strings.Contains(s.get("/about").body, "Ours.") {
				return http.StatusOK
			}
			return http.StatusNotFound
		}, http.StatusNotFound, http.StatusOK},
		{"a rate", "", []string{"reply", "1/1"}, "", "", func() int {
			for range 2 { // the first of somebody new is counted for their address
				s.form("/p/"+thread+"/replies", "body", "one")
			}
			return s.form("/p/"+thread+"/replies", "body", "another").StatusCode
		}, http.StatusSeeOther, http.StatusTooManyRequests},
		{"a board that is only read", "", []string{"board", "read-only"}, "only to be read", "", posts("body", "words"), http.StatusSeeOther, http.StatusForbidden},
		{"a board that is closed", "", []string{"board", "closed"}, "", "", func() int { return s.as(newBrowser(), http.MethodGet, "/", "").StatusCode }, http.StatusOK, http.StatusServiceUnavailable},
	} {
		if got := tt.asks(); got != tt.was {
			t.Fatalf("%s: before, %d instead of %d", tt.change, got, tt.was)
		}
		began := time.Now()
		var a answer
		if tt.path == "" {
			a = s.sends(settingsForm(s.get("/admin/settings").body), append(tt.fields, "do", "apply")...)
		} else {
			a = s.form(tt.path, tt.fields...)
		}
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s %s", tt.change, a.Status, a.body)
		}
		if got := tt.asks(); got != tt.is {
			t.Errorf("%s: after, %d instead of %d", tt.change, got, tt.is)
		}
		for heard := tt.hears == "none"; !heard; {
			frame := s.next(page)
			heard = strings.Contains(frame, `data-event="settings"`) && strings.Contains(frame, tt.hears) && (tt.misses == "" || !strings.Contains(frame, tt.misses))
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %v", tt.change, took)
		}
	}
}
