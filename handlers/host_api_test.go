package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"
)

func TestAProgramReadsWhatDoctorFinds(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.owned()
	key := s.key("label", "watch", "scope", "system", "lasts", "7d")
	s.client = newBrowser()
	bearer := []string{"Authorization", "Bearer " + key, "X-Forwarded-For", "203.0.113.77"}
	a, out := s.call(http.MethodGet, "/api/v1/admin/system", nil, bearer...)
	list := out["findings"].([]any)
	if a.StatusCode != http.StatusOK || len(list) != 3 {
		t.Fatalf("%s, %d findings", a.Status, len(list))
	}
	worst := list[0].(map[string]any)
	if worst["level"] != "warning" || worst["code"] != "swap_on" || worst["says"] == "" || worst["do"] == "" {
		t.Errorf("the worst is %v", worst)
	}
	if strings.Contains(a.body, "203.0.113") {
		t.Error("the caller's address is in it")
	}
	for path, who := range map[string][]string{"/api/v1/admin/log": bearer, "/api/v1/admin/boards": bearer, "/api/v1/admin/system": nil} {
		if a, _ := s.call(http.MethodGet, path, nil, who...); a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

func TestAProgramAddsTriesAndRemovesFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	key, other := s.key("label", "words", "scope", "settings", "lasts", "7d"), s.key("label", "log", "scope", "log", "lasts", "7d")
	admin := s.client
	s.client = newBrowser()
	bearer := []string{"Authorization", "Bearer " + key}
	const path = "/api/v1/admin/filters"
	a, out := s.call(http.MethodPost, path, map[string]any{"text": "casino*", "action": "hold"}, bearer...)
	list, _ := out["filters"].([]any)
	if a.StatusCode != http.StatusCreated || len(list) != 1 {
		t.Fatalf("added: %s %v", a.Status, out)
	}
	f := list[0].(map[string]any)
	if f["text"] != "casino*" || f["action"] != "hold" || f["board"] != "" || f["pattern"] != false {
		t.Errorf("listed: %v", f)
	}
	if a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": "the casinos are open all night long"}); out["post"].(map[string]any)["state"] != "held" {
		t.Errorf("it is not in force: %s %v", a.Status, out)
	}
	s.publish("a market of flowers by the water")
	a, out = s.call(http.MethodPost, path+"/try", map[string]any{"text": "flow[a-z]+", "pattern": true, "sample": "rivers FLOWING by"}, bearer...)
	if words, _ := out["words"].([]any); a.StatusCode != http.StatusOK || len(words) != 1 || out["hits"] != 1.0 || out["whole"] != true {
		t.Errorf("tried: %s %v", a.Status, out)
	}
	for name, tt := range map[string]struct {
		in    map[string]any
		field string
	}{
		"what does not compile": {map[string]any{"text": "(", "pattern": true, "action": "hold"}, "text"},
		"no action there is":    {map[string]any{"text": "spam", "action": "shout"}, "action"},
		"no board there is":     {map[string]any{"text": "spam", "action": "hold", "board": "none"}, "board"},
		"the same again":        {map[string]any{"text": "casino*", "action": "hold"}, "text"},
	} {
		fields := []string{}
		for name, value := range tt.in {
			fields = append(fields, name, fmt.Sprint(value))
		}
		page := html.UnescapeString(s.formAs(admin, "/admin/words", fields...).body)
		a, out := s.call(http.MethodPost, path, tt.in, bearer...)
		said, _ := out["fields"].(map[string]any)[tt.field].(string)
		if a.StatusCode != http.StatusUnprocessableEntity || said == "" || !strings.Contains(page, said) {
			t.Errorf("%s: %s %v; the page does not say that", name, a.Status, out)
		}
	}
	if a, _ := s.call(http.MethodPost, path+"/try", map[string]any{"text": "(", "pattern": true, "sample": "x"}, bearer...); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("tried what does not compile: %s", a.Status)
	}
	if a, _ := s.call(http.MethodGet, path, nil, "Authorization", "Bearer "+other); a.StatusCode != http.StatusForbidden {
		t.Errorf("with a key for something else: %s", a.Status)
	}
	number := fmt.Sprint(f["number"])
	for _, want := range []int{http.StatusNoContent, http.StatusUnprocessableEntity} {
		if a, _ := s.call(http.MethodDelete, path+"/"+number, nil, bearer...); a.StatusCode != want {
			t.Errorf("removed: %s, want %d", a.Status, want)
		}
	}
	if _, out := s.call(http.MethodGet, path, nil, bearer...); len(out["filters"].([]any)) != 0 {
		t.Errorf("still there: %v", out)
	}
	if _, out := s.call(http.MethodGet, "/api/v1/admin/log", nil, "Authorization", "Bearer "+other); !strings.Contains(fmt.Sprint(out), "hold casino*") {
		t.Errorf("the log: %v", out)
	}
}

func TestAProgramAddsChangesAndEndsABoard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	owner := s.client
	key := s.key("label", "calendar", "scope", "boards", "lasts", "7d")
	s.client = newBrowser()
	bearer := []string{"Authorization", "Bearer " + key}
	a, out := s.call(http.MethodPost, "/api/v1/admin/boards", map[string]any{"slug": "night-shift", "title": " Night  shift ", "closes": "in 3d"}, bearer...)
	made, _ := out["board"].(map[string]any)
	if a.StatusCode != http.StatusCreated || made["title"] != "Night shift" || made["closes_in"].(float64) < 259200 || s.get("/b/night-shift").StatusCode != http.StatusOK {
		t.Fatalf("added: %s %v", a.Status, out)
	}
	for name, in := range map[string]map[string]any{
		"taken": {"slug": "night-shift", "title": "Another"}, "title": {"slug": "day"}, "slug": {"slug": "Not Good", "title": "x"}, "closes": {"slug": "day", "title": "x", "closes": "soon"},
	} {
		if a, _ := s.call(http.MethodPost, "/api/v1/admin/boards", in, bearer...); a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusConflict {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
	a, out = s.call(http.MethodPatch, "/api/v1/admin/boards/night-shift", map[string]any{"rules": "Be quiet.", "mark": made["mark"]}, bearer...)
	changed, _ := out["board"].(map[string]any)
	if a.StatusCode != http.StatusOK || changed["rules"] != "Be quiet." || changed["title"] != "Night shift" || changed["closes_in"] == nil {
		t.Errorf("changed: %s %v", a.Status, out)
	}
	if a, _ = s.call(http.MethodPatch, "/api/v1/admin/boards/night-shift", map[string]any{"rules": "No, this.", "mark": made["mark"]}, bearer...); a.StatusCode != http.StatusConflict {
		t.Errorf("overtaken: %s", a.Status)
	}
	if a, out = s.call(http.MethodPatch, "/api/v1/admin/boards/night-shift", map[string]any{"closes": "never"}, bearer...); a.StatusCode != http.StatusOK || out["board"].(map[string]any)["closes_in"] != nil {
		t.Errorf("it never closes: %s %v", a.Status, out)
	}
	if a, _ = s.call(http.MethodPatch, "/api/v1/admin/boards/night-shift", map[string]any{"slug": "day"}, bearer...); a.StatusCode != http.StatusBadRequest {
		t.Errorf("another slug: %s", a.Status)
	}
	if a, _ = s.call(http.MethodPatch, "/api/v1/admin/boards/nowhere", map[string]any{"title": "x"}, bearer...); a.StatusCode != http.StatusNotFound {
		t.Errorf("a board that is not: %s", a.Status)
	}
	if _, out = s.call(http.MethodGet, "/api/v1/admin/boards", nil, bearer...); len(out["boards"].([]any)) != 2 {
		t.Errorf("listed: %v", out)
	}
	s.client = owner
	if a, _ = s.call(http.MethodDelete, "/api/v1/admin/boards/night-shift", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("ended by a session, without the passphrase: %s", a.Status)
	}
	s.client = newBrowser()
	if a, _ = s.call(http.MethodDelete, "/api/v1/admin/boards/home", nil, bearer...); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("home: %s", a.Status)
	}
	if a, _ = s.call(http.MethodDelete, "/api/v1/admin/boards/night-shift", nil, bearer...); a.StatusCode != http.StatusNoContent || s.get("/b/night-shift").StatusCode == http.StatusOK {
		t.Errorf("ended: %s", a.Status)
	}
	s.client = owner
	for _, says := range []string{"night-shift"} {
		if !strings.Contains(s.get("/admin/log").body, says) {
			t.Error("the log does not tell of it")
		}
	}
}

func TestAProgramAsksAsTheHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	bearer := []string{"Authorization", "Bearer " + s.key("label", "questions", "scope", "boards", "lasts", "7d")}
	s.client = newBrowser()
	a, out := s.call(http.MethodPost, "/api/v1/admin/prompts", map[string]any{"board": "home", "body": "What did you cook?", "ttl": "3d", "sponsored": true}, bearer...)
	list, _ := out["prompts"].([]any)
	if a.StatusCode != http.StatusCreated || len(list) != 1 {
		t.Fatalf("asked: %s %v", a.Status, out)
	}
	p := list[0].(map[string]any)
	if p["body"] != "What did you cook?" || p["ttl"] != 259200.0 || p["sponsored"] != true || p["post"] == "" || !strings.Contains(s.get("/").body, "What did you cook?") {
		t.Errorf("it stands as %v", p)
	}
	for name, in := range map[string]map[string]any{"no words": {"board": "home", "body": " "}, "no time": {"board": "home", "body": "x", "ttl": "soon"}} {
		if a, _ := s.call(http.MethodPost, "/api/v1/admin/prompts", in, bearer...); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
	for number, want := range map[string]int{"1": http.StatusNoContent, "99": http.StatusNotFound, "x": http.StatusNotFound} {
		if a, _ := s.call(http.MethodDelete, "/api/v1/admin/prompts/"+number, nil, bearer...); a.StatusCode != want {
			t.Errorf("end %s: %s", number, a.Status)
		}
	}
	if _, out = s.call(http.MethodGet, "/api/v1/admin/prompts", nil, bearer...); len(out["prompts"].([]any)) != 0 {
		t.Errorf("what stands: %v", out)
	}
}
