package handlers

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
	"mayfly/views"
	"mayfly/words"
)

// aPost is the article of a post with so much left.
func aPost(body string, left time.Duration) views.Article {
	now := time.Now()
	id := board.NewPostID()
	return views.NewArticle(views.Visit{Words: words.In("en"), Now: now, Settings: board.DefaultSettings()}, board.Post{
		ID: id, Thread: id, Body: body, Life: board.Life{Since: now, Until: now.Add(left), EndsAt: now.Add(left), CapAt: now.Add(left), Grid: time.Second},
	})
}

// kept is how many articles there are, and how many bytes they are counted as.
func (c *articles) kept() (n, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.drawn), c.bytes
}

func TestAnArticleIsDrawnOnce(t *testing.T) {
	c, from := newArticles(), aPost("one", time.Hour)
	a, err := c.draw(t.Context(), from, 1)
	if err != nil || !strings.Contains(string(a.plain), "one") {
		t.Fatal(string(a.plain), err)
	}
	for turns, again := range map[uint64]bool{1: true, 2: false} {
		if b, err := c.draw(t.Context(), from, turns); err != nil || (a == b) != again {
			t.Errorf("after %d turns it is the same: %t, want %t (%v)", turns-1, a == b, again, err)
		}
	}
}

// TestNoArticleStaysLongerThanItsPost whether anybody asks for it or not: it holds words in
// the clear.
func TestNoArticleStaysLongerThanItsPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newArticles()
		draw := func(left time.Duration, turns uint64) {
			t.Helper()
			if _, err := c.draw(t.Context(), aPost("words", left), turns); err != nil {
				t.Fatal(err)
			}
		}
		holds := func(want int, when string) {
			t.Helper()
			synctest.Wait()
			if n, bytes := c.kept(); n != want || (bytes == 0) != (want == 0) {
				t.Errorf("%s: %d are kept, %d bytes; want %d", when, n, bytes, want)
			}
		}
		draw(time.Hour, 1)
		draw(time.Second, 1)
		draw(0, 1)
		holds(1, "of one that stays, one that ends within the second and one that is over")
		draw(time.Hour, 2)
		holds(1, "after an ending by hand")
		draw(time.Hour, 1)
		holds(1, "of a page that was begun before it")
		for range 10 {
			time.Sleep(board.SharedTime / 10)
			draw(2*board.SharedTime+time.Second/10, 2)
		}
		time.Sleep(2 * board.SharedTime)
		holds(0, "when those that were drawn last have ended")
		draw(time.Hour, 2)
		holds(1, "later")
		time.Sleep(board.SharedTime)
		holds(0, "a second later")
	})
}

func TestWhatIsKeptOfArticlesIsBounded(t *testing.T) {
	c := newArticles()
	for i := range articlesMax + 10 {
		if _, err := c.draw(t.Context(), aPost(strconv.Itoa(i), time.Hour), 1); err != nil {
			t.Fatal(err)
		}
	}
	if n, bytes := c.kept(); n > articlesMax || bytes > articleBytes {
		t.Errorf("%d are kept, %d bytes", n, bytes)
	}
	a := newArticle([]byte("words"))
	for range 3 * neighboursMax {
		a.packedAfter(newArticle([]byte("other words")))
	}
	if len(a.after) > neighboursMax {
		t.Errorf("one is kept as it follows on %d others", len(a.after))
	}
}
