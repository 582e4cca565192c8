package views

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"mayfly/board"
	"mayfly/words"
)

// BenchmarkFeed draws up and draws a feed, for somebody with a cookie.
func BenchmarkFeed(b *testing.B) {
	for _, n := range []int{50, 200} {
		b.Run(fmt.Sprintf("posts=%d", n), func(b *testing.B) {
			v := aVisit("it")
			v.Visitor = me
			posts := make([]board.Post, n)
			for i := range posts {
				posts[i] = aPost()
				posts[i].ID = board.PostID{1, byte(i)}
			}
			var buf bytes.Buffer
			draw(b, AboutPage(NewAbout(v))) // the first page of all makes the static files
			b.ReportAllocs()
			for b.Loop() {
				buf.Reset()
				if err := FeedPage(NewFeed(v, Listing{Posts: posts})).Render(context.Background(), &buf); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(buf.Len()))
		})
	}
}

// BenchmarkFrame draws the frame of a birth, once for all readers.
func BenchmarkFrame(b *testing.B) {
	p, s := words.In("en"), board.DefaultSettings()
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := Came(NewPost(p, aPost(), s, noon), 1).Render(context.Background(), &buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(buf.Len()), "bytes/frame")
}
