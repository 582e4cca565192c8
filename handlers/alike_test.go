package handlers_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const pasted = "Join our channel for free coins, only today, everybody who signs up gets two hundred of them"

func TestLookAlikesTakeOneLineWithACount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, _ := s.publish(pasted)
	page, program := s.listen("/live?board=home"), s.listen("/live?board=home&format=json")
	s.next(page)
	s.next(program)
	var last string
	for i := range 14 {
		last, _ = s.publish(fmt.Sprintf("%s %d", strings.ToUpper(pasted), i))
	}
	frame := s.next(page)
	if !strings.Contains(frame, `data-event="changed"`) || !strings.Contains(frame, first) || !strings.Contains(frame, "/p/"+first+"/alike") {
		t.Errorf("a page is told %s", frame)
	}
	var heard struct {
		Type, ID string
		Alike    int
	}
	for heard.Alike < 14 { // a burst of changes is told as few
		if err := json.Unmarshal([]byte(s.next(program)), &heard); err != nil || heard.Type != "changed" || heard.ID != first {
			t.Fatalf("%v: a program is told %+v", err, heard)
		}
	}
	other, _ := s.publish("quite another thing, which has nothing in common with what is pasted there")
	for _, path := range []string{"/", "/?sort=hot", "/?sort=top", "/?sort=fading", "/live/state?board=home&n=50"} {
		a := s.get(path)
		if !strings.Contains(a.body, "and 14 like it") || !strings.Contains(a.body, "p-"+first) || !strings.Contains(a.body, "p-"+other) || strings.Contains(a.body, "p-"+last) {
			t.Errorf("%s does not show one for all", path)
		}
	}
	if a := s.get("/p/" + last); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "JOIN OUR CHANNEL") {
		t.Errorf("the page of one that is folded: %s", a.Status)
	}
	if a := s.get("/p/" + first + "/alike"); !strings.Contains(a.body, "15 posts that say nearly the same") || strings.Count(a.body, "<article") != 15 {
		t.Errorf("/alike: %s, %d articles", a.Status, strings.Count(a.body, "<article"))
	}
	_, out := s.call(http.MethodGet, "/api/v1/posts/"+last+"/alike", nil)
	if posts := out["posts"].([]any); len(posts) != 15 || posts[0].(map[string]any)["id"] != first {
		t.Errorf("the API lists %d", len(posts))
	}
	_, out = s.call(http.MethodGet, "/api/v1/boards/home/posts", nil)
	if posts := out["posts"].([]any); len(posts) != 2 || posts[1].(map[string]any)["alike"] != 14.0 {
		t.Errorf("the API's feed = %v", posts)
	}
	s.set("lookalikes", "off")
	if a := s.get("/"); strings.Count(a.body, "<article") != 16 {
		t.Errorf("switched off: %d articles", strings.Count(a.body, "<article"))
	}
}

func TestWhoWritesALookAlikeIsShownItsOwnPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish(pasted)
	a := s.form("/b/home/posts", "body", pasted+" 2")
	if to := a.Header.Get("Location"); !strings.HasPrefix(to, "/p/") {
		t.Errorf("without a script: to %q", to)
	}
	a = s.do(http.MethodPost, "/b/home/posts", encode([]string{"body", pasted + " 3"}), "Content-Type", formType, "HX-Request", "true")
	if to := a.Header.Get("Mayfly-Goto"); !strings.HasPrefix(to, "/p/") {
		t.Errorf("with one: to %q", to)
	}
}

func TestWhenTheHeadEndsTheNextStandsForAll(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, _ := s.publish(pasted)
	second, _ := s.publish(pasted + " 2")
	s.publish(pasted + " 3")
	s.form("/p/" + first + "/delete")
	if a := s.get("/"); !strings.Contains(a.body, "p-"+second) || !strings.Contains(a.body, "and 1 like it") || strings.Count(a.body, "<article") != 1 {
		t.Error("the next does not stand for all")
	}
}

// TestWhenOneThatIsFoldedEndsOpenPagesCountOneLess whatever ended it: its author here, and
// its time, which the sweeper tells of.
func TestWhenOneThatIsFoldedEndsOpenPagesCountOneLess(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	head, _ := s.publish(pasted)
	second, _ := s.publish(pasted + " 2")
	s.publish(pasted + " 5")
	for _, tail := range []string{" 3", " 4"} {
		s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]string{"body": pasted + tail, "ttl": "2h"})
	}
	page, program := s.listen("/live?board=home"), s.listen("/live?board=home&format=json")
	s.next(page)
	s.next(program)
	for _, tt := range []struct {
		name  string
		ends  func()
		died  int
		says  string
		alike int
	}{
		{"its author", func() { s.form("/p/" + second + "/delete") }, 1, "and 3 like it", 3},
		{"time, of two at once", func() { s.clock.turn(3 * time.Hour); s.sweep() }, 2, "and 1 like it", 1},
	} {
		tt.ends()
		for range tt.died {
			s.next(page)
			s.next(program)
		}
		frame := s.next(page)
		if !strings.Contains(frame, `data-event="changed"`) || !strings.Contains(frame, head) || !strings.Contains(frame, tt.says) {
			t.Errorf("%s: a page is told %s", tt.name, frame)
		}
		heard := struct {
			Type, ID string
			Alike    int
		}{Alike: -1}
		if err := json.Unmarshal([]byte(s.next(program)), &heard); err != nil || heard.Type != "changed" || heard.ID != head || heard.Alike != tt.alike {
			t.Errorf("%s: %v: a program is told %+v", tt.name, err, heard)
		}
	}
}

func TestOpenPagesAreLedToWhatWasFoldedUnderWhatEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var ids []string
	for i := range 4 {
		id, _ := s.publish(fmt.Sprintf("%s %d", pasted, i))
		ids = append(ids, id)
	}
	alone, _ := s.publish("quite another thing, which has nothing in common with what is pasted there")
	page, program := s.listen("/live?board=home"), s.listen("/live?board=home&format=json")
	s.next(page)
	s.next(program)
	for i, want := range []struct{ says, leads, next string }{
		{"3 like it are still here", "/p/" + ids[1] + "/alike", ids[1]},
		{"2 like it are still here", "/p/" + ids[2] + "/alike", ids[2]},
		{"One like it is still here", `"/p/` + ids[3] + `"`, ids[3]},
		{"", "", ""},
	} {
		s.form("/p/" + ids[i] + "/delete")
		frame := s.next(page)
		if !strings.Contains(frame, want.says) || !strings.Contains(frame, want.leads) || strings.Contains(frame, "<article") || want.says == "" && strings.Contains(frame, "still here") {
			t.Errorf("a page is told %s", frame)
		}
		var heard struct{ Type, ID, Next string }
		if err := json.Unmarshal([]byte(s.next(program)), &heard); err != nil || heard.ID != ids[i] || heard.Next != want.next {
			t.Errorf("%v: a program is told %+v", err, heard)
		}
	}
	s.form("/p/" + alone + "/delete")
	if frame := s.next(page); strings.Contains(frame, "still here") {
		t.Errorf("what stood by itself: %s", frame)
	}
}

func TestTagPlaceAndSearchPagesFoldAsTheFeedDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("place_list", "Old Harbour")
	plain, _ := s.publish(pasted)
	var tagged []string
	for i := range 6 {
		tagged = append(tagged, s.write(map[string]any{"body": fmt.Sprintf("%s #coins %d", pasted, i), "place": "Old Harbour"}))
	}
	other := s.write(map[string]any{"body": "quite another thing about #coins, which has nothing in common", "place": "Old Harbour"})
	for _, path := range []string{"/?tag=coins", "/?tag=coins&sort=hot", "/?tag=coins&sort=fading", "/places/old-harbour", "/search?q=%23coins", "/live/state?board=home&tag=coins&n=50"} {
		a := s.get(path)
		if strings.Count(a.body, "<article") != 2 || !strings.Contains(a.body, "p-"+other) || !strings.Contains(a.body, "p-"+tagged[0]) || !strings.Contains(a.body, "and 6 like it") {
			t.Errorf("%s: %s, %d articles, want the first that belongs there for all, and the other", path, a.Status, strings.Count(a.body, "<article"))
		}
	}
	if a := s.get("/search?q=channel"); strings.Count(a.body, "<article") != 1 || !strings.Contains(a.body, "p-"+plain) {
		t.Error("where the first of all belongs, it stands for all")
	}
	_, out := s.call(http.MethodGet, "/api/v1/boards/home/posts?tag=coins&limit=1", nil)
	if list := out["posts"].([]any); len(list) != 1 || list[0].(map[string]any)["id"] != other {
		t.Errorf("a program's first page: %v", list)
	}
	_, out = s.call(http.MethodGet, "/api/v1/boards/home/posts?tag=coins&limit=1&cursor="+out["cursor"].(string), nil)
	if list := out["posts"].([]any); len(list) != 1 || list[0].(map[string]any)["id"] != tagged[0] || list[0].(map[string]any)["alike"] != 6.0 {
		t.Errorf("its second page: %v", list)
	}
	s.set("lookalikes", "off")
	if a := s.get("/?tag=coins"); strings.Count(a.body, "<article") != 7 {
		t.Errorf("switched off: %d articles", strings.Count(a.body, "<article"))
	}
}

func TestPagesOfAFeedHoldNothingTwiceAndLeaveNothingOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	want := map[string]bool{}
	for i := range 30 {
		id, _ := s.publish(fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i)})))
		want[id] = true
		for j := range 5 {
			s.publish(fmt.Sprintf("%s %d %d", pasted, i, j))
		}
	}
	cursor, seen := "", map[string]bool{}
	for range 20 {
		_, out := s.call(http.MethodGet, "/api/v1/boards/home/posts?limit=7&cursor="+cursor, nil)
		for _, p := range out["posts"].([]any) {
			id := p.(map[string]any)["id"].(string)
			if seen[id] {
				t.Error("a post is on two pages")
			}
			seen[id] = true
		}
		if cursor = out["cursor"].(string); cursor == "" {
			break
		}
	}
	for id := range want {
		if !seen[id] {
			t.Error("a post is on no page")
		}
	}
	if len(seen) != len(want)+1 {
		t.Errorf("%d posts, want %d and one for all copies", len(seen), len(want))
	}
}
