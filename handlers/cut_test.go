package handlers

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"mayfly/board"
)

// TestAPageOfPiecesIsOneStream whichever articles take the place of whichever.
func TestAPageOfPiecesIsOneStream(t *testing.T) {
	for n := range 40 {
		posts := make([]board.Post, n)
		var page strings.Builder
		page.WriteString("<head>")
		articles := make([]string, n)
		for i := range posts {
			posts[i].ID = board.NewPostID()
			articles[i] = fmt.Sprintf(`<article class="post" id="p-%s">%s</article>`, posts[i].ID, strings.Repeat("words ", rand.IntN(100)))
			page.WriteString(articles[i])
			if i%7 == 0 {
				page.WriteString("\n<hr>")
			}
		}
		page.WriteString("<foot>")
		c := newCut([]byte(page.String()), posts)
		if got := unzipped(t, c.whole()); got != page.String() {
			t.Fatalf("%d articles: a page on which nothing is another's is another", n)
		}
		want, others := page.String(), map[int][]byte{}
		for i := range posts {
			if rand.IntN(4) == 0 {
				other := strings.Repeat("x", rand.IntN(1<<17))
				others[i], want = []byte(other), strings.Replace(want, articles[i], other, 1)
			}
		}
		if got := unzipped(t, c.with(others)); got != want {
			t.Fatalf("%d articles: not the page with others in their place", n)
		}
	}
}

func TestAPageWithoutItsArticlesIsNotCut(t *testing.T) {
	posts := []board.Post{{ID: board.NewPostID()}}
	for _, page := range []string{"", "<p>", `<article id="p-` + posts[0].ID.String() + `">`, `<p id="p-` + posts[0].ID.String() + `"></article>`} {
		if newCut([]byte(page), posts) != nil {
			t.Errorf("%q is cut", page)
		}
	}
}

func unzipped(t *testing.T, b []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}
