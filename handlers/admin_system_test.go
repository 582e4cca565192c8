package handlers_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"mayfly/alert"
	"mayfly/handlers"
)

// told is a receiver that keeps what it was told, or refuses it.
type told struct {
	list []string
	err  error
}

func (r *told) Send(_ context.Context, sentence string) error {
	r.list = append(r.list, sentence)
	return r.err
}

func withReceiver(r *told) option {
	return func(p *handlers.Parts) {
		say := func(k alert.Kind, _ int) string { return "about " + string(k) }
		p.Bell = alert.New(say, func() bool { return true }, slog.New(slog.DiscardHandler), r)
	}
}

func TestTheSystemsPageSaysWhatIsAndWhatToDo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	a := s.get("/admin/system")
	for _, want := range []string{
		"Swap is on", "MemorySwapMax=0", // a warning, and what to do
		"1 thing is as it should be", "The clock agrees",
		"You come from 127.0.0.1: the address of your connection itself.",
		"Nobody is told when reports", "/static/js/app.",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s: it does not say %q", a.Status, want)
		}
	}
	if strings.Contains(a.body, "/admin/system/alert") {
		t.Error("it offers to tell nobody")
	}
	if !strings.Contains(s.get("/admin/system", "Accept-Language", "it").body, "Lo swap è acceso") {
		t.Error("it speaks no Italian")
	}
	if a := s.as(newBrowser(), http.MethodGet, "/admin/system", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %s", a.Status)
	}
	if strings.Contains(s.log.String(), "127.0.0.1") {
		t.Error("the address is in the log")
	}
}

func TestTheSystemsPageSaysByWhichRuleItsReaderComes(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.1/32"), withOnion)
	s.owned()
	if a := s.get("/admin/system", "X-Forwarded-For", "203.0.113.9"); !strings.Contains(a.body, "You come from 203.0.113.9: so says the proxy") {
		t.Error("a trusted proxy is not named")
	}
	o := s.openOnion()
	o.send(o.browser(), http.MethodGet, "/admin/system", "")
	in := s.signsIn(s.client, "ada", ownersWords, "")
	a := o.send(o.browser(), http.MethodGet, "/admin/system", "", "Cookie", "mf-admin="+session(in))
	if !strings.Contains(a.body, "You come by the onion service") {
		t.Errorf("by the onion: %s", a.Status)
	}
}

func TestAHeaderThatNobodyBelievesIsAFindingAndABanner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	if strings.Contains(s.get("/admin/log").body, "--trusted-proxies") {
		t.Fatal("there is a banner before there was a proxy")
	}
	s.as(newBrowser(), http.MethodGet, "/", "", "X-Forwarded-For", "203.0.113.9")
	for _, path := range []string{"/admin/log", "/admin/system"} {
		if body := s.get(path).body; !strings.Contains(body, "--trusted-proxies") || strings.Contains(body, "203.0.113.9") {
			t.Errorf("%s does not name the flag, or names an address", path)
		}
	}
}

func TestATestAlertIsSent(t *testing.T) {
	t.Parallel()
	r := &told{}
	s := newSite(t, withReceiver(r))
	s.owned()
	if body := s.get("/admin/system").body; !strings.Contains(body, "/admin/system/alert") {
		t.Fatal("there is no button")
	}
	for _, tt := range []struct {
		err        error
		want, then string
	}{
		{nil, "The test was taken.", "Alerts reach"},
		{errors.New("no"), "was not taken everywhere", "The last alert was not taken"},
	} {
		r.err = tt.err
		a := s.form("/admin/system/alert")
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s", a.Status)
		}
		if body := s.get(a.Header.Get("Location")).body; !strings.Contains(body, tt.want) || !strings.Contains(body, tt.then) {
			t.Errorf("after %v: no %q or %q", tt.err, tt.want, tt.then)
		}
	}
	if len(r.list) != 2 || r.list[0] != "about test" {
		t.Errorf("told %q", r.list)
	}
	if a := s.as(newBrowser(), http.MethodPost, "/admin/system/alert", ""); a.StatusCode != http.StatusSeeOther || len(r.list) != 2 {
		t.Errorf("a stranger: %s", a.Status)
	}
}
