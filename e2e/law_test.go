//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
)

// claim sends a notice by law about a post, and gives the page of its number.
func (s *site) claim(post string) string {
	s.t.Helper()
	sent := map[string]any{
		"where": s.url + "/p/" + post, "kind": "personal-data", "why": "My street and my name are in it. " + strings.Repeat("I did not agree to that. ", 8),
		"name": "Ida Marsh", "mail": "ida@river.example", "good_faith": true,
	}
	status, body := s.do(http.MethodPost, "/api/v1/notices", string(must(json.Marshal(sent))), "Content-Type", "application/json")
	var out struct{ Number string }
	if err := json.Unmarshal([]byte(body), &out); status != http.StatusCreated || err != nil {
		s.t.Fatalf("a notice: %d %s", status, body)
	}
	return "/notice/" + out.Number
}

func TestANoticeIsSentWithoutScriptAndDecidedByATap(t *testing.T) {
	s := newSite(t, "age_notice=16")
	post := s.publish("Ida lives at Mill Lane 4", "1h")
	p := s.person("Ida")
	p.withoutScript()
	p.open("/p/" + post.ID)
	p.shows("16 and over")
	p.follow(".age button")
	p.open("/notice?where=/p/" + post.ID)
	p.types("#why", "My address is in it.")
	p.types("#name", "Ida Marsh")
	p.types("#mail", "ida@river.example")
	p.click(`input[value="personal-data"]`)
	p.click(`input[name="good_faith"]`)
	p.follow(`form[action="/notice"] button.btn:not(.small)`)
	p.shows("Nobody has decided yet")
	receipt := see[string](p, `location.pathname`)
	host := s.person("the host")
	s.owner(host)
	host.open("/admin/notices")
	host.shows("My address is in it.")
	host.follow(`button[value="removed"]`)
	p.open(receipt)
	p.shows("It was removed.")
}

// TestShotsOfTheLaw takes no test: see TestShots.
func TestShotsOfTheLaw(t *testing.T) {
	folder := os.Getenv("MAYFLY_SHOTS")
	if folder == "" {
		t.Skip("MAYFLY_SHOTS names no folder")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, "age_notice=16")
	post := s.publish("Ida lives at Mill Lane 4", "1h")
	receipt := s.claim(post.ID)
	p := s.person("the photographer")
	shots := photographer{p, folder}
	for name, path := range map[string]string{"age": "/", "notice": "/notice", "receipt": receipt, "privacy": "/privacy", "contact": "/contact", "terms": "/terms"} {
		p.open(path)
		shots.take(name)
	}
	s.owner(p)
	for _, name := range []string{"notices", "seal"} {
		p.open("/admin/" + name)
		shots.take("admin-" + name)
	}
}
