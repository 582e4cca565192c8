package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mayfly/board"
)

// found returns the bodies that the API lists for a query such as "q=lemons".
func (s *site) found(query string) []string {
	s.t.Helper()
	a, out := s.call(http.MethodGet, "/api/v1/boards/home/posts?"+query, nil)
	if a.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s %s", query, a.Status, a.body)
	}
	var list []string
	for _, p := range out["posts"].([]any) {
		list = append(list, p.(map[string]any)["body"].(string))
	}
	return list
}

func (s *site) write(draft map[string]any) string {
	s.t.Helper()
	a, out := s.call(http.MethodPost, "/api/v1/boards/home/posts", draft)
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("%v: %s %s", draft, a.Status, a.body)
	}
	return out["post"].(map[string]any)["id"].(string)
}

func TestAFeedIsNarrowedByWordsTagAndPlace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("place_list", "Library 45.46/9.19; Old Harbour")
	s.write(map[string]any{"body": "one #bikes", "place": "Old Harbour"})
	liked := s.write(map[string]any{"body": "two #Bikes", "place": "library"})
	s.write(map[string]any{"body": "three, no tag", "place": "library"})
	s.call(http.MethodPut, "/api/v1/posts/"+liked+"/vote", map[string]any{"vote": "heart"})
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"tag=bikes", []string{"two #Bikes", "one #bikes"}},
		{"tag=%23BIKES&sort=top", []string{"two #Bikes", "one #bikes"}},
		{"q=" + url.QueryEscape("#bikes one"), []string{"one #bikes"}},
		{"q=thr", []string{"three, no tag"}},
		{"place=library", []string{"three, no tag", "two #Bikes"}},
		{"place=Library&sort=hot", []string{"two #Bikes", "three, no tag"}},
		{"place=old-harbour&tag=bikes", []string{"one #bikes"}},
		{"q=nothing+of+it", nil},
	} {
		if got := s.found(tt.query); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.query, got, tt.want)
		}
	}
	for _, path := range []string{"/search?q=%23bikes", "/places/old-harbour", "/?tag=bikes"} {
		if a := s.get(path); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "one ") || strings.Contains(a.body, "three, no tag") {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

// TestPagesOfWhatIsFoundFollowEachOther in every order, with posts born and ended
// in between, and no cursor fits another search.
func TestPagesOfWhatIsFoundFollowEachOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var ids []string
	for range 7 {
		ids = append(ids, s.write(map[string]any{"body": "again " + string(rune('a'+len(ids))) + " #same"}))
	}
	for _, sort := range []string{"new", "hot", "fading", "top"} {
		query := "/api/v1/boards/home/posts?limit=3&tag=same&sort=" + sort
		var seen []string
		for cursor := ""; ; {
			_, out := s.call(http.MethodGet, query+"&cursor="+cursor, nil)
			for _, p := range out["posts"].([]any) {
				seen = append(seen, p.(map[string]any)["id"].(string))
			}
			if cursor = out["cursor"].(string); cursor == "" {
				break
			}
			if a, _ := s.call(http.MethodGet, strings.Replace(query, "tag=same", "tag=other", 1)+"&cursor="+cursor, nil); a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: another search takes the cursor: %s", sort, a.Status)
			}
		}
		slices.Sort(seen)
		if want := slices.Sorted(slices.Values(ids)); !slices.Equal(seen, want) {
			t.Errorf("%s: %d posts in all, want each of 7 once", sort, len(seen))
		}
	}
}

// TestWhatEndedIsFoundNoMore however it ended, and what stands in no list never was.
func TestWhatEndedIsFoundNoMore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("ttl_min", "1s")
	s.write(map[string]any{"body": "marker unlisted", "unlisted": true})
	s.write(map[string]any{"body": "marker sealed", "view_once": true})
	kept := "marker kept"
	s.write(map[string]any{"body": kept})
	byHand, byTime := s.write(map[string]any{"body": "marker by hand"}), s.write(map[string]any{"body": "marker by time", "ttl": "10s"})
	if got := s.found("q=marker"); len(got) != 3 {
		t.Fatalf("found %q", got)
	}
	s.do(http.MethodDelete, "/api/v1/posts/"+byHand, "")
	if got := s.found("q=marker"); !slices.Equal(got, []string{"marker by time", kept}) {
		t.Errorf("after one ended by hand: %q", got)
	}
	s.clock.turn(time.Minute)
	if got := s.found("q=marker"); !slices.Equal(got, []string{kept}) {
		t.Errorf("before the sweep, %s is over: %q", byTime, got)
	}
	s.sweep()
	if page := s.get("/search?q=marker").body; !strings.Contains(page, "1 post alive") || strings.Contains(page, "by time") {
		t.Error("the page counts what has ended")
	}
}

// TestNothingThatIsSearchedIsAFailure tries the corpus on page and API.
func TestNothingThatIsSearchedIsAFailure(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("secret body title rowid a b c")
	corpus, err := os.ReadFile("../search/testdata/queries.txt")
	if err != nil {
		t.Fatal(err)
	}
	for q := range strings.Lines(string(corpus)) {
		q = url.QueryEscape(strings.TrimSuffix(q, "\n"))
		for _, path := range []string{"/search?q=", "/api/v1/boards/home/posts?q=", "/live/state?q="} {
			if a := s.get(path + q); a.StatusCode != http.StatusOK || strings.Contains(strings.ToLower(a.body), "sql logic") {
				t.Errorf("%s%s: %s", path, q, a.Status)
			}
		}
	}
}

func TestAPlaceIsANameAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("place_list", "Library 45.46/9.19; Canteen")
	for _, field := range []string{"lat", "lon", "latitude", "longitude", "position", "coordinates"} {
		if a, _ := s.call(http.MethodPost, "/api/v1/boards/home/posts", map[string]any{"body": "hello", field: 45.46}); a.StatusCode != http.StatusBadRequest {
			t.Errorf("a call with %s: %s", field, a.Status)
		}
	}
	a := s.form("/b/home/posts", "body", "my words", "place", "45.46,9.19")
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Library, Canteen") || !strings.Contains(a.body, "my words") {
		t.Errorf("a position as a place: %s", a.Status)
	}
	id := s.write(map[string]any{"body": "soup again", "place": "canteen"})
	s.set("place_list", "Library 45.46/9.19")
	if a := s.get("/places/canteen"); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "not any more") {
		t.Errorf("a place that the host removed: %s", a.Status)
	}
	if a := s.get("/p/" + id); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Canteen") {
		t.Errorf("a post from there: %s", a.Status)
	}
	s.set("places", "off")
	if a := s.get("/places/library"); a.StatusCode != http.StatusNotFound {
		t.Errorf("where there are no places: %s", a.Status)
	}
}

func TestWhatIsNoTagIsRefusedInWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, tag := range []string{strings.Repeat("x", 200), "a b", "1", "%23%23x"} {
		if a := s.get("/?tag=" + url.QueryEscape(tag)); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "40") {
			t.Errorf("%q: %s", tag, a.Status)
		}
	}
	long := "#" + strings.Repeat("x", 200)
	s.publish(long)
	if page := s.get("/").body; strings.Contains(page, "hashtag") || !strings.Contains(page, long) {
		t.Error("a word of 200 letters is drawn as a tag")
	}
}

func TestWhoSearchesTooQuicklyKeepsTheirWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("search", "1/1")
	var a answer
	for range 5 {
		a = s.get("/search?q=my+words")
	}
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "60" || !strings.Contains(a.body, `value="my words"`) {
		t.Errorf("%s, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
	}
	if a := s.get("/?tag=words"); a.StatusCode != http.StatusOK {
		t.Errorf("a tag is a page: %s", a.Status)
	}
}

func TestRisingTagsStandBesideTheStream(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("#lemons")
	s.publish("#lemons #alone")
	if page := s.get("/").body; !strings.Contains(page, `href="/search?q=%23lemons"`) || !strings.Contains(page, "Rising now") || strings.Contains(page, `>#alone</bdi>`) {
		t.Error("the board does not show what rises")
	}
}

// TestWordsThatAreSearchedComeBackClean has an answer say nothing that no text may hold.
func TestWordsThatAreSearchedComeBackClean(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("a stone in the river")
	for _, q := range []string{"stone\x00", "stone\xff\xfe", "\u202Estone", "sto\x1bne", "stone\u200B"} {
		a := s.get("/search?q=" + url.QueryEscape(q))
		if a.StatusCode != http.StatusOK || !utf8.ValidString(a.body) || strings.ContainsAny(a.body, "\x00\x1b\u202E\u200B") {
			t.Errorf("%q: %s, or it comes back as it was sent", q, a.Status)
		}
	}
}

// TestWhatIsNoTextComesBackAsText on the page that refuses it.
func TestWhatIsNoTextComesBackAsText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, _ := s.publish("a stone in the river")
	for _, path := range []string{"/b/home/posts", "/p/" + id + "/replies"} {
		a := s.form(path, "body", "stone\xff\xfe")
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "stone\uFFFD") || !utf8.ValidString(a.body) {
			t.Errorf("%s: %s, or its words come back as they were sent", path, a.Status)
		}
	}
}

// source is where an index is filled from.
type source func() []board.Post

func (f source) Living(context.Context, int64, time.Time) ([]board.Post, error) { return f(), nil }

// A board that has just started finds what it has read, and says that there may be more.
func TestSearchSaysThatItIsStillReading(t *testing.T) {
	s := newSite(t)
	s.write(map[string]any{"body": "a river, read already"})
	asked, goOn, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- s.search.Fill(context.WithoutCancel(t.Context()), source(func() []board.Post {
			asked <- true
			<-goOn
			return nil
		}))
	}()
	<-asked
	says := func(want bool) {
		t.Helper()
		for language, sentence := range map[string]string{"en": "still being read", "it": "si sta ancora leggendo"} {
			page := s.get("/search?q=river", "Accept-Language", language)
			if !strings.Contains(page.body, "read already") || strings.Contains(page.body, sentence) != want {
				t.Errorf("%s: says that it reads: %v, want %v; or what it has read is missing", language, !want, want)
			}
		}
		for query, want := range map[string]bool{"?q=river": want, "": false} {
			_, out := s.call(http.MethodGet, "/api/v1/boards/home/posts"+query, nil)
			if reading, _ := out["reading"].(bool); reading != want {
				t.Errorf("%q: reading %v, want %v", query, reading, want)
			}
		}
	}
	says(true)
	goOn <- true
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	says(false)
}
