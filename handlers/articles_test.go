package handlers

import (
	"bytes"
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
	synctest.Test(t, func(t *testing.T) {
		c, from := newArticles(), aPost("one", time.Hour)
		draw := func(turns uint64) *article {
			t.Helper()
			a, err := c.draw(t.Context(), from, turns, new(bytes.Buffer))
			if err != nil || !strings.Contains(string(a.plain), "one") {
				t.Fatal(a, err)
			}
			return a
		}
		a, head := draw(1), c.head([]byte("<head>"), 1)
		if draw(1) != a || c.head([]byte("<head>"), 1) != head {
			t.Error("it is drawn again, or compressed again what stands before it")
		}
		if draw(2) == a || c.head([]byte("<head>"), 2) == head {
			t.Error("it is there after an ending")
		}
		time.Sleep(board.SharedTime)
		synctest.Wait()
		if n := len(c.heads); n != 0 {
			t.Errorf("what stands before is there after a second, %d times", n)
		}
	})
}

// TestNoArticleStaysLongerThanItsPost whether anybody asks for it or not: it holds words in
// the clear.
func TestNoArticleStaysLongerThanItsPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newArticles()
		draw := func(left time.Duration, turns uint64) {
			t.Helper()
			if _, err := c.draw(t.Context(), aPost("words", left), turns, new(bytes.Buffer)); err != nil {
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
		if _, err := c.draw(t.Context(), aPost(strconv.Itoa(i), time.Hour), 1, new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
	}
	if n, bytes := c.kept(); n > articlesMax || bytes > articleBytes {
		t.Errorf("%d are kept, %d bytes", n, bytes)
	}
	for i := range 3 * headsMax {
		c.head([]byte(strconv.Itoa(i)), 1)
	}
	if len(c.heads) > headsMax {
		t.Errorf("%d heads of pages are kept", len(c.heads))
	}
	a := newArticle([]byte("words"))
	for range 3 * neighboursMax {
		a.packedAfter(newArticle([]byte("other words")))
	}
	if len(a.after) > neighboursMax {
		t.Errorf("one is kept as it follows on %d others", len(a.after))
	}
}
