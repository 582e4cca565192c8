package handlers

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestAPageOfPiecesIsOneStream whichever articles take the place of whichever.
func TestAPageOfPiecesIsOneStream(t *testing.T) {
	for n := range 40 {
		var page strings.Builder
		page.WriteString("<head>")
		articles := make([]*article, n)
		for i := range articles {
			articles[i] = newArticle(fmt.Appendf(nil, `<article class="post" id="p-%d">%s</article>`, i, strings.Repeat("words ", rand.IntN(100))))
			page.Write(articles[i].plain)
			if i%7 == 0 {
				page.WriteString("\n<hr>")
			}
		}
		page.WriteString("<foot>")
		c := newCut([]byte(page.String()), articles, newArticle)
		if got := unzipped(t, c.whole()); got != page.String() {
			t.Fatalf("%d articles: a page on which nothing is another's is another", n)
		}
		want, others := page.String(), map[int][]byte{}
		for i, a := range articles {
			if rand.IntN(4) == 0 {
				other := strings.Repeat("x", rand.IntN(1<<17))
				others[i], want = []byte(other), strings.Replace(want, string(a.plain), other, 1)
			}
		}
		if got := unzipped(t, c.with(others)); got != want {
			t.Fatalf("%d articles: not the page with others in their place", n)
		}
	}
}

func TestAPageWithoutItsArticlesIsNotCut(t *testing.T) {
	a, b := newArticle([]byte("<article>a</article>")), newArticle([]byte("<article>b</article>"))
	for _, page := range []string{"", "<p>", "<article>a</article>", "<article>b</article><article>a</article>"} {
		if newCut([]byte(page), []*article{a, b}, newArticle) != nil {
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
