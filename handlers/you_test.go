package handlers_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestTheCookiesOfAdminsAreWhatYouSaysOfThem is what /you says in you.admin: who has one
// is told, and nobody else is; of each there is a hash, and it ends as it says.
func TestTheCookiesOfAdminsAreWhatYouSaysOfThem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	a := s.signsIn(newBrowser(), "ada", ownersWords, "")
	lasts := map[string]int{}
	for _, c := range a.Cookies() {
		lasts[c.Name] = c.MaxAge
		if bytes.Contains(s.files(), []byte(c.Value)) {
			t.Errorf("%s is on the server as it is", c.Name)
		}
	}
	if lasts["mf-admin"] != int((12*time.Hour).Seconds()) || lasts["mf-device"] != int((180*24*time.Hour).Seconds()) || len(lasts) != 2 {
		t.Errorf("they last %v", lasts)
	}
	says := func(page string) (session, device bool) {
		return strings.Contains(page, "mf-admin, a random number that keeps you signed in for 12 hours"), strings.Contains(page, "mf-device, a random number that says an admin has signed in here, for 180 days")
	}
	page := s.get("/you").body
	if session, device := says(page); !session || !device || !strings.Contains(page, "You run this board, and cookies") {
		t.Errorf("of the session %v, of the device %v", session, device)
	}
	if session, device := says(s.as(newBrowser(), http.MethodGet, "/you", "").body); session || device {
		t.Error("a reader is told of cookies they don't have")
	}
	s.form("/admin/logout")
	if session, device := says(s.get("/you").body); session || !device {
		t.Errorf("signed out: of the session %v, of the device %v", session, device)
	}
}
